//! Guards: SQL over the fields of a failure, and whether one can ever hold.

use pipe_diagnostics::{Diagnostic, codes::heal as codes, codes::sql};
use pipe_schema::{FailureInfo, FieldType, TypeClass};
use pipe_sql::Expression;
use pipe_syntax::{FailurePattern, Sql};
use sqlparser::ast::{BinaryOperator as Op, Expr, UnaryOperator, Value};

use crate::cx::{Cx, list, suggest};
use crate::sql::Scope;
use crate::types::{class, class_word};

/// Checks a guard.
pub(super) fn guard(
    cx: &mut Cx<'_>,
    sql: &Sql,
    alternatives: &[(&FailurePattern, &'static FailureInfo)],
    scope: &Scope,
) -> Option<Expression> {
    let before = cx.out.len();
    let e = cx.expression(sql, scope)?;
    let fields: Vec<&str> = scope.fields.iter().flatten().map(|f| f.name).collect();
    for column in &e.columns {
        let name = column.parts.join(".");
        let message = format!("a guard judges the failure, and `{name}` is a column");
        let help = match suggest(&name, fields.iter().copied()) {
            Some(_) if fields.contains(&name.as_str()) => format!("write `${name}`"),
            _ if fields.is_empty() => "its alternatives have no field in common".to_owned(),
            _ => format!("the failure has the fields {}; write `$` in front", list(&fields)),
        };
        cx.report(Diagnostic::error(codes::GUARD_COLUMN, message, column.span).help(help));
    }
    if e.aggregate {
        cx.report(
            Diagnostic::error(
                codes::GUARD_COLUMN,
                "a guard judges the failure, and there are no rows to aggregate",
                e.span,
            )
            .help("`$ratio` and `$rows` say how much is wrong"),
        );
    }
    if cx.out.len() > before {
        return None;
    }
    if let Some(found) = class(&e, None)
        && found != TypeClass::Boolean
    {
        let message = format!("a guard is boolean, and this is {}", class_word(found));
        cx.report(Diagnostic::error(sql::NOT_BOOLEAN, message, e.span).help("write it as in `where ($ratio < 0.05)`"));
        return None;
    }
    let share =
        |name: &str| alternatives.iter().all(|(_, info)| info.field(name).is_some_and(|f| f.ty == FieldType::Number));
    if bounds(&e.ast, &share, DEPTH) == Known::Truth(Some(false)) {
        cx.report(
            Diagnostic::warning(codes::GUARD_FALSE, "this guard never holds: the clause is never taken", e.span)
                .help("ratios, scores and margins lie between 0 and 1"),
        );
    }
    Some(e)
}

/// How deep guards are followed.
const DEPTH: usize = 64;

/// What is known of an expression without running it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    /// A truth value, if it is always the same.
    Truth(Option<bool>),
    /// A number between these.
    Number(f64, f64),
    Nothing,
}

fn bounds(e: &Expr, share: &impl Fn(&str) -> bool, depth: usize) -> Known {
    let Some(depth) = depth.checked_sub(1) else { return Known::Nothing };
    match e {
        Expr::Nested(e) => bounds(e, share, depth),
        Expr::Value(v) => match &v.value {
            Value::Boolean(b) => Known::Truth(Some(*b)),
            Value::Number(n, _) => crate::numbers::number(n).map_or(Known::Nothing, |n| Known::Number(n, n)),
            Value::Placeholder(p) if p.strip_prefix('$').is_some_and(share) => Known::Number(0.0, 1.0),
            _ => Known::Nothing,
        },
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => match bounds(expr, share, depth) {
            Known::Truth(t) => Known::Truth(t.map(|t| !t)),
            _ => Known::Nothing,
        },
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match bounds(expr, share, depth) {
            Known::Number(low, high) => Known::Number(-high, -low),
            _ => Known::Nothing,
        },
        Expr::Between { expr, negated: false, low, high } => both(
            compare(bounds(expr, share, depth), &Op::GtEq, bounds(low, share, depth)),
            compare(bounds(expr, share, depth), &Op::LtEq, bounds(high, share, depth)),
        ),
        Expr::BinaryOp { left, op, right } => {
            let (a, b) = (bounds(left, share, depth), bounds(right, share, depth));
            match op {
                Op::And => both(a, b),
                Op::Or => match (a, b) {
                    (Known::Truth(Some(true)), _) | (_, Known::Truth(Some(true))) => Known::Truth(Some(true)),
                    (Known::Truth(Some(false)), Known::Truth(Some(false))) => Known::Truth(Some(false)),
                    _ => Known::Truth(None),
                },
                _ => compare(a, op, b),
            }
        }
        _ => Known::Nothing,
    }
}

fn both(a: Known, b: Known) -> Known {
    match (a, b) {
        (Known::Truth(Some(false)), _) | (_, Known::Truth(Some(false))) => Known::Truth(Some(false)),
        (Known::Truth(Some(true)), Known::Truth(Some(true))) => Known::Truth(Some(true)),
        _ => Known::Truth(None),
    }
}

fn compare(a: Known, op: &Op, b: Known) -> Known {
    let (Known::Number(a_low, a_high), Known::Number(b_low, b_high)) = (a, b) else { return Known::Truth(None) };
    #[expect(clippy::float_cmp, reason = "equal bounds are the same constant")]
    let same = a_low == a_high && b_low == b_high && a_low == b_low;
    let apart = a_high < b_low || b_high < a_low;
    let decide = |always: bool, never: bool| {
        Known::Truth(if always {
            Some(true)
        } else if never {
            Some(false)
        } else {
            None
        })
    };
    match op {
        Op::Lt => decide(a_high < b_low, a_low >= b_high),
        Op::LtEq => decide(a_high <= b_low, a_low > b_high),
        Op::Gt => decide(a_low > b_high, a_high <= b_low),
        Op::GtEq => decide(a_low >= b_high, a_high < b_low),
        Op::Eq => decide(same, apart),
        Op::NotEq => decide(apart, same),
        _ => Known::Truth(None),
    }
}
