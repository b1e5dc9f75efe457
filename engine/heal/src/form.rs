//! What a text looks like: a number, a date, …

use serde::{Deserialize, Serialize};

/// The form of a text, the most specific that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// `true`, `false`, `yes`, `no`
    Boolean,
    /// `-12`
    Integer,
    /// `1.5e3`
    Number,
    /// `2026-01-31`, `31.01.2026`, `1/31/2026`
    Date,
    /// `2026-01-31T12:00:00Z`
    Timestamp,
    /// `6ba7b810-9dad-11d1-80b4-00c04fd430c8`
    Uuid,
    /// Anything else.
    Text,
}

/// What says yes or no.
const WORDS: [&str; 8] = ["true", "false", "yes", "no", "t", "f", "y", "n"];

/// A text's form, and its number where it has one: a point in time as days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Value {
    pub(crate) form: Form,
    pub(crate) number: Option<f64>,
}

impl Value {
    /// Reads a text that is trimmed and not empty.
    pub(crate) fn of(text: &str) -> Value {
        let with = |form, number| Value { form, number };
        let bytes = text.as_bytes();
        match bytes.first() {
            Some(b'0'..=b'9' | b'-' | b'+' | b'.') => {
                if let Some(number) = number(text) {
                    let whole = bytes.iter().all(|b| matches!(b, b'0'..=b'9' | b'-' | b'+'));
                    return with(if whole { Form::Integer } else { Form::Number }, Some(number));
                }
                if let Some((days, rest)) = date(text) {
                    return match rest {
                        "" => with(Form::Date, Some(days)),
                        rest => match time(rest) {
                            Some(fraction) => with(Form::Timestamp, Some(days + fraction)),
                            None => with(Form::Text, None),
                        },
                    };
                }
            }
            _ if WORDS.iter().any(|w| w.eq_ignore_ascii_case(text)) => return with(Form::Boolean, None),
            _ => {}
        }
        with(if is_uuid(bytes) { Form::Uuid } else { Form::Text }, None)
    }
}

/// A finite number; digits only, no `inf` or `nan`.
fn number(text: &str) -> Option<f64> {
    if !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
        return None;
    }
    text.parse::<f64>().ok().filter(|n| n.is_finite())
}

/// A date at the start, and what follows it.
fn date(text: &str) -> Option<(f64, &str)> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let mark = text.get(split..)?.chars().next().filter(|c| matches!(c, '-' | '/' | '.'))?;
    let mut parts = text.splitn(3, mark);
    let (a, b, tail) = (parts.next()?, parts.next()?, parts.next()?);
    let end = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
    let (c, rest) = (tail.get(..end)?, tail.get(end..)?);
    let number = |digits: &str| (digits.len() <= 4).then(|| digits.parse::<i64>().ok()).flatten();
    let (x, y, z) = (number(a)?, number(b)?, number(c)?);
    let (year, month, day) = match (a.len(), c.len()) {
        (4, 1..=2) => (x, y, z),
        // Day and month are told apart where one is over twelve; else by the mark.
        (1..=2, 4) if x > 12 || mark == '.' && y <= 12 => (z, y, x),
        (1..=2, 4) => (z, x, y),
        _ => return None,
    };
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then(|| (days(year, month, day), rest))
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
#[expect(clippy::cast_precision_loss, reason = "at most some millions of days")]
fn days(year: i64, month: i64, day: i64) -> f64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    (era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468) as f64
}

/// The fraction of a day of `T12:30[:15[.5]][Z|+02:00]`; the zone is read over.
fn time(rest: &str) -> Option<f64> {
    let rest = rest.strip_prefix(['T', 't', ' '])?.trim_start();
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.')).unwrap_or(rest.len());
    let zone = rest.get(end..)?.trim_start();
    if !zone.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | ':' | '/' | '_')) {
        return None;
    }
    let mut parts = rest.get(..end)?.split(':').map(|p| p.parse::<f64>().ok());
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().unwrap_or(Some(0.0))?;
    (hour < 25.0 && minute < 60.0 && second < 62.0).then_some((hour + minute / 60.0 + second / 3_600.0) / 24.0)
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes
            .iter()
            .enumerate()
            .all(|(i, b)| if matches!(i, 8 | 13 | 18 | 23) { *b == b'-' } else { b.is_ascii_hexdigit() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form(text: &str) -> Form {
        Value::of(text).form
    }

    #[test]
    fn forms() {
        for (text, want) in [
            ("true", Form::Boolean),
            ("N", Form::Boolean),
            ("-12", Form::Integer),
            ("007", Form::Integer),
            ("1.50", Form::Number),
            ("1e6", Form::Number),
            ("2026-02-28", Form::Date),
            ("28.02.2026", Form::Date),
            ("2/28/2026", Form::Date),
            ("2026-02-28 12:30", Form::Timestamp),
            ("2026-02-28T12:30:15.25Z", Form::Timestamp),
            ("2026-02-28T12:30:15+02:00", Form::Timestamp),
            ("6ba7b810-9dad-11d1-80b4-00c04fd430c8", Form::Uuid),
            ("2026-13-01", Form::Text),
            ("555-0001", Form::Text),
            ("12 EUR", Form::Text),
            ("1.2.3.4", Form::Text),
            ("nan", Form::Text),
            ("-", Form::Text),
            ("2026-02-28 bought", Form::Text),
        ] {
            assert_eq!(form(text), want, "{text}");
        }
    }

    #[test]
    fn the_same_point_in_time() {
        let n = |text| Value::of(text).number.unwrap();
        assert_eq!(n("1970-01-02"), 1.0);
        assert_eq!(n("2000-03-01"), 11_017.0);
        assert_eq!(n("2026-01-31"), n("31.01.2026"));
        assert_eq!(n("2026-01-31 12:00"), n("2026-01-31T12:00:00.000Z"));
        assert_eq!(n("2026-01-31 12:00") - n("2026-01-31"), 0.5);
    }

    proptest! {
        #[test]
        fn any_text_has_a_form(text in "\\PC{1,40}") {
            let v = Value::of(&text);
            prop_assert!(v.number.is_none_or(f64::is_finite));
        }

        #[test]
        fn anything_like_a_date_has_a_form(text in "[0-9]{0,5}[-/.][0-9]{0,3}[-/.][0-9]{0,5}[T ]?[0-9:.]{0,9}[Z+-]?[0-9:é]{0,5}") {
            if !text.is_empty() {
                Value::of(&text);
            }
        }
    }
}
