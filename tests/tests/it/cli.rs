//! The command line, through the real binary: what each command says, where it says it, and its exit code.

use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::pipe::{command, copy_of, pipe, pipe_with_input, project};

/// What lies in a folder, sorted.
fn listing(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

const NUMBERS: &str = "pipe 1;\n\nsource numbers from csv 'numbers.csv' schema (\n  n  bigint,\n);\n\nload numbers into csv 'out.csv' with (mode = overwrite);\n";

#[test]
fn version_and_help_need_no_engine_and_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    // The bar of 30 ms is measured in release builds; this catches an engine that is started for nothing. Of several tries one is
    // quick on a busy machine too.
    let quick = (0..20).any(|_| {
        let start = Instant::now();
        pipe(folder.path(), &["--version"]).expect(0);
        start.elapsed() < Duration::from_millis(500)
    });
    assert!(quick, "`--version` takes half a second");
    let version = pipe(folder.path(), &["--version"]).expect(0);
    assert_eq!(version.stdout, format!("pipe {}\n", env!("CARGO_PKG_VERSION")));
    let help = pipe(folder.path(), &["--help"]).expect(0).stdout;
    for command in
        ["run", "query", "check", "fmt", "plan", "profile", "explain", "runs", "score", "heals", "quarantine"]
    {
        assert!(help.lines().any(|l| l.trim_start().starts_with(&format!("{command} "))), "{command} in:\n{help}");
        pipe(folder.path(), &[command, "--help"]).expect(0);
    }
    assert!(listing(folder.path()).is_empty());
}

#[test]
fn a_command_line_that_is_wrong_is_2_and_an_object_where_one_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let ran = pipe(folder.path(), &["run", "--traget", "x"]).expect(2);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("--target"), "{}", ran.stderr);
    let ran = pipe(folder.path(), &["run", "--traget", "x", "--format", "json"]).expect(2);
    let object = ran.json();
    assert_eq!((&object["exit_code"], &object["diagnostics"][0]["code"]), (&2.into(), &"E1007".into()));
    pipe(folder.path(), &["--param", "day", "run"]).expect(2);
    assert!(pipe(folder.path(), &["run", "--param", "day"]).expect(2).stderr.contains("name=value"));
    // What other tools call it is told.
    for (flag, here) in [("--json", "--format json"), ("--dry-run", "pipe plan"), ("--select", "--target NAME")] {
        let said = pipe(folder.path(), &["run", flag]).expect(2).stderr;
        assert!(said.contains(&format!("tip: `{here}")), "{said}");
    }
}

#[test]
fn a_folder_without_a_program_is_said_so_by_every_command() {
    let folder = tempfile::tempdir().unwrap();
    for command in [&["run"][..], &["check"], &["plan"], &["query", "select 1", "."], &["explain", "orders"]] {
        let ran = pipe(folder.path(), command).expect(2);
        assert!(ran.stderr.contains("E1001") && ran.stderr.contains("no `.pipe` file in `.`"), "{}", ran.stderr);
        assert!(ran.stdout.is_empty());
    }
    let ran = pipe(folder.path(), &["run", "--format", "json"]).expect(2);
    assert_eq!(ran.json()["exit_code"], 2);
    // SQL that needs no table needs no program.
    assert_eq!(pipe(folder.path(), &["query", "select 1 as a", "--format", "csv"]).expect(0).stdout, "a\n1\n");
    pipe(folder.path(), &["query", "select 1", "nowhere.pipe"]).expect(2);
    assert!(listing(folder.path()).is_empty(), "a command that could not start left something behind");
}

#[test]
fn check_tells_findings_in_four_forms() {
    let folder = project("pipe 1;\nlod orders into csv 'x.csv';\n", &[]);
    let full = pipe(folder.path(), &["check"]).expect(1).stdout;
    assert!(full.contains("E0001") && full.contains("p.pipe:2:1") && full.contains("load"), "{full}");
    assert!(full.ends_with("1 file checked: 1 error\n"), "{full}");
    let concise = pipe(folder.path(), &["check", "--format", "concise"]).expect(1).stdout;
    assert!(concise.starts_with("p.pipe:2:1: error[E0001]: "), "{concise}");
    assert_eq!(concise.lines().count(), 1, "{concise}");
    let github = pipe(folder.path(), &["check", "--format", "github"]).expect(1).stdout;
    assert!(github.starts_with("::error ") && github.contains("file=p.pipe") && github.contains("line=2"), "{github}");
    let json = pipe(folder.path(), &["check", "--format", "json"]).expect(1).json();
    assert_eq!((&json["exit_code"], &json["diagnostics"][0]["code"]), (&1.into(), &"E0001".into()));
    let folder = project(NUMBERS, &[]);
    assert_eq!(pipe(folder.path(), &["check"]).expect(0).stdout, "1 file checked, nothing found\n");
    assert_eq!(pipe(folder.path(), &["check", "--format", "json"]).expect(0).json()["exit_code"], 0);
}

