//! `{"$PARAMETER": "name"}`: values that a suite takes from outside, as params of the program.

use std::collections::BTreeMap;

use pipe_diagnostics::Diagnostic;
use pipe_diagnostics::codes::import as codes;

use crate::args::refuse;
use crate::import::Cx;
use crate::node::{Kind, Node};
use crate::rule::Said;
use crate::words;

/// Arguments that are constants here, where a param can stand.
const CONSTANTS: &[&str] = &["min_value", "max_value", "value", "sum_total", "value_set"];

/// The values of a suite's parameters, by their names.
pub(super) fn values(suite: &Node) -> BTreeMap<String, Node> {
    let mut found = BTreeMap::new();
    for key in ["suite_parameters", "evaluation_parameters"] {
        let entries = suite.get(key).map(Node::entries).unwrap_or_default();
        found.extend(entries.iter().map(|(k, v)| (k.text.clone(), v.clone())));
    }
    found
}

/// The expectation with its parameters filled in: by params where a constant stands and its type is known, by their values
/// elsewhere. What has neither stays, and is refused where it is read.
///
/// Gives what a reader should know of it too.
pub(super) fn filled(cx: &mut Cx, expectation: &Node, values: &BTreeMap<String, Node>) -> Said<(Node, Vec<String>)> {
    let name = expectation.text("type").or_else(|| expectation.text("expectation_type")).unwrap_or_default();
    // What is bounded by these is a number whatever the column is.
    let numbers = ["count", "length", "mean", "median", "stdev", "sum", "proportion"].iter().any(|w| name.contains(w));
    let mut suite = Suite { values, numbers, notes: Vec::new() };
    let filled = fill(cx, expectation, "", &mut suite)?;
    Ok((filled, suite.notes))
}

struct Suite<'a> {
    values: &'a BTreeMap<String, Node>,
    /// Whether a constant is a number.
    numbers: bool,
    notes: Vec<String>,
}

fn fill(cx: &mut Cx, node: &Node, key: &str, suite: &mut Suite<'_>) -> Said<Node> {
    if let Some(text) = node.text("$PARAMETER") {
        return parameter(cx, node, &text, key, suite);
    }
    let kind = match &node.kind {
        Kind::List(items) => Kind::List(items.iter().map(|n| fill(cx, n, key, suite)).collect::<Said<_>>()?),
        Kind::Map(entries) => {
            let filled = entries.iter().map(|(k, v)| Ok((k.clone(), fill(cx, v, &k.text, suite)?)));
            Kind::Map(filled.collect::<Said<_>>()?)
        }
        other => other.clone(),
    };
    Ok(Node { kind, span: node.span })
}

fn parameter(cx: &mut Cx, node: &Node, text: &str, key: &str, suite: &mut Suite<'_>) -> Said<Node> {
    if text.starts_with("urn:") {
        return refuse(
            node.span,
            format!(
                "`{text}` is the result of another validation; say what it is compared with, as in `row count same as other`"
            ),
        );
    }
    let Some(names) = names(text) else {
        return refuse(
            node.span,
            format!(
                "`{text}` is reckoned in Python when the suite runs; write its value in, or make it a `param` of its own"
            ),
        );
    };
    // A value may stand beside, for the one run.
    let value_of = |name: &str| node.get(&format!("$PARAMETER.{name}")).or_else(|| suite.values.get(name));
    if !CONSTANTS.contains(&key) || value_of(text).is_some_and(|v| matches!(v.kind, Kind::List(_) | Kind::Map(_))) {
        // Only a constant can be a param: shares, texts and lists are written in.
        let Some(value) = value_of(text) else { return Err(unknown(node, text, key)) };
        let kind = value.kind.clone();
        suite.notes.push(format!("`{text}` is a parameter of the suite; its value is written in"));
        return Ok(Node { kind, span: node.span });
    }
    let mut sql = text.to_owned();
    for name in names {
        let own = crate::write::identifier(&name);
        let declared = match value_of(&name) {
            Some(value) => typed(value),
            None if suite.numbers => Some(("double", None)),
            None => None,
        };
        let Some((ty, value)) = declared else { return Err(unknown(node, &name, key)) };
        cx.param(&own, ty, value);
        sql = replaced(&sql, &name, &format!("${own}"));
    }
    let sql = if sql.starts_with('$') && !sql.contains(' ') && sql.matches('$').count() == 1 {
        sql
    } else {
        format!("({sql})")
    };
    Ok(Node { kind: Kind::Param(sql), span: node.span })
}

fn unknown(node: &Node, name: &str, key: &str) -> Box<Diagnostic> {
    let message = format!("the suite has no value for the parameter `{name}`, which is filled in only when it runs");
    let help = format!(
        "put one into the suite, `\"suite_parameters\": {{\"{name}\": …}}`, or write it in as `{key}`: then it is imported"
    );
    Box::new(Diagnostic::error(codes::TEMPLATE, message, node.span).help(help))
}

/// The type of a value and the value as its param has it.
fn typed(value: &Node) -> Option<(&'static str, Option<String>)> {
    let ty = match &value.kind {
        Kind::Number(n) if n.parse::<i64>().is_ok() => "bigint",
        Kind::Number(_) => "double",
        Kind::Bool(_) => "boolean",
        Kind::Text(t) if is_date(t) => "date",
        Kind::Text(_) => "text",
        _ => return None,
    };
    Some((ty, words::constant(value)))
}

/// `2026-01-31`
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let digits = |part: &&str, n: usize| part.len() == n && part.chars().all(|c| c.is_ascii_digit());
    matches!(parts.as_slice(), [y, m, d] if digits(y, 4) && digits(m, 2) && digits(d, 2))
}

/// The names in a sum or product of names and numbers; `None` of anything else.
fn names(text: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for word in text.split(|c: char| c.is_whitespace() || "+-*/()".contains(c)).filter(|w| !w.is_empty()) {
        if crate::node::is_number(word) {
            continue;
        }
        let first = word.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if !first || !word.chars().all(|c| c.is_alphanumeric() || c == '_') || text.contains(&format!("{word}(")) {
            return None;
        }
        if !names.iter().any(|n| n == word) {
            names.push(word.to_owned());
        }
    }
    (!names.is_empty()).then_some(names)
}

/// The text with a word put in the place of another, and not inside of a longer one.
fn replaced(text: &str, word: &str, by: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
        let (before, after) = rest.split_at(at);
        let end = after.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(after.len());
        let (found, tail) = after.split_at(end);
        out += before;
        out += if found == word { by } else { found };
        rest = tail;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_names_are_read() {
        assert_eq!(names("low").as_deref(), Some(&["low".to_owned()][..]));
        assert_eq!(names("low * 1.5 - high").as_deref(), Some(&["low".to_owned(), "high".to_owned()][..]));
        assert_eq!(names("now() - timedelta(weeks=1)"), None);
        assert_eq!(names("a.b"), None);
        assert_eq!(replaced("low + low_2", "low", "$low"), "$low + low_2");
    }
}
