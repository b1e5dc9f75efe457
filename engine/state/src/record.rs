//! What a commit says about its batch.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use crate::{Act, Baseline, ColumnState, Metric, RowRange, RuleResult, Sample, TakenFile, UndoneCell};

/// All that one batch of one table means, committed in one transaction. Lists may be empty.
#[derive(Clone, Debug, Default)]
pub struct CommitRecord {
    /// The run.
    pub run: String,
    /// The batch: the identity of its input, never of the program.
    pub batch: String,
    /// When, RFC 3339.
    pub at: String,
    /// The account, verdicts, failures and heals of the table.
    pub table: TableRecord,
    /// What lands where. One table may go to several loads.
    pub loads: Vec<LoadCommit>,
    /// Files to move to their places: of the loads, of the quarantine, of the ledger. All must be complete.
    pub publish: Vec<PublishStep>,
    /// Rows that leave the batch. Their files are published by `publish`.
    pub quarantine: Vec<QuarantineFile>,
    /// Earlier quarantined rows that this batch settles: `replayed`, `superseded`.
    pub quarantine_changes: Vec<crate::RowChange>,
    /// Changed cells. Their files are published by `publish`.
    pub ledger: Vec<LedgerFile>,
    /// Earlier changed cells of the table that are no longer in any target.
    pub ledger_superseded: Superseded,
    /// Earlier heals that this batch changes the state of: `undone`.
    pub heal_changes: Vec<HealChange>,
    /// Baselines that move with this batch.
    pub baselines: Vec<Baseline>,
    /// Acts of people that this batch carries out.
    pub acts: Vec<Act>,
    /// The cells of the rows that this batch takes back.
    pub undone: Vec<UndoneCell>,
}

/// A load's share in a batch.
#[derive(Clone, Debug, Default)]
pub struct LoadCommit {
    /// The load's name.
    pub load: String,
    /// The load's own batch, where the record's is that of another load: each is known by its load and its input.
    pub batch: Option<String>,
    /// Rows landed.
    pub rows: u64,
    /// Files it has taken with this batch.
    pub taken: Vec<TakenFile>,
    /// What it had taken before and no longer counts.
    pub forget: Forget,
    /// Files that earlier batches of this load published and that go away. A file that this batch publishes again stays.
    pub remove: Vec<PathBuf>,
    /// How far it has come, where its source goes forward by a column.
    pub watermark: Option<Watermark>,
}

/// The greatest value a load has read of the column its source goes forward by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watermark {
    /// The column.
    pub column: String,
    /// The value, as text.
    pub value: String,
}

/// What a load forgets in a commit, so that it may take it again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Forget {
    /// Nothing.
    #[default]
    Nothing,
    /// These files, as the user would name them: they changed and land again.
    Files(Vec<String>),
    /// Everything: a full refresh.
    All,
}

/// Whose earlier rows a batch takes the place of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Superseded {
    /// Of none.
    #[default]
    Nothing,
    /// Of these source files, as the table names them.
    Files(BTreeSet<String>),
    /// Of all.
    All,
}

impl Superseded {
    /// Whether the rows of a source file are among them.
    pub fn covers(&self, file: &str) -> bool {
        match self {
            Superseded::Nothing => false,
            Superseded::Files(files) => files.contains(file),
            Superseded::All => true,
        }
    }
}

/// A file to move to its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishStep {
    /// The load it belongs to; `None` for quarantine and ledger.
    pub load: Option<String>,
    /// The one source file whose rows it holds, as its load names it: [`TakenFile::path`]. `None`: of several, or of none.
    pub source: Option<String>,
    /// The complete file, on the same file system as its target.
    pub staged: PathBuf,
    /// Its place.
    pub target: PathBuf,
    /// Whether a file may be there already.
    pub replace: bool,
    /// Rows in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
}

/// What became of a table in a run.
#[derive(Clone, Debug, Default)]
pub struct TableRecord {
    /// Its rows, counted.
    pub account: TableAccount,
    /// Verdicts.
    pub rules: Vec<RuleResult>,
    /// Failures, handled or not.
    pub failures: Vec<FailureRecord>,
    /// What clauses did.
    pub heals: Vec<HealRecord>,
    /// What it measures.
    pub metrics: Vec<Metric>,
    /// What the columns of the rows that commit look like, where that was taken down.
    pub columns: Vec<ColumnState>,
}

