//! What is told of each rule, as far as it is known by now: a table that fails half-way has its verdicts too.

use std::collections::BTreeMap;

use pipe_check::Rule;
use pipe_check::words::tolerance_text;
use pipe_compile::{Planner, Rows};
use pipe_quality::Reason;
use pipe_schema::Level;

use crate::account::{exceeds, ratio};
use crate::evaluate::Evaluator;
use crate::groups;
use crate::passed::Passed;
use crate::report::RuleResult;
use crate::rulebook::{Observed, Rulebook};
use crate::told;

/// What is known of a table beside what its pass found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'k> {
    /// What the table rules found of what would commit.
    pub observed: Option<&'k BTreeMap<u16, (Observed, String)>>,
    /// The violations among what commits; `None`: nothing does, or not yet.
    pub after: Option<&'k BTreeMap<Reason, u64>>,
}

impl Evaluator<'_, '_> {
    /// Takes down what is known of the rules, for the report of a table that fails from here on.
    pub(crate) fn know(&mut self, book: &Rulebook, pass: &Passed, known: Known<'_>) {
        self.results = self.results_of(book, pass, known);
    }

    /// A result of each rule, in their order.
    pub(crate) fn results_of(&self, book: &Rulebook, pass: &Passed, known: Known<'_>) -> Vec<RuleResult> {
        let planner = self.engine.planner(&book.tables);
        let from = format!("typed.{}", self.task.table);
        let without: Vec<String> = self.task.aside.iter().cloned().collect();
        let rows = Rows {
            from: &from,
            read: self.engine.program().sources.contains_key(self.task.table),
            without: &without,
            only: self.task.part.then_some(pass.input.files.as_slice()),
        };
        // A broken record is no row of the table.
        let broken = pass.staged.violations.get(&Reason::BadRecord).copied().unwrap_or(0);
        let records = pass.staged.rows - broken;
        let of = |(index, rule): (u16, &Rule)| {
            let mut told = unjudged(&planner, rule, &rows);
            if self.again {
                // The rows come back from quarantine, and are no longer where the query looks.
                told.failing_rows_sql = None;
            }
            match rule.level {
                Level::Row | Level::Set => self.found(told, (index, rule), book, pass, known),
                Level::Schema => match pass.columns.get(&index) {
                    Some(seen) => of_table(told, seen, told::expected(rule), records),
                    None => told,
                },
                Level::Table | Level::History => match known.observed.and_then(|o| o.get(&index)) {
                    Some((seen, expected)) => {
                        let read = pass.before.get(&index);
                        let told = of_table(told, seen, expected.clone(), records);
                        // What earlier runs say is compared with what commits alone.
                        let held = read.filter(|_| rule.level == Level::Table).map(|read| u64::from(!read.holds));
                        RuleResult {
                            violations: held.unwrap_or(told.violations),
                            value: read.and_then(|read| read.value),
                            numerator: read.and_then(|read| read.numerator),
                            denominator: read.and_then(|read| read.denominator),
                            ..told
                        }
                    }
                    None => told,
                },
            }
        };
        (0u16..).zip(&book.rules).map(of).collect()
    }

    /// The result of a rule that blames rows.
    fn found(
        &self,
        mut told: RuleResult,
        (index, rule): (u16, &Rule),
        book: &Rulebook,
        pass: &Passed,
        known: Known<'_>,
    ) -> RuleResult {
        let (reason, spared) = (Reason::Rule(index), Reason::Spared(index));
        let of = |counts: &BTreeMap<Reason, u64>, reason: Reason| counts.get(&reason).copied().unwrap_or(0);
        let together = book.set.iter().any(|(i, _)| *i == index);
        let set = pass.sets.get(&index);
        let (violations, judged) = match set {
            Some(found) => (found.violations, found.judged),
            None if together && pass.identity => return told,
            None => {
                let judged = pass.staged.judged.get(&index).copied().unwrap_or(pass.staged.rows);
                (of(&pass.staged.violations, reason) + of(&pass.staged.violations, spared), judged)
            }
        };
        let after = known.after.map_or(violations, |after| of(after, reason) + of(after, spared));
        told = of_rows(told, rule, (violations, after), judged);
        if let Some(grouped) = set.and_then(|found| found.grouped.as_ref()).or_else(|| book.grouped.get(&index)) {
            let failing_after = known.after.map_or(grouped.failing, |after| of(after, reason));
            told = groups::tell(told, grouped, failing_after);
        }
        told.samples = self.samples(pass, reason);
        if told.samples.is_empty() {
            told.samples = self.samples(pass, spared);
        }
        told
    }
}

/// What is said of a rule before anything is found.
pub fn unjudged(planner: &Planner<'_>, rule: &Rule, rows: &Rows<'_>) -> RuleResult {
    let blames_rows = matches!(rule.level, Level::Row | Level::Set);
    RuleResult {
        table: rule.table.clone(),
        rule: rule.name.clone(),
        check: rule.check.to_owned(),
        column: rule.column.clone(),
        severity: rule.severity.word().to_owned(),
        dimension: rule.dimension.clone(),
        level: rule.level.word().to_owned(),
        verdict: "skipped".to_owned(),
        tolerate: tolerance_text(rule.tolerate),
        warn_above: rule.warn.and_then(tolerance_text),
        because: rule.because.clone(),
        exact: !rule.approx,
        sql: planner.violations_sql(rule, rows),
        failing_rows_sql: blames_rows.then(|| planner.assertion_sql(rule, rows)),
        ..RuleResult::default()
    }
}

/// The result of a rule that blames rows: its violations as read and among what commits, of so many rows judged.
pub fn of_rows(mut told: RuleResult, rule: &Rule, (violations, after): (u64, u64), judged: u64) -> RuleResult {
    (told.violations, told.violations_after, told.rows) = (violations, after, judged);
    told.ratio = ratio(violations, judged);
    (told.numerator, told.denominator) = (Some(violations), Some(judged));
    (told.value, told.value_after) = (Some(told.ratio), Some(ratio(after, judged)));
    told.passed = !exceeds(rule.tolerate, after, judged);
    let warns = rule.warn.is_some_and(|warn| exceeds(warn, violations, judged));
    told.verdict = verdict(told.passed, warns).to_owned();
    told
}

/// The result of a rule that blames no row, asked of so many.
pub fn of_table(mut told: RuleResult, seen: &Observed, expected: String, rows: u64) -> RuleResult {
    told.passed = seen.holds;
    told.verdict = seen.history.as_ref().map_or_else(|| verdict(seen.holds, false).to_owned(), |h| h.outcome.clone());
    told.history = seen.history.as_deref().cloned();
    told.violations = u64::from(!seen.holds);
    told.violations_after = told.violations;
    told.observed = Some(seen.text.clone());
    told.expected = Some(expected);
    told.rows = rows;
    (told.value, told.value_after) = (seen.value, seen.value);
    (told.numerator, told.denominator) = (seen.numerator, seen.denominator);
    told
}

fn verdict(passed: bool, warns: bool) -> &'static str {
    match (passed, warns) {
        (true, false) => "pass",
        (true, true) => "warn",
        (false, _) => "fail",
    }
}
