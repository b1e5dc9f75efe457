//! Fragments: a query after `as`, expressions in parentheses.

use pipe_diagnostics::codes::sql as codes;
use pipe_diagnostics::{Diagnostic, Sources, Span};
use pipe_syntax::{Spanned, Sql};
use sqlparser::ast::{self, Visit as _};
use sqlparser::dialect::GenericDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::depth::too_deep;
use crate::names::Names;
use crate::tokens::{Tokens, is_significant};
use crate::{error, query};

/// A query of a model or a test: one SELECT (or set operation, or VALUES), parsed from tokens shifted into file coordinates, so that spans in `ast` are lines and columns of the `.pipe` file.
#[derive(Clone, Debug)]
pub struct Query {
    /// Verbatim.
    pub text: String,
    /// Where the text is.
    pub span: Span,
    /// The tree.
    pub ast: Box<ast::Query>,
    /// The tables it reads, CTEs taken out; in the order of first use, each once.
    pub tables: Vec<TableRef>,
    /// The functions it reads like tables, `from files('…')`; each call.
    pub functions: Vec<TableRef>,
    /// The `$name`s in it.
    pub params: Vec<Spanned<String>>,
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expression {
    /// Verbatim.
    pub text: String,
    /// Where the text is.
    pub span: Span,
    /// The tree.
    pub ast: ast::Expr,
    /// The columns it names outside subqueries.
    pub columns: Vec<Column>,
    /// The tables its subqueries read.
    pub tables: Vec<TableRef>,
    /// The functions they read like tables, `from files('…')`; each call.
    pub functions: Vec<TableRef>,
    /// The `$name`s in it: params, and in clauses the failure's fields.
    pub params: Vec<Spanned<String>>,
    /// Whether an aggregate function stands in it, outside subqueries and windows.
    pub aggregate: bool,
    /// Whether a subquery stands in it.
    pub subquery: bool,
}

/// A table as named in SQL, folded: `orders`, `raw.orders`, `pipe.runs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRef {
    /// Parts, folded unless quoted.
    pub parts: Vec<String>,
    /// Where it is first named.
    pub span: Span,
}

/// A column as named in SQL, folded; parts as written, `o.total`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Parts, folded unless quoted.
    pub parts: Vec<String>,
    /// Where.
    pub span: Span,
}

/// Parses a query.
///
/// # Errors
/// `E03xx` diagnostics: syntax, more than one statement, DDL, DML, COPY, SET, a number that touches a word.
pub fn parse_query(sql: &Sql, sources: &Sources) -> Result<Query, Vec<Diagnostic>> {
    let tokens = Tokens::read(sql, sources)?;
    if tokens.significant().all(|t| t.token == Token::SemiColon) {
        return Err(vec![Diagnostic::error(codes::MISSING, "a query is missing", sql.span)]);
    }
    if let Some(refused) = query::other_statement(&tokens).or_else(|| query::several(&tokens)) {
        return Err(vec![refused]);
    }
    if let Some(deep) = too_deep(&tokens.list) {
        return Err(vec![error::too_deep(&tokens, Some(deep))]);
    }
    let mut parser = parser(tokens.list.clone());
    let ended = end(&tokens, &tokens.list);
    let ast = parser.parse_query().map_err(|e| vec![error::message(&e, &tokens, ended)])?;
    let next = parser.next_token();
    if !matches!(next.token, Token::EOF | Token::SemiColon) {
        return Err(vec![error::unexpected(&tokens, &next, "the end of the query")]);
    }
    let mut names = Names::new(&tokens);
    _ = ast.visit(&mut names);
    let Names { tables, functions, params, mut errors, .. } = names;
    errors.extend(query::without_effect(&ast, &tokens));
    if errors.is_empty() {
        Ok(Query { text: sql.value.clone(), span: sql.span, ast, tables, functions, params })
    } else {
        Err(errors)
    }
}

