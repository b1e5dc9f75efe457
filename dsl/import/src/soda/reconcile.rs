//! Reconciliation: a table beside the one that it was made of.

use pipe_diagnostics::Span;

use super::Scope;
use super::language::{BESIDE, beside, call, head};
use crate::args::{Args, refuse, wrong};
use crate::import::Cx;
use crate::node::Node;
use crate::rule::{Rule, Said, Severity};
use crate::threshold::Threshold;
use crate::words;

/// The checks of a section: rules of the target, with the source beside.
pub(super) fn read(cx: &mut Cx, body: &Node, span: Span) {
    let dataset = |side: &str| {
        let node = body.get("datasets").and_then(|d| d.get(side))?;
        Some((node.text("dataset")?, node.text("datasource").unwrap_or_default()))
    };
    let (Some((source, from)), Some((target, _))) = (dataset("source"), dataset("target")) else {
        let table = cx.default_table.clone();
        cx.add(&table, wrong(span, "a reconciliation has a `source` and a `target`, each with its `dataset`"));
        return;
    };
    // Both sides are often called the same, in two databases.
    let source = if source == target { format!("{from}_{source}") } else { source };
    let (other, own) = (crate::write::identifier(&source), crate::write::identifier(&target));
    for check in body.get("checks").map(Node::items).unwrap_or_default() {
        let rules = one(check, &own, &other).map(|mut rules| {
            for rule in &mut rules {
                rule.span = head(check).1;
            }
            rules
        });
        cx.add(&target, rules);
    }
}

fn one(check: &Node, own: &str, other: &str) -> Said<Vec<Rule>> {
    let (text, span, body) = head(check);
    beside(check)?;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let args = Args::new(body, span);
    args.pass(BESIDE);
    args.pass(&[head(check).0.as_str()]);
    if text == "schema" {
        args.done()?;
        return Ok(vec![Rule::table("columns_same_as", format!("columns same as {other}"))]);
    }
    let (name, arguments, rest) = call(&text);
    let differs = rest.strip_prefix("diff").map(str::trim);
    let (sql, whole) = if name == "rows" {
        args.pass(&["key columns", "strategy", "deepdiff"]);
        (rows(&args, own, other)?, None)
    } else {
        let here = number(&name, &arguments, &args, own, "target", span)?;
        let there = number(&name, &arguments, &args, other, "source", span)?;
        (format!("abs({here} - {there})"), Some(there))
    };
    let mut rules = Vec::new();
    let mut put = |text: &str, at: Span, inverse: bool, severity| -> Said<()> {
        let Some((threshold, percent)) = Threshold::parse(text) else {
            return wrong(at, format!("`{text}` is no threshold such as `diff < 5`"));
        };
        let threshold = if inverse { threshold.contrary() } else { threshold };
        if name == "rows" && threshold.allowed(false).as_deref() != Some("") {
            return refuse(at, "how many rows differ cannot be bounded, only that none does: `rows diff = 0`");
        }
        let sql = match (percent, &whole) {
            (true, Some(whole)) => format!("100.0 * {sql} / nullif(abs({whole}), 0)"),
            _ => sql.clone(),
        };
        let label = format!("{}_diff", [std::slice::from_ref(&name), &arguments].concat().join("_"));
        let found = match threshold.predicates() {
            Ok(found) => found.into_iter().map(|p| Rule::query(label.clone(), sql.clone(), p)).collect(),
            Err((low, high)) => {
                let either = Rule::boolean(label, format!("{sql} {low} or {sql} {high}"));
                vec![Rule { asks: true, ..either }]
            }
        };
        rules.extend(found.into_iter().map(|rule| Rule { severity, ..rule }));
        Ok(())
    };
    if let Some(text) = differs.filter(|text| !text.is_empty()) {
        put(text, span, false, None)?;
    }
    for (key, severity) in [("fail", None), ("warn", Some(Severity::Warning))] {
        let Some(node) = args.get(key) else { continue };
        let text = node.scalar().unwrap_or_default();
        let text = text.trim().trim_start_matches("when").trim().trim_start_matches("diff").trim().to_owned();
        put(&text, node.span, true, severity)?;
    }
    args.done()?;
    if rules.is_empty() { wrong(span, "a threshold is missing, `row_count diff = 0`") } else { Ok(rules) }
}

/// A metric of one side, as a query of it.
fn number(name: &str, arguments: &[String], args: &Args<'_>, table: &str, side: &str, span: Span) -> Said<String> {
    if let Some(query) = args.text(&format!("{side} query"))? {
        return Ok(format!("({})", query.trim().trim_end_matches(';')));
    }
    let expression = args.text(&format!("{side} expression"))?.or(args.text(&format!("{name} expression"))?);
    if let Some(expression) = expression {
        return Ok(format!("(select {expression} from {table})"));
    }
    let column = || match arguments.first() {
        Some(column) => Ok(words::name(column)),
        None => wrong(span, format!("`{name}` needs a column")),
    };
    let aggregate = match name {
        "row_count" => "count(*)".to_owned(),
        "missing_count" => format!("count(*) - count({})", column()?),
        "duplicate_count" => {
            column()?;
            return Ok(Scope { table, filter: Vec::new() }.repeated(arguments));
        }
        "avg" | "max" | "min" | "sum" | "stddev" | "stddev_pop" | "stddev_samp" | "variance" | "var_pop"
        | "var_samp" => {
            let function = if name == "variance" { "var_samp" } else { name };
            format!("{function}({})", column()?)
        }
        "avg_length" | "max_length" | "min_length" => {
            format!("{}(length({}))", name.trim_end_matches("_length"), column()?)
        }
        _ => return refuse(span, format!("`{name}` of two tables cannot be compared")),
    };
    Ok(format!("(select {aggregate} from {table})"))
}

/// How many rows are in one of the tables alone.
fn rows(args: &Args<'_>, own: &str, other: &str) -> Said<String> {
    let list = |key: &str| -> Said<String> {
        match args.get(key) {
            Some(_) => Ok(words::names(&args.texts(key)?)),
            None => refuse(
                args.span,
                "all columns are compared, and the file does not say which there are; name them as `source columns` and `target columns`",
            ),
        }
    };
    let (here, there) = (list("target columns")?, list("source columns")?);
    let side = |columns: &str, table: &str, others: &str, beside: &str| {
        format!("(select count(*) from (select {columns} from {table} except select {others} from {beside}) as alone)")
    };
    Ok(format!("{} + {}", side(&here, own, &there, other), side(&there, other, &here, own)))
}
