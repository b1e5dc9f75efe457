//! The recipes of the catalogue, run: each lets pass what it should and finds what it should.

use std::fmt::Write as _;

use chrono::Timelike;
use pipe_schema::{RecipeCase, Way, catalogue, kind, recipe_cases};
use serde_json::{Map, Value, json};

use crate::pipe::pipe;

const CUSTOMERS: &str = "{\"id\": 1, \"email\": \"a@b.de\", \"status\": \"new\", \"total\": 10}\n\
                         {\"id\": 2, \"email\": \"c@d.de\", \"status\": \"paid\", \"total\": 20}\n";

/// The rules of a recipe over rows: whether all pass, and how many violations there are.
fn judged(rule: &str, columns: &str, rows: &[&str]) -> Result<(bool, u64), String> {
    let folder = tempfile::tempdir().expect("a folder");
    let names: Vec<&str> = columns.split(", ").filter_map(|c| c.split_once(' ')).map(|(name, _)| name).collect();
    let mut lines = String::new();
    for row in rows {
        let values: Vec<Value> = serde_json::from_str(row).expect("a row");
        assert_eq!(values.len(), names.len(), "{row} of {columns}");
        let object: Map<String, Value> = names.iter().map(|n| (*n).to_owned()).zip(values).collect();
        _ = writeln!(lines, "{}", json!(object));
    }
    let program = format!(
        "pipe 1;\nsource orders from ndjson 'orders.ndjson' schema ({columns});\n\
         source customers from ndjson 'customers.ndjson' schema (id bigint, email text, status text, total decimal(12, 2));\n\
         rules orders {{ {rule} }}\nheal * {{ on rule_failed => keep; on table_failed => warn; on structural => keep; }}\n\
         load orders into parquet 'out' with (mode = overwrite);\n"
    );
    for (name, text) in [("p.pipe", program.as_str()), ("orders.ndjson", &lines), ("customers.ndjson", CUSTOMERS)] {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    let ran = pipe(folder.path(), &["run", "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.stdout).map_err(|_| format!("{}{}", ran.stdout, ran.stderr))?;
    let rules = report["rules"].as_array().filter(|r| !r.is_empty()).ok_or_else(|| ran.stdout.clone())?;
    let violations = rules.iter().map(|r| r["violations"].as_u64().unwrap_or(u64::from(r["passed"] != true))).sum();
    Ok((rules.iter().all(|r| r["passed"] == true), violations))
}

fn wrong(case: &RecipeCase) -> String {
    let Some(rule) = kind(case.kind).and_then(|k| k.rule()) else { return format!("{}: no such recipe\n", case.kind) };
    let mut out = String::new();
    for (rows, expected) in [(case.passes, (true, 0)), (case.fails, (false, case.finds))] {
        let found = judged(rule, case.columns, rows);
        if found != Ok(expected) {
            _ = writeln!(out, "{}: {rule}\n  over {rows:?}: {found:?}, not {expected:?}", case.kind);
        }
    }
    out
}

/// Every fourth recipe, so that they run side by side.
fn part(of: usize) {
    let wrong: String = recipe_cases().iter().enumerate().filter(|(i, _)| i % 4 == of).map(|(_, c)| wrong(c)).collect();
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn recipes_find_what_they_should() {
    part(0);
}

#[test]
fn recipes_find_what_they_should_of_the_second_quarter() {
    part(1);
}

#[test]
fn recipes_find_what_they_should_of_the_third_quarter() {
    part(2);
}

#[test]
fn recipes_find_what_they_should_of_the_last_quarter() {
    part(3);
}

#[test]
fn every_recipe_has_its_case() {
    let kinds = catalogue().iter().flat_map(|(_, kinds)| *kinds);
    let recipes: Vec<&str> = kinds.filter(|k| matches!(k.way, Way::Recipe { .. })).map(|k| k.name).collect();
    let missing: Vec<_> =
        recipes.iter().filter(|r| **r != "execution_sla" && !recipe_cases().iter().any(|c| c.kind == **r)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(recipe_cases().iter().all(|c| recipes.contains(&c.kind)));
}

#[test]
fn an_hour_to_be_done_by_is_judged_by_the_clock_of_the_run() {
    let rule = kind("execution_sla").and_then(|k| k.rule()).expect("a recipe");
    let by = |hour: u32| rule.replace("< 6", &format!("< {hour}"));
    // The hour may end between the two looks at the clock: a rule that holds in both hours passes, one that holds in none fails.
    let hour = chrono::Utc::now().hour();
    assert_eq!(judged(&by(hour + 2), "id int", &["[1]"]), Ok((true, 0)));
    if hour > 0 && hour < 23 {
        assert_eq!(judged(&by(hour), "id int", &["[1]"]), Ok((false, 1)));
    }
}

#[test]
fn each_refused_kind_is_told_with_its_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused: Vec<(&str, &str)> = catalogue()
        .iter()
        .flat_map(|(_, kinds)| *kinds)
        .filter_map(|k| if let Way::Refused { why } = k.way { Some((k.name, why)) } else { None })
        .collect();
    let rules: String = refused.iter().map(|(name, _)| format!("  {name}: note is {name};\n")).collect();
    let program = format!("pipe 1;\nsource orders from csv 'o.csv' schema (note text);\nrules orders {{\n{rules}}}\n");
    std::fs::write(folder.path().join("p.pipe"), program).expect("written");
    let report = pipe(folder.path(), &["check", "--format", "json"]).expect(1).json();
    let told = report["diagnostics"].as_array().expect("diagnostics");
    assert_eq!(told.len(), refused.len());
    for ((name, why), told) in refused.iter().zip(told) {
        assert_eq!((told["code"].as_str(), told["help"].as_str()), (Some("E0425"), Some(*why)), "{name}");
        // What it is and why it is refused is also a page.
        let page = pipe(folder.path(), &["explain", &name.replace('_', " ")]).expect(0).stdout;
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&page).contains(&words(why)), "{page}");
    }
}
