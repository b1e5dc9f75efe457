//! Proposals through the gates: applied, waiting or refused, with what the report says of each.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::common::ScalarValue;
use pipe_heal::action::ResolvedAction;
use pipe_heal::confidence::Posterior;
use pipe_heal::gates::{ColumnUse, Decision, Outcome, Refusal, Request, decide};
use pipe_heal::proposal::resolve;
use pipe_quality::Reason;

use super::Healer;
use super::propose::Proposed;
use super::rows::{self, Change, Settled};
use crate::clauses::Answered;
use crate::engine::{Stopped, key_columns};
use crate::report::HealReport;
use crate::told;

impl Healer<'_, '_, '_> {
    pub(super) fn request(
        &self,
        clause: &pipe_check::Clause,
        action: &ResolvedAction,
        column: &str,
        columns: &[ColumnUse],
        rows: u64,
    ) -> OwnedRequest {
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
    pub(super) fn apply(
        &mut self,
        group: usize,
        proposals: Vec<(usize, Proposed)>,
        heals: &[(Answered, ResolvedAction, Reason)],
    ) -> Result<bool, Stopped> {
        let mut arithmetic: BTreeMap<(u64, usize), Vec<String>> = BTreeMap::new();
        let mut origin: BTreeMap<(u64, usize), usize> = BTreeMap::new();
        for (place, p) in &proposals {
            let cell = (p.proposal.row, p.proposal.column);
            arithmetic.entry(cell).or_insert_with(|| p.arithmetic.clone());
            origin.entry(cell).or_insert(*place);
        }
        let resolution = resolve(proposals.into_iter().map(|(_, p)| p.proposal));
        for conflict in &resolution.conflicts {
            let column = self.pass.input.schema.field(conflict.column).name();
            self.evaluator.engine.note(format!(
                "{}: two proposals for one cell of `{column}` differ, so it gets none",
                self.evaluator.task.table
            ));
        }
        let mut by_heal: BTreeMap<usize, Vec<pipe_heal::proposal::Proposal<ScalarValue>>> = BTreeMap::new();
        for p in resolution.agreed {
            let place = origin.get(&(p.row, p.column)).copied().unwrap_or(0);
            by_heal.entry(place).or_default().push(p);
        }
        let mut changed = false;
        for (place, proposals) in by_heal {
            let Some((answer, action, _)) = heals.get(place) else { continue };
            let Some(clause) = &answer.clause else { continue };
            changed |= self.pass_gates((answer, group), action, clause, proposals, &arithmetic)?;
        }
        Ok(changed)
    }

    fn pass_gates(
        &mut self,
        answer: (&Answered, usize),
        action: &ResolvedAction,
        clause: &pipe_check::Clause,
        proposals: Vec<pipe_heal::proposal::Proposal<ScalarValue>>,
        arithmetic: &BTreeMap<(u64, usize), Vec<String>>,
    ) -> Result<bool, Stopped> {
        // A budget is the clause's: what it changed in earlier rounds counts.
        let mut per_column: BTreeMap<usize, u64> = BTreeMap::new();
        for p in &proposals {
            *per_column.entry(p.column).or_default() += 1;
        }
        for ((_, column), change) in &self.failing.changes {
            if let Some(count) = per_column.get_mut(column).filter(|_| change.clause == clause.index) {
                *count += 1;
            }
        }
        let cells = self.evaluator.measured(self.pass);
        let columns: Vec<ColumnUse> = per_column
            .iter()
            .map(|(c, n)| ColumnUse { column: self.pass.input.schema.field(*c).name().clone(), changed: *n, cells })
            .collect();
        let mut rows: BTreeSet<usize> =
            self.failing.changes.iter().filter(|(_, c)| c.clause == clause.index).map(|((row, _), _)| *row).collect();
        rows.extend(proposals.iter().filter_map(|p| usize::try_from(p.row).ok()));
        // How far people trust a clause is kept by column, so each column is decided, and told, by itself.
        let mut by_column: BTreeMap<usize, Vec<pipe_heal::proposal::Proposal<ScalarValue>>> = BTreeMap::new();
        for p in proposals {
            by_column.entry(p.column).or_default().push(p);
        }
        let mut changed = false;
        for (column, proposals) in by_column {
            let name = self.pass.input.schema.field(column).name().clone();
            let request = self.request(clause, action, &name, &columns, rows.len() as u64);
            let decision = decide(&request.as_request(&self.evaluator.settings));
            changed |= self.apply_column(answer, action, clause, (column, &name), proposals, &decision, arithmetic)?;
        }
        Ok(changed)
    }

    /// Applies the proposals of a clause for one column, as they were decided.
    #[expect(clippy::too_many_arguments, reason = "a decision with all that it is about")]
    fn apply_column(
        &mut self,
        (answer, group): (&Answered, usize),
        action: &ResolvedAction,
        clause: &pipe_check::Clause,
        (column, name): (usize, &str),
        proposals: Vec<pipe_heal::proposal::Proposal<ScalarValue>>,
        decision: &Decision,
        arithmetic: &BTreeMap<(u64, usize), Vec<String>>,
    ) -> Result<bool, Stopped> {
        // A clause that goes on repairing in later rounds is one heal.
        let failure = answer.failure.to_string();
        let earlier = self.evaluator.heals.iter().position(|h| {
            (h.clause, h.column.as_str(), h.state.as_str()) == (clause.index, name, "applied")
                && (h.failure.as_str(), h.action.as_str()) == (failure.as_str(), action.name())
        });
        let heal = earlier.unwrap_or(self.evaluator.heals.len());
        let mut told = BTreeMap::<(&str, Option<i64>), HealReport>::new();
        let mut writes: BTreeMap<usize, ScalarValue> = BTreeMap::new();
        for p in proposals {
            let at = usize::try_from(p.row).unwrap_or(usize::MAX);
            let undone = self.undone(at, column, name, &clause.text);
            let outcome = match undone {
                Some(heal) => Outcome::Refuse(Refusal::Undone { heal }),
                None => decision.of(p.confidence),
            };
            let state = match &outcome {
                Outcome::Apply => "applied",
                Outcome::Wait(_) => "waiting",
                Outcome::Refuse(_) => "refused",
            };
            let row = usize::try_from(p.row).unwrap_or(usize::MAX);
            let entry = told.entry((state, undone)).or_insert_with(|| {
                let mut lines = arithmetic.get(&(p.row, p.column)).cloned().unwrap_or_default();
                lines.extend(decision.arithmetic.iter().cloned());
                let reason = reason_of(&outcome);
                HealReport {
                    column: name.to_owned(),
                    confidence: p.confidence,
                    arithmetic: lines,
                    reason,
                    ..told::heal(answer, action.name(), state)
                }
            });
            entry.cells += 1;
            entry.rows += 1;
            if p.confidence < entry.confidence {
                entry.confidence = p.confidence;
                let mut lines = arithmetic.get(&(p.row, p.column)).cloned().unwrap_or_default();
                lines.extend(decision.arithmetic.iter().cloned());
                entry.arithmetic = lines;
            }
            match outcome {
                Outcome::Apply => {
                    let new = (!p.new.is_null()).then(|| scalar_text(&p.new));
                    let old = match self.failing.changes.get(&(row, p.column)) {
                        Some(before) => before.old.clone(),
                        None => p.old.clone(),
                    };
                    let change = Change { old, new, confidence: p.confidence, clause: clause.index, group, heal };
                    self.failing.changes.insert((row, p.column), change);
                    writes.insert(row, p.new);
                }
                Outcome::Wait(_) => {
                    if let Some(slot) = self.failing.settled.get_mut(row) {
                        *slot = Some(Settled::Waits);
                    }
                }
                Outcome::Refuse(Refusal::Undone { .. }) => {
                    if let Some(slot) = self.failing.settled.get_mut(row) {
                        *slot = Some(Settled::Undone);
                    }
                    self.left.insert(row, failure.clone());
                }
                Outcome::Refuse(_) => {}
            }
        }
        let changed = !writes.is_empty();
        if changed {
            self.failing.write(column, &writes)?;
            if let (ResolvedAction::Fill { .. }, Some(flag)) = (action, self.failing.flags.get(&column).copied()) {
                let filled = writes.keys().map(|row| (*row, ScalarValue::Boolean(Some(true)))).collect();
                self.failing.write(flag, &filled)?;
            }
        }
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
        Ok(changed)
    }

    /// Rows of a failure that stay out because somebody took their repair back.
    pub(super) fn left_undone(&self, reason: &Reason, failure: &str) -> u64 {
        let of = |(row, answered): &(&usize, &String)| {
            answered.as_str() == failure || self.failing.reasons.get(**row).is_some_and(|r| r.contains(reason))
        };
        self.left.iter().filter(of).count() as u64
    }

    /// The heal that repaired a cell so before and was undone.
    fn undone(&self, row: usize, column: usize, name: &str, clause: &str) -> Option<i64> {
        let memory = &self.evaluator.task.memory;
        let (file, number) = self.failing.id(row);
        let file = self.pass.input.files.get(file as usize)?;
        if !memory.took_back(file, number) {
            return None;
        }
        let old = match self.failing.changes.get(&(row, column)) {
            Some(change) => change.old.clone(),
            None => self.failing.text(row, column),
        };
        memory.undone(file, number, name, old.as_deref(), clause)
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

fn scalar_text(value: &ScalarValue) -> String {
    value.to_array().map(|a| rows::format_cell(a.as_ref(), 0)).unwrap_or_default()
}
