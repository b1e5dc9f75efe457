//! Predicates on the columns, before any row.

use super::{Level, PredicateInfo, pred};

pub(super) const PREDICATES: &[PredicateInfo] = &[
    pred(
        "columns",
        "columns (…)",
        Level::Schema,
        "validity",
        "columns (order_id, total, ordered_at);",
        "The table has just these columns, in this order.",
    ),
    pred(
        "type",
        "type …",
        Level::Schema,
        "validity",
        "total type in (decimal(12, 2), double);",
        "The column has this type, or one of those listed.",
    ),
    pred("closed", "closed", Level::Schema, "validity", "closed;", "The source has no column that is not declared."),
    pred(
        "columns_set",
        "columns in any order (…)",
        Level::Schema,
        "validity",
        "columns in any order (order_id, total);",
        "The table has just these columns, in whatever order.",
    ),
    pred(
        "columns_contain",
        "columns contain (…)",
        Level::Schema,
        "validity",
        "columns contain (order_id, total);",
        "The table has these columns; it may have others.",
    ),
    pred(
        "columns_without",
        "columns without (…)",
        Level::Schema,
        "validity",
        "columns without ('tmp_*', 'password');",
        "No column has one of these names; `*` stands for any characters.",
    ),
    pred(
        "columns_match",
        "columns match 'regex'",
        Level::Schema,
        "validity",
        "columns match '^[a-z][a-z0-9_]*$';",
        "The regular expression is found in the name of every column; anchor it with `^` and `$` for the whole.",
    ),
    pred(
        "columns_same_as",
        "columns same as table",
        Level::Schema,
        "consistency",
        "columns same as archive;",
        "The table has the columns of the other one, with the same types, in whatever order.",
    ),
    pred(
        "column_count",
        "column count …",
        Level::Schema,
        "validity",
        "column count between 5 and 9;",
        "The number of columns.",
    ),
];
