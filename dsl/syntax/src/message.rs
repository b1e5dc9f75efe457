//! What could not be parsed, as messages: what was expected, as a person types it, and what stands there.

use std::ops::Range;

use pest::error::{Error, ErrorVariant, InputLocation};
use pipe_diagnostics::codes::syntax as code;
use pipe_diagnostics::{Diagnostic, FileId, Span, nearest};
use pipe_grammar::{Rule, symbol};

use crate::elsewhere::{instead_of, joined};
use crate::forms::RULE;
use crate::lexer::{Lexed, Lexeme, Lexer};
use crate::splitter::{MAX_DEPTH, STATEMENTS, Trouble};

/// How many expected words are listed at most.
const MAX_EXPECTED: usize = 8;

/// The words behind `inject` that are no failure.
const INJECTIONS: [&str; 7] = ["rename", "retype", "drop", "add", "delimiter", "bad", "kill"];

/// The words behind `expect` that are no table.
const EXPECTATIONS: [&str; 3] = ["heal", "failure", "exit"];

/// Where pest stopped, and what it would have taken there.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// Byte in the file.
    pub(crate) at: usize,
    /// Rules that could stand there.
    expected: Vec<Rule>,
}

impl Failure {
    /// From an error in a slice that starts at byte `base` of the file.
    pub(crate) fn new(error: Error<Rule>, base: usize) -> Self {
        let at = match error.location {
            InputLocation::Pos(at) | InputLocation::Span((at, _)) => base + at,
        };
        let expected = match error.variant {
            ErrorVariant::ParsingError { positives, .. } => positives,
            ErrorVariant::CustomError { .. } => Vec::new(),
        };
        Self { at, expected }
    }

    /// Whether the slice would be right if it ended there.
    pub(crate) fn may_end(&self) -> bool {
        self.expected.contains(&Rule::EOI)
    }
}

/// What a slice is called, and how it ends: for messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    /// `a `source` statement`
    pub(crate) what: &'static str,
    /// `` `;` `` or `` `{` ``
    pub(crate) end: &'static str,
}

/// The message for a slice that pest refused.
pub(crate) fn unexpected(
    text: &str,
    file: FileId,
    slice: Range<usize>,
    failure: &Failure,
    context: Context,
) -> Diagnostic {
    let found = Lexer::new(text.get(..slice.end).unwrap_or(text), failure.at).find(|t| !t.lexeme.is_trivia());
    let Some(found) = found else {
        let expected = expected(failure, context);
        let message = format!("expected {expected} at the end of {}", context.what);
        // `not null;` reads as the column `not` and the option `null fails`.
        let no_subject = failure.expected.contains(&Rule::kw_fails) && starts_with_word(text, &slice, "not");
        let help = no_subject.then(|| "a rule starts with a column: `order_id not null`".to_owned());
        let help = help.or_else(|| misspelt(text, &slice, failure));
        return Diagnostic::error(code::UNEXPECTED, message, last_token(text, file, slice))
            .saying(format!("expected {expected} behind this"))
            .maybe_help(help);
    };
    let span = Span::new(file, found.start..found.end);
    let found_text = text.get(found.start..found.end).unwrap_or("");
    if found.lexeme == Lexeme::Quoted && failure.expected.contains(&Rule::text) && found_text.starts_with('"') {
        let inner = found_text.trim_matches('"').replace('\'', "''");
        let text = if inner.contains(char::is_control) { "…".to_owned() } else { inner };
        return Diagnostic::error(code::DOUBLE_QUOTES, format!("{} is a name, not a text", shown(found_text)), span)
            .saying("expected a text in single quotes")
            .help(format!("write `'{text}'`"));
    }
    let expected = expected(failure, context);
    let message = format!("expected {expected} in {}, found {}", context.what, shown(found_text));
    Diagnostic::error(code::UNEXPECTED, message, span).saying(format!("expected {expected}")).maybe_help(
        in_a_rule(text, &slice, found_text, failure, context)
            .or_else(|| help(found, found_text, failure))
            .or_else(|| no_block_here(found_text, context))
            .or_else(|| misspelt(text, &slice, failure)),
    )
}

/// The message for a slice without `;`, or a block without `}`; what is missing is missing behind its last token.
pub(crate) fn not_ended(text: &str, file: FileId, slice: Range<usize>, what: &str, missing: &str) -> Diagnostic {
    let span = last_token(text, file, slice);
    Diagnostic::error(code::NOT_ENDED, format!("{what} is not ended: missing {missing}"), span)
        .saying(format!("{missing} is missing behind this"))
}

