//! Scores of quality: what the rules of a run make of what they judged.

use rusqlite::{Transaction, params};
use serde::{Deserialize, Serialize};

use crate::sql::{count, int};
use crate::store::Fault;
use crate::{State, StateError};

/// A score, and how it was in earlier runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Score {
    /// The table; `None`: of all.
    pub table: Option<String>,
    /// Of what: the name of a dimension, a column or a rule; of a table its own name.
    pub name: String,
    /// Of the rows as read, 0 to 100.
    pub score: f64,
    /// Of what commits, 0 to 100.
    pub score_after: f64,
    /// The weight of its rules together.
    pub weight: u64,
    /// How many rules it is of.
    pub rules: u64,
    /// The difference to the run before that has this score.
    pub change: Option<f64>,
    /// The scores of the last runs that have it, oldest first, this one's last.
    pub trend: Vec<f64>,
}

/// A score that is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeptScore {
    /// The run.
    pub run: String,
    /// When it began, RFC 3339.
    pub at: String,
    /// `project`, `table`, `dimension`, `column`, `rule`.
    pub level: String,
    /// The score, without its trend.
    pub score: Score,
}

impl State {
    /// The scores of the last `runs` runs that have any, the newest run first.
    pub fn scores(&self, runs: u32) -> Result<Vec<KeptScore>, StateError> {
        self.rows(
            "with last as (select seq, id, started_at from run r where exists (select 1 from score s where s.run = r.id)
                           order by seq desc limit ?1)
             select l.id, l.started_at, s.level, s.tbl, s.name, s.score, s.after, s.weight, s.rules
             from last l join score s on s.run = l.id order by l.seq desc, s.level, s.tbl, s.name",
            [runs],
            |r| {
                Ok(KeptScore {
                    run: r.get(0)?,
                    at: r.get(1)?,
                    level: r.get(2)?,
                    score: Score {
                        table: Some(r.get::<_, String>(3)?).filter(|t| !t.is_empty()),
                        name: r.get(4)?,
                        score: r.get(5)?,
                        score_after: r.get(6)?,
                        weight: count(r, 7)?,
                        rules: count(r, 8)?,
                        ..Score::default()
                    },
                })
            },
        )
    }
}

/// Writes the scores of a run, by level.
pub(crate) fn insert(tx: &Transaction<'_>, run: &str, scores: &[(String, Score)]) -> Result<(), Fault> {
    let mut insert = tx.prepare_cached(
        "insert into score (run, level, tbl, name, score, after, weight, rules) values (?1,?2,?3,?4,?5,?6,?7,?8)",
    )?;
    for (level, s) in scores {
        let table = s.table.as_deref().unwrap_or_default();
        insert.execute(params![run, level, table, s.name, s.score, s.score_after, int(s.weight), int(s.rules)])?;
    }
    Ok(())
}
