//! What predicates on the table and on its columns mean.

use super::{Claim, rows, table};

pub(super) const CLAIMS: &[(&str, &[Claim])] = &[
    (
        "distinct",
        &[
            table("NULL is not counted", "x int", "(1), (1), (2), (null)", "x distinct = 2;", true, "2"),
            table("0 for no rows", "x int", "", "x distinct = 0;", true, "0"),
            table("more fails", "x int", "(1), (2)", "x distinct < 2;", false, "2"),
        ],
    ),
    (
        "completeness",
        &[
            table(
                "the share with a value; the bound passes",
                "x int",
                "(1), (null), (3), (4)",
                "x completeness >= 75%;",
                true,
                "0.75",
            ),
            table("less fails", "x int", "(1), (null)", "x completeness > 50%;", false, "0.5"),
            table("no rows pass", "x int", "", "x completeness = 1;", true, "NULL"),
            table("unless `null fails`", "x int", "", "x completeness = 1 null fails;", false, "NULL"),
        ],
    ),
    (
        "nulls",
        &[
            table("counted", "x int", "(1), (null), (null)", "x nulls <= 2;", true, "2"),
            table("one is too many", "x int", "(null)", "x nulls = 0;", false, "1"),
            table("0 for no rows", "x int", "", "x nulls = 0;", true, "0"),
        ],
    ),
    (
        "uniqueness",
        &[
            table(
                "rows whose value occurs once, over rows with a value",
                "x int",
                "(1), (1), (2), (3), (null)",
                "x uniqueness = 0.5;",
                true,
                "0.5",
            ),
            table("none", "x int", "(1), (1)", "x uniqueness > 0;", false, "0.0"),
            table("no rows pass", "x int", "", "x uniqueness = 1;", true, "NULL"),
        ],
    ),
    (
        "unique_value_ratio",
        &[
            table(
                "values that occur once, over distinct values",
                "x int",
                "(1), (1), (2), (null)",
                "x unique_value_ratio = 0.5;",
                true,
                "0.5",
            ),
            table("none", "x int", "(1), (1)", "x unique_value_ratio > 0;", false, "0.0"),
            table("no rows pass", "x int", "", "x unique_value_ratio = 1;", true, "NULL"),
        ],
    ),
    (
        "distinctness",
        &[
            table(
                "distinct values, over rows with a value",
                "x int",
                "(1), (1), (2), (2), (null)",
                "x distinctness = 0.5;",
                true,
                "0.5",
            ),
            table("the bound fails", "x int", "(1), (1)", "x distinctness > 0.5;", false, "0.5"),
            table("from a sketch", "x int", "(1), (1), (2), (2), (null)", "x distinctness = 0.5 approx;", true, "0.5"),
            table("no rows pass", "x int", "", "x distinctness = 1;", true, "NULL"),
        ],
    ),
    (
        "duplicates",
        &[
            table(
                "every row of a repeated value; NULL is none",
                "x int",
                "(1), (1), (2), (null), (null)",
                "x duplicates = 2;",
                true,
                "2",
            ),
            table("two rows of one value", "x int", "(1), (1)", "x duplicates = 0;", false, "2"),
            table("0 for no rows", "x int", "", "x duplicates = 0;", true, "0"),
        ],
    ),
    (
        "mean",
        &[
            table(
                "NULL does not count",
                "x double",
                "(1), (2), (2), (3), (10), (null)",
                "x mean between 3.6 and 3.6;",
                true,
                "3.6",
            ),
            table("the bound fails", "x double", "(1)", "x mean > 1;", false, "1.0"),
            table("no values pass", "x double", "", "x mean > 1;", true, "NULL"),
            table(
                "with `by` each group, and those that fail are named",
                "x double, g text",
                "(1, 'a'), (9, 'b')",
                "x mean < 5 by (g);",
                false,
                "1 of 2 groups: g = b: 9.0",
            ),
        ],
    ),
    (
        "sum",
        &[
            table("NULL does not count", "x double", "(1), (2), (2), (3), (10), (null)", "x sum = 18;", true, "18.0"),
            table("the bound fails", "x double", "(1)", "x sum > 1;", false, "1.0"),
            table("no values pass", "x double", "", "x sum = 0;", true, "NULL"),
        ],
    ),
    (
        "minimum",
        &[
            table("the bound passes", "x double", "(1), (2), (2), (3), (10), (null)", "x minimum >= 1;", true, "1.0"),
            table("less fails", "x double", "(1)", "x minimum > 1;", false, "1.0"),
            table("no values pass", "x double", "", "x minimum > 1;", true, "NULL"),
            table(
                "of times and texts too",
                "x date",
                "('2026-01-01')",
                "x minimum >= date '2026-01-01';",
                true,
                "2026-01-01",
            ),
        ],
    ),
    (
        "maximum",
        &[
            table("the bound passes", "x double", "(1), (2), (2), (3), (10), (null)", "x maximum <= 10;", true, "10.0"),
            table("more fails", "x double", "(1)", "x maximum < 1;", false, "1.0"),
            table("no values pass", "x double", "", "x maximum < 1;", true, "NULL"),
        ],
    ),
    (
        "median",
        &[
            table(
                "of an even number the mean of the two in the middle",
                "x double",
                "(1), (2), (3), (10), (null)",
                "x median = 2.5;",
                true,
                "2.5",
            ),
            table("the bound fails", "x double", "(1)", "x median > 1;", false, "1.0"),
            table("no values pass", "x double", "", "x median > 1;", true, "NULL"),
        ],
    ),
    (
        "quantile",
        &[
            table(
                "interpolated between neighbours",
                "x double",
                "(1), (2), (3), (4)",
                "x quantile 0.25 = 1.75;",
                true,
                "1.75",
            ),
            table("of one value that value", "x double", "(1)", "x quantile 0.9 > 1;", false, "1.0"),
            table("no values pass", "x double", "(null)", "x quantile 0.9 > 1;", true, "NULL"),
            table("no rows pass", "x double", "", "x quantile 0.9 > 1;", true, "NULL"),
        ],
    ),
    (
        "mode",
        &[
            table(
                "of several the least; NULL is none",
                "x text",
                "('b'), ('b'), ('a'), ('a'), ('c'), (null), (null), (null)",
                "x mode in ('a');",
                true,
                "a",
            ),
            table("another fails", "x text", "('b')", "x mode = 'a';", false, "b"),
            table("no values pass", "x text", "", "x mode = 'a';", true, "NULL"),
        ],
    ),
    (
        "stddev",
        &[
            table(
                "of the sample: over n - 1",
                "x double",
                "(1), (2), (3), (4), (null)",
                "x stddev between 1.29 and 1.2910;",
                true,
                "1.2909944487358056",
            ),
            table("more fails", "x double", "(1), (3)", "x stddev < 1;", false, "1.4142135623730951"),
            table("fewer than two values pass", "x double", "(1)", "x stddev < 0;", true, "NULL"),
            table("no values pass", "x double", "", "x stddev < 0;", true, "NULL"),
        ],
    ),
    (
        "variance",
        &[
            table("of the sample: over n - 1", "x double", "(1), (3), (null)", "x variance = 2;", true, "2.0"),
            table("the bound fails", "x double", "(1), (3)", "x variance < 2;", false, "2.0"),
            table("fewer than two values pass", "x double", "(1)", "x variance < 0;", true, "NULL"),
            table("no values pass", "x double", "", "x variance < 0;", true, "NULL"),
        ],
    ),
    (
        "range",
        &[
            table(
                "the greatest less the least",
                "x double",
                "(1), (2), (2), (3), (10), (null)",
                "x range = 9;",
                true,
                "9.0",
            ),
            table("the bound fails", "x double", "(1), (2)", "x range < 1;", false, "1.0"),
            table("no values pass", "x double", "", "x range < 1;", true, "NULL"),
        ],
    ),
    (
        "iqr",
        &[
            table("of interpolated quartiles", "x double", "(1), (2), (3), (4)", "x iqr = 1.5;", true, "1.5"),
            table("the bound fails", "x double", "(1), (5)", "x iqr < 2;", false, "2.0"),
            table("no values pass", "x double", "", "x iqr < 1;", true, "NULL"),
        ],
    ),
    (
        "skewness",
        &[
            table("of the population", "x double", "(1), (2), (3), (null)", "x skewness = 0;", true, "0.0"),
            table(
                "a long tail upwards is positive",
                "x double",
                "(1), (1), (10)",
                "x skewness < 0.5;",
                false,
                "0.7071067811865476",
            ),
            table("values that are all the same pass", "x double", "(1), (1)", "x skewness > 0;", true, "NULL"),
            table("no values pass", "x double", "", "x skewness > 0;", true, "NULL"),
        ],
    ),
    (
        "kurtosis",
        &[
            table("of the population, less 3", "x double", "(1), (3), (null)", "x kurtosis = -2;", true, "-2.0"),
            table("two values have no tails", "x double", "(1), (3)", "x kurtosis > 0;", false, "-2.0"),
            table("no values pass", "x double", "", "x kurtosis > 0;", true, "NULL"),
        ],
    ),
    (
        "entropy",
        &[
            table(
                "in nats; NULL is no value",
                "x text",
                "('a'), ('b'), (null)",
                "x entropy between 0.693 and 0.694;",
                true,
                "0.6931471805599453",
            ),
            table("0 for one value", "x text", "('a'), ('a')", "x entropy > 0;", false, "0.0"),
            table("no values pass", "x text", "", "x entropy > 0;", true, "NULL"),
        ],
    ),
    (
        "row_count",
        &[
            table("every row counts", "x int", "(1), (null)", "row count = 2;", true, "2"),
            table("0 for an empty table", "x int", "", "row count >= 1;", false, "0"),
            table("both bounds are included", "x int", "(1), (2)", "row count between 1 and 2;", true, "2"),
        ],
    ),
    (
        "row_count_same_as",
        &[
            table("as many", "x int", "(1), (2), (3)", "row count same as other;", true, "3"),
            table("fewer fail", "x int", "(1)", "row count same as other;", false, "1"),
            table("two empty tables are the same", "x int", "", "row count same as nothing;", true, "0"),
        ],
    ),
    (
        "values_contain",
        &[
            table(
                "others may occur",
                "x text",
                "('a'), ('b'), ('c'), (null)",
                "x values contain ('a', 'b');",
                true,
                "true",
            ),
            table("each must occur", "x text", "('a')", "x values contain ('a', 'b');", false, "false"),
            table("an empty table has none", "x text", "", "x values contain ('a');", false, "false"),
        ],
    ),
    (
        "values_equal",
        &[
            table("NULL apart", "x text", "('a'), ('b'), (null)", "x values equal ('a', 'b');", true, "true"),
            table("no other may occur", "x text", "('a'), ('b'), ('c')", "x values equal ('a', 'b');", false, "false"),
            table("an empty table has none", "x text", "", "x values equal ('a');", false, "false"),
        ],
    ),
    (
        "gaps",
        &[
            table(
                "in the order of the values; the distance itself passes",
                "x int",
                "(1), (3), (null), (2), (5)",
                "x without gaps over 2;",
                true,
                "0",
            ),
            table("further apart fails", "x int", "(1), (4)", "x without gaps over 2;", false, "1"),
            table("one value has no gap", "x int", "(1)", "x without gaps over 2;", true, "0"),
            table("no rows, no gap", "x int", "", "x without gaps over 2;", true, "0"),
            table(
                "of times a duration",
                "x timestamp",
                "('2026-01-01 00:00:00'), ('2026-01-03 00:00:00')",
                "x without gaps over 1d;",
                false,
                "1",
            ),
            table(
                "with `by` in each group",
                "x int, g text",
                "(1, 'a'), (9, 'b')",
                "x without gaps over 2 by (g);",
                true,
                "2 groups, all as expected",
            ),
        ],
    ),
    (
        "within_age",
        &[
            table(
                "too old",
                "x timestamp",
                "('2001-01-01 00:00:00')",
                "fresh: (max(x)) within 1d;",
                false,
                "2001-01-01T00:00:00",
            ),
            table(
                "a later time passes",
                "x timestamp",
                "('2999-01-01 00:00:00')",
                "fresh: (max(x)) within 1d;",
                true,
                "2999-01-01T00:00:00",
            ),
            table("no rows pass", "x timestamp", "", "fresh: (max(x)) within 1d;", true, "NULL"),
            rows(
                "a column's rows are judged each",
                "x timestamp",
                "('2001-01-01 00:00:00'), ('2999-01-01 00:00:00'), (null)",
                "x within 1d;",
                1,
            ),
        ],
    ),
    (
        "same_as",
        &[
            table(
                "the aggregate over the other column",
                "x int",
                "(1), (2), (3)",
                "s: (count(x)) same as other (id);",
                false,
                "3",
            ),
            table(
                "NULL counts as the aggregate has it",
                "x int",
                "(1), (2)",
                "s: (sum(x)) same as other (id);",
                true,
                "3",
            ),
            table("no values pass", "x int", "", "s: (sum(x)) same as other (id);", true, "NULL"),
        ],
    ),
    (
        "psi",
        &[
            table(
                "the same distribution has none",
                "x double",
                "(1), (2), (3), (4), (5), (6), (7), (8), (9), (10)",
                "x psi from ref (v) < 0.01;",
                true,
                "0.0",
            ),
            table(
                "another one has much",
                "x double",
                "(10), (10), (10), (10), (10), (10), (10), (10), (10), (10)",
                "x psi from ref (v) < 0.2;",
                false,
                "",
            ),
            table("no values pass", "x double", "", "x psi from ref (v) < 0.2;", true, "NULL"),
        ],
    ),
    (
        "ks",
        &[
            table(
                "the greatest distance of cumulated shares",
                "x double",
                "(1), (2), (3), (4), (5), (null)",
                "x ks from ref (v) <= 0.5;",
                true,
                "0.5",
            ),
            table("1 when they do not overlap", "x double", "(11)", "x ks from ref (v) < 1;", false, "1.0"),
            table("no values pass", "x double", "", "x ks from ref (v) < 0.1;", true, "NULL"),
        ],
    ),
    (
        "ks_p",
        &[
            table(
                "the same distribution is likely",
                "x double",
                "(1), (2), (3), (4), (5), (6), (7), (8), (9), (10)",
                "x ks_p from ref (v) > 0.99;",
                true,
                "1.0",
            ),
            table(
                "another one is not",
                "x double",
                "(11), (12), (13), (14), (15), (16), (17), (18), (19), (20)",
                "x ks_p from ref (v) > 0.05;",
                false,
                "",
            ),
            table("no values pass", "x double", "", "x ks_p from ref (v) > 0.05;", true, "NULL"),
        ],
    ),
    (
        "chi_square",
        &[
            table(
                "the same shares have none",
                "x text",
                "('a'), ('a'), ('b'), ('b'), (null)",
                "x chi_square from ref (k) = 0;",
                true,
                "0.0",
            ),
            table(
                "a value that is not there is infinitely far",
                "x text",
                "('a'), ('c')",
                "x chi_square from ref (k) < 100;",
                false,
                "inf",
            ),
            table("no values pass", "x text", "", "x chi_square from ref (k) < 1;", true, "NULL"),
        ],
    ),
    (
        "chi_square_p",
        &[
            table(
                "the same shares are likely",
                "x text",
                "('a'), ('a'), ('b'), ('b')",
                "x chi_square_p from ref (k) > 0.9;",
                true,
                "1.0",
            ),
            table(
                "a value that is not there is not",
                "x text",
                "('c')",
                "x chi_square_p from ref (k) > 0.05;",
                false,
                "0.0",
            ),
            table("no values pass", "x text", "", "x chi_square_p from ref (k) > 0.05;", true, "NULL"),
        ],
    ),
    (
        "kl_divergence",
        &[
            table(
                "the same shares have none",
                "x text",
                "('a'), ('b'), (null)",
                "x kl_divergence from ref (k) < 0.1;",
                true,
                "0.0",
            ),
            table(
                "a value that is not there is infinitely far",
                "x text",
                "('a'), ('c')",
                "x kl_divergence from ref (k) < 100;",
                false,
                "inf",
            ),
            table("no values pass", "x text", "", "x kl_divergence from ref (k) < 0.1;", true, "NULL"),
        ],
    ),
    (
        "columns",
        &[
            table("these and no others, in this order", "x int, y text", "", "columns (x, y);", true, "x, y"),
            table("another order fails", "x int, y text", "", "columns (y, x);", false, "x, y"),
        ],
    ),
    (
        "columns_set",
        &[
            table("the order does not count", "x int, y text", "", "columns in any order (y, x);", true, "x, y"),
            table("one more fails", "x int, y text", "", "columns in any order (x);", false, "x, y"),
        ],
    ),
    ("columns_contain", &[table("others may be there", "x int, y text", "", "columns contain (x);", true, "none")]),
    (
        "columns_without",
        &[
            table("`*` stands for any characters", "x int, y text", "", "columns without ('z*');", true, "none"),
            table("one that is like it fails", "x int, y text", "", "columns without ('*y');", false, "found: y"),
        ],
    ),
    (
        "columns_match",
        &[
            table("every name", "x int, y text", "", "columns match '^[a-z]$';", true, "none"),
            table("one that does not fails", "x int, y text", "", "columns match '^x$';", false, "other names: y"),
        ],
    ),
    (
        "columns_same_as",
        &[
            table(
                "the same names with the same types",
                "id int, name text",
                "",
                "columns same as other;",
                true,
                "none",
            ),
            table("another name fails", "id int, nam text", "", "columns same as other;", false, "differ: nam, name"),
        ],
    ),
    (
        "column_count",
        &[
            table("of the data", "x int, y text", "", "column count = 2;", true, "2"),
            table("fewer fail", "x int, y text", "", "column count between 3 and 5;", false, "2"),
        ],
    ),
    (
        "type",
        &[
            table("just this type", "x int, y text", "", "x type int;", true, "int"),
            table("or one of those listed", "x int, y text", "", "x type in (bigint, double);", false, "int"),
        ],
    ),
];
