//! Whatever is in a file, it is imported or refused; nothing panics, and what is refused has a place in the file.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that panics is a test that fails"
)]

use std::path::Path;

use pipe_import::{Tool, import};
use proptest::prelude::*;

/// The suites of the corpus.
fn suites() -> Vec<(Tool, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut found = Vec::new();
    for &tool in Tool::ALL {
        let mut files: Vec<_> =
            std::fs::read_dir(root.join(tool.word())).expect("a corpus").map(|f| f.expect("a file").path()).collect();
        files.sort();
        for file in files {
            if file.extension().is_some_and(|e| e != "pipe" && e != "told") {
                found.push((tool, std::fs::read_to_string(file).expect("UTF-8")));
            }
        }
    }
    found
}

fn holds(tool: Tool, text: &str) -> Result<(), TestCaseError> {
    match import(tool, "suite", text, None) {
        Ok(imported) => {
            let formatted = pipe_fmt::format(&imported.text).unwrap_or_default();
            prop_assert_eq!(&formatted, &imported.text);
            for refused in &imported.refused {
                let span = refused.span().expect("a place");
                prop_assert!(text.get(span.range()).is_some(), "{}: {:?} of {text:?}", refused.message, span);
            }
        }
        Err((problem, _)) => prop_assert!(!problem.message.is_empty()),
    }
    Ok(())
}

/// What no tool would write, and a part of what is told of it.
#[test]
fn what_is_hostile_is_told_and_not_lost() {
    let deep = format!("Rules = [ {}IsComplete \"a\"{} ]", "(".repeat(20_000), ")".repeat(20_000));
    let nested = format!("{{\"expectations\": {}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let cases = [
        (Tool::GreatExpectations, r#"{"expectations": [], "expectations": [{"type": "x"}]}"#, "for the second time"),
        (Tool::GreatExpectations, "? [a]\n: 1\nexpectations: []", "a key is a text"),
        (
            Tool::GreatExpectations,
            r#"{"expectations": [{"type": "expect_column_max_to_be_between", "kwargs": {"column": "a", "max_value": 1e999}}]}"#,
            "too great",
        ),
        (Tool::GreatExpectations, &nested, "recursion limit"),
        (Tool::Dqdl, &deep, "fewer brackets"),
        (Tool::Dqdl, r#"Rules = [ ColumnValues "a" in [] ]"#, "the list is empty"),
        (Tool::Soda, "checks for t:\n  - {}\n", "a check is a line"),
        (Tool::Soda, "checks for t:\n  - row_count > 0:\n      name: x\n    filter: y\n", "stands beside the check"),
        (Tool::Soda, "dataset: d\ncolumns:\n  - {nam: a}\n", "without a `name`"),
        (Tool::Soda, "dataset: d\ncolumns:\n  - {name: a}\nfoo: 1\n", "`foo`"),
        (Tool::Dbt, "models:\n  - name: t\n    columns: [{name: a}, {name: A}]\n", "for the second time"),
        (
            Tool::Odcs,
            "apiVersion: v3.1.0\nschema:\n  - name: t\n    properties: [{name: a, logicalType: string}, {name: a, logicalType: date}]\n",
            "for the second time",
        ),
        (Tool::Deequ, r#"{"constraint_suggestions": [{"code_for_constraint": 5}]}"#, "this is no constraint"),
        (
            Tool::Deequ,
            r#"{"constraint_suggestions": [{}, {"code_for_constraint": ".isComplete(\"a\")"}]}"#,
            "without its `code_for_constraint`",
        ),
    ];
    for (tool, text, part) in cases {
        let told = match import(tool, "suite", text, None) {
            Ok(imported) => imported.refused.iter().map(|d| d.message.clone()).collect::<Vec<_>>().join("; "),
            Err((problem, _)) => problem.message.clone(),
        };
        let shown: String = text.chars().take(200).collect();
        assert!(told.contains(part), "{shown}: {told}");
        holds(tool, text).expect("places");
    }
    for &tool in Tool::ALL {
        for text in ["", " \n", "null", "42", "\u{0}", "[1, 2]"] {
            assert!(import(tool, "suite", text, None).is_err(), "{tool:?}: {text:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// A piece is cut out of a suite and another put in its place.
    #[test]
    fn a_suite_with_a_wound_is_read_or_refused(
        which in 0usize..100, at in 0.0f64..1.0, length in 0usize..40,
        patch in prop::sample::select(vec!["", "\"", "'", "[", "}", ": ", "\n", "\n  - ", "é😀", "\\", "{{", "(", "-", "0", "\t", "&a *a", "<<: 1"]),
    ) {
        let suites = suites();
        let (tool, text) = &suites[which % suites.len()];
        let places: Vec<usize> = text.char_indices().map(|(i, _)| i).collect();
        let start = (at * places.len() as f64) as usize % places.len();
        let end = (start + length).min(places.len() - 1);
        let wounded = format!("{}{patch}{}", &text[..places[start]], &text[places[end]..]);
        holds(*tool, &wounded)?;
    }

    /// The file of one tool is given for another's.
    #[test]
    fn the_file_of_another_tool_is_read_or_refused(which in 0usize..100, other in 0usize..6) {
        let suites = suites();
        let (_, text) = &suites[which % suites.len()];
        holds(Tool::ALL[other % Tool::ALL.len()], text)?;
    }
}
