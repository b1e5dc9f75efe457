//! What can go wrong with the state, each with what to do next.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Why the state cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file or folder cannot be written.
    #[error("the state in `{}` cannot be written: it is read-only; give it write permission or choose another folder with `--state`", .0.display())]
    ReadOnly(PathBuf),
    /// The file is not a state, or damaged.
    #[error("the state `{}` is damaged or not a state of pipe: {detail}; it was left as it is: restore it from a copy, or move it away to begin anew", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        detail: String,
    },
    /// A newer pipe wrote it.
    #[error("the state `{}` has version {found}, and this pipe knows versions up to {known}; use the newer pipe that wrote it", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// The disk is full.
    #[error("no space is left for `{}`; nothing of the batch was committed", .0.display())]
    Full(PathBuf),
    /// Another process runs.
    #[error("{holder} holds the state in `{}`; wait for it to end", .path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
        /// Who holds it.
        holder: Holder,
    },
    /// Another process writes for longer than five seconds.
    #[error("the state `{}` is busy: another process has been writing to it for more than 5 s; try again", .0.display())]
    Busy(PathBuf),
    /// A batch id commits once.
    #[error("batch `{batch}` of load `{load}` was committed before, by run `{run}`; a batch commits once")]
    BatchCommitted {
        /// The batch.
        batch: String,
        /// The load.
        load: String,
        /// The run that committed it.
        run: String,
    },
    /// A load takes a file once.
    #[error("load `{load}` has already taken `{path}`, in run `{run}`; forget it in the same commit to take it again")]
    FileTaken {
        /// The load.
        load: String,
        /// The file, as the user would name it.
        path: String,
        /// The run that took it.
        run: String,
    },
    /// An earlier batch of the same load or table waits for its files to be published.
    #[error(
        "batch `{batch}` of `{name}` is committed but its files are not published yet; run any command to complete it"
    )]
    Unpublished {
        /// The batch that waits.
        batch: String,
        /// The load or table.
        name: String,
    },
    /// A target that must not exist does.
    #[error("`{}` exists already; it was not touched", .0.display())]
    TargetExists(PathBuf),
    /// A staged file is gone before its commit.
    #[error("the staged file `{}` is missing; nothing was committed", .0.display())]
    StagedMissing(PathBuf),
    /// A staged file is gone after its commit and before its publication.
    #[error("batch `{batch}` cannot be published: neither `{}` nor `{}` is there", .staged.display(), .target.display())]
    Lost {
        /// The batch.
        batch: String,
        /// Where the file was staged.
        staged: PathBuf,
        /// Where it belongs.
        target: PathBuf,
    },
    /// A file to remove is not one that a load published.
    #[error("`{}` was not written by load `{load}`, so it is not removed", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The load that wanted it removed.
        load: String,
    },
    /// A folder is not one that staging may use.
    #[error("`{}` is no staging folder: it must lie in the state's `staging` or be named `.pipe-staging-…`", .0.display())]
    NotStaging(PathBuf),
    /// A path is not text.
    #[error("the path `{}` is not valid UTF-8; rename it", .0.display())]
    NotUtf8(PathBuf),
    /// A row of the quarantine is in no state to be changed so.
    #[error("row {row} of quarantine file {file} is `{from}` and cannot become `{to}`")]
    Transition {
        /// The quarantine file's id.
        file: i64,
        /// The row, from 0.
        row: u64,
        /// The state it has.
        from: &'static str,
        /// The state asked for.
        to: &'static str,
    },
    /// A name or number that the state does not know.
    #[error("the state has no {what} `{name}`")]
    Unknown {
        /// What was looked for: `run`, `quarantine file`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// The operating system refused.
    #[error("cannot {action} `{}`: {error}", .path.display())]
    Io {
        /// What was tried: `move`, `create folder`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// SQLite refused for any other reason.
    #[error("the state `{}` cannot be used: {error}", .path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: rusqlite::Error,
    },
    /// Rows could not be put in columns.
    #[error("the state's table `{table}` cannot be read: {error}")]
    Arrow {
        /// The table.
        table: &'static str,
        /// The reason.
        error: arrow::error::ArrowError,
    },
}

impl StateError {
    /// An error of the operating system on a path.
    pub(crate) fn io(action: &'static str, path: &Path, error: io::Error) -> StateError {
        match error.kind() {
            io::ErrorKind::ReadOnlyFilesystem => StateError::ReadOnly(path.to_owned()),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StateError::Full(path.to_owned()),
            _ => StateError::Io { action, path: path.to_owned(), error },
        }
    }

    /// An error of SQLite on the state file.
    pub(crate) fn sqlite(path: &Path, error: rusqlite::Error) -> StateError {
        use rusqlite::ErrorCode;
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                StateError::Corrupt { path, detail: error.to_string() }
            }
            Some(ErrorCode::ReadOnly) => StateError::ReadOnly(path),
            Some(ErrorCode::DiskFull) => StateError::Full(path),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StateError::Busy(path),
            _ => StateError::Sqlite { path, error },
        }
    }
}

/// Who holds the lock, as the lock file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Process id.
    pub pid: u32,
    /// The command, such as `run`.
    pub command: String,
    /// Since when, RFC 3339.
    pub since: String,
    /// The machine's name; empty when it is not known.
    pub host: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pid == 0 {
            return f.write_str("another process");
        }
        write!(f, "process {}", self.pid)?;
        if !self.host.is_empty() {
            write!(f, " on {}", self.host)?;
        }
        write!(f, " (`pipe {}`, since {})", self.command, self.since)
    }
}
