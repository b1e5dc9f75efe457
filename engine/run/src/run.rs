//! A run: what is new, evaluated table by table, committed load by load, reported.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use datafusion::catalog::TableProvider;
use futures::FutureExt;
use pipe_check::Loaded;
use pipe_compile::{Planner, Tables};
use pipe_connect::sink::Mode;
use pipe_diagnostics::codes::run as codes;
use pipe_diagnostics::{Diagnostic, Severity, render};
use pipe_plan::{Selection, select};
use pipe_state::{Recovered, RunEnd, RunStart, Scope, State, TableRecord};
use serde_json::Value;

use crate::commit::{Committing, commit, stopped_record};
use crate::engine::{Engine, Stopped, Watch};
use crate::evaluate::{self, Evaluation, Task};
use crate::extract::{self, extract};
use crate::history::History;
use crate::memory::Memory;
use crate::report::{LoadReport, Observer, Report, TableReport};
use crate::score::{Scores, TREND};
use crate::sinks::{self, Target};
use crate::tries::Tries;
use crate::work::{Instance, Listing, LoadTask, batch_id, key, load_task, row_by_row};
use crate::{Options, Saved, changed, errors, notices, told};

/// Runs a program.
pub async fn run(loaded: &Loaded, options: &Options, observer: &dyn Observer) -> Report {
    let began = Instant::now();
    let mut report = Report { format_version: 1, ..Report::default() };
    report.started_at = options.now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let targets: Vec<&str> = options.targets.iter().map(String::as_str).collect();
    let invalid = !loaded.hindrances(&targets).is_empty();
    report.diagnostics = diagnostics(loaded, &loaded.diagnostics);
    if invalid {
        report.outcome = "invalid".to_owned();
        report.exit_code = 2;
    } else {
        match Runner::begin(loaded, options).await {
            Ok(mut runner) => runner.all(&mut report, observer).await,
            Err((found, code)) => {
                report.diagnostics.extend(diagnostics(loaded, &found));
                report.exit_code = code;
                report.outcome = if code == 2 { "invalid" } else { "failed" }.to_owned();
            }
        }
    }
    report.duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    report
}

fn diagnostics(loaded: &Loaded, found: &[Diagnostic]) -> Vec<Value> {
    found.iter().map(|d| render::to_json(d, &loaded.sources)).collect()
}

/// A run at work.
struct Runner<'a> {
    engine: Engine<'a>,
    state: State,
    /// Freed when the run ends.
    _lock: pipe_state::RunLock,
    selection: Selection,
    done: BTreeMap<Instance, Result<Done, Stopped>>,
    /// Loads that take nothing because loaded files have changed.
    refused: Vec<(LoadTask, Stopped)>,
    /// Tables of which nothing was committed.
    failed: Vec<TableRecord>,
    /// Batches that have staged something.
    begun: Vec<String>,
}

/// An evaluated table with the loads that take it.
struct Done {
    evaluation: Evaluation,
    provider: Option<Arc<dyn TableProvider>>,
    targets: Vec<Target>,
    batch: String,
}

/// Refused before anything was touched: what to say, and the exit code.
type Refused = (Vec<Diagnostic>, u8);

impl<'a> Runner<'a> {
    async fn begin(loaded: &'a Loaded, options: &'a Options) -> Result<Self, Refused> {
        let selection = selected(loaded, options).map_err(|d| (vec![d], 2))?;
        available(loaded, &selection).map_err(|d| (d, 2))?;
        let engine = Engine::new(loaded, options).map_err(|d| (d, 2))?;
        valued(&engine, &selection).map_err(|d| (d, 2))?;
        let failed = |e: pipe_state::StateError| (vec![errors::state(&e)], 1);
        let mut state = State::open(&options.state).map_err(failed)?;
        let lock = state.lock("run", &engine.at()).map_err(failed)?;
        for recovered in state.recover(&lock).map_err(failed)? {
            engine.note(recovery(&recovered));
        }
        let known = crate::raw::known_schemas(&engine, &state).await;
        let analysis = pipe_compile::check_program(loaded, &known);
        let wrong: Vec<Diagnostic> = analysis.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
        if !wrong.is_empty() {
            return Err((wrong, 2));
        }
        let start = RunStart {
            id: engine.run.clone(),
            command: "run".to_owned(),
            started_at: engine.at(),
            program_fingerprint: engine.fingerprint.clone(),
            targets: options.targets.clone(),
            params: options.params.clone(),
        };
        state.begin_run(&start).map_err(failed)?;
        let (done, refused, failed, begun) = (BTreeMap::new(), Vec::new(), Vec::new(), Vec::new());
        Ok(Self { engine, state, _lock: lock, selection, done, refused, failed, begun })
    }

