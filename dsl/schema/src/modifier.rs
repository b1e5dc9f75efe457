//! Modifiers of rules, and where each means nothing: what the checker refuses, with the reason, and the reference prints.

use crate::{Level, PredicateInfo};

/// What stands behind the predicates of a line, for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModifierInfo {
    /// Its first word or words: `tolerate`, `null fails`.
    pub name: &'static str,
    /// As written.
    pub syntax: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// A rule.
    pub example: &'static str,
    /// What it is about, as a message begins that refuses it.
    pub about: &'static str,
    refused: &'static [Refused],
}

/// Rules that a modifier means nothing to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Refused {
    of: Of,
    why: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    /// Verdicts about this.
    Level(Level),
    /// Verdicts about this, where the line counts no violations: it has neither `tolerate` nor `warn above`.
    Uncounted(Level),
    /// These checks.
    Checks(&'static [&'static str]),
    /// These checks, where the line counts no violations.
    UncountedChecks(&'static [&'static str]),
    /// All but what has a sketch.
    Exact,
    /// All that names another table's column to compare with, or its number of rows.
    Compared,
    /// Statistics that count values, as parts of others.
    CountedParts,
    /// Subjects that are one value for all rows.
    Constant,
}

/// The rule that a modifier stands behind.
#[derive(Clone, Copy, Debug)]
pub struct Modified<'r> {
    /// Its check.
    pub check: &'r str,
    /// The statistics it computes, by name: its own, those of its parts.
    pub statistics: &'r [&'static str],
    /// What its verdict is about.
    pub level: Level,
    /// Whether the line counts violations: it has `tolerate` or `warn above`.
    pub counted: bool,
    /// Whether its subject is one value for all rows, as a subquery is.
    pub constant: bool,
}

/// Numbers that a sketch may stand for.
const SKETCHED: &[&str] = &["distinct", "distinctness", "median", "quantile", "iqr"];

/// Numbers that are there whatever the rows are.
const NEVER_NULL: &[&str] =
    &["nulls", "duplicates", "distinct", "row_count", "row_count_same_as", "values_contain", "values_equal", "gaps"];

/// Numbers over the values of a column, each with how often it occurs.
const COUNTED: &[&str] = &["uniqueness", "unique_value_ratio", "duplicates", "mode", "entropy"];

const REFERENCES: &[&str] = &["references", "not_references"];

const COLUMNS: Refused = Refused { of: Of::Level(Level::Schema), why: "this rule judges the columns, before any row" };

const WHOLE: &str = "this rule judges the table as a whole";

const OF_ROWS: &[Refused] = &[
    Refused { of: Of::Level(Level::Table), why: WHOLE },
    Refused { of: Of::Level(Level::History), why: WHOLE },
    Refused { of: Of::Level(Level::Schema), why: WHOLE },
];

