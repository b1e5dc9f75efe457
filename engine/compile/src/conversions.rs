//! Conversions that SQL makes unasked and that fail while running, refused before.
//!
//! `ordered_at >= '2026-02-30'` is planned as a conversion of the text to a timestamp, and fails on the first row; and
//! `zip > 100` with a `zip` of text as one of every text to a number, and fails on the first that is none.

use std::collections::BTreeSet;

use datafusion::arrow::compute::CastOptions;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, Operator};
use pipe_diagnostics::Diagnostic;
use pipe_diagnostics::codes::sql;

use crate::error::{Place, Tree};
use crate::types::describe;

/// What is looked for, and where.
pub(crate) struct Conversions<'a, 't> {
    pub(crate) place: Place<'a>,
    pub(crate) tree: Tree<'t>,
}

impl Conversions<'_, '_> {
    /// Of an expression with types coerced: the constants that do not convert.
    pub(crate) fn constants(&self, expression: &Expr) -> Result<(), Vec<Diagnostic>> {
        done(|bad| self.constants_of(expression, bad))
    }

    /// Of a plan with types coerced: the constants that do not convert.
    pub(crate) fn constants_of_plan(&self, plan: &LogicalPlan) -> Result<(), Vec<Diagnostic>> {
        done(|bad| {
            let visited = plan.apply_with_subqueries(|node| {
                node.apply_expressions(|e| {
                    self.constants_of(e, bad);
                    Ok(TreeNodeRecursion::Continue)
                })
            });
            debug_assert!(visited.is_ok());
        })
    }

    /// Of an expression as resolved, types not coerced: the texts compared with what is no text.
    pub(crate) fn comparisons(&self, expression: &Expr, schema: &DFSchema) -> Result<(), Vec<Diagnostic>> {
        done(|bad| self.comparisons_of(expression, schema, bad))
    }

    /// Of a plan as resolved.
    pub(crate) fn comparisons_of_plan(&self, plan: &LogicalPlan) -> Result<(), Vec<Diagnostic>> {
        done(|bad| {
            let visited = plan.apply_with_subqueries(|node| {
                // Most nodes compare nothing, and their schema is not asked for.
                let mut schema = None;
                node.apply_expressions(|e| {
                    if compares(e) {
                        let schema = schema.get_or_insert_with(|| merge_schema(&node.inputs()));
                        self.comparisons_of(e, schema, bad);
                    }
                    Ok(TreeNodeRecursion::Continue)
                })
            });
            debug_assert!(visited.is_ok());
        })
    }

    fn constants_of(&self, expression: &Expr, bad: &mut Vec<Diagnostic>) {
        let visited = expression.apply(|e| {
            if let Expr::Cast(cast) = e
                && let Expr::Literal(value, _) = cast.expr.as_ref()
                && let ScalarValue::Utf8(Some(text))
                | ScalarValue::Utf8View(Some(text))
                | ScalarValue::LargeUtf8(Some(text)) = value
            {
                let to = cast.field.data_type();
                let strict = CastOptions { safe: false, ..CastOptions::default() };
                if value.cast_to_with_options(to, &strict).is_err() {
                    let span = self.tree.text(text).and_then(|s| self.place.parser(s)).unwrap_or(self.place.whole);
                    bad.push(Diagnostic::error(sql::BAD_CONSTANT, format!("`{text}` is no {}", describe(to)), span));
                }
            }
            Ok(TreeNodeRecursion::Continue)
        });
        debug_assert!(visited.is_ok());
    }

    fn comparisons_of(&self, expression: &Expr, schema: &DFSchema, bad: &mut Vec<Diagnostic>) {
        let visited = expression.apply(|e| {
            match e {
                Expr::BinaryExpr(b) if is_comparison(b.op) => self.pair(&b.left, &b.right, schema, bad),
                Expr::Between(b) => {
                    self.pair(&b.expr, &b.low, schema, bad);
                    self.pair(&b.expr, &b.high, schema, bad);
                }
                Expr::InList(list) => list.list.iter().for_each(|item| self.pair(&list.expr, item, schema, bad)),
                _ => {}
            }
            Ok(TreeNodeRecursion::Continue)
        });
        debug_assert!(visited.is_ok());
    }

    fn pair(&self, left: &Expr, right: &Expr, schema: &DFSchema, bad: &mut Vec<Diagnostic>) {
        let (Ok(left_type), Ok(right_type)) = (left.get_type(schema), right.get_type(schema)) else { return };
        let (text, other) = match (is_text(&left_type), is_text(&right_type)) {
            (true, false) if may_not_hold(&right_type) => (left, right_type),
            (false, true) if may_not_hold(&left_type) => (right, left_type),
            _ => return,
        };
        // A constant converts or does not; that is found out elsewhere.
        let mut columns = Vec::new();
        let visited = text.apply(|e| {
            if let Expr::Column(column) = e {
                columns.push(column);
            }
            Ok(TreeNodeRecursion::Continue)
        });
        debug_assert!(visited.is_ok());
        let Some(column) = columns.first() else { return };
        let span = column.spans().first().and_then(|s| self.place.planner(s));
        let span = span.or_else(|| self.tree.column(&column.name).and_then(|s| self.place.parser(s)));
        let span = span.unwrap_or(self.place.whole);
        let other = describe(&other);
        let what = if matches!(text, Expr::Column(_)) { format!("`{}`", column.name) } else { "this".to_owned() };
        bad.push(
            Diagnostic::error(sql::WRONG_TYPES, format!("{what} is text, and is compared with {other}"), span)
                .help(format!("convert it: `try_cast({} as {other})` is null where a text is no {other}", column.name)),
        );
    }
}

/// The diagnostics, each once.
fn done(find: impl FnOnce(&mut Vec<Diagnostic>)) -> Result<(), Vec<Diagnostic>> {
    let mut bad = Vec::new();
    find(&mut bad);
    let mut seen = BTreeSet::new();
    bad.retain(|d| seen.insert((d.span(), d.message.clone())));
    if bad.is_empty() { Ok(()) } else { Err(bad) }
}

fn compares(expression: &Expr) -> bool {
    expression
        .exists(|e| {
            Ok(match e {
                Expr::BinaryExpr(b) => is_comparison(b.op),
                Expr::Between(_) | Expr::InList(_) => true,
                _ => false,
            })
        })
        .unwrap_or(true)
}

fn is_comparison(op: Operator) -> bool {
    use Operator::{Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom)
}

/// Whether a type is text of any kind.
pub(crate) fn is_text(ty: &DataType) -> bool {
    match ty {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => is_text(value),
        _ => false,
    }
}

/// Whether there are texts that are no value of a type.
fn may_not_hold(ty: &DataType) -> bool {
    ty.is_numeric() || ty.is_temporal() || *ty == DataType::Boolean
}
