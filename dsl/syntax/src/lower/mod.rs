//! pest's pairs to the tree. The grammar is permissive: units, ranges and words of closed sets are read here, where a
//! message can say more.

mod action;
mod config;
mod heal;
mod rule;
mod scalar;
mod statement;
mod test;

pub(crate) use heal::clause;
pub(crate) use rule::rule;
pub(crate) use scalar::fold_path;
pub(crate) use statement::{head, statement};
pub(crate) use test::test_item;

use pest::iterators::{Pair, Pairs};
use pipe_diagnostics::{Code, Diagnostic, FileId, Span};
use pipe_grammar::{Rule, is_token};

use crate::ast::Spanned;

/// A node that could not be made; its message was given, or the driver gives one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused;

/// What lowering gives.
pub(crate) type Lowered<T> = Result<T, Refused>;

/// What all lowering needs: where the slice is, and where messages go.
pub(crate) struct Lower<'d> {
    /// The file of the spans.
    pub(crate) file: FileId,
    /// The slice's first byte in the file.
    pub(crate) base: usize,
    /// The slice's text is a part of this file.
    pub(crate) text: &'d str,
    /// Messages.
    pub(crate) diagnostics: &'d mut Vec<Diagnostic>,
}

impl Lower<'_> {
    fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        Span::new(self.file, self.base + span.start()..self.base + span.end())
    }

    fn spanned<T>(&self, pair: &Pair<'_, Rule>, value: T) -> Spanned<T> {
        Spanned::new(value, self.span(pair))
    }

    /// Gives a message and refuses the node.
    fn refuse<T>(&mut self, code: Code, message: String, span: Span, help: &str) -> Lowered<T> {
        let help = (!help.is_empty()).then(|| help.to_owned());
        self.diagnostics.push(Diagnostic::error(code, message, span).maybe_help(help));
        Err(Refused)
    }
}

/// The parts of a node that a tree needs: signs and keywords are left out.
pub(crate) struct Parts<'i> {
    pairs: std::iter::Peekable<Pairs<'i, Rule>>,
}

impl<'i> Parts<'i> {
    fn of(pair: Pair<'i, Rule>) -> Self {
        Self { pairs: pair.into_inner().peekable() }
    }

    /// The next part, whatever it is; refused if the grammar has none, which it then never does.
    fn part(&mut self) -> Lowered<Pair<'i, Rule>> {
        self.next().ok_or(Refused)
    }

    /// The next part if it is a `rule`.
    fn accept(&mut self, rule: Rule) -> Option<Pair<'i, Rule>> {
        self.skip_tokens();
        self.pairs.next_if(|pair| pair.as_rule() == rule)
    }

    /// Whether a keyword stands here, before the next part; takes it.
    fn keyword(&mut self, rule: Rule) -> bool {
        while let Some(pair) = self.pairs.next_if(|pair| is_token(pair.as_rule())) {
            if pair.as_rule() == rule {
                return true;
            }
        }
        false
    }

    /// The next part if it is one of these.
    fn accept_one(&mut self, rules: &[Rule]) -> Option<Pair<'i, Rule>> {
        rules.iter().find_map(|rule| self.accept(*rule))
    }

    /// The keyword that stands here; refused if the grammar has none, which it then never does.
    fn keyword_pair(&mut self) -> Lowered<Pair<'i, Rule>> {
        self.pairs.next_if(|pair| is_token(pair.as_rule())).ok_or(Refused)
    }

    fn skip_tokens(&mut self) {
        while self.pairs.next_if(|pair| is_token(pair.as_rule())).is_some() {}
    }
}

impl<'i> Iterator for Parts<'i> {
    type Item = Pair<'i, Rule>;

    fn next(&mut self) -> Option<Pair<'i, Rule>> {
        self.skip_tokens();
        self.pairs.next()
    }
}
