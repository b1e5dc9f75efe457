//! Runs: begun, ended, or killed in between.

use std::collections::BTreeMap;

use rusqlite::params;
use serde_json::Value;

use crate::sql::to_json;
use crate::{Score, State, StateError, TableRecord, outcome, score};

/// A run that begins.
#[derive(Clone, Debug, Default)]
pub struct RunStart {
    /// Its id.
    pub id: String,
    /// The command: `run`, `quarantine replay`.
    pub command: String,
    /// When, RFC 3339.
    pub started_at: String,
    /// The program's fingerprint.
    pub program_fingerprint: String,
    /// The chosen targets.
    pub targets: Vec<String>,
    /// Parameters, as text. Never a secret.
    pub params: BTreeMap<String, String>,
}

/// A run that ends.
#[derive(Clone, Debug, Default)]
pub struct RunEnd {
    /// When, RFC 3339.
    pub finished_at: String,
    /// `ok`, `nothing_new`, `waiting`, `partial`, `failed`, `invalid`, `interrupted`.
    pub outcome: String,
    /// The exit code.
    pub exit_code: u8,
    /// The whole report, as `--format json` prints it.
    pub report: Value,
    /// Tables of which nothing was committed: their verdicts and failures. Those that committed are in their commits.
    pub tables: Vec<TableRecord>,
    /// What its rules make of the quality of the data, by level: `project`, `table`, `dimension`, `column`, `rule`.
    pub scores: Vec<(String, Score)>,
}

impl State {
    /// Writes down that a run begins. Call [`State::recover`] before.
    pub fn begin_run(&mut self, start: &RunStart) -> Result<(), StateError> {
        self.transaction(|tx| {
            tx.execute(
                "insert into run (id, command, started_at, fingerprint, targets, params) values (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    start.id,
                    start.command,
                    start.started_at,
                    start.program_fingerprint,
                    to_json(&start.targets)?,
                    to_json(&start.params)?,
                ],
            )?;
            Ok(())
        })
    }

    /// Writes down how a run ended.
    pub fn finish_run(&mut self, run: &str, end: &RunEnd) -> Result<(), StateError> {
        self.transaction(|tx| {
            let changed = tx.execute(
                "update run set finished_at = ?2, outcome = ?3, exit_code = ?4, report = ?5 where id = ?1",
                params![run, end.finished_at, end.outcome, end.exit_code, to_json(&end.report)?],
            )?;
            if changed == 0 {
                return Err(StateError::Unknown { what: "run", name: run.to_owned() }.into());
            }
            for table in &end.tables {
                outcome::insert(tx, run, None, table)?;
            }
            score::insert(tx, run, &end.scores)?;
            Ok(())
        })
    }

    /// The report of a run that ended.
    pub fn report(&self, run: &str) -> Result<Option<Value>, StateError> {
        let text = self.row("select report from run where id = ?1", [run], |r| r.get::<_, Option<String>>(0))?;
        Ok(text.flatten().and_then(|t| serde_json::from_str(&t).ok()))
    }

    /// The ids of all runs, oldest first.
    pub fn run_ids(&self) -> Result<Vec<String>, StateError> {
        self.rows("select id from run order by seq", [], |r| r.get(0))
    }
}
