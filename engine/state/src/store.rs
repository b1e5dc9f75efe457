//! Opens the state file and brings it to this version.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Params, Row, Transaction, TransactionBehavior};

use crate::StateError;
use crate::paths::create_dir;

/// "Pipe" in ASCII: marks a SQLite file as a state.
const APPLICATION_ID: i32 = 0x5069_7065;

/// The scripts that lead from one version to the next; the version is how many have run. A script is never changed once released.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_initial.sql"),
    include_str!("migrations/0002_replaced_files.sql"),
    include_str!("migrations/0003_undone.sql"),
    include_str!("migrations/0004_watermarks.sql"),
    include_str!("migrations/0005_rule_results.sql"),
    include_str!("migrations/0006_metrics.sql"),
    include_str!("migrations/0007_contracts.sql"),
    include_str!("migrations/0008_scores.sql"),
    include_str!("migrations/0009_column_states.sql"),
    include_str!("migrations/0010_partitions.sql"),
    include_str!("migrations/0011_reasons_of_rules.sql"),
];

/// Files up to this size are checked page by page when opened.
const CHECKED_BYTES: u64 = 8 << 20;

/// The state of a project. Not `Sync`: share it behind a mutex, or open it twice.
#[derive(Debug)]
pub struct State {
    conn: Connection,
    dir: PathBuf,
    bases: Vec<PathBuf>,
}

impl State {
    /// Opens the state in `dir` (`.pipe`), or makes one.
    ///
    /// # Errors
    /// [`StateError::Newer`], [`StateError::Corrupt`], [`StateError::ReadOnly`] and [`StateError::Full`] by name; the file is left as it is.
    pub fn open(dir: &Path) -> Result<State, StateError> {
        State::open_with(dir, MIGRATIONS)
    }

    /// Opens the state in `dir` if there is one, so that a command that only looks makes none.
    pub fn open_existing(dir: &Path) -> Result<Option<State>, StateError> {
        if dir.join("state.db").exists() { State::open(dir).map(Some) } else { Ok(None) }
    }

    fn open_with(dir: &Path, migrations: &[&str]) -> Result<State, StateError> {
        create_dir(dir).map_err(permission)?;
        let dir = std::path::absolute(dir).map_err(|e| StateError::io("find", dir, e))?;
        let path = dir.join("state.db");
        refuse_emptied(&dir, &path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&path, flags).map_err(|e| match e.sqlite_error_code() {
            Some(rusqlite::ErrorCode::CannotOpen | rusqlite::ErrorCode::PermissionDenied) if !is_writable(&dir) => {
                StateError::ReadOnly(path.clone())
            }
            _ => StateError::sqlite(&path, e),
        })?;
        let mut bases: Vec<PathBuf> = dir.parent().map(Path::to_owned).into_iter().collect();
        // Paths may come in with links resolved.
        if let Some(real) = fs::canonicalize(&dir).ok().and_then(|d| d.parent().map(Path::to_owned))
            && !bases.contains(&real)
        {
            bases.push(real);
        }
        let mut state = State { conn, dir, bases };
        state.prepare(&path, migrations)?;
        Ok(state)
    }

    fn prepare(&mut self, path: &Path, migrations: &[&str]) -> Result<(), StateError> {
        let sql = |e| StateError::sqlite(path, e);
        if self.conn.is_readonly("main").map_err(sql)? {
            return Err(StateError::ReadOnly(path.to_owned()));
        }
        self.conn.busy_timeout(Duration::from_secs(5)).map_err(sql)?;
        let known = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
        let found = version(&self.conn).map_err(sql)?;
        let id: i32 = self.conn.query_row("pragma application_id", [], |r| r.get(0)).map_err(sql)?;
        let tables: i64 = self.conn.query_row("select count(*) from sqlite_schema", [], |r| r.get(0)).map_err(sql)?;
        if id != APPLICATION_ID && (id != 0 || found != 0 || tables != 0) {
            return Err(StateError::Corrupt { path: path.to_owned(), detail: "another program's database".into() });
        }
        if found > known {
            return Err(StateError::Newer { path: path.to_owned(), found, known });
        }
        if found > 0 && fs::metadata(path).is_ok_and(|m| m.len() <= CHECKED_BYTES) {
            let verdict: String = self.conn.query_row("pragma quick_check(1)", [], |r| r.get(0)).map_err(sql)?;
            if verdict != "ok" {
                return Err(StateError::Corrupt { path: path.to_owned(), detail: verdict });
            }
        }
        self.conn
            .execute_batch("pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma temp_store = memory;")
            .map_err(sql)?;
        if found < known {
            self.migrate(path, migrations)?;
        }
        let ignore = self.dir.join(".gitignore");
        if found == 0 && !ignore.exists() {
            fs::write(&ignore, "*\n").map_err(|e| StateError::io("write", &ignore, e))?;
        }
        Ok(())
    }

