//! Rules on earlier runs, over many days by a clock that stands: what is kept of each run, what later ones compare with, and
//! what does not count.

use std::fmt::Write as _;
use std::path::Path;

use pipe_profile::metrics::ColumnMetrics;
use pipe_run::Report;
use pipe_run::report::RuleResult;
use pipe_state::{State, failpoint};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::pipe::{command, pipe, run_at};

const DAY: i64 = 86_400;

/// A project over `in/*.csv` with these rules and what stands behind them.
fn project(rules: &str, more: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("in")).unwrap();
    let program = format!(
        "pipe 1;\nsource orders from csv 'in/*.csv' schema (id text, shop text, total double);\nrules orders {{\n{rules}\n}}\n{more}\n"
    );
    std::fs::write(folder.path().join("a.pipe"), program).unwrap();
    folder
}

const APPEND: &str = "load orders into parquet 'out/orders';";

/// The file of a day, with so many rows of shop `a`, of which the first `bad` have no total.
fn deliver(folder: &Path, day: i64, rows: usize, bad: usize) {
    deliver_of(folder, day, &[("a", rows)], bad);
}

fn deliver_of(folder: &Path, day: i64, shops: &[(&str, usize)], mut bad: usize) {
    let mut text = "id,shop,total\n".to_owned();
    for (shop, rows) in shops {
        for row in 0..*rows {
            let total = if bad > 0 { String::new() } else { format!("{}", 10 + row % 5) };
            bad = bad.saturating_sub(1);
            _ = writeln!(text, "{day}-{shop}-{row},{shop},{total}");
        }
    }
    std::fs::write(folder.join(format!("in/day_{day:02}.csv")), text).unwrap();
}

/// Runs days of so many rows each, one after the other.
fn days(folder: &Path, from: i64, rows: &[usize]) -> Vec<Report> {
    let day = |(day, rows): (i64, &usize)| {
        deliver(folder, day, *rows, 0);
        run_at(folder, day * DAY)
    };
    (from..).zip(rows).map(day).collect()
}

fn rule<'r>(report: &'r Report, name: &str) -> &'r RuleResult {
    report
        .rules
        .iter()
        .find(|r| r.rule == name)
        .unwrap_or_else(|| panic!("{:#?} {:#?}", report.failures, report.diagnostics))
}

fn verdicts(reports: &[Report], name: &str) -> Vec<String> {
    reports.iter().map(|r| rule(r, name).verdict.clone()).collect()
}

fn query(folder: &Path, sql: &str) -> Value {
    let answer = pipe(folder, &["query", sql, "--format", "json"]).expect(0).json();
    answer["rows"].clone()
}

/// The numbers of rows that were kept, with what became of them, the oldest first.
fn counts(folder: &Path, scope: &str) -> Vec<(f64, String)> {
    let sql = format!(
        "select value, state from pipe.metrics where metric = 'count(*)' and scope = '{scope}' and \"group\" is null"
    );
    let rows = query(folder, &sql);
    let one = |r: &Value| (r["value"].as_f64().unwrap(), r["state"].as_str().unwrap().to_owned());
    rows.as_array().unwrap().iter().map(one).collect()
}

#[test]
fn it_warms_up_then_judges_and_says_what_it_compared() {
    let folder = project("  usual: (count(*)) within 3 sigma over last 14 runs;", APPEND);
    let reports = days(folder.path(), 0, &[100, 102, 98, 101, 99, 100]);
    let warming = ["warming_up"; 5].into_iter().chain(["pass"]);
    assert_eq!(verdicts(&reports, "usual"), warming.collect::<Vec<_>>());
    assert!(reports.iter().all(|r| r.exit_code == 0), "warming up fails no run");
    let third = rule(&reports[3], "usual").history.clone().unwrap();
    assert_eq!((third.have, third.needed, third.low), (3, 5, None));
    assert_eq!(third.arithmetic, "101; warming up: 3 of 5 runs");

    deliver(folder.path(), 6, 10, 0);
    let report = run_at(folder.path(), 6 * DAY);
    assert_eq!((report.exit_code, report.outcome.as_str()), (1, "failed"));
    let told = rule(&report, "usual");
    assert_eq!((told.level.as_str(), told.verdict.as_str(), told.value), ("history", "fail", Some(10.0)));
    let history = told.history.clone().unwrap();
    // Mean 100; a standard deviation of the sample of the square root of 2.
    let (low, high) = (history.low.unwrap(), history.high.unwrap());
    assert!((low - (100.0 - 3.0 * 2f64.sqrt())).abs() < 1e-9 && (high - (100.0 + 3.0 * 2f64.sqrt())).abs() < 1e-9);
    assert_eq!(history.method, "within 3 sigma over last 14 runs");
    assert_eq!(history.arithmetic, "10; last 6 runs 98..102, mean 100, sigma 1.414, 63.64 sigma away");
    let earlier: Vec<_> = history.runs.iter().map(|r| (r.run.as_str(), r.value)).collect();
    let runs: Vec<_> = reports.iter().map(|r| r.run.as_str()).zip([100.0, 102.0, 98.0, 101.0, 99.0, 100.0]).collect();
    assert_eq!(earlier, runs);

    // The state says the same, and that warming up is neither.
    let sql = "select verdict, passed from pipe.rule_results where rule = 'usual'";
    let kept = query(folder.path(), sql);
    assert_eq!(kept[0], json!({"verdict": "warming_up", "passed": null}));
    assert_eq!(kept[5], json!({"verdict": "pass", "passed": true}));
    assert_eq!(kept[6], json!({"verdict": "fail", "passed": false}));
}

