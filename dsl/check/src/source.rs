//! `source`.

use std::collections::BTreeMap;

use pipe_diagnostics::{Diagnostic, Span, codes::config as config_codes, codes::names as codes};
use pipe_schema::TypeClass;
use pipe_syntax::{self as syntax, ColumnDef, Cursor, SourceClause, With};

use crate::config::{Owner, config, no_credentials};
use crate::cx::{Cx, twice};
use crate::declare::{type_name, via};
use crate::names::Table;
use crate::program::{Column, ContractFile, Source};
use crate::types::class_word;

/// The clauses of a source, each at most once.
#[derive(Default)]
struct Clauses<'s> {
    with: Option<&'s With>,
    schema: Option<&'s [ColumnDef]>,
    incremental: Option<&'s Cursor>,
    stream: Option<&'s Cursor>,
    cdc: Option<&'s [syntax::Name]>,
    contract: Option<&'s syntax::Text>,
}

/// `source name from connector-or-connection 'locator' …;`
pub(crate) fn source(cx: &mut Cx<'_>, s: &syntax::Source, docs: &[String]) -> Option<Source> {
    let clauses = clauses(cx, s);
    let table = cx.names.tables.get(s.name.as_str());
    let schema = clauses.schema.map(|columns| self::schema(cx, columns));
    for cursor in [clauses.incremental, clauses.stream].into_iter().flatten() {
        self::cursor(cx, cursor, table);
    }
    for key in clauses.cdc.into_iter().flatten() {
        cx.column(table, key);
    }
    let via = via(cx, &s.from)?;
    let connector = via.connector;
    if let Some(locator) = &s.locator {
        no_credentials(cx, locator, locator.span);
    }
    let empty = s.locator.as_ref().filter(|l| l.trim().is_empty());
    if empty.is_some() || connector.files && s.locator.is_none() {
        let message = format!("source `{}` does not say what to read", s.name.value);
        cx.report(
            Diagnostic::error(config_codes::MISSING_LOCATOR, message, empty.map_or(s.from.span, |l| l.span))
                .help(format!("write a path behind it: `from {} 'data/*.{}'`", s.from.value, connector.name)),
        );
    }
    let owner = Owner { what: format!("a source from `{}`", connector.name), at: s.name.span, table };
    let config = config(cx, &via.keys(connector.source_keys), clauses.with, &owner);
    Some(Source {
        name: s.name.value.clone(),
        docs: docs.to_vec(),
        connector: connector.name.to_owned(),
        connection: via.connection,
        locator: s.locator.as_ref().filter(|_| empty.is_none()).map(|l| l.value.clone()),
        locator_span: s.locator.as_ref().map_or(s.name.span, |l| l.span),
        config,
        schema,
        incremental: clauses.incremental.map(|c| (c.column.value.clone(), c.lag.map(|l| l.value))),
        contract: clauses.contract.and_then(|file| {
            // One that could not be read was reported when it was looked for.
            let text = cx.named.contracts.get(&file.span)?.clone();
            Some(ContractFile { path: file.value.clone(), text, span: file.span })
        }),
        streaming: clauses.stream.is_some() || clauses.cdc.is_some(),
        span: s.name.span,
    })
}

