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

/// What a program alone cannot show: files that cannot be read, the command line, cases that the tables of today do not have.
const SITUATIONS: [&str; 5] = ["E0100", "E0107", "W0207", "E0208", "E0334"];

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
