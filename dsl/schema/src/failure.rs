//! Failures a clause can match, with their fields.

/// A kind of failure.
#[derive(Clone, Copy, Debug)]
pub struct FailureInfo {
    /// As written: `rule_failed`.
    pub name: &'static str,
    /// When it is raised.
    pub doc: &'static str,
    /// A clause that matches it.
    pub example: &'static str,
    /// Its fields, also `$field` in the SQL of a clause.
    pub fields: &'static [Field],
    /// Whether rows are to blame: actions on rows apply.
    pub rows: bool,
}

/// A field of a failure.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// As written.
    pub name: &'static str,
    /// What it holds.
    pub ty: FieldType,
    /// One sentence.
    pub doc: &'static str,
}

/// What a field holds; decides what a pattern may be and the SQL type of `$field`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FieldType {
    /// Free text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A table, source or load of the program.
    Table,
    /// A column of the failure's table.
    Column,
    /// A rule of the failure's table.
    Rule,
    /// A predicate's name.
    Check,
    /// A column type; `decimal` matches `decimal(10, 2)`.
    Type,
    /// A whole number.
    Integer,
    /// A number, 0 to 1 for ratios and scores.
    Number,
    /// `true`, `false`
    Bool,
}

/// The kinds of `source_error`, `load_error` and `model_error`.
pub const KINDS: &[&str] = &[
    "timeout", "connection", "throttled", "auth", "permission", "not_found", "quota", "conflict", "constraint",
    "duplicate_key", "schema", "type", "parse", "data", "protocol", "config", "internal", "unknown",
];

/// All failures.
pub fn failures() -> &'static [FailureInfo] {
    &[]
}

/// The failure with this name.
pub fn failure(name: &str) -> Option<&'static FailureInfo> {
    failures().iter().find(|f| f.name == name)
}
