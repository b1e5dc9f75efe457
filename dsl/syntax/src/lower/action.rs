//! Actions.

use pest::iterators::Pair;
use pipe_diagnostics::codes::syntax as code;
use pipe_grammar::Rule;

use super::{Lower, Lowered, Parts, Refused};
use crate::ast::*;
use crate::message::shown;

/// Milliseconds of a day.
const DAY: u64 = 86_400_000;

impl Lower<'_> {
    pub(super) fn action(&mut self, pair: Pair<'_, Rule>) -> Lowered<Spanned<Action>> {
        let span = self.span(&pair);
        let inner = Parts::of(pair).part()?;
        Ok(Spanned::new(self.action_kind(inner)?, span))
    }

    fn action_kind(&mut self, pair: Pair<'_, Rule>) -> Lowered<Action> {
        let rule = pair.as_rule();
        let mut parts = Parts::of(pair);
        Ok(match rule {
            Rule::retry => self.retry(parts)?,
            Rule::use_source => Action::UseSource(self.name(&parts.part()?)),
            Rule::shrink_batch => Action::ShrinkBatch,
            Rule::skip_file => Action::SkipFile,
            Rule::rename => match (parts.next(), parts.next()) {
                (Some(from), Some(to)) => Action::Rename(Some((self.name(&from), self.name(&to)))),
                _ => Action::Rename(None),
            },
            Rule::keep => Action::Keep,
            Rule::ignore => Action::Ignore,
            Rule::cast => Action::Cast { column: self.target(&mut parts), using: self.fragment(parts.part()?)? },
            Rule::normalize => {
                let column = self.target(&mut parts);
                let mut format = Parts::of(parts.part()?);
                let word = self.word(&format.part()?);
                Action::Normalize { column, format: word, argument: format.next().map(|text| self.text(&text)) }
            }
            Rule::set => Action::Set {
                column: self.name(&parts.part()?),
                value: self.fragment(parts.part()?)?,
                filter: parts.next().map(|filter| self.filter(filter)).transpose()?,
            },
            Rule::fill => Action::Fill { column: self.target(&mut parts), with: self.fill_with(parts.part()?)? },
            Rule::majority => match (parts.next(), parts.next()) {
                (Some(column), Some(by)) => Action::Majority(Some((self.name(&column), self.names(by)))),
                _ => Action::Majority(None),
            },
            Rule::lookup => Action::Lookup {
                column: self.target(&mut parts),
                table: self.name(&parts.part()?),
                by: self.by_names(&mut parts)?,
            },
            Rule::prefer => Action::Prefer(self.names(parts.part()?)),
            Rule::snap => match (parts.next(), parts.next(), parts.next()) {
                (Some(column), Some(table), Some(key)) => {
                    Action::Snap(Some((self.name(&column), self.name(&table), self.name(&key))))
                }
                _ => Action::Snap(None),
            },
            Rule::clip => match (parts.next(), parts.next(), parts.next()) {
                (Some(column), Some(low), Some(high)) => {
                    Action::Clip(Some((self.name(&column), self.operand(low)?, self.operand(high)?)))
                }
                _ => Action::Clip(None),
            },
            Rule::dedupe => Action::Dedupe { by: self.by_names(&mut parts)?, keep: self.keep_row(parts.part()?)? },
            Rule::repair => Action::Repair(parts.map(|name| self.name(&name)).collect()),
            Rule::backfill => Action::Backfill(self.days(&parts.part()?)?),
            Rule::reload => Action::ReloadPartition,
            Rule::quarantine => Action::Quarantine,
            Rule::drop => Action::Drop,
            Rule::pause => Action::Pause,
            Rule::notify => Action::Notify(self.name(&parts.part()?)),
            Rule::ask => Action::Ask(self.text(&parts.part()?)),
            Rule::warn => Action::Warn(parts.next().map(|text| self.text(&text))),
            Rule::fail => Action::Fail(parts.next().map(|text| self.text(&text))),
            _ => return Err(Refused),
        })
    }

    fn target(&self, parts: &mut Parts<'_>) -> Option<Name> {
        parts.accept(Rule::name).map(|name| self.name(&name))
    }

    fn by_names(&self, parts: &mut Parts<'_>) -> Lowered<Vec<Name>> {
        match parts.accept(Rule::by_names) {
            Some(by) => Ok(self.names(Parts::of(by).part()?)),
            None => Ok(Vec::new()),
        }
    }

    fn retry(&mut self, parts: Parts<'_>) -> Lowered<Action> {
        let (mut times, mut backoff, mut up_to) = (None, None, None);
        for part in parts {
            let rule = part.as_rule();
            let value = Parts::of(part).part()?;
            match rule {
                Rule::times => times = Some(self.whole(&value)?),
                Rule::backoff => backoff = Some(self.duration(&value)?),
                _ => up_to = Some(self.duration(&value)?),
            }
        }
        Ok(Action::Retry { times, backoff, up_to })
    }

    fn fill_with(&mut self, pair: Pair<'_, Rule>) -> Lowered<FillWith> {
        let mut parts = Parts::of(pair);
        let Ok(word) = parts.keyword_pair() else { return Ok(FillWith::Sql(self.fragment(parts.part()?)?)) };
        Ok(match word.as_rule() {
            Rule::kw_mean => FillWith::Mean,
            Rule::kw_median => FillWith::Median,
            Rule::kw_mode => FillWith::Mode,
            Rule::kw_previous => FillWith::Previous(self.order_by(&mut parts)?),
            _ => return Err(Refused),
        })
    }

    fn keep_row(&mut self, pair: Pair<'_, Rule>) -> Lowered<KeepRow> {
        let mut parts = Parts::of(pair);
        if parts.keyword(Rule::kw_first) {
            return Ok(KeepRow::First(self.order_by(&mut parts)?));
        }
        Ok(match parts.next() {
            Some(name) => KeepRow::Latest(self.name(&name)),
            None => KeepRow::MostComplete,
        })
    }

    fn days(&mut self, pair: &Pair<'_, Rule>) -> Lowered<Spanned<u64>> {
        let duration = self.duration(pair)?;
        if duration.value.is_multiple_of(DAY) && duration.value > 0 {
            return Ok(self.spanned(pair, duration.value / DAY));
        }
        let message = format!("{} is not a whole number of days", shown(pair.as_str()));
        self.refuse(code::BAD_UNIT, message, duration.span, "a backfill takes days: `backfill 3d`")
    }
}
