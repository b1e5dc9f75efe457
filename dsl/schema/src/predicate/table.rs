//! Predicates on the table as a whole, and against its earlier runs.

use super::{Level, METRIC, NUMBER, ORDERED, PredicateInfo, pred};
use crate::TypeClass;

pub(super) const PREDICATES: &[PredicateInfo] = &[
    pred(
        "distinct",
        "distinct …",
        Level::Table,
        "uniqueness",
        "shop distinct between 2 and 50;",
        "The number of distinct values, NULL apart, is between, or compares with, what follows; 0 for an empty table.",
    ),
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
    pred("completeness", "completeness …", Level::Table, "completeness", "email completeness >= 95%;", "The share of rows whose value is not NULL; NULL for no rows, which passes."),
    pred("nulls", "nulls …", Level::Table, "completeness", "email nulls <= 10;", "The number of rows whose value is NULL; 0 for no rows."),
    pred("uniqueness", "uniqueness …", Level::Table, "uniqueness", "email uniqueness >= 99%;", "The rows whose value occurs once, as a share of the rows with a value; NULL for none, which passes."),
    pred("unique_value_ratio", "unique_value_ratio …", Level::Table, "uniqueness", "email unique_value_ratio >= 99%;", "The values that occur once, as a share of the distinct values; NULL for none, which passes."),
    pred("distinctness", "distinctness …", Level::Table, "uniqueness", "email distinctness >= 50%;", "The distinct values, as a share of the rows with a value; exact, with `approx` from a sketch. NULL for none, which passes."),
    pred("duplicates", "duplicates …", Level::Table, "uniqueness", "email duplicates <= 10;", "The number of rows whose value occurs more than once, every one of them counted; NULL is no value. 0 for no rows."),
    pred("mean", "mean …", Level::Table, "accuracy", "total mean between 10 and 100;", "The mean of the values; NULL for none, which passes.").of(NUMBER),
    pred("sum", "sum …", Level::Table, "accuracy", "total sum > 0;", "The sum of the values; NULL for none, which passes.").of(NUMBER),
    pred("minimum", "minimum …", Level::Table, "validity", "total minimum >= 0;", "The least value; NULL for none, which passes.").of(ORDERED),
    pred("maximum", "maximum …", Level::Table, "validity", "total maximum < 10000;", "The greatest value; NULL for none, which passes.").of(ORDERED),
    pred("median", "median …", Level::Table, "accuracy", "total median between 10 and 50;", "The value in the middle, of an even number the mean of the two; exact, with `approx` from a sketch. NULL for none, which passes.").of(NUMBER),
    pred("quantile", "quantile q …", Level::Table, "accuracy", "total quantile 0.99 < 1000;", "The value below which the share lies, interpolated between neighbours as in NumPy's default; exact, with `approx` from a sketch. NULL for none, which passes.").of(NUMBER),
    pred("mode", "mode …", Level::Table, "accuracy", "status mode in ('paid', 'shipped');", "The most frequent value, of several the least. NULL for none, which passes."),
    pred("stddev", "stddev …", Level::Table, "accuracy", "total stddev < 50;", "The sample standard deviation (n - 1); NULL for fewer than 2 values, which passes.").of(NUMBER),
    pred("variance", "variance …", Level::Table, "accuracy", "total variance < 2500;", "The sample variance (n - 1); NULL for fewer than 2 values, which passes.").of(NUMBER),
    pred("range", "range …", Level::Table, "accuracy", "total range < 1000;", "The greatest value less the least; NULL for none, which passes.").of(NUMBER),
    pred("iqr", "iqr …", Level::Table, "accuracy", "total iqr < 100;", "The third quartile less the first, interpolated; NULL for no values, which passes.").of(NUMBER),
    pred("skewness", "skewness …", Level::Table, "accuracy", "total skewness between -1 and 1;", "The population's skewness, m3 / m2^1.5; NULL when there are no values or all are the same, which passes.").of(NUMBER),
    pred("kurtosis", "kurtosis …", Level::Table, "accuracy", "total kurtosis < 5;", "The population's excess kurtosis, m4 / m2^2 - 3; NULL when there are no values or all are the same, which passes.").of(NUMBER),
    pred("entropy", "entropy …", Level::Table, "accuracy", "status entropy > 0.5;", "The entropy of the values' shares, in nats; 0 for one value, NULL for none, which passes."),
    pred("psi", "psi from table (column) …", Level::Table, "consistency", "total psi from last_year (total) < 0.2;", "The population stability index against the other column: numbers in ten bins of as many reference values, other types by value; a share of 0 counts as 0.0001. NULL when either has no value, which passes."),
    pred("ks", "ks from table (column) …", Level::Table, "consistency", "total ks from last_year (total) < 0.1;", "The Kolmogorov-Smirnov statistic of the two columns: the greatest distance of their cumulated shares, 0 to 1. NULL when either has no value, which passes.").of(NUMBER),
    pred("ks_p", "ks_p from table (column) …", Level::Table, "consistency", "total ks_p from last_year (total) > 0.05;", "The asymptotic p-value of the two-sample Kolmogorov-Smirnov test, two-sided. NULL when either has no value, which passes.").of(NUMBER),
    pred("chi_square", "chi_square from table (column) …", Level::Table, "consistency", "status chi_square from last_year (status) < 20;", "The chi-square statistic of the values' counts against the other column's shares. A value that the other does not have makes it infinite. NULL when either has no value, which passes."),
    pred("chi_square_p", "chi_square_p from table (column) …", Level::Table, "consistency", "status chi_square_p from last_year (status) > 0.05;", "The p-value of the chi-square test of the values' counts against the other column's shares, with as many degrees of freedom as values less 1. NULL when either has no value, which passes."),
    pred("kl_divergence", "kl_divergence from table (column) …", Level::Table, "consistency", "status kl_divergence from last_year (status) < 0.1;", "The Kullback-Leibler divergence of the values' shares from the other column's, in nats; infinite when a value is missing there. NULL when either has no value, which passes."),
    pred("row_count", "row count …", Level::Table, "completeness", "row count between 1000 and 10000000;", "The number of rows; 0 for an empty table."),
    pred("row_count_same_as", "row count same as table", Level::Table, "completeness", "row count same as ledger;", "As many rows as the other table has; two empty tables are the same."),
    pred("values_contain", "values contain (…)", Level::Table, "validity", "status values contain ('new', 'paid');", "Each of the values listed occurs; others may too. An empty table has none."),
    pred("values_equal", "values equal (…)", Level::Table, "validity", "status values equal ('new', 'paid');", "Each of the values listed occurs, and no other; NULL apart. An empty table has none."),
    pred("gaps", "without gaps over d", Level::Table, "timeliness", "ordered_at without gaps over 1d;", "Between a value and the next greater one there is no more than that; NULL is passed over, fewer than 2 values have no gap. With `by` in each group.").of(METRIC),
    pred(
        "within_sigma",
        "within 3 sigma over last 14 runs",
        Level::History,
        "consistency",
        "usual_size: (count(*)) within 3 sigma over last 14 runs;",
        "The number, of an aggregate or a statistic, is no further from the mean of earlier runs than so many standard deviations (of the sample, over n - 1). The bound passes. As all rules on earlier runs it warms up, and neither passes nor fails, until as many earlier values count as it looks at, at most 5. Values count as they committed, after healing: without those this rule found wrong, and those of runs of which more than a tenth of the rows did not commit as they came; five such runs in a row are a new level. A day of the week is that of the run's clock, in UTC.",
    )
    .of(NUMBER),
    pred(
        "within_iqr",
        "within 1.5 iqr over last 20 runs",
        Level::History,
        "consistency",
        "total mean within 1.5 iqr over last 20 runs;",
        "The number is no further below the first quartile of earlier runs, or above the third, than so many distances between the two. Quartiles are interpolated. The bound passes.",
    )
    .of(NUMBER),
    pred(
        "within_mad",
        "within 3.5 mad over last 20 runs",
        Level::History,
        "consistency",
        "total mean within 3.5 mad over last 20 runs;",
        "The number is no further from the median of earlier runs than so many times 1.4826 their median distance from it, which of normal values is a standard deviation. The bound passes.",
    )
    .of(NUMBER),
    pred(
        "within_season",
        "within 3 sigma seasonal 7 over last 28 runs",
        Level::History,
        "consistency",
        "weekly: (count(*)) within 3 sigma seasonal 7 over last 28 runs;",
        "The number is no further from a forecast than so many times the root of the mean square of what the forecasts of earlier runs were wrong by. The forecast is Holt and Winters' additive one, with a level, a trend and a season of so many runs; it smooths by 0.3, 0.05 and 0.3, begins with the first two seasons, and is wrong from the second one on. A run that does not count keeps its place in the season. The bound passes.",
    )
    .of(NUMBER),
    pred(
        "within_last",
        "within 20% of last run",
        Level::History,
        "consistency",
        "steady: (count(*)) within 20% of last run;",
        "The number is no further from the last run's than that share of it; from the mean, or the `median`, `minimum` or `maximum` named, `of last 10 runs`. The bound passes.",
    )
    .of(NUMBER),
    pred(
        "above_last",
        ">= 80% of last 10 runs",
        Level::History,
        "consistency",
        "row count >= 80% of last 10 runs;",
        "The number is at least (`>=`), or more than (`>`), that share of the mean of earlier runs, or of the `median`, `minimum`, `maximum`, `sum` or `stddev` (of a sample) named; without a share the whole of it. Shares and numbers are added and taken away, `> minimum of last 5 runs - 1`.",
    )
    .of(NUMBER),
    pred(
        "below_last",
        "<= 120% of last 10 runs",
        Level::History,
        "consistency",
        "row count <= 120% of last 10 runs;",
        "The number is at most (`<=`), or less than (`<`), that share of the mean of earlier runs, or of the `median`, `minimum`, `maximum`, `sum` or `stddev` (of a sample) named; without a share the whole of it. Shares and numbers are added and taken away, `< maximum of last 5 runs + 1`.",
    )
    .of(NUMBER),
];
