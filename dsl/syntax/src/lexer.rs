//! Text to tokens: total, linear, and cutting where SQL's own tokenizer cuts (sqlparser's generic dialect), so that a `;`
//! ends a statement exactly where SQL would see one.
//!
//! The one known difference: `/*! … */` is a comment here; sqlparser reads MySQL's hints in it.

use memchr::{memchr, memmem};

/// What a token is, as far as cutting text needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lexeme {
    /// White space, a byte order mark.
    Space,
    /// `-- …` to the end of the line.
    LineComment,
    /// `/* … */`, nested.
    BlockComment,
    /// A run of letters, digits, `_`, `$`, `@`, `#` that starts with a letter, `_`, `@` or `#`; behind the last two, with
    /// any character.
    Word,
    /// Digits, with a fraction and an exponent.
    Number,
    /// `'…'`, also with a prefix: `e'…'`, `x'…'`, `r'…'`, `q'[…]'`.
    Text,
    /// `"…"` or backquotes.
    Quoted,
    /// `$tag$ … $tag$`
    Dollar,
    /// `$name`
    Param,
    /// Any other character.
    Sign(char),
}

impl Lexeme {
    /// Whether a parser skips it.
    pub(crate) fn is_trivia(self) -> bool {
        matches!(self, Lexeme::Space | Lexeme::LineComment | Lexeme::BlockComment)
    }
}

/// A token of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lexed {
    /// What it is.
    pub(crate) lexeme: Lexeme,
    /// First byte.
    pub(crate) start: usize,
    /// One past the last byte.
    pub(crate) end: usize,
    /// Whether a quote or comment was closed; true for all others.
    pub(crate) closed: bool,
}

/// Reads `text` from `pos` on. Never fails; what is not closed ends with the text.
#[derive(Clone, Debug)]
pub(crate) struct Lexer<'a> {
    text: &'a str,
    pos: usize,
}

/// How far a token goes, from the lexer's position.
struct Extent {
    len: usize,
    closed: bool,
}

impl Extent {
    fn closed(len: usize) -> Self {
        Self { len, closed: true }
    }
}

impl<'a> Lexer<'a> {
    /// A lexer over `text`, from byte `pos`, which must be a character's first.
    pub(crate) fn new(text: &'a str, pos: usize) -> Self {
        Self { text, pos }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.pos..).unwrap_or("")
    }
}

impl Iterator for Lexer<'_> {
    type Item = Lexed;

    fn next(&mut self) -> Option<Lexed> {
        let rest = self.rest();
        let first = rest.chars().next()?;
        let bytes = rest.as_bytes();
        let second = bytes.get(1).copied().unwrap_or(0);
        let (lexeme, extent) = match first {
            '-' if second == b'-' => (Lexeme::LineComment, line_comment(bytes)),
            '/' if second == b'*' => (Lexeme::BlockComment, block_comment(bytes)),
            '\'' => (Lexeme::Text, doubled(bytes, 0, b'\'')),
            '"' | '`' => (Lexeme::Quoted, doubled(bytes, 0, bytes.first().copied().unwrap_or(0))),
            '$' => dollar(rest),
            '0'..='9' => (Lexeme::Number, number(bytes)),
            '.' if second.is_ascii_digit() => (Lexeme::Number, number(bytes)),
            '@' | '#' | '/' | '|' | '<' | '^' => operator(rest, first),
            // A placeholder takes its digits: in `?0x'…'` they are no number.
            '?' => (Lexeme::Sign('?'), Extent::closed(1 + rest.get(1..).map_or(0, |rest| run(rest, char::is_numeric)))),
            c if is_space(c) => (Lexeme::Space, Extent::closed(run(rest, is_space))),
            c if is_word_start(c) => match prefixed(rest) {
                Some(extent) => (Lexeme::Text, extent),
                None => (Lexeme::Word, Extent::closed(run(rest, is_word_part))),
            },
            c => (Lexeme::Sign(c), Extent::closed(c.len_utf8())),
        };
        let start = self.pos;
        self.pos += extent.len;
        Some(Lexed { lexeme, start, end: self.pos, closed: extent.closed })
    }
}

/// White space between tokens, the byte order mark included.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{FEFF}'
}

fn is_word_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn is_word_part(c: char) -> bool {
    c.is_alphabetic() || c.is_ascii_digit() || matches!(c, '_' | '@' | '#' | '$')
}

fn run(text: &str, accept: impl Fn(char) -> bool) -> usize {
    text.find(|c| !accept(c)).unwrap_or(text.len())
}

/// Operators with a sign in them that would start something else: in `//*` there is no comment.
const OPERATORS: &[&str] = &["@>", "@?", "#-", "#>", "//", "|/", "<@", "^@"];

/// An operator, or a word that starts with `@`, `@@` or `#`: it takes the next character, whatever it is.
fn operator(text: &str, first: char) -> (Lexeme, Extent) {
    if let Some(operator) = OPERATORS.iter().find(|operator| text.starts_with(**operator)) {
        return (Lexeme::Sign(first), Extent::closed(operator.len()));
    }
    let mut chars = text.chars().skip(1);
    let signs = match (first, chars.next()) {
        ('@', Some('@')) => 2,
        ('@', Some(' ' | '\'' | '"' | '`') | None) | ('#', Some(' ') | None) => 0,
        ('@' | '#', Some(_)) => 1,
        _ => 0,
    };
    let taken = text.get(signs..).and_then(|rest| rest.chars().next());
    match (signs, taken) {
        (0, _) => (Lexeme::Sign(first), Extent::closed(1)),
        (_, None | Some(' ')) => (Lexeme::Sign(first), Extent::closed(signs)),
        (_, Some(taken)) => {
            let end = signs + taken.len_utf8();
            (Lexeme::Word, Extent::closed(end + text.get(end..).map_or(0, |rest| run(rest, is_word_part))))
        }
    }
}

