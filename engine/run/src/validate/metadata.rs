//! Rules that the footers of Parquet files answer, so that no row is read for them.

use std::sync::Arc;

use datafusion::arrow::datatypes::Field;
use datafusion::common::ScalarValue;
use datafusion::prelude::Expr;
use pipe_check::Rule;
use pipe_compile::{FusedAssertion, Planner, Tables, row_schema};
use pipe_connect::source::Footers;
use pipe_schema::Level;

use super::as_read::AsRead;
use super::inspect::{By, Verdict, Verdicts, Violations};
use crate::assertions::{Counted, bounded, counted};
use crate::engine::Stopped;
use crate::extract;
use crate::rulebook::observe;

/// The verdicts that the footers give: of rules on rows that no row can violate, and of numbers that stand in them.
///
/// # Errors
/// What the planner finds wrong with a rule.
pub fn answers(
    planner: &Planner<'_>,
    table: &str,
    rules: &[Rule],
    open: &[u16],
    read: &AsRead,
    footers: &Footers,
) -> Result<Verdicts, Stopped> {
    let schema = extract::schema(&read.target);
    let row = row_schema(table, &schema)?;
    // Of the table just the columns: its rules are planned over rows, not over how they are read.
    let mut tables: Tables = planner.tables().clone();
    tables.insert_schema(table, Arc::clone(&schema));
    let planner = planner.over(&tables);
    let mut verdicts = Verdicts::new();
    for index in open {
        let Some(rule) = rules.get(usize::from(*index)) else { continue };
        match rule.level {
            Level::Row => {
                // A rule on flags or places is about no column of a file.
                let Some(may_violate) = bounded(&planner, rule, &row, &schema) else { continue };
                if may_violate.prune(footers).map_or(true, |groups| groups.contains(&true)) {
                    continue;
                }
                let violations = Violations { judged: footers.rows(), ..Violations::default() };
                verdicts.insert(*index, (Verdict::Rows(violations), By::Footer));
            }
            Level::Table => {
                let assertion = planner.table_assertion(rule)?;
                if let Some(fused) = assertion.fused.filter(|f| f.input.is_none() && f.judged.is_none())
                    && let Some(values) = numbers(&fused, footers)
                {
                    let seen = observe(&planner, &fused, &values)?;
                    verdicts.insert(*index, (Verdict::Table(seen, assertion.expected), By::Footer));
                }
            }
            _ => {}
        }
    }
    Ok(verdicts)
}

/// The values of aggregates that stand in the footers; `None`: one of them does not.
fn numbers(fused: &FusedAssertion, footers: &Footers) -> Option<Vec<ScalarValue>> {
    let types = fused.values.fields();
    let number = |(aggregate, field): (&Expr, &Arc<Field>)| {
        let count = |n: u64| i64::try_from(n).ok().map(|n| ScalarValue::Int64(Some(n)));
        let found = match counted(aggregate)? {
            Counted::Rows => count(footers.rows()),
            Counted::Filled(column) => count(footers.rows().checked_sub(footers.nulls(column)?)?),
            Counted::Least(column) => Some(footers.bounds(column)?.0),
            Counted::Greatest(column) => Some(footers.bounds(column)?.1),
        };
        found?.cast_to(field.data_type()).ok()
    };
    fused.aggregates.iter().zip(types.iter()).map(number).collect()
}