#[test]
fn check_shows_what_only_the_planner_knows_in_the_pipe_file() {
    let program = format!("{NUMBERS}\nmodel m as\n  select nn from numbers;\n");
    let folder = project(&program, &[]);
    let said = pipe(folder.path(), &["check", "--format", "concise"]).expect(1).stdout;
    assert!(said.starts_with("p.pipe:10:10: error[E03"), "{said}");
}

#[test]
fn fmt_writes_one_style_and_only_when_asked_to() {
    let untidy = "PIPE 1;  SOURCE a FROM csv 'a.csv' ;\n";
    let folder = project(untidy, &[]);
    let file = folder.path().join("p.pipe");
    let ran = pipe(folder.path(), &["fmt", "--check"]).expect(1);
    assert!(ran.stderr.contains("`p.pipe` is not in style"), "{}", ran.stderr);
    let diff = pipe(folder.path(), &["fmt", "--diff"]).expect(1).stdout;
    assert!(diff.starts_with("--- p.pipe\n+++ p.pipe\n") && diff.contains("-PIPE 1;"), "{diff}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), untidy, "a look wrote the file");
    let tidy = pipe_with_input(folder.path(), &["fmt", "-"], untidy).expect(0).stdout;
    pipe(folder.path(), &["fmt"]).expect(0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), tidy);
    assert!(tidy.starts_with("pipe 1;\n"), "{tidy}");
    pipe(folder.path(), &["fmt", "--check"]).expect(0);
    assert_eq!(listing(folder.path()), ["p.pipe"], "a temporary file was left");
}

#[test]
fn fmt_leaves_a_file_that_it_cannot_read_as_it_is() {
    let broken = "source a from csv 'a.csv;\n";
    let folder = project(broken, &[]);
    let ran = pipe(folder.path(), &["fmt"]).expect(2);
    assert!(ran.stderr.contains("p.pipe:1:"), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(folder.path().join("p.pipe")).unwrap(), broken);
    pipe(folder.path(), &["fmt", "--check"]).expect(2);
    pipe(folder.path(), &["fmt", "nowhere.pipe"]).expect(2);
    pipe_with_input(folder.path(), &["fmt", "-"], broken).expect(2);
}

#[test]
fn explain_prints_the_page_of_a_code_anywhere_and_of_a_name_in_a_project() {
    let folder = tempfile::tempdir().unwrap();
    let page = pipe(folder.path(), &["explain", "e0001"]).expect(0).stdout;
    assert!(page.starts_with("E0001: ") && page.contains("Wrong:") && page.contains("Right:"), "{page}");
    assert!(pipe(folder.path(), &["explain", "E9999"]).expect(2).stderr.contains("E1303"));
    let folder = project(NUMBERS, &[]);
    let text = pipe(folder.path(), &["explain", "numbers"]).expect(0).stdout;
    assert!(text.starts_with("source numbers\n") && text.contains("    n bigint\n"), "{text}");
    let ran = pipe(folder.path(), &["explain", "nmbers"]).expect(2);
    assert!(ran.stderr.contains("E1303") && ran.stderr.contains("`numbers`"), "{}", ran.stderr);
}

#[test]
fn every_page_of_a_code_prints() {
    let folder = tempfile::tempdir().unwrap();
    for page in pipe_diagnostics::codes::pages() {
        let said = pipe(folder.path(), &["explain", page.code.as_str()]).expect(0).stdout;
        assert!(
            said.contains(page.title) && said.lines().all(|l| l.chars().count() <= 80 || l.starts_with("    ")),
            "{said}"
        );
    }
}

#[test]
fn a_run_accounts_for_every_row_and_the_next_has_nothing_new() {
    let folder = copy_of("examples/orders");
    let report = pipe(folder.path(), &["run", "--format", "json"]).expect(0).json();
    assert_eq!((&report["format_version"], &report["outcome"]), (&1.into(), &"ok".into()));
    for table in report["tables"].as_array().unwrap() {
        let n = |key: &str| table[key].as_u64().unwrap();
        assert!(n("read") > 0, "{table}");
        assert_eq!(n("read"), n("committed") + n("quarantined") + n("dropped") + n("duplicates_removed"), "{table}");
    }
    let again = pipe(folder.path(), &["run", "--format", "json"]).expect(0).json();
    assert_eq!(again["outcome"], "nothing_new");
}

