//! Rules about rows, and about all rows together: one pass for all that one pass can say, a query for each of the others.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, SchemaRef, UInt64Type};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::prelude::{DataFrame, Expr, ident, lit};
use futures::StreamExt;
use pipe_check::{Predicate, Rule};
use pipe_compile::{FusedAssertion, Planner, Tables};
use pipe_connect::source::meta;
use pipe_diagnostics::codes::run as codes;
use pipe_heal::failure::Failure;
use pipe_quality::{
    KeyPlan, Known, KnownKeys, Listed, Listing, Membership, Reason, SurveySpec, Surveyed, SuspectSchema, Suspects,
};
use serde_json::{Number, Value};

use super::as_read::{AsRead, failed};
use super::inspect::{By, Inspected, Inspector, Verdict, Verdicts, Violations};
use super::kept::Kept;
use super::keys::{Counts, Keys, Repeating, repeating};
use super::metadata;
use super::report::FailingRow;
use super::survey;
use crate::engine::Stopped;
use crate::errors;
use crate::evaluate::{KEY_HASHES, KNOWN_KEYS, SUSPECT_BYTES};
use crate::groups;
use crate::pass::Input;
use crate::rulebook::{Observed, Rulebook, key_plan, observe};
use crate::settle::data_schema;
use crate::table_rules::ask;

/// Key hashes a thread holds before it spills, for each key, where no bound is set: 128 MiB.
const FREE_KEY_HASHES: usize = 16 << 20;

/// The columns that say which row each is.
const PLACES: [&str; 3] = [meta::FILE, meta::LINE, meta::ROW];

/// A pass, planned.
pub struct Pass {
    /// Its rules.
    pub book: Rulebook,
    /// Its rows.
    pub input: Input,
    /// The columns that the input has; `None`: all.
    needed: Option<BTreeSet<String>>,
    /// The names of the input's data columns.
    names: Vec<String>,
    /// The keys of set rules that are asked as queries.
    counted: Vec<KeyPlan>,
}