/// A run that failed is no history, also when its file comes again as it should be.
#[test]
fn a_run_that_failed_does_not_count() {
    let folder = project("  steady: row count within 20% of last run;", APPEND);
    days(folder.path(), 0, &[100]);
    deliver(folder.path(), 1, 30, 0);
    assert_eq!(run_at(folder.path(), DAY).exit_code, 1);
    deliver(folder.path(), 1, 35, 0);
    assert_eq!(run_at(folder.path(), DAY + 1).exit_code, 1, "35 is like 30, which was not committed");
    deliver(folder.path(), 1, 95, 0);
    assert_eq!(run_at(folder.path(), DAY + 2).exit_code, 0);
    let of = |value, state: &str| (value, state.to_owned());
    let kept = [of(100.0, "committed"), of(30.0, "failed"), of(35.0, "failed"), of(95.0, "committed")];
    assert_eq!(counts(folder.path(), "batch"), kept);
}

/// What was let pass though it is far off is not what later runs compare with.
#[test]
fn a_number_that_was_wrong_does_not_count() {
    for (rule_of, more) in [
        ("  steady: row count within 20% of last run severity warning;", APPEND.to_owned()),
        (
            "  steady: row count within 20% of last run;",
            format!("heal orders {{ on table_failed => warn; }}\n{APPEND}"),
        ),
    ] {
        let folder = project(rule_of, &more);
        let reports = days(folder.path(), 0, &[100, 500, 500, 110]);
        assert_eq!(verdicts(&reports, "steady"), ["warming_up", "fail", "fail", "pass"]);
        let states: Vec<_> = counts(folder.path(), "batch").into_iter().map(|(_, state)| state).collect();
        assert_eq!(states, ["committed", "anomalous", "anomalous", "committed"]);
    }
}

/// 85 of 100 rows are 15 % fewer than usual, and 70 no more than 18 % fewer than these.
#[test]
fn a_run_that_was_much_healed_does_not_count() {
    let rules = "  total not null;\n  steady: row count within 20% of last run;";
    let folder = project(rules, &format!("heal orders {{ on rule_failed => quarantine; }}\n{APPEND}"));
    days(folder.path(), 0, &[100, 100]);
    deliver(folder.path(), 2, 100, 15);
    let report = run_at(folder.path(), 2 * DAY);
    assert_eq!((rule(&report, "steady").verdict.as_str(), report.tables[0].quarantined), ("pass", 15));
    deliver(folder.path(), 3, 70, 0);
    let report = run_at(folder.path(), 3 * DAY);
    assert_eq!(rule(&report, "steady").verdict, "fail", "30 % fewer than the last run that counts");
    let states = || counts(folder.path(), "batch").into_iter().map(|(_, state)| state).collect::<Vec<_>>();
    assert_eq!(states(), ["committed", "committed", "healed", "failed"]);
    // What comes back from quarantine is no batch that others are like.
    let path = folder.path().join("a.pipe");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("  total not null;\n", "")).unwrap();
    let report = pipe(folder.path(), &["quarantine", "replay", "orders", "--format", "json"]).expect(0).json();
    assert_eq!(report["tables"][0]["committed"], 15);
    assert_eq!(states(), ["committed", "committed", "healed", "failed"]);
}

