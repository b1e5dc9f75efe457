//! A changed source never passes for bad rows: what is left of a batch after healing is measured.

use pipe_heal::action::ResolvedAction;
use pipe_heal::failure::Failure;
use pipe_heal::structural::{self, Verdict};
use pipe_quality::{Reason, Staged};

use crate::engine::Stopped;
use crate::evaluate::Evaluator;
use crate::report::FailureReport;
use crate::rulebook::Rulebook;
use crate::told;

impl Evaluator<'_, '_> {
    /// Whether the batch looks like a changed source. `true`: small, and bad throughout.
    pub(crate) fn structural(&mut self, staged: &Staged, unhealed: u64, book: &Rulebook) -> Result<bool, Stopped> {
        if self.again {
            return Ok(false);
        }
        // What a clause sets aside whole is not measured; but a batch of nothing else is lost.
        let judged = staged.rows - staged.aside_rows;
        if judged == 0 && self.sets_aside() {
            return Ok(true);
        }
        let all = staged.violations.iter().find(|(_, n)| **n == judged && judged > 0);
        let all = all.and_then(|(reason, _)| match reason {
            Reason::Rule(r) => book.rule(*r).map(|r| r.name.clone()),
            Reason::Cast(_) => Some("cast_failed".to_owned()),
            Reason::BadRecord => Some("bad_record".to_owned()),
            Reason::Spared(_) | Reason::Aside => None,
        });
        let batch = structural::Batch {
            rows: judged,
            unhealed,
            violated_by_all: all.as_deref().filter(|_| unhealed == judged),
            earlier: &self.task.earlier,
        };
        match structural::judge(&batch, self.settings.max_quarantine) {
            Verdict::Proceed => Ok(false),
            Verdict::QuarantineWhole => Ok(true),
            Verdict::Stop(finding) => {
                let answered =
                    self.answer(Failure::structural(self.task.table, finding.reason, finding.ratio), None)?;
                let actions = answered.group(0, None);
                self.accompany(&answered, &actions);
                if actions.iter().any(|a| matches!(a, ResolvedAction::Keep | ResolvedAction::Ignore)) {
                    self.failures.push(told::failure(&answered, "kept", Vec::new()));
                    self.heals.push(told::heal(&answered, "keep", "applied"));
                    return Ok(false);
                }
                let help = format!("{}; nothing was committed and nothing quarantined", finding.sentence);
                self.failures
                    .push(FailureReport { help: Some(help), ..told::failure(&answered, "failed", Vec::new()) });
                Err(self.stopped())
            }
        }
    }
}
