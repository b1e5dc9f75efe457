//! The report of a run that has some of everything.

use std::collections::BTreeMap;

use pipe_run::report::{FailureReport, HealReport, LoadReport, Report, RuleResult, Sample, TableReport};

use super::{count, counted, seconds, share, text};
use crate::output::Paint;

fn sample(line: u64, value: &str) -> Sample {
    Sample {
        file: Some("data/orders_2026-01-02.csv".to_owned()),
        line: Some(line),
        row: Some(line - 2),
        value: value.to_owned(),
    }
}

fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn report() -> Report {
    let rule = |rule: &str, violations: u64, severity: &str| RuleResult {
        table: "orders".to_owned(),
        rule: rule.to_owned(),
        severity: severity.to_owned(),
        violations,
        rows: 1007,
        ratio: violations as f64 / 1007.0,
        ..RuleResult::default()
    };
    Report {
        format_version: 1,
        outcome: "partial".to_owned(),
        exit_code: 3,
        run: "20261120T101500000Z-1a2b".to_owned(),
        duration_ms: 423,
        tables: vec![
            TableReport {
                name: "orders".to_owned(),
                outcome: "committed".to_owned(),
                read: 1007,
                committed: 995,
                quarantined: 6,
                duplicates_removed: 6,
                healed_cells: 27,
                healed_rows: 25,
                files: 2,
                quarantine: Some("pipe.quarantine_orders".to_owned()),
                ..TableReport::default()
            },
            TableReport {
                name: "daily_revenue".to_owned(),
                outcome: "failed".to_owned(),
                read: 2,
                without: vec!["without 6 rows of orders".to_owned()],
                ..TableReport::default()
            },
        ],
        loads: vec![
            LoadReport {
                name: "orders".to_owned(),
                table: "orders".to_owned(),
                outcome: "committed".to_owned(),
                connector: "parquet".to_owned(),
                locator: "out/orders".to_owned(),
                mode: "append".to_owned(),
                rows: 995,
                files: 3,
                reason: None,
            },
            LoadReport {
                name: "daily_revenue".to_owned(),
                outcome: "skipped".to_owned(),
                connector: "csv".to_owned(),
                locator: "out/daily_revenue.csv".to_owned(),
                mode: "overwrite".to_owned(),
                reason: Some("`daily_revenue` failed".to_owned()),
                ..LoadReport::default()
            },
        ],
        rules: vec![
            RuleResult { samples: vec![sample(113, "ada.berg at example.com")], ..rule("email.email", 3, "warning") },
            rule("status.in", 1, "error"),
            RuleResult {
                table: "daily_revenue".to_owned(),
                rule: "enough".to_owned(),
                observed: Some("2".to_owned()),
                expected: Some("between 10 and 100".to_owned()),
                ..RuleResult::default()
            },
        ],
        heals: vec![
            HealReport {
                table: "orders".to_owned(),
                clause: 1,
                text: "on missing_column where ($score >= 0.8 and $margin >= 0.15) => rename;".to_owned(),
                action: "rename".to_owned(),
                rows: 507,
                confidence: 0.93,
                arithmetic: vec!["name 0.80 × 0.35".to_owned(), "values 0.99 × 0.50".to_owned()],
                state: "applied".to_owned(),
                ..HealReport::default()
            },
            HealReport {
                table: "orders".to_owned(),
                clause: 3,
                text: "on cast_failed(column: unit_price) => cast using (replace(replace($value, ' EUR', ''), ',', '.')) else quarantine;".to_owned(),
                action: "cast".to_owned(),
                cells: 21,
                rows: 21,
                confidence: 1.0,
                state: "refused".to_owned(),
                reason: Some("1 cell still does not convert".to_owned()),
                ..HealReport::default()
            },
        ],
        failures: vec![
            FailureReport {
                failure: "rule_failed".to_owned(),
                table: "orders".to_owned(),
                fields: fields(&[("rule", "status.in"), ("severity", "error")]),
                rows: 1,
                handled: "quarantined".to_owned(),
                clause: Some(6),
                samples: vec![sample(205, "lost"), sample(206, "a\u{1b}[31mb"), sample(207, "not shown")],
                help: None,
                code: None,
            },
            FailureReport {
                failure: "table_failed".to_owned(),
                table: "daily_revenue".to_owned(),
                fields: fields(&[("rule", "enough")]),
                handled: "failed".to_owned(),
                help: Some("answer it with `on table_failed(rule: enough) => …`, or widen the rule".to_owned()),
                code: Some("E1401".to_owned()),
                ..FailureReport::default()
            },
        ],
        notes: vec!["a commit of an earlier run that had been cut off was completed".to_owned()],
        ..Report::default()
    }
}

#[test]
fn a_report_tells_what_failed_where_and_what_to_do() {
    insta::assert_snapshot!(text(&report(), " examples/orders", Paint(false)));
}

#[test]
fn a_report_fits_80_columns_whatever_is_in_it() {
    let mut long = report();
    for table in &mut long.tables {
        table.name = "a_table_with_a_name_of_forty_three_characters".to_owned();
        (table.read, table.committed, table.quarantined) = (u64::MAX, u64::MAX, u64::MAX);
        (table.waiting, table.dropped, table.kept) = (u64::MAX, u64::MAX, u64::MAX);
    }
    for failure in &mut long.failures {
        failure.fields.insert("message".to_owned(), "x".repeat(70) + " " + &"word ".repeat(50));
        failure.samples =
            vec![Sample { file: Some("f".repeat(300)), line: Some(1), row: None, value: "v".repeat(300) }];
    }
    for load in &mut long.loads {
        load.locator = "folder/".repeat(40);
    }
    let text = text(&long, "", Paint(false));
    let wide: Vec<&str> = text.lines().filter(|l| l.chars().count() > 80).collect();
    assert!(wide.is_empty(), "{wide:#?}");
}

#[test]
fn a_report_of_nothing_is_a_line() {
    let report = Report { outcome: "nothing_new".to_owned(), run: "r".to_owned(), ..Report::default() };
    assert_eq!(text(&report, "", Paint(false)), "run r: nothing new (0.00 s)\n");
}

#[test]
fn numbers_for_people() {
    assert_eq!([count(0), count(999), count(1000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
    assert_eq!([share(0.0), share(0.000_001), share(0.005), share(1.0)], ["0%", "<0.01%", "0.5%", "100%"]);
    assert_eq!([seconds(420), seconds(9_990), seconds(75_400)], ["0.42 s", "9.99 s", "75 s"]);
    assert_eq!([counted(1, "row"), counted(2, "row")], ["1 row", "2 rows"]);
}
