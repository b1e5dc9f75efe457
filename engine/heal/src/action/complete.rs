//! What an action leaves out is taken from the failure and its rule.

use pipe_check::{Action, Predicate, Rule};
use pipe_schema::ActionInfo;
use pipe_sql::Expression;
use pipe_syntax::{Action as Syntax, Comparison, FillWith, KeepRow, Operand};
use sqlparser::ast::Expr;

use super::{Bound, Fill, Key, ResolvedAction, SnapTo, Survivor};
use crate::failure::Failure;
use crate::retry::Backoff;

/// Why an action cannot be carried out on a failure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Incomplete {
    /// It is for other failures.
    #[error("`{action}` does not apply to `{failure}`; it applies to {on}")]
    Failure {
        /// The action.
        action: &'static str,
        /// The failure's name.
        failure: &'static str,
        /// Those it applies to.
        on: String,
    },
    /// It is for other checks.
    #[error("`{action}` does not apply to the check `{check}`; it applies to {on}")]
    Check {
        /// The action.
        action: &'static str,
        /// The rule's check.
        check: String,
        /// Those it applies to.
        on: String,
    },
    /// Something was left out that the failure does not have either.
    #[error("`{action}` needs {what}, and `{failure}` has none: write it in the clause")]
    Missing {
        /// The action.
        action: &'static str,
        /// `a column`, `a key`, …
        what: &'static str,
        /// The failure, as reports print it.
        failure: String,
    },
    /// The bound itself violates the rule.
    #[error("`clip` cannot move a value to the bound of `{comparison}`: the bound itself is not allowed")]
    OpenBound {
        /// As written.
        comparison: &'static str,
    },
}

/// Fills in what an action leaves out: `rename` the candidate, `cast` the failure's column, `dedupe` the rule's columns,
/// `majority` its determined and determining columns, `clip` its bounds, `snap` its table. `rule` is the rule that failed,
/// for `rule_failed` and `table_failed`.
///
/// # Errors
/// When the action does not apply to the failure or something stays missing; the proposal is refused with the sentence.
pub fn completed(action: &Action, failure: &Failure, rule: Option<&Rule>) -> Result<ResolvedAction, Incomplete> {
    if let Some(info) = pipe_schema::action(action.name) {
        applicable(info, failure)?;
    }
    Completion { action, failure, rule }.complete()
}

fn applicable(info: &'static ActionInfo, failure: &Failure) -> Result<(), Incomplete> {
    let check = failure.text("check");
    if info.applies_to(failure.name, check) {
        return Ok(());
    }
    Err(match check {
        Some(check) if info.applies_to(failure.name, None) => {
            Incomplete::Check { action: info.name, check: check.to_owned(), on: list(info.checks) }
        }
        _ => Incomplete::Failure { action: info.name, failure: failure.name, on: list(info.on) },
    })
}

fn list(words: &[&str]) -> String {
    words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ")
}

struct Completion<'a> {
    action: &'a Action,
    failure: &'a Failure,
    rule: Option<&'a Rule>,
}

