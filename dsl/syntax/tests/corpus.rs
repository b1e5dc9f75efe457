//! Known answers: what is in `ok` gives no message, what is in `bad` gives just the code its first line names.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

use pipe_diagnostics::FileId;
use pipe_syntax::parse;

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../grammar/corpus").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn what_is_right_gives_no_message() {
    for file in files("ok") {
        let parsed = parse(&fs::read_to_string(&file).unwrap(), FileId(0));
        assert!(parsed.diagnostics.is_empty(), "{}: {:#?}", file.display(), parsed.diagnostics);
    }
}

#[test]
fn what_is_wrong_gives_its_code_once() {
    let mut wrong = Vec::new();
    for file in files("bad") {
        let text = fs::read_to_string(&file).unwrap();
        let expected = text.lines().next().and_then(|line| line.strip_prefix("-- expect: ")).unwrap();
        let diagnostics = parse(&text, FileId(0)).diagnostics;
        let codes: Vec<&str> = diagnostics.iter().map(|d| d.code.as_str()).collect();
        if codes.join(" ") != expected {
            let messages: Vec<&str> = diagnostics.iter().map(|d| d.message.as_str()).collect();
            wrong.push(format!("{}: {codes:?} {messages:#?}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
