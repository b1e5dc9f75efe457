//! The four tests of dbt itself, and the freshness of sources.

use super::{of_column, table_name};
use crate::args::{Args, refuse, wrong};
use crate::compare::in_list;
use crate::node::{Kind, Node};
use crate::rule::{Rule, Said, Severity};
use crate::words;

pub(super) fn rules(name: &str, args: &Args<'_>, column: Option<&str>) -> Said<Vec<Rule>> {
    let c = of_column(column, args)?;
    Ok(match name {
        "not_null" => vec![Rule::column(&c, "not_null", "not null")],
        "unique" => vec![Rule::column(&c, "unique", "unique")],
        "accepted_values" => vec![Rule::column(&c, "in", in_list(&values(args)?))],
        "relationships" => vec![references(&c, args)?],
        _ => return refuse(args.span, "this test is not known"),
    })
}

/// `values`, as texts unless `quote` is false.
pub(super) fn values(args: &Args<'_>) -> Said<Vec<String>> {
    let quote = args.flag("quote", true)?;
    let items = args.need("values")?.items();
    let values = items.iter().filter(|v| !v.is_null()).map(|v| match (&v.kind, quote) {
        (Kind::Text(t), false) if !t.contains("{{") => Ok(t.clone()),
        _ => crate::args::constant(v),
    });
    let values = values.collect::<Said<Vec<_>>>()?;
    if values.is_empty() { wrong(args.span, "`values` is empty") } else { Ok(values) }
}

pub(super) fn references(column: &str, args: &Args<'_>) -> Said<Rule> {
    let to = table_name(args.need("to")?)?;
    let field = args.need_text("field")?;
    Ok(Rule::column(column, "references", format!("references {to} ({})", words::name(&field))))
}

/// `warn_after` and `error_after` of a source: two rules, one of them a warning.
pub(super) fn freshness(node: &Node, field: Option<&Node>) -> Said<Vec<Rule>> {
    let Some(field) = field.and_then(Node::scalar) else {
        return refuse(
            node.span,
            "freshness without `loaded_at_field` is that of the database's metadata, which no source here has",
        );
    };
    let mut rules = Vec::new();
    for (key, severity) in [("warn_after", Some(Severity::Warning)), ("error_after", None)] {
        let Some(after) = node.get(key) else { continue };
        let (count, period) = (after.text("count").unwrap_or_default(), after.text("period").unwrap_or_default());
        let Some(age) = duration(&count, &period) else {
            return wrong(after.span, format!("`{key}` needs a `count` and a `period` of minute, hour or day"));
        };
        // Field is SQL, mostly a column.
        let mut rule = Rule::sql("freshness", format!("max({})", field.to_lowercase()), format!("within {age}"));
        rule.severity = severity;
        rule.filter = node.text("filter").into_iter().collect();
        rule.span = after.span;
        rules.push(rule);
    }
    if rules.is_empty() {
        return wrong(node.span, "`freshness` has neither `warn_after` nor `error_after`");
    }
    Ok(rules)
}

/// A number of a part of dates as a duration; months and years are none.
pub(super) fn duration(count: &str, part: &str) -> Option<String> {
    let count: u64 = count.parse().ok()?;
    let part = part.trim().to_lowercase();
    let (factor, unit) = match part.trim_end_matches('s') {
        "second" => (1, "s"),
        "minute" => (1, "m"),
        "hour" => (1, "h"),
        "day" => (1, "d"),
        "week" => (7, "d"),
        _ => return None,
    };
    Some(format!("{}{unit}", count.checked_mul(factor)?))
}