/// The message for a statement that ends before its block.
pub(crate) fn no_block(text: &str, file: FileId, slice: Range<usize>, context: Context) -> Diagnostic {
    let message = format!("expected `{{` in {}", context.what);
    Diagnostic::error(code::UNEXPECTED, message, last_token(text, file, slice)).saying("expected `{` behind this")
}

/// The message for what the splitter found.
pub(crate) fn trouble(text: &str, file: FileId, trouble: Trouble) -> Diagnostic {
    match trouble {
        Trouble::NotClosed(lexeme, start) => {
            let rest = text.get(start..).unwrap_or("");
            let line = rest.find(['\n', '\r']).unwrap_or(rest.len());
            let (what, close) = match lexeme {
                Lexeme::BlockComment => ("comment", "*/".to_owned()),
                Lexeme::Dollar => ("text", rest.split('$').nth(1).map_or_else(String::new, |tag| format!("${tag}$"))),
                Lexeme::Quoted => ("quoted name", rest.chars().take(1).collect()),
                _ => ("text", "'".to_owned()),
            };
            let help = match (lexeme, close.as_str()) {
                (Lexeme::Text, _) => "close it with `'`, or close a text before it".to_owned(),
                (_, "`") => "close it with a backquote".to_owned(),
                _ => format!("close it with `{close}`"),
            };
            Diagnostic::error(
                code::NOT_CLOSED,
                format!("the {what} is not closed"),
                Span::new(file, start..start + line),
            )
            .saying("starts here")
            .help(help)
        }
        Trouble::TooDeep(at) => Diagnostic::error(
            code::TOO_DEEP,
            format!("parentheses nest more than {MAX_DEPTH} deep"),
            Span::new(file, at..at + 1),
        ),
        Trouble::Character(c, at) => Diagnostic::error(
            code::BAD_CHARACTER,
            format!("the control character U+{:04X} does not belong in a program", u32::from(c)),
            Span::new(file, at..at + c.len_utf8()),
        )
        .help("programs are UTF-8 text"),
    }
}

/// The message for a statement that starts with something else than a statement's word.
pub(crate) fn unknown_statement(text: &str, file: FileId, first: Range<usize>) -> Diagnostic {
    let word = text.get(first.clone()).unwrap_or("");
    let is_word = word.starts_with(|c: char| c.is_alphabetic());
    let message = match word {
        "}" => "`}` closes no block".to_owned(),
        _ if is_word => format!("{} is not a statement", shown(word)),
        _ => format!("expected a statement, found {}", shown(word)),
    };
    let help = match nearest(word, STATEMENTS.iter().copied()) {
        Some(near) if is_word => format!("did you mean `{near}`?"),
        _ if word == "}" => "remove it, or look for a `{` that is missing before it".to_owned(),
        _ => format!("statements start with one of {}", STATEMENTS.join(", ")),
    };
    Diagnostic::error(code::UNKNOWN_STATEMENT, message, Span::new(file, first)).help(help)
}

/// User text for a message: in backquotes, on one line, not too long.
pub(crate) fn shown(text: &str) -> String {
    let line: String = text.chars().take_while(|c| !c.is_control()).take(40).collect();
    let cut = line.len() < text.len();
    format!("`{line}{}`", if cut { "…" } else { "" })
}

