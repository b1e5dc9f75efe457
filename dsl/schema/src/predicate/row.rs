//! Predicates on each row.

use super::{Level, ORDERED, PredicateInfo, TEXT, TIME, pred};
use crate::TypeClass;

pub(super) const PREDICATES: &[PredicateInfo] = &[
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
    pred(
        "not_in",
        "not in (…)",
        Level::Row,
        "validity",
        "status not in ('?', '-');",
        "The value is none of the list; NULL passes.",
    ),
    pred(
        "between",
        "between a and b",
        Level::Row,
        "validity",
        "quantity between 1 and 100;",
        "The value lies between the bounds, both included; NULL passes. On an aggregate it judges the table.",
    )
    .of(ORDERED),
    pred(
        "lt",
        "<",
        Level::Row,
        "validity",
        "discount < 1;",
        "The value is less; NULL passes. On an aggregate it judges the table.",
    )
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
    pred(
        "eq",
        "=",
        Level::Row,
        "validity",
        "currency = 'EUR';",
        "The value is that; NULL passes. On an aggregate it judges the table.",
    ),
    pred(
        "ge",
        ">=",
        Level::Row,
        "validity",
        "shipped_at >= ordered_at;",
        "The value is at least that; NULL passes. On an aggregate it judges the table.",
    )
    .of(ORDERED),
    pred(
        "gt",
        ">",
        Level::Row,
        "validity",
        "unit_price > 0;",
        "The value is greater; NULL passes. On an aggregate it judges the table.",
    )
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
    pred(
        "like",
        "like 'pattern'",
        Level::Row,
        "validity",
        "sku like 'DE-%';",
        "The text is like SQL's pattern; NULL passes.",
    )
    .of(TEXT),
    pred(
        "length",
        "length …",
        Level::Row,
        "validity",
        "zip length = 5;",
        "The number of characters is between, or compares with, what follows; NULL passes.",
    )
    .of(TEXT),
    pred(
        "not_missing",
        "not missing [(…)]",
        Level::Row,
        "completeness",
        "phone not missing ('N/A', '-');",
        "The value is there and is none of the values that stand for a missing one: those named, or by themselves '', 'n/a', 'na', 'nan', 'nil', 'none', 'null', 'unknown', 'undefined', '-', '--', '.', '?' in any case, blanks around them apart. NULL violates.",
    ),
    pred(
        "strictly_between",
        "strictly between a and b",
        Level::Row,
        "validity",
        "share strictly between 0 and 1;",
        "The value lies between the bounds, neither included; NULL passes. On an aggregate it judges the table.",
    )
    .of(ORDERED),
    pred(
        "not_between",
        "not between a and b",
        Level::Row,
        "validity",
        "hour not between 1 and 5;",
        "The value is below the first bound or above the second: on a bound it violates. NULL passes.",
    )
    .of(ORDERED),
    pred(
        "not_matches",
        "not matches 'regex'",
        Level::Row,
        "validity",
        "note not matches '(?i)password';",
        "The regular expression is found nowhere in the text. NULL passes.",
    )
    .of(TEXT),
    pred(
        "not_like",
        "not like 'pattern'",
        Level::Row,
        "validity",
        "sku not like 'TMP%';",
        "The text is not like SQL's pattern; NULL passes.",
    )
    .of(TEXT),
    pred(
        "castable",
        "castable as type",
        Level::Row,
        "validity",
        "code castable as int;",
        "The text converts to the type, as `cast` in SQL does. NULL passes, the empty text violates.",
    )
    .of(TEXT),
    pred(
        "not_in_future",
        "not in future",
        Level::Row,
        "timeliness",
        "ordered_at not in future;",
        "The time is not after the start of the run; a date, not after its day (UTC). NULL passes.",
    )
    .of(TIME),
    pred(
        "all_of",
        "all of (…)",
        Level::Row,
        "validity",
        "sku all of (matches '^[A-Z]', length = 8);",
        "Every part holds. As SQL's AND: FALSE with one FALSE part, so NULL in the others does not save it.",
    ),
    pred(
        "any_of",
        "any of (…)",
        Level::Row,
        "validity",
        "contact: any of (email not blank, phone is phone);",
        "At least one part holds. As SQL's OR: a row violates when every part is FALSE; NULL in one lets it pass, unless `null fails`.",
    ),
];
