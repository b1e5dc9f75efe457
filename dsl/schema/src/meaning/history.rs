//! What predicates on earlier runs mean. What counts of earlier runs is the same for all of them, and shown at the first.

use super::{Claim, Finding};

const X: &str = "x double";

const fn after(
    says: &'static str,
    earlier: &'static [&'static str],
    rows: &'static str,
    rule: &'static str,
    finds: Finding,
) -> Claim {
    Claim { says, columns: X, earlier, rows, rule, finds }
}

const fn holds(observed: &'static str) -> Finding {
    Finding::Table { holds: true, observed }
}

const fn fails(observed: &'static str) -> Finding {
    Finding::Table { holds: false, observed }
}

/// Mean 12, a standard deviation of the sample of 1.5811: 7.2566 to 16.7434 within 3 of them.
const FIVE: &[&str] = &["(10)", "(11)", "(12)", "(13)", "(14)"];

pub(super) const CLAIMS: &[(&str, &[Claim])] = &[
    (
        "within_sigma",
        &[
            after(
                "of the sample, over n - 1",
                FIVE,
                "(16.743)",
                "x sum within 3 sigma over last 5 runs;",
                holds("16.743"),
            ),
            after("further away fails", FIVE, "(16.744)", "x sum within 3 sigma over last 5 runs;", fails("16.744")),
            after("below as above", FIVE, "(7.25)", "x sum within 3 sigma over last 5 runs;", fails("7.25")),
            after(
                "with fewer than 5 earlier values it warms up, and neither passes nor fails",
                &["(10)", "(11)", "(12)"],
                "(1000)",
                "x sum within 3 sigma over last 14 runs;",
                Finding::WarmingUp("1,000; warming up: 3 of 5 runs"),
            ),
            after(
                "a rule that looks at fewer needs no more than these",
                &["(10)", "(11)", "(12)"],
                "(1000)",
                "x sum within 3 sigma over last 3 runs;",
                fails("1000.0"),
            ),
            after(
                "a number that never changed must not change",
                &["(0.1)", "(0.1)", "(0.1)", "(0.1)", "(0.1)"],
                "(0.2)",
                "x sum within 3 sigma over last 5 runs;",
                fails("0.2"),
            ),
            after(
                "only the latest values are looked at",
                &["(1000)", "(10)", "(11)", "(12)", "(13)", "(14)"],
                "(500)",
                "x sum within 3 sigma over last 5 runs;",
                fails("500.0"),
            ),
            after(
                "a run that was itself wrong does not count",
                &["(10)", "(11)", "(12)", "(13)", "(14)", "(1000)"],
                "(500)",
                "x sum within 3 sigma over last 6 runs;",
                fails("500.0"),
            ),
            after(
                "five runs in a row that do not count are a new level, and nothing before them counts",
                &["(10)", "(11)", "(12)", "(13)", "(14)", "(50)", "(51)", "(52)", "(51)", "(50)"],
                "(51)",
                "x sum within 3 sigma over last 14 runs;",
                holds("51.0"),
            ),
            after(
                "with `by` each group, and those that fail are named; a group that is new warms up",
                &[],
                "(1)",
                "few: (count(*)) within 3 sigma over last 5 runs by (x);",
                Finding::WarmingUp("1 group, 1 warming up"),
            ),
            after(
                "of a group that is gone 0 rows are counted",
                &["(1), (2)", "(1), (2)", "(1), (2)", "(1), (2)", "(1), (2)"],
                "(1)",
                "few: (count(*)) within 3 sigma over last 5 runs by (x);",
                fails("1 of 2 groups: x = 2.0: 0; last 5 runs 1..1, mean 1, sigma 0, 1 away"),
            ),
            after(
                "`same weekday` leaves out the runs of other days; of those daily ones a week ago counts",
                &[
                    "(1)", "(10)", "(2)", "(2)", "(2)", "(2)", "(2)", "(2)", "(11)", "(2)", "(2)", "(2)", "(2)", "(2)",
                    "(2)",
                ],
                "(10)",
                "x sum within 3 sigma over last 2 runs same weekday;",
                holds("10.0"),
            ),
            after(
                "no value is nothing to judge",
                FIVE,
                "(null)",
                "x sum within 3 sigma over last 5 runs;",
                holds("NULL"),
            ),
            after("nor are no rows", FIVE, "", "x sum within 3 sigma over last 5 runs;", holds("NULL")),
            after("but they are 0 rows", FIVE, "", "row count within 3 sigma over last 5 runs;", fails("0")),
        ],
    ),
    (
        "within_iqr",
        &[
            // Quartiles 11 and 13.
            after("from the nearer quartile", FIVE, "(16)", "x sum within 1.5 iqr over last 5 runs;", holds("16.0")),
            after("further away fails", FIVE, "(16.1)", "x sum within 1.5 iqr over last 5 runs;", fails("16.1")),
            after(
                "with fewer than 5 earlier values it warms up",
                &["(10)"],
                "(16)",
                "x sum within 1.5 iqr over last 20 runs;",
                Finding::WarmingUp("16; warming up: 1 of 5 runs"),
            ),
            after(
                "no value is nothing to judge",
                FIVE,
                "(null)",
                "x sum within 1.5 iqr over last 5 runs;",
                holds("NULL"),
            ),
            after("nor are no rows", FIVE, "", "x sum within 1.5 iqr over last 5 runs;", holds("NULL")),
        ],
    ),
    (
        "within_mad",
        &[
            // Median 12, median distance 1.
            after(
                "in units of 1.4826 distances",
                FIVE,
                "(14.96)",
                "x sum within 2 mad over last 5 runs;",
                holds("14.96"),
            ),
            after("further away fails", FIVE, "(14.97)", "x sum within 2 mad over last 5 runs;", fails("14.97")),
            after(
                "one wild run moves nothing",
                &["(10)", "(11)", "(12)", "(13)", "(1000)"],
                "(500)",
                "x sum within 5 mad over last 5 runs;",
                fails("500.0"),
            ),
            after(
                "with fewer than 5 earlier values it warms up",
                &["(10)"],
                "(16)",
                "x sum within 2 mad over last 20 runs;",
                Finding::WarmingUp("16; warming up: 1 of 5 runs"),
            ),
            after(
                "no value is nothing to judge",
                FIVE,
                "(null)",
                "x sum within 2 mad over last 5 runs;",
                holds("NULL"),
            ),
            after("nor are no rows", FIVE, "", "x sum within 2 mad over last 5 runs;", holds("NULL")),
        ],
    ),
    (
        "within_season",
        &[
            after(
                "each place of the season has its own level",
                &["(10)", "(50)", "(90)", "(10)", "(51)", "(90)", "(11)", "(50)"],
                "(90)",
                "x sum within 3 sigma seasonal 3 over last 12 runs;",
                holds("90.0"),
            ),
            after(
                "the level of another place fails",
                &["(10)", "(50)", "(90)", "(10)", "(51)", "(90)", "(11)", "(50)"],
                "(10)",
                "x sum within 3 sigma seasonal 3 over last 12 runs;",
                fails("10.0"),
            ),
            after(
                "what is wrong keeps its place, and does not count",
                &["(10)", "(50)", "(90)", "(10)", "(51)", "(90)", "(11)", "(50)", "(5)", "(10)", "(50)"],
                "(90)",
                "x sum within 3 sigma seasonal 3 over last 12 runs;",
                holds("90.0"),
            ),
            after(
                "two whole seasons are needed, and 5 runs behind the first",
                &["(10)", "(50)", "(90)", "(10)", "(51)", "(90)"],
                "(1000)",
                "x sum within 3 sigma seasonal 3 over last 12 runs;",
                Finding::WarmingUp("1,000; warming up: 6 of 8 runs"),
            ),
            after(
                "no value is nothing to judge",
                &["(10)"],
                "(null)",
                "x sum within 3 sigma seasonal 3 over last 12 runs;",
                holds("NULL"),
            ),
            after(
                "nor are no rows",
                &["(10)"],
                "",
                "x sum within 3 sigma seasonal 3 over last 12 runs;",
                holds("NULL"),
            ),
        ],
    ),
    (
        "within_last",
        &[
            after("the bound passes", &["(100)"], "(120)", "x sum within 20% of last run;", holds("120.0")),
            after("more fails", &["(100)"], "(120.1)", "x sum within 20% of last run;", fails("120.1")),
            after("less fails", &["(100)"], "(79)", "x sum within 20% of last run;", fails("79.0")),
            after(
                "without a run before it warms up",
                &[],
                "(120)",
                "x sum within 20% of last run;",
                Finding::WarmingUp("120; warming up: 0 of 1 run"),
            ),
            after("0 stays 0", &["(0)"], "(0.1)", "x sum within 20% of last run;", fails("0.1")),
            after(
                "of several runs their mean",
                &["(90)", "(100)", "(110)"],
                "(120)",
                "x sum within 20% of last 3 runs;",
                holds("120.0"),
            ),
            after(
                "or their median, least or greatest",
                &["(10)", "(12)", "(100)"],
                "(13)",
                "x sum within 20% of median of last 3 runs;",
                holds("13.0"),
            ),
            after(
                "with `same weekday` the last run of the same day",
                &["(100)", "(5)", "(5)", "(5)", "(5)", "(5)", "(5)"],
                "(110)",
                "x sum within 20% of last run same weekday;",
                holds("110.0"),
            ),
            after("no value is nothing to judge", &["(100)"], "(null)", "x sum within 20% of last run;", holds("NULL")),
            after("nor are no rows", &["(100)"], "", "x sum within 20% of last run;", holds("NULL")),
        ],
    ),
    (
        "above_last",
        &[
            after("the bound passes", &["(100)"], "(80)", "x sum >= 80% of last run;", holds("80.0")),
            after("not with `>`", &["(100)"], "(80)", "x sum > 80% of last run;", fails("80.0")),
            after("there is no upper bound", &["(100)"], "(1000)", "x sum >= 80% of last run;", holds("1000.0")),
            after(
                "of several runs their mean, or what is named",
                &["(10)", "(20)", "(90)"],
                "(20)",
                "x sum >= 50% of maximum of last 3 runs;",
                fails("20.0"),
            ),
            after(
                "numbers are added and taken away",
                &["(10)", "(20)", "(90)"],
                "(9)",
                "x sum >= minimum of last 3 runs - 1;",
                holds("9.0"),
            ),
            after(
                "and so are other shares, each of as many runs as it names",
                &["(10)", "(20)", "(90)"],
                "(99)",
                "x sum > 50% of sum of last 3 runs + 200% of last 2 runs - maximum of last 3 runs;",
                holds("99.0"),
            ),
            after(
                "the deviation is that of a sample",
                &["(10)", "(20)", "(30)"],
                "(30)",
                "x sum > last 3 runs + stddev of last 3 runs;",
                fails("30.0"),
            ),
            after(
                "with fewer than 5 earlier values, or those it looks at, it warms up",
                &["(10)", "(20)"],
                "(20)",
                "x sum >= 50% of last 10 runs;",
                Finding::WarmingUp("20; warming up: 2 of 5 runs"),
            ),
            after("no value is nothing to judge", &["(100)"], "(null)", "x sum >= 80% of last run;", holds("NULL")),
            after("nor are no rows", &["(100)"], "", "x sum >= 80% of last run;", holds("NULL")),
        ],
    ),
    (
        "below_last",
        &[
            after("the bound passes", &["(100)"], "(120)", "x sum <= 120% of last run;", holds("120.0")),
            after("not with `<`", &["(100)"], "(120)", "x sum < 120% of last run;", fails("120.0")),
            after("there is no lower bound", &["(100)"], "(1)", "x sum <= 120% of last run;", holds("1.0")),
            after(
                "without a run before it warms up",
                &[],
                "(1)",
                "x sum <= 120% of last run;",
                Finding::WarmingUp("1; warming up: 0 of 1 run"),
            ),
            after("no value is nothing to judge", &["(100)"], "(null)", "x sum <= 120% of last run;", holds("NULL")),
            after("nor are no rows", &["(100)"], "", "x sum <= 120% of last run;", holds("NULL")),
        ],
    ),
];
