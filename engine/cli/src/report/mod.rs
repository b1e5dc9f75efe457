//! The report of a run for people: what became of the rows, what failed and why, what was healed and on what evidence, what
//! was loaded, what to do next. Fits 80 columns.

mod heals;
mod loads;
mod problems;
mod quality;
mod rows;
mod table;

use pipe_run::Report;
use pipe_run::report::TableReport;

use crate::output::Paint;

pub use problems::bare as failure;
pub use quality::table as scores;
pub use table::{Table, WIDTH, wrapped};

/// The report as text, with a line break at its end. `place` is what a command needs behind it to find this project again: a path, a state.
pub fn text(report: &Report, place: &str, paint: Paint) -> String {
    let sections = [
        headline(report, paint),
        rows::section(report, paint),
        quality::section(report, paint),
        problems::section(report, paint),
        heals::section(report, paint),
        loads::section(report, paint),
        notes(report),
        next_steps(report, place, paint),
    ];
    let filled: Vec<String> = sections.into_iter().filter(|s| !s.is_empty()).collect();
    filled.join("\n")
}

fn headline(report: &Report, paint: Paint) -> String {
    let outcome = match report.outcome.as_str() {
        "ok" if report.heals.iter().any(|h| h.state == "undone") => {
            paint.good("undone: the rows are in quarantine, as they were read")
        }
        "ok" => paint.good(&committed(report)),
        "nothing_new" => paint.good("nothing new"),
        "waiting" => paint.warn("committed, but for what waits for approval"),
        "partial" => paint.warn("partial: some of it was not committed"),
        "failed" => paint.bad("failed: nothing was committed"),
        "invalid" => paint.bad("the program cannot run"),
        "interrupted" => paint.bad("interrupted: nothing half-written"),
        other => other.to_owned(),
    };
    let run = if report.run.is_empty() { "run".to_owned() } else { format!("run {}", report.run) };
    format!("{}: {outcome} {}\n", paint.bold(&run), paint.dim(&format!("({})", seconds(report.duration_ms))))
}

/// What was committed, and what was not because a clause said so.
fn committed(report: &Report) -> String {
    let sum = |of: fn(&TableReport) -> u64| report.tables.iter().map(of).sum::<u64>();
    let (quarantined, dropped) = (sum(|t| t.quarantined - t.waiting), sum(|t| t.dropped));
    match (quarantined, dropped) {
        (0, 0) => "all committed".to_owned(),
        (0, _) => format!("committed; {} dropped", counted(dropped, "row")),
        (_, 0) => format!("committed; {} in quarantine", counted(quarantined, "row")),
        _ => format!("committed; {} in quarantine, {} dropped", counted(quarantined, "row"), count(dropped)),
    }
}

fn notes(report: &Report) -> String {
    report.notes.iter().map(|n| wrapped("note: ", n)).collect()
}

/// What a person would do now, as commands to copy.
fn next_steps(report: &Report, place: &str, paint: Paint) -> String {
    let mut steps = Vec::new();
    for table in report.tables.iter().filter(|t| t.quarantine.is_some()) {
        steps.push(format!("pipe quarantine show {}{place}", table.name));
        if table.waiting > 0 {
            steps.push(format!("pipe heals{place}"));
        }
        // Rows of a model are computed again with their inputs, never replayed.
        if table.files > 0 {
            steps.push(format!("pipe quarantine replay {}{place}", table.name));
        }
    }
    let committed = report.loads.iter().any(|l| l.outcome == "committed");
    if committed && report.heals.iter().any(|h| h.cells > 0 && h.state == "applied") {
        steps.push(format!("pipe query 'select * from pipe.ledger'{place}"));
    }
    let mut seen = std::collections::BTreeSet::new();
    steps.retain(|s| seen.insert(s.clone()));
    if steps.is_empty() {
        return String::new();
    }
    let lines: String = steps.iter().map(|s| format!("  {s}\n")).collect();
    format!("{}\n{lines}", paint.bold("next"))
}

/// `1234567` as `1,234,567`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 row`, `2 rows`.
pub fn counted(n: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(n), if n == 1 { "" } else { "s" })
}

/// `0.42 s`, `75 s`.
pub fn seconds(millis: u64) -> String {
    if millis < 10_000 {
        format!("{}.{:02} s", millis / 1000, millis % 1000 / 10)
    } else {
        format!("{} s", millis / 1000)
    }
}

/// A share as `0.5%`; what is not 0 is never shown as 0.
pub fn share(ratio: f64) -> String {
    let percent = ratio * 100.0;
    if percent > 0.0 && percent < 0.01 {
        "<0.01%".to_owned()
    } else {
        format!("{}%", (percent * 100.0).round() / 100.0)
    }
}

#[cfg(test)]
mod tests;
