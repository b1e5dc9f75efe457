//! One table: judged, split, healed, staged; not yet committed.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::Schema;
use datafusion::catalog::TableProvider;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::prelude::{ident, lit};
use pipe_check::{HealBlock, Rule};
use pipe_connect::source::{FileState, InputFile, Projection, ScanExec, meta};
use pipe_heal::action::ResolvedAction;
use pipe_heal::gates::Settings;
use pipe_state::{Metric, Watermark};

use crate::aside::Unread;
use crate::clauses::Answered;
use crate::engine::{Engine, Stopped, Watch};
use crate::evaluation::Evaluation;
use crate::extract::{self, Extract};
use crate::pass::Input;
use crate::passed::Passed;
use crate::past::Filter;
use crate::report::{FailureReport, HealReport, RuleResult, TableReport};
use crate::results::Known;
use crate::rulebook::Rulebook;
use crate::task::Task;
use crate::{groups, heal, typed};

/// The rows of a table, each time they are read.
type Again<'i> = &'i mut (dyn FnMut() -> Result<Input, Stopped> + Send);

/// Evaluates a source.
///
/// # Errors
/// Why nothing of it can commit.
pub async fn source(
    engine: &Engine<'_>,
    task: &Task<'_>,
    extract: Extract,
    watch: Watch<'_>,
) -> Result<Evaluation, Stopped> {
    let names: Vec<String> = extract.files.iter().map(|f| f.name.clone()).collect();
    let bytes = extract.files.iter().map(|f| f.size).sum();
    watch.table_started(task.table, names.len() as u64, bytes);
    let columns = extract.target.len();
    let scan = || -> Result<Arc<ScanExec>, Stopped> {
        let projection = Projection::all(columns);
        let files = extract.files.clone();
        ScanExec::try_new(&extract.spec, files, &extract.bound, &extract.target, projection, engine.options.threads)
            .map(Arc::new)
            .map_err(|e| extract::source_stopped(task.table, &e))
    };
    let declared: Vec<String> = extract.spec.declared.iter().flatten().map(|f| f.name.clone()).collect();
    let mut last = scan()?;
    let past = task.past.as_ref().map(|p| Filter::new(p, &extract::schema(&extract.target), &names)).transpose()?;
    let mut evaluator = Evaluator::new(engine, task, declared);
    if past.is_none() {
        let read = typed::of_source(engine, &extract)?;
        let aside = task.aside.iter().map(lit).collect::<Vec<_>>();
        let read = if aside.is_empty() { read } else { read.filter(ident(meta::FILE).in_list(aside, true))? };
        evaluator.as_read = Some(read.into_view());
    }
    evaluator.heals = extract.heals;
    evaluator.failures = extract.failures;
    evaluator.unread.extend(extract.unread);
    let unread: Vec<InputFile> = evaluator.unread.iter().map(|u| u.file.clone()).collect();
    let mut evaluation = evaluator
        .run(watch, &mut || {
            last = scan()?;
            let input = Input::scan(Arc::clone(&last), columns, names.clone()).past(past.clone());
            Ok(input.flagged(engine.program(), task.table))
        })
        .await
        .map_err(|stopped| {
            let source = BTreeMap::from([("source".to_owned(), task.table.to_owned())]);
            blaming(stopped, "source_error", task.table, source)
        })?;
    let states = last.file_states();
    evaluation.table.bytes = states.iter().map(|s| s.bytes_read).sum();
    evaluation.table.files = (names.len() + unread.len()) as u64;
    evaluation.files = extract.files.into_iter().zip(states).collect();
    evaluation.files.extend(unread.into_iter().map(|file| (file, FileState::default())));
    if let (Some(past), Some(filter)) = (&task.past, &past) {
        let column = past.column.clone();
        evaluation.watermark = filter.watermark()?.map(|value| Watermark { column, value });
    }
    // Where every file is set aside nothing was learnt of the source.
    evaluation.baseline = (!names.is_empty()).then_some(extract.baseline);
    watch.table_finished(task.table);
    Ok(evaluation)
}

