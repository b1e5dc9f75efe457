//! Parts of the language that are known by their words: what stands before the place where a text does not parse.

use pipe_diagnostics::Span;
use pipe_schema::actions;
use pipe_syntax::{Statement, TokenKind, tokens};

use super::coverage::Feature;

/// Options of rules.
pub(super) const OPTIONS: [&str; 6] = ["tolerate", "severity", "dimension", "where", "null fails", "because"];

/// Clauses of sources.
pub(super) const CLAUSES: [&str; 7] = ["with", "schema", "alias", "incremental by", "stream by", "cdc by", "lag"];

/// Parts of schedules.
pub(super) const SCHEDULE: [&str; 6] = ["cron", "every", "after", "zone", "catchup", "with"];

/// Items of tests.
pub(super) const ITEMS: [&str; 15] = [
    "at",
    "given",
    "inject rename",
    "inject retype",
    "inject drop column",
    "inject add column",
    "inject delimiter",
    "inject bad record",
    "inject kill",
    "inject",
    "expect heal",
    "expect failure",
    "expect exit",
    "expect",
    "in",
];

/// All of these as features.
pub(super) fn features() -> impl Iterator<Item = Feature> {
    let of = |kind: &'static str, words: &'static [&'static str]| words.iter().map(move |w| format!("{kind} {w}"));
    of("option", &OPTIONS).chain(of("clause", &CLAUSES)).chain(of("schedule", &SCHEDULE)).chain(of("item", &ITEMS))
}

/// The parts that a statement's words name, each with the place of its words.
pub(super) fn named(text: &str, statement: &Statement) -> Vec<(Feature, Span)> {
    let (kind, wanted): (&str, Vec<&str>) = match statement.keyword.value.as_str() {
        "rules" => ("option", OPTIONS.to_vec()),
        "heal" => ("action", actions().iter().map(|a| a.name).collect()),
        "source" => ("clause", CLAUSES.to_vec()),
        "schedule" => ("schedule", SCHEDULE.to_vec()),
        "test" => ("item", ITEMS.to_vec()),
        _ => return Vec::new(),
    };
    let span = statement.span.span;
    let start = span.range().start;
    let slice = &text[span.range()];
    let words: Vec<(String, usize, usize)> = tokens(slice)
        .into_iter()
        .filter(|t| !matches!(t.kind, TokenKind::Comment | TokenKind::Doc))
        .map(|t| (slice[t.range.clone()].to_lowercase(), start + t.range.start, start + t.range.end))
        .collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let here = |name: &&&str| {
            let parts: Vec<&str> = name.split(' ').collect();
            parts.iter().enumerate().all(|(i, part)| words.get(at + i).is_some_and(|(w, ..)| w == part))
        };
        match wanted.iter().filter(here).max_by_key(|name| name.len()) {
            Some(name) => {
                let parts = name.split(' ').count();
                found.push((format!("{kind} {name}"), Span::new(span.file, words[at].1..words[at + parts - 1].2)));
                at += parts;
            }
            None => at += 1,
        }
    }
    found
}

/// The part whose words stand last before a place where the text does not parse, in the same item.
pub(super) fn broken(text: &str, statement: &Statement, at: Span) -> Option<Feature> {
    let before = named(text, statement).into_iter().rfind(|(_, words)| words.start <= at.start)?;
    let between = text.get(before.1.range().end..at.range().start).unwrap_or("");
    (!between.contains(';')).then_some(before.0)
}
