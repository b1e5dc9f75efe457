//! Queries of other tools: what they look for in a table, as a condition of its rows where it is one, else as a number that
//! the table is asked for.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use pipe_diagnostics::Span;
use sqlparser::ast::{
    Expr, GroupByExpr, Ident, ObjectName, ObjectNamePart, Query, Select, SelectItem, SetExpr, Statement, TableFactor,
    visit_expressions, visit_expressions_mut, visit_relations_mut,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use crate::args::{refuse, wrong};
use crate::rule::{Rule, Said};
use crate::words;

/// The table that a query is about: what it is called in the query, and here.
pub(crate) struct Own<'a> {
    /// Its names in the query, without what qualifies them.
    pub(crate) names: &'a [&'a str],
    /// Its name here.
    pub(crate) table: &'a str,
}

impl Own<'_> {
    fn is(&self, name: &str) -> bool {
        self.names.iter().chain([&self.table]).any(|own| own.eq_ignore_ascii_case(name))
    }
}

/// A query for rows that should not be: no row is as it says, or it finds none.
///
/// # Errors
/// What is no query here.
pub(crate) fn finds_none(query: &str, own: &Own<'_>, name: &str, span: Span) -> Said<Rule> {
    let parsed = parse(query, own, span)?;
    if let Some((select, alias)) = of_own(&parsed, own)
        && let Some(condition) = &select.selection
        && !is_more(select)
        && parsed.limit_clause.is_none()
        && let Some(condition) = of_row(condition, alias.as_deref())
    {
        let text = written(query, &condition);
        return Ok(Rule::boolean(name, format!("not ({text})")));
    }
    Ok(Rule::query(name, counted(&parsed), "= 0"))
}

/// The condition of the rows of the table that a query finds, `None` for all of them; nothing where it asks more than these.
///
/// # Errors
/// What is no query here.
pub(crate) fn rows_of(query: &str, own: &Own<'_>, span: Span) -> Said<Option<Option<String>>> {
    let parsed = parse(query, own, span)?;
    let Some((select, alias)) = of_own(&parsed, own).filter(|(s, _)| !is_more(s) && parsed.limit_clause.is_none())
    else {
        return Ok(None);
    };
    let Some(condition) = &select.selection else { return Ok(Some(None)) };
    Ok(of_row(condition, alias.as_deref()).map(|c| Some(written(query, &c))))
}

/// How many rows a query finds, to be compared with a number.
///
/// # Errors
/// What is no query here.
pub(crate) fn count_of(query: &str, own: &Own<'_>, span: Span) -> Said<String> {
    parse(query, own, span).map(|parsed| counted(&parsed))
}

/// A number that a query gives.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    /// An aggregate of the table, or the query itself, in parentheses.
    pub(crate) sql: String,
    /// The rows that the aggregate is of.
    pub(crate) filter: Option<String>,
    /// Whether it is the query itself.
    pub(crate) asks: bool,
}

impl Number {
    /// The rule that judges it.
    pub(crate) fn rule(&self, name: impl Into<String>, predicate: impl Into<String>) -> Rule {
        let mut rule = Rule::sql(name, self.sql.clone(), predicate);
        rule.pick(self.filter.clone());
        Rule { asks: self.asks, ..rule }
    }
}

/// The number that a query gives: an aggregate of the table where it is no more, else a query with one value.
///
/// # Errors
/// What is no query here, or gives more than one column.
pub(crate) fn number(query: &str, own: &Own<'_>, span: Span) -> Said<Number> {
    let parsed = parse(query, own, span)?;
    if let SetExpr::Select(select) = parsed.body.as_ref()
        && select.projection.len() != 1
    {
        return wrong(span, "this query gives more than one column, and one number is judged");
    }
    if let Some((select, alias)) = of_own(&parsed, own)
        && !is_more(select)
        && parsed.limit_clause.is_none()
        && let [SelectItem::UnnamedExpr(selected) | SelectItem::ExprWithAlias { expr: selected, .. }] =
            select.projection.as_slice()
        && let Some(sql) = of_row(selected, alias.as_deref())
    {
        let filter = match &select.selection {
            None => Some(None),
            Some(condition) => of_row(condition, alias.as_deref()).map(Some),
        };
        if let Some(filter) = filter {
            let filter = filter.map(|f| written(query, &f));
            return Ok(Number { sql: written(query, &sql), filter, asks: false });
        }
    }
    Ok(Number { sql: format!("({parsed})"), filter: None, asks: true })
}

/// A query of the table that groups it.
pub(crate) struct Grouped {
    /// What it groups by.
    pub(crate) columns: Vec<String>,
    /// What it computes of each group, by name.
    pub(crate) computed: Vec<(String, String)>,
    /// The rows that it is of.
    pub(crate) filter: Option<String>,
}

