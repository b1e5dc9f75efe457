//! Quality rules: of the standard's library, and SQL.

use pipe_diagnostics::Diagnostic;
use pipe_diagnostics::codes::import as codes;

use crate::args::{Args, refuse, wrong};
use crate::catalogue::Check;
use crate::compare::in_list;
use crate::node::Node;
use crate::query::{self, Own};
use crate::rule::{Rule, Said, Severity};
use crate::soda::{Limits, Metric, Scope, Validity, rules as soda_rules};
use crate::threshold::Threshold;
use crate::words;

/// Entries of a quality rule that have no bearing on its verdict.
const BESIDE: &[&str] = &[
    "id",
    "businessImpact",
    "method",
    "scheduler",
    "schedule",
    "tags",
    "customProperties",
    "authoritativeDefinitions",
];

/// A quality rule of a property or of the table.
pub(super) fn quality(node: &Node, column: Option<&str>, table: &str) -> Said<Vec<Rule>> {
    let args = Args::new(Some(node), node.span);
    args.pass(BESIDE);
    let kind = args.text("type")?.unwrap_or_else(|| "library".to_owned());
    if kind == "custom" {
        return own(&args, node);
    }
    if let Some(Check { said: crate::catalogue::Said::Not(why), .. }) = super::CHECKS.iter().find(|c| c.name == kind) {
        return refuse(node.span, format!("a rule of type `{kind}` {why}"));
    }
    let percent = match args.text("unit")?.as_deref() {
        None | Some("rows" | "row" | "count") => false,
        Some("percent" | "%") => true,
        Some(other) => {
            return wrong(node.span, format!("the unit of a rule is rows or percent, and this is `{other}`"));
        }
    };
    let threshold = threshold(&args)?;
    let severity = match args.text("severity")?.as_deref() {
        Some("info") => Some(Severity::Info),
        Some("warning") => Some(Severity::Warning),
        Some("critical") => Some(Severity::Critical),
        _ => None,
    };
    // A name that could be a rule's is one; others are titles.
    let name = args.text("name")?.filter(|n| crate::write::identifier(n) == *n);
    let dimension = args.text("dimension")?;
    let dimension = match dimension.as_deref() {
        Some("accuracy" | "ac") => Some("accuracy"),
        Some("completeness" | "cp" | "coverage" | "cv") => Some("completeness"),
        Some("consistency" | "cs") => Some("consistency"),
        Some("timeliness" | "tm") => Some("timeliness"),
        Some("uniqueness" | "uq") => Some("uniqueness"),
        Some("conformity" | "cf" | "validity") => Some("validity"),
        _ => None,
    };
    let because = args.text("description")?;
    let mut rules = match kind.as_str() {
        "library" => library(&args, column, table, threshold.as_ref(), percent)?,
        "sql" => sql(&args, column, table, threshold.as_ref())?,
        other => return refuse(node.span, format!("a rule of type `{other}` is not known")),
    };
    args.done()?;
    for rule in &mut rules {
        rule.span = node.span;
        rule.severity = severity;
        rule.dimension = dimension;
        rule.because.clone_from(&because);
        if name.is_some() {
            rule.name.clone_from(&name);
        }
    }
    Ok(rules)
}

/// A rule in the words of `.pipe`, as `pipe contract export` writes what the standard has no words for.
fn own(args: &Args<'_>, node: &Node) -> Said<Vec<Rule>> {
    let engine = args.text("engine")?.unwrap_or_default();
    if engine != "pipe" {
        return refuse(node.span, format!("a rule of `{engine}` is in the words of another tool; import its file"));
    }
    let text = args.text("implementation")?.unwrap_or_default();
    args.pass(&["severity", "dimension", "description", "name"]);
    args.done()?;
    let mut rule = Rule::line(text.trim().trim_end_matches(';'));
    rule.span = node.span;
    Ok(vec![rule])
}