    async fn all(&mut self, report: &mut Report, observer: &dyn Observer) {
        report.run = self.engine.run.clone();
        let evaluated = tokio::select! {
            done = self.evaluate(observer) => Some(done),
            () = observer.interrupted() => None,
        };
        let mut interrupted = evaluated.is_none();
        let loads = match evaluated {
            Some(Ok(loads)) => loads,
            Some(Err(stopped)) => {
                report.diagnostics.extend(diagnostics(self.engine.loaded, &stopped.diagnostics));
                report.failures.extend(stopped.failures);
                Vec::new()
            }
            None => Vec::new(),
        };
        if interrupted {
            report.notes.push("interrupted before anything was committed; what was staged is thrown away".to_owned());
        } else {
            interrupted = self.commit(&loads, report, observer);
        }
        report.notes.extend(self.engine.take_notes());
        self.conclude(&loads, report, interrupted);
        if !interrupted {
            notices::send(&self.engine, report);
        }
        self.clean(report, interrupted);
        match self.state.scores(u32::try_from(TREND).unwrap_or(u32::MAX)) {
            Ok(earlier) => report.score = Scores::of(&report.rules, &earlier),
            Err(e) => report.diagnostics.extend(diagnostics(self.engine.loaded, &[errors::state(&e)])),
        }
        let end = RunEnd {
            finished_at: chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            outcome: report.outcome.clone(),
            exit_code: report.exit_code,
            report: serde_json::to_value(&*report).unwrap_or(Value::Null),
            tables: std::mem::take(&mut self.failed),
            scores: report.score.all(),
        };
        if let Err(e) = self.state.finish_run(&self.engine.run, &end) {
            report.diagnostics.extend(diagnostics(self.engine.loaded, &[errors::state(&e)]));
        }
    }

    /// Evaluates what the loads need, and the selected tables that only have rules.
    async fn evaluate(&mut self, watch: Watch<'_>) -> Result<Vec<LoadTask>, Stopped> {
        let listing = Listing::of(&self.engine, &self.selection).await;
        let (mut loads, mut planned) = (Vec::new(), Vec::new());
        for load in self.engine.program().loads.iter().filter(|l| self.selection.loads.contains(&l.name)) {
            let source = row_by_row(&self.engine, &load.table);
            let mut task = match load_task(&self.engine, &self.state, &listing, load, source) {
                Ok(task) => task,
                Err(stopped) => {
                    let task = LoadTask { news: false, ..LoadTask::whole(load, Mode::Append, Vec::new()) };
                    self.refused.push((task.clone(), stopped));
                    loads.push(task);
                    continue;
                }
            };
            if self.engine.options.plan.is_some() {
                planned.push(task.clone());
            }
            if let Err(stopped) = changed::decide(&self.engine, &mut task) {
                task.news = false;
                self.refused.push((task.clone(), stopped));
            }
            loads.push(task);
        }
        if let Some(plan) = &self.engine.options.plan {
            plan.hold(&Saved::of(&self.engine, &self.state, &self.selection, &listing, &planned)?)?;
        }
        let tables = self.selection.tables.clone();
        let wanted = |table: &String| {
            // A table whose loads have nothing to do is not judged again, unless something new is computed from it.
            let own: Vec<&LoadTask> = loads.iter().filter(|l| l.instance.table == *table).collect();
            own.is_empty() || own.iter().any(|l| l.news)
        };
        // Without loads a run judges: every selected table that has rules.
        let judged =
            |t: &&String| self.engine.program().rules.contains_key(*t) && loads.iter().all(|l| l.load.table != **t);
        let mut instances: Vec<Instance> = loads.iter().filter(|l| l.news).map(|l| l.instance.clone()).collect();
        let needed = self.needed(&loads);
        for table in tables.iter().filter(judged).filter(|t| wanted(t)) {
            if needed.contains(table) || loads.is_empty() || loads.iter().any(|l| l.news) {
                instances.push(Instance::whole(table));
            }
        }
        // Inputs before what reads them.
        instances.sort_by_key(|i| tables.iter().position(|t| *t == i.table));
        instances.dedup();
        for instance in instances {
            self.instance(&instance, &loads, &listing, watch).await;
        }
        Ok(loads)
    }

