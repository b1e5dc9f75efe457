//! Constants against types.

use pipe_schema::{Type, TypeClass};
use pipe_syntax::Literal;

/// Whether a constant can be a value of a type, as far as its text shows. Dates and times are looked at by form only.
pub(crate) fn fits(literal: &Literal, ty: &Type) -> bool {
    match (literal, ty.class()) {
        (Literal::Null, _) => true,
        (Literal::Bool(_), class) => class == TypeClass::Boolean,
        (Literal::Number(n), TypeClass::Number) => number_fits(n, ty),
        (Literal::Number(_), _) => false,
        (Literal::Text(_), TypeClass::Text | TypeClass::Bytes) => true,
        (Literal::Text(s), TypeClass::Time) => time_fits(s, ty),
        (Literal::Text(_), _) => false,
        (Literal::Typed(word, text), TypeClass::Time) => Type::parse(word).is_some_and(|t| time_fits(text, &t)),
        (Literal::Typed(..), _) => false,
    }
}

fn number_fits(digits: &str, ty: &Type) -> bool {
    let whole = |low: i128, high: i128| digits.parse::<i128>().is_ok_and(|n| (low..=high).contains(&n));
    match ty {
        Type::TinyInt => whole(i8::MIN.into(), i8::MAX.into()),
        Type::SmallInt => whole(i16::MIN.into(), i16::MAX.into()),
        Type::Int => whole(i32::MIN.into(), i32::MAX.into()),
        Type::BigInt => whole(i64::MIN.into(), i64::MAX.into()),
        _ => crate::numbers::number(digits).is_some(),
    }
}

/// `2026-01-31`, `12:00[:00[.5]]`, or both with a blank or a `T` between and, for `timestamptz`, an offset.
fn time_fits(text: &str, ty: &Type) -> bool {
    let text = text.trim();
    match ty {
        Type::Date => is_date(text),
        Type::Time => is_time(text),
        _ => match text.split_once([' ', 'T']) {
            None => is_date(text),
            Some((date, time)) => {
                let time = time.trim_end_matches('Z').split(['+', '-']).next().unwrap_or("").trim();
                is_date(date) && is_time(time)
            }
        },
    }
}

/// Whether `text` is a day of the calendar, `2026-01-31`.
pub(crate) fn is_date(text: &str) -> bool {
    // As arrow reads it: one or two digits for month and day.
    let digits = |p: &str| p.bytes().all(|b| b.is_ascii_digit());
    let mut parts = text.split('-').map(|p| (p.len(), p.parse::<u32>().ok().filter(|_| digits(p))));
    let (Some((4, Some(year))), Some((1..=2, Some(month))), Some((1..=2, Some(day))), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let leap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0;
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// Whether `text` is a time of day, `12:00`, `12:00:30` or `12:00:30.25`.
fn is_time(text: &str) -> bool {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let parts: Vec<Option<u32>> = clock.split(':').map(|p| if p.len() == 2 { p.parse().ok() } else { None }).collect();
    let fraction_fits = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
    fraction_fits
        && match parts.as_slice() {
            [Some(h), Some(m)] => *h < 24 && *m < 60 && clock == text,
            [Some(h), Some(m), Some(s)] => *h < 24 && *m < 60 && *s < 60,
            _ => false,
        }
}

/// Whether `text` is a moment, as a test's `at` takes it.
pub(crate) fn is_moment(text: &str) -> bool {
    time_fits(text, &Type::Timestamp)
}

/// An example of a constant of a type.
pub(crate) fn example(ty: &Type) -> &'static str {
    match ty {
        Type::Boolean => "true",
        Type::TinyInt | Type::SmallInt | Type::Int | Type::BigInt => "1",
        Type::Float | Type::Double | Type::Decimal(..) => "1.5",
        Type::Date => "'2026-01-31'",
        Type::Time => "'12:00:00'",
        Type::Timestamp | Type::TimestampTz => "'2026-01-31 12:00:00'",
        _ => "'text'",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_are_not_in_the_calendar_are_no_dates() {
        assert!(is_date("2024-02-29") && is_date("2026-12-31"));
        for bad in ["2026-02-30", "2026-02-003", "2026-13-01", "26-01-01", "2026-01-01x", ""] {
            assert!(!is_date(bad), "{bad}");
        }
        assert!(is_moment("2026-01-01 12:00") && is_moment("2026-01-01T12:00:00.5Z") && is_moment("2026-01-01"));
        assert!(!is_moment("2026-01-01 25:00") && !is_moment("noon"));
    }

    #[test]
    fn numbers_fit_within_their_width() {
        let n = |s: &str| Literal::Number(s.into());
        assert!(fits(&n("127"), &Type::TinyInt) && !fits(&n("128"), &Type::TinyInt));
        assert!(!fits(&n("1.5"), &Type::BigInt) && fits(&n("1.5"), &Type::Decimal(3, 1)));
        assert!(!fits(&Literal::Text("1".into()), &Type::Int));
    }
}
