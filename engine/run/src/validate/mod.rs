//! The rules alone, on the tables as they come: nothing is healed, nothing staged, nothing committed, no state written.

mod as_read;
mod failing;
mod inspect;
mod kept;
mod keys;
mod merging;
mod metadata;
mod on;
mod report;
mod rows;
mod survey;
mod tables;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use pipe_check::Loaded;
use pipe_diagnostics::codes::run as codes;
use pipe_diagnostics::{Diagnostic, Severity, render};
use pipe_state::Scope;
use serde_json::Value;

pub use on::format_of_file;
pub use report::{FailingRow, Judged, Looked, Validation};

use crate::engine::{Engine, Stopped};
use crate::history::History;
use crate::look::Look;
use crate::report::{Observer, RuleResult};
use crate::score::{Scores, TREND};
use crate::{Options, query, raw, refusal};
use as_read::Opened;
use inspect::{Inspected, Inspector};

/// What is asked of a validation; which tables is said by [`Options::targets`].
#[derive(Clone, Debug, Default)]
pub struct ValidationRequest {
    /// Tables that are read from another file.
    pub on: BTreeMap<String, PathBuf>,
    /// Failing rows listed of each rule.
    pub listed: usize,
    /// Where all failing rows are written to: Parquet, CSV or NDJSON by the end of its name.
    pub failing_rows: Option<PathBuf>,
}

/// Judges tables by their rules. Without targets: those read from another file, or else all that have rules. `loaded` then says where
/// they were read from.
pub async fn validate(
    loaded: &mut Loaded,
    options: &Options,
    request: &ValidationRequest,
    watch: &dyn Observer,
) -> Validation {
    let began = Instant::now();
    let mut told = Validation { format_version: 1, ..Validation::default() };
    told.started_at = options.now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    told.diagnostics = values(loaded, &loaded.diagnostics);
    let begun = match on::put(loaded, &request.on) {
        Ok(()) => look(loaded, options, request, watch, &mut told).await,
        Err(problem) => Err(vec![problem]),
    };
    if let Err(problems) = begun {
        // What is wrong with the program is told already.
        let new: Vec<Diagnostic> = problems.into_iter().filter(|p| !loaded.diagnostics.contains(p)).collect();
        told.diagnostics.extend(values(loaded, &new));
        told.outcome = "invalid".to_owned();
        told.exit_code = 2;
    }
    told.duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    told
}

fn values(loaded: &Loaded, found: &[Diagnostic]) -> Vec<Value> {
    found.iter().map(|d| render::to_json(d, &loaded.sources)).collect()
}

