//! Rules as SQL assertions: each is built as one tree, which is both planned and printed, so what `pipe explain` shows is
//! what is judged.

mod holds;
mod parts;
mod row;
mod set;
mod statistic;
mod table;
pub(crate) mod tree;
mod window;

pub use row::RowAssertion;
pub use set::SetAssertion;
pub use table::{FusedAssertion, LoweredAggregate, TableAssertion};
pub use window::Windowed;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::DFSchema;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use pipe_check::{Predicate, Rule};
use pipe_diagnostics::Diagnostic;
use pipe_diagnostics::codes::sql;
use pipe_schema::Level;
use pipe_sql::Expression;
use sqlparser::ast::{self, Value, ValueWithSpan, visit_expressions_mut};

use crate::Planner;
use crate::conversions::is_text;
use crate::error::{Place, Tree};

/// What the rows of a source are in order by, as the columns a scan adds behind the data.
const READ_ORDER: &str = "_file, _row";

impl Planner<'_> {
    /// The query that shows what a rule found: the rows that violate a row or set rule; of a table rule `observed` and `holds`.
    /// Params stand in it as their values. Schema rules are a comment.
    pub fn assertion_sql(&self, rule: &Rule, rows: &Rows<'_>) -> String {
        let from = rows.sql(rule);
        let print = |e: &ast::Expr| self.printed(e);
        let exempt = || if rows.read { self.exempt(rule) } else { String::new() };
        let sql = match rule.level {
            Level::Row => row::row_tree(rule).ok().map(|tree| {
                let verdict = tree::operand(&tree);
                let wrong = if rule.null_fails { ast::Expr::IsNotTrue(verdict) } else { ast::Expr::IsFalse(verdict) };
                let filter = rule.filter.as_ref().map(|f| format!("{} AND ", print(&tree::operand(&f.ast))));
                format!("SELECT * FROM {from}\nWHERE {}{}{}", filter.unwrap_or_default(), print(&wrong), exempt())
            }),
            Level::Set => set::failing_rows(rule, &from, &self.order_of_rows(rule), &exempt(), print).map(|sql| {
                match rows.batch(rule) {
                    Some(batch) => format!("SELECT * FROM (\n{sql}\n) AS failing\nWHERE {batch}"),
                    None => sql,
                }
            }),
            Level::Table | Level::History => parts::Parts::of(rule).ok().and_then(|p| p.sql(rule, &from, print)),
            Level::Schema => None,
        };
        sql.unwrap_or_else(|| format!("-- {} {}, before any row is read", rule.table, holds::expected(&rule.predicate)))
    }

    /// The query that counts the rows which violate a row or set rule; of other rules as [`Planner::assertion_sql`].
    pub fn violations_sql(&self, rule: &Rule, rows: &Rows<'_>) -> String {
        let sql = self.assertion_sql(rule, rows);
        match rule.level {
            Level::Row | Level::Set => format!("SELECT count(*) AS violations FROM (\n{sql}\n) AS failing"),
            Level::Table | Level::History | Level::Schema => sql,
        }
    }

    /// The query of [`Planner::assertion_sql`] for a set rule, over the planner's table of its name, as a plan. `read`: as of [`Rows`].
    ///
    /// # Errors
    /// A rule of another level; what the planner finds.
    pub fn failing_rows(&self, rule: &Rule, read: bool) -> Result<LogicalPlan, Vec<Diagnostic>> {
        let from = Rows::of(&rule.table).sql(rule);
        let exempt = if read { self.exempt(rule) } else { String::new() };
        self.own_query(rule, set::failing_rows(rule, &from, &self.order_of_rows(rule), &exempt, |e| self.printed(e)))
    }

    /// How many rows a set rule judges, over the planner's table of its name: the columns of `by`, and `rows`. `read`: as of [`Rows`].
    ///
    /// # Errors
    /// What the planner finds.
    pub fn rows_judged(&self, rule: &Rule, read: bool) -> Result<LogicalPlan, Vec<Diagnostic>> {
        let from = Rows::of(&rule.table).sql(rule);
        let exempt = if read { self.exempt(rule) } else { String::new() };
        self.own_query(rule, Some(set::rows_judged(rule, &from, &exempt, |e| self.printed(e))))
    }

    /// What rows are in order by, where no column says so.
    fn order_of_rows(&self, rule: &Rule) -> String {
        let ties = self.ties(rule);
        let columns = ties.iter().map(|c| tree::ident(c).to_string());
        columns.chain([READ_ORDER.to_owned()]).collect::<Vec<_>>().join(", ")
    }

    fn own_query(&self, rule: &Rule, text: Option<String>) -> Result<LogicalPlan, Vec<Diagnostic>> {
        let failed =
            |e: DataFusionError| vec![Diagnostic::error(sql::UNPLANNABLE, crate::error::sentence(&e), rule.span)];
        let query = text.and_then(|sql| tree::query(&sql)).ok_or_else(|| vec![no_assertion(rule)])?;
        self.bind_plan(self.plan(&query).map_err(failed)?).map_err(failed)
    }

    /// That the rule's column has converted, where its NULL would violate: a cell that has not is judged by no rule.
    fn exempt(&self, rule: &Rule) -> String {
        let null_violates = rule.null_fails
            || matches!(rule.check, "not_null" | "not_blank" | "not_missing")
            || matches!(rule.predicate, Predicate::Compound { .. });
        let typed = |column: &String| {
            let schema = self.tables.schema(&rule.table)?;
            schema.field_with_name(column).ok().map(|f| !is_text(f.data_type()))
        };
        match &rule.column {
            Some(column) if null_violates && typed(column).unwrap_or(false) => {
                format!(" AND array_has(_uncast, {}) IS NOT TRUE", self.printed(&tree::text(column)))
            }
            _ => String::new(),
        }
    }

    /// The columns of a table it knows.
    pub fn columns_of(&self, table: &str) -> Option<SchemaRef> {
        self.tables.schema(table)
    }

    /// Whether `predicate` holds of a number; NULL passes.
    ///
    /// # Errors
    /// Its operands cannot be computed.
    pub fn holds_of_number(&self, rule: &Rule, predicate: &Predicate, number: u64) -> Result<bool, Vec<Diagnostic>> {
        let none = DFSchema::empty();
        let number = tree::expression(&number.to_string()).ok_or_else(|| vec![no_assertion(rule)])?;
        let tree = holds::holds(rule, &number, predicate).ok_or_else(|| vec![no_assertion(rule)])?;
        let explain = |e| self.explain_tree(&tree, rule.span, &none, &e);
        let typed = self.coerced(self.resolve(&tree, &none).map_err(explain)?, &none).map_err(explain)?;
        let place = Place::new(self.sources, rule.span);
        let finished = self.finished(typed, &place, Tree::Expression(&tree), &none)?;
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        let value = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options)
            .map_err(DataFusionError::from)
            .and_then(|row| self.physical(&finished, &none)?.evaluate(&row)?.into_array(1))
            .map_err(explain)?;
        Ok(value.as_boolean_opt().is_none_or(|v| v.is_null(0) || v.value(0)))
    }

    /// A tree as SQL, with params as their values where they have one.
    pub(crate) fn printed(&self, tree: &ast::Expr) -> String {
        let mut tree = tree.clone();
        let flow: ControlFlow<()> = visit_expressions_mut(&mut tree, |e| {
            if let ast::Expr::Value(ValueWithSpan { value: Value::Placeholder(name), .. }) = e
                && let Some(value) = self.params.sql(name.trim_start_matches('$').to_lowercase().as_str())
            {
                *e = value;
            }
            // A tree holds texts without their quotes doubled, and prints two quotes in a row as they are.
            if let ast::Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) = e {
                *text = text.replace('\'', "''");
            }
            ControlFlow::Continue(())
        });
        debug_assert!(flow.is_continue());
        tree.to_string()
    }
}

