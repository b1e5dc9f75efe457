//! Cuts text into statements and blocks into items. Cannot fail, and is linear: what does not fit the forms is a slice too.

use std::ops::Range;

use crate::lexer::{Lexed, Lexeme, Lexer};

/// How deep parentheses, brackets and braces may nest; sqlparser stops at about half of it.
pub(crate) const MAX_DEPTH: u32 = 128;

/// The words a statement starts with.
pub(crate) const STATEMENTS: &[&str] = &[
    "pipe",
    "use",
    "param",
    "secret",
    "profile",
    "connection",
    "channel",
    "source",
    "model",
    "rules",
    "heal",
    "load",
    "schedule",
    "test",
];

/// The statements that have a block.
pub(crate) const BLOCKS: &[&str] = &["profile", "rules", "heal", "test"];

/// Why a slice cannot be read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A quote or a comment that starts here and is not closed.
    NotClosed(Lexeme, usize),
    /// The sign that nests too deep.
    TooDeep(usize),
    /// A control character.
    Character(char, usize),
}

/// What ended a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// `;`
    Semicolon,
    /// `{`
    Open,
    /// `}`
    Close,
    /// The text's end.
    End,
}

/// A piece of text to be parsed by one rule, without what ended it.
#[derive(Clone, Debug)]
pub(crate) struct Slice {
    /// From its first to its last token; empty when there is none.
    pub(crate) range: Range<usize>,
    /// The `---` lines above it.
    pub(crate) docs: Vec<String>,
    /// The first thing in it that no parser could read.
    pub(crate) trouble: Option<Trouble>,
    /// What ended it.
    pub(crate) stop: Stop,
    /// One past what ended it.
    pub(crate) next: usize,
}

/// The items of a block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// None is empty; a last one without `;` stops at `}` or the end.
    pub(crate) items: Vec<Slice>,
    /// Whether `}` was there.
    pub(crate) closed: bool,
}

/// A statement, as cut.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    /// What stands before `;` or `{`.
    pub(crate) head: Slice,
    /// The first token, if it is a word.
    pub(crate) keyword: Option<Range<usize>>,
    /// What stands between `{` and `}`.
    pub(crate) block: Option<Block>,
    /// One past the statement, its `;` or `}` included.
    pub(crate) next: usize,
}

/// Cuts the next statement that starts at or behind byte `pos`; `None` when only blanks, comments and stray `;` are left.
pub(crate) fn cut(text: &str, mut pos: usize) -> Option<Cut> {
    loop {
        let keyword = Lexer::new(text, pos).find(|t| !t.lexeme.is_trivia() || !t.closed)?;
        let range = keyword.start..keyword.end;
        if keyword.lexeme == Lexeme::Sign('}') {
            // A stray `}`: a statement of its own, so that what follows is read.
            let next = keyword.end;
            let head = Slice { range, docs: Vec::new(), trouble: None, stop: Stop::Close, next };
            return Some(Cut { head, keyword: None, block: None, next });
        }
        let word = (keyword.lexeme == Lexeme::Word).then_some(range);
        let braces = word.clone().is_some_and(|range| may_have_block(text.get(range).unwrap_or("")));
        let head = scan(text, pos, Braces { open: braces, close: false });
        if head.range.is_empty() {
            // A stray `;`.
            pos = head.next;
            continue;
        }
        let block = (head.stop == Stop::Open).then(|| items(text, head.next));
        let next = block.as_ref().map_or(head.next, |(_, next)| *next);
        return Some(Cut { head, keyword: word, block: block.map(|(block, _)| block), next });
    }
}

/// Whether `{` opens a block in a statement that starts with `word`: in those that have one and in unknown ones, but for
/// words near one that has SQL.
fn may_have_block(word: &str) -> bool {
    let is = |known: &&str| known.eq_ignore_ascii_case(word);
    if let Some(known) = STATEMENTS.iter().find(|known| is(known)) {
        return BLOCKS.contains(known);
    }
    let known = pipe_diagnostics::nearest(word, STATEMENTS.iter().copied());
    known.is_none_or(|known| BLOCKS.contains(&known))
}

fn items(text: &str, mut pos: usize) -> (Block, usize) {
    let mut items = Vec::new();
    loop {
        let item = scan(text, pos, Braces { open: false, close: true });
        let (stop, next) = (item.stop, item.next);
        if !item.range.is_empty() {
            items.push(item);
        }
        if stop != Stop::Semicolon {
            return (Block { items, closed: stop == Stop::Close }, next);
        }
        pos = next;
    }
}

/// Which braces end a slice.
#[derive(Clone, Copy)]
struct Braces {
    open: bool,
    close: bool,
}

