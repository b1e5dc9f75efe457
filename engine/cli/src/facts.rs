//! What the planner knows of a program.

use anyhow::Result;
use pipe_check::Loaded;

/// Adds what only the planner finds to the diagnostics of a program.
pub fn add_planner_errors(loaded: &mut Loaded) -> Result<()> {
    let _ = loaded;
    Ok(())
}

/// What the planner knows of the tables of a program.
pub struct Planned;

impl Planned {
    /// Plans what can be planned; what cannot has been told by `check`.
    pub fn new(loaded: &Loaded) -> Result<Self> {
        let _ = loaded;
        Ok(Self)
    }
}

impl pipe_plan::Facts for Planned {
    fn columns(&self, _table: &str) -> Option<Vec<pipe_plan::ColumnFact>> {
        None
    }
    fn assertion(&self, _rule: &pipe_check::Rule) -> Option<String> {
        None
    }
    fn logical_plan(&self, _model: &str) -> Option<String> {
        None
    }
}
