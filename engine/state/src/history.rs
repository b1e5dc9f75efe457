//! What earlier batches showed, for rules and gates that compare with it.

use crate::sql::{count, int};
use crate::{State, StateError};

/// What a table rule observed in an earlier committed batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// The run.
    pub run: String,
    /// When it was committed, RFC 3339.
    pub at: String,
    /// The value.
    pub value: f64,
}

/// An earlier committed batch of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastBatch {
    /// The batch.
    pub batch: String,
    /// Its run.
    pub run: String,
    /// Rows read.
    pub rows: u64,
    /// Of these: what no clause healed, kept or dropped and that did not wait.
    pub unhealed: u64,
}

impl State {
    /// What a table rule observed in its last `last` committed batches, newest first: for `within 3 sigma over last 14 runs`.
    pub fn observations(&self, table: &str, rule: &str, last: u32) -> Result<Vec<Observation>, StateError> {
        self.rows(
            "select r.run, b.committed_at, r.value_after from rule_result r join batch b on b.seq = r.batch
             where r.tbl = ?1 and r.rule = ?2 and r.batch is not null and r.value_after is not null order by r.batch desc limit ?3",
            rusqlite::params![table, rule, last],
            |r| Ok(Observation { run: r.get(0)?, at: r.get(1)?, value: r.get(2)? }),
        )
    }

    /// The newest committed batches of a table that together have at least `rows` rows, newest first; all of them if they have fewer.
    /// Batches without rows are left out.
    pub fn past_batches(&self, table: &str, rows: u64) -> Result<Vec<PastBatch>, StateError> {
        // A batch that was read has a row at least, so no more than `rows` batches are needed.
        let batches = self.rows(
            "select b.id, a.run, a.read_rows, a.unhealed from account a join batch b on b.seq = a.batch
             where a.tbl = ?1 and a.batch is not null and a.read_rows > 0 order by a.batch desc limit ?2",
            rusqlite::params![table, int(rows)],
            |r| Ok(PastBatch { batch: r.get(0)?, run: r.get(1)?, rows: count(r, 2)?, unhealed: count(r, 3)? }),
        )?;
        let mut seen = 0u64;
        Ok(batches
            .into_iter()
            .take_while(|b| {
                let more = seen < rows;
                seen = seen.saturating_add(b.rows);
                more
            })
            .collect())
    }
}
