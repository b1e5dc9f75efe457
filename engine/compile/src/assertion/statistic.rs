//! Numbers computed of a column, as SQL over aggregates.
//!
//! What needs how often each value occurs is asked of those counts, a row for each value; what compares with another column
//! of both columns' counts side by side.

use pipe_check::{Rule, Statistic};
use pipe_sql::Expression;
use sqlparser::ast::{self, Expr};

use super::tree::{self, ident};

/// A number as an expression, and the rows it is over.
pub(super) struct Number {
    pub(super) value: Expr,
    pub(super) over: Over,
    pub(super) counts: Counts,
}

/// What a number is a share or a count of.
#[derive(Default)]
pub(super) struct Counts {
    /// How many of them it counts; `None`: it is no share and no count.
    pub(super) numerator: Option<Expr>,
    /// How many there are.
    pub(super) denominator: Option<Expr>,
}

impl Counts {
    /// Both as SQL over `x`.
    pub(super) fn of(numerator: Option<&str>, denominator: Option<&str>, subject: &Expr) -> Self {
        let of = |sql: Option<&str>| sql.and_then(|sql| tree::with_x(sql, subject));
        Self { numerator: of(numerator), denominator: of(denominator) }
    }
}

/// What a statistic is a share or a count of: of its rows, as SQL.
fn counted(name: &str, approx: bool) -> (Option<&'static str>, Option<&'static str>) {
    const ONCE: &str = "count(*) FILTER (WHERE n = 1)";
    const VALUES: &str = "coalesce(sum(n), 0)";
    match name {
        "completeness" => (Some("count(x)"), Some("count(*)")),
        "nulls" => (Some("count(*) - count(x)"), Some("count(*)")),
        "row_count" => (Some("count(*)"), None),
        "uniqueness" => (Some(ONCE), Some(VALUES)),
        "unique_value_ratio" => (Some(ONCE), Some("count(*)")),
        "distinctness" if approx => (Some("approx_distinct(x)"), Some("count(x)")),
        "distinctness" => (Some("count(*)"), Some(VALUES)),
        "duplicates" => (Some("coalesce(sum(n) FILTER (WHERE n > 1), 0)"), Some(VALUES)),
        "mode" => (Some("max(n)"), Some(VALUES)),
        // As the number itself sums, for two sums of one name cannot stand beside each other.
        "entropy" => (None, Some("coalesce(sum(CAST(n AS DOUBLE)), 0)")),
        "kl_divergence" | "chi_square" | "chi_square_p" | "ks" | "ks_p" | "psi" => (None, Some("coalesce(max(tm), 0)")),
        _ => (None, Some("count(x)")),
    }
}

/// What the rows are that a number is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// The rows judged.
    Rows,
    /// A row for each value: `value`, and `n`, how often it occurs.
    Counts,
    /// A row for each value of either column: `value`, `m` here, `r` there; `tm` and `tr`, the sums of both.
    Both(String),
    /// The same of ten bins of as many values of the reference.
    Bins(String),
    /// A row for each row judged: `value`, and `before`, the next smaller one.
    Neighbours,
}

