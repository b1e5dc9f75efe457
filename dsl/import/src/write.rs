//! Tables and rules as a formatted program.

use std::collections::BTreeSet;

use pipe_diagnostics::{Diagnostic, Sources, Span};

use crate::import::Cx;
use crate::rule::{Rule, Said, Subject, Table};
use crate::words;

/// The program of a file: sources and rules by table, then what was refused, as comments.
pub(crate) fn program(cx: &Cx, file: &str, sources: &Sources) -> Said<String> {
    let mut out = format!("pipe 1;\n\n-- From `{file}` of {}.\n", cx.tool.title());
    if !cx.params.is_empty() {
        out += "\n-- What the suite takes from outside; `--param name=value` sets it for a run.\n";
        out.extend(cx.params.values().map(String::as_str));
        out.push('\n');
    }
    let missing = undeclared(cx);
    if !missing.is_empty() {
        out += "-- The file does not say where these tables are: put connector, locator and columns in, or give a file of\n";
        out += "-- each to `pipe validate --on`.\n";
        for table in missing {
            out += &placeholder(&table);
        }
    }
    for table in &cx.tables {
        if !table.columns.is_empty() {
            out.push('\n');
            if table.locator.is_none() {
                out += "-- Where its rows come from is not said: put the connector and the locator in.\n";
            }
            out += &docs(table.docs.as_deref());
            out += &source(table);
        }
        if !table.rules.is_empty() {
            out += &format!("\nrules {} {{\n{}}}\n", table.name, lines(&table.rules));
        }
    }
    for table in cx.tables.iter().filter(|t| !t.fails.is_empty()) {
        let (on, why) = (table.fails.join(" | "), words::text("the schema has changed"));
        out += &format!("\nheal {} {{\n  on {on} => fail {why};\n}}\n", table.name);
    }
    if !cx.left_out.is_empty() {
        out += "\n-- Left out, for no verdict hangs on it:\n";
        for (span, what) in &cx.left_out {
            out += &format!("--   {}: {}\n", at(*span, sources), what.replace('\n', " "));
        }
    }
    if !cx.refused.is_empty() {
        out += "\n-- Not said here:\n";
        for refused in &cx.refused {
            out += &format!("--   {}: {}\n", place(refused, sources), refused.message.replace('\n', " "));
        }
    }
    pipe_fmt::format(&out).map_err(|problems| {
        let first = problems.into_iter().next();
        let why = first.map_or_else(String::new, |d| d.message);
        Box::new(Diagnostic::new(
            pipe_diagnostics::codes::import::NOT_SOUND,
            pipe_diagnostics::Severity::Error,
            format!("what was made of the file cannot be formatted: {why}"),
        ))
    })
}

/// The source of a table of which nothing is known but its name.
pub(crate) fn placeholder(table: &str) -> String {
    format!("source {table} from csv {};\n", words::text(&format!("{}.csv", table.trim_matches('"'))))
}

/// The tables of which nothing is known but their names.
pub(crate) fn undeclared(cx: &Cx) -> Vec<String> {
    let bare = cx.tables.iter().filter(|t| t.columns.is_empty() && !t.rules.is_empty()).map(|t| &t.name);
    bare.chain(&cx.others).cloned().collect()
}

/// `file:line`
fn place(d: &Diagnostic, sources: &Sources) -> String {
    d.span().map_or_else(String::new, |span| at(span, sources))
}

fn at(span: Span, sources: &Sources) -> String {
    let Some(file) = sources.get(span.file) else { return String::new() };
    let line = file.text.get(..span.start as usize).map_or(1, |before| before.matches('\n').count() + 1);
    format!("{}:{line}", file.name)
}

fn docs(text: Option<&str>) -> String {
    let lines = text.map(str::lines).into_iter().flatten().filter(|l| !l.trim().is_empty());
    lines.map(|l| format!("--- {}\n", l.trim())).collect()
}

/// The source statement of a table; without a schema where its columns are not known.
pub(crate) fn source(table: &Table) -> String {
    let (connector, locator) = match &table.locator {
        Some((connector, locator)) => (*connector, locator.clone()),
        None => ("csv", format!("{}.csv", table.name.trim_matches('"'))),
    };
    let columns: Vec<String> = table.columns.iter().map(|(c, ty)| format!("{} {ty}", words::name(c))).collect();
    let schema = if columns.is_empty() { String::new() } else { format!(" schema ({})", columns.join(", ")) };
    format!("source {} from {connector} {}{schema};\n", table.name, words::text(&locator))
}

/// A rule without its `;`.
pub(crate) fn line(rule: &Rule, name: Option<&str>) -> String {
    let name = name.map(|n| format!("{n}:")).unwrap_or_default();
    let parts = [name, rule.subject_text(), rule.predicate.clone(), rule.options()];
    parts.iter().filter(|p| !p.is_empty()).cloned().collect::<Vec<_>>().join(" ")
}

/// The lines of a block. Rules that would have the same name get one; predicates of a column that stand in a row share a line.
fn lines(rules: &[Rule]) -> String {
    let mut taken = BTreeSet::new();
    let mut out = String::new();
    let mut open: Option<&Rule> = None;
    for rule in rules {
        let name = match (&rule.name, rule.derived_name()) {
            (None, Some(derived)) if taken.insert(derived.clone()) => None,
            (Some(given), _) => Some(free(&identifier(given), &mut taken)),
            (None, derived) => Some(free(&identifier(&derived.unwrap_or_default().replace('.', "_")), &mut taken)),
        };
        let bare = rule.is_bare() && name.is_none() && matches!(rule.subject, Subject::Column(_));
        match open {
            Some(before) if bare && before.subject == rule.subject => {
                out += &format!(", {}", rule.predicate);
            }
            _ => {
                if open.is_some() {
                    out += ";\n";
                }
                for note in &rule.notes {
                    out += &format!("  -- {}\n", note.replace('\n', " "));
                }
                out += &format!("  {}", line(rule, name.as_deref()));
                open = None;
                if bare {
                    open = Some(rule);
                } else {
                    out += ";\n";
                }
            }
        }
    }
    if open.is_some() {
        out += ";\n";
    }
    out
}

/// The first of `name`, `name_2`, … that is not taken.
fn free(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut candidate = name.to_owned();
    let mut n = 1;
    while !taken.insert(candidate.clone()) {
        n += 1;
        candidate = format!("{}_{n}", name.trim_matches('"'));
    }
    candidate
}

/// A name of letters, digits and `_` that is nearest to what another tool allows.
pub(crate) fn identifier(text: &str) -> String {
    let mut out = String::new();
    for c in text.to_lowercase().chars() {
        let c = if c.is_alphanumeric() { c } else { '_' };
        if !(c == '_' && out.ends_with('_')) {
            out.push(c);
        }
    }
    let out = out.trim_matches('_');
    if out.starts_with(|c: char| c.is_numeric()) || out.is_empty() { format!("r_{out}") } else { out.to_owned() }
}
