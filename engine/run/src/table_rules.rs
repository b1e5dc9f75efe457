//! Rules of which no row is to blame: of the columns, before any row; of the whole table, on the rows that would commit.

use std::collections::BTreeMap;

use datafusion::common::ScalarValue;
use pipe_check::{Rule, Severity};
use pipe_compile::Tables;
use pipe_heal::action::ResolvedAction;
use pipe_heal::failure::Failure;

use crate::engine::Stopped;
use crate::errors;
use crate::evaluate::{Evaluator, Passed, provider};
use crate::report::FailureReport;
use crate::rulebook::{Observed, Rulebook, observed};
use crate::settle::data_schema;
use crate::staging::Finished;
use crate::told;

impl Evaluator<'_, '_> {
    /// Fails the table for its columns, where no clause says otherwise.
    pub(crate) fn judge_schema_rules(&mut self, verdicts: &BTreeMap<u16, Observed>) -> Result<(), Stopped> {
        for (index, seen) in verdicts.iter().filter(|(_, o)| !o.holds) {
            let Some(rule) = self.rules.get(usize::from(*index)) else { continue };
            self.table_failure(*index, rule, seen, &crate::told::expected(rule))?;
        }
        Ok(())
    }

    /// A failing table or schema rule: no row is to blame.
    fn table_failure(&mut self, index: u16, rule: &Rule, seen: &Observed, expected: &str) -> Result<(), Stopped> {
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
            return Ok(());
        }
        let help = format!("`{}` observed {}, expected {expected}", rule.name, seen.text);
        self.failures.push(FailureReport { help: Some(help), ..told::failure(&answered, "failed", Vec::new()) });
        Err(self.stopped())
    }

    /// Table rules, on the rows that would commit.
    pub(crate) async fn table_rules(
        &mut self,
        tables: &Tables,
        book: &Rulebook,
        values: &[ScalarValue],
        rows: &Finished,
        pass: &Passed,
    ) -> Result<BTreeMap<u16, (Observed, String)>, Stopped> {
        let mut verdicts = BTreeMap::new();
        for table in &book.table {
            let Some(rule) = book.rule(table.rule) else { continue };
            let seen = match (&table.assertion.fused, &table.fused) {
                (Some(fused), Some(range)) => {
                    let values = values.get(range.clone()).unwrap_or_default();
                    book.observe(&self.planner(tables), fused, values)?
                }
                _ => self.ask(tables, rule, rows, pass).await?,
            };
            let expected = table.assertion.expected.clone();
            if !seen.holds {
                self.table_failure(table.rule, rule, &seen, &expected)?;
            }
            verdicts.insert(table.rule, (seen, expected));
        }
        Ok(verdicts)
    }

    /// A table rule that needs a query of its own.
    async fn ask(&self, tables: &Tables, rule: &Rule, rows: &Finished, pass: &Passed) -> Result<Observed, Stopped> {
        let mut tables = tables.clone();
        let data = data_schema(&pass.input.schema, pass.input.columns);
        tables.insert(self.task.table, provider(self.engine, rows, &data).await?);
        let planner = self.planner(&tables);
        let plan = planner.table_assertion(rule)?.plan;
        let batches = self.engine.session.execute_logical_plan(plan).await?.collect().await?;
        let row = batches.iter().find(|b| b.num_rows() > 0);
        let (Some(row), true) = (row, batches.iter().map(|b| b.num_rows()).sum::<usize>() == 1) else {
            return Err(errors::internal(&"an assertion without its row").into());
        };
        Ok(observed(row.column(0).as_ref(), row.columns().get(1).map(|c| c.as_ref())))
    }
}
