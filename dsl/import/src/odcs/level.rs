//! Service levels that are about the rows of a table.

use crate::args::{refuse, wrong};
use crate::node::Node;
use crate::rule::{Rule, Said};
use crate::words;

/// Which service level a property is, by its name or the two letters of it, in any case.
fn kind(property: &str) -> Option<&'static str> {
    Some(match property.to_lowercase().as_str() {
        // How old the newest row may be; the standard prefers the first word.
        "latency" | "ly" | "freshness" => "freshness",
        "retention" | "re" => "retention",
        "frequency" | "fy" => "frequency",
        _ => return None,
    })
}

/// Latency, retention and frequency: of the newest row, of the oldest, of what lies between.
pub(super) fn service_level(node: &Node, default: Option<&str>, tables: &[Node]) -> Said<(String, Rule)> {
    let property = node.text("property").unwrap_or_default();
    let element = node.text("element").or_else(|| default.map(str::to_owned));
    let Some(level) = kind(&property) else {
        return refuse(node.span, format!("the service level `{property}` is not about the rows of a table"));
    };
    // With one table its name may be left out.
    let element =
        element.as_deref().map(|e| e.rsplit_once('.').unwrap_or(("", e))).filter(|(_, c)| !c.trim().is_empty());
    let only = if let [one] = tables { one.text("name") } else { None };
    let (Some((table, column)), true) = (element, element.is_some_and(|(t, _)| !t.is_empty() || only.is_some())) else {
        return wrong(node.span, format!("`{property}` needs an `element` such as `orders.created_at`"));
    };
    if element.is_some_and(|(table, _)| table.contains(',')) {
        return refuse(node.span, format!("`{property}` is of several elements; say it once for each"));
    }
    let table = if table.is_empty() { only.unwrap_or_default() } else { table.to_owned() };
    // The element names the table as the contract does, which may have another name where it is stored.
    let stored = tables.iter().find(|t| t.text("name").as_deref() == Some(&table)).and_then(|t| t.text("physicalName"));
    let stored = stored.unwrap_or(table);
    let table = stored.rsplit('.').next().unwrap_or(&stored).to_owned();
    let Some(value) = node.get("value").and_then(Node::scalar) else {
        return wrong(node.span, "a service level without its `value`");
    };
    let unit = node.text("unit").unwrap_or_else(|| "d".to_owned());
    let word = match unit.to_lowercase().trim_end_matches('s') {
        "m" | "min" | "minute" => "minutes",
        "h" | "hour" => "hours",
        "d" | "day" => "days",
        "mo" | "month" => "months",
        "y" | "yr" | "year" => "years",
        other => return wrong(node.span, format!("`{other}` is no unit of time")),
    };
    if value.parse::<u64>().is_err() {
        return wrong(node.span, format!("`{value}` is no whole number of {word}"));
    }
    let c = words::name(column);
    let duration = word.get(..1).filter(|_| matches!(word, "minutes" | "hours" | "days"));
    let mut rule = match (level, duration) {
        ("frequency", Some(unit)) => Rule::column(column, "gaps", format!("without gaps over {value}{unit}")),
        ("frequency", None) => {
            return refuse(node.span, format!("months and years are not all as long: say `{property}` in days"));
        }
        ("freshness", Some(unit)) => Rule::sql(level, format!("max({c})"), format!("within {value}{unit}")),
        ("retention", Some(unit)) => Rule::sql(level, format!("min({c})"), format!("within {value}{unit}")),
        (level, _) => {
            let end = if level == "freshness" { "max" } else { "min" };
            Rule::boolean(level, format!("{end}({c}) >= now() - interval '{value} {word}'"))
        }
    };
    rule.span = node.span;
    Ok((table, rule))
}
