//! Building SQL trees. What is built has no place in a file; the user's parts in it keep theirs.

use std::ops::ControlFlow;

use sqlparser::ast::{
    self, BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident,
    ObjectName, Query, SetExpr, TableFactor, UnaryOperator, Value, VisitMut, VisitorMut, visit_expressions_mut,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Span;

/// `e` where an operand stands: in parentheses, unless it binds tighter than every operator.
pub(super) fn operand(e: &Expr) -> Box<Expr> {
    Box::new(match e {
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::Value(_)
        | Expr::Function(_)
        | Expr::Nested(_)
        | Expr::Cast { .. }
        | Expr::Case { .. }
        | Expr::TypedString(_)
        | Expr::Subquery(_) => e.clone(),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } if matches!(expr.as_ref(), Expr::Value(_)) => e.clone(),
        _ => Expr::Nested(Box::new(e.clone())),
    })
}

pub(super) fn binary(left: &Expr, op: BinaryOperator, right: &Expr) -> Expr {
    Expr::BinaryOp { left: operand(left), op, right: operand(right) }
}

pub(super) fn all(conditions: impl IntoIterator<Item = Expr>) -> Option<Expr> {
    conditions.into_iter().reduce(|a, b| {
        // A chain of `AND` needs no parentheses on its left.
        let left = if matches!(&a, Expr::BinaryOp { op: BinaryOperator::And, .. }) { Box::new(a) } else { operand(&a) };
        Expr::BinaryOp { left, op: BinaryOperator::And, right: operand(&b) }
    })
}

pub(super) fn either(conditions: impl IntoIterator<Item = Expr>) -> Option<Expr> {
    conditions.into_iter().reduce(|a, b| {
        let left = if matches!(&a, Expr::BinaryOp { op: BinaryOperator::Or, .. }) { Box::new(a) } else { operand(&a) };
        Expr::BinaryOp { left, op: BinaryOperator::Or, right: operand(&b) }
    })
}

/// `TRY_CAST(e AS type)`
pub(super) fn try_cast(e: &Expr, ty: &pipe_schema::Type) -> Option<Expr> {
    let mut cast = expression(&format!("TRY_CAST(NULL AS {ty})"))?;
    let Expr::Cast { expr, .. } = &mut cast else { return None };
    **expr = e.clone();
    Some(cast)
}

/// Parses an expression of our own making. `None` only when it is none, which is a fault of this crate.
pub(super) fn expression(sql: &str) -> Option<Expr> {
    Parser::new(&GenericDialect {}).try_with_sql(sql).ok()?.parse_expr().ok()
}

/// An expression of our own making over `x`, with `subject` in its place.
pub(super) fn with_x(sql: &str, subject: &Expr) -> Option<Expr> {
    let mut e = expression(sql)?;
    put(&mut e, "x", subject)?;
    Some(e)
}

/// Puts an expression in the place of a name.
pub(super) fn put(tree: &mut impl VisitMut, name: &str, with: &Expr) -> Option<()> {
    let flow: ControlFlow<()> = visit_expressions_mut(tree, |e| {
        if matches!(e, Expr::Identifier(found) if found.value == name) {
            *e = *operand(with);
        }
        ControlFlow::Continue(())
    });
    flow.is_continue().then_some(())
}

/// `EXISTS (query)` as `(SELECT count(*) FROM (query)) > 0`, outside of subqueries: DataFusion has no plan for the first where a
/// value is selected.
pub(super) fn count_what_exists(tree: &mut Expr) {
    struct Counted {
        depth: u32,
    }
    impl VisitorMut for Counted {
        type Break = ();
        fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
            self.depth += 1;
            ControlFlow::Continue(())
        }
        fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
            self.depth -= 1;
            ControlFlow::Continue(())
        }
        fn post_visit_expr(&mut self, e: &mut Expr) -> ControlFlow<()> {
            if self.depth == 0
                && let Expr::Exists { subquery, negated } = e
                && let Some(counted) = counted(subquery, *negated)
            {
                *e = counted;
            }
            ControlFlow::Continue(())
        }
    }
    // The visitor never breaks.
    _ = tree.visit(&mut Counted { depth: 0 });
}

