//! What a table is evaluated from and for.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use pipe_compile::Tables;
use pipe_connect::sink::SinkSpec;
use pipe_heal::structural::LEAST_ROWS;
use pipe_state::State;

use crate::aside::Unread;
use crate::engine::Stopped;
use crate::errors;
use crate::history::History;
use crate::memory::Memory;
use crate::past::Past;

/// What a table is evaluated from and for.
pub struct Task<'t> {
    /// The table.
    pub table: &'t str,
    /// What it reads: its rules' tables too.
    pub tables: Tables,
    /// Where the rows that pass go at once: the only load's files, when nothing else needs them.
    pub direct: Option<(Arc<SinkSpec>, PathBuf)>,
    /// The files whose rows are not in quarantine yet; `None`: all.
    pub fresh: Option<BTreeSet<String>>,
    /// Which rows of the files are read; `None`: all.
    pub past: Option<Past>,
    /// Whether these are some of the source's files.
    pub part: bool,
    /// Files whose rows go to quarantine unjudged: a clause says `skip file`.
    pub aside: BTreeSet<String>,
    /// Files that are not even read for such a clause.
    pub unread: Vec<Unread>,
    /// Whether rows that pass keep their file, so that a load can replace them when it changes.
    pub tracked: bool,
    /// Earlier batches as `(rows, unhealed)`, the latest first.
    pub earlier: Vec<(u64, u64)>,
    /// Rows the table's append load has committed already: their keys count for `unique`, their values vote in `determines`.
    pub committed: Option<Arc<dyn TableProvider>>,
    /// What it measured in earlier runs.
    pub history: History,
    /// What people did about the table's clauses.
    pub memory: Memory,
    /// Tells tables of one run apart in the scratch folder.
    pub scratch: PathBuf,
}

impl<'t> Task<'t> {
    /// All rows of a table, for nobody in particular, with what the state knows of its batches and of what people did.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn new(state: &State, table: &'t str, tables: Tables, scratch: PathBuf) -> Result<Self, Stopped> {
        let earlier = state.past_batches(table, LEAST_ROWS).map_err(|e| errors::state(&e))?;
        Ok(Self {
            table,
            tables,
            direct: None,
            fresh: None,
            past: None,
            part: false,
            aside: BTreeSet::new(),
            unread: Vec::new(),
            tracked: false,
            earlier: earlier.iter().map(|b| (b.rows, b.unhealed)).collect(),
            committed: None,
            history: History::default(),
            memory: Memory::of(state, table)?,
            scratch,
        })
    }
}
