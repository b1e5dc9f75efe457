//! The state, for commands that look: they make none, and what a killed run left half-published is completed first.

use std::path::Path;

use chrono::{DateTime, Utc};
use pipe_diagnostics::Diagnostic;
use pipe_state::{State, StateError};
use tempfile::TempDir;

use crate::errors;

/// A state to read. Where there is none yet, an empty one that goes away with this value.
#[derive(Debug)]
pub struct Look {
    /// The state.
    pub state: State,
    _empty: Option<TempDir>,
}

impl Look {
    /// The state in `dir`, as it is.
    ///
    /// # Errors
    /// A state that cannot be read.
    pub fn still(dir: &Path) -> Result<Self, Diagnostic> {
        if let Some(state) = State::open_existing(dir).map_err(|e| errors::state(&e))? {
            return Ok(Self { state, _empty: None });
        }
        let empty = tempfile::tempdir().map_err(|e| errors::io(&e))?;
        let state = State::open(&empty.path().join("state")).map_err(|e| errors::state(&e))?;
        Ok(Self { state, _empty: Some(empty) })
    }

    /// The state in `dir`, as it is; of one that may not be written a copy that goes away with this value; where there is none that can
    /// be opened an empty one, and a note that says so.
    ///
    /// # Errors
    /// Nowhere to put an empty one.
    pub fn beside(dir: &Path, notes: &mut Vec<String>) -> Result<Self, Diagnostic> {
        match State::open_existing(dir) {
            Err(StateError::ReadOnly(_)) => Self::copied(dir),
            _ => Self::still(dir),
        }
        .or_else(|problem| {
            notes.push(format!("the state is left out: {}", problem.message));
            let empty = tempfile::tempdir().map_err(|e| errors::io(&e))?;
            let state = State::open(&empty.path().join("state")).map_err(|e| errors::state(&e))?;
            Ok(Self { state, _empty: Some(empty) })
        })
    }

    /// A copy of the state in `dir`: SQLite writes beside a database that it only reads.
    fn copied(dir: &Path) -> Result<Self, Diagnostic> {
        let copy = tempfile::tempdir().map_err(|e| errors::io(&e))?;
        for name in ["state.db", "state.db-wal"] {
            match std::fs::read(dir.join(name)).and_then(|bytes| std::fs::write(copy.path().join(name), bytes)) {
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                other => other.map_err(|e| errors::io(&e))?,
            }
        }
        let state = State::open(copy.path()).map_err(|e| errors::state(&e))?;
        Ok(Self { state, _empty: Some(copy) })
    }

    /// The state in `dir`, after what a killed run had committed was put into its places. While another command is at work, that is its business.
    ///
    /// # Errors
    /// A state that cannot be read.
    pub fn open(dir: &Path, now: DateTime<Utc>) -> Result<Self, Diagnostic> {
        let mut look = Self::still(dir)?;
        if look._empty.is_none()
            && let Ok(lock) = look.state.lock("look", &now.to_rfc3339())
        {
            look.state.recover(&lock).map_err(|e| errors::state(&e))?;
        }
        Ok(look)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_a_state_is_read_and_the_state_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join(".pipe");
        drop(State::open(&dir).unwrap());
        let files = || {
            let mut names: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|e| e.unwrap().file_name()).collect();
            names.sort();
            (names, std::fs::read(dir.join("state.db")).unwrap())
        };
        let before = files();
        let look = Look::copied(&dir).unwrap();
        assert_eq!(
            look.state.version().unwrap(),
            State::open(&folder.path().join("other")).unwrap().version().unwrap()
        );
        assert!(look.state.baseline("t").unwrap().is_none());
        assert_eq!(files(), before);
    }
}