impl Inspector<'_, '_> {
    /// Judges the rules with these numbers, which all look at rows.
    ///
    /// # Errors
    /// The rows cannot be read, or a rule fails on them.
    pub async fn with_rows(
        &self,
        tables: &Tables,
        rules: &[Rule],
        open: &[u16],
        found: &mut Inspected,
    ) -> Result<Verdicts, Stopped> {
        let read = self.opened.sources.get(self.table);
        let mut verdicts = Verdicts::new();
        if let Some(read) = read
            && let Some(footers) = read.footers().await?
        {
            let planner = self.planner(tables);
            verdicts = metadata::answers(&planner, self.table, rules, open, read, &footers)?;
            found.table.rows = Some(footers.rows());
        }
        let mut open: Vec<u16> = open.iter().copied().filter(|i| !verdicts.contains_key(i)).collect();
        let files = read.map(AsRead::names).unwrap_or_default();
        let unique = |i: &u16| rules.get(usize::from(*i)).is_some_and(|r| matches!(r.predicate, Predicate::Unique));
        // Where a column is read without the others the keys come first, so that the pass knows which of them repeat. Where all is
        // read at once the pass takes their hashes, and the rows are read again only if some repeat.
        let columnar = read.is_some_and(AsRead::columnar);
        let mut keys = Keys::new();
        let uniques: Vec<u16> = open.iter().copied().filter(unique).collect();
        if columnar && !uniques.is_empty() {
            let pass = self.plan(tables, rules, &uniques, false).await?;
            let mut seen =
                self.survey(&pass, SurveySpec { keys_only: true, kept: None, ..self.spec(&pass, true) }).await?;
            keys = self.repeated(&pass, &mut seen)?;
            open.retain(|i| keys.get(i).is_none_or(|key| matches!(key.repeated, Repeating::Some(_))));
        }
        let mut counts = Counts::new();
        if !open.is_empty() {
            let mut pass = self.plan(tables, rules, &open, self.keep).await?;
            self.memberships(tables, &mut pass).await?;
            groups::prepare(&mut pass.book);
            if !pass.book.judge.groups.is_empty() {
                groups::count(self.engine, &mut pass.book, &pass.input, &BTreeSet::new()).await?;
                pass.input = self.input(pass.needed.as_ref()).await?;
            }
            if self.keep {
                let data = data_schema(&pass.input.schema, pass.input.columns);
                found.kept = Some(Kept::new(self.table, &data, read.map(AsRead::names), rules));
            }
            let mut spec = self.spec(&pass, !columnar);
            spec.repeated = repeating(&mut keys, &pass.book.keys);
            let mut seen = self.survey(&pass, spec).await?;
            found.table.rows = Some(seen.rows - seen.broken);
            found.table.broken = seen.broken;
            found.table.bytes = crate::pass::bytes_read(&pass.input);
            if let Some(kept) = &mut found.kept {
                kept.extend(std::mem::take(&mut seen.kept));
            }
            self.unreadable(&pass, &seen, &files, found);
            let judged = pass.book.judge.rules.iter().map(|r| r.rule);
            for index in judged.chain(pass.book.judge.memberships.iter().map(|m| m.rule)) {
                let violations = self.violations(&pass, &seen, index, &files);
                verdicts.insert(index, (Verdict::Rows(violations), By::Pass));
            }
            if columnar {
                counts = self.counts(&pass, &mut seen, &files);
            } else {
                keys = self.repeated(&pass, &mut seen)?;
                counts = self.again(tables, rules, &mut keys, found.kept.as_mut()).await?;
            }
            for key in &pass.counted {
                let judged = seen.judged.get(&key.rule).copied().unwrap_or(0);
                let violations = self.failing(rules, key.rule, judged, found.kept.as_mut()).await?;
                verdicts.insert(key.rule, (Verdict::Rows(violations), By::Query));
            }
            let values = seen.aggregates.finish()?;
            verdicts.extend(self.table_rules(tables, &pass.book, &values).await?);
        }
        for (index, key) in keys {
            let violations = match (key.repeated, counts.remove(&index)) {
                (Repeating::None, _) => Violations { judged: key.judged, ..Violations::default() },
                (_, Some(Some(violations))) => violations,
                // Too many to be looked up, or two keys of one 64-bit hash, as there are a few in a life.
                _ => self.failing(rules, index, key.judged, found.kept.as_mut()).await?,
            };
            verdicts.insert(index, (Verdict::Rows(violations), By::Keys));
        }
        Ok(verdicts)
    }

    /// Looks at the rows of a pass.
    ///
    /// # Errors
    /// They cannot be read, or a rule fails on them.
    pub async fn survey(&self, pass: &Pass, spec: SurveySpec) -> Result<Surveyed, Stopped> {
        let context = self.engine.session.task_ctx();
        Ok(survey::all(&pass.input, &context, spec, self.table, self.watch).await?)
    }

    /// What a pass found of a rule on rows.
    pub fn violations(&self, pass: &Pass, seen: &Surveyed, index: u16, files: &[String]) -> Violations {
        let reason = Reason::Rule(index);
        let rows = pass.book.rule(index).map(|rule| self.rows_of(rule, pass, seen.listed.of(reason), files));
        let count = |reason: Reason| seen.violations.get(&reason).copied().unwrap_or(0);
        let failing = count(reason);
        Violations {
            count: failing + count(Reason::Spared(index)),
            judged: seen.judged.get(&index).copied().unwrap_or(0),
            rows: rows.unwrap_or_default(),
            grouped: pass.book.grouped.get(&index).map(|grouped| (grouped.clone(), failing)),
        }
    }

