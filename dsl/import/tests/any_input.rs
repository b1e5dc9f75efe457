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