/// Reads from `pos` to the first `;`, or brace that counts.
fn scan(text: &str, pos: usize, braces: Braces) -> Slice {
    let mut slice = Slice { range: pos..pos, docs: Vec::new(), trouble: None, stop: Stop::End, next: text.len() };
    let mut docs = Docs::new(pos == 0);
    let mut depth = 0u32;
    let mut inner_braces = 0u32;
    let mut seen = false;
    for token in Lexer::new(text, pos) {
        if !token.closed {
            slice.trouble = slice.trouble.or(Some(Trouble::NotClosed(token.lexeme, token.start)));
        }
        if token.lexeme.is_trivia() {
            if !seen {
                docs.see(text, token);
            }
            if !token.closed && !seen {
                // A comment that never ends is all there is: it must be reported.
                slice.range = token.start..token.end;
            }
            continue;
        }
        let stop = match token.lexeme {
            Lexeme::Sign(';') => Some(Stop::Semicolon),
            Lexeme::Sign('{') if braces.open => Some(Stop::Open),
            Lexeme::Sign('}') if braces.close && inner_braces == 0 => Some(Stop::Close),
            _ => None,
        };
        if let Some(stop) = stop {
            slice.stop = stop;
            slice.next = token.end;
            break;
        }
        match token.lexeme {
            Lexeme::Sign(c @ ('(' | '[' | '{')) => {
                depth += 1;
                inner_braces += u32::from(c == '{');
                if depth > MAX_DEPTH {
                    slice.trouble = slice.trouble.or(Some(Trouble::TooDeep(token.start)));
                }
            }
            Lexeme::Sign(c @ (')' | ']' | '}')) => {
                depth = depth.saturating_sub(1);
                inner_braces = inner_braces.saturating_sub(u32::from(c == '}'));
            }
            Lexeme::Sign(c) if c.is_control() => {
                slice.trouble = slice.trouble.or(Some(Trouble::Character(c, token.start)));
            }
            _ => {}
        }
        if !seen {
            slice.range.start = token.start;
            slice.docs = std::mem::take(&mut docs.lines);
            seen = true;
        }
        slice.range.end = token.end;
    }
    slice
}

/// One past the `}` that belongs to the `{` before byte `pos`.
pub(crate) fn closing_brace(text: &str, pos: usize) -> Option<usize> {
    let mut depth = 0u32;
    for token in Lexer::new(text, pos) {
        match token.lexeme {
            Lexeme::Sign('{') => depth += 1,
            Lexeme::Sign('}') if depth == 0 => return Some(token.end),
            Lexeme::Sign('}') => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Collects the `---` lines directly above what they document; a blank line detaches them.
pub(crate) struct Docs {
    at_line_start: bool,
    pub(crate) lines: Vec<String>,
}

impl Docs {
    /// `at_line_start`: whether only blanks stand before, on this line.
    pub(crate) fn new(at_line_start: bool) -> Self {
        Self { at_line_start, lines: Vec::new() }
    }

    /// Takes a comment or white space into account.
    pub(crate) fn see(&mut self, text: &str, token: Lexed) {
        let token_text = text.get(token.start..token.end).unwrap_or("");
        match token.lexeme {
            Lexeme::Space => {
                let breaks = token_text.bytes().filter(|b| *b == b'\n').count();
                if breaks > 1 {
                    self.lines.clear();
                }
                self.at_line_start |= breaks > 0;
            }
            Lexeme::LineComment => {
                if let (true, Some(doc)) = (self.at_line_start, doc_text(token_text)) {
                    self.lines.push(doc.to_owned());
                }
                self.at_line_start = false;
            }
            _ => self.at_line_start = false,
        }
    }
}

/// The text of a `--- ` comment; `None` for other comments.
pub(crate) fn doc_text(comment: &str) -> Option<&str> {
    let text = comment.strip_prefix("---")?;
    (text.is_empty() || text.starts_with([' ', '\t'])).then(|| text.trim())
}

/// The first line behind byte `from` and before `to` that starts at column 0 with a statement's word and a name: where a
/// statement that was not ended is cut.
pub(crate) fn next_statement_line(text: &str, from: usize, to: usize, inside: &str) -> Option<usize> {
    let window = text.get(from..to)?;
    memchr::memchr_iter(b'\n', window.as_bytes())
        .map(|found| from + found + 1)
        .find(|line| text.get(*line..to).is_some_and(|rest| starts_statement(rest, inside)))
}

fn starts_statement(text: &str, inside: &str) -> bool {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return false;
    }
    let mut tokens = Lexer::new(text, 0);
    let (Some(word), Some(gap), Some(second)) = (tokens.next(), tokens.next(), tokens.next()) else { return false };
    let word = text.get(word.start..word.end).unwrap_or("").to_ascii_lowercase();
    // The items of a profile are statements themselves.
    let item = inside.eq_ignore_ascii_case("profile") && matches!(word.as_str(), "param" | "connection");
    if gap.lexeme != Lexeme::Space || item || !STATEMENTS.contains(&word.as_str()) {
        return false;
    }
    match word.as_str() {
        "pipe" => second.lexeme == Lexeme::Number,
        "use" => second.lexeme == Lexeme::Text,
        "heal" if second.lexeme == Lexeme::Sign('*') => true,
        _ => {
            let name = text.get(second.start..second.end).unwrap_or("").to_ascii_lowercase();
            second.lexeme == Lexeme::Quoted || second.lexeme == Lexeme::Word && !CONTINUES.contains(&name.as_str())
        }
    }
}

/// Words that go on with a rule whose column is called like a statement: `source not null`.
const CONTINUES: &[&str] =
    &["not", "in", "is", "between", "like", "matches", "unique", "references", "determines", "and", "or"];
