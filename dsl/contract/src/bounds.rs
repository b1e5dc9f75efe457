//! Which of two predicates lets more pass.

use std::cmp::Ordering;

use pipe_check::{Predicate, Rule, Tolerance};
use pipe_sql::Expression;
use pipe_syntax::Comparison;

/// What became of a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moved {
    Same,
    /// More passes than did.
    Looser,
    /// Less passes than did.
    Tighter,
    /// Some pass that did not, or nobody can tell.
    Otherwise,
}

impl Moved {
    fn and(self, other: Moved) -> Moved {
        match (self, other) {
            (Moved::Same, other) | (other, Moved::Same) => other,
            (a, b) if a == b => a,
            _ => Moved::Otherwise,
        }
    }

    /// Of something of which more lets more pass.
    fn of(ordering: Option<Ordering>) -> Moved {
        match ordering {
            Some(Ordering::Equal) => Moved::Same,
            Some(Ordering::Less) => Moved::Looser,
            Some(Ordering::Greater) => Moved::Tighter,
            None => Moved::Otherwise,
        }
    }

    fn reversed(self) -> Moved {
        match self {
            Moved::Looser => Moved::Tighter,
            Moved::Tighter => Moved::Looser,
            other => other,
        }
    }
}

/// From one version of a rule to the next.
pub(crate) fn moved(old: &Rule, new: &Rule) -> Moved {
    let text = |e: &Option<Expression>| e.as_ref().map(|e| e.ast.to_string());
    let rows = if text(&old.filter) == text(&new.filter) && old.by == new.by { Moved::Same } else { Moved::Otherwise };
    predicate(&old.predicate, &new.predicate)
        .and(rows)
        .and(Moved::of(allowed(old.tolerate).partial_cmp(&allowed(new.tolerate)).filter(|_| alike(old, new))))
        .and(Moved::of(Some(old.severity.cmp(&new.severity))).reversed())
        .and(Moved::of(Some(old.null_fails.cmp(&new.null_fails))).reversed())
}

/// Whether both tolerances are a share or both a number of rows; none is either.
fn alike(old: &Rule, new: &Rule) -> bool {
    !matches!(
        (old.tolerate, new.tolerate),
        (Tolerance::Share(_), Tolerance::Rows(_)) | (Tolerance::Rows(_), Tolerance::Share(_))
    )
}

#[expect(clippy::cast_precision_loss, reason = "tolerated rows are few, and are only compared")]
fn allowed(tolerance: Tolerance) -> f64 {
    match tolerance {
        Tolerance::None => 0.0,
        Tolerance::Share(share) => share,
        Tolerance::Rows(rows) => rows as f64,
    }
}

fn predicate(old: &Predicate, new: &Predicate) -> Moved {
    use Predicate::{Distinct, In, Length, NotMissing, Statistic, Type, Values, WithinAge, WithoutGaps};
    if pipe_check::words::predicate_text(old) == pipe_check::words::predicate_text(new) {
        // Of a schema's file the text counts, not the name.
        return match (old, new) {
            (Predicate::JsonSchema(a), Predicate::JsonSchema(b)) if (&a.text, &a.files) != (&b.text, &b.files) => {
                Moved::Otherwise
            }
            _ => Moved::Same,
        };
    }
    match (old, new) {
        (In { negated, values: a }, In { negated: n, values: b }) if negated == n => {
            let moved = sets(a, b);
            if *negated { moved.reversed() } else { moved }
        }
        (Values { equal: false, values: a }, Values { equal: false, values: b }) | (NotMissing(a), NotMissing(b)) => {
            sets(a, b).reversed()
        }
        (Length(a), Length(b)) | (Distinct(a), Distinct(b)) => predicate(a, b),
        (Statistic(a), Statistic(b)) if (a.name, a.share, &a.reference) == (b.name, b.share, &b.reference) => {
            predicate(&a.holds, &b.holds)
        }
        (WithinAge(a), WithinAge(b)) => Moved::of(Some(a.cmp(b))),
        (WithoutGaps(a), WithoutGaps(b)) => Moved::of(Value::of(a).compare(&Value::of(b))),
        (Type(a), Type(b)) => {
            let within = |a: &[pipe_schema::Type], b: &[pipe_schema::Type]| a.iter().all(|t| b.contains(t));
            contained(within(a, b), within(b, a))
        }
        _ => match (Range::of(old), Range::of(new)) {
            (Some(a), Some(b)) => a.to(&b),
            _ => Moved::Otherwise,
        },
    }
}

