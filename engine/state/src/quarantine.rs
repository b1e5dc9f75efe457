//! The index of quarantined rows and of the ledger's files.
//!
//! A quarantine file is Parquet, written once. What changes is the state of its rows, kept here as ranges of row numbers,
//! so that a million rows cost one entry until someone decides about some of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rusqlite::{OptionalExtension, Transaction, params};

use crate::ranges::{Tagged, normalise, retag};
use crate::sql::{count, int, json, to_json, word};
use crate::store::Fault;
use crate::{
    CommitRecord, QuarantineFile, QuarantineSource, RowRange, RowState, State, StateError, StateRange, Superseded,
};

/// A quarantine file with the states of its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineEntry {
    /// What [`RowChange`] names it by.
    pub id: i64,
    /// The table.
    pub table: String,
    /// The Parquet file.
    pub path: PathBuf,
    /// Rows in it.
    pub rows: u64,
    /// The run that wrote it.
    pub run: String,
    /// The batch its rows left.
    pub batch: String,
    /// The fingerprint of the program that judged them.
    pub fingerprint: String,
    /// When, RFC 3339.
    pub at: String,
    /// Rows by rule or failure.
    pub reasons: BTreeMap<String, u64>,
    /// The source files of its rows, by path.
    pub sources: Vec<QuarantineSource>,
    /// The states of its rows: sorted, without gaps, all of `0..rows`. Neighbours differ.
    pub states: Vec<StateRange>,
}

impl QuarantineEntry {
    /// Rows in a state.
    pub fn count(&self, state: RowState) -> u64 {
        self.states.iter().filter(|s| s.state == state).map(|s| s.range.rows).sum()
    }
}

/// Rows of a quarantine file that go to another state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    /// The file's id.
    pub file: i64,
    /// Rows of the Parquet file, from 0, in any order.
    pub rows: Vec<RowRange>,
    /// Their new state.
    pub state: RowState,
}

/// How many rows of a table are in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineCount {
    /// The table.
    pub table: String,
    /// The state.
    pub state: RowState,
    /// Rows; never 0.
    pub rows: u64,
}

/// A ledger file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The Parquet file.
    pub path: PathBuf,
    /// The table whose cells it holds.
    pub table: String,
    /// The run.
    pub run: String,
    /// The batch.
    pub batch: String,
    /// Cells in it.
    pub cells: u64,
    /// The source files whose cells were replaced since.
    pub superseded: Superseded,
}

impl State {
    /// The published quarantine files of a table, oldest first.
    pub fn quarantine_files(&self, table: &str) -> Result<Vec<QuarantineEntry>, StateError> {
        let mut entries = self.rows(
            "select f.id, f.tbl, f.path, f.rows, b.run, b.id, r.fingerprint, b.committed_at, f.reasons
             from quarantine_file f join batch b on b.seq = f.batch join run r on r.id = b.run
             where f.tbl = ?1 and b.published = 1 order by f.id",
            [table],
            |r| {
                Ok(QuarantineEntry {
                    id: r.get(0)?,
                    table: r.get(1)?,
                    path: self.load_path(&r.get::<_, String>(2)?),
                    rows: count(r, 3)?,
                    run: r.get(4)?,
                    batch: r.get(5)?,
                    fingerprint: r.get(6)?,
                    at: r.get(7)?,
                    reasons: json(r, 8)?,
                    sources: Vec::new(),
                    states: Vec::new(),
                })
            },
        )?;
        for entry in &mut entries {
            entry.sources = self.rows(
                "select source, hash, rows from quarantine_source where file = ?1 order by source, hash",
                [entry.id],
                |r| Ok(QuarantineSource { path: r.get(0)?, hash: r.get(1)?, rows: count(r, 2)? }),
            )?;
            // Neighbours that differ only in when they changed are one range to a reader.
            for state in self.rows(
                "select first, rows, state from quarantine_range where file = ?1 order by first",
                [entry.id],
                |r| {
                    let range = RowRange { first: count(r, 0)?, rows: count(r, 1)? };
                    Ok(StateRange { range, state: word(r, 2, RowState::parse)? })
                },
            )? {
                match entry.states.last_mut() {
                    Some(last) if last.state == state.state => last.range.rows += state.range.rows,
                    _ => entry.states.push(state),
                }
            }
        }
        Ok(entries)
    }

    /// The tables that have quarantined rows, by name.
    pub fn quarantine_tables(&self) -> Result<Vec<String>, StateError> {
        let sql = "select distinct f.tbl from quarantine_file f join batch b on b.seq = f.batch where b.published = 1 order by 1";
        self.rows(sql, [], |r| r.get(0))
    }

    /// Quarantined rows by table and state, of all tables.
    pub fn quarantine_counts(&self) -> Result<Vec<QuarantineCount>, StateError> {
        self.rows(
            "select f.tbl, q.state, sum(q.rows) from quarantine_range q join quarantine_file f on f.id = q.file
             join batch b on b.seq = f.batch where b.published = 1 group by 1, 2 order by 1, 2",
            [],
            |r| Ok(QuarantineCount { table: r.get(0)?, state: word(r, 1, RowState::parse)?, rows: count(r, 2)? }),
        )
    }

    /// The ids of quarantine files that hold rows of a source file, whatever its content was then.
    pub fn quarantined_from(&self, table: &str, source: &str) -> Result<Vec<i64>, StateError> {
        self.rows(
            "select distinct s.file from quarantine_source s join quarantine_file f on f.id = s.file
             where s.source = ?2 and f.tbl = ?1 order by 1",
            [table, source],
            |r| r.get(0),
        )
    }

