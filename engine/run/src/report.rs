//! What a run tells. The JSON form is these structs, keys as named here; text forms are the command line's.

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

pub use pipe_state::{EarlierValue, GroupHistory, GroupResult, HistoryReport, RuleResult, Sample};

use crate::score::Scores;

/// A run, from start to end. `format_version` moves when a key changes its meaning or goes away; new keys do not move it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// 1.
    pub format_version: u32,
    /// `ok`, `nothing_new`, `waiting`, `partial`, `failed`, `invalid`, `interrupted`.
    pub outcome: String,
    /// As `semantics` of exit codes: 0, 1, 2, 3, 4, 130.
    pub exit_code: u8,
    /// The run's id; empty when none was begun.
    pub run: String,
    /// When it began, RFC 3339, UTC.
    pub started_at: String,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The tables evaluated, in the order they were.
    pub tables: Vec<TableReport>,
    /// The loads, in the order of the program.
    pub loads: Vec<LoadReport>,
    /// The rules judged, in the order of the program.
    pub rules: Vec<RuleResult>,
    /// What the rules make of the quality of what they judged.
    pub score: Scores,
    /// What clauses did, in the order of tables and clauses.
    pub heals: Vec<HealReport>,
    /// Failures raised, handled or not.
    pub failures: Vec<FailureReport>,
    /// Diagnostics of the program (check) and of the run, as JSON of `pipe-diagnostics`.
    pub diagnostics: Vec<serde_json::Value>,
    /// Sentences for people: what was recovered from an earlier run, what is not new, what is downstream of rows left out.
    pub notes: Vec<String>,
}

/// The account of a table's rows: `read = committed + quarantined + dropped + duplicates_removed`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TableReport {
    /// The table.
    pub name: String,
    /// `committed`, `failed`, `skipped`, `nothing_new`, `waiting`, `undone`.
    pub outcome: String,
    /// Rows as read, broken records included.
    pub read: u64,
    /// Rows that went on to loads and models.
    pub committed: u64,
    /// Rows in quarantine, waiting ones included.
    pub quarantined: u64,
    /// Of the quarantined: waiting for approval.
    pub waiting: u64,
    /// Rows dropped by a clause.
    pub dropped: u64,
    /// Rows a `dedupe` removed; whole in the ledger.
    pub duplicates_removed: u64,
    /// Of the committed: rows let pass by `keep` though they violate.
    pub kept: u64,
    /// Cells changed by heals.
    pub healed_cells: u64,
    /// Of the committed: rows with a changed cell.
    pub healed_rows: u64,
    /// Files read.
    pub files: u64,
    /// Bytes read from files, as they lie there (compressed).
    pub bytes: u64,
    /// Where the quarantined rows are to be queried, when there are any: `pipe.quarantine_orders`.
    pub quarantine: Option<String>,
    /// "without 12 rows of orders": the inputs that were left incomplete.
    pub without: Vec<String>,
}

/// A load.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoadReport {
    /// As `--target` names it.
    pub name: String,
    /// The table.
    pub table: String,
    /// `committed`, `nothing_new`, `failed`, `skipped`; of an undo `undone` and `stale`.
    pub outcome: String,
    /// The connector.
    pub connector: String,
    /// The locator as written.
    pub locator: String,
    /// The write mode.
    pub mode: String,
    /// Rows written; of an undo: taken out.
    pub rows: u64,
    /// Files published; of an undo: written again or removed.
    pub files: u64,
    /// Why it failed or was skipped.
    pub reason: Option<String>,
}

/// What a clause did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HealReport {
    /// The table.
    pub table: String,
    /// The clause's number in its table, from 1.
    pub clause: usize,
    /// The clause, as written, white space folded.
    pub text: String,
    /// The column it changes; empty when it is about no single column.
    pub column: String,
    /// The action: `rename`, `cast`, `quarantine`, …
    pub action: String,
    /// The failure it answered, such as `rule_failed(rule: order_id.unique)`.
    pub failure: String,
    /// Cells changed.
    pub cells: u64,
    /// Rows healed, moved or removed.
    pub rows: u64,
    /// The instance's confidence, the lowest of its proposals; 1 for what is stated in full.
    pub confidence: f64,
    /// How the confidence was computed, a line each.
    pub arithmetic: Vec<String>,
    /// `applied`, `waiting`, `refused`, `withdrawn`, `undone`.
    pub state: String,
    /// Why it was refused, withdrawn or waits.
    pub reason: Option<String>,
}

/// A failure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FailureReport {
    /// `rule_failed`, `bad_record`, …
    pub failure: String,
    /// The table or source.
    pub table: String,
    /// Its fields, as text.
    pub fields: std::collections::BTreeMap<String, String>,
    /// Rows to blame.
    pub rows: u64,
    /// What became of it, in the order of the steps: `healed`, `quarantined`, `waiting`, `failed`, …; `withdrawn` where the table did not commit
    pub handled: String,
    /// The clause that took it, if one did.
    pub clause: Option<usize>,
    /// Up to five rows.
    pub samples: Vec<Sample>,
    /// Why it cannot go on, for one that failed the table; with what to do.
    pub help: Option<String>,
    /// For one that failed the table: the page `pipe explain` has about it.
    pub code: Option<String>,
}

/// Watches a run: the progress bar of a terminal.
pub trait Observer: Send + Sync {
    /// A table begins: files and bytes to read, as far as known.
    fn table_started(&self, _table: &str, _files: u64, _bytes: u64) {}
    /// Bytes of a table read so far (compressed, as they lie in files) and rows so far. Called often.
    fn progress(&self, _table: &str, _bytes: u64, _rows: u64) {}
    /// A table is decided.
    fn table_finished(&self, _table: &str) {}
    /// Resolves when somebody wants the run to stop; by default never. Signals are for the command line to hear: on the
    /// threads of an engine at work they may not be.
    fn interrupted(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}

/// Watches nothing.
pub struct Silent;

impl Observer for Silent {}
