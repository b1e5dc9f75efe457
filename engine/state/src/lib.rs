//! What Pipe remembers between runs: `.pipe/state.db`, and the files it indexes.
//!
//! ```text
//! .pipe/state.db                      runs, results, commits, indexes (SQLite, write-ahead log)
//! .pipe/lock                          who runs; held by the operating system, freed when the process dies
//! .pipe/quarantine/<table>/*.parquet  rows that left a batch, as they came
//! .pipe/ledger/*.parquet              changed cells, old and new
//! .pipe/staging/<run>/                files of a batch that is not decided yet
//! ```
//!
//! **The commit protocol.** A batch is staged as complete files, then [`State::commit`] writes everything the batch
//! means in one transaction: that record is the truth. [`State::publish`] then moves the files to their places, which
//! may be repeated at will, and [`State::recover`] does it for every batch that a killed process left between the two.
//! Staged files of a batch without a record are deleted, and nothing else ever is.
//!
//! Nothing here reads a clock: times come in as RFC 3339 text. All calls block.

mod acts;
mod baseline;
mod commit;
mod error;
pub mod failpoint;
mod heals;
mod history;
mod lock;
mod outcome;
mod paths;
mod publish;
mod quarantine;
mod ranges;
mod record;
mod result;
mod run;
mod score;
mod sql;
mod staging;
mod store;
mod tables;
mod taken;

pub use acts::{Act, ActKind, PastAct};
pub use baseline::Baseline;
pub use error::{Holder, StateError};
pub use heals::{BatchRef, HealEntry, PastUndo, UndoneCell};
pub use history::{BatchColumns, ColumnState, Metric, MetricState, PastBatch, PastMetric, Scope};
pub use lock::RunLock;
pub use publish::Recovered;
pub use quarantine::{LedgerEntry, QuarantineCount, QuarantineEntry, RowChange};
pub use ranges::{RowRange, StateRange};
pub use record::{
    CommitRecord, FailureRecord, Forget, HealChange, HealRecord, LedgerFile, LoadCommit, PublishStep, QuarantineFile,
    QuarantineSource, RowState, Superseded, TableAccount, TableRecord, Watermark,
};
pub use result::{EarlierValue, GroupHistory, GroupResult, HistoryReport, RuleResult, Sample};
pub use run::{RunEnd, RunStart};
pub use score::{KeptScore, Score};
pub use store::State;
pub use taken::{PublishedFile, TakenFile};
