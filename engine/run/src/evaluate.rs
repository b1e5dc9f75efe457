//! One table: judged, split, healed, staged; not yet committed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::prelude::{ParquetReadOptions, ident, lit};
use futures::StreamExt;
use pipe_check::{HealBlock, Rule, Severity};
use pipe_compile::{Planner, SetAssertion, Tables, row_schema};
use pipe_connect::source::{FileState, InputFile, Projection, ScanExec, meta};
use pipe_heal::action::ResolvedAction;
use pipe_heal::failure::Failure;
use pipe_heal::fate::Fate;
use pipe_heal::gates::Settings;
use pipe_quality::{Aggregates, KeyPlan, KnownKeys, Membership, Reason, StageSpec, SuspectSchema, Suspects};
use pipe_state::{Baseline, ColumnState, Metric, Watermark};

use crate::account::Ending;
use crate::aside::Unread;
use crate::clauses::{Answered, answer};
use crate::columns;
use crate::engine::{Engine, Notice, Stopped, Watch};
use crate::errors;
use crate::extract::{self, Extract};
use crate::groups::{self, raises};
use crate::heal::ledger;
use crate::pass::{Input, pass};
use crate::passed::Passed;
use crate::past::Filter;
use crate::quarantine::{self, Written};
use crate::report::{FailureReport, HealReport, RuleResult, Sample, TableReport};
use crate::results::Known;
use crate::rulebook::{Observed, Rulebook, key_plan};
use crate::settle::{Counts, Settling, data_schema};
use crate::staging::{Finished, Part};
use crate::states::States;
use crate::task::Task;
use crate::{told, typed};

/// Key hashes a thread holds before it spills, for each key: 16 MiB.
pub(crate) const KEY_HASHES: usize = 2 << 20;
/// Keys a table may refer to that are held in memory, for each rule: as hashes about 32 MiB.
pub(crate) const KNOWN_KEYS: usize = 1 << 20;
/// Bytes of suspect rows a thread holds before it spills.
pub(crate) const SUSPECT_BYTES: usize = 16 << 20;

/// A table whose rows can commit.
pub struct Evaluation {
    /// Its rows, counted.
    pub table: TableReport,
    /// Verdicts, in the order of the rules.
    pub rules: Vec<RuleResult>,
    /// What it measures, for later runs.
    pub metrics: Vec<Metric>,
    /// What its columns look like, for later runs.
    pub columns: Vec<ColumnState>,
    /// What clauses did.
    pub heals: Vec<HealReport>,
    /// Failures, all handled.
    pub failures: Vec<FailureReport>,
    /// Where the rows are.
    pub rows: Finished,
    /// Their columns.
    pub schema: SchemaRef,
    /// Rows that left, staged.
    pub quarantine: Option<Written>,
    /// What the heals leave behind, staged.
    pub ledger: Option<ledger::Written>,
    /// What the source looks like now.
    pub baseline: Option<Baseline>,
    /// The files read, with what was found of them.
    pub files: Vec<(InputFile, FileState)>,
    /// How far the source has come by its column, where only new rows were read or will be next.
    pub watermark: Option<Watermark>,
    /// Rows that no clause healed, kept or dropped.
    pub unhealed: u64,
    /// Whether the whole of a small batch went to quarantine.
    pub lost: bool,
}

