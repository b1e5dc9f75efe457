//! SQL fragments: parsed, their tables, params and columns looked up.

use pipe_diagnostics::{Code, Diagnostic, Span, codes::names as codes, codes::rules, codes::sql as sql_codes};
use pipe_schema::Field;
use pipe_sql::{Expression, Query, TableRef, parse_expressions, parse_query};
use pipe_syntax::{Name, Spanned, Sql};

use crate::cx::{Cx, lacking, suggest, unknown};
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
    /// The query of a model or a test, with its tables and params looked up.
    pub(crate) fn query(&mut self, sql: &Sql) -> Option<Query> {
        match parse_query(sql, self.sources) {
            Ok(query) => {
                self.no_files(&query.functions);
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

    /// What a model reads decides when it is computed again, and what comes of a test; files that are only listed do not.
    fn no_files(&mut self, functions: &[TableRef]) {
        let is_known = |f: &&TableRef| matches!(f.parts.as_slice(), [n] if pipe_schema::table_function(n).is_some());
        for f in functions.iter().filter(is_known) {
            let message = format!("`{}` stands in rules and in `pipe query` only", f.parts.join("."));
            self.report(
                Diagnostic::error(sql_codes::FILES_HERE, message, f.span)
                    .help("read the files by a `source`, or ask for them in a rule"),
            );
        }
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
                let known = columns.keys().copied();
                self.report(lacking(sql_codes::QUERY_COLUMN, &table.name.value, "column", &name, known));
            }
        }
    }
}
