//! Actions with what they left out taken from the failure and its rule. What the run engine executes.

mod complete;
#[cfg(test)]
mod tests;

use pipe_sql::Expression;
use pipe_syntax::Operand;

pub use complete::{Incomplete, completed};

use crate::fate::Fate;
use crate::retry::Backoff;

/// An action, complete.
#[derive(Clone, Debug)]
pub enum ResolvedAction {
    /// Try again.
    Retry(Backoff),
    /// Read a second source instead.
    UseSource(String),
    /// Smaller batches, fewer connections.
    ShrinkBatch,
    /// The file goes to quarantine whole.
    SkipFile,
    /// Read the column `from` as `to`.
    Rename {
        /// The found column.
        from: String,
        /// The declared column.
        to: String,
        /// Whether both were written; else the candidate was chosen by evidence.
        stated: bool,
    },
    /// Take the column in; let the rows pass.
    Keep,
    /// Leave the column out; let the rows pass.
    Ignore,
    /// Convert the values that failed.
    Cast {
        /// The column.
        column: String,
        /// The conversion, over the row and `$value`.
        using: Box<Expression>,
    },
    /// Bring values into a form.
    Normalize {
        /// The column.
        column: String,
        /// `date`, `number`, …
        format: String,
        /// Such as a date format.
        argument: Option<String>,
    },
    /// Write an expression.
    Set {
        /// The column.
        column: String,
        /// Its new value, over the row.
        value: Box<Expression>,
        /// Which of the violating rows; all without one.
        filter: Option<Box<Expression>>,
    },
    /// Fill in for NULL.
    Fill {
        /// The column.
        column: String,
        /// With what.
        with: Fill,
    },
    /// Vote in the group.
    Majority {
        /// The columns voted on, each on its own.
        columns: Vec<String>,
        /// What makes the group.
        by: Vec<Key>,
    },
    /// A reference table decides.
    Lookup {
        /// The columns taken from it, by the same names.
        columns: Vec<String>,
        /// The reference table.
        table: String,
        /// What finds its row: each of the same name there.
        by: Vec<Key>,
    },
    /// The most trusted source's value.
    Prefer {
        /// The columns decided, each on its own.
        columns: Vec<String>,
        /// What makes the group.
        by: Vec<Key>,
        /// Sources, the most trusted first.
        sources: Vec<String>,
    },
    /// The one near match.
    Snap {
        /// The column.
        column: String,
        /// What it is matched with.
        to: SnapTo,
    },
    /// To the bound.
    Clip {
        /// The column.
        column: String,
        /// Values below become this.
        low: Option<Bound>,
        /// Values above become this.
        high: Option<Bound>,
    },
    /// One row of each key stays.
    Dedupe {
        /// The key.
        by: Vec<Key>,
        /// Which row.
        keep: Survivor,
    },
    /// The engine picks a repair by evidence.
    Repair {
        /// The columns it may write.
        columns: Vec<String>,
    },
    /// Extract a closed range again: the days.
    Backfill(u64),
    /// Extract the partition again.
    ReloadPartition,
    /// Rows leave the batch, with reasons.
    Quarantine,
    /// Rows leave the batch, counted.
    Drop,
    /// Stop until someone resumes.
    Pause,
    /// Tell a channel.
    Notify(String),
    /// Rows wait for someone's answer.
    Ask(String),
    /// Say so in the report.
    Warn(Option<String>),
    /// The table fails.
    Fail(Option<String>),
}

/// A part of a key.
#[derive(Clone, Debug)]
pub enum Key {
    /// A column.
    Column(String),
    /// An expression over the row.
    Sql(Box<Expression>),
}

/// With what `fill` fills.
#[derive(Clone, Debug)]
pub enum Fill {
    /// An expression over the row.
    Sql(Box<Expression>),
    /// The column's mean.
    Mean,
    /// The column's median.
    Median,
    /// The column's most frequent value.
    Mode,
    /// The value of the row before, in the order of this column or as the rows were read.
    Previous(Option<String>),
}

/// What `snap` matches with.
#[derive(Clone, Debug)]
pub enum SnapTo {
    /// The values of a table's column.
    Table {
        /// The table.
        table: String,
        /// Its column.
        column: String,
    },
    /// The values of an `in` rule.
    Values(Vec<Expression>),
}

/// A bound of `clip`.
#[derive(Clone, Debug)]
pub enum Bound {
    /// Of the rule.
    Rule(Box<Expression>),
    /// Of the action.
    Written(Operand),
}

/// Which of the rows of a key stays; of equals the last by file and line, of a model one that is chosen by its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Survivor {
    /// The first read, or in the order of this column.
    First(Option<String>),
    /// The one with the greatest value of a column.
    Latest(String),
    /// The one with the fewest NULLs.
    MostComplete,
}

impl ResolvedAction {
    /// Its name in [`pipe_schema::actions`].
    pub fn name(&self) -> &'static str {
        match self {
            Self::Retry(_) => "retry",
            Self::UseSource(_) => "use source",
            Self::ShrinkBatch => "shrink batch",
            Self::SkipFile => "skip file",
            Self::Rename { .. } => "rename",
            Self::Keep => "keep",
            Self::Ignore => "ignore",
            Self::Cast { .. } => "cast",
            Self::Normalize { .. } => "normalize",
            Self::Set { .. } => "set",
            Self::Fill { .. } => "fill",
            Self::Majority { .. } => "majority",
            Self::Lookup { .. } => "lookup",
            Self::Prefer { .. } => "prefer",
            Self::Snap { .. } => "snap",
            Self::Clip { .. } => "clip",
            Self::Dedupe { .. } => "dedupe",
            Self::Repair { .. } => "repair",
            Self::Backfill(_) => "backfill",
            Self::ReloadPartition => "reload partition",
            Self::Quarantine => "quarantine",
            Self::Drop => "drop",
            Self::Pause => "pause",
            Self::Notify(_) => "notify",
            Self::Ask(_) => "ask",
            Self::Warn(_) => "warn",
            Self::Fail(_) => "fail",
        }
    }

    /// Whether it infers what it writes: budgets and the clause's confidence bind it.
    pub fn inferred(&self) -> bool {
        pipe_schema::action(self.name()).is_some_and(|info| info.inferred)
    }

    /// Whether it repairs, so that `mode = manual` makes it wait: it changes cells, removes duplicates or reads a column
    /// under another name.
    pub fn repairs(&self) -> bool {
        !self.writes().is_empty() || matches!(self, Self::Rename { .. } | Self::Dedupe { .. })
    }

    /// The columns whose cells it changes.
    pub fn writes(&self) -> &[String] {
        match self {
            Self::Cast { column, .. }
            | Self::Normalize { column, .. }
            | Self::Set { column, .. }
            | Self::Fill { column, .. }
            | Self::Snap { column, .. }
            | Self::Clip { column, .. } => std::slice::from_ref(column),
            Self::Majority { columns, .. }
            | Self::Lookup { columns, .. }
            | Self::Prefer { columns, .. }
            | Self::Repair { columns } => columns,
            _ => &[],
        }
    }

    /// The fate it asks for the rows it takes; `None` when it decides none (repairs, `notify`, …).
    pub fn fate(&self) -> Option<Fate> {
        match self {
            Self::Keep | Self::Ignore | Self::Warn(_) => Some(Fate::Keep),
            Self::Drop => Some(Fate::Drop),
            Self::Quarantine | Self::SkipFile => Some(Fate::Quarantine),
            Self::Ask(_) => Some(Fate::Wait),
            Self::Fail(_) => Some(Fate::Fail),
            _ => None,
        }
    }
}
