//! Verdicts on the rows of a batch: each rule evaluated once.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, BooleanArray, RecordBatch, StructArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::{Result, exec_err};
use datafusion::physical_expr::PhysicalExpr;

use crate::Reason;
use crate::common::Common;
use crate::groups::Groups;
use crate::keys::{KeyPlan, wide_hashes};
use crate::known::Known;

/// A row rule, ready to be evaluated.
#[derive(Clone, Debug)]
pub struct RowRule {
    /// Its place among the table's rules.
    pub rule: u16,
    /// The data column it is about, if just one: a cell that did not convert is not judged by its rules.
    pub column: Option<usize>,
    /// TRUE, FALSE or NULL of a row, as SQL has it.
    pub passes: Arc<dyn PhysicalExpr>,
    /// The rows judged; `None`: all.
    pub judged: Option<Arc<dyn PhysicalExpr>>,
    /// Whether NULL violates too.
    pub null_fails: bool,
}

/// A data column whose text may not have converted.
#[derive(Clone, Copy, Debug)]
pub struct CastCheck {
    /// The data column.
    pub column: usize,
    /// Its field in the `_raw` struct.
    pub raw: usize,
}

/// `references`: keys that must be among those of another table.
#[derive(Clone, Debug)]
pub struct Membership {
    /// Its place among the table's rules.
    pub rule: u16,
    /// The key's columns.
    pub key: KeyPlan,
    /// The rows judged; `None`: all.
    pub judged: Option<Arc<dyn PhysicalExpr>>,
    /// The keys that exist.
    pub known: Arc<Known>,
    /// Whether a key that exists violates; else one that does not.
    pub forbidden: bool,
    /// Whether a key with a NULL in it violates too; else it is not judged.
    pub null_fails: bool,
    /// The data column that is the key, if just one: a cell that did not convert is not judged by its rules.
    pub column: Option<usize>,
}

/// All that is judged row by row.
#[derive(Clone, Debug, Default)]
pub struct Judge {
    /// Row rules.
    pub rules: Vec<RowRule>,
    /// Typed columns of a source that reads text.
    pub casts: Vec<CastCheck>,
    /// References.
    pub memberships: Vec<Membership>,
    /// The `_bad` column.
    pub bad: Option<usize>,
    /// The `_raw` column.
    pub raw: Option<usize>,
    /// The groups of the rules that are tolerated group by group.
    pub groups: BTreeMap<u16, Groups>,
    /// What the rules have in common.
    common: Arc<Common>,
}

/// What was found in a batch.
#[derive(Debug, Default)]
pub struct Verdicts {
    /// Per reason with at least one row: the rows. In the order bad record, casts, rules, references.
    pub violations: Vec<(Reason, BooleanBuffer)>,
    /// Per rule: how many rows were judged.
    pub judged: Vec<(u16, u64)>,
    /// Of rules with groups: which rows were judged.
    pub grouped: Vec<(u16, BooleanBuffer)>,
    /// The rows with any reason; `None`: not one.
    pub any: Option<BooleanBuffer>,
}

impl Judge {
    /// The same for many batches of `input`: what rules have in common is evaluated once for each.
    ///
    /// # Errors
    /// An expression has no type, which is a fault of the planner.
    pub fn sharing(&self, input: &SchemaRef) -> Result<Self> {
        let mut judge = self.clone();
        let expressions =
            judge.rules.iter_mut().flat_map(|r| [&mut r.passes].into_iter().chain(&mut r.judged)).collect();
        judge.common = Arc::new(Common::of(input, expressions)?);
        Ok(judge)
    }

    /// Judges a batch.
    ///
    /// # Errors
    /// An expression fails while running, such as an overflow in a rule's arithmetic.
    pub fn evaluate(&self, batch: &RecordBatch) -> Result<Verdicts> {
        let mut verdicts = Verdicts::default();
        let bad = self.broken(batch);
        if let Some(bad) = &bad {
            verdicts.add(Reason::BadRecord, bad.clone());
        }
        let broken_cells = self.casts(batch, &mut verdicts);
        let asked = self.common.with(batch)?;
        for rule in &self.rules {
            let exempt = rule.column.and_then(|c| broken_cells.iter().find(|(b, _)| *b == c)).map(|(_, cells)| cells);
            let (mut violating, judged) = judge_rule(rule, &asked, bad.as_ref(), exempt)?;
            if let Some(exempt) = exempt {
                violating = &violating & &!exempt;
            }
            let judged = judged.unwrap_or_else(|| BooleanBuffer::new_set(batch.num_rows()));
            self.found(rule.rule, violating, judged, batch, &mut verdicts)?;
        }
        self.references(batch, bad.as_ref(), &broken_cells, &mut verdicts)?;
        Ok(verdicts)
    }

    /// The records that could not be parsed; `None`: not one.
    pub(crate) fn broken(&self, batch: &RecordBatch) -> Option<BooleanBuffer> {
        self.bad.map(|c| non_null(batch.column(c).as_ref())).filter(|b| b.count_set_bits() > 0)
    }

    /// The cells with text but no value, by column.
    fn casts(&self, batch: &RecordBatch, verdicts: &mut Verdicts) -> Vec<(usize, BooleanBuffer)> {
        let Some(raw) = self.raw.map(|c| batch.column(c)).and_then(|c| c.as_any().downcast_ref::<StructArray>()) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for check in &self.casts {
            let (Some(text), typed) = (raw.columns().get(check.raw), batch.column(check.column)) else { continue };
            if typed.null_count() == 0 {
                continue;
            }
            let cells = &non_null(text.as_ref()) & &!&non_null(typed.as_ref());
            if cells.count_set_bits() > 0 {
                let column = u16::try_from(check.column).unwrap_or(u16::MAX);
                verdicts.add(Reason::Cast(column), cells.clone());
                found.push((check.column, cells));
            }
        }
        found
    }

