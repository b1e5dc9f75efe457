//! Held rows of a source through today's program, exactly once, as a batch of its own.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::datasource::ViewTable;
use pipe_check::{Load, Loaded, Rule, Source, Tolerance};
use pipe_compile::Tables;
use pipe_connect::sink::Mode;
use pipe_connect::source::{FieldSpec, Records};
use pipe_diagnostics::codes::run as codes;
use pipe_diagnostics::{Diagnostic, Severity};
use pipe_schema::Level;
use pipe_state::{
    CommitRecord, Forget, LoadCommit, PublishStep, QuarantineEntry, RowChange, RowRange, RowState, State,
};

use crate::command::{self, Refused, diagnostics, unusable};
use crate::engine::{Engine, Stopped, Watch};
use crate::evaluate;
use crate::evaluation::Evaluation;
use crate::extract::{self, extract};
use crate::kept::{Kept, Rereader, kept, left};
use crate::pass::Input;
use crate::report::{LoadReport, Observer, Report};
use crate::settle::with_file;
use crate::sinks::{self, Target};
use crate::task::Task;
use crate::whole::{Failed, whole};
use crate::work::{LoadTask, key, row_by_row};
use crate::{Options, commit, errors, notices, refusal, staging};

/// Sends the held (and undone) rows of a source through its rules and clauses again, but for rules over the whole table. Those
/// that pass are appended where the source is loaded, and where models are that are row by row over it, in one commit with
/// their new state; those that still fail stay held. The report counts all of them as read.
pub async fn replay(loaded: &Loaded, options: &Options, table: &str, observer: &dyn Observer) -> Report {
    command::reported(loaded, options, async |report| {
        begin(loaded, options, table)?.all(report, observer).await;
        Ok(())
    })
    .await
}

/// What holds the lock, as the state says to others.
const COMMAND: &str = "quarantine replay";

/// A replay at work.
struct Replay<'a> {
    engine: Engine<'a>,
    state: State,
    /// Freed when the replay ends.
    _lock: pipe_state::RunLock,
    source: &'a Source,
    /// The loads that take the rows: of the source, and of models row by row over it.
    loads: Vec<&'a Load>,
    entries: Vec<QuarantineEntry>,
}

/// What became of the rows, ready to commit.
struct Decided {
    evaluation: Evaluation,
    targets: Vec<Target>,
    /// The source files of the rows, as the targets count them.
    files: Vec<String>,
    /// Files that were set aside unread: the next run takes them again.
    handed: BTreeSet<String>,
    changes: Vec<RowChange>,
    replayed: u64,
}

fn begin<'a>(loaded: &'a Loaded, options: &'a Options, table: &str) -> Result<Replay<'a>, Refused> {
    let source = source(loaded, table).map_err(|d| (vec![d], 2))?;
    let hindrances: Vec<Diagnostic> = loaded.hindrances(&[table]).into_iter().cloned().collect();
    if !hindrances.is_empty() {
        return Err((hindrances, 2));
    }
    let engine = Engine::new(loaded, options).map_err(|d| (d, 2))?;
    let loads = takers(&engine, table).map_err(|d| (vec![d], 2))?;
    let selection = pipe_plan::Selection {
        tables: pipe_plan::select(&loaded.program, &[table.to_owned()]).unwrap_or_default().tables,
        loads: loads.iter().map(|l| l.name.clone()).collect(),
    };
    refusal::available(loaded, &selection).map_err(|d| (d, 2))?;
    let mut state = State::open(&options.state).map_err(unusable)?;
    let (lock, _) = command::locked(&mut state, &engine, COMMAND)?;
    let entries = state.quarantine_files(table).map_err(unusable)?;
    Ok(Replay { engine, state, _lock: lock, source, loads, entries })
}

fn refused(message: String, help: impl Into<String>) -> Diagnostic {
    Diagnostic::new(codes::REPLAY_REFUSED, Severity::Error, message).help(help)
}

