//! What clauses say of failures: the fate of their rows, what goes with it, and what is told.

use std::collections::BTreeMap;

use pipe_check::{Rule, Severity};
use pipe_compile::Tables;
use pipe_heal::action::ResolvedAction;
use pipe_heal::failure::Failure;
use pipe_heal::fate::Fate;
use pipe_quality::Reason;

use crate::clauses::{Answered, answer};
use crate::engine::Stopped;
use crate::evaluate::Evaluator;
use crate::groups::raises;
use crate::passed::Passed;
use crate::report::{HealReport, Sample};
use crate::rulebook::Rulebook;
use crate::told;

impl Evaluator<'_, '_> {
    /// The row failures of a pass, in the order they are judged: broken records, casts, rules beyond their tolerance.
    fn row_failures(&self, pass: &Passed, book: &Rulebook) -> Vec<(Reason, Failure)> {
        let read = pass.staged.rows;
        let mut raised = Vec::new();
        for (reason, count) in &pass.staged.violations {
            let failure = match reason {
                Reason::BadRecord => {
                    let first = pass.staged.first_bad.clone().unwrap_or_default();
                    let (file, _, line, why) = first;
                    let file = pass.input.files.get(file as usize).map_or("", String::as_str);
                    Failure::bad_record(self.task.table, file, line, &why, *count, read)
                }
                Reason::Cast(column) => {
                    let Some(field) = pass.input.schema.fields().get(usize::from(*column)) else { continue };
                    let ty = pipe_compile::types::from_arrow(field.data_type()).unwrap_or(pipe_schema::Type::Text);
                    Failure::cast_failed(self.task.table, field.name(), &ty, *count, read)
                }
                Reason::Rule(index) => {
                    let Some(rule) = book.rule(*index) else { continue };
                    let judged = pass.staged.judged.get(index).copied().unwrap_or(read);
                    if !raises(rule, *count, judged) {
                        continue;
                    }
                    Failure::rule_failed(rule, *count, judged)
                }
                Reason::Spared(_) | Reason::Aside => continue,
            };
            raised.push((*reason, failure));
        }
        raised
    }

    /// Finds the clause that answers a failure.
    pub(crate) fn answer(&self, failure: Failure, rule: Option<(u16, &Rule)>) -> Result<Answered, Stopped> {
        let tables = Tables::new();
        Ok(answer(&self.engine.planner(&tables), self.block, failure, rule)?)
    }

    /// What answers the row failures of a pass.
    pub(crate) fn answers(&self, pass: &Passed, book: &Rulebook) -> Result<Vec<(Reason, Answered)>, Stopped> {
        let mut answered = Vec::new();
        for (reason, failure) in self.row_failures(pass, book) {
            let rule = match reason {
                Reason::Rule(i) => book.rule(i).map(|r| (i, r)),
                _ => None,
            };
            answered.push((reason, self.answer(failure, rule)?));
        }
        Ok(answered)
    }

    /// The fate each reason asks for, from the first steps of its clause; fails the table where nothing else is said.
    pub(crate) fn fates(
        &mut self,
        book: &Rulebook,
        answered: &[(Reason, Answered)],
        pass: &Passed,
    ) -> Result<BTreeMap<Reason, Fate>, Stopped> {
        let mut fates = BTreeMap::new();
        let mut failed = false;
        for (reason, answered) in answered {
            let rule = answered.rule.and_then(|i| book.rule(i));
            let (fate, action) = self.fate_of(answered, rule, 0);
            let actions = answered.group(0, rule);
            self.accompany(answered, &actions);
            let samples = self.samples(pass, *reason);
            let mut told = told::failure(answered, handled_word(fate), samples);
            if fate == Fate::Fail {
                failed = true;
                told.help = Some(fail_help(answered, rule, &actions));
            } else if answered.clause.is_some() {
                self.heals.push(HealReport { rows: answered.failure.rows, ..told::heal(answered, action, "applied") });
            }
            self.failures.push(told);
            fates.insert(*reason, fate);
        }
        if failed { Err(self.stopped()) } else { Ok(fates) }
    }

    /// What a step group asks of the rows of a failure, and the action that says so.
    pub(crate) fn fate_of(&self, answered: &Answered, rule: Option<&Rule>, group: usize) -> (Fate, &'static str) {
        let actions = answered.group(group, rule);
        let asked = actions.iter().find_map(|a| match a {
            ResolvedAction::Keep | ResolvedAction::Ignore => Some((Fate::Keep, "keep")),
            ResolvedAction::Warn(_) => Some((Fate::Keep, "warn")),
            ResolvedAction::Drop => Some((Fate::Drop, "drop")),
            ResolvedAction::Quarantine => Some((Fate::Quarantine, "quarantine")),
            ResolvedAction::SkipFile => Some((Fate::Quarantine, "skip file")),
            ResolvedAction::Fail(_) => Some((Fate::Fail, "fail")),
            _ => None,
        });
        let (fate, action) = asked.unwrap_or((Fate::Fail, "fail"));
        // What is left of a critical rule fails the table, whatever the clause would do with its rows.
        match rule.map(|r| r.severity) {
            Some(Severity::Critical) if answered.failure.rows > 0 => (Fate::Fail, "fail"),
            _ => (fate, action),
        }
    }

    /// Carries out what accompanies a step.
    pub(crate) fn accompany(&self, answered: &Answered, actions: &[ResolvedAction]) {
        let failure = answered.failure.to_string();
        let event = format!("{failure} ({} rows)", answered.failure.rows);
        self.engine.accompany(self.task.table, &event, &failure, actions);
    }

    /// The rows that show a reason.
    pub(crate) fn samples(&self, pass: &Passed, reason: Reason) -> Vec<Sample> {
        let sample = |s: &pipe_quality::Sample| Sample {
            file: pass.input.files.get(s.file as usize).cloned(),
            line: (s.line > 0).then_some(s.line),
            row: (!pass.input.numbered).then_some(s.row),
            value: s.value.clone(),
        };
        pass.staged.samples.of(reason).iter().map(sample).collect()
    }
}

/// As a failure's report says what became of its rows.
pub fn handled_word(fate: Fate) -> &'static str {
    match fate {
        Fate::Keep => "kept",
        Fate::Drop => "dropped",
        Fate::Quarantine => "quarantined",
        Fate::Wait => "waiting",
        Fate::Fail => "failed",
    }
}

/// What to do about a failure that failed its table.
pub fn fail_help(answered: &Answered, rule: Option<&Rule>, actions: &[ResolvedAction]) -> String {
    if let Some(text) = actions.iter().find_map(|a| match a {
        ResolvedAction::Fail(Some(text)) => Some(text),
        _ => None,
    }) {
        return text.clone();
    }
    let table = &answered.failure.table;
    if let Some(incomplete) = answered.steps.iter().flatten().find_map(|s| s.as_ref().err()) {
        return incomplete.to_string();
    }
    if answered.clause.is_some() {
        return match rule {
            Some(r) if r.severity == Severity::Critical => {
                format!("what is left of the critical rule `{}` fails `{table}`", r.name)
            }
            _ => format!("the clause that answers it has no further step for these rows, so `{table}` fails"),
        };
    }
    let pattern = match (answered.failure.name, rule) {
        ("rule_failed", Some(r)) => format!("rule_failed(rule: {})", r.name),
        ("cast_failed", _) => format!("cast_failed(column: {})", answered.failure.text("column").unwrap_or("_")),
        (name, _) => name.to_owned(),
    };
    format!("no clause answers it: add `on {pattern} => quarantine;` to `heal {table}`, or look at `raw.{table}`")
}
