//! What went wrong in other tools, as tests: each is named after what must hold, and says whose report it is taken from.

use std::path::Path;

use serde_json::Value;

use crate::pipe::pipe;
use crate::rows::{Row, below, files, lines, sorted};

pub fn project(program: &str, inputs: &[(&str, &str)]) -> tempfile::TempDir {
    crate::pipe::project(&format!("pipe 1;\n{program}"), inputs)
}

pub fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

#[track_caller]
pub fn run(folder: &Path, code: i32) -> Value {
    pipe(folder, &["run", "--format", "json"]).expect(code).json()
}

pub fn held(folder: &Path, table: &str) -> Vec<Row> {
    sorted(below(&folder.join(".pipe/quarantine").join(table)))
}

pub fn numbers(rows: &[Row], column: &str) -> Vec<String> {
    rows.iter().filter_map(|r| r[column].clone()).collect()
}

/// The account of a table.
pub fn table<'r>(report: &'r Value, name: &str) -> &'r Value {
    report["tables"].as_array().unwrap().iter().find(|t| t["name"] == name).unwrap_or(&Value::Null)
}

/// Rocky #1990: the third run of an incremental model tripled its rows.
#[test]
fn three_runs_on_the_same_input_keep_the_row_count() {
    let program = "source t from csv 't_*.csv' schema (n bigint, s text);\n\
        model kept as select n, upper(s) as s from t where n > 0;\n\
        model counted as select s, count(*) as c from kept group by s;\n\
        load kept into parquet 'kept' with (mode = append);\nload counted into csv 'counted.csv' with (mode = overwrite);\n";
    let folder = project(program, &[("t_1.csv", "n,s\n1,a\n2,b\n3,a\n")]);
    for _ in 0..3 {
        run(folder.path(), 0);
        assert_eq!(below(&folder.path().join("kept")).len(), 3);
        assert_eq!(lines(&folder.path().join("counted.csv")), ["A,2", "B,1", "s,c"]);
    }
    // A new file adds its own rows and nothing else.
    write(folder.path(), "t_2.csv", "n,s\n4,a\n");
    for _ in 0..3 {
        run(folder.path(), 0);
        assert_eq!(numbers(&sorted(below(&folder.path().join("kept"))), "n"), ["1", "2", "3", "4"]);
        assert_eq!(lines(&folder.path().join("counted.csv")), ["A,3", "B,1", "s,c"]);
    }
}

/// Rocky #1937: a predicate with `now()`, evaluated once for the good rows and once for the bad, put rows in both or neither.
#[test]
fn a_predicate_with_now_puts_no_row_in_both_outputs_or_in_neither() {
    let rows: String = (0..2000).map(|n| format!("{n},2026-01-01 00:00:00\n")).collect();
    let program = "source t from csv 't.csv' schema (n bigint, at timestamp);\n\
        rules t { recent: (date_part('millisecond', now()) + n % 1000 >= 1000); }\n\
        heal t with (max_quarantine = 100%) { on rule_failed => quarantine; }\nload t into parquet 'out' with (mode = overwrite);\n";
    let folder = project(program, &[("t.csv", &format!("n,at\n{rows}"))]);
    let report = run(folder.path(), 0);
    let (good, bad) = (below(&folder.path().join("out")), held(folder.path(), "t"));
    let mut all: Vec<u64> = numbers(&good, "n").iter().chain(&numbers(&bad, "n")).map(|n| n.parse().unwrap()).collect();
    all.sort_unstable();
    assert!(all.iter().copied().eq(0..2000), "{:#}", table(&report, "t"));
}

/// Rocky #2052, LakeLogic: the good rows were loaded though the bad ones could not be put aside.
#[test]
fn a_quarantine_that_cannot_be_written_loads_nothing() {
    let program = "source t from csv 't.csv' schema (n bigint, s text);\nrules t { s not null; }\n\
        heal t { on rule_failed => quarantine; }\nload t into csv 'out.csv' with (mode = overwrite);\n";
    let folder = project(program, &[("t.csv", "n,s\n1,a\n2,\n3,c\n")]);
    // A file where the folder should be.
    std::fs::create_dir(folder.path().join(".pipe")).unwrap();
    write(&folder.path().join(".pipe"), "quarantine", "mine");
    let report = run(folder.path(), 1);
    assert_eq!(report["outcome"], "failed", "{report:#}");
    assert!(!folder.path().join("out.csv").exists(), "rows were loaded without those that left");
    // With the way clear, all of it lands.
    std::fs::remove_file(folder.path().join(".pipe/quarantine")).unwrap();
    run(folder.path(), 0);
    assert_eq!(lines(&folder.path().join("out.csv")), ["1,a", "3,c", "n,s"]);
    assert_eq!(numbers(&held(folder.path(), "t"), "n"), ["2"]);
}

