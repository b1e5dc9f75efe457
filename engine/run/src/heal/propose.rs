//! What an action proposes for the rows that violate: new values for cells, rows to remove.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, RecordBatch, StringArray, new_null_array};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ExprSchemable;
use pipe_compile::{Planner, row_schema};
use pipe_heal::action::{Fill, ResolvedAction, Survivor};
use pipe_heal::failure::{Failure, FieldValue};
use pipe_heal::proposal::Proposal;
use pipe_heal::vote::{Vote, combine};
use pipe_sql::Expression;

use super::rows::{Failing, RowId};
use super::sets::{Central, Found, Standing, central, previous};
use crate::engine::Stopped;
use crate::errors;
use crate::pass::Input;

/// A proposal with the evidence behind it.
pub struct Proposed {
    /// The cell and its value.
    pub proposal: Proposal<ScalarValue>,
    /// How its confidence was computed.
    pub arithmetic: Vec<String>,
}

/// What is asked of an action.
pub struct Ask<'a> {
    /// The planner of the table's expressions.
    pub planner: &'a Planner<'a>,
    /// The pass's input.
    pub input: &'a Input,
    /// The table.
    pub table: &'a str,
    /// The failing rows.
    pub failing: &'a Failing,
    /// The failure answered.
    pub failure: &'a Failure,
    /// The rows that violate now.
    pub rows: &'a [usize],
    /// The clause, by index.
    pub clause: usize,
    /// The table as it stands.
    pub standing: &'a Standing<'a>,
}

