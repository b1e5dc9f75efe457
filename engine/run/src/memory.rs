//! What people did about the clauses of a table in earlier runs: the repairs they took back, and how far a clause is trusted.

use std::collections::BTreeMap;

use pipe_heal::confidence::Posterior;
use pipe_state::{ActKind, PastAct, State};

use crate::commit::clause_hash;
use crate::engine::Stopped;
use crate::errors;

/// The acts of people on a table's clauses.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    acts: Vec<PastAct>,
    /// Repairs taken back, by file and row.
    undone: BTreeMap<(String, u64), Vec<Undone>>,
}

/// A repair that a person took back.
#[derive(Clone, Debug)]
struct Undone {
    heal: i64,
    clause_hash: String,
    column: String,
    old: Option<String>,
}

impl Memory {
    /// What the state remembers about a table.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn of(state: &State, table: &str) -> Result<Self, Stopped> {
        let acts = state.acts(table).map_err(|e| errors::state(&e))?;
        let mut undone: BTreeMap<(String, u64), Vec<Undone>> = BTreeMap::new();
        for past in state.undone(Some(table)).map_err(|e| errors::state(&e))? {
            let (clause_hash, cell) = (past.clause_hash, past.cell);
            let repair = Undone { heal: cell.heal, clause_hash, column: cell.column, old: cell.old };
            undone.entry((cell.file, cell.row)).or_default().push(repair);
        }
        Ok(Self { acts, undone })
    }

    /// How far people trust a clause on a column. A clause whose text has changed starts anew.
    pub fn people(&self, clause: &str, column: &str) -> Posterior {
        let hash = clause_hash(clause);
        let about = self.acts.iter().filter(|p| p.act.clause_hash == hash && p.act.column == column);
        Posterior::of(about.map(|p| (p.act.kind == ActKind::Approve, p.runs_since)))
    }

    /// Whether any repair was taken back.
    pub fn took_any_back(&self) -> bool {
        !self.undone.is_empty()
    }

    /// The heal that made this repair before and was undone: the same clause, on a cell that reads as it did.
    pub fn undone(
        &self,
        file: &str,
        row: u64,
        column: &str,
        old: impl Fn() -> Option<String>,
        clause: &str,
    ) -> Option<i64> {
        let of_row = self.undone.get(&(file.to_owned(), row))?;
        let (hash, old) = (clause_hash(clause), old());
        let same = |u: &&Undone| u.column == column && u.old == old && u.clause_hash == hash;
        of_row.iter().rev().find(same).map(|u| u.heal)
    }
}