/// The report for people says what was compared, also where nothing is wrong.
#[test]
fn the_report_shows_the_arithmetic() {
    let folder = project("  usual: (count(*)) within 3 sigma over last 14 runs;", APPEND);
    let told = |day: i64, rows: usize| {
        deliver(folder.path(), day, rows, 0);
        let ran = pipe(folder.path(), &["run"]);
        ran.stdout + &ran.stderr
    };
    let first = told(0, 100);
    assert!(first.contains("against earlier runs in orders\n  usual: 100; warming up: 0 of 5 runs\n"), "{first}");
    for day in 1..5 {
        told(day, 100);
    }
    let text = told(5, 100);
    assert!(text.contains("  usual: 100; last 5 runs 100..100, mean 100, sigma 0, 0 away\n"), "{text}");
    let text = told(6, 120);
    assert!(text.contains("table_failed usual, observed 120, expected 100 to 100"), "{text}");
}

/// The value is the one that commits, after healing.
#[test]
fn the_baseline_is_of_what_was_committed() {
    let rules = "  total between 0 and 20;\n  total mean within 10% of last run;";
    let folder = project(rules, &format!("heal orders {{ on rule_failed => set total = (20.0); }}\n{APPEND}"));
    let row = |day: i64, total: &str| {
        let rows: String = (0..20).map(|i| format!("{day}-{i},a,{}\n", if i == 0 { total } else { "10" })).collect();
        std::fs::write(folder.path().join(format!("in/day_{day:02}.csv")), format!("id,shop,total\n{rows}")).unwrap();
        run_at(folder.path(), day * DAY)
    };
    row(0, "10");
    let report = row(1, "1000000");
    assert_eq!(rule(&report, "total.within_last").observed.as_deref(), Some("10.5"));
    let report = row(2, "10");
    assert_eq!(rule(&report, "total.within_last").history.as_ref().unwrap().runs[0].value, 10.5);
    assert_eq!(report.exit_code, 0);
}

#[test]
fn undone_heals_changed_files_and_full_refreshes_take_out_what_is_no_more() {
    let rules = "  id not null;\n  adds: (total >= 0);\n  steady: row count within 90% of last run;";
    let heal = "heal orders { on rule_failed(rule: adds) => set total = (0.0); }";
    let folder = project(rules, &format!("{heal}\n{APPEND}"));
    days(folder.path(), 0, &[100, 101, 102]);
    let text = std::fs::read_to_string(folder.path().join("in/day_02.csv")).unwrap();
    std::fs::write(folder.path().join("in/day_03.csv"), text.replacen(",10\n", ",-1\n", 1).replace("2-a", "3-a"))
        .unwrap();
    assert_eq!(run_at(folder.path(), 3 * DAY).exit_code, 0);
    let states = |scope: &str| counts(folder.path(), scope).into_iter().map(|(_, s)| s).collect::<Vec<_>>();
    assert_eq!(states("batch"), ["committed"; 4]);
    pipe(folder.path(), &["heals", "undo", "1"]).expect(0);
    assert_eq!(states("batch"), ["committed", "committed", "committed", "undone"]);
    deliver(folder.path(), 1, 111, 0);
    assert_eq!(run_at(folder.path(), 4 * DAY).exit_code, 0);
    assert_eq!(states("batch"), ["committed", "superseded", "committed", "undone", "committed"]);
    pipe(folder.path(), &["run", "--full-refresh"]).expect(0);
    assert_eq!(states("batch"), ["superseded"; 5]);
    assert_eq!(states("whole"), ["committed"]);
    // A replay measures nothing, and what comes next begins anew.
    let report = &days(folder.path(), 5, &[100])[0];
    assert_eq!(rule(report, "steady").verdict, "warming_up");
}

/// What is appended is compared with what was appended, what is overwritten with the whole.
#[test]
fn new_rows_are_compared_with_new_rows_and_the_whole_with_the_whole() {
    let steady = "  steady: row count within 20% of last run;";
    let folder = project(steady, APPEND);
    let reports = days(folder.path(), 0, &[100, 100, 100]);
    assert_eq!(verdicts(&reports, "steady"), ["warming_up", "pass", "pass"]);
    let folder = project(steady, "load orders into parquet 'out/orders' with (mode = overwrite);");
    let reports = days(folder.path(), 0, &[100, 15, 15]);
    assert_eq!(verdicts(&reports, "steady"), ["warming_up", "pass", "pass"]);
    assert_eq!(counts(folder.path(), "whole").iter().map(|(n, _)| *n).collect::<Vec<_>>(), [100.0, 115.0, 130.0]);
    // Again, nothing is new: nothing is measured.
    run_at(folder.path(), 5 * DAY);
    assert_eq!(counts(folder.path(), "whole").len(), 3);
}

