//! Bad input, through the binary: each case gives a message with its code or failure, the right exit code, and loses
//! nothing: no file of a user is touched, nothing is half-written, nothing is taken for loaded.

use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::pipe::{Ran, command, pipe};
use crate::rows::{files, staged};

/// A folder with a program and files beside it.
struct Project(tempfile::TempDir);

impl Project {
    /// A source `t (n bigint, s <type>)` of these files, loaded into `out.csv` anew each time.
    fn new(locator: &str, inputs: &[(&str, &[u8])]) -> Self {
        Self::with(
            &format!(
                "source t from csv '{locator}' schema (n bigint, s text);\nload t into csv 'out.csv' with (mode = overwrite);\n"
            ),
            inputs,
        )
    }

    fn with(program: &str, inputs: &[(&str, &[u8])]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("p.pipe", format!("pipe 1;\n{program}").as_bytes());
        for (name, bytes) in inputs {
            folder.write(name, bytes);
        }
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap_or_else(|_| "(no file)".to_owned())
    }

    #[track_caller]
    fn run(&self, code: i32) -> Value {
        pipe(self.path(), &["run", "--format", "json"]).expect(code).json()
    }

    /// Runs and expects failure: exit 1, nothing in the sink, no staging, no row counted as anything, and nothing taken for
    /// loaded: what is mended is loaded by the next run. Gives the report.
    #[track_caller]
    fn refused(&self) -> Value {
        let before: Vec<_> = self.untouched();
        let report = self.run(1);
        assert_eq!(report["outcome"], "failed", "{report:#}");
        assert_eq!(before, self.untouched(), "files beside the state were touched");
        assert_eq!(staged(self.path()), Vec::<std::path::PathBuf>::new());
        for table in report["tables"].as_array().unwrap() {
            assert_eq!((&table["committed"], &table["quarantined"]), (&0.into(), &0.into()), "{table:#}");
        }
        report
    }

    /// All files but the state's, with their bytes.
    fn untouched(&self) -> Vec<(std::path::PathBuf, Vec<u8>)> {
        let state = self.path().join(".pipe");
        let own = files(self.path()).into_iter().filter(|p| !p.starts_with(&state));
        own.map(|p| (p.clone(), std::fs::read(&p).unwrap_or_default())).collect()
    }
}

/// Whether a report has a diagnostic with this code whose message holds all these words.
#[track_caller]
fn says(report: &Value, code: &str, words: &[&str]) {
    let found = report["diagnostics"].as_array().unwrap().iter().any(|d| {
        let message = d["message"].as_str().unwrap_or_default();
        d["code"] == code && words.iter().all(|w| message.contains(w))
    });
    assert!(found, "no {code} with {words:?} in {report:#}");
}

