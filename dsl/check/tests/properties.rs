//! What holds for any text: no panic, spans in bounds and on characters, the same messages again, errors leave no half statements.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail their test"
)]

use pipe_check::{Loaded, check};
use pipe_diagnostics::codes;
use proptest::prelude::*;

/// All programs of the pages of this crate, as seeds.
fn seeds() -> Vec<&'static str> {
    codes::pages()
        .filter(|p| p.code.as_str() < "E1000" || p.code.as_str().starts_with('W'))
        .flat_map(|p| [p.bad, p.good])
        .collect()
}

/// Words that belong somewhere else.
const WORDS: [&str; 40] = [
    ";",
    "(",
    ")",
    "{",
    "}",
    "'",
    "\"",
    ",",
    "=>",
    ":",
    "|",
    "$ratio",
    "$value",
    "with",
    "schema",
    "select 1",
    "heal *",
    "rules orders {",
    "on rule_failed",
    "quarantine",
    "else",
    "then",
    "where",
    "secret x",
    "null",
    "_",
    "*",
    "-- ",
    "/*",
    "é",
    "\u{0}",
    "1e999",
    "99999999999999999999",
    "100%",
    "1d",
    "drop",
    "unique",
    "source",
    "model",
    "from",
];

#[derive(Clone, Debug)]
enum Edit {
    Cut(prop::sample::Index, usize),
    Insert(prop::sample::Index, &'static str),
    Copy(prop::sample::Index, usize, prop::sample::Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), 0_usize..12).prop_map(|(i, n)| Edit::Cut(i, n)),
        (at(), prop::sample::select(&WORDS[..])).prop_map(|(i, w)| Edit::Insert(i, w)),
        (at(), 0_usize..40, at()).prop_map(|(i, n, to)| Edit::Copy(i, n, to)),
    ]
}

fn apply(text: &str, edits: &[Edit]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for edit in edits {
        let len = chars.len();
        match edit {
            Edit::Cut(i, n) => {
                let i = i.index(len + 1);
                chars.drain(i..(i + n).min(len));
            }
            Edit::Insert(i, word) => {
                let i = i.index(len + 1);
                chars.splice(i..i, format!(" {word} ").chars());
            }
            Edit::Copy(i, n, to) => {
                let i = i.index(len + 1);
                let piece: Vec<char> = chars[i..(i + n).min(len)].to_vec();
                let to = to.index(len + 1);
                chars.splice(to..to, piece);
            }
        }
    }
    chars.into_iter().collect()
}

fn sound(loaded: &Loaded) {
    for d in &loaded.diagnostics {
        for label in &d.labels {
            let file = loaded.sources.get(label.span.file).expect("a span of a file that is there");
            assert!(file.text.get(label.span.range()).is_some(), "{:?} of {}", label.span, d.code);
        }
        assert!(codes::page(d.code.as_str()).is_some(), "{} has no page", d.code);
        assert!(!d.message.is_empty() && !d.message.ends_with('.'), "{}", d.message);
        assert_eq!(d.is_error(), d.code.as_str().starts_with('E'), "{}", d.code);
    }
    assert!(loaded.diagnostics.is_sorted_by_key(|d| d.span().map(|s| (s.file, s.start))));
    for (table, block) in &loaded.program.heals {
        for (i, clause) in block.clauses.iter().enumerate() {
            assert_eq!(clause.index, i + 1, "{table}");
            assert!(
                !clause.patterns.is_empty() && clause.steps.iter().all(|s| !s.is_empty()),
                "{table}: {}",
                clause.text
            );
        }
    }
    for (table, rules) in &loaded.program.rules {
        let mut names: Vec<&str> = rules.iter().map(|r| r.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), rules.len(), "{table} has two rules of one name");
        assert!(rules.iter().all(|r| pipe_schema::predicate(r.check).is_some()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_mutation_of_a_program_is_checked(
        first in prop::sample::select(seeds()),
        second in prop::sample::select(seeds()),
        edits in prop::collection::vec(edit(), 0..6),
    ) {
        let text = apply(&format!("{first}\n{second}"), &edits);
        let loaded = check(&[("main.pipe", &text)]);
        sound(&loaded);
        let again = check(&[("main.pipe", &text)]);
        prop_assert_eq!(loaded.diagnostics, again.diagnostics);
    }

    #[test]
    fn any_text_is_checked(text in "\\PC{0,200}") {
        sound(&check(&[("main.pipe", &text)]));
    }
}

#[test]
fn a_program_of_a_thousand_statements_is_checked_in_linear_time() {
    let program = |n: usize| {
        let mut text = String::from("pipe 1;\n");
        for i in 0..n {
            text.push_str(&format!("source s{i} from csv 'in/s{i}/*.csv' schema (id bigint, k int, v text);\n"));
            text.push_str(&format!(
                "rules s{i} {{ id not null, unique; k between 1 and 9; v is email; r: (k + id > 3); }}\n"
            ));
            text.push_str(&format!("heal s{i} {{ on rule_failed(rule: id.unique) => dedupe keep latest k; on rule_failed => quarantine; }}\n"));
            text.push_str(&format!(
                "model m{i} as select a.id, sum(b.k) as k from s{i} a join s{} b on a.id = b.id group by a.id;\n",
                i / 2
            ));
            text.push_str(&format!("load m{i} into parquet 'out/m{i}';\n"));
        }
        text
    };
    let time = |n: usize| {
        let text = program(n);
        let best = (0..3)
            .map(|_| {
                let start = std::time::Instant::now();
                let loaded = check(&[("main.pipe", &text)]);
                assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics.first());
                start.elapsed()
            })
            .min();
        best.unwrap().as_secs_f64()
    };
    let (small, large) = (time(100), time(400));
    // Four times the statements; room for the noise of a shared machine, not for a square.
    assert!(large < 12.0 * small, "{small} s for 500 statements, {large} s for 2000");
}
