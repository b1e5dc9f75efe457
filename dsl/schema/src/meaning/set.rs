//! What predicates on rows against other rows mean.

use super::{Claim, rows};

pub(super) const CLAIMS: &[(&str, &[Claim])] = &[
    (
        "unique",
        &[
            rows("every row of a repeated key violates", "x int", "(1), (1), (2)", "x unique;", 2),
            rows("NULL is never a duplicate", "x int", "(null), (null)", "x unique;", 0),
            rows("no rows, no violation", "x int", "", "x unique;", 0),
            rows("several are taken together", "x int, y int", "(1, 1), (1, 2), (1, 1)", "(x, y) unique;", 2),
            rows("with `by` in each group", "x int, g text", "(1, 'a'), (1, 'b'), (1, 'b')", "x unique by (g);", 2),
        ],
    ),
    (
        "references",
        &[
            rows("a key that is absent violates", "x int", "(1), (7)", "x references other (id);", 1),
            rows("NULL is never an orphan", "x int", "(null)", "x references other (id);", 0),
            rows("unless `null fails`", "x int", "(null), (1)", "x references other (id) null fails;", 1),
            rows("no rows, no violation", "x int", "", "x references other (id);", 0),
        ],
    ),
    (
        "not_references",
        &[
            rows("a key that is there violates", "x int", "(1), (7)", "x not references other (id);", 1),
            rows("NULL is never found, though it stands there", "x int", "(null)", "x not references other (id);", 0),
            rows("no rows, no violation", "x int", "", "x not references other (id);", 0),
        ],
    ),
    (
        "determines",
        &[
            rows(
                "who is not with the most violates",
                "x int, y text",
                "(1, 'a'), (1, 'a'), (1, 'b'), (2, 'c')",
                "x determines (y);",
                1,
            ),
            rows("at a tie all violate", "x int, y text", "(1, 'a'), (1, 'b')", "x determines (y);", 2),
            rows("NULL differs from a value", "x int, y text", "(1, 'a'), (1, 'a'), (1, null)", "x determines (y);", 1),
            rows("NULL has no vote", "x int, y text", "(1, 'a'), (1, null), (1, null)", "x determines (y);", 2),
            rows(
                "a NULL on the left is not compared",
                "x int, y text",
                "(null, 'a'), (null, 'b')",
                "x determines (y);",
                0,
            ),
            rows("no rows, no violation", "x int, y text", "", "x determines (y);", 0),
        ],
    ),
    (
        "increasing",
        &[
            rows(
                "equal passes, less violates",
                "x int, o int",
                "(1, 1), (2, 2), (2, 3), (1, 4)",
                "x increasing order by o;",
                1,
            ),
            rows(
                "strictly, equal violates",
                "x int, o int",
                "(1, 1), (2, 2), (2, 3)",
                "x strictly increasing order by o;",
                1,
            ),
            rows("NULL is passed over", "x int, o int", "(1, 1), (null, 2), (0, 3)", "x increasing order by o;", 1),
            rows("no rows, no violation", "x int, o int", "", "x increasing order by o;", 0),
            rows("the order is that of the column", "x int, o int", "(2, 2), (1, 1)", "x increasing order by o;", 0),
            rows(
                "with `by` in each group",
                "x int, g text, o int",
                "(1, 'a', 1), (5, 'b', 2), (2, 'a', 3), (4, 'b', 4)",
                "x increasing order by o by (g);",
                1,
            ),
        ],
    ),
    (
        "decreasing",
        &[
            rows(
                "equal passes, more violates",
                "x int, o int",
                "(2, 1), (2, 2), (1, 3), (3, 4)",
                "x decreasing order by o;",
                1,
            ),
            rows("strictly, equal violates", "x int, o int", "(2, 1), (2, 2)", "x strictly decreasing order by o;", 1),
            rows("NULL is passed over", "x int, o int", "(1, 1), (null, 2), (2, 3)", "x decreasing order by o;", 1),
            rows("no rows, no violation", "x int, o int", "", "x decreasing order by o;", 0),
        ],
    ),
    (
        "sequential",
        &[
            rows("each is the one before and 1", "x int", "(5), (6), (7), (9)", "x sequential order by x;", 1),
            rows("or the step", "x int", "(5), (7), (8)", "x sequential step 2 order by x;", 1),
            rows(
                "of times a duration",
                "x timestamp",
                "('2026-01-01 00:00:00'), ('2026-01-02 00:00:00'), ('2026-01-04 00:00:00')",
                "x sequential step 1d order by x;",
                1,
            ),
            rows("NULL is passed over", "x int", "(5), (null), (6)", "x sequential order by x;", 0),
            rows("no rows, no violation", "x int", "", "x sequential order by x;", 0),
            rows(
                "with `by` in each group",
                "x int, g text",
                "(1, 'a'), (1, 'b'), (2, 'a'), (3, 'b')",
                "x sequential order by x by (g);",
                1,
            ),
        ],
    ),
    (
        "not_overlapping",
        &[
            rows(
                "who begins where another ends passes, who begins before violates",
                "a int, b int",
                "(1, 3), (3, 5), (4, 6)",
                "r: (a, b) not overlapping;",
                1,
            ),
            rows("a NULL end never ends", "a int, b int", "(1, null), (9, 10)", "r: (a, b) not overlapping;", 1),
            rows(
                "a NULL beginning is passed over",
                "a int, b int",
                "(null, 5), (1, 2)",
                "r: (a, b) not overlapping;",
                0,
            ),
            rows(
                "a long range reaches over all that begin in it",
                "a int, b int",
                "(1, 9), (2, 3), (4, 5)",
                "r: (a, b) not overlapping;",
                2,
            ),
            rows(
                "with `by` in each group",
                "a int, b int, g text",
                "(1, 3, 'a'), (2, 4, 'b')",
                "r: (a, b) not overlapping by (g);",
                0,
            ),
            rows("no rows, no violation", "a int, b int", "", "r: (a, b) not overlapping;", 0),
        ],
    ),
    (
        "contiguous",
        &[
            rows("a gap violates", "a int, b int", "(1, 3), (3, 5), (6, 7)", "r: (a, b) contiguous;", 1),
            rows("an overlap violates", "a int, b int", "(1, 3), (2, 5)", "r: (a, b) contiguous;", 1),
            rows("nothing comes behind a NULL end", "a int, b int", "(1, null), (3, 5)", "r: (a, b) contiguous;", 1),
            rows("a NULL beginning is passed over", "a int, b int", "(null, 5), (1, 2)", "r: (a, b) contiguous;", 0),
            rows("no rows, no violation", "a int, b int", "", "r: (a, b) contiguous;", 0),
        ],
    ),
    (
        "transitions",
        &[
            rows(
                "a change that is not listed violates; staying passes",
                "x text, o int",
                "('new', 1), ('paid', 2), ('paid', 3), ('new', 4)",
                "x transitions ('new' to 'paid') order by o;",
                1,
            ),
            rows("the first passes", "x text, o int", "('paid', 1)", "x transitions ('new' to 'paid') order by o;", 0),
            rows(
                "NULL is passed over",
                "x text, o int",
                "('new', 1), (null, 2), ('paid', 3)",
                "x transitions ('new' to 'paid') order by o;",
                0,
            ),
            rows("no rows, no violation", "x text, o int", "", "x transitions ('new' to 'paid') order by o;", 0),
            rows(
                "the order is that of the column",
                "x text, o int",
                "('paid', 2), ('new', 1)",
                "x transitions ('new' to 'paid') order by o;",
                0,
            ),
        ],
    ),
    (
        "outliers",
        &[
            rows(
                "further from the mean than so many sample standard deviations violates",
                "x double",
                "(1), (2), (3), (2), (1), (3), (2), (1), (3), (2), (100)",
                "x within 3 sigma;",
                1,
            ),
            rows(
                "or from the quartiles",
                "x double",
                "(1), (2), (3), (4), (5), (6), (7), (8), (100)",
                "x within 1.5 iqr;",
                1,
            ),
            rows(
                "or from the median",
                "x double",
                "(1), (2), (3), (4), (5), (6), (7), (8), (100)",
                "x within 3.5 mad;",
                1,
            ),
            rows("values that are all the same have no outlier", "x double", "(5), (5), (5)", "x within 3 sigma;", 0),
            rows("one value is none", "x double", "(5)", "x within 3 sigma;", 0),
            rows("NULL is passed over", "x double", "(null), (1), (2)", "x within 3 sigma;", 0),
            rows("no rows, no violation", "x double", "", "x within 3 sigma;", 0),
            rows(
                "with `by` in each group",
                "x double, g text",
                "(1, 'a'), (2, 'a'), (3, 'a'), (2, 'a'), (1, 'a'), (3, 'a'), (2, 'a'), (1, 'a'), (3, 'a'), (2, 'a'), (100, 'a'), (100, 'b'), (100, 'b')",
                "x within 3 sigma by (g);",
                1,
            ),
        ],
    ),
];
