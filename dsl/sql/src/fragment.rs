//! Fragments: a query after `as`, expressions in parentheses.

use pipe_diagnostics::{Diagnostic, Sources, Span};
use pipe_syntax::{Spanned, Sql};
use sqlparser::ast;

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
    let _ = (sql, sources);
    Err(Vec::new())
}

/// Parses the inside of `( … )`: one or more expressions with commas between, to its end.
///
/// # Errors
/// `E03xx` diagnostics.
pub fn parse_expressions(sql: &Sql, sources: &Sources) -> Result<Vec<Expression>, Vec<Diagnostic>> {
    let _ = (sql, sources);
    Err(Vec::new())
}
