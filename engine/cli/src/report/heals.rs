//! What clauses did, with the arithmetic of what they inferred.

use std::fmt::Write;

use pipe_run::Report;
use pipe_run::report::HealReport;

use super::{counted, wrapped};
use crate::output::Paint;

pub(super) fn section(report: &Report, paint: Paint) -> String {
    let mut text = String::new();
    for table in in_order(report) {
        let mut heals: Vec<&HealReport> = report.heals.iter().filter(|h| h.table == table).collect();
        heals.sort_by_key(|h| h.clause);
        _ = writeln!(text, "{} {table}", paint.bold("healed in"));
        for of_clause in heals.chunk_by(|a, b| a.clause == b.clause) {
            let Some(first) = of_clause.first() else { continue };
            text += &wrapped(&format!("  {}  ", first.clause), first.text.trim_end_matches(';'));
            // A clause that answered one failure says which in its own text.
            let several = of_clause.iter().any(|h| h.failure != first.failure);
            text.extend(of_clause.iter().map(|heal| what(heal, several)));
        }
    }
    text
}

/// The tables with heals, as they first come.
fn in_order(report: &Report) -> Vec<&str> {
    let mut tables: Vec<&str> = Vec::new();
    for heal in &report.heals {
        if !tables.contains(&heal.table.as_str()) {
            tables.push(&heal.table);
        }
    }
    tables
}

/// What a clause did about one failure, and how sure it was.
fn what(heal: &HealReport, name_failure: bool) -> String {
    let mut what = format!("{} {}", heal.action, heal.state);
    match (heal.cells, heal.rows) {
        (0, 0) => {}
        (0, rows) => _ = write!(what, ": {}", counted(rows, "row")),
        (cells, rows) => _ = write!(what, ": {} in {}", counted(cells, "cell"), counted(rows, "row")),
    }
    if name_failure {
        _ = write!(what, ", {}", heal.failure);
    }
    if let Some(reason) = &heal.reason {
        _ = write!(what, "; {reason}");
    }
    let mut text = wrapped("     ", &what);
    text.extend(heal.arithmetic.iter().map(|line| wrapped("       ", line)));
    text
}
