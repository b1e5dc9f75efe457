//! Whether a condition can ever hold, as far as its text shows.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{BinaryOperator as Op, Expr, UnaryOperator, Value};

use crate::cx::suggest;

/// What a field may be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Domain {
    /// A number between these.
    Number(f64, f64),
    /// One of these words.
    Words(BTreeSet<String>),
}

/// Why a condition never holds; `None` where it may. `field` says what a `$name` may be.
pub(super) fn never(e: &Expr, field: &impl Fn(&str) -> Option<Domain>) -> Option<String> {
    let mut parts = Vec::new();
    conjuncts(e, &mut parts, DEPTH);
    let mut left: BTreeMap<&str, Option<Domain>> = BTreeMap::new();
    for part in parts {
        match known(part, field, DEPTH) {
            Known::Null => return Some("a comparison with null is never true: `is null` is".into()),
            Known::Truth(Some(false)) => return Some("ratios, scores and margins lie between 0 and 1".into()),
            _ => {}
        }
        let Some((name, wanted)) = constraint(part) else { continue };
        let domain = left.entry(name).or_insert_with(|| field(name));
        let before = domain.clone();
        match (domain, wanted) {
            (Some(Domain::Number(low, high)), Wanted::Between(from, to)) => {
                (*low, *high) = (low.max(from), high.min(to));
                if low > high {
                    return Some("its conditions exclude each other".into());
                }
            }
            (Some(Domain::Words(words)), Wanted::Words(wanted, negated)) => {
                words.retain(|w| wanted.contains(&w.as_str()) != negated);
                if let (true, Some(Domain::Words(all))) = (words.is_empty(), before) {
                    let near = wanted.first().filter(|_| !negated);
                    let near = near.and_then(|w| suggest(w, all.iter().map(String::as_str)));
                    return Some(near.unwrap_or_else(|| format!("`${name}` is nothing else here")));
                }
            }
            _ => {}
        }
    }
    None
}

/// The conditions that must all hold.
fn conjuncts<'e>(e: &'e Expr, out: &mut Vec<&'e Expr>, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match e {
        Expr::Nested(e) => conjuncts(e, out, depth),
        Expr::BinaryOp { left, op: Op::And, right } => {
            conjuncts(left, out, depth);
            conjuncts(right, out, depth);
        }
        _ => out.push(e),
    }
}

/// What a condition wants of a field.
enum Wanted<'e> {
    /// A number between these; open ends count as closed, so that less is told rather than too much.
    Between(f64, f64),
    /// One of these words, or none of them.
    Words(Vec<&'e str>, bool),
}

/// `$field < 1`, `1 > $field`, `$field = 'word'`, `$field in ('a', 'b')`, `$field between 0 and 1`
fn constraint(e: &Expr) -> Option<(&str, Wanted<'_>)> {
    match e {
        Expr::BinaryOp { left, op, right } => {
            let (name, op, constant) = match (field_name(left), field_name(right)) {
                (Some(name), None) => (name, op.clone(), &**right),
                (None, Some(name)) => (name, flipped(op)?, &**left),
                _ => return None,
            };
            if let Some(word) = text(constant) {
                return match op {
                    Op::Eq => Some((name, Wanted::Words(vec![word], false))),
                    Op::NotEq => Some((name, Wanted::Words(vec![word], true))),
                    _ => None,
                };
            }
            let n = number(constant)?;
            let (low, high) = match op {
                Op::Lt | Op::LtEq => (f64::NEG_INFINITY, n),
                Op::Gt | Op::GtEq => (n, f64::INFINITY),
                Op::Eq => (n, n),
                _ => return None,
            };
            Some((name, Wanted::Between(low, high)))
        }
        Expr::InList { expr, list, negated } => {
            let words = list.iter().map(text).collect::<Option<Vec<_>>>()?;
            Some((field_name(expr)?, Wanted::Words(words, *negated)))
        }
        Expr::Between { expr, negated: false, low, high } => {
            Some((field_name(expr)?, Wanted::Between(number(low)?, number(high)?)))
        }
        _ => None,
    }
}

fn flipped(op: &Op) -> Option<Op> {
    Some(match op {
        Op::Lt => Op::Gt,
        Op::LtEq => Op::GtEq,
        Op::Gt => Op::Lt,
        Op::GtEq => Op::LtEq,
        Op::Eq => Op::Eq,
        Op::NotEq => Op::NotEq,
        _ => return None,
    })
}

fn field_name(e: &Expr) -> Option<&str> {
    match e {
        Expr::Value(v) => match &v.value {
            Value::Placeholder(p) => p.strip_prefix('$'),
            _ => None,
        },
        _ => None,
    }
}

