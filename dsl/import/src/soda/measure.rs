//! Metrics against thresholds.

use pipe_diagnostics::Span;

use super::Scope;
use super::validity::Validity;
use crate::args::{refuse, wrong};
use crate::query::Number;
use crate::rule::{Rule, Said, Severity};
use crate::threshold::Threshold;
use crate::words;

/// What has to hold of a metric: of the check itself, or where it must not warn or fail.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) warn: Option<Threshold>,
    pub(crate) fail: Option<Threshold>,
    pub(crate) percent: bool,
}

/// A number of a table.
#[derive(Clone, Debug)]
pub(crate) enum Metric {
    /// `row count`, `c mean`: a word of a column or the table.
    Word { column: Option<String>, check: &'static str, words: String },
    /// An aggregate, as SQL, with a name for the rule.
    Sql { name: String, sql: String },
    /// A number that a query gives.
    Query { name: String, number: Number },
    /// How many rows violate, or which share of them; and the same as a number, where it can be said.
    Violations { rule: Box<Rule>, count: Option<String> },
    /// How many values are valid, or which share of all rows.
    Valid { column: String },
    /// How many values occur more than once.
    Duplicates(Vec<String>),
}

/// The metric of a name and its arguments; `None` when Soda has none of it.
pub(super) fn metric(name: &str, arguments: &[String], validity: &Validity, span: Span) -> Said<Option<Metric>> {
    let column = || match arguments.first() {
        Some(column) => Ok(column.clone()),
        None => wrong(span, format!("`{name}` needs a column")),
    };
    let word = |check: &'static str| Ok(Some(Metric::Word { column: Some(column()?), check, words: check.to_owned() }));
    let sql = |function: &str| -> Said<Option<Metric>> {
        let c = column()?;
        Ok(Some(Metric::Sql { name: format!("{c}_{name}"), sql: function.replace("$c", &words::name(&c)) }))
    };
    match name {
        "row_count" => Ok(Some(Metric::Word { column: None, check: "row_count", words: "row count".to_owned() })),
        "avg" => word("mean"),
        "max" => word("maximum"),
        "min" => word("minimum"),
        "sum" => word("sum"),
        "stddev" | "stddev_samp" => word("stddev"),
        "variance" | "var_samp" => word("variance"),
        "stddev_pop" => sql("stddev_pop($c)"),
        "var_pop" => sql("var_pop($c)"),
        "avg_length" => sql("avg(length($c))"),
        "max_length" => sql("max(length($c))"),
        "min_length" => sql("min(length($c))"),
        "percentile" => {
            let Some(share) = arguments.get(1).filter(|s| crate::node::is_number(s)) else {
                return wrong(span, "`percentile` needs a column and a share, `percentile(c, 0.95)`");
            };
            Ok(Some(Metric::Word {
                column: Some(column()?),
                check: "quantile",
                words: format!("quantile {}", words::number(share)),
            }))
        }
        "missing_count" | "missing_percent" => {
            let c = column()?;
            let (check, predicate) = validity.present();
            let count = format!("count(*) filter (where {})", validity.missing(&c));
            Ok(Some(Metric::Violations { rule: Box::new(Rule::column(&c, check, predicate)), count: Some(count) }))
        }
        "invalid_count" | "invalid_percent" => {
            let c = column()?;
            let (check, predicate) = validity.valid(span)?;
            let mut rule = Rule::column(&c, check, predicate);
            if check == "references" {
                rule.pick(validity.there(&c));
            }
            let there = validity.there(&c).map(|there| format!("{there} and ")).unwrap_or_default();
            let count = validity.condition(&c).map(|is| format!("count(*) filter (where {there}not ({is}))"));
            Ok(Some(Metric::Violations { rule: Box::new(rule), count }))
        }
        "valid_count" | "valid_percent" => Ok(Some(Metric::Valid { column: column()? })),
        "duplicate_count" | "duplicate_percent" => {
            column()?;
            Ok(Some(Metric::Duplicates(arguments.to_vec())))
        }
        _ => Ok(None),
    }
}

/// The rules of a metric with its limits.
pub(crate) fn rules(
    metric: &Metric,
    limits: &Limits,
    validity: &Validity,
    scope: &Scope<'_>,
    span: Span,
) -> Said<Vec<Rule>> {
    let mut out = Vec::new();
    let mut warn = limits.warn.as_ref();
    if let Metric::Violations { rule, .. } = metric
        && let Some((rule, warned)) = violations(rule, limits)
    {
        out.push(rule);
        if warned {
            warn = None;
        }
    }
    let fail = limits.fail.as_ref().filter(|_| out.is_empty());
    if out.iter().any(|r| r.severity.is_some()) {
        warn = None;
    }
    for (threshold, severity) in [(fail, None), (warn, Some(Severity::Warning))] {
        let Some(threshold) = threshold else { continue };
        for mut rule in one(metric, threshold, limits.percent, validity, scope, span)? {
            rule.severity = severity;
            out.push(rule);
        }
    }
    if out.is_empty() { wrong(span, "no threshold is given") } else { Ok(out) }
}

fn one(
    metric: &Metric,
    threshold: &Threshold,
    percent: bool,
    validity: &Validity,
    scope: &Scope<'_>,
    span: Span,
) -> Said<Vec<Rule>> {
    match metric {
        Metric::Word { column, check, words: word } => Ok(match (threshold.predicates(), column) {
            (Ok(found), None) => found.into_iter().map(|p| Rule::table(check, format!("{word} {p}"))).collect(),
            (Ok(found), Some(c)) => found.into_iter().map(|p| Rule::column(c, check, format!("{word} {p}"))).collect(),
            (Err((low, high)), None) => match threshold.whole().predicates() {
                Ok(found) => found.into_iter().map(|p| Rule::table(check, format!("{word} {p}"))).collect(),
                Err(_) => vec![Rule::boolean(*check, format!("count(*) {low} or count(*) {high}"))],
            },
            (Err((low, high)), Some(c)) => {
                let part = |p: &str| format!("{} {word} {p}", words::name(c));
                let name = format!("{c}_{check}");
                vec![Rule::table("any_of", format!("any of ({}, {})", part(&low), part(&high))).named(name)]
            }
        }),
        Metric::Duplicates(columns) if threshold.allowed(false).as_deref() == Some("") => {
            Ok(vec![Rule::key(columns, "unique", "unique")])
        }
        _ => {
            let (name, number) = number(metric, percent, validity, scope, span)?;
            let rules = match threshold.predicates() {
                Ok(found) => found.into_iter().map(|p| number.rule(&name, p)).collect(),
                Err((low, high)) => {
                    let sql = format!("({}) {low} or ({}) {high}", number.sql, number.sql);
                    vec![Number { sql, ..number }.rule(&name, "")]
                }
            };
            Ok(rules)
        }
    }
}

/// A metric that is no word here as a number, and a name for it.
pub(super) fn number(
    metric: &Metric,
    percent: bool,
    validity: &Validity,
    scope: &Scope<'_>,
    span: Span,
) -> Said<(String, Number)> {
    let aggregate = |sql: String| Number { sql, filter: None, asks: false };
    match metric {
        Metric::Sql { name, sql } => Ok((name.clone(), aggregate(sql.clone()))),
        Metric::Query { name, number } => Ok((name.clone(), number.clone())),
        Metric::Duplicates(columns) => {
            let count = scope.repeated(columns);
            let sql =
                if percent { format!("coalesce(100.0 * {count} / nullif({}, 0), 0)", scope.rows()) } else { count };
            let name = if percent { "duplicate_percent" } else { "duplicate_count" };
            Ok((format!("{}_{name}", columns.join("_")), Number { asks: true, ..aggregate(sql) }))
        }
        Metric::Valid { column } => {
            let c = words::name(column);
            validity.valid(span)?;
            let Some(condition) = validity.condition(column) else {
                return refuse(
                    span,
                    "valid values of this kind cannot be counted; say how many may be invalid, with `invalid_count`",
                );
            };
            let there = validity.there(column).map(|there| format!("{there} and ")).unwrap_or_default();
            let count = format!("count({c}) filter (where {there}{condition})");
            let sql = if percent { format!("100.0 * {count} / count(*)") } else { count };
            Ok((format!("{column}_valid"), aggregate(sql)))
        }
        Metric::Violations { rule, count } => {
            let Some(count) = count else {
                return refuse(span, "rows that have to violate cannot be asked for; only how many may");
            };
            // Of no rows it is 0.
            let share = format!("coalesce(100.0 * {count} / nullif(count(*), 0), 0)");
            let sql = if percent { share } else { count.clone() };
            let name = rule.derived_name().unwrap_or_default().replace('.', "_");
            Ok((format!("{name}_{}", if percent { "percent" } else { "count" }), aggregate(sql)))
        }
        Metric::Word { words, .. } => refuse(span, format!("`{words}` is no number in SQL")),
    }
}

/// A rule on rows of which so many may violate, and whether the warning is in it; `None` where some have to.
fn violations(rule: &Rule, limits: &Limits) -> Option<(Rule, bool)> {
    let mut rule = rule.clone();
    let allowed = |t: &Threshold| t.allowed(limits.percent);
    match (&limits.warn, &limits.fail) {
        (warn, Some(fail)) => {
            let fail = allowed(fail)?;
            rule.tolerate = Some(fail).filter(|f| !f.is_empty());
            let Some(warn) = warn else { return Some((rule, true)) };
            let Some(warn) = allowed(warn) else { return Some((rule, false)) };
            let zero = if limits.percent { "0%" } else { "0" };
            // Without a tolerance the first violation fails, and no warning comes before it.
            if rule.tolerate.is_some() {
                rule.warn = Some(if warn.is_empty() { zero.to_owned() } else { warn });
            }
            Some((rule, true))
        }
        (Some(warn), None) => {
            let warn = allowed(warn)?;
            rule.severity = Some(Severity::Warning);
            rule.tolerate = Some(warn).filter(|w| !w.is_empty());
            Some((rule, true))
        }
        (None, None) => None,
    }
}
