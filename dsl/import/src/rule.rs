//! What all tools are read into: tables, their columns, and rules as text with the place they come from.

use pipe_diagnostics::{Diagnostic, Span};
use pipe_schema::Type;

use crate::words;

/// A result, or why a check cannot be said.
pub(crate) type Said<T> = Result<T, Box<Diagnostic>>;

/// A table and all that was said of it.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) name: String,
    /// Its columns, where all of them are given with their types.
    pub(crate) columns: Vec<(String, Type)>,
    /// The connector and the locator, where the file names them.
    pub(crate) locator: Option<(&'static str, String)>,
    pub(crate) docs: Option<String>,
    pub(crate) rules: Vec<Rule>,
    /// The changes of its schema that fail a run, by the names of the failures.
    pub(crate) fails: Vec<&'static str>,
}

/// What a rule judges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A column.
    Column(String),
    /// Columns taken together: `(a, b)`.
    Key(Vec<String>),
    /// An expression, as SQL; the rule needs a name.
    Sql(String),
    /// The table: `row count > 0`, `columns contain (a)`.
    Table,
    /// None: the rule is a whole line in the words of `.pipe`, with its name and options.
    Line(String),
}

/// How bad it is that a rule fails; none is `error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    Info,
    Warning,
    Critical,
}

/// A rule.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// The name it has in the other tool, or one that an expression needs; made unique when it is written.
    pub(crate) name: Option<String>,
    pub(crate) subject: Subject,
    /// Empty for a boolean expression.
    pub(crate) predicate: String,
    /// The check's name, of which the name of an unnamed rule is made.
    pub(crate) check: &'static str,
    /// `5%` or `5`.
    pub(crate) tolerate: Option<String>,
    pub(crate) warn: Option<String>,
    pub(crate) by: Vec<String>,
    pub(crate) severity: Option<Severity>,
    pub(crate) dimension: Option<&'static str>,
    /// Conditions that all hold of the rows judged.
    pub(crate) filter: Vec<String>,
    /// The subject is a query of the table itself: which rows it is about stands in it, and `where` would not reach it.
    pub(crate) asks: bool,
    pub(crate) null_fails: bool,
    pub(crate) because: Option<String>,
    /// What a reader should know, as a comment above the rule.
    pub(crate) notes: Vec<String>,
    pub(crate) span: Span,
}

impl Rule {
    fn new(subject: Subject, check: &'static str, predicate: impl Into<String>) -> Self {
        Self {
            name: None,
            subject,
            predicate: predicate.into(),
            check,
            tolerate: None,
            warn: None,
            by: Vec::new(),
            severity: None,
            dimension: None,
            filter: Vec::new(),
            asks: false,
            null_fails: false,
            because: None,
            notes: Vec::new(),
            span: Span::default(),
        }
    }

    /// `column predicate`
    pub(crate) fn column(column: &str, check: &'static str, predicate: impl Into<String>) -> Self {
        Self::new(Subject::Column(column.to_owned()), check, predicate)
    }

    /// `(a, b) predicate`; of one column without parentheses.
    pub(crate) fn key(columns: &[String], check: &'static str, predicate: impl Into<String>) -> Self {
        match columns {
            [one] => Self::column(one, check, predicate),
            _ => Self::new(Subject::Key(columns.to_vec()), check, predicate),
        }
    }

    /// `a_b_unique: (struct(a, b)) unique`: of columns whose NULLs are equal, as `group by` has it.
    pub(crate) fn combination(columns: &[String]) -> Self {
        match columns {
            [one] => Self::column(one, "unique", "unique"),
            _ => Self::sql(
                format!("{}_unique", columns.join("_")),
                format!("struct({})", crate::words::names(columns)),
                "unique",
            ),
        }
    }

    /// A predicate of the table: `row count > 0`.
    pub(crate) fn table(check: &'static str, predicate: impl Into<String>) -> Self {
        Self::new(Subject::Table, check, predicate)
    }

