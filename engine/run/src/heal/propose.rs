//! What an action proposes for the rows that violate: new values for cells.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray, new_null_array};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::physical_expr::PhysicalExpr;
use pipe_compile::{Planner, row_schema};
use pipe_heal::action::{Fill, ResolvedAction};
use pipe_heal::failure::{Failure, FieldValue};
use pipe_heal::proposal::Proposal;
use pipe_heal::vote::{Vote, combine};
use pipe_sql::Expression;

use super::block::{Block, Shape, Texts};
use super::ids::Ids;
use super::sets::{Central, Found, Standing, central, previous};
use crate::engine::Stopped;
use crate::errors;

/// A proposal with the evidence behind it.
pub struct Proposed {
    /// The cell, by its row in the block, and its value.
    pub proposal: Proposal<ScalarValue>,
    /// How its confidence was computed.
    pub arithmetic: Vec<String>,
}

/// An action that is asked for proposals, block by block.
pub struct Ask<'a> {
    /// The rows that violate now, among all failing ones.
    rows: BooleanBuffer,
    /// Its place among what is asked in this round.
    pub place: usize,
    /// The clause, by index.
    clause: usize,
    evidence: Evidence<'a>,
}

/// Where new values come from.
enum Evidence<'a> {
    /// An expression over the texts that did not convert.
    Cast { column: usize, value: Formula, json: bool },
    /// An expression over the row, where another one is true.
    Set { column: usize, value: Formula, filter: Option<Formula> },
    /// An expression over the row, where the cell is empty.
    Fill { column: usize, value: Formula },
    /// One value for all empty cells.
    Central { column: usize, value: ScalarValue, arithmetic: String },
    /// The value before each empty cell.
    Before { column: usize, rows: Ids, values: ArrayRef },
    /// Votes on these columns.
    Votes { columns: Vec<usize>, found: Votes<'a> },
}

/// Votes of a rule, or of a clause's own.
pub enum Votes<'a> {
    /// The rule's.
    Rule(&'a Found),
    /// The clause's.
    Own(Box<Found>),
}

/// An expression of a clause, planned over the rows as clauses see them: columns, `$value`, the failure's fields.
struct Formula {
    fields: Vec<(String, ScalarValue)>,
    schema: SchemaRef,
    expression: Arc<dyn PhysicalExpr>,
}

/// What is planned for a table.
pub struct Asking<'a> {
    /// The planner of the table's expressions.
    pub planner: &'a Planner<'a>,
    /// What the rows look like.
    pub shape: &'a Shape,
    /// The table.
    pub table: &'a str,
    /// Whether its source has JSON's types.
    pub json: bool,
    /// Whether it is a model, whose rows come in no order.
    pub model: bool,
    /// The failure answered.
    pub failure: &'a Failure,
}

