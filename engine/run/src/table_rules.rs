//! Rules of which no row is to blame: of the columns, before any row; of the whole table, on the rows that would commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use pipe_check::{Rule, Severity};
use pipe_compile::Planner;
use pipe_heal::action::ResolvedAction;
use pipe_heal::failure::Failure;
use pipe_schema::Level;
use pipe_state::MetricState;

use crate::engine::{Engine, Stopped};
use crate::errors;
use crate::evaluate::Evaluator;
use crate::history::NAMED;
use crate::report::FailureReport;
use crate::rulebook::{Group, Observed, Rulebook, observe, observed, whole};
use crate::told;

impl Evaluator<'_, '_> {
    /// Fails the table for its columns, where no clause says otherwise.
    pub(crate) fn judge_schema_rules(&mut self, verdicts: &BTreeMap<u16, Observed>) -> Result<(), Stopped> {
        let mut fails = false;
        for (index, seen) in verdicts.iter().filter(|(_, o)| !o.holds) {
            let Some(rule) = self.rules.get(usize::from(*index)) else { continue };
            fails |= self.table_failure(*index, rule, seen, &crate::told::expected(rule))?;
        }
        if fails { Err(self.stopped()) } else { Ok(()) }
    }

    /// A failing table or schema rule: no row is to blame. Tells whether it fails the table.
    fn table_failure(&mut self, index: u16, rule: &Rule, seen: &Observed, expected: &str) -> Result<bool, Stopped> {
        let answered = self.answer(Failure::table_failed(rule, &seen.text, expected), Some((index, rule)))?;
        let actions = answered.group(0, Some(rule));
        self.accompany(&answered, &actions);
        let passes = actions
            .iter()
            .any(|a| matches!(a, ResolvedAction::Keep | ResolvedAction::Ignore | ResolvedAction::Warn(_)));
        let critical = rule.severity == Severity::Critical;
        if passes && !critical {
            let word = if answered.clause.is_some() { "kept" } else { "reported" };
            self.failures.push(told::failure(&answered, word, Vec::new()));
            if answered.clause.is_some() {
                self.heals.push(told::heal(&answered, "keep", "applied"));
            }
            return Ok(false);
        }
        let mut help = "nothing is lost: mend the data or the rule, and run again".to_owned();
        if !critical {
            help += &format!("; `on table_failed(rule: {}) => warn` lets it pass", rule.name);
        }
        self.failures.push(FailureReport { help: Some(help), ..told::failure(&answered, "failed", Vec::new()) });
        Ok(true)
    }

    /// What table rules find of the rows that would commit; `values` are those of the fused aggregates over them.
    pub(crate) async fn observe_table_rules(
        &self,
        book: &Rulebook,
        values: &[ScalarValue],
        rows: Arc<dyn TableProvider>,
    ) -> Result<BTreeMap<u16, (Observed, String)>, Stopped> {
        let mut verdicts = BTreeMap::new();
        for table in &book.table {
            let Some(rule) = book.rule(table.rule) else { continue };
            let seen = match (&table.assertion.fused, &table.fused) {
                (Some(fused), Some(range)) => {
                    let values = values.get(range.clone()).unwrap_or_default();
                    observe(&self.engine.planner(&book.tables), fused, values)?
                }
                _ => {
                    let mut tables = book.tables.clone();
                    tables.insert(self.task.table, Arc::clone(&rows));
                    ask(self.engine, &self.engine.planner(&tables), rule).await?
                }
            };
            let verdict = match rule.predicate.earlier() {
                Some(earlier) => self.task.history.judge(rule, earlier, seen),
                None => (seen, table.assertion.expected.clone()),
            };
            verdicts.insert(table.rule, verdict);
        }
        Ok(verdicts)
    }

