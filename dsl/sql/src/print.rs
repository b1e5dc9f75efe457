//! Trees and names back to text.

use sqlparser::ast::Expr;
use sqlparser::dialect::GenericDialect;
use sqlparser::keywords::{
    Keyword, RESERVED_FOR_COLUMN_ALIAS, RESERVED_FOR_IDENTIFIER, RESERVED_FOR_TABLE_ALIAS, RESERVED_FOR_TABLE_FACTOR,
};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

/// An expression as one line of SQL: keywords upper case, comments left out. What assertions are printed with.
pub fn expression_text(expression: &Expr) -> String {
    expression.to_string()
}

/// A folded name as SQL: bare where that reads back as the same name, else in double quotes.
pub fn quote(name: &str) -> String {
    if reads_back(name) { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// Keywords that start or join expressions; alone they read back as names, among others they may not.
const STARTS: &[Keyword] = &[
    Keyword::ALL,
    Keyword::AND,
    Keyword::ANY,
    Keyword::ARRAY,
    Keyword::AS,
    Keyword::BETWEEN,
    Keyword::BY,
    Keyword::CASE,
    Keyword::CAST,
    Keyword::CONVERT,
    Keyword::DISTINCT,
    Keyword::ELSE,
    Keyword::EXISTS,
    Keyword::EXTRACT,
    Keyword::ILIKE,
    Keyword::IN,
    Keyword::INTERVAL,
    Keyword::IS,
    Keyword::LIKE,
    Keyword::MAP,
    Keyword::NOT,
    Keyword::OR,
    Keyword::OVERLAY,
    Keyword::POSITION,
    Keyword::PRIOR,
    Keyword::SOME,
    Keyword::STRUCT,
    Keyword::SUBSTRING,
    Keyword::THEN,
    Keyword::TRIM,
    Keyword::XOR,
];

fn reads_back(name: &str) -> bool {
    let plain = name.chars().all(|c| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit());
    if !plain || name.len() > 128 {
        return false;
    }
    let Ok(tokens) = Tokenizer::new(&GenericDialect {}, name).tokenize() else { return false };
    let [Token::Word(word)] = tokens.as_slice() else { return false };
    let keyword = word.keyword;
    let reserved =
        [RESERVED_FOR_COLUMN_ALIAS, RESERVED_FOR_TABLE_ALIAS, RESERVED_FOR_TABLE_FACTOR, RESERVED_FOR_IDENTIFIER]
            .iter()
            .any(|list| list.contains(&keyword));
    if reserved || STARTS.contains(&keyword) {
        return false;
    }
    let mut parser = Parser::new(&GenericDialect {}).with_tokens(tokens);
    matches!(parser.parse_expr(), Ok(Expr::Identifier(ident)) if ident.value == name && ident.quote_style.is_none())
}