/// A statistic of `subject`; `None` where it has none.
pub(super) fn number(subject: &Expr, statistic: &Statistic, approx: bool) -> Option<Number> {
    let share = statistic.share.unwrap_or(0.5);
    let quantile = |share: f64| {
        let function = if approx { "approx_percentile_cont" } else { "percentile_cont" };
        format!("{function}({share:?}) WITHIN GROUP (ORDER BY CAST(x AS DOUBLE))")
    };
    let both = |f: fn(String) -> Over| {
        let (table, column) = statistic.reference.as_ref()?;
        let theirs = format!("SELECT {} AS x FROM {}", ident(column), ident(table));
        Some(f(theirs))
    };
    let (sql, over) = match statistic.name {
        "completeness" => ("CAST(count(x) AS DOUBLE) / nullif(count(*), 0)".to_owned(), Over::Rows),
        "nulls" => ("count(*) - count(x)".to_owned(), Over::Rows),
        "mean" => ("avg(CAST(x AS DOUBLE))".to_owned(), Over::Rows),
        "sum" => ("sum(x)".to_owned(), Over::Rows),
        "minimum" => ("min(x)".to_owned(), Over::Rows),
        "maximum" => ("max(x)".to_owned(), Over::Rows),
        "stddev" => ("stddev_samp(CAST(x AS DOUBLE))".to_owned(), Over::Rows),
        "variance" => ("var_samp(CAST(x AS DOUBLE))".to_owned(), Over::Rows),
        "skewness" => ("skewness(CAST(x AS DOUBLE))".to_owned(), Over::Rows),
        "kurtosis" => ("kurtosis(CAST(x AS DOUBLE))".to_owned(), Over::Rows),
        "range" => ("max(x) - min(x)".to_owned(), Over::Rows),
        "row_count" => ("count(*)".to_owned(), Over::Rows),
        "median" | "quantile" => (quantile(share), Over::Rows),
        "iqr" => (format!("{} - {}", quantile(0.75), quantile(0.25)), Over::Rows),
        "uniqueness" => ("CAST(count(*) FILTER (WHERE n = 1) AS DOUBLE) / sum(n)".to_owned(), Over::Counts),
        "unique_value_ratio" => {
            ("CAST(count(*) FILTER (WHERE n = 1) AS DOUBLE) / nullif(count(*), 0)".to_owned(), Over::Counts)
        }
        "distinctness" if approx => ("CAST(approx_distinct(x) AS DOUBLE) / nullif(count(x), 0)".to_owned(), Over::Rows),
        "distinctness" => ("CAST(count(*) AS DOUBLE) / sum(n)".to_owned(), Over::Counts),
        "duplicates" => ("coalesce(sum(n) FILTER (WHERE n > 1), 0)".to_owned(), Over::Counts),
        // -sum(p ln p), with p = n / sum(n).
        "entropy" => (
            "ln(sum(CAST(n AS DOUBLE))) - sum(CAST(n AS DOUBLE) * ln(CAST(n AS DOUBLE))) / sum(CAST(n AS DOUBLE))".to_owned(),
            Over::Counts,
        ),
        "mode" => ("first_value(value ORDER BY n DESC, value)".to_owned(), Over::Counts),
        "kl_divergence" => (
            "sum(CASE WHEN tm = 0 OR tr = 0 THEN NULL WHEN m = 0 THEN 0.0 WHEN r = 0 THEN CAST('inf' AS DOUBLE) ELSE m / tm * ln(m / tm / (r / tr)) END)".to_owned(),
            both(Over::Both)?,
        ),
        "chi_square" => (chi_square(), both(Over::Both)?),
        "chi_square_p" => {
            (format!("chi_square_p({}, count(*) FILTER (WHERE r > 0) - 1)", chi_square()), both(Over::Both)?)
        }
        "ks" => (KS.to_owned(), both(Over::Both)?),
        "ks_p" => (format!("kolmogorov_p({KS} * sqrt(max(tm) * max(tr) / (max(tm) + max(tr))))"), both(Over::Both)?),
        "psi" => (
            "sum(CASE WHEN tm = 0 OR tr = 0 THEN NULL ELSE (greatest(m / tm, 0.0001) - greatest(r / tr, 0.0001)) * ln(greatest(m / tm, 0.0001) / greatest(r / tr, 0.0001)) END)".to_owned(),
            both(Over::Bins)?,
        ),
        _ => return None,
    };
    // What is over the rows is made of the subject itself, so that an error in it is shown there.
    let value = if over == Over::Rows { tree::with_x(&sql, subject)? } else { tree::expression(&sql)? };
    let (numerator, denominator) = counted(statistic.name, approx);
    let counts = if over == Over::Rows {
        Counts::of(numerator, denominator, subject)
    } else {
        let of = |sql: Option<&str>| sql.and_then(tree::expression);
        Counts { numerator: of(numerator), denominator: of(denominator) }
    };
    Some(Number { value, over, counts })
}

/// Pearson's statistic of the counts against those expected from the reference's shares.
fn chi_square() -> String {
    let expected = "(r / tr * tm)";
    format!(
        "sum(CASE WHEN tm = 0 OR tr = 0 THEN NULL WHEN m = 0 AND r = 0 THEN 0.0 WHEN r = 0 THEN CAST('inf' AS DOUBLE) ELSE (m - {expected}) * (m - {expected}) / {expected} END)"
    )
}

/// The greatest distance of the cumulated shares.
const KS: &str = "max(CASE WHEN tm = 0 OR tr = 0 THEN NULL ELSE abs(cm / tm - cr / tr) END)";

/// What stands for the subject and for the rule's `where` in [`rows_of`].
pub(super) const SUBJECT: &str = "subject_";
/// See [`SUBJECT`].
pub(super) const FILTER: &str = "filter_";

