//! Actions with what they left out taken from the failure and its rule. What the run engine executes.

use pipe_check::{Action, Predicate, Rule};
use pipe_schema::ActionInfo;
use pipe_sql::Expression;
use pipe_syntax::{Action as Syntax, Comparison, FillWith, KeepRow, Operand};
use sqlparser::ast::Expr;

use crate::failure::Failure;
use crate::fate::Fate;
use crate::retry::Backoff;

/// An action, complete.
#[derive(Clone, Debug)]
pub enum ResolvedAction {
    /// Try again.
    Retry(Backoff),
    /// Read a second source instead.
    UseSource(String),
    /// Smaller batches, fewer connections.
    ShrinkBatch,
    /// The file goes to quarantine whole.
    SkipFile,
    /// Read the column `from` as `to`.
    Rename {
        /// The found column.
        from: String,
        /// The declared column.
        to: String,
        /// Whether both were written; else the candidate was chosen by evidence.
        stated: bool,
    },
    /// Take the column in; let the rows pass.
    Keep,
    /// Leave the column out; let the rows pass.
    Ignore,
    /// Convert the values that failed.
    Cast {
        /// The column.
        column: String,
        /// The conversion, over the row and `$value`.
        using: Box<Expression>,
    },
    /// Bring values into a form.
    Normalize {
        /// The column.
        column: String,
        /// `date`, `number`, …
        format: String,
        /// Such as a date format.
        argument: Option<String>,
    },
    /// Write an expression.
    Set {
        /// The column.
        column: String,
        /// Its new value, over the row.
        value: Box<Expression>,
        /// Which of the violating rows; all without one.
        filter: Option<Box<Expression>>,
    },
    /// Fill in for NULL.
    Fill {
        /// The column.
        column: String,
        /// With what.
        with: Fill,
    },
    /// Vote in the group.
    Majority {
        /// The columns voted on, each on its own.
        columns: Vec<String>,
        /// What makes the group.
        by: Vec<Key>,
    },
    /// A reference table decides.
    Lookup {
        /// The columns taken from it, by the same names.
        columns: Vec<String>,
        /// The reference table.
        table: String,
        /// What finds its row: each of the same name there.
        by: Vec<Key>,
    },
    /// The most trusted source's value.
    Prefer {
        /// The columns decided, each on its own.
        columns: Vec<String>,
        /// What makes the group.
        by: Vec<Key>,
        /// Sources, the most trusted first.
        sources: Vec<String>,
    },
    /// The one near match.
    Snap {
        /// The column.
        column: String,
        /// What it is matched with.
        to: SnapTo,
    },
    /// To the bound.
    Clip {
        /// The column.
        column: String,
        /// Values below become this.
        low: Option<Bound>,
        /// Values above become this.
        high: Option<Bound>,
    },
    /// One row of each key stays.
    Dedupe {
        /// The key.
        by: Vec<Key>,
        /// Which row.
        keep: Survivor,
    },
    /// The engine picks a repair by evidence.
    Repair {
        /// The columns it may write.
        columns: Vec<String>,
    },
    /// Extract a closed range again: the days.
    Backfill(u64),
    /// Extract the partition again.
    ReloadPartition,
    /// Rows leave the batch, with reasons.
    Quarantine,
    /// Rows leave the batch, counted.
    Drop,
    /// Stop until someone resumes.
    Pause,
    /// Tell a channel.
    Notify(String),
    /// Rows wait for someone's answer.
    Ask(String),
    /// Say so in the report.
    Warn(Option<String>),
    /// The table fails.
    Fail(Option<String>),
}

/// A part of a key.
#[derive(Clone, Debug)]
pub enum Key {
    /// A column.
    Column(String),
    /// An expression over the row.
    Sql(Box<Expression>),
}

/// With what `fill` fills.
#[derive(Clone, Debug)]
pub enum Fill {
    /// An expression over the row.
    Sql(Box<Expression>),
    /// The column's mean.
    Mean,
    /// The column's median.
    Median,
    /// The column's most frequent value.
    Mode,
    /// The value of the row before.
    Previous,
}

