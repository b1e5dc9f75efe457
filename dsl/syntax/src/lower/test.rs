//! Items of `test`.

use pest::iterators::Pair;
use pipe_grammar::Rule;

use super::{Lower, Lowered, Parts, Refused};
use crate::ast::*;

/// `at`, `given`, `inject` or `expect`
pub(crate) fn test_item(lower: &mut Lower<'_>, pair: Pair<'_, Rule>) -> Lowered<Spanned<TestItem>> {
    let item = Parts::of(pair).part()?;
    let span = lower.span(&item);
    let rule = item.as_rule();
    let mut parts = Parts::of(item);
    let first = parts.part()?;
    let value = match rule {
        Rule::at => TestItem::At(lower.text(&first)),
        Rule::given => {
            let table = lower.name(&first);
            let next = parts.part()?;
            match next.as_rule() {
                Rule::query => TestItem::GivenSql { table, sql: lower.sql(&next) },
                _ => TestItem::GivenFile { table, connector: lower.word(&next), file: lower.text(&parts.part()?) },
            }
        }
        Rule::inject => lower.inject(first)?,
        Rule::expect => lower.expect(first)?,
        _ => return Err(Refused),
    };
    Ok(Spanned::new(value, span))
}

impl Lower<'_> {
    fn inject(&mut self, pair: Pair<'_, Rule>) -> Lowered<TestItem> {
        let rule = pair.as_rule();
        let mut parts = Parts::of(pair);
        Ok(match rule {
            Rule::inject_rename => TestItem::InjectRename {
                from: self.name(&parts.part()?),
                to: self.name(&parts.part()?),
                table: self.in_table(&mut parts)?,
            },
            Rule::inject_retype => TestItem::InjectRetype {
                column: self.name(&parts.part()?),
                ty: self.type_name(parts.part()?)?,
                table: self.in_table(&mut parts)?,
            },
            Rule::inject_drop => {
                TestItem::InjectDropColumn { column: self.name(&parts.part()?), table: self.in_table(&mut parts)? }
            }
            Rule::inject_add => TestItem::InjectAddColumn {
                column: self.name(&parts.part()?),
                ty: parts.accept(Rule::type_name).map(|ty| self.type_name(ty)).transpose()?,
                table: self.in_table(&mut parts)?,
            },
            Rule::inject_delimiter => {
                TestItem::InjectDelimiter { delimiter: self.text(&parts.part()?), table: self.in_table(&mut parts)? }
            }
            Rule::inject_bad => TestItem::InjectBadRecord {
                record: parts.accept(Rule::text).map(|text| self.text(&text)),
                table: self.in_table(&mut parts)?,
            },
            Rule::inject_kill => TestItem::InjectKill { before: parts.keyword(Rule::kw_before) },
            Rule::inject_failure => TestItem::InjectFailure {
                failure: self.failure(parts.part()?)?,
                times: match parts.accept(Rule::times) {
                    Some(times) => Some(self.whole(&Parts::of(times).part()?)?),
                    None => None,
                },
            },
            _ => return Err(Refused),
        })
    }

    fn in_table(&self, parts: &mut Parts<'_>) -> Lowered<Option<Name>> {
        parts.accept(Rule::in_table).map(|table| Ok(self.name(&Parts::of(table).part()?))).transpose()
    }

    fn expect(&mut self, pair: Pair<'_, Rule>) -> Lowered<TestItem> {
        let rule = pair.as_rule();
        let mut parts = Parts::of(pair);
        let first = parts.part()?;
        Ok(match rule {
            Rule::expect_heal => TestItem::ExpectHeal(self.action(first)?),
            Rule::expect_failure => TestItem::ExpectFailure(self.failure(first)?),
            Rule::expect_exit => TestItem::ExpectExit(self.whole(&first)?),
            Rule::expect_table => {
                let table = self.name(&first);
                match parts.accept(Rule::query) {
                    Some(sql) => TestItem::ExpectSql { table, sql: self.sql(&sql) },
                    None => TestItem::ExpectCounts {
                        table,
                        counts: parts.map(|count| self.count(count)).collect::<Lowered<_>>()?,
                    },
                }
            }
            _ => return Err(Refused),
        })
    }

    fn count(&mut self, pair: Pair<'_, Rule>) -> Lowered<(Word, Spanned<u64>)> {
        let mut parts = Parts::of(pair);
        Ok((self.word(&parts.part()?), self.whole(&parts.part()?)?))
    }
}
