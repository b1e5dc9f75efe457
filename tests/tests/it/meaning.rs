//! What is claimed of predicates, in running cases.

use std::fmt::Write as _;

use pipe_schema::{Claim, Finding, Level, PredicateInfo, Way, catalogue, claims, predicates};

use crate::pipe::{pipe, run_at};

/// What claims may refer to.
const BESIDE: &str = "
model other as select cast(column1 as int) as id, cast(column2 as text) as name from (values (1, 'a'), (2, 'b'), (null, null));
model nothing as select cast(column1 as int) as id from (values (1)) where false;
model ref as select cast(column1 as double) as v, case when column1 % 2 = 0 then 'a' else 'b' end as k
  from (values (1), (2), (3), (4), (5), (6), (7), (8), (9), (10));
heal * { on rule_failed => keep; on table_failed => warn; }
";

/// The rows of a claim so many runs before the one that is judged; `None`: it has no run as early.
fn rows_of(claim: &Claim, before: usize) -> Option<&'static str> {
    match before {
        0 => Some(claim.rows),
        _ => claim.earlier.len().checked_sub(before).map(|at| claim.earlier[at]),
    }
}

/// A program in which each claim is a table of its own: `t0`, `t1`, …, so many runs before the one that is judged.
fn program(claims: &[Claim], before: usize) -> String {
    let mut out = format!("pipe 1;{BESIDE}");
    for (i, claim) in claims.iter().enumerate() {
        let Some(rows) = rows_of(claim, before) else { continue };
        let columns: Vec<&str> = claim.columns.split(", ").collect();
        let cast = |(n, column): (usize, &&str)| {
            let (name, ty) = column.split_once(' ').expect("a name and a type");
            format!("cast(column{} as {ty}) as {name}", n + 1)
        };
        let select: Vec<String> = columns.iter().enumerate().map(cast).collect();
        let (rows, none) = match rows {
            "" => (format!("({})", vec!["null"; columns.len()].join(", ")), " where false"),
            rows => (rows.to_owned(), ""),
        };
        _ = writeln!(out, "model t{i} as select {} from (values {rows}){none};", select.join(", "));
        _ = writeln!(out, "rules t{i} {{ {} }}", claim.rule);
        _ = writeln!(out, "load t{i} into parquet 'out/t{i}' with (mode = overwrite);");
    }
    out
}

/// Runs the program of the claims, once a day for as many days as they have earlier runs and one more. Gives the last report.
fn run(claims: &[Claim]) -> serde_json::Value {
    let folder = tempfile::tempdir().expect("a folder");
    let most = claims.iter().map(|c| c.earlier.len()).max().unwrap_or(0);
    let mut last = serde_json::Value::Null;
    for before in (0..=most).rev() {
        std::fs::write(folder.path().join("a.pipe"), program(claims, before)).expect("written");
        let day = i64::try_from(most - before).expect("few days");
        last = serde_json::to_value(run_at(folder.path(), 86_400 * day)).expect("JSON");
    }
    last
}

/// What is wrong with the claims of a predicate.
fn wrong(predicate: &PredicateInfo) -> String {
    let claims = claims(predicate.name);
    let mut wrong = String::new();
    let report = run(claims);
    let empty = Vec::new();
    for (i, claim) in claims.iter().enumerate() {
        let table = format!("t{i}");
        let rules = report["rules"].as_array().unwrap_or(&empty);
        let Some(rule) = rules.iter().find(|r| r["table"] == table.as_str()) else {
            _ = writeln!(
                wrong,
                "{}: {}: not judged: {} {}",
                predicate.name, claim.rule, report["failures"], report["diagnostics"]
            );
            continue;
        };
        let text = |value: &serde_json::Value| -> &'static str { value.as_str().map_or("", |o| o.to_owned().leak()) };
        let found = match claim.finds {
            Finding::Violations(_) => Finding::Violations(rule["violations"].as_u64().unwrap_or(u64::MAX)),
            _ if rule["verdict"] == "warming_up" => Finding::WarmingUp(text(&rule["history"]["arithmetic"])),
            Finding::Table { observed: "", .. } => Finding::Table { holds: rule["passed"] == true, observed: "" },
            _ => Finding::Table { holds: rule["passed"] == true, observed: text(&rule["observed"]) },
        };
        if found != claim.finds {
            _ = writeln!(
                wrong,
                "{}: {} over {:?} after {:?}: {found:?}, not {:?}",
                predicate.name, claim.rule, claim.rows, claim.earlier, claim.finds
            );
        }
    }
    wrong
}

