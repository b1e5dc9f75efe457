//! The end of a heal: what commits is written, what does not is quarantined, every change is in the ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::{filter_record_batch, or};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::prelude::{ident, lit};
use futures::StreamExt;
use pipe_connect::source::meta;
use pipe_heal::fate::Fate;
use pipe_quality::{Reason, RowSink, row_mark};
use pipe_state::RowState;

use super::block::{Block, format_cell, refused};
use super::ids::{RowId, row_ids};
use super::ledger;
use super::passing::{self, committing};
use super::reasons::{SetId, counted};
use super::rows::{Failing, Settled};
use super::tables as table_rules;
use super::verdicts::Verdicts;
use crate::account::Ending;
use crate::engine::Stopped;
use crate::errors;
use crate::evaluate::Evaluator;
use crate::evaluation::Evaluation;
use crate::pass::Input;
use crate::passed::Passed;
use crate::quarantine::Writer;
use crate::report::HealReport;
use crate::results::Known;
use crate::rulebook::Rulebook;
use crate::settle::{Counts, data_schema, marks, with_file};
use crate::staging::{Finished, Part, provider};

/// Whether a row is a failing one that commits, where these are put back into their places.
const BACK: &str = "_back";

/// Writes what commits, quarantines what does not, and closes the account.
pub(super) async fn finish(
    evaluator: &mut Evaluator<'_, '_>,
    book: Rulebook,
    mut pass: Passed,
    failing: Failing,
    passed: Finished,
    verdicts: Verdicts,
    observed: table_rules::Verdicts,
) -> Result<Evaluation, Stopped> {
    let data = data_schema(&pass.input.schema, pass.input.columns);
    let fate = |row: usize| (verdicts.fate(&failing, row), failing.settled(row));
    // What a person took back says nothing about the batch.
    let unhealed = |row: &usize| matches!(fate(*row), (Fate::Quarantine, None | Some(Settled::Waits)));
    let unhealed = (0..failing.len()).filter(unhealed).count() as u64;
    let lost = evaluator.structural(&pass.staged, unhealed, &book)?;

    let out = if evaluator.task.tracked { with_file(&data) } else { Arc::clone(&data) };
    let mut counts = Counts::default();
    let ordered = pass.identity && pass.input.ordered;
    let (mut rows, sum) = if pass.identity {
        let commits =
            |row: usize| failing.settled(row) != Some(Settled::Removed) && verdicts.fate(&failing, row) == Fate::Keep;
        let back = ordered.then(|| (0..failing.len()).map(commits).collect::<BooleanBuffer>());
        let (rows, sum, stayed) = rewrite(evaluator, &pass, &passed, &failing, &out, back).await?;
        counts.committed = stayed;
        (rows, sum)
    } else {
        counts.committed = pass.staged.good;
        (passed, pass.staged.good_sum)
    };
    counts.sum = sum;
    let part = if pass.identity {
        open_part(evaluator, evaluator.engine.options.threads, &out, &data)?
    } else {
        std::mem::replace(&mut pass.extra, Part::own(&evaluator.task.scratch, "none", 0, &out))
    };
    let fresh = evaluator.fresh_files(&pass.input);
    let mut leaving = Leaving {
        part,
        quarantine: evaluator.quarantine_writer(&pass, &book, "quarantine"),
        duplicates: 0,
        by_heal: BTreeMap::new(),
        written: ordered,
    };
    for block in failing.blocks() {
        leaving.block(&block?, &failing, &verdicts, (&out, fresh.as_ref()), &mut counts)?;
    }
    let Leaving { part, mut quarantine, duplicates, by_heal, .. } = leaving;
    part.finish(&mut rows).map_err(|e| errors::io(&e))?;
    evaluator.set_aside(&mut pass, &mut quarantine, &mut counts)?;
    let quarantine = quarantine.finish()?;

    let numbers = tell_rows(evaluator, &by_heal);
    let (ledger, healed) = changes(evaluator, &pass, &book, &failing, &verdicts, &numbers).await?;

    let known = Known { observed: Some(&observed), after: None };
    evaluator.know(&book, &pass, known);
    evaluator.judge_table_rules(&book, &observed)?;
    // Rows that violate and are not among the failing ones stay as they are: their rule is in its tolerance, or their group.
    let as_read = counted(failing.reasons.iter().copied());
    for (reason, violations) in &pass.staged.violations {
        let failing = as_read.iter().filter(|(set, _)| failing.sets.has(**set, *reason)).map(|(_, rows)| rows).sum();
        let stay = violations.saturating_sub(failing);
        if stay > 0 {
            *counts.after.entry(*reason).or_default() += stay;
        }
    }
    let measured = evaluator.measured(&pass);
    if pipe_heal::structural::batch_waits(counts.waiting, measured, evaluator.settings.max_quarantine, false) {
        evaluator.engine.note(format!(
            "{}: {} of {} rows wait for approval, so the whole batch waits; nothing was committed",
            evaluator.task.table, counts.waiting, measured
        ));
        return Err(Stopped { waiting: true, ..evaluator.stopped() });
    }
    let ending = Ending { rows, quarantine, ledger, observed, unhealed, lost, duplicates, healed };
    evaluator.finish(book, pass, counts, ending)
}