    /// Takes down what a rule found. Violations in groups that have no more of them than are let pass stay apart.
    fn found(
        &self,
        rule: u16,
        violating: BooleanBuffer,
        judged: BooleanBuffer,
        batch: &RecordBatch,
        verdicts: &mut Verdicts,
    ) -> Result<()> {
        verdicts.judged.push((rule, judged.count_set_bits() as u64));
        let violations = match self.groups.get(&rule) {
            None => vec![(Reason::Rule(rule), violating)],
            Some(groups) => {
                verdicts.grouped.push((rule, judged));
                let failing = groups.of_failing(batch)?;
                vec![(Reason::Rule(rule), &violating & &failing), (Reason::Spared(rule), &violating & &!&failing)]
            }
        };
        for (reason, rows) in violations.into_iter().filter(|(_, rows)| rows.count_set_bits() > 0) {
            verdicts.add(reason, rows);
        }
        Ok(())
    }

    /// References need no other row of the table, so every row is judged that has its cells: one that is let pass with
    /// another fault must not be an orphan unseen.
    fn references(
        &self,
        batch: &RecordBatch,
        bad: Option<&BooleanBuffer>,
        broken_cells: &[(usize, BooleanBuffer)],
        verdicts: &mut Verdicts,
    ) -> Result<()> {
        if self.memberships.is_empty() {
            return Ok(());
        }
        let passed = bad.map(|bad| !bad);
        for member in &self.memberships {
            let (hashes, keyed) = wide_hashes(&member.key, batch)?;
            let mut rows = passed.clone().unwrap_or_else(|| BooleanBuffer::new_set(batch.num_rows()));
            if let Some(filter) = &member.judged {
                rows = &rows & &is_true(filter, batch)?;
            }
            let mut judged = &keyed & &rows;
            let unknown = member.known.unknown(&hashes, &judged)?;
            let mut violating = if member.forbidden { &judged & &!&unknown } else { unknown };
            if member.null_fails {
                let mut without = &rows & &!&keyed;
                for (_, cells) in broken_cells.iter().filter(|(column, _)| member.column == Some(*column)) {
                    without = &without & &!cells;
                }
                violating = &violating | &without;
                judged = &judged | &without;
            }
            self.found(member.rule, violating, judged, batch, verdicts)?;
        }
        Ok(())
    }
}

impl Verdicts {
    /// Adds the rows of a reason.
    pub(crate) fn add(&mut self, reason: Reason, rows: BooleanBuffer) {
        self.any = Some(match &self.any {
            Some(any) => any | &rows,
            None => rows.clone(),
        });
        self.violations.push((reason, rows));
    }

    /// The rows that are no broken records; `None`: all.
    pub fn records(&self) -> Option<BooleanBuffer> {
        self.violations.iter().find(|(reason, _)| *reason == Reason::BadRecord).map(|(_, broken)| !broken)
    }

    /// The reasons of each suspect row, in the order of rows.
    pub fn reasons_of(&self, row: usize) -> impl Iterator<Item = Reason> + '_ {
        self.violations.iter().filter(move |(_, rows)| rows.value(row)).map(|(reason, _)| *reason)
    }
}

/// The rows that violate, and those that were judged; `None`: all.
fn judge_rule(
    rule: &RowRule,
    batch: &RecordBatch,
    bad: Option<&BooleanBuffer>,
    exempt: Option<&BooleanBuffer>,
) -> Result<(BooleanBuffer, Option<BooleanBuffer>)> {
    let passes = boolean(&rule.passes, batch)?;
    let values = passes.values();
    let mut violating = match (passes.nulls(), rule.null_fails) {
        (None, _) => !values,
        (Some(nulls), false) => &!values & nulls.inner(),
        (Some(nulls), true) => !&(values & nulls.inner()),
    };
    let mut judged: Option<BooleanBuffer> = None;
    if let Some(filter) = &rule.judged {
        let filter = is_true(filter, batch)?;
        violating = &violating & &filter;
        judged = Some(filter);
    }
    for out in [bad, exempt].into_iter().flatten() {
        violating = &violating & &!out;
        judged = Some(match judged {
            Some(judged) => &judged & &!out,
            None => !out,
        });
    }
    Ok((violating, judged))
}

/// Evaluates a boolean expression to an array of the batch's length.
pub(crate) fn boolean(expr: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<BooleanArray> {
    let array = expr.evaluate(batch)?.into_array(batch.num_rows())?;
    match array.data_type() {
        DataType::Boolean => Ok(array.as_boolean().clone()),
        DataType::Null => Ok(BooleanArray::new_null(batch.num_rows())),
        other => exec_err!("a rule gave {other} where true or false was expected"),
    }
}

/// The rows for which an expression is TRUE: neither FALSE nor NULL.
pub(crate) fn is_true(expr: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<BooleanBuffer> {
    let array = boolean(expr, batch)?;
    Ok(match array.nulls() {
        Some(nulls) => array.values() & nulls.inner(),
        None => array.values().clone(),
    })
}

/// The rows that are not NULL.
pub(crate) fn non_null(array: &dyn Array) -> BooleanBuffer {
    match array.logical_nulls() {
        Some(nulls) => nulls.inner().clone(),
        None => BooleanBuffer::new_set(array.len()),
    }
}
