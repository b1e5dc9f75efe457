//! What other tools say of small tables, and what the rules that are made of their checks say: the same verdict, value and rows.
//!
//! `tests/verdicts/<tool>.json` holds the checks, the tables and what the tool found, with how that was come by. All tables of a tool
//! are judged in one go; those that are looked at several times, with other rows each time, day by day by a clock that stands.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use pipe_import::{Said, Tool, catalogue, import};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::pipe::{pipe, repository, run_at};

/// The cases of a tool.
#[derive(Deserialize)]
struct Cases {
    /// How what the tool says was come by.
    made: String,
    cases: Vec<Case>,
    /// Checks that look at what was found before.
    #[serde(default)]
    series: Vec<Series>,
}

/// A check on a table that is looked at again and again.
#[derive(Deserialize)]
struct Series {
    check: String,
    suite: String,
    columns: Vec<(String, String)>,
    /// What the table holds each time: its rows, or how many of them without a value.
    scans: Vec<Scan>,
    /// The days of the scans, where they are not one after the other.
    days: Option<Vec<i64>>,
    /// Whether the tool is content each time; null where there is too little to say.
    says: Vec<Option<bool>>,
    /// The same of the rules, where it differs, and why it does.
    here: Option<Vec<Option<bool>>>,
    differs: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scan {
    Empty(u64),
    Rows(Vec<Vec<Value>>),
}

/// A check on a table.
#[derive(Deserialize)]
struct Case {
    /// The check, as the tool calls it.
    check: String,
    /// The suite, in the tool's words, about the table `t`.
    suite: String,
    /// The columns with their types, in order.
    columns: Vec<(String, String)>,
    rows: Vec<Vec<Value>>,
    /// Whether the tool is content.
    success: bool,
    /// How many rows it finds, where it counts them.
    unexpected: Option<u64>,
    /// Which, from 0, where it says.
    failing: Option<Vec<u64>>,
    /// The number that it finds, where it is one.
    value: Option<f64>,
    /// Why the verdict differs, where it does: a documented difference, that is checked to be there.
    differs: Option<String>,
    /// Why the check cannot be said in this form.
    refused: Option<String>,
}

/// The table beside, `other`.
const OTHER: &str = "{\"id\": 1, \"name\": \"a\"}\n{\"id\": 2, \"name\": \"b\"}\n";

/// Files for the rules about files: two are alike, and `copy` has the contents of `files`.
const FILES: &[(&str, &str)] = &[
    ("files/a.csv", "id\n1\n"),
    ("files/b.csv", "id\n1\n"),
    ("files/c.csv", "id\n1\n2\n3\n"),
    ("copy/1.csv", "id\n1\n2\n3\n"),
    ("copy/more/2.csv", "id\n1\n"),
    ("copy/more/3.csv", "id\n1\n"),
    ("once/c.csv", "id\n1\n2\n3\n"),
    ("once/a.csv", "id\n1\n"),
];

/// The suite of a table of another name; where it names its own, that is called `t`.
fn of_table(suite: &str, table: &str) -> String {
    [
        ("\"t\"", format!("\"{table}\"")),
        ("checks for t:", format!("checks for {table}:")),
        ("name: t\n", format!("name: {table}\n")),
        ("{dataset: t,", format!("{{dataset: {table},")),
        ("dataset: d/s/t\n", format!("dataset: d/s/{table}\n")),
        ("    - t\n", format!("    - {table}\n")),
        (" FROM t\n", format!(" FROM {table}\n")),
        (" FROM t ", format!(" FROM {table} ")),
        (" = t.", format!(" = {table}.")),
        ("element: t.", format!("element: {table}.")),
    ]
    .iter()
    .fold(suite.to_owned(), |suite, (from, to)| suite.replace(from, to))
}

/// A program with each case as a table of its own, and the rules that became of its check.
fn program(tool: Tool, cases: &[Case], folder: &std::path::Path) -> String {
    let (mut out, mut odd) =
        ("pipe 1;\nsource other from ndjson 'other.ndjson' schema (id bigint, name text);\n".to_owned(), String::new());
    std::fs::write(folder.join("other.ndjson"), OTHER).expect("written");
    for (name, text) in FILES {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    std::fs::create_dir(folder.join("empty")).expect("made");
    for (i, case) in cases.iter().enumerate() {
        let table = format!("t{i}");
        let suite = of_table(&case.suite, &table);
        let imported = import(tool, "suite", &suite, Some(&table))
            .unwrap_or_else(|(d, _)| panic!("{}: {}", case.check, d.message));
        let refused = imported.refused.first().map(|d| d.message.as_str());
        if refused.is_some() != case.refused.is_some() {
            _ = writeln!(odd, "{}: {}: refused {refused:?}, not {:?}", case.check, case.suite, case.refused);
        }
        let rules = imported.text.find("\nrules ").map_or("", |at| &imported.text[at..]);
        // Params are of the program; each case has its own.
        let params = imported.text.lines().filter_map(|l| l.strip_prefix("param ")).map(|l| (l, l.split(' ').next()));
        let mut rules = rules.to_owned();
        for (line, name) in params {
            let name = name.expect("a name");
            out += &format!("param {table}_{line}\n");
            rules = rules.replace(&format!("${name}"), &format!("${table}_{name}"));
        }
        let columns: Vec<String> = case.columns.iter().map(|(name, ty)| format!("{name} {ty}")).collect();
        _ = writeln!(out, "source {table} from ndjson '{table}.ndjson' schema ({});\n{rules}", columns.join(", "));
        let mut lines = String::new();
        for row in &case.rows {
            let object: Map<String, Value> =
                case.columns.iter().map(|(n, _)| n.clone()).zip(row.iter().cloned()).collect();
            _ = writeln!(lines, "{}", json!(object));
        }
        std::fs::write(folder.join(format!("{table}.ndjson")), lines).expect("written");
    }
    assert!(odd.is_empty(), "\n{odd}");
    out
}

/// What differs between the tool and its import.
fn wrong(case: &Case, rules: &[&Value]) -> String {
    // What is only a warning fails nothing.
    let mild = |r: &Value| r["severity"] == "warning" || r["severity"] == "info";
    let passed = rules.iter().all(|r| r["passed"] == true || mild(r));
    let mut out = String::new();
    if rules.is_empty() {
        return "no rule was judged".to_owned();
    }
    if passed != case.success {
        _ = write!(out, "verdict {passed}, not {}; ", case.success);
    }
    // Of several rules the rows are those that any of them finds.
    let by_row = rules.iter().all(|r| r["level"] == "row" || r["level"] == "set");
    if by_row && let Some(failing) = &case.failing {
        let rows = rules.iter().flat_map(|r| r["failing_rows"].as_array().into_iter().flatten());
        let found: BTreeSet<u64> = rows.filter_map(|r| r["row"].as_u64()).collect();
        let expected: BTreeSet<u64> = failing.iter().copied().collect();
        if found != expected {
            _ = write!(out, "rows {found:?}, not {expected:?}; ");
        }
    }
    if let ([rule], true, Some(unexpected)) = (rules, by_row, case.unexpected)
        && rule["violations"].as_u64() != Some(unexpected)
    {
        _ = write!(out, "{} violations, not {unexpected}; ", rule["violations"]);
    }
    if let ([rule], false, Some(value)) = (rules, by_row, case.value)
        && let Some(found) = rule["value"].as_f64()
        && (found - value).abs() > 1e-9 * value.abs().max(1.0)
    {
        _ = write!(out, "value {found}, not {value}; ");
    }
    out
}

fn verdicts(tool: Tool) -> Cases {
    let path = repository().join("tests/verdicts").join(format!("{}.json", tool.word()));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[track_caller]
fn same(tool: Tool) {
    let Cases { made, cases, .. } = verdicts(tool);
    assert!(!made.is_empty());
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("p.pipe"), program(tool, &cases, folder.path())).expect("written");
    let ran = pipe(folder.path(), &["validate", "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}{}", ran.stdout, ran.stderr));
    let mut by_table: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for rule in report["rules"].as_array().into_iter().flatten() {
        by_table.entry(rule["table"].as_str().unwrap_or_default()).or_default().push(rule);
    }
    let mut out = String::new();
    for (i, case) in cases.iter().enumerate() {
        let rules = by_table.get(format!("t{i}").as_str()).cloned().unwrap_or_default();
        let wrong = wrong(case, &rules);
        match &case.differs {
            _ if case.refused.is_some() => {}
            None if wrong.is_empty() => {}
            Some(_) if !wrong.is_empty() => {}
            Some(why) => _ = writeln!(out, "{}: {}: does not differ, though {why}", case.check, case.suite),
            None => {
                let rows = serde_json::to_string(&case.rows).unwrap_or_default();
                _ = writeln!(out, "{}: {}\n  over {rows}: {wrong}", case.check, case.suite);
            }
        }
    }
    assert!(out.is_empty(), "{}\n{out}{}", made, report["diagnostics"]);
}

/// A value as SQL.
fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{}'", text.replace('\'', "''")),
        other => other.to_string(),
    }
}

