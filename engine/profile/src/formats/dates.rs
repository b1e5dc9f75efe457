//! Dates and times, in the forms that files have them.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime};
use serde::Serialize;

/// Another way in which some dates are written than most of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OtherForm {
    /// The way: `%d.%m.%Y`.
    pub form: &'static str,
    /// Texts that are written so.
    pub texts: u64,
}

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

/// Day before month, and month before day.
const TOLD_APART: [&str; 2] = ["%d/%m/%Y", "%m/%d/%Y"];

/// How the dates are written that none of these ways fits, the most frequent first. Where some have the day before the month and some
/// behind it, nobody can tell of the others: neither is a way.
pub fn others(texts: &[&str], usual: &[&'static str]) -> Vec<OtherForm> {
    let mut rest: Vec<Vec<&'static str>> =
        texts.iter().map(|text| date(text)).filter(|ways| !ways.is_empty()).collect();
    let mixed = TOLD_APART.iter().all(|one| usual.contains(one) || rest.iter().any(|ways| ways == &[*one]));
    let mut left_out = if mixed { TOLD_APART.to_vec() } else { Vec::new() };
    left_out.extend(usual);
    let mut found = Vec::new();
    loop {
        rest.retain(|ways| ways.iter().all(|way| !left_out.contains(way)));
        let Some(form) =
            DATES.into_iter().rev().filter(|form| !left_out.contains(form)).max_by_key(|form| count(&rest, form))
        else {
            return found;
        };
        let texts = count(&rest, form);
        if texts == 0 {
            return found;
        }
        let of_form = || rest.iter().filter(|ways| ways.contains(&form));
        if DATES.iter().all(|other| *other == form || of_form().any(|ways| !ways.contains(other))) {
            found.push(OtherForm { form, texts: texts as u64 });
        }
        left_out.push(form);
    }
}

fn count(dates: &[Vec<&'static str>], form: &str) -> usize {
    dates.iter().filter(|ways| ways.contains(&form)).count()
}
