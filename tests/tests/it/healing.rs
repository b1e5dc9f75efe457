//! Repairs and what they do to other rules: to keys that become alike, to table rules, to the shares that guards ask for.

use serde_json::Value;
use tempfile::TempDir;

use crate::pipe::{Ran, pipe};
use crate::rows::lines;

/// A folder with one file and a program over it: `t`, loaded into `out/t.csv`.
fn project(columns: &str, rules: &str, clauses: &str, rows: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<&str> = columns.split(", ").map(|c| c.split(' ').next().unwrap()).collect();
    std::fs::write(folder.path().join("t.csv"), format!("{}\n{rows}", names.join(","))).unwrap();
    let program = format!(
        "pipe 1;\nsource t from csv 't.csv' schema ({columns});\nrules t {{ {rules} }}\n\
         heal t with (mode = automatic, max_quarantine = 100%, max_healed_cells = 100%) {{ {clauses} }}\n\
         load t into csv 'out/t.csv' with (mode = overwrite);\n"
    );
    std::fs::write(folder.path().join("p.pipe"), program).unwrap();
    folder
}

fn run(folder: &TempDir) -> Ran {
    pipe(folder.path(), &["run", "--format", "json"])
}

fn out(folder: &TempDir) -> Vec<String> {
    let mut lines = lines(&folder.path().join("out/t.csv"));
    lines.retain(|l| !l.starts_with("id"));
    lines
}

/// `action state rows` of each heal, in order.
fn heals(report: &Value) -> Vec<String> {
    let heal = |h: &Value| format!("{} {} {}", h["action"].as_str().unwrap(), h["state"].as_str().unwrap(), h["rows"]);
    report["heals"].as_array().unwrap().iter().map(heal).collect()
}

fn failure<'r>(report: &'r Value, rule: &str) -> &'r Value {
    let failures = report["failures"].as_array().unwrap();
    failures.iter().find(|f| f["fields"]["rule"] == rule).unwrap_or_else(|| panic!("{rule}: {report}"))
}

#[test]
fn rows_that_a_repair_makes_alike_are_duplicates_in_the_next_round() {
    let clauses = "on rule_failed(rule: upper) => set id = (upper(id)) else quarantine; on rule_failed(check: unique) => dedupe keep latest n;";
    let folder = project("id text, n int", "upper: (id = upper(id)); id unique;", clauses, "A,1\na,2\nB,3\nb,1\nc,1\n");
    let report = run(&folder).expect(0).json();
    assert_eq!(out(&folder), ["A,2", "B,3", "C,1"]);
    let table = &report["tables"][0];
    assert_eq!((&table["read"], &table["committed"], &table["duplicates_removed"]), (&5.into(), &3.into(), &2.into()));
    assert_eq!(
        heals(&report),
        ["set applied 2", "dedupe applied 2"],
        "what was removed is not told as healed: {report}"
    );
    let unique = failure(&report, "id.unique");
    assert_eq!(
        (&unique["rows"], &unique["fields"]["ratio"], &unique["handled"]),
        (&4.into(), &"0.8".into(), &"healed".into())
    );
    let rule = report["rules"].as_array().unwrap().iter().find(|r| r["rule"] == "id.unique").unwrap();
    assert_eq!((&rule["rows"], &rule["violations_after"], &rule["passed"]), (&5.into(), &0.into(), &true.into()));
}

#[test]
fn a_repair_that_would_make_rows_alike_is_taken_back_where_no_clause_removes_duplicates() {
    let clauses = "on rule_failed(rule: upper) => set id = (upper(id)) else quarantine; on rule_failed => quarantine;";
    let folder = project("id text, n int", "upper: (id = upper(id)); id unique;", clauses, "A,1\na,2\nb,1\n");
    let report = run(&folder).expect(0).json();
    assert_eq!(out(&folder), ["A,1", "B,1"]);
    assert_eq!(report["tables"][0]["quarantined"], 1, "{report}");
}

#[test]
fn repairs_beside_the_key_need_no_second_look_at_it_and_repairs_of_it_do() {
    let clauses = "on rule_failed(rule: sign) => set n = (abs(n)); on rule_failed(check: unique) => dedupe keep first;";
    let rules = "sign: (n >= 0); id unique;";
    let folder = project("id text, n int", rules, clauses, "a,-1\nb,2\nc,-3\n");
    run(&folder).expect(0);
    assert_eq!(out(&folder), ["a,1", "b,2", "c,3"]);
    // Here the rows that are repaired and those that pass have a key in common.
    let folder = project("id text, n int", rules, clauses, "a,-1\na,2\nc,-3\n");
    let report = run(&folder).expect(0).json();
    assert_eq!(out(&folder), ["a,1", "c,3"]);
    assert_eq!(report["tables"][0]["duplicates_removed"], 1);
}

