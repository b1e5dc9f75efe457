//! Numbers that belong to somebody: accounts, cards, telephones.

/// Whether a text is an IBAN: a country, check digits that are right (ISO 7064, mod 97), 15 to 34 characters; blanks may part it.
pub fn iban(text: &str) -> bool {
    let compact: String = text.chars().filter(|c| *c != ' ').collect();
    let bytes = compact.as_bytes();
    if !(15..=34).contains(&bytes.len()) || !bytes.iter().all(u8::is_ascii_alphanumeric) {
        return false;
    }
    let (head, rest) = bytes.split_at(4);
    if !head.iter().take(2).all(u8::is_ascii_uppercase) || !head.iter().skip(2).all(u8::is_ascii_digit) {
        return false;
    }
    let remainder = rest.iter().chain(head).try_fold(0_u32, |remainder, byte| {
        let value = char::from(*byte).to_digit(36)?;
        Some(if value < 10 { (remainder * 10 + value) % 97 } else { (remainder * 100 + value) % 97 })
    });
    remainder == Some(1)
}

/// Whether a text is the number of a payment card: 13 to 19 digits that begin as cards do (2 to 6) and pass Luhn's test; blanks or hyphens
/// may part it.
pub fn card(text: &str) -> bool {
    if !text.bytes().all(|b| b.is_ascii_digit() || b == b' ' || b == b'-') {
        return false;
    }
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    if !(13..=19).contains(&digits.len()) || !digits.first().is_some_and(|d| (2..=6).contains(d)) {
        return false;
    }
    let sum: u32 = digits.iter().rev().enumerate().map(|(i, digit)| luhn(i, *digit)).sum();
    sum.is_multiple_of(10)
}

fn luhn(place: usize, digit: u32) -> u32 {
    match (place % 2, digit * 2) {
        (0, _) => digit,
        (_, double) if double > 9 => double - 9,
        (_, double) => double,
    }
}

/// Whether a text looks like a telephone number: 7 to 15 digits (E.164), parted as such numbers are, and either with a country code or a
/// leading 0 and something that parts it. Digits alone are a number like any other.
pub fn phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let allowed = text.bytes().all(|b| b.is_ascii_digit() || b" +-()/.".contains(&b));
    if !allowed || !(7..=15).contains(&digits) || text.bytes().skip(1).any(|b| b == b'+') {
        return false;
    }
    if text.parse::<std::net::Ipv4Addr>().is_ok() || !super::dates::date(text).is_empty() {
        return false;
    }
    let parted = text.bytes().any(|b| b" -()/".contains(&b));
    let groups = text.split(|c: char| !c.is_ascii_digit()).filter(|g| !g.is_empty()).count();
    text.starts_with('+') || parted && (text.starts_with(['0', '(']) || groups == 3)
}