/// What `snap` matches with.
#[derive(Clone, Debug)]
pub enum SnapTo {
    /// The values of a table's column.
    Table {
        /// The table.
        table: String,
        /// Its column.
        column: String,
    },
    /// The values of an `in` rule.
    Values(Vec<Expression>),
}

/// A bound of `clip`.
#[derive(Clone, Debug)]
pub enum Bound {
    /// Of the rule.
    Rule(Box<Expression>),
    /// Of the action.
    Written(Operand),
}

/// Which of the rows of a key stays; of equals the last by file and line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Survivor {
    /// The first read.
    First,
    /// The one with the greatest value of a column.
    Latest(String),
    /// The one with the fewest NULLs.
    MostComplete,
}

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
                    FillWith::Previous => Fill::Previous,
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
                    KeepRow::First => Survivor::First,
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

impl ResolvedAction {
    /// Its name in [`pipe_schema::actions`].
    pub fn name(&self) -> &'static str {
        match self {
            Self::Retry(_) => "retry",
            Self::UseSource(_) => "use source",
            Self::ShrinkBatch => "shrink batch",
            Self::SkipFile => "skip file",
            Self::Rename { .. } => "rename",
            Self::Keep => "keep",
            Self::Ignore => "ignore",
            Self::Cast { .. } => "cast",
            Self::Normalize { .. } => "normalize",
            Self::Set { .. } => "set",
            Self::Fill { .. } => "fill",
            Self::Majority { .. } => "majority",
            Self::Lookup { .. } => "lookup",
            Self::Prefer { .. } => "prefer",
            Self::Snap { .. } => "snap",
            Self::Clip { .. } => "clip",
            Self::Dedupe { .. } => "dedupe",
            Self::Repair { .. } => "repair",
            Self::Backfill(_) => "backfill",
            Self::ReloadPartition => "reload partition",
            Self::Quarantine => "quarantine",
            Self::Drop => "drop",
            Self::Pause => "pause",
            Self::Notify(_) => "notify",
            Self::Ask(_) => "ask",
            Self::Warn(_) => "warn",
            Self::Fail(_) => "fail",
        }
    }

    /// Whether it infers what it writes: budgets and the clause's confidence bind it.
    pub fn inferred(&self) -> bool {
        pipe_schema::action(self.name()).is_some_and(|info| info.inferred)
    }

    /// Whether it repairs, so that `mode = manual` makes it wait: it changes cells, removes duplicates or reads a column
    /// under another name.
    pub fn repairs(&self) -> bool {
        !self.writes().is_empty() || matches!(self, Self::Rename { .. } | Self::Dedupe { .. })
    }

    /// The columns whose cells it changes.
    pub fn writes(&self) -> &[String] {
        match self {
            Self::Cast { column, .. }
            | Self::Normalize { column, .. }
            | Self::Set { column, .. }
            | Self::Fill { column, .. }
            | Self::Snap { column, .. }
            | Self::Clip { column, .. } => std::slice::from_ref(column),
            Self::Majority { columns, .. }
            | Self::Lookup { columns, .. }
            | Self::Prefer { columns, .. }
            | Self::Repair { columns } => columns,
            _ => &[],
        }
    }

    /// The fate it asks for the rows it takes; `None` when it decides none (repairs, `notify`, …).
    pub fn fate(&self) -> Option<Fate> {
        match self {
            Self::Keep | Self::Ignore | Self::Warn(_) => Some(Fate::Keep),
            Self::Drop => Some(Fate::Drop),
            Self::Quarantine | Self::SkipFile => Some(Fate::Quarantine),
            Self::Ask(_) => Some(Fate::Wait),
            Self::Fail(_) => Some(Fate::Fail),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use pipe_schema::Type;

    use super::*;
    use crate::failure::Candidate;
    use crate::testing::{clause, expression, rule};

    fn of(text: &str, failure: &Failure, rule: Option<&Rule>) -> Result<ResolvedAction, Incomplete> {
        completed(&clause(text).steps[0][0], failure, rule)
    }

    fn for_rule(text: &str, rule: &Rule) -> Result<ResolvedAction, Incomplete> {
        of(text, &Failure::rule_failed(rule, 2, 10), Some(rule))
    }

    fn keys(by: &[Key]) -> Vec<String> {
        by.iter()
            .map(|k| match k {
                Key::Column(c) => c.clone(),
                Key::Sql(e) => format!("({})", e.text),
            })
            .collect()
    }

    fn boxed(text: &str) -> Box<Expression> {
        Box::new(expression(text))
    }

    #[test]
    fn rename_takes_the_candidate() {
        let candidate = Candidate { column: "sum_total".into(), score: 0.9, margin: 0.5 };
        let missing = |c| Failure::missing_column("orders", "total", &Type::Int, c);
        let got = of("on missing_column => rename;", &missing(Some(&candidate)), None).unwrap();
        assert!(
            matches!(&got, ResolvedAction::Rename { from, to, stated: false } if from == "sum_total" && to == "total")
        );
        let none = of("on missing_column => rename;", &missing(None), None).unwrap_err();
        assert_eq!(
            none.to_string(),
            "`rename` needs a candidate, and `missing_column(column: total)` has none: write it in the clause"
        );
        let stated = of("on missing_column => rename amount to total;", &missing(None), None).unwrap();
        assert!(matches!(stated, ResolvedAction::Rename { from, stated: true, .. } if from == "amount"));
    }

    #[test]
    fn majority_takes_what_the_rule_determines() {
        let subject = vec![expression("state"), expression("lower(measure)")];
        let rule = rule("avg", "determines", Predicate::Determines(vec!["average".into(), "n".into()]), subject);
        let got = for_rule("on rule_failed(check: determines) => majority;", &rule).unwrap();
        let ResolvedAction::Majority { columns, by } = &got else { panic!("{got:?}") };
        assert_eq!((columns.join(" "), keys(by).join(" ")), ("average n".into(), "state (lower(measure))".into()));
        assert!(got.inferred() && got.repairs());
        let stated = for_rule("on rule_failed(check: determines) => majority of n by (k);", &rule).unwrap();
        let ResolvedAction::Majority { columns, by } = &stated else { panic!("{stated:?}") };
        assert_eq!((columns.join(" "), keys(by).join(" ")), ("n".into(), "k".into()));
    }

    #[test]
    fn dedupe_takes_the_key() {
        let rule = rule("shop_mail", "unique", Predicate::Unique, vec![expression("shop"), expression("lower(email)")]);
        let got = for_rule("on rule_failed => dedupe keep latest ordered_at;", &rule).unwrap();
        let ResolvedAction::Dedupe { by, keep } = &got else { panic!("{got:?}") };
        assert_eq!(keys(by), ["shop", "(lower(email))"]);
        assert_eq!(*keep, Survivor::Latest("ordered_at".into()));
        assert!(got.repairs() && !got.inferred() && got.writes().is_empty());
    }

    #[test]
    fn clip_takes_the_bounds() {
        let clip = |check, predicate| {
            for_rule("on rule_failed => clip;", &rule("r", check, predicate, vec![expression("quantity")]))
        };
        let got = clip("between", Predicate::Between(boxed("1"), boxed("100"))).unwrap();
        let ResolvedAction::Clip { column, low: Some(Bound::Rule(low)), high: Some(Bound::Rule(high)) } = &got else {
            panic!("{got:?}")
        };
        assert_eq!((column.as_str(), low.text.as_str(), high.text.as_str()), ("quantity", "1", "100"));
        let got = clip("ge", Predicate::Compare(Comparison::Ge, boxed("0"))).unwrap();
        assert!(matches!(got, ResolvedAction::Clip { low: Some(_), high: None, .. }));
        let open = clip("lt", Predicate::Compare(Comparison::Lt, boxed("5"))).unwrap_err();
        assert_eq!(open.to_string(), "`clip` cannot move a value to the bound of `<`: the bound itself is not allowed");
        let other = clip("not_null", Predicate::NotNull).unwrap_err();
        assert!(matches!(other, Incomplete::Check { check, .. } if check == "not_null"));
    }

    #[test]
    fn snap_takes_the_values() {
        let references = Predicate::References { table: "countries".into(), columns: vec!["code".into()] };
        let got =
            for_rule("on rule_failed => snap;", &rule("r", "references", references, vec![expression("country")]));
        assert!(matches!(
            got.unwrap(),
            ResolvedAction::Snap { column, to: SnapTo::Table { table, column: of } }
                if column == "country" && table == "countries" && of == "code"
        ));
        let values = Predicate::In { negated: false, values: vec![expression("'a'"), expression("'b'")] };
        let got = for_rule("on rule_failed => snap;", &rule("r", "in", values, vec![expression("status")])).unwrap();
        assert!(matches!(got, ResolvedAction::Snap { to: SnapTo::Values(v), .. } if v.len() == 2));
        let negated = Predicate::In { negated: true, values: vec![expression("'a'")] };
        let got = for_rule("on rule_failed => snap;", &rule("r", "in", negated, vec![expression("status")]));
        assert!(matches!(got, Err(Incomplete::Missing { .. })));
    }

    #[test]
    fn cast_and_fill_take_the_column() {
        let failed = Failure::cast_failed("orders", "unit_price", &Type::Decimal(10, 2), 1, 3);
        let got = of("on cast_failed => cast using (replace($value, ',', '.'));", &failed, None).unwrap();
        let ResolvedAction::Cast { column, using } = &got else { panic!("{got:?}") };
        assert_eq!((column.as_str(), using.text.as_str()), ("unit_price", "replace($value, ',', '.')"));
        assert!(!got.inferred() && got.writes() == ["unit_price"]);
        let rule = rule("status.not_null", "not_null", Predicate::NotNull, vec![expression("status")]);
        let got = for_rule("on rule_failed => fill with ('new');", &rule).unwrap();
        assert!(matches!(&got, ResolvedAction::Fill { column, with: Fill::Sql(_) } if column == "status"));
        let got = for_rule("on rule_failed => fill total with median;", &rule).unwrap();
        assert!(matches!(&got, ResolvedAction::Fill { column, with: Fill::Median } if column == "total"));
    }

    #[test]
    fn a_rule_without_a_column_leaves_it_missing() {
        let rule = rule("adds_up", "boolean", Predicate::True, vec![expression("a = b + c")]);
        let got = for_rule("on rule_failed => repair;", &rule).unwrap_err();
        assert!(got.to_string().starts_with("`repair` needs a column"), "{got}");
        assert!(for_rule("on rule_failed => set a = (b + c) where (b > 0);", &rule).is_ok());
    }

    #[test]
    fn what_does_not_apply_is_said() {
        let failed = Failure::cast_failed("orders", "a", &Type::Int, 1, 3);
        let got = of("on cast_failed => majority;", &failed, None).unwrap_err();
        assert_eq!(got.to_string(), "`majority` does not apply to `cast_failed`; it applies to `rule_failed`");
    }

    #[test]
    fn fates_and_names() {
        let rule = rule("r", "not_null", Predicate::NotNull, vec![expression("a")]);
        for (text, name, fate) in [
            ("quarantine", "quarantine", Some(Fate::Quarantine)),
            ("drop", "drop", Some(Fate::Drop)),
            ("keep", "keep", Some(Fate::Keep)),
            ("warn 'x'", "warn", Some(Fate::Keep)),
            ("fail", "fail", Some(Fate::Fail)),
            ("ask 'x'", "ask", Some(Fate::Wait)),
            ("notify oncall", "notify", None),
            ("set a = (1)", "set", None),
        ] {
            let got = for_rule(&format!("on rule_failed => {text};"), &rule).unwrap();
            assert_eq!((got.name(), got.fate()), (name, fate), "{text}");
            assert!(pipe_schema::action(got.name()).is_some(), "{text}");
        }
    }
}
