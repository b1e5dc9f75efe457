//! What texts are: numbers, dates, e-mail addresses.

mod codes;
mod dates;
mod numbers;
mod people;
mod web;

use serde::Serialize;

pub use dates::OtherForm;

use crate::profile::rounded;

/// A format of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Eight, four, four, four and twelve hexadecimal digits.
    Uuid,
    /// An e-mail address.
    Email,
    /// A URL with a scheme and a host.
    Url,
    /// Four numbers up to 255.
    Ipv4,
    /// An address of RFC 4291.
    Ipv6,
    /// Six pairs of hexadecimal digits.
    Mac,
    /// An account number of ISO 13616, check digits right.
    Iban,
    /// 13 to 19 digits of a known issuer that pass Luhn's test (ISO/IEC 7812-1).
    CreditCard,
    /// `true`, `yes`, `0`, …
    Boolean,
    /// A date and a time.
    Timestamp,
    /// A date.
    Date,
    /// A time of day.
    Time,
    /// A whole number.
    Integer,
    /// A number with a decimal point, or with commas between thousands.
    Decimal,
    /// A number with a decimal comma.
    DecimalComma,
    /// A number with a currency or its sign.
    Money,
    /// A number with a percent sign.
    Percent,
    /// A telephone number.
    Phone,
    /// A code of ISO 3166-1, two letters.
    Country,
    /// A JSON object or array.
    Json,
    /// 32, 40 or 64 hexadecimal digits.
    Hash,
}

impl Format {
    /// The most telling first: where several fit equally well, the first one is told.
    const ALL: [Format; 21] = [
        Format::Uuid,
        Format::Email,
        Format::Url,
        Format::Ipv4,
        Format::Ipv6,
        Format::Mac,
        Format::Iban,
        Format::CreditCard,
        Format::Boolean,
        Format::Timestamp,
        Format::Date,
        Format::Time,
        Format::Integer,
        Format::Decimal,
        Format::DecimalComma,
        Format::Money,
        Format::Percent,
        Format::Phone,
        Format::Country,
        Format::Json,
        Format::Hash,
    ];

    /// In words, for one and for many: `e-mail addresses`.
    pub fn words(self) -> &'static str {
        match self {
            Format::Uuid => "UUIDs",
            Format::Email => "e-mail addresses",
            Format::Url => "URLs",
            Format::Ipv4 => "IPv4 addresses",
            Format::Ipv6 => "IPv6 addresses",
            Format::Mac => "MAC addresses",
            Format::Iban => "IBANs",
            Format::CreditCard => "card numbers",
            Format::Boolean => "booleans",
            Format::Timestamp => "timestamps",
            Format::Date => "dates",
            Format::Time => "times",
            Format::Integer => "whole numbers",
            Format::Decimal => "numbers",
            Format::DecimalComma => "numbers with a decimal comma",
            Format::Money => "amounts with a currency",
            Format::Percent => "percentages",
            Format::Phone => "phone numbers",
            Format::Country => "country codes",
            Format::Json => "JSON",
            Format::Hash => "hashes",
        }
    }

    /// Whether a text, without blanks around it, has this format.
    pub fn fits(self, text: &str) -> bool {
        match self {
            Format::Uuid => codes::uuid(text),
            Format::Email => web::email(text),
            Format::Url => web::url(text),
            Format::Ipv4 => text.parse::<std::net::Ipv4Addr>().is_ok(),
            Format::Ipv6 => text.parse::<std::net::Ipv6Addr>().is_ok(),
            Format::Mac => codes::mac(text),
            Format::Iban => people::iban(text),
            Format::CreditCard => people::card(text),
            Format::Boolean => numbers::boolean(text),
            Format::Timestamp => dates::timestamp(text).is_some(),
            Format::Date => !dates::date(text).is_empty(),
            Format::Time => dates::time(text),
            Format::Integer => numbers::integer(text),
            Format::Decimal => numbers::decimal(text, '.', ','),
            Format::DecimalComma => numbers::decimal(text, ',', '.'),
            Format::Money => numbers::money(text),
            Format::Percent => numbers::percent(text),
            Format::Phone => people::phone(text),
            Format::Country => codes::country(text),
            Format::Json => codes::json(text),
            Format::Hash => codes::hash(text),
        }
    }
}