impl Completion<'_> {
    fn missing(&self, what: &'static str) -> Incomplete {
        Incomplete::Missing { action: self.action.name, what, failure: self.failure.to_string() }
    }

    /// The written column, else the failure's.
    fn column(&self, written: Option<&pipe_syntax::Name>) -> Result<String, Incomplete> {
        let own = written.map(|n| n.value.clone());
        own.or_else(|| self.failure.text("column").map(str::to_owned)).ok_or_else(|| self.missing("a column"))
    }

    fn sql(&self) -> Result<Box<Expression>, Incomplete> {
        self.action.sql.clone().map(Box::new).ok_or_else(|| self.missing("an expression"))
    }

    /// What the rule's key is: the subject of set rules.
    fn rule_key(&self) -> Vec<Key> {
        let subject = self.rule.map(|r| r.subject.as_slice()).unwrap_or_default();
        subject.iter().map(key_of).collect()
    }

    /// The written columns, else what the rule determines, else the failure's column.
    fn determined(&self, written: Option<&pipe_syntax::Name>) -> Result<Vec<String>, Incomplete> {
        match (written, self.rule.map(|r| &r.predicate)) {
            (None, Some(Predicate::Determines(columns))) => Ok(columns.clone()),
            _ => self.column(written).map(|c| vec![c]),
        }
    }

    /// The written key, else the rule's; only a `determines` rule has one for other columns.
    fn determining(&self, written: &[pipe_syntax::Name]) -> Result<Vec<Key>, Incomplete> {
        let determines = matches!(self.rule.map(|r| &r.predicate), Some(Predicate::Determines(_)));
        let key = if !written.is_empty() {
            written.iter().map(|n| Key::Column(n.value.clone())).collect()
        } else if determines {
            self.rule_key()
        } else {
            Vec::new()
        };
        if key.is_empty() { Err(self.missing("a key (`by`)")) } else { Ok(key) }
    }

    fn complete(&self) -> Result<ResolvedAction, Incomplete> {
        use ResolvedAction as R;
        let text = |name: &pipe_syntax::Name| name.value.clone();
        Ok(match &self.action.syntax {
            Syntax::Retry { times, backoff, up_to } => R::Retry(Backoff::new(
                times.as_ref().map(|t| t.value),
                backoff.as_ref().map(|b| b.value),
                up_to.as_ref().map(|u| u.value),
            )),
            Syntax::UseSource(name) => R::UseSource(text(name)),
            Syntax::ShrinkBatch => R::ShrinkBatch,
            Syntax::SkipFile => R::SkipFile,
            Syntax::Rename(Some((from, to))) => R::Rename { from: text(from), to: text(to), stated: true },
            Syntax::Rename(None) => {
                let from = self.failure.text("candidate").ok_or_else(|| self.missing("a candidate"))?;
                R::Rename { from: from.to_owned(), to: self.column(None)?, stated: false }
            }
            Syntax::Keep => R::Keep,
            Syntax::Ignore => R::Ignore,
            Syntax::Cast { column, .. } => R::Cast { column: self.column(column.as_ref())?, using: self.sql()? },
            Syntax::Normalize { column, format, argument } => R::Normalize {
                column: self.column(column.as_ref())?,
                format: text(format),
                argument: argument.as_ref().map(text),
            },
            Syntax::Set { column, .. } => {
                R::Set { column: text(column), value: self.sql()?, filter: self.action.filter.clone().map(Box::new) }
            }
            Syntax::Fill { column, with } => R::Fill {
                column: self.column(column.as_ref())?,
                with: match with {
                    FillWith::Sql(_) => Fill::Sql(self.sql()?),
                    FillWith::Mean => Fill::Mean,
                    FillWith::Median => Fill::Median,
                    FillWith::Mode => Fill::Mode,
                    FillWith::Previous(order) => Fill::Previous(order.as_ref().map(text)),
                },
            },
            Syntax::Majority(Some((column, by))) => {
                R::Majority { columns: vec![text(column)], by: self.determining(by)? }
            }
            Syntax::Majority(None) => R::Majority { columns: self.determined(None)?, by: self.determining(&[])? },
            Syntax::Lookup { column, table, by } => {
                R::Lookup { columns: self.determined(column.as_ref())?, table: text(table), by: self.determining(by)? }
            }
            Syntax::Prefer(sources) => R::Prefer {
                columns: self.determined(None)?,
                by: self.determining(&[])?,
                sources: sources.iter().map(text).collect(),
            },
            Syntax::Snap(written) => self.snap(written.as_ref())?,
            Syntax::Clip(written) => self.clip(written.as_ref())?,
            Syntax::Dedupe { by, keep } => R::Dedupe {
                by: if by.is_empty() { self.unique_key()? } else { by.iter().map(|n| Key::Column(text(n))).collect() },
                keep: match keep {
                    KeepRow::First(order) => Survivor::First(order.as_ref().map(text)),
                    KeepRow::Latest(column) => Survivor::Latest(text(column)),
                    KeepRow::MostComplete => Survivor::MostComplete,
                },
            },
            Syntax::Repair(columns) if columns.is_empty() => R::Repair { columns: self.determined(None)? },
            Syntax::Repair(columns) => R::Repair { columns: columns.iter().map(text).collect() },
            Syntax::Backfill(days) => R::Backfill(days.value),
            Syntax::ReloadPartition => R::ReloadPartition,
            Syntax::Quarantine => R::Quarantine,
            Syntax::Drop => R::Drop,
            Syntax::Pause => R::Pause,
            Syntax::Notify(channel) => R::Notify(text(channel)),
            Syntax::Ask(question) => R::Ask(text(question)),
            Syntax::Warn(said) => R::Warn(said.as_ref().map(text)),
            Syntax::Fail(said) => R::Fail(said.as_ref().map(text)),
        })
    }

    fn unique_key(&self) -> Result<Vec<Key>, Incomplete> {
        match self.rule.map(|r| &r.predicate) {
            Some(Predicate::Unique) => Ok(self.rule_key()),
            _ => Err(self.missing("a key (`by`)")),
        }
    }

    fn snap(
        &self,
        written: Option<&(pipe_syntax::Name, pipe_syntax::Name, pipe_syntax::Name)>,
    ) -> Result<ResolvedAction, Incomplete> {
        if let Some((column, table, of)) = written {
            let to = SnapTo::Table { table: table.value.clone(), column: of.value.clone() };
            return Ok(ResolvedAction::Snap { column: column.value.clone(), to });
        }
        let to = match self.rule.map(|r| &r.predicate) {
            Some(Predicate::References { table, columns }) => match columns.as_slice() {
                [column] => SnapTo::Table { table: table.clone(), column: column.clone() },
                _ => return Err(self.missing("a single column")),
            },
            Some(Predicate::In { negated: false, values }) => SnapTo::Values(values.clone()),
            _ => return Err(self.missing("values to match with")),
        };
        Ok(ResolvedAction::Snap { column: self.column(None)?, to })
    }

    fn clip(
        &self,
        written: Option<&(pipe_syntax::Name, pipe_syntax::Spanned<Operand>, pipe_syntax::Spanned<Operand>)>,
    ) -> Result<ResolvedAction, Incomplete> {
        if let Some((column, low, high)) = written {
            return Ok(ResolvedAction::Clip {
                column: column.value.clone(),
                low: Some(Bound::Written(low.value.clone())),
                high: Some(Bound::Written(high.value.clone())),
            });
        }
        let bound = |e: &Expression| Some(Bound::Rule(Box::new(e.clone())));
        let (low, high) = match self.rule.map(|r| &r.predicate) {
            Some(Predicate::Between(low, high)) => (bound(low), bound(high)),
            Some(Predicate::Compare(Comparison::Ge, low)) => (bound(low), None),
            Some(Predicate::Compare(Comparison::Le, high)) => (None, bound(high)),
            Some(Predicate::Compare(Comparison::Eq, to)) => (bound(to), bound(to)),
            Some(Predicate::Compare(Comparison::Lt, _)) => return Err(Incomplete::OpenBound { comparison: "<" }),
            Some(Predicate::Compare(Comparison::Gt, _)) => return Err(Incomplete::OpenBound { comparison: ">" }),
            Some(Predicate::Compare(Comparison::Ne, _)) => return Err(Incomplete::OpenBound { comparison: "<>" }),
            _ => return Err(self.missing("bounds")),
        };
        Ok(ResolvedAction::Clip { column: self.column(None)?, low, high })
    }
}

fn key_of(expression: &Expression) -> Key {
    match (&expression.ast, expression.columns.as_slice()) {
        (Expr::Identifier(_), [column]) => match column.parts.as_slice() {
            [name] => Key::Column(name.clone()),
            _ => Key::Sql(Box::new(expression.clone())),
        },
        _ => Key::Sql(Box::new(expression.clone())),
    }
}