#[test]
fn repairs_that_make_a_table_rule_fail_are_withdrawn_and_their_else_runs() {
    let rules = "sign: (n >= 0); even: (m % 2 = 0); most: (max(n)) < 100;";
    let clauses = "on rule_failed(rule: sign) => set n = (1000) else quarantine; on rule_failed(rule: even) => set m = (m * 2) else quarantine;";
    let folder = project("id int, n int, m int", rules, clauses, "1,1,2\n2,-5,2\n3,7,3\n");
    let report = run(&folder).expect(0).json();
    assert_eq!(out(&folder), ["1,1,2", "3,7,6"], "the other clause's repair stays");
    assert_eq!(heals(&report), ["set withdrawn 1", "set applied 1", "quarantine applied 1"]);
    let reason = report["heals"][0]["reason"].as_str().unwrap();
    assert_eq!(reason, "`most` holds without these repairs and fails with them");
    assert_eq!(failure(&report, "sign")["handled"], "quarantined");
    let most = report["rules"].as_array().unwrap().iter().find(|r| r["rule"] == "most").unwrap();
    assert_eq!((&most["passed"], &most["observed"]), (&true.into(), &"7".into()));
    let ledger =
        pipe(folder.path(), &["query", "select \"column\" from pipe.ledger", "--format", "csv"]).expect(0).stdout;
    assert_eq!(ledger, "column\nm\n");
}

#[test]
fn an_else_that_repairs_gets_its_turn_when_the_first_steps_are_withdrawn() {
    let clauses = "on rule_failed(rule: sign) => set n = (1000) else set n = (0) else quarantine;";
    let folder = project("id int, n int", "sign: (n >= 0); most: (max(n)) < 100;", clauses, "1,1\n2,-5\n");
    let report = run(&folder).expect(0).json();
    assert_eq!(out(&folder), ["1,1", "2,0"]);
    assert_eq!(heals(&report), ["set withdrawn 1", "set applied 1"]);
}

#[test]
fn removed_duplicates_come_back_where_a_table_rule_needs_them() {
    let rules = "id unique; enough: (count(*)) >= 3;";
    let folder = project(
        "id int, n int",
        rules,
        "on rule_failed(check: unique) => dedupe keep first else keep;",
        "1,1\n1,2\n2,3\n",
    );
    let report = run(&folder).expect(0).json();
    assert_eq!(out(&folder), ["1,1", "1,2", "2,3"]);
    assert_eq!(heals(&report)[0], "dedupe withdrawn 1");
    assert_eq!(report["tables"][0]["duplicates_removed"], 0);
}

#[test]
fn a_table_rule_that_fails_with_and_without_repairs_fails_the_table() {
    let clauses = "on rule_failed(rule: sign) => set n = (1) else quarantine;";
    let folder = project("id int, n int", "sign: (n >= 0); most: (max(n)) < 100;", clauses, "1,500\n2,-5\n");
    let report = run(&folder).expect(1).json();
    let failed = failure(&report, "most");
    assert_eq!((&failed["failure"], &failed["handled"]), (&"table_failed".into(), &"failed".into()));
    assert_eq!(report["heals"][0]["reason"], "the table failed", "no repair is to blame: {report}");
}

/// A table whose clause fills `n`, a model that reads the flag, and a load of each.
fn filling(clause: &str, more: &str) -> TempDir {
    let folder = project("id int, n int", "n not null; columns (id, n);", clause, "1,5\n2,\n3,7\n4,\n");
    let path = folder.path().join("p.pipe");
    let program =
        std::fs::read_to_string(&path).unwrap().replace("mode = automatic", "mode = automatic, confidence = 0.4");
    let program = program.replace("into csv 'out/t.csv' with (mode = overwrite)", "into parquet 'out/t'");
    let model = "model guessed as select id, n from t where n_filled;\nload guessed into csv 'out/guessed.csv' with (mode = overwrite);\n";
    std::fs::write(path, program + model + more).unwrap();
    folder
}

fn filled(folder: &TempDir) -> Vec<String> {
    let text = |c: &Option<String>| c.clone().unwrap_or_else(|| "NULL".into());
    let row = |r: &crate::rows::Row| r.values().map(text).collect::<Vec<_>>().join(" ");
    crate::rows::sorted(crate::rows::below(&folder.path().join("out/t"))).iter().map(row).collect()
}