/// Evaluates a model over the tables of the task.
///
/// # Errors
/// Why nothing of it can commit.
pub async fn model(
    engine: &Engine<'_>,
    task: &Task<'_>,
    model: &pipe_check::Model,
    watch: Watch<'_>,
) -> Result<Evaluation, Stopped> {
    watch.table_started(task.table, 0, 0);
    let plan = engine.planner(&task.tables).model(&model.query)?;
    let physical = engine.session.state().create_physical_plan(&plan).await?;
    let ordered = sorts(&plan);
    let mut evaluator = Evaluator::new(engine, task, Vec::new());
    evaluator.as_read = Some(typed::of_query(engine, task.table, plan)?.into_view());
    let mut has_run = false;
    let mut input = || {
        // A plan that has run keeps state of its run; a second pass gets a plan of its own.
        let plan = match std::mem::replace(&mut has_run, true) {
            false => Arc::clone(&physical),
            true => datafusion::physical_plan::execution_plan::reset_plan_states(Arc::clone(&physical))?,
        };
        Ok(Input::query(plan).in_order(ordered).flagged(engine.program(), task.table))
    };
    let mut evaluation = evaluator.run(watch, &mut input).await;
    if let Ok(evaluation) = &mut evaluation {
        evaluation.rows.ordered = ordered;
    }
    watch.table_finished(task.table);
    evaluation.map_err(|stopped| blaming(stopped, "model_error", task.table, BTreeMap::new()))
}

/// Whether a query ends with an order.
fn sorts(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Sort(_) => true,
        LogicalPlan::Projection(projection) => sorts(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => sorts(&alias.input),
        LogicalPlan::Limit(limit) => sorts(&limit.input),
        _ => false,
    }
}

/// Evaluates rows that left earlier batches, by some of the table's rules. However many of them are bad, that is no changed source.
///
/// # Errors
/// Why none of them can commit.
pub async fn rows(
    engine: &Engine<'_>,
    task: &Task<'_>,
    rules: &[Rule],
    input: Again<'_>,
    watch: Watch<'_>,
) -> Result<Evaluation, Stopped> {
    let mut evaluator = Evaluator::new(engine, task, Vec::new());
    evaluator.rules = rules;
    evaluator.again = true;
    evaluator.run(watch, input).await
}

/// Judges rules that ask nothing but files, of a table of which nothing is new.
///
/// # Errors
/// One fails that no clause lets pass.
pub async fn files(
    engine: &Engine<'_>,
    task: &Task<'_>,
    rules: &[Rule],
    watch: Watch<'_>,
) -> Result<Evaluation, Stopped> {
    let mut none =
        || -> Result<Input, Stopped> { Ok(Input::query(Arc::new(EmptyExec::new(Arc::new(Schema::empty()))))) };
    rows(engine, task, rules, &mut none, watch).await
}

/// An error from deep below, with the failure it is to the table, where nothing else was told of it.
fn blaming(mut stopped: Stopped, failure: &str, table: &str, fields: BTreeMap<String, String>) -> Stopped {
    if stopped.failures.is_empty()
        && let Some(diagnostic) = stopped.diagnostics.first()
    {
        stopped.failures.push(FailureReport {
            failure: failure.to_owned(),
            fields,
            table: table.to_owned(),
            handled: "failed".to_owned(),
            help: Some(diagnostic.message.clone()),
            ..FailureReport::default()
        });
    }
    stopped
}

/// The rules, clauses and counts of one table at work.
pub struct Evaluator<'e, 'a> {
    pub(crate) engine: &'e Engine<'a>,
    pub(crate) task: &'e Task<'e>,
    pub(crate) block: Option<&'e HealBlock>,
    pub(crate) settings: Settings,
    pub(crate) rules: &'e [Rule],
    pub(crate) heals: Vec<HealReport>,
    pub(crate) failures: Vec<FailureReport>,
    /// What is known of the rules so far.
    pub(crate) results: Vec<RuleResult>,
    /// Rows read so far.
    rows_read: u64,
    /// Files set aside unread.
    pub(crate) unread: Vec<Unread>,
    /// The columns a source declares.
    pub(crate) declared: Vec<String>,
    /// What the table measures, should it not commit.
    pub(crate) measured: Vec<Metric>,
    /// Whether the rows left earlier batches and come again.
    pub(crate) again: bool,
    /// The rows as read, to be asked once more; `None`: they cannot be.
    pub(crate) as_read: Option<Arc<dyn TableProvider>>,
}

