//! Numbers computed of a column, as expressions over aggregates.

use pipe_check::Statistic;
use pipe_sql::Expression;
use sqlparser::ast::Expr;

use super::tree;

/// The number as aggregates over the rows judged; `None` for those that need the counts of values, or another table.
pub(super) fn value(subject: &Expr, statistic: &Statistic) -> Option<Expr> {
    let sql = match statistic.name {
        "completeness" => "CAST(count(x) AS DOUBLE) / nullif(count(*), 0)",
        "nulls" => "count(*) - count(x)",
        "mean" => "avg(CAST(x AS DOUBLE))",
        "sum" => "sum(x)",
        "minimum" => "min(x)",
        "maximum" => "max(x)",
        "stddev" => "stddev_samp(CAST(x AS DOUBLE))",
        "variance" => "var_samp(CAST(x AS DOUBLE))",
        "range" => "max(x) - min(x)",
        "row_count" => "count(*)",
        _ => return None,
    };
    tree::with_x(sql, subject)
}

/// Whether each of `values` occurs, and with `equal` no other.
pub(super) fn values(subject: &Expr, equal: bool, values: &[Expression]) -> Option<Expr> {
    let occurs = |value: &Expression| -> Option<Expr> {
        let same = tree::binary(subject, sqlparser::ast::BinaryOperator::Eq, &value.ast);
        Some(tree::call("coalesce", vec![tree::call("bool_or", vec![same]), tree::expression("FALSE")?]))
    };
    let mut conditions: Vec<Expr> = values.iter().map(occurs).collect::<Option<_>>()?;
    if equal {
        let list = values.iter().map(|v| v.ast.clone()).collect();
        let other = Expr::InList { expr: tree::operand(subject), list, negated: false };
        conditions.push(tree::call("bool_and", vec![other]));
    }
    tree::all(conditions)
}
