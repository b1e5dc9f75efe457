//! Predicates of rules.

use crate::TypeClass;

/// What a predicate's verdict is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Each row on its own.
    Row,
    /// Rows against the other rows, or another table: some rows violate.
    Set,
    /// The table as a whole: no row is to blame.
    Table,
    /// The columns, before any row.
    Schema,
    /// The table against earlier runs.
    History,
}

/// A predicate.
#[derive(Clone, Copy, Debug)]
pub struct PredicateInfo {
    /// The check's name, also of derived rule names and `check:` fields: `not_null`, `ge`, `email`.
    pub name: &'static str,
    /// As written: `not null`, `>=`, `is email`.
    pub syntax: &'static str,
    /// What it means, with bounds, NULL, empty input, duplicates.
    pub doc: &'static str,
    /// A rule.
    pub example: &'static str,
    /// What its verdict is about.
    pub level: Level,
    /// The subject types it takes; empty: any.
    pub types: &'static [TypeClass],
    /// The dimension of a rule that names none.
    pub dimension: &'static str,
    /// Whether this binary can run it.
    pub available: bool,
}

/// All predicates.
pub fn predicates() -> &'static [PredicateInfo] {
    &[]
}

/// The predicate whose check has this name.
pub fn predicate(name: &str) -> Option<&'static PredicateInfo> {
    predicates().iter().find(|p| p.name == name)
}