/// Where the failing rows go.
struct Leaving {
    part: Part,
    quarantine: Writer,
    duplicates: u64,
    /// Cells and rows that commit changed, by the place of the heal.
    by_heal: BTreeMap<usize, (u64, u64)>,
    /// Whether rows that commit are written by now: in their places among those that passed.
    written: bool,
}

impl Leaving {
    /// Sends the rows of a block where they go: to the columns of `out`, or to quarantine if their file is fresh.
    fn block(
        &mut self,
        block: &Block,
        failing: &Failing,
        verdicts: &Verdicts,
        (out, fresh): (&SchemaRef, Option<&BTreeSet<u32>>),
        counts: &mut Counts,
    ) -> Result<(), Stopped> {
        let ids = block.ids()?;
        let mut leaving: Vec<Option<RowState>> = vec![None; block.len()];
        let mut commits = vec![false; block.len()];
        for (((row, (file, number)), slot), commits) in block.all().zip(ids).zip(&mut leaving).zip(&mut commits) {
            counts.sum = counts.sum.wrapping_add(row_mark(file, number));
            let settled = failing.settled(row);
            if settled == Some(Settled::Removed) {
                self.duplicates += 1;
                continue;
            }
            let state = match verdicts.fate(failing, row) {
                Fate::Keep => {
                    *commits = true;
                    counts.committed += 1;
                    let mut reasons = failing.sets.of(verdicts.of(row));
                    counts.kept += u64::from(!reasons.all(|r| matches!(r, Reason::Spared(_))));
                    for reason in failing.sets.of(verdicts.of(row)) {
                        *counts.after.entry(reason).or_default() += 1;
                    }
                    continue;
                }
                Fate::Drop => {
                    counts.dropped += 1;
                    continue;
                }
                Fate::Quarantine if settled == Some(Settled::Undone) => RowState::Undone,
                Fate::Quarantine => RowState::Held,
                Fate::Wait => {
                    counts.waiting += 1;
                    RowState::AwaitingApproval
                }
                Fate::Fail => return Err(errors::internal(&"a failed row was settled").into()),
            };
            counts.quarantined += 1;
            if fresh.is_none_or(|fresh| fresh.contains(&file)) {
                *slot = Some(state);
            }
        }
        let changes = block.changes.iter().filter(|((row, _), _)| commits.get(*row).copied().unwrap_or(false));
        let mut counted = BTreeSet::new();
        for ((row, _), change) in changes {
            let Some(step) = failing.step_of(change.step) else { continue };
            let (cells, rows) = self.by_heal.entry(step.heal).or_default();
            *cells += 1;
            *rows += u64::from(counted.insert((*row, step.heal)));
        }
        if commits.contains(&true) && !self.written {
            let keep = BooleanArray::from(commits);
            let rows = committing(block, &failing.shape, out, &keep).map_err(|e| refused(&e))?;
            self.part.write(&rows).map_err(|e| errors::io(&e))?;
        }
        if leaving.iter().any(Option::is_some) {
            let suspects = left(block, failing, verdicts)?;
            for state in [RowState::Held, RowState::AwaitingApproval, RowState::Undone] {
                let mask: BooleanArray = leaving.iter().map(|s| Some(*s == Some(state))).collect();
                self.quarantine.write(&suspects, &mask, state)?;
            }
        }
        Ok(())
    }
}

