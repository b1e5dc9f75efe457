//! Rules about the whole table: what the pass has fed, and what is asked.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{DataFrame, Expr};
use pipe_check::Rule;
use pipe_compile::{FusedAssertion, Tables};

use super::inspect::{By, Inspector, Verdict, Verdicts};
use crate::engine::Stopped;
use crate::errors;
use crate::rulebook::{Observed, Rulebook, TableRule, observe};
use crate::table_rules::ask;

impl Inspector<'_, '_> {
    /// What was observed of a table, compared with earlier runs where the rule asks for that.
    fn compared(&self, rule: &Rule, seen: Observed, expected: String) -> Verdict {
        let (seen, expected) = match rule.predicate.earlier() {
            Some(earlier) => self.history.judge(rule, earlier, seen),
            None => (seen, expected),
        };
        Verdict::Table(seen, expected)
    }

    /// Rules about the whole table that a pass has fed.
    ///
    /// # Errors
    /// What is observed cannot be computed.
    pub fn fed(&self, tables: &Tables, book: &Rulebook, values: &[ScalarValue]) -> Result<Verdicts, Stopped> {
        let planner = self.planner(tables);
        let mut verdicts = Verdicts::new();
        for table in &book.table {
            let (Some(fused), Some(range)) = (&table.assertion.fused, &table.fused) else { continue };
            let Some(rule) = book.rule(table.rule) else { continue };
            let seen = observe(&planner, fused, values.get(range.clone()).unwrap_or_default())?;
            let expected = table.assertion.expected.clone();
            verdicts.insert(table.rule, (self.compared(rule, seen, expected), By::Pass));
        }
        Ok(verdicts)
    }

    /// Rules about the whole table that no pass feeds. What is over the same groups is asked in one query; what is over the rows themselves
    /// apart, for its state grows with them.
    ///
    /// # Errors
    /// A query fails while running.
    pub async fn asked(&self, tables: &Tables, rules: &[Rule], unfed: Vec<TableRule>) -> Result<Verdicts, Stopped> {
        let planner = self.planner(tables);
        let rows = self.provider()?.schema();
        let mut verdicts = Verdicts::new();
        let mut together: Vec<(LogicalPlan, Vec<Asked>)> = Vec::new();
        for table in unfed {
            let Some(rule) = rules.get(usize::from(table.rule)) else { continue };
            let expected = table.assertion.expected;
            // Over the tables that can be asked, and not just their columns.
            let assertion = planner.table_assertion(rule)?;
            let grouped = |input: &LogicalPlan| input.schema().inner().as_ref() != rows.as_ref();
            match assertion.fused.filter(|f| f.input.as_ref().is_some_and(grouped)) {
                Some(mut fused) => {
                    let Some(input) = fused.input.take() else { continue };
                    let asked = Asked { rule: table.rule, fused, expected };
                    match together.iter_mut().find(|(known, _)| *known == input) {
                        Some((_, rules)) => rules.push(asked),
                        None => together.push((input, vec![asked])),
                    }
                }
                None => {
                    let seen = ask(self.engine, &planner, rule).await?;
                    verdicts.insert(table.rule, (self.compared(rule, seen, expected), By::Query));
                }
            }
        }
        for (input, group) in together {
            let named = |(i, e): (usize, &Expr)| e.clone().alias(format!("a{i}"));
            let all = group.iter().flat_map(|r| &r.fused.aggregates).enumerate().map(named).collect::<Vec<_>>();
            let rows = DataFrame::new(self.engine.session.state(), input).aggregate(Vec::new(), all)?;
            let batches = rows.collect().await?;
            let row = batches.iter().find(|b| b.num_rows() == 1);
            let row = row.ok_or_else(|| errors::internal(&"aggregates without their row"))?;
            let mut next = 0;
            for Asked { rule, fused, expected } in group {
                let columns = row.columns().iter().skip(next).take(fused.aggregates.len());
                let values: Vec<ScalarValue> =
                    columns.map(|c| ScalarValue::try_from_array(c, 0)).collect::<Result<_, _>>()?;
                next += values.len();
                let seen = observe(&planner, &fused, &values)?;
                let Some(judged) = rules.get(usize::from(rule)) else { continue };
                verdicts.insert(rule, (self.compared(judged, seen, expected), By::Query));
            }
        }
        Ok(verdicts)
    }
}

/// A table rule that is asked with others.
struct Asked {
    rule: u16,
    fused: FusedAssertion,
    expected: String,
}