    /// Tables that something with news is computed from.
    fn needed(&self, loads: &[LoadTask]) -> BTreeSet<String> {
        let mut needed = BTreeSet::new();
        let mut open: Vec<String> = loads.iter().filter(|l| l.news).map(|l| l.load.table.clone()).collect();
        while let Some(table) = open.pop() {
            for dependency in pipe_plan::dependencies(self.engine.program(), &table) {
                if needed.insert(dependency.clone()) {
                    open.push(dependency);
                }
            }
        }
        needed
    }

    /// Evaluates a table and, before it, what it is computed from.
    async fn instance(&mut self, instance: &Instance, loads: &[LoadTask], listing: &Listing, watch: Watch<'_>) {
        if self.done.contains_key(instance) {
            return;
        }
        let result = Box::pin(self.evaluated(instance, loads, listing, watch)).await;
        self.done.insert(instance.clone(), result);
    }

    async fn evaluated(
        &mut self,
        instance: &Instance,
        loads: &[LoadTask],
        listing: &Listing,
        watch: Watch<'_>,
    ) -> Result<Done, Stopped> {
        let program = self.engine.program();
        let table = instance.table.as_str();
        let mut tables = Tables::new();
        let mut providers = BTreeMap::new();
        let mut watermark = None;
        for name in pipe_plan::dependencies(program, table) {
            // A model that is row by row over new files reads just these; a reference is always the whole.
            let read = row_by_row(&self.engine, table).is_some_and(|s| s == name && s != table);
            let input = match read {
                true => Instance { table: name.clone(), ..instance.clone() },
                false => Instance::whole(&name),
            };
            self.instance(&input, loads, listing, watch).await;
            match self.done.get(&input) {
                Some(Ok(Done { provider: Some(provider), evaluation, .. })) => {
                    if read {
                        watermark.clone_from(&evaluation.watermark);
                    }
                    tables.insert(name.clone(), Arc::clone(provider));
                    providers.insert(name.clone(), Arc::clone(provider));
                }
                _ => return Err(skipped(table, &name)),
            }
        }
        crate::raw::insert_raw(&self.engine, &self.state, listing, table, &mut tables).await?;
        let takers: Vec<&LoadTask> = loads.iter().filter(|l| l.news && l.instance == *instance).collect();
        let batch = match takers.as_slice() {
            [] => format!("{:016x}", xxhash_rust::xxh3::xxh3_64(format!("{}{instance:?}", self.engine.run).as_bytes())),
            [first, ..] => batch_id(&self.engine, first),
        };
        let scratch = self.engine.scratch.join(&batch);
        let mut folders = vec![scratch.clone()];
        folders.extend(takers.iter().map(|t| sinks::folder(&self.engine, t, &batch)));
        self.state.stage_begun(&self.engine.run, &batch, &folders).map_err(|e| errors::state(&e))?;
        self.begun.push(batch.clone());

        let read_by_others = self
            .selection
            .tables
            .iter()
            .any(|t| t != table && pipe_plan::dependencies(program, t).iter().any(|d| d == table));
        let earlier = self.state.past_batches(table, 20).map_err(|e| errors::state(&e))?;
        let judged = self.state.taken(&format!("@{table}")).map_err(|e| errors::state(&e))?;
        let replaced: Vec<String> = match self.engine.options.full_refresh {
            true => judged.iter().map(|t| t.path.clone()).collect(),
            false => takers.iter().flat_map(|t| &t.replaced).map(|name| key(table, name)).collect(),
        };
        let leaving = self.state.batches_of_files(&format!("@{table}"), &replaced).map_err(|e| errors::state(&e))?;
        // A full refresh judges all of them anew: what was held of them before is superseded with its commit.
        let judged_before = listing.files.get(table).filter(|_| !self.engine.options.full_refresh);
        let fresh = judged_before.and_then(|f| f.as_ref().ok()).map(|files| {
            let seen = |f: &pipe_connect::source::InputFile| {
                judged
                    .iter()
                    .any(|t| t.path == key(table, &f.name) && t.size == f.size && t.modified_ns == f.modified_ns)
            };
            files.iter().filter(|f| !seen(f)).map(|f| f.name.clone()).collect()
        });
        let mut task = Task {
            table,
            tables: &tables,
            providers: &providers,
            direct: None,
            fresh,
            past: instance.past.clone(),
            part: instance.files.is_some() && program.sources.contains_key(table),
            aside: takers.iter().flat_map(|t| t.aside.iter().cloned()).collect(),
            unread: Vec::new(),
            tracked: program.sources.contains_key(table) && takers.iter().any(|t| t.tracked()),
            earlier: earlier.iter().map(|b| (b.rows, b.unhealed)).collect(),
            committed: None,
            history: History::of(&self.state, program, table, scope(instance, &takers), self.engine.options.now)?
                .replacing(leaving),
            memory: Memory::of(&self.state, table)?,
            scratch,
        };
        let (mut evaluation, targets) = if let Some(source) = program.sources.get(table) {
            let mut files = match listing.files.get(table) {
                Some(Ok(files)) => files.clone(),
                Some(Err(stopped)) => return Err(stopped.clone()),
                None => return Err(errors::internal(&format!("`{table}` was not listed")).into()),
            };
            if let Some(only) = &instance.files {
                files.retain(|f| only.contains(&f.name));
            }
            let accepted = self.state.baseline(table).map_err(|e| errors::state(&e))?;
            let mut tries = Tries::new(&self.engine, table);
            let mut done = loop {
                let done = self.source(
                    source,
                    files.clone(),
                    accepted.as_ref(),
                    &takers,
                    read_by_others,
                    &batch,
                    &mut task,
                    watch,
                );
                match done.await {
                    Ok(done) => break done,
                    Err(stopped) => tries.again(stopped, &mut files, &mut task).await?,
                }
            };
            done.0.heals.append(&mut tries.heals);
            done.0.failures.append(&mut tries.failures);
            done
        } else if let Some(model) = program.models.get(table) {
            let planner = Planner::new(&self.engine.session, &tables, &self.engine.params, &self.engine.loaded.sources);
            let plan = planner.model(&model.query)?;
            let schema = pipe_compile::types::with_flags(plan.schema().inner(), program, table);
            if takers.is_empty() && !program.rules.contains_key(table) && !self.read_often(table) {
                let view = datafusion::datasource::ViewTable::new(plan, None);
                return Ok(Done {
                    evaluation: evaluate::view(table, schema),
                    provider: Some(Arc::new(view)),
                    targets: Vec::new(),
                    batch,
                });
            }
            let targets = sinks::prepare(&self.engine, &self.state, &takers, &schema, &batch)?;
            task.direct = sinks::direct(&self.engine, &targets, read_by_others);
            task.committed = sinks::committed(&self.engine, &self.state, &takers, &schema).await?;
            (evaluate::model(&self.engine, &task, model, watch).await?, targets)
        } else {
            return Err(errors::internal(&format!("`{table}` is no table")).into());
        };
        evaluation.table.without = self.without(table);
        // A model that is row by row over a source has come as far as that.
        evaluation.watermark = evaluation.watermark.or(watermark);
        let (targets, provider) = sinks::write(&self.engine, &mut evaluation, targets, read_by_others).await?;
        Ok(Done { evaluation, provider, targets, batch })
    }

