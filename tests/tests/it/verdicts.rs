//! What other tools say of small tables, and what the rules that are made of their checks say: the same verdict, value and rows.
//!
//! `tests/verdicts/<tool>.json` holds the checks, the tables and what the tool found, with how that was come by. All tables of a tool
//! are judged in one go.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use pipe_import::{Said, Tool, catalogue, import};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::pipe::{pipe, repository};

/// The cases of a tool.
#[derive(Deserialize)]
struct Cases {
    /// How what the tool says was come by.
    made: String,
    cases: Vec<Case>,
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
        // A suite may name its table; it is called `t` there.
        let suite = case
            .suite
            .replace("\"t\"", &format!("\"{table}\""))
            .replace("checks for t:", &format!("checks for {table}:"));
        let suite = suite
            .replace("name: t\n", &format!("name: {table}\n"))
            .replace("dataset: d/s/t\n", &format!("dataset: d/s/{table}\n"))
            .replace("    - t\n", &format!("    - {table}\n"))
            .replace(" FROM t\n", &format!(" FROM {table}\n"))
            .replace(" FROM t ", &format!(" FROM {table} "))
            .replace(" = t.", &format!(" = {table}."))
            .replace("element: t.", &format!("element: {table}."));
        let imported = import(tool, "suite", &suite, Some(&table))
            .unwrap_or_else(|(d, _)| panic!("{}: {}", case.check, d.message));
        let refused = imported.refused.first().map(|d| d.message.as_str());
        if refused.is_some() != case.refused.is_some() {
            _ = writeln!(odd, "{}: {}: refused {refused:?}, not {:?}", case.check, case.suite, case.refused);
        }
        let rules = imported.text.find("\nrules ").map_or("", |at| &imported.text[at..]);
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
    let Cases { made, cases } = verdicts(tool);
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

/// The checks that other runs, forecasts, or forms of a check that its others stand for decide.
const WITHOUT_CASES: [(Tool, &[&str]); 2] = [
    (Tool::Dqdl, &["DetectAnomalies"]),
    (
        Tool::Soda,
        &[
            "change",
            "anomaly detection",
            "anomaly score",
            "when schema changes",
            "reconciliation",
            "contract: schema",
            "contract: metric",
            "contract: failed_rows",
        ],
    ),
];

#[test]
fn every_check_that_can_be_said_has_its_verdicts() {
    for &tool in Tool::ALL {
        let cases = verdicts(tool).cases;
        let judged = |name: &str| {
            cases.iter().filter(|c| c.refused.is_none()).any(|c| {
                let bare = name.rsplit('.').next().unwrap_or(name);
                c.check == name || !name.starts_with("contract: ") && c.suite.contains(bare)
            })
        };
        let without = WITHOUT_CASES.iter().find(|(t, _)| *t == tool).map_or(&[][..], |(_, names)| *names);
        let said = catalogue(tool).iter().filter(|c| matches!(c.said, Said::As(_))).map(|c| c.name);
        let missing: Vec<&str> = said.filter(|name| !judged(name) && !without.contains(name)).collect();
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