/// The table as a model of what it holds, with the rules that became of its check.
fn scanned(table: &str, series: &Series, scan: &Scan, rules: &str) -> String {
    let nothing = format!("({})", vec!["null"; series.columns.len()].join(", "));
    let rows: Vec<String> = match scan {
        Scan::Empty(n) => (0..*n).map(|_| nothing.clone()).collect(),
        Scan::Rows(rows) => {
            rows.iter().map(|r| format!("({})", r.iter().map(literal).collect::<Vec<_>>().join(", "))).collect()
        }
    };
    let columns = series.columns.iter().enumerate();
    let select: Vec<String> = columns.map(|(n, (c, ty))| format!("cast(column{} as {ty}) as {c}", n + 1)).collect();
    let (values, none) = if rows.is_empty() { (nothing, " where false") } else { (rows.join(", "), "") };
    format!(
        "model {table} as select {} from (values {values}){none};\n{rules}\nload {table} into parquet 'out/{table}' with (mode = overwrite);\n",
        select.join(", ")
    )
}

/// What the rules of a table say together: what is only a warning fails nothing, and too few runs are no verdict.
fn together(report: &Value, table: &str) -> Option<bool> {
    let rules = report["rules"].as_array().into_iter().flatten().filter(|r| r["table"] == table);
    let rules: Vec<&Value> = rules.filter(|r| r["severity"] == "error").collect();
    if rules.iter().any(|r| r["verdict"] == "fail") {
        return Some(false);
    }
    (!rules.iter().any(|r| r["verdict"] == "warming_up")).then_some(true)
}

