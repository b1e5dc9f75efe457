//! How the rules of a table are judged together: what metadata answers, what one pass does, what is asked apart.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::DFSchema;
use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::physical_optimizer::pruning::{PruningPredicate, PruningPredicateBuilder};
use datafusion::prelude::Expr;
use pipe_check::{Predicate, Rule};
use pipe_compile::{FusedAssertion, Planner, row_schema};
use pipe_connect::source::meta;
use pipe_schema::Level;

use crate::groups::is_proven_by_hashes;
use crate::rulebook::is_heavy;

/// A group of rules with one way to be judged, in the order they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Columns,
    Footer,
    Pass,
    Keys,
    Lookup,
    Groups,
    Query,
    History,
}

/// The groups of a table's rules, a line each: how they are judged, and which they are. `columnar`: a column of the source is read
/// without the others, and its files tell their bounds.
pub fn groups(planner: &Planner<'_>, table: &str, rules: &[Rule], columns: &SchemaRef, columnar: bool) -> Vec<String> {
    let schema = placed(columns);
    let Ok(row) = row_schema(table, &schema) else { return Vec::new() };
    let mut groups: Vec<(Way, String, Vec<&str>)> = Vec::new();
    let mut inputs: Vec<LogicalPlan> = Vec::new();
    for rule in rules {
        let (way, of) = way(planner, rule, &row, &schema, columnar, &mut inputs);
        match groups.iter_mut().find(|(known, text, _)| *known == way && *text == of) {
            Some((_, _, names)) => names.push(&rule.name),
            None => groups.push((way, of, vec![&rule.name])),
        }
    }
    groups.sort_by_key(|(way, ..)| *way);
    groups.into_iter().map(|(way, of, names)| line(way, &of, &names)).collect()
}

fn line(way: Way, of: &str, names: &[&str]) -> String {
    let how = match way {
        Way::Columns => "the columns, before any row".to_owned(),
        Way::Footer => "the footers of the files where they can tell, else the pass".to_owned(),
        Way::Pass => "one pass over the rows".to_owned(),
        Way::Keys => format!("keys {of}, hashed in the pass"),
        Way::Lookup => format!("the pass, which looks keys up in {of}"),
        Way::Groups => "one query over the same groups".to_owned(),
        Way::Query => "a query each".to_owned(),
        Way::History => "one pass, and earlier runs".to_owned(),
    };
    format!("{how}: {}", names.join(", "))
}

/// How one rule is judged, and what of.
fn way(
    planner: &Planner<'_>,
    rule: &Rule,
    row: &DFSchema,
    schema: &SchemaRef,
    columnar: bool,
    inputs: &mut Vec<LogicalPlan>,
) -> (Way, String) {
    let plain = |way| (way, String::new());
    match rule.level {
        Level::Schema => plain(Way::Columns),
        Level::History => plain(Way::History),
        Level::Row if columnar && bounded(planner, rule, row, schema).is_some() => plain(Way::Footer),
        Level::Row => plain(Way::Pass),
        Level::Set => match &rule.predicate {
            Predicate::Unique if is_proven_by_hashes(rule) => {
                let keys = rule.by.iter().map(String::as_str).chain(rule.subject.iter().map(|s| s.text.trim()));
                (Way::Keys, format!("({})", keys.collect::<Vec<_>>().join(", ")))
            }
            Predicate::References { table, columns } => (Way::Lookup, format!("{table} ({})", columns.join(", "))),
            Predicate::Not(inner) => match inner.as_ref() {
                Predicate::References { table, columns } => (Way::Lookup, format!("{table} ({})", columns.join(", "))),
                _ => plain(Way::Query),
            },
            _ => plain(Way::Query),
        },
        Level::Table => match planner.table_assertion(rule).ok().and_then(|a| a.fused) {
            None => plain(Way::Query),
            Some(FusedAssertion { input: Some(input), .. }) => {
                let place = inputs.iter().position(|known| *known == input).unwrap_or_else(|| {
                    inputs.push(input);
                    inputs.len() - 1
                });
                (Way::Groups, place.to_string())
            }
            Some(fused) if columnar && in_footers(&fused) => plain(Way::Footer),
            Some(fused) => {
                let lowered = fused.aggregates.iter().filter_map(|a| planner.aggregate(a, row).ok());
                let heavy = lowered.into_iter().any(|a| is_heavy(&a.function));
                plain(if heavy && columnar { Way::Query } else { Way::Pass })
            }
        },
    }
}

/// The columns, and behind them what says which row each is.
fn placed(columns: &SchemaRef) -> SchemaRef {
    let mut fields: Vec<Arc<Field>> = columns.fields().iter().cloned().collect();
    let places = [(meta::FILE, DataType::Utf8), (meta::LINE, DataType::UInt64), (meta::ROW, DataType::UInt64)];
    let new = places.into_iter().filter(|(name, _)| columns.field_with_name(name).is_err());
    fields.extend(new.map(|(name, ty)| Arc::new(Field::new(name, ty, true))));
    Arc::new(Schema::new(fields))
}

/// What bounds and counts of NULLs are asked to know whether any row violates a rule; `None`: they cannot tell.
pub fn bounded(planner: &Planner<'_>, rule: &Rule, row: &DFSchema, schema: &SchemaRef) -> Option<PruningPredicate> {
    if rule.filter.is_some() || rule.null_fails {
        return None;
    }
    let assertion = planner.row_assertion(rule, row).ok()?;
    let violates = planner.contradiction(&assertion, row).ok()?;
    let violates = planner.physical(&violates, row).ok()?;
    let predicate = PruningPredicateBuilder::new().with_file_schema(Arc::clone(schema)).try_build(violates).ok()?;
    (!predicate.always_true()).then_some(predicate)
}

/// What of the footers an aggregate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted<'e> {
    /// How many rows there are.
    Rows,
    /// How many rows of a column are not NULL.
    Filled(&'e str),
    /// The least value of a column.
    Least(&'e str),
    /// The greatest value of a column.
    Greatest(&'e str),
}

/// What of the footers an aggregate is; `None`: nothing.
pub fn counted(aggregate: &Expr) -> Option<Counted<'_>> {
    let Expr::AggregateFunction(AggregateFunction { func, params }) = aggregate else { return None };
    if params.distinct || params.filter.is_some() || !params.order_by.is_empty() {
        return None;
    }
    match (func.name(), params.args.as_slice()) {
        ("count", [Expr::Literal(value, _)]) if !value.is_null() => Some(Counted::Rows),
        ("count", [Expr::Column(column)]) => Some(Counted::Filled(&column.name)),
        ("min", [Expr::Column(column)]) => Some(Counted::Least(&column.name)),
        ("max", [Expr::Column(column)]) => Some(Counted::Greatest(&column.name)),
        _ => None,
    }
}

fn in_footers(fused: &FusedAssertion) -> bool {
    fused.judged.is_none() && fused.aggregates.iter().all(|a| counted(a).is_some())
}
