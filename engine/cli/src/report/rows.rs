//! What became of the rows of each table.

use pipe_run::Report;
use pipe_run::report::TableReport;

use super::{Table, WIDTH, count, wrapped};
use crate::output::Paint;

/// A number of a table's account.
type Amount = fn(&TableReport) -> u64;

/// The numbers, and whether a column stands even where it is 0 throughout.
const COLUMNS: [(&str, Amount, bool); 8] = [
    ("read", |t| t.read, true),
    ("committed", |t| t.committed, true),
    ("quarantined", |t| t.quarantined, true),
    ("waiting", |t| t.waiting, false),
    ("dropped", |t| t.dropped, false),
    ("duplicates", |t| t.duplicates_removed, false),
    ("kept", |t| t.kept, false),
    ("healed", |t| t.healed_rows, false),
];

pub(super) fn section(report: &Report, _paint: Paint) -> String {
    if report.tables.is_empty() {
        return String::new();
    }
    let shown: Vec<_> =
        COLUMNS.iter().filter(|(_, n, always)| *always || report.tables.iter().any(|t| n(t) > 0)).collect();
    // An outcome is worth a column only where it says more than the headline.
    let outcomes = report.tables.iter().any(|t| t.outcome != "committed");
    let mut header = vec!["table"];
    header.extend(shown.iter().map(|(name, _, _)| *name));
    if outcomes {
        header.push("outcome");
    }
    let mut table = Table::new(&header, WIDTH);
    table.right(1..=shown.len());
    for t in &report.tables {
        let mut cells = vec![t.name.clone()];
        cells.extend(shown.iter().map(|(_, n, _)| count(n(t))));
        if outcomes {
            cells.push(t.outcome.replace('_', " "));
        }
        table.row(cells);
    }
    let without = report.tables.iter().filter(|t| !t.without.is_empty());
    let lines: String = without.map(|t| wrapped("  ", &format!("{} is {}", t.name, t.without.join(", ")))).collect();
    table.text() + &lines
}