/// The columns of the judged row that a rule names, sorted.
pub fn columns_of(rule: &Rule) -> BTreeSet<&str> {
    let expressions = rule.subject.iter().chain(&rule.filter).chain(operands(&rule.predicate));
    let mut columns: BTreeSet<&str> =
        expressions.flat_map(|e| &e.columns).filter_map(|c| c.parts.last().map(String::as_str)).collect();
    columns.extend(rule.by.iter().map(String::as_str));
    columns.extend(set::ordered_by(&rule.predicate).map(String::as_str));
    if let Predicate::Determines(determined) = &rule.predicate {
        columns.extend(determined.iter().map(String::as_str));
    }
    columns
}

/// The rows a rule's query is over.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rows<'r> {
    /// What stands in `FROM`: `typed.orders`, or a table's own name.
    pub from: &'r str,
    /// Whether they are those of a source as read: with `_uncast`, the columns that have not converted.
    pub read: bool,
    /// Files of a source whose rows are not judged.
    pub without: &'r [String],
    /// Of a source only the rows of these files are judged, beside the others; `None`: all.
    pub only: Option<&'r [String]>,
}

impl<'r> Rows<'r> {
    /// All rows of a table.
    pub fn of(from: &'r str) -> Self {
        Self { from, ..Self::default() }
    }