/// What most texts of a sample are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FormatGuess {
    /// The format.
    pub format: Format,
    /// Of the texts looked at, how many have it.
    pub share: f64,
    /// How many texts were looked at: those of the sample that are neither NULL nor blank.
    pub sampled: u64,
    /// Of dates and timestamps how they are written (`%Y-%m-%d`); all of them if nothing tells day from month.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub written: Vec<&'static str>,
    /// How the other dates are written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherForm>,
    /// The first text that does not fit.
    pub exception: Option<String>,
}

/// So many of the texts must have a format.
const MOST: f64 = 0.8;

/// The format that most of the texts have, if there is one.
pub fn guess(texts: &[&str]) -> Option<FormatGuess> {
    let texts: Vec<&str> = texts.iter().map(|t| t.trim()).filter(|t| !t.is_empty()).collect();
    if texts.is_empty() {
        return None;
    }
    let mut best: Option<(Format, usize)> = None;
    for format in Format::ALL {
        let fit = texts.iter().filter(|t| format.fits(t)).count();
        if best.is_none_or(|(_, most)| fit > most) {
            best = Some((format, fit));
        }
    }
    let (mut format, mut fit) = best?;
    // Numbers without a decimal point stand among those that have one.
    let numbers = [Format::Integer, Format::Decimal, Format::DecimalComma];
    for wider in [Format::Decimal, Format::DecimalComma] {
        let wide = texts.iter().filter(|t| Format::Integer.fits(t) || wider.fits(t)).count();
        if numbers.contains(&format) && wide > fit {
            (format, fit) = (wider, wide);
        }
    }
    let share = fit as f64 / texts.len() as f64;
    if share < MOST {
        return None;
    }
    let written = match format {
        Format::Date => dates::written(&texts, dates::date),
        Format::Timestamp => dates::written(&texts, |t| dates::timestamp(t).into_iter().collect()),
        _ => Vec::new(),
    };
    let others = if format == Format::Date { dates::others(&texts, &written) } else { Vec::new() };
    let fits = |text: &str| {
        format.fits(text) || matches!(format, Format::Decimal | Format::DecimalComma) && Format::Integer.fits(text)
    };
    let exception = texts.iter().find(|t| !fits(t)).map(|t| (*t).to_owned());
    Some(FormatGuess { format, share: rounded(share), sampled: texts.len() as u64, written, others, exception })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_knows_its_texts_and_no_others() {
        let cases: [(Format, &[&str], &[&str]); 21] = [
            (Format::Uuid, &["0190cd4e-6f2b-7a3c-9d4e-5f6a7b8c9d0e"], &["0190cd4e6f2b7a3c9d4e5f6a7b8c9d0", "x"]),
            (Format::Email, &["a.b@example.com", "x+y@sub.example.org"], &["a@b", "a b@example.com", "@example.com"]),
            (Format::Url, &["https://example.com/a?b=c", "ftp://files.example.org"], &["example.com", "mailto:a@b.c"]),
            (Format::Ipv4, &["192.0.2.1"], &["192.0.2.256", "1.2.3"]),
            (Format::Ipv6, &["2001:db8::1", "::1"], &["2001:db8", "12:30"]),
            (Format::Mac, &["00:1b:44:11:3a:b7", "00-1B-44-11-3A-B7"], &["00:1b:44:11:3a", "00:1b-44:11-3a:b7"]),
            (
                Format::Iban,
                &["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"],
                &["DE88370400440532013000", "DE89"],
            ),
            (
                Format::CreditCard,
                &["4111 1111 1111 1111", "5500000000000004"],
                &["4111111111111112", "1234567890123452"],
            ),
            (Format::Boolean, &["true", "No", "0", "y"], &["2", "maybe"]),
            (
                Format::Timestamp,
                &["2026-01-01T08:00:15Z", "2026-01-01 08:00:15.123", "01.02.2026 08:00"],
                &["2026-01-01"],
            ),
            (
                Format::Date,
                &["2026-02-28", "28.02.2026", "2/28/2026", "20260228", "3 Mar 2026"],
                &["2026-02-30", "12345678", "28.02"],
            ),
            (Format::Time, &["08:00", "23:59:59"], &["24:00", "8"]),
            (Format::Integer, &["0", "-12", "+7"], &["1.0", "", "12a", "007"]),
            (Format::Decimal, &["1.5", "-0.25", "1,234.50", "1e-3", "1,234"], &["1,5", "1.2.3", "12"]),
            (Format::DecimalComma, &["1,5", "1.234,50"], &["1.5", "1,2,3"]),
            (Format::Money, &["4.95 EUR", "€ 7,90", "$1,200.50", "12 USD"], &["4.95", "EUR", "4 XYZZY"]),
            (Format::Percent, &["12%", "3.5 %"], &["12", "%"]),
            (
                Format::Phone,
                &["+49 30 901820", "(030) 90 18-20", "+1-202-555-0143"],
                &["12", "2026-01-01", "192.0.2.1"],
            ),
            (Format::Country, &["DE", "us"], &["XX", "DEU"]),
            (Format::Json, &["{\"a\": [1, 2]}", "[]"], &["{a}", "1"]),
            (Format::Hash, &["d41d8cd98f00b204e9800998ecf8427e"], &["d41d8cd98f00b204e9800998ecf8427", "z"]),
        ];
        for (format, right, wrong) in cases {
            right.iter().for_each(|text| assert!(format.fits(text), "{format:?} {text}"));
            wrong.iter().for_each(|text| assert!(!format.fits(text), "{format:?} {text}"));
        }
    }

    #[test]
    fn day_and_month_are_told_apart_when_one_date_tells() {
        let written = |texts: &[&str]| guess(texts).unwrap().written;
        assert_eq!(written(&["01/02/2026", "03/04/2026"]), ["%d/%m/%Y", "%m/%d/%Y"]);
        assert_eq!(written(&["01/02/2026", "23/04/2026"]), ["%d/%m/%Y"]);
        assert_eq!(written(&["2026-01-02"]), ["%Y-%m-%d"]);
    }

    #[test]
    fn other_ways_to_write_dates_are_told_where_they_can_be_read() {
        let others = |texts: &[&str]| -> Vec<(&str, u64)> {
            guess(texts).unwrap().others.iter().map(|o| (o.form, o.texts)).collect()
        };
        assert_eq!(others(&["2026-01-02", "2026-01-03"]), []);
        assert_eq!(others(&["2026-01-02", "2026-01-03", "31.12.2026"]), [("%d.%m.%Y", 1)]);
        let several = ["2026-01-02", "2026-01-03", "2026-01-03", "3/4/2026", "31/4/2026", "30/4/2026", "20260102"];
        assert_eq!(others(&several), [("%d/%m/%Y", 2), ("%Y%m%d", 1)]);
        assert_eq!(others(&["2026-01-02", "2026-01-03", "3.1.2026", "20260102"]), [("%d.%m.%Y", 1), ("%Y%m%d", 1)]);
        // Day or month first: either, or both.
        assert_eq!(others(&["2026-01-02", "2026-01-03", "01/02/2026"]), []);
        assert_eq!(others(&["2026-01-02", "2026-01-03", "01/02/2026", "02/28/2026", "28/02/2026"]), []);
    }

    #[test]
    fn most_texts_decide_and_the_first_exception_is_told() {
        let guess = guess(&["1.5", "2", " ", "3.25", "4.95 EUR", "7.0", "8.5"]).unwrap();
        assert_eq!((guess.format, guess.sampled), (Format::Decimal, 6));
        assert_eq!(guess.exception.as_deref(), Some("4.95 EUR"));
        assert_eq!(super::guess(&["a", "b", "1"]), None);
        assert_eq!(super::guess(&[]), None);
    }
}