    /// Plans a pass that reads the columns its rules need; all where rows are kept.
    ///
    /// # Errors
    /// What the planner finds; the files cannot be read.
    pub async fn plan(&self, tables: &Tables, rules: &[Rule], open: &[u16], keep: bool) -> Result<Pass, Stopped> {
        // Of the table itself just the columns are known here, so that its rules are planned over rows and not over how they are read.
        let mut tables = tables.clone();
        tables.insert_schema(self.table, self.provider()?.schema());
        let planner = self.planner(&tables);
        let read = self.opened.sources.get(self.table);
        let (all, width) = match read {
            Some(read) if read.flags(self.engine).is_empty() => {
                let width = read.target.len();
                (read.projection((0..width).collect()).schema(&read.target), width)
            }
            // Flags are no columns of a file: with them all is read.
            _ => {
                let input = self.input(None).await?;
                (Arc::clone(&input.schema), input.columns)
            }
        };
        let wide = self.book(&planner, rules, open, &all, width)?;
        let needed = Some(self.needed(&wide, &all, width, open)).filter(|_| !keep);
        let input = self.input(needed.as_ref()).await?;
        let book = self.book(&planner, rules, open, &input.schema, input.columns)?;
        let counted = self.counted(&planner, &book)?;
        let names = input.schema.fields().iter().take(input.columns).map(|f| f.name().clone()).collect();
        Ok(Pass { book, input, needed, names, counted })
    }

    /// The open rules, planned over an input.
    fn book(
        &self,
        planner: &Planner<'_>,
        rules: &[Rule],
        open: &[u16],
        schema: &SchemaRef,
        width: usize,
    ) -> Result<Rulebook, Stopped> {
        let at = |name: &str| schema.index_of(name).ok();
        // A file of text and a query are read whole or not at all; what must not fill the memory stays apart.
        let columnar = self.opened.sources.get(self.table).is_some_and(AsRead::columnar);
        let heavy = !columnar && self.engine.options.memory_limit.is_none();
        let book = Rulebook::of(planner, self.table, rules, open, heavy, schema, width)?;
        Ok(book.with_casts(schema, at(meta::RAW), at(meta::BAD)))
    }

    /// The data columns that a pass over these rules evaluates or shows.
    fn needed(&self, book: &Rulebook, schema: &SchemaRef, width: usize, open: &[u16]) -> BTreeSet<String> {
        let mut expressions: Vec<&Arc<dyn PhysicalExpr>> = Vec::new();
        for rule in &book.judge.rules {
            expressions.push(&rule.passes);
            expressions.extend(&rule.judged);
        }
        for key in &book.keys {
            expressions.extend(&key.columns);
            expressions.extend(&key.judged);
        }
        let arguments: Vec<Arc<dyn PhysicalExpr>> =
            book.aggregates.iter().flat_map(|a| a.function.expressions()).collect();
        expressions.extend(&arguments);
        expressions.extend(book.aggregates.iter().flat_map(|a| &a.filter));
        let mut needed: BTreeSet<String> = expressions
            .into_iter()
            .flat_map(collect_columns)
            .filter(|c| c.index() < width)
            .map(|c| c.name().to_owned())
            .collect();
        let names: Vec<&str> = schema.fields().iter().take(width).map(|f| f.name().as_str()).collect();
        let fused: BTreeSet<u16> = book.table.iter().map(|t| t.rule).collect();
        for index in open.iter().filter(|i| !fused.contains(i)) {
            let shown = book.rule(*index).map(|rule| self.shown(rule, &names)).unwrap_or_default();
            needed.extend(shown.into_iter().filter_map(|c| names.get(c)).map(|c| (*c).to_owned()));
        }
        needed
    }

    /// The rows, with the columns that are needed; `None`: all.
    async fn input(&self, needed: Option<&BTreeSet<String>>) -> Result<Input, Stopped> {
        if let Some(read) = self.opened.sources.get(self.table) {
            let flagged = !read.flags(self.engine).is_empty();
            let wanted = |name: &String| flagged || needed.is_none_or(|n| n.contains(name));
            let columns: Vec<usize> =
                read.target.iter().enumerate().filter(|(_, f)| wanted(&f.name)).map(|(i, _)| i).collect();
            let width = columns.len();
            let scan = read.scan(read.projection(columns), self.engine.options.threads)?;
            return Ok(Input::scan(scan, width, read.names()).flagged(self.engine.program(), self.table));
        }
        let provider = self.provider()?;
        let mut rows = self.engine.session.read_table(Arc::clone(&provider))?;
        if let Some(needed) = needed {
            let there = provider.schema();
            let columns = there.fields().iter().map(|f| f.name()).filter(|name| needed.contains(*name));
            rows = rows.select(columns.map(ident).collect::<Vec<Expr>>())?;
        }
        Ok(Input::query(rows.create_physical_plan().await?))
    }