fn counted(subquery: &Query, negated: bool) -> Option<Expr> {
    let mut count = query("SELECT count(*) FROM (SELECT 1) AS found")?;
    let SetExpr::Select(select) = count.body.as_mut() else { return None };
    let TableFactor::Derived { subquery: found, .. } = &mut select.from.first_mut()?.relation else { return None };
    **found = subquery.clone();
    let count = Expr::Subquery(Box::new(count));
    let op = if negated { BinaryOperator::Eq } else { BinaryOperator::Gt };
    Some(Expr::Nested(Box::new(binary(&count, op, &expression("0")?))))
}

pub(super) fn not(e: &Expr) -> Expr {
    Expr::UnaryOp { op: UnaryOperator::Not, expr: operand(e) }
}

pub(super) fn is_not_null(e: &Expr) -> Expr {
    Expr::IsNotNull(operand(e))
}

pub(super) fn null() -> Expr {
    Expr::Value(Value::Null.into())
}

pub(super) fn text(text: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(text.to_owned()).into())
}

/// A name as SQL must write it to mean just that.
pub(crate) fn ident(name: &str) -> Ident {
    let quote_style = (pipe_sql::quote(name) != name).then_some('"');
    Ident { value: name.to_owned(), quote_style, span: Span::empty() }
}

pub(super) fn column(name: &str) -> Expr {
    Expr::Identifier(ident(name))
}

pub(super) fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let args = arguments.into_iter().map(|a| FunctionArg::Unnamed(FunctionArgExpr::Expr(a))).collect();
    function(name, FunctionArgumentList { duplicate_treatment: None, args, clauses: Vec::new() })
}

/// `count(DISTINCT e)`
pub(super) fn count_distinct(e: &Expr) -> Expr {
    function(
        "count",
        FunctionArgumentList {
            duplicate_treatment: Some(ast::DuplicateTreatment::Distinct),
            args: vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(e.clone()))],
            clauses: Vec::new(),
        },
    )
}

fn function(name: &str, list: FunctionArgumentList) -> Expr {
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(list),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

/// The length of time, in the largest unit that gives a whole number.
pub(super) fn span_of_time(milliseconds: u64) -> String {
    const UNITS: [(&str, u64); 5] =
        [("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1_000), ("millisecond", 1)];
    let (unit, size) = UNITS
        .into_iter()
        .find(|(_, size)| milliseconds >= *size && milliseconds.is_multiple_of(*size))
        .unwrap_or(("second", 1_000));
    let count = milliseconds / size;
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// `now() - interval '…'`
pub(super) fn ago(milliseconds: u64) -> Expr {
    let interval = Expr::Interval(ast::Interval {
        value: Box::new(text(&span_of_time(milliseconds))),
        leading_field: None,
        leading_precision: None,
        last_field: None,
        fractional_seconds_precision: None,
    });
    Expr::BinaryOp { left: Box::new(call("now", Vec::new())), op: BinaryOperator::Minus, right: Box::new(interval) }
}

/// `( SELECT e FROM table )`
pub(super) fn scalar(e: Expr, table: &str) -> Option<Expr> {
    let mut query = query(&format!("SELECT NULL FROM {}", ident(table)))?;
    let ast::SetExpr::Select(select) = query.body.as_mut() else { return None };
    select.projection = vec![ast::SelectItem::UnnamedExpr(e)];
    Some(Expr::Subquery(Box::new(query)))
}

/// Parses a query of our own making. `None` only when it is none, which is a fault of this crate.
pub(super) fn query(sql: &str) -> Option<Query> {
    let statements = Parser::parse_sql(&GenericDialect {}, sql).ok()?;
    match statements.into_iter().next()? {
        ast::Statement::Query(query) => Some(*query),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole() {
        for (ms, text) in
            [(86_400_000, "1 day"), (172_800_000, "2 days"), (90_000, "90 seconds"), (1_500, "1500 milliseconds")]
        {
            assert_eq!(span_of_time(ms), text);
        }
        assert_eq!(span_of_time(0), "0 seconds");
    }
}