#[track_caller]
fn same_over_days(tool: Tool) {
    let Cases { series, .. } = verdicts(tool);
    assert!(!series.is_empty());
    let folder = tempfile::tempdir().expect("a folder");
    let rules_of = |(i, s): (usize, &Series)| {
        let table = format!("t{i}");
        let imported = import(tool, "suite", &of_table(&s.suite, &table), Some(&table))
            .unwrap_or_else(|(d, _)| panic!("{}: {}", s.check, d.message));
        assert!(imported.refused.is_empty(), "{}: {}: {:?}", s.check, s.suite, imported.refused);
        let rules = imported.text.find("\nrules ").map(|at| imported.text[at..].to_owned());
        rules.unwrap_or_else(|| panic!("{}: no rules: {}", s.check, imported.text))
    };
    let rules: Vec<String> = series.iter().enumerate().map(rules_of).collect();
    let days = |s: &Series| s.days.clone().unwrap_or_else(|| (0..).take(s.scans.len()).collect::<Vec<i64>>());
    let mut found: Vec<Vec<Option<bool>>> = vec![Vec::new(); series.len()];
    let last = series.iter().flat_map(days).max().unwrap_or(0);
    for day in 0..=last {
        let mut program = "pipe 1;\n".to_owned();
        let mut on = Vec::new();
        for (i, s) in series.iter().enumerate() {
            if let Some(scan) = days(s).iter().position(|d| *d == day).and_then(|at| s.scans.get(at)) {
                program += &scanned(&format!("t{i}"), s, scan, &rules[i]);
                on.push(i);
            }
        }
        std::fs::write(folder.path().join("a.pipe"), program).expect("written");
        let report = serde_json::to_value(run_at(folder.path(), 86_400 * day)).expect("JSON");
        for i in on {
            let table = format!("t{i}");
            let judged = report["rules"].as_array().is_some_and(|all| all.iter().any(|r| r["table"] == table.as_str()));
            assert!(judged, "{}: {}: not judged on day {day}: {}", series[i].suite, rules[i], report["diagnostics"]);
            found[i].push(together(&report, &table));
        }
    }
    let mut out = String::new();
    for (s, found) in series.iter().zip(&found) {
        assert_eq!(s.here.is_some(), s.differs.is_some(), "{}: what differs has its reason", s.suite);
        let expected = s.here.as_ref().unwrap_or(&s.says);
        if found != expected {
            _ = writeln!(out, "{}: {}: {found:?}, not {expected:?}", s.check, s.suite);
        }
        if s.here.as_ref() == Some(&s.says) {
            _ = writeln!(out, "{}: {}: does not differ", s.check, s.suite);
        }
    }
    assert!(out.is_empty(), "\n{out}");
}

