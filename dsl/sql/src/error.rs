//! sqlparser's errors, which are strings, as messages with a place.

use pipe_diagnostics::codes::sql as codes;
use pipe_diagnostics::{Diagnostic, Span, nearest};
use sqlparser::parser::ParserError;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

use crate::tokens::Tokens;

/// Words a misspelt word between the parts of a query is compared with.
const CLAUSES: &[&str] = &[
    "select",
    "as",
    "distinct",
    "from",
    "where",
    "group",
    "having",
    "order",
    "limit",
    "offset",
    "join",
    "left",
    "right",
    "inner",
    "outer",
    "full",
    "cross",
    "using",
    "union",
    "except",
    "intersect",
    "between",
    "like",
    "case",
    "when",
    "then",
    "else",
    "interval",
    "exists",
    "values",
    "with",
    "qualify",
    "window",
    "over",
    "partition",
];

/// The message for `error`; `end` is where the parsed piece ends.
pub(crate) fn message(error: &ParserError, tokens: &Tokens<'_>, end: u32) -> Diagnostic {
    let text = match error {
        ParserError::RecursionLimitExceeded => return too_deep(tokens, deepest(tokens)),
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text,
    };
    let (text, at) = split_location(text);
    let token = at.and_then(|at| tokens.at(at));
    let ended = Span { file: tokens.file(), start: end, end };
    let span = match (at, token) {
        (_, Some(token)) => tokens.span_of(token),
        (Some(at), None) => tokens.span_at(at),
        (None, None) => ended,
    };
    let Some((expected, _)) = text.strip_prefix("Expected: ").and_then(|rest| rest.rsplit_once(", found: ")) else {
        return Diagnostic::error(codes::SYNTAX, lower_first(text), span);
    };
    let expected = friendly(expected);
    match token {
        Some(token) => unexpected(tokens, token, &expected),
        None => {
            let behind = tokens.significant().rfind(|t| tokens.span_of(t).end <= end);
            let shown =
                behind.map(|t| format!(" behind `{}`", shorten(tokens.text(tokens.span_of(t))))).unwrap_or_default();
            Diagnostic::error(codes::SYNTAX, format!("the SQL ends too early: expected {expected}{shown}"), span)
        }
    }
}

/// `token` stands where `expected` would have been right.
pub(crate) fn unexpected(tokens: &Tokens<'_>, token: &TokenWithSpan, expected: &str) -> Diagnostic {
    let span = tokens.span_of(token);
    let found = shorten(tokens.text(span));
    Diagnostic::error(codes::SYNTAX, format!("expected {expected}, found `{found}`"), span)
        .maybe_help(did_you_mean(tokens, token, expected))
}

/// The SQL nests too deeply at `token`.
pub(crate) fn too_deep(tokens: &Tokens<'_>, token: Option<&TokenWithSpan>) -> Diagnostic {
    let span = token.map_or(tokens.span, |t| tokens.span_of(t));
    Diagnostic::error(codes::TOO_DEEP, "the SQL nests too deeply", span)
        .help("write a long `or` as `in (…)`, and a deep query as `with` or as several models")
}

/// The innermost opening bracket; the first of them.
fn deepest<'t>(tokens: &'t Tokens<'_>) -> Option<&'t TokenWithSpan> {
    let (mut depth, mut most, mut at) = (0_usize, 0, None);
    for token in tokens.significant() {
        match token.token {
            Token::LParen | Token::LBracket | Token::LBrace => {
                depth += 1;
                if depth > most {
                    (most, at) = (depth, Some(token));
                }
            }
            Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    at
}

/// Takes ` at Line: 3, Column: 14` off the end.
fn split_location(text: &str) -> (&str, Option<Location>) {
    let read = || {
        let (message, place) = text.rsplit_once(" at Line: ")?;
        let (line, column) = place.split_once(", Column: ")?;
        Some((message, Location::new(line.parse().ok()?, column.trim().parse().ok()?)))
    };
    match read() {
        Some((message, at)) => (message, Some(at)),
        None => (text, None),
    }
}

/// What sqlparser expected, in the words of the user: keywords lower case and in backquotes.
fn friendly(expected: &str) -> String {
    let expected = expected.trim();
    match expected {
        "identifier" => return "a name".into(),
        "joined table" => return "a table".into(),
        "end of statement" => return "the end of the query".into(),
        "literal string" | "string" => return "a text".into(),
        "literal int" | "a value" => return "a value".into(),
        "an SQL statement" | "SELECT, VALUES, or a subquery in the query body" => {
            return "a query: `select`, `with`, `values` or `(`".into();
        }
        _ => {}
    }
    let list = expected.strip_prefix("expected ").unwrap_or(expected);
    let list = list.strip_prefix("one of ").map_or(list, |l| l.trim_start_matches(':').trim_start());
    let word = |w: &str| {
        let bare = w.trim_matches(|c| c == '\'' || c == '`');
        let plain = bare.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c == ' ');
        let sign = !bare.is_empty() && bare.chars().all(|c| c.is_ascii_punctuation());
        (!bare.is_empty() && (plain || sign)).then(|| format!("`{}`", bare.to_lowercase()))
    };
    let words: Option<Vec<String>> = list.split(" or ").flat_map(|part| part.split(", ")).map(word).collect();
    match words.as_deref() {
        Some([one]) => one.clone(),
        Some([most @ .., last]) if most.len() < 6 => format!("{} or {last}", most.join(", ")),
        _ => lower_first(list),
    }
}

/// What was meant by `token`, or by the word before it: a misspelt keyword is read as an alias, so that the word behind it is
/// the one that does not fit. Where certain words are expected, only those are compared.
fn did_you_mean(tokens: &Tokens<'_>, token: &TokenWithSpan, expected: &str) -> Option<String> {
    let meant = |t: &TokenWithSpan, words: &[&str]| {
        let Token::Word(word) = &t.token else { return None };
        let right = |c: &&str| c.eq_ignore_ascii_case(&word.value);
        if word.quote_style.is_some() || CLAUSES.iter().any(right) {
            return None;
        }
        let meant = nearest(&word.value, words.iter().copied())?;
        Some(format!("did you mean `{meant}` instead of `{}`?", word.value))
    };
    let listed: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    if !listed.is_empty() {
        return meant(token, &listed);
    }
    if let Token::Word(word) = &token.token
        && CLAUSES.iter().any(|c| c.eq_ignore_ascii_case(&word.value))
    {
        let by = word.value.eq_ignore_ascii_case("group") || word.value.eq_ignore_ascii_case("order");
        return by.then(|| format!("`{}` is followed by `by`", word.value.to_lowercase()));
    }
    let before = tokens.significant().take_while(|t| t.span.start != token.span.start).last();
    before.and_then(|t| meant(t, CLAUSES)).or_else(|| meant(token, CLAUSES))
}

fn lower_first(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    let mut chars = text.chars();
    match (chars.next(), text.chars().nth(1)) {
        (Some(first), second) if !second.is_some_and(char::is_uppercase) => {
            first.to_lowercase().chain(chars).collect::<String>()
        }
        _ => text.to_owned(),
    }
}

/// One line of at most 40 characters, all of them visible.
pub(crate) fn shorten(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    let cut = line.chars().count() > 40 || line.len() < text.trim_end().len();
    let shown = line.chars().take(40).map(|c| if c.is_control() { '\u{fffd}' } else { c });
    shown.chain(cut.then_some('…')).collect()
}
