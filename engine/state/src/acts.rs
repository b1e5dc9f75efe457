//! Acts of people on what clauses propose: what a clause's confidence is made of.

use rusqlite::{Transaction, params};

use crate::sql::{count, word};
use crate::store::Fault;
use crate::{State, StateError};

/// One approval, rejection or undo by a person, however many cells it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// When, RFC 3339.
    pub at: String,
    /// What was done.
    pub kind: ActKind,
    /// Hash of the clause's text.
    pub clause_hash: String,
    /// The clause's text.
    pub clause: String,
    /// The column; empty when the clause is about no single column.
    pub column: String,
    /// The source or table.
    pub source: String,
    /// Who did it.
    pub who: String,
    /// The heal it is about, as `pipe.heals` shows it.
    pub heal: Option<i64>,
}

/// What a person did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActKind {
    /// Let a proposal through.
    Approve,
    /// Turned a proposal down.
    Reject,
    /// Took an applied heal back; counts as a rejection.
    Undo,
}

impl ActKind {
    /// As the state keeps it.
    pub fn word(self) -> &'static str {
        match self {
            ActKind::Approve => "approve",
            ActKind::Reject => "reject",
            ActKind::Undo => "undo",
        }
    }

    fn parse(word: &str) -> Option<ActKind> {
        [ActKind::Approve, ActKind::Reject, ActKind::Undo].into_iter().find(|k| k.word() == word)
    }
}

/// An act and how long ago it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastAct {
    /// The act.
    pub act: Act,
    /// Runs begun since: what it decays by.
    pub runs_since: u64,
}

impl State {
    /// Writes an act down by itself, such as a rejection that changes no row.
    pub fn record_act(&mut self, act: &Act) -> Result<(), StateError> {
        self.transaction(|tx| insert(tx, act))
    }

    /// The acts on clauses of a source or table, oldest first.
    pub fn acts(&self, source: &str) -> Result<Vec<PastAct>, StateError> {
        self.rows(
            "select at, kind, clause_hash, clause, col, source, who, heal, (select count(*) from run) - runs_before from act
             where source = ?1 order by seq",
            [source],
            |r| {
                let act = Act {
                    at: r.get(0)?,
                    kind: word(r, 1, ActKind::parse)?,
                    clause_hash: r.get(2)?,
                    clause: r.get(3)?,
                    column: r.get(4)?,
                    source: r.get(5)?,
                    who: r.get(6)?,
                    heal: r.get(7)?,
                };
                Ok(PastAct { act, runs_since: count(r, 8)? })
            },
        )
    }
}

pub(crate) fn insert(tx: &Transaction<'_>, act: &Act) -> Result<(), Fault> {
    tx.execute(
        "insert into act (at, kind, clause_hash, clause, col, source, who, heal, runs_before)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, (select count(*) from run))",
        params![act.at, act.kind.word(), act.clause_hash, act.clause, act.column, act.source, act.who, act.heal],
    )?;
    Ok(())
}
