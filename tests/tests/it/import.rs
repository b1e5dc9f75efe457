//! `pipe import`: what it writes, what it refuses, and that what it writes judges as the other tool does.

use std::path::{Path, PathBuf};

use crate::pipe::{pipe, pipe_with_input, repository};

const SUITE: &str = r#"{
  "name": "orders",
  "expectations": [
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}},
    {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "status", "value_set": ["new", "paid"], "mostly": 0.5}}
  ]
}"#;

const NOT_SAID: &str = r#"{"expectations": [
  {"type": "expect_column_values_to_be_dateutil_parseable", "kwargs": {"column": "born"}},
  {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}}
]}"#;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    folder
}

#[test]
fn a_suite_becomes_a_program_on_standard_output_or_in_a_file() {
    let folder = folder(&[("suite.json", SUITE)]);
    let ran = pipe(folder.path(), &["import", "gx", "suite.json", "--table", "orders"]).expect(0);
    assert!(ran.stdout.starts_with("pipe 1;\n"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("status in ('new', 'paid') tolerate 50% where (status is not null);"),
        "{}",
        ran.stdout
    );
    assert!(ran.stderr.contains("2 checks read, 2 rules written"), "{}", ran.stderr);
    let written = pipe(folder.path(), &["import", "gx", "suite.json", "--table", "orders", "-o", "p.pipe"]).expect(0);
    assert_eq!(written.stdout, "");
    assert_eq!(std::fs::read_to_string(folder.path().join("p.pipe")).expect("the program"), ran.stdout);
    let read = pipe_with_input(folder.path(), &["import", "gx", "-", "--table", "orders"], SUITE).expect(0);
    assert_eq!(read.stdout.replace("<stdin>", "suite.json"), ran.stdout);
}

#[test]
fn what_cannot_be_said_is_told_with_its_line_and_fails_unless_partial() {
    let folder = folder(&[("suite.json", NOT_SAID)]);
    let ran = pipe(folder.path(), &["import", "gx", "suite.json"]).expect(2);
    assert!(ran.stderr.contains("error[E1504]") && ran.stderr.contains("suite.json:2:"), "{}", ran.stderr);
    assert!(
        ran.stdout.contains("--   suite.json:2: `expect_column_values_to_be_dateutil_parseable`"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("id not null;"), "{}", ran.stdout);
    let partial = pipe(folder.path(), &["import", "gx", "suite.json", "--partial"]).expect(0);
    assert_eq!(partial.stdout, ran.stdout);
    assert!(partial.stderr.contains("warning[E1504]"), "{}", partial.stderr);
    let json = pipe(folder.path(), &["import", "gx", "suite.json", "--format", "json"]).expect(2).json();
    assert_eq!(json["checks"], 2);
    assert_eq!(json["rules"], 1);
    assert_eq!(json["diagnostics"][0]["code"], "E1504");
}

#[test]
fn a_file_of_another_kind_is_refused() {
    let folder = folder(&[("a.json", "{\"a\": 1}"), ("broken.json", "{\"expectations\": [")]);
    for (tool, file, code) in [
        ("gx", "a.json", "E1502"),
        ("dbt", "a.json", "E1502"),
        ("odcs", "a.json", "E1502"),
        ("soda", "a.json", "E1502"),
        ("deequ", "a.json", "E1502"),
        ("gx", "broken.json", "E1501"),
        ("dqdl", "broken.json", "E1501"),
        ("gx", "missing.json", "E1501"),
    ] {
        let ran = pipe(folder.path(), &["import", tool, file]).expect(2);
        assert!(ran.stderr.contains(code), "{tool} {file}: {}", ran.stderr);
    }
    let ran = pipe(folder.path(), &["import", "gxx", "a.json"]).expect(2);
    assert!(ran.stderr.contains("'gx'"), "{}", ran.stderr);
}

#[test]
fn another_file_of_great_expectations_is_told_what_to_give() {
    for (text, what) in [
        (
            r#"{"name": "c", "validation_definitions": [{"name": "v", "id": null}], "actions": []}"#,
            "this is a checkpoint",
        ),
        (r#"{"name": "v", "data": {}, "suite": {"name": "orders"}}"#, "its suite, `gx/expectations/orders.json`"),
        (
            "name: c\nvalidations:\n  - expectation_suite_name: orders.warning\n",
            "`gx/expectations/orders/warning.json`",
        ),
        (r#"{"results": [], "success": true, "meta": {}}"#, "this is what a validation found"),
    ] {
        let folder = folder(&[("f.json", text)]);
        let ran = pipe(folder.path(), &["import", "gx", "f.json"]).expect(2);
        let told = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("E1502") && told.contains(what), "{text}: {}", ran.stderr);
    }
}

/// The suites of the importer's corpus, but for those whose columns are not all declared.
fn corpus() -> Vec<PathBuf> {
    let root = repository().join("dsl/import/tests/corpus");
    let mut found = Vec::new();
    for tool in std::fs::read_dir(root).expect("the corpus") {
        for file in std::fs::read_dir(tool.expect("a tool").path()).expect("its suites") {
            let path = file.expect("a file").path();
            if path.extension().is_some_and(|e| e == "pipe") && path.file_stem().is_some_and(|s| s != "tables") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The program with the tables of the corpus in place of the sources that stand for them.
fn declared(program: &str, tables: &Path) -> String {
    let all = std::fs::read_to_string(tables).unwrap_or_default();
    let stands_for = |name: &str| format!("source {name} from csv '{name}.csv';\n");
    let lacking = |statement: &str| {
        let name = statement.trim_start().strip_prefix("source ").and_then(|s| s.split_whitespace().next());
        name.is_some_and(|name| program.contains(&stands_for(name)))
    };
    let found: Vec<&str> = all.split_inclusive(";\n").filter(|s| lacking(s)).collect();
    let named =
        |s: &&str| s.trim_start().strip_prefix("source ").and_then(|s| s.split_whitespace().next().map(str::to_owned));
    let bare =
        found.iter().filter_map(named).fold(program.to_owned(), |text, name| text.replace(&stands_for(&name), ""));
    bare + &found.concat()
}

#[test]
fn the_planner_accepts_what_the_corpus_became() {
    let mut wrong = String::new();
    for file in corpus() {
        let program = std::fs::read_to_string(&file).expect("a program");
        let folder = folder(&[("p.pipe", &declared(&program, &file.with_file_name("tables.pipe")))]);
        let ran = pipe(folder.path(), &["check", "p.pipe", "--format", "concise"]);
        if ran.code != 0 {
            wrong += &format!("{}:\n{}{}", file.display(), ran.stdout, ran.stderr);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// A suite over a few rows, and what the other tool's documentation says of it: how many rows violate, or whether it holds.
struct Case {
    tool: &'static str,
    suite: &'static str,
    /// The columns with their types.
    columns: &'static str,
    /// The rows, as in `values`.
    rows: &'static str,
    /// `(violations, passes)` for each rule, in order; a table that fails counts as one.
    says: &'static [(u64, bool)],
}

const CASES: &[Case] = &[
    // NULLs are left out before the share is taken: two of three values are in the set.
    Case {
        tool: "gx",
        suite: r#"{"expectations": [{"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "s", "value_set": ["a"], "mostly": 0.66}}]}"#,
        columns: "s text",
        rows: "('a'), ('a'), ('x'), (null), (null)",
        says: &[(1, true)],
    },
    Case {
        tool: "gx",
        suite: r#"{"expectations": [{"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "s", "value_set": ["a"], "mostly": 0.67}}]}"#,
        columns: "s text",
        rows: "('a'), ('a'), ('x'), (null), (null)",
        says: &[(1, false)],
    },
    // Bounds are included unless strict, and a regular expression is searched.
    Case {
        tool: "gx",
        suite: r#"{"expectations": [
            {"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "min_value": 1, "max_value": 3}},
            {"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "min_value": 1, "max_value": 3, "strict_max": true}},
            {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "s", "regex": "b"}},
            {"type": "expect_column_pair_values_to_be_equal", "kwargs": {"column_A": "n", "column_B": "m"}},
            {"type": "expect_column_proportion_of_unique_values_to_be_between", "kwargs": {"column": "n", "min_value": 1}}
        ]}"#,
        columns: "n int, m int, s text",
        rows: "(1, 1, 'abc'), (3, null, 'b'), (null, null, 'x')",
        says: &[(0, true), (0, true), (1, false), (1, false), (1, false), (0, true)],
    },
    // Neither bound is included, NULL fails, and a pattern is about the whole text.
    Case {
        tool: "dqdl",
        suite: r#"Rules = [ ColumnValues "n" between 1 and 3, ColumnValues "s" matches "b", ColumnValues "n" != 2,
                  ColumnLength "s" >= 0, RowCount between 4 and 4, Completeness "n" > 0.7 ]"#,
        columns: "n int, s text",
        rows: "(1, 'abc'), (2, 'b'), (3, 'b'), (null, null)",
        says: &[(3, false), (2, false), (1, false), (0, true), (1, false), (0, true)],
    },
    // Three of four rows hold: that is at least 75% of them and no more than that.
    Case {
        tool: "dqdl",
        suite: r#"Rules = [ ColumnValues "n" > 0 with threshold >= 0.75, ColumnValues "n" >= 1 with threshold > 0.75,
                  (ColumnValues "n" > 5) or (IsUnique "n"), (ColumnValues "n" > 5) or (RowCount > 4) ]"#,
        columns: "n int",
        rows: "(1), (2), (3), (null)",
        says: &[(1, true), (1, false), (0, true), (1, false)],
    },
    // Missing values are valid ones; a share is of all rows; `when` says what is wrong.
    Case {
        tool: "soda",
        suite: "checks for t:\n  - invalid_count(s) = 0:\n      valid values: [a]\n      missing values: [x]\n  - missing_percent(s) < 25%\n  - missing_percent(s) <= 25%\n  - row_count:\n      fail: when > 4\n",
        columns: "s text",
        rows: "('a'), ('x'), (null), ('a')",
        says: &[(0, true), (1, false), (1, true), (0, true)],
    },
    // NULL passes; the number of rows found is limited.
    Case {
        tool: "dbt",
        suite: "models:\n  - name: t\n    columns:\n      - name: s\n        tests:\n          - accepted_values: {values: ['a']}\n          - not_null: {config: {error_if: '>1'}}\n          - dbt_utils.not_constant\n          - dbt_utils.at_least_one\n",
        columns: "s text",
        rows: "('a'), (null), ('b')",
        says: &[(1, false), (1, true), (0, true), (0, true)],
    },
    // Both bounds are left out.
    Case {
        tool: "odcs",
        suite: "apiVersion: v3.1.0\nschema:\n  - name: t\n    quality:\n      - {metric: rowCount, mustBeBetween: [2, 3]}\n      - {metric: rowCount, mustBeGreaterOrEqualTo: 3}\n",
        columns: "n int",
        rows: "(1), (2), (3)",
        says: &[(1, false), (0, true)],
    },
    Case {
        tool: "deequ",
        suite: ".isContainedIn(\"n\", 0, 2).hasStandardDeviation(\"n\", _ < 0.9).isPositive(\"n\", _ >= 0.5)",
        columns: "n int",
        rows: "(1), (2), (3)",
        says: &[(1, false), (0, true), (0, true)],
    },
];

#[test]
fn what_is_imported_judges_as_the_other_tool_does() {
    for case in CASES {
        let casts: Vec<String> = case
            .columns
            .split(", ")
            .enumerate()
            .map(|(i, c)| {
                let (name, ty) = c.split_once(' ').expect("a name and a type");
                format!("cast(column{} as {ty}) as {name}", i + 1)
            })
            .collect();
        let beside = format!(
            "model t as select {} from (values {});\nheal * {{ on rule_failed => keep; on table_failed => warn; }}\n\
             load t into csv 'out.csv' with (mode = overwrite);\n",
            casts.join(", "),
            case.rows
        );
        let folder = folder(&[("t.suite", case.suite)]);
        let program = pipe(folder.path(), &["import", case.tool, "t.suite"]).expect(0).stdout;
        let program = program.replace("source t from csv 't.csv';\n", "");
        std::fs::write(folder.path().join("p.pipe"), format!("{program}{beside}")).expect("written");
        let report = pipe(folder.path(), &["run", "p.pipe", "--format", "json"]).json();
        let rules = report["rules"].as_array().unwrap_or_else(|| panic!("{program}{report:#}"));
        let found: Vec<(u64, bool)> =
            rules.iter().map(|r| (r["violations"].as_u64().unwrap_or(0), r["passed"] == true)).collect();
        assert_eq!(found, case.says, "{}:\n{program}", case.tool);
    }
}
