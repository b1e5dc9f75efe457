//! An evaluated table into the state: one transaction, then its files to their places.

use std::collections::{BTreeMap, BTreeSet};

use pipe_connect::sink::Mode;
use pipe_connect::source::{FileState, InputFile};
use pipe_state::{
    CommitRecord, FailureRecord, Forget, HealRecord, LedgerFile, LoadCommit, PublishStep, QuarantineFile,
    QuarantineSource, RowChange, RowRange, RowState, State, Superseded, TableAccount, TableRecord, TakenFile,
};

use crate::engine::{Engine, Stopped};
use crate::errors;
use crate::evaluation::Evaluation;
use crate::holdings;
use crate::report::{FailureReport, HealReport, LoadReport, Report, TableReport};
use crate::sinks::{self, Target};
use crate::work::{LoadTask, batch_id, hash_text, key};

/// A table to commit.
pub struct Committing<'c> {
    /// Its rows and its account.
    pub evaluation: Evaluation,
    /// Its loads, staged.
    pub targets: Vec<Target>,
    /// The batch.
    pub batch: String,
    /// The loads that take it.
    pub takers: &'c [&'c LoadTask],
    /// Whether it speaks for the table: a table evaluated twice in a run is quarantined once.
    pub first: bool,
}

/// Commits and publishes a table, and tells of it.
///
/// # Errors
/// The state or a target cannot be written; nothing of the table is committed then.
pub fn commit(
    engine: &Engine<'_>,
    state: &mut State,
    committing: Committing<'_>,
    report: &mut Report,
) -> Result<(), Stopped> {
    let Committing { mut evaluation, targets, batch, takers, first } = committing;
    if evaluation.lost {
        evaluation.table.outcome = "quarantined".to_owned();
    }
    let nothing = takers.is_empty() && evaluation.rules.is_empty() && evaluation.files.is_empty();
    let mut loads = Vec::new();
    let mut publish = Vec::new();
    for (target, task) in targets.iter().zip(takers) {
        let rows = target.files.iter().map(|f| f.rows).sum();
        loads.push(LoadCommit {
            load: target.load.clone(),
            batch: Some(batch_id(engine, task)),
            rows,
            taken: taken(&evaluation, task),
            forget: match (task.mode, task.forgotten_keys()) {
                (Mode::Append, again) if again.is_empty() => Forget::Nothing,
                (Mode::Append, again) => Forget::Files(again),
                _ => Forget::All,
            },
            watermark: evaluation.watermark.clone(),
            remove: target.prepared.remove.clone(),
        });
        publish.extend(target.files.iter().map(|f| PublishStep {
            load: Some(target.load.clone()),
            source: source_of(f, &evaluation.table.name, &evaluation.files),
            staged: f.staged.clone(),
            target: f.target.clone(),
            replace: f.replace,
            rows: f.rows,
            bytes: f.bytes,
        }));
    }
    let mut replaced = if first { judged(engine, state, &evaluation, &mut loads)? } else { Superseded::Nothing };
    if takers.iter().any(|t| t.instance.past.is_some()) && !engine.options.full_refresh {
        // Only new rows were read: what was held of the others stands.
        replaced = Superseded::Nothing;
    }
    let quarantine = if first { quarantine_file(engine, state, &evaluation, &batch, &mut publish) } else { Vec::new() };
    let ledger = if first { ledger_file(engine, state, &evaluation, &batch, &mut publish) } else { Vec::new() };
    let mut table = table_record(&evaluation);
    if !first {
        // What clauses did is told, and numbered, once a run.
        table.heals.clear();
    }
    let record = CommitRecord {
        run: engine.run.clone(),
        batch: batch.clone(),
        at: engine.at(),
        table,
        loads,
        publish,
        quarantine,
        quarantine_changes: superseded(state, &evaluation.table.name, &replaced)?,
        ledger,
        ledger_superseded: replaced,
        heal_changes: Vec::new(),
        baselines: evaluation.baseline.iter().cloned().collect(),
        acts: Vec::new(),
        undone: Vec::new(),
    };
    if !nothing {
        state.commit(&record).map_err(|e| errors::state(&e))?;
        state.publish(&batch).map_err(|e| errors::state(&e))?;
    }
    for (target, task) in targets.iter().zip(takers) {
        report.loads.push(LoadReport {
            outcome: "committed".to_owned(),
            rows: target.files.iter().map(|f| f.rows).sum(),
            files: target.files.len() as u64,
            ..sinks::told(task)
        });
    }
    if !nothing && first {
        report.tables.push(evaluation.table);
        report.rules.extend(evaluation.rules);
        report.heals.extend(evaluation.heals);
        report.failures.extend(evaluation.failures);
    }
    Ok(())
}

