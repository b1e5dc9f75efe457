//! Fragments in files: what is read of them, and where messages point.

mod errors;
mod names;
mod random;

use pipe_diagnostics::{Diagnostic, Sources, Span};
use pipe_syntax::Sql;

use crate::{Expression, Query, parse_expressions, parse_query};

/// A file with `sql` behind text that would throw off columns counted in bytes, in lines, or with tabs as more than one.
pub(super) fn file(sql: &str) -> (Sources, Sql) {
    let before = "--- größe ☃ 𝄞\r\n\tmodel ü /* ü */ as ";
    let mut sources = Sources::default();
    sources.add("other.pipe", "pipe 1;");
    let file = sources.add("shop.pipe", format!("{before}{sql};\n-- 'after"));
    (sources, Sql::new(sql.to_owned(), Span::new(file, before.len()..before.len() + sql.len())))
}

pub(super) fn query(sql: &str) -> Query {
    let (sources, sql) = file(sql);
    parse_query(&sql, &sources).unwrap_or_else(|e| panic!("{}: {e:?}", sql.value))
}

pub(super) fn expressions(sql: &str) -> Vec<Expression> {
    let (sources, sql) = file(sql);
    parse_expressions(&sql, &sources).unwrap_or_else(|e| panic!("{}: {e:?}", sql.value))
}

pub(super) fn expression(sql: &str) -> Expression {
    let mut all = expressions(sql);
    assert_eq!(all.len(), 1, "{sql}");
    all.remove(0)
}

/// `E0300 "underlined" message (help)`, a line each.
pub(super) fn shown(found: &[Diagnostic], sources: &Sources) -> String {
    let line = |d: &Diagnostic| {
        let text = d.span().map_or("", |s| sources.text(s));
        let help = d.help.as_deref().map(|h| format!(" ({h})")).unwrap_or_default();
        format!("{} {text:?} {}{help}", d.code, d.message)
    };
    found.iter().map(line).collect::<Vec<_>>().join("\n")
}

pub(super) fn query_errors(sql: &str) -> String {
    let (sources, sql) = file(sql);
    let found = parse_query(&sql, &sources).err().unwrap_or_else(|| panic!("{} is read", sql.value));
    shown(&found, &sources)
}

pub(super) fn expression_errors(sql: &str) -> String {
    let (sources, sql) = file(sql);
    let found = parse_expressions(&sql, &sources).err().unwrap_or_else(|| panic!("{} is read", sql.value));
    shown(&found, &sources)
}
