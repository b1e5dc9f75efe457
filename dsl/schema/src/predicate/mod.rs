//! Predicates of rules: what the checker, the pages, the plan and the engine read.

mod columns;
mod format;
mod row;
mod set;
mod table;

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

impl Level {
    /// As reports call it.
    pub fn word(self) -> &'static str {
        match self {
            Level::Row => "row",
            Level::Set => "set",
            Level::Table => "table",
            Level::Schema => "schema",
            Level::History => "history",
        }
    }
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

/// Types with an order.
const ORDERED: &[TypeClass] = &[TypeClass::Number, TypeClass::Text, TypeClass::Time];
const TEXT: &[TypeClass] = &[TypeClass::Text];
const TIME: &[TypeClass] = &[TypeClass::Time];
const NUMBER: &[TypeClass] = &[TypeClass::Number];
/// Types whose values have a distance.
const METRIC: &[TypeClass] = &[TypeClass::Number, TypeClass::Time];

/// A predicate on any type, available.
const fn pred(
    name: &'static str,
    syntax: &'static str,
    level: Level,
    dimension: &'static str,
    example: &'static str,
    doc: &'static str,
) -> PredicateInfo {
    PredicateInfo { name, syntax, doc, example, level, types: &[], dimension, available: true }
}

impl PredicateInfo {
    const fn of(mut self, types: &'static [TypeClass]) -> Self {
        self.types = types;
        self
    }

    /// Whether it judges subjects of this family.
    pub fn takes(&self, class: TypeClass) -> bool {
        self.types.is_empty() || self.types.contains(&class)
    }

    /// What it judges, for somebody who gave it `subject` of another type. One that judges text alone also judges what is read as
    /// text: the digits of a card, say, that look like a number.
    pub fn judges(&self, subject: &str) -> String {
        let classes: Vec<&str> = self.types.iter().map(|class| class.word()).collect();
        let judges = format!("it judges {}", classes.join(", "));
        let column = !subject.is_empty() && subject.chars().all(|c| c.is_alphanumeric() || c == '_');
        match self.types {
            [TypeClass::Text] if column => {
                format!("{judges}: declare `{subject} text`, or write `(cast({subject} as text))`")
            }
            _ => judges,
        }
    }

    /// Whether it is written `is <name>`.
    pub fn is_format(&self) -> bool {
        self.syntax.starts_with("is ")
    }

    /// Whether a format takes, or needs, a text behind it.
    pub fn takes_argument(&self) -> bool {
        self.is_format() && self.syntax.contains('\'')
    }

    /// Whether a format needs a text behind it.
    pub fn needs_argument(&self) -> bool {
        self.takes_argument() && !self.syntax.contains('[')
    }

    /// Whether it is a number computed of a column, with a test behind it: `mean between 1 and 5`.
    pub fn is_statistic(&self) -> bool {
        self.level == Level::Table && self.syntax.ends_with(" …")
    }
}

/// All predicates, by level.
pub fn predicates() -> impl Iterator<Item = &'static PredicateInfo> {
    [row::PREDICATES, format::PREDICATES, set::PREDICATES, table::PREDICATES, columns::PREDICATES].into_iter().flatten()
}

/// The predicate whose check has this name.
pub fn predicate(name: &str) -> Option<&'static PredicateInfo> {
    predicates().find(|p| p.name == name)
}
