//! Codes of registries and numbers with check digits.

use isbn::Isbn;

use super::TestOf;

/// ISO 13616, with the national forms of SWIFT's registry: as it is stored, or in groups of four with blanks between.
pub(super) fn is_iban(text: &str) -> bool {
    text.parse::<iban::Iban>().is_ok()
}

/// ISO 9362: four letters of the institution, a country, two letters or digits of the place, and perhaps three of a branch.
pub(super) fn is_bic(text: &str) -> bool {
    let (Some(bank), Some(country), Some(rest)) = (text.get(..4), text.get(4..6), text.get(6..)) else { return false };
    matches!(rest.len(), 2 | 5)
        && bank.bytes().all(|b| b.is_ascii_uppercase())
        && is_country(country)
        && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// ISO/IEC 7812: 12 to 19 digits, not all 0, whose last one is Luhn's check digit; single blanks or hyphens between them.
pub(super) fn is_credit_card(text: &str) -> bool {
    let mut digits = Vec::with_capacity(19);
    let mut apart = true;
    for b in text.bytes() {
        match b {
            b'0'..=b'9' => digits.push(u32::from(b - b'0')),
            b' ' | b'-' if !apart => {}
            _ => return false,
        }
        apart = !b.is_ascii_digit();
    }
    !apart && (12..=19).contains(&digits.len()) && digits.iter().any(|d| *d > 0) && luhn(&digits)
}

/// ISO/IEC 7812-1, annex B.
fn luhn(digits: &[u32]) -> bool {
    let doubled = |d: u32| if d > 4 { 2 * d - 9 } else { 2 * d };
    let sum: u32 = digits.iter().rev().enumerate().map(|(i, d)| if i % 2 == 1 { doubled(*d) } else { *d }).sum();
    sum.is_multiple_of(10)
}

/// ISO 2108: 10 or 13 digits with a check digit.
pub(super) fn is_isbn(text: &str) -> bool {
    text.parse::<Isbn>().is_ok()
}

/// ISO 3779 with the check digit of 49 CFR 565.15: North America's, China's and what else has one.
pub(super) fn is_vin(text: &str) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let value = |b: u8| match b {
        b'0'..=b'9' => Some(u32::from(b - b'0')),
        b'A'..=b'H' => Some(u32::from(b - b'A') + 1),
        b'J'..=b'N' => Some(u32::from(b - b'J') + 1),
        b'P' => Some(7),
        b'R' => Some(9),
        b'S'..=b'Z' => Some(u32::from(b - b'S') + 2),
        _ => None,
    };
    let Some(values) = text.bytes().map(value).collect::<Option<Vec<u32>>>() else { return false };
    let check = values.iter().zip(WEIGHTS).map(|(v, w)| v * w).sum::<u32>() % 11;
    let written = match text.as_bytes().get(8) {
        Some(b'X') => 10,
        Some(d @ b'0'..=b'9') => u32::from(d - b'0'),
        _ => return false,
    };
    values.len() == WEIGHTS.len() && check == written
}

/// `AAA-GG-SSSS`, without the areas (000, 666, 9xx), groups (00) and serials (0000) that are never issued.
pub(super) fn is_ssn(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut part = |len: usize| {
        parts.next().filter(|p| p.len() == len && p.bytes().all(|b| b.is_ascii_digit())).map(str::to_owned)
    };
    let (Some(area), Some(group), Some(serial)) = (part(3), part(2), part(4)) else { return false };
    parts.next().is_none()
        && !matches!(area.as_str(), "000" | "666")
        && !area.starts_with('9')
        && group != "00"
        && serial != "0000"
}

/// ISO 3166-1 alpha-2.
pub(super) fn is_country(text: &str) -> bool {
    text.len() == 2 && rust_iso3166::from_alpha2(text).is_some_and(|c| c.alpha2 == text)
}

/// ISO 3166-1 alpha-3.
pub(super) fn is_country3(text: &str) -> bool {
    text.len() == 3 && rust_iso3166::from_alpha3(text).is_some_and(|c| c.alpha3 == text)
}

/// ISO 3166-2.
pub(super) fn is_subdivision(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
        && rust_iso3166::iso3166_2::from_code(text).is_some()
}

