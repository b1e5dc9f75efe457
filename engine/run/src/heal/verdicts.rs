//! The verdicts of a heal: the fate of every failing row, as it would commit, and what is told of each failure.

use std::collections::{BTreeMap, BTreeSet};

use pipe_check::Rule;
use pipe_heal::action::ResolvedAction;
use pipe_heal::fate::Fate;
use pipe_quality::Reason;

use super::Healer;
use super::reasons::{SetId, counted};
use super::rows::{Failing, Settled};
use crate::clauses::Answered;
use crate::engine::Stopped;
use crate::fates::{fail_help, handled_word};
use crate::report::HealReport;
use crate::told;

/// What each failing row violates as it would commit, and where that sends it.
pub(super) struct Verdicts {
    violated: Vec<SetId>,
    fates: BTreeMap<SetId, Fate>,
}

impl Verdicts {
    /// What a row violates.
    pub fn of(&self, row: usize) -> SetId {
        self.violated.get(row).copied().unwrap_or_default()
    }

    /// Where a row goes. A removed duplicate goes nowhere, whatever this says.
    pub fn fate(&self, failing: &Failing, row: usize) -> Fate {
        match failing.settled(row) {
            Some(Settled::Waits) => Fate::Wait,
            Some(Settled::Undone) => Fate::Quarantine,
            _ => self.fates.get(&self.of(row)).copied().unwrap_or(Fate::Keep),
        }
    }
}

impl Healer<'_, '_, '_> {
    /// The fate of every failing row.
    pub(super) fn settle(&mut self, violated: Vec<SetId>) -> Result<Verdicts, Stopped> {
        let mut left: BTreeMap<Reason, u64> = BTreeMap::new();
        let open = violated.iter().zip(&self.failing.settled).filter(|(_, s)| s.is_none()).map(|(v, _)| *v);
        for (set, rows) in counted(open) {
            for reason in self.failing.sets.of(set) {
                *left.entry(reason).or_default() += rows;
            }
        }
        let mut fates = BTreeMap::new();
        for (reason, answer) in self.answered.clone() {
            let fate = self.conclude(reason, &answer, left.get(&reason).copied().unwrap_or(0));
            fates.extend(fate.map(|fate| (reason, fate)));
        }
        if fates.values().any(|fate| *fate == Fate::Fail) {
            return Err(self.evaluator.stopped());
        }
        let sets: BTreeSet<SetId> = violated.iter().copied().collect();
        let strictest = |set| Fate::strictest(self.failing.sets.of(set).filter_map(|r| fates.get(&r).copied()));
        let fates = sets.into_iter().map(|set| (set, strictest(set))).collect();
        Ok(Verdicts { violated, fates })
    }

    /// Tells what became of a failure of which so many rows are left, and gives their fate; `None`: repairs have settled it.
    fn conclude(&mut self, reason: Reason, answer: &Answered, left: u64) -> Option<Fate> {
        let rule = answer.rule.and_then(|i| self.book.rule(i));
        let group = last_group(answer, rule);
        let repairs = group > 0;
        if self.notified.insert((reason, 0)) {
            self.evaluator.accompany(answer, &answer.group(0, rule));
        }
        let samples = self.evaluator.samples(self.pass, reason);
        if left == 0 && repairs {
            let word = self.healed_word(reason, answer);
            self.evaluator.failures.push(told::failure(answer, &word, samples));
            return None;
        }
        if repairs && self.notified.insert((reason, group)) {
            self.evaluator.accompany(answer, &answer.group(group, rule));
        }
        let (fate, action) = self.evaluator.fate_of(answer, rule, group);
        let mut word = handled_word(fate).to_owned();
        if repairs && left < answer.failure.rows {
            word = format!("healed, {left} row{} {word}", if left == 1 { "" } else { "s" });
        }
        let mut told = told::failure(answer, &word, samples);
        if fate == Fate::Fail {
            told.handled = "failed".to_owned();
            told.help = Some(fail_help(answer, rule, &answer.group(group, rule)));
        } else if answer.clause.is_some() {
            self.evaluator.heals.push(HealReport { rows: left, ..told::heal(answer, action, "applied") });
        }
        self.evaluator.failures.push(told);
        Some(fate)
    }

    /// What is told of a failure none of whose rows is left: but for those that wait, or that an undo put into quarantine.
    fn healed_word(&self, reason: Reason, answer: &Answered) -> String {
        let failure = answer.failure.to_string();
        let undone = self.left_undone(&reason, &failure);
        let proposals = self.evaluator.heals.iter().filter(|h| h.failure == failure);
        let waiting: u64 = proposals.filter(|h| h.state == "waiting").map(|h| h.rows).sum();
        match undone {
            0 if waiting == 0 => "healed".to_owned(),
            0 if waiting >= answer.failure.rows => "waiting".to_owned(),
            0 => format!("healed, {waiting} waiting"),
            n if n == answer.failure.rows => "left in quarantine, where an undo put them".to_owned(),
            n => format!("healed, {n} left in quarantine, where an undo put {}", if n == 1 { "it" } else { "them" }),
        }
    }
}

/// The first step group of a clause that repairs nothing: what it says of the rows that are left.
pub(super) fn last_group(answer: &Answered, rule: Option<&Rule>) -> usize {
    let repairs = |group: &usize| answer.group(*group, rule).iter().any(ResolvedAction::repairs);
    (0..=answer.steps.len()).find(|g| !repairs(g)).unwrap_or(answer.steps.len())
}
