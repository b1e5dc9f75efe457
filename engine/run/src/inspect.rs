//! What runs left: lists, stored reports, quarantined rows; and rows that somebody gives up.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Int64Type, UInt64Type};
use datafusion::common::DFSchema;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use pipe_check::Loaded;
use pipe_compile::{Tables, row_schema};
use pipe_diagnostics::codes::run as codes;
use pipe_diagnostics::{Diagnostic, Severity, Span};
use pipe_state::{QuarantineCount, QuarantineEntry, RowChange, RowRange, RowState, RunEnd, RunStart, State};
use pipe_syntax::Spanned;
use serde_json::Value;

use crate::engine::Engine;
use crate::look::Look;
use crate::score::Scores;
use crate::{Options, errors, holdings};

/// States of rows that something can still become of.
pub const OPEN: [RowState; 3] = [RowState::Held, RowState::AwaitingApproval, RowState::Undone];

/// The runs of a state, oldest first: `pipe.runs`.
///
/// # Errors
/// A state that cannot be read.
pub fn runs(dir: &Path, now: DateTime<Utc>) -> Result<RecordBatch, Diagnostic> {
    Look::open(dir, now)?.state.read("runs").map_err(|e| errors::state(&e))
}

/// What clauses did and propose, oldest first: `pipe.heals`.
///
/// # Errors
/// A state that cannot be read.
pub fn heals(dir: &Path, now: DateTime<Utc>) -> Result<RecordBatch, Diagnostic> {
    Look::open(dir, now)?.state.read("heals").map_err(|e| errors::state(&e))
}

/// The scores of all runs, oldest first: `pipe.scores`.
///
/// # Errors
/// A state that cannot be read.
pub fn scores(dir: &Path, now: DateTime<Utc>) -> Result<RecordBatch, Diagnostic> {
    Look::open(dir, now)?.state.read("scores").map_err(|e| errors::state(&e))
}

/// The last score of everything that has one, with its trend over so many runs.
///
/// # Errors
/// A state that cannot be read.
pub fn latest_scores(dir: &Path, runs: u32, now: DateTime<Utc>) -> Result<Scores, Diagnostic> {
    let kept = Look::open(dir, now)?.state.scores(runs).map_err(|e| errors::state(&e))?;
    Ok(Scores::latest(&kept))
}

/// Quarantined rows, counted by table and state.
///
/// # Errors
/// A state that cannot be read.
pub fn quarantined(dir: &Path, now: DateTime<Utc>) -> Result<Vec<QuarantineCount>, Diagnostic> {
    Look::open(dir, now)?.state.quarantine_counts().map_err(|e| errors::state(&e))
}

/// The report of a run, as it was told when the run ended. `id` is a run's id, the beginning of just one, or `last`.
///
/// # Errors
/// `E1304`: there is no such run, or it ended without a report.
pub fn run_report(dir: &Path, id: &str, now: DateTime<Utc>) -> Result<Value, Diagnostic> {
    let look = Look::open(dir, now)?;
    let ids = look.state.run_ids().map_err(|e| errors::state(&e))?;
    let unknown = |message: String| Diagnostic::new(codes::UNKNOWN_RUN, Severity::Error, message);
    let begin: Vec<&String> = ids.iter().filter(|known| known.starts_with(id)).collect();
    let found = match (id, ids.iter().find(|known| *known == id), begin.as_slice()) {
        ("last", ..) => ids.last(),
        (_, Some(exact), _) => Some(exact),
        (_, None, [only]) => Some(*only),
        _ => None,
    };
    let Some(found) = found else {
        let help = match ids.last() {
            None => "nothing has run on this state yet".to_owned(),
            Some(last) => format!("`pipe runs` lists them; the last one is `{last}`"),
        };
        return Err(unknown(format!("there is no run `{id}`")).help(help));
    };
    let report = look.state.report(found).map_err(|e| errors::state(&e))?;
    report.ok_or_else(|| unknown(format!("run `{found}` ended without a report: it was killed, or is still running")))
}

