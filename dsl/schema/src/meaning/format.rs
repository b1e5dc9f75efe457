//! What formats mean.

use super::{Claim, rows};

pub(super) const CLAIMS: &[(&str, &[Claim])] = &[
    (
        "null",
        &[
            rows("a value violates, NULL does not", "x int", "(1), (null)", "x is null;", 1),
            rows("no rows, no violation", "x int", "", "x is null;", 0),
            rows("the empty text is a value", "x text", "('')", "x is null;", 1),
        ],
    ),
    (
        "email",
        &[
            rows("these pass", "x text", "('a@b.de'), ('first.last@sub.example.org')", "x is email;", 0),
            rows("these violate", "x text", "(''), ('a@b'), ('a b@c.de'), ('A <a@b.de>')", "x is email;", 4),
            rows("NULL passes", "x text", "(null)", "x is email;", 0),
            rows("no rows, no violation", "x text", "", "x is email;", 0),
        ],
    ),
    (
        "url",
        &[
            rows("these pass", "x text", "('http://a'), ('https://example.com/a?b=c')", "x is url;", 0),
            rows("these violate", "x text", "(''), ('example.com'), ('ftp://a')", "x is url;", 3),
            rows("NULL passes", "x text", "(null)", "x is url;", 0),
            rows("no rows, no violation", "x text", "", "x is url;", 0),
        ],
    ),
    (
        "uuid",
        &[
            rows("these pass", "x text", "('f81d4fae-7dec-11d0-a765-00a0c91e6bf6')", "x is uuid;", 0),
            rows("these violate", "x text", "(''), ('f81d4fae7dec11d0a76500a0c91e6bf6')", "x is uuid;", 2),
            rows("NULL passes", "x text", "(null)", "x is uuid;", 0),
            rows("no rows, no violation", "x text", "", "x is uuid;", 0),
        ],
    ),
    (
        "ip",
        &[
            rows("these pass", "x text", "('127.0.0.1'), ('::1')", "x is ip;", 0),
            rows("these violate", "x text", "(''), ('1.2.3'), ('01.2.3.4')", "x is ip;", 3),
            rows("NULL passes", "x text", "(null)", "x is ip;", 0),
            rows("no rows, no violation", "x text", "", "x is ip;", 0),
        ],
    ),
    (
        "ipv4",
        &[
            rows("these pass", "x text", "('0.0.0.0'), ('255.255.255.255')", "x is ipv4;", 0),
            rows("these violate", "x text", "(''), ('256.1.1.1'), ('::1')", "x is ipv4;", 3),
            rows("NULL passes", "x text", "(null)", "x is ipv4;", 0),
            rows("no rows, no violation", "x text", "", "x is ipv4;", 0),
        ],
    ),
    (
        "ipv6",
        &[
            rows("these pass", "x text", "('::1'), ('2001:db8::ff00:42:8329')", "x is ipv6;", 0),
            rows("these violate", "x text", "(''), ('1.2.3.4'), ('fe80::1%eth0')", "x is ipv6;", 3),
            rows("NULL passes", "x text", "(null)", "x is ipv6;", 0),
            rows("no rows, no violation", "x text", "", "x is ipv6;", 0),
        ],
    ),
    (
        "cidr",
        &[
            rows("these pass", "x text", "('10.0.0.0/8'), ('::/0')", "x is cidr;", 0),
            rows("these violate", "x text", "(''), ('10.0.0.0'), ('10.0.0.0/33')", "x is cidr;", 3),
            rows("NULL passes", "x text", "(null)", "x is cidr;", 0),
            rows("no rows, no violation", "x text", "", "x is cidr;", 0),
        ],
    ),
    (
        "mac",
        &[
            rows("these pass", "x text", "('00:1A:2b:3c:4d:5e'), ('00-1A-2B-3C-4D-5E')", "x is mac;", 0),
            rows("these violate", "x text", "(''), ('00:1A-2b:3c:4d:5e')", "x is mac;", 2),
            rows("NULL passes", "x text", "(null)", "x is mac;", 0),
            rows("no rows, no violation", "x text", "", "x is mac;", 0),
        ],
    ),
    (
        "semver",
        &[
            rows("these pass", "x text", "('1.2.3'), ('1.0.0-rc.1+5')", "x is semver;", 0),
            rows("these violate", "x text", "(''), ('1.2'), ('v1.2.3')", "x is semver;", 3),
            rows("NULL passes", "x text", "(null)", "x is semver;", 0),
            rows("no rows, no violation", "x text", "", "x is semver;", 0),
        ],
    ),
    (
        "date",
        &[
            rows("these pass", "x text", "('2026-01-31'), ('2024-02-29')", "x is date;", 0),
            rows("these violate", "x text", "(''), ('2026-02-30'), ('31.01.2026')", "x is date;", 3),
            rows("NULL passes", "x text", "(null)", "x is date;", 0),
            rows("no rows, no violation", "x text", "", "x is date;", 0),
            rows(
                "with a form, in just that form",
                "x text",
                "('31.01.2026'), ('1.1.2026')",
                "x is date '%d.%m.%Y';",
                1,
            ),
        ],
    ),
    (
        "timestamp",
        &[
            rows("these pass", "x text", "('2026-01-31T12:30:00Z'), ('2026-01-31 12:30:00')", "x is timestamp;", 0),
            rows("these violate", "x text", "(''), ('2026-01-31'), ('2026-02-30T00:00:00Z')", "x is timestamp;", 3),
            rows("NULL passes", "x text", "(null)", "x is timestamp;", 0),
            rows("no rows, no violation", "x text", "", "x is timestamp;", 0),
            rows(
                "with a form, in just that form",
                "x text",
                "('31.01.2026 12:30')",
                "x is timestamp '%d.%m.%Y %H:%M';",
                0,
            ),
        ],
    ),
    (
        "time",
        &[
            rows("these pass", "x text", "('23:59:59')", "x is time;", 0),
            rows("these violate", "x text", "(''), ('24:00:00'), ('5:07:00')", "x is time;", 3),
            rows("NULL passes", "x text", "(null)", "x is time;", 0),
            rows("no rows, no violation", "x text", "", "x is time;", 0),
            rows("with a form, in just that form", "x text", "('05:07'), ('5:07')", "x is time '%H:%M';", 1),
        ],
    ),
    (
        "json_schema",
        &[
            rows(
                "what the schema accepts passes, what it does not violates",
                "x text",
                "('{\"id\": 1}'), ('{\"id\": \"1\"}'), ('{}')",
                "x is json_schema '{\"required\": [\"id\"], \"properties\": {\"id\": {\"type\": \"integer\"}}}';",
                2,
            ),
            rows("what is not JSON violates", "x text", "(''), ('{')", "x is json_schema '{}';", 2),
            rows(
                "the draft is the one that `$schema` names",
                "x text",
                "('1'), ('2')",
                "x is json_schema '{\"$schema\": \"http://json-schema.org/draft-04/schema#\", \"minimum\": 1, \"exclusiveMinimum\": true}';",
                1,
            ),
            rows(
                "in a draft from 2019-09 on `format` is a note and judges nothing",
                "x text",
                "('\"nobody\"')",
                "x is json_schema '{\"format\": \"email\"}';",
                0,
            ),
            rows("NULL passes", "x text", "(null)", "x is json_schema '{}';", 0),
            rows("no rows, no violation", "x text", "", "x is json_schema '{}';", 0),
        ],
    ),
    (
        "json",
        &[
            rows("these pass", "x text", "('null'), ('{\"a\": [1]}')", "x is json;", 0),
            rows("these violate", "x text", "(''), ('{'), ('1 2')", "x is json;", 3),
            rows("NULL passes", "x text", "(null)", "x is json;", 0),
            rows("no rows, no violation", "x text", "", "x is json;", 0),
        ],
    ),
    (
        "iban",
        &[
            rows(
                "these pass",
                "x text",
                "('DE89370400440532013000'), ('DE89 3704 0044 0532 0130 00')",
                "x is iban;",
                0,
            ),
            rows("these violate", "x text", "(''), ('DE89370400440532013001')", "x is iban;", 2),
            rows("NULL passes", "x text", "(null)", "x is iban;", 0),
            rows("no rows, no violation", "x text", "", "x is iban;", 0),
        ],
    ),
    (
        "bic",
        &[
            rows("these pass", "x text", "('DEUTDEFF'), ('DEUTDEFF500')", "x is bic;", 0),
            rows("these violate", "x text", "(''), ('DEUTXXFF')", "x is bic;", 2),
            rows("NULL passes", "x text", "(null)", "x is bic;", 0),
            rows("no rows, no violation", "x text", "", "x is bic;", 0),
        ],
    ),
    (
        "credit_card",
        &[
            rows("these pass", "x text", "('4111111111111111'), ('4111 1111 1111 1111')", "x is credit_card;", 0),
            rows("these violate", "x text", "(''), ('4111111111111112'), ('0000000000000000')", "x is credit_card;", 3),
            rows("NULL passes", "x text", "(null)", "x is credit_card;", 0),
            rows("no rows, no violation", "x text", "", "x is credit_card;", 0),
        ],
    ),
    (
        "isbn",
        &[
            rows("these pass", "x text", "('978-3-16-148410-0'), ('0306406152')", "x is isbn;", 0),
            rows("these violate", "x text", "(''), ('9783161484101')", "x is isbn;", 2),
            rows("NULL passes", "x text", "(null)", "x is isbn;", 0),
            rows("no rows, no violation", "x text", "", "x is isbn;", 0),
        ],
    ),
    (
        "vin",
        &[
            rows("these pass", "x text", "('1M8GDM9AXKP042788')", "x is vin;", 0),
            rows("these violate", "x text", "(''), ('1M8GDM9A1KP042788')", "x is vin;", 2),
            rows("NULL passes", "x text", "(null)", "x is vin;", 0),
            rows("no rows, no violation", "x text", "", "x is vin;", 0),
        ],
    ),
    (
        "ssn",
        &[
            rows("these pass", "x text", "('123-45-6789')", "x is ssn;", 0),
            rows("these violate", "x text", "(''), ('000-45-6789'), ('123456789')", "x is ssn;", 3),
            rows("NULL passes", "x text", "(null)", "x is ssn;", 0),
            rows("no rows, no violation", "x text", "", "x is ssn;", 0),
        ],
    ),
    (
        "phone",
        &[
            rows("these pass", "x text", "('+491701234567'), ('+1 (212) 555-0100')", "x is phone;", 0),
            rows("these violate", "x text", "(''), ('01701234567'), ('+1234567890123456')", "x is phone;", 3),
            rows("NULL passes", "x text", "(null)", "x is phone;", 0),
            rows("no rows, no violation", "x text", "", "x is phone;", 0),
        ],
    ),
    (
        "country",
        &[
            rows("these pass", "x text", "('DE'), ('US')", "x is country;", 0),
            rows("these violate", "x text", "(''), ('de'), ('DEU'), ('XX')", "x is country;", 4),
            rows("NULL passes", "x text", "(null)", "x is country;", 0),
            rows("no rows, no violation", "x text", "", "x is country;", 0),
        ],
    ),
    (
        "country3",
        &[
            rows("these pass", "x text", "('DEU')", "x is country3;", 0),
            rows("these violate", "x text", "(''), ('DE'), ('XXX')", "x is country3;", 3),
            rows("NULL passes", "x text", "(null)", "x is country3;", 0),
            rows("no rows, no violation", "x text", "", "x is country3;", 0),
        ],
    ),
    (
        "subdivision",
        &[
            rows("these pass", "x text", "('DE-BY')", "x is subdivision;", 0),
            rows("these violate", "x text", "(''), ('DE'), ('DE-XX')", "x is subdivision;", 3),
            rows("NULL passes", "x text", "(null)", "x is subdivision;", 0),
            rows("no rows, no violation", "x text", "", "x is subdivision;", 0),
        ],
    ),
    (
        "currency",
        &[
            rows("these pass", "x text", "('EUR')", "x is currency;", 0),
            rows("these violate", "x text", "(''), ('eur'), ('ABC')", "x is currency;", 3),
            rows("NULL passes", "x text", "(null)", "x is currency;", 0),
            rows("no rows, no violation", "x text", "", "x is currency;", 0),
        ],
    ),
    (
        "language",
        &[
            rows("these pass", "x text", "('de')", "x is language;", 0),
            rows("these violate", "x text", "(''), ('DE'), ('xx')", "x is language;", 3),
            rows("NULL passes", "x text", "(null)", "x is language;", 0),
            rows("no rows, no violation", "x text", "", "x is language;", 0),
        ],
    ),
    (
        "postal_code",
        &[
            rows("these pass", "x text", "('01067')", "x is postal_code 'DE';", 0),
            rows("these violate", "x text", "(''), ('1067'), ('D-01067')", "x is postal_code 'DE';", 3),
            rows("NULL passes", "x text", "(null)", "x is postal_code 'DE';", 0),
            rows("no rows, no violation", "x text", "", "x is postal_code 'DE';", 0),
        ],
    ),
    (
        "latitude",
        &[
            rows("these pass", "x text", "('90'), ('-12.5')", "x is latitude;", 0),
            rows("these violate", "x text", "(''), ('90.1'), ('north')", "x is latitude;", 3),
            rows("NULL passes", "x text", "(null)", "x is latitude;", 0),
            rows("no rows, no violation", "x text", "", "x is latitude;", 0),
            rows("numbers are judged as well", "x double", "(90), (-91)", "x is latitude;", 1),
        ],
    ),
    (
        "longitude",
        &[
            rows("these pass", "x text", "('-180'), ('12.5')", "x is longitude;", 0),
            rows("these violate", "x text", "(''), ('180.1'), ('east')", "x is longitude;", 3),
            rows("NULL passes", "x text", "(null)", "x is longitude;", 0),
            rows("no rows, no violation", "x text", "", "x is longitude;", 0),
            rows("numbers are judged as well", "x double", "(180), (181)", "x is longitude;", 1),
        ],
    ),
    (
        "money",
        &[
            rows("these pass", "x text", "('$1,200.50'), ('12.00 EUR')", "x is money;", 0),
            rows("these violate", "x text", "(''), ('12'), ('$12,34')", "x is money;", 3),
            rows("NULL passes", "x text", "(null)", "x is money;", 0),
            rows("no rows, no violation", "x text", "", "x is money;", 0),
        ],
    ),
    (
        "percentage",
        &[
            rows("these pass", "x text", "('5%'), ('-0.5 %')", "x is percentage;", 0),
            rows("these violate", "x text", "(''), ('5'), ('%')", "x is percentage;", 3),
            rows("NULL passes", "x text", "(null)", "x is percentage;", 0),
            rows("no rows, no violation", "x text", "", "x is percentage;", 0),
        ],
    ),
    (
        "upper",
        &[
            rows("these pass", "x text", "('AB-1'), ('')", "x is upper;", 0),
            rows("these violate", "x text", "('aB')", "x is upper;", 1),
            rows("NULL passes", "x text", "(null)", "x is upper;", 0),
            rows("no rows, no violation", "x text", "", "x is upper;", 0),
        ],
    ),
    (
        "lower",
        &[
            rows("these pass", "x text", "('ab-1'), ('')", "x is lower;", 0),
            rows("these violate", "x text", "('aB')", "x is lower;", 1),
            rows("NULL passes", "x text", "(null)", "x is lower;", 0),
            rows("no rows, no violation", "x text", "", "x is lower;", 0),
        ],
    ),
    (
        "title",
        &[
            rows("these pass", "x text", "('Anna Karenina'), ('')", "x is title;", 0),
            rows("these violate", "x text", "('anna'), ('Anna karenina')", "x is title;", 2),
            rows("NULL passes", "x text", "(null)", "x is title;", 0),
            rows("no rows, no violation", "x text", "", "x is title;", 0),
        ],
    ),
    (
        "weekday",
        &[
            rows("these pass", "x timestamp", "('2026-01-30 12:00:00')", "x is weekday;", 0),
            rows(
                "these violate",
                "x timestamp",
                "('2026-01-31 12:00:00'), ('2026-02-01 12:00:00')",
                "x is weekday;",
                2,
            ),
            rows("NULL passes", "x timestamp", "(null)", "x is weekday;", 0),
            rows("no rows, no violation", "x timestamp", "", "x is weekday;", 0),
        ],
    ),
    (
        "weekend",
        &[
            rows("these pass", "x timestamp", "('2026-01-31 12:00:00')", "x is weekend;", 0),
            rows("these violate", "x timestamp", "('2026-01-30 12:00:00')", "x is weekend;", 1),
            rows("NULL passes", "x timestamp", "(null)", "x is weekend;", 0),
            rows("no rows, no violation", "x timestamp", "", "x is weekend;", 0),
        ],
    ),
];
