//! The words of a ruleset.

use pipe_diagnostics::codes::import as codes;
use pipe_diagnostics::{Diagnostic, FileId, Span};

use crate::rule::Said;

/// A word and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Word(String),
    /// A text in quotes, without them.
    Text(String),
    Number(String),
    /// `$name`
    Variable(String),
    /// `>=`, `(`, …
    Sign(&'static str),
}

const SIGNS: &[&str] =
    &[">=", "<=", "!=", "==", ">", "<", "=", "(", ")", "[", "]", "{", "}", ",", "+", "-", "*", "/", "%"];

/// Cuts a ruleset into words; comments from `#` to the end of the line are left out.
pub(super) fn tokens(text: &str, file: FileId) -> Said<Vec<Token>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let start = text.len() - rest.len();
        let (kind, length) = if c.is_whitespace() || c == '\u{FEFF}' {
            (None, c.len_utf8())
        } else if c == '#' {
            (None, rest.find('\n').unwrap_or(rest.len()))
        } else if c == '"' {
            let (value, length) = quoted(rest, start, file)?;
            (Some(Kind::Text(value)), length)
        } else if c.is_ascii_digit() {
            let length = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
            (rest.get(..length).map(|n| Kind::Number(n.to_owned())), length)
        } else if let Some(name) = rest.strip_prefix('$') {
            let length = word(name);
            (name.get(..length).map(|n| Kind::Variable(n.to_owned())), length + 1)
        } else if let Some(sign) = SIGNS.iter().find(|s| rest.starts_with(**s)) {
            (Some(Kind::Sign(sign)), sign.len())
        } else if word(rest) > 0 {
            let length = word(rest);
            (rest.get(..length).map(|w| Kind::Word(w.to_owned())), length)
        } else {
            let span = Span::new(file, start..start + c.len_utf8());
            return Err(Box::new(Diagnostic::error(
                codes::NOT_READ,
                format!("`{c}` means nothing in a ruleset"),
                span,
            )));
        };
        out.extend(kind.map(|kind| Token { kind, span: Span::new(file, start..start + length) }));
        rest = rest.get(length..).unwrap_or("");
    }
    Ok(out)
}

/// How many bytes of a word stand at the start.
fn word(text: &str) -> usize {
    text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.'))).unwrap_or(text.len())
}

/// A text in quotes at the start, in which `\"` is a quote, with the bytes it takes.
fn quoted(text: &str, start: usize, file: FileId) -> Said<(String, usize)> {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, at + 1)),
            '\\' if chars.peek().is_some_and(|(_, next)| *next == '"') => {
                chars.next();
                value.push('"');
            }
            c => value.push(c),
        }
    }
    let span = Span::new(file, start..start + 1);
    Err(Box::new(Diagnostic::error(codes::NOT_READ, "this text has no closing quote", span)))
}
