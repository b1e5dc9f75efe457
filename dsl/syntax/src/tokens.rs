//! The text as tokens that know what they are: for the formatter, highlighting and completion. Comments are tokens too.

use std::ops::Range;

use pest::Parser as _;
use pipe_grammar::{PipeParser, Rule, is_keyword, is_token};

use crate::forms::{Form, form, item_rule};
use crate::lexer::{Lexed, Lexeme, Lexer};
use crate::splitter::{self, Slice, doc_text};

/// What a token is, by its place in the grammar; in what does not parse, by its looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TokenKind {
    /// A word of the language, such as `source` or `not`; constants such as `true` too.
    Keyword,
    /// A word of a closed set: a connector, a key, a failure, a format. Its case does not count.
    Word,
    /// A name of the program: a table, a column, a connection, an enum word in a value.
    Name,
    /// The word of a type, such as `decimal`.
    Type,
    /// `'…'`
    Text,
    /// A number, with its unit or `%`.
    Number,
    /// `$name`
    Param,
    /// A query, or what stands in the parentheses of a fragment: one token, however long.
    Sql,
    /// A comparison.
    Operator,
    /// Punctuation.
    Sign,
    /// `-- …` or `/* … */`
    Comment,
    /// `--- …`
    Doc,
    /// What the grammar does not know.
    Unknown,
}

/// A token and its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where, in bytes of the text.
    pub range: Range<usize>,
}

/// All tokens of a text, in order, without white space. Total: text that is no program has tokens as well.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut known = Vec::new();
    let mut pos = 0;
    while let Some(cut) = splitter::cut(text, pos) {
        let word = cut.keyword.clone().and_then(|range| text.get(range)).unwrap_or("").to_lowercase();
        let rule = form(&word).map(|form| match form {
            Form::Simple(rule, _) | Form::Block(rule, _) => rule,
        });
        classify(text, &cut.head, rule, &mut known);
        for item in cut.block.iter().flat_map(|block| &block.items) {
            classify(text, item, item_rule(&word, text.get(item.range.clone()).unwrap_or("")), &mut known);
        }
        pos = cut.next;
    }
    let mut out = Vec::with_capacity(known.len());
    let mut pos = 0;
    for token in known {
        raw(text, pos..token.range.start, &mut out);
        pos = token.range.end;
        out.push(token);
    }
    raw(text, pos..text.len(), &mut out);
    out
}

/// The tokens of a slice, if it parses.
fn classify(text: &str, slice: &Slice, rule: Option<Rule>, out: &mut Vec<Token>) {
    let (Some(rule), None) = (rule, slice.trouble) else { return };
    let Ok(pairs) = PipeParser::parse(rule, text.get(slice.range.clone()).unwrap_or("")) else { return };
    for pair in pairs.flatten() {
        let span = pair.as_span();
        if let (Some(kind), true) = (kind(pair.as_rule(), pair.as_str()), span.start() < span.end()) {
            out.push(Token { kind, range: slice.range.start + span.start()..slice.range.start + span.end() });
        }
    }
}

/// What a leaf of the grammar is; `None` for a node with parts.
fn kind(rule: Rule, text: &str) -> Option<TokenKind> {
    Some(match rule {
        Rule::name | Rule::table | Rule::column | Rule::bare | Rule::pattern_word => {
            match text.to_ascii_lowercase().as_str() {
                "true" | "false" | "null" if !matches!(rule, Rule::name | Rule::table) => TokenKind::Keyword,
                _ => TokenKind::Name,
            }
        }
        Rule::word | Rule::key => TokenKind::Word,
        Rule::type_word => TokenKind::Type,
        Rule::typed_word | Rule::statistic_word => TokenKind::Keyword,
        Rule::text => TokenKind::Text,
        Rule::number | Rule::offset | Rule::percent | Rule::measure => TokenKind::Number,
        Rule::param_ref => TokenKind::Param,
        Rule::query | Rule::sql => TokenKind::Sql,
        Rule::comparison => TokenKind::Operator,
        _ if is_keyword(rule) => TokenKind::Keyword,
        _ if is_token(rule) => TokenKind::Sign,
        _ => return None,
    })
}

/// The tokens of what the grammar did not read: comments, `;`, braces, and all of what does not parse.
fn raw(text: &str, range: Range<usize>, out: &mut Vec<Token>) {
    let window = text.get(..range.end).unwrap_or(text);
    for Lexed { lexeme, start, end, .. } in Lexer::new(window, range.start) {
        let kind = match lexeme {
            Lexeme::Space => continue,
            Lexeme::LineComment if doc_text(text.get(start..end).unwrap_or("")).is_some() => TokenKind::Doc,
            Lexeme::LineComment | Lexeme::BlockComment => TokenKind::Comment,
            Lexeme::Text | Lexeme::Dollar => TokenKind::Text,
            Lexeme::Number => TokenKind::Number,
            Lexeme::Param => TokenKind::Param,
            Lexeme::Quoted => TokenKind::Name,
            Lexeme::Sign('(' | ')' | '[' | ']' | '{' | '}' | ',' | ';' | ':' | '=' | '|' | '*' | '<' | '>') => {
                TokenKind::Sign
            }
            Lexeme::Word | Lexeme::Sign(_) => TokenKind::Unknown,
        };
        out.push(Token { kind, range: start..end });
    }
}

/// The tokens of a piece of SQL as text, comments included, white space not: two pieces with the same tokens mean the same.
pub fn sql_tokens(sql: &str) -> impl Iterator<Item = &str> {
    let space = |t: &Lexed| t.lexeme == Lexeme::Space;
    Lexer::new(sql, 0).filter(move |t| !space(t)).filter_map(|t| sql.get(t.start..t.end))
}

/// A piece of SQL cut at the line breaks that stand between its tokens: those in literals and comments stay. Lines have no
/// line break and no blanks at their end; blanks at their start are kept.
pub fn sql_lines(sql: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut end = 0;
    for token in Lexer::new(sql, 0) {
        if token.lexeme != Lexeme::Space {
            end = token.end;
            continue;
        }
        let space = sql.get(token.start..token.end).unwrap_or("");
        for (at, _) in space.match_indices('\n') {
            lines.push(sql.get(start..end.max(start)).unwrap_or(""));
            start = token.start + at + 1;
            end = start;
        }
    }
    lines.push(sql.get(start..end.max(start)).unwrap_or(""));
    lines
}
