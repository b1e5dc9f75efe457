//! `dedupe`: all rows of a key are removed but one.
//!
//! Ties are decided by places, for a source's rows have one each. Those of a model come in no order: theirs are decided by a hash of
//! all values, so that the same rows give the same result whatever threads read them. Rows that are alike stand for each other.

use std::cmp::Reverse;

use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::row::{RowConverter, SortField};
use pipe_heal::action::{ResolvedAction, Survivor};
use pipe_heal::gates::{Outcome, decide};
use pipe_quality::Reason;

use super::Healer;
use super::gate::reason_of;
use super::ids::RowId;
use super::reasons::SetId;
use super::rounds::Repair;
use super::rows::{Settled, Step, numbered};
use super::sets::Found;
use super::votes::KeyHasher;
use crate::engine::Stopped;
use crate::errors;
use crate::report::HealReport;
use crate::told;

/// The row of a key that stays, by what is known so far: the greatest by its rank and then by its tie.
struct Best {
    rank: Box<[u8]>,
    tie: Tie,
    row: u32,
}

/// What decides between two rows of a key of the same rank.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Tie {
    /// The last that was read stays.
    Last(RowId),
    /// The first that was read.
    First(Reverse<RowId>),
    /// Of a model: neither.
    Values(u128),
}

impl Healer<'_, '_, '_> {
    /// Takes the duplicates of each key out, all but one.
    pub(super) fn dedupe(
        &mut self,
        repair: &Repair,
        found: &Found,
        rows: &BooleanBuffer,
        violated: &[SetId],
    ) -> Result<bool, Stopped> {
        let Repair { answer, clause, group, action, .. } = repair;
        let ResolvedAction::Dedupe { keep, .. } = action else { return Ok(false) };
        // A row that violates anything else and will not commit takes no part: a bad latest version never evicts a good
        // earlier one.
        let own = answer.rule.map(Reason::Rule);
        let sound = self.tolerable(violated, |reason| own == Some(*reason) || self.mild(reason));
        let removed = self.duplicates(keep, found, &(rows & &sound))?;
        if removed.is_empty() {
            return Ok(false);
        }
        let request = self.request(repair, "", &[], removed.len() as u64);
        let decision = decide(&request.as_request(&self.evaluator.settings));
        let outcome = decision.of(1.0);
        let state = match &outcome {
            Outcome::Apply => "applied",
            Outcome::Wait(_) => "waiting",
            Outcome::Refuse(_) => "refused",
        };
        let told = HealReport {
            rows: removed.len() as u64,
            arithmetic: decision.arithmetic.clone(),
            reason: reason_of(&outcome),
            ..told::heal(answer, "dedupe", state)
        };
        // A clause that goes on in later rounds, on rows that a repair made alike, is one heal.
        let same = |h: &HealReport| {
            (h.clause, &h.failure, &h.action, &h.state) == (told.clause, &told.failure, &told.action, &told.state)
        };
        let heal = match self.evaluator.heals.iter().position(same) {
            Some(place) => place,
            None => {
                self.evaluator.heals.push(HealReport { rows: 0, ..told.clone() });
                self.evaluator.heals.len() - 1
            }
        };
        if let Some(before) = self.evaluator.heals.get_mut(heal) {
            before.rows += told.rows;
        }
        let settled = match outcome {
            Outcome::Apply => Settled::Removed,
            Outcome::Wait(_) => Settled::Waits,
            Outcome::Refuse(_) => return Ok(false),
        };
        let step = self.failing.step(Step { clause: clause.index, group: *group, heal });
        for (row, survivor) in removed {
            self.failing.settle(row as usize, Some(settled));
            self.failing.remove(row as usize, step, survivor as usize)?;
        }
        Ok(true)
    }

    /// The rows a `dedupe` removes, each with the one that stays.
    fn duplicates(&self, keep: &Survivor, found: &Found, sound: &BooleanBuffer) -> Result<Vec<(u32, u32)>, Stopped> {
        let mut best: Vec<Option<Best>> = Vec::new();
        best.resize_with(found.keys, || None);
        let is_sound = |row: &usize| *row < sound.len() && sound.value(*row);
        if let Survivor::First(None) = keep {
            for (row, n) in self.failing.places(&found.rows).filter(|(row, _)| is_sound(row)) {
                if let Some(slot @ None) = best.get_mut(n.number as usize) {
                    let tie = Tie::First(Reverse(n.id()));
                    *slot = Some(Best { rank: Box::default(), tie, row: numbered(row)? });
                }
            }
        } else {
            self.greatest(keep, found, sound, &mut best)?;
        }
        let mut removed = Vec::new();
        for (row, n) in self.failing.places(&found.rows).filter(|(row, _)| is_sound(row)) {
            let row = numbered(row)?;
            let stays = best.get(n.number as usize).and_then(Option::as_ref).map_or(row, |best| best.row);
            if stays != row {
                removed.push((row, stays));
            }
        }
        Ok(removed)
    }

    /// The greatest row of each key, by what `keep` compares.
    fn greatest(
        &self,
        keep: &Survivor,
        found: &Found,
        sound: &BooleanBuffer,
        best: &mut [Option<Best>],
    ) -> Result<(), Stopped> {
        let shape = &self.failing.shape;
        let model = self.pass.input.numbered;
        let types = shape.schema.fields().iter().take(shape.columns).map(|f| f.data_type().clone()).collect();
        let hasher = KeyHasher::new(types).map_err(|e| errors::internal(&e))?;
        let compared = match keep {
            Survivor::Latest(name) | Survivor::First(Some(name)) => {
                let fields = shape.schema.fields().iter().take(shape.columns);
                let column = fields.into_iter().position(|f| f.name() == name);
                let column = column.ok_or_else(|| errors::internal(&format!("no column `{name}` to compare by")))?;
                // A row without a value is neither the first nor the latest of those that have one.
                let order = SortOptions { descending: matches!(keep, Survivor::First(_)), nulls_first: true };
                let sorted = SortField::new_with_options(shape.schema.field(column).data_type().clone(), order);
                Some((column, RowConverter::new(vec![sorted]).map_err(|e| errors::internal(&e))?))
            }
            _ => None,
        };
        for index in self.failing.blocks_with(|row| is_set(sound, row)) {
            let block = self.failing.load(index)?;
            let values = compared.as_ref().and_then(|(column, by)| Some((block.values(*column)?, by)));
            let ranks = values.map(|(values, by)| by.convert_columns(std::slice::from_ref(values))).transpose();
            let ranks = ranks.map_err(|e| errors::internal(&e))?;
            let contents = if model { block.current().and_then(|rows| hasher.hashes(&rows)) } else { Ok(Vec::new()) };
            let contents = contents.map_err(|e| errors::internal(&e))?;
            for (row, id) in block.ids()?.into_iter().enumerate().filter(|(row, _)| is_set(sound, block.first + row)) {
                let Some(slot) = found.rows.find(id).and_then(|key| best.get_mut(key)) else { continue };
                let rank = match &ranks {
                    Some(ranks) => Box::from(ranks.row(row).as_ref()),
                    None => Box::from(block.filled(row).to_be_bytes()),
                };
                let tie = match (contents.get(row), keep) {
                    (Some(values), _) => Tie::Values(*values),
                    (None, Survivor::First(_)) => Tie::First(Reverse(id)),
                    (None, _) => Tie::Last(id),
                };
                if slot.as_ref().is_none_or(|best| (&best.rank, &best.tie) < (&rank, &tie)) {
                    *slot = Some(Best { rank, tie, row: numbered(block.first + row)? });
                }
            }
        }
        Ok(())
    }
}

fn is_set(rows: &BooleanBuffer, row: usize) -> bool {
    row < rows.len() && rows.value(row)
}
