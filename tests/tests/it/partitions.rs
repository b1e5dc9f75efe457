//! Partitions of a load: what is measured of each, rules that compare them, late rows, rows that come again.

use std::fmt::Write as _;
use std::path::Path;

use pipe_run::Report;
use pipe_run::report::RuleResult;
use serde_json::Value;
use tempfile::TempDir;

use crate::pipe::{pipe, run_at};

const DAY: i64 = 86_400;

const RULES: &str = "  per_day: row count within 20% of last 3 runs by (day);";

/// A project over `in/*.csv` whose load has a folder a day.
fn project(rules: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("in")).unwrap();
    let program = format!(
        "pipe 1;\nsource visits from csv 'in/*.csv' schema (id text, day date, price double);\nrules visits {{\n{rules}\n}}\n\
         load visits into parquet 'out/visits' with (partition = [day]);\n"
    );
    std::fs::write(folder.path().join("a.pipe"), program).unwrap();
    folder
}

/// A file with so many rows of each of these days of June 2026.
fn deliver(folder: &Path, name: &str, days: &[(u32, usize)]) {
    let mut text = "id,day,price\n".to_owned();
    for (day, rows) in days {
        for row in 0..*rows {
            _ = writeln!(text, "{name}-{day}-{row},2026-06-{day:02},{}", 10 + row % 5);
        }
    }
    std::fs::write(folder.join(format!("in/{name}.csv")), text).unwrap();
}

fn rule<'r>(report: &'r Report, name: &str) -> &'r RuleResult {
    report
        .rules
        .iter()
        .find(|r| r.rule == name)
        .unwrap_or_else(|| panic!("{:#?} {:#?}", report.failures, report.diagnostics))
}

fn query(folder: &Path, sql: &str) -> Vec<Vec<String>> {
    let answer = pipe(folder, &["query", sql, "--format", "csv"]).expect(0).stdout;
    answer.lines().skip(1).map(|l| l.split(',').map(str::to_owned).collect()).collect()
}

/// The rows of each partition, as what is still there of all batches adds up to.
fn rows(folder: &Path) -> Vec<(String, String)> {
    let sql = "select \"partition\", cast(sum(value) as bigint) from pipe.metrics where metric = 'count(*)' \
               and \"partition\" is not null and state <> 'superseded' group by 1 order by 1";
    query(folder, sql).into_iter().map(|r| (r[0].clone(), r[1].clone())).collect()
}

#[test]
fn a_partition_is_compared_with_those_before_it() {
    let folder = project(RULES);
    let path = folder.path();
    // A first load of five days has partitions to compare already.
    deliver(path, "a", &[(1, 100), (2, 104), (3, 98), (4, 101), (5, 99)]);
    let first = run_at(path, 5 * DAY);
    assert_eq!((first.exit_code, rule(&first, "per_day").verdict.as_str()), (0, "pass"), "{:#?}", first.failures);
    // A day that is as the others is fine, whatever run it comes in; one that is not is named.
    deliver(path, "b", &[(6, 103)]);
    assert_eq!(run_at(path, 6 * DAY).exit_code, 0);
    deliver(path, "c", &[(7, 20)]);
    let short = run_at(path, 7 * DAY);
    let told = rule(&short, "per_day");
    assert_eq!((short.exit_code, told.verdict.as_str()), (1, "fail"));
    assert!(
        told.observed.as_deref().unwrap().contains("day = 2026-06-07: 20; last 3 partitions 99..103"),
        "{:?}",
        told.observed
    );
    // It comes again, whole; the short one is no measure for those behind it.
    deliver(path, "c", &[(7, 97)]);
    assert_eq!(run_at(path, 8 * DAY).exit_code, 0);
    assert_eq!(rows(path).last().unwrap(), &("day=2026-06-07".to_owned(), "97".to_owned()));
}

#[test]
fn late_rows_add_to_their_partition_and_a_file_that_changes_replaces_its_own() {
    let folder = project(RULES);
    let path = folder.path();
    deliver(path, "a", &[(1, 100), (2, 100), (3, 100), (4, 90)]);
    assert_eq!(run_at(path, 4 * DAY).exit_code, 0);
    // Ten rows of the fourth day are late: alone they would be far too few.
    deliver(path, "late", &[(4, 10), (5, 100)]);
    let late = run_at(path, 5 * DAY);
    assert_eq!((late.exit_code, rule(&late, "per_day").verdict.as_str()), (0, "pass"), "{:#?}", late.failures);
    let fourth = |all: Vec<(String, String)>| all.into_iter().find(|(p, _)| p == "day=2026-06-04").unwrap().1;
    assert_eq!(fourth(rows(path)), "100");
    // The file with the late rows changes: its rows are replaced, not added.
    deliver(path, "late", &[(4, 12), (5, 100)]);
    assert_eq!(run_at(path, 6 * DAY).exit_code, 0);
    assert_eq!(fourth(rows(path)), "102");
    // Nothing new is nothing wrong.
    assert_eq!(run_at(path, 7 * DAY).exit_code, 0);
}

