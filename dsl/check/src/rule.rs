//! Rules of the typed program.

pub mod words;

use pipe_diagnostics::Span;
use pipe_schema::{Level, Type};
use pipe_sql::Expression;
use pipe_syntax::Comparison;

/// One assertion: a subject, one predicate, its options.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The table judged.
    pub table: String,
    /// `order_id.not_null`, or the given name; unique in its table. When a named line has several predicates the later ones are `name.check`.
    pub name: String,
    /// The `---` lines above it.
    pub docs: Vec<String>,
    /// The column, when the subject is just one.
    pub column: Option<String>,
    /// The subject: one expression for columns and booleans, several when taken together, none for schema rules on the table.
    pub subject: Vec<Expression>,
    /// What must hold.
    pub predicate: Predicate,
    /// The check's name in [`pipe_schema::predicates`]: `not_null`, `ge`, `boolean`.
    pub check: &'static str,
    /// What its verdict is about.
    pub level: Level,
    /// How much violation is let pass: `tolerate` or `fail above`; with `by` in each group.
    pub tolerate: Tolerance,
    /// `warn above`: beyond this much violation there is a warning, though the rule does not fail.
    pub warn: Option<Tolerance>,
    /// The columns whose values make the groups that are judged each on its own.
    pub by: Vec<String>,
    /// Whether the table is a model: its rows come in no order.
    pub of_model: bool,
    /// Whether a sketch may stand for what is exact otherwise.
    pub approx: bool,
    /// How bad it is.
    pub severity: Severity,
    /// The dimension of quality.
    pub dimension: String,
    /// The rows judged.
    pub filter: Option<Expression>,
    /// Whether NULL violates too.
    pub null_fails: bool,
    /// Why the rule is there.
    pub because: Option<String>,
    /// The whole line.
    pub span: Span,
}

/// How much violation is let pass.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Tolerance {
    /// None.
    #[default]
    None,
    /// A share of the rows judged, 0 to 1.
    Share(f64),
    /// So many rows.
    Rows(u64),
}

/// How bad a violation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Reported.
    Info,
    /// Reported, and counted as a warning.
    Warning,
    /// What no clause handles fails the table.
    #[default]
    Error,
    /// Rows may be repaired; whatever is left fails the table.
    Critical,
}

impl Severity {
    /// As written.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
            Severity::Critical => "critical",
        }
    }
}