    /// One try at a source.
    #[expect(clippy::too_many_arguments, reason = "what one try takes from the table it is for")]
    async fn source(
        &self,
        source: &pipe_check::Source,
        files: Vec<pipe_connect::source::InputFile>,
        accepted: Option<&pipe_state::Baseline>,
        takers: &[&LoadTask],
        read_by_others: bool,
        batch: &str,
        task: &mut Task<'_>,
        watch: Watch<'_>,
    ) -> Result<(Evaluation, Vec<Target>), Stopped> {
        let extract = extract(&self.engine, source, files, accepted).await?;
        let schema = extract::schema(&extract.target);
        let schema = pipe_compile::types::with_flags(&schema, self.engine.program(), task.table);
        let targets = sinks::prepare(&self.engine, &self.state, takers, &schema, batch)?;
        task.direct = sinks::direct(&self.engine, &targets, read_by_others);
        task.committed = sinks::committed(&self.engine, &self.state, takers, &schema).await?;
        Ok((evaluate::source(&self.engine, task, extract, watch).await?, targets))
    }

    /// Whether several tables read a model: it is computed once then.
    fn read_often(&self, table: &str) -> bool {
        let reads = |t: &&String| pipe_plan::dependencies(self.engine.program(), t).iter().any(|d| d == table);
        self.selection.tables.iter().filter(reads).count() > 1
    }

