//! Rules about rows, and about all rows together: one pass for all that one pass can say, a query for each of the others.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::prelude::{Expr, ident};
use futures::StreamExt;
use pipe_check::Rule;
use pipe_compile::{Planner, SetAssertion, Tables};
use pipe_connect::source::{Parts, ScanExec, meta};
use pipe_diagnostics::codes::run as codes;
use pipe_heal::failure::Failure;
use pipe_quality::{KeyPlan, Known, KnownKeys, Listed, Membership, Reason, SurveySpec, Surveyed, SuspectSchema};
use pipe_schema::Level;

use super::as_read::{AsRead, failed};
use super::inspect::{By, Inspected, Inspector, Verdict, Verdicts, Violations};
use super::kept::Kept;
use super::keys::{Counts, Keys, Repeating, repeating};
use super::metadata;
use super::survey;
use crate::engine::Stopped;
use crate::errors;
use crate::first_pass::{KEY_HASHES, KNOWN_KEYS, SUSPECT_BYTES};
use crate::groups;
use crate::pass::Input;
use crate::rulebook::{Rulebook, TableRule, key_plan};
use crate::settle::data_schema;

/// Key hashes a thread holds before it spills, for each key, where no bound is set: 128 MiB.
const FREE_KEY_HASHES: usize = 16 << 20;