/// The one operator of a rule.
fn threshold(args: &Args<'_>) -> Said<Option<Threshold>> {
    let mut found: Option<Threshold> = None;
    let one = |found: &mut Option<Threshold>, next: Threshold, key: &str| match found.replace(next) {
        None => Ok(()),
        Some(_) => {
            wrong(args.span, format!("a rule has one operator, and `{key}` is its second; make it a rule of its own"))
        }
    };
    for (key, sign) in [
        ("mustBe", "="),
        ("mustNotBe", "<>"),
        ("mustBeGreaterThan", ">"),
        ("mustBeGreaterOrEqualTo", ">="),
        ("mustBeGreaterThanOrEqualTo", ">="),
        ("mustBeLessThan", "<"),
        ("mustBeLessOrEqualTo", "<="),
        ("mustBeLessThanOrEqualTo", "<="),
    ] {
        if let Some(n) = args.number(key)? {
            one(&mut found, Threshold::Compare(sign, n), key)?;
        }
    }
    for key in ["mustBeBetween", "mustNotBeBetween"] {
        let Some(node) = args.get(key) else { continue };
        let [low, high] = node.items() else { return wrong(node.span, format!("`{key}` has two bounds")) };
        let (low, high) = (crate::args::number(low)?, crate::args::number(high)?);
        let bounds = if key == "mustBeBetween" {
            Threshold::Between { low, high, open_low: true, open_high: true }
        } else {
            Threshold::Outside { low, high, open_low: true, open_high: true }
        };
        one(&mut found, bounds, key)?;
    }
    Ok(found)
}

fn library(
    args: &Args<'_>,
    column: Option<&str>,
    table: &str,
    threshold: Option<&Threshold>,
    percent: bool,
) -> Said<Vec<Rule>> {
    let rule = args.text("rule")?;
    let Some(metric) = args.text("metric")?.or(rule) else {
        return wrong(args.span, "a library rule without its `metric`");
    };
    let arguments = args.get("arguments");
    let inner = Args::new(arguments, args.span);
    // Earlier versions have them beside the metric.
    let get = |key: &str| inner.get(key).or_else(|| args.get(key));
    let need = || match column {
        Some(column) => Ok(column.to_owned()),
        None => wrong(args.span, format!("`{metric}` is about a property")),
    };
    let zero = Threshold::Compare("=", "0".to_owned());
    let limits = Limits { warn: None, fail: Some(threshold.unwrap_or(&zero).clone()), percent };
    let own = crate::write::identifier(table);
    let scope = Scope { table: &own, filter: Vec::new() };
    let judged = |metric: Metric| soda_rules(&metric, &limits, &Validity::default(), &scope, args.span);
    // So many rows may violate, or have to; the condition is that of the rows that do.
    let violating = |rule: Rule, condition: Option<String>| {
        let count = condition.map(|condition| format!("count(*) filter (where {condition})"));
        judged(Metric::Violations { rule: Box::new(rule), count })
    };
    let rules = match metric.as_str() {
        "nullValues" | "nullCheck" => {
            let c = need()?;
            let null = format!("{} is null", words::name(&c));
            violating(Rule::column(&c, "not_null", "not null"), Some(null))?
        }
        "missingValues" => {
            let items = get("missingValues").map(Node::items).unwrap_or_default();
            let values = items.iter().filter(|v| !v.is_null()).map(crate::args::constant).collect::<Said<Vec<_>>>()?;
            let predicate =
                if values.is_empty() { "not null".to_owned() } else { format!("not missing ({})", values.join(", ")) };
            let check = if values.is_empty() { "not_null" } else { "not_missing" };
            let c = need()?;
            let mut missing = format!("{} is null", words::name(&c));
            if !values.is_empty() {
                missing += &format!(" or {} in ({})", words::name(&c), values.join(", "));
            }
            violating(Rule::column(&c, check, predicate), Some(missing))?
        }
        "invalidValues" | "validValues" => {
            let mut parts = Vec::new();
            if let Some(values) = get("validValues") {
                let values = values.items().iter().filter(|v| !v.is_null()).map(crate::args::constant);
                parts.push(("in", in_list(&values.collect::<Said<Vec<_>>>()?)));
            }
            if let Some(pattern) = get("pattern") {
                parts.push(("matches", format!("matches {}", words::text(&crate::args::text(pattern)?))));
            }
            let texts: Vec<String> = parts.iter().map(|(_, p)| p.clone()).collect();
            let (check, predicate) = match parts.as_slice() {
                [] => return wrong(args.span, "`invalidValues` has neither `validValues` nor a `pattern`"),
                [one] => one.clone(),
                _ => crate::compare::joined(&texts, true),
            };
            let c = need()?;
            let column = words::name(&c);
            let invalid = match (check, predicate.strip_prefix("matches ")) {
                ("in", _) => Some(format!("not ({column} {predicate})")),
                (_, Some(regex)) => Some(format!("not regexp_like({column}, {regex})")),
                _ => None,
            };
            violating(Rule::column(&c, check, predicate), invalid)?
        }
        "duplicateValues" | "duplicateCount" | "uniqueCheck" => {
            let columns = match get("properties") {
                Some(list) => list.items().iter().map(crate::args::text).collect::<Said<Vec<_>>>()?,
                None => vec![need()?],
            };
            judged(Metric::Duplicates(columns))?
        }
        "rowCount" => {
            if percent {
                return wrong(args.span, "`rowCount` is a number of rows, and no percentage of anything");
            }
            let Some(threshold) = threshold else {
                return wrong(args.span, "`rowCount` needs an operator such as `mustBeGreaterThan`");
            };
            match threshold.predicates() {
                Ok(found) => found.into_iter().map(|p| Rule::table("row_count", format!("row count {p}"))).collect(),
                Err((low, high)) => vec![Rule::boolean("row_count", format!("count(*) {low} or count(*) {high}"))],
            }
        }
        other => {
            let near = pipe_diagnostics::nearest(other, super::CHECKS.iter().map(|c| c.name));
            return Err(Box::new(
                Diagnostic::error(codes::UNKNOWN_CHECK, format!("the standard has no metric `{other}`"), args.span)
                    .maybe_help(near.map(|n| format!("did you mean `{n}`?"))),
            ));
        }
    };
    inner.done()?;
    Ok(rules)
}

