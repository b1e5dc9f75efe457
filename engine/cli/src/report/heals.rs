//! What clauses did, with the arithmetic of what they inferred.

use std::fmt::Write;

use pipe_run::Report;
use pipe_run::report::HealReport;

use super::{counted, wrapped};
use crate::output::Paint;

pub(super) fn section(report: &Report, paint: Paint) -> String {
    if report.heals.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n", paint.bold("healed"));
    text.extend(report.heals.iter().map(heal));
    text
}

fn heal(heal: &HealReport) -> String {
    let mut text = wrapped(&format!("  {} {}  ", heal.table, heal.clause), heal.text.trim_end_matches(';'));
    let mut what = format!("{} {}: ", heal.action, heal.state);
    match (heal.cells, heal.rows) {
        (0, rows) => what += &counted(rows, "row"),
        (cells, rows) => _ = write!(what, "{} in {}", counted(cells, "cell"), counted(rows, "row")),
    }
    if let Some(reason) = &heal.reason {
        _ = write!(what, "; {reason}");
    }
    text += &wrapped("      ", &what);
    text.extend(heal.arithmetic.iter().map(|line| wrapped("      ", line)));
    text
}
