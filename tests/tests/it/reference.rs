//! The reference is what the tables say, and its examples are programs.

use std::fmt::Write as _;

use pipe_schema::reference;

use crate::pipe::repository;

const MARK: &str = "<!-- what follows is made from the tables the checker reads -->\n\n";

#[test]
fn the_reference_is_what_the_tables_say() {
    let path = repository().join("dsl/REFERENCE.md");
    let text = std::fs::read_to_string(&path).expect("the reference");
    let (head, generated) = text.split_once(MARK).expect("the mark");
    let book = reference::book();
    if std::env::var_os("UPDATE_SPECS").is_some() {
        std::fs::write(&path, format!("{head}{MARK}{book}")).expect("written");
        return;
    }
    assert!(generated == book, "dsl/REFERENCE.md is not what the tables say; UPDATE_SPECS=1 writes it");
}

#[test]
fn every_example_of_the_reference_is_read_without_an_error() {
    let mut wrong = String::new();
    for (chapter, pages) in reference::chapters() {
        for page in pages {
            let program = match chapter {
                "Predicates" | "Kinds of check" | "Modifiers" => format!("rules orders {{ {} }}", page.example),
                "Failures" | "Actions" => format!("heal orders {{ {} }}", page.example),
                _ => page.example.clone(),
            };
            let parsed = pipe_syntax::parse(&program, pipe_diagnostics::FileId(0));
            for problem in parsed.diagnostics {
                _ = writeln!(wrong, "{} `{}`: {} in {program}", page.kind, page.word, problem.message);
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn a_word_is_found_as_it_is_written_and_by_the_name_of_its_check() {
    for (said, word) in [("CSV", "csv"), ("not null", "not null"), ("not_null", "not null"), (">=", ">="), ("ge", ">=")]
    {
        assert!(reference::find(said).iter().any(|page| page.word == word), "{said}");
    }
    // A word of two kinds has two pages.
    let kinds: Vec<_> = reference::find("date").iter().map(|page| page.kind).collect();
    assert_eq!(kinds, ["a predicate", "a type"]);
    assert!(reference::find("nothing of this name").is_empty());
}