fn clauses<'s>(cx: &mut Cx<'_>, s: &'s syntax::Source) -> Clauses<'s> {
    let mut found = Clauses::default();
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for clause in &s.clauses {
        let (word, span) = match clause {
            SourceClause::With(w) => ("with", w.span.span),
            SourceClause::Schema(columns) => ("schema", columns.span),
            SourceClause::Incremental(c) => ("incremental", c.column.span),
            SourceClause::Stream(c) => ("stream", c.column.span),
            SourceClause::Cdc(key) => ("cdc", key.first().map_or(s.name.span, |k| k.span)),
            SourceClause::Contract(file) => ("contract", file.span),
        };
        if let Some(first) = seen.insert(word, span) {
            let message = format!("source `{}` has two `{word}` clauses", s.name.value);
            cx.report(twice(codes::DUPLICATE_CLAUSE, &message, span, first).help("put both into one"));
            continue;
        }
        match clause {
            SourceClause::With(w) => found.with = Some(w),
            SourceClause::Schema(columns) => found.schema = Some(&columns.value),
            SourceClause::Incremental(c) => found.incremental = Some(c),
            SourceClause::Stream(c) => found.stream = Some(c),
            SourceClause::Cdc(key) => found.cdc = Some(key),
            SourceClause::Contract(file) => found.contract = Some(file),
        }
    }
    let ways: Vec<(&str, Span)> = ["incremental", "stream", "cdc"]
        .into_iter()
        .filter_map(|word| seen.get(word).map(|span| (word, *span)))
        .collect();
    if let [(first, first_span), (second, span), ..] = ways.as_slice() {
        let message = format!("source `{}` cannot go forward by `{first}` and by `{second}`", s.name.value);
        cx.report(
            Diagnostic::error(codes::DUPLICATE_CLAUSE, message, *span)
                .label(*first_span, format!("`{first}` here"))
                .help("keep one of them"),
        );
    }
    found
}

fn schema(cx: &mut Cx<'_>, columns: &[ColumnDef]) -> Vec<Column> {
    let mut taken: BTreeMap<&str, (Span, bool)> = BTreeMap::new();
    for c in columns {
        if let Some((first, _)) = taken.get(c.name.as_str()) {
            let message = format!("column `{}` is declared twice", c.name.value);
            cx.report(twice(codes::DUPLICATE_COLUMN, &message, c.name.span, *first));
        } else {
            taken.insert(&c.name, (c.name.span, false));
        }
        if crate::names::META_COLUMNS.contains(&c.name.as_str()) {
            let message = format!("column `{}` has a name that Pipe gives", c.name.value);
            cx.report(
                Diagnostic::error(codes::DUPLICATE_COLUMN, message, c.name.span)
                    .help("every source has `_file`, `_line` and `_row`; rename the column where it comes from"),
            );
        }
    }
    for alias in columns.iter().flat_map(|c| &c.aliases) {
        match taken.get(alias.as_str()) {
            Some((first, is_alias)) => {
                let message = format!("alias `{}` already names a column", alias.value);
                let what = if *is_alias { "an alias here" } else { "a column here" };
                cx.report(
                    Diagnostic::error(codes::ALIAS_CLASH, message, alias.span)
                        .label(*first, what)
                        .help("an alias leads to one column, and is none itself"),
                );
            }
            None => _ = taken.insert(alias, (alias.span, true)),
        }
    }
    let mut out = Vec::new();
    for c in columns {
        let is_first = taken.get(c.name.as_str()).is_some_and(|(first, _)| *first == c.name.span);
        if let Some(ty) = type_name(cx, &c.ty)
            && is_first
        {
            let aliases = c.aliases.iter().map(|a| a.value.clone()).collect();
            out.push(Column { name: c.name.value.clone(), ty, aliases, span: c.name.span });
        }
    }
    out
}

/// A source goes forward by a column that grows: a number or a time.
fn cursor(cx: &mut Cx<'_>, cursor: &Cursor, table: Option<&Table<'_>>) {
    cx.column(table, &cursor.column);
    let Some(ty) = table.and_then(|t| t.ty(&cursor.column)) else { return };
    let class = ty.class();
    if !matches!(class, TypeClass::Number | TypeClass::Time | TypeClass::Text) {
        let message = format!("column `{}` is {}, which does not grow", cursor.column.value, class_word(class));
        cx.report(
            Diagnostic::error(codes::CURSOR_TYPE, message, cursor.column.span)
                .help("go forward by a time or a number that grows with every row"),
        );
    } else if let Some(lag) = &cursor.lag
        && class != TypeClass::Time
    {
        let message = format!("`lag` is a time, and column `{}` is {}", cursor.column.value, class_word(class));
        cx.report(
            Diagnostic::error(codes::CURSOR_TYPE, message, lag.span).help("take a timestamp, or leave `lag` out"),
        );
    }
}
