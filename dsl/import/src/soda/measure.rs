//! Metrics against thresholds.

use pipe_diagnostics::Span;

use super::validity::Validity;
use crate::args::{refuse, wrong};
use crate::rule::{Rule, Said, Severity};
use crate::threshold::Threshold;
use crate::words;

/// What has to hold of a metric: of the check itself, or where it must not warn or fail.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    pub(super) warn: Option<Threshold>,
    pub(super) fail: Option<Threshold>,
    pub(super) percent: bool,
}

/// A number of a table.
#[derive(Clone, Debug)]
pub(super) enum Metric {
    /// `row count`, `c mean`: a word of a column or the table.
    Word { column: Option<String>, check: &'static str, words: String },
    /// An aggregate, as SQL, with a name for the rule.
    Sql { name: String, sql: String },
    /// How many rows violate, or which share of them.
    Violations(Box<Rule>),
    /// How many values are valid, or which share of all rows: the condition's contrary is counted.
    Valid { column: String, percent: bool },
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
            let (check, predicate) = validity.present(span)?;
            Ok(Some(Metric::Violations(Box::new(Rule::column(&column()?, check, predicate)))))
        }
        "invalid_count" | "invalid_percent" => {
            let (check, predicate) = validity.valid(span)?;
            Ok(Some(Metric::Violations(Box::new(Rule::column(&column()?, check, predicate)))))
        }
        "valid_count" | "valid_percent" => {
            Ok(Some(Metric::Valid { column: column()?, percent: name.ends_with("percent") }))
        }
        "duplicate_count" | "duplicate_percent" => {
            column()?;
            Ok(Some(Metric::Duplicates(arguments.to_vec())))
        }
        _ => Ok(None),
    }
}

/// The rules of a metric with its limits.
pub(super) fn rules(metric: &Metric, limits: &Limits, validity: &Validity, span: Span) -> Said<Vec<Rule>> {
    if let Metric::Violations(rule) = metric {
        return violations(rule, limits, span).map(|r| vec![r]);
    }
    let mut out = Vec::new();
    for (threshold, severity) in [(&limits.fail, None), (&limits.warn, Some(Severity::Warning))] {
        let Some(threshold) = threshold else { continue };
        for mut rule in one(metric, threshold, validity, span)? {
            rule.severity = severity;
            out.push(rule);
        }
    }
    if out.is_empty() { wrong(span, "no threshold is given") } else { Ok(out) }
}

fn one(metric: &Metric, threshold: &Threshold, validity: &Validity, span: Span) -> Said<Vec<Rule>> {
    match metric {
        Metric::Word { column, check, words: word } => Ok(match (threshold.predicates(), column) {
            (Ok(found), None) => found.into_iter().map(|p| Rule::table(check, format!("{word} {p}"))).collect(),
            (Ok(found), Some(c)) => found.into_iter().map(|p| Rule::column(c, check, format!("{word} {p}"))).collect(),
            (Err((low, high)), None) => vec![Rule::boolean(*check, format!("count(*) {low} or count(*) {high}"))],
            (Err((low, high)), Some(c)) => {
                let part = |p: &str| format!("{} {word} {p}", words::name(c));
                let name = format!("{c}_{check}");
                vec![Rule::table("any_of", format!("any of ({}, {})", part(&low), part(&high))).named(name)]
            }
        }),
        Metric::Sql { name, sql } => Ok(match threshold.predicates() {
            Ok(found) => found.into_iter().map(|p| Rule::sql(name.clone(), sql.clone(), p)).collect(),
            Err((low, high)) => vec![Rule::boolean(name.clone(), format!("({sql}) {low} or ({sql}) {high}"))],
        }),
        Metric::Duplicates(columns) => match (threshold, columns.as_slice()) {
            (t, _) if t.allowed(false).as_deref() == Some("") => Ok(vec![Rule::key(columns, "unique", "unique")]),
            _ => refuse(
                span,
                "how many values repeat cannot be bounded, only that none does, or how many rows do: `c duplicates <= 10`",
            ),
        },
        Metric::Valid { column, percent } => {
            let (_, predicate) = validity.valid(span)?;
            let c = words::name(column);
            let Some(condition) = condition(&c, &predicate) else {
                return refuse(
                    span,
                    "valid values of this kind cannot be counted; say how many may be invalid, with `invalid_count`",
                );
            };
            let count = format!("count({c}) filter (where {condition})");
            let sql = if *percent { format!("100.0 * {count} / count(*)") } else { count };
            one(&Metric::Sql { name: format!("{column}_valid"), sql }, threshold, validity, span)
        }
        Metric::Violations(_) => Ok(Vec::new()),
    }
}

/// A predicate as a condition of SQL, where it is one word for word.
fn condition(c: &str, predicate: &str) -> Option<String> {
    if let Some(regex) = predicate.strip_prefix("matches ") {
        return Some(format!("regexp_like({c}, {regex})"));
    }
    if let Some(rest) = predicate.strip_prefix("length ") {
        return Some(format!("length({c}) {rest}"));
    }
    let sql = ["in (", "not in (", "between ", ">", "<", "="].iter().any(|w| predicate.starts_with(w));
    sql.then(|| format!("{c} {predicate}"))
}

/// A rule on rows of which so many may violate.
fn violations(rule: &Rule, limits: &Limits, span: Span) -> Said<Rule> {
    let mut rule = rule.clone();
    let allowed = |t: &Threshold| t.allowed(limits.percent);
    let some = |t: &Option<Threshold>| t.as_ref().map(allowed);
    match (some(&limits.warn), some(&limits.fail)) {
        (Some(None), _) | (_, Some(None)) => {
            return refuse(span, "rows that have to violate cannot be asked for; only how many may");
        }
        (warn, Some(Some(fail))) => {
            rule.tolerate = Some(fail).filter(|f| !f.is_empty());
            let zero = if limits.percent { "0%" } else { "0" };
            // Without a tolerance the first violation fails, and no warning comes before it.
            if rule.tolerate.is_some() {
                rule.warn = warn.flatten().map(|w| if w.is_empty() { zero.to_owned() } else { w });
            }
        }
        (Some(Some(warn)), None) => {
            rule.severity = Some(Severity::Warning);
            rule.tolerate = Some(warn).filter(|w| !w.is_empty());
        }
        (None, None) => return wrong(span, "no threshold is given"),
    }
    Ok(rule)
}
