//! What the command line asks of a run.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

use crate::Saved;

/// Options of a run, a query or a plan.
#[derive(Clone, Debug)]
pub struct Options {
    /// The state's folder, `.pipe`.
    pub state: PathBuf,
    /// Loads or tables to run; empty: all loads.
    pub targets: Vec<String>,
    /// `--param name=value`
    pub params: BTreeMap<String, String>,
    /// Whether loads take everything again, in place of what they have written.
    pub full_refresh: bool,
    /// The plan that is to be run: what would not be the same is refused.
    pub plan: Option<Saved>,
    /// Threads; partitions of every plan.
    pub threads: usize,
    /// Bytes that operators may hold together before they spill; `None`: no bound.
    pub memory_limit: Option<usize>,
    /// What `now()` is; frozen for the whole run.
    pub now: DateTime<Utc>,
}

impl Options {
    /// All loads, with the defaults of this machine.
    pub fn new(state: impl Into<PathBuf>) -> Self {
        Self {
            state: state.into(),
            targets: Vec::new(),
            params: BTreeMap::new(),
            full_refresh: false,
            plan: None,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            memory_limit: None,
            now: Utc::now(),
        }
    }
}
