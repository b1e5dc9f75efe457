//! Which clause answers a failure: patterns by `pipe-heal`, guards by DataFusion on one row of `$field`s.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::common::{DFSchema, ScalarValue};
use pipe_check::{Clause, HealBlock, Rule, Severity};
use pipe_compile::Planner;
use pipe_diagnostics::Diagnostic;
use pipe_heal::action::{Incomplete, ResolvedAction, completed};
use pipe_heal::failure::{Failure, FieldValue};
use pipe_heal::matching::candidates;
use pipe_schema::FieldType;

/// A failure and what answers it.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The failure.
    pub failure: Failure,
    /// The rule that failed, by its place in the table's rules.
    pub rule: Option<u16>,
    /// The clause; `None`: nothing matched.
    pub clause: Option<Clause>,
    /// Its steps, `else` by `else`, completed from the failure; or why a step cannot be.
    pub steps: Vec<Vec<Result<ResolvedAction, Incomplete>>>,
}

impl Answered {
    /// The steps a table without a matching clause takes: rows of `info` and `warning` rules stay, all else fails the table.
    pub fn default_action(&self, rule: Option<&Rule>) -> ResolvedAction {
        match rule.map(|r| r.severity) {
            Some(Severity::Info | Severity::Warning) => ResolvedAction::Keep,
            _ => ResolvedAction::Fail(None),
        }
    }

    /// The step group with this number: actions that can be carried out, in order. Behind the last `else` the table fails.
    pub fn group(&self, number: usize, rule: Option<&Rule>) -> Vec<ResolvedAction> {
        if self.clause.is_none() {
            return vec![self.default_action(rule)];
        }
        match self.steps.get(number) {
            Some(steps) => steps.iter().filter_map(|s| s.as_ref().ok().cloned()).collect(),
            None => vec![ResolvedAction::Fail(None)],
        }
    }
}

/// Finds the clause that answers a failure.
///
/// # Errors
/// A guard that cannot be planned or evaluated.
pub fn answer(
    planner: &Planner<'_>,
    block: Option<&HealBlock>,
    failure: Failure,
    rule: Option<(u16, &Rule)>,
) -> Result<Answered, Vec<Diagnostic>> {
    let mut chosen = None;
    for clause in block.into_iter().flat_map(|b| candidates(b, &failure)) {
        let holds = match &clause.guard {
            Some(guard) => guard_holds(planner, guard, &failure)?,
            None => true,
        };
        if holds {
            chosen = Some(clause.clone());
            break;
        }
    }
    let complete = |action| completed(action, &failure, rule.map(|(_, r)| r));
    let steps = chosen.iter().flat_map(|c| &c.steps).map(|group| group.iter().map(complete).collect()).collect();
    Ok(Answered { rule: rule.map(|(i, _)| i), clause: chosen, steps, failure })
}

fn guard_holds(
    planner: &Planner<'_>,
    guard: &pipe_sql::Expression,
    failure: &Failure,
) -> Result<bool, Vec<Diagnostic>> {
    let row = failure_row(failure);
    let internal = |e: &dyn std::fmt::Display| vec![failed_guard(guard, e)];
    let schema = DFSchema::try_from(row.schema().as_ref().clone()).map_err(|e| internal(&e))?;
    let condition = planner.condition(guard, &schema)?;
    let physical = planner.physical(&condition, &schema).map_err(|e| internal(&e))?;
    let value = physical.evaluate(&row).and_then(|v| v.into_array(1)).map_err(|e| internal(&e))?;
    Ok(value.as_boolean_opt().is_some_and(|b| b.is_valid(0) && b.value(0)))
}

fn failed_guard(guard: &pipe_sql::Expression, error: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic::error(
        pipe_diagnostics::codes::run::QUERY_FAILED,
        format!("the guard could not be evaluated: {error}"),
        guard.span,
    )
}

/// One row with a column `$field` for every field of the failure.
fn failure_row(failure: &Failure) -> RecordBatch {
    let declared = pipe_schema::failure(failure.name).map(|f| f.fields).unwrap_or_default();
    let (mut fields, mut columns): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    for (name, value) in failure.parameters() {
        let ty = declared.iter().find(|f| f.name == name).map(|f| f.ty);
        let scalar = match (value, ty) {
            (Some(FieldValue::Text(s)), _) => ScalarValue::Utf8(Some(s)),
            (Some(FieldValue::Integer(n)), _) => ScalarValue::Int64(Some(n)),
            (Some(FieldValue::Number(n)), _) => ScalarValue::Float64(Some(n)),
            (Some(FieldValue::Bool(b)), _) => ScalarValue::Boolean(Some(b)),
            (None, Some(FieldType::Integer)) => ScalarValue::Int64(None),
            (None, Some(FieldType::Number)) => ScalarValue::Float64(None),
            (None, Some(FieldType::Bool)) => ScalarValue::Boolean(None),
            (None, _) => ScalarValue::Utf8(None),
        };
        let Ok(array) = scalar.to_array() else { continue };
        fields.push(Field::new(format!("${name}"), scalar.data_type(), true));
        columns.push(array);
    }
    let schema = Arc::new(Schema::new(fields));
    let options = RecordBatchOptions::new().with_row_count(Some(1));
    RecordBatch::try_new_with_options(schema, columns, &options)
        .unwrap_or_else(|_| RecordBatch::new_empty(Arc::new(Schema::new(Vec::<Field>::new()))))
}