/// Parses the inside of `( … )`: one or more expressions with commas between, or one query, a subquery then; to its end.
///
/// # Errors
/// `E03xx` diagnostics.
pub fn parse_expressions(sql: &Sql, sources: &Sources) -> Result<Vec<Expression>, Vec<Diagnostic>> {
    let tokens = Tokens::read(sql, sources)?;
    if tokens.significant().next().is_none() {
        return Err(vec![Diagnostic::error(codes::MISSING, "an expression is missing", sql.span)]);
    }
    if let Some(deep) = too_deep(&tokens.list) {
        return Err(vec![error::too_deep(&tokens, Some(deep))]);
    }
    if let Some(first) = tokens.significant().next()
        && matches!(&first.token, Token::Word(w) if matches!(w.keyword, Keyword::SELECT | Keyword::WITH))
    {
        return parse_subquery(&tokens).map(|e| vec![e]);
    }
    let mut expressions = Vec::new();
    let mut errors = Vec::new();
    for piece in pieces(&tokens.list) {
        match parse_expression(piece, &tokens) {
            Ok(e) => expressions.push(e),
            Err(more) => errors.extend(more),
        }
    }
    if errors.is_empty() { Ok(expressions) } else { Err(errors) }
}

/// `at <= (select max(at) from orders)`: the parentheses of the fragment are those of the subquery.
fn parse_subquery(tokens: &Tokens<'_>) -> Result<Expression, Vec<Diagnostic>> {
    let ended = end(tokens, &tokens.list);
    let mut parser = parser(tokens.list.clone());
    let query = parser.parse_query().map_err(|e| vec![error::message(&e, tokens, ended)])?;
    let next = parser.next_token();
    if next.token != Token::EOF {
        return Err(vec![error::unexpected(tokens, &next, "the end of the query")]);
    }
    let first = tokens.significant().next().map_or(tokens.span, |t| tokens.span_of(t));
    expression(ast::Expr::Subquery(query), Span { end: ended, ..first }, tokens)
}

fn parse_expression(piece: &[TokenWithSpan], tokens: &Tokens<'_>) -> Result<Expression, Vec<Diagnostic>> {
    let significant = || piece.iter().filter(|t| is_significant(t));
    let ended = end(tokens, piece);
    let (Some(first), Some(last)) = (significant().next(), significant().next_back()) else {
        let span = Span { file: tokens.file(), start: ended, end: ended };
        return Err(vec![Diagnostic::error(codes::MISSING, "an expression is missing", span)]);
    };
    let span = tokens.span_of(first).to(tokens.span_of(last));
    let mut parser = parser(piece.to_vec());
    let ast = parser.parse_expr().map_err(|e| vec![error::message(&e, tokens, ended)])?;
    let next = parser.next_token();
    if next.token != Token::EOF {
        return Err(vec![error::unexpected(tokens, &next, "an operator, a comma or the end")]);
    }
    expression(ast, span, tokens)
}

/// What a parsed expression names.
fn expression(ast: ast::Expr, span: Span, tokens: &Tokens<'_>) -> Result<Expression, Vec<Diagnostic>> {
    let mut names = Names::new(tokens);
    _ = ast.visit(&mut names);
    let Names { tables, functions, columns, params, aggregate, subquery, mut errors, .. } = names;
    errors.extend(query::without_effect_in(&ast, tokens));
    if !errors.is_empty() {
        return Err(errors);
    }
    let text = tokens.text(span).to_owned();
    Ok(Expression { text, span, ast, columns, tables, functions, params, aggregate, subquery })
}

/// The tokens between commas outside all brackets. A comma at the end is followed by an empty piece.
fn pieces(tokens: &[TokenWithSpan]) -> impl Iterator<Item = &[TokenWithSpan]> {
    let mut depth = 0_usize;
    tokens.split(move |t| {
        match t.token {
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && t.token == Token::Comma
    })
}

fn parser(tokens: Vec<TokenWithSpan>) -> Parser<'static> {
    Parser::new(&GenericDialect {}).with_tokens_with_locations(tokens)
}

/// The byte behind the last token that says something; the piece's end, or the fragment's, when none does.
fn end(tokens: &Tokens<'_>, piece: &[TokenWithSpan]) -> u32 {
    let last = piece.iter().rfind(|t| is_significant(t)).or_else(|| piece.last());
    last.map_or(tokens.span.end, |t| tokens.span_of(t).end)
}