/// The rows of a block as read, with what they violated then; of rows that violated nothing, with what they do now.
fn left(block: &Block, failing: &Failing, verdicts: &Verdicts) -> Result<RecordBatch, Stopped> {
    let reasons = block.all().map(|row| {
        let as_read = failing.reasons.get(row).copied().unwrap_or_default();
        failing.sets.of(if as_read == SetId::default() { verdicts.of(row) } else { as_read })
    });
    block.suspects(reasons).map_err(|e| refused(&e))
}

/// Writes what changed in rows that commit, with the removed duplicates whole; and the rows that commit with a changed cell,
/// as read and as they commit, which undoing a heal needs. `numbers` are those of the heals, by place. Gives what was written,
/// and how many cells and rows were changed.
///
/// A file judged before has its changes in the ledger: it is read again only because something needs the whole.
async fn changes(
    evaluator: &Evaluator<'_, '_>,
    pass: &Passed,
    book: &Rulebook,
    failing: &Failing,
    verdicts: &Verdicts,
    numbers: &[u32],
) -> Result<(Option<ledger::Written>, (u64, u64)), Stopped> {
    let fresh = evaluator.fresh_files(&pass.input);
    let dir = evaluator.task.scratch.join("ledger");
    let columns = failing.changed_columns().into_iter();
    let columns: BTreeSet<usize> =
        columns.flat_map(|c| [Some(c), failing.shape.flags.get(&c).copied()]).flatten().collect();
    let columns: Vec<usize> = columns.into_iter().collect();
    let mut kept = Kept { read: evaluator.quarantine_writer(pass, book, "healed"), healed: None, rows: 0 };
    let (mut entries, mut cells, mut rows) = (ledger::Entries::new(failing), 0, 0);
    let removed = |row| failing.settled(row) == Some(Settled::Removed);
    let commits = |row| failing.settled(row).is_none() && verdicts.fate(failing, row) == Fate::Keep;
    let changed: BTreeSet<usize> = failing.changed_blocks().into_iter().collect();
    let concerned = failing.blocks_with(removed).into_iter().chain(changed).collect::<BTreeSet<usize>>();
    for index in concerned {
        let block = failing.load(index)?;
        let ids = block.ids()?;
        let is_fresh =
            |row: usize| fresh.as_ref().is_none_or(|fresh| ids.get(row).is_some_and(|(file, _)| fresh.contains(file)));
        let stays = |row: usize| commits(block.first + row) && is_fresh(row);
        let cells_of = block.changes.iter().filter(|((row, _), _)| commits(block.first + row));
        let changed: BTreeSet<usize> = cells_of.clone().map(|((row, _), _)| *row).collect();
        cells += cells_of.count() as u64;
        rows += changed.len() as u64;
        told(
            &block,
            &ids,
            failing,
            &pass.input,
            numbers,
            (&stays, &|row| removed(block.first + row) && is_fresh(row)),
            &mut entries,
        )?;
        let mask: BooleanArray = (0..block.len()).map(|row| Some(changed.contains(&row) && is_fresh(row))).collect();
        kept.block(&block, &left(&block, failing, verdicts)?, &mask, &columns, &dir)?;
    }
    if entries.count == 0 {
        return Ok((None, (cells, rows)));
    }
    let Kept { read, healed, rows: kept_rows } = kept;
    let count = entries.count;
    let written = ledger::Written {
        cells: entries.write(&dir, evaluator.engine.options.now).await?,
        count,
        read: read.finish()?.map(|w| w.staged),
        healed: healed.map(ledger::Parquet::close).transpose()?,
        rows: kept_rows,
    };
    Ok((Some(written), (cells, rows)))
}