/// The groups of a query and what is computed of each; `None` where it reads more than the table, or picks among groups.
///
/// # Errors
/// What is no query here.
pub(crate) fn grouped(query: &str, own: &Own<'_>, span: Span) -> Said<Option<Grouped>> {
    let parsed = parse(query, own, span)?;
    let Some((select, alias)) = of_own(&parsed, own).filter(|(s, _)| s.having.is_none() && s.qualify.is_none()) else {
        return Ok(None);
    };
    let alias = alias.as_deref();
    let filter = match &select.selection {
        None => None,
        Some(condition) => match of_row(condition, alias) {
            Some(condition) => Some(written(query, &condition)),
            None => return Ok(None),
        },
    };
    let plain = |e: &Expr| match e {
        Expr::Identifier(name) => Some(name.value.to_lowercase()),
        Expr::CompoundIdentifier(names) => names.last().map(|name| name.value.to_lowercase()),
        _ => None,
    };
    let mut columns: Vec<String> = match &select.group_by {
        GroupByExpr::Expressions(by, _) => by.iter().filter_map(plain).collect(),
        GroupByExpr::All(_) => Vec::new(),
    };
    let mut computed = Vec::new();
    for item in &select.projection {
        match item {
            SelectItem::UnnamedExpr(e) => {
                let found = plain(e).filter(|c| columns.is_empty() && !columns.contains(c));
                // `select distinct style from t`
                columns.extend(found.filter(|_| select.distinct.is_some()));
            }
            SelectItem::ExprWithAlias { expr, alias: name } => {
                computed.extend(of_row(expr, alias).map(|sql| (name.value.clone(), written(query, &sql))));
            }
            _ => {}
        }
    }
    Ok((!columns.is_empty()).then_some(Grouped { columns, computed, filter }))
}

/// Reads a query; tables have the names that they have here, and columns those that headers are folded to.
fn parse(query: &str, own: &Own<'_>, span: Span) -> Said<Query> {
    let text = query.trim().trim_end_matches(';');
    let mut statements = match Parser::parse_sql(&GenericDialect {}, text) {
        Ok(statements) => statements,
        Err(error) => return wrong(span, format!("this is no SQL that is read here: {error}")),
    };
    let (Some(Statement::Query(mut parsed)), true) = (statements.pop(), statements.is_empty()) else {
        return refuse(span, "only one query can be asked: `select …`");
    };
    let named: BTreeSet<String> =
        parsed.with.iter().flat_map(|with| &with.cte_tables).map(|cte| cte.alias.name.value.to_lowercase()).collect();
    let _: ControlFlow<()> = visit_relations_mut(&mut parsed, |relation| {
        let last = relation.0.last().and_then(ObjectNamePart::as_ident).map(|i| i.value.clone()).unwrap_or_default();
        if relation.0.len() > 1 || !named.contains(&last.to_lowercase()) {
            let name = if own.is(&last) { own.table.to_owned() } else { crate::write::identifier(&last) };
            *relation = ObjectName(vec![ObjectNamePart::Identifier(ident(&name))]);
        }
        ControlFlow::Continue(())
    });
    let _: ControlFlow<()> = visit_expressions_mut(&mut parsed, |expression| {
        match expression {
            Expr::Identifier(name) => fold(name),
            Expr::CompoundIdentifier(names) => {
                names.iter_mut().for_each(fold);
                // `dim_orders.total`, where the table is called otherwise here.
                if let [table, _] = names.as_mut_slice()
                    && own.is(&table.value)
                    && !own.table.eq_ignore_ascii_case(&table.value)
                {
                    *table = ident(own.table);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    });
    Ok(*parsed)
}

fn ident(name: &str) -> Ident {
    let bare = name.trim_matches('"');
    if words::name(bare) == bare { Ident::new(bare) } else { Ident::with_quote('"', bare) }
}

/// A quoted name as headers are folded to: capitals and other quotes mean nothing here.
fn fold(name: &mut Ident) {
    if name.quote_style.is_some() {
        *name = ident(&name.value.to_lowercase());
    }
}

/// The select of a query that reads the table alone, and what it calls the table.
fn of_own<'q>(query: &'q Query, own: &Own<'_>) -> Option<(&'q Select, Option<String>)> {
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    let ([from], None) = (select.from.as_slice(), &query.with) else { return None };
    let (TableFactor::Table { name, alias, args: None, .. }, true) = (&from.relation, from.joins.is_empty()) else {
        return None;
    };
    let same = name.0.last().and_then(ObjectNamePart::as_ident).is_some_and(|i| own.is(&i.value));
    same.then(|| (select.as_ref(), alias.as_ref().map(|a| a.name.value.clone())))
}

/// Whether a select groups, or picks among what it found.
fn is_more(select: &Select) -> bool {
    let grouped = !matches!(&select.group_by, GroupByExpr::Expressions(by, _) if by.is_empty());
    grouped || select.having.is_some() || select.qualify.is_some() || select.top.is_some()
}

/// An expression about one row, or one aggregate of them, without the table's name in it; `None` where it asks other rows.
fn of_row(expression: &Expr, alias: Option<&str>) -> Option<String> {
    let mut expression = expression.clone();
    let asks = visit_expressions(&expression, |e| match e {
        Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    if asks.is_break() {
        return None;
    }
    let _: ControlFlow<()> = visit_expressions_mut(&mut expression, |e| {
        if let Expr::CompoundIdentifier(names) = e
            && let [table, column] = names.as_slice()
            && alias.is_none_or(|alias| alias.eq_ignore_ascii_case(&table.value))
        {
            *e = Expr::Identifier(column.clone());
        }
        ControlFlow::Continue(())
    });
    Some(expression.to_string())
}

/// The text as it stands in the query, where it does; else as it was read.
fn written(query: &str, read: &str) -> String {
    let plain = |t: &str| t.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let whole = query.trim().trim_end_matches(';').split_whitespace().collect::<Vec<_>>().join(" ");
    let at = if whole.is_ascii() { whole.to_lowercase().rfind(&plain(read)) } else { None };
    at.and_then(|at| whole.get(at..at + read.len())).unwrap_or(read).to_owned()
}

/// How many rows a query finds, as a query of one value.
fn counted(query: &Query) -> String {
    let mut query = query.clone();
    // The order of rows has no bearing on their number, and a query in another ends without it.
    query.order_by = query.order_by.filter(|_| query.limit_clause.is_some());
    format!("(select count(*) from ({query}) as found)")
}