    /// Changes the states of quarantined rows by themselves, such as `discard`; all or none. What a commit settles belongs into its record.
    ///
    /// # Errors
    /// [`StateError::Transition`] when a row is replayed, superseded or discarded already, or has that state.
    pub fn set_quarantine_state(&mut self, run: &str, at: &str, changes: &[RowChange]) -> Result<(), StateError> {
        self.transaction(|tx| change(tx, run, at, changes))
    }

    /// The published ledger files, oldest first.
    pub fn ledger_files(&self) -> Result<Vec<LedgerEntry>, StateError> {
        let mut entries = self.rows(
            "select l.id, l.path, l.tbl, b.run, b.id, l.cells from ledger_file l join batch b on b.seq = l.batch
             where b.published = 1 order by l.id",
            [],
            |r| {
                let entry = LedgerEntry {
                    path: self.load_path(&r.get::<_, String>(1)?),
                    table: r.get(2)?,
                    run: r.get(3)?,
                    batch: r.get(4)?,
                    cells: count(r, 5)?,
                    superseded: Superseded::Nothing,
                };
                Ok((r.get::<_, i64>(0)?, entry))
            },
        )?;
        for (id, entry) in &mut entries {
            let sql = "select source from ledger_superseded where file = ?1";
            let files: BTreeSet<String> = self.rows(sql, [*id], |r| r.get(0))?.into_iter().collect();
            entry.superseded = match files.contains("") {
                true => Superseded::All,
                false if files.is_empty() => Superseded::Nothing,
                false => Superseded::Files(files),
            };
        }
        Ok(entries.into_iter().map(|(_, entry)| entry).collect())
    }
}

/// What a range of rows is tagged with.
#[derive(Clone, PartialEq)]
struct Tag {
    state: RowState,
    at: String,
    run: String,
}

/// Writes a file of a commit into the index.
pub(crate) fn insert(
    state: &State,
    tx: &Transaction<'_>,
    batch: i64,
    record: &CommitRecord,
    file: &QuarantineFile,
) -> Result<(), Fault> {
    tx.execute(
        "insert into quarantine_file (batch, tbl, path, rows, reasons) values (?1, ?2, ?3, ?4, ?5)",
        params![
            batch,
            record.table.account.table,
            state.store_path(&file.path)?,
            int(file.rows),
            to_json(&file.reasons)?
        ],
    )?;
    let id = tx.last_insert_rowid();
    let mut sources =
        tx.prepare_cached("insert into quarantine_source (file, source, hash, rows) values (?1, ?2, ?3, ?4)")?;
    for source in &file.sources {
        sources.execute(params![id, source.path, source.hash, int(source.rows)])?;
    }
    let tag = |state| Tag { state, at: record.at.clone(), run: record.run.clone() };
    let mut ranges = vec![(RowRange { first: 0, rows: file.rows }, tag(file.state))];
    for (range, state) in &file.exceptions {
        ranges = retag(&ranges, &normalise(vec![*range]), &tag(*state), |_, _| Ok::<(), Fault>(()))?;
    }
    write_ranges(tx, id, &ranges)
}

/// Changes states, each file's ranges read and written once a change.
pub(crate) fn change(tx: &Transaction<'_>, run: &str, at: &str, changes: &[RowChange]) -> Result<(), Fault> {
    for change in changes {
        let known: Option<i64> = tx
            .prepare_cached("select rows from quarantine_file where id = ?1")?
            .query_row([change.file], |r| r.get(0))
            .optional()?;
        let rows = normalise(change.rows.clone());
        let outside = rows.last().is_some_and(|r| known.is_some_and(|n| int(r.end()) > n));
        if known.is_none() || outside {
            let what = if outside { "such rows in quarantine file" } else { "quarantine file" };
            return Err(StateError::Unknown { what, name: change.file.to_string() }.into());
        }
        let old: Vec<Tagged<Tag>> = tx
            .prepare_cached("select first, rows, state, at, run from quarantine_range where file = ?1 order by first")?
            .query_map([change.file], |r| {
                let range = RowRange { first: count(r, 0)?, rows: count(r, 1)? };
                Ok((range, Tag { state: word(r, 2, RowState::parse)?, at: r.get(3)?, run: r.get(4)? }))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let tag = Tag { state: change.state, at: at.to_owned(), run: run.to_owned() };
        let new = retag(&old, &rows, &tag, |range, had| {
            if had.state.may_become(change.state) {
                return Ok(());
            }
            let (from, to) = (had.state.word(), change.state.word());
            Err(StateError::Transition { file: change.file, row: range.first, from, to })
        })?;
        tx.execute("delete from quarantine_range where file = ?1", [change.file])?;
        write_ranges(tx, change.file, &new)?;
    }
    Ok(())
}

fn write_ranges(tx: &Transaction<'_>, file: i64, ranges: &[Tagged<Tag>]) -> Result<(), Fault> {
    let mut insert = tx.prepare_cached(
        "insert into quarantine_range (file, first, rows, state, at, run) values (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (range, tag) in ranges.iter().filter(|(r, _)| r.rows > 0) {
        insert.execute(params![file, int(range.first), int(range.rows), tag.state.word(), tag.at, tag.run])?;
    }
    Ok(())
}
