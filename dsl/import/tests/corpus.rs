//! Suites written from the documentation of each tool, and what becomes of them: the program beside each, and what is told.
//!
//! `UPDATE_CORPUS=1` writes what comes out; read it before it is committed.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that panics is a test that fails"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use pipe_import::{Said, Tool, catalogue, import};

fn corpus(tool: Tool) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(tool.word())
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The suites of a tool, in order of name.
fn suites(tool: Tool) -> Vec<PathBuf> {
    let folder = corpus(tool);
    let entries = std::fs::read_dir(&folder).expect("a corpus");
    let files = entries.map(|e| e.expect("an entry").path());
    let mut files: Vec<PathBuf> = files.filter(|f| f.extension().is_some_and(|e| e != "pipe" && e != "told")).collect();
    files.sort();
    files
}

/// `line:column: code message` for each thing told, with the help below.
fn told(imported: &pipe_import::Imported) -> String {
    let mut out = String::new();
    for d in &imported.refused {
        let span = d.span().expect("a place");
        let file = imported.sources.get(span.file).expect("the file");
        let before = &file.text[..span.start as usize];
        let (line, column) =
            (before.matches('\n').count() + 1, before.chars().rev().take_while(|c| *c != '\n').count() + 1);
        writeln!(out, "{line}:{column}: {} {}", d.code, d.message).expect("written");
        for more in d.notes.iter().chain(&d.help) {
            writeln!(out, "    {more}").expect("written");
        }
    }
    out
}

/// Compares with the file beside, or writes it.
fn golden(path: &Path, found: &str) {
    if std::env::var_os("UPDATE_CORPUS").is_some() {
        if found.is_empty() {
            let _ = std::fs::remove_file(path);
        } else {
            std::fs::write(path, found).expect("written");
        }
        return;
    }
    let expected = if path.exists() { read(path) } else { String::new() };
    assert!(expected == found, "{} differs; UPDATE_CORPUS=1 writes it\n{found}", path.display());
}

/// The statements that declare the tables a suite does not describe.
fn declared(tool: Tool, missing: &[String]) -> String {
    let Ok(all) = std::fs::read_to_string(corpus(tool).join("tables.pipe")) else { return String::new() };
    let statements = all.split_inclusive(";\n").filter(|s| {
        let name = s.trim_start().strip_prefix("source ").and_then(|s| s.split_whitespace().next()).unwrap_or_default();
        missing.iter().any(|m| m == name)
    });
    statements.collect()
}

/// The program without the sources that stand for those of the corpus.
fn without(imported: &pipe_import::Imported) -> String {
    imported.undeclared.iter().fold(imported.text.clone(), |text, table| {
        let name = table.trim_matches('"');
        text.replace(&format!("source {table} from csv '{name}.csv';\n"), "")
    })
}

#[test]
fn suites_become_programs_that_check() {
    for &tool in Tool::ALL {
        for file in suites(tool) {
            let name = file.file_name().expect("a name").to_string_lossy().into_owned();
            let imported = match import(tool, &name, &read(&file), None) {
                Ok(imported) => imported,
                Err((why, _)) => panic!("{}: {}", file.display(), why.message),
            };
            golden(&file.with_extension("pipe"), &imported.text);
            golden(&file.with_extension("told"), &told(&imported));
            assert_eq!(pipe_fmt::format(&imported.text).expect("formatted"), imported.text, "{name}");
            let alone = pipe_check::check(&[(&name, &imported.text)]);
            assert!(!alone.has_errors(), "{name}: {:#?}", alone.diagnostics);
            let tables = declared(tool, &imported.undeclared);
            let loaded = pipe_check::check(&[(&name, &without(&imported)), ("tables.pipe", &tables)]);
            let errors: Vec<String> = loaded
                .diagnostics
                .iter()
                .filter(|d| d.is_error())
                .map(|d| {
                    format!(
                        "{} {} at `{}`",
                        d.code,
                        d.message,
                        d.span().map(|s| loaded.sources.text(s)).unwrap_or_default()
                    )
                })
                .collect();
            assert!(errors.is_empty(), "{}: {errors:#?}", file.display());
            let rules: usize = loaded.program.rules.values().map(Vec::len).sum();
            assert_eq!(rules, imported.rules, "{}: rules written and rules read back", file.display());
        }
    }
}

/// Whether the suites use a check; some have names that stand for a form.
fn mentions(all: &str, name: &str) -> bool {
    match (name, name.strip_prefix("contract: ")) {
        ("user-defined metric", _) => all.contains("_area expression:"),
        (_, Some(check)) => all.contains(&format!("- {check}:")),
        _ => name.split(" … ").all(|part| all.contains(part)),
    }
}

#[test]
fn every_check_of_a_tool_is_in_its_corpus_and_nearly_all_are_said() {
    for &tool in Tool::ALL {
        let all: String = suites(tool).iter().map(|f| read(f)).collect();
        let checks = catalogue(tool);
        let names: BTreeSet<&str> = checks.iter().map(|c| c.name).collect();
        assert_eq!(names.len(), checks.len(), "{tool:?}: a check stands twice");
        for check in checks {
            assert!(mentions(&all, check.name), "{tool:?}: no suite of the corpus has `{}`", check.name);
        }
        let said = checks.iter().filter(|c| matches!(c.said, Said::As(_))).count();
        // A contract has texts for people, and code hands values to functions of its own.
        let least = if matches!(tool, Tool::Odcs | Tool::Deequ) { 85 } else { 95 };
        assert!(said * 100 >= checks.len() * least, "{tool:?}: {said} of {}", checks.len());
    }
}

const TABLES: &str = "## Every check, and how it is said\n\n";

#[test]
fn the_page_is_what_the_catalogue_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../IMPORT.md");
    let text = read(&path);
    let (head, _) = text.split_once(TABLES).expect("the heading of the tables");
    let mut made = format!("{head}{TABLES}");
    for &tool in Tool::ALL {
        let checks = catalogue(tool);
        let said = checks.iter().filter(|c| matches!(c.said, Said::As(_))).count();
        writeln!(made, "### {}: {said} of {}\n\n| check | here |\n|---|---|", tool.title(), checks.len())
            .expect("written");
        for check in checks {
            let how = match check.said {
                Said::As(how) => how.to_owned(),
                Said::Not(why) => format!("**not**: {why}"),
            };
            // A bar would end the cell.
            writeln!(made, "| `{}` | {} |", check.name, how.replace('|', "\\|")).expect("written");
        }
        made.push('\n');
    }
    let made = format!("{}\n", made.trim_end());
    golden(&path, &made);
}