/// sdp-meta #435: a rule said what is valid in one mode and what is bad in another; two rules joined with AND let bad rows through.
#[test]
fn a_rule_says_what_is_valid_and_breaking_one_of_two_is_enough() {
    for (action, left) in [("quarantine", 2), ("drop", 2), ("keep", 4)] {
        let program = format!(
            "source t from csv 't.csv' schema (n bigint, s text);\nrules t {{ n > 0; s in ('a', 'b'); }}\n\
             heal t with (max_quarantine = 100%) {{ on rule_failed => {action}; }}\nload t into csv 'out.csv' with (mode = overwrite);\n"
        );
        let folder = project(&program, &[("t.csv", "n,s\n1,a\n-1,b\n2,x\n3,b\n")]);
        let report = run(folder.path(), 0);
        assert_eq!(table(&report, "t")["committed"], left, "{action}: {report:#}");
        let bad: Vec<_> = report["rules"].as_array().unwrap().iter().map(|r| r["violations"].clone()).collect();
        assert_eq!(bad, [1, 1], "{action}");
        assert_eq!(lines(&folder.path().join("out.csv")).len() as u64, left + 1, "{action}");
    }
}

/// Rocky #1435, Aqueduct 2.1: keys that were read and did nothing.
#[test]
fn a_key_that_nobody_knows_is_refused() {
    for program in [
        "source t from csv 't.csv' with (delimeter = ';');",
        "source t from csv 't.csv';\nload t into csv 'o.csv' with (mode = overwrite, partitions = [n]);",
        "source t from csv 't.csv';\nheal t with (confidance = 0.5) { on bad_record => quarantine; }",
    ] {
        let folder = project(program, &[("t.csv", "n\n1\n")]);
        let said = pipe(folder.path(), &["check", "--format", "json"]).expect(1).json();
        let first = said["diagnostics"][0].to_string();
        assert!(first.contains("did you mean") || first.contains("help"), "{first}");
        assert!(["delimeter", "partitions", "confidance"].iter().any(|k| first.contains(k)), "{first}");
        pipe(folder.path(), &["run"]).expect(2);
    }
}

/// dbt #11543: the limit on stored failures became the count of failures.
#[test]
fn samples_are_limited_and_counts_are_not() {
    let rows: String = (0..100).map(|n| format!("{n},\n")).collect();
    let program = "source t from csv 't.csv' schema (n bigint, s text);\nrules t { s not null; }\n\
        heal t with (max_quarantine = 100%) { on rule_failed => keep; }\nload t into csv 'out.csv' with (mode = overwrite);\n";
    let folder = project(program, &[("t.csv", &format!("n,s\n{rows}500,x\n"))]);
    let report = run(folder.path(), 0);
    let rule = &report["rules"][0];
    assert_eq!((&rule["violations"], &rule["violations_after"]), (&100.into(), &100.into()));
    assert_eq!(rule["samples"].as_array().unwrap().len(), 5);
}

/// Arroyo #891: a malformed record held up the valid one behind it.
#[test]
fn a_malformed_record_does_not_hold_up_the_next() {
    let program = "source t from csv 't.csv' schema (n bigint, s text);\nsource j from ndjson 'j.ndjson' schema (n bigint, s text);\n\
        heal t { on bad_record => quarantine; }\nheal j { on bad_record => quarantine; }\n\
        load t into csv 'out.csv' with (mode = overwrite);\nload j into csv 'j.csv' with (mode = overwrite);\n";
    let csv = "n,s\n1,a\n2,b,too,many\n3,c\n4\n5,e\n";
    let json =
        "{\"n\": 1, \"s\": \"a\"}\n{\"n\": 2, \"s\": \n{\"n\": 3, \"s\": \"c\"}\nnonsense\n{\"n\": 5, \"s\": \"e\"}\n";
    let folder = project(program, &[("t.csv", csv), ("j.ndjson", json)]);
    run(folder.path(), 0);
    for (out, name) in [("out.csv", "t"), ("j.csv", "j")] {
        assert_eq!(lines(&folder.path().join(out)), ["1,a", "3,c", "5,e", "n,s"], "{name}");
        let held = held(folder.path(), name);
        assert_eq!(held.len(), 2, "{name}");
        assert!(held.iter().all(|r| r["_record"].is_some()), "{name}: the text of a broken record is lost: {held:?}");
    }
}

/// Meltano sdk #1064: one stream failed and the state of the others was lost.
#[test]
fn what_succeeded_beside_a_failure_is_done() {
    let program = "source a from csv 'a.csv' schema (n bigint);\nsource b from csv 'b.csv' schema (n bigint);\n\
        load a into parquet 'a' with (mode = append);\nload b into parquet 'b' with (mode = append);\n";
    let folder = project(program, &[("a.csv", "n\n1\n"), ("b.csv", "n\nnot a number\n")]);
    let report = run(folder.path(), 3);
    assert_eq!(report["outcome"], "partial", "{report:#}");
    assert_eq!((below(&folder.path().join("a")).len(), below(&folder.path().join("b")).len()), (1, 0));
    write(folder.path(), "b.csv", "n\n2\n3\n");
    let report = run(folder.path(), 0);
    let outcomes: Vec<_> = report["loads"].as_array().unwrap().iter().map(|l| l["outcome"].clone()).collect();
    assert_eq!(outcomes, ["nothing_new", "committed"], "{report:#}");
    assert_eq!((below(&folder.path().join("a")).len(), below(&folder.path().join("b")).len()), (1, 2));
}