/// What must hold of the subject. Operands are expressions over the row (or constants).
#[derive(Clone, Debug)]
pub enum Predicate {
    /// The subject itself is boolean.
    True,
    /// `not null`
    NotNull,
    /// `not blank`: not NULL, not empty, not only white space.
    NotBlank,
    /// `in (…)`
    In {
        /// `not in`
        negated: bool,
        /// The values.
        values: Vec<Expression>,
    },
    /// `not between …`, `not matches …`, `not like …`, `not references …`
    Not(Box<Predicate>),
    /// `not missing`: not NULL and none of the values; of none named, the usual ones.
    NotMissing(Vec<Expression>),
    /// `not in future`
    NotInFuture,
    /// `strictly between a and b`: neither bound is included.
    StrictlyBetween(Box<Expression>, Box<Expression>),
    /// `between a and b`, inclusive.
    Between(Box<Expression>, Box<Expression>),
    /// `< a` and the like.
    Compare(Comparison, Box<Expression>),
    /// `matches 'regex'`, anywhere.
    Matches(String),
    /// `like 'pattern'`
    Like(String),
    /// The predicate on the number of characters.
    Length(Box<Predicate>),
    /// `is email`, `is date '%Y-%m-%d'`
    Is {
        /// The format's word.
        format: String,
        /// Its argument.
        argument: Option<String>,
    },
    /// `is json_schema '…'`
    JsonSchema(Box<JsonSchema>),
    /// `unique`
    Unique,
    /// `references table (column, …)`
    References {
        /// The table referred to.
        table: String,
        /// Its key, as many as subjects.
        columns: Vec<String>,
    },
    /// `determines (c, …)`
    Determines(Vec<String>),
    /// `increasing`, `decreasing`
    Monotone {
        /// `decreasing`
        decreasing: bool,
        /// `strictly`
        strict: bool,
        /// The column that orders the rows; without one, as read.
        order: Option<String>,
    },
    /// `sequential`
    Sequential {
        /// From a value to the next; `None`: 1.
        step: Option<Box<Expression>>,
        /// The column that orders the rows; without one, as read.
        order: Option<String>,
    },
    /// `not overlapping`: of two subjects, a beginning and an end.
    NotOverlapping,
    /// `contiguous`: of two subjects, a beginning and an end.
    Contiguous,
    /// `transitions (…)`
    Transitions {
        /// From what to what.
        steps: Vec<(Expression, Expression)>,
        /// The column that orders the rows; without one, as read.
        order: Option<String>,
    },
    /// `within 3 sigma` of the column's own values.
    Outliers {
        /// How many.
        factor: f64,
        /// Of what.
        unit: Spread,
    },
    /// `values contain (…)`, `values equal (…)`
    Values {
        /// `equal`: no others.
        equal: bool,
        /// The values.
        values: Vec<Expression>,
    },
    /// `without gaps over …`
    WithoutGaps(Box<Expression>),
    /// `castable as type`
    CastableAs(Type),
    /// A number computed of the subject, and what must hold of it.
    Statistic(Box<Statistic>),
    /// `all of (…)`, `any of (…)`
    Compound {
        /// `all of`
        all: bool,
        /// The parts.
        parts: Vec<Part>,
    },
    /// The predicate on the number of distinct values.
    Distinct(Box<Predicate>),
    /// `within 3 sigma over last 14 runs`, `within 20% of last run`: a number of the table against earlier runs.
    Earlier(Earlier),
    /// `within 1d`: an age in milliseconds.
    WithinAge(u64),
    /// `same as table (column)`
    SameAs {
        /// The other table.
        table: String,
        /// Its column.
        column: String,
    },
    /// These columns, in this order.
    Columns(Vec<String>),
    /// These columns, in any order.
    ColumnsInAnyOrder(Vec<String>),
    /// These columns and perhaps others.
    ColumnsContain(Vec<String>),
    /// No column of these names; `*` stands for any characters.
    ColumnsWithout(Vec<String>),
    /// The regular expression is found in each column's name.
    ColumnsMatch(String),
    /// The columns of that table.
    ColumnsSameAs(String),
    /// As many rows as that table has.
    RowCountSameAs(String),
    /// The column's type is one of these.
    Type(Vec<Type>),
    /// No other column than the declared ones.
    Closed,
}

/// A JSON Schema, with the files that it refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsonSchema {
    /// As written: the schema itself, or the path of its file from the folder of the `.pipe` file.
    pub written: String,
    /// Its text: JSON, whether or not it is a right schema.
    pub text: String,
    /// The file that it is in, from the folder of the project: what relative references start from.
    pub place: String,
    /// The files that it refers to, and they, by their paths from the folder of the project.
    pub files: std::collections::BTreeMap<String, String>,
}

/// What the distance of a value from the others is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// Sample standard deviations from the mean.
    Sigma,
    /// Distances between the quartiles, from the nearer one.
    Iqr,
    /// 1.4826 times the median distance from the median, from the median.
    Mad,
}

/// What a number was in earlier runs, and how far from it the number may be.
#[derive(Clone, Debug, PartialEq)]
pub struct Earlier {
    /// How far.
    pub method: Method,
    /// How many earlier values are looked at, the latest ones; of several terms the most that one looks at.
    pub runs: u32,
    /// Only runs of the same day of the week count.
    pub same_weekday: bool,
}

/// How a number is compared with earlier ones.
#[derive(Clone, Debug, PartialEq)]
pub enum Method {
    /// `within 3 sigma`
    Spread {
        /// How many.
        factor: f64,
        /// Of what.
        unit: Spread,
    },
    /// `within 3 sigma seasonal 7`
    Seasonal {
        /// How many standard deviations of what the forecast was wrong by.
        factor: f64,
        /// How many runs a season has.
        season: u32,
    },
    /// `within 20% of last run`
    Within {
        /// The share.
        share: f64,
        /// Of what.
        middle: Middle,
    },
    /// `>= 80% of last 10 runs`, `> minimum of last 5 runs - 1`
    Bound {
        /// `<`, `<=`, `>=` or `>`.
        comparison: Comparison,
        /// What is added up; at least one.
        terms: Vec<Term>,
        /// The number added to it.
        offset: f64,
    },
}

/// A share of what a number was in earlier runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// The share; below 0 it is taken away.
    pub share: f64,
    /// Of what.
    pub middle: Middle,
    /// Of how many runs, the latest ones.
    pub runs: u32,
}

