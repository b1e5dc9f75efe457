//! `test`: what is given, injected and expected.

use std::collections::{BTreeMap, BTreeSet};

use pipe_diagnostics::{Diagnostic, Span, codes::load as codes};
use pipe_syntax::{self as syntax, Name, SourceClause, Spanned, TestItem};

use crate::cx::{Cx, twice};
use crate::heal::{Home, pattern};
use crate::literals;
use crate::names::TableKind;
use crate::program::Rule;

/// What `expect table …` counts.
const COUNTS: [&str; 8] = ["rows", "quarantined", "dropped", "duplicates", "healed", "kept", "waiting", "read"];

/// Exit codes of a run.
const EXITS: [u32; 6] = [0, 1, 2, 3, 4, 130];

/// `test name { … }`; `complete`: all rules of the program could be read.
pub(crate) fn test(cx: &mut Cx<'_>, test: &syntax::Test, rules: &BTreeMap<String, Vec<Rule>>, complete: bool) {
    let home = Home::Any { complete };
    let given = given(cx, test);
    let mut at: Option<Span> = None;
    for item in &test.items {
        match &item.value {
            TestItem::At(text) => {
                if !literals::is_moment(text) {
                    cx.report(
                        Diagnostic::error(codes::TEST_TIME, format!("`{}` is no time", text.value), text.span)
                            .help("write it as in `at '2026-01-01 12:00'`"),
                    );
                }
                if let Some(first) = at.replace(item.span) {
                    cx.report(twice(codes::GIVEN_TWICE, "the clock is set twice", item.span, first));
                }
            }
            TestItem::GivenFile { connector, file, .. } => given_file(cx, connector, file),
            TestItem::GivenSql { sql, .. } => _ = cx.query(sql),
            TestItem::InjectRename { from, table, .. } => {
                let named = table.as_ref().and_then(|t| cx.table(t)).map(|t| BTreeSet::from([t.name.value.clone()]));
                column(cx, test, from, named.as_ref().unwrap_or(&given));
            }
            TestItem::InjectRetype { column: c, ty } => {
                column(cx, test, c, &given);
                crate::declare::type_name(cx, ty);
            }
            TestItem::InjectDropColumn(c) => column(cx, test, c, &given),
            TestItem::InjectAddColumn(_, ty) => {
                if let Some(ty) = ty {
                    crate::declare::type_name(cx, ty);
                }
            }
            TestItem::InjectDelimiter(text) => {
                if text.chars().count() != 1 && text.value != "\\t" {
                    cx.report(
                        Diagnostic::error(codes::INJECT, "a delimiter is one character", text.span)
                            .help("write it as in `inject delimiter ';'`"),
                    );
                }
            }
            TestItem::InjectBadRecord(_) | TestItem::InjectKill { .. } => {}
            TestItem::InjectFailure { failure, times } => {
                pattern::pattern(cx, failure, &home, rules);
                if let Some(times) = times
                    && times.value == 0
                {
                    cx.report(Diagnostic::error(codes::INJECT, "a failure injected 0 times is none", times.span));
                }
            }
            TestItem::ExpectHeal(action) => crate::heal::action::names(cx, action, &home),
            TestItem::ExpectFailure(failure) => _ = pattern::pattern(cx, failure, &home, rules),
            TestItem::ExpectCounts { table, counts } => {
                cx.table(table);
                self::counts(cx, counts);
            }
            TestItem::ExpectSql { table, sql } => {
                cx.table(table);
                cx.query(sql);
            }
            TestItem::ExpectExit(code) => {
                if !EXITS.contains(&code.value) {
                    cx.report(
                        Diagnostic::error(codes::EXIT, format!("no run exits with {}", code.value), code.span)
                            .help("0 committed, 1 failed, 2 refused, 3 partial, 4 waits for approval, 130 interrupted"),
                    );
                }
            }
        }
    }
}

/// The tables given, each once before and once after an injection.
fn given(cx: &mut Cx<'_>, test: &syntax::Test) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut places: BTreeMap<(String, bool), Span> = BTreeMap::new();
    let mut injected = false;
    for item in &test.items {
        let table = match &item.value {
            TestItem::GivenFile { table, .. } | TestItem::GivenSql { table, .. } => table,
            TestItem::InjectRename { .. }
            | TestItem::InjectRetype { .. }
            | TestItem::InjectDropColumn(_)
            | TestItem::InjectAddColumn(..)
            | TestItem::InjectDelimiter(_)
            | TestItem::InjectBadRecord(_)
            | TestItem::InjectKill { .. }
            | TestItem::InjectFailure { .. } => {
                injected = true;
                continue;
            }
            _ => continue,
        };
        cx.table(table);
        if let Some(first) = places.insert((table.value.clone(), injected), table.span) {
            let message = format!("table `{}` is given twice", table.value);
            cx.report(twice(codes::GIVEN_TWICE, &message, table.span, first));
        }
        found.insert(table.value.clone());
    }
    found
}

fn given_file(cx: &mut Cx<'_>, connector: &syntax::Word, file: &syntax::Text) {
    match pipe_schema::connector(connector) {
        Some(c) if c.files && c.source_keys.is_some() => crate::config::no_credentials(cx, file, file.span),
        Some(c) => cx.report(
            Diagnostic::error(
                codes::GIVEN_FILE,
                format!("a test reads no `{}`: nothing outside is read", c.name),
                connector.span,
            )
            .help("give a file, or rows: `given orders as select 1 as id;`"),
        ),
        None => {
            let known = pipe_schema::connectors().iter().filter(|c| c.files).map(|c| c.name);
            cx.unknown(codes::GIVEN_FILE, "format of files", connector, known);
        }
    }
}

/// A column of one of the given tables, where all of them declare theirs: by its name, an alias, or the name an injection gave it.
fn column(cx: &mut Cx<'_>, test: &syntax::Test, name: &Name, given: &BTreeSet<String>) {
    let names = cx.names;
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for table in given.iter().map(|t| names.tables.get(t.as_str())) {
        let Some((table, columns)) = table.and_then(|t| Some((t, t.columns.as_ref()?))) else { return };
        known.extend(columns.keys());
        if let TableKind::Source(source) = table.kind {
            let schemas =
                source.clauses.iter().filter_map(|c| if let SourceClause::Schema(s) = c { Some(s) } else { None });
            known.extend(schemas.flat_map(|s| &s.value).flat_map(|c| &c.aliases).map(|a| a.as_str()));
        }
    }
    for item in &test.items {
        match &item.value {
            TestItem::InjectRename { to, .. } => _ = known.insert(to),
            TestItem::InjectAddColumn(added, _) => _ = known.insert(added),
            _ => {}
        }
    }
    if !given.is_empty() && !known.contains(name.as_str()) {
        cx.unknown(pipe_diagnostics::codes::names::UNKNOWN_COLUMN, "column", name, known);
    }
}

fn counts(cx: &mut Cx<'_>, counts: &[(syntax::Word, Spanned<u64>)]) {
    for (i, (word, _)) in counts.iter().enumerate() {
        if !COUNTS.contains(&word.as_str()) {
            cx.unknown(codes::UNKNOWN_COUNT, "count", word, COUNTS);
        } else if let Some((first, _)) = counts.iter().take(i).find(|(w, _)| w.value == word.value) {
            cx.report(twice(codes::GIVEN_TWICE, &format!("`{}` is expected twice", word.value), word.span, first.span));
        }
    }
}