/// The quarantined rows of a table with all that is known of them; unless `all`, only those that something can still become of.
///
/// # Errors
/// `E1307`: no row of the table was ever quarantined.
pub async fn held(options: &Options, table: &str, all: bool) -> Result<SendableRecordBatchStream, Vec<Diagnostic>> {
    let look = Look::open(&options.state, options.now).map_err(|d| vec![d])?;
    let mut entries = entries(&look.state, table)?;
    if !all {
        entries.retain(|e| OPEN.iter().any(|s| e.count(*s) > 0));
    }
    let loaded = Loaded::default();
    let engine = Engine::new(&loaded, options)?;
    let provider = holdings::of(&entries, false).map_err(|s| s.diagnostics)?;
    let failed = |e| vec![errors::datafusion(&e)];
    let state = provider.schema().fields().iter().rev().nth(3).map_or_else(String::new, |f| f.name().clone());
    let mut rows = engine.session.read_table(provider).map_err(failed)?;
    if !all {
        let open = OPEN.iter().map(|s| datafusion::prelude::lit(s.word())).collect();
        rows = rows.filter(datafusion::prelude::ident(state).in_list(open, false)).map_err(failed)?;
    }
    rows.execute_stream().await.map_err(failed)
}

/// A table's quarantine files.
///
/// # Errors
/// `E1307`: there is none.
pub fn entries(state: &State, table: &str) -> Result<Vec<QuarantineEntry>, Vec<Diagnostic>> {
    let entries = state.quarantine_files(table).map_err(|e| vec![errors::state(&e)])?;
    if !entries.is_empty() {
        return Ok(entries);
    }
    let known = state.quarantine_tables().map_err(|e| vec![errors::state(&e)])?;
    let help = match pipe_diagnostics::nearest(table, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "nothing was ever quarantined here".to_owned(),
        None => format!("there are rows of {}", known.join(", ")),
    };
    let message = format!("no row of `{table}` is in quarantine");
    Err(vec![Diagnostic::new(codes::UNKNOWN_QUARANTINE, Severity::Error, message).help(help)])
}

/// Rows that were given up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discarded {
    /// How many.
    pub rows: u64,
    /// Rows of the table that are still open.
    pub left: u64,
    /// The run that did it; empty when no row was given up.
    pub run: String,
}

/// Gives up quarantined rows of a table for good: those that a SQL condition over the columns of `pipe.quarantine_<table>`
/// holds for, or all. Rows that were replayed, superseded or discarded before are done with and not counted.
///
/// The condition becomes a file `where` of `loaded.sources`, so that what is wrong with it can be shown in it.
///
/// # Errors
/// `E1307`: the table has no such rows; what is wrong with the condition; a state that is locked or cannot be written.
pub async fn discard(
    loaded: &mut Loaded,
    options: &Options,
    table: &str,
    condition: Option<&str>,
) -> Result<Discarded, Vec<Diagnostic>> {
    let condition = condition.map(|text| parsed(loaded, text)).transpose()?;
    let loaded = &*loaded;
    let engine = Engine::declared(loaded, options)?;
    let failed = |e: pipe_state::StateError| vec![errors::state(&e)];
    let Some(mut state) = State::open_existing(&options.state).map_err(failed)? else {
        let empty = Look::still(&options.state).map_err(|d| vec![d])?;
        return entries(&empty.state, table).map(|_| Discarded::default());
    };
    let lock = state.lock("quarantine discard", &engine.at()).map_err(failed)?;
    state.recover(&lock).map_err(failed)?;
    let entries = entries(&state, table)?;
    let chosen = chosen(&engine, table, &entries, condition.as_ref()).await?;
    let rows = chosen.values().map(|rows| rows.len() as u64).sum();
    let open: u64 = OPEN.iter().flat_map(|s| entries.iter().map(|e| e.count(*s))).sum();
    if rows == 0 {
        return Ok(Discarded { left: open, ..Discarded::default() });
    }
    let changes: Vec<RowChange> = chosen
        .into_iter()
        .map(|(file, rows)| RowChange { file, rows: RowRange::of_rows(rows), state: RowState::Discarded })
        .collect();
    let start = RunStart {
        id: engine.run.clone(),
        command: "quarantine discard".to_owned(),
        started_at: engine.at(),
        program_fingerprint: engine.fingerprint.clone(),
        targets: vec![table.to_owned()],
        ..RunStart::default()
    };
    state.begin_run(&start).map_err(failed)?;
    state.set_quarantine_state(&engine.run, &engine.at(), &changes).map_err(failed)?;
    let end = RunEnd { finished_at: engine.at(), outcome: "ok".to_owned(), exit_code: 0, ..RunEnd::default() };
    state.finish_run(&engine.run, &end).map_err(failed)?;
    Ok(Discarded { rows, left: open - rows, run: engine.run })
}