fn expected(failure: &Failure, context: Context) -> String {
    let mut words: Vec<&str> = Vec::new();
    for rule in &failure.expected {
        let text = if *rule == Rule::EOI { context.end } else { symbol(*rule).text };
        if !text.is_empty() && !words.contains(&text) {
            words.push(text);
        }
    }
    // The end last: it is seldom what was meant.
    words.sort_by_key(|w| *w == context.end);
    let more = words.len() > MAX_EXPECTED;
    if more {
        let end = words.contains(&context.end);
        words.truncate(MAX_EXPECTED);
        if end && !words.contains(&context.end) {
            words.pop();
            words.push(context.end);
        }
    }
    match words.split_last() {
        None => "something else".to_owned(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// The nearest word that could stand there, or what is often meant.
fn help(found: Lexed, found_text: &str, failure: &Failure) -> Option<String> {
    let takes = |rule| failure.expected.contains(&rule);
    let often = match found_text {
        "=" if takes(Rule::colon) => Some("a pattern is written `field: value`"),
        ":" if takes(Rule::equals) => Some("an entry is written `key = value`"),
        "-" | "=" if takes(Rule::arrow) => Some("steps follow `=>`"),
        _ if found_text.starts_with(['“', '”', '‘', '’', '„', '‚']) => {
            Some("texts stand in straight quotes: `'…'`")
        }
        "{" if takes(Rule::open) => Some("write `(` and `)`"),
        _ if takes(Rule::kw_as) && is_query_word(found_text) => Some("a query follows `as`"),
        _ => None,
    };
    if let Some(often) = often {
        return Some(often.to_owned());
    }
    if found.lexeme == Lexeme::Text && takes(Rule::word) && !takes(Rule::text) {
        return Some("write it without quotes".to_owned());
    }
    if found.lexeme != Lexeme::Word {
        return None;
    }
    let words = failure.expected.iter().flat_map(|rule| symbol(*rule).words.iter().copied());
    let near = nearest(found_text, words).filter(|near| !near.eq_ignore_ascii_case(found_text))?;
    Some(format!("did you mean `{near}`?"))
}

/// What a rule writes for a word of SQL or of another tool, or for a number behind `length`.
fn in_a_rule(text: &str, slice: &Range<usize>, found: &str, failure: &Failure, context: Context) -> Option<String> {
    if context.what != RULE {
        return None;
    }
    let takes = |rule| failure.expected.contains(&rule);
    if takes(Rule::option)
        && let Some(how) = joined(found)
    {
        return Some(how.to_owned());
    }
    let words = words_before(text, slice, failure)?;
    if words.last().is_some_and(|w| w.eq_ignore_ascii_case("length")) && found.starts_with(|c: char| c.is_ascii_digit())
    {
        return Some(format!("write `length = {found}`"));
    }
    let predicate = takes(Rule::predicate) || takes(Rule::kw_blank) || takes(Rule::open);
    instead_of(found).filter(|_| predicate).map(|instead| format!("write `{instead}`"))
}

/// What to write in place of a block, where a statement that ends with `;` has one.
fn no_block_here(found_text: &str, context: Context) -> Option<String> {
    if found_text != "{" || context.end != "`;`" {
        return None;
    }
    let instead = match context.what {
        "the `source` statement" => {
            "columns stand in `schema (…)`, rules in `rules NAME { … }`, clauses in `heal NAME { … }`"
        }
        "the `model` statement" => "rules stand in `rules NAME { … }`, clauses in `heal NAME { … }`",
        _ => "what it takes stands in `with (key = value, …)`",
    };
    Some(format!("it has no block: {instead}"))
}

/// What stands in the slice before the place where pest stopped.
fn words_before<'t>(text: &'t str, slice: &Range<usize>, failure: &Failure) -> Option<Vec<&'t str>> {
    let before = Lexer::new(text.get(..failure.at)?, slice.start).filter(|t| !t.lexeme.is_trivia());
    Some(before.map(|t| text.get(t.start..t.end).unwrap_or("")).collect())
}

/// The word before, or the one that decides the form, where it is nearly the word that would have made this right.
fn misspelt(text: &str, slice: &Range<usize>, failure: &Failure) -> Option<String> {
    let words = words_before(text, slice, failure)?;
    let instead = |near: &str, word: &str| format!("did you mean `{near}` instead of `{word}`?");
    let is_other = |near: &&str, word: &str| !near.eq_ignore_ascii_case(word);
    // Short words are near to many, and a rule's column may have any name.
    let column = failure.expected.contains(&Rule::predicate);
    if let Some(last) = words.last().filter(|word| word.chars().count() > 2 && !column) {
        let wanted = failure.expected.iter().flat_map(|rule| symbol(*rule).words.iter().copied());
        if let Some(near) = nearest(last, wanted).filter(|near| is_other(near, last)) {
            return Some(instead(near, last));
        }
    }
    let (forms, word): (&[&str], &str) = match words.as_slice() {
        [inject, word, ..] if inject.eq_ignore_ascii_case("inject") => (&INJECTIONS, word),
        [expect, word, ..] if expect.eq_ignore_ascii_case("expect") => (&EXPECTATIONS, word),
        [word] if failure.expected.contains(&Rule::colon) => (&["columns"], word),
        _ => return None,
    };
    nearest(word, forms.iter().copied()).filter(|near| is_other(near, word)).map(|near| instead(near, word))
}

fn starts_with_word(text: &str, slice: &Range<usize>, word: &str) -> bool {
    Lexer::new(text, slice.start)
        .next()
        .and_then(|t| text.get(t.start..t.end))
        .is_some_and(|t| t.eq_ignore_ascii_case(word))
}

fn is_query_word(word: &str) -> bool {
    ["select", "with", "values", "from"].iter().any(|w| w.eq_ignore_ascii_case(word))
}

/// The last token of the slice `range`.
fn last_token(text: &str, file: FileId, range: Range<usize>) -> Span {
    let before = text.get(..range.end).unwrap_or(text);
    let last = Lexer::new(before, range.start).filter(|t| !t.lexeme.is_trivia()).last();
    last.map_or(Span::new(file, range), |t| Span::new(file, t.start..t.end))
}
