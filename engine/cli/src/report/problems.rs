//! What failed and why, with the place and a sample; what no clause handled first.

use std::fmt::Write;

use pipe_run::Report;
use pipe_run::report::{FailureReport, RuleResult, Sample};

use super::{count, counted, share, wrapped};
use crate::output::{Paint, plain, visible};

/// Samples shown of each failure; the JSON has more.
const SAMPLES: usize = 2;

pub(super) fn section(report: &Report, paint: Paint) -> String {
    let mut text = String::new();
    let (unhandled, handled): (Vec<_>, Vec<_>) = report.failures.iter().partition(|f| f.handled == "failed");
    for (title, failures) in [(paint.bad("failed:"), unhandled), (paint.bold("found in"), handled)] {
        let mut table = "";
        for found in failures {
            if found.table != table {
                table = &found.table;
                _ = writeln!(text, "{title} {table}");
            }
            text += &failure(found, report);
        }
    }
    text + &let_pass(report, paint) + &earlier_runs(report, paint)
}

/// What rules on earlier runs compared, also where they found nothing or have too few runs to say.
fn earlier_runs(report: &Report, paint: Paint) -> String {
    let mut text = String::new();
    let mut table = "";
    for (rule, history) in report.rules.iter().filter_map(|r| Some((r, r.history.as_ref()?))) {
        if rule.table != table {
            table = &rule.table;
            _ = writeln!(text, "{} {table}", paint.bold("against earlier runs in"));
        }
        text += &wrapped("  ", &format!("{}: {}", rule.rule, history.arithmetic));
    }
    text
}

/// Rules that let something pass without a failure: tolerated, or of severity info and warning.
fn let_pass(report: &Report, paint: Paint) -> String {
    let raised = |r: &RuleResult| {
        report.failures.iter().any(|f| f.table == r.table && f.fields.get("rule").is_some_and(|n| *n == r.rule))
    };
    let mut text = String::new();
    let mut table = "";
    for rule in report.rules.iter().filter(|r| r.violations > 0 && !raised(r)) {
        if rule.table != table {
            table = &rule.table;
            _ = writeln!(text, "{} {table}", paint.bold("let pass in"));
        }
        let (violations, rows) = (count(rule.violations), count(rule.rows));
        let mut what =
            format!("{} ({}): {violations} of {rows} rows ({})", rule.rule, rule.severity, share(rule.ratio));
        if rule.level == "row" && rule.violations_after < rule.violations {
            let left = if rule.violations_after == 0 { "none".to_owned() } else { count(rule.violations_after) };
            _ = write!(what, ", {left} after healing");
        }
        text += &wrapped("  ", &what);
        if let Some(because) = &rule.because {
            text += &wrapped("    because: ", because);
        }
        text += &samples(&rule.samples);
    }
    text
}

/// A failure without its run.
pub fn bare(found: &FailureReport) -> String {
    failure(found, &Report::default())
}

fn failure(failure: &FailureReport, report: &Report) -> String {
    let mut what = title(failure);
    if let Some(rule) = rule_of(failure, report) {
        match (&rule.observed, &rule.expected) {
            (Some(observed), Some(expected)) => _ = write!(what, ", observed {observed}, expected {expected}"),
            _ => _ = write!(what, ", {} of {} rows ({})", count(rule.violations), count(rule.rows), share(rule.ratio)),
        }
    } else if failure.rows > 0 {
        _ = write!(what, ", {}", counted(failure.rows, "row"));
    }
    // What was decided about rows of a table that fails came to nothing.
    if !["failed", "withdrawn", "found", ""].contains(&failure.handled.as_str()) {
        _ = write!(what, ": {}", failure.handled.replace('_', " "));
        if let Some(clause) = failure.clause {
            _ = write!(what, " by clause {clause}");
        }
    }
    if let Some(code) = &failure.code {
        _ = write!(what, " [{code}]");
    }
    let mut text = wrapped("  ", &what);
    if let Some(because) = rule_of(failure, report).and_then(|r| r.because.as_ref()) {
        text += &wrapped("    because: ", because);
    }
    // Where a rule is tolerated group by group: which groups are to blame.
    let groups = rule_of(failure, report).filter(|r| r.groups.iter().any(|g| g.verdict == "fail"));
    if let Some(groups) = groups.and_then(|r| r.observed.as_ref()) {
        text += &wrapped("    ", groups);
    }
    if let Some(message) = failure.fields.get("message") {
        text += &wrapped("    ", message);
    }
    text += &samples(&failure.samples);
    if let Some(help) = &failure.help {
        text += &wrapped("    help: ", help);
    }
    text
}

/// `rule_failed quantity.between`, `missing_column total`, `bad_record`.
fn title(failure: &FailureReport) -> String {
    let field = |name: &str| failure.fields.get(name).filter(|v| !v.is_empty());
    let subject = field("rule").or_else(|| field("column")).or_else(|| field("reason")).or_else(|| field("kind"));
    let mut title = failure.failure.clone();
    if let Some(subject) = subject {
        _ = write!(title, " {subject}");
    }
    if let Some(candidate) = field("candidate") {
        _ = write!(title, " (found `{candidate}`)");
    }
    title
}

fn rule_of<'a>(failure: &FailureReport, report: &'a Report) -> Option<&'a RuleResult> {
    let name = failure.fields.get("rule")?;
    report.rules.iter().find(|r| r.table == failure.table && r.rule == *name)
}

fn samples(samples: &[Sample]) -> String {
    samples.iter().take(SAMPLES).map(sample).collect()
}

/// `    data/orders.csv:17  value`
fn sample(sample: &Sample) -> String {
    let place = match (&sample.file, sample.line, sample.row) {
        (Some(file), Some(line), _) => format!("{file}:{line}  "),
        (Some(file), None, Some(row)) => format!("{file} row {row}  "),
        (Some(file), None, None) => format!("{file}  "),
        (None, _, _) => String::new(),
    };
    let place = plain(&place, 56);
    let room = 74_usize.saturating_sub(place.chars().count()).max(16);
    format!("    {place}{}\n", plain(&visible(&sample.value), room)).trim_end().to_owned() + "\n"
}