    /// The inputs of a table that are incomplete, in words.
    fn without(&self, table: &str) -> Vec<String> {
        let mut without = Vec::new();
        for name in pipe_plan::dependencies(self.engine.program(), table) {
            for (instance, done) in &self.done {
                let Ok(done) = done else { continue };
                if instance.table != name {
                    continue;
                }
                let rows = done.evaluation.table.quarantined;
                if rows > 0 {
                    let plural = if rows == 1 { "" } else { "s" };
                    without.push(format!("without {rows} row{plural} of {name}"));
                }
                without.extend(done.evaluation.table.without.iter().cloned());
            }
        }
        without.sort();
        without.dedup();
        without
    }

    /// Commits what was evaluated, table by table, and tells of it. A commit that has begun is completed; `true` when somebody
    /// asked to stop meanwhile: the tables behind it are left to the next run.
    fn commit(&mut self, loads: &[LoadTask], report: &mut Report, watch: Watch<'_>) -> bool {
        let order = &self.selection.tables;
        let mut instances: Vec<Instance> = self.done.keys().cloned().collect();
        // Of several instances of a table the one of new rows speaks for its quarantine and its ledger: what is computed from
        // the whole is computed again each time, but a new row lands, leaves and is healed once.
        instances.sort_by_key(|i| (order.iter().position(|t| *t == i.table), i.files.is_none()));
        let mut judged = BTreeSet::new();
        let interrupted = || tokio::task::unconstrained(watch.interrupted()).now_or_never().is_some();
        for instance in instances {
            if interrupted() {
                let left =
                    "interrupted between two commits: what was committed is complete, the next run does the rest";
                report.notes.push(left.to_owned());
                return true;
            }
            let takers: Vec<&LoadTask> = loads.iter().filter(|l| l.news && l.instance == instance).collect();
            match self.done.remove(&instance) {
                Some(Ok(done)) => {
                    let first = judged.insert(instance.table.clone());
                    let Done { evaluation, targets, batch, .. } = done;
                    let committing = Committing { evaluation, targets, batch, takers: &takers, first };
                    if let Err(stopped) = commit(&self.engine, &mut self.state, committing, report) {
                        self.tell_stopped(&instance.table, &takers, stopped, report);
                    }
                }
                Some(Err(stopped)) => self.tell_stopped(&instance.table, &takers, stopped, report),
                None => {}
            }
        }
        let refused = std::mem::take(&mut self.refused);
        let is_refused = |l: &&LoadTask| refused.iter().any(|(r, _)| r.load.name == l.load.name);
        for task in loads.iter().filter(|l| !l.news && !is_refused(l)) {
            report.loads.push(LoadReport { outcome: "nothing_new".to_owned(), ..sinks::told(task) });
        }
        for (task, stopped) in refused {
            self.tell_stopped(&task.load.table, &[&task], stopped, report);
        }
        let place = |l: &LoadReport| loads.iter().position(|t| t.load.name == l.name);
        report.loads.sort_by_key(place);
        interrupted()
    }

