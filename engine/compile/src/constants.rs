//! Constants that the types around them ask to be converted, and that cannot be.
//!
//! `ordered_at >= '2026-02-30'` is planned as a conversion of the text to a timestamp, and fails on the first row. That it
//! fails is known as soon as the types are.

use datafusion::arrow::compute::CastOptions;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::{Expr, LogicalPlan};
use pipe_diagnostics::Diagnostic;
use pipe_diagnostics::codes::sql;

use crate::error::{Place, Tree};
use crate::types::describe;

/// Refuses the constants of an expression that cannot be converted as its types ask.
pub(crate) fn check(
    expression: &Expr,
    _schema: &DFSchema,
    place: &Place<'_>,
    tree: Tree<'_>,
) -> Result<(), Vec<Diagnostic>> {
    let mut bad = Vec::new();
    collect(expression, place, tree, &mut bad);
    if bad.is_empty() { Ok(()) } else { Err(bad) }
}

/// Refuses those of all expressions of a plan.
pub(crate) fn check_plan(plan: &LogicalPlan, place: &Place<'_>, tree: Tree<'_>) -> Result<(), Vec<Diagnostic>> {
    let mut bad = Vec::new();
    let visited = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|e| {
            collect(e, place, tree, &mut bad);
            Ok(TreeNodeRecursion::Continue)
        })
    });
    debug_assert!(visited.is_ok());
    if bad.is_empty() { Ok(()) } else { Err(bad) }
}

fn collect(expression: &Expr, place: &Place<'_>, tree: Tree<'_>, bad: &mut Vec<Diagnostic>) {
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
                let span = tree.text(text).and_then(|s| place.parser(s)).unwrap_or(place.whole);
                let d = Diagnostic::error(sql::BAD_CONSTANT, format!("`{text}` is not a {}", describe(to)), span);
                if !bad.contains(&d) {
                    bad.push(d);
                }
            }
        }
        Ok(TreeNodeRecursion::Continue)
    });
    debug_assert!(visited.is_ok());
}
