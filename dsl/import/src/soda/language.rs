//! SodaCL: `checks for orders: - row_count > 0`.

use pipe_diagnostics::Span;

use super::forms;
use super::measure::{Limits, Metric, metric, rules};
use super::validity::Validity;
use crate::args::{Args, refuse, wrong};
use crate::import::Cx;
use crate::node::{Kind, Node};
use crate::rule::{Rule, Said};
use crate::threshold::Threshold;

/// Entries of a check that have no bearing on its verdict.
pub(super) const BESIDE: &[&str] = &[
    "name",
    "identity",
    "attributes",
    "samples limit",
    "samples columns",
    "collect failed rows",
    "title",
    "tags",
    "owner",
    "description",
];

/// Reads the checks of a document; whether there were any.
pub(super) fn read(cx: &mut Cx, document: &Node) -> bool {
    let mut filters: Vec<(String, String)> = Vec::new();
    for (key, body) in document.entries() {
        if let Some(rest) = key.text.strip_prefix("filter ") {
            filters.extend(body.text("where").map(|sql| (rest.trim().to_owned(), sql)));
        }
    }
    let mut found = false;
    for (key, body) in document.entries() {
        if let Some(rest) = key.text.strip_prefix("checks for ") {
            found = true;
            let filter = filters.iter().find(|(name, _)| name == rest.trim()).map(|(_, sql)| sql.clone());
            checks(cx, rest.split('[').next().unwrap_or(rest), body, filter.as_deref());
        } else if key.text.starts_with("for each dataset") {
            found = true;
            for dataset in body.get("datasets").map(Node::items).unwrap_or_default() {
                let name = dataset.scalar().unwrap_or_default();
                let name = name.strip_prefix("include ").unwrap_or(&name).to_owned();
                if name.contains('%') || name.starts_with("exclude ") {
                    let table = cx.default_table.clone();
                    cx.add(
                        &table,
                        refuse(
                            dataset.span,
                            format!("`{name}` stands for tables that only a database knows; name them"),
                        ),
                    );
                    continue;
                }
                if let Some(inner) = body.get("checks") {
                    checks(cx, &name, inner, None);
                }
            }
        }
    }
    found
}

fn checks(cx: &mut Cx, table: &str, list: &Node, filter: Option<&str>) {
    let table = table.trim().rsplit('.').next().unwrap_or(table).to_owned();
    for check in list.items() {
        let rules = one(check).map(|mut rules| {
            for rule in &mut rules {
                rule.filter.extend(filter.map(str::to_owned));
                rule.span = head(check).1;
            }
            rules
        });
        cx.add(&table, rules);
    }
}

/// The text of a check, its place, and what stands below it.
pub(super) fn head(check: &Node) -> (String, Span, Option<&Node>) {
    match &check.kind {
        Kind::Map(entries) => match entries.first() {
            Some((key, body)) => (key.text.clone(), key.span, Some(body)),
            None => (String::new(), check.span, None),
        },
        _ => (check.scalar().unwrap_or_default(), check.span, None),
    }
}

fn one(check: &Node) -> Said<Vec<Rule>> {
    let (text, span, body) = head(check);
    let args = Args::new(body, span);
    args.pass(BESIDE);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.contains("${") {
        return refuse(span, "a variable is filled in only when the scan runs; write its value in");
    }
    let filter = args.text("filter")?;
    let mut found = dispatch(&text, span, &args)?;
    args.done()?;
    for rule in &mut found {
        rule.filter.extend(filter.clone());
    }
    Ok(found)
}

