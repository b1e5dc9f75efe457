//! Rules about the files themselves, by `files('…')`.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::others_bugs::{project, write};
use crate::pipe::pipe;

const PROGRAM: &str = "
source orders from csv 'orders.csv' schema (id bigint);
rules orders {
  fresh:  ((select min(modified) from files('deliveries/*.csv')) >= now() - interval '24 hours');
  large:  ((select min(bytes) from files('deliveries'))) > 3;
  alike:  ((select count(*) - count(distinct sha256) from files('deliveries'))) = 0;
  checks: ((select count(*) from files('deliveries/b.csv') where md5 = '32b03f9245f83143499c9adb83d6a2e0')) = 1;
}
";

fn deliveries() -> tempfile::TempDir {
    let folder = project(PROGRAM, &[("orders.csv", "id\n1\n")]);
    std::fs::create_dir(folder.path().join("deliveries")).unwrap();
    write(folder.path(), "deliveries/a.csv", "id\n1\n");
    write(folder.path(), "deliveries/b.csv", "id\n2\n");
    folder
}

/// The rules that fail.
fn failing(folder: &Path, code: i32) -> Vec<String> {
    let report = pipe(folder, &["validate", "--format", "json"]).expect(code).json();
    let rules = report["rules"].as_array().unwrap().iter();
    rules.filter(|r| r["passed"] != true).map(|r| r["rule"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_age_size_and_contents_of_files_are_judged_anew_each_time() {
    let folder = deliveries();
    assert_eq!(failing(folder.path(), 0), [""; 0]);
    let old = File::options().write(true).open(folder.path().join("deliveries/a.csv")).unwrap();
    old.set_modified(SystemTime::now() - Duration::from_secs(25 * 60 * 60)).unwrap();
    assert_eq!(failing(folder.path(), 1), ["fresh"]);
    write(folder.path(), "deliveries/a.csv", "id");
    assert_eq!(failing(folder.path(), 1), ["large"]);
    write(folder.path(), "deliveries/a.csv", "id\n2\n");
    assert_eq!(failing(folder.path(), 1), ["alike"]);
    write(folder.path(), "deliveries/b.csv", "id\n3\n");
    assert_eq!(failing(folder.path(), 1), ["checks"]);
}

#[test]
fn a_run_judges_them_and_a_folder_that_is_not_there_is_no_pass() {
    let folder = deliveries();
    let report = pipe(folder.path(), &["run", "--format", "json"]).expect(0).json();
    assert_eq!(report["outcome"], "ok", "{report}");
    assert_eq!(report["rules"].as_array().unwrap().len(), 4, "{report}");
    std::fs::remove_dir_all(folder.path().join("deliveries")).unwrap();
    for command in ["validate", "run"] {
        let said = pipe(folder.path(), &[command]);
        assert_ne!(said.code, 0, "{command}: {}", said.stdout);
        let all = said.stdout + &said.stderr;
        assert!(all.contains("no file matches `deliveries"), "{command}: {all}");
    }
}

/// The least of no files is none, which passed; and files that came or went were looked at only when their table had new rows.
#[test]
fn what_is_asked_of_files_is_judged_in_every_run_and_of_none_is_no_pass() {
    let program = PROGRAM.to_owned() + "load orders into parquet 'out' with (mode = append);\n";
    let folder = deliveries();
    write(folder.path(), "p.pipe", &format!("pipe 1;\n{program}"));
    let run = |code| pipe(folder.path(), &["run", "--format", "json"]).expect(code).json();
    assert_eq!(run(0)["outcome"], "ok");
    let again = run(0);
    assert_eq!(again["outcome"], "nothing_new", "{again:#}");
    assert!(again["notes"][0].as_str().unwrap().contains("4 rules ask of files"), "{again:#}");
    let old = File::options().write(true).open(folder.path().join("deliveries/a.csv")).unwrap();
    old.set_modified(SystemTime::now() - Duration::from_secs(25 * 60 * 60)).unwrap();
    let failed = run(1);
    let failures: Vec<_> =
        failed["failures"].as_array().unwrap().iter().map(|f| f["fields"]["rule"].as_str().unwrap()).collect();
    assert_eq!((failures, &failed["tables"][0]["outcome"]), (vec!["fresh"], &Value::from("failed")), "{failed:#}");
    // A clause decides, as when there are rows.
    let warned = "heal orders { on table_failed(rule: fresh) => warn; }\n";
    write(folder.path(), "p.pipe", &format!("pipe 1;\n{program}{warned}"));
    let kept = run(0);
    assert_eq!(
        (&kept["outcome"], &kept["failures"][0]["handled"]),
        (&"nothing_new".into(), &"kept".into()),
        "{kept:#}"
    );
    // Of a folder that is there and has none such.
    let one = program.replace("  large: ", "  -- ").replace("  alike: ", "  -- ").replace("  checks: ", "  -- ");
    write(folder.path(), "p.pipe", &format!("pipe 1;\n{one}"));
    std::fs::rename(folder.path().join("deliveries/a.csv"), folder.path().join("deliveries/a.txt")).unwrap();
    assert_eq!(run(0)["outcome"], "nothing_new");
    std::fs::rename(folder.path().join("deliveries/b.csv"), folder.path().join("deliveries/b.txt")).unwrap();
    assert_eq!(failing(folder.path(), 1), ["fresh"]);
    run(1);
}

#[test]
fn a_query_lists_files_too() {
    let folder = deliveries();
    let sql = "select name, path, bytes from files('deliveries/*.csv') order by name";
    let rows: Value = pipe(folder.path(), &["query", sql, "--format", "json"]).expect(0).json();
    let expected = serde_json::json!([
        {"name": "a.csv", "path": "deliveries/a.csv", "bytes": 5},
        {"name": "b.csv", "path": "deliveries/b.csv", "bytes": 5},
    ]);
    assert_eq!(rows["rows"], expected);
    let said = pipe(folder.path(), &["query", "select * from files('s3://bucket/')"]);
    assert!(said.stderr.contains("files on `s3://` cannot be read yet"), "{}", said.stderr);
}