fn parsed(loaded: &mut Loaded, text: &str) -> Result<pipe_sql::Expression, Vec<Diagnostic>> {
    let file = loaded.sources.add("where", text);
    let span = Span::new(file, 0..text.len());
    let mut found = pipe_sql::parse_expressions(&Spanned { value: text.to_owned(), span }, &loaded.sources)?;
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(vec![Diagnostic::error(codes::USAGE, "one condition is wanted", span).help("join them with `and`")]),
    }
}

/// The open rows of a table that a condition holds for, by file.
async fn chosen(
    engine: &Engine<'_>,
    table: &str,
    entries: &[QuarantineEntry],
    condition: Option<&pipe_sql::Expression>,
) -> Result<BTreeMap<i64, Vec<u64>>, Vec<Diagnostic>> {
    let failed = |e: datafusion::error::DataFusionError| vec![errors::datafusion(&e)];
    let provider = holdings::of(entries, true).map_err(|s| s.diagnostics)?;
    let schema: DFSchema = row_schema(table, &provider.schema()).map_err(failed)?;
    let tables = Tables::new();
    let planner = engine.planner(&tables);
    let condition = condition.map(|c| planner.condition(c, &schema)).transpose()?;
    let holds = condition.map(|c| planner.physical(&c, &schema)).transpose().map_err(failed)?;
    let mut rows =
        engine.session.read_table(Arc::clone(&provider)).map_err(failed)?.execute_stream().await.map_err(failed)?;
    let mut chosen: BTreeMap<i64, Vec<u64>> = BTreeMap::new();
    let open: BTreeMap<i64, &QuarantineEntry> = entries.iter().map(|e| (e.id, e)).collect();
    while let Some(batch) = rows.next().await {
        let batch = batch.map_err(failed)?;
        let verdict = match &holds {
            Some(e) => Some(e.evaluate(&batch).and_then(|v| v.into_array(batch.num_rows())).map_err(failed)?),
            None => None,
        };
        let verdict = verdict.as_ref().map(|v| v.as_boolean());
        let (Some(files), Some(numbers)) =
            (batch.column_by_name(holdings::ENTRY), batch.column_by_name(holdings::NUMBER))
        else {
            return Err(vec![errors::internal(&"quarantined rows without their numbers")]);
        };
        let (files, numbers) = (files.as_primitive::<Int64Type>(), numbers.as_primitive::<UInt64Type>());
        for (row, (file, number)) in files.values().iter().zip(numbers.values()).enumerate() {
            let is_open = open.get(file).is_some_and(|e| state_of(e, *number).is_some_and(|s| OPEN.contains(&s)));
            if is_open && verdict.is_none_or(|v| v.is_valid(row) && v.value(row)) {
                chosen.entry(*file).or_default().push(*number);
            }
        }
    }
    Ok(chosen)
}

/// The state of one row of a file.
pub fn state_of(entry: &QuarantineEntry, row: u64) -> Option<RowState> {
    let at = entry.states.partition_point(|s| s.range.end() <= row);
    entry.states.get(at).filter(|s| s.range.first <= row).map(|s| s.state)
}
