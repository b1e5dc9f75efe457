//! SQL fragments: parsed, their tables and params looked up; operands as expressions.

use pipe_diagnostics::{Code, Diagnostic, Span, codes::names as codes, codes::rules, codes::sql as sql_codes};
use pipe_schema::Field;
use pipe_sql::{Expression, Query, TableRef, parse_expressions, parse_query};
use pipe_syntax::{Literal, Name, Operand, Spanned, Sql};
use sqlparser::ast;
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Location;

use crate::cx::{Cx, suggest, unknown};
use crate::names::{Table, TableKind};

/// What a `$name` may be besides a param.
#[derive(Clone, Default)]
pub(crate) struct Scope {
    /// The fields of a clause's failures; `None` outside clauses.
    pub(crate) fields: Option<Vec<&'static Field>>,
    /// Whether `$value` is a failing cell's text.
    pub(crate) value: bool,
}

impl Cx<'_> {
    /// A query, with its tables and params looked up.
    pub(crate) fn query(&mut self, sql: &Sql) -> Option<Query> {
        match parse_query(sql, self.sources) {
            Ok(query) => {
                self.tables_of(&query.tables);
                self.params_of(&query.params, &Scope::default());
                Some(query)
            }
            Err(diagnostics) => {
                self.out.extend(diagnostics);
                None
            }
        }
    }

    /// Expressions with commas between, with their tables and params looked up; columns are the caller's.
    pub(crate) fn expressions(&mut self, sql: &Sql, scope: &Scope) -> Option<Vec<Expression>> {
        match parse_expressions(sql, self.sources) {
            Ok(expressions) => {
                for e in &expressions {
                    self.tables_of(&e.tables);
                    self.params_of(&e.params, scope);
                }
                Some(expressions)
            }
            Err(diagnostics) => {
                self.out.extend(diagnostics);
                None
            }
        }
    }

    /// Just one expression.
    pub(crate) fn expression(&mut self, sql: &Sql, scope: &Scope) -> Option<Expression> {
        let mut found = self.expressions(sql, scope)?;
        if let Some(second) = found.get(1) {
            let message = "one expression is needed here, and there are several";
            self.report(Diagnostic::error(rules::ONE_EXPRESSION, message, second.span));
            return None;
        }
        found.pop()
    }

    fn tables_of(&mut self, tables: &[TableRef]) {
        for t in tables {
            match t.parts.as_slice() {
                [name] => _ = self.table_as(sql_codes::QUERY_TABLE, &Spanned::new(name.clone(), t.span)),
                [schema, name] if schema == "raw" => self.raw(name, t.span),
                [schema, ..] if schema == "pipe" => {
                    let message = format!("`{}` is not for programs", t.parts.join("."));
                    self.report(
                        Diagnostic::error(codes::PIPE_TABLE, message, t.span)
                            .help("what Pipe keeps of its runs is read with `pipe query`"),
                    );
                }
                parts => {
                    let mut d = unknown(sql_codes::QUERY_TABLE, "table", &Spanned::new(parts.join("."), t.span), []);
                    let last = parts.last().map_or("", String::as_str);
                    d = d.help(match suggest(last, self.names.tables.keys().copied()) {
                        Some(_) if self.names.tables.contains_key(last) => format!("write `{last}` alone"),
                        _ => "declare it with `source`; tables of a program have no schema in front".to_owned(),
                    });
                    self.report(d);
                }
            }
        }
    }

    fn raw(&mut self, name: &str, span: Span) {
        let name = Spanned::new(name.to_owned(), span);
        if let Some(table) = self.table_as(sql_codes::QUERY_TABLE, &name)
            && let TableKind::Model = table.kind
        {
            self.report(
                Diagnostic::error(
                    codes::RAW_OF_SOURCE,
                    format!("`{}` is a model: it has no raw form", name.value),
                    span,
                )
                .help(format!("write `{}`; `raw.` is for sources", name.value)),
            );
        }
    }

    fn params_of(&mut self, params: &[Spanned<String>], scope: &Scope) {
        for p in params {
            let is_field = scope.fields.iter().flatten().any(|f| f.name == p.value);
            if is_field || scope.value && p.value == "value" {
                continue;
            }
            self.param(sql_codes::UNKNOWN_DOLLAR_NAME, p, scope);
        }
    }

    /// Looks up a `$name`; `code` is for when there is none.
    pub(crate) fn param(&mut self, code: Code, name: &Name, scope: &Scope) {
        let names = self.names;
        if names.params.contains_key(name.as_str()) || names.may_be_broken(name) {
            return;
        }
        if names.secrets.contains_key(name.as_str()) {
            self.report(
                Diagnostic::error(codes::SECRET_IN_SQL, format!("`{}` is a secret", name.value), name.span)
                    .help("secrets stand only in `with (…)`, as `secret name`; a value for SQL is a `param`"),
            );
            return;
        }
        match &scope.fields {
            Some(fields) => {
                let mut known: Vec<&str> = fields.iter().map(|f| f.name).collect();
                known.extend(scope.value.then_some("value"));
                known.extend(names.params.keys());
                self.unknown(code, "field or param", name, known);
            }
            None => self.unknown(code, "param", name, names.params.keys().copied()),
        }
    }

    /// Looks up the columns an expression names in its table.
    pub(crate) fn columns_of(&mut self, expression: &Expression, table: Option<&Table<'_>>) {
        let Some((table, columns)) = table.and_then(|t| Some((t, t.columns.as_ref()?))) else { return };
        for column in &expression.columns {
            let name = match column.parts.as_slice() {
                [qualifier, name, ..] if *qualifier == table.name.value => name,
                // Without the table in front, what follows is a field of a struct.
                [name, ..] => name,
                [] => continue,
            };
            if !columns.contains_key(name.as_str()) && !table.is_meta(name) {
                let name = Spanned::new(name.clone(), column.span);
                let what = format!("column of `{}`", table.name.value);
                self.unknown(sql_codes::QUERY_COLUMN, &what, &name, columns.keys().copied());
            }
        }
    }

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
        let at = |byte| {
            self.sources.get(span.file).map_or_else(Location::empty, |f| {
                let p = f.index.position(byte);
                Location::new(u64::from(p.line), u64::from(p.column))
            })
        };
        sqlparser::tokenizer::Span::new(at(span.start), at(span.end))
    }
}

/// Parses SQL of our own making.
fn parse(text: &str) -> Option<ast::Expr> {
    Parser::new(&GenericDialect {}).try_with_sql(text).ok()?.parse_expr().ok()
}

/// An identifier, in quotes where SQL would read it as anything else.
fn ident(name: &str, span: sqlparser::tokenizer::Span) -> ast::Ident {
    use sqlparser::keywords::{ALL_KEYWORDS, ALL_KEYWORDS_INDEX, RESERVED_FOR_COLUMN_ALIAS, RESERVED_FOR_IDENTIFIER};
    let mut chars = name.chars();
    let plain = chars.next().is_some_and(|c| c.is_ascii_lowercase() || c == '_')
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let reserved = ALL_KEYWORDS
        .binary_search(&name.to_ascii_uppercase().as_str())
        .ok()
        .and_then(|i| ALL_KEYWORDS_INDEX.get(i))
        .is_some_and(|k| RESERVED_FOR_COLUMN_ALIAS.contains(k) || RESERVED_FOR_IDENTIFIER.contains(k));
    ast::Ident { value: name.to_owned(), quote_style: (!plain || reserved).then_some('"'), span }
}
