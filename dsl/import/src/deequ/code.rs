//! Calls in Scala and Python: `.hasMin("total", _ >= 0)`, `.hasMin("total", lambda x: x >= 0)`.

use pipe_diagnostics::codes::import as codes;
use pipe_diagnostics::{Diagnostic, FileId, Span};

use crate::rule::Said;

/// A call of a method, or of `Check`.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) arguments: Vec<Argument>,
    pub(super) span: Span,
}

/// An argument as it stands, and the texts in quotes in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Argument {
    pub(super) text: String,
    /// Texts in quotes, in order.
    pub(super) quoted: Vec<String>,
}

/// Methods that are no constraints: they build what runs the checks.
const AROUND: &[&str] = &[
    "onData",
    "addCheck",
    "addChecks",
    "run",
    "builder",
    "VerificationSuite",
    "getOrCreate",
    "config",
    "appName",
    "read",
    "csv",
    "parquet",
    "json",
    "option",
    "load",
    "format",
    "checkResultsAsDataFrame",
    "successMetricsAsDataFrame",
    "show",
    "useRepository",
    "saveOrAppendResult",
    "addRequiredAnalyzer",
    "addRequiredAnalyzers",
    "addAnalyzer",
    "toSet",
    "map",
    "foreach",
    "println",
    "print",
    "master",
    "table",
    "toDF",
    "parallelize",
    "createDataFrame",
    "collect",
    "stop",
];

/// The calls of constraints in a text that begins at `base` of the file.
///
/// # Errors
/// A message where a bracket or a quote is not closed.
pub(super) fn calls(text: &str, file: FileId, base: usize) -> Said<Vec<Call>> {
    let mut out = Vec::new();
    let mut rest = text;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let start = text.len() - rest.len();
        if rest.starts_with("//") || c == '#' {
            rest = rest.find('\n').and_then(|n| rest.get(n..)).unwrap_or("");
            continue;
        }
        if let Some(length) = text_in_quotes(rest) {
            rest = rest.get(length..).unwrap_or("");
            before = '"';
            continue;
        }
        let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        if length == 0 {
            before = c;
            rest = rest.get(c.len_utf8()..).unwrap_or("");
            continue;
        }
        let name = rest.get(..length).unwrap_or("");
        let behind = rest.get(length..).unwrap_or("");
        let wanted = (before == '.' && !AROUND.contains(&name)) || name == "Check";
        if wanted && behind.starts_with('(') {
            let span = Span::new(file, base + start..base + start + length);
            let Some(end) = closing(behind) else {
                return Err(Box::new(Diagnostic::error(
                    codes::NOT_READ,
                    format!("the brackets of `{name}` are not closed"),
                    span,
                )));
            };
            let inner = behind.get(1..end).unwrap_or("");
            out.push(Call { name: name.to_owned(), arguments: arguments(inner), span });
            rest = behind.get(end + 1..).unwrap_or("");
            before = ')';
        } else {
            before = 'a';
            rest = behind;
        }
    }
    Ok(out)
}

/// How many bytes a text in quotes at the start takes.
fn text_in_quotes(text: &str) -> Option<usize> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    if quote == '"' && text.starts_with("\"\"\"") {
        return text.get(3..)?.find("\"\"\"").map(|n| n + 6);
    }
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The bracket that closes the one at the start.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let at = text.len() - rest.len();
        if let Some(length) = text_in_quotes(rest) {
            rest = rest.get(length..)?;
            continue;
        }
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
        rest = rest.get(c.len_utf8()..)?;
    }
    None
}

/// Arguments between commas that stand in no brackets.
fn arguments(text: &str) -> Vec<Argument> {
    let mut out = vec![Argument::default()];
    let mut depth = 0usize;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let Some(last) = out.last_mut() else { break };
        if let Some(length) = text_in_quotes(rest) {
            let written = rest.get(..length).unwrap_or("");
            last.text.push_str(written);
            last.quoted.push(unquoted(written));
            rest = rest.get(length..).unwrap_or("");
            continue;
        }
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c == ',' && depth == 0 {
            out.push(Argument::default());
        } else {
            last.text.push(c);
        }
        rest = rest.get(c.len_utf8()..).unwrap_or("");
    }
    for argument in &mut out {
        argument.text = argument.text.trim().to_owned();
    }
    out.retain(|a| !a.text.is_empty());
    out
}

/// The text between quotes, its escapes read.
fn unquoted(written: &str) -> String {
    if let Some(raw) = written.strip_prefix("\"\"\"").and_then(|w| w.strip_suffix("\"\"\"")) {
        return raw.to_owned();
    }
    let inner = written.get(1..written.len().saturating_sub(1)).unwrap_or("");
    let mut out = String::new();
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(next @ ('"' | '\'' | '\\'))) => {
                out.push(*next);
                chars.next();
            }
            (c, _) => out.push(c),
        }
    }
    out
}
