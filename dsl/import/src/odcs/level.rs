//! Service levels that are about the rows of a table.

use crate::args::{refuse, wrong};
use crate::node::Node;
use crate::rule::{Rule, Said};
use crate::words;

/// Freshness and retention: of the newest and of the oldest row.
pub(super) fn service_level(node: &Node, default: Option<&str>, tables: &[Node]) -> Said<(String, Rule)> {
    let property = node.text("property").unwrap_or_default();
    let element = node.text("element").or_else(|| default.map(str::to_owned));
    if !matches!(property.as_str(), "freshness" | "fy" | "retention" | "re") {
        return refuse(node.span, format!("the service level `{property}` is not about the rows of a table"));
    }
    let Some((table, column)) = element.as_deref().and_then(|e| e.rsplit_once('.')) else {
        return wrong(node.span, format!("`{property}` needs an `element` such as `orders.created_at`"));
    };
    // The element names the table as the contract does, which may have another name where it is stored.
    let stored = tables.iter().find(|t| t.text("name").as_deref() == Some(table)).and_then(|t| t.text("physicalName"));
    let stored = stored.unwrap_or_else(|| table.to_owned());
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
    let mut rule = if property.starts_with('f') {
        match word {
            "minutes" => Rule::sql("freshness", format!("max({c})"), format!("within {value}m")),
            "hours" => Rule::sql("freshness", format!("max({c})"), format!("within {value}h")),
            "days" => Rule::sql("freshness", format!("max({c})"), format!("within {value}d")),
            _ => Rule::boolean("freshness", format!("max({c}) >= now() - interval '{value} {word}'")),
        }
    } else {
        Rule::boolean("retention", format!("min({c}) >= now() - interval '{value} {word}'"))
    };
    rule.span = node.span;
    Ok((table, rule))
}