const MODIFIERS: &[ModifierInfo] = &[
    ModifierInfo {
        name: "tolerate",
        syntax: "tolerate 1% | tolerate 5",
        doc: "So many of the rows judged may violate, as a share or a number, before the rule fails; with `by` in each group. Within it rows stay as they are, beyond it all that violate are handled.",
        example: "status in ('new', 'paid') tolerate 1%;",
        about: "`tolerate` is a share of rows",
        refused: OF_ROWS,
    },
    ModifierInfo {
        name: "warn above",
        syntax: "warn above 1% [fail above 5%]",
        doc: "Two thresholds: above the first there is a warning, above the second, which is `tolerate` in another word, the rule fails; with `by` in each group.",
        example: "status in ('new', 'paid') warn above 1% fail above 5%;",
        about: "`warn above` is about violating rows",
        refused: OF_ROWS,
    },
    ModifierInfo {
        name: "where",
        syntax: "where (SQL)",
        doc: "Only the rows of which the expression is TRUE are judged, counted and shared.",
        example: "shipped_at not null where (status = 'shipped');",
        about: "`where` picks rows",
        refused: &[COLUMNS],
    },
    ModifierInfo {
        name: "by",
        syntax: "by (column, …)",
        doc: "Each group of rows with the same values is judged on its own, and the failing groups are named. With `tolerate` and `warn above` a group may have so many violations, and only the rows of failing groups are handled. A NULL makes a group of its own, but for `unique` and `determines`, where the groups are part of the key.",
        example: "total mean > 5 by (shop);",
        about: "`by` makes groups",
        refused: &[
            COLUMNS,
            Refused {
                of: Of::Uncounted(Level::Row),
                why: "each row is judged by itself; it counts with `tolerate` or `warn above` alone",
            },
            Refused {
                of: Of::UncountedChecks(REFERENCES),
                why: "a key is looked up by itself; it counts with `tolerate` or `warn above` alone",
            },
            Refused {
                of: Of::Compared,
                why: "a group that only the other table has is none of this one's, and would be missed: count both by group in a model, joined in full, and let a rule compare its columns",
            },
            Refused { of: Of::CountedParts, why: "a part counts the values of all rows; alone it is counted by group" },
            Refused { of: Of::Constant, why: "the subject is one value for all rows" },
        ],
    },
    ModifierInfo {
        name: "severity",
        syntax: "severity info|warning|error|critical",
        doc: "How bad a failure is; `error` by itself. `info` and `warning` never fail a run; what no clause handles of `error` fails the table, and of `critical` whatever is left.",
        example: "email is email severity warning;",
        about: "`severity` says how bad a failure is",
        refused: &[],
    },
    ModifierInfo {
        name: "dimension",
        syntax: "dimension completeness|uniqueness|…",
        doc: "The dimension of quality that the rule counts for; each predicate has one of its own.",
        example: "total >= 0 dimension accuracy;",
        about: "`dimension` sorts rules",
        refused: &[],
    },
    ModifierInfo {
        name: "null fails",
        syntax: "null fails",
        doc: "What cannot be decided for a NULL violates: a row whose expression is NULL, a key with a NULL in it, a number that is NULL.",
        example: "customer_id references customers (id) null fails;",
        about: "`null fails` is about values",
        refused: &[
            Refused {
                of: Of::Checks(&["not_null", "not_blank", "not_missing", "null"]),
                why: "NULL is what this rule judges anyway",
            },
            Refused { of: Of::Checks(NEVER_NULL), why: "what this rule counts is never NULL" },
            Refused { of: Of::Level(Level::Schema), why: "this rule has none that is NULL" },
        ],
    },
    ModifierInfo {
        name: "approx",
        syntax: "approx",
        doc: "The number may come from a sketch: of distinct values HyperLogLog, of quantiles t-digest. It takes less memory, and is off by a few percent.",
        example: "email distinct >= 1000 approx;",
        about: "`approx` takes a sketch",
        refused: &[
            Refused { of: Of::Checks(&["unique"]), why: "a sketch cannot tell one repeated key from none" },
            Refused { of: Of::Exact, why: "this rule has none: it is exact as it is" },
        ],
    },
    ModifierInfo {
        name: "over last",
        syntax: "over last n runs [same weekday]",
        doc: "How many earlier runs a number is compared with; it may stand in the predicate too.",
        example: "total mean within 3 sigma over last 14 runs;",
        about: "`over last` counts earlier runs",
        refused: &[
            Refused {
                of: Of::Checks(&["within_last", "above_last", "below_last"]),
                why: "this rule says itself which it looks at",
            },
            Refused { of: Of::Level(Level::Row), why: "this rule does not look at them" },
            Refused { of: Of::Level(Level::Set), why: "this rule does not look at them" },
            Refused { of: Of::Level(Level::Table), why: "this rule does not look at them" },
            Refused { of: Of::Level(Level::Schema), why: "this rule does not look at them" },
        ],
    },
    ModifierInfo {
        name: "because",
        syntax: "because 'text'",
        doc: "Why the rule is there: shown where it fails, and in the plan.",
        example: "total >= 0 because 'the ledger has no debts';",
        about: "`because` gives a reason",
        refused: &[],
    },
];

impl ModifierInfo {
    /// Why it means nothing to a rule; `None`: it does mean something.
    pub fn refused(&self, rule: &Modified<'_>) -> Option<&'static str> {
        self.refused.iter().find(|refused| refused.of.is(rule)).map(|refused| refused.why)
    }

    /// Why it means nothing to rules with a predicate, whatever else stands on the line; `None`: it may mean something.
    pub fn refused_by(&self, predicate: &PredicateInfo) -> Option<&'static str> {
        let statistics = [predicate.name];
        let (check, level) = (predicate.name, predicate.level);
        self.refused(&Modified { check, statistics: &statistics, level, counted: true, constant: false })
    }
}

impl Of {
    fn is(self, rule: &Modified<'_>) -> bool {
        let sketched = |name: &str| SKETCHED.contains(&name);
        match self {
            Of::Level(level) => rule.level == level,
            Of::Uncounted(level) => !rule.counted && rule.level == level,
            Of::Checks(checks) => checks.contains(&rule.check),
            Of::UncountedChecks(checks) => !rule.counted && checks.contains(&rule.check),
            Of::CountedParts => {
                matches!(rule.check, "all_of" | "any_of") && rule.statistics.iter().any(|s| COUNTED.contains(s))
            }
            Of::Constant => rule.constant,
            Of::Exact => !sketched(rule.check) && !rule.statistics.iter().any(|s| sketched(s)),
            Of::Compared => {
                let compared = |name: &str| {
                    name.ends_with("same_as") || crate::predicate(name).is_some_and(|p| p.syntax.contains(" from "))
                };
                rule.statistics.iter().any(|s| compared(s))
            }
        }
    }
}

/// All modifiers.
pub fn modifiers() -> &'static [ModifierInfo] {
    MODIFIERS
}

/// The modifier of this name.
pub fn modifier(name: &str) -> Option<&'static ModifierInfo> {
    MODIFIERS.iter().find(|m| m.name == name)
}