    /// A line of a program.
    pub(crate) fn line(text: impl Into<String>) -> Self {
        Self::new(Subject::Line(text.into()), "", "")
    }

    /// `name: (boolean)`
    pub(crate) fn boolean(name: impl Into<String>, sql: impl Into<String>) -> Self {
        Self::new(Subject::Sql(sql.into()), "boolean", "").named(name)
    }

    /// `name: (expression) predicate`
    pub(crate) fn sql(name: impl Into<String>, sql: impl Into<String>, predicate: impl Into<String>) -> Self {
        Self::new(Subject::Sql(sql.into()), "boolean", predicate).named(name)
    }

    /// `name: ((select …)) predicate`
    pub(crate) fn query(name: impl Into<String>, query: impl Into<String>, predicate: impl Into<String>) -> Self {
        Self { asks: true, ..Self::sql(name, query, predicate) }
    }

    pub(crate) fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Judges only rows of which this holds.
    pub(crate) fn only(mut self, condition: impl Into<String>) -> Self {
        self.pick(Some(condition.into()));
        self
    }

    /// The same of several conditions, for a rule that is there; a query has its own.
    pub(crate) fn pick(&mut self, conditions: impl IntoIterator<Item = String>) {
        if !self.asks {
            self.filter.extend(conditions);
        }
    }

    pub(crate) fn null_fails(mut self) -> Self {
        self.null_fails = true;
        self
    }

    pub(crate) fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// The name that it has without one: `order_id.not_null`; `None` of an expression.
    pub(crate) fn derived_name(&self) -> Option<String> {
        match &self.subject {
            Subject::Column(c) => Some(format!("{}.{}", c.to_lowercase(), self.check)),
            Subject::Key(columns) => Some(format!("{}.{}", columns.join("_").to_lowercase(), self.check)),
            Subject::Table => Some(self.check.to_owned()),
            Subject::Sql(_) => None,
            // Two alike are told by the checker.
            Subject::Line(text) => Some(text.clone()),
        }
    }

    /// Whether nothing but a predicate is said of a column, so that several can share a line.
    pub(crate) fn is_bare(&self) -> bool {
        self.name.is_none() && self.notes.is_empty() && self.options().is_empty()
    }

    /// The subject as written; empty of the table.
    pub(crate) fn subject_text(&self) -> String {
        match &self.subject {
            Subject::Column(c) => words::name(c),
            Subject::Key(columns) => format!("({})", words::names(columns)),
            Subject::Sql(sql) => format!("({sql})"),
            Subject::Table => String::new(),
            Subject::Line(text) => text.clone(),
        }
    }

    /// The options as written, in the order of the reference.
    pub(crate) fn options(&self) -> String {
        let mut out = Vec::new();
        if let Some(amount) = &self.warn {
            out.push(format!("warn above {amount}"));
        }
        match (&self.tolerate, &self.warn) {
            (Some(amount), Some(_)) => out.push(format!("fail above {amount}")),
            (Some(amount), None) => out.push(format!("tolerate {amount}")),
            _ => {}
        }
        if !self.by.is_empty() {
            out.push(format!("by ({})", words::names(&self.by)));
        }
        out.extend(self.severity.map(|s| {
            let word = match s {
                Severity::Info => "info",
                Severity::Warning => "warning",
                Severity::Critical => "critical",
            };
            format!("severity {word}")
        }));
        out.extend(self.dimension.map(|d| format!("dimension {d}")));
        let filter: Vec<&str> = self.filter.iter().map(|f| f.trim()).collect();
        match filter.as_slice() {
            [] => {}
            [one] => out.push(format!("where ({one})")),
            many => {
                let many: Vec<_> = many.iter().map(|c| format!("({c})")).collect();
                out.push(format!("where ({})", many.join(" and ")));
            }
        }
        if self.null_fails {
            out.push("null fails".to_owned());
        }
        out.extend(self.because.as_deref().map(|b| format!("because {}", words::text(b))));
        out.join(" ")
    }
}
