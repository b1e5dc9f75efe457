//! Numbers that texts are: places on the earth, amounts, percentages.

/// A number from -90 to 90.
pub(super) fn is_latitude(text: &str) -> bool {
    degrees(text, 90.0)
}

/// A number from -180 to 180.
pub(super) fn is_longitude(text: &str) -> bool {
    degrees(text, 180.0)
}

fn degrees(text: &str, most: f64) -> bool {
    // What Rust reads as well: `inf`, `nan`.
    text.bytes().any(|b| b.is_ascii_digit()) && text.parse::<f64>().is_ok_and(|n| n.abs() <= most)
}

/// A decimal number and `%`; a blank may stand between.
pub(super) fn is_percentage(text: &str) -> bool {
    let Some(number) = text.strip_suffix('%') else { return false };
    let number = number.strip_suffix(' ').unwrap_or(number);
    is_decimal(number.strip_prefix(['-', '+']).unwrap_or(number))
}

/// An amount with its currency, a sign or an ISO 4217 code, before or behind it: `$1,200.50`, `12.00 EUR`, `-€5`.
pub(super) fn is_money(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let front = currency(text).map(|rest| rest.strip_prefix(' ').unwrap_or(rest));
    let front = front.map(|rest| rest.strip_prefix('-').unwrap_or(rest));
    front.is_some_and(is_amount) || behind(text).is_some_and(|rest| is_amount(rest.strip_suffix(' ').unwrap_or(rest)))
}

/// Signs of currencies that are more than one country's money, or a large one's.
const SIGNS: &[char] = &[
    '$', '€', '£', '¥', '₹', '₽', '₩', '₺', '₫', '₴', '₪', '₱', '₦', '฿', '₡', '₲', '₵', '₸', '₼', '₾', '៛', '₭', '₮',
    '﷼',
];

/// What is left behind a currency.
fn currency(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix(SIGNS) {
        return Some(rest);
    }
    let (code, rest) = text.split_at_checked(3)?;
    super::codes::is_currency(code).then_some(rest)
}

/// What is left before a currency.
fn behind(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_suffix(SIGNS) {
        return Some(rest);
    }
    let (rest, code) = text.split_at_checked(text.len().checked_sub(3)?)?;
    super::codes::is_currency(code).then_some(rest)
}

/// Digits, perhaps in groups of three with `,` between, and perhaps a point and one or two more.
fn is_amount(text: &str) -> bool {
    let (whole, cents) = text.split_once('.').map_or((text, None), |(whole, cents)| (whole, Some(cents)));
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or("");
    let rest: Vec<&str> = groups.collect();
    let grouped = rest.is_empty() || first.len() <= 3 && rest.iter().all(|g| g.len() == 3 && digits(g));
    digits(first) && grouped && cents.is_none_or(|c| digits(c) && c.len() <= 2)
}

fn is_decimal(text: &str) -> bool {
    let (whole, part) = text.split_once('.').map_or((text, None), |(whole, part)| (whole, Some(part)));
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    digits(whole) && part.is_none_or(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        assert!(is_latitude("90") && is_latitude("-90.0") && is_latitude("0") && is_longitude("-180"));
        for no in ["", "90.1", "nan", "inf", "north", " 1", "1e9"] {
            assert!(!is_latitude(no), "{no}");
        }
        assert!(!is_longitude("180.5") && is_longitude("90.1"));
    }

    #[test]
    fn money() {
        for yes in ["$5", "-$5.50", "€ 1,200.50", "12.00 EUR", "EUR 12", "1200€", "$-5", "1,234,567.8 USD"] {
            assert!(is_money(yes), "{yes}");
        }
        for no in ["", "5", "$", "$1.234", "$12,34", "1,2 EUR", "12 XYZ", "EUR", "$5 $", "$ 5.", "five €"] {
            assert!(!is_money(no), "{no}");
        }
    }

    #[test]
    fn percentages() {
        for yes in ["5%", "5.25 %", "-3%", "+0.1%", "250%"] {
            assert!(is_percentage(yes), "{yes}");
        }
        for no in ["", "%", "5", "5.%", ".5%", "5  %", "5%%", "a%"] {
            assert!(!is_percentage(no), "{no}");
        }
    }
}