/// The files a load takes with a batch.
fn taken(evaluation: &Evaluation, task: &LoadTask) -> Vec<TakenFile> {
    let found = |name: &str, source: &str| {
        let file = evaluation.files.iter().find(|(f, _)| f.name == name && source == task.load.table)?;
        Some(file.1.clone())
    };
    let file = |(source, file): &(String, pipe_connect::source::InputFile)| {
        let state = found(&file.name, source);
        TakenFile {
            path: key(source, &file.name),
            size: file.size,
            modified_ns: file.modified_ns,
            hash: state.as_ref().map_or_else(String::new, |s| hash_text(s.hash)),
            rows: state.map_or(0, |s| s.rows),
            batch: String::new(),
        }
    };
    task.inputs.iter().map(file).collect()
}

/// Takes down which files' rows have been judged, so that a bad row is quarantined once however often its table is computed.
/// Gives the files whose earlier rows these are in place of.
fn judged(
    engine: &Engine<'_>,
    state: &State,
    evaluation: &Evaluation,
    loads: &mut Vec<LoadCommit>,
) -> Result<Superseded, Stopped> {
    if evaluation.files.is_empty() {
        return Ok(Superseded::Nothing);
    }
    let table = &evaluation.table.name;
    let load = format!("@{table}");
    let before = state.taken(&load).map_err(|e| errors::state(&e))?;
    let (mut taken, mut forget, mut names) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (file, found) in &evaluation.files {
        let path = key(table, &file.name);
        match before.iter().find(|t| t.path == path) {
            Some(t) if t.size == file.size && t.modified_ns == file.modified_ns && !engine.options.full_refresh => {
                continue;
            }
            Some(_) => {
                names.insert(file.name.clone());
                forget.push(path.clone());
            }
            None => {}
        }
        taken.push(TakenFile {
            path,
            size: file.size,
            modified_ns: file.modified_ns,
            hash: hash_text(found.hash),
            rows: found.rows,
            batch: String::new(),
        });
    }
    if !taken.is_empty() {
        let rows = evaluation.table.read;
        loads.push(LoadCommit { load, rows, taken, forget: Forget::Files(forget), ..LoadCommit::default() });
    }
    // A full refresh judges all rows anew, also those of files that are gone.
    Ok(if engine.options.full_refresh { Superseded::All } else { Superseded::Files(names) })
}

/// The rows held of what is judged again now: their old copies are settled.
fn superseded(state: &State, table: &str, replaced: &Superseded) -> Result<Vec<RowChange>, Stopped> {
    if *replaced == Superseded::Nothing || matches!(replaced, Superseded::Files(f) if f.is_empty()) {
        return Ok(Vec::new());
    }
    let mut changes = Vec::new();
    for entry in state.quarantine_files(table).map_err(|e| errors::state(&e))? {
        let open = entry.states.iter().filter(|s| !s.state.is_final()).map(|s| s.range);
        let rows: Vec<RowRange> = if entry.sources.iter().all(|s| replaced.covers(&s.path)) {
            open.collect()
        } else if entry.sources.iter().any(|s| replaced.covers(&s.path)) {
            let files = holdings::files(&entry.path)?;
            let theirs = |row: &u64| {
                let file = usize::try_from(*row).ok().and_then(|row| files.get(row));
                file.is_some_and(|f| replaced.covers(f))
            };
            RowRange::of_rows(open.flat_map(|r| r.first..r.end()).filter(theirs))
        } else {
            Vec::new()
        };
        if !rows.is_empty() {
            changes.push(RowChange { file: entry.id, rows, state: RowState::Superseded });
        }
    }
    Ok(changes)
}

/// What a load calls the one source file whose rows a staged file holds.
pub(crate) fn source_of(
    staged: &pipe_connect::sink::StagedFile,
    table: &str,
    files: &[(InputFile, FileState)],
) -> Option<String> {
    let index = usize::try_from(staged.source?).ok()?;
    files.get(index).map(|(file, _)| key(table, &file.name))
}

