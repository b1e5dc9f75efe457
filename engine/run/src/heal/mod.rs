//! Repairs: only failing rows run again.
//!
//! The failing rows are held in blocks, in files where they are many; the others stay in their staged files. Clauses propose in
//! rounds on the same input, proposals pass the gates, and what is left takes the fate its clause says. A row that does not
//! commit leaves as it was read, with none of its repairs in the ledger.

mod block;
mod by_group;
mod dedupe;
mod doubt;
mod finish;
mod gate;
mod held;
mod ids;
pub(crate) mod ledger;
mod passing;
mod proposals;
mod propose;
mod reasons;
mod rounds;
mod rows;
mod sets;
mod tables;
mod verdicts;
mod violations;
mod votes;
mod withdraw;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use pipe_compile::Planner;
use pipe_heal::fate::Fate;
use pipe_quality::{Aggregates, Reason, Suspects};

use crate::clauses::Answered;
use crate::engine::Stopped;
use crate::evaluate::Evaluator;
use crate::evaluation::Evaluation;
use crate::passed::Passed;
use crate::results::Known;
use crate::rulebook::Rulebook;
use crate::settle::rows_of;
use crate::staging::provider;

use block::refused;
use by_group::FailingGroups;
use finish::finish;
use reasons::SetId;
use rows::Failing;
use sets::Standing;
use verdicts::last_group;

/// Heals what a pass found.
///
/// # Errors
/// Why nothing of the table can commit.
pub async fn heal(
    evaluator: &mut Evaluator<'_, '_>,
    book: Rulebook,
    mut pass: Passed,
    answered: Vec<(Reason, Answered)>,
) -> Result<Evaluation, Stopped> {
    let scratch = evaluator.task.scratch.join("failing");
    let mut failing = Failing::new(&pass.input, &scratch, evaluator.engine.options.memory_limit, pass.identity);
    let mut filling = failing.filling();
    for part in std::mem::take(&mut pass.staged.suspects) {
        for batch in Suspects::into_reader(part)? {
            filling.suspects(&batch?)?;
        }
    }
    filling.done()?;
    let as_read = as_read(&mut pass, &book, &failing)?;
    let passed = pass.rows.take();
    let read = pass.identity || !book.table.is_empty();
    let standing = if read { provider(evaluator.engine, &passed, &pass.good).await? } else { sets::none(&pass.good)? };
    let mut healer = Healer {
        book: &book,
        answered: answered.into_iter().collect(),
        failing,
        passed: standing,
        notified: BTreeSet::new(),
        undone: BTreeSet::new(),
        withdrawn: BTreeSet::new(),
        left: BTreeMap::new(),
        groups: BTreeMap::new(),
        evaluator: &mut *evaluator,
        pass: &mut pass,
    };
    healer.sets_as_read().await?;
    healer.evaluator.know(&book, healer.pass, Known::default());
    healer.rounds().await?;
    let violated = healer.withdraw().await?;
    let (violated, observed) = healer.hold_table_rules(violated).await?;
    let changed = !healer.failing.changed_blocks().is_empty()
        || healer.failing.settled.iter().any(Option::is_some)
        || healer.tolerable(&violated, |reason| healer.mild(reason)).count_set_bits() < violated.len();
    healer.pass.before = healer.evaluator.before(&book, &as_read, &observed, changed).await?;
    let settled = healer.settle(violated)?;
    let Healer { failing, .. } = healer;
    finish(evaluator, book, pass, failing, passed, settled, observed).await
}

/// The aggregates of the table rules over the rows as read, but for broken records.
fn as_read(pass: &mut Passed, book: &Rulebook, failing: &Failing) -> Result<Vec<ScalarValue>, Stopped> {
    let mut all = std::mem::replace(&mut pass.staged.aggregates, Aggregates::new(&book.aggregates)?);
    for block in failing.blocks().filter(|_| !book.aggregates.is_empty()) {
        let block = block?;
        let reasons = failing.reasons.get(block.all()).unwrap_or_default();
        let whole = reasons.iter().map(|set| Some(!failing.sets.has(*set, Reason::BadRecord))).collect();
        let read = block.current().map_err(|e| refused(&e))?;
        all.update(&rows_of(&read, &whole, pass.input.columns)?)?;
    }
    Ok(all.finish()?)
}

struct Healer<'h, 'e, 'a> {
    evaluator: &'h mut Evaluator<'e, 'a>,
    book: &'h Rulebook,
    pass: &'h mut Passed,
    /// Failures with their clauses; those of later rounds are added.
    answered: BTreeMap<Reason, Answered>,
    failing: Failing,
    /// The rows that passed, with identity where a set rule needs it; none when no rule looks at them together.
    passed: Arc<dyn TableProvider>,
    /// Failures whose channels were told.
    notified: BTreeSet<(Reason, usize)>,
    /// Steps whose repairs made a table rule fail: clauses and groups, by index.
    withdrawn: BTreeSet<(usize, usize)>,
    /// Heals that were refused because somebody had undone them, by place.
    undone: BTreeSet<usize>,
    /// Rows that stay out because an undo took their repair back, with the failure that it answered.
    left: BTreeMap<usize, String>,
    /// Of set rules with a tolerance of each group: the groups that failed as read.
    groups: BTreeMap<u16, FailingGroups>,
}

impl Healer<'_, '_, '_> {
    /// Rows of `failing` that pass every row rule by now and are still there, as the set rules see them.
    fn passing(&self, violated: &[SetId]) -> Result<Option<Arc<dyn TableProvider>>, Stopped> {
        let keep = self.tolerable(violated, |reason| self.mild(reason));
        passing::table(&self.failing, &self.pass.good, &(&keep & &self.unsettled()))
    }

    /// The rows that violate nothing but what is let pass here.
    fn tolerable(&self, violated: &[SetId], pass: impl Fn(&Reason) -> bool) -> BooleanBuffer {
        let mut known: BTreeMap<SetId, bool> = BTreeMap::new();
        let sets = &self.failing.sets;
        let tolerable =
            violated.iter().map(|set| *known.entry(*set).or_insert_with(|| sets.of(*set).all(|r| pass(&r))));
        BooleanBuffer::from_iter(tolerable)
    }

    /// The rows that nothing has settled yet.
    fn unsettled(&self) -> BooleanBuffer {
        BooleanBuffer::from_iter(self.failing.settled.iter().map(Option::is_none))
    }

    /// Whether a row that violates this commits all the same: it is within the tolerance, or its clause lets it pass in the end.
    fn mild(&self, reason: &Reason) -> bool {
        let Some(answer) = self.answered.get(reason) else { return true };
        let rule = answer.rule.and_then(|i| self.book.rule(i));
        self.evaluator.fate_of(answer, rule, last_group(answer, rule)).0 == Fate::Keep
    }

    fn standing(&self, passing: Option<Arc<dyn TableProvider>>) -> Standing<'_> {
        Standing {
            engine: self.evaluator.engine,
            table: self.evaluator.task.table,
            passed: Arc::clone(&self.passed),
            failing: self.failing.ids(),
            passing,
            committed: self.evaluator.task.committed.clone(),
        }
    }

    fn planner(&self) -> Planner<'_> {
        self.evaluator.engine.planner(&self.book.tables)
    }
}