/// What stands for several earlier values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Middle {
    /// Their mean.
    Mean,
    /// Their median.
    Median,
    /// The least of them.
    Minimum,
    /// The greatest of them.
    Maximum,
    /// All of them together.
    Sum,
    /// Their standard deviation, as of a sample.
    Deviation,
}

impl Middle {
    /// As written.
    pub fn word(self) -> &'static str {
        match self {
            Middle::Mean => "mean",
            Middle::Median => "median",
            Middle::Minimum => "minimum",
            Middle::Maximum => "maximum",
            Middle::Sum => "sum",
            Middle::Deviation => "stddev",
        }
    }
}

impl Earlier {
    /// How many earlier values it takes before anything is judged: as many as are looked at, at most 5; of seasons two whole ones, and at
    /// least 5 behind the first.
    pub fn needed(&self) -> u32 {
        match self.method {
            Method::Seasonal { season, .. } => season.saturating_add(season.max(5)),
            _ => self.runs.min(5),
        }
    }
}

impl Spread {
    /// As written.
    pub fn word(self) -> &'static str {
        match self {
            Spread::Sigma => "sigma",
            Spread::Iqr => "iqr",
            Spread::Mad => "mad",
        }
    }
}

/// A number computed of the subject, or of the table, and what must hold of it.
#[derive(Clone, Debug)]
pub struct Statistic {
    /// Its name in [`pipe_schema::predicates`]: `mean`, `quantile`, `row_count`.
    pub name: &'static str,
    /// The share below a `quantile`, 0 to 1.
    pub share: Option<f64>,
    /// The table and the column whose values are compared with.
    pub reference: Option<(String, String)>,
    /// What must hold of it.
    pub holds: Predicate,
}

/// A part of `all of` or `any of`.
#[derive(Clone, Debug)]
pub struct Part {
    /// `None`: the subject of the rule.
    pub subject: Option<Expression>,
    /// What must hold of it.
    pub predicate: Predicate,
}

impl Rule {
    /// Whether it asks nothing but files, by `files('…')`: no row, column or other table.
    pub fn is_about_files(&self) -> bool {
        let alone = |e: &Expression| asks_files(e) && e.tables.is_empty();
        self.level == Level::Table
            && self.filter.is_none()
            && self.by.is_empty()
            && self.subject.iter().all(alone)
            && !self.subject.is_empty()
    }

    /// Whether this binary can run it: its check, and the numbers computed in it.
    pub fn is_available(&self) -> bool {
        let available = |name: &str| pipe_schema::predicate(name).is_none_or(|p| p.available);
        available(self.check) && self.predicate.statistics().into_iter().all(available)
    }
}

impl Predicate {
    /// The statistics in it.
    pub(crate) fn statistics(&self) -> Vec<&'static str> {
        match self {
            Predicate::Statistic(statistic) => vec![statistic.name],
            Predicate::Distinct(_) => vec!["distinct"],
            Predicate::SameAs { .. } => vec!["same_as"],
            Predicate::RowCountSameAs(_) => vec!["row_count_same_as"],
            Predicate::Compound { parts, .. } => parts.iter().flat_map(|p| p.predicate.statistics()).collect(),
            _ => Vec::new(),
        }
    }

    /// What it says of earlier runs, if it does.
    pub fn earlier(&self) -> Option<&Earlier> {
        match self {
            Predicate::Earlier(earlier) => Some(earlier),
            Predicate::Statistic(statistic) => statistic.holds.earlier(),
            Predicate::Distinct(inner) => inner.earlier(),
            _ => None,
        }
    }

    /// The other tables it looks at.
    pub fn tables(&self) -> Vec<&String> {
        match self {
            Predicate::References { table, .. }
            | Predicate::SameAs { table, .. }
            | Predicate::ColumnsSameAs(table)
            | Predicate::RowCountSameAs(table) => vec![table],
            Predicate::Not(inner) => inner.tables(),
            Predicate::Statistic(statistic) => statistic.reference.iter().map(|(table, _)| table).collect(),
            Predicate::Compound { parts, .. } => parts.iter().flat_map(|p| p.predicate.tables()).collect(),
            _ => Vec::new(),
        }
    }
}

/// Whether an expression is about files and about no row.
pub(crate) fn asks_files(e: &Expression) -> bool {
    let known = |name: &String| pipe_schema::table_function(name).is_some();
    let asks = e.functions.iter().any(|f| f.parts.first().is_some_and(known));
    asks && e.columns.is_empty() && !e.aggregate
}