/// The rows a number is over, as a subquery of `from`; `None`: the rows themselves. `filtered`: with a condition; `groups`: the
/// columns that keep groups apart.
pub(super) fn rows_of(over: &Over, from: &str, filtered: bool, groups: &[String]) -> Option<String> {
    let columns: String = groups.iter().map(|g| format!(", {}", ident(g))).collect();
    let condition = format!("{SUBJECT} IS NOT NULL{}", if filtered { format!(" AND {FILTER}") } else { String::new() });
    let counts = |columns: &str| {
        format!(
            "SELECT {SUBJECT} AS value{columns}, count(*) AS n FROM {from} WHERE {condition} GROUP BY {SUBJECT}{columns}"
        )
    };
    Some(match over {
        Over::Rows => return None,
        Over::Counts => format!("({})", counts(&columns)),
        Over::Both(theirs) => side_by_side(&counts(""), theirs),
        Over::Bins(theirs) => {
            let mine = format!("SELECT {SUBJECT} AS x FROM {from} WHERE {condition}");
            side_by_side(&binned(&mine, theirs), &format!("SELECT value AS x FROM ({}) AS binned", bin(theirs, theirs)))
        }
        Over::Neighbours => {
            let apart = groups.iter().map(|g| ident(g).to_string()).collect::<Vec<_>>().join(", ");
            let apart = if apart.is_empty() { apart } else { format!("PARTITION BY {apart} ") };
            format!(
                "(SELECT {SUBJECT} AS value{columns}, lag({SUBJECT}) OVER ({apart}ORDER BY {SUBJECT}) AS before FROM {from} WHERE {condition})"
            )
        }
    })
}

/// The counts of both columns beside each other, cumulated as well.
fn side_by_side(mine: &str, theirs: &str) -> String {
    let number = |c: &str| format!("CAST(coalesce({c}, 0) AS DOUBLE)");
    format!(
        "(SELECT value, m, r, sum(m) OVER () AS tm, sum(r) OVER () AS tr, sum(m) OVER (ORDER BY value) AS cm, sum(r) OVER (ORDER BY value) AS cr FROM (SELECT coalesce(mine.value, theirs.value) AS value, {} AS m, {} AS r FROM ({mine}) AS mine FULL JOIN (SELECT x AS value, count(*) AS n FROM ({theirs}) AS reference WHERE x IS NOT NULL GROUP BY x) AS theirs ON mine.value = theirs.value) AS paired)",
        number("mine.n"),
        number("theirs.n"),
    )
}

/// The counts of bins.
fn binned(rows: &str, theirs: &str) -> String {
    format!("SELECT value, count(*) AS n FROM ({}) AS binned GROUP BY value", bin(rows, theirs))
}

/// The bin of each value: how many of the reference's deciles are below it.
fn bin(rows: &str, theirs: &str) -> String {
    let deciles = (1..10).map(|i| format!("percentile_cont(0.{i}) WITHIN GROUP (ORDER BY CAST(x AS DOUBLE)) AS e{i}"));
    let above = (1..10).map(|i| format!("CASE WHEN CAST(own.x AS DOUBLE) > e{i} THEN 1 ELSE 0 END"));
    format!(
        "SELECT {} AS value FROM ({rows}) AS own CROSS JOIN (SELECT {} FROM ({theirs}) AS reference) AS deciles WHERE own.x IS NOT NULL",
        above.collect::<Vec<_>>().join(" + "),
        deciles.collect::<Vec<_>>().join(", "),
    )
}

/// A statistic within an expression over the rows: what is over other rows becomes a subquery.
pub(super) fn value(rule: &Rule, subject: &Expr, statistic: &Statistic) -> Option<Expr> {
    let number = number(subject, statistic, rule.approx)?;
    if number.over == Over::Rows {
        return Some(number.value);
    }
    let rows = rows_of(&number.over, &ident(&rule.table).to_string(), rule.filter.is_some(), &[])?;
    let mut query = tree::query(&format!("SELECT NULL FROM {rows} AS counted"))?;
    tree::put(&mut query, SUBJECT, subject)?;
    if let Some(filter) = &rule.filter {
        tree::put(&mut query, FILTER, &filter.ast)?;
    }
    let ast::SetExpr::Select(select) = query.body.as_mut() else { return None };
    select.projection = vec![ast::SelectItem::UnnamedExpr(number.value)];
    Some(Expr::Subquery(Box::new(query)))
}

/// How many neighbours are further apart than `over`.
pub(super) fn gaps(over: &Expr) -> Option<Number> {
    let mut value = tree::expression("count(*) FILTER (WHERE value > before + distance_)")?;
    tree::put(&mut value, "distance_", over)?;
    let counts = Counts { numerator: Some(value.clone()), denominator: tree::expression("count(before)") };
    Some(Number { value, over: Over::Neighbours, counts })
}

/// Whether each of `values` occurs, and with `equal` no other.
pub(super) fn values(subject: &Expr, equal: bool, values: &[Expression]) -> Option<Expr> {
    let occurs = |value: &Expression| -> Option<Expr> {
        let same = tree::binary(subject, ast::BinaryOperator::Eq, &value.ast);
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