    fn tell_stopped(&mut self, table: &str, takers: &[&LoadTask], mut stopped: Stopped, report: &mut Report) {
        told::taken_back(&mut stopped);
        let skipped = stopped.failures.iter().all(|f| f.failure == "skipped") && !stopped.failures.is_empty();
        let outcome = match (skipped, stopped.waiting) {
            (true, _) => "skipped",
            (_, true) => "waiting",
            _ => "failed",
        };
        let reason = stopped.failures.last().and_then(|f| f.help.clone());
        let reason = reason.or_else(|| stopped.diagnostics.first().map(|d| d.message.clone()));
        // What was told of it for another load stands.
        if report.tables.iter().all(|t| t.name != table) {
            let (name, outcome) = (table.to_owned(), outcome.to_owned());
            let told = TableReport { name, outcome, ..stopped.account.clone().unwrap_or_default() };
            self.failed.push(stopped_record(&told, &stopped));
            report.tables.push(told);
            report.rules.append(&mut stopped.rules);
        }
        for task in takers {
            let told = LoadReport { outcome: outcome.to_owned(), reason: reason.clone(), ..sinks::told(task) };
            report.loads.push(told);
        }
        report.failures.extend(stopped.failures.into_iter().filter(|f| f.failure != "skipped"));
        report.heals.extend(stopped.heals);
        report.diagnostics.extend(diagnostics(self.engine.loaded, &stopped.diagnostics));
    }

    /// The outcome and the exit code, the first that holds.
    fn conclude(&self, loads: &[LoadTask], report: &mut Report, interrupted: bool) {
        for failure in report.failures.iter_mut().filter(|f| f.handled == "failed" && f.code.is_none()) {
            failure.code = told::code(failure).map(|code| code.to_string());
        }
        let tables = |word: &str| report.tables.iter().any(|t| t.outcome == word);
        let failed = tables("failed") || tables("skipped") || !report.failures.iter().all(|f| f.handled != "failed");
        let failed = failed || report.diagnostics.iter().any(|d| d.get("severity").is_some_and(|s| s == "error"));
        let committed =
            report.loads.iter().any(|l| l.outcome == "committed") || (loads.is_empty() && tables("committed"));
        let lost = report.tables.iter().any(|t| t.outcome == "quarantined");
        let waiting = tables("waiting") || report.tables.iter().any(|t| t.waiting > 0);
        let (outcome, code) = if interrupted {
            ("interrupted", 130)
        } else if failed && !committed {
            ("failed", 1)
        } else if failed || lost {
            ("partial", 3)
        } else if waiting {
            ("waiting", 4)
        } else if !loads.is_empty() && loads.iter().all(|l| !l.news) {
            ("nothing_new", 0)
        } else {
            ("ok", 0)
        };
        report.outcome = outcome.to_owned();
        report.exit_code = code;
    }

    /// Throws away what no commit needs.
    fn clean(&mut self, report: &mut Report, interrupted: bool) {
        for batch in std::mem::take(&mut self.begun) {
            let state = &mut self.state;
            let done = if interrupted { state.clear_staging(&batch) } else { state.discard_staging(&batch).map(drop) };
            if let Err(e) = done {
                report.notes.push(e.to_string());
            }
        }
        // Empty by now; what is not is somebody's, and the next command sees to it.
        _ = std::fs::remove_dir(&self.engine.scratch);
    }
}

/// A target that the program does not have, with the nearest one that it has.
pub(crate) fn unknown_target(unknown: &pipe_plan::UnknownTarget) -> Diagnostic {
    let near = pipe_diagnostics::nearest(&unknown.target, unknown.known.iter().map(String::as_str));
    let help =
        near.map_or_else(|| format!("there are {}", unknown.known.join(", ")), |n| format!("did you mean `{n}`?"));
    let message = format!("`{}` is no table or load of the program", unknown.target);
    Diagnostic::new(codes::UNKNOWN_TARGET, Severity::Error, message).help(help)
}

/// What a table is measured over: what is new, where its loads add that to what they have.
fn scope(instance: &Instance, takers: &[&LoadTask]) -> Scope {
    let new = instance.files.is_some() || instance.past.is_some() || !takers.is_empty();
    if new && takers.iter().all(|t| t.mode == Mode::Append) { Scope::Batch } else { Scope::Whole }
}

fn selected(loaded: &Loaded, options: &Options) -> Result<Selection, Diagnostic> {
    let selection = select(&loaded.program, &options.targets).map_err(|unknown| unknown_target(&unknown))?;
    if selection.tables.is_empty() {
        return Err(Diagnostic::new(codes::NOTHING_TO_RUN, Severity::Error, "the program has no load and no rules")
            .help("add `load <table> into parquet 'out/<table>';`"));
    }
    Ok(selection)
}

