//! What a validation found, for people: every rule's verdict, and the first rows that fail. Fits 80 columns.

use std::fmt::Write;

use pipe_run::{FailingRow, Judged, Validation};

use crate::output::{Paint, plain, visible};
use crate::profile::number;
use crate::report::{Table, WIDTH, count, counted, failure, seconds, share, wrapped};

/// The text, with a line break at its end.
pub fn text(told: &Validation, paint: Paint) -> String {
    let sections =
        [headline(told, paint), tables(told, paint), failures(told, paint), failing(told, paint), notes(told)];
    let filled: Vec<String> = sections.into_iter().filter(|s| !s.is_empty()).collect();
    filled.join("\n")
}

fn headline(told: &Validation, paint: Paint) -> String {
    let findings = told.rules.iter().filter(|r| r.finding).count() + told.failures.len();
    let what = match told.outcome.as_str() {
        "clean" => paint.good("clean"),
        "findings" => paint.bad(&counted(findings as u64, "finding")),
        _ => paint.bad("not everything could be looked at"),
    };
    // A rule that warms up neither passes nor fails.
    let passed = told.rules.iter().filter(|r| r.result.passed && r.result.verdict != "warming_up").count();
    let rules = format!("{passed} of {} pass", counted(told.rules.len() as u64, "rule"));
    format!("{}: {what}, {rules} {}\n", paint.bold("validate"), paint.dim(&format!("({})", seconds(told.duration_ms))))
}

/// A table's rows, and the verdicts of its rules.
fn tables(told: &Validation, paint: Paint) -> String {
    let mut blocks = Vec::new();
    for looked in &told.tables {
        let mut facts = Vec::new();
        facts.extend(looked.rows.map(|n| counted(n, "row")));
        facts.extend((looked.files > 0).then(|| counted(looked.files, "file")));
        facts.extend((looked.broken > 0).then(|| counted(looked.broken, "broken record")));
        let head = format!("{} {}\n", paint.bold(&looked.name), paint.dim(&format!("({})", facts.join(", "))));
        let rules: Vec<&Judged> = told.rules.iter().filter(|r| r.result.table == looked.name).collect();
        blocks.push(head + &verdicts(&rules));
    }
    blocks.join("\n")
}

fn verdicts(rules: &[&Judged]) -> String {
    if rules.is_empty() {
        return "  no rules\n".to_owned();
    }
    let mut table = Table::new(&["verdict", "rule", "value", "expected"], WIDTH);
    for judged in rules {
        let rule = &judged.result;
        let (value, expected) = match (&rule.observed, &rule.expected) {
            (Some(observed), expected) => (rounded(observed, &rule.verdict), expected.clone().unwrap_or_default()),
            _ => {
                let value = match rule.violations {
                    0 => format!("0 of {}", count(rule.rows)),
                    n => format!("{} of {} ({})", count(n), count(rule.rows), share(rule.ratio)),
                };
                (value, rule.tolerate.as_ref().map_or_else(String::new, |t| format!("at most {t}")))
            }
        };
        // What fails and is no finding says why.
        let mild = !rule.passed && !judged.finding;
        let verdict = if mild { format!("fail ({})", rule.severity) } else { rule.verdict.clone() };
        table.row([verdict, rule.rule.clone(), plain(&value, 80), plain(&expected, 60)]);
    }
    table.text()
}

/// What is wrong beside the rules.
fn failures(told: &Validation, paint: Paint) -> String {
    let mut text = String::new();
    let mut table = "";
    for found in &told.failures {
        if found.table != table {
            table = &found.table;
            _ = writeln!(text, "{} {table}", paint.bold("found in"));
        }
        text += &failure(found);
    }
    text
}

