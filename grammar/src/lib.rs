//! The grammar of `.pipe` statements: pest's parser and the words a person types for each rule. No tree, no I/O.
//!
//! A slice of text is parsed by the rule of its statement or item; cutting the text into slices is the caller's.

mod symbols;

pub use symbols::{Symbol, symbol};

/// The version of the language this grammar reads; `pipe 1;` in a program.
pub const LANGUAGE_VERSION: u32 = 1;

/// The generated parser. The rules are documented in `pipe.pest`.
#[expect(missing_docs, reason = "pest derives `Rule` without doc comments")]
mod parser {
    /// Parses one slice by one rule.
    #[derive(pest_derive::Parser)]
    #[grammar = "pipe.pest"]
    pub struct PipeParser;
}

pub use parser::{PipeParser, Rule};

/// Whether `rule` is a sign or a keyword (or the end): a tree does not need it.
pub fn is_token(rule: Rule) -> bool {
    // Signs and keywords are the last rules of the grammar, so this is one comparison.
    rule == Rule::EOI || rule >= Rule::open
}

/// Whether `rule` is a keyword.
pub fn is_keyword(rule: Rule) -> bool {
    rule > Rule::greater
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_keywords_are_the_last_rules() {
        for rule in Rule::all_rules() {
            let keyword = format!("{rule:?}").starts_with("kw_");
            assert_eq!(is_keyword(*rule), keyword, "{rule:?}");
            assert!(is_token(*rule) || !keyword, "{rule:?}");
        }
        assert!(is_token(Rule::star) && !is_token(Rule::count));
    }

    #[test]
    fn no_rule_is_called_by_its_own_name() {
        for rule in Rule::all_rules() {
            let said = symbol(*rule).text;
            assert!(!said.contains('_') || said.contains('`'), "{rule:?} is called {said}");
        }
    }
}