#[test]
fn what_is_filled_in_is_flagged_for_everybody_who_reads_it() {
    let folder = filling("on rule_failed(check: not_null) => fill with (id * 10) else quarantine;", "");
    let at = folder.path();
    let report = run(&folder).expect(0).json();
    assert_eq!(filled(&folder), ["1 5 false", "2 20 true", "3 7 false", "4 40 true"], "{report}");
    assert_eq!(lines(&at.join("out/guessed.csv")), ["2,20", "4,40", "id,n"]);
    let columns = pipe(at, &["query", "select * from t order by id", "--format", "csv"]).expect(0).stdout;
    assert_eq!(columns.lines().next(), Some("id,n,n_filled"));
    let raw = pipe(at, &["query", "select * from raw.t limit 1", "--format", "csv"]).expect(0).stdout;
    assert!(!raw.contains("n_filled"), "a source as it came has no flag: {raw}");
    assert!(pipe(at, &["plan"]).expect(0).stdout.contains("n_filled boolean"));
    assert!(pipe(at, &["explain", "t"]).expect(0).stdout.contains("n_filled"));
    let ledger =
        pipe(at, &["query", "select \"column\", count(*) as n from pipe.ledger group by 1", "--format", "csv"]);
    assert_eq!(ledger.expect(0).stdout, "column,n\nn,2\n", "the flag is no repair");
    assert_eq!(run(&folder).expect(0).json()["outcome"], "nothing_new");

    // The flag leaves with its row, and comes back with it.
    let heal = report["heals"].as_array().unwrap().iter().position(|h| h["action"] == "fill").unwrap() + 1;
    pipe(at, &["heals", "undo", &heal.to_string()]).expect(0);
    assert_eq!(filled(&folder), ["1 5 false", "3 7 false"]);
    let path = at.join("p.pipe");
    std::fs::write(&path, std::fs::read_to_string(&path).unwrap().replace("(id * 10)", "(id * 100)")).unwrap();
    pipe(at, &["quarantine", "replay", "t"]).expect(0);
    assert_eq!(filled(&folder), ["1 5 false", "2 200 true", "3 7 false", "4 400 true"]);
}

#[test]
fn a_central_value_is_flagged_as_well_and_what_is_not_filled_is_not() {
    let folder = filling("on rule_failed(rule: n.not_null) => fill n with mean else quarantine;", "");
    run(&folder).expect(0);
    assert_eq!(filled(&folder), ["1 5 false", "2 6 true", "3 7 false", "4 6 true"]);
    let folder = filling("on rule_failed(rule: n.not_null) => fill n with (nullif(id, 2)) else keep;", "");
    run(&folder).expect(0);
    assert_eq!(filled(&folder), ["1 5 false", "2 NULL false", "3 7 false", "4 4 true"]);
}

#[test]
fn a_column_with_the_name_of_a_flag_is_refused() {
    let folder = project(
        "n int, n_filled boolean",
        "n not null;",
        "on rule_failed(check: not_null) => fill n with (1);",
        "1,true\n",
    );
    let said = pipe(folder.path(), &["check"]).expect(1).stdout;
    assert!(said.contains("E0120") && said.contains("n_filled"), "{said}");
}

/// A row that comes back from quarantine, or in a later file, is judged beside the rows that its group has committed.
#[test]
fn a_row_that_comes_later_meets_its_group() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let program = |with: &str| {
        write(
            "p.pipe",
            &format!(
                "pipe 1;\nsource t from csv 't*.csv' schema (id bigint, zip text, city text);\nrules t {{ zip determines (city); }}\n\
                 heal t{with} {{ on rule_failed => majority else quarantine; }}\n\
                 load t into csv 'out' with (mode = append);\n"
            ),
        );
    };
    let told =
        |report: &Value| ["read", "committed", "quarantined", "healed_cells"].map(|k| report["tables"][0][k].as_u64());
    program(" with (mode = automatic, max_healed_cells = 100%)");
    write("t1.csv", "id,zip,city\n1,a,Bonn\n2,a,Bonn\n3,a,Bonn\n4,a,Köln\n5,b,Ulm\n6,b,Ulm\n");
    let report = run(&folder).expect(0).json();
    assert_eq!(told(&report), [Some(6), Some(5), Some(1), Some(0)], "a vote of 3 to 1 is too weak: {report}");
    // Alone they would agree with themselves.
    write("t2.csv", "id,zip,city\n7,b,Trier\n8,c,Ulm\n");
    let report = run(&folder).expect(0).json();
    assert_eq!(told(&report), [Some(2), Some(1), Some(1), Some(0)], "{report}");
    let replayed = || pipe(folder.path(), &["quarantine", "replay", "t", "--format", "json"]);
    let report = replayed().json();
    assert_eq!(told(&report), [Some(2), Some(0), Some(2), Some(0)], "{report}");
    // What people trust more is healed by the same vote, within a budget over the batches the rows left.
    program(" with (mode = automatic, confidence = 0.6, max_healed_cells = 30%)");
    let report = replayed().expect(0).json();
    assert_eq!(told(&report), [Some(2), Some(2), Some(0), Some(2)], "{report}");
    let found =
        pipe(folder.path(), &["query", "select city, count(*) from t group by 1 order by 1", "--format", "csv"]);
    assert_eq!(found.expect(0).stdout.lines().skip(1).collect::<Vec<_>>(), ["Bonn,4", "Ulm,4"]);
}

