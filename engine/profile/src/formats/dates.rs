//! Dates and times, in the forms that files have them.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime};

/// How dates are written.
const DATES: [&str; 9] =
    ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%Y%m%d", "%d %b %Y", "%b %d, %Y"];

/// How timestamps are written, but for RFC 3339.
const TIMESTAMPS: [&str; 7] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%m/%d/%Y %H:%M",
];

/// The ways in which a text is a date of the years 1800 to 2200.
pub fn date(text: &str) -> Vec<&'static str> {
    if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) || text.len() > 18 || text.len() < 8 {
        return Vec::new();
    }
    let bare = text.bytes().all(|b| b.is_ascii_digit());
    let fits = |form: &str| {
        // A form with blanks takes any number of digits for a year.
        if (form == "%Y%m%d") != bare || bare && text.len() != 8 {
            return false;
        }
        NaiveDate::parse_from_str(text, form).is_ok_and(|date| (1800..2200).contains(&date.year()))
    };
    DATES.into_iter().filter(|form| fits(form)).collect()
}

/// How a text is written that is a timestamp.
pub fn timestamp(text: &str) -> Option<&'static str> {
    if text.len() < 15 || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if chrono::DateTime::parse_from_rfc3339(text).is_ok() {
        return Some("%+");
    }
    TIMESTAMPS.into_iter().find(|form| NaiveDateTime::parse_from_str(text, form).is_ok())
}

/// Whether a text is a time of day.
pub fn time(text: &str) -> bool {
    text.len() >= 4 && ["%H:%M:%S%.f", "%H:%M"].iter().any(|form| NaiveTime::parse_from_str(text, form).is_ok())
}

/// The ways in which most of the texts are written: those that fit as many as any other.
pub fn written(texts: &[&str], ways: impl Fn(&str) -> Vec<&'static str>) -> Vec<&'static str> {
    let mut counted: Vec<(&'static str, usize)> = Vec::new();
    for way in texts.iter().flat_map(|text| ways(text)) {
        match counted.iter_mut().find(|(known, _)| *known == way) {
            Some((_, count)) => *count += 1,
            None => counted.push((way, 1)),
        }
    }
    let most = counted.iter().map(|(_, count)| *count).max().unwrap_or_default();
    let mut best: Vec<_> = counted.into_iter().filter(|(_, count)| *count == most).map(|(way, _)| way).collect();
    best.sort_by_key(|way| DATES.iter().position(|known| known == way));
    best
}