/// A table's rows, counted: `read = committed + quarantined + dropped + duplicates_removed`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableAccount {
    /// The table.
    pub table: String,
    /// `committed`, `failed`, `skipped`, `nothing_new`, `waiting`.
    pub outcome: String,
    /// Rows as read, broken records included.
    pub read: u64,
    /// Rows that went on; negative when the batch took rows back, so that the sum over all batches is what the targets hold.
    pub committed: i64,
    /// Rows in quarantine, waiting ones included.
    pub quarantined: u64,
    /// Of the quarantined: waiting for approval.
    pub waiting: u64,
    /// Rows dropped by a clause.
    pub dropped: u64,
    /// Rows a `dedupe` removed.
    pub duplicates_removed: u64,
    /// Of the committed: let pass though they violate.
    pub kept: u64,
    /// Cells changed.
    pub healed_cells: u64,
    /// Of the committed: rows with a changed cell.
    pub healed_rows: u64,
    /// Rows that no clause healed, kept or dropped and that do not wait: what `structural` measures.
    pub unhealed: u64,
    /// Files read.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Inputs left incomplete, as text for people.
    pub without: Vec<String>,
}

/// A failure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FailureRecord {
    /// `rule_failed`, `bad_record`, …
    pub failure: String,
    /// Its fields, as text.
    pub fields: BTreeMap<String, String>,
    /// Rows to blame.
    pub rows: u64,
    /// What became of it.
    pub handled: String,
    /// The clause that took it.
    pub clause: Option<u32>,
    /// Rows, for people.
    pub samples: Vec<Sample>,
    /// Why it cannot go on.
    pub help: Option<String>,
}

/// What a clause did or proposes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HealRecord {
    /// As the ledger's rows name it: unique within the run and table.
    pub number: u32,
    /// The clause's number in its table, from 1.
    pub clause: u32,
    /// The clause, white space folded.
    pub text: String,
    /// Hash of that text: what confidence is kept for.
    pub clause_hash: String,
    /// The column it changes; empty when it is about no single column.
    pub column: String,
    /// The action.
    pub action: String,
    /// The failure it answers.
    pub failure: String,
    /// Cells changed.
    pub cells: u64,
    /// Rows changed, moved or removed.
    pub rows: u64,
    /// The instance's confidence.
    pub confidence: f64,
    /// How that was computed, a line each.
    pub arithmetic: Vec<String>,
    /// `applied`, `waiting`, `refused`, `withdrawn`.
    pub state: String,
    /// Why it was refused, withdrawn or waits.
    pub reason: Option<String>,
    /// What is needed to apply or undo it, such as the two names of a rename.
    pub detail: Option<Value>,
}

/// A heal that changes its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealChange {
    /// The heal's id, as `pipe.heals` shows it.
    pub id: i64,
    /// Its new state.
    pub state: String,
}

/// A Parquet file of changed cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerFile {
    /// Where it will be.
    pub path: PathBuf,
    /// Cells in it.
    pub cells: u64,
}

/// A Parquet file of quarantined rows of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuarantineFile {
    /// Where it will be. No two files of the quarantine ever have the same path.
    pub path: PathBuf,
    /// Rows in it.
    pub rows: u64,
    /// The state of all its rows but for `exceptions`.
    pub state: RowState,
    /// Rows in another state.
    pub exceptions: Vec<(RowRange, RowState)>,
    /// Rows by rule or failure, a row once for each.
    pub reasons: BTreeMap<String, u64>,
    /// The source files the rows came from.
    pub sources: Vec<QuarantineSource>,
}

/// Rows of a source file in a quarantine file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineSource {
    /// The source file, as the user would name it.
    pub path: String,
    /// Its content's hash.
    pub hash: String,
    /// Rows of it.
    pub rows: u64,
}

/// The state of a quarantined row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowState {
    /// Waits for a better program or a person.
    #[default]
    Held,
    /// A proposal for it waits.
    AwaitingApproval,
    /// Was healed and committed, then taken back.
    Undone,
    /// Went through the program again.
    Replayed,
    /// A newer version of it was committed, or its file landed again.
    Superseded,
    /// A person gave it up.
    Discarded,
}

impl RowState {
    /// All, in order.
    pub const ALL: [RowState; 6] = [
        RowState::Held,
        RowState::AwaitingApproval,
        RowState::Undone,
        RowState::Replayed,
        RowState::Superseded,
        RowState::Discarded,
    ];

    /// As tables show it: `awaiting_approval`.
    pub fn word(self) -> &'static str {
        match self {
            RowState::Held => "held",
            RowState::AwaitingApproval => "awaiting_approval",
            RowState::Undone => "undone",
            RowState::Replayed => "replayed",
            RowState::Superseded => "superseded",
            RowState::Discarded => "discarded",
        }
    }

    /// The state with this word.
    pub fn parse(word: &str) -> Option<RowState> {
        RowState::ALL.into_iter().find(|s| s.word() == word)
    }

    /// Whether nothing comes after it. A row is replayed, superseded or discarded once.
    pub fn is_final(self) -> bool {
        matches!(self, RowState::Replayed | RowState::Superseded | RowState::Discarded)
    }

    /// Whether a row may go from this state to that one. A row that waits may be held again: its proposal was turned down.
    pub fn may_become(self, next: RowState) -> bool {
        !self.is_final() && self != next && next != RowState::Undone
    }
}