#[test]
fn days_are_compared_with_the_same_day_of_the_week() {
    let folder = project("  per_day: row count within 20% of last run same weekday by (day);");
    let path = folder.path();
    // The first of June 2026 is a Monday. On Sundays hardly anybody comes.
    let rows = |day: u32| if day.is_multiple_of(7) { 10 } else { 100 };
    let days: Vec<(u32, usize)> = (1..=15).map(|day| (day, rows(day))).collect();
    deliver(path, "a", &days);
    let all = run_at(path, 15 * DAY);
    assert_eq!(rule(&all, "per_day").verdict, "pass", "{:?}", rule(&all, "per_day").observed);
    deliver(path, "b", &[(21, 100)]);
    let report = run_at(path, 21 * DAY);
    assert_eq!(rule(&report, "per_day").verdict, "fail", "a Sunday like a working day");
}

/// What runs have kept of columns, merged, says what the files say; of one partition what its folder says.
#[test]
fn a_profile_of_what_was_kept_reads_no_row() {
    let folder = project(RULES);
    let path = folder.path();
    deliver(path, "a", &[(1, 100), (2, 50)]);
    run_at(path, DAY);
    deliver(path, "b", &[(2, 48), (3, 101)]);
    run_at(path, 2 * DAY);
    std::fs::remove_dir_all(path.join("in")).unwrap();
    std::fs::remove_dir_all(path.join("out")).unwrap();
    let profile = |args: &[&str]| -> Value {
        pipe(path, &[&["profile", "visits", "--history", "--format", "json"], args].concat()).expect(0).json()
    };
    let column = |profile: &Value, name: &str, what: &str| {
        profile["columns"].as_array().unwrap().iter().find(|c| c["name"] == name).unwrap()[what].clone()
    };
    let all = profile(&[]);
    assert_eq!((&all["rows"], column(&all, "id", "distinct")["value"].as_u64()), (&299.into(), Some(299)));
    assert_eq!(column(&all, "day", "type"), "date");
    assert_eq!((column(&all, "day", "min"), column(&all, "day", "max")), ("2026-06-01".into(), "2026-06-03".into()));
    let mean = (0..100).chain(0..50).chain(0..48).chain(0..101).map(|r| f64::from(10 + r % 5)).sum::<f64>() / 299.0;
    assert!((column(&all, "price", "numbers")["mean"].as_f64().unwrap() - mean).abs() < 1e-6);
    let second = profile(&["--partition", "day=2026-06-02"]);
    assert_eq!((&second["rows"], column(&second, "day", "min")), (&98.into(), "2026-06-02".into()));

    let text = pipe(path, &["profile", "visits", "--history"]).expect(0).stdout;
    assert!(text.contains("of what 2 runs committed, from 2026-06-02 to 2026-06-03; no row was read"), "{text}");
    let wrong = pipe(path, &["profile", "visits", "--history", "--partition", "day=2026-06-20"]).expect(2).stderr;
    assert!(wrong.contains("there is `day=2026-06-0"), "{wrong}");
    // Of each partition there are numbers for SQL.
    let sql = "select value from pipe.metrics where \"partition\" = 'day=2026-06-02' and metric = 'price maximum' order by run";
    assert_eq!(query(path, sql), [["14.0"], ["14.0"]]);
}

#[test]
fn where_nothing_is_kept_that_is_said() {
    let folder = project("  price not null;");
    deliver(folder.path(), "a", &[(1, 10)]);
    assert_eq!(run_at(folder.path(), DAY).exit_code, 0);
    let said = pipe(folder.path(), &["profile", "visits", "--history"]).expect(2).stderr;
    assert!(said.contains("nothing is kept of the columns of `visits`"), "{said}");
    // Rows are counted by partition all the same.
    assert_eq!(rows(folder.path()), [("day=2026-06-01".to_owned(), "10".to_owned())]);
}