impl Ask<'_> {
    fn column(&self, name: &str) -> Result<usize, Stopped> {
        let found = self.input.schema.fields().iter().take(self.input.columns).position(|f| f.name() == name);
        found.ok_or_else(|| errors::internal(&format!("no column `{name}` in `{}`", self.table)).into())
    }

    fn propose(
        &self,
        row: usize,
        column: usize,
        new: ScalarValue,
        confidence: f64,
        arithmetic: Vec<String>,
    ) -> Proposed {
        let old = self.failing.text(row, column);
        let proposal = Proposal { row: row as u64, column, old, new, clause: self.clause, confidence };
        Proposed { proposal, arithmetic }
    }

    /// The cells an action that changes cells proposes. Cells that would stay as they are get no proposal.
    ///
    /// # Errors
    /// An expression cannot be planned or fails while running.
    pub async fn cells(&self, action: &ResolvedAction, votes: &[&Found]) -> Result<Vec<Proposed>, Stopped> {
        match action {
            ResolvedAction::Cast { column, using, .. } => self.cast(column, using),
            ResolvedAction::Set { column, value, filter, .. } => self.set(column, value, filter.as_deref()),
            ResolvedAction::Fill { column, with, .. } => self.fill(column, with).await,
            ResolvedAction::Majority { columns, .. } => self.majority(columns, votes),
            _ => Ok(Vec::new()),
        }
    }

    /// Converts the texts that did not convert.
    fn cast(&self, column: &str, using: &Expression) -> Result<Vec<Proposed>, Stopped> {
        let index = self.column(column)?;
        let Some(raw) = self.failing.raw(index) else { return Ok(Vec::new()) };
        let texts: ArrayRef = Arc::new((0..raw.len()).map(|row| self.value(&raw, row)).collect::<StringArray>());
        let new = self.evaluate(using, Some(&texts), index)?;
        self.changed(index, &new, None, true)
    }

    /// A cell's text as `$value` has it. A JSON string in place of a number keeps its quotes, by which it is known for one;
    /// who converts it wants what is between them.
    fn value(&self, raw: &ArrayRef, row: usize) -> Option<String> {
        let text = raw.is_valid(row).then(|| super::rows::format_cell(raw.as_ref(), row))?;
        let source = self.standing.engine.program().sources.get(self.table);
        let json = source.is_some_and(|s| ["json", "ndjson"].contains(&s.connector.as_str()));
        match serde_json::from_str::<String>(&text) {
            Ok(content) if json && text.starts_with('"') => Some(content),
            _ => Some(text),
        }
    }

    /// Writes an expression over the row.
    fn set(&self, column: &str, value: &Expression, filter: Option<&Expression>) -> Result<Vec<Proposed>, Stopped> {
        let index = self.column(column)?;
        let texts: ArrayRef =
            Arc::new((0..self.failing.len()).map(|row| self.failing.text(row, index)).collect::<StringArray>());
        let new = self.evaluate(value, Some(&texts), index)?;
        let only =
            match filter {
                Some(filter) => {
                    let (batch, schema) = self.row(Some(&texts))?;
                    let condition = self.planner.condition(filter, &schema)?;
                    let verdict =
                        self.planner.physical(&condition, &schema)?.evaluate(&batch)?.into_array(batch.num_rows())?;
                    let verdict = datafusion::arrow::array::AsArray::as_boolean_opt(verdict.as_ref()).cloned();
                    Some(verdict.map_or_else(BTreeSet::new, |v| {
                        (0..v.len()).filter(|i| v.is_valid(*i) && v.value(*i)).collect()
                    }))
                }
                None => None,
            };
        self.changed(index, &new, only.as_ref(), false)
    }

    fn changed(
        &self,
        column: usize,
        new: &ArrayRef,
        only: Option<&BTreeSet<usize>>,
        converts: bool,
    ) -> Result<Vec<Proposed>, Stopped> {
        let Some(now) = self.failing.values.get(column) else { return Ok(Vec::new()) };
        let mut proposed = Vec::new();
        for row in self.rows.iter().copied().filter(|r| only.is_none_or(|o| o.contains(r))) {
            let value = ScalarValue::try_from_array(new, row)?;
            // A text that still gives no value is not converted; a `set` to NULL is one.
            if converts && value.is_null() {
                continue;
            }
            if value != ScalarValue::try_from_array(now, row)? {
                proposed.push(self.propose(row, column, value, 1.0, Vec::new()));
            }
        }
        Ok(proposed)
    }

    async fn fill(&self, column: &str, with: &Fill) -> Result<Vec<Proposed>, Stopped> {
        let index = self.column(column)?;
        let what = match with {
            Fill::Sql(value) => {
                let new = self.evaluate(value, None, index)?;
                let empty = self.empty(index);
                return self.changed(index, &new, Some(&empty), true);
            }
            Fill::Mean => Central::Mean,
            Fill::Median => Central::Median,
            Fill::Mode => Central::Mode,
            Fill::Previous => return self.previous(column, index).await,
        };
        let Some(value) = central(self.standing, column, what).await? else { return Ok(Vec::new()) };
        let arithmetic = vec![format!("{} of `{column}` = {value}", format!("{what:?}").to_lowercase())];
        let empty = self.empty(index);
        // A central value says where most are, not where this one was: half is all it is worth.
        Ok(empty.into_iter().map(|row| self.propose(row, index, value.clone(), 0.5, arithmetic.clone())).collect())
    }

    /// The violating rows whose cell is NULL and came without text.
    fn empty(&self, column: usize) -> BTreeSet<usize> {
        self.rows.iter().copied().filter(|r| self.failing.text(*r, column).is_none()).collect()
    }

    /// The value of the row before, in the order the rows were read.
    async fn previous(&self, name: &str, column: usize) -> Result<Vec<Proposed>, Stopped> {
        let before = previous(self.standing, name).await?;
        let with = |row: usize| Some((row, before.get(&self.failing.id(row))?.clone()));
        let evidence = || vec!["value of the row before".to_owned()];
        let empty = self.empty(column).into_iter().filter_map(with);
        Ok(empty.map(|(row, value)| self.propose(row, column, value, 0.5, evidence())).collect())
    }

    /// The group's most frequent value, where the vote is decisive. Votes of several rules on one cell are combined.
    fn majority(&self, columns: &[String], votes: &[&Found]) -> Result<Vec<Proposed>, Stopped> {
        let mut by_cell: BTreeMap<(usize, usize), Vec<Vote<String>>> = BTreeMap::new();
        for row in self.rows {
            let id = self.failing.id(*row);
            for found in votes {
                for (place, vote) in found.votes.get(&id).into_iter().flatten() {
                    let Some(name) = columns.get(*place) else { continue };
                    by_cell.entry((*row, self.column(name)?)).or_default().push(vote.clone());
                }
            }
        }
        let mut proposed = Vec::new();
        for ((row, column), votes) in by_cell {
            let Some(combined) = combine(&votes) else { continue };
            let Some(now) = self.failing.values.get(column) else { continue };
            let text: ArrayRef = Arc::new(StringArray::from(vec![combined.winner]));
            let value =
                cast_with_options(&text, now.data_type(), &CastOptions::default()).map_err(|e| errors::internal(&e))?;
            let value = ScalarValue::try_from_array(&value, 0)?;
            if value != ScalarValue::try_from_array(now, row)? {
                proposed.push(self.propose(row, column, value, combined.confidence, combined.arithmetic));
            }
        }
        Ok(proposed)
    }

    /// An expression over the rows as they are now, as a column of this type; what does not convert is NULL.
    fn evaluate(&self, value: &Expression, text: Option<&ArrayRef>, column: usize) -> Result<ArrayRef, Stopped> {
        let (batch, schema) = self.row(text)?;
        let ty = self.input.schema.field(column).data_type();
        let expression = self.planner.expression(value, &schema)?;
        let from = expression.get_type(&schema)?;
        let array = self.planner.physical(&expression, &schema)?.evaluate(&batch)?.into_array(batch.num_rows())?;
        if from == *ty {
            return Ok(array);
        }
        Ok(cast_with_options(&array, ty, &CastOptions::default()).map_err(|e| errors::internal(&e))?)
    }

    /// The rows as expressions of a clause see them: columns, `$value`, the failure's fields.
    fn row(&self, text: Option<&ArrayRef>) -> Result<(RecordBatch, datafusion::common::DFSchema), Stopped> {
        let current = self.failing.current(self.input)?;
        let count = current.num_rows();
        let mut fields: Vec<Arc<Field>> = current.schema_ref().fields().iter().cloned().collect();
        let mut columns = current.columns().to_vec();
        let mut add = |name: String, array: ArrayRef| {
            fields.push(Arc::new(Field::new(name, array.data_type().clone(), true)));
            columns.push(array);
        };
        match text {
            Some(text) => add("$value".to_owned(), Arc::clone(text)),
            None => add("$value".to_owned(), new_null_array(&DataType::Utf8, count)),
        }
        for (name, value) in self.failure.parameters() {
            let scalar = match value {
                Some(FieldValue::Text(s)) => ScalarValue::Utf8(Some(s)),
                Some(FieldValue::Integer(n)) => ScalarValue::Int64(Some(n)),
                Some(FieldValue::Number(n)) => ScalarValue::Float64(Some(n)),
                Some(FieldValue::Bool(b)) => ScalarValue::Boolean(Some(b)),
                None => ScalarValue::Utf8(None),
            };
            add(format!("${name}"), scalar.to_array_of_size(count)?);
        }
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(|e| errors::internal(&e))?;
        Ok((batch, row_schema(self.table, &schema)?))
    }

    /// The rows a `dedupe` removes, each with the one that stays: all of a key but one. Ties go to the last file and line.
    ///
    /// # Errors
    /// A column that cannot be compared.
    pub fn duplicates(
        &self,
        survivor: &Survivor,
        keys: &BTreeMap<RowId, Vec<String>>,
    ) -> Result<Vec<(usize, usize)>, Stopped> {
        let rank: Vec<Vec<u8>> = match survivor {
            Survivor::Latest(column) => {
                let index = self.column(column)?;
                let Some(values) = self.failing.values.get(index) else { return Ok(Vec::new()) };
                let converter = RowConverter::new(vec![SortField::new(values.data_type().clone())]);
                let rows = converter.and_then(|c| c.convert_columns(&[Arc::clone(values)]));
                let rows = rows.map_err(|e| errors::internal(&e))?;
                rows.iter().map(|r| r.as_ref().to_vec()).collect()
            }
            Survivor::MostComplete => (0..self.failing.len())
                .map(|r| self.failing.values.iter().filter(|v| v.is_valid(r)).count().to_be_bytes().to_vec())
                .collect(),
            Survivor::First => vec![Vec::new(); self.failing.len()],
        };
        let mut groups: BTreeMap<&Vec<String>, Vec<usize>> = BTreeMap::new();
        for row in self.rows {
            if let Some(key) = keys.get(&self.failing.id(*row)) {
                groups.entry(key).or_default().push(*row);
            }
        }
        let mut removed = Vec::new();
        for rows in groups.into_values().filter(|r| r.len() > 1) {
            let stays = match survivor {
                Survivor::First => rows.iter().copied().min_by_key(|r| self.failing.id(*r)),
                _ => rows
                    .iter()
                    .copied()
                    .max_by_key(|r| (rank.get(*r).cloned().unwrap_or_default(), self.failing.id(*r))),
            };
            let Some(stays) = stays else { continue };
            removed.extend(rows.into_iter().filter(|r| *r != stays).map(|r| (r, stays)));
        }
        Ok(removed)
    }
}
