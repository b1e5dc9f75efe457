//! `.pipe` text to a tree with spans.
//!
//! Two stages: a splitter that cannot fail cuts the text into statements and blocks into items; pest parses each slice on
//! its own, so one error hides no other. Knows no SQL (a fragment is a span of text), no files, no names.

pub mod ast;
mod elsewhere;
mod forms;
mod lexer;
mod lower;
mod message;
mod parse;
mod splitter;
mod tokens;

pub use ast::*;
pub use elsewhere::instead_of;
pub use parse::{Parsed, parse, parse_with};
pub use tokens::{Token, TokenKind, sql_lines, sql_tokens, tokens};
