//! What a tree names: tables, columns, params; whether it aggregates.

use std::ops::ControlFlow;

use pipe_diagnostics::codes::sql as codes;
use pipe_diagnostics::{Diagnostic, Span};
use pipe_syntax::Spanned;
use sqlparser::ast::{
    AccessExpr, Expr, Ident, ObjectName, ObjectNamePart, Query, TableFactor, Value, ValueWithSpan, Visitor,
};
use sqlparser::tokenizer::{Span as SqlSpan, Token, TokenWithSpan};

use crate::error::shorten;
use crate::fragment::{Column, TableRef};
use crate::tokens::Tokens;

/// DataFusion's aggregate functions, their other names included, and those of the language, but for `approx_…` and `regr_…`, `stddev…` and `var…`.
const AGGREGATES: &[&str] = &[
    "any_value",
    "array_agg",
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "corr",
    "count",
    "covar",
    "covar_pop",
    "covar_samp",
    "first_value",
    "grouping",
    "kurtosis",
    "last_value",
    "max",
    "mean",
    "median",
    "min",
    "nth_value",
    "percentile_cont",
    "quantile_cont",
    "skewness",
    "string_agg",
    "sum",
];

/// Whether a function, by its folded name, is an aggregate (unless it has `over`).
pub fn is_aggregate(name: &str) -> bool {
    AGGREGATES.contains(&name)
        || ["approx_", "regr_", "stddev", "var_"].iter().any(|p| name.starts_with(p))
        || name == "var"
}

/// Walks a tree and keeps what it names.
pub(crate) struct Names<'t, 'a> {
    tokens: &'t Tokens<'a>,
    /// Tables, common table expressions taken out; in the order of first use, each once.
    pub tables: Vec<TableRef>,
    /// Functions that stand in the place of a table, each call.
    pub functions: Vec<TableRef>,
    /// Columns outside subqueries.
    pub columns: Vec<Column>,
    /// Params.
    pub params: Vec<Spanned<String>>,
    /// Whether an aggregate stands outside subqueries and windows.
    pub aggregate: bool,
    /// Whether there is a subquery (or, in a query, the query itself).
    pub subquery: bool,
    /// Placeholders that are no params.
    pub errors: Vec<Diagnostic>,
    queries: usize,
    /// The names of common table expressions that can be seen here.
    visible: Vec<String>,
    frames: Vec<Frame>,
    /// Fields in `a[1].b`, which look like columns.
    fields: Vec<*const Expr>,
}

/// The `with` of a query that is being walked. Nodes are told apart by address; no address is ever followed.
struct Frame {
    owner: *const Query,
    tables: Vec<(*const Query, String)>,
    visible_before: usize,
}

impl<'t, 'a> Names<'t, 'a> {
    pub fn new(tokens: &'t Tokens<'a>) -> Self {
        Self {
            tokens,
            tables: Vec::new(),
            functions: Vec::new(),
            columns: Vec::new(),
            params: Vec::new(),
            aggregate: false,
            subquery: false,
            errors: Vec::new(),
            queries: 0,
            visible: Vec::new(),
            frames: Vec::new(),
            fields: Vec::new(),
        }
    }

    fn span(&self, span: SqlSpan) -> Span {
        self.tokens.span_of(&TokenWithSpan { token: Token::EOF, span })
    }

    fn table(&mut self, name: &ObjectName) {
        let parts: Vec<_> = name.0.iter().filter_map(ObjectNamePart::as_ident).collect();
        let folded: Vec<String> = parts.iter().map(|i| fold(i)).collect();
        if let [single] = folded.as_slice()
            && self.visible.contains(single)
        {
            return;
        }
        if !folded.is_empty() && !self.tables.iter().any(|t| t.parts == folded) {
            let span = self.idents(parts.first(), parts.last());
            self.tables.push(TableRef { parts: folded, span });
        }
    }

    fn column(&mut self, parts: &[Ident]) {
        if self.queries == 0 {
            let span = self.idents(parts.first().as_ref(), parts.last().as_ref());
            self.columns.push(Column { parts: parts.iter().map(fold).collect(), span });
        }
    }

    fn idents(&self, first: Option<&&Ident>, last: Option<&&Ident>) -> Span {
        match (first, last) {
            (Some(first), Some(last)) => self.span(first.span).to(self.span(last.span)),
            _ => self.tokens.span,
        }
    }
}

/// As DataFusion will see a name: folded unless quoted.
fn fold(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

impl Visitor for Names<'_, '_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.queries += 1;
        self.subquery = true;
        if let Some(with) = &query.with {
            let visible_before = self.visible.len();
            let tables: Vec<_> =
                with.cte_tables.iter().map(|c| (std::ptr::from_ref::<Query>(&c.query), fold(&c.alias.name))).collect();
            if with.recursive {
                self.visible.extend(tables.iter().map(|(_, name)| name.clone()));
            }
            self.frames.push(Frame { owner: query, tables, visible_before });
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.queries -= 1;
        if self.frames.last().is_some_and(|f| std::ptr::eq(f.owner, query))
            && let Some(frame) = self.frames.pop()
        {
            self.visible.truncate(frame.visible_before);
        }
        // A common table expression can be seen from its end on: `with t as (select * from t)` reads the table `t`.
        if let Some(frame) = self.frames.last()
            && let Some((_, name)) = frame.tables.iter().find(|(q, _)| std::ptr::eq(*q, query))
        {
            self.visible.push(name.clone());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { name, args: None, .. } => self.table(name),
            TableFactor::Table { name, .. } | TableFactor::Function { name, .. } => {
                let parts: Vec<_> = name.0.iter().filter_map(ObjectNamePart::as_ident).collect();
                let span = self.idents(parts.first(), parts.last());
                self.functions.push(TableRef { parts: parts.iter().map(|i| fold(i)).collect(), span });
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(ident) if !self.fields.iter().any(|f| std::ptr::eq(*f, expr)) => {
                self.column(std::slice::from_ref(ident));
            }
            Expr::CompoundIdentifier(parts) => self.column(parts),
            Expr::CompoundFieldAccess { access_chain, .. } => {
                for access in access_chain {
                    if let AccessExpr::Dot(field) = access {
                        self.fields.push(field);
                    }
                }
            }
            Expr::Function(function) if self.queries == 0 && function.over.is_none() => {
                if let [ObjectNamePart::Identifier(name)] = function.name.0.as_slice() {
                    self.aggregate |= is_aggregate(&fold(name));
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<()> {
        let Value::Placeholder(text) = &value.value else { return ControlFlow::Continue(()) };
        let span = self.span(value.span);
        match text.strip_prefix('$') {
            Some(name) if name.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                if !self.params.iter().any(|p| p.value == name) {
                    self.params.push(Spanned::new(name.to_owned(), span));
                }
            }
            _ => self.errors.push(
                Diagnostic::error(codes::NOT_A_PARAM, format!("`{}` is no param", shorten(text)), span)
                    .help("declare `param name type;` and write `$name`"),
            ),
        }
        ControlFlow::Continue(())
    }
}