    fn provider(&self) -> Result<Arc<dyn TableProvider>, Stopped> {
        let provider = self.opened.providers.get(self.table).map(Arc::clone);
        Ok(provider.ok_or_else(|| errors::internal(&format!("`{}` was not opened", self.table)))?)
    }

    /// The keys of set rules that a query decides: the pass counts the rows that have one.
    fn counted(&self, planner: &Planner<'_>, book: &Rulebook) -> Result<Vec<KeyPlan>, Stopped> {
        let others = book.set.iter().filter(|(rule, _)| book.keys.iter().all(|k| k.rule != *rule));
        let plan = |(rule, assertion): &(u16, pipe_compile::SetAssertion)| {
            let mut plan = key_plan(planner, *rule, assertion, &book.row)?;
            if assertion.windowed.is_some() {
                // An end that is not there is one that has not come.
                plan.columns.truncate(1);
            }
            Ok(plan)
        };
        others.map(plan).collect()
    }

    /// The keys that references may have.
    async fn memberships(&self, tables: &Tables, pass: &mut Pass) -> Result<(), Stopped> {
        let planner = self.planner(tables);
        // Rules that refer to the same columns share their keys.
        let (mut asked, mut found) = (Vec::new(), Vec::new());
        for (rule, assertion) in &pass.book.references {
            let Some(other) = &assertion.other else { continue };
            let place = asked.iter().position(|known| *known == other);
            let known = match place.and_then(|i| found.get(i)) {
                Some(known) => Arc::clone(known),
                None => {
                    let known = Arc::new(self.known(*rule, &other.0, &other.1).await?);
                    asked.push(other);
                    found.push(Arc::clone(&known));
                    known
                }
            };
            let KeyPlan { columns, judged, .. } = key_plan(&planner, *rule, assertion, &pass.book.row)?;
            let key = KeyPlan { rule: *rule, columns, judged: None };
            let forbidden = assertion.forbidden;
            pass.book.judge.memberships.push(Membership { rule: *rule, key, judged, known, forbidden });
        }
        Ok(())
    }

    /// The keys of another table.
    async fn known(&self, rule: u16, other: &str, keys: &[Expr]) -> Result<Known, Stopped> {
        let provider = self.opened.providers.get(other);
        let provider = provider.ok_or_else(|| errors::internal(&format!("`{other}` was not opened")))?;
        let rows = self.engine.session.read_table(Arc::clone(provider))?.alias(other)?;
        let named = keys.iter().enumerate().map(|(i, k)| k.clone().alias(format!("k{i}")));
        let mut rows = rows.select(named.collect::<Vec<Expr>>())?.execute_stream().await?;
        let column = |i: usize| Arc::new(Column::new(&format!("k{i}"), i)) as Arc<dyn PhysicalExpr>;
        let plan = KeyPlan { rule, columns: (0..keys.len()).map(column).collect(), judged: None };
        let mut known = KnownKeys::new(KNOWN_KEYS, &self.engine.scratch);
        while let Some(batch) = rows.next().await {
            known.add(&plan, &batch?)?;
        }
        Ok(known.finish().map_err(|e| errors::io(&e))?)
    }

    /// What a pass looks for; `hashed`: the hashes of keys too.
    pub fn spec(&self, pass: &Pass, hashed: bool) -> SurveySpec {
        let names: Vec<&str> = pass.names.iter().map(String::as_str).collect();
        let shown = (0u16..).zip(&pass.book.rules).map(|(i, rule)| (Reason::Rule(i), self.shown(rule, &names)));
        SurveySpec {
            columns: pass.input.columns,
            meta: pass.input.meta,
            judge: pass.book.judge.clone(),
            aggregates: Arc::clone(&pass.book.aggregates),
            keys_only: false,
            keys: if hashed { pass.book.keys.clone() } else { Vec::new() },
            repeated: Vec::new(),
            counted: pass.counted.clone(),
            listed: self.listed,
            by_value: pass.input.numbered,
            shown: shown.collect(),
            kept: self.keep.then(|| SuspectSchema::new(&pass.input.schema)),
            spill_dir: self.engine.scratch.clone(),
            kept_bytes: SUSPECT_BYTES,
            key_hashes: if self.engine.options.memory_limit.is_some() { KEY_HASHES } else { FREE_KEY_HASHES },
        }
    }

