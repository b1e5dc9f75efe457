//! Which rules a pattern matches, and which clauses of `heal *` apply to a table.

use pipe_schema::Type;
use pipe_syntax::{Action as Written, FailurePattern, FieldPattern, FieldValue, Literal};

use super::pattern::failure_of;
use crate::names::{Table, TableKind};
use crate::program::Clause;
use crate::rule::Rule;

/// Failures of reading: models are not read.
const OF_SOURCES: [&str; 5] = ["source_error", "missing_column", "new_column", "type_changed", "bad_record"];

/// Whether a table of this kind can have the failure at all.
pub(super) fn can_have(kind: TableKind<'_>, failure: &str) -> bool {
    match kind {
        TableKind::Source(_) => failure != "model_error",
        TableKind::Model => !OF_SOURCES.contains(&failure),
    }
}

/// The words and texts a field may be; `None`: anything.
pub(super) fn wanted<'p>(p: &'p FailurePattern, field: &str) -> Option<Vec<&'p str>> {
    let (_, pattern) = p.fields.iter().find(|(n, _)| n.value == field)?;
    match &pattern.value {
        FieldPattern::Any => None,
        FieldPattern::OneOf(values) => Some(
            values
                .iter()
                .filter_map(|v| match &v.value {
                    FieldValue::Word(w) | FieldValue::Literal(Literal::Text(w)) => Some(w.as_str()),
                    FieldValue::Literal(_) => None,
                })
                .collect(),
        ),
    }
}

/// Whether the pattern says anything about rules.
pub(super) fn picks_rules(p: &FailurePattern) -> bool {
    ["rule", "column", "check", "dimension", "severity"].iter().any(|f| wanted(p, f).is_some())
}

/// Whether the pattern names a severity; without, it means `error` and `critical`.
pub(super) fn names_severity(p: &FailurePattern) -> bool {
    p.fields.iter().any(|(n, _)| n.value == "severity")
}

/// Whether a rule's failure matches; `any_severity` looks past the severity.
pub(super) fn matches_rule(p: &FailurePattern, rule: &Rule, any_severity: bool) -> bool {
    if p.failure.value != failure_of(rule) {
        return false;
    }
    let is = |field: &str, found: Option<&str>| wanted(p, field).is_none_or(|w| found.is_some_and(|f| w.contains(&f)));
    let severity = any_severity
        || if names_severity(p) {
            is("severity", Some(rule.severity.word()))
        } else {
            rule.severity >= crate::rule::Severity::Error
        };
    severity
        && is("rule", Some(&rule.name))
        && is("check", Some(rule.check))
        && is("dimension", Some(&rule.dimension))
        && (p.failure.value != "rule_failed" || is("column", rule.column.as_deref()))
}

/// A clause of `heal *` as it applies to a table: the alternatives that can match there; `None` when none can, or when an action names a column the table is known not to have.
pub(super) fn for_table(clause: &Clause, table: &Table<'_>, rules: &[Rule]) -> Option<Clause> {
    let has = |column: &str| table.columns.as_ref().is_none_or(|c| c.contains_key(column));
    let fits = |p: &FailurePattern| {
        let columns = p.failure.value != "new_column" && wanted(p, "column").is_some_and(|w| !w.iter().any(|c| has(c)));
        let named = wanted(p, "rule").is_some() && !rules.iter().any(|r| matches_rule(p, r, false));
        can_have(table.kind, &p.failure) && !columns && !named
    };
    let acts = clause.steps.iter().flatten().all(|a| columns_of(&a.syntax).iter().all(|c| has(c)));
    let reads = clause
        .steps
        .iter()
        .flatten()
        .flat_map(|a| a.sql.iter().chain(&a.filter))
        .flat_map(|e| &e.columns)
        .all(|c| c.parts.last().is_none_or(|name| has(name)));
    let patterns: Vec<FailurePattern> = clause.patterns.iter().filter(|p| fits(p)).cloned().collect();
    (acts && reads && !patterns.is_empty()).then(|| Clause { patterns, from_star: true, ..clause.clone() })
}

/// The columns of its table that an action names.
pub(super) fn columns_of(action: &Written) -> Vec<&str> {
    match action {
        Written::Rename(Some((_, to))) => vec![to],
        Written::Cast { column: Some(c), .. }
        | Written::Normalize { column: Some(c), .. }
        | Written::Set { column: c, .. }
        | Written::Snap(Some((c, ..)))
        | Written::Clip(Some((c, ..))) => vec![c],
        Written::Fill { column, with } => {
            let order = if let pipe_syntax::FillWith::Previous(order) = with { order.as_ref() } else { None };
            column.iter().chain(order).map(|n| n.as_str()).collect()
        }
        Written::Majority(Some((c, by))) => std::iter::once(c).chain(by).map(|n| n.as_str()).collect(),
        Written::Lookup { column, by, .. } => column.iter().chain(by).map(|n| n.as_str()).collect(),
        Written::Dedupe { by, keep } => {
            let mut all: Vec<&str> = by.iter().map(|n| n.as_str()).collect();
            all.extend(ordering(keep).map(|c| c.as_str()));
            all
        }
        Written::Repair(columns) => columns.iter().map(|n| n.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// The column that says which row of a key stays.
pub(super) fn ordering(keep: &pipe_syntax::KeepRow) -> Option<&pipe_syntax::Name> {
    match keep {
        pipe_syntax::KeepRow::Latest(column) => Some(column),
        pipe_syntax::KeepRow::First(column) => column.as_ref(),
        pipe_syntax::KeepRow::MostComplete => None,
    }
}

/// Whether an action takes rows in the order they were read, which those of a model are not: what to write instead.
pub(super) fn unordered(action: &Written) -> Option<&'static str> {
    match action {
        Written::Fill { with: pipe_syntax::FillWith::Previous(None), .. } => {
            Some("say which column orders them: `fill with previous order by …`")
        }
        Written::Dedupe { keep: pipe_syntax::KeepRow::First(None), .. } => Some(
            "say which column orders them: `keep first order by …`, or `keep latest …`; of rows that are alike `keep most complete` keeps one",
        ),
        _ => None,
    }
}

/// The type of the column an action writes, where it is known: its own, or that of the rules its clause matches.
pub(super) fn written_types<'t>(
    column: Option<&str>,
    table: Option<&'t Table<'t>>,
    rules: &[&Rule],
) -> Vec<(String, &'t Type)> {
    let Some(table) = table else { return Vec::new() };
    let of = |c: &str| table.ty(c).map(|ty| (c.to_owned(), ty));
    match column {
        Some(c) => of(c).into_iter().collect(),
        None => rules.iter().filter_map(|r| of(r.column.as_deref()?)).collect(),
    }
}
