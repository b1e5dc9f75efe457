//! What a rule found, as reports tell it and the state keeps it.

use serde::{Deserialize, Serialize};

/// A rule's verdict, with its numbers and its queries. Numbers "as read" are of the rows before any repair, and do not depend
/// on what other rules find; those "after" are of the rows that commit. Where nothing of the table commits both are the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleResult {
    /// The table.
    pub table: String,
    /// The rule.
    pub rule: String,
    /// The check, such as `not_null`.
    pub check: String,
    /// The column it is about, when it is just one.
    pub column: Option<String>,
    /// The severity.
    pub severity: String,
    /// The dimension.
    pub dimension: String,
    /// What the verdict is about: `row`, `set`, `table`, `schema` or `history`. Only the first two blame rows.
    pub level: String,
    /// Whether it held on what commits; a rule that warms up objects to nothing.
    pub passed: bool,
    /// `pass`, `warn` (it held, and more rows violated than it warns of), `fail`, `warming_up` (there are too few earlier runs to
    /// say), or `skipped`: the table failed before it was judged.
    pub verdict: String,
    /// The threshold of failing: how much violation is let pass, as written: `1%`, `5`; `None`: none.
    pub tolerate: Option<String>,
    /// The threshold of warning.
    pub warn_above: Option<String>,
    /// Why the rule is there, in the words of its `because`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Whether it is computed exactly, and not from a sketch.
    pub exact: bool,
    /// The assertion: a query of one row, `violations` of a row or set rule, `observed` and `holds` of a table rule. `pipe query`
    /// runs it.
    pub sql: String,
    /// The query for the failing rows of a row or set rule, as read. It gives as many rows as there are `violations`.
    pub failing_rows_sql: Option<String>,
    /// Rows that violated it as read; for other rules 0 or 1.
    pub violations: u64,
    /// Rows that violate it among what commits.
    pub violations_after: u64,
    /// Rows judged, as read.
    pub rows: u64,
    /// `violations / rows`, 0 when no row was judged.
    pub ratio: f64,
    /// As read, what is counted: of row and set rules the rows that violate; of a share or a count what it counts, such as the rows with
    /// a value; with `by` the groups that fail; of rules about columns those that are wrong. `None`: the number is
    /// no share and no count: a sum, a mean, an extreme, a quantile, an aggregate, a distance of distributions. What a mean sums is it
    /// times its denominator.
    pub numerator: Option<u64>,
    /// As read, of how many: the rows judged, or what a share is of, such as the rows with a value; with `by` the groups; the columns.
    pub denominator: Option<u64>,
    /// The number as read: of row and set rules the share of violating rows, of table rules what is observed. Times are seconds
    /// since 1970. `None`: what is observed is no number, or the rows cannot be read once more.
    pub value: Option<f64>,
    /// The same number of what commits: what later runs compare with.
    pub value_after: Option<f64>,
    /// For table rules: what was observed of what commits, as text.
    pub observed: Option<String>,
    /// For table rules: what was expected, as text.
    pub expected: Option<String>,
    /// Of a rule that is tolerated group by group: the groups that fail, and those it warns of, the worst first; the first twenty.
    pub groups: Vec<GroupResult>,
    /// Up to five violating rows.
    pub samples: Vec<Sample>,
    /// Of rules on earlier runs: what it was compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<HistoryReport>,
}

/// What a number was compared with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryReport {
    /// `pass`, `fail` or `warming_up`: there are too few earlier values to say.
    pub outcome: String,
    /// As the rule says it: `within 3 sigma over last 14 runs`.
    pub method: String,
    /// The least that is expected; `None`: no bound, or not known yet.
    pub low: Option<f64>,
    /// The most that is expected.
    pub high: Option<f64>,
    /// How many earlier values count, up to those needed.
    pub have: u64,
    /// How many it takes to say anything.
    pub needed: u64,
    /// The earlier values, the oldest first.
    pub runs: Vec<EarlierValue>,
    /// `1,204; last 14 runs 9,870..10,411, mean 10,102, sigma 131, 67.92 sigma away`.
    pub arithmetic: String,
    /// With `by`: the groups that fail or warm up; where they are few all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupHistory>,
}

/// What the number of a group was compared with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupHistory {
    /// `shop = b`.
    pub group: String,
    /// What was observed.
    pub value: f64,
    /// What it was compared with.
    pub history: HistoryReport,
}

/// A number in an earlier run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EarlierValue {
    /// The run.
    pub run: String,
    /// What it was.
    pub value: f64,
}

/// What a rule found in a group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupResult {
    /// The columns with their values: `shop = a, state = new`.
    pub group: String,
    /// `fail` or `warn`.
    pub verdict: String,
    /// Rows of it that violate, as read.
    pub violations: u64,
    /// Rows of it that are judged.
    pub rows: u64,
}

/// A violating row, for people.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sample {
    /// The file, as the user would name it.
    pub file: Option<String>,
    /// The line its record starts on, from 1.
    pub line: Option<u64>,
    /// The data row of its file, from 0.
    pub row: Option<u64>,
    /// The offending value or raw text, cut to 200 characters.
    pub value: String,
}
