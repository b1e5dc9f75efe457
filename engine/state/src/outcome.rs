//! Writes what became of a table: account, verdicts, failures, heals.

use rusqlite::{Transaction, params};
use serde_json::Value;

use crate::TableRecord;
use crate::sql::{int, to_json};
use crate::store::Fault;

/// Writes it for a run and, when it was committed, its batch.
pub(crate) fn insert(tx: &Transaction<'_>, run: &str, batch: Option<i64>, record: &TableRecord) -> Result<(), Fault> {
    let a = &record.account;
    tx.prepare_cached("insert into account values (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)")?
        .execute(params![
            run,
            batch,
            a.table,
            a.outcome,
            int(a.read),
            a.committed,
            int(a.quarantined),
            int(a.waiting),
            int(a.dropped),
            int(a.duplicates_removed),
            int(a.kept),
            int(a.healed_cells),
            int(a.healed_rows),
            int(a.unhealed),
            int(a.files),
            int(a.bytes),
            to_json(&a.without)?,
        ])?;
    let mut rules = tx.prepare_cached(
        "insert into rule_result (run, batch, tbl, rule, check_name, severity, dimension, passed, violations, violations_after,
         rows, ratio, observed, expected, value, samples, level, verdict, col, tolerate, warn_above, exact, sql, failing_rows_sql,
         numerator, denominator, value_after, because, groups)
         values (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26,?27,?28,?29)",
    )?;
    for r in &record.rules {
        rules.execute(params![
            run,
            batch,
            a.table,
            r.rule,
            r.check,
            r.severity,
            r.dimension,
            r.passed,
            int(r.violations),
            int(r.violations_after),
            int(r.rows),
            // SQLite keeps NaN as NULL; a ratio without rows is 0 by the report's own definition.
            if r.ratio.is_nan() { 0.0 } else { r.ratio },
            r.observed,
            r.expected,
            r.value,
            to_json(&r.samples)?,
            r.level,
            r.verdict,
            r.column,
            r.tolerate,
            r.warn_above,
            r.exact,
            r.sql,
            r.failing_rows_sql,
            r.numerator.map(int),
            r.denominator.map(int),
            r.value_after,
            r.because,
            to_json(&r.groups)?,
        ])?;
    }
    let mut failures = tx.prepare_cached("insert into failure values (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)")?;
    for f in &record.failures {
        failures.execute(params![
            run,
            batch,
            a.table,
            f.failure,
            to_json(&f.fields)?,
            int(f.rows),
            f.handled,
            f.clause,
            to_json(&f.samples)?,
            f.help,
        ])?;
    }
    // The ledger names a heal of a commit by its number; another try at the table, of which nothing was committed, goes on behind.
    let taken: u32 = match batch {
        Some(_) => 0,
        None => tx
            .prepare_cached("select coalesce(max(number), 0) from heal where run = ?1 and tbl = ?2")?
            .query_row([run, &a.table], |r| r.get(0))?,
    };
    let mut heals = tx.prepare_cached(
        "insert into heal (run, batch, number, tbl, clause, text, clause_hash, col, action, failure, cells, rows, confidence, arithmetic, state, reason, detail)
         values (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)",
    )?;
    for h in &record.heals {
        heals.execute(params![
            run,
            batch,
            taken + h.number,
            a.table,
            h.clause,
            h.text,
            h.clause_hash,
            h.column,
            h.action,
            h.failure,
            int(h.cells),
            int(h.rows),
            if h.confidence.is_nan() { 0.0 } else { h.confidence },
            to_json(&h.arithmetic)?,
            h.state,
            h.reason,
            to_json(h.detail.as_ref().unwrap_or(&Value::Null))?,
        ])?;
    }
    crate::history::insert(tx, run, batch, record)
}