fn quarantine_file(
    engine: &Engine<'_>,
    state: &State,
    evaluation: &Evaluation,
    batch: &str,
    publish: &mut Vec<PublishStep>,
) -> Vec<QuarantineFile> {
    let Some(written) = &evaluation.quarantine else { return Vec::new() };
    let path = state.quarantine_dir(&evaluation.table.name).join(format!("{}-{batch}.parquet", engine.run));
    publish.push(PublishStep {
        load: None,
        source: None,
        staged: written.staged.clone(),
        target: path.clone(),
        replace: false,
        rows: written.rows,
        bytes: std::fs::metadata(&written.staged).map_or(0, |m| m.len()),
    });
    let source = |(index, rows): (&u32, &u64)| {
        let (file, found) = evaluation.files.get(*index as usize)?;
        Some(QuarantineSource { path: file.name.clone(), hash: hash_text(found.hash), rows: *rows })
    };
    let exceptions =
        |rows: &[u64], state: RowState| RowRange::of_rows(rows.iter().copied()).into_iter().map(move |r| (r, state));
    vec![QuarantineFile {
        path,
        rows: written.rows,
        state: RowState::Held,
        exceptions: exceptions(&written.waiting, RowState::AwaitingApproval)
            .chain(exceptions(&written.undone, RowState::Undone))
            .collect(),
        reasons: written.reasons.clone(),
        sources: written.sources.iter().filter_map(source).collect(),
    }]
}

fn ledger_file(
    engine: &Engine<'_>,
    state: &State,
    evaluation: &Evaluation,
    batch: &str,
    publish: &mut Vec<PublishStep>,
) -> Vec<LedgerFile> {
    let Some(written) = &evaluation.ledger else { return Vec::new() };
    let (file, steps) = written.publish(state, &format!("{}-{}-{batch}", evaluation.table.name, engine.run));
    publish.extend(steps);
    vec![file]
}

pub(crate) fn table_record(evaluation: &Evaluation) -> TableRecord {
    TableRecord {
        account: account(&evaluation.table, evaluation.unhealed),
        rules: evaluation.rules.clone(),
        failures: evaluation.failures.iter().map(failure).collect(),
        heals: (1..).zip(&evaluation.heals).map(|(n, h)| heal(n, h)).collect(),
        metrics: evaluation.metrics.clone(),
        columns: evaluation.columns.clone(),
    }
}

/// What is kept of a table of which nothing was committed.
pub(crate) fn stopped_record(table: &TableReport, stopped: &Stopped) -> TableRecord {
    TableRecord {
        account: account(table, 0),
        rules: stopped.rules.clone(),
        failures: stopped.failures.iter().map(failure).collect(),
        heals: (1..).zip(&stopped.heals).map(|(n, h)| heal(n, h)).collect(),
        metrics: stopped.metrics.clone(),
        columns: Vec::new(),
    }
}

fn account(t: &TableReport, unhealed: u64) -> TableAccount {
    TableAccount {
        table: t.name.clone(),
        outcome: t.outcome.clone(),
        read: t.read,
        committed: i64::try_from(t.committed).unwrap_or(i64::MAX),
        quarantined: t.quarantined,
        waiting: t.waiting,
        dropped: t.dropped,
        duplicates_removed: t.duplicates_removed,
        kept: t.kept,
        healed_cells: t.healed_cells,
        healed_rows: t.healed_rows,
        unhealed,
        files: t.files,
        bytes: t.bytes,
        without: t.without.clone(),
    }
}

fn failure(f: &FailureReport) -> FailureRecord {
    FailureRecord {
        failure: f.failure.clone(),
        fields: f.fields.clone().into_iter().collect::<BTreeMap<_, _>>(),
        rows: f.rows,
        handled: f.handled.clone(),
        clause: f.clause.and_then(|c| u32::try_from(c).ok()),
        samples: f.samples.clone(),
        help: f.help.clone(),
    }
}

fn heal(number: u32, h: &HealReport) -> HealRecord {
    HealRecord {
        number,
        clause: u32::try_from(h.clause).unwrap_or(u32::MAX),
        text: h.text.clone(),
        clause_hash: clause_hash(&h.text),
        column: h.column.clone(),
        action: h.action.clone(),
        failure: h.failure.clone(),
        cells: h.cells,
        rows: h.rows,
        confidence: h.confidence,
        arithmetic: h.arithmetic.clone(),
        state: h.state.clone(),
        reason: h.reason.clone(),
        detail: None,
    }
}

/// What the acts of people on a clause are kept by.
pub fn clause_hash(text: &str) -> String {
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(text.as_bytes()))
}
