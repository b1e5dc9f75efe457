//! Files that are set aside whole, because a clause says `skip file`: all of their rows go to quarantine, unjudged.
//!
//! A file whose records can be read is read, and each row is kept as it came. One that cannot, or whose columns are not the
//! table's, is one row of the quarantine that stands for all of it, and one row of the account.

use std::collections::BTreeSet;

use datafusion::arrow::array::BooleanArray;
use pipe_connect::source::InputFile;
use pipe_heal::action::ResolvedAction;
use pipe_quality::{Reason, Suspects};
use pipe_state::RowState;

use crate::clauses::Answered;
use crate::engine::Stopped;
use crate::evaluate::Evaluator;
use crate::passed::Passed;
use crate::quarantine::{Writer, file_indexes};
use crate::report::HealReport;
use crate::settle::{Counts, marks};
use crate::told;

/// A file that is set aside without its rows.
#[derive(Clone, Debug)]
pub struct Unread {
    /// The file.
    pub file: InputFile,
    /// The failure that a clause answered with `skip file`.
    pub reason: &'static str,
}

impl Evaluator<'_, '_> {
    /// `skip file`: ends this try when a clause wants the files of broken records left out whole.
    pub(crate) fn skip_files(&mut self, pass: &Passed, answered: &[(Reason, Answered)]) -> Result<(), Stopped> {
        for (reason, answer) in answered {
            let actions = answer.group(0, None);
            if *reason != Reason::BadRecord || !actions.iter().any(|a| matches!(a, ResolvedAction::SkipFile)) {
                continue;
            }
            let files = &pass.staged.bad_files;
            let skip: BTreeSet<String> =
                files.iter().filter_map(|f| pass.input.files.get(*f as usize).cloned()).collect();
            if !skip.is_empty() {
                self.accompany(answer, &actions);
                let told = told::failure(answer, "quarantined", self.samples(pass, *reason));
                let heal = HealReport { rows: answer.failure.rows, ..told::heal(answer, "skip file", "applied") };
                return Err(Stopped { skip, failures: vec![told], heals: vec![heal], ..Stopped::default() });
            }
        }
        Ok(())
    }

    /// Whether any file is set aside.
    pub(crate) fn sets_aside(&self) -> bool {
        !self.task.aside.is_empty() || !self.unread.is_empty()
    }

    /// The files that are read and set aside, by index.
    pub(crate) fn aside(&self, files: &[String]) -> BTreeSet<u32> {
        (0..).zip(files).filter(|(_, f)| self.task.aside.contains(*f)).map(|(i, _)| i).collect()
    }

    /// Sends what is set aside to quarantine and counts it.
    ///
    /// # Errors
    /// The quarantine cannot be written.
    pub(crate) fn set_aside(
        &self,
        pass: &mut Passed,
        quarantine: &mut Writer,
        counts: &mut Counts,
    ) -> Result<(), Stopped> {
        let fresh = self.fresh_files(&pass.input);
        for part in std::mem::take(&mut pass.staged.aside) {
            for batch in Suspects::into_reader(part)? {
                let batch = batch?;
                counts.quarantined += batch.num_rows() as u64;
                counts.sum = counts.sum.wrapping_add(marks(&batch));
                let is_fresh = |file: &u32| fresh.as_ref().is_none_or(|f| f.contains(file));
                let leaving: BooleanArray = file_indexes(&batch).values().iter().map(|f| Some(is_fresh(f))).collect();
                quarantine.write(&batch, &leaving, RowState::Held)?;
            }
        }
        for (index, unread) in (pass.input.files.len()..).zip(&self.unread) {
            counts.quarantined += 1;
            if self.task.fresh.as_ref().is_none_or(|fresh| fresh.contains(&unread.file.name)) {
                quarantine.write_file(index, &unread.file.name, unread.reason)?;
            }
        }
        Ok(())
    }
}
