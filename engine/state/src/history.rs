//! What earlier batches showed, for rules and gates that compare with it.

use rusqlite::{Transaction, params};

use crate::sql::{count, int, json, to_json, word};
use crate::store::Fault;
use crate::{State, StateError, TableRecord};

/// Of how many batches of a table the states of columns are kept.
const STATES: u32 = 30;

/// A number that a table was measured by in a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metric {
    /// What was measured.
    pub scope: Scope,
    /// The partition of the load that the rows go to, `day=2026-01-31`; empty: all rows.
    pub partition: String,
    /// The group, `shop = b`; empty: all rows.
    pub group: String,
    /// The column it is of, when it is one.
    pub column: Option<String>,
    /// What was computed: `count(*)`, `email completeness`.
    pub name: String,
    /// The number; finite.
    pub value: f64,
    /// What became of its table: committed, healed or failed.
    pub state: MetricState,
    /// The rules on earlier runs that it was far off for.
    pub objected: Vec<String>,
}

/// The rows that a table was measured over. What is new in a batch is compared with what was new in others, the whole with
/// the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Those that were new.
    Batch,
    /// All of the table.
    #[default]
    Whole,
}

impl Scope {
    /// As tables show it.
    pub fn word(self) -> &'static str {
        match self {
            Scope::Batch => "batch",
            Scope::Whole => "whole",
        }
    }

    fn parse(word: &str) -> Option<Scope> {
        [Scope::Batch, Scope::Whole].into_iter().find(|s| s.word() == word)
    }
}

/// What became of a number, and so whether later runs compare with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum MetricState {
    /// The table was committed much as it came: later runs compare with it.
    #[default]
    Committed,
    /// The table was committed after much healing.
    Healed,
    /// The table was committed much as it came, and a rule found the number far from what it was in earlier runs.
    Anomalous,
    /// Nothing of the table was committed.
    Failed,
    /// A person took a heal of the batch back.
    Undone,
    /// The rows it is of were replaced.
    Superseded,
}

impl MetricState {
    /// As tables show it.
    pub fn word(self) -> &'static str {
        match self {
            MetricState::Committed => "committed",
            MetricState::Healed => "healed",
            MetricState::Anomalous => "anomalous",
            MetricState::Failed => "failed",
            MetricState::Undone => "undone",
            MetricState::Superseded => "superseded",
        }
    }

    fn parse(word: &str) -> Option<MetricState> {
        use MetricState::{Anomalous, Committed, Failed, Healed, Superseded, Undone};
        [Committed, Healed, Anomalous, Failed, Undone, Superseded].into_iter().find(|s| s.word() == word)
    }
}

/// What a column of the rows of a batch looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnState {
    /// The partition of the load that the rows go to, `day=2026-01-31`; empty: all rows.
    pub partition: String,
    /// The column.
    pub column: String,
    /// Its type, as the language writes it; empty: it was not kept then.
    pub ty: String,
    /// Counts, moments, bounds, distinct and frequent values, quantiles: in whatever form their maker chose, so that those of
    /// several batches can be merged.
    pub state: Vec<u8>,
}

/// What the columns of a committed batch look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchColumns {
    /// Its run.
    pub run: String,
    /// The clock of that run, RFC 3339.
    pub at: String,
    /// The rows that were looked at.
    pub scope: Scope,
    /// Its columns in their order: of all rows, then of each partition.
    pub columns: Vec<ColumnState>,
}

/// A number in an earlier committed batch.
#[derive(Clone, Debug, PartialEq)]
pub struct PastMetric {
    /// Its run.
    pub run: String,
    /// The clock of that run, RFC 3339.
    pub at: String,
    /// Tells batches apart; later ones have greater numbers.
    pub batch: i64,
    /// The group; empty: all rows.
    pub group: String,
    /// The number.
    pub value: f64,
    /// What became of it.
    pub state: MetricState,
    /// The rules on earlier runs that it was far off for.
    pub objected: Vec<String>,
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
    /// What a table was measured to be in its last `last` committed batches that have this metric, the oldest first and groups in
    /// order: what rules on earlier runs look at, and how a number goes over the runs. What counts is the caller's to say.
    pub fn past_metrics(
        &self,
        table: &str,
        metric: &str,
        scope: Scope,
        last: u32,
    ) -> Result<Vec<PastMetric>, StateError> {
        let sql = "select run, at, batch, grp, value, state, objected from measured
             where tbl = ?1 and name = ?2 and scope = ?3 and part = '' and batch in (
               select distinct batch from metric where tbl = ?1 and name = ?2 and scope = ?3 and batch is not null
               order by batch desc limit ?4)
             order by batch, grp";
        self.rows(sql, params![table, metric, scope.word(), last], |r| {
            Ok(PastMetric {
                run: r.get(0)?,
                at: r.get(1)?,
                batch: r.get(2)?,
                group: r.get(3)?,
                value: r.get(4)?,
                state: word(r, 5, MetricState::parse)?,
                objected: json(r, 6)?,
            })
        })
    }

