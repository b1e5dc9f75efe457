//! One value from its text. `None`: it does not convert, and the cell is NULL with its text kept aside.
//!
//! What is read is what SQL reads: numbers in decimal notation, `2026-01-31`, `2026-01-31 12:00:00.5`, with `T` for the
//! blank and with `Z`, `+02` or `+02:00` behind it. Thousands separators, other date orders and unit signs do not
//! convert: that is what heal clauses are for. White space around a value that is not text is ignored.

use arrow::array::types::Decimal256Type;
use arrow::array::{Array, AsArray, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, i256};

/// Without the ASCII white space around it.
#[inline]
pub(crate) fn trimmed(text: &[u8]) -> &[u8] {
    match (text.first(), text.last()) {
        (Some(first), Some(last)) if first.is_ascii_whitespace() || last.is_ascii_whitespace() => text.trim_ascii(),
        _ => text,
    }
}

/// A whole number: an optional sign and digits.
#[inline]
pub(crate) fn integer<T: TryFrom<i64>>(text: &[u8]) -> Option<T> {
    let (negative, digits) = signed(text);
    if digits.is_empty() || digits.len() > 19 {
        return integer_long(negative, digits).and_then(|n| T::try_from(n).ok());
    }
    let mut n: u64 = 0;
    for &b in digits {
        n = n * 10 + digit(b)?;
    }
    let n = if negative { 0i64.checked_sub_unsigned(n) } else { i64::try_from(n).ok() };
    n.and_then(|n| T::try_from(n).ok())
}

/// Digits that begin with zeros.
#[cold]
fn integer_long(negative: bool, digits: &[u8]) -> Option<i64> {
    let mut n: i64 = 0;
    for &b in digits {
        let d = digit(b)?.cast_signed();
        n = n.checked_mul(10)?;
        n = if negative { n.checked_sub(d)? } else { n.checked_add(d)? };
    }
    (!digits.is_empty()).then_some(n)
}

#[inline]
fn digit(b: u8) -> Option<u64> {
    let d = b.wrapping_sub(b'0');
    (d < 10).then_some(u64::from(d))
}

