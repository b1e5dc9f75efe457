//! What is told of a table.

use serde::Serialize;

use crate::formats::FormatGuess;
use crate::histogram::Histogram;
use crate::personal::Personal;

/// The quantiles that are told, as shares of the values.
pub const QUANTILES: [f64; 7] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

/// All that is told of a table.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Profile {
    /// Of this layout: 1.
    pub format_version: u32,
    /// The table, as SQL names it.
    pub table: String,
    /// Rows.
    pub rows: u64,
    /// Distinct rows that the sample holds.
    pub sampled_rows: u64,
    /// Whether the sample is the whole table.
    pub sample_is_whole: bool,
    /// Rows beyond the first of equal ones.
    pub duplicate_rows: Count,
    /// In the order of the table.
    pub columns: Vec<ColumnProfile>,
    /// Columns that may name a row.
    pub keys: Vec<Key>,
    /// Columns that others decide.
    pub dependencies: Vec<Dependency>,
    /// Columns whose values are keys of other tables.
    pub references: Vec<Reference>,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

/// A number that may be an estimate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Count {
    /// The number.
    pub value: u64,
    /// Whether it was counted and not estimated.
    pub exact: bool,
}

/// A column.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ColumnProfile {
    /// Its name.
    pub name: String,
    /// Its type, in the language's words.
    #[serde(rename = "type")]
    pub ty: String,
    /// Rows with NULL.
    pub nulls: u64,
    /// Texts of nothing but white space.
    pub blanks: u64,
    /// NaN and infinite numbers; they are in no statistic below.
    pub not_finite: u64,
    /// Distinct values but NULL.
    pub distinct: Count,
    /// The standard error of `distinct` as a share of it, when it is an estimate.
    pub distinct_error: Option<f64>,
    /// The smallest value; of texts the first in the order of code points.
    pub min: Option<String>,
    /// The largest value.
    pub max: Option<String>,
    /// Mean and quantiles of numbers, dates and times.
    pub numbers: Option<Numbers>,
    /// Mean and quantiles of the lengths of texts in characters, of bytes in bytes.
    pub lengths: Option<Numbers>,
    /// Of numbers, dates and times; of texts the histogram of their lengths.
    pub histogram: Option<Histogram>,
    /// The most frequent values. Without a single frequent one it is empty.
    pub top: Vec<Value>,
    /// The most frequent shapes of texts.
    pub patterns: Vec<Pattern>,
    /// What the texts are, as far as the sample tells.
    pub format: Option<FormatGuess>,
    /// Why this may be data about persons.
    pub personal: Option<Personal>,
}

/// Mean and quantiles.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Numbers {
    /// The mean; of dates and times none.
    pub mean: Option<f64>,
    /// The sample standard deviation, n - 1 in the denominator.
    pub stddev: Option<f64>,
    /// The sum.
    pub sum: Option<f64>,
    /// The values below which these shares lie: NumPy's `inverted_cdf`.
    pub quantiles: Vec<Quantile>,
    /// How far a quantile may be off, as a share of it; 0: they are exact.
    pub quantile_error: f64,
}

/// A quantile.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quantile {
    /// The share of values at or below it.
    pub share: f64,
    /// In the units of the type.
    pub number: f64,
    /// How it prints.
    pub value: String,
}

/// A frequent value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Value {
    /// How it prints.
    pub value: String,
    /// How often it occurs.
    pub count: u64,
    /// The standard error of the count; 0: it is exact.
    pub count_error: f64,
    /// Of all rows.
    pub share: f64,
}

/// A shape of texts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pattern {
    /// `A` an upper-case letter, `a` another, `9` a digit, `A+` a run of them, all else itself.
    pub pattern: String,
    /// How many texts have it.
    pub count: u64,
    /// Of the texts that are not NULL.
    pub share: f64,
}

/// Columns that name a row: no two rows agree in all of them, in the sample.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Key {
    /// The columns.
    pub columns: Vec<String>,
    /// Rows of the table whose values another row has, too; `None`: it was not verified.
    pub duplicates: Option<u64>,
    /// Rows of the table with a NULL in one of them.
    pub nulls: Option<u64>,
}

/// A functional dependency: rows that agree in `columns` agree in `determines`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dependency {
    /// What decides.
    pub columns: Vec<String>,
    /// What is decided.
    pub determines: String,
    /// Of the sample's rows, how many differ from the most frequent value of their group.
    pub sample_violations: f64,
    /// The same if values were spread over the groups by chance.
    pub chance: f64,
    /// Whether several sources report on the same things and differ, so that most rows may be wrong.
    pub disputed: bool,
    /// Of a column of few texts: those that are right nowhere, such as misspellings.
    #[serde(skip)]
    pub wrong: Vec<String>,
    /// Rows of the table that differ from the most frequent value of their group; `None`: it was not verified.
    pub violations: Option<u64>,
    /// Rows of the table that were compared: those without a NULL in `columns`.
    pub compared: Option<u64>,
}

/// A reference: the values of a column are keys of another table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reference {
    /// The column.
    pub column: String,
    /// The table referred to.
    pub table: String,
    /// Its column.
    pub key: String,
    /// Of that table's keys, how many the sample refers to.
    pub coverage: f64,
    /// How alike the names are, from 0 to 1.
    pub name: f64,
    /// Rows of the table whose value is no key there; `None`: it was not verified.
    pub orphans: Option<u64>,
    /// Rows of the table with a value.
    pub compared: Option<u64>,
}

/// A number with ten digits: the order of the additions shows in later ones.
pub fn rounded(number: f64) -> f64 {
    if number == 0.0 || !number.is_finite() { number } else { format!("{number:.9e}").parse().unwrap_or(number) }
}
