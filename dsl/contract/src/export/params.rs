//! A contract has no params: rules are written with what the program gives them.

use std::collections::BTreeMap;
use std::ops::Range;

use pipe_check::{Loaded, Param};
use pipe_diagnostics::Span;
use pipe_schema::Type;
use pipe_syntax::ast::Literal;

/// The program with the params in a table's rules replaced by their defaults; `None` where there are none, or what comes of it
/// is no such program.
pub(super) fn inlined(loaded: &Loaded, table: &str) -> Option<Loaded> {
    let values: BTreeMap<&str, String> =
        loaded.program.params.values().filter_map(|p| Some((p.name.as_str(), value(p)?))).collect();
    let rules = loaded.program.rules.get(table)?;
    let mut places: Vec<(Span, Range<usize>, &String)> = Vec::new();
    for rule in rules {
        let found = names(loaded.sources.text(rule.span));
        places.extend(found.into_iter().filter_map(|(at, name)| Some((rule.span, at, values.get(name.as_str())?))));
    }
    // Rules of one line have one place.
    let key = |(span, at, _): &(Span, Range<usize>, &String)| (span.file, span.range().start + at.start);
    places.sort_by_key(key);
    places.dedup_by_key(|place| key(place));
    if places.is_empty() {
        return None;
    }
    let mut files: Vec<(String, String)> = Vec::new();
    for (id, file) in loaded.sources.iter() {
        let mut text = file.text.to_string();
        for (span, at, value) in places.iter().rev().filter(|(span, ..)| span.file == id) {
            let start = span.range().start;
            text.replace_range(start + at.start..start + at.end, value);
        }
        files.push((file.name.clone(), text));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let made = pipe_check::check(&files);
    (made.program.rules.get(table).map(Vec::len) == Some(rules.len())).then_some(made)
}

/// The default as it is written in an expression.
fn value(param: &Param) -> Option<String> {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    Some(match (param.default.as_ref()?, &param.ty) {
        (Literal::Text(text), Type::Date) => format!("date {}", quoted(text)),
        (Literal::Text(text), Type::Timestamp) => format!("timestamp {}", quoted(text)),
        (Literal::Text(text), Type::Text) => quoted(text),
        (Literal::Number(number), _) => number.clone(),
        (Literal::Bool(is), _) => is.to_string(),
        (Literal::Typed(word, text), _) => format!("{word} {}", quoted(text)),
        _ => return None,
    })
}

/// The `$name`s of a line, not those in quotes, each with its place.
fn names(line: &str) -> Vec<(Range<usize>, String)> {
    let mut out = Vec::new();
    let mut quote = None;
    for (at, c) in line.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '\'' | '"' | '`') => quote = Some(c),
            None if c == '$' => {
                let rest = line.get(at + 1..).unwrap_or_default();
                let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if !name.is_empty() {
                    out.push((at..at + 1 + name.len(), name.to_lowercase()));
                }
            }
            _ => {}
        }
    }
    out
}

/// The first param that a line needs.
pub(super) fn of(line: &str) -> Option<String> {
    names(line).into_iter().next().map(|(_, name)| name)
}