/// Looks at every table; what one of them cannot say keeps no other from speaking.
async fn look(
    loaded: &Loaded,
    options: &Options,
    request: &ValidationRequest,
    watch: &dyn Observer,
    told: &mut Validation,
) -> Result<(), Vec<Diagnostic>> {
    let scratch = tempfile::tempdir().map_err(|e| vec![crate::errors::io(&e)])?;
    let mut engine = Engine::new(loaded, options)?;
    engine.scratch = scratch.path().to_owned();
    if let Some(path) = &request.failing_rows {
        kept::check(path).map_err(|d| vec![d])?;
    }
    let tables = tables(loaded, options, request)?;
    query::refuse_broken(&engine, &tables)?;
    let judged = pipe_plan::Selection { tables: tables.clone(), loads: Vec::new() };
    refusal::judgeable(loaded, &judged)?;
    refusal::valued(&engine, &judged)?;
    let look = Look::beside(&options.state, &mut told.notes).map_err(|d| vec![d])?;
    let known = raw::known_schemas(&engine, &look.state).await;
    let analysis = pipe_compile::check_program(loaded, &known);
    let wrong: Vec<Diagnostic> = analysis.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut opened = Opened::new(&request.on);
    let (mut blind, mut kept) = (false, Vec::new());
    for table in &tables {
        let inspected = async {
            opened.open(&engine, &look.state, table).await?;
            let history = History::of(&look.state, &loaded.program, table, scope(loaded, request, table), options.now)?;
            let (listed, keep) = (request.listed, request.failing_rows.is_some());
            let inspector =
                Inspector { engine: &engine, opened: &opened, table, history: &history, listed, keep, watch };
            inspector.inspect().await
        };
        match inspected.await {
            Ok(mut found) => {
                kept.extend(found.kept.take());
                tell(found, told);
            }
            Err(stopped) => {
                blind = true;
                cannot(loaded, stopped, told);
            }
        }
    }
    if let Some(path) = &request.failing_rows {
        match kept::write(&engine, path, kept).await {
            Ok(rows) => {
                told.failing_rows_file = Some(path.display().to_string());
                told.failing_rows_written = rows;
            }
            Err(stopped) => {
                blind = true;
                cannot(loaded, stopped, told);
            }
        }
    }
    told.notes.extend(engine.take_notes());
    let earlier = if request.on.is_empty() { u32::try_from(TREND).unwrap_or(u32::MAX) } else { 0 };
    let earlier = look.state.scores(earlier).map_err(|e| vec![crate::errors::state(&e)])?;
    let results: Vec<RuleResult> = told.rules.iter().map(|judged| judged.result.clone()).collect();
    told.score = Scores::of(&results, &earlier);
    let findings = !told.failures.is_empty() || told.rules.iter().any(|r| r.finding);
    (told.outcome, told.exit_code) = match (blind, findings) {
        (true, _) => ("failed".to_owned(), 2),
        (_, true) => ("findings".to_owned(), 1),
        _ => ("clean".to_owned(), 0),
    };
    Ok(())
}

/// What a table is compared with in earlier runs: another file, where files are loaded one behind the other, with what was new
/// in each.
fn scope(loaded: &Loaded, request: &ValidationRequest, table: &str) -> Scope {
    let adds = |l: &pipe_check::Load| l.table == table && l.config.text("mode").is_none_or(|mode| mode == "append");
    let batch = request.on.contains_key(table) && loaded.program.loads.iter().any(adds);
    if batch { Scope::Batch } else { Scope::Whole }
}

/// The tables to judge, in the order of their names.
fn tables(loaded: &Loaded, options: &Options, request: &ValidationRequest) -> Result<Vec<String>, Vec<Diagnostic>> {
    let program = &loaded.program;
    if !options.targets.is_empty() {
        let mut tables = Vec::new();
        for target in &options.targets {
            let is_table = program.sources.contains_key(target) || program.models.contains_key(target);
            let of_load = program.loads.iter().find(|l| l.name == *target).map(|l| &l.table);
            match of_load.filter(|_| !is_table).or(is_table.then_some(target)) {
                Some(table) if !tables.contains(table) => tables.push(table.clone()),
                Some(_) => {}
                None => {
                    let unknown = pipe_plan::select(program, std::slice::from_ref(target)).err();
                    return Err(unknown.iter().map(refusal::unknown_target).collect());
                }
            }
        }
        return Ok(tables);
    }
    let tables: Vec<String> = match request.on.is_empty() {
        true => program.rules.keys().cloned().collect(),
        false => request.on.keys().cloned().collect(),
    };
    if tables.is_empty() {
        let help = "add `rules <table> { … }`";
        return Err(vec![
            Diagnostic::new(codes::NOTHING_TO_RUN, Severity::Error, "the program has no rules").help(help),
        ]);
    }
    Ok(tables)
}

fn tell(found: Inspected, told: &mut Validation) {
    if found.rules.is_empty() {
        told.notes.push(format!("`{}` has no rules", found.table.name));
    }
    told.tables.push(found.table);
    told.rules.extend(found.rules);
    told.failures.extend(found.failures);
    told.notes.extend(found.notes);
}

/// A table that cannot be looked at.
fn cannot(loaded: &Loaded, stopped: Stopped, told: &mut Validation) {
    told.diagnostics.extend(values(loaded, &stopped.diagnostics));
}