impl Evaluation {
    /// A model that is no more than its query: nothing of it is judged or kept.
    pub fn view(table: &str, schema: SchemaRef) -> Self {
        Self {
            table: TableReport { name: table.to_owned(), ..TableReport::default() },
            rules: Vec::new(),
            metrics: Vec::new(),
            columns: Vec::new(),
            heals: Vec::new(),
            failures: Vec::new(),
            rows: Finished::default(),
            schema,
            quarantine: None,
            ledger: None,
            baseline: None,
            files: Vec::new(),
            watermark: None,
            unhealed: 0,
            lost: false,
        }
    }
}

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
        .map_err(|stopped| named(task.table, stopped))?;
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
    let planner = Planner::new(&engine.session, &task.tables, &engine.params, &engine.loaded.sources);
    let plan = planner.model(&model.query)?;
    let state = engine.session.state();
    let physical = state.create_physical_plan(&plan).await?;
    let input =
        || -> Result<Input, Stopped> { Ok(Input::query(Arc::clone(&physical)).flagged(engine.program(), task.table)) };
    let mut first = true;
    let mut evaluator = Evaluator::new(engine, task, Vec::new());
    evaluator.as_read = Some(typed::of_query(engine, task.table, plan)?.into_view());
    let mut again = || {
        // A plan that has run keeps state of its run; a second pass gets a plan of its own.
        if !first {
            let plan = datafusion::physical_plan::execution_plan::reset_plan_states(Arc::clone(&physical))?;
            return Ok(Input::query(plan).flagged(engine.program(), task.table));
        }
        first = false;
        input()
    };
    let evaluation = evaluator.run(watch, &mut again).await;
    watch.table_finished(task.table);
    evaluation.map_err(|stopped| model_stopped(task.table, stopped))
}

/// Evaluates rows that left earlier batches, by some of the table's rules. However many of them are bad, that is no changed source.
///
/// # Errors
/// Why none of them can commit.
pub async fn rows(
    engine: &Engine<'_>,
    task: &Task<'_>,
    rules: &[Rule],
    input: &mut (dyn FnMut() -> Result<Input, Stopped> + Send),
    watch: Watch<'_>,
) -> Result<Evaluation, Stopped> {
    let mut evaluator = Evaluator::new(engine, task, Vec::new());
    evaluator.rules = rules;
    evaluator.again = true;
    evaluator.run(watch, input).await
}

/// Names the table of an error that a scan raised deep below.
fn named(table: &str, mut stopped: Stopped) -> Stopped {
    if stopped.failures.is_empty()
        && let Some(diagnostic) = stopped.diagnostics.first()
    {
        let mut failure = FailureReport {
            failure: "source_error".to_owned(),
            table: table.to_owned(),
            handled: "failed".to_owned(),
            help: Some(diagnostic.message.clone()),
            ..FailureReport::default()
        };
        failure.fields.insert("source".to_owned(), table.to_owned());
        stopped.failures.push(failure);
    }
    stopped
}