    /// Records that cannot be parsed and cells that do not convert.
    fn unreadable(&self, pass: &Pass, seen: &Surveyed, files: &[String], found: &mut Inspected) {
        for (reason, count) in &seen.violations {
            let listed = seen.listed.of(*reason);
            let cell = |row: &Listed, i: usize| row.cells.get(i).cloned().flatten().unwrap_or_default();
            let failure = match reason {
                Reason::BadRecord => {
                    let first = listed.first();
                    let file = first.and_then(|l| files.get(l.file as usize)).map_or("", String::as_str);
                    let why = first.map(|l| cell(l, 1)).unwrap_or_default();
                    Failure::bad_record(self.table, file, first.map_or(0, |l| l.line), &why, *count, seen.rows)
                }
                Reason::Cast(column) => {
                    let Some(field) = pass.input.schema.fields().get(usize::from(*column)) else { continue };
                    let ty = pipe_compile::types::from_arrow(field.data_type()).unwrap_or(pipe_schema::Type::Text);
                    Failure::cast_failed(self.table, field.name(), &ty, *count, seen.rows)
                }
                Reason::Rule(_) | Reason::Spared(_) | Reason::Aside => continue,
            };
            // A record and why it is broken, or a cell.
            let words = |row: &Listed| row.cells.iter().flatten().cloned().collect::<Vec<_>>().join(": ");
            let mut told = failed(&failure, codes::TABLE_FAILED, String::new());
            told.code = None;
            told.samples = listed
                .iter()
                .take(5)
                .map(|row| crate::report::Sample {
                    file: files.get(row.file as usize).cloned(),
                    line: (row.line > 0).then_some(row.line),
                    row: Some(row.row),
                    value: words(row).chars().take(200).collect(),
                })
                .collect();
            found.failures.push(told);
        }
    }

    /// Listed rows of a rule, with the values of its columns.
    fn rows_of(&self, rule: &Rule, pass: &Pass, listed: &[Listed], files: &[String]) -> Vec<FailingRow> {
        let names: Vec<&str> = pass.names.iter().map(String::as_str).collect();
        let shown = self.shown(rule, &names);
        let columns: Vec<(&str, &DataType)> = shown
            .iter()
            .filter_map(|c| Some((*names.get(*c)?, pass.input.schema.fields().get(*c)?.data_type())))
            .collect();
        listed.iter().map(|row| told_row(row, &columns, (!pass.input.numbered).then_some(files))).collect()
    }