#[test]
fn what_is_claimed_of_predicates_is_so() {
    let only = std::env::var("ONLY").ok();
    let judged = predicates().filter(|p| p.available && only.as_deref().is_none_or(|only| only == p.name));
    let wrong: String = judged.map(wrong).collect();
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn of_every_predicate_that_runs_is_said_what_passes_what_fails_and_what_nothing_is() {
    let mut missing = String::new();
    // `closed` is about a source; a column that `columns contain` does not find is an error of the program.
    for p in predicates().filter(|p| p.available && p.name != "closed") {
        let claims = claims(p.name);
        let holds = |c: &Claim| matches!(c.finds, Finding::Violations(0) | Finding::Table { holds: true, .. });
        let fails = |c: &Claim| !holds(c) && !matches!(c.finds, Finding::WarmingUp(_));
        let warms = |c: &Claim| matches!(c.finds, Finding::WarmingUp(_));
        let shown = [
            ("what passes", claims.iter().any(holds)),
            ("what fails", claims.iter().any(fails) || p.name == "columns_contain"),
            ("no rows", claims.iter().any(|c| c.rows.is_empty())),
            ("how it warms up", claims.iter().any(warms) || p.level != Level::History),
            (
                "NULL",
                claims.iter().any(|c| c.rows.contains("null")) || p.level == Level::Schema || p.level == Level::Table,
            ),
        ];
        for (what, _) in shown.iter().filter(|(_, shown)| !shown) {
            _ = writeln!(missing, "{}: {what}", p.name);
        }
    }
    assert!(missing.is_empty(), "\n{missing}");
}

/// The table that the rules of the catalogue are about.
const ORDERS: &str = "pipe 1;
source orders from csv 'orders.csv' schema (
  order_id bigint, id bigint, customer_id bigint, shop text, status text, sku text, email text, phone text, note text, zip text, city text,
  payload text, quantity int, unit_price decimal(10, 2), total decimal(12, 2), ordered_at timestamp, shipped_at timestamp,
  deleted_at timestamp, open boolean, tags text[],
);
source customers from csv 'customers.csv' schema (id bigint, email text, status text, total decimal(12, 2));
";

#[test]
fn each_kind_of_check_is_said_by_a_rule_that_is_right_or_refused_with_a_reason() {
    let kinds: Vec<_> = catalogue().iter().flat_map(|(_, kinds)| *kinds).collect();
    assert_eq!(kinds.len(), 135);
    let refused = kinds.iter().filter(|k| matches!(k.way, Way::Refused { .. })).count();
    assert!(refused <= 8, "{refused} kinds are refused");
    let mut wrong = String::new();
    for kind in &kinds {
        if let Way::Predicate { check, rule } = kind.way {
            assert!(kind.predicate().is_some(), "{}: no predicate `{check}` of `{rule}`", kind.name);
        }
        let Some(rule) = kind.rule() else { continue };
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a.pipe"), format!("{ORDERS}rules orders {{ {rule} }}\n")).expect("written");
        let ran = pipe(folder.path(), &["check"]);
        if ran.code != 0 {
            _ = writeln!(wrong, "{}: {rule}\n{}{}", kind.name, ran.stdout, ran.stderr);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
