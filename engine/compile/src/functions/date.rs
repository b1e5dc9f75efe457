//! Dates written in a given form.

use std::fmt::Write;

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{NaiveDate, NaiveDateTime};

use super::TestOf;
/// The form where none is given: ISO 8601's calendar date.
pub(super) const ISO: &str = "%Y-%m-%d";
/// The form of a date with a time where none is given, by name: it has no `strftime` of its own.
pub(super) const RFC3339: &str = "rfc3339";

/// The form of a time of day where none is given.
pub(super) const TIME: &str = "%H:%M:%S";

/// A test of dates in a form (chrono's `strftime`): of the calendar, and in this form and no other: what the form prints for
/// that date is the text again, but for case. So `%d` has two digits; `%-d` has as many as it needs.
pub(super) fn date_test(form: &str) -> Option<TestOf<'_>> {
    if form == ISO {
        return Some(Box::new(is_iso_date));
    }
    let items = items(form)?;
    Some(Box::new(move |text| is_date(text, &items)))
}

/// The same of dates with a time.
pub(super) fn timestamp_test(form: &str) -> Option<TestOf<'_>> {
    if form == RFC3339 {
        return Some(Box::new(is_rfc3339));
    }
    let items = items(form)?;
    Some(Box::new(move |text| {
        let mut parsed = Parsed::new();
        parse(&mut parsed, text, items.iter()).is_ok()
            && time_of(&parsed).is_some_and(|time| printed_again(&time.format_with_items(items.iter()), text))
    }))
}

/// The same of times of day.
pub(super) fn time_test(form: &str) -> Option<TestOf<'_>> {
    let items = items(form)?;
    Some(Box::new(move |text| {
        let mut parsed = Parsed::new();
        parse(&mut parsed, text, items.iter()).is_ok()
            && parsed
                .to_naive_time()
                .is_ok_and(|time| printed_again(&NaiveDate::MIN.and_time(time).format_with_items(items.iter()), text))
    }))
}

fn printed_again(value: &impl std::fmt::Display, text: &str) -> bool {
    let mut printed = String::with_capacity(text.len());
    write!(printed, "{value}").is_ok() && printed.eq_ignore_ascii_case(text)
}

/// A date and a time of RFC 3339, with `T` or a blank between them; the offset may be left out.
fn is_rfc3339(text: &str) -> bool {
    let spaced = text.char_indices().nth(10).is_some_and(|(_, c)| matches!(c, 'T' | 't' | ' '));
    let shape = text.as_bytes().get(16) == Some(&b':') && text.len() >= 19;
    let whole = || format!("{text}Z");
    spaced
        && shape
        && (chrono::DateTime::parse_from_rfc3339(text).is_ok()
            || chrono::DateTime::parse_from_rfc3339(&whole()).is_ok())
}

/// Whether a text can be the form of a time of day.
pub(crate) fn is_time_form(form: &str) -> bool {
    let Some(items) = items(form) else { return false };
    let noon = NaiveDate::from_ymd_opt(2026, 1, 31).unwrap_or_default().and_hms_opt(14, 5, 9).unwrap_or_default();
    let mut printed = String::new();
    let mut parsed = Parsed::new();
    write!(printed, "{}", noon.format_with_items(items.iter())).is_ok()
        && parse(&mut parsed, &printed, items.iter()).is_ok()
        && parsed.to_naive_time().is_ok()
}

/// Whether a text can be the format of a date: it is known, and it gives a day.
pub(crate) fn is_format(format: &str) -> bool {
    let day = NaiveDate::from_ymd_opt(2026, 1, 31).unwrap_or_default();
    items(format).is_some_and(|items| {
        let mut printed = String::new();
        let midnight = day.and_time(chrono::NaiveTime::MIN);
        write!(printed, "{}", midnight.format_with_items(items.iter())).is_ok()
            && date_of(&printed, &items) == Some(day)
    })
}

fn items(format: &str) -> Option<Vec<Item<'_>>> {
    StrftimeItems::new(format).parse().ok()
}