/// Whether a report has a failure of this kind, unhandled, with a help that holds all these words.
#[track_caller]
fn fails(report: &Value, failure: &str, words: &[&str]) {
    let found = report["failures"].as_array().unwrap().iter().any(|f| {
        let text = f.to_string();
        f["failure"] == failure && f["handled"] == "failed" && words.iter().all(|w| text.contains(w))
    });
    assert!(found, "no {failure} with {words:?} in {report:#}");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

const GOOD: &[u8] = b"n,s\n1,a\n2,b\n";

#[test]
fn no_file_matches() {
    let project = Project::new("data/x_*.csv", &[("data/y_1.csv", GOOD)]);
    says(&project.refused(), "E1101", &["data/x_*.csv", "y_1.csv"]);
    project.write("data/x_1.csv", GOOD);
    project.run(0);
    assert_eq!(project.read("out.csv"), "n,s\n1,a\n2,b\n");
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_opened() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::new("x.csv", &[("x.csv", GOOD)]);
    let file = project.path().join("x.csv");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::read(&file).is_ok() {
        // Who may read everything (root) sees the same with a link that leads to itself.
        std::fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("x.csv", &file).unwrap();
        let report = project.run(1);
        assert!(report.to_string().contains("x.csv") && !project.path().join("out.csv").exists(), "{report:#}");
        return;
    }
    says(&project.run(1), "E1102", &["x.csv"]);
    assert!(!project.path().join("out.csv").exists());
}

#[test]
fn a_folder_in_place_of_a_file() {
    let project = Project::new("x.csv", &[]);
    std::fs::create_dir(project.path().join("x.csv")).unwrap();
    says(&project.refused(), "E1101", &["x.csv"]);
}

#[test]
fn a_truncated_gzip_gives_no_rows_at_all() {
    let text: Vec<u8> = (0..20_000).fold(b"n,s\n".to_vec(), |mut t, n| {
        writeln!(t, "{n},{:x}", (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)).unwrap();
        t
    });
    let whole = gzip(&text);
    let project = Project::new("x.csv.gz", &[("x.csv.gz", &whole[..whole.len() / 2])]);
    let report = project.refused();
    fails(&report, "source_error", &["x.csv.gz", "gzip"]);
    says(&report, "E1104", &["x.csv.gz", "in the middle"]);
    project.write("x.csv.gz", &whole);
    assert_eq!(project.run(0)["tables"][0]["committed"], 20_000);
}

#[test]
fn a_decompression_bomb_stops_at_the_cap() {
    let program = "source t from csv 'x.csv.gz' with (max_decompressed = 1MB) schema (n bigint, s text);\n\
                   load t into csv 'out.csv' with (mode = overwrite);\n";
    let bomb = gzip(&[b"n,s\n".to_vec(), b"1,a\n".repeat(1_000_000)].concat());
    assert!(bomb.len() < 100_000);
    let project = Project::with(program, &[("x.csv.gz", &bomb)]);
    says(&project.refused(), "E1105", &["x.csv.gz", "max_decompressed"]);
}

#[test]
fn headers_that_name_no_columns() {
    for (header, words) in [
        ("n,s,s", &["x.csv", "two columns `s`"][..]),
        ("n,,s", &["column 2 of `x.csv` has no name"]),
        ("n,s,S", &["`s` and `S`", "case"]),
    ] {
        let project = Project::new("x.csv", &[("x.csv", format!("{header}\n1,a,b\n").as_bytes())]);
        let report = project.refused();
        fails(&report, "structural", words);
        assert_eq!(report["failures"][0]["fields"]["reason"], "header", "{report:#}");
        assert_eq!(report["failures"][0]["code"], "E1106", "{report:#}");
    }
}

#[test]
fn headers_that_differ_between_the_files_of_a_glob() {
    // Another order is the same columns.
    let project = Project::new("x_*.csv", &[("x_1.csv", GOOD), ("x_2.csv", b"s,n\nc,3\n")]);
    project.run(0);
    assert_eq!(crate::rows::lines(&project.path().join("out.csv")), ["1,a", "2,b", "3,c", "n,s"]);
    // Another column is not: the file is named, and neither file is loaded alone.
    let project = Project::new("x_*.csv", &[("x_1.csv", GOOD), ("x_2.csv", b"n,other\n3,c\n")]);
    let report = project.refused();
    fails(&report, "missing_column", &["x_2.csv", "`s`"]);
    assert_eq!(report["failures"][0]["code"], "E1107", "{report:#}");
    // Where no file has it that is drift.
    project.write("x_1.csv", b"n,other\n1,a\n");
    assert_eq!(project.refused()["failures"][0]["code"], "E1110");
}

#[test]
fn a_field_over_16_mb_is_one_broken_record() {
    let huge = [b"n,s\n1,a\n2,".to_vec(), vec![b'x'; 17 << 20], b"\n3,c\n".to_vec()].concat();
    let project = Project::new("x.csv", &[("x.csv", &huge)]);
    let report = project.refused();
    fails(&report, "bad_record", &[]);
    assert_eq!((&report["failures"][0]["rows"], &report["failures"][0]["samples"][0]["line"]), (&1.into(), &3.into()));
    // A clause takes it; the records around it are whole.
    let program = format!("{}\nheal t {{ on bad_record => quarantine; }}\n", project.read("p.pipe"));
    project.write("p.pipe", program.as_bytes());
    let table = &project.run(0)["tables"][0];
    assert_eq!((&table["read"], &table["committed"], &table["quarantined"]), (&3.into(), &2.into(), &1.into()));
    // A file of several chunks comes in whatever order its threads write them.
    let out = project.read("out.csv");
    let rows: std::collections::BTreeSet<&str> = out.lines().collect();
    assert_eq!(rows, ["n,s", "1,a", "3,c"].into());
    assert_eq!(out.lines().count(), 3);
}

#[test]
fn values_that_no_type_holds() {
    for (ty, bad, good) in [
        ("date", "2026-02-30", "2026-02-28"),
        ("date", "2025-02-29", "2024-02-29"),
        ("decimal(5, 2)", "12345.67", "123.45"),
        ("int", "2147483648", "2147483647"),
        ("bigint", "9223372036854775808", "-9223372036854775808"),
        ("timestamp", "2026-01-01 25:00:00", "2026-01-01T23:00:00"),
    ] {
        let program = format!(
            "source t from csv 'x.csv' schema (n bigint, s {ty});\nload t into csv 'out.csv' with (mode = overwrite);\n"
        );
        let project = Project::with(&program, &[("x.csv", format!("n,s\n1,{good}\n2,{bad}\n").as_bytes())]);
        let report = project.refused();
        fails(&report, "cast_failed", &[bad]);
        assert_eq!(report["failures"][0]["samples"][0]["line"], 3, "{report:#}");
        project.write("p.pipe", format!("pipe 1;\n{program}heal t {{ on cast_failed => quarantine; }}\n").as_bytes());
        let table = &project.run(0)["tables"][0];
        assert_eq!((&table["committed"], &table["quarantined"]), (&1.into(), &1.into()), "{ty}");
        assert_eq!(project.read("out.csv"), format!("n,s\n1,{good}\n"));
    }
}

#[test]
fn a_state_that_cannot_be_used_is_left_as_it_is() {
    let project = Project::new("x.csv", &[("x.csv", GOOD), (".pipe/state.db", &[7; 9000])]);
    says(&project.run(1), "E1203", &["state.db"]);
    assert_eq!(std::fs::read(project.path().join(".pipe/state.db")).unwrap(), [7; 9000]);
    assert!(!project.path().join("out.csv").exists());
}

#[test]
fn a_newer_state_is_left_to_the_newer_pipe() {
    let project = Project::new("x.csv", &[("x.csv", GOOD)]);
    project.run(0);
    // The version is SQLite's user_version: bytes 60 to 63 of the file.
    let state = project.path().join(".pipe/state.db");
    let mut bytes = std::fs::read(&state).unwrap();
    bytes[60..64].copy_from_slice(&999_u32.to_be_bytes());
    std::fs::write(&state, &bytes).unwrap();
    project.write("x.csv", b"n,s\n9,z\n");
    says(&project.run(1), "E1202", &["999"]);
    assert_eq!(std::fs::read(&state).unwrap(), bytes);
    assert_eq!(project.read("out.csv"), "n,s\n1,a\n2,b\n");
}

#[cfg(unix)]
#[test]
fn a_state_that_cannot_be_written() {
    // A file where the state's folder should be: nobody, not even root, can write below it.
    let project = Project::new("x.csv", &[("x.csv", GOOD), ("taken", b"mine")]);
    let ran = pipe(project.path(), &["run", "--format", "json", "--state", "taken/state"]).expect(1);
    let code = ran.json()["diagnostics"][0]["code"].as_str().unwrap_or_default().to_owned();
    assert!(code.starts_with("E12"), "{}", ran.stdout);
    assert_eq!(project.read("taken"), "mine");
    assert!(!project.path().join("out.csv").exists());
}

#[test]
fn use_does_not_leave_the_project() {
    let project = Project::new("x.csv", &[("x.csv", GOOD)]);
    for path in ["../x.pipe", "/etc/x.pipe", "a/../../x.pipe"] {
        project.write("q/p.pipe", format!("pipe 1;\nuse '{path}';\n").as_bytes());
        let ran = pipe(&project.path().join("q"), &["check", "--format", "json"]).expect(1).json();
        says(&ran, "E0103", &[path]);
    }
}

#[test]
fn standard_output_closed_early_is_no_failure() {
    let rows: Vec<u8> = (0..50_000).fold(b"n,s\n".to_vec(), |mut t, n| {
        writeln!(t, "{n},some text that fills the pipe").unwrap();
        t
    });
    let project = Project::new("x.csv", &[("x.csv", &rows)]);
    let mut child = command(project.path(), &["query", "select * from t", "--format", "csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 4];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(&first, b"n,s\n");
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!said.contains("panicked"), "{said}");
    assert!(output.status.code().is_some_and(|c| c == 0), "{}: {said}", output.status);
    // A run whose report nobody reads commits all the same.
    let mut child = command(project.path(), &["run"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(0) && !said.contains("panicked"), "{}: {said}", output.status);
    assert_eq!(project.read("out.csv").lines().count(), 50_001);
}

#[test]
fn a_wrong_delimiter_is_a_changed_source_not_bad_rows() {
    let project = Project::new("x.csv", &[("x.csv", b"n;s\n1;a\n2;b\n")]);
    let program =
        format!("{}heal t {{ on rule_failed | bad_record | cast_failed => quarantine; }}\n", project.read("p.pipe"));
    project.write("p.pipe", program.as_bytes());
    let report = project.refused();
    fails(&report, "structural", &["delimiter = ';'"]);
    assert_eq!(report["failures"][0]["fields"]["reason"], "delimiter");
    assert_eq!(report["failures"][0]["code"], "E1108");
}

#[test]
fn an_empty_file_and_a_lone_header_stop_the_load() {
    for bytes in [&b""[..], b"n,s\n", b"n,s", b"\n\n"] {
        let project = Project::new("x.csv", &[("x.csv", GOOD)]);
        project.run(0);
        project.write("x.csv", bytes);
        let report = project.refused();
        fails(&report, "structural", &["x.csv"]);
        assert_eq!(project.read("out.csv"), "n,s\n1,a\n2,b\n", "what was loaded before stays");
    }
    // Who expects it says so.
    let program = "source t from csv 'x.csv' schema (n bigint, s text);\n\
                   heal t { on structural(reason: empty) => keep; }\n\
                   load t into csv 'out.csv' with (mode = overwrite);\n";
    for bytes in [&b"n,s\n"[..], b"", b"\n"] {
        let project = Project::with(program, &[("x.csv", bytes)]);
        project.run(0);
        assert_eq!(project.read("out.csv"), "n,s\n");
    }
    // Among others that have rows it is no sign of anything.
    let project = Project::new("?.csv", &[("x.csv", GOOD), ("y.csv", b"")]);
    project.run(0);
}

#[test]
fn a_folder_with_files_of_others_is_not_overwritten() {
    for mode in ["overwrite", "create"] {
        let program = format!(
            "source t from csv 'x.csv' schema (n bigint, s text);\nload t into parquet 'out' with (mode = {mode});\n"
        );
        let project = Project::with(&program, &[("x.csv", GOOD), ("out/notes.txt", b"mine")]);
        let report = project.refused();
        fails(&report, "load_error", &["out"]);
        assert_eq!(report["failures"][0]["fields"]["kind"], "conflict", "{report:#}");
        assert_eq!(project.read("out/notes.txt"), "mine");
    }
}

#[test]
fn create_replaces_nothing() {
    let program =
        "source t from csv 'x.csv' schema (n bigint, s text);\nload t into csv 'out.csv' with (mode = create);\n";
    let project = Project::with(program, &[("x.csv", GOOD), ("out.csv", b"mine")]);
    says(&project.refused(), "E1208", &["out.csv"]);
    assert_eq!(project.read("out.csv"), "mine");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_commits_nothing() {
    // A limit on the size of a file ends a write the way a full disk does, in the middle.
    let rows: Vec<u8> = (0..200_000u64).fold(b"n,s\n".to_vec(), |mut t, n| {
        writeln!(t, "{n},{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).unwrap();
        t
    });
    let project = Project::new("x.csv", &[("x.csv", &rows)]);
    let script = format!("trap '' XFSZ; ulimit -f 1024; exec '{}' run --format json", crate::pipe::binary().display());
    let output = std::process::Command::new("sh").args(["-c", &script]).current_dir(project.path()).output().unwrap();
    let ran = Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    let report = ran.expect(1).json();
    assert!(report["diagnostics"][0]["code"].as_str().is_some_and(|c| c.starts_with("E12")), "{report:#}");
    assert!(!project.path().join("out.csv").exists());
    assert_eq!(staged(project.path()), Vec::<std::path::PathBuf>::new());
    assert_eq!(project.run(0)["tables"][0]["committed"], 200_000);
}

/// Whatever ends a command, who asked for JSON gets one object that says the exit code and why.
#[test]
fn every_failure_is_one_json_object() {
    let project = Project::new("x.csv", &[("x.csv", GOOD)]);
    for (args, code, page) in [
        (&["run", "--nope"][..], 2, "E1007"),
        (&["run", "nowhere"], 2, "E1001"),
        (&["run", "--target", "zz"], 2, "E1002"),
        (&["run", "--plan", "x.csv"], 2, "E1008"),
        (&["plan", "--target", "zz"], 2, "E1002"),
        (&["plan", "-o", "nowhere/plan.json"], 1, "E1207"),
        (&["check", "nowhere"], 2, "E1001"),
        (&["query", "drop table t"], 2, "E1302"),
        (&["query", "select cast(s as bigint) from t"], 1, "E1301"),
        (&["runs", "show", "zz"], 2, "E1304"),
        (&["heals", "show", "9"], 2, "E1305"),
        (&["quarantine", "show", "zz"], 2, "E1307"),
        (&["quarantine", "replay", "zz"], 2, "E1002"),
        (&["nonsense"], 2, "E1007"),
    ] {
        let said = pipe(project.path(), &[args, &["--format", "json"]].concat()).expect(code).json();
        assert_eq!((&said["exit_code"], &said["diagnostics"][0]["code"]), (&code.into(), &page.into()), "{args:?}");
    }
}
