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
use crate::error::{Place, Tree};

/// What the rows of a source are in order by, as the columns a scan adds behind the data.
const READ_ORDER: &str = "_file, _row";

impl Planner<'_> {
    /// The query that shows what a rule found, over `from` (`raw.orders`, or a model's name): the rows that violate a row or
    /// set rule; of a table rule `observed` and `holds`. Params stand in it as their values. Schema rules are a comment.
    pub fn assertion_sql(&self, rule: &Rule, from: &str) -> String {
        let from = table_name(from, &rule.table);
        let print = |e: &ast::Expr| self.printed(e);
        let sql = match rule.level {
            Level::Row => row::row_tree(rule).ok().map(|tree| {
                let verdict = tree::operand(&tree);
                let wrong = if rule.null_fails { ast::Expr::IsNotTrue(verdict) } else { ast::Expr::IsFalse(verdict) };
                let filter = rule.filter.as_ref().map(|f| format!("{} AND ", print(&tree::operand(&f.ast))));
                format!("SELECT * FROM {from}\nWHERE {}{}", filter.unwrap_or_default(), print(&wrong))
            }),
            Level::Set => set::failing_rows(rule, &from, READ_ORDER, print),
            Level::Table | Level::History => parts::Parts::of(rule).ok().and_then(|p| p.sql(rule, &from, print)),
            Level::Schema => None,
        };
        sql.unwrap_or_else(|| format!("-- {} {}, before any row is read", rule.table, holds::expected(&rule.predicate)))
    }

    /// The query that counts the rows which violate a row or set rule; of other rules as [`Planner::assertion_sql`].
    pub fn violations_sql(&self, rule: &Rule, from: &str) -> String {
        let sql = self.assertion_sql(rule, from);
        match rule.level {
            Level::Row | Level::Set => format!("SELECT count(*) AS violations FROM (\n{sql}\n) AS failing"),
            Level::Table | Level::History | Level::Schema => sql,
        }
    }

    /// The query of [`Planner::assertion_sql`] for a set rule, over the planner's table of its name, as a plan.
    ///
    /// # Errors
    /// A rule of another level; what the planner finds.
    pub fn failing_rows(&self, rule: &Rule) -> Result<LogicalPlan, Vec<Diagnostic>> {
        let failed =
            |e: DataFusionError| vec![Diagnostic::error(sql::UNPLANNABLE, crate::error::sentence(&e), rule.span)];
        let from = table_name(&rule.table, &rule.table);
        let text = set::failing_rows(rule, &from, READ_ORDER, |e| self.printed(e));
        let query = text.and_then(|sql| tree::query(&sql)).ok_or_else(|| vec![no_assertion(rule)])?;
        self.bind_plan(self.plan(&query).map_err(failed)?).map_err(failed)
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

/// A table in `FROM`, under the name its rule's SQL calls it.
fn table_name(from: &str, table: &str) -> String {
    let written: Vec<String> = match from.split_once('.') {
        Some((schema, name)) if schema == "raw" => vec![schema.to_owned(), tree::ident(name).to_string()],
        _ => vec![tree::ident(from).to_string()],
    };
    let written = written.join(".");
    if from == table { written } else { format!("{written} AS {}", tree::ident(table)) }
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
