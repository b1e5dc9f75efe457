//! What is left of a table when it was judged, healed and staged: rows that can commit, and all there is to say of it.

use datafusion::arrow::datatypes::SchemaRef;
use pipe_connect::source::{FileState, InputFile};
use pipe_state::{Baseline, ColumnState, Metric, Watermark};

use crate::heal::ledger;
use crate::quarantine::Written;
use crate::report::{FailureReport, HealReport, RuleResult, TableReport};
use crate::staging::Finished;

/// A table whose rows can commit.
pub struct Evaluation {
    /// Its rows, counted.
    pub table: TableReport,
    /// Verdicts, in the order of the rules.
    pub rules: Vec<RuleResult>,
    /// What it measures, for later runs.
    pub metrics: Vec<Metric>,
    /// What its columns look like, for later runs.
    pub columns: Vec<ColumnState>,
    /// What clauses did.
    pub heals: Vec<HealReport>,
    /// Failures, all handled.
    pub failures: Vec<FailureReport>,
    /// Where the rows are.
    pub rows: Finished,
    /// Their columns.
    pub schema: SchemaRef,
    /// Rows that left, staged.
    pub quarantine: Option<Written>,
    /// What the heals leave behind, staged.
    pub ledger: Option<ledger::Written>,
    /// What the source looks like now.
    pub baseline: Option<Baseline>,
    /// The files read, with what was found of them.
    pub files: Vec<(InputFile, FileState)>,
    /// How far the source has come by its column, where only new rows were read or will be next.
    pub watermark: Option<Watermark>,
    /// Rows that no clause healed, kept or dropped.
    pub unhealed: u64,
    /// Whether the whole of a small batch went to quarantine.
    pub lost: bool,
}

impl Evaluation {
    /// A model that is no more than its query: nothing of it is judged or kept.
    pub fn view(table: &str, schema: SchemaRef) -> Self {
        Self {
            table: TableReport { name: table.to_owned(), ..TableReport::default() },
            rules: Vec::new(),
            metrics: Vec::new(),
            columns: Vec::new(),
            heals: Vec::new(),
            failures: Vec::new(),
            rows: Finished::default(),
            schema,
            quarantine: None,
            ledger: None,
            baseline: None,
            files: Vec::new(),
            watermark: None,
            unhealed: 0,
            lost: false,
        }
    }
}