    /// The rows that a set rule's query gives.
    async fn failing(
        &self,
        rules: &[Rule],
        index: u16,
        judged: u64,
        kept: Option<&mut Kept>,
    ) -> Result<Violations, Stopped> {
        let rule = rules.get(usize::from(index)).ok_or_else(|| errors::internal(&"a rule without its number"))?;
        let read = self.opened.sources.get(self.table);
        let files = read.map(AsRead::names);
        let mut tables = self.opened.tables(self.engine, self.table);
        let placed = match read {
            Some(read) => read.table(self.engine, true)?,
            None => self.numbered()?,
        };
        let columns = self.provider()?.schema();
        tables.insert(self.table, placed);
        let plan = self.planner(&tables).failing_rows(rule)?;
        let names: Vec<&str> = columns.fields().iter().map(|f| f.name().as_str()).collect();
        let shown: Vec<&str> = self.shown(rule, &names).into_iter().filter_map(|c| names.get(c).copied()).collect();
        let rows = self.engine.session.execute_logical_plan(plan).await?;
        // The columns shown, the places, and for rows that are kept the other columns.
        let others = names.iter().copied().filter(|c| self.keep && !shown.contains(c));
        let wanted: Vec<Expr> = shown.iter().copied().chain(PLACES).chain(others).map(ident).collect();
        let mut rows = rows.select(wanted)?.execute_stream().await?;
        let mut listing = Listing::new(self.listed, files.is_none());
        let mut count = 0;
        let mut part = kept.map(|kept| {
            let part = Suspects::new(&kept.suspects(), &self.engine.scratch, SUSPECT_BYTES);
            (kept, part)
        });
        while let Some(batch) = rows.next().await {
            let batch = batch?;
            count += batch.num_rows() as u64;
            list(&mut listing, Reason::Rule(index), &batch, shown.len(), files.as_deref())?;
            if let Some((kept, part)) = &mut part {
                part.push(kept.of_query(&batch, index)?)?;
            }
        }
        if let Some((kept, part)) = part {
            kept.extend(vec![part]);
        }
        let types: Vec<(&str, &DataType)> =
            shown.iter().filter_map(|c| Some((*c, columns.field_with_name(c).ok()?.data_type()))).collect();
        let listed = listing.of(Reason::Rule(index));
        let rows = listed.iter().map(|row| told_row(row, &types, files.as_deref())).collect();
        Ok(Violations { count, judged, rows, ..Violations::default() })
    }

    /// A model's rows, numbered as they come.
    fn numbered(&self) -> Result<Arc<dyn TableProvider>, Stopped> {
        let rows = self.engine.session.read_table(self.provider()?)?;
        let mut columns: Vec<Expr> = rows.schema().fields().iter().map(|f| ident(f.name())).collect();
        columns.push(lit("").alias(meta::FILE));
        columns.push(lit(0u64).alias(meta::LINE));
        columns.push(row_number().alias(meta::ROW));
        Ok(rows.select(columns)?.into_view())
    }

    /// What was observed of a table, compared with earlier runs where the rule asks for that.
    fn compared(&self, rule: &Rule, seen: Observed, expected: String) -> Verdict {
        let (seen, expected) = match rule.predicate.earlier() {
            Some(earlier) => self.history.judge(rule, earlier, seen),
            None => (seen, expected),
        };
        Verdict::Table(seen, expected)
    }

    /// Rules about the whole table: those that the pass has fed, and those that are asked. What is over the same groups is asked in
    /// one query; what is over the rows themselves apart, for its state grows with them.
    async fn table_rules(&self, tables: &Tables, book: &Rulebook, values: &[ScalarValue]) -> Result<Verdicts, Stopped> {
        let planner = self.planner(tables);
        let rows = self.provider()?.schema();
        let mut verdicts = Verdicts::new();
        let mut together: Vec<(LogicalPlan, Vec<Asked>)> = Vec::new();
        for table in &book.table {
            let Some(rule) = book.rule(table.rule) else { continue };
            let expected = table.assertion.expected.clone();
            if let (Some(fused), Some(range)) = (&table.assertion.fused, &table.fused) {
                let seen = observe(&planner, fused, values.get(range.clone()).unwrap_or_default())?;
                verdicts.insert(table.rule, (self.compared(rule, seen, expected), By::Pass));
                continue;
            }
            // Over the tables that can be asked, and not just their columns.
            let assertion = planner.table_assertion(rule)?;
            let grouped = |input: &LogicalPlan| input.schema().inner().as_ref() != rows.as_ref();
            match assertion.fused.filter(|f| f.input.as_ref().is_some_and(grouped)) {
                Some(mut fused) => {
                    let Some(input) = fused.input.take() else { continue };
                    let asked = Asked { rule: table.rule, fused, expected };
                    match together.iter_mut().find(|(known, _)| *known == input) {
                        Some((_, rules)) => rules.push(asked),
                        None => together.push((input, vec![asked])),
                    }
                }
                None => {
                    let seen = ask(self.engine, &planner, rule).await?;
                    verdicts.insert(table.rule, (self.compared(rule, seen, expected), By::Query));
                }
            }
        }
        for (input, rules) in together {
            let named = |(i, e): (usize, &Expr)| e.clone().alias(format!("a{i}"));
            let all = rules.iter().flat_map(|r| &r.fused.aggregates).enumerate().map(named).collect::<Vec<_>>();
            let rows = DataFrame::new(self.engine.session.state(), input).aggregate(Vec::new(), all)?;
            let batches = rows.collect().await?;
            let row = batches.iter().find(|b| b.num_rows() == 1);
            let row = row.ok_or_else(|| errors::internal(&"aggregates without their row"))?;
            let mut next = 0;
            for Asked { rule, fused, expected } in rules {
                let columns = row.columns().iter().skip(next).take(fused.aggregates.len());
                let values: Vec<ScalarValue> =
                    columns.map(|c| ScalarValue::try_from_array(c, 0)).collect::<Result<_, _>>()?;
                next += values.len();
                let seen = observe(&planner, &fused, &values)?;
                let Some(judged) = book.rule(rule) else { continue };
                verdicts.insert(rule, (self.compared(judged, seen, expected), By::Query));
            }
        }
        Ok(verdicts)
    }
}