impl Asking<'_> {
    /// A data column, by name.
    ///
    /// # Errors
    /// There is none.
    pub fn column(&self, name: &str) -> Result<usize, Stopped> {
        let found = self.shape.schema.fields().iter().take(self.shape.columns).position(|f| f.name() == name);
        found.ok_or_else(|| errors::internal(&format!("no column `{name}` in `{}`", self.table)).into())
    }

    /// Asks an action that changes cells for these rows; `None` if it proposes nothing for any.
    ///
    /// # Errors
    /// An expression cannot be planned; a query fails while running.
    pub async fn ask<'v>(
        &self,
        action: &ResolvedAction,
        (rows, place, clause): (BooleanBuffer, usize, usize),
        standing: &Standing<'_>,
        votes: Option<Votes<'v>>,
    ) -> Result<Option<Ask<'v>>, Stopped> {
        let evidence = match action {
            ResolvedAction::Cast { column, using, .. } => {
                let column = self.column(column)?;
                Evidence::Cast { column, value: self.formula(using, false)?, json: self.json }
            }
            ResolvedAction::Set { column, value, filter, .. } => Evidence::Set {
                column: self.column(column)?,
                value: self.formula(value, false)?,
                filter: filter.as_deref().map(|filter| self.formula(filter, true)).transpose()?,
            },
            ResolvedAction::Fill { column: name, with, .. } => {
                let column = self.column(name)?;
                let what = match with {
                    Fill::Sql(value) => {
                        let evidence = Evidence::Fill { column, value: self.formula(value, false)? };
                        return Ok(Some(Ask { rows, place, clause, evidence }));
                    }
                    Fill::Previous(order) => {
                        let (before, values) = previous(standing, name, order.as_deref(), self.model).await?;
                        let evidence = Evidence::Before { column, rows: before, values };
                        return Ok(Some(Ask { rows, place, clause, evidence }));
                    }
                    Fill::Mean => Central::Mean,
                    Fill::Median => Central::Median,
                    Fill::Mode => Central::Mode,
                };
                let Some(value) = central(standing, name, what).await? else { return Ok(None) };
                let arithmetic = format!("{} of `{name}` = {value}", format!("{what:?}").to_lowercase());
                Evidence::Central { column, value, arithmetic }
            }
            ResolvedAction::Majority { columns, .. } => {
                let Some(found) = votes else { return Ok(None) };
                let columns = columns.iter().map(|c| self.column(c)).collect::<Result<_, _>>()?;
                Evidence::Votes { columns, found }
            }
            _ => return Ok(None),
        };
        Ok(Some(Ask { rows, place, clause, evidence }))
    }

    fn formula(&self, expression: &Expression, condition: bool) -> Result<Formula, Stopped> {
        let mut fields = vec![("$value".to_owned(), ScalarValue::Utf8(None))];
        for (name, value) in self.failure.parameters() {
            let scalar = match value {
                Some(FieldValue::Text(s)) => ScalarValue::Utf8(Some(s)),
                Some(FieldValue::Integer(n)) => ScalarValue::Int64(Some(n)),
                Some(FieldValue::Number(n)) => ScalarValue::Float64(Some(n)),
                Some(FieldValue::Bool(b)) => ScalarValue::Boolean(Some(b)),
                None => ScalarValue::Utf8(None),
            };
            fields.push((format!("${name}"), scalar));
        }
        let mut all: Vec<Arc<Field>> = self.shape.schema.fields().iter().cloned().collect();
        all.extend(fields.iter().map(|(name, value)| Arc::new(Field::new(name, value.data_type(), true))));
        let schema = Arc::new(Schema::new(all));
        let row: DFSchema = row_schema(self.table, &schema)?;
        let planner = self.planner;
        let planned =
            if condition { planner.condition(expression, &row)? } else { planner.expression(expression, &row)? };
        Ok(Formula { fields, schema, expression: planner.physical(&planned, &row)? })
    }
}

impl Formula {
    /// Its values for the rows of a block, `text` being their `$value`.
    fn evaluate(&self, block: &Block, text: Option<ArrayRef>) -> Result<ArrayRef, Stopped> {
        let current = block.current().map_err(|e| errors::internal(&e))?;
        let count = current.num_rows();
        let mut columns = current.columns().to_vec();
        columns.push(text.unwrap_or_else(|| new_null_array(&DataType::Utf8, count)));
        for (_, value) in self.fields.iter().skip(1) {
            columns.push(value.to_array_of_size(count)?);
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(|e| errors::internal(&e))?;
        Ok(self.expression.evaluate(&batch)?.into_array(count)?)
    }

    /// The same as a column of a type; what does not convert is NULL.
    fn column(&self, block: &Block, text: Option<ArrayRef>, ty: &DataType) -> Result<ArrayRef, Stopped> {
        let array = self.evaluate(block, text)?;
        if array.data_type() == ty {
            return Ok(array);
        }
        Ok(cast_with_options(&array, ty, &CastOptions::default()).map_err(|e| errors::internal(&e))?)
    }
}

impl Ask<'_> {
    /// Whether it is asked for a row, of all failing ones.
    pub fn concerns(&self, row: usize) -> bool {
        row < self.rows.len() && self.rows.value(row)
    }

