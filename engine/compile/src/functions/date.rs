//! Dates written in a given form.

use std::fmt::Write;

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{NaiveDate, NaiveDateTime};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature};

use super::{judge, one_or_two_texts};

pub(super) const NAME: &str = "is_date";

/// The form where none is given: ISO 8601's calendar date.
const ISO: &str = "%Y-%m-%d";

/// `is_date(text [, format])`: whether the text is a date of the calendar in this form and in no other: what the format
/// (chrono's `strftime`) prints for that date is the text again, but for case. So `%d` has two digits; `%-d` has as many as
/// it needs.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct IsDate {
    signature: Signature,
}

impl IsDate {
    pub(super) fn new() -> Self {
        Self { signature: one_or_two_texts() }
    }
}

impl ScalarUDFImpl for IsDate {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (texts, format) = match args.args.as_slice() {
            [texts] => (texts, ISO),
            [texts, ColumnarValue::Scalar(format)] => match format.try_as_str() {
                Some(Some(format)) => (texts, format),
                _ => return Ok(ColumnarValue::Scalar(None::<bool>.into())),
            },
            _ => return Err(DataFusionError::Execution("the format of `is_date` must be a constant".to_owned())),
        };
        if format == ISO {
            return judge(texts, is_iso_date);
        }
        let items = items(format)
            .ok_or_else(|| DataFusionError::Execution(format!("`{format}` is not a date format, as `%d.%m.%Y` is")))?;
        judge(texts, |text| is_date(text, &items))
    }
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
    fn formats_are_known_and_give_a_day() {
        assert!(is_format("%d.%m.%Y") && is_format("%Y%j") && is_format("%Y-%m-%dT%H:%M:%S"));
        assert!(!is_format("%Q") && !is_format("%Y-%m") && !is_format("day"));
    }
}
