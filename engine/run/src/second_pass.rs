//! Whether one pass is enough, or the source is read again with each row's place kept: where rows must meet one by one.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use futures::StreamExt;
use pipe_quality::{KeyHashes, KeyPlan};

use crate::engine::Stopped;
use crate::errors;
use crate::evaluate::Evaluator;
use crate::first_pass::KEY_HASHES;
use crate::passed::Passed;
use crate::rulebook::{self, Rulebook};

impl Evaluator<'_, '_> {
    /// Whether rows may come back repaired with another key than they were read with: they must meet the rows that passed, one
    /// by one. Where repairs write elsewhere the keys of all rows as read, which the pass has proven, are the proof.
    pub(crate) fn may_repeat(&self, pass: &Passed, book: &Rulebook) -> Result<bool, Stopped> {
        if book.keys.is_empty() {
            return Ok(false);
        }
        let keys: BTreeSet<&str> =
            book.keys.iter().filter_map(|k| book.rule(k.rule)).flat_map(rulebook::columns_of).collect();
        let mut repairs = false;
        for (_, answered) in self.answers(pass, book)? {
            for action in (0..answered.steps.len()).flat_map(|g| answered.group(g, None)) {
                repairs |= action.repairs();
                if action.writes().iter().any(|c| keys.contains(c.as_str())) {
                    return Ok(true);
                }
            }
        }
        Ok(repairs && self.later_repairs(&keys))
    }

    /// Whether a clause may write one of these columns for a failure that only repairs raise. A repair without a column of its
    /// own takes the failing rule's.
    fn later_repairs(&self, columns: &BTreeSet<&str>) -> bool {
        use pipe_syntax::Action;
        let written = |action: &Action| match action {
            Action::Set { column, .. }
            | Action::Fill { column: Some(column), .. }
            | Action::Majority(Some((column, _))) => columns.contains(column.value.as_str()),
            Action::Fill { column: None, .. }
            | Action::Majority(None)
            | Action::Normalize { .. }
            | Action::Lookup { .. }
            | Action::Prefer(_)
            | Action::Snap(_)
            | Action::Clip(_)
            | Action::Repair(_) => true,
            // Values that do not convert are found when they are read, or never.
            _ => false,
        };
        let clauses = self.block.into_iter().flat_map(|b| &b.clauses);
        clauses.flat_map(|c| c.steps.iter().flatten()).any(|a| written(&a.syntax))
    }

    /// Whether a clause may look at rows that pass: for a vote with a key of its own, a mean, the row before.
    pub(crate) fn looks_around(&self) -> bool {
        use pipe_syntax::{Action, FillWith};
        self.block.into_iter().flat_map(|b| &b.clauses).flat_map(|c| c.steps.iter().flatten()).any(|a| {
            match &a.syntax {
                Action::Fill { with, .. } => !matches!(with, FillWith::Sql(_)),
                Action::Majority(of) => of.is_some(),
                _ => false,
            }
        })
    }

    /// Whether any key of a `unique` rule may occur twice, among the rows that pass and those committed before.
    pub(crate) async fn repeated(&self, pass: &mut Passed, book: &Rulebook) -> Result<bool, Stopped> {
        for (key, mut new) in book.keys.iter().zip(std::mem::take(&mut pass.staged.keys)) {
            let mut old = match &self.task.committed {
                Some(provider) => vec![self.committed_keys(provider, key).await?],
                None => Vec::new(),
            };
            let found = KeyHashes::repeated(&mut new, &mut old, 0).map_err(|e| errors::io(&e))?;
            if !found.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Hashes of the keys a load has committed. Its columns are the table's, in their order.
    async fn committed_keys(&self, provider: &Arc<dyn TableProvider>, key: &KeyPlan) -> Result<KeyHashes, Stopped> {
        let mut held = KeyHashes::new(KEY_HASHES, &self.task.scratch);
        let mut rows = self.engine.session.read_table(Arc::clone(provider))?.execute_stream().await?;
        while let Some(batch) = rows.next().await {
            let (hashes, keyed) = pipe_quality::key_hashes(key, &batch?)?;
            held.extend(&hashes, &keyed).map_err(|e| errors::io(&e))?;
        }
        Ok(held)
    }
}