    /// What table rules observe of the rows as read. `values` are those of the fused aggregates over them; where rows have `changed`
    /// or left, what takes a query of its own is asked of them again.
    pub(crate) async fn before(
        &self,
        book: &Rulebook,
        values: &[ScalarValue],
        after: &BTreeMap<u16, (Observed, String)>,
        changed: bool,
    ) -> Result<BTreeMap<u16, Observed>, Stopped> {
        let mut before = BTreeMap::new();
        for table in &book.table {
            let Some(rule) = book.rule(table.rule) else { continue };
            let seen = match (&table.assertion.fused, &table.fused, &self.as_read) {
                _ if !changed => after.get(&table.rule).map(|(seen, _)| seen.clone()),
                (Some(fused), Some(range), _) => {
                    let values = values.get(range.clone()).unwrap_or_default();
                    Some(observe(&self.engine.planner(&book.tables), fused, values)?)
                }
                (_, _, Some(rows)) => {
                    let mut tables = book.tables.clone();
                    tables.insert(self.task.table, Arc::clone(rows));
                    Some(ask(self.engine, &self.engine.planner(&tables), rule).await?)
                }
                _ => None,
            };
            before.extend(seen.map(|seen| (table.rule, seen)));
        }
        Ok(before)
    }

    /// Fails the table for the table rules that do not hold, where no clause says otherwise.
    pub(crate) fn judge_table_rules(
        &mut self,
        book: &Rulebook,
        observed: &BTreeMap<u16, (Observed, String)>,
    ) -> Result<(), Stopped> {
        let rules = observed.iter().filter_map(|(index, (seen, _))| Some((book.rule(*index)?, seen)));
        self.measured = self.task.history.metrics(rules, MetricState::Failed, None, None).0;
        let mut fails = false;
        for (index, (seen, expected)) in observed.iter().filter(|(_, (o, _))| !o.holds) {
            let Some(rule) = book.rule(*index) else { continue };
            fails |= self.table_failure(*index, rule, seen, expected)?;
        }
        if fails { Err(self.stopped()) } else { Ok(()) }
    }
}

/// Asks a table rule as a query of its own, over the planner's table of its name.
///
/// # Errors
/// What the planner finds; the query fails while running.
pub async fn ask(engine: &Engine<'_>, planner: &Planner<'_>, rule: &Rule) -> Result<Observed, Stopped> {
    let plan = planner.table_assertion(rule)?.plan;
    let batches = engine.session.execute_logical_plan(plan).await?.collect().await?;
    if !rule.by.is_empty() {
        return Ok(by_group(&batches, rule.level != Level::History));
    }
    let row = batches.iter().find(|b| b.num_rows() > 0);
    let (Some(row), true) = (row, batches.iter().map(|b| b.num_rows()).sum::<usize>() == 1) else {
        return Err(errors::internal(&"an assertion without its row").into());
    };
    let seen = observed(row.column(0).as_ref(), row.column_by_name("holds").map(|c| c.as_ref()));
    let counted = |name| row.column_by_name(name).and_then(|c| whole(c.as_ref()));
    Ok(Observed { numerator: counted("numerator"), denominator: counted("denominator"), ..seen })
}

/// What was observed of each group: how many fail, and the first of them with their values. Behind what was observed stands,
/// where the query `judges`, whether that is as expected, and then the columns of the groups.
fn by_group(batches: &[RecordBatch], judges: bool) -> Observed {
    let mut groups = Vec::new();
    let mut failing = Vec::new();
    for batch in batches {
        for i in 0..batch.num_rows() {
            let row = batch.slice(i, 1);
            let holds = row.columns().get(1).filter(|_| judges).map(|c| c.as_ref());
            let seen = observed(row.column(0).as_ref(), holds);
            let schema = row.schema();
            let named = schema
                .fields()
                .iter()
                .zip(row.columns())
                .skip(1 + usize::from(judges))
                .map(|(field, column)| format!("{} = {}", field.name(), observed(column.as_ref(), None).text));
            let name = named.collect::<Vec<_>>().join(", ");
            if !seen.holds {
                failing.push(format!("{name}: {}", seen.text));
            }
            groups.push(Group { name, value: seen.value, anomalous: false });
        }
    }
    failing.sort();
    groups.sort_by(|a, b| a.name.cmp(&b.name));
    let more = if failing.len() > NAMED { "; …" } else { "" };
    let named = failing.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
    let text = match failing.len() {
        0 => format!("{} groups, all as expected", groups.len()),
        n => format!("{n} of {} groups: {named}{more}", groups.len()),
    };
    let (numerator, denominator) = (Some(failing.len() as u64), Some(groups.len() as u64));
    Observed { text, numerator, denominator, holds: failing.is_empty(), groups, ..Observed::default() }
}
