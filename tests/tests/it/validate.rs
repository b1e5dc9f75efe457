//! `pipe validate`: the rules alone, on the data as it comes.

use std::path::Path;

use serde_json::{Value, json};

use crate::pipe::{Ran, pipe, project};

const PROGRAM: &str = "pipe 1;
source t from csv 't.csv' schema (id bigint, k text, v int, at date);
source u from csv 'u.csv' schema (k text);
model m as select k, sum(v) as s, count(*) as n from t group by k;
rules t {
  id not null, unique;
  k references u (k), determines (v);
  v between 0 and 10 tolerate 50%;
  v increasing;
  at not null severity warning;
  size: (count(*)) between 1 and 3;
  middle: (median(v)) between 1 and 3;
  shape: columns (id, k, v, at);
  kinds: (count(distinct k)) >= 3;
}
rules m { k unique; s > 5; }
heal t { on bad_record => drop; on rule_failed => quarantine; }
load t into csv 'out/t.csv';
";
const ROWS: &str =
    "id,k,v,at\n1,a,1,2026-01-01\n1,a,2,2026-13-01\n2,b,5,\n3,zz,12,2026-01-03\nbroken\n,b,3,2026-01-04\n";

fn validate(folder: &Path, args: &[&str]) -> Ran {
    pipe(folder, &[&["validate"], args, &["--format", "json"]].concat())
}

fn rule<'v>(told: &'v Value, name: &str) -> &'v Value {
    let (table, rule) = name.split_once('.').unwrap();
    let mut rules = told["rules"].as_array().unwrap().iter();
    rules.find(|r| r["table"] == table && r["rule"] == rule).unwrap_or_else(|| panic!("no {name} in {told:#}"))
}

/// Verdict, violations, rows judged, and the numbers of the failing rows.
fn verdict(told: &Value, name: &str) -> (String, u64, u64, Vec<u64>) {
    let rule = rule(told, name);
    let rows = rule["failing_rows"].as_array().unwrap().iter().filter_map(|r| r["row"].as_u64()).collect();
    let number = |key: &str| rule[key].as_u64().unwrap();
    (rule["verdict"].as_str().unwrap().to_owned(), number("violations"), number("rows"), rows)
}