/// A query that gives a number: an aggregate of the table.
fn sql(args: &Args<'_>, column: Option<&str>, table: &str, threshold: Option<&Threshold>) -> Said<Vec<Rule>> {
    let node = args.need("query")?;
    let mut query = node.scalar().unwrap_or_default();
    for placeholder in ["${object}", "{object}", "${table}", "{table}", "{model}", "${schema}", "{schema}"] {
        query = query.replace(placeholder, "own_");
    }
    for placeholder in ["${property}", "{property}", "${column}", "{column}"] {
        query = query.replace(placeholder, &column.map(words::name).unwrap_or_default());
    }
    let own = Own { names: &["own_", table], table: &crate::write::identifier(table) };
    let number = query::number(&query, &own, node.span)?;
    let Some(threshold) = threshold else {
        return wrong(node.span, "the query's number needs an operator such as `mustBe: 0`");
    };
    let name = format!("{}_sql", column.unwrap_or(table));
    // How many rows are as the condition says: the rows that are not to be.
    if number.sql.eq_ignore_ascii_case("count(*)")
        && let (Some(condition), Some(allowed)) = (&number.filter, threshold.allowed(false))
    {
        let mut rule = Rule::boolean(name, opposite(condition));
        rule.tolerate = Some(allowed).filter(|a| !a.is_empty());
        return Ok(vec![rule]);
    }
    Ok(match threshold.predicates() {
        Ok(found) => found.into_iter().map(|p| number.rule(name.clone(), p)).collect(),
        Err((low, high)) => {
            let mut rule = Rule::boolean(name, format!("({0}) {low} or ({0}) {high}", number.sql));
            rule.pick(number.filter.clone());
            vec![Rule { asks: number.asks, ..rule }]
        }
    })
}

/// The opposite of a condition; of `NOT (a)` it is `a`.
fn opposite(condition: &str) -> String {
    let trimmed = condition.trim();
    let inner = trimmed.get(..3).filter(|w| w.eq_ignore_ascii_case("not")).and_then(|_| trimmed.get(3..));
    let inner = inner.and_then(|rest| rest.trim().strip_prefix('(')?.strip_suffix(')'));
    // The parenthesis that opens has to be closed by the last one, and none in a text counts.
    let mut depth = 0i32;
    let mut quoted = false;
    let closed = inner.is_some_and(|inner| {
        inner.chars().all(|c| {
            match c {
                '\'' => quoted = !quoted,
                '(' if !quoted => depth += 1,
                ')' if !quoted => depth -= 1,
                _ => {}
            }
            depth >= 0
        })
    });
    match inner {
        Some(inner) if closed && depth == 0 => inner.trim().to_owned(),
        _ => format!("not ({trimmed})"),
    }
}

#[cfg(test)]
mod tests {
    use super::opposite;

    #[test]
    fn the_opposite_of_not_is_what_it_negates() {
        assert_eq!(opposite("NOT (a > 1)"), "a > 1");
        assert_eq!(opposite("not (a) or (b)"), "not (not (a) or (b))");
        assert_eq!(opposite("not (a = ')')"), "a = ')'");
        assert_eq!(opposite("notes = 'x'"), "not (notes = 'x')");
    }
}