    /// Runs the scripts that are missing, all in one transaction. Another process may have done so since the version was read.
    fn migrate(&mut self, path: &Path, migrations: &[&str]) -> Result<(), StateError> {
        let sql = |e| StateError::sqlite(path, e);
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sql)?;
        let found = version(&tx).map_err(sql)?;
        for (script, number) in migrations.iter().zip(1u32..).filter(|(_, number)| *number > found) {
            tx.execute_batch(script).map_err(sql)?;
            tx.pragma_update(None, "user_version", number).map_err(sql)?;
        }
        tx.pragma_update(None, "application_id", APPLICATION_ID).map_err(sql)?;
        tx.commit().map_err(sql)
    }

    /// The folder: `.pipe`.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The version of the state's tables.
    pub fn version(&self) -> Result<u32, StateError> {
        version(&self.conn).map_err(|e| self.sql(e))
    }

    /// Folders that kept paths are relative to, the one to join them with first.
    pub(crate) fn bases(&self) -> &[PathBuf] {
        &self.bases
    }

    /// An error of SQLite as one of the state.
    pub(crate) fn sql(&self, error: rusqlite::Error) -> StateError {
        StateError::sqlite(&self.dir.join("state.db"), error)
    }

    /// Does everything in `work` or nothing. The write lock is taken at once, so that what `work` reads stays true.
    pub(crate) fn transaction<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, StateError> {
        // `&self` because the work needs the state's paths; a transaction inside a transaction is an error of SQLite's.
        let run = || {
            let tx = Transaction::new_unchecked(&self.conn, TransactionBehavior::Immediate)?;
            let done = work(&tx)?;
            tx.commit()?;
            Ok(done)
        };
        run().map_err(|fault: Fault| match fault {
            Fault::Sql(error) => self.sql(error),
            Fault::State(error) => error,
        })
    }

    /// All rows of a query.
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StateError> {
        let query = || self.conn.prepare_cached(sql)?.query_map(params, read)?.collect::<rusqlite::Result<Vec<T>>>();
        query().map_err(|e| self.sql(e))
    }

    /// The one row of a query, if there is one.
    pub(crate) fn row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StateError> {
        let query = || self.conn.prepare_cached(sql)?.query_row(params, read).optional();
        query().map_err(|e| self.sql(e))
    }
}

/// What ends a transaction early: `?` takes both.
#[derive(Debug)]
pub(crate) enum Fault {
    Sql(rusqlite::Error),
    State(StateError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Fault {
        Fault::Sql(error)
    }
}

impl From<StateError> for Fault {
    fn from(error: StateError) -> Fault {
        Fault::State(error)
    }
}

fn version(conn: &Connection) -> rusqlite::Result<u32> {
    conn.query_row("pragma user_version", [], |r| r.get(0))
}

/// A refused permission on the way to the state means that it is read-only.
fn permission(error: StateError) -> StateError {
    match error {
        StateError::Io { path, error, .. } if error.kind() == std::io::ErrorKind::PermissionDenied => {
            StateError::ReadOnly(path)
        }
        other => other,
    }
}

/// SQLite cannot tell "no state" from "a state that something emptied"; the files beside it can.
fn refuse_emptied(dir: &Path, path: &Path) -> Result<(), StateError> {
    let emptied = fs::metadata(path).is_ok_and(|m| m.len() == 0)
        && fs::metadata(dir.join("state.db-wal")).map_or(true, |m| m.len() == 0)
        && ["quarantine", "ledger"].iter().any(|d| fs::read_dir(dir.join(d)).is_ok_and(|mut d| d.next().is_some()));
    if emptied {
        return Err(StateError::Corrupt {
            path: path.to_owned(),
            detail: "it is empty, but files that it indexed are here".into(),
        });
    }
    Ok(())
}

fn is_writable(dir: &Path) -> bool {
    let probe = dir.join(format!(".writable-{}", std::process::id()));
    let ok = fs::File::create(&probe).is_ok();
    let _ = fs::remove_file(probe);
    ok
}
