//! Baselines: the schema and the profiles a source had when a run last committed.

use rusqlite::{Row, Transaction, params};
use serde_json::Value;

use crate::sql::{json, to_json};
use crate::store::Fault;
use crate::{State, StateError};

/// What a source looked like. It moves only with a commit; earlier ones are kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Baseline {
    /// The source.
    pub source: String,
    /// When, RFC 3339.
    pub at: String,
    /// Its columns.
    pub schema: Value,
    /// Whether the schema was inferred and is what later runs read by.
    pub pinned: bool,
    /// Profiles of its columns, in whatever form their maker chose.
    pub profiles: Vec<u8>,
    /// The text of the data contract that the source named then.
    pub contract: Option<String>,
}

impl State {
    /// The newest baseline of a source.
    pub fn baseline(&self, source: &str) -> Result<Option<Baseline>, StateError> {
        self.row(
            "select source, at, schema, pinned, profiles, contract from baseline where source = ?1 order by version desc limit 1",
            [source],
            read,
        )
    }

    /// The newest baselines of all sources, by name.
    pub fn baselines(&self) -> Result<Vec<Baseline>, StateError> {
        self.rows(
            "select source, at, schema, pinned, profiles, contract from baseline b
             where version = (select max(version) from baseline where source = b.source) order by source",
            [],
            read,
        )
    }
}

fn read(r: &Row<'_>) -> rusqlite::Result<Baseline> {
    Ok(Baseline {
        source: r.get(0)?,
        at: r.get(1)?,
        schema: json(r, 2)?,
        pinned: r.get(3)?,
        profiles: r.get(4)?,
        contract: r.get(5)?,
    })
}

pub(crate) fn insert(tx: &Transaction<'_>, batch: i64, baseline: &Baseline) -> Result<(), Fault> {
    tx.prepare_cached(
        "insert into baseline (source, version, batch, at, schema, pinned, profiles, contract)
         values (?1, (select coalesce(max(version), 0) + 1 from baseline where source = ?1), ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        baseline.source,
        batch,
        baseline.at,
        to_json(&baseline.schema)?,
        baseline.pinned,
        baseline.profiles,
        baseline.contract
    ])?;
    Ok(())
}
