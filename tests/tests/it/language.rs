//! The language specs hold, and show the whole language.

use std::path::PathBuf;

use pipe_diagnostics::codes;
use pipe_tests::language::{Coverage, Spec, blessed, cases, checked, judge, wanted};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("language")
}

fn specs() -> Vec<Spec> {
    let mut all: Vec<Spec> = std::fs::read_dir(folder())
        .expect("tests/language")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "md") && !path.ends_with("README.md"))
        .map(|path| Spec {
            name: path.file_name().expect("a name").to_string_lossy().into_owned(),
            text: std::fs::read_to_string(&path).expect("a spec"),
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// With `UPDATE_SPECS=1` what is raised is written into the specs instead, to be reviewed as a change.
#[test]
fn programs_raise_what_the_specs_say_and_nothing_else() {
    let update = std::env::var_os("UPDATE_SPECS").is_some();
    let mut wrong = Vec::new();
    for spec in specs() {
        let all = cases(&spec);
        assert!(!all.is_empty(), "{} has no program", spec.name);
        if update {
            std::fs::write(folder().join(&spec.name), blessed(&spec, &all)).expect("written");
            continue;
        }
        wrong.extend(all.iter().flat_map(|case| judge(case).wrong));
    }
    assert!(wrong.is_empty(), "\n{}\nUPDATE_SPECS=1 writes into the specs what is raised", wrong.join("\n"));
}

#[test]
fn every_part_of_the_language_is_shown_right_and_wrong() {
    let mut shown = Coverage::default();
    for case in specs().iter().flat_map(cases) {
        shown.add(&case, &judge(&case));
    }
    let wanted = wanted();
    let missing = |of: &std::collections::BTreeSet<String>| -> Vec<String> { wanted.difference(of).cloned().collect() };
    let (good, bad) = (missing(&shown.good), missing(&shown.bad));
    let codes: Vec<_> = codes::pages()
        .filter(|p| !p.code.as_str().starts_with("E1") && !SITUATIONS.contains(&p.code.as_str()))
        .filter(|p| !shown.codes.contains(p.code.as_str()))
        .map(|p| format!("{} {}", p.code, p.title))
        .collect();
    assert!(
        good.is_empty() && bad.is_empty() && codes.is_empty(),
        "not shown right:\n  {}\nnot shown wrong:\n  {}\ncodes not raised:\n  {}",
        good.join("\n  "),
        bad.join("\n  "),
        codes.join("\n  ")
    );
}

/// What a program alone cannot show: files that cannot be read, the command line, keys of another version.
const SITUATIONS: [&str; 4] = ["E0100", "E0107", "W0207", "E0334"];

#[test]
fn what_a_program_alone_cannot_show_is_raised_by_the_command_line() {
    let dir = tempfile::tempdir().expect("a folder");
    let place = dir.path();
    std::fs::write(place.join("utf16.pipe"), b"\xff\xfep\0i\0p\0e\0").expect("written");
    let text = "pipe 1;\nparam day date;\nprofile prod {}\nsource orders from csv 'o.csv' schema (id bigint, at date);\n\
                model m as select id from orders where at >= $day;\nload m into parquet 'out';\n";
    std::fs::write(place.join("orders.pipe"), text).expect("written");
    std::fs::write(place.join("o.csv"), "id,at\n1,2026-01-31\n").expect("written");
    for (args, code, said) in [
        (&["check", "utf16.pipe"][..], "E0100", "`utf16.pipe` is not UTF-8"),
        (&["check", "orders.pipe", "--profile", "prd"], "E0107", "did you mean `prod`?"),
        (&["run", "orders.pipe"], "E0334", "give it with `--param day=…`"),
    ] {
        let done = crate::pipe::pipe(place, args);
        let told = format!("{}{}", done.stdout, done.stderr);
        assert!(told.contains(&format!("error[{code}]")) && told.contains(said), "{args:?}\n{told}");
        assert_eq!(done.code, if args[0] == "run" { 2 } else { 1 }, "{args:?}");
    }
    for (args, exit) in [
        (&["check", "orders.pipe", "--profile", "prod"][..], 0),
        (&["run", "orders.pipe", "--param", "day=2026-01-01"], 0),
    ] {
        crate::pipe::pipe(place, args).expect(exit);
    }
    // What comes in is a program too.
    let done = crate::pipe::pipe_with_input(place, &["check", "-", "--format", "concise"], "pipe 1;\nparam a txt;\n");
    assert_eq!((done.code, done.stdout.as_str()), (1, "<stdin>:2:9: error[E0119]: unknown type `txt`\n"));
}

/// A page's program, and the files it names, each behind a line `-- name`.
fn page_files(text: &str) -> Vec<(String, String)> {
    let mut files = vec![("main.pipe".to_owned(), String::new())];
    for line in text.lines() {
        match line.strip_prefix("-- ").filter(|name| name.ends_with(".sql") || name.ends_with(".pipe")) {
            Some(name) => files.push((name.to_owned(), String::new())),
            None => {
                let (_, text) = files.last_mut().expect("a file");
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    files.push(("shared/sources.pipe".to_owned(), "pipe 1;\n".to_owned()));
    files
}

#[test]
fn the_bad_program_of_a_page_raises_just_its_code_and_the_good_one_nothing() {
    // Pages leave the version out, but for the one that is about it.
    let raised = |text: &str, of: &str| -> Vec<String> {
        let files = page_files(text);
        let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let version = codes::names::VERSION_MISSING;
        let counts = |d: &&pipe_diagnostics::Diagnostic| d.code != version || of == version.as_str();
        let found = checked(&files, 1).diagnostics;
        found.iter().filter(counts).map(|d| format!("{} {}", d.code, d.message)).collect()
    };
    let mut wrong = Vec::new();
    for page in codes::pages().filter(|p| !p.code.as_str().starts_with("E1") && !SITUATIONS.contains(&p.code.as_str()))
    {
        let code = page.code.as_str();
        let (bad, good) = (raised(page.bad, code), raised(page.good, code));
        if bad.is_empty() || !bad.iter().all(|r| r.starts_with(code)) {
            wrong.push(format!("{code} bad: {bad:?}"));
        }
        if !good.is_empty() {
            wrong.push(format!("{code} good: {good:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
