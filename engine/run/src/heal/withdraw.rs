//! Repairs taken back because of what they broke.

use std::collections::{BTreeMap, BTreeSet};

use pipe_quality::Reason;

use super::Healer;
use super::rows::Settled;
use super::sets::Found;
use crate::engine::Stopped;

impl Healer<'_, '_, '_> {
    /// Takes repairs back that broke what held before, until none does. Gives what each row violates then.
    pub(super) async fn withdraw(&mut self) -> Result<Vec<BTreeSet<Reason>>, Stopped> {
        loop {
            let (violated, found) = self.now().await?;
            let mut back = self.spread(&found);
            for (row, reasons) in violated.iter().enumerate() {
                if self.failing.settled.get(row).copied().flatten().is_some() {
                    continue;
                }
                let before = self.failing.reasons.get(row).cloned().unwrap_or_default();
                let broken: Vec<Reason> = reasons.difference(&before).copied().collect();
                let changes: Vec<usize> =
                    self.failing.changes.range((row, 0)..(row + 1, 0)).map(|((_, c), _)| *c).collect();
                if broken.is_empty() || changes.is_empty() {
                    continue;
                }
                let related: BTreeSet<usize> =
                    broken.iter().filter_map(|r| self.book.sample_columns.get(r)).flatten().copied().collect();
                let mut guilty: Vec<usize> = changes.iter().copied().filter(|c| related.contains(c)).collect();
                if guilty.is_empty() {
                    guilty = changes;
                }
                back.extend(guilty.into_iter().map(|c| (row, c)));
            }
            if back.is_empty() {
                if self.restore(&found) {
                    continue;
                }
                return Ok(violated);
            }
            back.sort_unstable();
            back.dedup();
            for cell in &back {
                let heal = self.failing.changes.get(cell).map(|c| c.heal);
                if let Some(told) = heal.and_then(|h| self.evaluator.heals.get_mut(h)) {
                    told.cells = told.cells.saturating_sub(1);
                }
            }
            self.evaluator.engine.note(format!(
                "{}: {} repaired cells were taken back, for they broke a rule that held before",
                self.evaluator.task.table,
                back.len()
            ));
            self.failing.revert(&back)?;
            self.restore_unlike(&back);
        }
    }

    /// Brings removed duplicates back whose survivor is no longer alike: it, or they, had their key from a repair that was taken
    /// back.
    fn restore_unlike(&mut self, back: &[(usize, usize)]) {
        let rows: BTreeSet<usize> = back.iter().map(|(row, _)| *row).collect();
        let concerned = self.failing.removed_by.iter();
        let concerned = concerned.filter(|(row, by)| rows.contains(row) || rows.contains(&by.survivor));
        for (row, by) in concerned.map(|(row, by)| (*row, *by)).collect::<Vec<_>>() {
            self.failing.removed_by.remove(&row);
            if let Some(slot) = self.failing.settled.get_mut(row) {
                *slot = None;
            }
            if let Some(told) = self.evaluator.heals.get_mut(by.heal) {
                told.rows = told.rows.saturating_sub(1);
            }
        }
    }

    /// The repairs that made a set rule have more violations than as read: a repaired row can change the group of rows that
    /// nobody touched. All repairs of the columns the rule is about are guilty, unless keys tell which are.
    fn spread(&self, found: &BTreeMap<u16, Found>) -> Vec<(usize, usize)> {
        let mut guilty = Vec::new();
        for (index, found) in found {
            let reason = Reason::Rule(*index);
            let before = self.pass.staged.violations.get(&reason).copied().unwrap_or(0);
            if found.rows.len() as u64 <= before {
                continue;
            }
            let about = self.book.sample_columns.get(&reason).cloned().unwrap_or_default();
            // A key names its rows: of those that are alike now, the repaired ones are guilty.
            let alike = |row: usize| found.keys.is_empty() || found.keys.contains_key(&self.failing.id(row));
            let related = self.failing.changes.keys().filter(|(r, c)| about.contains(c) && alike(*r)).copied();
            let related: Vec<(usize, usize)> = related.collect();
            if related.is_empty() {
                guilty.extend(self.failing.changes.keys().copied());
            } else {
                guilty.extend(related);
            }
        }
        guilty
    }

    /// Brings removed duplicates back where a set rule has more violations than as read and no changed cell is to blame: a
    /// vote that two equal rows had won is a tie when one of them is gone. `true` when there were any.
    fn restore(&mut self, found: &BTreeMap<u16, Found>) -> bool {
        let worse = |(index, found): (&u16, &Found)| {
            let before = self.pass.staged.violations.get(&Reason::Rule(*index)).copied().unwrap_or(0);
            found.rows.len() as u64 > before
        };
        let removed = self.failing.settled.iter_mut().filter(|s| **s == Some(Settled::Removed));
        if !found.iter().any(worse) || removed.map(|s| *s = None).count() == 0 {
            return false;
        }
        self.failing.removed_by.clear();
        for heal in self.evaluator.heals.iter_mut().filter(|h| h.action == "dedupe" && h.state == "applied") {
            heal.state = "withdrawn".to_owned();
            heal.reason = Some("without the removed rows a rule has more violations than before".to_owned());
        }
        true
    }
}
