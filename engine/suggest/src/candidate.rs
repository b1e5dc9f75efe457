//! What may be a rule, before the held-back rows are asked.

use pipe_profile::{ColumnProfile, Profile};
use serde::Serialize;

use crate::{columns, cover, formats, table};

/// What is known of a table when rules are looked for.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The rows that were not held back, profiled.
    pub profile: &'a Profile,
    /// All rows, those held back too.
    pub rows: u64,
    /// Seconds from the latest value of each column of dates or times to now; below 0 it is in the future.
    pub ages: &'a [(String, i64)],
    /// Columns of which not all texts convert.
    pub casts: &'a [Cast],
    /// Names of the rules that the table already has.
    pub names: &'a [String],
    /// Columns with the check of each rule that the table already has; those of `determines` with what they decide behind them.
    pub known: &'a [(Vec<String>, String)],
}

/// A column of which not all texts convert to its type.
#[derive(Clone, Debug)]
pub struct Cast {
    /// The column.
    pub column: String,
    /// Its type, in the language's words.
    pub ty: String,
    /// Rows whose text does not convert.
    pub rows: u64,
    /// Some of these texts, the most frequent first.
    pub texts: Vec<String>,
}

impl Facts<'_> {
    /// Whether a rule like this is there already.
    pub fn has(&self, columns: &[String], check: &str) -> bool {
        self.known.iter().any(|(c, k)| c == columns && k == check)
    }

    /// Whether a rule of this kind is there already: of bounds, of a form, of how old or how many.
    fn says(&self, candidate: &Candidate) -> bool {
        let checks: &[&str] = match candidate.rank {
            Rank::Range if candidate.check != "not_in_future" => {
                &["between", "strictly_between", "gt", "ge", "lt", "le", "eq", "sigma", "iqr", "mad"]
            }
            Rank::Format | Rank::Pattern if candidate.check != "boolean" && candidate.check != "cast" => {
                &["matches", "like", "length", "castable", "in", "references"]
            }
            Rank::Set => &["in", "references", "matches"],
            Rank::Completeness if candidate.check == "not_null" => {
                &["not_null", "not_blank", "not_missing", "completeness", "nulls", "not_in"]
            }
            Rank::Table if candidate.check == "row_count" => {
                &["row_count", "between", "ge", "gt", "within_sigma", "within_share"]
            }
            Rank::Table => &["within_age"],
            _ => &[],
        };
        self.has(&candidate.columns, candidate.check) || checks.iter().any(|check| self.has(&candidate.columns, check))
    }

    /// A column by its name.
    pub fn column(&self, name: &str) -> Option<&ColumnProfile> {
        self.profile.columns.iter().find(|c| c.name == name)
    }
}

/// How useful a rule is, the most useful first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// What names a row.
    Key,
    /// What decides other columns.
    Dependency,
    /// What ties the table to another one.
    Reference,
    /// What is always there.
    Completeness,
    /// What values are: numbers, dates, addresses.
    Format,
    /// Which values there are.
    Set,
    /// Between what bounds they lie.
    Range,
    /// How they are written.
    Pattern,
    /// The table as a whole.
    Table,
}

/// What has to be counted for a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The rows that violate the rule as it is written.
    Rows,
    /// The rows whose values in these columns another row has, too.
    Key,
    /// The rows that differ from the vote of the other rows with the same values; one count for each of these columns.
    Decided(Vec<String>),
    /// The rows whose value is no key of a table.
    Reference {
        /// The table.
        table: String,
        /// Its key.
        key: String,
    },
    /// Of the texts that do not convert to a type those that the repair does not read either.
    Cast {
        /// The type, in the language's words.
        ty: String,
    },
    /// Nothing: no row is to blame.
    Nothing,
}

/// What heals a violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// The rows with the same key vote.
    Majority,
    /// All but one of the rows with the same key are removed: of equal ones the others, of versions all but the latest by a
    /// column.
    Dedupe(Option<String>),
    /// A column is written by an expression.
    Set {
        /// The column.
        column: String,
        /// The expression, without parentheses.
        expression: String,
    },
    /// Values that do not convert are read by an expression over `$value`.
    Cast {
        /// The column.
        column: String,
        /// The expression, without parentheses.
        expression: String,
    },
}

/// A rule that may hold.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The columns it is about.
    pub columns: Vec<String>,
    /// Its name, if it needs one.
    pub name: Option<String>,
    /// Its subject, as written.
    pub subject: String,
    /// Its predicate, as written; none of a clause alone.
    pub predicate: String,
    /// The predicate's check.
    pub check: &'static str,
    /// What is counted.
    pub ask: Ask,
    /// How useful it is.
    pub rank: Rank,
    /// What was seen in the rows that were not held back.
    pub evidence: String,
    /// Of the rows judged, so many may violate it for it to be a rule all the same.
    pub most: f64,
    /// What heals a violation.
    pub repair: Option<Repair>,
    /// Options behind the predicate, with a blank before them.
    pub options: &'static str,
    /// Of a repair that may leave something unrepaired: the rule over what it makes of a value.
    pub after: Option<String>,
}

impl Candidate {
    /// The rule without options, as it is counted.
    pub fn rule(&self) -> String {
        [self.subject.as_str(), self.predicate.as_str()].join(" ").trim().to_owned()
    }
}

/// Rows judged, and how many of them violate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Rows judged.
    pub judged: u64,
    /// Those that violate.
    pub violations: u64,
}

impl Tally {
    /// The share that violates.
    pub fn share(self) -> f64 {
        if self.judged == 0 { 0.0 } else { self.violations as f64 / self.judged as f64 }
    }
}

/// What tells rows with the same key apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Copies {
    /// Nothing that is known of.
    #[default]
    Unknown,
    /// They are equal in everything.
    Equal,
    /// The time in this column.
    Versions(String),
}

/// What was counted for a candidate.
#[derive(Clone, Debug, Default)]
pub struct Measure {
    /// In the rows that were not held back.
    pub seen: Tally,
    /// In those that were.
    pub held: Tally,
    /// Of `Ask::Decided`: the same for each column.
    pub each: Vec<(Tally, Tally)>,
    /// Of `Ask::Key`: what tells rows with the same key apart.
    pub copies: Copies,
    /// Rows that violate the rule after its repair, too.
    pub left: u64,
    /// Of `Ask::Decided` by two columns: too many of the cells that votes would change are right where one of the two is another value, so it
    /// may be that one which is wrong.
    pub either: bool,
}

/// What may be rules, from the profile of the rows that were not held back.
pub fn candidates(facts: &Facts<'_>) -> Vec<Candidate> {
    let mut found = table::keys(facts);
    found.extend(cover::dependencies(facts));
    found.extend(table::references(facts));
    for column in &facts.profile.columns {
        found.extend(columns::of(facts, column));
    }
    found.extend(formats::casts(facts));
    found.extend(table::freshness(facts));
    found.extend(table::volume(facts));
    found.retain(|c| !facts.says(c));
    for name in found.iter_mut().filter_map(|c| c.name.as_mut()) {
        while facts.names.contains(name) {
            name.push_str("_suggested");
        }
    }
    found
}
