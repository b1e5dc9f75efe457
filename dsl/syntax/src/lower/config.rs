//! `with (…)` and its values.

use pest::iterators::Pair;
use pipe_grammar::Rule;

use super::scalar::{Measure, constant, fold_path, number, unquote};
use super::{Lower, Lowered, Parts};
use crate::ast::{Call, Entry, Literal, Name, Spanned, Value, With};

impl Lower<'_> {
    pub(super) fn with(&mut self, pair: Pair<'_, Rule>) -> Lowered<With> {
        let span = self.spanned(&pair, ());
        let entries = Parts::of(pair).map(|entry| self.entry(entry)).collect::<Lowered<_>>()?;
        Ok(With { entries, span })
    }

    pub(super) fn maybe_with(&mut self, parts: &mut Parts<'_>) -> Lowered<Option<With>> {
        parts.accept(Rule::with).map(|with| self.with(with)).transpose()
    }

    fn entry(&mut self, pair: Pair<'_, Rule>) -> Lowered<Entry> {
        let mut parts = Parts::of(pair);
        let key = self.word(&parts.part()?);
        Ok(Entry { key, value: self.value(parts.part()?)? })
    }

    fn value(&mut self, pair: Pair<'_, Rule>) -> Lowered<Spanned<Value>> {
        let span = self.span(&pair);
        let inner = Parts::of(pair).part()?;
        let text = inner.as_str();
        let value = match inner.as_rule() {
            Rule::text => Value::Text(unquote(text)),
            Rule::number => Value::Number(number(text)),
            Rule::percent => Value::Percent(number(text.trim_end_matches('%'))),
            Rule::measure => match self.measure(&inner)? {
                Measure::Duration(ms) => Value::Duration(ms),
                Measure::Size(bytes) => Value::Size(bytes),
            },
            Rule::param_ref => Value::Param(self.param_ref(&inner)),
            Rule::secret_ref => Value::Secret(self.name(&Parts::of(inner).part()?)),
            Rule::list => Value::List(Parts::of(inner).map(|item| self.value(item)).collect::<Lowered<_>>()?),
            Rule::call => Value::Call(self.call(inner)?),
            _ => match constant(text) {
                Some(Literal::Bool(b)) => Value::Bool(b),
                _ => Value::Word(fold_path(text)),
            },
        };
        Ok(Spanned::new(value, span))
    }

    fn call(&mut self, pair: Pair<'_, Rule>) -> Lowered<Call> {
        let mut parts = Parts::of(pair);
        let name = self.word(&parts.part()?);
        let (mut args, mut entries) = (Vec::new(), Vec::new());
        for part in parts {
            match part.as_rule() {
                Rule::entry => entries.push(self.entry(part)?),
                _ => args.push(self.value(part)?),
            }
        }
        Ok(Call { name, args, entries })
    }

    /// `$name`; the span covers the `$` too.
    pub(super) fn param_ref(&self, pair: &Pair<'_, Rule>) -> Name {
        self.spanned(pair, fold_path(pair.as_str().trim_start_matches('$')))
    }
}
