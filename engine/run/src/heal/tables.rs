//! Table rules on what would commit: no repair may make one fail.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use pipe_heal::gates::Refusal;
use pipe_quality::Aggregates;

use super::Healer;
use super::reasons::SetId;
use super::rows::{Failing, Settled, Step};
use crate::engine::Stopped;
use crate::rulebook::Observed;
use crate::settle::data_schema;

/// What table rules observed and expected, by rule.
pub type Verdicts = BTreeMap<u16, (Observed, String)>;

impl Healer<'_, '_, '_> {
    /// Withdraws, clause by clause, the repairs without which a failing table rule would hold; their `else` runs. Gives what the
    /// rows violate then, and what the table rules find: those that still fail do so whatever is withdrawn.
    pub(super) async fn hold_table_rules(
        &mut self,
        mut violated: Vec<SetId>,
    ) -> Result<(Vec<SetId>, Verdicts), Stopped> {
        loop {
            let observed = self.observe(&violated).await?;
            let failing: BTreeSet<u16> = observed.iter().filter(|(_, (o, _))| !o.holds).map(|(r, _)| *r).collect();
            let Some((clauses, rule)) = self.guilty(&failing).await? else { return Ok((violated, observed)) };
            self.take_back(&clauses, rule)?;
            self.rounds().await?;
            violated = self.withdraw().await?;
        }
    }

    /// What the table rules find of the rows that would commit.
    async fn observe(&self, violated: &[SetId]) -> Result<Verdicts, Stopped> {
        if self.book.table.is_empty() {
            return Ok(Verdicts::new());
        }
        let data = data_schema(&self.pass.input.schema, self.pass.input.columns);
        let names: Vec<&str> = data.fields().iter().map(|f| f.name().as_str()).collect();
        let rows = self.standing(self.passing(violated)?).rows().await?.select_columns(&names)?;
        let mut all = Aggregates::new(&self.book.aggregates)?;
        if !self.book.aggregates.is_empty() {
            let mut stream = rows.clone().execute_stream().await?;
            while let Some(batch) = stream.next().await {
                all.update(&batch?)?;
            }
        }
        self.evaluator.observe_table_rules(self.book, &all.finish()?, rows.into_view()).await
    }

    /// The clauses to blame for failing table rules, and a rule that holds without their repairs: the first that alone makes
    /// the difference, or all of them together.
    async fn guilty(&mut self, failing: &BTreeSet<u16>) -> Result<Option<(BTreeSet<usize>, u16)>, Stopped> {
        if failing.is_empty() {
            return Ok(None);
        }
        let clauses: BTreeSet<usize> = self.steps().into_iter().map(|step| step.clause).collect();
        let mut suspects: Vec<BTreeSet<usize>> = clauses.iter().map(|c| BTreeSet::from([*c])).collect();
        if clauses.len() > 1 {
            suspects.push(clauses);
        }
        for suspects in suspects {
            let before = (self.failing.clone(), self.answered.clone());
            self.revert(&suspects)?;
            let (violated, _) = self.now().await?;
            let observed = self.observe(&violated).await?;
            (self.failing, self.answered) = before;
            if let Some(rule) = failing.iter().find(|r| observed.get(r).is_some_and(|(o, _)| o.holds)) {
                return Ok(Some((suspects, *rule)));
            }
        }
        Ok(None)
    }

    /// The steps whose repairs stand: of changed cells and removed duplicates.
    fn steps(&self) -> Vec<Step> {
        let changed = self.failing.changed().into_iter().map(|(step, ..)| step);
        let removed = self.failing.removals().filter(|(row, _)| self.is_removed(*row)).map(|(_, by)| by.step());
        let removed: BTreeSet<usize> = removed.collect();
        changed.chain(removed.into_iter().filter_map(|step| self.failing.step_of(step))).collect()
    }

    fn is_removed(&self, row: usize) -> bool {
        self.failing.settled(row) == Some(Settled::Removed)
    }

    /// Takes the repairs of clauses back: cells to what was read, removed duplicates in again.
    fn revert(&mut self, clauses: &BTreeSet<usize>) -> Result<(), Stopped> {
        let guilty = |failing: &Failing, step| failing.step_of(step).is_some_and(|s| clauses.contains(&s.clause));
        let steps: BTreeSet<usize> = (0..self.failing.steps()).filter(|s| guilty(&self.failing, *s)).collect();
        self.failing.revert(&self.failing.changed_blocks(), |_, _, step| steps.contains(&step))?;
        let removed = self.failing.removals().filter(|(row, by)| steps.contains(&by.step()) && self.is_removed(*row));
        for row in removed.map(|(row, _)| row).collect::<Vec<_>>() {
            self.failing.restore(row);
        }
        Ok(())
    }

    /// Withdraws the repairs of clauses for good; the steps that made them are not tried again.
    fn take_back(&mut self, clauses: &BTreeSet<usize>, rule: u16) -> Result<(), Stopped> {
        let rule = self.book.rule(rule).map_or_else(String::new, |r| r.name.clone());
        let steps: Vec<Step> = self.steps().into_iter().filter(|s| clauses.contains(&s.clause)).collect();
        self.withdrawn.extend(steps.iter().map(|s| (s.clause, s.group)));
        self.revert(clauses)?;
        for step in steps {
            if let Some(told) = self.evaluator.heals.get_mut(step.heal) {
                told.state = "withdrawn".to_owned();
                told.reason = Some(Refusal::TableRule { rule: rule.clone() }.to_string());
            }
        }
        Ok(())
    }
}
