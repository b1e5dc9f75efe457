//! Bounds as predicates, and what several tools say alike.

use crate::words;

/// A lower and an upper bound, each with whether it is excluded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) low: Option<String>,
    pub(crate) high: Option<String>,
    pub(crate) open_low: bool,
    pub(crate) open_high: bool,
}

impl Bounds {
    /// Both bounds included.
    pub(crate) fn closed(low: Option<String>, high: Option<String>) -> Self {
        Self { low, high, ..Self::default() }
    }

    /// Neither bound included.
    pub(crate) fn open(low: Option<String>, high: Option<String>) -> Self {
        Self { low, high, open_low: true, open_high: true }
    }

    /// The predicates that hold together where it holds, with the names of their checks; none without a bound.
    pub(crate) fn predicates(&self) -> Vec<(&'static str, String)> {
        let low = |l: &String| if self.open_low { ("gt", format!("> {l}")) } else { ("ge", format!(">= {l}")) };
        let high = |h: &String| if self.open_high { ("lt", format!("< {h}")) } else { ("le", format!("<= {h}")) };
        match (&self.low, &self.high) {
            (Some(l), Some(h)) if l == h && !self.open_low && !self.open_high => vec![("eq", format!("= {l}"))],
            (Some(l), Some(h)) if !self.open_low && !self.open_high => {
                vec![("between", format!("between {l} and {h}"))]
            }
            (Some(l), Some(h)) if self.open_low && self.open_high => {
                vec![("strictly_between", format!("strictly between {l} and {h}"))]
            }
            (l, h) => l.iter().map(low).chain(h.iter().map(high)).collect(),
        }
    }
}

/// `in (…)`
pub(crate) fn in_list(values: &[String]) -> String {
    format!("in ({})", values.join(", "))
}

/// The first predicate of several, or all of them as `any of` or `all of`.
pub(crate) fn joined(parts: &[String], all: bool) -> (&'static str, String) {
    let word = if all { "all" } else { "any" };
    let check = if all { "all_of" } else { "any_of" };
    (check, format!("{word} of ({})", parts.join(", ")))
}

/// `column is not null`, for the rows that a share is taken of.
pub(crate) fn present(columns: &[&str]) -> String {
    columns.iter().map(|c| format!("{} is not null", words::name(c))).collect::<Vec<_>>().join(" and ")
}

/// Whether one of them has a value.
pub(crate) fn any_present(columns: &[&str]) -> String {
    columns.iter().map(|c| format!("{} is not null", words::name(c))).collect::<Vec<_>>().join(" or ")
}
