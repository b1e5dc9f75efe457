//! A short seeded run of each fuzz target, and the formatter over sentences of the grammar.

use std::collections::BTreeSet;

use pipe_diagnostics::FileId;
use pipe_tests::fuzz::{Sentences, fmt, run, target};
use pipe_tests::random::Random;

fn holds(name: &str, cases: u64) {
    let target = target(name).expect("a target");
    if let Err((seed, bytes)) = run(target, 1, cases) {
        panic!("{name}, seed {seed}:\n{}", String::from_utf8_lossy(&bytes).escape_debug());
    }
}

#[test]
fn any_bytes_are_parsed() {
    holds("parse", 3_000);
}

#[test]
fn any_program_is_checked() {
    holds("check", 1_000);
}

#[test]
fn any_message_is_in_its_file_and_can_be_shown() {
    holds("spans", 1_500);
}

#[test]
fn any_program_is_formatted_soundly_or_refused() {
    holds("fmt", 2_000);
}

#[test]
fn any_file_is_read_the_same_however_it_is_cut() {
    holds("csv", 1_000);
}

#[test]
fn sentences_of_the_grammar_are_formatted_soundly() {
    let grammar = std::fs::read_to_string(crate::pipe::repository().join("grammar/pipe.pest")).expect("the grammar");
    let sentences = Sentences::new(&grammar);
    let mut left: BTreeSet<String> = sentences.reachable();
    let mut right = 0;
    let all = 4_000;
    for seed in 0..all {
        let mut random = Random::new(seed);
        let made = sentences.statement(&mut random);
        let read = pipe_syntax::parse(&made.text, FileId(0));
        if read.diagnostics.is_empty() {
            right += 1;
            left.retain(|rule| !made.rules.contains(rule));
        }
        if std::panic::catch_unwind(|| fmt(made.text.as_bytes())).is_err() {
            panic!("seed {seed}:\n{}", made.text);
        }
    }
    assert!(right > all / 3, "{right} of {all} sentences are right");
    assert!(left.is_empty(), "never made: {left:?}");
}
