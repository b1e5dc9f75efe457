//! The results of rules: complete, and the same whoever computes them.

use std::path::Path;

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use futures::TryStreamExt;
use pipe_run::report::RuleResult;

use super::generate::RULES;
use super::world::{self, Case, Outcome, options, runs};

/// Every rule of a table that was judged has a result with what belongs to its level.
pub fn complete(o: &Outcome) -> Result<(), String> {
    for told in &o.report.rules {
        let rows = ["row", "set"].contains(&told.level.as_str());
        let judged = told.verdict != "skipped";
        let numbers = [told.value.is_some(), told.value_after.is_some(), told.denominator.is_some()];
        let whole = rows == told.failing_rows_sql.is_some()
            && !told.sql.is_empty()
            && (!rows || numbers == [judged; 3])
            && (!rows || told.violations_after <= told.violations)
            && (rows || told.violations.max(told.violations_after) <= 1)
            && told.violations <= told.rows.max(1)
            && (!judged || told.passed == (told.verdict != "fail"));
        if !whole {
            return Err(format!("an incomplete result: {told:#?}"));
        }
    }
    Ok(())
}

/// The query for the failing rows gives as many as there are violations; the assertion says that number.
pub fn queries_find_the_violations(o: &Outcome, folder: &Path, threads: usize) -> Result<(), String> {
    for told in o.report.rules.iter().filter(|r| r.verdict != "skipped") {
        let Some(failing) = &told.failing_rows_sql else { continue };
        let rows = match query(folder, threads, failing) {
            Ok(rows) => rows.iter().map(|b| b.num_rows()).sum::<usize>(),
            // A model's rows are computed from a table that is a changed source beside what it has committed.
            Err(why) if told.table != "t" && why.contains("`t` cannot be read") => continue,
            Err(why) => return Err(why),
        };
        let one = query(folder, threads, &told.sql)?;
        let counted = one[0].column(0).as_primitive::<Int64Type>().value(0);
        if (rows as u64, counted) != (told.violations, told.violations as i64) {
            return Err(format!("{rows} failing rows, {counted} counted, and the report says {told:#?}\n{failing}"));
        }
    }
    Ok(())
}

fn query(folder: &Path, threads: usize, sql: &str) -> Result<Vec<datafusion::arrow::array::RecordBatch>, String> {
    let mut loaded = pipe_check::load(folder, &[folder.join("p.pipe")], None);
    let options = options(folder, threads, 5);
    world::on(threads, async {
        let rows = pipe_run::query(&mut loaded, &options, sql).await.map_err(|d| format!("{d:#?}\n{sql}"))?;
        rows.try_collect().await.map_err(|e| format!("{e}\n{sql}"))
    })
}

/// A rule finds the same in a program of its own.
pub fn alone(case: &Case, o: &Outcome) -> Result<(), String> {
    // A file that was set aside is judged when no clause says so.
    if o.report.notes.iter().any(|n| n.contains("to quarantine, whole")) {
        return Ok(());
    }
    let number = |told: &RuleResult| (told.violations, told.rows, told.numerator, told.value);
    let blames = |r: &&RuleResult| r.table == "t" && r.failing_rows_sql.is_some() && r.verdict != "skipped";
    for told in o.report.rules.iter().filter(blames) {
        let Some(rule) = RULES.iter().find(|r| r.name == told.rule) else { return Err(format!("no rule {told:?}")) };
        let only = Case {
            rules: vec![rule.text],
            clauses: vec!["on cast_failed => quarantine", "on bad_record => quarantine"],
            more: Vec::new(),
            ..case.clone()
        };
        let folder = tempfile::tempdir().unwrap();
        only.write(folder.path());
        let alone = runs(&only, folder.path(), case.threads, 0, false);
        match alone.report.rules.first() {
            Some(other) if number(other) == number(told) => {}
            other => return Err(format!("alone it finds {other:#?}, with others {told:#?}")),
        }
    }
    Ok(())
}
