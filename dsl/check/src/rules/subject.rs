//! What a rule judges.

use pipe_diagnostics::{Span, nearest};
use pipe_sql::Expression;
use pipe_syntax as syntax;
use sqlparser::ast;

use crate::cx::Cx;
use crate::names::Table;
use crate::sql::Scope;

/// One thing to judge: a column, expressions taken together, or the table.
pub(crate) struct Subject {
    /// None for the table.
    pub(crate) expressions: Vec<Expression>,
    /// The column, when it is just one.
    pub(crate) column: Option<String>,
    /// What derived names begin with: columns with `_` between; empty for the table; `None` where there is an expression.
    pub(crate) tag: Option<String>,
    pub(crate) span: Span,
}

impl Subject {
    /// Whether it is about the rows taken together: an aggregate or a subquery stands in it.
    pub(crate) fn is_aggregate(&self) -> bool {
        self.expressions.iter().any(|e| e.aggregate || e.subquery)
    }

    /// Whether it is one value for all rows: a subquery that looks at no row of the table.
    pub(crate) fn is_constant(&self) -> bool {
        self.expressions.iter().any(|e| e.subquery)
            && self.expressions.iter().all(|e| !e.aggregate && e.columns.is_empty())
    }

    /// Whether it is the table.
    pub(crate) fn is_table(&self) -> bool {
        self.expressions.is_empty()
    }
}

/// The subjects of a line; none where the SQL does not parse.
pub(crate) fn subjects(cx: &mut Cx<'_>, table: Option<&Table<'_>>, subject: &syntax::Subject) -> Vec<Subject> {
    match subject {
        syntax::Subject::Columns(names) => {
            cx.no_duplicates(names);
            // One that stands twice was reported, and is judged once.
            let first = |(i, name): &(usize, &syntax::Name)| !names.iter().take(*i).any(|o| o.value == name.value);
            names
                .iter()
                .enumerate()
                .filter(first)
                .map(|(_, name)| {
                    let before = cx.out.len();
                    cx.column(table, name);
                    // A schema rule looks like a boolean column.
                    if let ([_], Some(told), Some(near)) =
                        (names.as_slice(), cx.out.get_mut(before), nearest(name, ["closed"]))
                    {
                        told.help = Some(format!("did you mean `{near}`?"));
                    }
                    Subject {
                        expressions: vec![cx.column_expression(name)],
                        column: Some(name.value.clone()),
                        tag: Some(name.value.clone()),
                        span: name.span,
                    }
                })
                .collect()
        }
        syntax::Subject::Sql(sql) => {
            let Some(expressions) = cx.expressions(sql, &Scope::default()) else { return Vec::new() };
            for e in &expressions {
                cx.columns_of(e, table);
            }
            let columns: Option<Vec<&str>> = expressions.iter().map(plain_column).collect();
            let column =
                columns.as_ref().and_then(|c| if let [one] = c.as_slice() { Some((*one).to_owned()) } else { None });
            let tag = columns.map(|c| c.join("_"));
            vec![Subject { expressions, column, tag, span: sql.span }]
        }
        syntax::Subject::Table => {
            vec![Subject { expressions: Vec::new(), column: None, tag: Some(String::new()), span: Span::default() }]
        }
    }
}

/// The column that an expression is, if it is nothing else.
fn plain_column(e: &Expression) -> Option<&str> {
    match (&e.ast, e.columns.as_slice()) {
        (ast::Expr::Identifier(_), [column]) => column.parts.last().map(String::as_str),
        _ => None,
    }
}
