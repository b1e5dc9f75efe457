//! Predicates of rules.

use crate::TypeClass;

/// What a predicate's verdict is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Each row on its own.
    Row,
    /// Rows against the other rows, or another table: some rows violate.
    Set,
    /// The table as a whole: no row is to blame.
    Table,
    /// The columns, before any row.
    Schema,
    /// The table against earlier runs.
    History,
}

/// A predicate.
#[derive(Clone, Copy, Debug)]
pub struct PredicateInfo {
    /// The check's name, also of derived rule names and `check:` fields: `not_null`, `ge`, `email`.
    pub name: &'static str,
    /// As written: `not null`, `>=`, `is email`.
    pub syntax: &'static str,
    /// What it means, with bounds, NULL, empty input, duplicates.
    pub doc: &'static str,
    /// A rule.
    pub example: &'static str,
    /// What its verdict is about.
    pub level: Level,
    /// The subject types it takes; empty: any.
    pub types: &'static [TypeClass],
    /// The dimension of a rule that names none.
    pub dimension: &'static str,
    /// Whether this binary can run it.
    pub available: bool,
}

/// Types with an order.
const ORDERED: &[TypeClass] = &[TypeClass::Number, TypeClass::Text, TypeClass::Time];
const TEXT: &[TypeClass] = &[TypeClass::Text];

/// A predicate on any type, available.
const fn pred(
    name: &'static str,
    syntax: &'static str,
    level: Level,
    dimension: &'static str,
    example: &'static str,
    doc: &'static str,
) -> PredicateInfo {
    PredicateInfo { name, syntax, doc, example, level, types: &[], dimension, available: true }
}

/// `is <name>`, on text.
const fn format(name: &'static str, syntax: &'static str, example: &'static str, doc: &'static str) -> PredicateInfo {
    pred(name, syntax, Level::Row, "validity", example, doc).of(TEXT)
}

impl PredicateInfo {
    const fn of(mut self, types: &'static [TypeClass]) -> Self {
        self.types = types;
        self
    }

    const fn later(mut self) -> Self {
        self.available = false;
        self
    }

    /// Whether it judges subjects of this family.
    pub fn takes(&self, class: TypeClass) -> bool {
        self.types.is_empty() || self.types.contains(&class)
    }

    /// Whether it is written `is <name>`.
    pub fn is_format(&self) -> bool {
        self.syntax.starts_with("is ")
    }
}

