//! What `pipe validate` tells. The JSON form is these structs, keys as named here.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::report::{FailureReport, RuleResult};
use crate::score::Scores;

/// What the rules found. `format_version` moves when a key changes its meaning or goes away; new keys do not move it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Validation {
    /// 1.
    pub format_version: u32,
    /// `clean`, `findings`, `failed` (something could not be looked at), `invalid`, `interrupted`.
    pub outcome: String,
    /// 0 clean, 1 findings, 2 could not look, 130 interrupted.
    pub exit_code: u8,
    /// When it began, RFC 3339, UTC.
    pub started_at: String,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The tables looked at, in the order of the program's graph.
    pub tables: Vec<Looked>,
    /// The rules judged, in the order of tables and rules.
    pub rules: Vec<Judged>,
    /// What the rules make of the quality of the rows as they came; with the scores of earlier runs, where no other file was named.
    pub score: Scores,
    /// What is wrong with the data beside the rules: records that cannot be parsed, cells that do not convert, columns that are not there.
    pub failures: Vec<FailureReport>,
    /// The file all failing rows were written to, as it was named.
    pub failing_rows_file: Option<String>,
    /// How many rows are in it.
    pub failing_rows_written: u64,
    /// Diagnostics, as JSON of `pipe-diagnostics`.
    pub diagnostics: Vec<Value>,
    /// Sentences for people.
    pub notes: Vec<String>,
}

/// A table that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Looked {
    /// The table.
    pub name: String,
    /// Rows, broken records left out; `None`: no rule asked for a row.
    pub rows: Option<u64>,
    /// Records that cannot be parsed.
    pub broken: u64,
    /// Files read; a model has none of its own.
    pub files: u64,
    /// Bytes read from files, as they lie there (compressed).
    pub bytes: u64,
}

/// A rule's verdict.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Judged {
    /// As a run tells it, of the rows as they came.
    #[serde(flatten)]
    pub result: RuleResult,
    /// What answered it: `columns`, `footer` (of Parquet files), `pass` (over all rows), `keys` (hashes of a pass), `query`.
    pub judged_by: String,
    /// Whether it counts as a finding: it failed, and its severity is error or critical.
    pub finding: bool,
    /// The first rows that violate it, in the order of files and rows.
    pub failing_rows: Vec<FailingRow>,
    /// How many more there are.
    pub more_failing_rows: u64,
}

/// A row that violates a rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FailingRow {
    /// The file, as the user would name it; `None`: a model's row.
    pub file: Option<String>,
    /// The line its record starts on, from 1; `None` where there are none.
    pub line: Option<u64>,
    /// The data row of its file, from 0.
    pub row: Option<u64>,
    /// The values of the rule's columns.
    pub values: BTreeMap<String, Value>,
}
