//! What predicates mean, in claims that run: bounds, NULLs, empty input, duplicates, sample or population.
//!
//! The pages of the reference print them, and a test runs each.

mod format;
mod history;
mod recipe;
mod row;
mod set;
mod table;

pub use recipe::{RecipeCase, recipe_cases};

/// A sentence about a predicate, and the rows it is shown on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What is claimed.
    pub says: &'static str,
    /// The columns of the table, with their types.
    pub columns: &'static str,
    /// The rows of earlier runs, one a day, the oldest first.
    pub earlier: &'static [&'static str],
    /// Its rows, as SQL's `VALUES` has them; empty: none. Beside it there are `other (id, name)` with three rows, the last of
    /// them NULL; `nothing (id)` with none; `ref (v, k)` with the numbers 1 to 10, and as many `a` as `b`.
    pub rows: &'static str,
    /// The rule.
    pub rule: &'static str,
    /// What is found.
    pub finds: Finding,
}

/// What a rule finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// So many rows violate.
    Violations(u64),
    /// The table is as expected, or not.
    Table {
        /// Whether it is.
        holds: bool,
        /// What is observed; empty where its digits are not the point.
        observed: &'static str,
    },
    /// Nothing, for there are too few earlier runs: as the report says it.
    WarmingUp(&'static str),
}

const fn rows(says: &'static str, columns: &'static str, rows: &'static str, rule: &'static str, found: u64) -> Claim {
    Claim { says, columns, earlier: &[], rows, rule, finds: Finding::Violations(found) }
}

const fn table(
    says: &'static str,
    columns: &'static str,
    rows: &'static str,
    rule: &'static str,
    holds: bool,
    observed: &'static str,
) -> Claim {
    Claim { says, columns, earlier: &[], rows, rule, finds: Finding::Table { holds, observed } }
}

/// What is claimed of a predicate, by the name of its check.
pub fn claims(check: &str) -> &'static [Claim] {
    let all = [row::CLAIMS, format::CLAIMS, set::CLAIMS, table::CLAIMS, history::CLAIMS];
    all.into_iter().flatten().find(|(name, _)| *name == check).map_or(&[], |(_, claims)| claims)
}
