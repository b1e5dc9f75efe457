//! The lexer cuts where sqlparser cuts.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

use pest::Parser as _;
use pipe_grammar::{PipeParser, Rule};
use proptest::prelude::*;
use sqlparser::dialect::GenericDialect;
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

use super::*;

/// The bytes of the `;` that sqlparser sees; `None` where it refuses the text.
fn semicolons_of_sql(text: &str) -> Option<Vec<usize>> {
    let tokens = Tokenizer::new(&GenericDialect {}, text).tokenize_with_location().ok()?;
    let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let at = |line: u64, column: u64| {
        let start = starts[usize::try_from(line).unwrap() - 1];
        let skip = usize::try_from(column).unwrap() - 1;
        start + text[start..].chars().take(skip).map(char::len_utf8).sum::<usize>()
    };
    let ends = tokens.iter().filter(|t| t.token == Token::SemiColon);
    Some(ends.map(|t| at(t.span.start.line, t.span.start.column)).collect())
}

fn semicolons(text: &str) -> Vec<usize> {
    Lexer::new(text, 0).filter(|t| t.lexeme == Lexeme::Sign(';')).map(|t| t.start).collect()
}

/// Where the parenthesis that opens `text` is closed; `None` where it is not, or holds nothing.
fn fragment(text: &str) -> Option<usize> {
    let mut depth = 0;
    let mut holds = false;
    for token in Lexer::new(text, 0) {
        if !token.closed {
            return None;
        }
        match token.lexeme {
            Lexeme::Sign('(') => depth += 1,
            Lexeme::Sign(')') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return holds.then_some(token.end);
        }
        holds |= token.start > 0 && !token.lexeme.is_trivia();
    }
    None
}

/// Pieces that open, close and disguise quotes and comments.
fn sql_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "select ", "a", "e", "x", "r", "b", "n", "q", "nq", "u&", "E", "1", "0x", "1e", "5.", ".5", "L", "_", "é", "$",
        "$$", "$t$", "$t", "$1", "'", "''", "'''", "\"", "\"\"", "`", "``", ";", ";", ";", "--", "-", "->", "/*", "*/",
        "/", "*", "\\", "\\'", "(", ")", "[", "]", "{", "}", "<", ">", "!", "@", "@@", "#", "//", "%", "&", "|", ":",
        "::", "?", "=", ",", ".", "\n", " ", "\t",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_semicolon_is_where_sqlparser_sees_one(text in sql_like()) {
        // The one known difference: sqlparser reads what MySQL hides in `/*! … */`.
        if let (false, Some(expected)) = (text.contains("/*!"), semicolons_of_sql(&text)) {
            prop_assert_eq!(semicolons(&text), expected, "{}", text);
        }
    }

    #[test]
    fn the_grammar_closes_a_fragment_where_the_lexer_does(inner in sql_like()) {
        let text = format!("({inner})");
        if let Some(end) = fragment(&text) {
            let pairs = PipeParser::parse(Rule::fragment, &text);
            let read = pairs.ok().and_then(|mut pairs| pairs.next()).map(|pair| pair.as_str().len());
            prop_assert_eq!(read, Some(end), "{}", text);
        }
    }

    #[test]
    fn tokens_cover_the_text(text in any::<String>()) {
        let mut end = 0;
        for token in Lexer::new(&text, 0) {
            prop_assert_eq!(token.start, end);
            prop_assert!(token.end > token.start && text.is_char_boundary(token.end));
            end = token.end;
        }
        prop_assert_eq!(end, text.len());
    }
}

#[test]
fn what_sqlparser_calls_a_comment_is_one() {
    let text = "1 -- a ; b\n/* ; /* ; */ ; */ ;";
    assert_eq!(semicolons(text), [text.len() - 1]);
    let comments = Tokenizer::new(&GenericDialect {}, text).tokenize().unwrap();
    let blocks = comments.iter().filter(|t| matches!(t, Token::Whitespace(Whitespace::MultiLineComment(_))));
    assert_eq!(blocks.count(), 1);
}