#[test]
fn a_run_with_json_writes_one_object_and_text_for_people_to_standard_error() {
    let folder = copy_of("examples/orders");
    let ran = pipe(folder.path(), &["run", "--format", "json"]).expect(0);
    ran.json();
    assert!(ran.stderr.contains("committed; "), "{}", ran.stderr);
    // Also when the program is wrong.
    let folder = project("pipe 1;\nlod x;\n", &[]);
    let ran = pipe(folder.path(), &["run", "--format", "json"]).expect(2);
    let object = ran.json();
    assert_eq!((&object["outcome"], &object["exit_code"]), (&"invalid".into(), &2.into()));
    assert_eq!(object["diagnostics"][0]["code"], "E0001");
    assert!(ran.stderr.contains("p.pipe:2:1"), "{}", ran.stderr);
    assert_eq!(listing(folder.path()), ["p.pipe"], "a program that is wrong touched something");
}

#[test]
fn a_target_that_is_not_there_is_2_and_the_nearest_is_named() {
    let folder = project(NUMBERS, &[("numbers.csv", "n\n1\n")]);
    let ran = pipe(folder.path(), &["run", "--target", "nmbers"]).expect(2);
    assert!(ran.stderr.contains("E1002") && ran.stderr.contains("`numbers`"), "{}", ran.stderr);
    assert_eq!(listing(folder.path()), ["numbers.csv", "p.pipe"]);
}

#[test]
fn the_state_is_beside_the_program_or_where_it_is_told_to_be() {
    let folder = project(NUMBERS, &[("numbers.csv", "n\n1\n2\n")]);
    pipe(folder.path(), &["run"]).expect(0);
    assert_eq!(listing(folder.path()), [".pipe", "numbers.csv", "out.csv", "p.pipe"]);
    let folder = project(NUMBERS, &[("numbers.csv", "n\n1\n2\n")]);
    let state = tempfile::tempdir().unwrap();
    let elsewhere = state.path().join("s").to_str().unwrap().to_owned();
    pipe(folder.path(), &["run", "--state", &elsewhere]).expect(0);
    assert_eq!(listing(folder.path()), ["numbers.csv", "out.csv", "p.pipe"]);
    assert!(state.path().join("s").is_dir());
}

#[test]
fn a_query_reads_sources_models_and_the_state_in_three_forms() {
    let folder = copy_of("examples/orders");
    pipe(folder.path(), &["run"]).expect(0);
    let query = |args: &[&str]| pipe(folder.path(), &[&["query"], args].concat());
    let csv = query(&["select 'it''s, so' as a, null as b", "--format", "csv"]).expect(0).stdout;
    assert_eq!(csv, "a,b\n\"it's, so\",\n");
    let json = query(&["select 1 as a, cast(null as text) as b", "--format", "json"]).expect(0).json();
    assert_eq!(json["rows"], serde_json::json!([{ "a": 1, "b": null }]));
    assert_eq!(json["columns"][0]["name"], "a");
    let table = query(&["select count(*) as n from raw.customers"]).expect(0).stdout;
    assert!(table.contains("120") && table.ends_with("1 row\n"), "{table}");
    let runs = query(&["select count(*) as n from pipe.runs", "--format", "csv"]).expect(0).stdout;
    assert_eq!(runs, "n\n1\n");
    let before = query(&["select count(*) as n from pipe.quarantine_orders", "--format", "csv"]).expect(0).stdout;
    assert_ne!(before, "n\n0\n");
}

#[test]
fn a_query_can_only_read_and_its_errors_point_into_it() {
    let folder = project(NUMBERS, &[("numbers.csv", "n\n1\n")]);
    for sql in ["drop table numbers", "create table x as select 1", "copy numbers to 'y.csv'", "select 1; select 2"] {
        let ran = pipe(folder.path(), &["query", sql]).expect(2);
        assert!(ran.stderr.contains("error[E"), "{sql}: {}", ran.stderr);
    }
    let ran = pipe(folder.path(), &["query", "select m from numbers"]).expect(2);
    assert!(ran.stderr.contains("1:8"), "{}", ran.stderr);
    let ran = pipe(folder.path(), &["query", "select m from numbers", "--format", "json"]).expect(2);
    assert_eq!(ran.json()["exit_code"], 2);
    assert_eq!(listing(folder.path()), ["numbers.csv", "p.pipe"], "a query left something behind");
}