/// A pass, planned.
pub struct Pass {
    /// Its rules.
    pub book: Rulebook,
    /// Its rows.
    pub input: Input,
    /// The columns that the input has; `None`: all.
    pub needed: Option<BTreeSet<String>>,
    /// The names of the input's data columns.
    pub names: Vec<String>,
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
        let unfed = self.unfed(tables, rules, &open).await?;
        open.retain(|i| unfed.iter().all(|t| t.rule != *i));
        let asked = self.asked(tables, rules, unfed);
        let passed = self.passed(tables, rules, &open, found);
        // What one of them does on one core leaves the others to the other, as far as both fit in memory.
        let (asked, passed) = match self.engine.options.memory_limit {
            None => futures::join!(asked, passed),
            Some(_) => (asked.await, passed.await),
        };
        verdicts.extend(asked?);
        verdicts.extend(passed?);
        Ok(verdicts)
    }

    /// Judges all that passes over the rows can say.
    async fn passed(
        &self,
        tables: &Tables,
        rules: &[Rule],
        open: &[u16],
        found: &mut Inspected,
    ) -> Result<Verdicts, Stopped> {
        let read = self.opened.sources.get(self.table);
        let (mut verdicts, mut open) = (Verdicts::new(), open.to_vec());
        if self.keep {
            let (all, width) = self.columns().await?;
            found.kept = Some(Kept::new(self.table, &data_schema(&all, width), read.map(AsRead::names), rules));
        }
        let files = read.map(AsRead::names).unwrap_or_default();
        let unique = |i: &u16| rules.get(usize::from(*i)).is_some_and(groups::is_proven_by_hashes);
        // Where a column is read without the others the keys come first, so that the pass knows which of them repeat. Where all is
        // read at once the pass takes their hashes, and the rows are read again only if some repeat.
        let columnar = read.is_some_and(AsRead::columnar);
        let mut keys = Keys::new();
        let uniques: Vec<u16> = open.iter().copied().filter(unique).collect();
        if columnar && !uniques.is_empty() {
            let pass = self.plan(tables, rules, &uniques, false).await?;
            let mut seen =
                self.survey(&pass, SurveySpec { keys_only: true, kept: None, ..self.spec(&pass, true)? }).await?;
            keys = self.repeated(&pass, &mut seen)?;
            open.retain(|i| keys.get(i).is_none_or(|key| matches!(key.repeated, Repeating::Some(_))));
        }
        let mut counts = Counts::new();
        // Who reads no rows does not know how many there are.
        if !open.is_empty() || found.table.rows.is_none() {
            let mut pass = self.plan(tables, rules, &open, self.keep).await?;
            self.memberships(tables, &mut pass).await?;
            groups::prepare(&mut pass.book);
            if !pass.book.judge.groups.is_empty() {
                groups::count(self.engine, &mut pass.book, &pass.input, &BTreeSet::new()).await?;
                pass.input = self.input(pass.needed.as_ref(), None).await?;
            }
            let mut spec = self.spec(&pass, !columnar)?;
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
                let scan = pass.input.plan.downcast_ref::<ScanExec>();
                counts = self.again(tables, rules, scan, &mut keys, found.kept.as_mut()).await?;
            }
            for key in &pass.counted {
                let judged = seen.judged.get(&key.rule).copied().unwrap_or(0);
                let violations = self.failing(rules, key.rule, judged, found.kept.as_mut()).await?;
                verdicts.insert(key.rule, (Verdict::Rows(violations), By::Query));
            }
            let values = seen.aggregates.finish()?;
            verdicts.extend(self.fed(tables, &pass.book, &values)?);
        }
        for (index, key) in keys {
            let violations = match (key.repeated, counts.remove(&index)) {
                (Repeating::None, _) => Violations { judged: key.judged, ..Violations::default() },
                // Only some of the rows may have been looked at again.
                (_, Some(Some(violations))) => Violations { judged: key.judged, ..violations },
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
        let tables = self.over_columns(tables)?;
        let planner = self.planner(&tables);
        let (all, width) = self.columns().await?;
        let wide = self.book(&planner, rules, open, &all, width)?;
        let needed = Some(self.needed(&wide, &all, width, open)).filter(|_| !keep);
        let input = self.input(needed.as_ref(), None).await?;
        let book = self.book(&planner, rules, open, &input.schema, input.columns)?;
        let counted = self.counted(&planner, &book)?;
        let names = input.schema.fields().iter().take(input.columns).map(|f| f.name().clone()).collect();
        Ok(Pass { book, input, needed, names, counted })
    }

    /// The tables, but of the table itself just the columns: its rules are planned over rows and not over how they are read.
    fn over_columns(&self, tables: &Tables) -> Result<Tables, Stopped> {
        let mut tables = tables.clone();
        tables.insert_schema(self.table, self.provider()?.schema());
        Ok(tables)
    }

    /// The columns of an input that has all of them, and how many of these are data.
    async fn columns(&self) -> Result<(SchemaRef, usize), Stopped> {
        if let Some(read) = self.opened.sources.get(self.table)
            && read.flags(self.engine).is_empty()
        {
            let width = read.target.len();
            return Ok((read.projection((0..width).collect()).schema(&read.target), width));
        }
        // Flags are no columns of a file: with them all is read.
        let input = self.input(None, None).await?;
        Ok((Arc::clone(&input.schema), input.columns))
    }

    /// The rules about the whole table that no pass feeds.
    async fn unfed(&self, tables: &Tables, rules: &[Rule], open: &[u16]) -> Result<Vec<TableRule>, Stopped> {
        let about_table = |i: &u16| {
            let level = rules.get(usize::from(*i)).map(|r| r.level);
            matches!(level, Some(Level::Table | Level::History))
        };
        let open: Vec<u16> = open.iter().copied().filter(about_table).collect();
        if open.is_empty() {
            return Ok(Vec::new());
        }
        let (all, width) = self.columns().await?;
        let tables = self.over_columns(tables)?;
        let book = self.book(&self.planner(&tables), rules, &open, &all, width)?;
        Ok(book.table.into_iter().filter(|t| t.fused.is_none()).collect())
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

    /// The rows, with the columns that are needed; `None`: all. `parts`: of the files of a source.
    ///
    /// # Errors
    /// The files cannot be read, or the query cannot be planned.
    pub async fn input(&self, needed: Option<&BTreeSet<String>>, parts: Option<Parts>) -> Result<Input, Stopped> {
        if let Some(read) = self.opened.sources.get(self.table) {
            let flagged = !read.flags(self.engine).is_empty();
            let wanted = |name: &String| flagged || needed.is_none_or(|n| n.contains(name));
            let columns: Vec<usize> =
                read.target.iter().enumerate().filter(|(_, f)| wanted(&f.name)).map(|(i, _)| i).collect();
            let width = columns.len();
            let scan = read.scan(read.projection(columns), self.engine.options.threads, parts)?;
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

    /// The table itself.
    ///
    /// # Errors
    /// It was not opened.
    pub fn provider(&self) -> Result<Arc<dyn TableProvider>, Stopped> {
        let provider = self.opened.providers.get(self.table).map(Arc::clone);
        Ok(provider.ok_or_else(|| errors::internal(&format!("`{}` was not opened", self.table)))?)
    }

    /// The keys of set rules that a query decides: the pass counts the rows that have one.
    fn counted(&self, planner: &Planner<'_>, book: &Rulebook) -> Result<Vec<KeyPlan>, Stopped> {
        let others = book.set.iter().filter(|(rule, _)| book.keys.iter().all(|k| k.rule != *rule));
        let plan = |(rule, assertion): &(u16, pipe_compile::SetAssertion)| {
            let mut plan = key_plan(planner, *rule, assertion, &book.row)?;
            plan.columns.truncate(assertion.present());
            if assertion.null_fails {
                plan.columns.clear();
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
            let SetAssertion { forbidden, null_fails, .. } = *assertion;
            let column = pass.book.rule(*rule).and_then(|r| r.column.as_ref());
            let column = column.and_then(|c| pass.book.row.index_of_column_by_name(None, c));
            pass.book.judge.memberships.push(Membership {
                rule: *rule,
                key,
                judged,
                known,
                forbidden,
                null_fails,
                column,
            });
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
    ///
    /// # Errors
    /// A rule's expression has no type.
    pub fn spec(&self, pass: &Pass, hashed: bool) -> Result<SurveySpec, Stopped> {
        let names: Vec<&str> = pass.names.iter().map(String::as_str).collect();
        let shown = (0u16..).zip(&pass.book.rules).map(|(i, rule)| (Reason::Rule(i), self.shown(rule, &names)));
        Ok(SurveySpec {
            columns: pass.input.columns,
            meta: pass.input.meta,
            judge: pass.book.judge.sharing(&pass.input.schema)?,
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
        })
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
}