/// ISO 4217.
pub(super) fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()) && iso_currency::Currency::from_code(text).is_some()
}

/// ISO 639-1.
pub(super) fn is_language(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_lowercase()) && isolang::Language::from_639_1(text).is_some()
}

/// Semantic Versioning 2.0.0.
pub(super) fn is_semver(text: &str) -> bool {
    semver::Version::parse(text).is_ok()
}

/// A test of postal codes of a country, by its ISO code: one of the country's patterns is the whole text.
pub(super) fn postal_test(country: &str) -> Option<TestOf<'_>> {
    let patterns = pipe_schema::postal_patterns(country)?;
    Some(Box::new(move |text| patterns.iter().any(|p| has_form(text, p))))
}

/// Whether each character is what its place asks for: `9` a digit, `A` a capital letter, else the sign itself.
fn has_form(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(b, p)| match p {
            b'9' => b.is_ascii_digit(),
            b'A' => b.is_ascii_uppercase(),
            sign => b == sign,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(test: fn(&str) -> bool, yes: &[&str], no: &[&str]) {
        for text in yes {
            assert!(test(text), "{text}");
        }
        for text in no {
            assert!(!test(text), "{text}");
        }
    }

    #[test]
    fn accounts() {
        check(
            is_iban,
            &["DE89370400440532013000", "DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819"],
            &[
                "",
                "DE89370400440532013001",
                "DE8937040044053201300",
                "XX89370400440532013000",
                "de89370400440532013000",
            ],
        );
        check(
            is_bic,
            &["DEUTDEFF", "DEUTDEFF500", "NEDSZAJJXXX"],
            &["", "DEUTXXFF", "DEUTDEF", "deutdeff", "DEUTDEFF50"],
        );
        check(
            is_credit_card,
            &["4111111111111111", "4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005"],
            &[
                "",
                "4111111111111112",
                "0000000000000000",
                "4111  111111111111",
                "411111111111111a",
                "4111111111111111 ",
                "79927398713",
            ],
        );
    }

    #[test]
    fn things() {
        check(
            is_isbn,
            &["978-3-16-148410-0", "9783161484100", "0306406152", "0-306-40615-2"],
            &["", "9783161484101", "978316148410", "0306406153"],
        );
        check(
            is_vin,
            &["1M8GDM9AXKP042788", "11111111111111111"],
            &["", "1M8GDM9A1KP042788", "1M8GDM9AXKP04278", "1M8GDM9AXKPO42788", "1m8gdm9axkp042788"],
        );
        check(
            is_ssn,
            &["123-45-6789"],
            &[
                "",
                "000-45-6789",
                "666-45-6789",
                "900-45-6789",
                "123-00-6789",
                "123-45-0000",
                "123456789",
                "123-45-6789-1",
            ],
        );
        check(is_semver, &["1.2.3", "1.0.0-rc.1+5"], &["", "1.2", "v1.2.3", "01.2.3", "1.2.3 "]);
    }

    #[test]
    fn places_and_words() {
        check(is_country, &["DE", "US"], &["", "de", "XX", "DEU", "D"]);
        check(is_country3, &["DEU", "USA"], &["", "deu", "XXX", "DE"]);
        check(is_subdivision, &["DE-BY", "US-CA"], &["", "DE", "DE-XX", "de-by", "BY"]);
        check(is_currency, &["EUR", "USD", "JPY"], &["", "eur", "EU", "ABC", "€"]);
        check(is_language, &["de", "en"], &["", "DE", "xx", "deu", "d"]);
    }

    #[test]
    fn postal_codes() {
        let is = |country: &str, text: &str| postal_test(country).unwrap()(text);
        for (country, text) in [
            ("DE", "01067"),
            ("US", "90210"),
            ("US", "90210-1234"),
            ("GB", "SW1A 1AA"),
            ("CA", "K1A 0B1"),
            ("NL", "1234 AB"),
        ] {
            assert!(is(country, text), "{country} {text}");
        }
        for (country, text) in
            [("DE", "1067"), ("DE", "D-01067"), ("US", "9021"), ("GB", "SW1A1AAA"), ("CA", "K1A"), ("NL", "1234 ab")]
        {
            assert!(!is(country, text), "{country} {text}");
        }
        assert!(postal_test("XX").is_none());
    }
}
