//! SodaCL: `checks for orders: - row_count > 0`.

use std::collections::BTreeMap;

use pipe_diagnostics::Span;
use pipe_diagnostics::codes::import as codes;

use super::measure::{Limits, Metric, metric, rules};
use super::validity::Validity;
use super::{Scope, forms, reconcile};
use crate::args::{Args, refuse, wrong};
use crate::import::Cx;
use crate::node::{Key, Kind, Node};
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
    "failed rows query",
];

/// Sections that look at data and judge nothing.
const LOOKS: &[&str] = &["profile columns", "discover datasets", "discover tables", "sample datasets", "sample tables"];

/// Reads the checks of a document; whether there were any.
pub(super) fn read(cx: &mut Cx, document: &Node) -> bool {
    let variables: BTreeMap<String, String> = document
        .get("variables")
        .map(Node::entries)
        .unwrap_or_default()
        .iter()
        .filter_map(|(key, value)| Some((key.text.clone(), value.scalar()?)))
        .collect();
    let document = filled(document, &variables);
    let mut filters: Vec<(String, String)> = Vec::new();
    for (key, body) in document.entries() {
        if let Some(rest) = key.text.strip_prefix("filter ") {
            filters.extend(body.text("where").or_else(|| body.text("filter")).map(|sql| (one_line(rest), sql)));
        }
    }
    let mut found = false;
    for (key, body) in document.entries() {
        if let Some(rest) = key.text.strip_prefix("checks for ") {
            found = true;
            let table = rest.split('[').next().unwrap_or(rest);
            let filter = filters.iter().find(|(name, _)| *name == one_line(rest)).map(|(_, sql)| sql.clone());
            if rest.contains('[') && filter.is_none() {
                let name = one_line(rest);
                for _ in body.items() {
                    cx.add(table.trim(), wrong(key.span, format!("the file has no `filter {name}`")));
                }
                continue;
            }
            checks(cx, table, body, filter.as_deref());
        } else if key.text.starts_with("for each dataset") || key.text.starts_with("for each table") {
            found = true;
            each(cx, body);
        } else if key.text.starts_with("reconciliation ") {
            found = true;
            reconcile::read(cx, body, key.span);
        } else if LOOKS.iter().any(|looks| key.text.starts_with(looks)) {
            found = true;
            cx.leave_out(key.span, format!("`{}` looks at data and judges nothing", key.text));
        } else if key.text.starts_with("automated monitoring") {
            found = true;
            let table = cx.default_table.clone();
            let why =
                "watches what a forecast is made of; say what, as in `row count within 3 sigma over last 14 runs`";
            cx.add(&table, refuse(key.span, format!("`automated monitoring` {why}")));
        } else if key.text != "variables" && !key.text.starts_with("filter ") {
            let table = cx.default_table.clone();
            let near = pipe_diagnostics::nearest(&key.text, ["checks for", "for each dataset", "filter", "variables"]);
            let message = format!("Soda has no section `{}`", key.text);
            let unknown = pipe_diagnostics::Diagnostic::error(codes::UNKNOWN_CHECK, message, key.span);
            cx.add(&table, Err(Box::new(unknown.maybe_help(near.map(|n| format!("did you mean `{n}`?"))))));
        }
    }
    found
}

/// The tree with the variables of the file filled in; others stay as they are.
pub(super) fn filled(node: &Node, variables: &BTreeMap<String, String>) -> Node {
    if variables.is_empty() {
        return node.clone();
    }
    let fill = |text: &str| {
        variables.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("${{{name}}}"), value).replace(&format!("${{ {name} }}"), value)
        })
    };
    let kind = match &node.kind {
        Kind::Text(text) => Kind::Text(fill(text)),
        Kind::List(items) => Kind::List(items.iter().map(|n| filled(n, variables)).collect()),
        Kind::Map(entries) => Kind::Map(
            entries.iter().map(|(k, v)| (Key { text: fill(&k.text), span: k.span }, filled(v, variables))).collect(),
        ),
        other => other.clone(),
    };
    Node { kind, span: node.span }
}