fn source<'a>(loaded: &'a Loaded, table: &str) -> Result<&'a Source, Diagnostic> {
    if loaded.program.models.contains_key(table) {
        let help = "replay the source it reads, then `pipe run`";
        return Err(refused(format!("`{table}` is a model: its rows are computed again, never replayed"), help));
    }
    loaded.program.sources.get(table).ok_or_else(|| {
        let near = pipe_diagnostics::nearest(table, loaded.program.sources.keys().map(String::as_str));
        let message = format!("`{table}` is no source of the program");
        Diagnostic::new(codes::UNKNOWN_TARGET, Severity::Error, message)
            .maybe_help(near.map(|n| format!("did you mean `{n}`?")))
    })
}

/// The append loads that rows of a source go to.
fn takers<'a>(engine: &Engine<'a>, table: &str) -> Result<Vec<&'a Load>, Diagnostic> {
    let program = engine.program();
    let over = program.loads.iter().filter(|l| row_by_row(engine, &l.table).is_some_and(|s| s == table));
    let (append, whole): (Vec<&Load>, Vec<&Load>) =
        over.partition(|l| Mode::parse(l.config.text("mode").unwrap_or("append")) == Some(Mode::Append));
    if append.is_empty() {
        return Err(match whole.first() {
            Some(load) => refused(
                format!(
                    "load `{}` takes the whole of `{}` each time, so there is nothing to add rows to",
                    load.name, load.table
                ),
                format!("`pipe run --target {}` judges all rows again by today's program", load.name),
            ),
            None => refused(
                format!("no load appends the rows of `{table}`"),
                "what is computed from the whole of it is computed again by `pipe run`",
            ),
        });
    }
    for load in &append {
        if load.table != table && program.rules.contains_key(&load.table) {
            return Err(refused(
                format!(
                    "`{}` is read row by row from `{table}` and has rules of its own, whose rows cannot be replayed",
                    load.table
                ),
                format!("`pipe run --full-refresh --target {}` loads all of it again", load.name),
            ));
        }
    }
    Ok(append)
}