#[test]
fn each_group_has_its_own_history_and_the_wrong_ones_are_named() {
    let rules = "  shops: (count(*)) within 20% of last 3 runs by (shop) severity warning;";
    let folder = project(rules, APPEND);
    for day in 0..3 {
        deliver_of(folder.path(), day, &[("a", 100), ("b", 10)], 0);
        run_at(folder.path(), day * DAY);
    }
    deliver_of(folder.path(), 3, &[("a", 101), ("c", 7)], 0);
    let report = run_at(folder.path(), 3 * DAY);
    let told = rule(&report, "shops");
    let text = "1 of 3 groups: shop = b: 0; last 3 runs 10..10, mean 10, -100% off, 1 warming up";
    assert_eq!((told.verdict.as_str(), told.observed.as_deref()), ("fail", Some(text)));
    let groups = &told.history.as_ref().unwrap().groups;
    let outcomes: Vec<_> = groups.iter().map(|g| (g.group.as_str(), g.value, g.history.outcome.as_str())).collect();
    assert_eq!(outcomes, [("shop = a", 101.0, "pass"), ("shop = b", 0.0, "fail"), ("shop = c", 7.0, "warming_up")]);
    let sql = "select \"group\", value, state from pipe.metrics where \"group\" is not null and run = (select max(run) from pipe.metrics) order by \"group\"";
    let kept = query(folder.path(), sql);
    assert_eq!(kept[1], json!({"group": "shop = b", "value": 0.0, "state": "anomalous"}));
    assert_eq!(kept.as_array().unwrap().len(), 3);
}

/// On Sundays a tenth of what comes on other days.
#[test]
fn days_of_the_week_and_seasons() {
    let rules = "  plain:  row count within 3 sigma over last 14 runs severity warning;
  sunday: row count within 10% of last run same weekday severity warning;
  season: row count within 4 sigma seasonal 7 over last 28 runs severity warning;";
    let folder = project(rules, APPEND);
    let rows = |day: usize| if day % 7 == 6 { 10 } else { 100 + (day * 7) % 3 };
    let usual: Vec<usize> = (0..20).map(rows).collect();
    let reports = days(folder.path(), 0, &usual);
    assert_eq!(verdicts(&reports[6..], "sunday")[..1], ["warming_up"]);
    let report = &days(folder.path(), 20, &[10])[0];
    assert_eq!([rule(report, "sunday").verdict.as_str(), &rule(report, "season").verdict], ["pass", "pass"]);
    assert_eq!(rule(report, "plain").verdict, "fail", "which knows no days of the week");
    let report = &days(folder.path(), 21, &[10])[0];
    assert_eq!([rule(report, "sunday").verdict.as_str(), &rule(report, "season").verdict], ["fail", "fail"]);
}

/// A process killed before its commit leaves no number, one killed behind it one: never two of a batch.
#[test]
fn a_kill_keeps_a_number_once_or_not_at_all() {
    let mut killed = Vec::new();
    for point in failpoint::ALL {
        let folder = project("  steady: row count within 20% of last run;", APPEND);
        days(folder.path(), 0, &[100]);
        deliver(folder.path(), 1, 105, 0);
        let ended = command(folder.path(), &["run"]).env("PIPE_FAILPOINT", point).output().unwrap();
        killed.extend((!ended.status.success()).then_some(point));
        pipe(folder.path(), &["run"]).expect(0);
        let kept: Vec<_> = counts(folder.path(), "batch").into_iter().map(|(n, _)| n).collect();
        assert_eq!(kept, [100.0, 105.0], "{point}");
    }
    assert!(killed.contains(&failpoint::BEFORE_COMMIT) && killed.contains(&failpoint::AFTER_COMMIT), "{killed:?}");
}

/// A rule finds what was measured before there was a rule of its name.
#[test]
fn what_is_measured_is_known_by_what_it_is() {
    let folder = project("  size: (count(*)) > 0;\n  total mean > 0;", APPEND);
    days(folder.path(), 0, &[100]);
    let path = folder.path().join("a.pipe");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replace("size: (count(*)) > 0;", "rows: row count within 20% of last run;");
    std::fs::write(&path, text.replace("total mean > 0", "total mean within 20% of last run")).unwrap();
    let report = &days(folder.path(), 1, &[110])[0];
    assert_eq!([rule(report, "rows").verdict.as_str(), &rule(report, "total.within_last").verdict], ["pass", "pass"]);
}

