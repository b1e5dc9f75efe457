//! Rules on data: one pass that judges every row once, feeds aggregates and keys, and splits the rows.
//!
//! Knows physical expressions and batches; knows no files (rows go to a [`RowSink`]), no clauses, no state. What was
//! violated is a [`Reason`]; what becomes of a row is decided elsewhere.

mod aggregates;
mod buckets;
mod common;
mod groups;
pub mod history;
mod judge;
mod keys;
mod known;
mod samples;
mod stage;
mod survey;
mod suspects;

pub use aggregates::{Aggregate, Aggregates};
pub use groups::{GroupCount, GroupCounts, GroupKey, Groups, count_groups, merge_groups};
pub use judge::{CastCheck, Judge, Membership, RowRule, Verdicts};
pub use keys::{Candidates, KeyHashes, KeyPlan, key_hashes};
pub use known::{Known, KnownKeys};
pub use samples::{Sample, Samples};
pub use stage::{MetaColumns, RowSink, StageSpec, Staged, row_mark, stage};
pub use survey::{Listed, Listing, Repeated, SurveySpec, Surveyed, survey};
pub use suspects::{SuspectReader, SuspectSchema, Suspects, compacted};

/// Why a row cannot simply pass, as a number in its table: broken record, cell that does not convert, rule, file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The record could not be parsed.
    BadRecord,
    /// The cell of this data column did not convert to its type.
    Cast(u16),
    /// This rule of the table is violated.
    Rule(u16),
    /// This rule is violated, and the row's group has no more violations than the rule tolerates in a group.
    Spared(u16),
    /// Its file is set aside whole.
    Aside,
}

/// Codes from here on are of [`Reason::Spared`].
const SPARED: u16 = 1 << 15;

impl Reason {
    /// The rule's reason, also where it is let pass in its group; itself of any other.
    pub fn rule(self) -> Self {
        match self {
            Reason::Spared(rule) => Reason::Rule(rule),
            other => other,
        }
    }

    /// The reason as stored beside a suspect row: 0, then the data columns, then the rules; beyond half of all numbers rules that are let pass in a group; the greatest number for a file set aside.
    pub fn code(self, columns: usize) -> u16 {
        let columns = u16::try_from(columns).unwrap_or(u16::MAX);
        match self {
            Reason::BadRecord => 0,
            Reason::Cast(c) => 1 + c,
            Reason::Rule(r) => 1 + columns + r,
            Reason::Spared(r) => SPARED + r,
            Reason::Aside => u16::MAX,
        }
    }

    /// The inverse of [`Reason::code`].
    pub fn from_code(code: u16, columns: usize) -> Self {
        let columns = u16::try_from(columns).unwrap_or(u16::MAX);
        match code {
            0 => Reason::BadRecord,
            u16::MAX => Reason::Aside,
            c if c >= SPARED => Reason::Spared(c - SPARED),
            c if c <= columns => Reason::Cast(c - 1),
            r => Reason::Rule(r - 1 - columns),
        }
    }
}

/// What can go wrong in the pass.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The source or a rule's expression failed while running.
    #[error(transparent)]
    DataFusion(#[from] datafusion::error::DataFusionError),
    /// Arrow refused a batch.
    #[error(transparent)]
    Arrow(#[from] datafusion::arrow::error::ArrowError),
    /// A spill file could not be written or read.
    #[error("spilling to disk failed: {0}")]
    Spill(#[from] std::io::Error),
    /// The staged rows could not be written.
    #[error(transparent)]
    Sink(Box<dyn std::error::Error + Send + Sync>),
}
