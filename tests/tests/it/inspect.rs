//! What runs left, through the real binary: queries, plans, reports, quarantine; and rows that come again.

use std::path::Path;

use serde_json::Value;

use crate::pipe::{Ran, command, pipe};

const ORDERS: &str = "pipe 1;

source orders from csv 'data/*.csv' schema (
  id     bigint,
  state  text,
  total  decimal(10, 2),
);

rules orders {
  id not null, unique;
  total >= 0;
}

heal orders {
  on cast_failed => quarantine;
  on bad_record => quarantine;
  on rule_failed => quarantine;
}

model sums as select state, sum(total) as total from orders group by 1;

load orders into parquet 'out/orders';
";

const ROWS: &str = "id,state,total\n1,a,1.50\n2,b,2.50\n3,a,x\n4,b,-3\n5,c\n6,c,7\n7,c,8\n";

/// A folder with the program above and one file of orders: four good ones, one that does not convert, one below 0, one broken.
fn orders() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "p.pipe", ORDERS);
    write(folder.path(), "data/1.csv", ROWS);
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// The program with a text replaced by another.
fn edit(folder: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(folder.join("p.pipe")).unwrap();
    assert!(text.contains(from), "{from}");
    write(folder, "p.pipe", &text.replace(from, to));
}

fn query(folder: &Path, sql: &str) -> Ran {
    pipe(folder, &["query", sql, "--format", "csv"])
}

/// The rows of a query as CSV, without the header.
#[track_caller]
fn rows(folder: &Path, sql: &str) -> Vec<String> {
    query(folder, sql).expect(0).stdout.lines().skip(1).map(str::to_owned).collect()
}

/// The ids that are in the target.
#[track_caller]
fn landed(folder: &Path) -> Vec<String> {
    let reader = tempfile::tempdir().unwrap();
    let out = folder.join("out/orders");
    let program = format!("pipe 1;\nsource o from parquet '{}/*.parquet';\n", out.display());
    write(reader.path(), "r.pipe", &program);
    rows(reader.path(), "select id from o order by 1")
}

fn replay(folder: &Path) -> Value {
    pipe(folder, &["quarantine", "replay", "orders", "--format", "json"]).json()
}

#[test]
fn a_name_is_the_whole_table_after_its_rules_and_a_query_leaves_nothing_behind() {
    let folder = orders();
    assert_eq!(rows(folder.path(), "select id from orders order by 1"), ["1", "2", "6", "7"]);
    assert_eq!(rows(folder.path(), "select state, total from sums order by 1"), ["a,1.50", "b,2.50", "c,15.00"]);
    assert_eq!(rows(folder.path(), "select id, total, _line from raw.orders where total = 'x'"), ["3,x,4"]);
    assert_eq!(rows(folder.path(), "select count(*) from pipe.runs"), ["0"]);
    assert_eq!(rows(folder.path(), "select id, _reasons from pipe.quarantine_orders"), Vec::<String>::new());
    assert!(!folder.path().join(".pipe").exists() && !folder.path().join("out").exists());
}

