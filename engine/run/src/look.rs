//! The state, for commands that look: they make none, and what a killed run left half-published is completed first.

use std::path::Path;

use chrono::{DateTime, Utc};
use pipe_diagnostics::Diagnostic;
use pipe_state::State;
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

    /// The state in `dir`, as it is; where it cannot be opened an empty one, and a note that says so.
    ///
    /// # Errors
    /// Nowhere to put an empty one.
    pub fn beside(dir: &Path, notes: &mut Vec<String>) -> Result<Self, Diagnostic> {
        Self::still(dir).or_else(|problem| {
            notes.push(format!("the state is left out: {}", problem.message));
            let empty = tempfile::tempdir().map_err(|e| errors::io(&e))?;
            let state = State::open(&empty.path().join("state")).map_err(|e| errors::state(&e))?;
            Ok(Self { state, _empty: Some(empty) })
        })
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
