//! The end of a heal: what commits is written, what does not is quarantined, every change is in the ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::{BooleanArray, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::SchemaRef;
use futures::StreamExt;
use pipe_compile::Tables;
use pipe_heal::fate::Fate;
use pipe_heal::ledger::{CellChange, State};
use pipe_quality::RowSink;
use pipe_state::RowState;

use super::ledger;
use super::rows::{self, Change, Failing, RowId, Settled};
use super::tables::Verdicts;
use crate::account::Ending;
use crate::engine::Stopped;
use crate::errors;
use crate::evaluate::{Evaluation, Evaluator, Passed, provider};
use crate::report::HealReport;
use crate::results::Known;
use crate::rulebook::{Observed, Rulebook};
use crate::settle::{Counts, data_schema, marks, with_file};
use crate::staging::{Finished, Part};

/// Writes what commits, quarantines what does not, and closes the account.
#[expect(clippy::too_many_arguments, reason = "the ends of all threads of a heal meet here, once")]
pub(super) async fn finish(
    evaluator: &mut Evaluator<'_, '_>,
    tables: &Tables,
    book: Rulebook,
    mut pass: Passed,
    failing: Failing,
    taken: BTreeSet<RowId>,
    passed: Finished,
    verdicts: Vec<rows::Verdict>,
    observed: Verdicts,
    schema_verdicts: BTreeMap<u16, Observed>,
) -> Result<Evaluation, Stopped> {
    let data = data_schema(&pass.input.schema, pass.input.columns);
    let mut counts = Counts { committed: pass.staged.good - taken.len() as u64, ..Counts::default() };
    let removed = |row: usize| failing.settled.get(row).copied().flatten() == Some(Settled::Removed);
    let keep: BooleanArray =
        verdicts.iter().enumerate().map(|(r, v)| Some(v.fate == Fate::Keep && !removed(r))).collect();
    // What a person took back says nothing about the batch.
    let undone = |row: usize| failing.settled.get(row).copied().flatten() == Some(Settled::Undone);
    let unhealed =
        verdicts.iter().enumerate().filter(|(r, v)| v.fate == Fate::Quarantine && !removed(*r) && !undone(*r)).count()
            as u64;
    let lost = evaluator.structural(&pass.staged, unhealed, &book)?;

    let current = failing.current(&pass.input)?;
    let mut columns: Vec<_> = current.columns().iter().take(pass.input.columns).cloned().collect();
    let out = if evaluator.task.tracked { with_file(&data) } else { Arc::clone(&data) };
    if evaluator.task.tracked {
        columns.push(Arc::new(crate::quarantine::file_indexes(&current)));
    }
    let healed = RecordBatch::try_new(Arc::clone(&out), columns).map_err(|e| errors::internal(&e))?;
    let healed = filter_record_batch(&healed, &keep).map_err(|e| errors::internal(&e))?;
    let (mut rows, sum) = if pass.identity {
        rewrite(evaluator, &pass, &passed, &taken, &out).await?
    } else {
        (passed, pass.staged.good_sum)
    };
    counts.sum = sum.wrapping_add(marks(&failing.read));
    let mut part = if pass.identity {
        let threads = evaluator.engine.options.threads;
        open_part(evaluator, threads, &out)?
    } else {
        std::mem::replace(&mut pass.extra, Part::own(&evaluator.task.scratch, "none", 0, &out))
    };
    if healed.num_rows() > 0 {
        part.write(&healed).map_err(|e| errors::io(&e))?;
    }
    part.finish(&mut rows).map_err(|e| errors::io(&e))?;

    let mut quarantine = evaluator.quarantine_writer(&pass, &book, "quarantine");
    let mut duplicates = 0;
    let mut leaving: Vec<Option<RowState>> = Vec::with_capacity(verdicts.len());
    let fresh = evaluator.fresh_files(&pass.input);
    let files = crate::quarantine::file_indexes(&failing.read);
    let mut reasons = Vec::with_capacity(verdicts.len());
    for (row, verdict) in verdicts.iter().enumerate() {
        let gone = removed(row);
        let writes = !gone && fresh.as_ref().is_none_or(|f| f.contains(&files.value(row)));
        leaving.push(match verdict.fate {
            _ if !writes => None,
            Fate::Quarantine if undone(row) => Some(RowState::Undone),
            Fate::Quarantine => Some(RowState::Held),
            Fate::Wait => Some(RowState::AwaitingApproval),
            _ => None,
        });
        let as_read = failing.reasons.get(row).cloned().unwrap_or_default();
        reasons.push(if as_read.is_empty() { verdict.reasons.clone() } else { as_read });
        match verdict.fate {
            _ if gone => duplicates += 1,
            Fate::Keep => {
                counts.committed += 1;
                counts.kept += u64::from(!verdict.reasons.is_empty());
                for reason in &verdict.reasons {
                    *counts.after.entry(*reason).or_default() += 1;
                }
            }
            Fate::Drop => counts.dropped += 1,
            Fate::Quarantine => counts.quarantined += 1,
            Fate::Wait => {
                counts.quarantined += 1;
                counts.waiting += 1;
            }
            Fate::Fail => return Err(errors::internal(&"a failed row was settled").into()),
        }
    }
    let suspects = failing.suspects(&pass.input, &reasons)?;
    for state in [RowState::Held, RowState::AwaitingApproval, RowState::Undone] {
        let mask: BooleanArray = leaving.iter().map(|s| Some(*s == Some(state))).collect();
        quarantine.write(&suspects, &mask, state)?;
    }
    evaluator.set_aside(&mut pass, &mut quarantine, &mut counts)?;
    let quarantine = quarantine.finish()?;

    let numbers = tell_rows(evaluator, &failing, &verdicts);
    let (changes, states, healed_rows) = changes(&pass, &failing, &verdicts, &data, &numbers);
    let cells = changes.iter().zip(&states).filter(|(_, s)| **s == "applied").count() as u64;
    // A file judged before has its changes in the ledger: it is read again only because something needs the whole.
    let judged = |c: &CellChange| evaluator.task.fresh.as_ref().is_some_and(|fresh| !fresh.contains(&c.file));
    let (changes, states): (Vec<_>, Vec<_>) = changes.into_iter().zip(states).filter(|(c, _)| !judged(c)).unzip();
    let ledger = if changes.is_empty() {
        None
    } else {
        let mut written = ledger::Written {
            cells: ledger::write(&evaluator.task.scratch.join("ledger"), &changes, &states)?,
            count: changes.len() as u64,
            read: None,
            healed: None,
            rows: 0,
        };
        healed_rows_kept(evaluator, &pass, &book, &failing, &verdicts, &suspects, &mut written)?;
        Some(written)
    };

    let known = Known { schema: Some(&schema_verdicts), observed: Some(&observed), after: None };
    evaluator.know(tables, &book, &pass, known);
    evaluator.judge_table_rules(&book, &observed)?;
    // Rules in their tolerance: their rows stay as they are.
    for (reason, count) in &pass.staged.violations {
        if !counts.after.contains_key(reason) && !failing.reasons.iter().any(|r| r.contains(reason)) {
            counts.after.insert(*reason, *count);
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
    let ending =
        Ending { rows, quarantine, ledger, observed, unhealed, lost, duplicates, healed: (cells, healed_rows) };
    evaluator.finish(tables, book, pass, schema_verdicts, counts, ending)
}

/// Writes the rows that commit with a changed cell, as read and as they commit: what undoing a heal needs.
fn healed_rows_kept(
    evaluator: &Evaluator<'_, '_>,
    pass: &Passed,
    book: &Rulebook,
    failing: &Failing,
    verdicts: &[rows::Verdict],
    suspects: &RecordBatch,
    written: &mut ledger::Written,
) -> Result<(), Stopped> {
    let fresh = evaluator.fresh_files(&pass.input);
    let files = crate::quarantine::file_indexes(&failing.read);
    let changed: BTreeSet<usize> = failing.changes.keys().map(|(row, _)| *row).collect();
    let columns: BTreeSet<usize> = failing.changes.keys().map(|(_, column)| *column).collect();
    let columns: BTreeSet<usize> =
        columns.iter().flat_map(|c| [Some(c), failing.flags.get(c)]).flatten().copied().collect();
    let keep = |row: usize| {
        verdicts.get(row).is_some_and(|v| v.fate == Fate::Keep)
            && failing.settled.get(row).copied().flatten().is_none()
            && changed.contains(&row)
            && fresh.as_ref().is_none_or(|f| f.contains(&files.value(row)))
    };
    let mask: BooleanArray = (0..failing.len()).map(|row| Some(keep(row))).collect();
    if mask.true_count() == 0 {
        return Ok(());
    }
    let mut read = evaluator.quarantine_writer(pass, book, "healed");
    read.write(suspects, &mask, RowState::Undone)?;
    let columns: Vec<usize> = columns.into_iter().collect();
    let healed = failing.current(&pass.input)?.project(&columns).map_err(|e| errors::internal(&e))?;
    let healed = filter_record_batch(&healed, &mask).map_err(|e| errors::internal(&e))?;
    written.read = read.finish()?.map(|w| w.staged);
    written.healed = Some(ledger::parquet(&evaluator.task.scratch.join("ledger"), "healed", &healed)?);
    written.rows = mask.true_count() as u64;
    Ok(())
}

/// What changed in rows that commit, with the removed duplicates whole; the rows with a change. `numbers` are those of the
/// heals, by place.
fn changes(
    pass: &Passed,
    failing: &Failing,
    verdicts: &[rows::Verdict],
    data: &SchemaRef,
    numbers: &[u32],
) -> (Vec<CellChange>, Vec<&'static str>, u64) {
    let place = |row: usize| {
        let (file, number) = failing.id(row);
        (pass.input.files.get(file as usize).cloned().unwrap_or_default(), number)
    };
    let mut all = Vec::new();
    let mut healed = BTreeSet::new();
    for ((row, column), change) in &failing.changes {
        let commits = verdicts.get(*row).is_some_and(|v| v.fate == Fate::Keep);
        let removed = failing.settled.get(*row).copied().flatten().is_some();
        if !commits || removed {
            continue;
        }
        healed.insert(*row);
        let (file, number) = place(*row);
        let Change { old, new, confidence, clause, heal, .. } = change.clone();
        let column = data.field(*column).name().clone();
        let heal = numbers.get(heal).copied().unwrap_or(0);
        let entry = CellChange { file, row: number, column, old, new, confidence, clause, heal, state: State::Applied };
        all.push((entry, "applied"));
    }
    for row in 0..failing.len() {
        if failing.settled.get(row).copied().flatten() != Some(Settled::Removed) {
            continue;
        }
        let (file, number) = place(row);
        let by = failing.removed_by.get(&row).copied();
        let (clause, heal) = by.map_or((0, 0), |by| (by.clause, numbers.get(by.heal).copied().unwrap_or(0)));
        for (index, field) in data.fields().iter().take(pass.input.columns - pass.input.flags).enumerate() {
            let old = failing.text_as_read(row, index);
            let (file, column) = (file.clone(), field.name().clone());
            let entry = CellChange {
                file,
                row: number,
                column,
                old,
                new: None,
                confidence: 1.0,
                clause,
                heal,
                state: State::Applied,
            };
            all.push((entry, "removed"));
        }
    }
    all.sort_by(|(a, _), (b, _)| (&a.file, a.row).cmp(&(&b.file, b.row)));
    let (changes, states) = all.into_iter().unzip();
    (changes, states, healed.len() as u64)
}

/// Counts the rows each applied heal has changed, without those that did not commit. Gives each heal's number, by the place
/// it had: what did nothing in the end is not told, and has none.
fn tell_rows(evaluator: &mut Evaluator<'_, '_>, failing: &Failing, verdicts: &[rows::Verdict]) -> Vec<u32> {
    let mut by_heal: BTreeMap<usize, (u64, BTreeSet<usize>)> = BTreeMap::new();
    for ((row, _), change) in &failing.changes {
        let settled = failing.settled.get(*row).copied().flatten().is_some();
        if !settled && verdicts.get(*row).is_some_and(|v| v.fate == Fate::Keep) {
            let entry = by_heal.entry(change.heal).or_default();
            entry.0 += 1;
            entry.1.insert(*row);
        }
    }
    for (heal, told) in evaluator.heals.iter_mut().enumerate() {
        if told.cells > 0 && told.state == "applied" {
            let (cells, rows) = by_heal.remove(&heal).unwrap_or_default();
            told.cells = cells;
            told.rows = rows.len() as u64;
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

fn open_part(evaluator: &Evaluator<'_, '_>, thread: usize, data: &SchemaRef) -> Result<Part, Stopped> {
    match &evaluator.task.direct {
        Some((sink, dir)) => Ok(Part::sink(sink, dir, thread).map_err(|e| errors::io(&e))?),
        None => Ok(Part::own(&evaluator.task.scratch, "healed", thread, data)),
    }
}

/// Writes the rows that passed and are still there, with the columns of `data`.
async fn rewrite(
    evaluator: &Evaluator<'_, '_>,
    pass: &Passed,
    passed: &Finished,
    taken: &BTreeSet<RowId>,
    data: &SchemaRef,
) -> Result<(Finished, u64), Stopped> {
    let engine = evaluator.engine;
    let rows = provider(engine, passed, &pass.good).await?;
    let mut stream = engine.session.read_table(rows)?.execute_stream().await?;
    let mut part = open_part(evaluator, 0, data)?;
    let mut sum = 0u64;
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        let files = crate::quarantine::file_indexes(&batch);
        let numbers = batch.column_by_name(pipe_connect::source::meta::ROW).cloned();
        let numbers = numbers.and_then(|n| {
            datafusion::arrow::array::AsArray::as_primitive_opt::<datafusion::arrow::datatypes::UInt64Type>(n.as_ref())
                .cloned()
        });
        let Some(numbers) = numbers else { return Err(errors::internal(&"rows without their places").into()) };
        let stays: BooleanArray =
            files.values().iter().zip(numbers.values()).map(|(f, r)| Some(!taken.contains(&(*f, *r)))).collect();
        let stay = filter_record_batch(&batch, &stays).map_err(|e| errors::internal(&e))?;
        sum = sum.wrapping_add(marks(&stay));
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
    Ok((finished, sum))
}
