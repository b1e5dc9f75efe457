//! Items of `rules`.

use pest::iterators::Pair;
use pipe_diagnostics::codes::syntax as code;
use pipe_grammar::Rule as R;

use super::scalar::{constant, number};
use super::{Lower, Lowered, Parts, Refused};
use crate::ast::*;

/// `[name:] subject [predicates] [options]`
pub(crate) fn rule(lower: &mut Lower<'_>, docs: Vec<String>, pair: Pair<'_, R>) -> Lowered<Rule> {
    let span = lower.spanned(&pair, ());
    let mut parts = Parts::of(pair);
    let name = match parts.accept(R::rule_name) {
        Some(name) => Some(lower.name(&Parts::of(name).part()?)),
        None => None,
    };
    let first = parts.part()?;
    let (subject, predicates) = if first.as_rule() == R::schema_rule {
        (Subject::Table, lower.predicates(first)?)
    } else {
        let predicates = match parts.accept(R::predicates) {
            Some(predicates) => lower.predicates(predicates)?,
            None => Vec::new(),
        };
        (lower.subject(first)?, predicates)
    };
    let options = parts.map(|option| lower.option(option)).collect::<Lowered<_>>()?;
    Ok(Rule { docs, name, subject, predicates, options, span })
}

impl Lower<'_> {
    fn subject(&mut self, pair: Pair<'_, R>) -> Lowered<Subject> {
        let mut parts = Parts::of(pair);
        if let Some(fragment) = parts.accept(R::fragment) {
            return Ok(Subject::Sql(self.fragment(fragment)?));
        }
        Ok(Subject::Columns(parts.map(|name| self.name(&name)).collect()))
    }

    fn predicates(&mut self, pair: Pair<'_, R>) -> Lowered<Vec<Spanned<Predicate>>> {
        Parts::of(pair).map(|predicate| self.predicate(predicate)).collect()
    }

    /// From a pair of `predicate`, or of one of its alternatives.
    fn predicate(&mut self, pair: Pair<'_, R>) -> Lowered<Spanned<Predicate>> {
        let span = self.span(&pair);
        if pair.as_rule() == R::predicate {
            return self.predicate(Parts::of(pair).part()?);
        }
        let rule = pair.as_rule();
        let is_sql_null_test = rule == R::not_null && pair.as_str().starts_with(['i', 'I']);
        let mut parts = Parts::of(pair);
        let value = match rule {
            R::not_null if is_sql_null_test => {
                let message = "a rule says `not null`, without `is`".to_owned();
                return self.refuse(code::UNEXPECTED, message, span, "write `not null`");
            }
            R::not_null => Predicate::NotNull,
            R::not_blank => Predicate::NotBlank,
            R::is_in => Predicate::In {
                negated: parts.keyword(R::kw_not),
                values: parts.map(|value| self.operand(value)).collect::<Lowered<_>>()?,
            },
            R::between => Predicate::Between(self.operand(parts.part()?)?, self.operand(parts.part()?)?),
            R::compare => {
                let comparison = comparison(parts.part()?.as_str())?;
                Predicate::Compare(comparison, self.operand(parts.part()?)?)
            }
            R::matches => Predicate::Matches(self.text(&parts.part()?)),
            R::like => Predicate::Like(self.text(&parts.part()?)),
            R::length => Predicate::Length(Box::new(self.predicate(parts.part()?)?)),
            R::distinct => Predicate::Distinct(Box::new(self.predicate(parts.part()?)?)),
            R::is_format => {
                Predicate::Is { format: self.word(&parts.part()?), argument: parts.next().map(|text| self.text(&text)) }
            }
            R::unique => Predicate::Unique,
            R::increasing => Predicate::Increasing,
            R::references => {
                Predicate::References { table: self.name(&parts.part()?), columns: self.names(parts.part()?) }
            }
            R::determines => Predicate::Determines(self.names(parts.part()?)),
            R::within_sigma => {
                let sigma = parts.part()?;
                let sigma = self.spanned(&sigma, number(sigma.as_str()));
                Predicate::WithinSigma { sigma, runs: self.whole(&parts.part()?)? }
            }
            R::within_last => Predicate::WithinLast(self.percent(&parts.part()?)),
            R::within_age => Predicate::WithinAge(self.duration(&parts.part()?)?),
            R::same_as => Predicate::SameAs { table: self.name(&parts.part()?), column: self.name(&parts.part()?) },
            R::columns => Predicate::Columns(self.names(parts.part()?)),
            R::type_is => Predicate::Type(self.type_name(parts.part()?)?),
            R::closed => Predicate::Closed,
            _ => return Err(Refused),
        };
        Ok(Spanned::new(value, span))
    }

    pub(super) fn operand(&mut self, pair: Pair<'_, R>) -> Lowered<Spanned<Operand>> {
        let span = self.span(&pair);
        let inner = Parts::of(pair).part()?;
        let value = match inner.as_rule() {
            R::fragment => Operand::Sql(self.fragment(inner)?),
            R::percent => Operand::Percent(self.percent(&inner).value),
            R::measure => Operand::Duration(self.duration(&inner)?.value),
            R::param_ref => Operand::Param(self.param_ref(&inner)),
            R::column => match constant(inner.as_str()) {
                Some(literal) => Operand::Literal(literal),
                None => Operand::Column(self.name(&inner)),
            },
            _ => Operand::Literal(self.literal(inner)?.value),
        };
        Ok(Spanned::new(value, span))
    }

    fn percent(&self, pair: &Pair<'_, R>) -> Spanned<String> {
        self.spanned(pair, number(pair.as_str().trim_end_matches('%')))
    }

    fn option(&mut self, pair: Pair<'_, R>) -> Lowered<Spanned<RuleOption>> {
        let span = self.span(&pair);
        let option = Parts::of(pair).part()?;
        let rule = option.as_rule();
        if rule == R::filter {
            return Ok(Spanned::new(RuleOption::Where(self.filter(option)?), span));
        }
        let mut parts = Parts::of(option);
        let value = match rule {
            R::null_fails => RuleOption::NullFails,
            R::severity => RuleOption::Severity(self.word(&parts.part()?)),
            R::dimension => RuleOption::Dimension(self.word(&parts.part()?)),
            R::because => RuleOption::Because(self.text(&parts.part()?)),
            R::tolerate => {
                let amount = parts.part()?;
                match amount.as_rule() {
                    R::percent => RuleOption::TolerateShare(self.percent(&amount).value),
                    _ => RuleOption::TolerateRows(self.whole(&amount)?.value),
                }
            }
            _ => return Err(Refused),
        };
        Ok(Spanned::new(value, span))
    }

    /// `where (SQL)`
    pub(super) fn filter(&mut self, pair: Pair<'_, R>) -> Lowered<Sql> {
        self.fragment(Parts::of(pair).part()?)
    }
}

fn comparison(sign: &str) -> Lowered<Comparison> {
    Ok(match sign {
        "<" => Comparison::Lt,
        "<=" => Comparison::Le,
        "=" => Comparison::Eq,
        ">=" => Comparison::Ge,
        ">" => Comparison::Gt,
        "<>" | "!=" => Comparison::Ne,
        _ => return Err(Refused),
    })
}