fn text(e: &Expr) -> Option<&str> {
    match e {
        Expr::Value(v) => match &v.value {
            Value::SingleQuotedString(s) => Some(s),
            _ => None,
        },
        _ => None,
    }
}

fn number(e: &Expr) -> Option<f64> {
    #[expect(clippy::float_cmp, reason = "the two ends of a constant are the same number")]
    match known(e, &|_| None, DEPTH) {
        Known::Number(low, high) if low == high => Some(low),
        _ => None,
    }
}

/// How deep conditions are followed.
const DEPTH: usize = 64;

/// What is known of an expression without running it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    /// A truth value, if it is always the same.
    Truth(Option<bool>),
    /// A number between these.
    Number(f64, f64),
    /// NULL, or what is NULL because of it.
    Null,
    Nothing,
}

fn known(e: &Expr, field: &impl Fn(&str) -> Option<Domain>, depth: usize) -> Known {
    let Some(depth) = depth.checked_sub(1) else { return Known::Nothing };
    match e {
        Expr::Nested(e) => known(e, field, depth),
        Expr::Value(v) => match &v.value {
            Value::Boolean(b) => Known::Truth(Some(*b)),
            Value::Number(n, _) => crate::numbers::number(n).map_or(Known::Nothing, |n| Known::Number(n, n)),
            Value::Null => Known::Null,
            Value::Placeholder(p) => match p.strip_prefix('$').and_then(field) {
                Some(Domain::Number(low, high)) => Known::Number(low, high),
                _ => Known::Nothing,
            },
            _ => Known::Nothing,
        },
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => match known(expr, field, depth) {
            Known::Truth(t) => Known::Truth(t.map(|t| !t)),
            Known::Null => Known::Null,
            _ => Known::Nothing,
        },
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match known(expr, field, depth) {
            Known::Number(low, high) => Known::Number(-high, -low),
            _ => Known::Nothing,
        },
        Expr::Between { expr, negated: false, low, high } => both(
            compare(known(expr, field, depth), &Op::GtEq, known(low, field, depth)),
            compare(known(expr, field, depth), &Op::LtEq, known(high, field, depth)),
        ),
        Expr::BinaryOp { left, op, right } => {
            let (a, b) = (known(left, field, depth), known(right, field, depth));
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
    let compares = matches!(op, Op::Lt | Op::LtEq | Op::Gt | Op::GtEq | Op::Eq | Op::NotEq);
    if compares && (a == Known::Null || b == Known::Null) {
        return Known::Null;
    }
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

#[cfg(test)]
mod tests {
    use sqlparser::dialect::GenericDialect;
    use sqlparser::parser::Parser;

    use super::*;

    fn never_holds(sql: &str) -> bool {
        let e = Parser::new(&GenericDialect {}).try_with_sql(sql).expect("tokens").parse_expr().expect("SQL");
        never(&e, &|name| match name {
            "ratio" => Some(Domain::Number(0.0, 1.0)),
            "rows" => Some(Domain::Number(0.0, f64::INFINITY)),
            "check" => Some(Domain::Words(["unique", "in"].map(str::to_owned).into())),
            _ => None,
        })
        .is_some()
    }

    #[test]
    fn what_can_never_hold_is_seen() {
        for sql in [
            "false",
            "1 = 2",
            "$ratio > 1",
            "$ratio < 0",
            "80 <= $ratio",
            "$ratio between 2 and 3",
            "not ($ratio <= 1)",
            "$ratio > 0.5 and ($ratio < 0.2)",
            "$ratio between 0.5 and 0.6 and $other = 1 and 0.4 >= $ratio",
            "$rows < 0",
            "$rows = 3 and $rows = 4",
            "$check = 'uniq'",
            "'uniq' = $check",
            "$check in ('a', 'b')",
            "$check not in ('unique', 'in')",
            "$check <> 'unique' and $check <> 'in'",
            "$ratio = null",
            "$other > 1 and null",
            "not (null = $other)",
        ] {
            assert!(never_holds(sql), "{sql}");
        }
    }

    #[test]
    fn what_may_hold_is_left_alone() {
        for sql in [
            "true",
            "$ratio < 1",
            "$ratio >= 1",
            "$ratio > 0.2 and $ratio < 0.5",
            "$ratio > 0.5 or $ratio < 0.2",
            "$rows > 1000000",
            "$check = 'unique' or $check = 'uniq'",
            "$check <> 'uniq'",
            "$other = 'x' and $other = 'y'",
            "$other is null",
            "coalesce($ratio = null, true)",
        ] {
            assert!(!never_holds(sql), "{sql}");
        }
    }
}
