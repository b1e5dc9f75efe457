//! Formats: `is email`.

use super::{Level, PredicateInfo, TEXT, TIME, pred};
use crate::TypeClass;

/// Any type.
const ANY: &[TypeClass] = &[];

/// `is <name>`, on text.
const fn format(name: &'static str, syntax: &'static str, example: &'static str, doc: &'static str) -> PredicateInfo {
    pred(name, syntax, Level::Row, "validity", example, doc).of(TEXT)
}

pub(super) const PREDICATES: &[PredicateInfo] = &[
    format(
        "email",
        "is email",
        "email is email;",
        "An address: a local part, `@`, a domain with a dot; no blanks, no display name. NULL passes.",
    ),
    format("url", "is url", "website is url;", "An absolute URL with a host, `http` or `https`. NULL passes."),
    format(
        "uuid",
        "is uuid",
        "id is uuid;",
        "Eight, four, four, four and twelve hexadecimal digits with `-` between, in either case. NULL passes.",
    ),
    format("ip", "is ip", "client is ip;", "An IPv4 or an IPv6 address. NULL passes."),
    format(
        "ipv4",
        "is ipv4",
        "client is ipv4;",
        "Four numbers from 0 to 255 with dots between, without leading zeros. NULL passes.",
    ),
    format(
        "ipv6",
        "is ipv6",
        "client is ipv6;",
        "An IPv6 address in any of its written forms, without a zone. NULL passes.",
    ),
    format(
        "date",
        "is date ['format']",
        "born is date '%d.%m.%Y';",
        "A date of the calendar in this form, `%Y-%m-%d` without one: 2026-02-30 violates. NULL passes.",
    ),
    format("json", "is json", "payload is json;", "One JSON value and nothing else. NULL passes."),
    format(
        "cidr",
        "is cidr",
        "network is cidr;",
        "A network: an IPv4 or IPv6 address, `/` and a prefix length. NULL passes.",
    ),
    format(
        "mac",
        "is mac",
        "device is mac;",
        "Six pairs of hexadecimal digits with `:` or `-` between, one of them throughout. NULL passes.",
    ),
    format(
        "semver",
        "is semver",
        "release is semver;",
        "A version by Semantic Versioning 2.0.0: `1.2.3`, `1.0.0-rc.1+5`; no leading `v`. NULL passes.",
    ),
    format(
        "iban",
        "is iban",
        "account is iban;",
        "An account number whose country, length, form and check digits are right; blanks between groups of four are let pass. NULL passes.",
    ),
    format(
        "bic",
        "is bic",
        "bank is bic;",
        "A business identifier code, ISO 9362: four letters, an ISO 3166-1 country, two and perhaps three letters or digits. NULL passes.",
    ),
    format(
        "credit_card",
        "is credit_card",
        "card is credit_card;",
        "12 to 19 digits, blanks or `-` between groups, whose Luhn check digit is right. NULL passes.",
    ),
    format(
        "isbn",
        "is isbn",
        "isbn is isbn;",
        "An ISBN of 10 or 13 digits whose check digit is right, with or without hyphens. NULL passes.",
    ),
    format(
        "vin",
        "is vin",
        "vehicle is vin;",
        "A vehicle identification number: 17 letters and digits without I, O and Q whose check digit (ISO 3779, as in North America) is right. NULL passes.",
    ),
    format(
        "ssn",
        "is ssn",
        "number is ssn;",
        "A social security number of the United States, `AAA-GG-SSSS`, of the ranges that are issued. NULL passes.",
    ),
    format(
        "phone",
        "is phone",
        "phone is phone;",
        "A telephone number of E.164: `+`, the country's code and at most 15 digits in all; blanks, hyphens, dots and one pair of parentheses between them are let pass. NULL passes.",
    ),
    format("country", "is country", "country is country;", "An ISO 3166-1 code of two capital letters. NULL passes."),
    format(
        "country3",
        "is country3",
        "country is country3;",
        "An ISO 3166-1 code of three capital letters. NULL passes.",
    ),
    format(
        "subdivision",
        "is subdivision",
        "state is subdivision;",
        "An ISO 3166-2 code, such as `DE-BY`. NULL passes.",
    ),
    format(
        "currency",
        "is currency",
        "currency is currency;",
        "An ISO 4217 code of three capital letters. NULL passes.",
    ),
    format("language", "is language", "locale is language;", "An ISO 639-1 code of two small letters. NULL passes."),
    format(
        "postal_code",
        "is postal_code 'country'",
        "zip is postal_code 'DE';",
        "A postal code of the form its country uses; the country is an ISO code of two letters. NULL passes.",
    ),
    format("latitude", "is latitude", "lat is latitude;", "A number from -90 to 90, also as text. NULL passes.")
        .of(&[TypeClass::Number, TypeClass::Text]),
    format("longitude", "is longitude", "lon is longitude;", "A number from -180 to 180, also as text. NULL passes.")
        .of(&[TypeClass::Number, TypeClass::Text]),
    format(
        "money",
        "is money",
        "price is money;",
        "An amount: a currency's sign or ISO code before or behind a number with at most two decimals, thousands apart with `,` or not at all. NULL passes.",
    ),
    format("percentage", "is percentage", "share is percentage;", "A number and `%`. NULL passes."),
    format(
        "time",
        "is time ['format']",
        "starts is time '%H:%M';",
        "A time of the day in this form, `%H:%M:%S` without one. NULL passes.",
    ),
    format(
        "timestamp",
        "is timestamp ['format']",
        "at is timestamp '%d.%m.%Y %H:%M';",
        "A date and time of the calendar in this form; RFC 3339 without one, with `T` or a blank, the offset left out or not. NULL passes.",
    ),
    format(
        "json_schema",
        "is json_schema 'schema'",
        "payload is json_schema '{\"required\": [\"id\"]}';",
        "A JSON value that the JSON Schema accepts: one written in place, or the path of its file from the folder of this one. Its draft is the one it names, 2020-12 without one; its references lead to files of the project, nothing is fetched. What is not JSON violates. NULL passes.",
    ),
    format("upper", "is upper", "code is upper;", "No letter is small. Text without letters passes. NULL passes."),
    format("lower", "is lower", "code is lower;", "No letter is a capital. Text without letters passes. NULL passes."),
    format(
        "title",
        "is title",
        "name is title;",
        "Each word begins with a capital or title-case letter and goes on in small ones. NULL passes.",
    ),
    format("null", "is null", "deleted_at is null;", "The value is NULL.").of(ANY),
    format("weekday", "is weekday", "shipped_at is weekday;", "The day is one from Monday to Friday. NULL passes.")
        .of(TIME),
    format("weekend", "is weekend", "shipped_at is weekend;", "The day is a Saturday or a Sunday. NULL passes.")
        .of(TIME),
];