/// The first failing rows of each rule that has any.
fn failing(told: &Validation, paint: Paint) -> String {
    let mut text = String::new();
    for judged in told.rules.iter().filter(|r| !r.failing_rows.is_empty()) {
        let rule = &judged.result;
        let what = format!("{}.{}: {} of {}", rule.table, rule.rule, count(rule.violations), counted(rule.rows, "row"));
        _ = writeln!(text, "{} {}", paint.bold("failing"), plain(&what, 200));
        if let Some(because) = &rule.because {
            text += &wrapped("    because: ", because);
        }
        for row in &judged.failing_rows {
            text += &line(row);
        }
        if judged.more_failing_rows > 0 {
            _ = writeln!(text, "    … and {} more", count(judged.more_failing_rows));
        }
    }
    text
}

/// `    data/orders.csv:17 row 15  quantity = 0`
fn line(row: &FailingRow) -> String {
    let mut place = String::new();
    if let Some(file) = &row.file {
        let mut number = String::new();
        if let Some(line) = row.line {
            _ = write!(number, ":{line}");
        }
        if let Some(row) = row.row {
            _ = write!(number, " row {row}");
        }
        // Where is worth more than the whole name, and the values want room too.
        place = format!("{}{number}  ", plain(file, 54_usize.saturating_sub(number.len())));
    }
    let value = |v: &serde_json::Value| match v {
        serde_json::Value::Null => "NULL".to_owned(),
        serde_json::Value::String(text) if text.eq_ignore_ascii_case("null") => format!("'{text}'"),
        serde_json::Value::String(text) => visible(text),
        other => other.to_string(),
    };
    let values: Vec<String> = row.values.iter().map(|(name, v)| format!("{name} = {}", value(v))).collect();
    let room = 75_usize.saturating_sub(place.chars().count()).max(16);
    format!("    {place}{}", plain(&values.join(", "), room)).trim_end().to_owned() + "\n"
}

/// A number of which nobody reads the last digits, in six; the exact one is in the JSON. Where a rule does not pass, each digit may
/// be the reason.
fn rounded(value: &str, verdict: &str) -> String {
    match value.parse() {
        Ok(exact) if verdict == "pass" && value.len() > 10 && value.contains('.') => number(exact),
        _ => value.to_owned(),
    }
}

fn notes(told: &Validation) -> String {
    let written = told.failing_rows_file.as_ref();
    let written = written.map(|file| format!("{} in `{file}`", counted(told.failing_rows_written, "failing row")));
    written.iter().chain(&told.notes).map(|n| wrapped("note: ", n)).collect()
}

#[cfg(test)]
mod tests {
    use pipe_run::report::RuleResult;

    use super::*;

    #[test]
    fn a_row_fits_a_line_whatever_it_holds() {
        let value = serde_json::Value::String("ä\n".repeat(200));
        let row = FailingRow {
            file: Some("folder/".repeat(20) + "f.csv"),
            line: Some(18_446_744_073_709_551_615),
            row: Some(18_446_744_073_709_551_615),
            values: [("a".to_owned(), value)].into(),
        };
        let text = line(&row);
        assert!(text.ends_with('\n') && text.lines().count() == 1 && text.trim_end().chars().count() <= 80, "{text}");
    }

    #[test]
    fn numbers_are_short_where_nothing_hangs_on_the_last_digit() {
        assert_eq!(rounded("50.729227319717104", "pass"), "50.7292");
        assert_eq!(rounded("50.729227319717104", "fail"), "50.729227319717104");
        assert_eq!(rounded("1.6094379124340987", "pass"), "1.60944");
        assert_eq!(rounded("123456789.123456", "pass"), "123456789");
        assert_eq!(rounded("2026-02-20", "pass"), "2026-02-20");
        assert_eq!(rounded("1750.75", "pass"), "1750.75");
    }

    #[test]
    fn rows_that_are_not_listed_are_counted() {
        let result = RuleResult {
            table: "t".into(),
            rule: "a.unique".into(),
            violations: 218,
            rows: 1000,
            ..RuleResult::default()
        };
        let rows = vec![FailingRow::default(); 5];
        let judged = Judged { result, finding: true, failing_rows: rows, more_failing_rows: 213, ..Judged::default() };
        let told = Validation { rules: vec![judged], ..Validation::default() };
        assert!(text(&told, Paint(false)).contains("… and 213 more\n"));
    }
}
