//! A run: what is new, evaluated table by table, committed load by load, reported.

mod ending;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use pipe_check::Loaded;
use pipe_connect::sink::Mode;
use pipe_diagnostics::Diagnostic;
use pipe_plan::Selection;
use pipe_state::{Recovered, State, TableRecord};

use crate::command::{self, Refused, diagnostics, unusable};
use crate::engine::{Engine, Stopped, Watch};
use crate::evaluation::Evaluation;
use crate::report::{Observer, Report};
use crate::score::{Scores, TREND};
use crate::sinks::Target;
use crate::work::{Instance, Listing, LoadTask, load_task, row_by_row};
use crate::{Options, Saved, changed, errors, notices, refusal};

/// Runs a program.
pub async fn run(loaded: &Loaded, options: &Options, observer: &dyn Observer) -> Report {
    command::reported(loaded, options, async |report| {
        report.diagnostics = diagnostics(loaded, &loaded.diagnostics);
        let targets: Vec<&str> = options.targets.iter().map(String::as_str).collect();
        if !loaded.hindrances(&targets).is_empty() {
            return Err((Vec::new(), 2));
        }
        Runner::begin(loaded, options).await?.all(report, observer).await;
        Ok(())
    })
    .await
}

/// What holds the lock, as the state says to others.
const COMMAND: &str = "run";

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
    /// Tables of which nothing is new, with what was found by their rules about files.
    files: Vec<(String, Result<Evaluation, Stopped>)>,
}

/// An evaluated table with the loads that take it.
struct Done {
    evaluation: Evaluation,
    provider: Option<Arc<dyn TableProvider>>,
    targets: Vec<Target>,
    batch: String,
}

/// What there is to do: the loads, and the tables that are evaluated for them, inputs first.
struct Agenda {
    listing: Listing,
    loads: Vec<LoadTask>,
    instances: Vec<Instance>,
}

impl Agenda {
    /// The loads that take a table.
    fn takers(&self, instance: &Instance) -> Vec<&LoadTask> {
        self.loads.iter().filter(|l| l.news && l.instance == *instance).collect()
    }
}

impl<'a> Runner<'a> {
    /// Refuses what cannot run, and takes the state for this run; what an earlier one left half-published is completed first.
    async fn begin(loaded: &'a Loaded, options: &'a Options) -> Result<Self, Refused> {
        let selection = refusal::selected(loaded, options).map_err(|d| (vec![d], 2))?;
        refusal::available(loaded, &selection).map_err(|d| (d, 2))?;
        let engine = Engine::new(loaded, options).map_err(|d| (d, 2))?;
        refusal::valued(&engine, &selection).map_err(|d| (d, 2))?;
        let mut state = State::open(&options.state).map_err(unusable)?;
        let (lock, recovered) = command::locked(&mut state, &engine, COMMAND)?;
        recovered.iter().for_each(|recovered| engine.note(recovery(recovered)));
        let known = crate::raw::known_schemas(&engine, &state).await;
        let analysis = pipe_compile::check_program(loaded, &known);
        let wrong: Vec<Diagnostic> = analysis.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
        if !wrong.is_empty() {
            return Err((wrong, 2));
        }
        command::begin(&mut state, &engine, COMMAND, &options.targets).map_err(unusable)?;
        let (done, refused, failed, begun) = (BTreeMap::new(), Vec::new(), Vec::new(), Vec::new());
        Ok(Self { engine, state, _lock: lock, selection, done, refused, failed, begun, files: Vec::new() })
    }

    /// Evaluates, commits, reports.
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
        self.record(report);
    }

    /// Evaluates what the loads need, and the selected tables that only have rules.
    async fn evaluate(&mut self, watch: Watch<'_>) -> Result<Vec<LoadTask>, Stopped> {
        let agenda = self.agenda().await?;
        for instance in &agenda.instances {
            self.table(instance, &agenda, watch).await;
        }
        self.files(watch).await;
        Ok(agenda.loads)
    }

    /// What is new for the loads; with a saved plan, no more than that says.
    async fn agenda(&mut self) -> Result<Agenda, Stopped> {
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
        let instances = self.instances(&loads);
        Ok(Agenda { listing, loads, instances })
    }

    /// What is evaluated: what the loads with news take and, if there are any or the run only judges, the tables that no load takes
    /// and that have rules. Inputs before what reads them.
    fn instances(&self, loads: &[LoadTask]) -> Vec<Instance> {
        let tables = &self.selection.tables;
        let mut instances: Vec<Instance> = loads.iter().filter(|l| l.news).map(|l| l.instance.clone()).collect();
        if loads.is_empty() || !instances.is_empty() {
            let rules = &self.engine.program().rules;
            let is_judged = |t: &&String| rules.contains_key(*t) && loads.iter().all(|l| l.load.table != **t);
            instances.extend(tables.iter().filter(is_judged).map(Instance::whole));
        }
        instances.sort_by_key(|i| tables.iter().position(|t| *t == i.table));
        instances.dedup();
        instances
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

    /// Takes down how the run ended.
    fn record(&mut self, report: &mut Report) {
        match self.state.scores(u32::try_from(TREND).unwrap_or(u32::MAX)) {
            Ok(earlier) => report.score = Scores::of(&report.rules, &earlier),
            Err(e) => report.diagnostics.extend(diagnostics(self.engine.loaded, &[errors::state(&e)])),
        }
        let failed = std::mem::take(&mut self.failed);
        if let Err(e) = command::end(&mut self.state, &self.engine, report, failed) {
            report.diagnostics.extend(diagnostics(self.engine.loaded, &[errors::state(&e)]));
        }
    }
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
