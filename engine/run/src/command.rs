//! What the commands that write have in common: each is refused or carried out, and has a report; carried out, it is a run of the
//! state, which is locked until it ends.

use std::time::Instant;

use chrono::SecondsFormat;
use pipe_check::Loaded;
use pipe_diagnostics::{Diagnostic, render};
use pipe_state::{Recovered, RunEnd, RunLock, RunStart, State, StateError, TableRecord};
use serde_json::Value;

use crate::engine::Engine;
use crate::report::Report;
use crate::{Options, errors};

/// Refused before anything was touched: what to say, and the exit code.
pub type Refused = (Vec<Diagnostic>, u8);

/// The report of a command, which it fills, and how long that took; or why it was refused.
pub async fn reported(
    loaded: &Loaded,
    options: &Options,
    command: impl AsyncFnOnce(&mut Report) -> Result<(), Refused>,
) -> Report {
    let began = Instant::now();
    let started_at = options.now.to_rfc3339_opts(SecondsFormat::Millis, true);
    let mut report = Report { format_version: 1, started_at, ..Report::default() };
    if let Err((found, code)) = command(&mut report).await {
        report.diagnostics.extend(diagnostics(loaded, &found));
        report.exit_code = code;
        report.outcome = if code == 2 { "invalid" } else { "failed" }.to_owned();
    }
    report.duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    report
}

/// Diagnostics as a report has them.
pub fn diagnostics(loaded: &Loaded, found: &[Diagnostic]) -> Vec<Value> {
    found.iter().map(|d| render::to_json(d, &loaded.sources)).collect()
}

/// A state that refuses a command.
pub fn unusable(error: StateError) -> Refused {
    (vec![errors::state(&error)], 1)
}

/// Locks the state for a command, and completes what an earlier one left half-published.
///
/// # Errors
/// Another command has the lock; the state cannot be written.
pub fn locked(state: &mut State, engine: &Engine<'_>, command: &str) -> Result<(RunLock, Vec<Recovered>), Refused> {
    let lock = state.lock(command, &engine.at()).map_err(unusable)?;
    let recovered = state.recover(&lock).map_err(unusable)?;
    Ok((lock, recovered))
}

/// Takes down that the command's run begins.
///
/// # Errors
/// The state cannot be written.
pub fn begin(state: &mut State, engine: &Engine<'_>, command: &str, targets: &[String]) -> Result<(), StateError> {
    state.begin_run(&RunStart {
        id: engine.run.clone(),
        command: command.to_owned(),
        started_at: engine.at(),
        program_fingerprint: engine.fingerprint.clone(),
        targets: targets.to_vec(),
        params: engine.options.params.clone(),
    })
}

/// Takes down how the command's run ended. `tables` are those of which nothing was committed.
///
/// # Errors
/// The state cannot be written.
pub fn end(
    state: &mut State,
    engine: &Engine<'_>,
    report: &Report,
    tables: Vec<TableRecord>,
) -> Result<(), StateError> {
    let end = RunEnd {
        finished_at: chrono::Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true),
        outcome: report.outcome.clone(),
        exit_code: report.exit_code,
        report: serde_json::to_value(report).unwrap_or(Value::Null),
        tables,
        scores: report.score.all(),
    };
    state.finish_run(&engine.run, &end)
}