/// Airbyte #50874: a change of the setting for drift dropped a column, and its data, from the target.
#[test]
fn another_answer_to_drift_drops_nothing() {
    let program = |answer: &str| {
        format!(
            "source t from csv 't_*.csv' schema (n bigint);\nheal t {{ on new_column => {answer}; }}\n\
             load t into parquet 'out' with (mode = append);\n"
        )
    };
    let folder = project(&program("keep"), &[("t_1.csv", "n,extra\n1,x\n")]);
    run(folder.path(), 0);
    let before = files(&folder.path().join("out"));
    let rows = below(&folder.path().join("out"));
    assert_eq!(rows[0]["extra"].as_deref(), Some("x"), "{rows:?}");
    write(folder.path(), "p.pipe", &format!("pipe 1;\n{}", program("ignore")));
    write(folder.path(), "t_2.csv", "n,extra\n2,y\n");
    pipe(folder.path(), &["run"]);
    for file in &before {
        assert!(file.exists(), "{} is gone", file.display());
    }
    let rows = below(&folder.path().join("out"));
    let first = rows.iter().find(|r| r["n"].as_deref() == Some("1")).unwrap();
    assert_eq!(first["extra"].as_deref(), Some("x"), "what was loaded lost a column");
}

/// SQLMesh #3062, #3214: the plan named other things than the run then rebuilt.
#[test]
fn plan_and_run_agree_on_what_is_new() {
    let program = "source a from csv 'a_*.csv' schema (n bigint);\nsource b from csv 'b.csv' schema (n bigint);\n\
        load a into parquet 'a' with (mode = append);\nload b into csv 'bout.csv' with (mode = overwrite);\n";
    let folder = project(program, &[("a_1.csv", "n\n1\n"), ("b.csv", "n\n7\n")]);
    let plan = || pipe(folder.path(), &["plan"]).expect(0).stdout;
    let first = plan();
    assert_eq!(first, plan(), "a look changed the plan");
    run(folder.path(), 0);
    let nothing = plan();
    assert_eq!(run(folder.path(), 0)["outcome"], "nothing_new");
    assert_eq!(nothing, plan(), "a run with nothing new changed the plan");
    write(folder.path(), "a_2.csv", "n\n2\n");
    let news = plan();
    assert!(news != nothing, "a new file is not in the plan:\n{news}");
    let report = run(folder.path(), 0);
    let outcomes: Vec<_> = report["loads"].as_array().unwrap().iter().map(|l| l["outcome"].clone()).collect();
    assert_eq!(outcomes, ["committed", "nothing_new"], "{report:#}");
}

/// floe, LakeLogic: a wrong separator, an empty file, a lone header were loaded as no rows or as bad ones, and the run ended well.
#[test]
fn a_wrong_separator_an_empty_file_and_a_lone_header_are_structural_failures() {
    let program = "source t from csv 't.csv' schema (n bigint, s text);\nrules t { s not null; }\n\
        heal t { on rule_failed | cast_failed | bad_record => quarantine; }\nload t into csv 'out.csv' with (mode = overwrite);\n";
    for (text, reason) in [("n;s\n1;a\n2;b\n", "delimiter"), ("", "empty"), ("n,s\n", "empty")] {
        let folder = project(program, &[("t.csv", text)]);
        let report = run(folder.path(), 1);
        let failure = &report["failures"][0];
        assert_eq!(
            (&failure["failure"], &failure["fields"]["reason"]),
            (&"structural".into(), &reason.into()),
            "{report:#}"
        );
        assert!(!folder.path().join("out.csv").exists() && held(folder.path(), "t").is_empty(), "{text:?}");
    }
}

/// sdp-meta #435: a pipeline that only put bad rows aside did not build its main table.
#[test]
fn a_table_that_only_has_its_bad_rows_put_aside_is_there_all_the_same() {
    let program = "source t from csv 't.csv' schema (n bigint, s text);\nrules t { n > 0; }\n\
        heal t { on rule_failed => quarantine; }\n";
    let folder = project(program, &[("t.csv", "n,s\n1,a\n-1,b\n2,c\n")]);
    let report = run(folder.path(), 0);
    let counts = |t: &Value| (t["read"].clone(), t["committed"].clone(), t["quarantined"].clone());
    assert_eq!(counts(table(&report, "t")), (3.into(), 2.into(), 1.into()), "{report:#}");
    assert_eq!(numbers(&held(folder.path(), "t"), "n"), ["-1"]);
    let rows = pipe(folder.path(), &["query", "select n from t order by n", "--format", "csv"]).expect(0).stdout;
    assert_eq!(rows, "n\n1\n2\n");
    // And with a load that comes later: what was put aside stays so, once.
    write(folder.path(), "p.pipe", &format!("pipe 1;\n{program}load t into csv 'out.csv' with (mode = overwrite);\n"));
    run(folder.path(), 0);
    assert_eq!(lines(&folder.path().join("out.csv")), ["1,a", "2,c", "n,s"]);
    assert_eq!(held(folder.path(), "t").len(), 1);
}