    /// The cells it proposes for the rows of a block. Cells that would stay as they are get no proposal.
    ///
    /// # Errors
    /// An expression fails while running.
    pub fn cells(&self, block: &Block) -> Result<Vec<Proposed>, Stopped> {
        let rows: Vec<usize> = self.rows.slice(block.first, block.len()).set_indices().collect();
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        match &self.evidence {
            Evidence::Cast { column, value, json } => {
                let Some(raw) = block.raw(*column) else { return Ok(Vec::new()) };
                let texts: ArrayRef = Arc::new(
                    Texts::raw(raw).of(0..block.len()).into_iter().map(|t| content(t, *json)).collect::<StringArray>(),
                );
                self.computed(block, *column, value, Some(texts), rows.into_iter(), true)
            }
            Evidence::Set { column, value, filter } => {
                let texts: ArrayRef =
                    Arc::new(block.texts(*column).of(0..block.len()).into_iter().collect::<StringArray>());
                let only = match filter {
                    Some(filter) => filter.evaluate(block, Some(Arc::clone(&texts)))?.as_boolean_opt().cloned(),
                    None => Some(BooleanArray::from(vec![true; block.len()])),
                };
                let Some(only) = only else { return Ok(Vec::new()) };
                let rows = rows.into_iter().filter(|row| only.is_valid(*row) && only.value(*row));
                self.computed(block, *column, value, Some(texts), rows, false)
            }
            Evidence::Fill { column, value } => {
                let rows = empty(block, *column, rows);
                self.computed(block, *column, value, None, rows.into_iter(), true)
            }
            Evidence::Central { column, value, arithmetic } => {
                // A central value says where most are, not where this one was: half is all it is worth.
                let told = || vec![arithmetic.clone()];
                let rows = empty(block, *column, rows).into_iter();
                Ok(rows.map(|row| self.propose(row, *column, value.clone(), 0.5, told())).collect())
            }
            Evidence::Before { column, rows: before, values } => {
                let ids = block.ids()?;
                let mut proposed = Vec::new();
                for row in empty(block, *column, rows) {
                    let Some(place) = ids.get(row).and_then(|id| before.find(*id)) else { continue };
                    let value = ScalarValue::try_from_array(values, place)?;
                    proposed.push(self.propose(row, *column, value, 0.5, vec!["value of the row before".to_owned()]));
                }
                Ok(proposed)
            }
            Evidence::Votes { columns, found } => self.majority(block, columns, found, &rows),
        }
    }

    fn propose(
        &self,
        row: usize,
        column: usize,
        new: ScalarValue,
        confidence: f64,
        arithmetic: Vec<String>,
    ) -> Proposed {
        let proposal = Proposal { row: row as u64, column, new, clause: self.clause, confidence };
        Proposed { proposal, arithmetic }
    }

    /// What an expression gives for these rows. One that `converts` proposes no NULL: a text that still gives no value is not
    /// converted; a `set` to NULL is one.
    fn computed(
        &self,
        block: &Block,
        column: usize,
        value: &Formula,
        text: Option<ArrayRef>,
        rows: impl Iterator<Item = usize>,
        converts: bool,
    ) -> Result<Vec<Proposed>, Stopped> {
        let Some(now) = block.values(column) else { return Ok(Vec::new()) };
        let new = value.column(block, text, now.data_type())?;
        let mut proposed = Vec::new();
        for row in rows.filter(|row| !converts || new.is_valid(*row)) {
            let value = ScalarValue::try_from_array(&new, row)?;
            if value != ScalarValue::try_from_array(now, row)? {
                proposed.push(self.propose(row, column, value, 1.0, Vec::new()));
            }
        }
        Ok(proposed)
    }

    /// The group's most frequent value, where the vote is decisive. Votes of several rules on one cell are combined.
    fn majority(
        &self,
        block: &Block,
        columns: &[usize],
        found: &Votes<'_>,
        rows: &[usize],
    ) -> Result<Vec<Proposed>, Stopped> {
        let found = match found {
            Votes::Rule(found) => found,
            Votes::Own(found) => found.as_ref(),
        };
        let ids = block.ids()?;
        let mut by_cell: BTreeMap<(usize, usize), Vec<Vote<String>>> = BTreeMap::new();
        for (row, id) in rows.iter().filter_map(|row| Some((*row, *ids.get(*row)?))) {
            for (place, vote) in found.rows.of(id).filter_map(|number| found.votes.get(number)) {
                let Some(column) = columns.get(place) else { continue };
                by_cell.entry((row, *column)).or_default().push(vote);
            }
        }
        let mut proposed = Vec::new();
        for ((row, column), votes) in by_cell {
            let Some(combined) = combine(&votes) else { continue };
            let Some(now) = block.values(column) else { continue };
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
}

/// Of these rows the ones whose cell is NULL and came without text.
fn empty(block: &Block, column: usize, rows: Vec<usize>) -> Vec<usize> {
    let texts = block.texts(column).of(rows.iter().copied());
    rows.into_iter().zip(texts).filter(|(_, text)| text.is_none()).map(|(row, _)| row).collect()
}

/// A cell's text as `$value` of a `cast` has it. A JSON string in place of a number keeps its quotes, by which it is known for
/// one; who converts it wants what is between them.
fn content(text: Option<String>, json: bool) -> Option<String> {
    let text = text?;
    if !json || !text.starts_with('"') {
        return Some(text);
    }
    Some(serde_json::from_str::<String>(&text).unwrap_or(text))
}