/// The checks of a section for each of its datasets.
fn each(cx: &mut Cx, body: &Node) {
    let datasets = body.get("datasets").or_else(|| body.get("tables")).map(Node::items).unwrap_or_default();
    let names: Vec<(String, Span)> = datasets.iter().map(|d| (d.scalar().unwrap_or_default(), d.span)).collect();
    let left_out: Vec<&str> = names.iter().filter_map(|(name, _)| name.strip_prefix("exclude ")).collect();
    for (name, span) in &names {
        let bare = name.strip_prefix("include ").unwrap_or(name).to_owned();
        if name.starts_with("exclude ") && !name.contains('%') || left_out.contains(&bare.as_str()) {
            continue;
        }
        if name.contains('%') || name.contains('*') {
            let table = cx.default_table.clone();
            let why = format!("`{name}` stands for tables that only a database knows; name them");
            cx.add(&table, refuse(*span, why));
            continue;
        }
        if let Some(inner) = body.get("checks") {
            checks(cx, &bare, inner, None);
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn checks(cx: &mut Cx, table: &str, list: &Node, filter: Option<&str>) {
    let table = table.trim().rsplit('.').next().unwrap_or(table).trim_matches(['"', '`']).to_owned();
    let own = crate::write::identifier(&table);
    for check in list.items() {
        let rules = one(check, &own, filter).map(|mut rules| {
            for rule in &mut rules {
                rule.span = head(check).1;
            }
            rules
        });
        for failure in changes(check).into_iter().flatten() {
            let fails = &mut cx.table(&table).fails;
            if !fails.contains(&failure) {
                fails.push(failure);
            }
        }
        cx.add(&table, rules);
    }
}

/// The changes of the schema that a check does not let pass, by the names of the failures.
fn changes(check: &Node) -> Option<Vec<&'static str>> {
    let (text, _, body) = head(check);
    let changes = body.filter(|_| text.trim() == "schema")?.get("fail")?.get("when schema changes")?;
    forms::schema_changes(changes)
}

/// Refuses what stands beside a check and not below it, one level too far left.
pub(super) fn beside(check: &Node) -> Said<()> {
    match check.entries() {
        [(_, body), (key, _), ..] if !body.is_null() => {
            wrong(key.span, format!("`{}` stands beside the check and not below it; move it to the right", key.text))
        }
        _ => Ok(()),
    }
}

/// The text of a check, its place, and what stands below it.
pub(super) fn head(check: &Node) -> (String, Span, Option<&Node>) {
    match &check.kind {
        Kind::Map(entries) => match entries.as_slice() {
            // `- anomaly detection for row_count:` with its settings one level too far left.
            [(key, body), _, ..] if body.is_null() => (key.text.clone(), key.span, Some(check)),
            [(key, body), ..] => (key.text.clone(), key.span, Some(body)),
            [] => (String::new(), check.span, None),
        },
        _ => (check.scalar().unwrap_or_default(), check.span, None),
    }
}

fn one(check: &Node, table: &str, dataset: Option<&str>) -> Said<Vec<Rule>> {
    let (text, span, body) = head(check);
    beside(check)?;
    let args = Args::new(body, span);
    args.pass(BESIDE);
    args.pass(&[text.as_str()]);
    let text = one_line(&text);
    if let Some(variable) = text.split_once("${").and_then(|(_, rest)| rest.split('}').next()) {
        return refuse(
            span,
            format!("the variable `{variable}` is filled in only when the scan runs; write its value in"),
        );
    }
    let filter: Vec<String> = args.text("filter")?.into_iter().chain(dataset.map(str::to_owned)).collect();
    let mut found = dispatch(&text, span, &args, &Scope { table, filter: filter.clone() })?;
    args.done()?;
    for rule in &mut found {
        rule.pick(filter.clone());
    }
    Ok(found)
}

fn dispatch(text: &str, span: Span, args: &Args<'_>, scope: &Scope<'_>) -> Said<Vec<Rule>> {
    if text == "schema" {
        return forms::schema(args);
    }
    if text == "failed rows" {
        return forms::failed_rows(args, scope);
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
        return forms::change(rest, span, args, scope);
    }
    if let Some(rest) = text.strip_prefix("anomaly detection for ").or_else(|| text.strip_prefix("anomaly score for "))
    {
        return forms::anomaly(rest.trim_end_matches("< default").trim(), span, args, scope);
    }
    if text.starts_with("group by") {
        return forms::group_by(span, args, scope);
    }
    if text.starts_with("group evolution") {
        return forms::group_evolution(span, args, scope);
    }
    if text.starts_with("distribution_difference") {
        return refuse(
            span,
            "`distribution_difference` compares with a file of stored bins; say `c psi from last_year (c) < 0.2` of a table that has the old values",
        );
    }
    if text.starts_with('$') {
        return refuse(span, format!("`{text}` is a template of another file; write its query in"));
    }
    let (name, arguments, rest) = call(text);
    let validity = Validity::read(args)?;
    let metric = match metric(&name, &arguments, &validity, span)? {
        Some(metric) => metric,
        None => own(&name, args, scope, span)?,
    };
    let limits = limits(&rest, name.ends_with("percent"), span, args)?;
    rules(&metric, &limits, &validity, scope, span)
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
fn own(name: &str, args: &Args<'_>, scope: &Scope<'_>, span: Span) -> Said<Metric> {
    if let Some(sql) = args.text(&format!("{name} expression"))? {
        return Ok(Metric::Sql { name: name.to_owned(), sql });
    }
    if let Some(sql) = args.text(&format!("{name} query"))? {
        let number = crate::query::number(&sql, &scope.own(), span)?;
        return Ok(Metric::Query { name: name.to_owned(), number });
    }
    if args.get(&format!("{name} sql_file")).is_some() {
        return refuse(span, "the query stands in another file; write it in, as `query`");
    }
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return wrong(span, "a check is a line such as `row_count > 0`");
    }
    let known = super::CHECKS.iter().map(|c| c.name);
    let near = pipe_diagnostics::nearest(name, known);
    Err(Box::new(
        pipe_diagnostics::Diagnostic::error(codes::UNKNOWN_CHECK, format!("Soda has no metric `{name}`"), span)
            .maybe_help(near.map(|n| format!("did you mean `{n}`?"))),
    ))
}
