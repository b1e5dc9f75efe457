//! Data files that stand in no program: `pipe profile` and `pipe suggest` of the file alone, and odd ones of every kind.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::pipe::{copy_of, pipe, pipe_with_input};

/// A folder with one file.
fn folder(name: &str, bytes: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), bytes).unwrap();
    folder
}

/// Visits of a museum: a town has one region, prices have two decimals, one of forty is written with a unit.
fn visits() -> String {
    let mut text = "Visit Id;town;region;price\n".to_owned();
    for i in 0..400 {
        let town = i * 7 % 8;
        let region = if i % 50 == 9 {
            "wets"
        } else if town < 4 {
            "west"
        } else {
            "east"
        };
        let unit = if i % 40 == 3 { " EUR" } else { "" };
        _ = writeln!(text, "{i};town {town};{region};{}.{:02}{unit}", 4 + i % 9, i % 4 * 25);
    }
    text
}

#[test]
fn from_an_unknown_file_to_a_healed_table() {
    let folder = folder("Visits 2026.csv", visits().as_bytes());
    let told = pipe(folder.path(), &["profile", "Visits 2026.csv"]).expect(0).stdout;
    assert!(told.starts_with("visits_2026: 400 rows, 4 columns"), "{told}");

    let printed = pipe(folder.path(), &["suggest", "Visits 2026.csv"]).expect(0);
    assert!(printed.stderr.contains("`--apply` writes the program `visits_2026.pipe`"), "{}", printed.stderr);
    assert!(!folder.path().join("visits_2026.pipe").exists());
    // What is printed is what is written, a whole program.
    let written = pipe(folder.path(), &["suggest", "Visits 2026.csv", "--apply"]).expect(0);
    assert!(written.stdout.is_empty() && written.stderr.contains("`pipe run visits_2026.pipe`"), "{}", written.stderr);
    let program = std::fs::read_to_string(folder.path().join("visits_2026.pipe")).unwrap();
    assert_eq!(program, printed.stdout);
    for line in ["with (delimiter = ';')", "\"visit id\"  bigint", "determines (region)", "load visits_2026 into csv"] {
        assert!(program.contains(line), "{line}\n{program}");
    }
    pipe(folder.path(), &["check", "visits_2026.pipe"]).expect(0);
    pipe_with_input(folder.path(), &["fmt", "--check", "visits_2026.pipe"], "").expect(0);
    pipe(folder.path(), &["run", "visits_2026.pipe"]).expect(0);
    let healed = std::fs::read_to_string(folder.path().join("out/visits_2026.csv")).unwrap();
    assert_eq!(healed.lines().count(), 401);
    assert!(!healed.contains("EUR") && healed.contains("\n3,town 5,east,7.75\n"), "{healed}");

    // A program that is there is not written over, and what adds to it is named.
    let again = pipe(folder.path(), &["suggest", "Visits 2026.csv", "--apply"]).expect(1).stderr;
    assert!(again.contains("`visits_2026.pipe` is there already"), "{again}");
    assert!(again.contains("`pipe suggest visits_2026 visits_2026.pipe --apply`"), "{again}");
}

#[test]
fn numbers_keep_the_decimals_they_are_written_with() {
    let mut text = "id,price\n".to_owned();
    (0..60).for_each(|i| _ = writeln!(text, "{i},{}.{:02}", 10 + i, i % 10 * 10));
    let folder = folder("p.csv", text.as_bytes());
    pipe(folder.path(), &["suggest", "p.csv", "--apply"]).expect(0);
    let program = std::fs::read_to_string(folder.path().join("p.pipe")).unwrap();
    assert!(program.contains("price  decimal(18, 2)"), "{program}");
    pipe(folder.path(), &["run", "p.pipe"]).expect(0);
    assert_eq!(std::fs::read_to_string(folder.path().join("out/p.csv")).unwrap(), text);
    // Where the program does not declare it, it is said.
    std::fs::write(folder.path().join("q.pipe"), "pipe 1;\nsource p from csv 'p.csv';\n").unwrap();
    let said = pipe(folder.path(), &["suggest", "p", "q.pipe"]).expect(0).stderr;
    assert!(said.contains("`decimal(18, 2)` keeps it as it is written"), "{said}");
}

#[test]
fn dates_come_out_as_most_of_them_are_written() {
    let written = |healed: bool| {
        let mut text = "id,day\n".to_owned();
        for i in 0..200 {
            let (year, month, day) = (2026, i % 12 + 1, i % 28 + 1);
            _ = match i % 50 {
                7 if !healed => writeln!(text, "{i},{day:02}.{month:02}.{year}"),
                19 if !healed => writeln!(text, "{i},{year}{month:02}{day:02}"),
                // Nobody can tell when.
                31 if i == 31 => writeln!(text, "{i},soon"),
                _ => writeln!(text, "{i},{year}-{month:02}-{day:02}"),
            };
        }
        text
    };
    let folder = folder("t.csv", written(false).as_bytes());
    let told = pipe(folder.path(), &["profile", "t.csv"]).expect(0).stdout;
    assert!(told.contains("dates written `%Y-%m-%d`, 2.0% `%d.%m.%Y`, 2.0% `%Y%m%d`"), "{told}");
    pipe(folder.path(), &["suggest", "t.csv", "--apply"]).expect(0);
    pipe(folder.path(), &["run"]).expect(0);
    let healed = std::fs::read_to_string(folder.path().join("out/t.csv")).unwrap();
    let rows = |text: &str| -> BTreeSet<String> { text.lines().map(str::to_owned).collect() };
    assert_eq!(rows(&healed), rows(&written(true)));
}