fn contained(old_in_new: bool, new_in_old: bool) -> Moved {
    match (old_in_new, new_in_old) {
        (true, true) => Moved::Same,
        (true, false) => Moved::Looser,
        (false, true) => Moved::Tighter,
        (false, false) => Moved::Otherwise,
    }
}

fn sets(old: &[Expression], new: &[Expression]) -> Moved {
    let within =
        |a: &[Expression], b: &[Expression]| a.iter().all(|x| b.iter().any(|y| x.ast.to_string() == y.ast.to_string()));
    contained(within(old, new), within(new, old))
}

/// A constant that another can be compared with.
#[derive(Clone, Debug)]
enum Value {
    Number(f64),
    /// A text, a date, a time: as it is written they are in order.
    Text(String),
    Other(String),
}

impl Value {
    fn of(e: &Expression) -> Self {
        let text = e.ast.to_string();
        let digits = text.strip_prefix("INTERVAL '").and_then(|t| t.strip_suffix(" milliseconds'")).unwrap_or(&text);
        if let Ok(number) = digits.replace(' ', "").parse() {
            return Value::Number(number);
        }
        let quoted = text.rsplit_once(" '").map_or(text.as_str(), |(_, rest)| rest).trim_matches('\'');
        if text.ends_with('\'') { Value::Text(quoted.to_owned()) } else { Value::Other(text) }
    }

    fn compare(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Number(a), Value::Number(b)) => a.partial_cmp(b),
            (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
            (Value::Other(a), Value::Other(b)) if a == b => Some(Ordering::Equal),
            _ => None,
        }
    }
}

/// The values between two bounds, each with whether it is left out.
struct Range {
    low: Option<(Value, bool)>,
    high: Option<(Value, bool)>,
}

impl Range {
    fn of(predicate: &Predicate) -> Option<Self> {
        let closed = |e: &Expression| Some((Value::of(e), false));
        let open = |e: &Expression| Some((Value::of(e), true));
        Some(match predicate {
            Predicate::Between(low, high) => Self { low: closed(low), high: closed(high) },
            Predicate::StrictlyBetween(low, high) => Self { low: open(low), high: open(high) },
            Predicate::Compare(Comparison::Eq, is) => Self { low: closed(is), high: closed(is) },
            Predicate::Compare(Comparison::Lt, high) => Self { low: None, high: open(high) },
            Predicate::Compare(Comparison::Le, high) => Self { low: None, high: closed(high) },
            Predicate::Compare(Comparison::Gt, low) => Self { low: open(low), high: None },
            Predicate::Compare(Comparison::Ge, low) => Self { low: closed(low), high: None },
            _ => return None,
        })
    }

    fn to(&self, new: &Range) -> Moved {
        highs(&self.high, &new.high).and(lows(&self.low, &new.low))
    }
}

type End = Option<(Value, bool)>;

/// From an upper end to the next: none is above all.
fn highs(old: &End, new: &End) -> Moved {
    match (old, new) {
        (None, None) => Moved::Same,
        (None, Some(_)) => Moved::Tighter,
        (Some(_), None) => Moved::Looser,
        (Some((a, open)), Some((b, opened))) => Moved::of(a.compare(b).map(|o| o.then(opened.cmp(open)))),
    }
}

/// From a lower end to the next: none is below all.
fn lows(old: &End, new: &End) -> Moved {
    match (old, new) {
        (Some((a, open)), Some((b, opened))) => Moved::of(a.compare(b).map(|o| o.then(open.cmp(opened)))).reversed(),
        (old, new) => highs(old, new),
    }
}
