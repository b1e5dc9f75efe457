//! Refuses SQL whose tree would be too deep: trees are cloned and dropped recursively, on threads with small stacks.
//!
//! sqlparser bounds what it parses recursively, but a chain such as `a or b or …` is parsed in a loop into a tree as deep as
//! it is long. The bound here is over tokens, before there is a tree.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::tokens::is_significant;

/// The deepest tree let through, in operators. A clone takes about 4 KiB of stack for each; the smallest stack is 2 MiB.
const LIMIT: usize = 200;
/// A `union` costs as much stack as so many operators.
const SET_OPERATION: usize = 4;
/// An opening bracket, for the call or the subquery in it.
const BRACKET: usize = 2;

/// What is open at one level of brackets (or `case … end`).
#[derive(Default)]
struct Level {
    /// The depth all levels around it have reached.
    base: usize,
    set_operations: usize,
    /// `and`, `or`
    low: usize,
    /// All operators that bind tighter, since the last of the low ones.
    high: usize,
}

impl Level {
    fn depth(&self) -> usize {
        self.base + self.set_operations + self.low + self.high
    }
}

/// The token at which the tree would become too deep.
pub(crate) fn too_deep(tokens: &[TokenWithSpan]) -> Option<&TokenWithSpan> {
    let mut levels = vec![Level::default()];
    let mut before = Keyword::NoKeyword;
    for token in tokens.iter().filter(|t| is_significant(t)) {
        let keyword = match &token.token {
            Token::Word(word) => word.keyword,
            _ => Keyword::NoKeyword,
        };
        let open = matches!(token.token, Token::LParen | Token::LBracket | Token::LBrace) || keyword == Keyword::CASE;
        let close = matches!(token.token, Token::RParen | Token::RBracket | Token::RBrace) || keyword == Keyword::END;
        if close && levels.len() > 1 {
            levels.pop();
        }
        let level = levels.last_mut()?;
        match &token.token {
            _ if open => {
                let base = level.depth() + BRACKET;
                levels.push(Level { base, ..Level::default() });
            }
            // `a[1][2]`, `f(1)(2)`
            _ if close => level.high += 1,
            Token::Comma => (level.low, level.high) = (0, 0),
            Token::Word(_) => match keyword {
                Keyword::NoKeyword => {}
                Keyword::AND | Keyword::OR | Keyword::XOR => (level.low, level.high) = (level.low + 1, 0),
                Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::MINUS => {
                    *level = Level {
                        base: level.base,
                        set_operations: level.set_operations + SET_OPERATION,
                        ..Level::default()
                    };
                }
                Keyword::FROM if before == Keyword::DISTINCT => level.high += 1,
                Keyword::SELECT
                | Keyword::FROM
                | Keyword::WHERE
                | Keyword::GROUP
                | Keyword::HAVING
                | Keyword::ORDER
                | Keyword::LIMIT
                | Keyword::JOIN
                | Keyword::ON
                | Keyword::WHEN
                | Keyword::THEN
                | Keyword::ELSE
                | Keyword::WINDOW
                | Keyword::QUALIFY => (level.low, level.high) = (0, 0),
                _ => level.high += 1,
            },
            Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::Placeholder(_)
            | Token::SemiColon
            | Token::EOF => {}
            _ => level.high += 1,
        }
        before = keyword;
        if levels.last().is_some_and(|l| l.depth() > LIMIT) {
            return Some(token);
        }
    }
    None
}
