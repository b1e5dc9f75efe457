//! A fragment's text to tokens whose places are those of the file.

use pipe_diagnostics::codes::sql as codes;
use pipe_diagnostics::{Diagnostic, FileId, LineIndex, Sources, Span};
use pipe_syntax::Sql;
use sqlparser::dialect::GenericDialect;
use sqlparser::tokenizer::{Location, Span as SqlSpan, Token, TokenWithSpan, Tokenizer, TokenizerError};

use crate::error::shorten;
use crate::span::{byte, location_of, shift};

/// The tokens of a fragment, and what is needed to say where they are.
pub(crate) struct Tokens<'a> {
    /// White space and comments included.
    pub list: Vec<TokenWithSpan>,
    /// The whole fragment.
    pub span: Span,
    /// The text of the file.
    text: &'a str,
    index: &'a LineIndex,
}

impl<'a> Tokens<'a> {
    /// Cuts a fragment into tokens.
    pub fn read(sql: &Sql, sources: &'a Sources) -> Result<Self, Vec<Diagnostic>> {
        let Some(file) = sources.get(sql.span.file) else {
            return Err(vec![Diagnostic::error(codes::SYNTAX, "the SQL is of no file of this program", sql.span)]);
        };
        // A query in a file of its own may start with a byte order mark, which SQL does not know.
        let (text, skipped) = match sql.value.strip_prefix('\u{feff}') {
            Some(rest) => (rest, '\u{feff}'.len_utf8() as u32),
            None => (sql.value.as_str(), 0),
        };
        let origin = location_of(sources, sql.span.file, sql.span.start + skipped);
        let mut this = Self { list: Vec::new(), span: sql.span, text: &file.text, index: &file.index };
        let read = Tokenizer::new(&GenericDialect {}, text).tokenize_with_location_into_buf(&mut this.list);
        for token in &mut this.list {
            token.span = SqlSpan::new(shift(token.span.start, origin), shift(token.span.end, origin));
            fold(&mut token.token);
        }
        read.map_err(|e| vec![this.broken(&e, origin)])?;
        let touching = this.numbers_touching_words();
        if touching.is_empty() { Ok(this) } else { Err(touching) }
    }

    /// The bytes of a token.
    pub fn span_of(&self, token: &TokenWithSpan) -> Span {
        let start = byte(self.index, token.span.start).unwrap_or(self.span.end);
        let end = byte(self.index, token.span.end).unwrap_or(start);
        self.within(start, end)
    }

    /// The bytes from a location on, one character of them.
    pub fn span_at(&self, at: Location) -> Span {
        let start = byte(self.index, at).unwrap_or(self.span.end);
        let next = self.text.get(start as usize..).and_then(|s| s.chars().next()).map_or(0, char::len_utf8);
        self.within(start, start.saturating_add(next as u32))
    }

    /// The token that starts at a location.
    pub fn at(&self, at: Location) -> Option<&TokenWithSpan> {
        self.significant().find(|t| t.span.start == at)
    }

    /// The tokens that are neither white space nor comments.
    pub fn significant(&self) -> impl DoubleEndedIterator<Item = &TokenWithSpan> {
        self.list.iter().filter(|t| is_significant(t))
    }

    /// The text of a span, verbatim.
    pub fn text(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// The file.
    pub fn file(&self) -> FileId {
        self.span.file
    }

    /// Clamped to the fragment, so that no message points out of it.
    fn within(&self, start: u32, end: u32) -> Span {
        let start = start.clamp(self.span.start, self.span.end);
        Span { file: self.span.file, start, end: end.clamp(start, self.span.end) }
    }

    fn broken(&self, error: &TokenizerError, origin: Location) -> Diagnostic {
        let at = self.span_at(shift(error.location, origin));
        // Of a comment sqlparser tells the end, so that it starts where the last good token ends.
        let start = self.list.last().map_or(self.span.start, |t| self.span_of(t).end).min(at.start);
        let to_end = Span { start, end: self.span.end, ..at };
        let message = error.message.to_lowercase();
        let (message, span) = if message.contains("unterminated") || message.contains("eof") {
            let what = if message.contains("comment") { "a comment" } else { "a quote" };
            (format!("{what} in the SQL is not closed"), to_end)
        } else if let Some(rest) = message.strip_prefix("unexpected character ") {
            (format!("unexpected character `{}`", shorten(rest.trim_matches('\''))), at)
        } else {
            (message, at)
        };
        Diagnostic::error(codes::SYNTAX, message, span)
    }

    /// `1_000`, `5m`: SQL would read a number and an alias, and say nothing.
    fn numbers_touching_words(&self) -> Vec<Diagnostic> {
        let mut found: Vec<Diagnostic> = Vec::new();
        let mut reached = 0;
        for pair in self.list.windows(2) {
            let [number, word] = pair else { continue };
            let unquoted = matches!(&word.token, Token::Word(w) if w.quote_style.is_none());
            if !matches!(number.token, Token::Number(..)) || !unquoted || number.span.end != word.span.start {
                continue;
            }
            let start = self.span_of(number);
            if start.start < reached {
                continue;
            }
            let rest = self.text.get(start.range().start..self.span.range().end).unwrap_or("");
            let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
            let span = self.within(start.start, start.start + length as u32);
            reached = span.end;
            let text = self.text(span);
            found.push(
                Diagnostic::error(codes::NUMBER_TOUCHES_WORD, format!("`{}` is no number of SQL", shorten(text)), span)
                    .saying(format!("SQL would read `{}` with an alias", self.text(start)))
                    .help(instead(text)),
            );
        }
        found
    }
}

/// Whether a token is neither white space nor a comment.
pub(crate) fn is_significant(token: &TokenWithSpan) -> bool {
    !matches!(token.token, Token::Whitespace(_))
}

/// Folds what DataFusion folds for ASCII only, or not at all: unquoted names and the names of params.
fn fold(token: &mut Token) {
    match token {
        Token::Word(word) if word.quote_style.is_none() && !word.value.is_ascii() => {
            word.value = word.value.to_lowercase()
        }
        Token::Placeholder(name) => *name = name.to_lowercase(),
        _ => {}
    }
}

/// What to write for a number with a word behind it.
fn instead(text: &str) -> String {
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    if digits.parse::<f64>().is_ok() && digits.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return format!("write `{digits}`");
    }
    let unit_at = text.find(|c: char| !(c.is_ascii_digit() || c == '_' || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(unit_at).unwrap_or((text, ""));
    let number = number.replace('_', "");
    let unit = match unit.to_lowercase().as_str() {
        "ms" => "milliseconds",
        "s" | "sec" => "seconds",
        "m" | "min" => "minutes",
        "h" => "hours",
        "d" => "days",
        "w" => "weeks",
        "y" => "years",
        _ => return "put a blank or an operator between the number and the word".into(),
    };
    format!("write `interval '{number} {unit}'`")
}
