//! The account of a table when all its rows have their fate: it balances, or nothing commits.

use std::collections::BTreeMap;

use pipe_check::Tolerance;
use pipe_check::words::tolerance_text;
use pipe_compile::Tables;
use pipe_quality::Reason;

use crate::engine::Stopped;
use crate::evaluate::{Evaluation, Evaluator, Passed};
use crate::heal::ledger;
use crate::quarantine::Written;
use crate::report::{RuleReport, TableReport};
use crate::rulebook::{Observed, Rulebook};
use crate::settle::{Counts, data_schema};
use crate::staging::Finished;
use crate::told;

/// What is left when all rows have their fate.
pub struct Ending {
    /// Where the rows that go on are.
    pub rows: Finished,
    /// Where the others are.
    pub quarantine: Option<Written>,
    /// What the heals leave behind.
    pub ledger: Option<ledger::Written>,
    /// Rows nobody healed, kept or dropped.
    pub unhealed: u64,
    /// Whether that was all of a small batch.
    pub lost: bool,
    /// Rows a `dedupe` removed.
    pub duplicates: u64,
    /// Changed cells, and the rows they are in.
    pub healed: (u64, u64),
}

impl Evaluator<'_, '_> {
    /// Closes the account.
    ///
    /// # Errors
    /// The rows read are not those accounted for, by count or by sum.
    pub(crate) fn finish(
        &mut self,
        book: Rulebook,
        pass: Passed,
        observed: BTreeMap<u16, (Observed, String)>,
        schema_verdicts: BTreeMap<u16, Observed>,
        counts: Counts,
        ending: Ending,
    ) -> Result<Evaluation, Stopped> {
        let staged = &pass.staged;
        let accounted = counts.committed + counts.quarantined + counts.dropped + ending.duplicates;
        // A file that is set aside unread is one row of both sides.
        let read = staged.rows + self.unread.len() as u64;
        if accounted != read || counts.sum != staged.read_sum {
            let message = format!(
                "`{}`: {read} rows were read and {accounted} are accounted for; nothing was committed",
                self.task.table
            );
            let code = pipe_diagnostics::codes::run::NOT_BALANCED;
            return Err(pipe_diagnostics::Diagnostic::new(code, pipe_diagnostics::Severity::Error, message).into());
        }
        let mut values = BTreeMap::new();
        let tables = Tables::new();
        let planner = self.planner(&tables);
        let source = self.engine.program().sources.contains_key(self.task.table);
        let from = if source { format!("raw.{}", self.task.table) } else { self.task.table.to_owned() };
        let mut warnings = Vec::new();
        let rules = (0u16..)
            .zip(&book.rules)
            .map(|(index, rule)| {
                let mut told = RuleReport {
                    table: rule.table.clone(),
                    rule: rule.name.clone(),
                    check: rule.check.to_owned(),
                    severity: rule.severity.word().to_owned(),
                    dimension: rule.dimension.clone(),
                    level: rule.level.word().to_owned(),
                    tolerate: tolerance_text(rule.tolerate),
                    warn_above: rule.warn.and_then(tolerance_text),
                    exact: !rule.approx,
                    sql: planner.assertion_sql(rule, &from),
                    rows: staged.judged.get(&index).copied().unwrap_or(staged.rows),
                    ..RuleReport::default()
                };
                let table = observed.get(&index).map(|(o, e)| (o, e.clone()));
                let table = table.or_else(|| schema_verdicts.get(&index).map(|o| (o, told::expected(rule))));
                if let Some((seen, expected)) = table {
                    told.passed = seen.holds;
                    told.verdict = verdict(seen.holds, false);
                    told.violations = u64::from(!seen.holds);
                    told.violations_after = told.violations;
                    told.rows = staged.rows;
                    told.observed = Some(seen.text.clone());
                    told.expected = Some(expected);
                    if let Some(value) = seen.value {
                        values.insert(rule.name.clone(), value);
                    }
                    return told;
                }
                let reason = Reason::Rule(index);
                told.violations = staged.violations.get(&reason).copied().unwrap_or(0);
                told.violations_after = counts.after.get(&reason).copied().unwrap_or(0);
                told.ratio = ratio(told.violations, told.rows);
                told.passed = !exceeds(rule.tolerate, told.violations_after, told.rows);
                let warns = rule.warn.is_some_and(|warn| exceeds(warn, told.violations, told.rows));
                told.verdict = verdict(told.passed, warns);
                if warns && let Some(above) = &told.warn_above {
                    let (name, table, n, of) = (&rule.name, &rule.table, told.violations, told.rows);
                    warnings.push(format!("{table}: {n} of {of} rows violate `{name}`, which warns above {above}"));
                }
                told.samples = self.samples(&pass, reason);
                told
            })
            .collect();
        for warning in warnings {
            self.engine.note(warning);
        }
        let table = TableReport {
            name: self.task.table.to_owned(),
            outcome: "committed".to_owned(),
            read,
            committed: counts.committed,
            quarantined: counts.quarantined,
            waiting: counts.waiting,
            dropped: counts.dropped,
            duplicates_removed: ending.duplicates,
            kept: counts.kept,
            healed_cells: ending.healed.0,
            healed_rows: ending.healed.1,
            quarantine: (counts.quarantined > 0).then(|| format!("pipe.quarantine_{}", self.task.table)),
            ..TableReport::default()
        };
        Ok(Evaluation {
            table,
            rules,
            values,
            heals: std::mem::take(&mut self.heals),
            failures: std::mem::take(&mut self.failures),
            rows: ending.rows,
            schema: data_schema(&pass.input.schema, pass.input.columns),
            quarantine: ending.quarantine,
            ledger: ending.ledger,
            baseline: None,
            files: Vec::new(),
            watermark: None,
            unhealed: ending.unhealed,
            lost: ending.lost,
        })
    }
}

/// Whether so many violations are more than is tolerated.
pub fn exceeds(tolerate: Tolerance, violations: u64, judged: u64) -> bool {
    match tolerate {
        Tolerance::None => violations > 0,
        Tolerance::Rows(most) => violations > most,
        Tolerance::Share(share) => ratio(violations, judged) > share,
    }
}

/// A verdict in one word.
pub fn verdict(passed: bool, warns: bool) -> String {
    match (passed, warns) {
        (true, false) => "pass",
        (true, true) => "warn",
        (false, _) => "fail",
    }
    .to_owned()
}

/// A share of rows; 0 of none.
#[expect(clippy::cast_precision_loss, reason = "a share of row counts")]
pub fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
