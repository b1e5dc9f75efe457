//! What is promised of a table.

use pipe_check::words::{predicate_text, tolerance_text};
use pipe_check::{Program, Rule, Severity, Tolerance};
use pipe_schema::Type;
use pipe_sql::Expression;

/// The columns and the rules of a table.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Its columns in order; empty where they are not known.
    pub columns: Vec<Column>,
    /// Its rules, in the order written.
    pub rules: Vec<Rule>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, folded.
    pub name: String,
    /// Its type; `None` where the contract names one that there is not here.
    pub ty: Option<Type>,
    /// Whether the type is stated to the width: a contract may say no more than `integer` or `number`.
    pub exact: bool,
}

impl Column {
    /// A column of a type that is known to the width.
    pub fn new(name: impl Into<String>, ty: Type) -> Self {
        Self { name: name.into(), ty: Some(ty), exact: true }
    }
}

impl Terms {
    /// What a program says of a table. `columns` are those that are known of a table that declares none.
    pub fn of(program: &Program, table: &str, columns: Option<Vec<Column>>) -> Self {
        let declared = program.sources.get(table).and_then(|s| s.schema.as_ref());
        let declared = declared.map(|all| all.iter().map(|c| Column::new(&c.name, c.ty.clone())).collect());
        Self {
            columns: declared.or(columns).unwrap_or_default(),
            rules: program.rules.get(table).cloned().unwrap_or_default(),
        }
    }

    /// The keys: the columns of `unique` rules that fail a run.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Vec<&str>> {
        self.rules.iter().filter(|r| r.check == "unique" && is_plain(r)).filter_map(key)
    }
}

/// The columns of a rule's subject, where it is nothing but columns.
pub(crate) fn key(rule: &Rule) -> Option<Vec<&str>> {
    if rule.subject.is_empty() {
        return None;
    }
    rule.subject.iter().map(plain_column).collect()
}

/// The column that an expression is, if it is nothing else.
fn plain_column(e: &Expression) -> Option<&str> {
    let [column] = e.columns.as_slice() else { return None };
    let name = column.parts.last()?;
    (e.ast.to_string() == pipe_sql::quote(name)).then_some(name.as_str())
}

/// Whether a rule is of all rows and lets none violate.
pub(crate) fn is_plain(rule: &Rule) -> bool {
    rule.severity >= Severity::Error
        && rule.tolerate == Tolerance::None
        && rule.filter.is_none()
        && rule.by.is_empty()
        && rule.warn.is_none()
}

/// The subject as SQL, white space and case of keywords made the same; empty of the table.
pub(crate) fn subject(rule: &Rule) -> String {
    rule.subject.iter().map(|e| e.ast.to_string()).collect::<Vec<_>>().join(", ")
}

/// All that makes a rule this rule and no other, as one text.
pub(crate) fn canonical(rule: &Rule) -> String {
    let Rule { name, dimension, null_fails, approx, .. } = rule;
    let predicate = predicate_text(&rule.predicate);
    let tolerate = tolerance_text(rule.tolerate);
    let warn = rule.warn.and_then(tolerance_text);
    let filter = rule.filter.as_ref().map(|f| f.ast.to_string());
    format!(
        "{name}|{}|{predicate}|{tolerate:?}|{warn:?}|{:?}|{filter:?}|{null_fails}|{approx}|{}|{dimension}|{:?}",
        subject(rule),
        rule.by,
        rule.severity.word(),
        rule.because
    )
}