/// A table that holds what it was declared to, then one column more: that fails by itself, and is named where the check asks for it.
#[test]
fn a_schema_that_changes_fails_the_run_where_soda_fails() {
    for (changes, asked) in [("any", true), ("[column add]", true), ("[column delete]", false)] {
        let folder = tempfile::tempdir().expect("a folder");
        let suite = format!("checks for t:\n  - schema:\n      fail:\n        when schema changes: {changes}\n");
        let text = import(Tool::Soda, "suite", &suite, None).expect("a suite").text;
        let heal = text.find("\nheal ").map_or("", |at| &text[at..]);
        let program = format!(
            "pipe 1;\nsource t from csv 'in/*.csv' schema (a bigint);\n{heal}\nload t into csv 'out.csv' with (mode = overwrite);\n"
        );
        std::fs::write(folder.path().join("a.pipe"), program).expect("written");
        std::fs::create_dir(folder.path().join("in")).expect("made");
        std::fs::write(folder.path().join("in/1.csv"), "a\n1\n").expect("written");
        assert_eq!(run_at(folder.path(), 0).outcome, "ok", "{changes}");
        std::fs::write(folder.path().join("in/2.csv"), "a,b\n2,3\n").expect("written");
        assert_eq!(run_at(folder.path(), 86_400).outcome, "failed", "{changes}");
        assert_eq!(heal.contains("new_column"), asked, "{changes}: {heal}");
    }
}

/// What no table of one kind can have: it is judged in a test of its own.
const APART: &str = "when schema changes";

#[test]
fn every_check_that_can_be_said_has_its_verdicts() {
    for &tool in Tool::ALL {
        let Cases { cases, series, .. } = verdicts(tool);
        let said = cases.iter().filter(|c| c.refused.is_none()).map(|c| (&c.check, &c.suite));
        let said: Vec<_> = said.chain(series.iter().map(|s| (&s.check, &s.suite))).collect();
        let judged = |name: &str| {
            let bare = name.rsplit('.').next().unwrap_or(name);
            said.iter().any(|(check, suite)| *check == name || !name.starts_with("contract: ") && suite.contains(bare))
        };
        let said = catalogue(tool).iter().filter(|c| matches!(c.said, Said::As(_))).map(|c| c.name);
        let missing: Vec<&str> = said.filter(|name| *name != APART && !judged(name)).collect();
        assert!(missing.is_empty(), "{tool:?}: {missing:?}");
    }
}

#[test]
fn suites_of_great_expectations_judge_the_same() {
    same(Tool::GreatExpectations);
}

#[test]
fn rulesets_of_dqdl_judge_the_same() {
    same(Tool::Dqdl);
}

#[test]
fn checks_of_soda_judge_the_same() {
    same(Tool::Soda);
}

#[test]
fn rulesets_of_dqdl_judge_earlier_runs_the_same() {
    same_over_days(Tool::Dqdl);
}

#[test]
fn checks_of_soda_judge_earlier_scans_the_same() {
    same_over_days(Tool::Soda);
}

#[test]
fn tests_of_dbt_judge_the_same() {
    same(Tool::Dbt);
}

#[test]
fn contracts_judge_the_same() {
    same(Tool::Odcs);
}

#[test]
fn checks_of_deequ_judge_the_same() {
    same(Tool::Deequ);
}
