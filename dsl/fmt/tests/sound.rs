//! Formatting is sound and comes to rest at once, over programs put together from all forms and from odd white space.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

use pipe_diagnostics::FileId;
use pipe_fmt::format;
use pipe_syntax::{TokenKind, parse, tokens};
use proptest::prelude::*;

/// The tokens of a right program, with comments and blanks of any kind put between them.
fn respaced(program: &str, gaps: &[&'static str]) -> String {
    let mut out = String::new();
    let mut gaps = gaps.iter().cycle();
    for token in tokens(program) {
        let text = &program[token.range];
        match token.kind {
            TokenKind::Comment | TokenKind::Doc => out.push_str(&format!("\n{text}\n")),
            _ => out.push_str(text),
        }
        out.push_str(gaps.next().unwrap_or(&" "));
    }
    out
}

fn gap() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        12 => Just(" "),
        2 => Just("\n"),
        1 => Just("\n\n\n"),
        1 => Just("\t "),
        1 => Just("\r\n"),
        1 => Just(" -- c\n"),
        1 => Just("\n  -- own line\n"),
        1 => Just("\n--- doc\n"),
        1 => Just(" /* a */ "),
        1 => Just("\n/* two\n   lines */\n"),
        1 => Just(" /* end */\n"),
        1 => Just("\n\n-- apart\n\n"),
    ]
}

/// One statement of each form, with parts of any kind.
fn statement() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "a",
        "Orders",
        "\"Quoted Name\"",
        "`b``q`",
        "source",
        "a_very_long_name_of_a_column_or_a_table",
    ]);
    let value = prop::sample::select(vec![
        "1",
        "'text'",
        "true",
        "5m",
        "64MiB",
        "0.1%",
        "[a, b]",
        "[]",
        "f(x, k = [1, 2])",
        "secret s",
        "$p",
        "'a very long text that makes the line break somewhere before its end'",
    ]);
    let sql = prop::sample::select(vec![
        "a > 1",
        "select 1",
        "count(*)",
        "a in ('x;', \"y\", $t$ ; $t$)",
        "a\n   + b\n      + c",
        "'line\n  break'",
        "a -- why\n + b",
    ]);
    let predicate = prop::sample::select(vec![
        "not null",
        "unique",
        "in ('a', 'b')",
        "between 1 and (2)",
        ">= date '2026-01-01'",
        "length = 5",
        "references t (id)",
        "is date '%Y'",
        "within 3 sigma over last 14 runs",
        "type decimal(10, 2)",
    ]);
    let option =
        prop::sample::select(vec!["tolerate 1%", "severity warning", "null fails", "because 'x'", "where (a > 1)"]);
    let action = prop::sample::select(vec![
        "quarantine",
        "retry 5 times backoff 1s up to 60s",
        "rename",
        "set a = (1) where (b)",
        "dedupe by (a, b) keep latest c",
        "fill with mean",
        "warn 'a rather long text that is said when it happens'",
        "clip a to (0, 10)",
    ]);
    let entries = prop::collection::vec(value, 0..5).prop_map(|values| {
        values.iter().enumerate().map(|(i, v)| format!("k{i} = {v}")).collect::<Vec<_>>().join(", ")
    });
    let rules = prop::collection::vec((name.clone(), prop::collection::vec(predicate, 1..4), option), 0..4);
    let steps = prop::collection::vec(action, 1..4);
    (name, entries, sql, rules, steps, 0usize..9).prop_map(|(name, entries, sql, rules, steps, form)| match form {
        0 => format!("param {name} decimal(10, 2) = -1;"),
        1 => format!("connection {name} postgres with ({entries});"),
        2 => format!("source {name} from csv 'x' with ({entries}) schema ({name} int alias b, c struct<a int, b text[]>) cdc by (c);"),
        3 => format!("model {name} with ({entries}) as {sql};"),
        4 => {
            let items = rules.iter().map(|(column, predicates, option)| {
                format!("{column} {} {option}; n: ({sql}) {};", predicates.join(", "), predicates[0])
            });
            format!("rules {name} {{ {} }}", items.collect::<String>())
        }
        5 => format!("heal {name} {{ on a(b: c | 1) | d where ({sql}) => {} else {}; }}", steps.join(" then "), steps.join(" else ")),
        6 => format!("test {name} {{ given {name} as {sql}; expect {name} rows 1 quarantined 2; expect heal {}; }}", steps[0]),
        7 => format!("load {name} into parquet 'x' with ({entries});"),
        _ => format!("profile {name} {{ param a int; connection b c with ({entries}); }}"),
    })
}

/// What must hold of any right program.
fn check(text: &str) {
    if parse(text, FileId(0)).diagnostics.iter().any(|d| d.is_error()) {
        assert!(format(text).is_err());
        return;
    }
    let once = format(text).unwrap_or_else(|e| panic!("{e:#?}\n{text}"));
    assert_eq!(format(&once).as_ref(), Ok(&once), "{text}");
    assert!(once.ends_with('\n') && !once.ends_with("\n\n"), "{once}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_program_with_any_white_space(
        statements in prop::collection::vec(statement(), 1..6),
        gaps in prop::collection::vec(gap(), 1..50),
    ) {
        let program = statements.concat();
        prop_assert_eq!(parse(&program, FileId(0)).diagnostics, vec![], "{}", program);
        check(&program);
        check(&respaced(&program, &gaps));
    }
}

#[test]
fn the_corpus_with_comments_everywhere() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../grammar/corpus/ok");
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for gap in [" ", "\n", " -- c\n", "\n-- c\n", " /* c */ ", "\n\n/* c\n */\n\n", "\n--- d\n"] {
            check(&respaced(&text, &[gap]));
        }
    }
}
