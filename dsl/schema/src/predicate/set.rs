//! Predicates on rows against the other rows, or another table.

use super::{Level, METRIC, NUMBER, ORDERED, PredicateInfo, pred};

pub(super) const PREDICATES: &[PredicateInfo] = &[
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
        "[strictly] increasing [order by c]",
        Level::Set,
        "consistency",
        "sequence increasing;",
        "No row is below the one before it, in the order read, or in that of the column behind `order by`; equal passes unless `strictly` stands before it, NULL is passed over. With `by` in each group.",
    )
    .of(ORDERED),
    pred("decreasing", "[strictly] decreasing [order by c]", Level::Set, "consistency", "rank strictly decreasing order by score;", "No row is above the one before it, in the order read, or in that of the column behind `order by`; equal passes unless `strictly` stands before it, NULL is passed over. With `by` in each group.").of(ORDERED),
    pred("sequential", "sequential [step n] [order by c]", Level::Set, "consistency", "day sequential step 1d by (sensor);", "Each value is the one before it and the step, 1 without one; the first row is right. NULL is passed over. With `by` in each group.").of(METRIC),
    pred("not_references", "not references table (column, …)", Level::Set, "consistency", "email not references blocked (email);", "The value is not in the other table; a key with a NULL in it never is. An empty table holds nothing: all pass."),
    pred("not_overlapping", "not overlapping", Level::Set, "consistency", "(valid_from, valid_to) not overlapping by (price_id);", "No range begins before all that began earlier have ended: one that does violates; to begin where another ends passes. A NULL end never ends; a NULL beginning is passed over. With `by` in each group.").of(ORDERED),
    pred("contiguous", "contiguous", Level::Set, "consistency", "(valid_from, valid_to) contiguous by (price_id);", "Each range begins where the one before it, in order of their beginnings, ends: no gap, no overlap. A NULL beginning is passed over. With `by` in each group.").of(ORDERED),
    pred("transitions", "transitions (a to b, …) [order by c]", Level::Set, "consistency", "status transitions ('new' to 'paid', 'paid' to 'shipped') order by at by (order_id);", "Each change of the value, from a row to the next in order, is one of those listed; a value that stays the same passes, and so does the first. NULL is passed over. With `by` in each group."),
    pred("outliers", "within n sigma|iqr|mad", Level::Set, "accuracy", "total within 3 sigma by (shop);", "The value is no further from the mean than n sample standard deviations; or from the quartiles than n times the distance between them; or from the median than n times 1.4826 times the median distance from it. Quantiles interpolate. NULL is passed over. Fewer than 2 values, or values that are all the same, have no outlier. With `by` in each group.").of(NUMBER),
];
