//! Repairs taken back because of what they broke.

use std::collections::{BTreeMap, BTreeSet};

use pipe_quality::Reason;

use super::Healer;
use super::block::Block;
use super::reasons::SetId;
use super::sets::Found;
use crate::engine::Stopped;

/// How often only repairs in rows that violate are taken back, before all of a rule's columns are: each time all set rules are asked
/// again.
const NARROW: usize = 3;

impl Healer<'_, '_, '_> {
    /// Takes repairs back that broke what held before, until none does. Gives what each row violates then.
    pub(super) async fn withdraw(&mut self) -> Result<Vec<SetId>, Stopped> {
        let mut taken = 0;
        for attempt in 0usize.. {
            let (violated, found) = self.now().await?;
            let mut back = self.spread(&found, attempt < NARROW)?;
            back.extend(self.broken(&violated)?);
            if back.is_empty() {
                if self.restore(&found) {
                    continue;
                }
                if taken > 0 {
                    self.evaluator.engine.note(format!(
                        "{}: {taken} repaired cell{} taken back, for {} broke a rule that held before",
                        self.evaluator.task.table,
                        if taken == 1 { " was" } else { "s were" },
                        if taken == 1 { "it" } else { "they" },
                    ));
                }
                return Ok(violated);
            }
            taken += back.len();
            let rows: BTreeSet<usize> = back.iter().map(|(row, _)| *row).collect();
            let blocks: BTreeSet<usize> = rows.iter().map(|row| self.failing.block_of(*row)).collect();
            let blocks: Vec<usize> = blocks.into_iter().collect();
            for (step, cells) in self.failing.revert(&blocks, |row, column, _| back.contains(&(row, column)))? {
                let heal = self.failing.step_of(step).map(|s| s.heal);
                if let Some(told) = heal.and_then(|h| self.evaluator.heals.get_mut(h)) {
                    told.cells = told.cells.saturating_sub(cells);
                }
            }
            self.restore_unlike(&rows);
        }
        self.now().await.map(|(violated, _)| violated)
    }

    /// The changed cells of rows that violate what they had not violated as read: those of the columns it is about, or all.
    fn broken(&self, violated: &[SetId]) -> Result<Vec<(usize, usize)>, Stopped> {
        let as_read = |row: usize| self.failing.reasons.get(row).copied().unwrap_or_default();
        let worse = |row: usize| {
            let now = violated.get(row).copied().unwrap_or_default();
            let new = now != as_read(row) && self.failing.settled(row).is_none();
            if new { self.failing.sets.beyond(now, as_read(row)) } else { BTreeSet::new() }
        };
        let mut back = Vec::new();
        for index in self.failing.changed_blocks() {
            let mut block: Option<Block> = None;
            for row in self.failing.rows_of(index) {
                let broken = worse(row);
                if broken.is_empty() {
                    continue;
                }
                let loaded = match block.take() {
                    Some(loaded) => loaded,
                    None => self.failing.load(index)?,
                };
                let at = row - loaded.first;
                let changes: Vec<usize> = loaded.changes.range((at, 0)..(at + 1, 0)).map(|((_, c), _)| *c).collect();
                block = Some(loaded);
                let related: BTreeSet<usize> =
                    broken.iter().filter_map(|r| self.book.sample_columns.get(r)).flatten().copied().collect();
                let mut guilty: Vec<usize> = changes.iter().copied().filter(|c| related.contains(c)).collect();
                // Where rows are judged together it may be another row's repair: that is told by how many violate.
                let alone = |reason: &Reason| !matches!(reason, Reason::Rule(i) if self.book.set.iter().any(|(set, _)| set == i));
                if guilty.is_empty() && broken.iter().any(alone) {
                    guilty = changes;
                }
                back.extend(guilty.into_iter().map(|c| (row, c)));
            }
        }
        Ok(back)
    }

    /// Brings removed duplicates back whose survivor is no longer alike: it, or they, had their key from a repair that was taken
    /// back.
    fn restore_unlike(&mut self, rows: &BTreeSet<usize>) {
        let concerned = self.failing.removals().filter(|(row, by)| rows.contains(row) || rows.contains(&by.survivor()));
        for (row, by) in concerned.collect::<Vec<_>>() {
            self.failing.restore(row);
            let heal = self.failing.step_of(by.step()).map(|s| s.heal);
            if let Some(told) = heal.and_then(|h| self.evaluator.heals.get_mut(h)) {
                told.rows = told.rows.saturating_sub(1);
            }
        }
    }

    /// The repairs that made a set rule have more violations than as read: a repaired row can change the group of rows that
    /// nobody touched. Guilty are the repairs of the columns the rule is about in rows that violate it; where there are none, all of these
    /// columns, unless keys tell which are.
    fn spread(&self, found: &BTreeMap<u16, Found>, narrow: bool) -> Result<BTreeSet<(usize, usize)>, Stopped> {
        let mut guilty = BTreeSet::new();
        for (index, found) in found {
            let reason = Reason::Rule(*index);
            if found.violations() <= self.as_read(*index) {
                continue;
            }
            let about = self.book.sample_columns.get(&reason).cloned().unwrap_or_default();
            let (mut here, mut related, mut all) = (Vec::new(), Vec::new(), Vec::new());
            for index in self.failing.changed_blocks() {
                let block = self.failing.load(index)?;
                let ids = block.ids()?;
                // A key names its rows: of those that are alike now, the repaired ones are guilty.
                let violates = |row: usize| ids.get(row).is_some_and(|id| found.rows.find(*id).is_some());
                for (row, column) in block.changes.keys() {
                    let cell = (block.first + row, *column);
                    all.push(cell);
                    if narrow && about.contains(column) && violates(*row) {
                        here.push(cell);
                    }
                    if about.contains(column) && (found.keys == 0 || violates(*row)) {
                        related.push(cell);
                    }
                }
            }
            guilty.extend([here, related, all].into_iter().find(|cells| !cells.is_empty()).unwrap_or_default());
        }
        Ok(guilty)
    }

    /// How many rows violated a set rule as read, those too that other rules found fault with: repaired, they are among the rows that it
    /// judges.
    fn as_read(&self, index: u16) -> u64 {
        let of = |reason| self.pass.staged.violations.get(&reason).copied().unwrap_or(0);
        let among_passing = of(Reason::Rule(index)) + of(Reason::Spared(index));
        self.pass.sets.get(&index).map_or(among_passing, |alone| among_passing.max(alone.violations))
    }

    /// Brings removed duplicates back where a set rule has more violations than as read and no changed cell is to blame: a
    /// vote that two equal rows had won is a tie when one of them is gone. `true` when there were any.
    fn restore(&mut self, found: &BTreeMap<u16, Found>) -> bool {
        let worse = |(index, found): (&u16, &Found)| found.violations() > self.as_read(*index);
        if !found.iter().any(worse) || !self.failing.restore_all() {
            return false;
        }
        for heal in self.evaluator.heals.iter_mut().filter(|h| h.action == "dedupe" && h.state == "applied") {
            heal.state = "withdrawn".to_owned();
            heal.reason = Some("without the removed rows a rule has more violations than before".to_owned());
        }
        true
    }
}