/// What the columns of each batch look like is kept in states that merge: of all batches together they say what the whole is.
#[test]
fn states_of_columns_are_of_what_commits_and_merge_to_the_whole() {
    // One row of a hundred goes to quarantine; a duplicate is removed, so that rows keep their places and are written twice.
    let rules = "  id unique;\n  total not null;\n  steady: row count within 20% of last run;";
    let heal = "heal orders {
  on rule_failed(rule: id.unique) => dedupe keep first;
  on rule_failed => quarantine;
}";
    for (rules, heal) in
        [(rules, heal), (&rules.replace("  id unique;\n", ""), "heal orders { on rule_failed => quarantine; }")]
    {
        let folder = project(rules, &format!("{heal}\n{APPEND}"));
        for day in 0..3 {
            deliver(folder.path(), day, 100, 1);
            let path = folder.path().join(format!("in/day_{day:02}.csv"));
            let text = std::fs::read_to_string(&path).unwrap();
            let last = text.lines().last().unwrap().to_owned();
            let twice = if rules.contains("unique") { format!("{text}{last}\n") } else { text };
            std::fs::write(&path, twice).unwrap();
            assert_eq!(run_at(folder.path(), day * DAY).exit_code, 0);
        }
        let state = State::open_existing(&folder.path().join(".pipe")).unwrap().unwrap();
        let batches = state.column_states("orders").unwrap();
        assert_eq!(batches.len(), 3);
        let mut merged: Option<Vec<ColumnMetrics>> = None;
        for pipe_state::BatchColumns { columns, .. } in &batches {
            let names: Vec<&str> = columns.iter().map(|c| c.column.as_str()).collect();
            assert_eq!(names, ["id", "shop", "total"]);
            let read = columns.iter().map(|c| ColumnMetrics::from_bytes(&c.state).unwrap());
            merged = Some(match merged {
                None => read.collect(),
                Some(all) => all
                    .into_iter()
                    .zip(read)
                    .map(|(mut a, b)| {
                        a.merge(b).unwrap();
                        a
                    })
                    .collect(),
            });
        }
        let merged = merged.unwrap();
        let totals: Vec<f64> = (0..3).flat_map(|_| (1..100).map(|row| 10.0 + f64::from(row % 5))).collect();
        assert_eq!(merged.iter().map(|c| (c.rows, c.nulls)).collect::<Vec<_>>(), [(297, 0); 3]);
        assert_eq!(merged.iter().map(|c| c.frequencies.distinct(c.values()).count).collect::<Vec<_>>(), [297, 1, 5]);
        let mean = totals.iter().sum::<f64>() / 297.0;
        assert!((merged[2].moments.mean - mean).abs() < 1e-9);

        let sql = "select metric, value from pipe.metrics where \"column\" = 'total' and run = (select max(run) from pipe.metrics) order by metric";
        let told: Vec<(String, f64)> = query(folder.path(), sql)
            .as_array()
            .unwrap()
            .iter()
            .map(|r| (r["metric"].as_str().unwrap().to_owned(), (r["value"].as_f64().unwrap() * 1e6).round() / 1e6))
            .collect();
        let one: Vec<f64> = totals[..99].to_vec();
        let mean = one.iter().sum::<f64>() / 99.0;
        let stddev = (one.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 98.0).sqrt();
        let six = |x: f64| (x * 1e6).round() / 1e6;
        let expected = [
            ("completeness", 1.0),
            ("distinct", 5.0),
            ("maximum", 14.0),
            ("mean", six(mean)),
            ("minimum", 10.0),
            ("nulls", 0.0),
            ("p25", 11.0),
            ("p50", 12.0),
            ("p75", 13.0),
            ("stddev", six(stddev)),
            ("sum", one.iter().sum()),
        ];
        let expected: Vec<_> = expected.map(|(m, v)| (format!("total {m}"), v)).to_vec();
        assert_eq!(told, expected);
    }
    // Without a rule on earlier runs nobody asks, and nothing but the number of rows is taken down.
    let folder = project("  total not null;", APPEND);
    days(folder.path(), 0, &[100]);
    let state = State::open_existing(&folder.path().join(".pipe")).unwrap().unwrap();
    assert_eq!(state.column_states("orders").unwrap(), []);
    assert_eq!(
        query(folder.path(), "select metric, value from pipe.metrics"),
        json!([{"metric": "count(*)", "value": 100.0}])
    );
}
