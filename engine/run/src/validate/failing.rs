//! The rows that violate a rule: those that a pass has listed, and those that a set rule's query gives.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{DataType, Int64Type, UInt64Type};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::catalog::TableProvider;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::prelude::{DataFrame, Expr, ident, lit};
use futures::StreamExt;
use pipe_check::Rule;
use pipe_compile::Planner;
use pipe_connect::source::meta;
use pipe_quality::{GroupCount, GroupKey, Groups, Listed, Listing, Reason, Suspects};
use serde_json::{Number, Value};

use super::as_read::AsRead;
use super::inspect::{Inspector, Violations};
use super::kept::Kept;
use super::report::FailingRow;
use super::rows::Pass;
use crate::engine::Stopped;
use crate::errors;
use crate::first_pass::SUSPECT_BYTES;
use crate::groups::{Grouped, decide, is_grouped, named};

/// The columns that say which row each is.
const PLACES: [&str; 3] = [meta::FILE, meta::LINE, meta::ROW];

impl Inspector<'_, '_> {
    /// Listed rows of a rule, with the values of its columns.
    pub fn rows_of(&self, rule: &Rule, pass: &Pass, listed: &[Listed], files: &[String]) -> Vec<FailingRow> {
        let names: Vec<&str> = pass.names.iter().map(String::as_str).collect();
        let shown = self.shown(rule, &names);
        let columns: Vec<(&str, &DataType)> = shown
            .iter()
            .filter_map(|c| Some((*names.get(*c)?, pass.input.schema.fields().get(*c)?.data_type())))
            .collect();
        listed.iter().map(|row| told_row(row, &columns, (!pass.input.numbered).then_some(files))).collect()
    }

    /// The rows that a set rule's query gives.
    ///
    /// # Errors
    /// What the planner finds; a query fails while running.
    pub async fn failing(
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
        let planner = self.planner(&tables);
        let names: Vec<&str> = columns.fields().iter().map(|f| f.name().as_str()).collect();
        let shown: Vec<&str> = self.shown(rule, &names).into_iter().filter_map(|c| names.get(c).copied()).collect();
        let rows = self.engine.session.execute_logical_plan(planner.failing_rows(rule, read.is_some())?).await?;
        let judged = if rule.null_fails {
            // Which rows without a key did not convert the pass has not seen.
            let counted = self.engine.session.execute_logical_plan(planner.rows_judged(rule, read.is_some())?).await?;
            let column = rule.by.len();
            counted
                .collect()
                .await?
                .iter()
                .map(|b| b.column(column).as_primitive::<Int64Type>())
                .flat_map(|n| n.values())
                .sum::<i64>()
                .try_into()
                .unwrap_or(0)
        } else {
            judged
        };
        let by_group = if is_grouped(rule) { Some(self.by_group(&planner, rule, rows.clone()).await?) } else { None };
        // The columns shown, the groups' among them, the places, and for rows that are kept the other columns.
        let others = names.iter().copied().filter(|c| self.keep && !shown.contains(c));
        let wanted: Vec<Expr> = shown.iter().copied().chain(PLACES).chain(others).map(ident).collect();
        let mut rows = rows.select(wanted)?.execute_stream().await?;
        let mut listing = Listing::new(self.listed, files.is_none());
        let groups = by_group.map(|(told, failing)| {
            let columns = rule.by.iter().filter_map(|c| shown.iter().position(|s| s == c)).collect();
            (told, Groups { columns, failing: Arc::new(failing) })
        });
        let (mut count, mut failing) = (0, 0);
        let mut part = kept.map(|kept| {
            let part = Suspects::new(&kept.suspects(), &self.engine.scratch, SUSPECT_BYTES);
            (kept, part)
        });
        while let Some(batch) = rows.next().await {
            let batch = batch?;
            count += batch.num_rows() as u64;
            if let Some((kept, part)) = &mut part {
                part.push(kept.of_query(&batch, index)?)?;
            }
            let batch = match &groups {
                Some((_, groups)) => filter_record_batch(&batch, &BooleanArray::from(groups.of_failing(&batch)?))
                    .map_err(|e| errors::internal(&e))?,
                None => batch,
            };
            failing += batch.num_rows() as u64;
            list(&mut listing, Reason::Rule(index), &batch, shown.len(), files.as_deref())?;
        }
        if let Some((kept, part)) = part {
            kept.extend(vec![part]);
        }
        let types: Vec<(&str, &DataType)> =
            shown.iter().filter_map(|c| Some((*c, columns.field_with_name(c).ok()?.data_type()))).collect();
        let listed = listing.of(Reason::Rule(index));
        let rows = listed.iter().map(|row| told_row(row, &types, files.as_deref())).collect();
        Ok(Violations { count, judged, rows, grouped: groups.map(|(told, _)| (told, failing)) })
    }

    /// What a set rule finds group by group, and the groups that fail.
    async fn by_group(
        &self,
        planner: &Planner<'_>,
        rule: &Rule,
        violating: DataFrame,
    ) -> Result<(Grouped, HashSet<GroupKey>), Stopped> {
        let by = || rule.by.iter().map(ident).collect::<Vec<Expr>>();
        let judged = self
            .engine
            .session
            .execute_logical_plan(planner.rows_judged(rule, self.opened.sources.contains_key(self.table))?)
            .await?;
        let schema = Arc::clone(judged.schema().inner());
        let violating = violating.aggregate(by(), vec![count(lit(1)).alias("rows")])?;
        let groups = Groups { columns: (0..rule.by.len()).collect(), failing: Arc::default() };
        let mut counts: HashMap<GroupKey, GroupCount> = HashMap::new();
        for (rows, violates) in [(judged, false), (violating, true)] {
            let mut rows = rows.execute_stream().await?;
            while let Some(batch) = rows.next().await {
                let batch = batch?;
                let n = batch.column(rule.by.len()).as_primitive::<Int64Type>();
                for (key, n) in groups.keys(&batch)?.iter().zip(n.values()) {
                    let group = counts.entry(GroupKey::from(key.as_ref())).or_default();
                    *(if violates { &mut group.violations } else { &mut group.judged }) +=
                        u64::try_from(*n).unwrap_or(0);
                }
            }
        }
        let (failing, told) = decide(rule, counts, |key| named(rule, &groups, &schema, key))?;
        Ok((told, failing.into_iter().collect()))
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