/// The healed rows on their way: as read, and the columns that any repair changed, as they commit.
struct Kept {
    read: Writer,
    healed: Option<ledger::Parquet>,
    rows: u64,
}

impl Kept {
    fn block(
        &mut self,
        block: &Block,
        suspects: &RecordBatch,
        mask: &BooleanArray,
        columns: &[usize],
        dir: &Path,
    ) -> Result<(), Stopped> {
        if mask.true_count() == 0 {
            return Ok(());
        }
        self.read.write(suspects, mask, RowState::Undone)?;
        let healed = block.current().and_then(|rows| filter_record_batch(&rows.project(columns)?, mask));
        let healed = healed.map_err(|e| refused(&e))?;
        let file = match &mut self.healed {
            Some(file) => file,
            none => none.insert(ledger::Parquet::create(dir, "healed", healed.schema_ref())?),
        };
        self.rows += mask.true_count() as u64;
        file.write(&healed)
    }
}

/// Tells the ledger what changed in a block: in rows that stay, and of removed rows everything.
fn told(
    block: &Block,
    ids: &[RowId],
    failing: &Failing,
    input: &Input,
    numbers: &[u32],
    (stays, removed): (&dyn Fn(usize) -> bool, &dyn Fn(usize) -> bool),
    entries: &mut ledger::Entries<'_>,
) -> Result<(), Stopped> {
    let shape = &failing.shape;
    let place = |row: usize| {
        let (file, number) = ids.get(row).copied().unwrap_or_default();
        (input.files.get(file as usize).map_or("", String::as_str), number)
    };
    let number = |heal: usize| numbers.get(heal).copied().unwrap_or(0);
    let texts: Vec<_> = (0..shape.columns).map(|column| (block.texts_as_read(column), block.values(column))).collect();
    for ((row, column), change) in block.changes.iter().filter(|((row, _), _)| stays(*row)) {
        let (Some((as_read, values)), Some(step)) = (texts.get(*column), failing.step_of(change.step)) else {
            continue;
        };
        let (file, at) = place(*row);
        let old = as_read.one(*row);
        let new = values.filter(|v| v.is_valid(*row)).map(|v| format_cell(v.as_ref(), *row));
        entries.push(&ledger::Entry {
            file,
            row: at,
            column: shape.schema.field(*column).name(),
            old: old.as_deref(),
            new: new.as_deref(),
            confidence: change.confidence,
            clause: step.clause,
            heal: number(step.heal),
            state: "applied",
        })?;
    }
    for row in (0..block.len()).filter(|row| removed(*row)) {
        let (file, at) = place(row);
        let step = failing.removal(block.first + row).and_then(|by| failing.step_of(by.step()));
        for (column, (as_read, _)) in texts.iter().enumerate().take(input.columns - input.flags) {
            let old = as_read.one(row);
            entries.push(&ledger::Entry {
                file,
                row: at,
                column: shape.schema.field(column).name(),
                old: old.as_deref(),
                new: None,
                confidence: 1.0,
                clause: step.map_or(0, |step| step.clause),
                heal: step.map_or(0, |step| number(step.heal)),
                state: "removed",
            })?;
        }
    }
    Ok(())
}