#[test]
fn the_queries_of_a_result_run_as_they_stand() {
    let folder = orders();
    edit(
        folder.path(),
        "  id not null, unique;\n",
        "  id not null, unique;\n  total not null;\n  few: (count(*)) < 5;\n",
    );
    let report = pipe(folder.path(), &["run", "--format", "json"]).json();
    let shown = pipe(folder.path(), &["runs", "show", "last", "--format", "json"]).json();
    assert_eq!(shown["rules"], report["rules"]);
    let rule = |name: &str| {
        let rules = report["rules"].as_array().unwrap();
        rules.iter().find(|r| r["rule"] == name).unwrap_or_else(|| panic!("{name}: {rules:#?}")).clone()
    };
    let below = rule("total.ge");
    assert_eq!(below["value"], 0.2, "{below:#}");
    assert_eq!(
        [&below["verdict"], &below["level"], &below["numerator"], &below["denominator"], &below["value_after"]],
        [&serde_json::json!("pass"), &"row".into(), &1.into(), &5.into(), &0.0.into()]
    );
    assert_eq!(rows(folder.path(), &format!("select id from ({}) as f", text(&below["failing_rows_sql"]))), ["4"]);
    assert_eq!(rows(folder.path(), text(&below["sql"])), ["1"]);
    // A cell that did not convert is no missing one.
    let missing = rule("total.not_null");
    assert_eq!((&missing["numerator"], rows(folder.path(), text(&missing["failing_rows_sql"])).len()), (&0.into(), 0));
    // Six rows were read, four commit.
    let few = rule("few");
    assert_eq!((&few["value"], &few["value_after"], &few["verdict"]), (&6.0.into(), &4.0.into(), &"pass".into()));
    assert_eq!(rows(folder.path(), text(&few["sql"])), ["6,false"]);
    assert!(few["failing_rows_sql"].is_null());
    let kept = "select verdict, level, numerator, denominator, value, value_after, failing_rows_sql is null
                from pipe.rule_results where rule in ('few', 'total.ge') order by rule";
    assert_eq!(rows(folder.path(), kept), ["pass,table,,6,6.0,4.0,true", "pass,row,1,5,0.2,0.0,false"]);
    let typed = "select id, _line, _uncast from typed.orders where _uncast is not null or total < 0 order by id";
    assert_eq!(rows(folder.path(), typed), ["3,4,[total]", "4,5,"]);
    let types = pipe(folder.path(), &["query", "select _line, _row from typed.orders", "--format", "json"]).json();
    assert_eq!((&types["columns"][0]["type"], &types["columns"][1]["type"]), (&"bigint".into(), &"bigint".into()));
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn a_table_that_fails_has_its_verdicts() {
    let folder = orders();
    edit(folder.path(), "  on rule_failed => quarantine;\n", "");
    edit(folder.path(), "  total >= 0;\n", "  total >= 0;\n  few: (count(*)) < 5;\n");
    let report = pipe(folder.path(), &["run", "--format", "json"]).json();
    let told = |r: &Value| format!("{} {} {}", text(&r["rule"]), text(&r["verdict"]), r["violations"]);
    let told: Vec<String> = report["rules"].as_array().unwrap().iter().map(told).collect();
    assert_eq!(told, ["id.not_null pass 0", "id.unique pass 0", "total.ge fail 1", "few skipped 0"]);
    let kept = "select rule, verdict from pipe.rule_results where verdict <> 'pass' order by rule";
    assert_eq!(rows(folder.path(), kept), ["few,skipped", "total.ge,fail"]);
}

#[test]
fn quality_has_a_score_and_a_trend() {
    let folder = orders();
    edit(folder.path(), "  total >= 0;\n", "  total >= 0 severity critical;\n  state in ('a', 'b') severity info;\n");
    edit(
        folder.path(),
        "  on rule_failed => quarantine;\n",
        "  on rule_failed(rule: total.ge) => set total = (0) else drop;\n",
    );
    let none = pipe(folder.path(), &["score"]).expect(0).stdout;
    assert_eq!(none, "no score yet\n");
    let report = pipe(folder.path(), &["run", "--format", "json"]).json();
    // id: 4 x 1 + 4 x 1; total >= 0: 8 x 4/5; state in: 1 x 4/6.
    let score = &report["score"];
    let near = |found: &Value, wanted: f64| (found.as_f64().unwrap() - wanted).abs() < 1e-4;
    let weighted = (8.0 + 8.0 * 0.8 + 4.0 / 6.0) / 17.0 * 100.0;
    assert!(near(&score["tables"][0]["score"], weighted) && near(&score["project"]["score"], weighted), "{score:#}");
    assert!(near(&score["tables"][0]["score_after"], (16.0 + 4.0 / 6.0) / 17.0 * 100.0), "{score:#}");
    assert_eq!(score["columns"][2]["name"], "total");
    assert!(near(&score["columns"][2]["score"], 80.0) && score["columns"][2]["weight"] == 8, "{score:#}");
    assert_eq!(score["project"]["change"], Value::Null);

    write(folder.path(), "data/2.csv", "id,state,total\n8,a,1\n9,b,1\n");
    let again = pipe(folder.path(), &["run"]).expect(0).stdout;
    assert!(again.contains("orders   100.0          100.0  ▁█ +11.4\n"), "{again}");
    let listed = pipe(folder.path(), &["score", "--table", "orders"]).expect(0).stdout;
    assert!(listed.contains("rule       total.ge      100.0          100.0  ▁█ +20.0\n"), "{listed}");
    let kept = "select score, score_after, weight, rules from pipe.scores where level = 'project' order by at";
    assert_eq!(rows(folder.path(), kept), ["88.6275,98.0392,17,4", "100.0,100.0,17,4"]);

    // Nothing commits, and what was judged has a score.
    edit(folder.path(), "  on rule_failed(rule: total.ge) => set total = (0) else drop;\n", "");
    write(folder.path(), "data/3.csv", "id,state,total\n10,a,-1\n11,b,1\n");
    let failed = pipe(folder.path(), &["run", "--format", "json"]).json();
    assert_eq!(failed["outcome"], "failed");
    let table = &failed["score"]["tables"][0];
    assert!(table["score"] == table["score_after"] && near(&table["change"], -23.5294), "{table:#}");
    let one = pipe(folder.path(), &["score", "--last", "1", "--format", "csv"]).expect(0).stdout;
    assert!(one.lines().skip(1).all(|l| l.starts_with(failed["run"].as_str().unwrap())), "{one}");
}

#[test]
fn a_query_needs_no_program() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(rows(folder.path(), "select 1 + 1"), ["2"]);
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[test]
fn what_is_wrong_with_a_query_is_underlined_in_it() {
    let folder = orders();
    let ran = query(folder.path(), "select totl from orders").expect(2);
    assert!(ran.stderr.contains("query:1:8") && ran.stderr.contains("did you mean `total`?"), "{}", ran.stderr);
    let ran = query(folder.path(), "select 1 from ordrs").expect(2);
    assert!(ran.stderr.contains("query:1:15") && ran.stderr.contains("did you mean `orders`?"), "{}", ran.stderr);
    for sql in ["drop table orders", "insert into orders values (1)", "copy orders to 'x'", "set a = 1"] {
        let ran = query(folder.path(), sql).expect(2);
        assert!(ran.stderr.contains("E1302"), "{sql}: {}", ran.stderr);
    }
}

#[test]
fn a_table_that_fails_says_why_and_points_at_what_came() {
    let folder = orders();
    edit(folder.path(), "  on cast_failed => quarantine;\n", "");
    let ran = query(folder.path(), "select * from orders").expect(1);
    assert!(ran.stderr.contains("cast_failed") && ran.stderr.contains("raw.orders"), "{}", ran.stderr);
    assert_eq!(rows(folder.path(), "select count(*) from raw.orders"), ["7"]);
}

#[test]
fn what_a_run_left_can_be_asked_for() {
    let folder = orders();
    let run = pipe(folder.path(), &["run", "--format", "json"]).expect(0).json();
    assert_eq!(rows(folder.path(), "select outcome, \"read\", committed, quarantined from pipe.runs"), ["ok,7,4,3"]);
    // The table has a column `state` of its own, so the state of the row is called otherwise.
    let held =
        "select id, state, _raw, _record, _reasons, _line, _state, run from pipe.quarantine_orders order by _row";
    let id = run["run"].as_str().unwrap();
    assert_eq!(
        rows(folder.path(), held),
        [
            format!("3,a,\"{{\"\"total\"\":\"\"x\"\"}}\",,[total.cast_failed],4,held,{id}"),
            format!("4,b,,,[total.ge],5,held,{id}"),
            format!(",,,\"5,c\",[bad_record],6,held,{id}"),
        ]
    );
    let shown = pipe(folder.path(), &["quarantine", "show", "orders", "--format", "json"]).expect(0).json();
    assert_eq!(shown["rows"].as_array().unwrap().len(), 3);
    let shown = pipe(folder.path(), &["runs", "show", "last", "--format", "json"]).expect(0).json();
    assert_eq!(shown["run"], run["run"]);
    assert_eq!(shown["tables"], run["tables"]);
    let text = pipe(folder.path(), &["runs", "show", id]).expect(0).stdout;
    assert!(text.contains(id) && text.contains("total.ge"), "{text}");
    assert!(pipe(folder.path(), &["runs"]).expect(0).stdout.contains(id));
    pipe(folder.path(), &["runs", "show", "nonsense"]).expect(2);
    pipe(folder.path(), &["quarantine", "show", "ordrs"]).expect(2);
}

#[test]
fn a_plan_tells_what_is_new_and_changes_nothing() {
    let folder = orders();
    let news = |folder: &Path| -> String {
        let text = pipe(folder, &["plan"]).expect(0).stdout;
        text.split("load orders").nth(1).unwrap().to_owned()
    };
    assert!(news(folder.path()).contains("new = everything"), "{}", news(folder.path()));
    assert!(!folder.path().join(".pipe").exists());
    pipe(folder.path(), &["run"]).expect(0);
    assert!(news(folder.path()).contains("new = nothing"));
    write(folder.path(), "data/2.csv", "id,state,total\n8,d,1\n");
    let new = news(folder.path());
    assert!(new.contains("data/2.csv") && !new.contains("data/1.csv"), "{new}");
    write(folder.path(), "data/1.csv", "id,state,total\n1,a,9.99\n");
    let changed = news(folder.path());
    assert!(changed.contains("data/1.csv (changed: its earlier rows are replaced)"), "{changed}");
    assert_eq!(rows(folder.path(), "select count(*) from pipe.runs"), ["1"]);
}

#[test]
fn an_explained_table_has_the_columns_of_its_files() {
    let folder = orders();
    edit(folder.path(), " schema (\n  id     bigint,\n  state  text,\n  total  decimal(10, 2),\n)", "");
    let text = pipe(folder.path(), &["explain", "orders"]).expect(0).stdout;
    assert!(text.contains("id bigint") && text.contains("state text"), "{text}");
}

#[test]
fn rows_that_are_given_up_are_never_replayed() {
    let folder = orders();
    pipe(folder.path(), &["run"]).expect(0);
    pipe(folder.path(), &["quarantine", "discard", "orders"]).expect(2);
    let ran = pipe(folder.path(), &["quarantine", "discard", "orders", "--where", "totl < 0"]).expect(2);
    assert!(ran.stderr.contains("where:1:1") && ran.stderr.contains("`total`"), "{}", ran.stderr);
    pipe(folder.path(), &["quarantine", "discard", "orders", "--where", "total < 0"]).expect(0);
    let states = "select _state, count(*) from pipe.quarantine_orders group by 1 order by 1";
    assert_eq!(rows(folder.path(), states), ["discarded,1", "held,2"]);
    edit(folder.path(), "total >= 0", "total >= -5");
    edit(folder.path(), "on cast_failed => quarantine", "on cast_failed => cast using ('42') else quarantine");
    replay(folder.path());
    assert_eq!(landed(folder.path()), ["1", "2", "3", "6", "7"]);
    pipe(folder.path(), &["quarantine", "discard", "orders", "--all"]).expect(0);
    assert_eq!(rows(folder.path(), states), ["discarded,2", "replayed,1"]);
}

#[test]
fn held_rows_go_through_todays_program_once() {
    let folder = orders();
    pipe(folder.path(), &["run"]).expect(0);
    let report = replay(folder.path());
    assert_eq!((&report["exit_code"], &report["tables"][0]["quarantined"]), (&3.into(), &3.into()), "{report}");
    assert_eq!(landed(folder.path()), ["1", "2", "6", "7"]);
    edit(folder.path(), "total >= 0", "total >= -5");
    edit(folder.path(), "on cast_failed => quarantine", "on cast_failed => cast using ('42') else quarantine");
    let report = replay(folder.path());
    assert_eq!((&report["exit_code"], &report["tables"][0]["committed"]), (&0.into(), &2.into()), "{report}");
    assert_eq!(landed(folder.path()), ["1", "2", "3", "4", "6", "7"]);
    let ledger = "select \"row\", \"column\", old, new, run from pipe.ledger";
    assert_eq!(rows(folder.path(), ledger), [format!("2,total,x,42.00,{}", report["run"].as_str().unwrap())]);
    let states = "select _line, _state from pipe.quarantine_orders order by 1";
    assert_eq!(rows(folder.path(), states), ["4,replayed", "5,replayed", "6,held"]);
    replay(folder.path());
    pipe(folder.path(), &["run"]).expect(0);
    assert_eq!(landed(folder.path()), ["1", "2", "3", "4", "6", "7"]);
}

#[test]
fn a_key_that_is_loaded_already_stays_out() {
    let folder = orders();
    write(folder.path(), "data/1.csv", "id,state,total\n1,a,1\n2,b,-1\n");
    pipe(folder.path(), &["run"]).expect(0);
    write(folder.path(), "data/2.csv", "id,state,total\n2,b,5\n");
    pipe(folder.path(), &["run"]).expect(0);
    edit(folder.path(), "total >= 0", "total >= -5");
    let report = replay(folder.path());
    assert_eq!(report["tables"][0]["quarantined"], 1, "{report}");
    assert_eq!(landed(folder.path()), ["1", "2"]);
}

#[test]
fn a_broken_record_is_parsed_again_with_todays_options() {
    let folder = orders();
    write(folder.path(), "data/1.csv", "id,state,total\n1,a,1\n2,'b,c',2\n");
    pipe(folder.path(), &["run"]).expect(0);
    assert_eq!(landed(folder.path()), ["1"]);
    edit(folder.path(), "'data/*.csv' schema", "'data/*.csv' with (quote = '''') schema");
    let report = replay(folder.path());
    assert_eq!((&report["exit_code"], &report["tables"][0]["committed"]), (&0.into(), &1.into()), "{report}");
    assert_eq!(landed(folder.path()), ["1", "2"]);
}

#[test]
fn rows_outlive_the_file_they_came_from() {
    let folder = orders();
    pipe(folder.path(), &["run"]).expect(0);
    std::fs::remove_file(folder.path().join("data/1.csv")).unwrap();
    edit(folder.path(), "total >= 0", "total >= -5");
    let report = replay(folder.path());
    assert_eq!(report["tables"][0]["committed"], 1, "{report}");
    assert_eq!(landed(folder.path()), ["1", "2", "4", "6", "7"]);
}

#[test]
fn a_model_that_is_row_by_row_over_the_source_gets_the_rows_too() {
    let folder = orders();
    let text = ORDERS.to_owned()
        + "\nmodel cheap as select id from orders where total < 2;\n\nload cheap into csv 'out/cheap';\n";
    write(folder.path(), "p.pipe", &text);
    pipe(folder.path(), &["run"]).expect(0);
    edit(folder.path(), "total >= 0", "total >= -5");
    let report = replay(folder.path());
    let loads: Vec<_> = report["loads"].as_array().unwrap().iter().map(|l| (&l["name"], &l["rows"])).collect();
    assert_eq!(format!("{loads:?}"), r#"[(String("orders"), Number(1)), (String("cheap"), Number(1))]"#, "{report}");
}

#[test]
fn what_cannot_be_replayed_is_said_so() {
    let folder = orders();
    let nothing = replay(folder.path());
    assert_eq!((&nothing["exit_code"], &nothing["outcome"]), (&0.into(), &"nothing_new".into()), "{nothing}");
    let ran = pipe(folder.path(), &["quarantine", "replay", "sums"]).expect(2);
    assert!(ran.stderr.contains("E1308"), "{}", ran.stderr);
    edit(folder.path(), "into parquet 'out/orders'", "into parquet 'out/orders' with (mode = overwrite)");
    let ran = pipe(folder.path(), &["quarantine", "replay", "orders"]).expect(2);
    assert!(ran.stderr.contains("E1308") && ran.stderr.contains("pipe run --target orders"), "{}", ran.stderr);
}

#[test]
fn a_heal_is_shown() {
    let folder = orders();
    edit(folder.path(), "on cast_failed => quarantine", "on cast_failed => cast using ('42') else quarantine");
    pipe(folder.path(), &["run"]).expect(0);
    let text = pipe(folder.path(), &["heals", "show", "1"]).expect(0).stdout;
    assert!(text.contains("cast using ('42')"), "{text}");
}

#[test]
fn a_replay_that_is_killed_lands_all_or_nothing_and_can_be_made_again() {
    let points = ["staged", "before_commit", "after_commit", "during_publish", "before_published", "after_published"];
    for point in points {
        let folder = orders();
        pipe(folder.path(), &["run"]).expect(0);
        edit(folder.path(), "total >= 0", "total >= -5");
        let mut replayed = command(folder.path(), &["quarantine", "replay", "orders"]);
        let ended = replayed.env("PIPE_FAILPOINT", point).output().unwrap();
        // One file is published here, so the point between two files is not reached.
        assert_eq!(ended.status.success(), point == "during_publish", "{point}");
        let states = "select _line from pipe.quarantine_orders where _state = 'replayed'";
        let done = rows(folder.path(), states);
        let expected: &[&str] = if done.is_empty() { &["1", "2", "6", "7"] } else { &["1", "2", "4", "6", "7"] };
        assert_eq!(landed(folder.path()), expected, "{point}");
        assert_eq!(done.is_empty(), ["staged", "before_commit"].contains(&point), "{point}");
        replay(folder.path());
        assert_eq!(landed(folder.path()), ["1", "2", "4", "6", "7"], "{point}");
    }
}