#[test]
fn every_level_of_rules_is_judged_on_all_rows_as_they_came() {
    let folder = project(PROGRAM, &[("t.csv", ROWS), ("u.csv", "k\na\nb\n")]);
    let told = validate(folder.path(), &[]).expect(1).json();
    assert_eq!((&told["outcome"], &told["exit_code"]), (&json!("findings"), &json!(1)));
    let expected = [
        ("t.id.not_null", "fail", 1, 5, vec![5]),
        ("t.id.unique", "fail", 2, 4, vec![0, 1]),
        ("t.k.references", "fail", 1, 5, vec![3]),
        ("t.k.determines", "fail", 4, 5, vec![0, 1, 2, 5]),
        ("t.v.between", "pass", 1, 5, vec![3]),
        ("t.v.increasing", "fail", 1, 5, vec![5]),
        ("t.at.not_null", "fail", 1, 4, vec![2]),
    ];
    for (name, word, violations, rows, failing) in expected {
        assert_eq!(verdict(&told, name), (word.to_owned(), violations, rows, failing), "{name}");
    }
    let observed = [
        ("t.size", "fail", "5"),
        ("t.middle", "pass", "3.0"),
        ("t.shape", "pass", "id, k, v, at"),
        ("t.kinds", "pass", "3"),
    ];
    for (name, word, value) in observed {
        assert_eq!((&rule(&told, name)["verdict"], &rule(&told, name)["observed"]), (&json!(word), &json!(value)));
    }
    // A model is computed from its inputs as they came; its rows have no place.
    assert_eq!(verdict(&told, "m.s.gt"), ("fail".to_owned(), 1, 3, vec![]));
    assert_eq!(rule(&told, "m.s.gt")["failing_rows"][0]["values"], json!({"s": 3}));
    assert_eq!(rule(&told, "m.k.unique")["verdict"], "pass");
    assert_eq!(
        rule(&told, "t.id.unique")["failing_rows"][1],
        json!({"file": "t.csv", "line": 3, "row": 1, "values": {"id": 1}})
    );
    assert_eq!(rule(&told, "t.k.determines")["failing_rows"][0]["values"], json!({"k": "a", "v": 1}));
    // A warning is shown and is no finding.
    assert_eq!(
        (&rule(&told, "t.at.not_null")["finding"], &rule(&told, "t.id.unique")["finding"]),
        (&json!(false), &json!(true))
    );
    let failures: Vec<_> = told["failures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (&f["failure"], &f["rows"], &f["samples"][0]["line"]))
        .collect();
    assert_eq!(failures, [(&json!("bad_record"), &json!(1), &json!(6)), (&json!("cast_failed"), &json!(1), &json!(3))]);
    let there: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(there.len(), 3, "it left something behind: {there:?}");
}

#[test]
fn a_rule_alone_finds_what_it_finds_among_others_on_any_number_of_threads() {
    let rows: String = (0..5000)
        .map(|i| format!("{},k{},{},2026-01-0{}\n", i % 4990, i * 7919 % 40, i * 31 % 14, i % 9 + 1))
        .collect();
    let folder = project(PROGRAM, &[("t.csv", &format!("id,k,v,at\n{rows}")), ("u.csv", "k\nk1\nk2\n")]);
    let all = validate(folder.path(), &["--table", "t", "--threads", "1", "--failing", "100000"]).expect(1).json();
    let four = validate(folder.path(), &["--table", "t", "--threads", "4", "--failing", "100000"]).expect(1).json();
    assert!(all["rules"] == four["rules"]);
    for (name, line) in [
        ("t.id.unique", "id unique;"),
        ("t.k.references", "k references u (k);"),
        ("t.k.determines", "k determines (v);"),
        ("t.v.between", "v between 0 and 10 tolerate 50%;"),
        ("t.v.increasing", "v increasing;"),
    ] {
        let head: String = PROGRAM.lines().take(3).map(|l| format!("{l}\n")).collect();
        std::fs::write(folder.path().join("p.pipe"), format!("{head}rules t {{ {line} }}\n")).unwrap();
        let alone = validate(folder.path(), &["--threads", "2", "--failing", "100000"]).json();
        assert_eq!(rule(&alone, name), rule(&all, name), "{name}");
        let found = rule(&alone, name);
        assert_eq!(found["failing_rows"].as_array().unwrap().len() as u64, found["violations"].as_u64().unwrap());
        assert!(found["violations"].as_u64().unwrap() > 0, "{name} finds nothing");
    }
}

#[test]
fn a_source_is_read_from_another_file_with_its_own_keys_and_columns() {
    let program = "pipe 1;
source t from csv 'none.csv' with (delimiter = ';', null = ['NA']) schema (id bigint, v int);
source other from csv 'none.csv' schema (x text);
model m as select id from t;
rules t { id unique; v not null; }
rules m { id unique; }
rules other { x not null; }
";
    let folder =
        project(program, &[("a.csv", "id;v\n1;NA\n2;3\n"), ("b.ndjson", "{\"id\":1,\"v\":1}\n{\"id\":1,\"v\":2}\n")]);
    let told = validate(folder.path(), &["--on", "t=a.csv"]).expect(1).json();
    assert_eq!(told["rules"].as_array().unwrap().len(), 2, "only what was named is judged");
    assert_eq!(verdict(&told, "t.v.not_null"), ("fail".to_owned(), 1, 2, vec![0]));
    assert_eq!(rule(&told, "t.v.not_null")["failing_rows"][0]["file"], "a.csv");
    // The name of the file says its format.
    let told = validate(folder.path(), &["--on", "T=b.ndjson"]).expect(1).json();
    assert_eq!(verdict(&told, "t.id.unique"), ("fail".to_owned(), 2, 2, vec![0, 1]));
    // Models read it too.
    let told = validate(folder.path(), &["--on", "t=b.ndjson", "--table", "m"]).expect(1).json();
    assert_eq!(rule(&told, "m.id.unique")["violations"], 2);
    let absolute = format!("t={}", folder.path().join("a.csv").display());
    assert_eq!(validate(folder.path(), &["--on", &absolute]).expect(1).json()["tables"][0]["rows"], 2);
}

#[test]
fn what_cannot_be_looked_at_is_neither_clean_nor_a_finding() {
    let folder = project(PROGRAM, &[("t.csv", ROWS), ("u.csv", "k\na\nb\n")]);
    let said = |args: &[&str]| pipe(folder.path(), &[&["validate"], args].concat()).expect(2).stderr;
    assert!(
        said(&["--on", "tt=t.csv"]).contains("`tt` is no source of the program")
            && said(&["--on", "tt=t.csv"]).contains("did you mean `t`?")
    );
    assert!(said(&["--on", "t=gone.csv"]).contains("there is no file `gone.csv`"));
    assert!(said(&["--on", "m=t.csv"]).contains("`m` is a model"));
    assert!(said(&["--on", "t.csv"]).contains("write it as `table=file`"));
    assert!(said(&["--table", "ta"]).contains("`ta` is no table or load of the program"));
    let told = validate(folder.path(), &["--table", "ta"]).expect(2).json();
    assert_eq!(told["outcome"], "invalid");
    let codes: Vec<_> = told["diagnostics"].as_array().unwrap().iter().map(|d| &d["code"]).collect();
    assert!(codes.contains(&&json!("E1002")), "{codes:?}");
    // One table that is not there keeps no other from being judged.
    std::fs::remove_file(folder.path().join("u.csv")).unwrap();
    let told = validate(folder.path(), &[]).expect(2).json();
    assert_eq!(told["outcome"], "failed");
    assert_eq!(rule(&told, "m.k.unique")["verdict"], "pass");
    assert!(told["diagnostics"].to_string().contains("no file matches `u.csv`"), "{told:#}");
}

#[test]
fn clean_data_is_clean_and_a_column_that_is_missing_is_found() {
    let program = "pipe 1;\nsource t from csv 't.csv' schema (id bigint, v int);\nrules t { id unique; v > 0; closed; size: (count(*)) = 2; }\n";
    let folder = project(program, &[("t.csv", "id,v\n1,1\n2,2\n"), ("less.csv", "id,w\n1,1\n2,2\n")]);
    let told = validate(folder.path(), &[]).expect(0);
    assert_eq!(told.json()["outcome"], "clean");
    assert!(told.stderr.starts_with("validate: clean, 4 of 4 rules pass"), "{}", told.stderr);
    let told = validate(folder.path(), &["--on", "t=less.csv"]).expect(1).json();
    assert_eq!(
        (&told["failures"][0]["failure"], &told["failures"][0]["fields"]["column"]),
        (&json!("missing_column"), &json!("v"))
    );
    let verdicts: Vec<_> = told["rules"].as_array().unwrap().iter().map(|r| r["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["pass", "fail", "fail", "pass"]);
    assert_eq!(rule(&told, "t.v.gt")["observed"], "there is no column `v`");
}

#[test]
fn no_state_is_needed_locked_or_written() {
    let folder = project(PROGRAM, &[("t.csv", ROWS), ("u.csv", "k\na\nb\n")]);
    let before = validate(folder.path(), &[]).expect(1).json();
    std::fs::create_dir(folder.path().join(".pipe")).unwrap();
    std::fs::write(folder.path().join(".pipe/state.db"), "no state").unwrap();
    let told = validate(folder.path(), &[]).expect(1).json();
    assert!(told["rules"] == before["rules"], "{told:#}");
    assert!(told["notes"][0].as_str().unwrap().starts_with("the state is left out: "), "{}", told["notes"]);
    assert_eq!(std::fs::read(folder.path().join(".pipe/state.db")).unwrap(), b"no state");
}

#[test]
fn all_failing_rows_are_written_once_each_with_the_names_of_their_rules() {
    let folder = project(PROGRAM, &[("t.csv", ROWS), ("u.csv", "k\na\nb\n")]);
    let said = pipe(folder.path(), &["validate", "--table", "t", "--failing-rows", "bad.csv"]).expect(1).stdout;
    assert!(said.ends_with("note: 6 failing rows in `bad.csv`\n"), "{said}");
    let expected = "_table,_rules,_file,_line,_row,id,k,v,at,_record
t,\"id.unique, k.determines\",t.csv,2,0,1,a,1,2026-01-01,
t,\"at.cast_failed, id.unique, k.determines\",t.csv,3,1,1,a,2,,
t,\"k.determines, at.not_null\",t.csv,4,2,2,b,5,,
t,\"k.references, v.between\",t.csv,5,3,3,zz,12,2026-01-03,
t,bad_record,t.csv,6,4,,,,,broken
t,\"id.not_null, k.determines, v.increasing\",t.csv,7,5,,b,3,2026-01-04,
";
    assert_eq!(std::fs::read_to_string(folder.path().join("bad.csv")).unwrap(), expected);
    let told = validate(folder.path(), &["--failing-rows", "bad.ndjson"]).expect(1).json();
    assert_eq!((&told["failing_rows_file"], &told["failing_rows_written"]), (&json!("bad.ndjson"), &json!(7)));
    let lines = std::fs::read_to_string(folder.path().join("bad.ndjson")).unwrap();
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["_table"], &first["_rules"], &first["s"], &first["_row"]),
        (&json!("m"), &json!(["s.gt"]), &json!(3), &Value::Null)
    );
    pipe(folder.path(), &["validate", "--table", "t", "--failing-rows", "bad.parquet"]).expect(1);
    let program = "pipe 1;\nsource bad from parquet 'bad.parquet';\n";
    std::fs::write(folder.path().join("q.pipe"), program).unwrap();
    let sql = "select cast(_row as int) as r, array_length(_rules) as n from raw.bad order by r";
    let asked = pipe(folder.path(), &["query", sql, "q.pipe", "--format", "csv"]).expect(0).stdout;
    assert_eq!(asked, "r,n\n0,2\n1,3\n2,2\n3,2\n4,1\n5,3\n");
    let refused = pipe(folder.path(), &["validate", "--failing-rows", "bad.txt"]).expect(2).stderr;
    assert!(refused.contains("the name of `bad.txt` tells no form of a file"), "{refused}");
    pipe(folder.path(), &["validate", "--failing-rows", "no/such/folder.csv"]).expect(2);
}

/// A folder with the rows of `t` as Parquet, in files of one row group each.
fn parquet(rows: &str) -> tempfile::TempDir {
    let program = "pipe 1;\nsource t from csv 't.csv' schema (id bigint, k text, v int, at date, f double);\nload t into parquet 'p/t.parquet' with (mode = overwrite);\n";
    let folder = project(program, &[("t.csv", rows)]);
    pipe(folder.path(), &["run"]).expect(0);
    folder
}

#[test]
fn what_the_footer_of_a_parquet_file_says_needs_no_row() {
    let rows: String =
        (0..100).map(|i| format!("{},k{},{},2026-01-{:02},{i}.5\n", i % 98, i % 7, i % 10, i % 28 + 1)).collect();
    let folder = parquet(&format!("id,k,v,at,f\n{rows}"));
    let rules = "id not null; v between 0 and 9; at >= date '2026-01-01'; k not null; n: (count(*)) = 100; top: (max(v)) <= 9; nulls: (count(k)) = 100;";
    let program = |rules: &str| format!("pipe 1;\nsource t from parquet 'p/t.parquet';\nrules t {{ {rules} }}\n");
    std::fs::write(folder.path().join("p.pipe"), program(rules)).unwrap();
    let told = validate(folder.path(), &[]).expect(0).json();
    assert_eq!((&told["tables"][0]["rows"], &told["tables"][0]["bytes"]), (&json!(100), &json!(0)), "no row is read");
    assert!(told["rules"].as_array().unwrap().iter().all(|r| r["judged_by"] == "footer"), "{told:#}");
    assert_eq!((&rule(&told, "t.v.between")["rows"], &rule(&told, "t.top")["observed"]), (&json!(100), &json!("9")));
    // What it cannot prove is asked of the rows, and bounds of floats prove nothing.
    for (line, verdict) in [
        ("v between 0 and 8;", "fail"),
        ("f between 0 and 1000;", "pass"),
        ("v <> 5;", "fail"),
        ("k in ('k1');", "fail"),
    ] {
        std::fs::write(folder.path().join("p.pipe"), program(line)).unwrap();
        let told = validate(folder.path(), &[]).json();
        let found = &told["rules"][0];
        assert_eq!((&found["verdict"], &found["judged_by"]), (&json!(verdict), &json!("pass")), "{line}");
    }
    // Rows that are rejected are the same as those of the text the file was made of.
    let rules = "id not null, unique; v between 0 and 8; at < date '2026-01-20'; k in ('k1', 'k2'); m: (median(v)) > 3; d: (count(distinct k)) = 7;";
    std::fs::write(folder.path().join("p.pipe"), program(rules)).unwrap();
    let typed = validate(folder.path(), &[]).expect(1).json();
    let csv = validate(folder.path(), &["--on", "t=t.csv"]).expect(1).json();
    for name in ["t.id.not_null", "t.id.unique", "t.v.between", "t.at.lt", "t.k.in"] {
        assert_eq!(verdict(&typed, name), verdict(&csv, name), "{name}");
    }
    for name in ["t.m", "t.d"] {
        assert_eq!(rule(&typed, name)["observed"], rule(&csv, name)["observed"], "{name}");
    }
}

#[test]
fn explain_tells_how_the_rules_of_a_table_are_judged_together() {
    let rows = "id,k,v,at,f\n1,a,1,2026-01-01,1.5\n";
    let folder = parquet(rows);
    let program = "pipe 1;
source t from parquet 'p/t.parquet';
rules t {
  columns (id, k, v, at, f);
  id not null, unique;
  v between 0 and 9;
  k is email;
  a: (k, v) unique;
  few: k uniqueness < 1;
  many: k duplicates between 0 and 5;
  top: (max(v)) < 10;
  middle: (median(v)) < 10;
  spread: (avg(f)) < 10;
  v increasing;
}
";
    std::fs::write(folder.path().join("p.pipe"), program).unwrap();
    let text = pipe(folder.path(), &["explain", "t"]).expect(0).stdout;
    let lines: Vec<&str> =
        text.lines().skip_while(|l| *l != "  judged by =").skip(1).take_while(|l| l.starts_with("    ")).collect();
    let expected = [
        "    the columns, before any row: columns",
        "    the footers of the files where they can tell, else the pass: id.not_null, v.between, top",
        "    one pass over the rows: k.email, spread",
        "    keys (id), hashed in the pass: id.unique",
        "    keys (k, v), hashed in the pass: a",
        "    one query over the same groups: few, many",
        "    a query each: middle, v.increasing",
    ];
    assert_eq!(lines, expected);
    let told = validate(folder.path(), &[]).json();
    let by = |word: &str| -> Vec<String> {
        let rules = told["rules"].as_array().unwrap().iter().filter(|r| r["judged_by"] == word);
        rules.map(|r| r["rule"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(by("footer"), ["id.not_null", "v.between", "top"]);
    assert_eq!(by("query"), ["few", "many", "middle", "v.increasing"]);
    assert_eq!(by("keys"), ["id.unique", "a"]);
}