#[inline]
fn signed(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

/// A double; `nan` and `inf` too. What is too large for a double does not convert.
#[inline]
pub(crate) fn double(text: &[u8]) -> Option<f64> {
    if let Some(n) = double_exact(text) {
        return Some(n);
    }
    let n: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (n.is_finite() || !text.iter().any(u8::is_ascii_digit)).then_some(n)
}

/// Clinger's fast path: a mantissa below 2^53 divided by an exact power of ten is rounded once, hence correctly.
#[inline]
fn double_exact(text: &[u8]) -> Option<f64> {
    const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let (negative, rest) = signed(text);
    if rest.is_empty() || rest.len() > 16 {
        return None;
    }
    let mut mantissa: u64 = 0;
    let mut fraction = None;
    for (i, &b) in rest.iter().enumerate() {
        match digit(b) {
            Some(d) => mantissa = mantissa * 10 + d,
            None if b == b'.' && fraction.is_none() => fraction = Some(rest.len() - i - 1),
            None => return None,
        }
    }
    if mantissa >= 1 << 53 || rest == b"." {
        return None;
    }
    let n = mantissa as f64 / POWERS.get(fraction.unwrap_or(0))?;
    Some(if negative { -n } else { n })
}

/// A single; what is too large for it does not convert.
pub(crate) fn single(text: &[u8]) -> Option<f32> {
    let n: f32 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (n.is_finite() || !text.iter().any(u8::is_ascii_digit)).then_some(n)
}

/// A decimal of this precision and scale, unscaled; digits beyond the scale are rounded half away from zero, as SQL casts do.
pub(crate) fn decimal(text: &[u8], precision: u8, scale: i8) -> Option<i128> {
    let (negative, rest) = signed(text);
    let mut unscaled: i128 = 0;
    let mut digits = 0usize;
    let mut fraction: Option<i32> = None;
    let mut exponent = 0i32;
    let mut full = false;
    for (i, &b) in rest.iter().enumerate() {
        match (digit(b), b) {
            (Some(d), _) => {
                digits += 1;
                match unscaled.checked_mul(10).and_then(|n| n.checked_add(i128::from(d))) {
                    Some(n) if !full => {
                        unscaled = n;
                        fraction = fraction.map(|f| f + 1);
                    }
                    // Behind 38 digits of a fraction nothing can change the value.
                    _ if fraction.is_some() => full = true,
                    _ => return None,
                }
            }
            (None, b'.') if fraction.is_none() => fraction = Some(0),
            (None, b'e' | b'E') if digits > 0 => {
                exponent = integer::<i32>(rest.get(i + 1..)?)?;
                break;
            }
            _ => return None,
        }
    }
    if digits == 0 {
        return None;
    }
    // Ten to this power makes the digits read the unscaled value.
    let shift = i32::from(scale).checked_sub(fraction.unwrap_or(0))?.checked_add(exponent)?;
    let power = |n: i32| 10i128.checked_pow(n.unsigned_abs());
    let value = if shift >= 0 {
        if unscaled == 0 { 0 } else { unscaled.checked_mul(power(shift)?)? }
    } else {
        match power(shift) {
            Some(divisor) => {
                let (quotient, rest) = (unscaled / divisor, unscaled % divisor);
                quotient + i128::from(rest >= divisor - rest)
            }
            None => 0,
        }
    };
    if value >= power(i32::from(precision))? {
        return None;
    }
    Some(if negative { -value } else { value })
}

/// The same with up to 76 digits.
pub(crate) fn decimal_wide(text: &[u8], precision: u8, scale: i8) -> Option<i256> {
    // Rare enough to go through the kernel one by one: it rounds, which its parser does not.
    let one = StringArray::from_iter_values([std::str::from_utf8(text).ok()?]);
    let options = CastOptions { safe: true, ..CastOptions::default() };
    let cast = cast_with_options(&one, &DataType::Decimal256(precision, scale), &options).ok()?;
    let cast = cast.as_primitive_opt::<Decimal256Type>()?;
    cast.is_valid(0).then(|| cast.value(0))
}

/// A boolean, in the words that SQL databases take.
pub(crate) fn boolean(text: &[u8]) -> Option<bool> {
    let is = |word: &str| text.eq_ignore_ascii_case(word.as_bytes());
    if ["true", "t", "yes", "y", "on", "1"].into_iter().any(is) {
        Some(true)
    } else if ["false", "f", "no", "n", "off", "0"].into_iter().any(is) {
        Some(false)
    } else {
        None
    }
}

/// Days since 1970-01-01. A time of day is taken only when it is midnight: nothing is cut off.
pub(crate) fn date(text: &[u8]) -> Option<i32> {
    let (days, rest) = split_date(text)?;
    match rest {
        [] => Some(days),
        _ if timestamp_time(rest)? == (0, 0) => Some(days),
        _ => None,
    }
}

/// Microseconds since midnight.
pub(crate) fn time(text: &[u8]) -> Option<i64> {
    let (micros, rest) = split_time(text)?;
    rest.is_empty().then_some(micros)
}

/// Microseconds since 1970-01-01 00:00 UTC. With a zone it is that instant, without one it is taken as UTC; a date alone is its midnight. Digits beyond microseconds are cut.
#[inline]
pub(crate) fn timestamp(text: &[u8]) -> Option<i64> {
    const DAY: i64 = 86_400_000_000;
    let (days, rest) = split_date(text)?;
    let (micros, offset) = if rest.is_empty() { (0, 0) } else { timestamp_time(rest)? };
    i64::from(days).checked_mul(DAY)?.checked_add(micros)?.checked_sub(offset)
}

/// `T12:00:00+02`: microseconds of the day, and of the offset.
#[inline]
fn timestamp_time(rest: &[u8]) -> Option<(i64, i64)> {
    let [b' ' | b'T' | b't', rest @ ..] = rest else { return None };
    let (micros, zone) = split_time(rest)?;
    Some((micros, if zone.is_empty() { 0 } else { offset(zone)? }))
}

/// A zone behind a time, in microseconds east of UTC.
fn offset(zone: &[u8]) -> Option<i64> {
    let zone = zone.trim_ascii_start();
    if zone.eq_ignore_ascii_case(b"z") || zone.eq_ignore_ascii_case(b"utc") {
        return Some(0);
    }
    let (sign, rest) = match zone {
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match *rest {
        [a, b] => (two(a, b)?, 0),
        [a, b, c, d] | [a, b, b':', c, d] => (two(a, b)?, two(c, d)?),
        _ => return None,
    };
    (hours <= 18 && minutes < 60).then_some(sign * (i64::from(hours) * 60 + i64::from(minutes)) * 60_000_000)
}

#[inline]
fn two(a: u8, b: u8) -> Option<u32> {
    Some((digit(a)? * 10 + digit(b)?) as u32)
}

/// A date and what follows it.
#[inline]
fn split_date(text: &[u8]) -> Option<(i32, &[u8])> {
    let [a, b, c, d, b'-', m, n, b'-', x, y, rest @ ..] = text else { return None };
    let year = two(*a, *b)? * 100 + two(*c, *d)?;
    Some((days(year.cast_signed(), two(*m, *n)?, two(*x, *y)?)?, rest))
}

/// A time of day in microseconds, and what follows it.
#[inline]
fn split_time(text: &[u8]) -> Option<(i64, &[u8])> {
    let [a, b, b':', c, d, rest @ ..] = text else { return None };
    let (hour, minute) = (two(*a, *b)?, two(*c, *d)?);
    let (second, rest) = match rest {
        [b':', e, f, rest @ ..] => (two(*e, *f)?, rest),
        rest => (0, rest),
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction, rest) = match rest {
        [b'.' | b',', rest @ ..] => {
            let len = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            let (digits, rest) = rest.split_at_checked(len)?;
            if digits.is_empty() || digits.len() > 9 {
                return None;
            }
            let micros = (0..6).fold(0, |n, i| n * 10 + digits.get(i).map_or(0, |b| i64::from(b - b'0')));
            (micros, rest)
        }
        rest => (0, rest),
    };
    Some((i64::from(hour * 3600 + minute * 60 + second) * 1_000_000 + fraction, rest))
}

/// Days since 1970-01-01 of a date of the Gregorian calendar, if there is such a date. Howard Hinnant, "chrono-compatible low-level date algorithms".
#[inline]
fn days(year: i32, month: u32, day: u32) -> Option<i32> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => return None,
    };
    if day == 0 || day > last {
        return None;
    }
    let (month, day) = (month.cast_signed(), day.cast_signed());
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDate};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whole_numbers() {
        assert_eq!(integer::<i64>(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(integer::<i64>(b"+9223372036854775807"), Some(i64::MAX));
        assert_eq!(integer::<i64>(b"00000000000000000000007"), Some(7));
        for text in ["9223372036854775808", "", "-", "+", "1.0", "1,000", "1e3", " 1", "0x1", "99999999999999999999"] {
            assert_eq!(integer::<i64>(text.as_bytes()), None, "{text}");
        }
        assert_eq!(integer::<i8>(b"-128"), Some(-128));
        assert_eq!(integer::<i8>(b"128"), None);
    }

    #[test]
    fn doubles() {
        assert_eq!(double(b"-0"), Some(-0.0));
        assert!(double(b"-0").unwrap().is_sign_negative());
        assert_eq!(double(b"5."), Some(5.0));
        assert_eq!(double(b".5"), Some(0.5));
        assert_eq!(double(b"1e-7"), Some(1e-7));
        assert_eq!(double(b"inf"), Some(f64::INFINITY));
        assert!(double(b"NaN").unwrap().is_nan());
        for text in ["1e400", "-1e400", ".", "-", "", "1,5", "1_0", "0x1", "1.2.3"] {
            assert_eq!(double(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn decimals_round_half_away_from_zero_and_do_not_overflow() {
        assert_eq!(decimal(b"1.005", 10, 2), Some(101));
        assert_eq!(decimal(b"-1.005", 10, 2), Some(-101));
        assert_eq!(decimal(b"1.0049999", 10, 2), Some(100));
        assert_eq!(decimal(b"12e1", 10, 2), Some(12_000));
        assert_eq!(decimal(b"125e-3", 10, 2), Some(13));
        assert_eq!(decimal(b"99999999.99", 10, 2), Some(9_999_999_999));
        assert_eq!(decimal(b"99999999.995", 10, 2), None);
        assert_eq!(decimal(b"100000000", 10, 2), None);
        assert_eq!(decimal(b"0e9999999", 10, 2), Some(0));
        assert_eq!(decimal(b"1e-9999999", 10, 2), Some(0));
        assert_eq!(decimal(b"1e9999999", 10, 2), None);
        let long = format!("0.{}", "3".repeat(100));
        assert_eq!(decimal(long.as_bytes(), 38, 37), Some(3_333_333_333_333_333_333_333_333_333_333_333_333));
        for text in ["", ".", "-", "1.2.3", "1,5", "e5", "1e", "nan", "1 "] {
            assert_eq!(decimal(text.as_bytes(), 10, 2), None, "{text}");
        }
    }

    #[test]
    fn booleans() {
        for text in ["true", "T", "Yes", "y", "ON", "1"] {
            assert_eq!(boolean(text.as_bytes()), Some(true));
        }
        for text in ["FALSE", "f", "no", "N", "off", "0"] {
            assert_eq!(boolean(text.as_bytes()), Some(false));
        }
        assert_eq!(boolean(b"2"), None);
        assert_eq!(boolean(b""), None);
    }

    #[test]
    fn dates_and_times() {
        assert_eq!(date(b"1970-01-01"), Some(0));
        assert_eq!(date(b"2026-01-31 00:00:00"), date(b"2026-01-31"));
        for text in [
            "2026-02-30",
            "2025-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "2026-1-1",
            "2026-01-31 10:00",
            "26-01-31",
        ] {
            assert_eq!(date(text.as_bytes()), None, "{text}");
        }
        assert_eq!(time(b"23:59:59.123456789"), Some(86_399_123_456));
        assert_eq!(time(b"10:00"), Some(36_000_000_000));
        for text in ["24:00:00", "10:60", "10:00:60", "10", "10:00:00.", "10:00:00Z"] {
            assert_eq!(time(text.as_bytes()), None, "{text}");
        }
        let ten = timestamp(b"2026-01-31 10:00:00");
        assert!(ten.is_some());
        for same in [
            "2026-01-31T10:00",
            "2026-01-31T10:00:00Z",
            "2026-01-31 10:00:00.000 UTC",
            "2026-01-31T12:00:00+02",
            "2026-01-31T12:30:00+02:30",
            "2026-01-31T05:00:00-0500",
            "2026-01-31T10:00:00,0",
        ] {
            assert_eq!(timestamp(same.as_bytes()), ten, "{same}");
        }
        for text in [
            "2026-01-31 10:00:00 CET",
            "2026-01-31 10:00:00+2",
            "2026-01-31 10:00:00+99",
            "2026-01-31x10:00:00",
            "1700000000",
        ] {
            assert_eq!(timestamp(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn doubles_are_those_of_std(text in "[-+]?[0-9]{0,18}(\\.[0-9]{0,18})?(e[-+]?[0-9]{1,2})?") {
            let expected = text.parse::<f64>().ok();
            prop_assert_eq!(double(text.as_bytes()).map(f64::to_bits), expected.map(f64::to_bits));
        }

        #[test]
        fn whole_numbers_are_those_of_std(text in "[-+]?[0-9]{0,22}") {
            prop_assert_eq!(integer::<i64>(text.as_bytes()), text.parse::<i64>().ok());
        }

        #[test]
        fn decimals_are_those_of_arrow(text in "-?[0-9]{1,12}\\.[0-9]{1,6}", precision in 8u8..20, scale in 0i8..6) {
            let expected = decimal_wide(text.as_bytes(), precision, scale).and_then(i256::to_i128);
            prop_assert_eq!(decimal(text.as_bytes(), precision, scale), expected);
        }

        #[test]
        fn dates_are_those_of_chrono(year in 0i32..10_000, month in 0u32..14, day in 0u32..33) {
            let text = format!("{year:04}-{month:02}-{day:02}");
            let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
            let expected = NaiveDate::from_ymd_opt(year, month, day).map(|d| (d - epoch).num_days() as i32);
            prop_assert_eq!(date(text.as_bytes()), expected);
        }

        #[test]
        fn timestamps_are_those_of_chrono(micros in -62_167_219_200_000_000i64..253_402_300_800_000_000) {
            let text = DateTime::from_timestamp_micros(micros).unwrap().format("%Y-%m-%d %H:%M:%S%.6f").to_string();
            prop_assert_eq!(timestamp(text.as_bytes()), Some(micros));
        }

        #[test]
        fn nothing_panics(text in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = (integer::<i16>(&text), double(&text), single(&text), decimal(&text, 38, 10), decimal_wide(&text, 76, 10));
            let _ = (boolean(&text), date(&text), time(&text), timestamp(&text), trimmed(&text));
        }
    }
}