fn model_stopped(table: &str, mut stopped: Stopped) -> Stopped {
    if stopped.failures.is_empty()
        && let Some(diagnostic) = stopped.diagnostics.first()
    {
        stopped.failures.push(FailureReport {
            failure: "model_error".to_owned(),
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
    read: u64,
    /// Files set aside unread.
    pub(crate) unread: Vec<Unread>,
    declared: Vec<String>,
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
        let default = HealBlock::default();
        let settings = Settings::from_config(&block.unwrap_or(&default).config);
        let rules = program.rules.get(task.table).map(Vec::as_slice).unwrap_or_default();
        let (heals, failures, results, unread) = (Vec::new(), Vec::new(), Vec::new(), task.unread.clone());
        let (read, again, measured, as_read) = (0, false, Vec::new(), None);
        Self {
            engine,
            task,
            block,
            settings,
            rules,
            heals,
            failures,
            results,
            read,
            unread,
            declared,
            measured,
            again,
            as_read,
        }
    }

    pub(crate) fn planner<'p>(&'p self, tables: &'p Tables) -> Planner<'p> {
        Planner::new(&self.engine.session, tables, &self.engine.params, &self.engine.loaded.sources)
    }

    async fn run(
        &mut self,
        watch: Watch<'_>,
        input: &mut (dyn FnMut() -> Result<Input, Stopped> + Send),
    ) -> Result<Evaluation, Stopped> {
        let first = input()?;
        let mut tables = self.task.tables.clone();
        tables.insert_schema(self.task.table, data_schema(&first.schema, first.columns));
        let mut book = self.rulebook(&tables, &first).await?;
        groups::prepare(&mut book);
        let first = if book.judge.groups.is_empty() {
            first
        } else {
            let aside = self.aside(&first.files);
            groups::count(self.engine, &mut book, &first, &aside).await?;
            input()?
        };
        let schema_verdicts = self.schema_rules(&tables, &first)?;
        // Votes, orders and central values are found in the rows that pass, so these must be found again.
        let votes = book.set.len() > book.keys.len() || self.looks_around();
        let mut pass = self.pass(&first, &book, votes, watch).await?;
        if !votes && (self.repeated(&mut pass, &book).await? || self.may_repeat(&pass, &book)?) {
            pass.discard()?;
            let again = input()?;
            pass = self.pass(&again, &book, true, watch).await?;
        }
        self.read = pass.staged.rows + self.unread.len() as u64;
        self.decide(&tables, book, pass, schema_verdicts).await
    }

    /// The rules planned for an input, references with the keys they may have.
    async fn rulebook(&self, tables: &Tables, input: &Input) -> Result<Rulebook, Stopped> {
        let planner = self.planner(tables);
        let at = |name: &str| input.schema.index_of(name).ok();
        let (raw, bad) = (at(pipe_connect::source::meta::RAW), at(pipe_connect::source::meta::BAD));
        let mut book = Rulebook::new(&planner, self.task.table, self.rules, &input.schema, input.columns)?.with_casts(
            &input.schema,
            raw,
            bad,
        );
        for (rule, assertion) in &book.references {
            let Some((other, keys)) = &assertion.other else { continue };
            let Some(provider) = self.task.tables.provider(other) else {
                return Err(
                    errors::internal(&format!("`{other}` was not evaluated before `{}`", self.task.table)).into()
                );
            };
            let theirs = row_schema(other, &provider.schema())?;
            let columns = keys.iter().map(|k| planner.physical(k, &theirs)).collect::<Result<_, _>>()?;
            let plan = KeyPlan { rule: *rule, columns, judged: None };
            let mut known = KnownKeys::new(KNOWN_KEYS, &self.task.scratch);
            let mut rows = self.engine.session.read_table(provider)?.execute_stream().await?;
            while let Some(batch) = rows.next().await {
                known.add(&plan, &batch?)?;
            }
            let known = Arc::new(known.finish().map_err(|e| errors::io(&e))?);
            let KeyPlan { columns, judged, .. } = key_plan(&planner, *rule, assertion, &book.row)?;
            let key = KeyPlan { rule: *rule, columns, judged: None };
            let SetAssertion { forbidden, null_fails, .. } = *assertion;
            let column = book.rule(*rule).and_then(|r| r.column.as_ref());
            let column = column.and_then(|c| book.row.index_of_column_by_name(None, c));
            book.judge.memberships.push(Membership { rule: *rule, key, judged, known, forbidden, null_fails, column });
        }
        Ok(book)
    }

    async fn pass(&self, input: &Input, book: &Rulebook, identity: bool, watch: Watch<'_>) -> Result<Passed, Stopped> {
        let spec = StageSpec {
            columns: input.columns,
            meta: input.meta,
            judge: book.judge.sharing(&input.schema)?,
            aggregates: Arc::clone(&book.aggregates),
            keys: if identity { Vec::new() } else { book.keys.clone() },
            identity,
            files: self.task.tracked,
            aside: self.aside(&input.files),
            suspects: SuspectSchema::new(&input.schema),
            spill_dir: self.task.scratch.clone(),
            suspect_bytes: SUSPECT_BYTES,
            key_hashes: KEY_HASHES,
            sample_columns: book.sample_columns.clone(),
        };
        let good = spec.good_schema(&input.schema);
        let direct = self.task.direct.as_ref().filter(|_| !identity);
        // Rows that keep their places are written once more, when it is known which of them commit.
        let data = data_schema(&input.schema, input.columns);
        let part = |thread: usize| -> Result<Part, Stopped> {
            let part = match direct {
                Some((sink, dir)) => Part::sink(sink, dir, thread).map_err(|e| errors::io(&e))?,
                None => Part::own(&self.task.scratch, if identity { "rows" } else { "part" }, thread, &good),
            };
            Ok(part.looking(self.states(&data).filter(|_| !identity)))
        };
        let parts = (0..input.partitions()).map(part).collect::<Result<Vec<_>, _>>()?;
        let extra = part(parts.len())?;
        let spec = Arc::new(spec);
        let context = self.engine.session.task_ctx();
        let (staged, rows) = pass(input, &context, &spec, parts, self.task.table, watch).await?;
        let (sets, before) = (BTreeMap::new(), BTreeMap::new());
        Ok(Passed { staged, rows, extra, good, identity, input: input.clone(), sets, before })
    }

    /// For what the rows that commit look like, where later runs are going to ask or a load tells partitions apart.
    pub(crate) fn states(&self, data: &SchemaRef) -> Option<States> {
        let asks = self.rules.iter().any(|r| r.level == pipe_schema::Level::History);
        let partition = partition_of(self.engine.program(), self.task.table);
        ((asks || !partition.is_empty()) && !self.again).then(|| States::new(data, asks, partition))
    }

    /// Rules about columns, before any row.
    fn schema_rules(&self, tables: &Tables, input: &Input) -> Result<BTreeMap<u16, Observed>, Stopped> {
        // Flags are no columns of the source.
        let found = data_schema(&input.schema, input.columns - input.flags);
        let planner = self.planner(tables);
        let numbered = (0..).zip(self.rules).filter(|(_, rule)| rule.level == pipe_schema::Level::Schema);
        let judge = |(i, rule)| Ok((i, columns::judge(&planner, rule, &found, &self.declared)?));
        numbered.map(judge).collect()
    }

    pub(crate) fn answer(&self, failure: Failure, rule: Option<(u16, &Rule)>) -> Result<Answered, Stopped> {
        let tables = Tables::new();
        Ok(answer(&self.planner(&tables), self.block, failure, rule)?)
    }

    /// Carries out what accompanies a step.
    pub(crate) fn accompany(&self, answered: &Answered, actions: &[ResolvedAction]) {
        for action in actions {
            match action {
                ResolvedAction::Notify(channel) => self.engine.notify(Notice {
                    channel: channel.clone(),
                    table: self.task.table.to_owned(),
                    text: format!("{} ({} rows)", answered.failure, answered.failure.rows),
                }),
                ResolvedAction::Warn(text) => {
                    let text = text.clone().unwrap_or_else(|| answered.failure.to_string());
                    self.engine.note(format!("{}: {text}", self.task.table));
                }
                _ => {}
            }
        }
    }

    pub(crate) fn stopped(&mut self) -> Stopped {
        Stopped {
            failures: std::mem::take(&mut self.failures),
            heals: std::mem::take(&mut self.heals),
            rules: std::mem::take(&mut self.results),
            account: Some(TableReport { read: self.read, ..TableReport::default() }),
            metrics: std::mem::take(&mut self.measured),
            ..Stopped::default()
        }
    }

    pub(crate) fn samples(&self, pass: &Passed, reason: Reason) -> Vec<Sample> {
        let sample = |s: &pipe_quality::Sample| Sample {
            file: pass.input.files.get(s.file as usize).cloned(),
            line: (s.line > 0).then_some(s.line),
            row: Some(s.row),
            value: s.value.clone(),
        };
        pass.staged.samples.of(reason).iter().map(sample).collect()
    }

    /// The row failures of a pass, in the order they are judged: broken records, casts, rules beyond their tolerance.
    pub(crate) fn row_failures(&self, pass: &Passed, book: &Rulebook) -> Vec<(Reason, Failure)> {
        let read = pass.staged.rows;
        let mut raised = Vec::new();
        for (reason, count) in &pass.staged.violations {
            let failure = match reason {
                Reason::BadRecord => {
                    let first = pass.staged.first_bad.clone().unwrap_or_default();
                    let (file, _, line, why) = first;
                    let file = pass.input.files.get(file as usize).map_or("", String::as_str);
                    Failure::bad_record(self.task.table, file, line, &why, *count, read)
                }
                Reason::Cast(column) => {
                    let Some(field) = pass.input.schema.fields().get(usize::from(*column)) else { continue };
                    let ty = pipe_compile::types::from_arrow(field.data_type()).unwrap_or(pipe_schema::Type::Text);
                    Failure::cast_failed(self.task.table, field.name(), &ty, *count, read)
                }
                Reason::Rule(index) => {
                    let Some(rule) = book.rule(*index) else { continue };
                    let judged = pass.staged.judged.get(index).copied().unwrap_or(read);
                    if !raises(rule, *count, judged) {
                        continue;
                    }
                    Failure::rule_failed(rule, *count, judged)
                }
                Reason::Spared(_) | Reason::Aside => continue,
            };
            raised.push((*reason, failure));
        }
        raised
    }

    async fn decide(
        &mut self,
        tables: &Tables,
        book: Rulebook,
        mut pass: Passed,
        schema_verdicts: BTreeMap<u16, Observed>,
    ) -> Result<Evaluation, Stopped> {
        let known = Known { schema: Some(&schema_verdicts), ..Known::default() };
        self.know(tables, &book, &pass, known);
        self.judge_schema_rules(&schema_verdicts)?;
        let mut answered = Vec::new();
        for (reason, failure) in self.row_failures(&pass, &book) {
            let rule = match reason {
                Reason::Rule(i) => book.rule(i).map(|r| (i, r)),
                _ => None,
            };
            answered.push((reason, self.answer(failure, rule)?));
        }
        self.skip_files(&pass, &answered)?;
        let repairs = |a: &Answered| a.group(0, None).iter().any(ResolvedAction::repairs);
        if pass.identity || answered.iter().any(|(_, a)| repairs(a)) {
            return crate::heal::heal(self, tables, book, pass, answered, schema_verdicts).await;
        }
        let fates = self.fates(&book, &answered, &pass)?;
        let quarantine = self.quarantine_writer(&pass, &book, "quarantine");
        let extra = std::mem::replace(&mut pass.extra, Part::own(&self.task.scratch, "none", 0, &pass.good));
        let mut aggregates = std::mem::replace(&mut pass.staged.aggregates, Aggregates::new(&Vec::new().into())?);
        let mut settling = Settling {
            fates,
            columns: pass.input.columns,
            good: Arc::clone(&pass.good),
            part: extra,
            aggregates: &mut aggregates,
            rest: Aggregates::new(&book.aggregates)?,
            quarantine,
            fresh: self.fresh_files(&pass.input),
            counts: Counts::default(),
        };
        for suspects in std::mem::take(&mut pass.staged.suspects) {
            for batch in Suspects::into_reader(suspects)? {
                settling.take(&batch?)?;
            }
        }
        let Settling { part, mut quarantine, mut counts, rest, .. } = settling;
        let mut rows = pass.rows.take();
        part.finish(&mut rows).map_err(|e| errors::io(&e))?;
        let unhealed = counts.quarantined - counts.waiting;
        self.set_aside(&mut pass, &mut quarantine, &mut counts)?;
        let quarantine = quarantine.finish()?;
        let lost = self.structural(&pass.staged, unhealed, &book)?;
        let (values, before) = if counts.committed == pass.staged.rows - pass.staged.good {
            // All rows commit, as they were read.
            let values = aggregates.finish()?;
            (values.clone(), values)
        } else {
            let (after, mut before) = aggregates.twice()?;
            before.merge(rest)?;
            (after.finish()?, before.finish()?)
        };
        let observed = if book.table.is_empty() {
            BTreeMap::new()
        } else {
            let data = data_schema(&pass.input.schema, pass.input.columns);
            let rows = provider(self.engine, &rows, &data).await?;
            self.observe_table_rules(tables, &book, &values, rows).await?
        };
        let changed = counts.committed != pass.staged.rows - pass.staged.good;
        pass.before = self.before(tables, &book, &before, &observed, changed).await?;
        self.know(tables, &book, &pass, Known { observed: Some(&observed), ..known });
        self.judge_table_rules(&book, &observed)?;
        let mut committed_counts = counts.clone();
        committed_counts.committed += pass.staged.good;
        committed_counts.sum = committed_counts.sum.wrapping_add(pass.staged.good_sum);
        self.finish(
            tables,
            book,
            pass,
            schema_verdicts,
            committed_counts,
            Ending { rows, quarantine, ledger: None, observed, unhealed, lost, duplicates: 0, healed: (0, 0) },
        )
    }

    /// The fate each reason asks for, from the first steps of its clause; fails the table where nothing else is said.
    pub(crate) fn fates(
        &mut self,
        book: &Rulebook,
        answered: &[(Reason, Answered)],
        pass: &Passed,
    ) -> Result<BTreeMap<Reason, Fate>, Stopped> {
        let mut fates = BTreeMap::new();
        let mut failed = false;
        for (reason, answered) in answered {
            let rule = answered.rule.and_then(|i| book.rule(i));
            let (fate, action) = self.fate_of(answered, rule, 0);
            let actions = answered.group(0, rule);
            self.accompany(answered, &actions);
            let samples = self.samples(pass, *reason);
            let mut told = told::failure(answered, handled_word(fate), samples);
            if fate == Fate::Fail {
                failed = true;
                told.help = Some(fail_help(answered, rule, &actions));
            } else if answered.clause.is_some() {
                self.heals.push(HealReport { rows: answered.failure.rows, ..told::heal(answered, action, "applied") });
            }
            self.failures.push(told);
            fates.insert(*reason, fate);
        }
        if failed { Err(self.stopped()) } else { Ok(fates) }
    }

    /// What a step group asks of the rows of a failure, and the action that says so.
    pub(crate) fn fate_of(&self, answered: &Answered, rule: Option<&Rule>, group: usize) -> (Fate, &'static str) {
        let actions = answered.group(group, rule);
        let asked = actions.iter().find_map(|a| match a {
            ResolvedAction::Keep | ResolvedAction::Ignore => Some((Fate::Keep, "keep")),
            ResolvedAction::Warn(_) => Some((Fate::Keep, "warn")),
            ResolvedAction::Drop => Some((Fate::Drop, "drop")),
            ResolvedAction::Quarantine => Some((Fate::Quarantine, "quarantine")),
            ResolvedAction::SkipFile => Some((Fate::Quarantine, "skip file")),
            ResolvedAction::Fail(_) => Some((Fate::Fail, "fail")),
            _ => None,
        });
        let (fate, action) = asked.unwrap_or((Fate::Fail, "fail"));
        // What is left of a critical rule fails the table, whatever the clause would do with its rows.
        match rule.map(|r| r.severity) {
            Some(Severity::Critical) if answered.failure.rows > 0 => (Fate::Fail, "fail"),
            _ => (fate, action),
        }
    }

    /// The rows that shares and budgets are of: those read. Rows that come again are failing rows only, so the batches they left
    /// are measured with them.
    pub(crate) fn measured(&self, pass: &Passed) -> u64 {
        let left: u64 = if self.again { self.task.earlier.iter().map(|(rows, _)| rows).sum() } else { 0 };
        pass.staged.rows + left
    }

    /// A writer of rows that leave, into a folder of this name.
    pub(crate) fn quarantine_writer(&self, pass: &Passed, book: &Rulebook, folder: &str) -> quarantine::Writer {
        let data = data_schema(&pass.input.schema, pass.input.columns);
        let rule = |r: u16| book.rule(r).map_or_else(String::new, |r| r.name.clone());
        let codes = 1 + pass.input.columns + book.rules.len();
        let names = (0..codes)
            .map(|c| Reason::from_code(u16::try_from(c).unwrap_or(u16::MAX), pass.input.columns))
            .map(|r| quarantine::reason_name(r, &data, rule))
            .collect();
        let dir = self.task.scratch.join(folder);
        quarantine::Writer::new(&dir, &pass.input.schema, pass.input.columns, names, pass.input.files.clone())
    }

    pub(crate) fn fresh_files(&self, input: &Input) -> Option<BTreeSet<u32>> {
        let fresh = self.task.fresh.as_ref()?;
        Some((0..).zip(&input.files).filter(|(_, f)| fresh.contains(*f)).map(|(i, _)| i).collect())
    }
}

/// Staged rows as a table: Parquet of our own, or of a load.
///
/// # Errors
/// The files cannot be read.
pub async fn provider(
    engine: &Engine<'_>,
    rows: &Finished,
    schema: &SchemaRef,
) -> Result<Arc<dyn TableProvider>, Stopped> {
    let staged = rows.staged.iter().filter(|f| f.rows > 0).map(|f| &f.staged);
    let paths: Vec<String> = staged.chain(&rows.own).map(|p| p.to_string_lossy().into_owned()).collect();
    parquet(engine, paths, schema).await
}

/// Parquet files as a table with these columns; no files, no rows.
///
/// # Errors
/// A file cannot be read.
pub async fn parquet(
    engine: &Engine<'_>,
    paths: Vec<String>,
    schema: &SchemaRef,
) -> Result<Arc<dyn TableProvider>, Stopped> {
    if paths.is_empty() {
        let none = datafusion::datasource::MemTable::try_new(Arc::clone(schema), vec![Vec::new()])?;
        return Ok(Arc::new(none));
    }
    let options = ParquetReadOptions::default().schema(schema).file_extension("");
    Ok(engine.session.read_parquet(paths, options).await?.into_view())
}

/// As a failure's report says what became of its rows.
pub fn handled_word(fate: Fate) -> &'static str {
    match fate {
        Fate::Keep => "kept",
        Fate::Drop => "dropped",
        Fate::Quarantine => "quarantined",
        Fate::Wait => "waiting",
        Fate::Fail => "failed",
    }
}

/// What to do about a failure that failed its table.
pub fn fail_help(answered: &Answered, rule: Option<&Rule>, actions: &[ResolvedAction]) -> String {
    if let Some(text) = actions.iter().find_map(|a| match a {
        ResolvedAction::Fail(Some(text)) => Some(text),
        _ => None,
    }) {
        return text.clone();
    }
    let table = &answered.failure.table;
    if let Some(incomplete) = answered.steps.iter().flatten().find_map(|s| s.as_ref().err()) {
        return incomplete.to_string();
    }
    if answered.clause.is_some() {
        return match rule {
            Some(r) if r.severity == Severity::Critical => {
                format!("what is left of the critical rule `{}` fails `{table}`", r.name)
            }
            _ => format!("the clause that answers it has no further step for these rows, so `{table}` fails"),
        };
    }
    let pattern = match (answered.failure.name, rule) {
        ("rule_failed", Some(r)) => format!("rule_failed(rule: {})", r.name),
        ("cast_failed", _) => format!("cast_failed(column: {})", answered.failure.text("column").unwrap_or("_")),
        (name, _) => name.to_owned(),
    };
    format!("no clause answers it: add `on {pattern} => quarantine;` to `heal {table}`, or look at `raw.{table}`")
}

/// The fields by which the first load of a table that has partitions tells them.
pub(crate) fn partition_of<'p>(program: &'p pipe_check::Program, table: &str) -> &'p [pipe_schema::PartitionField] {
    let loads = program.loads.iter().filter(|load| load.table == table);
    loads.map(|load| load.config.partition("partition")).find(|fields| !fields.is_empty()).unwrap_or_default()
}