impl Replay<'_> {
    async fn all(mut self, report: &mut Report, watch: Watch<'_>) {
        report.run.clone_from(&self.engine.run);
        let open: u64 = self.entries.iter().map(|e| e.count(RowState::Held) + e.count(RowState::Undone)).sum();
        if open == 0 {
            report.run.clear();
            report.outcome = "nothing_new".to_owned();
            report
                .notes
                .push(format!("no row of `{}` is held in quarantine: there is nothing to replay", self.source.name));
            return;
        }
        let targets = std::slice::from_ref(&self.source.name);
        if let Err(e) = command::begin(&mut self.state, &self.engine, COMMAND, targets) {
            return self.failed(report, errors::state(&e).into());
        }
        let batch = self.batch();
        let decided = tokio::select! {
            decided = self.decide(&batch, watch) => Some(decided),
            () = watch.interrupted() => None,
        };
        match decided {
            Some(Ok(decided)) => self.commit(&batch, decided, report),
            Some(Err(stopped)) => self.failed(report, stopped),
            None => {
                report.outcome = "interrupted".to_owned();
                report.exit_code = 130;
            }
        }
        report.notes.extend(self.engine.take_notes());
        if report.exit_code != 130 {
            notices::send(&self.engine, report);
        }
        let state = &mut self.state;
        let interrupted = report.exit_code == 130;
        let done = if interrupted { state.clear_staging(&batch) } else { state.discard_staging(&batch).map(drop) };
        if let Err(e) = done {
            report.notes.push(e.to_string());
        }
        if let Err(e) = command::end(&mut self.state, &self.engine, report, Vec::new()) {
            report.notes.push(e.to_string());
        }
    }

    fn failed(&self, report: &mut Report, stopped: Stopped) {
        report.outcome = if stopped.waiting { "waiting" } else { "failed" }.to_owned();
        report.exit_code = if stopped.waiting { 4 } else { 1 };
        report.diagnostics.extend(diagnostics(self.engine.loaded, &stopped.diagnostics));
        report.failures.extend(stopped.failures);
        report.heals.extend(stopped.heals);
        report.notes.push(format!("the rows of `{}` stay as they were in quarantine", self.source.name));
    }

    /// The identity of what is replayed: the rows that are held now.
    fn batch(&self) -> String {
        let mut hash = xxhash_rust::xxh3::Xxh3::new();
        for entry in &self.entries {
            for state in entry.states.iter().filter(|s| matches!(s.state, RowState::Held | RowState::Undone)) {
                hash.update(format!("{} {} {};", entry.id, state.range.first, state.range.rows).as_bytes());
            }
        }
        format!("replay-{:016x}", hash.digest())
    }

    /// Reads and judges the rows and writes what passes to staging.
    async fn decide(&mut self, batch: &str, watch: Watch<'_>) -> Result<Decided, Stopped> {
        let (target, rereader) = self.target().await?;
        let columns = target.len();
        let schema = extract::schema(&target);
        let schema = pipe_compile::types::with_flags(&schema, self.engine.program(), &self.source.name);
        let kept = Arc::new(kept(&self.entries, target, rereader)?);
        let tasks = self.tasks();
        let own: Vec<&LoadTask> = tasks.iter().filter(|t| t.load.table == self.source.name).collect();
        let scratch = self.engine.scratch.join(batch);
        let mut folders = vec![scratch.clone()];
        folders.extend(tasks.iter().map(|t| sinks::folder(&self.engine, t, batch)));
        self.state.stage_begun(&self.engine.run, batch, &folders).map_err(|e| errors::state(&e))?;
        let mut targets = sinks::prepare(&self.engine, &self.state, &own, &schema, batch)?;
        let (evaluation, skipped) = self.judge(&kept, columns, &schema, &own, scratch, watch).await?;
        let left = match &evaluation.quarantine {
            Some(written) => left(&written.staged, &kept)?,
            None => HashSet::new(),
        };
        // A file that is set aside once more stays as it is.
        let (mut changes, replayed) = kept.changes(&skipped, &left)?;
        let handed: BTreeSet<String> = kept.whole.keys().cloned().collect();
        for (file, number) in kept.whole.values().flatten() {
            let rows = vec![RowRange::one(*number)];
            changes.push(RowChange { file: *file, rows, state: RowState::Replayed });
        }
        let rows = staging::provider(&self.engine, &evaluation.rows, &evaluation.schema).await?;
        if evaluation.table.committed > 0 {
            let own = staging::provider(&self.engine, &evaluation.rows, &with_file(&evaluation.schema)).await?;
            sinks::fill(&self.engine, &own, &mut targets).await?;
        }
        for task in tasks.iter().filter(|t| t.load.table != self.source.name) {
            targets.extend(self.through(task, &rows, batch, evaluation.table.committed > 0).await?);
        }
        let order = |t: &Target| self.loads.iter().position(|l| l.name == t.load);
        targets.sort_by_key(order);
        Ok(Decided { evaluation, targets, files: kept.files.clone(), handed, changes, replayed })
    }

    /// Today's columns; and how broken records are read, where their files are still there.
    async fn target(&self) -> Result<(Vec<FieldSpec>, Option<Rereader>), Stopped> {
        let spec = extract::spec(&self.engine, self.source);
        let accepted = self.state.baseline(&self.source.name).map_err(|e| errors::state(&e))?;
        let known = spec.declared.clone();
        let known = known.or_else(|| accepted.as_ref().filter(|b| b.pinned).map(|b| extract::pinned_fields(&b.schema)));
        let listed =
            pipe_connect::source::list(&spec).await.map_err(|e| extract::source_stopped(&self.source.name, &e));
        let found = match listed {
            Ok(files) => extract(&self.engine, self.source, files, accepted.as_ref()).await,
            Err(stopped) => Err(stopped),
        };
        match (found, known) {
            (Ok(found), _) => {
                let files = found.files.iter().enumerate().map(|(i, f)| (f.name.clone(), i)).collect();
                let records = Records::try_new(&found.spec, found.files.clone(), &found.bound, &found.target)
                    .map_err(|e| extract::source_stopped(&self.source.name, &e))?;
                Ok((found.target, Some(Rereader { records, files })))
            }
            // The rows were kept whole: the files they came from may be gone or have another shape by now.
            (Err(_), Some(known)) => Ok((known, None)),
            (Err(stopped), None) => Err(stopped),
        }
    }

    fn tasks(&self) -> Vec<LoadTask> {
        self.loads.iter().map(|load| LoadTask::whole(load, Mode::Append, Vec::new())).collect()
    }

    /// Judges the rows by the rules that are about rows, healing what clauses heal. Rows of the files it gives were left out: a clause sets these aside.
    async fn judge(
        &self,
        kept: &Arc<Kept>,
        columns: usize,
        schema: &SchemaRef,
        own: &[&LoadTask],
        scratch: std::path::PathBuf,
        watch: Watch<'_>,
    ) -> Result<(Evaluation, BTreeSet<String>), Stopped> {
        let (engine, table) = (&self.engine, self.source.name.as_str());
        let needs = pipe_plan::dependencies(engine.program(), table);
        let order = pipe_plan::select(engine.program(), &needs).unwrap_or_default().tables;
        let order = if needs.is_empty() { Vec::new() } else { order };
        let providers = whole(engine, &self.state, &order, &scratch.join("needs"), watch).await;
        let providers = providers.map_err(|Failed { stopped, .. }| stopped)?;
        let mut tables = Tables::new();
        for (name, provider) in providers {
            tables.insert(name, provider);
        }
        let task = Task {
            tracked: true,
            committed: sinks::committed(engine, &self.state, own, schema).await?,
            ..Task::new(&self.state, table, tables, scratch)?
        };
        let rules = self.rules();
        let mut skipped = BTreeSet::new();
        loop {
            let mut input = || -> Result<Input, Stopped> {
                let rows = kept.rows(&skipped)?;
                Ok(Input::rows(rows, columns, kept.files.clone()).flagged(engine.program(), table))
            };
            match evaluate::rows(engine, &task, &rules, &mut input, watch).await {
                Err(stopped) if !stopped.skip.is_subset(&skipped) => skipped.extend(stopped.skip),
                Err(stopped) => return Err(stopped),
                Ok(evaluation) => return Ok((evaluation, skipped)),
            }
        }
    }

    /// The rules of the source that judge rows. What a row was held for is judged without tolerance: that was used up by the batch the row left.
    fn rules(&self) -> Vec<Rule> {
        let held: BTreeSet<&String> = self.entries.iter().flat_map(|e| e.reasons.keys()).collect();
        let rules = self.engine.program().rules.get(&self.source.name).into_iter().flatten();
        let rows = rules.filter(|r| matches!(r.level, Level::Row | Level::Set)).cloned();
        rows.map(|mut rule| {
            if held.contains(&rule.name) {
                rule.tolerate = Tolerance::None;
            }
            rule
        })
        .collect()
    }

    /// The rows through a model that is row by row over the source.
    async fn through(
        &self,
        task: &LoadTask,
        rows: &Arc<dyn TableProvider>,
        batch: &str,
        any: bool,
    ) -> Result<Vec<Target>, Stopped> {
        let Some(model) = self.engine.program().models.get(&task.load.table) else { return Ok(Vec::new()) };
        let mut tables = Tables::new();
        tables.insert(self.source.name.clone(), Arc::clone(rows));
        let planner = self.engine.planner(&tables);
        let view: Arc<dyn TableProvider> = Arc::new(ViewTable::new(planner.model(&model.query)?, None));
        let mut targets = sinks::prepare(&self.engine, &self.state, &[task], &view.schema(), batch)?;
        if any {
            sinks::fill(&self.engine, &view, &mut targets).await?;
        }
        Ok(targets)
    }

    /// One record: the rows in their loads, their states, the changed cells.
    fn commit(&mut self, batch: &str, decided: Decided, report: &mut Report) {
        let Decided { evaluation, targets, files, handed, changes, replayed } = decided;
        let still = evaluation.table.quarantined;
        let done = replayed > 0 || !handed.is_empty();
        if done {
            let mut record = self.record(batch, &evaluation, (&targets, &files), changes, replayed);
            self.hand_back(&mut record, &handed);
            let committed = self.state.commit(&record).and_then(|()| self.state.publish(batch).map(drop));
            if let Err(e) = committed {
                return self.failed(report, errors::state(&e).into());
            }
        }
        for (target, load) in targets.iter().zip(&self.loads) {
            report.loads.push(LoadReport {
                name: load.name.clone(),
                table: load.table.clone(),
                outcome: if done { "committed" } else { "nothing_new" }.to_owned(),
                connector: load.connector.clone(),
                locator: load.locator.clone(),
                mode: "append".to_owned(),
                rows: target.files.iter().map(|f| f.rows).sum(),
                files: target.files.len() as u64,
                reason: None,
            });
        }
        let name = &self.source.name;
        report.notes.push(match (replayed, still) {
            (0, 0) => format!("no row of `{name}` was replayed"),
            (0, _) => format!("held rows of `{name}` that still fail and stay held: {still}; nothing was committed"),
            _ => format!("held rows of `{name}` that are replayed: {replayed}; that still fail and stay held: {still}"),
        });
        for file in &handed {
            report.notes.push(format!("`{file}` was set aside without its rows: the next run takes it again"));
        }
        (report.outcome, report.exit_code) = if done { ("ok".to_owned(), 0) } else { ("partial".to_owned(), 3) };
        report.tables.push(evaluation.table);
        report.rules.extend(evaluation.rules);
        report.heals.extend(evaluation.heals);
        report.failures.extend(evaluation.failures);
    }

    /// What was taken without its rows is taken no more.
    fn hand_back(&self, record: &mut CommitRecord, files: &BTreeSet<String>) {
        if files.is_empty() {
            return;
        }
        let forget = Forget::Files(files.iter().map(|f| key(&self.source.name, f)).collect());
        for load in &mut record.loads {
            load.forget = forget.clone();
        }
        let load = format!("@{}", self.source.name);
        record.loads.push(LoadCommit { load, forget, ..LoadCommit::default() });
    }

    fn record(
        &self,
        batch: &str,
        evaluation: &Evaluation,
        (targets, files): (&[Target], &[String]),
        changes: Vec<RowChange>,
        replayed: u64,
    ) -> CommitRecord {
        let mut table = commit::table_record(evaluation);
        // Rows that stay held left their batches before: they are not read, nor quarantined, a second time.
        table.account.read = replayed;
        (table.account.quarantined, table.account.waiting, table.account.unhealed) = (0, 0, 0);
        let mut publish = Vec::new();
        let mut loads = Vec::new();
        for target in targets {
            loads.push(LoadCommit {
                watermark: None,
                load: target.load.clone(),
                batch: None,
                rows: target.files.iter().map(|f| f.rows).sum(),
                taken: Vec::new(),
                forget: Forget::Nothing,
                remove: if target.files.is_empty() { Vec::new() } else { target.prepared.remove.clone() },
            });
            publish.extend(target.files.iter().map(|f| PublishStep {
                load: Some(target.load.clone()),
                source: f.source.and_then(|i| files.get(i as usize)).map(|f| key(&self.source.name, f)),
                staged: f.staged.clone(),
                target: f.target.clone(),
                replace: f.replace,
                rows: f.rows,
                bytes: f.bytes,
            }));
        }
        let mut ledger = Vec::new();
        if let Some(written) = &evaluation.ledger {
            let (file, steps) = written.publish(&self.state, &format!("{}-{batch}", self.source.name));
            publish.extend(steps);
            ledger.push(file);
        }
        CommitRecord {
            run: self.engine.run.clone(),
            batch: batch.to_owned(),
            at: self.engine.at(),
            table,
            loads,
            publish,
            quarantine_changes: changes,
            ledger,
            ..CommitRecord::default()
        }
    }
}
