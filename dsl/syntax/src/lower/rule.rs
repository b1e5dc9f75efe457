//! Items of `rules`.

use pest::iterators::Pair;
use pipe_diagnostics::Span;
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
    } else if first.as_rule() == R::joined {
        (Subject::Table, vec![lower.predicate(first)?])
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
                let with = parts.part()?;
                if with.as_rule() == R::earlier_bound {
                    Predicate::CompareLast(comparison, self.earlier_bound(with)?)
                } else {
                    Predicate::Compare(comparison, self.operand(with)?)
                }
            }
            R::matches => Predicate::Matches(self.text(&parts.part()?)),
            R::like => Predicate::Like(self.text(&parts.part()?)),
            R::strictly | R::strictly_between => match self.predicate(parts.part()?)?.value {
                Predicate::Between(low, high) => Predicate::StrictlyBetween(low, high),
                Predicate::Monotone(monotone) => Predicate::Monotone(Monotone { strict: true, ..monotone }),
                _ => return Err(Refused),
            },
            R::negated | R::not_range => Predicate::Not(Box::new(self.predicate(parts.part()?)?)),
            R::not_missing => Predicate::NotMissing(parts.map(|v| self.operand(v)).collect::<Lowered<_>>()?),
            R::not_in_future => Predicate::NotInFuture,
            R::not_overlapping => Predicate::NotOverlapping,
            R::contiguous => Predicate::Contiguous,
            R::castable => Predicate::CastableAs(self.type_name(parts.part()?)?),
            R::compound | R::joined => Predicate::Compound(self.compound(rule, parts)?),
            R::length => Predicate::Length(Box::new(self.predicate(parts.part()?)?)),
            R::distinct => Predicate::Distinct(Box::new(self.predicate(parts.part()?)?)),
            R::is_format => {
                Predicate::Is { format: self.word(&parts.part()?), argument: parts.next().map(|text| self.text(&text)) }
            }
            R::unique => Predicate::Unique,
            R::monotone => Predicate::Monotone(Monotone {
                decreasing: parts.keyword(R::kw_decreasing),
                strict: false,
                order: self.order_by(&mut parts)?,
            }),
            R::sequential => {
                let step = match parts.accept_one(&[R::number, R::measure]) {
                    Some(step) => Some(self.step(&step)?),
                    None => None,
                };
                Predicate::Sequential { step, order: self.order_by(&mut parts)? }
            }
            R::transitions => {
                let mut steps = Vec::new();
                while let Some(step) = parts.accept(R::transition) {
                    let mut ends = Parts::of(step);
                    steps.push((self.literal(ends.part()?)?, self.literal(ends.part()?)?));
                }
                Predicate::Transitions { steps, order: self.order_by(&mut parts)? }
            }
            R::values => Predicate::Values {
                equal: parts.keyword(R::kw_equal),
                values: parts.map(|v| self.operand(v)).collect::<Lowered<_>>()?,
            },
            R::without_gaps => Predicate::WithoutGaps(self.step(&parts.part()?)?),
            R::statistic | R::row_count | R::column_count => return self.statistic(rule, parts, span),
            R::references => {
                Predicate::References { table: self.name(&parts.part()?), columns: self.names(parts.part()?) }
            }
            R::determines => Predicate::Determines(self.names(parts.part()?)),
            R::within_spread => {
                let factor = parts.part()?;
                let factor = self.spanned(&factor, number(factor.as_str()));
                let unit = self.word(&parts.keyword_pair()?);
                let seasonal = match parts.accept(R::seasonal) {
                    Some(seasonal) => Some(self.whole(&Parts::of(seasonal).part()?)?),
                    None => None,
                };
                let runs = match parts.accept(R::over_last) {
                    Some(runs) => Some(self.runs(Parts::of(runs))?),
                    None => None,
                };
                Predicate::WithinSpread { factor, unit, seasonal, runs }
            }
            R::within_last => Predicate::WithinLast(self.of_earlier(parts.part()?)?),
            R::within_age => Predicate::WithinAge(self.duration(&parts.part()?)?),
            R::same_as => Predicate::SameAs { table: self.name(&parts.part()?), column: self.name(&parts.part()?) },
            R::columns => Predicate::Columns(self.names(parts.part()?)),
            R::columns_hold => return self.predicate(parts.part()?),
            R::columns_set => Predicate::ColumnsInAnyOrder(self.names(parts.part()?)),
            R::columns_contain => Predicate::ColumnsContain(self.names(parts.part()?)),
            R::columns_without => Predicate::ColumnsWithout(parts.map(|t| self.text(&t)).collect()),
            R::columns_match => Predicate::ColumnsMatch(self.text(&parts.part()?)),
            R::same_table => Predicate::ColumnsSameAs(self.name(&parts.part()?)),
            R::type_is => Predicate::Type(parts.map(|t| self.type_name(t)).collect::<Lowered<_>>()?),
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
            R::by_names => RuleOption::By(self.names(parts.part()?)),
            R::approx => RuleOption::Approx,
            R::over_last => RuleOption::OverLast(self.runs(parts)?),
            R::tolerate => RuleOption::Tolerate(self.amount(&parts.part()?)?),
            R::warn_above => RuleOption::WarnAbove(self.amount(&parts.part()?)?),
            R::fail_above => RuleOption::FailAbove(self.amount(&parts.part()?)?),
            _ => return Err(Refused),
        };
        Ok(Spanned::new(value, span))
    }

    /// `14 runs [same weekday]`
    fn runs(&mut self, mut parts: Parts<'_>) -> Lowered<Runs> {
        let last = self.whole(&parts.part()?)?;
        Ok(Runs { last, same_weekday: parts.accept(R::same_weekday).map(|p| self.spanned(&p, ())) })
    }

    /// `80% of median of last 10 runs`
    fn of_earlier(&mut self, pair: Pair<'_, R>) -> Lowered<OfEarlier> {
        let one = self.spanned(&pair, 1);
        let mut parts = Parts::of(pair);
        let share = self.percent(&parts.part()?);
        let middle = parts.accept(R::middle).map(|word| self.word(&word));
        let last = match parts.accept(R::number) {
            Some(number) => self.whole(&number)?,
            None => one,
        };
        let same_weekday = parts.accept(R::same_weekday).map(|p| self.spanned(&p, ()));
        Ok(OfEarlier { share, middle, runs: Runs { last, same_weekday } })
    }

    /// `80% of median of last 10 runs`, `minimum of last 5 runs - 1`
    fn earlier_bound(&mut self, pair: Pair<'_, R>) -> Lowered<EarlierBound> {
        let mut parts = Parts::of(pair);
        let mut terms = vec![(false, self.earlier_term(parts.part()?)?)];
        while let Some(sign) = parts.accept(R::earlier_sign) {
            terms.push((sign.as_str() == "-", self.earlier_term(parts.part()?)?));
        }
        let same_weekday = parts.accept(R::same_weekday).map(|p| self.spanned(&p, ()));
        Ok(EarlierBound { terms, same_weekday })
    }

    fn earlier_term(&mut self, pair: Pair<'_, R>) -> Lowered<Spanned<EarlierTerm>> {
        let span = self.span(&pair);
        if pair.as_rule() == R::offset {
            return Ok(Spanned::new(EarlierTerm::Number(number(pair.as_str())), span));
        }
        let mut parts = Parts::of(pair);
        let share = parts.accept(R::percent).map(|share| self.percent(&share));
        let of = parts.accept(R::of_runs).map(|word| self.word(&word));
        let last = match parts.accept(R::number) {
            Some(number) => self.whole(&number)?,
            None => Spanned::new(1, span),
        };
        Ok(Spanned::new(EarlierTerm::Runs { share, of, last }, span))
    }

    /// `1%` or `5`
    fn amount(&mut self, pair: &Pair<'_, R>) -> Lowered<Amount> {
        Ok(match pair.as_rule() {
            R::percent => Amount::Share(self.percent(pair).value),
            _ => Amount::Rows(self.whole(pair)?.value),
        })
    }

    /// A duration or a number.
    fn step(&mut self, pair: &Pair<'_, R>) -> Lowered<Spanned<Operand>> {
        let value = match pair.as_rule() {
            R::measure => Operand::Duration(self.duration(pair)?.value),
            _ => Operand::Literal(Literal::Number(number(pair.as_str()))),
        };
        Ok(self.spanned(pair, value))
    }

    /// `order by c`
    pub(super) fn order_by(&mut self, parts: &mut Parts<'_>) -> Lowered<Option<Name>> {
        match parts.accept(R::order_by) {
            Some(order) => Ok(Some(self.name(&Parts::of(order).part()?))),
            None => Ok(None),
        }
    }

    /// `all of (…)`, `any of (…)`: behind a subject, or with one in each part.
    fn compound(&mut self, rule: R, mut parts: Parts<'_>) -> Lowered<Compound> {
        let all = parts.keyword_pair()?.as_rule() == R::kw_all;
        let own = rule == R::joined;
        let parts = parts.map(|pair| if own { self.part(pair) } else { self.bare_part(pair) });
        Ok(Compound { all, parts: parts.collect::<Lowered<_>>()? })
    }

    fn bare_part(&mut self, pair: Pair<'_, R>) -> Lowered<Part> {
        let span = self.spanned(&pair, ());
        Ok(Part { subject: None, predicate: Some(self.predicate(pair)?), span })
    }

    fn part(&mut self, pair: Pair<'_, R>) -> Lowered<Part> {
        let span = self.spanned(&pair, ());
        let mut inner = Parts::of(pair);
        let first = inner.part()?;
        if first.as_rule() == R::joined {
            return Ok(Part { subject: None, predicate: Some(self.predicate(first)?), span });
        }
        let subject = Some(self.subject(first)?);
        let predicate = match inner.next() {
            Some(predicate) => Some(self.predicate(predicate)?),
            None => None,
        };
        Ok(Part { subject, predicate, span })
    }

    /// A statistic, also `row count` and `column count`.
    fn statistic(&mut self, rule: R, mut parts: Parts<'_>, span: Span) -> Lowered<Spanned<Predicate>> {
        let (word, share) = match rule {
            R::row_count => (Spanned::new("row_count".to_owned(), span), None),
            R::column_count => (Spanned::new("column_count".to_owned(), span), None),
            _ => match parts.accept(R::statistic_word) {
                Some(word) => (self.word(&word), None),
                None => {
                    let share = parts.part()?;
                    (Spanned::new("quantile".to_owned(), span), Some(self.spanned(&share, number(share.as_str()))))
                }
            },
        };
        let reference = match parts.accept(R::reference) {
            Some(reference) => {
                let mut of = Parts::of(reference);
                Some((self.name(&of.part()?), self.name(&of.part()?)))
            }
            None => None,
        };
        let holds = parts.part()?;
        if holds.as_rule() == R::same_table {
            let table = self.name(&Parts::of(holds).part()?);
            return Ok(Spanned::new(Predicate::RowCountSameAs(table), span));
        }
        let holds = self.predicate(holds)?;
        Ok(Spanned::new(Predicate::Statistic(Box::new(Statistic { word, share, reference, holds })), span))
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
