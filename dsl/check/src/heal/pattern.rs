//! Failure patterns: failures, fields, and values against the fields' types.

use std::collections::BTreeMap;

use pipe_diagnostics::{Diagnostic, codes::heal as codes};
use pipe_schema::{FailureInfo, Field, FieldType, Level, Type};
use pipe_syntax::{FailurePattern, FieldPattern, FieldValue, Literal, Spanned};

use super::Home;
use crate::cx::{Cx, lacking, twice};
use crate::rule::Rule;

/// Checks a pattern; the failure it is of, if there is one of that name.
pub(crate) fn pattern(
    cx: &mut Cx<'_>,
    p: &FailurePattern,
    home: &Home<'_>,
    all_rules: &BTreeMap<String, Vec<Rule>>,
) -> Option<&'static FailureInfo> {
    let Some(info) = pipe_schema::failure(&p.failure) else {
        let known = pipe_schema::failures().iter().map(|f| f.name);
        cx.unknown(codes::UNKNOWN_FAILURE, "failure", &p.failure, known);
        return None;
    };
    for (i, (name, value)) in p.fields.iter().enumerate() {
        let Some(field) = info.field(name) else {
            cx.report(lacking(codes::UNKNOWN_FIELD, info.name, "field", name, info.fields.iter().map(|f| f.name)));
            continue;
        };
        if let Some((first, _)) = p.fields.iter().take(i).find(|(n, _)| n.value == name.value) {
            let message = format!("field `{}` stands twice", name.value);
            cx.report(twice(codes::FIELD_TWICE, &message, name.span, first.span).help("write alternatives as `a | b`"));
            continue;
        }
        if let FieldPattern::OneOf(values) = &value.value {
            for v in values {
                field_value(cx, info, field, v, home, all_rules);
            }
        }
    }
    Some(info)
}

fn field_value(
    cx: &mut Cx<'_>,
    info: &FailureInfo,
    field: &Field,
    value: &Spanned<FieldValue>,
    home: &Home<'_>,
    all_rules: &BTreeMap<String, Vec<Rule>>,
) {
    let wrong = |cx: &mut Cx<'_>, wanted: &str, help: Option<String>| {
        let message = format!("field `{}` holds {wanted}", field.name);
        cx.report(Diagnostic::error(codes::FIELD_VALUE, message, value.span).maybe_help(help));
    };
    let word = match &value.value {
        FieldValue::Word(w) => Some(Spanned::new(w.clone(), value.span)),
        FieldValue::Literal(_) => None,
    };
    let unquoted = match &value.value {
        FieldValue::Literal(Literal::Text(t)) => Some(format!("write `{t}` without quotes")),
        _ => None,
    };
    match (field.ty, word) {
        (FieldType::Text, Some(_)) => {}
        (FieldType::Text, None) => {
            if !matches!(&value.value, FieldValue::Literal(Literal::Text(_))) {
                wrong(cx, "a text", Some("put it in quotes".into()));
            }
        }
        (FieldType::Integer, _) => match &value.value {
            FieldValue::Literal(Literal::Number(n)) if n.parse::<i64>().is_ok() => {}
            _ => wrong(cx, "a whole number", None),
        },
        (FieldType::Number, _) => match &value.value {
            FieldValue::Literal(Literal::Number(_)) => {
                let help = format!("a pattern compares for equality; write a guard: `where (${} < 0.05)`", field.name);
                wrong(cx, "a number that is hardly ever met exactly", Some(help));
            }
            _ => wrong(cx, "a number", Some(format!("write a guard, such as `where (${} < 0.05)`", field.name))),
        },
        (FieldType::Bool, word) => {
            let is_word = word.is_some_and(|w| matches!(w.as_str(), "true" | "false"));
            if !is_word && !matches!(&value.value, FieldValue::Literal(Literal::Bool(_))) {
                wrong(cx, "`true` or `false`", unquoted);
            }
        }
        (_, None) => wrong(cx, "a word", unquoted),
        (FieldType::Word(words), Some(word)) => {
            if !words.contains(&word.as_str()) {
                let what = field.name.to_owned();
                let mut d = crate::cx::unknown(codes::FIELD_VALUE, &what, &word, words.iter().copied());
                d.message = format!("field `{}` of `{}` is never `{}`", field.name, info.name, word.value);
                cx.report(d);
            }
        }
        (FieldType::Check, Some(word)) => {
            if pipe_schema::predicate(&word).is_none() {
                cx.unknown(codes::FIELD_VALUE, "check", &word, pipe_schema::predicates().map(|p| p.name));
            }
        }
        (FieldType::Type, Some(word)) => {
            let is_word = word.as_str() == "list" || word.as_str() == "struct";
            if !is_word && Type::parse(&word).is_none() {
                crate::declare::type_name(cx, &word);
            }
        }
        (FieldType::Table, Some(word)) => {
            let names = cx.names;
            if !names.is_target(&word) {
                cx.table(&word);
            }
        }
        (FieldType::Column, Some(word)) => column(cx, &word, home),
        (FieldType::Rule, Some(word)) => rule(cx, info, &word, home, all_rules),
    }
}

