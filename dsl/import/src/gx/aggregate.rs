//! Expectations on a number of a column.

use super::values::bounds;
use crate::args::{Args, constant, number, refuse, wrong};
use crate::compare::in_list;
use crate::node::Node;
use crate::rule::{Rule, Said};
use crate::words;

/// Expectations that bound a number, by what that number is called here.
const STATISTICS: &[(&str, &str)] = &[
    ("expect_column_max_to_be_between", "maximum"),
    ("expect_column_min_to_be_between", "minimum"),
    ("expect_column_mean_to_be_between", "mean"),
    ("expect_column_median_to_be_between", "median"),
    ("expect_column_stdev_to_be_between", "stddev"),
    ("expect_column_sum_to_be_between", "sum"),
    ("expect_column_unique_value_count_to_be_between", "distinct"),
    ("expect_column_proportion_of_unique_values_to_be_between", "distinctness"),
    ("expect_column_proportion_of_non_null_values_to_be_between", "completeness"),
];

/// The rules of an expectation on a column as a whole; `None` when it is no such expectation.
pub(super) fn rules(name: &str, args: &Args<'_>, table: &str) -> Said<Option<Vec<Rule>>> {
    if let Some((_, statistic)) = STATISTICS.iter().find(|(n, _)| *n == name) {
        let column = args.need_text("column")?;
        let found = bounds(args, "min_value", "max_value", |n| args.constant(n))?.predicates();
        if found.is_empty() {
            return wrong(args.span, "neither `min_value` nor `max_value` is given: nothing is expected");
        }
        // Of no values there is no number, and what is expected of it fails; their sum is 0, and so are shares of them.
        let of_none = match *statistic {
            "distinct" => false,
            "sum" | "distinctness" | "completeness" => {
                let is = |key: &str, outside: fn(f64) -> bool| -> Said<bool> {
                    Ok(args.number(key)?.and_then(|n| n.parse().ok()).is_some_and(outside))
                };
                is("min_value", |low| low > 0.0)? || is("max_value", |high| high < 0.0)?
            }
            _ => true,
        };
        let rule = |p: String| {
            let rule = Rule::column(&column, statistic, format!("{statistic} {p}"));
            if of_none { rule.null_fails() } else { rule }
        };
        return Ok(Some(found.into_iter().map(|(_, p)| rule(p)).collect()));
    }
    Ok(Some(match name {
        "expect_column_distinct_values_to_be_in_set" => {
            let column = args.need_text("column")?;
            vec![Rule::column(&column, "in", in_list(&values(args)?))]
        }
        "expect_column_distinct_values_to_contain_set" => {
            let column = args.need_text("column")?;
            vec![Rule::column(&column, "values_contain", format!("values contain ({})", values(args)?.join(", ")))]
        }
        "expect_column_distinct_values_to_equal_set" => {
            let column = args.need_text("column")?;
            vec![Rule::column(&column, "values_equal", format!("values equal ({})", values(args)?.join(", ")))]
        }
        "expect_column_most_common_value_to_be_in_set" => {
            let column = args.need_text("column")?;
            let list = in_list(&values(args)?);
            let c = words::name(&column);
            let chosen = match args.get("row_condition") {
                Some(condition) => format!("{c} is not null and ({})", super::condition::sql(condition)?),
                None => format!("{c} is not null"),
            };
            let table = crate::write::identifier(table);
            let ranked = format!(
                "select {c}, rank() over (order by count(*) desc) as place from {table} where {chosen} group by {c}"
            );
            let most = |what: &str| format!("select {what} from ({ranked}) as ranked where place = 1");
            if args.flag("ties_okay", false)? {
                let found = most(&format!("coalesce(bool_or({c} {list}), false)"));
                vec![Rule::query(format!("{column}_mode"), found, "")]
            } else {
                let single = Rule::query(format!("{column}_single_mode"), most("count(*)"), "= 1");
                vec![Rule::column(&column, "mode", format!("mode {list}")).null_fails(), single]
            }
        }
        "expect_column_quantile_values_to_be_between" => quantiles(args)?,
        "expect_column_kl_divergence_to_be_less_than" => vec![divergence(args)?],
        _ => return Ok(None),
    }))
}

