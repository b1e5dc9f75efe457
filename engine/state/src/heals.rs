//! Heals of earlier runs, and what people took back of them.

use rusqlite::{Row, Transaction, params};

use crate::sql::{count, int};
use crate::store::Fault;
use crate::{State, StateError};

/// A heal, as far as undoing it asks.
#[derive(Clone, Debug, PartialEq)]
pub struct HealEntry {
    /// Its id, as `pipe.heals` shows it.
    pub id: i64,
    /// The run.
    pub run: String,
    /// The batch that committed it; `None`: nothing of its table was.
    pub batch: Option<BatchRef>,
    /// Its number in the run and table: as the ledger's rows name it.
    pub number: u32,
    /// The table.
    pub table: String,
    /// The clause's number in its table, from 1.
    pub clause: u32,
    /// The clause, white space folded.
    pub text: String,
    /// Hash of that text.
    pub clause_hash: String,
    /// The failure it answered.
    pub failure: String,
    /// The instance's confidence.
    pub confidence: f64,
    /// The column; empty when it is about no single column.
    pub column: String,
    /// The action.
    pub action: String,
    /// Where it stands: `applied`, `waiting`, `refused`, `withdrawn`, `undone`.
    pub state: String,
    /// The run that undid it.
    pub undone_by: Option<String>,
}

/// A committed batch. Its id may come again after a full refresh, its place in the order of commits never.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRef {
    /// Its place in the order of commits.
    pub seq: i64,
    /// Its id.
    pub id: String,
}

/// A cell whose repair a person took back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndoneCell {
    /// The heal.
    pub heal: i64,
    /// The file, as the source names it.
    pub file: String,
    /// The data row in it, from 0.
    pub row: u64,
    /// The column.
    pub column: String,
    /// Its text before the heal; `None` for NULL.
    pub old: Option<String>,
}

/// Such a cell with the heal it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastUndo {
    /// The cell.
    pub cell: UndoneCell,
    /// The run of the heal.
    pub run: String,
    /// The table of the heal.
    pub table: String,
    /// Hash of the text of the heal's clause.
    pub clause_hash: String,
}

impl State {
    /// The heal with this id.
    pub fn heal(&self, id: i64) -> Result<Option<HealEntry>, StateError> {
        let sql = "select h.id, h.run, h.batch, b.id, h.number, h.tbl, h.text, h.clause_hash, h.col, h.action, h.state, h.clause, h.failure, h.confidence,
                   (select u.run from undone d join batch u on u.seq = d.batch where d.heal = h.id limit 1)
                   from heal h left join batch b on b.seq = h.batch where h.id = ?1";
        self.row(sql, [id], heal)
    }

    /// The ids of all heals, oldest first.
    pub fn heal_ids(&self) -> Result<Vec<i64>, StateError> {
        self.rows("select id from heal order by id", [], |r| r.get(0))
    }

    /// The last heal before this one of the same clause and column that a commit applied: where a file was judged before, its
    /// repairs are that one's.
    pub fn heal_before(&self, heal: &HealEntry) -> Result<Option<i64>, StateError> {
        let sql =
            "select max(id) from heal where id < ?1 and tbl = ?2 and clause_hash = ?3 and col = ?4 and action = ?5
                   and state = 'applied' and batch is not null and cells > 0
                   and exists (select 1 from ledger_file l where l.batch = heal.batch)";
        let about = params![heal.id, heal.table, heal.clause_hash, heal.column, heal.action];
        Ok(self.row(sql, about, |r| r.get::<_, Option<i64>>(0))?.flatten())
    }

    /// The heal that a row of a ledger file names: of a run and a table, with this number.
    pub fn heal_of(&self, run: &str, table: &str, number: u32) -> Result<Option<i64>, StateError> {
        let sql = "select id from heal where run = ?1 and tbl = ?2 and number = ?3";
        self.row(sql, params![run, table, number], |r| r.get(0))
    }

    /// What people took back, of all tables or of one, oldest first.
    pub fn undone(&self, table: Option<&str>) -> Result<Vec<PastUndo>, StateError> {
        self.rows(
            "select d.heal, d.file, d.row, d.col, d.old, h.run, h.tbl, h.clause_hash from undone d
             join heal h on h.id = d.heal join batch b on b.seq = d.batch
             where b.published = 1 and (?1 is null or h.tbl = ?1) order by d.rowid",
            [table],
            |r| {
                let cell = UndoneCell {
                    heal: r.get(0)?,
                    file: r.get(1)?,
                    row: count(r, 2)?,
                    column: r.get(3)?,
                    old: r.get(4)?,
                };
                Ok(PastUndo { cell, run: r.get(5)?, table: r.get(6)?, clause_hash: r.get(7)? })
            },
        )
    }

    /// The loads a batch landed in and that have not forgotten it since.
    pub fn landed(&self, batch: i64) -> Result<Vec<String>, StateError> {
        let sql = "select load from batch_load where batch = ?1 and load <> '' and forgotten_by is null order by load";
        self.rows(sql, [batch], |r| r.get(0))
    }
}

fn heal(r: &Row<'_>) -> rusqlite::Result<HealEntry> {
    let seq: Option<i64> = r.get(2)?;
    let id: Option<String> = r.get(3)?;
    Ok(HealEntry {
        id: r.get(0)?,
        run: r.get(1)?,
        batch: seq.zip(id).map(|(seq, id)| BatchRef { seq, id }),
        number: r.get(4)?,
        table: r.get(5)?,
        text: r.get(6)?,
        clause_hash: r.get(7)?,
        column: r.get(8)?,
        action: r.get(9)?,
        state: r.get(10)?,
        clause: r.get(11)?,
        failure: r.get(12)?,
        confidence: r.get(13)?,
        undone_by: r.get(14)?,
    })
}

pub(crate) fn insert_undone(tx: &Transaction<'_>, batch: i64, cells: &[UndoneCell]) -> Result<(), Fault> {
    let mut insert =
        tx.prepare_cached("insert into undone (heal, batch, file, row, col, old) values (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for cell in cells {
        insert.execute(params![cell.heal, batch, cell.file, int(cell.row), cell.column, cell.old])?;
    }
    Ok(())
}
