//! What the failing rows violate, and what the set rules find of the table as it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::StreamExt;
use pipe_check::Rule;
use pipe_heal::failure::Failure;
use pipe_quality::{Reason, Sample};

use super::Healer;
use super::block::Block;
use super::by_group::FailingGroups;
use super::ids::{Ids, Numbered, RowId};
use super::reasons::{SetId, counted};
use super::sets::Found;
use crate::engine::Stopped;
use crate::groups::raises;
use crate::passed::SetRule;

impl Healer<'_, '_, '_> {
    /// What all set rules find of the table as it stands, and which of their groups fail.
    async fn look(&self, violated: &[SetId]) -> Result<BTreeMap<u16, (Found, FailingGroups)>, Stopped> {
        let mut all = BTreeMap::new();
        if !self.pass.identity {
            return Ok(all);
        }
        let standing = self.standing(self.passing(violated)?);
        for (index, assertion) in &self.book.set {
            let Some(rule) = self.book.rule(*index) else { continue };
            let mut found = standing.find(&rule.predicate, assertion).await?;
            if rule.null_fails {
                let mut without = standing.without_key(assertion).await?;
                without.retain(|id| !self.is_unconverted(rule, *id));
                found.add(without);
            }
            let failed = self.groups.get(index).cloned().unwrap_or_default();
            let failing = standing.by_group(rule, assertion, &failed, &mut found).await?;
            all.insert(*index, (found, failing));
        }
        Ok(all)
    }

    /// Whether a row has no key because its text did not convert: no rule judges that.
    fn is_unconverted(&self, rule: &Rule, id: RowId) -> bool {
        let column = rule.column.as_ref().and_then(|c| self.book.row.index_of_column_by_name(None, c));
        let cast = column.and_then(|c| u16::try_from(c).ok()).map(Reason::Cast);
        let as_read = self.failing.find(id).and_then(|row| self.failing.reasons.get(row));
        cast.zip(as_read).is_some_and(|(cast, set)| self.failing.sets.has(*set, cast))
    }

    /// What all set rules find of the table as it stands.
    async fn find(&self, violated: &[SetId]) -> Result<BTreeMap<u16, Found>, Stopped> {
        Ok(self.look(violated).await?.into_iter().map(|(index, (found, _))| (index, found)).collect())
    }

    /// Set rules on the rows as read: raises their failures and takes the violating rows among the failing ones.
    pub(super) async fn sets_as_read(&mut self) -> Result<(), Stopped> {
        let looked = self.look(&self.failing.reasons).await?;
        let of = |found: &Found| SetRule {
            violations: found.violations(),
            judged: found.judged,
            grouped: found.grouped.clone(),
        };
        // A rule's own count is that of all rows; what is done about them, of those that pass by other rules.
        let passing = self.tolerable(&self.failing.reasons, |reason| self.mild(reason));
        let alone = if passing.count_set_bits() == passing.len() {
            looked.iter().map(|(index, (found, _))| (*index, of(found))).collect()
        } else {
            let mut broken = self.failing.reasons.clone();
            let only = self.failing.sets.number(BTreeSet::from([Reason::BadRecord]));
            for set in &mut broken {
                *set = if self.failing.sets.has(*set, Reason::BadRecord) { only } else { SetId::default() };
            }
            self.find(&broken).await?.iter().map(|(index, found)| (*index, of(found))).collect()
        };
        self.pass.sets = alone;
        let mut found = BTreeMap::new();
        for (index, (rows, failing)) in looked {
            found.insert(index, rows);
            self.groups.insert(index, failing);
        }
        for (index, found) in &found {
            self.pass.staged.judged.insert(*index, found.judged);
            if !found.spared.is_empty() {
                self.pass.staged.violations.insert(Reason::Spared(*index), found.spared.rows());
            }
            if found.count == 0 {
                continue;
            }
            self.pass.staged.violations.insert(Reason::Rule(*index), found.count);
            if self.raise(*index, found.count, found.judged)? {
                self.take(found).await?;
            }
        }
        for (index, found) in &found {
            let mut reasons = std::mem::take(&mut self.failing.reasons);
            self.mark(&mut reasons, *index, found);
            self.failing.reasons = reasons;
            self.show(&found.rows, Reason::Rule(*index))?;
            self.show(&found.spared, Reason::Spared(*index))?;
        }
        Ok(())
    }

    /// Has a rule answered whose violations are beyond its tolerance; `false`: they are not.
    fn raise(&mut self, index: u16, count: u64, judged: u64) -> Result<bool, Stopped> {
        let rule = self.book.rule(index).filter(|rule| raises(rule, count, judged));
        let Some(rule) = rule else { return Ok(false) };
        let answered = self.evaluator.answer(Failure::rule_failed(rule, count, judged), Some((index, rule)))?;
        self.answered.insert(Reason::Rule(index), answered);
        Ok(true)
    }

    /// Samples of the rows that a set rule found.
    fn show(&mut self, found: &Ids, reason: Reason) -> Result<(), Stopped> {
        let shown = self.book.sample_columns.get(&reason.rule()).cloned().unwrap_or_default();
        let samples = &mut self.pass.staged.samples;
        let mut block: Option<Block> = None;
        for (row, n) in self.failing.places(found) {
            let (file, number) = n.id();
            if !samples.wants(reason, file, number) {
                continue;
            }
            let loaded = match block.take() {
                Some(loaded) if loaded.all().contains(&row) => loaded,
                _ => self.failing.load(self.failing.block_of(row))?,
            };
            let at = row - loaded.first;
            let text = |c: &usize| loaded.texts(*c).one(at).unwrap_or_else(|| "NULL".to_owned());
            let value = shown.iter().map(text).collect::<Vec<_>>().join(", ");
            samples.add(reason, Sample { file, row: number, line: loaded.line(at), value });
            block = Some(loaded);
        }
        Ok(())
    }

    /// Puts a rule that is answered to the rows it found, and to those that it spares.
    fn mark(&mut self, reasons: &mut [SetId], index: u16, found: &Found) {
        let answered = self.answered.contains_key(&Reason::Rule(index));
        let rows = found.rows.iter().filter(|_| answered).map(|n| (n, Reason::Rule(index)));
        for (n, reason) in rows.chain(found.spared.iter().map(|n| (n, Reason::Spared(index)))) {
            if let Some(set) = self.failing.find(n.id()).and_then(|row| reasons.get_mut(row)) {
                *set = self.failing.sets.with(*set, reason);
            }
        }
    }

    /// Takes what a set rule found out of the rows that passed, to heal it.
    async fn take(&mut self, found: &Found) -> Result<(), Stopped> {
        let new = found.rows.iter().filter(|n| self.failing.find(n.id()).is_none());
        let new = Ids::new(new.map(|n| Numbered::new(n.id(), 0)).collect());
        if new.is_empty() {
            return Ok(());
        }
        let passed = self.evaluator.engine.session.read_table(Arc::clone(&self.passed))?;
        let mut rows = passed.filter(new.contain())?.execute_stream().await?;
        let mut filling = self.failing.filling();
        while let Some(batch) = rows.next().await {
            filling.passed(&batch?)?;
        }
        filling.done()
    }

    /// What each failing row violates now, and what the set rules found. Failures that come up are answered, their rows taken.
    pub(super) async fn now(&mut self) -> Result<(Vec<SetId>, BTreeMap<u16, Found>), Stopped> {
        self.failing.judge(&self.book.judge)?;
        let found = self.find(&self.failing.judged).await?;
        for (index, found) in &found {
            if !self.answered.contains_key(&Reason::Rule(*index)) {
                // Repairs raised it: its share is of the rows as read, most of which no set rule judged then.
                let judged = self.pass.staged.rows;
                if !self.raise(*index, found.count, judged)? {
                    continue;
                }
                self.pass.staged.judged.insert(*index, judged);
            }
            self.take(found).await?;
        }
        let mut violated = self.failing.judged.clone();
        for (index, found) in &found {
            self.mark(&mut violated, *index, found);
        }
        let mut new: BTreeMap<Reason, u64> = BTreeMap::new();
        for (set, rows) in counted(violated.iter().copied()) {
            for reason in self.failing.sets.of(set).filter(|r| !self.answered.contains_key(r)) {
                *new.entry(reason).or_default() += rows;
            }
        }
        for (reason, count) in new {
            if let Reason::Rule(index) = reason {
                let judged = self.pass.staged.judged.get(&index).copied().unwrap_or(self.pass.staged.rows);
                self.raise(index, count, judged)?;
            }
        }
        Ok((violated, found))
    }
}