/// Refuses what names a param that has no value.
pub(crate) fn valued(engine: &Engine<'_>, selection: &Selection) -> Result<(), Vec<Diagnostic>> {
    let named = selection.tables.iter().flat_map(|table| engine.loaded.program.params_named(table));
    let missing: Vec<Diagnostic> = named
        .filter(|p| engine.params.value(p).is_none())
        .map(|p| {
            let message = format!("param `{}` has no value", p.value);
            Diagnostic::error(pipe_diagnostics::codes::sql::NO_PARAM_VALUE, message, p.span)
                .help(format!("give it with `--param {}=…`, or declare a default", p.value))
        })
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(missing) }
}

/// Refuses, by name, what this binary cannot run.
pub(crate) fn available(loaded: &Loaded, selection: &Selection) -> Result<(), Vec<Diagnostic>> {
    let mut refused = unreadable(loaded, selection);
    for table in &selection.tables {
        for action in
            loaded.program.heals.get(table).into_iter().flat_map(|h| &h.clauses).flat_map(|c| c.steps.iter().flatten())
        {
            if pipe_schema::action(action.name).is_some_and(|a| !a.available) {
                refused.push(refusal(&format!("the action `{}` in `heal {table}`", action.name), action.span));
            }
        }
    }
    for load in loaded.program.loads.iter().filter(|l| selection.loads.contains(&l.name)) {
        if !known(&load.connector) {
            refused.push(refusal(&format!("load `{}` into `{}`", load.name, load.connector), load.span));
        }
    }
    if refused.is_empty() { Ok(()) } else { Err(refused) }
}

/// Refuses, by name, what this binary cannot judge; heals and loads are not asked for.
pub(crate) fn judgeable(loaded: &Loaded, selection: &Selection) -> Result<(), Vec<Diagnostic>> {
    let refused = unreadable(loaded, selection);
    if refused.is_empty() { Ok(()) } else { Err(refused) }
}

fn unreadable(loaded: &Loaded, selection: &Selection) -> Vec<Diagnostic> {
    let mut refused = Vec::new();
    let mut refuse = |what: String, span| refused.push(refusal(&what, span));
    for table in &selection.tables {
        if let Some(source) = loaded.program.sources.get(table) {
            if !known(&source.connector) {
                refuse(format!("source `{table}` from `{}`", source.connector), source.span);
            } else if source.streaming {
                refuse(format!("source `{table}`, a stream,"), source.span);
            }
        }
        if let Some(model) = loaded.program.models.get(table) {
            let later = pipe_schema::model_keys().iter().filter(|k| !k.available && model.config.is_given(k.name));
            for key in later.filter(|k| model.config.values.get(k.name) != k.default_value().as_ref()) {
                refuse(format!("`{}` of model `{table}`", key.name), model.span);
            }
        }
        for rule in loaded.program.rules.get(table).into_iter().flatten() {
            if !rule.is_available() {
                refuse(format!("rule `{}` of `{table}` (`{}`)", rule.name, rule.check), rule.span);
            }
        }
    }
    refused
}

fn known(connector: &str) -> bool {
    pipe_schema::connector(connector).is_some_and(|c| c.available)
}

fn refusal(what: &str, span: pipe_diagnostics::Span) -> Diagnostic {
    let message = format!("{what} needs an engine that this version of pipe does not have");
    Diagnostic::error(codes::UNAVAILABLE, message, span).help("run other targets with `--target`")
}

fn skipped(table: &str, because: &str) -> Stopped {
    let failure = crate::report::FailureReport {
        failure: "skipped".to_owned(),
        table: table.to_owned(),
        handled: "skipped".to_owned(),
        help: Some(format!("`{because}`, which it reads, did not succeed")),
        ..crate::report::FailureReport::default()
    };
    Stopped { failures: vec![failure], ..Stopped::default() }
}

/// What was done for an earlier run, in words.
fn recovery(recovered: &Recovered) -> String {
    match recovered {
        Recovered::Published { table, run, .. } => {
            format!("run {run} was cut off after it had committed `{table}`; its files are in their places now")
        }
        Recovered::Stuck { table, error, .. } => format!("a committed batch of `{table}` cannot be published: {error}"),
        Recovered::StagingRemoved { .. } => {
            "staged files of a run that was cut off before its commit were removed".to_owned()
        }
        Recovered::RunKilled { run } => format!("run {run} had not ended; it is marked as killed"),
    }
}