fn dispatch(text: &str, span: Span, args: &Args<'_>) -> Said<Vec<Rule>> {
    if text == "schema" {
        return forms::schema(args);
    }
    if text == "failed rows" {
        return forms::failed_rows(args);
    }
    if let Some(rest) = text.strip_prefix("values in ") {
        return forms::references(rest, span);
    }
    if let Some(other) = text.strip_prefix("row_count same as ") {
        let other = crate::write::identifier(other.split(" in ").next().unwrap_or(other));
        return Ok(vec![Rule::table("row_count_same_as", format!("row count same as {other}"))]);
    }
    if let Some(rest) = text.strip_prefix("freshness") {
        return forms::freshness(rest, span, args);
    }
    if let Some(rest) = text.strip_prefix("change ") {
        return forms::change(rest, span);
    }
    if let Some(rest) = text.strip_prefix("anomaly detection for ").or_else(|| text.strip_prefix("anomaly score for "))
    {
        return forms::anomaly(rest.trim_end_matches("< default").trim(), span, args);
    }
    if text.starts_with("group by") {
        return forms::group_by(span, args);
    }
    for (start, why) in [
        (
            "distribution_difference",
            "compares with a file of stored bins; say `c psi from last_year (c) < 0.2` of a table that has the old values",
        ),
        ("group evolution", "compares the groups with those of the last scan; name them: `c values equal (…)`"),
    ] {
        if text.starts_with(start) {
            return refuse(span, format!("`{start}` {why}"));
        }
    }
    let (name, arguments, rest) = call(text);
    let validity = Validity::read(args)?;
    let metric = match metric(&name, &arguments, &validity, span)? {
        Some(metric) => metric,
        None => own(&name, args, span)?,
    };
    let limits = limits(&rest, name.ends_with("percent"), span, args)?;
    rules(&metric, &limits, &validity, span)
}

/// `missing_count(a, b) > 5` as the name, the arguments and the rest.
pub(super) fn call(text: &str) -> (String, Vec<String>, String) {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let inner = rest.trim_start().strip_prefix('(').and_then(|r| r.split_once(')'));
    match inner {
        Some((inner, rest)) => {
            let arguments =
                inner.split(',').map(|a| a.trim().trim_matches(['"', '`']).to_owned()).filter(|a| !a.is_empty());
            (name.to_owned(), arguments.collect(), rest.trim().to_owned())
        }
        None => (name.to_owned(), Vec::new(), rest.trim().to_owned()),
    }
}

/// What stands behind the metric, or below it at `warn` and `fail`.
pub(super) fn limits(rest: &str, percent: bool, span: Span, args: &Args<'_>) -> Said<Limits> {
    let read = |text: &str, at: Span| match Threshold::parse(text) {
        Some((threshold, _)) => Ok(threshold),
        None => wrong(at, format!("`{text}` is no threshold such as `> 5` or `between 1 and 10`")),
    };
    if !rest.is_empty() {
        return Ok(Limits { warn: None, fail: Some(read(rest, span)?), percent });
    }
    let when = |key: &str| -> Said<Option<Threshold>> {
        let Some(node) = args.get(key) else { return Ok(None) };
        let Some(text) = node.scalar() else {
            return wrong(node.span, format!("`{key}` needs `when` and a threshold"));
        };
        let text = text.trim().strip_prefix("when ").unwrap_or(text.trim()).to_owned();
        // What is said is when it goes wrong.
        Ok(Some(read(&text, node.span)?.contrary()))
    };
    Ok(Limits { warn: when("warn")?, fail: when("fail")?, percent })
}

/// A metric that the check itself defines: `avg_area between 1 and 2: avg_area expression: AVG(size * 2)`.
fn own(name: &str, args: &Args<'_>, span: Span) -> Said<Metric> {
    if let Some(sql) = args.text(&format!("{name} expression"))? {
        return Ok(Metric::Sql { name: name.to_owned(), sql });
    }
    if let Some(sql) = args.text(&format!("{name} query"))? {
        return Ok(Metric::Sql { name: name.to_owned(), sql: format!("({})", sql.trim().trim_end_matches(';')) });
    }
    let known = super::CHECKS.iter().map(|c| c.name);
    let near = pipe_diagnostics::nearest(name, known);
    Err(Box::new(
        pipe_diagnostics::Diagnostic::error(
            pipe_diagnostics::codes::import::UNKNOWN_CHECK,
            format!("Soda has no metric `{name}`"),
            span,
        )
        .maybe_help(near.map(|n| format!("did you mean `{n}`?"))),
    ))
}
