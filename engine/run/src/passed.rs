//! What a pass over a table has found, before anything is done about it.

use std::collections::BTreeMap;

use datafusion::arrow::datatypes::SchemaRef;
use pipe_quality::Staged;

use crate::engine::Stopped;
use crate::errors;
use crate::groups::Grouped;
use crate::pass::Input;
use crate::rulebook::Observed;
use crate::staging::{Part, Unclaimed};

/// What a set rule finds of the rows as read, whatever other rules say.
#[derive(Clone, Debug, Default)]
pub struct SetRule {
    /// The rows that violate.
    pub violations: u64,
    /// The rows judged.
    pub judged: u64,
    /// Of a rule with a tolerance of each group: what was found group by group.
    pub grouped: Option<Grouped>,
}

/// A pass that is done.
pub struct Passed {
    /// What it found.
    pub staged: Staged,
    /// The rows that passed.
    pub rows: Unclaimed,
    /// For rows that go on later.
    pub extra: Part,
    /// Their columns.
    pub good: SchemaRef,
    /// Whether they say which row each is.
    pub identity: bool,
    /// What was read.
    pub input: Input,
    /// What rules about the columns found, before any row.
    pub columns: BTreeMap<u16, Observed>,
    /// What set rules find of the rows as read, each by itself.
    pub sets: BTreeMap<u16, SetRule>,
    /// What table rules observe of the rows as read, as far as that is known.
    pub before: BTreeMap<u16, Observed>,
}

impl Passed {
    /// What a pass gives; other rules are asked later.
    pub fn new(staged: Staged, rows: Unclaimed, extra: Part, good: SchemaRef, identity: bool, input: Input) -> Self {
        let (columns, sets, before) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { staged, rows, extra, good, identity, input, columns, sets, before }
    }

    /// Throws away what was staged.
    ///
    /// # Errors
    /// A staged file cannot be removed.
    pub fn discard(self) -> Result<(), Stopped> {
        let Self { mut rows, extra, .. } = self;
        let mut finished = rows.take();
        extra.finish(&mut finished).map_err(|e| errors::io(&e))?;
        let staged = finished.staged.iter().map(|f| &f.staged);
        for path in staged.chain(&finished.own) {
            std::fs::remove_file(path).map_err(|e| errors::io(&e))?;
        }
        Ok(())
    }
}
