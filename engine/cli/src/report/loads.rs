//! What was loaded, and where to.

use pipe_run::Report;

use super::{Table, WIDTH, count, wrapped};
use crate::output::Paint;

pub(super) fn section(report: &Report, _paint: Paint) -> String {
    if report.loads.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["load", "into", "mode", "rows", "files", "outcome"], WIDTH);
    table.right([3, 4]);
    for load in &report.loads {
        table.row([
            load.name.clone(),
            format!("{} '{}'", load.connector, load.locator),
            load.mode.clone(),
            count(load.rows),
            count(load.files),
            load.outcome.replace('_', " "),
        ]);
    }
    // What a failure said above is not said again.
    let told = |reason: &String| report.failures.iter().any(|f| f.help.as_ref() == Some(reason));
    let reasons = report.loads.iter().filter_map(|l| l.reason.as_ref().filter(|r| !told(r)).map(|r| (l, r)));
    table.text() + &reasons.map(|(l, r)| wrapped("  ", &format!("{}: {r}", l.name))).collect::<String>()
}