/// A column of the block's table; in `heal *` of any table.
pub(super) fn column(cx: &mut Cx<'_>, name: &Spanned<String>, home: &Home<'_>) {
    match home {
        Home::Table { table, .. } => cx.column(*table, name),
        Home::Any { .. } => {
            let names = cx.names;
            let all_known = !names.tables.is_empty() && names.tables.values().all(|t| t.columns.is_some());
            let has = |t: &crate::names::Table<'_>| t.columns.as_ref().is_some_and(|c| c.contains_key(name.as_str()));
            if all_known && !names.tables.values().any(has) {
                let known = names.tables.values().filter_map(|t| t.columns.as_ref()).flat_map(|c| c.keys().copied());
                let known: std::collections::BTreeSet<&str> = known.collect();
                cx.unknown(pipe_diagnostics::codes::names::UNKNOWN_COLUMN, "column", name, known);
            }
        }
    }
}

fn rule(
    cx: &mut Cx<'_>,
    info: &FailureInfo,
    word: &Spanned<String>,
    home: &Home<'_>,
    all_rules: &BTreeMap<String, Vec<Rule>>,
) {
    let (name, rules, complete) = match home {
        Home::Table { name, rules, complete, .. } => (name, rules, complete),
        Home::Any { complete } => {
            let known = || all_rules.values().flatten().map(|r| r.name.as_str());
            if *complete && !known().any(|r| r == word.value) {
                cx.unknown(codes::UNKNOWN_RULE, "rule", word, known());
            }
            return;
        }
    };
    let Some(rule) = rules.iter().find(|r| r.name == word.value) else {
        if *complete {
            let mut d = lacking(codes::UNKNOWN_RULE, name, "rule", word, rules.iter().map(|r| r.name.as_str()));
            if rules.is_empty() {
                d = d.help(format!("`{name}` has no rules"));
            } else if let Some(whole) = rules.iter().find(|r| r.name.starts_with(&format!("{}.", word.value))) {
                d = d.help(format!("did you mean `{}`?", whole.name));
            }
            cx.report(d);
        }
        return;
    };
    let raised = failure_of(rule);
    if raised != info.name {
        let why = if raised == "table_failed" { "judges the table as a whole" } else { "judges rows" };
        cx.report(
            Diagnostic::error(
                codes::WRONG_FAILURE,
                format!("rule `{}` {why}: it raises `{raised}`", rule.name),
                word.span,
            )
            .help(format!("write `on {raised}(rule: {})`", rule.name)),
        );
    }
}

/// The failure that a rule raises.
pub(super) fn failure_of(rule: &Rule) -> &'static str {
    match rule.level {
        Level::Row | Level::Set => "rule_failed",
        Level::Table | Level::Schema | Level::History => "table_failed",
    }
}