const PREDICATES: &[PredicateInfo] = &[
    // Row predicates.
    pred(
        "boolean",
        "",
        Level::Row,
        "validity",
        "total_adds_up: (abs(total - quantity * unit_price) < 0.01);",
        "The expression is not FALSE; NULL passes. With an aggregate or a subquery in it, it judges the table.",
    )
    .of(&[TypeClass::Boolean]),
    pred("not_null", "not null", Level::Row, "completeness", "order_id not null;", "The value is there."),
    pred(
        "not_blank",
        "not blank",
        Level::Row,
        "completeness",
        "email not blank;",
        "The text is there and is not empty or white space only; NULL violates.",
    )
    .of(TEXT),
    pred(
        "in",
        "in (…)",
        Level::Row,
        "validity",
        "status in ('new', 'paid', 'shipped', 'returned');",
        "The value is one of the list; case counts, NULL passes.",
    ),
    pred("not_in", "not in (…)", Level::Row, "validity", "status not in ('?', '-');", "The value is none of the list; NULL passes."),
    pred(
        "between",
        "between a and b",
        Level::Row,
        "validity",
        "quantity between 1 and 100;",
        "The value lies between the bounds, both included; NULL passes. On an aggregate it judges the table.",
    )
    .of(ORDERED),
    pred("lt", "<", Level::Row, "validity", "discount < 1;", "The value is less; NULL passes. On an aggregate it judges the table.")
        .of(ORDERED),
    pred(
        "le",
        "<=",
        Level::Row,
        "validity",
        "ordered_at <= shipped_at;",
        "The value is at most that; NULL passes. On an aggregate it judges the table.",
    )
    .of(ORDERED),
    pred("eq", "=", Level::Row, "validity", "currency = 'EUR';", "The value is that; NULL passes. On an aggregate it judges the table."),
    pred(
        "ge",
        ">=",
        Level::Row,
        "validity",
        "shipped_at >= ordered_at;",
        "The value is at least that; NULL passes. On an aggregate it judges the table.",
    )
    .of(ORDERED),
    pred("gt", ">", Level::Row, "validity", "unit_price > 0;", "The value is greater; NULL passes. On an aggregate it judges the table.")
        .of(ORDERED),
    pred(
        "ne",
        "<>",
        Level::Row,
        "validity",
        "country <> 'XX';",
        "The value is not that; NULL passes. On an aggregate it judges the table.",
    ),
    pred(
        "matches",
        "matches 'regex'",
        Level::Row,
        "validity",
        "sku matches '^[A-Z]{2}-[0-9]+$';",
        "The regular expression is found anywhere in the text; anchor it with `^` and `$` for the whole. NULL passes.",
    )
    .of(TEXT),
    pred("like", "like 'pattern'", Level::Row, "validity", "sku like 'DE-%';", "The text is like SQL's pattern; NULL passes.").of(TEXT),
    pred(
        "length",
        "length …",
        Level::Row,
        "validity",
        "zip length = 5;",
        "The number of characters is between, or compares with, what follows; NULL passes.",
    )
    .of(TEXT),
    // Formats.
    format("email", "is email", "email is email;", "An address: a local part, `@`, a domain with a dot; no blanks, no display name. NULL passes."),
    format("url", "is url", "website is url;", "An absolute URL with a host, `http` or `https`. NULL passes."),
    format("uuid", "is uuid", "id is uuid;", "Eight, four, four, four and twelve hexadecimal digits with `-` between, in either case. NULL passes."),
    format("ip", "is ip", "client is ip;", "An IPv4 or an IPv6 address. NULL passes."),
    format("ipv4", "is ipv4", "client is ipv4;", "Four numbers from 0 to 255 with dots between, without leading zeros. NULL passes."),
    format("ipv6", "is ipv6", "client is ipv6;", "An IPv6 address in any of its written forms, without a zone. NULL passes."),
    format(
        "date",
        "is date ['format']",
        "born is date '%d.%m.%Y';",
        "A date of the calendar in this form, `%Y-%m-%d` without one: 2026-02-30 violates. NULL passes.",
    ),
    format("json", "is json", "payload is json;", "One JSON value and nothing else. NULL passes."),
    format("iban", "is iban", "account is iban;", "An account number whose length and check digits are right. NULL passes.").later(),
    format("country", "is country", "country is country;", "An ISO 3166-1 code of two letters. NULL passes.").later(),
    format("currency", "is currency", "currency is currency;", "An ISO 4217 code of three letters. NULL passes.").later(),
    format("language", "is language", "locale is language;", "An ISO 639-1 code of two letters. NULL passes.").later(),
    format("phone", "is phone", "phone is phone;", "An E.164 number: `+` and up to 15 digits. NULL passes.").later(),
    // Set predicates.
    pred(
        "unique",
        "unique",
        Level::Set,
        "uniqueness",
        "order_id unique;",
        "No value twice; every row of a repeated key violates. A key with a NULL in it is never a duplicate. Keys already committed count.",
    ),
    pred(
        "references",
        "references table (column, …)",
        Level::Set,
        "consistency",
        "customer_id references customers (id);",
        "The value is in the other table; a key with a NULL in it is never an orphan. An empty table refers to nothing: all violate.",
    ),
    pred(
        "determines",
        "determines (column, …)",
        Level::Set,
        "consistency",
        "zip determines (city);",
        "Rows with the same value agree on the columns; those that do not have the group's most frequent value violate, all at a tie. NULL differs from a value; a NULL on the left is not compared.",
    ),
    pred(
        "increasing",
        "increasing",
        Level::Set,
        "consistency",
        "sequence increasing;",
        "No row is below the one before it, in the order read; equal passes, NULL is passed over.",
    )
    .of(ORDERED),
    // The number of distinct values has no row to blame, so its verdict is the table's.
    pred(
        "distinct",
        "distinct …",
        Level::Table,
        "uniqueness",
        "shop distinct between 2 and 50;",
        "The number of distinct values, NULL apart, is between, or compares with, what follows; 0 for an empty table.",
    ),
    // Table predicates; `between`, comparisons and booleans are above.
    pred(
        "within_age",
        "within 1d",
        Level::Table,
        "timeliness",
        "freshness: (max(ordered_at)) within 1d;",
        "The time is no further back than that from the start of the run; a later time passes. NULL, as of an empty table, passes unless `null fails`.",
    )
    .of(&[TypeClass::Time]),
    pred(
        "same_as",
        "same as table (column)",
        Level::Table,
        "consistency",
        "sold: (sum(total)) same as ledger (total);",
        "The aggregate is the same over the other table's column.",
    ),
    // Schema rules.
    pred(
        "columns",
        "columns (…)",
        Level::Schema,
        "validity",
        "columns (order_id, total, ordered_at);",
        "The table has just these columns, in this order.",
    ),
    pred("type", "type …", Level::Schema, "validity", "total type decimal(12, 2);", "The column has this type."),
    pred("closed", "closed", Level::Schema, "validity", "closed;", "The source has no column that is not declared."),
    // History.
    pred(
        "within_sigma",
        "within 3 sigma over last 14 runs",
        Level::History,
        "consistency",
        "usual_size: (count(*)) within 3 sigma over last 14 runs;",
        "The number is no further from the mean of earlier runs than so many standard deviations.",
    )
    .of(&[TypeClass::Number])
    .later(),
    pred(
        "within_last",
        "within 20% of last run",
        Level::History,
        "consistency",
        "steady: (count(*)) within 20% of last run;",
        "The number is no further from the last run's than that share of it.",
    )
    .of(&[TypeClass::Number])
    .later(),
];

/// All predicates, by level.
pub fn predicates() -> &'static [PredicateInfo] {
    PREDICATES
}

/// The predicate whose check has this name.
pub fn predicate(name: &str) -> Option<&'static PredicateInfo> {
    predicates().iter().find(|p| p.name == name)
}
