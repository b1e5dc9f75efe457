//! Proposals through the gates: applied, waiting or refused, with what the report says of each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, UInt64Array};
use datafusion::arrow::compute::take;
use pipe_heal::action::ResolvedAction;
use pipe_heal::confidence::Posterior;
use pipe_heal::gates::{ColumnUse, Decision, Outcome, Refusal, Request, decide};
use pipe_quality::Reason;

use super::Healer;
use super::block::{Block, Change, refused};
use super::proposals::Proposals;
use super::rounds::Repair;
use super::rows::{Settled, Step};
use crate::engine::{Stopped, key_columns};
use crate::report::HealReport;
use crate::told;

impl Healer<'_, '_, '_> {
    pub(super) fn request(&self, repair: &Repair, column: &str, columns: &[ColumnUse], rows: u64) -> OwnedRequest {
        let Repair { clause, action, .. } = repair;
        OwnedRequest {
            clause: clause.clone(),
            action: action.clone(),
            keys: key_columns(self.evaluator.engine.program(), self.evaluator.task.table),
            people: self.evaluator.task.memory.people(&clause.text, column),
            columns: columns.to_vec(),
            changed_rows: rows,
            rows: self.evaluator.measured(self.pass),
        }
    }

    /// Passes proposals through the gates and applies those that may be.
    pub(super) fn apply(&mut self, proposals: &Proposals, repairs: &[Repair]) -> Result<bool, Stopped> {
        for (column, cells) in &proposals.conflicts {
            let column = self.failing.shape.schema.field(*column).name();
            self.evaluator.engine.note(format!(
                "{}: two proposals for {} of `{column}` differ, so {} none",
                self.evaluator.task.table,
                if *cells == 1 { "one cell".to_owned() } else { format!("each of {cells} cells") },
                if *cells == 1 { "it gets" } else { "they get" },
            ));
        }
        let mut changed = false;
        for place in proposals.places() {
            let Some(repair) = repairs.get(place) else { continue };
            changed |= self.pass_gates(repair, place, proposals)?;
        }
        Ok(changed)
    }

    fn pass_gates(&mut self, repair: &Repair, place: usize, proposals: &Proposals) -> Result<bool, Stopped> {
        let Repair { clause, action, .. } = repair;
        // A budget is the clause's: what it changed in earlier rounds counts.
        let mut per_column = proposals.columns(place);
        for (step, column, cells) in self.failing.changed() {
            if let Some(count) = per_column.get_mut(&column).filter(|_| step.clause == clause.index) {
                *count += cells;
            }
        }
        let cells = self.evaluator.measured(self.pass);
        let name = |column: usize| self.failing.shape.schema.field(column).name().clone();
        let columns: Vec<ColumnUse> =
            per_column.iter().map(|(c, n)| ColumnUse { column: name(*c), changed: *n, cells }).collect();
        // Only what is inferred has a budget of rows.
        let rows = if action.inferred() { self.changed_rows(clause.index, place, proposals)? } else { 0 };
        // How far people trust a clause is kept by column, so each column is decided, and told, by itself.
        let mut changed = false;
        for column in per_column.keys() {
            let name = self.failing.shape.schema.field(*column).name().clone();
            let request = self.request(repair, &name, &columns, rows);
            let decision = decide(&request.as_request(&self.evaluator.settings));
            changed |= self.apply_column(repair, (*column, &name), (place, proposals), &decision)?;
        }
        Ok(changed)
    }

    /// The rows that a clause has changed, or would by what is proposed at this place.
    fn changed_rows(&self, clause: usize, place: usize, proposals: &Proposals) -> Result<u64, Stopped> {
        let proposed: BTreeMap<usize, Vec<usize>> = {
            let mut blocks = BTreeMap::<usize, Vec<usize>>::new();
            for column in proposals.columns(place).into_keys() {
                for block in proposals.blocks(place, column) {
                    blocks.entry(block).or_default().push(column);
                }
            }
            blocks
        };
        let mut count = 0;
        let blocks: BTreeSet<usize> =
            self.failing.changed_blocks().into_iter().chain(proposed.keys().copied()).collect();
        for index in blocks {
            let block = self.failing.load(index)?;
            let of_clause = |step: usize| self.failing.step_of(step).is_some_and(|s| s.clause == clause);
            let changed = block.changes.iter().filter(|(_, c)| of_clause(c.step)).map(|((row, _), _)| *row);
            let mut rows: BTreeSet<usize> = changed.collect();
            for column in proposed.get(&index).into_iter().flatten() {
                rows.extend(proposals.load(index, place, *column)?.into_iter().flat_map(|agreed| agreed.rows));
            }
            count += rows.len() as u64;
        }
        Ok(count)
    }

    /// Applies the proposals of a clause for one column, as they were decided.
    fn apply_column(
        &mut self,
        repair: &Repair,
        (column, name): (usize, &str),
        (place, proposals): (usize, &Proposals),
        decision: &Decision,
    ) -> Result<bool, Stopped> {
        let Repair { answer, clause, action, .. } = repair;
        // A clause that goes on repairing in later rounds is one heal.
        let failure = answer.failure.to_string();
        let earlier = self.evaluator.heals.iter().position(|h| {
            (h.clause, h.column.as_str(), h.state.as_str()) == (clause.index, name, "applied")
                && (h.failure.as_str(), h.action.as_str()) == (failure.as_str(), action.name())
        });
        let heal = earlier.unwrap_or(self.evaluator.heals.len());
        let step = self.failing.step(Step { clause: clause.index, group: repair.group, heal });
        let mut told = BTreeMap::<(&str, Option<i64>), HealReport>::new();
        let mut changed = false;
        for index in proposals.blocks(place, column) {
            let Some(agreed) = proposals.load(index, place, column)? else { continue };
            let mut block = self.failing.load(index)?;
            let took_back = self.took_back(&block, &agreed.rows, column, name, &clause.text)?;
            let (mut rows, mut places) = (Vec::new(), Vec::new());
            for (at, row) in agreed.rows.iter().copied().enumerate() {
                let confidence = agreed.confidence(at);
                let undone = took_back.get(&row).copied();
                let outcome = match undone {
                    Some(heal) => Outcome::Refuse(Refusal::Undone { heal }),
                    None => decision.of(confidence),
                };
                let state = match &outcome {
                    Outcome::Apply => "applied",
                    Outcome::Wait(_) => "waiting",
                    Outcome::Refuse(_) => "refused",
                };
                let lines = || [agreed.arithmetic(at), decision.arithmetic.clone()].concat();
                let entry = told.entry((state, undone)).or_insert_with(|| HealReport {
                    column: name.to_owned(),
                    confidence,
                    arithmetic: lines(),
                    reason: reason_of(&outcome),
                    ..told::heal(answer, action.name(), state)
                });
                entry.cells += 1;
                entry.rows += 1;
                if confidence < entry.confidence {
                    entry.confidence = confidence;
                    entry.arithmetic = lines();
                }
                match outcome {
                    Outcome::Apply => {
                        block.changes.insert((row, column), Change { confidence, step });
                        rows.push(row);
                        places.push(u64::try_from(at).unwrap_or(u64::MAX));
                    }
                    Outcome::Wait(_) => self.failing.settle(block.first + row, Some(Settled::Waits)),
                    Outcome::Refuse(Refusal::Undone { .. }) => {
                        self.failing.settle(block.first + row, Some(Settled::Undone));
                        self.left.insert(block.first + row, failure.clone());
                    }
                    Outcome::Refuse(_) => {}
                }
            }
            if rows.is_empty() {
                continue;
            }
            changed = true;
            let new = take(&agreed.values, &UInt64Array::from(places), None).map_err(|e| refused(&e))?;
            block.write(column, &rows, &new).map_err(|e| refused(&e))?;
            if let (ResolvedAction::Fill { .. }, Some(flag)) = (action, self.failing.shape.flags.get(&column)) {
                let filled: ArrayRef = Arc::new(BooleanArray::from(vec![true; rows.len()]));
                block.write(*flag, &rows, &filled).map_err(|e| refused(&e))?;
            }
            self.failing.put(index, &block)?;
        }
        self.tell(earlier, told);
        Ok(changed)
    }

    /// Takes down what a clause did about one column, by state, with what earlier rounds told of it.
    fn tell(&mut self, earlier: Option<usize>, mut told: BTreeMap<(&str, Option<i64>), HealReport>) {
        // The applied one first: its place is what changes point at.
        if let Some(applied) = told.remove(&("applied", None)) {
            match earlier.and_then(|place| self.evaluator.heals.get_mut(place)) {
                Some(before) => {
                    before.cells += applied.cells;
                    before.rows += applied.rows;
                    if applied.confidence < before.confidence {
                        before.confidence = applied.confidence;
                        before.arithmetic = applied.arithmetic;
                    }
                }
                None => self.evaluator.heals.push(applied),
            }
        }
        for ((state, undone), new) in told {
            let about = |h: &HealReport| (h.clause, h.failure.clone(), h.column.clone(), h.state == state);
            let mut heals = self.evaluator.heals.iter_mut().enumerate();
            let same = heals.find(|(place, h)| {
                let repeated = undone.is_none() || h.reason == new.reason;
                about(h) == about(&new) && self.undone.contains(place) == undone.is_some() && repeated
            });
            match same {
                // A repair that was undone is asked for once, and each row has one.
                Some((_, old)) if undone.is_some() => {
                    old.cells += new.cells;
                    old.rows += new.rows;
                }
                // What is refused or waits is told once, as the last round left it.
                Some((_, old)) => *old = new,
                None => {
                    if undone.is_some() {
                        self.undone.insert(self.evaluator.heals.len());
                    }
                    self.evaluator.heals.push(new);
                }
            }
        }
    }

    /// Rows of a failure that stay out because somebody took their repair back.
    pub(super) fn left_undone(&self, reason: &Reason, failure: &str) -> u64 {
        let violated =
            |row: usize| self.failing.reasons.get(row).is_some_and(|set| self.failing.sets.has(*set, *reason));
        let of = |(row, answered): &(&usize, &String)| answered.as_str() == failure || violated(**row);
        self.left.iter().filter(of).count() as u64
    }

    /// Of these rows of a block the ones whose cell was repaired so before, with the heal that did it and was undone.
    fn took_back(
        &self,
        block: &Block,
        rows: &[usize],
        column: usize,
        name: &str,
        clause: &str,
    ) -> Result<BTreeMap<usize, i64>, Stopped> {
        let memory = &self.evaluator.task.memory;
        let mut undone = BTreeMap::new();
        if !memory.took_any_back() {
            return Ok(undone);
        }
        let (ids, texts) = (block.ids()?, block.texts_as_read(column));
        for row in rows {
            let Some((file, number)) = ids.get(*row) else { continue };
            let Some(file) = self.pass.input.files.get(*file as usize) else { continue };
            if let Some(heal) = memory.undone(file, *number, name, || texts.one(*row), clause) {
                undone.insert(*row, heal);
            }
        }
        Ok(undone)
    }
}

/// A request that owns what it is about.
pub(super) struct OwnedRequest {
    clause: pipe_check::Clause,
    action: ResolvedAction,
    keys: BTreeSet<String>,
    people: Posterior,
    columns: Vec<ColumnUse>,
    changed_rows: u64,
    rows: u64,
}

impl OwnedRequest {
    pub(super) fn as_request<'r>(&'r self, settings: &'r pipe_heal::gates::Settings) -> Request<'r> {
        Request {
            clause: &self.clause,
            action: &self.action,
            settings,
            keys: &self.keys,
            people: self.people,
            columns: &self.columns,
            changed_rows: self.changed_rows,
            rows: self.rows,
        }
    }
}

pub(super) fn reason_of(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Apply => None,
        Outcome::Wait(waiting) => Some(waiting.to_string()),
        Outcome::Refuse(refusal) => Some(refusal.to_string()),
    }
}
