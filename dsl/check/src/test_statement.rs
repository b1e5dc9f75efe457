//! `test`: what is given, injected and expected.

use std::collections::{BTreeMap, BTreeSet};

use pipe_diagnostics::{Diagnostic, Span, codes::load as codes};
use pipe_syntax::{self as syntax, Name, SourceClause, Spanned, TestItem};

use crate::cx::{Cx, list, twice};
use crate::heal::{Home, pattern};
use crate::literals;
use crate::names::{Table, TableKind};
use crate::rule::Rule;

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
            TestItem::InjectRename { from, table, .. } => drift(cx, test, Some(from), table.as_ref(), &given),
            TestItem::InjectRetype { column, ty, table } => {
                drift(cx, test, Some(column), table.as_ref(), &given);
                crate::declare::type_name(cx, ty);
            }
            TestItem::InjectDropColumn { column, table } => drift(cx, test, Some(column), table.as_ref(), &given),
            TestItem::InjectAddColumn { ty, table, .. } => {
                drift(cx, test, None, table.as_ref(), &given);
                if let Some(ty) = ty {
                    crate::declare::type_name(cx, ty);
                }
            }
            TestItem::InjectDelimiter { delimiter, table } => {
                drift(cx, test, None, table.as_ref(), &given);
                if delimiter.chars().count() != 1 && delimiter.value != "\\t" {
                    cx.report(
                        Diagnostic::error(codes::INJECT, "a delimiter is one character", delimiter.span)
                            .help("write it as in `inject delimiter ';'`"),
                    );
                }
            }
            TestItem::InjectBadRecord { table, .. } => drift(cx, test, None, table.as_ref(), &given),
            TestItem::InjectKill { .. } => {}
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
            | TestItem::InjectDropColumn { .. }
            | TestItem::InjectAddColumn { .. }
            | TestItem::InjectDelimiter { .. }
            | TestItem::InjectBadRecord { .. }
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
        Some(c) if c.files => crate::config::no_credentials(cx, file, file.span),
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

/// Drift is of a table that is given, and of a column that it has. Without a table it is of the one that has the column.
fn drift(cx: &mut Cx<'_>, test: &syntax::Test, column: Option<&Name>, table: Option<&Name>, given: &BTreeSet<String>) {
    if let Some(table) = table {
        if cx.table(table).is_none() {
            return;
        }
        if !given.contains(&table.value) {
            cx.unknown(codes::INJECT, "given table", table, given.iter().map(String::as_str));
            return;
        }
    }
    let Some(column) = column else { return };
    let names = cx.names;
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let mut with: Vec<&str> = Vec::new();
    let mut all_known = true;
    for name in given.iter().filter(|name| table.is_none_or(|t| t.value == **name)) {
        match names.tables.get(name.as_str()).and_then(columns) {
            Some(columns) => {
                with.extend(columns.contains(column.as_str()).then_some(name.as_str()));
                known.extend(columns);
            }
            None => all_known = false,
        }
    }
    for item in &test.items {
        match &item.value {
            TestItem::InjectRename { to, .. } => _ = known.insert(to),
            TestItem::InjectAddColumn { column, .. } => _ = known.insert(column),
            _ => {}
        }
    }
    if let [first, _, ..] = with.as_slice() {
        let message = format!("{} have a column `{}`", list(&with), column.value);
        cx.report(
            Diagnostic::error(codes::INJECT, message, column.span)
                .help(format!("say which is meant: write `in {first}` behind it")),
        );
    } else if all_known && !given.is_empty() && !known.contains(column.as_str()) {
        cx.unknown(pipe_diagnostics::codes::names::UNKNOWN_COLUMN, "column", column, known);
    }
}

/// The columns of a table that declares them, and their aliases.
fn columns<'t>(table: &Table<'t>) -> Option<BTreeSet<&'t str>> {
    let mut known: BTreeSet<&str> = table.columns.as_ref()?.keys().copied().collect();
    if let TableKind::Source(source) = table.kind {
        let schemas =
            source.clauses.iter().filter_map(|c| if let SourceClause::Schema(s) = c { Some(s) } else { None });
        known.extend(schemas.flat_map(|s| &s.value).flat_map(|c| &c.aliases).map(|a| a.as_str()));
    }
    Some(known)
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