/// To the line's end; the line break, and a `\r` before it, are not part of the comment.
fn line_comment(bytes: &[u8]) -> Extent {
    let end = memchr(b'\n', bytes).unwrap_or(bytes.len());
    let cr = end.checked_sub(1).and_then(|i| bytes.get(i)) == Some(&b'\r');
    Extent::closed(if cr { end - 1 } else { end })
}

fn block_comment(bytes: &[u8]) -> Extent {
    let mut depth = 1usize;
    let mut at = 2;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'*', b'/', rest)) {
        at += found;
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'*'), Some(b'/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Extent::closed(at);
                }
            }
            (Some(b'/'), Some(b'*')) => {
                depth += 1;
                at += 2;
            }
            _ => at += 1,
        }
    }
    Extent { len: bytes.len(), closed: false }
}

/// From the quote at `open` to the next one that is not doubled.
fn doubled(bytes: &[u8], open: usize, quote: u8) -> Extent {
    let mut at = open + 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr(quote, rest)) {
        at += found + 1;
        if bytes.get(at) != Some(&quote) {
            return Extent::closed(at);
        }
        at += 1;
    }
    Extent { len: bytes.len(), closed: false }
}

/// From the `'` at `open` to the next that is neither doubled nor behind a backslash.
fn escaped(bytes: &[u8], open: usize) -> Extent {
    let mut at = open + 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'\'', b'\\', rest)) {
        at += found;
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'\\'), Some(_)) | (Some(b'\''), Some(b'\'')) => at += 2,
            (Some(b'\''), _) => return Extent::closed(at + 1),
            _ => at += 1,
        }
    }
    Extent { len: bytes.len(), closed: false }
}

/// From byte `open` to the end of the next `close`.
fn delimited(bytes: &[u8], open: usize, close: &[u8]) -> Extent {
    match bytes.get(open..).and_then(|rest| memmem::find(rest, close)) {
        Some(found) => Extent::closed(open + found + close.len()),
        None => Extent { len: bytes.len(), closed: false },
    }
}

/// A literal with a prefix: `e'…'`, `x'…'`, `r'…'`, `r'''…'''`, `b'…'`, `n'…'`, `u&'…'`, `q'[…]'`, `nq'[…]'`.
fn prefixed(text: &str) -> Option<Extent> {
    let bytes = text.as_bytes();
    let at = |i: usize| bytes.get(i).copied().unwrap_or(0);
    let extent = match (at(0).to_ascii_lowercase(), at(1)) {
        (b'e' | b'x', b'\'') => escaped(bytes, 1),
        (b'r', quote @ (b'\'' | b'"')) if at(2) == quote && at(3) == quote => delimited(bytes, 4, &[quote; 3]),
        (b'r' | b'b', quote @ (b'\'' | b'"')) => doubled(bytes, 1, quote),
        (b'n', b'\'') => doubled(bytes, 1, b'\''),
        (b'u', b'&') if at(2) == b'\'' => doubled(bytes, 2, b'\''),
        (b'q', b'\'') => oracle(text, 2),
        (b'n', b'q' | b'Q') if at(2) == b'\'' => oracle(text, 3),
        _ => return None,
    };
    Some(extent)
}

/// `q'[ … ]'`: any character opens, its mirror before a `'` closes.
fn oracle(text: &str, open: usize) -> Extent {
    let Some(first) = text.get(open..).and_then(|rest| rest.chars().next()) else {
        return Extent { len: text.len(), closed: false };
    };
    let mirror = match first {
        '[' => ']',
        '{' => '}',
        '<' => '>',
        '(' => ')',
        c => c,
    };
    let close = format!("{mirror}'");
    delimited(text.as_bytes(), open + first.len_utf8(), close.as_bytes())
}

/// `$tag$ … $tag$`, `$$ … $$` or `$name`.
fn dollar(text: &str) -> (Lexeme, Extent) {
    let bytes = text.as_bytes();
    let tag = 1 + text.get(1..).map_or(0, |rest| run(rest, |c| c.is_alphanumeric() || c == '_'));
    match (bytes.get(tag), bytes.get(..=tag)) {
        (Some(b'$'), Some(delimiter)) => (Lexeme::Dollar, delimited(bytes, tag + 1, delimiter)),
        _ if tag == 1 => (Lexeme::Sign('$'), Extent::closed(1)),
        _ => (Lexeme::Param, Extent::closed(tag)),
    }
}

/// `12`, `1.5`, `.5`, `1e-3`, `0x1F`, `10L`: as SQL reads them.
fn number(bytes: &[u8]) -> Extent {
    let digits = |from: usize| bytes.iter().skip(from).take_while(|b| b.is_ascii_digit()).count();
    if bytes.starts_with(b"0x") {
        return Extent::closed(2 + bytes.iter().skip(2).take_while(|b| b.is_ascii_hexdigit()).count());
    }
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end += 1;
        end += digits(end);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    Extent::closed(end + usize::from(bytes.get(end) == Some(&b'L')))
}

#[cfg(test)]
mod tests;