    /// What stands in `FROM`, under the name that the rule's SQL calls it.
    fn sql(&self, rule: &Rule) -> String {
        let written = match self.from.split_once('.') {
            Some((schema @ ("raw" | "typed"), name)) => format!("{schema}.{}", tree::ident(name)),
            _ => tree::ident(self.from).to_string(),
        };
        let name = tree::ident(&rule.table).to_string();
        let mut conditions = Vec::new();
        if !self.without.is_empty() {
            conditions.push(format!("_file NOT IN ({})", texts(self.without)));
        }
        if let Some(only) = self.only
            && self.batch(rule).is_none()
        {
            conditions.push(format!("_file IN ({})", texts(only)));
        }
        if !conditions.is_empty() {
            return format!("(SELECT * FROM {written} WHERE {}) AS {name}", conditions.join(" AND "));
        }
        if self.from == rule.table { written } else { format!("{written} AS {name}") }
    }

    /// Where rows are judged beside those of other batches: which of them are this one's.
    fn batch(&self, rule: &Rule) -> Option<String> {
        let beside = matches!(rule.predicate, Predicate::Unique | Predicate::Determines(_));
        self.only.filter(|_| beside).map(|only| format!("_file IN ({})", texts(only)))
    }
}

fn texts(of: &[String]) -> String {
    of.iter().map(|t| format!("'{}'", t.replace('\'', "''"))).collect::<Vec<_>>().join(", ")
}

/// The operands of a predicate.
pub(crate) fn operands(predicate: &Predicate) -> Vec<&Expression> {
    match predicate {
        Predicate::In { values, .. } => values.iter().collect(),
        Predicate::NotMissing(values) | Predicate::Values { values, .. } => values.iter().collect(),
        Predicate::Between(low, high) | Predicate::StrictlyBetween(low, high) => vec![low, high],
        Predicate::Not(inner) => operands(inner),
        Predicate::Statistic(statistic) => operands(&statistic.holds),
        Predicate::Compound { parts, .. } => {
            parts.iter().flat_map(|p| p.subject.iter().chain(operands(&p.predicate))).collect()
        }
        Predicate::Sequential { step: Some(step), .. } => vec![step],
        Predicate::WithoutGaps(over) => vec![over],
        Predicate::Transitions { steps, .. } => steps.iter().flat_map(|(from, to)| [from, to]).collect(),
        Predicate::Compare(_, bound) => vec![bound],
        Predicate::Length(inner) | Predicate::Distinct(inner) => operands(inner),
        _ => Vec::new(),
    }
}

/// The JSON Schemas in a predicate.
pub(crate) fn json_schemas(predicate: &Predicate) -> Vec<&pipe_check::JsonSchema> {
    match predicate {
        Predicate::JsonSchema(schema) => vec![schema],
        Predicate::Not(inner) => json_schemas(inner),
        Predicate::Compound { parts, .. } => parts.iter().flat_map(|p| json_schemas(&p.predicate)).collect(),
        _ => Vec::new(),
    }
}

/// A rule that is asked for at a level it does not have, or whose format this engine does not know.
fn no_assertion(rule: &Rule) -> Diagnostic {
    let message = format!("rule `{}` cannot be judged: `{}` has no assertion here", rule.name, rule.check);
    Diagnostic::error(sql::NOT_SUPPORTED, message, rule.span)
}