#[test]
fn json_says_the_same_and_a_file_that_is_not_there_is_said_so() {
    let folder = folder("v.csv", visits().as_bytes());
    let json = pipe(folder.path(), &["suggest", "v.csv", "--format", "json"]).expect(0).json();
    assert!(json["program"].as_str().unwrap().starts_with("pipe 1;\n\nsource v from csv 'v.csv'"));
    let missing = pipe(folder.path(), &["suggest", "w.csv"]).expect(1).stderr;
    assert!(missing.contains("there is no file `w.csv`"), "{missing}");
    let no_program = pipe(folder.path(), &["profile", "v"]).expect(2).stderr;
    assert!(no_program.contains("no `.pipe` file"), "{no_program}");
    pipe(folder.path(), &["profile", "v.csv", "-o", "v.html"]).expect(0);
    pipe(folder.path(), &["profile", "v.csv", "--columns-only", "--format", "json"]).expect(0).json();
}

/// Whatever a file holds, both commands answer, and what `suggest` writes checks and runs.
#[test]
fn odd_files_have_sensible_answers() {
    let wide = {
        let header: Vec<String> = (0..200).map(|i| format!("c{i}")).collect();
        let row = |r: usize| (0..200).map(|i| (r * i % 97).to_string()).collect::<Vec<_>>().join(",");
        format!("{}\n{}\n", header.join(","), (0..60).map(row).collect::<Vec<_>>().join("\n"))
    };
    let long = format!(
        "id,text\n{}\n",
        (0..40).map(|i| format!("{i},{}", "x".repeat(100_000 + i))).collect::<Vec<_>>().join("\n")
    );
    let odd: [(&str, Vec<u8>); 10] = [
        ("twice", format!("a,a,,\n{}", "1,2,3,4\n".repeat(30)).into_bytes()),
        ("one_row", b"a,b\n1,x\n".to_vec()),
        ("one_column", format!("a\n{}", "x\ny\n".repeat(50)).into_bytes()),
        ("all_null", format!("a,b\n{}", ",\n".repeat(50)).into_bytes()),
        ("constant", format!("a,b\n{}", "7,x\n".repeat(50)).into_bytes()),
        ("wide", wide.into_bytes()),
        ("long", long.into_bytes()),
        ("latin", (0..50).flat_map(|i| [format!("{i},M").as_bytes(), b"\xfcller\n"].concat()).collect()),
        ("quotes", format!("\"a \"\"b\"\"\",\"it's; -- x\"\n{}", "\"--\n'\",\"a'b\"\n".repeat(30)).into_bytes()),
        ("select", format!("from,where\n{}", "1,2\n".repeat(30)).into_bytes()),
    ];
    for (name, bytes) in odd {
        let folder = folder(&format!("{name}.csv"), &bytes);
        let file = format!("{name}.csv");
        pipe(folder.path(), &["profile", &file]).expect(0);
        pipe(folder.path(), &["suggest", &file, "--apply"]).expect(0);
        let program = format!("{name}.pipe");
        let checked = pipe(folder.path(), &["check", &program]);
        let text = std::fs::read_to_string(folder.path().join(&program)).unwrap();
        assert_eq!(checked.code, 0, "{name}: {}\n{text}", checked.stderr);
        let ran = pipe(folder.path(), &["run", &program]);
        assert_eq!(ran.code, 0, "{name}: {}\n{}\n{text}", ran.stdout, ran.stderr);
    }
}

#[test]
fn what_no_table_can_be_made_of_is_said() {
    let empty = folder("empty.csv", b"");
    for command in ["profile", "suggest"] {
        let said = pipe(empty.path(), &[command, "empty.csv"]).expect(1).stderr;
        assert!(said.contains("`empty.csv` is empty"), "{command}: {said}");
    }
    let folder = folder("header.csv", b"a,b\n");
    let told = pipe(folder.path(), &["profile", "header.csv"]);
    assert!(told.stdout.contains("0 rows") || told.stderr.contains("no records"), "{}{}", told.stdout, told.stderr);
}

/// The program of the guide is what `suggest` writes.
#[test]
fn the_program_of_the_guide_is_what_is_suggested() {
    let folder = copy_of("examples/visits");
    let program = folder.path().join("visits.pipe");
    let committed = std::fs::read_to_string(&program).unwrap();
    std::fs::remove_file(&program).unwrap();
    pipe(folder.path(), &["suggest", "data/visits.csv", "--apply"]).expect(0);
    assert_eq!(std::fs::read_to_string(&program).unwrap(), committed);
}
