//! What a plan is made of, as far as it decides what has to be computed again.

use datafusion::common::tree_node::TreeNode;
use datafusion::logical_expr::{Expr, LogicalPlan};

/// The one table a plan is row by row over, as SQL named it: each of its rows is computed from one row of that table, and
/// each row of that table gives at most one. So a plan over the new rows gives the new rows of the plan. `None` with any
/// join, aggregate, window, `distinct`, `limit`, set operation, subquery, or function that differs from call to call.
pub fn row_by_row(plan: &LogicalPlan) -> Option<String> {
    let mut volatile = false;
    let visited = plan.apply_expressions(|e| {
        volatile |= e.is_volatile() || !of_one_row(e);
        Ok(datafusion::common::tree_node::TreeNodeRecursion::Continue)
    });
    if visited.is_err() || volatile {
        return None;
    }
    match plan {
        LogicalPlan::Projection(projection) => row_by_row(&projection.input),
        LogicalPlan::Filter(filter) => row_by_row(&filter.input),
        LogicalPlan::SubqueryAlias(alias) => row_by_row(&alias.input),
        // An order says nothing about which rows there are.
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => row_by_row(&sort.input),
        LogicalPlan::TableScan(scan) if scan.fetch.is_none() => {
            let name = &scan.table_name;
            Some(match name.schema() {
                Some(schema) => format!("{schema}.{}", name.table()),
                None => name.table().to_owned(),
            })
        }
        _ => None,
    }
}

fn of_one_row(expression: &Expr) -> bool {
    let other = expression.exists(|e| {
        Ok(matches!(
            e,
            Expr::AggregateFunction(_)
                | Expr::WindowFunction(_)
                | Expr::ScalarSubquery(_)
                | Expr::Exists(_)
                | Expr::InSubquery(_)
                | Expr::SetComparison(_)
                | Expr::Unnest(_)
                | Expr::GroupingSet(_)
        ))
    });
    matches!(other, Ok(false))
}
