//! Clauses of `heal`: failures, patterns, steps.

use pest::iterators::Pair;
use pipe_grammar::Rule;

use super::scalar::{constant, fold_path};
use super::{Lower, Lowered, Parts, Refused};
use crate::ast::*;

/// `on failure | failure where (SQL) => steps else steps`
pub(crate) fn clause(lower: &mut Lower<'_>, docs: Vec<String>, pair: Pair<'_, Rule>) -> Lowered<Clause> {
    let span = lower.spanned(&pair, ());
    let (mut patterns, mut guard, mut steps) = (Vec::new(), None, Vec::new());
    for part in Parts::of(pair) {
        match part.as_rule() {
            Rule::failure => patterns.push(lower.failure(part)?),
            Rule::filter => guard = Some(lower.filter(part)?),
            Rule::steps => steps.push(Parts::of(part).map(|action| lower.action(action)).collect::<Lowered<_>>()?),
            _ => return Err(Refused),
        }
    }
    Ok(Clause { docs, patterns, guard, steps, span })
}

impl Lower<'_> {
    pub(super) fn failure(&mut self, pair: Pair<'_, Rule>) -> Lowered<FailurePattern> {
        let mut parts = Parts::of(pair);
        let failure = self.word(&parts.part()?);
        let fields = parts.map(|field| self.field(field)).collect::<Lowered<_>>()?;
        Ok(FailurePattern { failure, fields })
    }

    fn field(&mut self, pair: Pair<'_, Rule>) -> Lowered<(Word, Spanned<FieldPattern>)> {
        let mut parts = Parts::of(pair);
        let name = self.word(&parts.part()?);
        let mut values = Vec::new();
        let mut any = false;
        let mut span = name.span.after();
        for (i, alternative) in parts.enumerate() {
            let here = self.span(&alternative);
            span = if i == 0 { here } else { span.to(here) };
            if alternative.as_str() == "_" {
                any = true;
            } else {
                values.push(self.alternative(alternative)?);
            }
        }
        let pattern = if any { FieldPattern::Any } else { FieldPattern::OneOf(values) };
        Ok((name, Spanned::new(pattern, span)))
    }

    fn alternative(&mut self, pair: Pair<'_, Rule>) -> Lowered<Spanned<FieldValue>> {
        let span = self.span(&pair);
        let inner = Parts::of(pair).part()?;
        let value = match inner.as_rule() {
            Rule::pattern_type => FieldValue::Word(self.type_name(inner)?.value),
            Rule::pattern_word => match constant(inner.as_str()) {
                Some(literal) => FieldValue::Literal(literal),
                None => FieldValue::Word(fold_path(inner.as_str())),
            },
            _ => FieldValue::Literal(self.literal(inner)?.value),
        };
        Ok(Spanned::new(value, span))
    }
}