    /// What the columns looked like in a table's latest committed batches, the oldest first, but for rows that were replaced since.
    /// Of older batches it is not kept.
    pub fn column_states(&self, table: &str) -> Result<Vec<BatchColumns>, StateError> {
        let sql = "select c.batch, b.run, r.started_at, coalesce(m.scope, 'batch'), c.part, c.col, c.ty, c.state
             from column_state c join batch b on b.seq = c.batch join run r on r.id = b.run
             left join measured m
               on m.batch = c.batch and m.tbl = c.tbl and m.name = 'count(*)' and m.grp = '' and m.part = c.part
             where c.tbl = ?1 and coalesce(m.state, 'committed') not in ('superseded', 'undone', 'failed')
             order by c.batch, c.part, c.place";
        let read = self.rows(sql, [table], |r| {
            let column = ColumnState { partition: r.get(4)?, column: r.get(5)?, ty: r.get(6)?, state: r.get(7)? };
            let scope = word(r, 3, Scope::parse)?;
            Ok((r.get::<_, i64>(0)?, BatchColumns { run: r.get(1)?, at: r.get(2)?, scope, columns: vec![column] }))
        })?;
        let mut out: Vec<(i64, BatchColumns)> = Vec::new();
        for (batch, one) in read {
            match out.last_mut() {
                Some((last, all)) if *last == batch => all.columns.extend(one.columns),
                _ => out.push((batch, one)),
            }
        }
        Ok(out.into_iter().map(|(_, columns)| columns).collect())
    }

    /// The batches that took these files of a load and whose rows are still there.
    pub fn batches_of_files(&self, load: &str, paths: &[String]) -> Result<Vec<i64>, StateError> {
        let sql = "select batch from taken where load = ?1 and path = ?2 and forgotten_by is null";
        let one = |path: &String| self.rows(sql, params![load, path], |r| r.get(0));
        Ok(paths.iter().map(one).collect::<Result<Vec<_>, _>>()?.concat())
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

pub(crate) fn insert(tx: &Transaction<'_>, run: &str, batch: Option<i64>, record: &TableRecord) -> Result<(), Fault> {
    let (table, metrics) = (&record.account.table, &record.metrics);
    let mut insert = tx.prepare_cached(
        "insert into metric (run, batch, tbl, scope, part, grp, col, name, value, state, objected)
         values (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
    )?;
    // SQLite keeps NaN as NULL.
    for m in metrics.iter().filter(|m| m.value.is_finite()) {
        let (scope, state) = (m.scope.word(), m.state.word());
        let objected = to_json(&m.objected)?;
        let Metric { partition, group, column, name, value, .. } = m;
        insert.execute(params![run, batch, table, scope, partition, group, column, name, value, state, objected])?;
    }
    insert_columns(tx, batch, table, &record.columns)
}

/// States of columns are kept of the latest batches only: they are large.
fn insert_columns(tx: &Transaction<'_>, batch: Option<i64>, table: &str, columns: &[ColumnState]) -> Result<(), Fault> {
    let Some(batch) = batch.filter(|_| !columns.is_empty()) else { return Ok(()) };
    let mut insert = tx.prepare_cached(
        "insert into column_state (tbl, batch, part, place, col, ty, state) values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (place, ColumnState { partition, column, ty, state }) in (0i64..).zip(columns) {
        insert.execute(params![table, batch, partition, place, column, ty, state])?;
    }
    tx.prepare_cached(
        "delete from column_state where tbl = ?1 and batch not in
         (select distinct batch from column_state where tbl = ?1 order by batch desc limit ?2)",
    )?
    .execute(params![table, STATES])?;
    Ok(())
}

/// Marks what was measured over new rows of earlier batches whose rows batch `seq` replaces: of loads that were forgotten
/// whole, and of the files it names. Where other files of a batch are still there, its partitions and groups are that have nothing in
/// the new one.
pub(crate) fn supersede(
    tx: &Transaction<'_>,
    seq: i64,
    table: &str,
    forgotten: &[&str],
    replaced: &crate::Superseded,
) -> Result<(), Fault> {
    let mut whole = tx.prepare_cached(
        "update metric set superseded_by = ?1 where scope = 'batch' and superseded_by is null
         and batch in (select batch from batch_load where load = ?2 and forgotten_by = ?1)",
    )?;
    for load in forgotten {
        whole.execute(params![seq, load])?;
    }
    if matches!(replaced, crate::Superseded::Files(files) if !files.is_empty()) {
        tx.prepare_cached(
            "update metric set superseded_by = ?1 where tbl = ?2 and scope = 'batch' and superseded_by is null
             and batch in (select batch from taken where load = '@' || ?2 and forgotten_by = ?1)
             and (part = '' and grp = ''
               or not exists (select 1 from taken t
                 where t.batch = metric.batch and t.load = '@' || ?2 and t.forgotten_by is null)
               or exists (select 1 from metric n
                 where n.batch = ?1 and n.tbl = ?2 and n.part = metric.part and n.grp = metric.grp))",
        )?
        .execute(params![seq, table])?;
    }
    Ok(())
}
