//! Constants, params and columns that stand outside SQL, as expressions.

use pipe_diagnostics::{Diagnostic, Span, codes::names as codes, codes::sql};
use pipe_sql::Expression;
use pipe_syntax::{Literal, Name, Operand, Spanned};
use sqlparser::ast;
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use crate::cx::Cx;
use crate::names::Table;
use crate::sql::Scope;

impl Cx<'_> {
    /// An operand of a predicate as an expression.
    pub(crate) fn operand(&mut self, operand: &Spanned<Operand>, table: Option<&Table<'_>>) -> Option<Expression> {
        let span = operand.span;
        match &operand.value {
            Operand::Sql(sql) => {
                let e = self.expression(sql, &Scope::default())?;
                self.columns_of(&e, table);
                Some(e)
            }
            Operand::Column(name) => {
                let e = self.column_expression(name);
                self.columns_of(&e, table);
                Some(e)
            }
            Operand::Param(name) => {
                self.param(codes::UNKNOWN_PARAM, name, &Scope::default());
                let ast = ast::Expr::Value(self.value(ast::Value::Placeholder(format!("${}", name.value)), span));
                Some(Expression { params: vec![name.clone()], ..self.constant(ast, format!("${}", name.value), span) })
            }
            Operand::Literal(literal) => {
                if *literal == Literal::Null {
                    self.report(
                        Diagnostic::warning(sql::NULL_COMPARISON, "a comparison with `null` is never false", span)
                            .help("leave it out: NULL passes anyway; `not null` says that there must be a value"),
                    );
                }
                let ast = self.literal(literal, span)?;
                let text = ast.to_string();
                Some(self.constant(ast, text, span))
            }
            Operand::Duration(ms) => {
                let text = format!("interval '{ms} milliseconds'");
                parse(&text).map(|ast| self.constant(ast, text, span))
            }
            Operand::Percent(digits) => {
                let share = crate::numbers::percent(digits)?;
                let text = format!("{share}");
                let ast = ast::Expr::Value(self.value(ast::Value::Number(text.clone(), false), span));
                Some(self.constant(ast, text, span))
            }
        }
    }

    /// A column's name as an expression. A name written with a dot outside quotes is qualified.
    pub(crate) fn column_expression(&self, name: &Name) -> Expression {
        let written = self.sources.text(name.span);
        let quoted = written.starts_with(['"', '`']);
        let parts: Vec<String> = match name.value.split_once('.') {
            Some((table, column)) if !quoted => vec![table.to_owned(), column.to_owned()],
            _ => vec![name.value.clone()],
        };
        let span = self.sql_span(name.span);
        let mut idents: Vec<ast::Ident> = parts.iter().map(|p| ident(p, span)).collect();
        let ast = match idents.pop() {
            Some(one) if idents.is_empty() => ast::Expr::Identifier(one),
            last => {
                idents.extend(last);
                ast::Expr::CompoundIdentifier(idents)
            }
        };
        let text = ast.to_string();
        Expression { columns: vec![pipe_sql::Column { parts, span: name.span }], ..self.constant(ast, text, name.span) }
    }

    fn constant(&self, ast: ast::Expr, text: String, span: Span) -> Expression {
        Expression {
            text,
            span,
            ast,
            columns: Vec::new(),
            tables: Vec::new(),
            functions: Vec::new(),
            params: Vec::new(),
            aggregate: false,
            subquery: false,
        }
    }

    fn literal(&self, literal: &Literal, span: Span) -> Option<ast::Expr> {
        let value = |v| Some(ast::Expr::Value(self.value(v, span)));
        match literal {
            Literal::Text(s) => value(ast::Value::SingleQuotedString(s.clone())),
            Literal::Bool(b) => value(ast::Value::Boolean(*b)),
            Literal::Null => value(ast::Value::Null),
            Literal::Number(n) => match n.strip_prefix('-') {
                None => value(ast::Value::Number(n.trim_start_matches('+').to_owned(), false)),
                Some(n) => Some(ast::Expr::UnaryOp {
                    op: ast::UnaryOperator::Minus,
                    expr: Box::new(ast::Expr::Value(self.value(ast::Value::Number(n.trim().to_owned(), false), span))),
                }),
            },
            Literal::Typed(word, text) => parse(&format!("{word} '{}'", text.replace('\'', "''"))),
        }
    }

    fn value(&self, value: ast::Value, span: Span) -> ast::ValueWithSpan {
        ast::ValueWithSpan { value, span: self.sql_span(span) }
    }

    fn sql_span(&self, span: Span) -> sqlparser::tokenizer::Span {
        let at = |byte| pipe_sql::location_of(self.sources, span.file, byte);
        sqlparser::tokenizer::Span::new(at(span.start), at(span.end))
    }
}

/// Parses SQL of our own making.
fn parse(text: &str) -> Option<ast::Expr> {
    Parser::new(&GenericDialect {}).try_with_sql(text).ok()?.parse_expr().ok()
}

/// An identifier, in quotes where SQL would read it as anything else.
fn ident(name: &str, span: sqlparser::tokenizer::Span) -> ast::Ident {
    let quoted = pipe_sql::quote(name).starts_with('"');
    ast::Ident { value: name.to_owned(), quote_style: quoted.then_some('"'), span }
}
