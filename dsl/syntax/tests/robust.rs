//! Whatever the text: no panic, no hang, spans inside it, a bounded number of messages.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use pipe_diagnostics::FileId;
use pipe_syntax::{StatementKind, parse, parse_with, tokens};
use proptest::prelude::*;

/// The files of the corpus, right and wrong.
fn corpus() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../grammar/corpus");
    let mut paths: Vec<_> = ["ok", "bad"]
        .iter()
        .flat_map(|part| fs::read_dir(folder.join(part)).unwrap().map(|entry| entry.unwrap().path()))
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// Parses, and checks what holds for any text.
fn check(text: &str) {
    let parsed = parse_with(text, FileId(3), &|sql| !sql.contains("model"));
    assert!(parsed.diagnostics.len() <= 100);
    let mut end = 0;
    for statement in &parsed.file.statements {
        let span = statement.span.span;
        assert!(span.start >= end && span.end > span.start, "{span:?} behind {end}");
        assert!(text.get(span.range()).is_some(), "{span:?}");
        end = span.end;
    }
    for diagnostic in &parsed.diagnostics {
        assert!(!diagnostic.labels.is_empty(), "{diagnostic:?}");
        for label in &diagnostic.labels {
            assert!(text.get(label.span.range()).is_some(), "{diagnostic:?}");
        }
        let says = [&diagnostic.message].into_iter().chain(&diagnostic.help).chain(&diagnostic.notes);
        assert!(says.into_iter().all(|line| !line.contains("kw_") && !line.contains('\n')), "{diagnostic:?}");
    }
    let wrong = parsed.file.statements.iter().any(|s| matches!(s.kind, StatementKind::Error { .. }));
    assert!(!wrong || !parsed.diagnostics.is_empty());
    let mut end = 0;
    for token in tokens(text) {
        assert!(token.range.start >= end && text.get(token.range.clone()).is_some());
        end = token.range.end;
    }
}

/// Pieces of the language, put together anyhow.
fn soup() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "pipe 1;",
        "source ",
        "from ",
        "model ",
        "as ",
        "select ",
        "rules ",
        "heal ",
        "on ",
        "test ",
        "profile ",
        "param ",
        "x",
        " y ",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ";",
        ",",
        ":",
        "=",
        "=>",
        "|",
        "'",
        "\"",
        "`",
        "$$",
        "$t$",
        "--",
        "--- ",
        "/*",
        "*/",
        "\n",
        "\r\n",
        "1",
        "5m",
        "1%",
        "not null",
        "with (",
        "schema (",
        "\nmodel a as select 1;",
        "\nrules b {",
        "\0",
        "\u{feff}",
        "é",
    ]);
    prop::collection::vec(words, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_pieces(text in soup()) {
        check(&text);
    }

    #[test]
    fn any_change_of_the_corpus(
        which in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
        len in 0usize..40,
        put in soup(),
    ) {
        let corpus = corpus();
        let mut text = corpus[which.index(corpus.len())].clone();
        let floor = |mut at: usize| {
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = floor(from.index(text.len() + 1));
        let end = floor((start + len).min(text.len()));
        text.replace_range(start..end.max(start), &put);
        check(&text);
    }
}

/// A text of some 400 kB; unoptimised, a linear parser needs a second for it, a quadratic one minutes.
fn large(piece: &str) -> String {
    piece.repeat(400_000 / piece.len() + 1)
}

#[test]
fn large_garbage_is_told_once_and_in_time() {
    let model = format!("model a as select {};", large("1, "));
    let nested = format!("rules a {{ x: {} }}", large("("));
    let texts = [
        large("\0"),
        large("lorem ipsum dolor sit amet "),
        large("lorem ipsum\n"),
        large("; "),
        large("}"),
        large("{"),
        large("source a from 'x\n"),
        large("source a from csv 'x'\n"),
        large("model a as select 'x\n"),
        large("param;"),
        large("param a;\n"),
        large("rules a { b c; }\n"),
        large("rules a { b c\n"),
        large("rules a {\n"),
        format!("rules a {{\n{}", large("  b unique\n")),
        format!("rules a {{\n{}}}", large("b c d;")),
        format!("connection a b with (c = {})", large("[")),
        format!("connection a b with (c = {});", large("f(")),
        format!("param a {};", large("list<")),
        format!("param a {};", large("struct<a ")),
        large("/*"),
        large("-- x\n"),
        large("--- x\n\n"),
        large("$a$"),
        large("'"),
        large("(';"),
        model,
        nested,
    ];
    for text in texts {
        let start = Instant::now();
        let parsed = parse(&text, FileId(0));
        let took = start.elapsed();
        let head: String = text.chars().take(40).collect();
        assert!(parsed.diagnostics.len() <= 100, "{head}");
        assert!(took < Duration::from_secs(30), "{head}: {took:?}");
    }
}

#[test]
fn a_note_says_that_there_are_more_messages() {
    let parsed = parse(&"param;\n".repeat(500), FileId(0));
    assert_eq!(parsed.diagnostics.len(), 100);
    assert_eq!(parsed.diagnostics[99].notes, ["only the first 100 messages of this file are shown"]);
    assert_eq!(parsed.file.statements.len(), 500);
}