#[test]
fn standard_output_closed_early_is_no_error() {
    let folder = project(NUMBERS, &[("numbers.csv", "n\n1\n")]);
    let mut child = command(folder.path(), &["query", "select unnest(range(1, 1000000)) as n", "--format", "csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn standard_output_that_cannot_be_written_is_said_so() {
    let folder = project(NUMBERS, &[]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command(folder.path(), &["plan"]).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let output = output.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write to standard output"));
}

#[test]
fn runs_heals_and_quarantine_list_what_the_report_told() {
    let folder = copy_of("examples/orders");
    for command in ["runs", "heals", "quarantine"] {
        assert!(pipe(folder.path(), &[command]).expect(0).stdout.starts_with("no "), "{command}");
    }
    let report = pipe(folder.path(), &["run", "--format", "json"]).expect(0).json();
    let run = report["run"].as_str().unwrap().to_owned();
    let runs = pipe(folder.path(), &["runs"]).expect(0).stdout;
    assert!(runs.contains(&run), "{runs}");
    for which in [run.as_str(), "last"] {
        let shown = pipe(folder.path(), &["runs", "show", which]).expect(0).stdout;
        assert!(shown.contains("orders") && shown.contains("total_adds_up"), "{shown}");
    }
    assert!(pipe(folder.path(), &["runs", "show", "nowhere"]).expect(2).stderr.contains("E1304"));
    assert!(pipe(folder.path(), &["heals"]).expect(0).stdout.contains("rename"));
    let held = pipe(folder.path(), &["quarantine"]).expect(0).stdout;
    assert!(held.contains("orders"), "{held}");
    let rows = pipe(folder.path(), &["quarantine", "show", "orders"]).expect(0).stdout;
    assert!(rows.contains("ida.wolf@exa"), "{rows}");
    assert!(pipe(folder.path(), &["quarantine", "show", "ordrs"]).expect(2).stderr.contains("E1307"));
}

/// Rows joined with themselves until the end of days.
const ENDLESS: &str = "pipe 1;

source numbers from csv 'numbers.csv' schema (
  n  bigint,
);

model endless as
  select sum(a.n + b.n + c.n + d.n + e.n) as n
  from numbers a, numbers b, numbers c, numbers d, numbers e;

load endless into csv 'out.csv' with (mode = overwrite);
";

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_run_with_130_and_nothing_half_written() {
    let numbers: String = std::iter::once("n\n".to_owned()).chain((0..2000).map(|n| format!("{n}\n"))).collect();
    let folder = project(ENDLESS, &[("numbers.csv", &numbers)]);
    for signal in ["INT", "TERM"] {
        // The state is the first thing a run writes, when it hears signals already; a moment later it is at work.
        _ = std::fs::remove_dir_all(folder.path().join(".pipe"));
        let child = command(folder.path(), &["run", "--format", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let start = Instant::now();
        while !folder.path().join(".pipe").is_dir() && start.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_millis(500));
        let asked = Instant::now();
        let kill = std::process::Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let output = child.wait_with_output().unwrap();
        assert!(asked.elapsed() < Duration::from_secs(10), "{signal} took {:?}", asked.elapsed());
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(130), "{signal}: {stdout}\n{stderr}");
        let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(report["outcome"], "interrupted");
        assert!(!folder.path().join("out.csv").exists());
    }
    // The next run is not kept out, and a program that ends does end.
    std::fs::write(
        folder.path().join("p.pipe"),
        ENDLESS.replace(", numbers c, numbers d, numbers e", "").replace(" + c.n + d.n + e.n", ""),
    )
    .unwrap();
    pipe(folder.path(), &["run"]).expect(0);
    assert!(folder.path().join("out.csv").is_file());
}

#[test]
fn rows_are_replayed_once_and_given_up_by_condition() {
    let folder = copy_of("examples/orders");
    pipe(folder.path(), &["run"]).expect(0);
    let counts = |sql: &str| pipe(folder.path(), &["query", sql, "--format", "csv"]).expect(0).stdout;
    let orders = "select count(*) as n, count(distinct order_id) as ids from orders";
    assert_eq!(counts(orders), "n,ids\n994,994\n");
    // One of the unknown customers opens an account.
    let customers = folder.path().join("data/customers.csv");
    let known = std::fs::read_to_string(&customers).unwrap();
    std::fs::write(&customers, known + "960,new.person,DE,2026-01-02\n").unwrap();
    let report = pipe(folder.path(), &["quarantine", "replay", "orders", "--format", "json"]).expect(0).json();
    assert_eq!((&report["tables"][0]["committed"], &report["tables"][0]["quarantined"]), (&1.into(), &6.into()));
    assert_eq!(counts(orders), "n,ids\n995,995\n");
    pipe(folder.path(), &["quarantine", "discard", "orders"]).expect(2);
    let said = pipe(folder.path(), &["quarantine", "discard", "orders", "--where", "status = 'lost'"]).expect(0).stdout;
    assert_eq!(said, "1 row of `orders` given up, 5 rows left\n");
    let ran = pipe(folder.path(), &["quarantine", "discard", "orders", "--where", "stats = 'lost'"]).expect(2);
    assert!(ran.stderr.contains("`status`"), "{}", ran.stderr);
    pipe(folder.path(), &["quarantine", "discard", "orders", "--all"]).expect(0);
    let states = "select state, count(*) as n from pipe.quarantine_orders group by 1 order by 1";
    assert_eq!(counts(states), "state,n\ndiscarded,6\nreplayed,1\n");
}