/// A table rule that is asked with others.
struct Asked {
    rule: u16,
    fused: FusedAssertion,
    expected: String,
}

/// Lists the rows of a query's batch: so many columns that are shown, then file, line and row.
fn list(
    listing: &mut Listing,
    reason: Reason,
    batch: &RecordBatch,
    shown: usize,
    files: Option<&[String]>,
) -> Result<(), Stopped> {
    let format = FormatOptions::default();
    let formatters: Vec<ArrayFormatter<'_>> = batch
        .columns()
        .iter()
        .map(|c| ArrayFormatter::try_new(c.as_ref(), &format))
        .collect::<Result<_, _>>()
        .map_err(|e| errors::internal(&e))?;
    let nulls: Vec<_> = batch.columns().iter().map(|c| c.logical_nulls()).collect();
    let number = |column: usize, i: usize| {
        let numbers = batch.columns().get(column).and_then(|c| c.as_primitive_opt::<UInt64Type>().cloned());
        numbers.map_or(0, |n| n.value(i))
    };
    for i in 0..batch.num_rows() {
        let text = |column: usize| -> Option<String> {
            let null = nulls.get(column)?.as_ref().is_some_and(|n| n.is_null(i));
            if null { None } else { Some(formatters.get(column)?.value(i).to_string()) }
        };
        let (file, line, row) = match files {
            Some(files) => {
                let name = text(shown).unwrap_or_default();
                let file = files.iter().position(|f| *f == name).and_then(|f| u32::try_from(f).ok()).unwrap_or(0);
                (file, number(shown + 1, i), number(shown + 2, i))
            }
            None => (0, 0, 0),
        };
        listing.add(reason, Listed { file, row, line, cells: (0..shown).map(text).collect() });
    }
    Ok(())
}

/// A listed row as told; `files`: of a source.
fn told_row(row: &Listed, columns: &[(&str, &DataType)], files: Option<&[String]>) -> FailingRow {
    let values =
        columns.iter().zip(&row.cells).map(|((name, ty), cell)| ((*name).to_owned(), value(ty, cell.as_deref())));
    FailingRow {
        file: files.and_then(|f| f.get(row.file as usize)).cloned(),
        line: files.and((row.line > 0).then_some(row.line)),
        row: files.map(|_| row.row),
        values: values.collect(),
    }
}

/// A cell as JSON: numbers and booleans as such where JSON has them.
fn value(ty: &DataType, text: Option<&str>) -> Value {
    let Some(text) = text else { return Value::Null };
    let number = match ty {
        DataType::Boolean => return Value::Bool(text == "true"),
        ty if ty.is_integer() => text.parse::<i64>().map(Number::from).ok(),
        ty if ty.is_floating() => text.parse::<f64>().ok().and_then(Number::from_f64),
        _ => None,
    };
    number.map_or_else(|| Value::String(text.to_owned()), Value::Number)
}