fn is_date(text: &str, items: &[Item<'_>]) -> bool {
    let mut parsed = Parsed::new();
    if parse(&mut parsed, text, items.iter()).is_err() {
        return false;
    }
    let mut printed = String::with_capacity(text.len());
    let same = match (time_of(&parsed), parsed.to_naive_date()) {
        (Some(time), _) => write!(printed, "{}", time.format_with_items(items.iter())),
        (None, Ok(date)) => write!(printed, "{}", date.format_with_items(items.iter())),
        (None, Err(_)) => return false,
    };
    same.is_ok() && printed.eq_ignore_ascii_case(text)
}

fn date_of(text: &str, items: &[Item<'_>]) -> Option<NaiveDate> {
    let mut parsed = Parsed::new();
    parse(&mut parsed, text, items.iter()).ok()?;
    parsed.to_naive_date().ok()
}

fn time_of(parsed: &Parsed) -> Option<NaiveDateTime> {
    parsed.to_naive_datetime_with_offset(0).ok()
}

fn is_iso_date(text: &str) -> bool {
    let digits = |b: &[u8]| b.iter().try_fold(0u32, |n, d| d.is_ascii_digit().then(|| n * 10 + u32::from(d - b'0')));
    let [year @ .., b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return false };
    if year.len() != 4 {
        return false;
    }
    let (Some(year), Some(month), Some(day)) = (digits(year), digits(&[*m1, *m2]), digits(&[*d1, *d2])) else {
        return false;
    };
    i32::try_from(year).is_ok_and(|year| NaiveDate::from_ymd_opt(year, month, day).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_dates_are_of_the_calendar() {
        for yes in ["2026-01-31", "2024-02-29", "0001-01-01", "9999-12-31"] {
            assert!(is_iso_date(yes), "{yes}");
        }
        for no in [
            "",
            "2026-02-30",
            "2026-13-01",
            "2026-1-31",
            "26-01-31",
            "2026/01/31",
            "2026-01-31 ",
            "+2026-01-31",
            "2025-02-29",
        ] {
            assert!(!is_iso_date(no), "{no}");
        }
    }

    #[test]
    fn dates_have_just_the_form_given() {
        let date = |text: &str, format: &str| is_date(text, &items(format).unwrap());
        assert!(date("31.01.2026", "%d.%m.%Y"));
        assert!(date("1.2.2026", "%-d.%-m.%Y"));
        assert!(date("20260131", "%Y%m%d"));
        assert!(date("31 JAN 2026", "%d %b %Y"));
        assert!(date("2026-01-31 12:30", "%Y-%m-%d %H:%M"));
        assert!(!date("1.2.2026", "%d.%m.%Y"));
        assert!(!date("30.02.2026", "%d.%m.%Y"));
        assert!(!date("01/31/2026", "%d/%m/%Y"));
        assert!(!date(" 31.01.2026", "%d.%m.%Y"));
    }

    #[test]
    fn times_have_just_the_form_given() {
        let time = |text: &str, form: &str| time_test(form).unwrap()(text);
        assert!(time("23:59:59", TIME) && time("05:07", "%H:%M") && time("05:07 PM", "%I:%M %p"));
        assert!(!time("24:00:00", TIME) && !time("5:07", "%H:%M") && !time("05:60", "%H:%M") && !time("", TIME));
        assert!(is_time_form("%H:%M") && is_time_form(TIME) && !is_time_form("%Y") && !is_time_form("%Q"));
    }

    #[test]
    fn timestamps_have_a_date_and_a_time() {
        let at = |text: &str, form: &str| timestamp_test(form).unwrap()(text);
        for yes in ["2026-01-31T12:30:00Z", "2026-01-31 12:30:00", "2026-01-31T12:30:00.5+02:00", "2024-02-29t00:00:00"]
        {
            assert!(at(yes, RFC3339), "{yes}");
        }
        for no in
            ["", "2026-01-31", "2026-02-30T00:00:00Z", "2026-01-31T25:00:00", "2026-01-31T12:30", "x026-01-31T12:30:00"]
        {
            assert!(!at(no, RFC3339), "{no}");
        }
        assert!(at("31.01.2026 12:30", "%d.%m.%Y %H:%M") && !at("31.01.2026", "%d.%m.%Y %H:%M"));
    }

    #[test]
    fn formats_are_known_and_give_a_day() {
        assert!(is_format("%d.%m.%Y") && is_format("%Y%j") && is_format("%Y-%m-%dT%H:%M:%S"));
        assert!(!is_format("%Q") && !is_format("%Y-%m") && !is_format("day"));
    }
}