/// An accepted rename is remembered: a later batch whose values look like nothing does not make the table unreadable.
#[test]
fn a_column_that_was_read_under_another_name_is_read_so_again() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "p.pipe",
        "pipe 1;\nsource t from csv 't*.csv' schema (id bigint, price decimal(10, 2), weight decimal(10, 2));\n\
         heal t { on missing_column where ($score >= 0.7 and $margin >= 0.1) => rename; }\n\
         load t into csv 'out' with (mode = append);\n",
    );
    let rows = |values: &dyn Fn(u32) -> (String, String)| -> String {
        (0..200).map(values).enumerate().map(|(i, (p, w))| format!("{i},{p},{w}\n")).collect()
    };
    let usual = |i: u32| (format!("{}.{:02}", 10 + i % 40, i % 100), format!("{}.5", 900 + i));
    write("t1.csv", &format!("id,price,weight\n{}", rows(&usual)));
    run(&folder).expect(0);
    write("t2.csv", &format!("id,unit_cost,weight\n{}", rows(&usual)));
    let report = run(&folder).expect(0).json();
    assert_eq!(heals(&report), ["rename applied 0"], "{report}");
    // From here on a price looks like a weight.
    write("t3.csv", &format!("id,price,weight\n{}", rows(&|i| (format!("{}.5", 900 + i), String::new()))));
    run(&folder).expect(0);
    let found = pipe(folder.path(), &["query", "select count(price) from t", "--format", "csv"]).expect(0);
    assert_eq!(found.stdout.lines().nth(1), Some("600"));
}

/// Teams and their towns decide each other. A row with the town of another team has a vote against its team and one against its town: what
/// the stadium says of the team tells which is wrong. A row without such a witness stays as it is.
#[test]
fn of_two_columns_that_doubt_each_other_the_one_is_healed_that_nothing_speaks_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut rows: Vec<String> = (0..40).map(|i| format!("{i},team {0},town {0},stadium {0}", i % 4)).collect();
    rows[5] = "5,team 1,town 2,stadium 1".to_owned();
    rows[6] = "6,team 2,town 2x,stadium 2".to_owned();
    std::fs::write(folder.path().join("t.csv"), format!("id,team,town,stadium\n{}\n", rows.join("\n"))).unwrap();
    let program = |rules: &str| {
        format!(
            "pipe 1;\nsource t from csv 't.csv';\nrules t {{ {rules} }}\n\
             heal t with (mode = automatic, confidence = 60%) {{ on rule_failed(check: determines) => majority else keep; }}\n\
             load t into csv 'out/t.csv' with (mode = overwrite);\n"
        )
    };
    let both = "team determines (town); town determines (team);";
    let ledger = "select row, \"column\", old, new from pipe.ledger order by 1";
    let healed = |rules: &str| {
        std::fs::write(folder.path().join("p.pipe"), program(rules)).unwrap();
        _ = std::fs::remove_dir_all(folder.path().join(".pipe"));
        _ = std::fs::remove_dir_all(folder.path().join("out"));
        pipe(folder.path(), &["run"]).expect(0);
        pipe(folder.path(), &["query", ledger, "--format", "csv"]).expect(0).stdout
    };
    assert_eq!(healed(both), "row,column,old,new\n6,town,town 2x,town 2\n", "a misspelt town is in no dispute");
    let witness = format!("{both} stadium determines (team);");
    assert_eq!(healed(&witness), "row,column,old,new\n5,town,town 2,town 1\n6,town,town 2x,town 2\n");
}