/// Counts the rows each applied heal has changed, without those that did not commit. Gives each heal's number, by the place
/// it had: what did nothing in the end is not told, and has none.
fn tell_rows(evaluator: &mut Evaluator<'_, '_>, by_heal: &BTreeMap<usize, (u64, u64)>) -> Vec<u32> {
    for (heal, told) in evaluator.heals.iter_mut().enumerate() {
        if told.cells > 0 && told.state == "applied" {
            (told.cells, told.rows) = by_heal.get(&heal).copied().unwrap_or_default();
        }
    }
    let stays = |h: &HealReport| {
        h.cells > 0
            || h.rows > 0
            || h.state != "applied"
            || h.action == "rename"
            || h.action == "keep"
            || h.action == "ignore"
    };
    let mut next = 0;
    let number = |h: &HealReport| {
        if !stays(h) {
            return 0;
        }
        next += 1;
        next
    };
    let numbers = evaluator.heals.iter().map(number).collect();
    evaluator.heals.retain(stays);
    numbers
}

fn open_part(evaluator: &Evaluator<'_, '_>, thread: usize, out: &SchemaRef, data: &SchemaRef) -> Result<Part, Stopped> {
    let part = match &evaluator.task.direct {
        Some((sink, dir)) => Part::sink(sink, dir, thread).map_err(|e| errors::io(&e))?,
        None => Part::own(&evaluator.task.scratch, "healed", thread, out),
    };
    Ok(part.looking(evaluator.states(data)))
}

/// Writes the rows that passed and are still there, with the columns of `data`. Gives the sum of their marks and how many they are.
/// Where rows are in order, the failing rows of `back` are written too, in their places.
async fn rewrite(
    evaluator: &Evaluator<'_, '_>,
    pass: &Passed,
    passed: &Finished,
    failing: &Failing,
    data: &SchemaRef,
    back: Option<BooleanBuffer>,
) -> Result<(Finished, u64, u64), Stopped> {
    let engine = evaluator.engine;
    let mut rows = engine.session.read_table(provider(engine, passed, &pass.good).await?)?;
    if let Some(back) = back {
        rows = rows.with_column(BACK, lit(false))?;
        if let Some(failing) = passing::table(failing, &pass.good, &back)? {
            rows = rows.union(engine.session.read_table(failing)?.with_column(BACK, lit(true))?)?;
        }
        rows = rows.sort([meta::FILE, meta::ROW].map(|c| ident(c).sort(true, false)).to_vec())?;
    }
    let mut stream = rows.execute_stream().await?;
    let mut part = open_part(evaluator, 0, data, &data_schema(&pass.input.schema, pass.input.columns))?;
    let (mut sum, mut stayed) = (0u64, 0);
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        let ids = row_ids(&batch, meta::FILE, meta::ROW)?;
        let back = batch.column_by_name(BACK).map(|c| c.as_boolean().clone());
        let is_back = |row: usize| back.as_ref().is_some_and(|back| back.value(row));
        let passes: BooleanArray =
            ids.iter().enumerate().map(|(row, id)| Some(!is_back(row) && failing.find(*id).is_none())).collect();
        let stay = filter_record_batch(&batch, &passes).map_err(|e| errors::internal(&e))?;
        sum = sum.wrapping_add(marks(&stay));
        stayed += stay.num_rows() as u64;
        let stay = match &back {
            Some(back) => filter_record_batch(&batch, &or(&passes, back).map_err(|e| errors::internal(&e))?)
                .map_err(|e| errors::internal(&e))?,
            None => stay,
        };
        // The file stands behind the data.
        let columns = stay.columns().iter().take(data.fields().len()).cloned();
        let columns = columns
            .zip(data.fields())
            .map(|(c, f)| datafusion::arrow::compute::cast(&c, f.data_type()))
            .collect::<Result<_, _>>()
            .map_err(|e| errors::internal(&e))?;
        let batch = RecordBatch::try_new(Arc::clone(data), columns).map_err(|e| errors::internal(&e))?;
        if batch.num_rows() > 0 {
            part.write(&batch).map_err(|e| errors::io(&e))?;
        }
    }
    let mut finished = Finished::default();
    part.finish(&mut finished).map_err(|e| errors::io(&e))?;
    Ok((finished, sum, stayed))
}