impl<'e, 'a> Evaluator<'e, 'a> {
    fn new(engine: &'e Engine<'a>, task: &'e Task<'e>, declared: Vec<String>) -> Self {
        let program = engine.program();
        let block = program.heals.get(task.table);
        Self {
            engine,
            task,
            block,
            settings: Settings::from_config(&block.unwrap_or(&HealBlock::default()).config),
            rules: program.rules.get(task.table).map(Vec::as_slice).unwrap_or_default(),
            heals: Vec::new(),
            failures: Vec::new(),
            results: Vec::new(),
            rows_read: 0,
            unread: task.unread.clone(),
            declared,
            measured: Vec::new(),
            again: false,
            as_read: None,
        }
    }

    async fn run(&mut self, watch: Watch<'_>, input: Again<'_>) -> Result<Evaluation, Stopped> {
        let (book, pass) = self.read(watch, input).await?;
        self.rows_read = pass.staged.rows + self.unread.len() as u64;
        self.decide(book, pass).await
    }

    /// Judges the rows and splits them, in as many passes as it takes.
    async fn read(&self, watch: Watch<'_>, input: Again<'_>) -> Result<(Rulebook, Passed), Stopped> {
        let mut rows = input()?;
        let mut book = self.rulebook(&rows).await?;
        groups::prepare(&mut book);
        if !book.judge.groups.is_empty() {
            groups::count(self.engine, &mut book, &rows, &self.aside(&rows.files)).await?;
            rows = input()?;
        }
        let columns = self.schema_rules(&book, &rows)?;
        // Votes, orders and central values are found in the rows that pass, so these must be found again.
        let votes = book.set.len() > book.keys.len() || self.looks_around();
        let mut pass = self.pass(&rows, &book, votes, watch).await?;
        // Failing rows that commit go back where they stood.
        let back = rows.ordered && pass.staged.good < pass.staged.rows;
        if !votes && (back || self.repeated(&mut pass, &book).await? || self.may_repeat(&pass, &book)?) {
            pass.discard()?;
            pass = self.pass(&input()?, &book, true, watch).await?;
        }
        pass.columns = columns;
        Ok((book, pass))
    }

    /// Finds what becomes of the rows that do not simply pass: they are healed where a clause repairs, or go where clauses send them.
    async fn decide(&mut self, book: Rulebook, pass: Passed) -> Result<Evaluation, Stopped> {
        self.know(&book, &pass, Known::default());
        self.judge_schema_rules(&pass.columns)?;
        let answered = self.answers(&pass, &book)?;
        self.skip_files(&pass, &answered)?;
        let repairs = |answered: &Answered| answered.group(0, None).iter().any(ResolvedAction::repairs);
        if pass.identity || answered.iter().any(|(_, answered)| repairs(answered)) {
            heal::heal(self, book, pass, answered).await
        } else {
            self.settle(book, pass, &answered).await
        }
    }

    /// The table ends here, with all that is known of it.
    pub(crate) fn stopped(&mut self) -> Stopped {
        Stopped {
            failures: std::mem::take(&mut self.failures),
            heals: std::mem::take(&mut self.heals),
            rules: std::mem::take(&mut self.results),
            account: Some(TableReport { read: self.rows_read, ..TableReport::default() }),
            metrics: std::mem::take(&mut self.measured),
            ..Stopped::default()
        }
    }

    /// The rows that shares and budgets are of: those read. Rows that come again are failing rows only, so the batches they left
    /// are measured with them.
    pub(crate) fn measured(&self, pass: &Passed) -> u64 {
        let left: u64 = if self.again { self.task.earlier.iter().map(|(rows, _)| rows).sum() } else { 0 };
        pass.staged.rows + left
    }
}
