//! The account of a table when all its rows have their fate: it balances, or nothing commits.

use std::collections::BTreeMap;

use pipe_check::Tolerance;

use crate::engine::Stopped;
use crate::evaluate::Evaluator;
use crate::evaluation::Evaluation;
use crate::heal::ledger;
use crate::history::state_of;
use crate::passed::Passed;
use crate::quarantine::Written;
use crate::report::TableReport;
use crate::results::Known;
use crate::rulebook::{Observed, Rulebook};
use crate::settle::{Counts, data_schema};
use crate::staging::Finished;
use crate::states::States;

/// What is left when all rows have their fate.
pub struct Ending {
    /// Where the rows that go on are.
    pub rows: Finished,
    /// Where the others are.
    pub quarantine: Option<Written>,
    /// What the heals leave behind.
    pub ledger: Option<ledger::Written>,
    /// What table rules observed, and what they expected.
    pub observed: BTreeMap<u16, (Observed, String)>,
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
        let known = Known { observed: Some(&ending.observed), after: Some(&counts.after) };
        let rules = self.results_of(&book, &pass, known);
        for told in rules.iter().filter(|r| r.verdict == "warn") {
            let (name, table, n, of) = (&told.rule, &told.table, told.violations, told.rows);
            let above = told.warn_above.as_deref().unwrap_or_default();
            self.engine.note(format!("{table}: {n} of {of} rows violate `{name}`, which warns above {above}"));
        }
        let otherwise = counts.quarantined + counts.dropped + ending.duplicates + ending.healed.1;
        let (mut metrics, mut columns) = (Vec::new(), Vec::new());
        if !self.again {
            let observed = ending.observed.iter().filter_map(|(index, (seen, _))| Some((book.rule(*index)?, seen)));
            let state = state_of(read, otherwise);
            let states = ending.rows.states.as_ref();
            let (measured, notes) = self.task.history.metrics(observed, state, Some(counts.committed), states);
            columns = states.map(States::kept).unwrap_or_default();
            metrics = measured;
            notes.into_iter().for_each(|note| self.engine.note(note));
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
            metrics,
            columns,
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

/// A share of rows; 0 of none.
#[expect(clippy::cast_precision_loss, reason = "a share of row counts")]
pub fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
