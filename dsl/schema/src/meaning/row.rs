//! What predicates on each row mean.

use super::{Claim, rows, table};

pub(super) const CLAIMS: &[(&str, &[Claim])] = &[
    (
        "boolean",
        &[
            rows("a row violates where the expression is FALSE", "a int, b int", "(1, 1), (1, 2)", "same: (a = b);", 1),
            rows("NULL passes", "a int, b int", "(null, 1)", "same: (a = b);", 0),
            rows("with `null fails` NULL violates", "a int, b int", "(null, 1)", "same: (a = b) null fails;", 1),
            rows("no rows, no violation", "a int, b int", "", "same: (a = b);", 0),
            table(
                "with an aggregate in it the table is judged",
                "a int, b int",
                "(1, 2)",
                "some: (count(*) > 1);",
                false,
                "1",
            ),
        ],
    ),
    (
        "not_null",
        &[
            rows("NULL violates, a value does not", "x int", "(1), (null)", "x not null;", 1),
            rows("the empty text is a value", "x text", "('')", "x not null;", 0),
            rows("no rows, no violation", "x int", "", "x not null;", 0),
        ],
    ),
    (
        "not_blank",
        &[
            rows(
                "NULL, the empty text and white space violate",
                "x text",
                "('a'), (' '), (''), (null)",
                "x not blank;",
                3,
            ),
            rows("no rows, no violation", "x text", "", "x not blank;", 0),
            rows("blanks around a text do not count", "x text", "(' a ')", "x not blank;", 0),
        ],
    ),
    (
        "not_missing",
        &[
            rows(
                "NULL and the usual texts for a missing value violate, in any case",
                "x text",
                "('a'), (null), ('N/A'), (' '), ('-'), ('none')",
                "x not missing;",
                5,
            ),
            rows("what is named violates, and NULL", "x int", "(1), (-1), (null)", "x not missing (-1);", 2),
            rows(
                "what is named takes the place of the usual texts",
                "x text",
                "('N/A'), ('')",
                "x not missing ('?');",
                0,
            ),
            rows("no rows, no violation", "x text", "", "x not missing;", 0),
        ],
    ),
    (
        "in",
        &[
            rows("case counts", "x text", "('a'), ('b'), ('A')", "x in ('a');", 2),
            rows("NULL passes", "x text", "(null)", "x in ('a');", 0),
            rows("no rows, no violation", "x text", "", "x in ('a');", 0),
            rows("a value listed passes", "x text", "('a')", "x in ('a');", 0),
            rows(
                "with NULL in the list what is not listed is unknown, and passes",
                "x text",
                "('b')",
                "x in ('a', null);",
                0,
            ),
        ],
    ),
    (
        "not_in",
        &[
            rows("a value listed violates", "x text", "('a'), ('b')", "x not in ('a');", 1),
            rows("NULL passes", "x text", "(null)", "x not in ('a');", 0),
            rows("no rows, no violation", "x text", "", "x not in ('a');", 0),
        ],
    ),
    (
        "between",
        &[
            rows("both bounds are included", "x int", "(1), (3), (5)", "x between 1 and 5;", 0),
            rows("what is outside violates", "x int", "(0), (6)", "x between 1 and 5;", 2),
            rows("NULL passes", "x int", "(null)", "x between 1 and 5;", 0),
            rows("no rows, no violation", "x int", "", "x between 1 and 5;", 0),
            table(
                "on an aggregate it judges the table",
                "x int",
                "(1), (2)",
                "n: (sum(x)) between 1 and 2;",
                false,
                "3",
            ),
        ],
    ),
    (
        "strictly_between",
        &[
            rows("neither bound is included", "x int", "(1), (3), (5)", "x strictly between 1 and 5;", 2),
            rows("NULL passes", "x int", "(null)", "x strictly between 1 and 5;", 0),
            rows("no rows, no violation", "x int", "", "x strictly between 1 and 5;", 0),
            table(
                "on an aggregate it judges the table",
                "x int",
                "(1), (2)",
                "n: (count(*)) strictly between 2 and 4;",
                false,
                "2",
            ),
        ],
    ),
    (
        "not_between",
        &[
            rows("the bounds violate as well", "x int", "(0), (1), (3), (5), (6)", "x not between 1 and 5;", 3),
            rows("NULL passes", "x int", "(null)", "x not between 1 and 5;", 0),
            rows("no rows, no violation", "x int", "", "x not between 1 and 5;", 0),
        ],
    ),
    (
        "lt",
        &[
            rows("what compares so passes", "x int", "(4)", "x < 5;", 0),
            rows("what does not violates", "x int", "(5), (6)", "x < 5;", 2),
            rows("NULL passes", "x int", "(null)", "x < 5;", 0),
            rows("no rows, no violation", "x int", "", "x < 5;", 0),
        ],
    ),
    (
        "le",
        &[
            rows("what compares so passes", "x int", "(4), (5)", "x <= 5;", 0),
            rows("what does not violates", "x int", "(6)", "x <= 5;", 1),
            rows("NULL passes", "x int", "(null)", "x <= 5;", 0),
            rows("no rows, no violation", "x int", "", "x <= 5;", 0),
        ],
    ),
    (
        "eq",
        &[
            rows("what compares so passes", "x int", "(5)", "x = 5;", 0),
            rows("what does not violates", "x int", "(4)", "x = 5;", 1),
            rows("NULL passes", "x int", "(null)", "x = 5;", 0),
            rows("no rows, no violation", "x int", "", "x = 5;", 0),
            rows("NULL on the other side passes too", "x int, y int", "(1, null)", "x = y;", 0),
        ],
    ),
    (
        "ge",
        &[
            rows("what compares so passes", "x int", "(5), (6)", "x >= 5;", 0),
            rows("what does not violates", "x int", "(4)", "x >= 5;", 1),
            rows("NULL passes", "x int", "(null)", "x >= 5;", 0),
            rows("no rows, no violation", "x int", "", "x >= 5;", 0),
        ],
    ),
    (
        "gt",
        &[
            rows("what compares so passes", "x int", "(6)", "x > 5;", 0),
            rows("what does not violates", "x int", "(4), (5)", "x > 5;", 2),
            rows("NULL passes", "x int", "(null)", "x > 5;", 0),
            rows("no rows, no violation", "x int", "", "x > 5;", 0),
        ],
    ),
    (
        "ne",
        &[
            rows("what compares so passes", "x int", "(4)", "x <> 5;", 0),
            rows("what does not violates", "x int", "(5)", "x <> 5;", 1),
            rows("NULL passes", "x int", "(null)", "x <> 5;", 0),
            rows("no rows, no violation", "x int", "", "x <> 5;", 0),
        ],
    ),
    (
        "matches",
        &[
            rows("it is found anywhere in the text", "x text", "('xay'), ('b')", "x matches 'a';", 1),
            rows("anchored, it is the whole", "x text", "('xay'), ('a')", "x matches '^a$';", 1),
            rows("NULL passes", "x text", "(null)", "x matches 'a';", 0),
            rows("the empty text is a text", "x text", "('')", "x matches 'a';", 1),
            rows("no rows, no violation", "x text", "", "x matches 'a';", 0),
        ],
    ),
    (
        "not_matches",
        &[
            rows("found anywhere, it violates", "x text", "('xay'), ('b')", "x not matches 'a';", 1),
            rows("NULL passes", "x text", "(null)", "x not matches 'a';", 0),
            rows("no rows, no violation", "x text", "", "x not matches 'a';", 0),
        ],
    ),
    (
        "like",
        &[
            rows(
                "the pattern is the whole text, and case counts",
                "x text",
                "('abc'), ('xabc'), ('ABC')",
                "x like 'a%';",
                2,
            ),
            rows("NULL passes", "x text", "(null)", "x like 'a%';", 0),
            rows("no rows, no violation", "x text", "", "x like 'a%';", 0),
        ],
    ),
    (
        "not_like",
        &[
            rows("what is like the pattern violates", "x text", "('abc'), ('xabc')", "x not like 'a%';", 1),
            rows("NULL passes", "x text", "(null)", "x not like 'a%';", 0),
            rows("no rows, no violation", "x text", "", "x not like 'a%';", 0),
        ],
    ),
    (
        "length",
        &[
            rows("characters are counted, not bytes", "x text", "('größe'), ('ab')", "x length = 5;", 1),
            rows("both bounds are included", "x text", "('a'), ('abc'), ('abcd')", "x length between 1 and 3;", 1),
            rows("NULL passes", "x text", "(null)", "x length = 5;", 0),
            rows("the empty text has none", "x text", "('')", "x length >= 1;", 1),
            rows("no rows, no violation", "x text", "", "x length = 5;", 0),
        ],
    ),
    (
        "castable",
        &[
            rows(
                "what does not convert violates, the empty text too",
                "x text",
                "('12'), ('x'), ('1.5'), ('')",
                "x castable as int;",
                3,
            ),
            rows("NULL passes", "x text", "(null)", "x castable as int;", 0),
            rows("dates are of the calendar", "x text", "('2026-01-31'), ('2026-02-30')", "x castable as date;", 1),
            rows("no rows, no violation", "x text", "", "x castable as int;", 0),
        ],
    ),
    (
        "not_in_future",
        &[
            rows(
                "a time after the start of the run violates",
                "x timestamp",
                "('2001-01-01 00:00:00'), ('2999-01-01 00:00:00')",
                "x not in future;",
                1,
            ),
            rows("NULL passes", "x timestamp", "(null)", "x not in future;", 0),
            rows("no rows, no violation", "x timestamp", "", "x not in future;", 0),
            rows("dates are judged by their day", "x date", "('2001-01-01'), ('2999-01-01')", "x not in future;", 1),
        ],
    ),
    (
        "all_of",
        &[
            rows(
                "one part that is FALSE is enough to violate",
                "x text",
                "('ab'), ('b'), ('abc')",
                "x all of (like 'a%', length = 2);",
                2,
            ),
            rows("NULL in every part passes", "x text", "(null)", "x all of (like 'a%', length = 2);", 0),
            rows(
                "a FALSE part counts beside NULL",
                "x int, y int",
                "(1, null), (2, null)",
                "r: all of (x = 1, y = 1);",
                1,
            ),
            rows("no rows, no violation", "x text", "", "x all of (like 'a%', length = 2);", 0),
        ],
    ),
    (
        "any_of",
        &[
            rows(
                "a row violates when every part is FALSE",
                "x int, y int",
                "(1, 0), (0, 1), (0, 0)",
                "r: any of (x = 1, y = 1);",
                1,
            ),
            rows("NULL in one part passes", "x int, y int", "(null, 0), (0, 0)", "r: any of (x = 1, y = 1);", 1),
            rows("unless `null fails`", "x int, y int", "(null, 0)", "r: any of (x = 1, y = 1) null fails;", 1),
            rows("no rows, no violation", "x int, y int", "", "r: any of (x = 1, y = 1);", 0),
            table(
                "numbers of the table are joined as well",
                "x int",
                "(1), (1)",
                "r: any of (x duplicates = 0, x nulls = 0);",
                true,
                "true",
            ),
        ],
    ),
];