fn values(args: &Args<'_>) -> Said<Vec<String>> {
    let (values, null) = args.constants("value_set")?;
    match (values.is_empty(), null) {
        (true, _) => wrong(args.span, "the `value_set` is empty"),
        (_, true) => refuse(args.span, "NULL is no value here: leave it out of the `value_set`"),
        _ => Ok(values),
    }
}

fn quantiles(args: &Args<'_>) -> Said<Vec<Rule>> {
    let column = args.need_text("column")?;
    args.pass(&["allow_relative_error"]);
    let ranges = args.need("quantile_ranges")?;
    let list = |key: &str| ranges.get(key).map(Node::items).unwrap_or_default();
    let (shares, ranges) = (list("quantiles"), list("value_ranges"));
    if shares.is_empty() || shares.len() != ranges.len() {
        return wrong(args.span, "`quantile_ranges` needs as many `value_ranges` as `quantiles`");
    }
    let mut rules = Vec::new();
    for (share, range) in shares.iter().zip(ranges) {
        let [low, high] = range.items() else { return wrong(range.span, "a range has two ends") };
        let end = |n: &Node| if n.is_null() { Ok(None) } else { number(n).map(Some) };
        let share = number(share)?;
        for (_, predicate) in crate::compare::Bounds::closed(end(low)?, end(high)?).predicates() {
            rules.push(Rule::column(&column, "quantile", format!("quantile {share} {predicate}")).null_fails());
        }
    }
    if rules.is_empty() {
        return wrong(args.span, "no range has an end: nothing is expected");
    }
    Ok(rules)
}

/// The Kullback-Leibler divergence of the shares of a partition's values or bins, in nats.
fn divergence(args: &Args<'_>) -> Said<Rule> {
    let column = args.need_text("column")?;
    let c = words::name(&column);
    let Some(threshold) = args.number("threshold")? else { return wrong(args.span, "`threshold` is missing") };
    args.pass(&["bucketize_data"]);
    for key in ["tail_weight_holdout", "internal_weight_holdout"] {
        if args.number(key)?.is_some_and(|n| n.parse() != Ok(0.0)) {
            return refuse(args.span, format!("`{key}` moves weight into bins that are empty, which cannot be said"));
        }
    }
    let partition = args.need("partition_object")?;
    let list = |key: &str| partition.get(key).map(Node::items).unwrap_or_default();
    let weights = list("weights").iter().map(number).collect::<Said<Vec<_>>>()?;
    let (values, bins) = (list("values"), list("bins"));
    let parts: Vec<String> = if values.is_empty() {
        let ends = bins.iter().map(constant).collect::<Said<Vec<_>>>()?;
        let last = ends.len().saturating_sub(2);
        let pairs = ends.iter().zip(ends.iter().skip(1)).enumerate();
        pairs.map(|(i, (a, b))| format!("{c} >= {a} and {c} {} {b}", if i == last { "<=" } else { "<" })).collect()
    } else {
        values.iter().map(|v| constant(v).map(|v| format!("{c} = {v}"))).collect::<Said<_>>()?
    };
    if parts.is_empty() || parts.len() != weights.len() {
        return wrong(partition.span, "a partition has `values` or `bins`, and a weight for each");
    }
    if weights.iter().any(|w| w.parse::<f64>().is_ok_and(|w| w <= 0.0)) {
        return refuse(partition.span, "a weight of 0 makes the divergence infinite as soon as the value occurs");
    }
    let terms: Vec<String> = parts
        .iter()
        .zip(&weights)
        .map(|(part, weight)| {
            let share = format!("count(*) filter (where {part}) / nullif(cast(count({c}) as double), 0)");
            format!("coalesce({share} * ln(nullif({share}, 0) / {weight}), 0)")
        })
        .collect();
    // A value outside the partition has no weight: the divergence is infinite.
    let inside = format!(
        "count({c}) = count(*) filter (where {})",
        parts.iter().map(|p| format!("({p})")).collect::<Vec<_>>().join(" or ")
    );
    let name = format!("{column}_kl_divergence");
    Ok(Rule::boolean(name, format!("{inside} and {} <= {threshold}", terms.join(" + "))))
}
