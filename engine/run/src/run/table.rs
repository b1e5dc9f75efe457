//! One table of a run: its inputs, its turn, its rows evaluated and where its loads want them.

use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::datasource::ViewTable;
use pipe_check::Rule;
use pipe_compile::Tables;
use pipe_connect::sink::Mode;
use pipe_connect::source::InputFile;
use pipe_state::{Baseline, Scope, Watermark};

use super::{Agenda, Done, Runner};
use crate::engine::{Stopped, Watch};
use crate::evaluate;
use crate::evaluation::Evaluation;
use crate::extract::{self, extract};
use crate::history::History;
use crate::report::FailureReport;
use crate::sinks::{self, Target};
use crate::task::Task;
use crate::tries::Tries;
use crate::work::{Instance, LoadTask, batch_id, key, row_by_row};
use crate::{errors, raw};

/// A table whose turn it is.
struct Turn<'r> {
    instance: &'r Instance,
    /// The loads that take it.
    takers: Vec<&'r LoadTask>,
    /// The batch its rows are staged as.
    batch: String,
    /// Whether another selected table is computed from it.
    read_by_others: bool,
}

impl Runner<'_> {
    /// Evaluates a table and, before it, what it is computed from.
    pub(super) async fn table(&mut self, instance: &Instance, agenda: &Agenda, watch: Watch<'_>) {
        if self.done.contains_key(instance) {
            return;
        }
        let result = Box::pin(self.evaluated(instance, agenda, watch)).await;
        self.done.insert(instance.clone(), result);
    }

    /// Judges what rules ask of files, where their tables are not evaluated: files come and go without them.
    pub(super) async fn files(&mut self, watch: Watch<'_>) {
        for table in self.selection.tables.clone() {
            let rules = self.engine.program().rules.get(&table).into_iter().flatten();
            let rules: Vec<Rule> = rules.filter(|r| r.is_about_files()).cloned().collect();
            if rules.is_empty() || self.done.keys().any(|i| i.table == table) {
                continue;
            }
            let scratch = self.engine.scratch.join(format!("files-{table}"));
            let found = match Task::new(&self.state, &table, Tables::new(), scratch) {
                Ok(task) => evaluate::files(&self.engine, &task, &rules, watch).await,
                Err(stopped) => Err(stopped),
            };
            self.files.push((table, found));
        }
    }

    async fn evaluated(&mut self, instance: &Instance, agenda: &Agenda, watch: Watch<'_>) -> Result<Done, Stopped> {
        let program = self.engine.program();
        let table = instance.table.as_str();
        let (tables, watermark) = self.inputs(instance, agenda, watch).await?;
        let turn = self.turn(instance, agenda)?;
        let mut task = self.task(&turn, agenda, tables)?;
        let (mut evaluation, targets) = if let Some(source) = program.sources.get(table) {
            self.source(source, &turn, agenda, &mut task, watch).await?
        } else if let Some(model) = program.models.get(table) {
            let planner = self.engine.planner(&task.tables);
            let plan = planner.model(&model.query)?;
            let schema = pipe_compile::types::with_flags(plan.schema().inner(), program, table);
            if turn.takers.is_empty() && !program.rules.contains_key(table) && self.readers(table) < 2 {
                let view: Arc<dyn TableProvider> = Arc::new(ViewTable::new(plan, None));
                let evaluation = Evaluation::view(table, schema);
                return Ok(Done { evaluation, provider: Some(view), targets: Vec::new(), batch: turn.batch });
            }
            let targets = self.open_loads(&turn, &mut task, &schema).await?;
            (evaluate::model(&self.engine, &task, model, watch).await?, targets)
        } else {
            return Err(errors::internal(&format!("`{table}` is no table")).into());
        };
        evaluation.table.without = self.without(table);
        // A model that is row by row over a source has come as far as that.
        evaluation.watermark = evaluation.watermark.or(watermark);
        let (targets, provider) = sinks::write(&self.engine, &mut evaluation, targets, turn.read_by_others).await?;
        Ok(Done { evaluation, provider, targets, batch: turn.batch })
    }

    /// The tables that a table reads, evaluated before it; and how far the one has come that it is row by row over.
    async fn inputs(
        &mut self,
        instance: &Instance,
        agenda: &Agenda,
        watch: Watch<'_>,
    ) -> Result<(Tables, Option<Watermark>), Stopped> {
        let table = instance.table.as_str();
        let mut tables = Tables::new();
        let mut watermark = None;
        for name in pipe_plan::dependencies(self.engine.program(), table) {
            // A model that is row by row over new files reads just these; a reference is always the whole.
            let read = row_by_row(&self.engine, table).is_some_and(|s| s == name && s != table);
            let input = match read {
                true => Instance { table: name.clone(), ..instance.clone() },
                false => Instance::whole(&name),
            };
            self.table(&input, agenda, watch).await;
            match self.done.get(&input) {
                Some(Ok(Done { provider: Some(provider), evaluation, .. })) => {
                    if read {
                        watermark.clone_from(&evaluation.watermark);
                    }
                    tables.insert(name, Arc::clone(provider));
                }
                _ => return Err(skipped(table, &name)),
            }
        }
        raw::insert_raw(&self.engine, &self.state, &agenda.listing, table, &mut tables).await?;
        Ok((tables, watermark))
    }

    /// Begins the batch of a table: from here on something of it may be staged.
    fn turn<'r>(&mut self, instance: &'r Instance, agenda: &'r Agenda) -> Result<Turn<'r>, Stopped> {
        let takers = agenda.takers(instance);
        let batch = match takers.as_slice() {
            [] => format!("{:016x}", xxhash_rust::xxh3::xxh3_64(format!("{}{instance:?}", self.engine.run).as_bytes())),
            [first, ..] => batch_id(&self.engine, first),
        };
        let mut folders = vec![self.engine.scratch.join(&batch)];
        folders.extend(takers.iter().map(|t| sinks::folder(&self.engine, t, &batch)));
        self.state.stage_begun(&self.engine.run, &batch, &folders).map_err(|e| errors::state(&e))?;
        self.begun.push(batch.clone());
        Ok(Turn { instance, takers, batch, read_by_others: self.readers(&instance.table) > 0 })
    }

    /// What the table is evaluated for: which of its rows are read, and what of them was judged before.
    fn task<'r>(&self, turn: &Turn<'r>, agenda: &Agenda, tables: Tables) -> Result<Task<'r>, Stopped> {
        let (program, full_refresh) = (self.engine.program(), self.engine.options.full_refresh);
        let Turn { instance, takers, batch, .. } = turn;
        let table = instance.table.as_str();
        let judged = self.state.taken(&format!("@{table}")).map_err(|e| errors::state(&e))?;
        let replaced: Vec<String> = match full_refresh {
            true => judged.iter().map(|t| t.path.clone()).collect(),
            false => takers.iter().flat_map(|t| &t.replaced).map(|name| key(table, name)).collect(),
        };
        let leaving = self.state.batches_of_files(&format!("@{table}"), &replaced).map_err(|e| errors::state(&e))?;
        // A full refresh judges all of them anew: what was held of them before is superseded with its commit.
        let judged_before = agenda.listing.files.get(table).filter(|_| !full_refresh);
        let fresh = judged_before.and_then(|f| f.as_ref().ok()).map(|files| {
            let is_taken = |f: &&InputFile| {
                let key = key(table, &f.name);
                judged.iter().any(|t| t.path == key && t.size == f.size && t.modified_ns == f.modified_ns)
            };
            files.iter().filter(|f| !is_taken(f)).map(|f| f.name.clone()).collect()
        });
        let is_source = program.sources.contains_key(table);
        let history = History::of(&self.state, program, table, scope(instance, takers), self.engine.options.now)?;
        Ok(Task {
            fresh,
            past: instance.past.clone(),
            part: instance.files.is_some() && is_source,
            aside: takers.iter().flat_map(|t| t.aside.iter().cloned()).collect(),
            tracked: is_source && takers.iter().any(|t| t.tracked()),
            history: history.replacing(leaving),
            ..Task::new(&self.state, table, tables, self.engine.scratch.join(batch))?
        })
    }

    /// Evaluates a source, as often as its clauses want another try.
    async fn source(
        &self,
        source: &pipe_check::Source,
        turn: &Turn<'_>,
        agenda: &Agenda,
        task: &mut Task<'_>,
        watch: Watch<'_>,
    ) -> Result<(Evaluation, Vec<Target>), Stopped> {
        let mut files = match agenda.listing.files.get(task.table) {
            Some(Ok(files)) => files.clone(),
            Some(Err(stopped)) => return Err(stopped.clone()),
            None => return Err(errors::internal(&format!("`{}` was not listed", task.table)).into()),
        };
        if let Some(only) = &turn.instance.files {
            files.retain(|f| only.contains(&f.name));
        }
        let accepted = self.state.baseline(task.table).map_err(|e| errors::state(&e))?;
        let mut tries = Tries::new(&self.engine, task.table);
        loop {
            let done = self.try_source(source, files.clone(), accepted.as_ref(), turn, task, watch).await;
            match done {
                Ok((mut evaluation, targets)) => {
                    evaluation.heals.append(&mut tries.heals);
                    evaluation.failures.append(&mut tries.failures);
                    return Ok((evaluation, targets));
                }
                Err(stopped) => tries.again(stopped, &mut files, task).await?,
            }
        }
    }

    async fn try_source(
        &self,
        source: &pipe_check::Source,
        files: Vec<InputFile>,
        accepted: Option<&Baseline>,
        turn: &Turn<'_>,
        task: &mut Task<'_>,
        watch: Watch<'_>,
    ) -> Result<(Evaluation, Vec<Target>), Stopped> {
        let extract = extract(&self.engine, source, files, accepted).await?;
        let schema = extract::schema(&extract.target);
        let schema = pipe_compile::types::with_flags(&schema, self.engine.program(), task.table);
        let targets = self.open_loads(turn, task, &schema).await?;
        Ok((evaluate::source(&self.engine, task, extract, watch).await?, targets))
    }

    /// Looks at what is where the loads of a table write to, and tells the task what its rows meet there.
    async fn open_loads(
        &self,
        turn: &Turn<'_>,
        task: &mut Task<'_>,
        schema: &SchemaRef,
    ) -> Result<Vec<Target>, Stopped> {
        let targets = sinks::prepare(&self.engine, &self.state, &turn.takers, schema, &turn.batch)?;
        task.direct = sinks::direct(&self.engine, &targets, turn.read_by_others);
        task.committed = sinks::committed(&self.engine, &self.state, &turn.takers, schema).await?;
        Ok(targets)
    }

    /// How many of the selected tables read one. A model that several read is computed once.
    fn readers(&self, table: &str) -> usize {
        let reads = |t: &&String| pipe_plan::dependencies(self.engine.program(), t).iter().any(|d| d == table);
        self.selection.tables.iter().filter(reads).count()
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
}

/// What a table is measured over: what is new, where its loads add that to what they have.
fn scope(instance: &Instance, takers: &[&LoadTask]) -> Scope {
    let new = instance.files.is_some() || instance.past.is_some() || !takers.is_empty();
    if new && takers.iter().all(|t| t.mode == Mode::Append) { Scope::Batch } else { Scope::Whole }
}
fn skipped(table: &str, because: &str) -> Stopped {
    let failure = FailureReport {
        failure: "skipped".to_owned(),
        table: table.to_owned(),
        handled: "skipped".to_owned(),
        help: Some(format!("`{because}`, which it reads, did not succeed")),
        ..FailureReport::default()
    };
    Stopped { failures: vec![failure], ..Stopped::default() }
}
