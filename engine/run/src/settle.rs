//! What becomes of the rows that do not simply pass: each takes the strictest fate its reasons ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt16Type, UInt64Type};
use pipe_heal::fate::Fate;
use pipe_quality::{Aggregates, Reason, RowSink, Suspects, row_mark};
use pipe_state::RowState;

use crate::account::Ending;
use crate::clauses::Answered;
use crate::engine::Stopped;
use crate::errors;
use crate::evaluate::Evaluator;
use crate::evaluation::Evaluation;
use crate::pass::Input;
use crate::passed::Passed;
use crate::quarantine::{REASONS, Writer, file_indexes};
use crate::results::Known;
use crate::rulebook::Rulebook;
use crate::staging::{Part, provider};

/// Settles suspect rows, batch by batch: kept ones go on, the others leave.
struct Settling {
    /// The fate each reason asks for; reasons within their tolerance ask for none.
    fates: BTreeMap<Reason, Fate>,
    /// How many data columns there are.
    columns: usize,
    /// The columns of rows that go on.
    good: SchemaRef,
    /// Where they go.
    part: Part,
    /// Table aggregates over what commits.
    aggregates: Aggregates,
    /// The same over the rows that leave, but for broken records.
    rest: Aggregates,
    /// Where the others go.
    quarantine: Writer,
    /// The files whose rows are not in quarantine yet, by index; `None`: all.
    fresh: Option<BTreeSet<u32>>,
    /// The counts so far.
    counts: Counts,
}

/// Rows by what became of them.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Went on.
    pub committed: u64,
    /// Of these: a rule's clause let them pass.
    pub kept: u64,
    /// Left the batch.
    pub quarantined: u64,
    /// Of these: wait for approval.
    pub waiting: u64,
    /// Left out.
    pub dropped: u64,
    /// Rows that go on though they violate, by reason.
    pub after: BTreeMap<Reason, u64>,
    /// Sum, modulo 2⁶⁴, of the marks of all rows accounted for: it must be that of the rows read.
    pub sum: u64,
}

impl Evaluator<'_, '_> {
    /// Sends the rows that do not simply pass where their clauses say, none of which repairs, and closes the account.
    pub(crate) async fn settle(
        &mut self,
        book: Rulebook,
        mut pass: Passed,
        answered: &[(Reason, Answered)],
    ) -> Result<Evaluation, Stopped> {
        let fates = self.fates(&book, answered, &pass)?;
        let mut settling = Settling {
            fates,
            columns: pass.input.columns,
            good: Arc::clone(&pass.good),
            part: std::mem::replace(&mut pass.extra, Part::own(&self.task.scratch, "none", 0, &pass.good)),
            aggregates: std::mem::replace(&mut pass.staged.aggregates, Aggregates::new(&Vec::new().into())?),
            rest: Aggregates::new(&book.aggregates)?,
            quarantine: self.quarantine_writer(&pass, &book, "quarantine"),
            fresh: self.fresh_files(&pass.input),
            counts: Counts::default(),
        };
        for suspects in std::mem::take(&mut pass.staged.suspects) {
            for batch in Suspects::into_reader(suspects)? {
                settling.take(&batch?)?;
            }
        }
        let Settling { part, mut quarantine, mut counts, aggregates, rest, .. } = settling;
        let mut rows = pass.rows.take();
        part.finish(&mut rows).map_err(|e| errors::io(&e))?;
        let unhealed = counts.quarantined - counts.waiting;
        self.set_aside(&mut pass, &mut quarantine, &mut counts)?;
        let quarantine = quarantine.finish()?;
        let lost = self.structural(&pass.staged, unhealed, &book)?;
        let some_leave = counts.committed != pass.staged.rows - pass.staged.good;
        let (values, as_read) = if some_leave {
            let (after, mut before) = aggregates.twice()?;
            before.merge(rest)?;
            (after.finish()?, before.finish()?)
        } else {
            let values = aggregates.finish()?;
            (values.clone(), values)
        };
        let observed = if book.table.is_empty() {
            BTreeMap::new()
        } else {
            let data = data_schema(&pass.input.schema, pass.input.columns);
            let rows = provider(self.engine, &rows, &data).await?;
            self.observe_table_rules(&book, &values, rows).await?
        };
        pass.before = self.before(&book, &as_read, &observed, some_leave).await?;
        self.know(&book, &pass, Known { observed: Some(&observed), ..Known::default() });
        self.judge_table_rules(&book, &observed)?;
        counts.committed += pass.staged.good;
        counts.sum = counts.sum.wrapping_add(pass.staged.good_sum);
        let ending = Ending { rows, quarantine, ledger: None, observed, unhealed, lost, duplicates: 0, healed: (0, 0) };
        self.finish(book, pass, counts, ending)
    }

    /// The files of an input whose rows are not in quarantine yet, by index; `None`: all.
    pub(crate) fn fresh_files(&self, input: &Input) -> Option<BTreeSet<u32>> {
        let fresh = self.task.fresh.as_ref()?;
        Some((0..).zip(&input.files).filter(|(_, f)| fresh.contains(*f)).map(|(i, _)| i).collect())
    }
}

/// The sum of the marks of rows, see [`row_mark`].
pub fn marks(rows: &RecordBatch) -> u64 {
    let files = file_indexes(rows);
    let numbers = rows.column_by_name(pipe_connect::source::meta::ROW);
    let numbers = numbers.and_then(|c| c.as_primitive_opt::<UInt64Type>());
    let pairs = files.values().iter().zip(numbers.iter().flat_map(|n| n.values().iter()));
    pairs.fold(0, |sum: u64, (file, row)| sum.wrapping_add(row_mark(*file, *row)))
}

impl Settling {
    /// Settles the rows of a batch of suspects.
    fn take(&mut self, suspects: &RecordBatch) -> Result<(), Stopped> {
        let codes = suspects
            .column_by_name(REASONS)
            .and_then(|c| c.as_list_opt::<i32>())
            .ok_or_else(|| errors::internal(&"suspect rows without reasons"))?;
        let mut fates = Vec::with_capacity(suspects.num_rows());
        let mut leaving = Vec::with_capacity(suspects.num_rows());
        for i in 0..suspects.num_rows() {
            let reasons: Vec<Reason> = codes
                .value(i)
                .as_primitive::<UInt16Type>()
                .values()
                .iter()
                .map(|c| Reason::from_code(*c, self.columns))
                .collect();
            let fate = Fate::strictest(reasons.iter().filter_map(|r| self.fates.get(r).copied()));
            if fate == Fate::Keep {
                if reasons.iter().any(|r| self.fates.contains_key(r)) {
                    self.counts.kept += 1;
                }
                for reason in &reasons {
                    *self.counts.after.entry(*reason).or_default() += 1;
                }
            }
            leaving.push(fate != Fate::Keep && !reasons.contains(&Reason::BadRecord));
            fates.push(fate);
        }
        self.rest.update(&rows_of(suspects, &leaving.into(), self.columns)?)?;
        self.route(suspects, &fates)
    }

    /// Sends rows where their fates say.
    fn route(&mut self, suspects: &RecordBatch, fates: &[Fate]) -> Result<(), Stopped> {
        self.counts.sum = self.counts.sum.wrapping_add(marks(suspects));
        let of = |fate: Fate| BooleanArray::from(fates.iter().map(|f| *f == fate).collect::<Vec<_>>());
        let keep = of(Fate::Keep);
        if keep.true_count() > 0 {
            self.commit(&filter_record_batch(suspects, &keep).map_err(|e| errors::internal(&e))?)?;
        }
        self.counts.dropped += of(Fate::Drop).true_count() as u64;
        for (fate, state) in [(Fate::Quarantine, RowState::Held), (Fate::Wait, RowState::AwaitingApproval)] {
            let mut leaving = of(fate);
            self.counts.quarantined += leaving.true_count() as u64;
            if fate == Fate::Wait {
                self.counts.waiting += leaving.true_count() as u64;
            }
            if let Some(fresh) = &self.fresh {
                let files = file_indexes(suspects);
                leaving = leaving
                    .iter()
                    .zip(files.values())
                    .map(|(leaves, file)| Some(leaves.unwrap_or(false) && fresh.contains(file)))
                    .collect();
            }
            self.quarantine.write(suspects, &leaving, state)?;
        }
        Ok(())
    }

    /// Rows that go on.
    fn commit(&mut self, rows: &RecordBatch) -> Result<(), Stopped> {
        let mut columns: Vec<_> = rows.columns().iter().take(self.columns).cloned().collect();
        if self.good.fields().len() > self.columns {
            columns.push(Arc::new(file_indexes(rows)));
            for field in self.good.fields().iter().skip(self.columns + 1) {
                let number = rows.column_by_name(field.name()).and_then(|c| c.as_primitive_opt::<UInt64Type>());
                let number = number.ok_or_else(|| errors::internal(&"a suspect row without its place"))?;
                columns.push(Arc::new(number.clone()));
            }
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.good), columns).map_err(|e| errors::internal(&e))?;
        self.counts.committed += batch.num_rows() as u64;
        self.aggregates.update(&batch)?;
        self.part.write(&batch).map_err(|e| errors::io(&e))?;
        Ok(())
    }
}

/// The data of some rows.
///
/// # Errors
/// Arrow refuses the rows.
pub fn rows_of(rows: &RecordBatch, which: &BooleanArray, columns: usize) -> Result<RecordBatch, Stopped> {
    let data: Vec<usize> = (0..columns).collect();
    let data = rows.project(&data).map_err(|e| errors::internal(&e))?;
    Ok(filter_record_batch(&data, which).map_err(|e| errors::internal(&e))?)
}

/// Those columns, and the file of each row behind them.
pub fn with_file(data: &SchemaRef) -> SchemaRef {
    let mut fields: Vec<_> = data.fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(pipe_connect::source::meta::FILE, DataType::UInt32, false)));
    Arc::new(Schema::new(fields))
}

/// The data columns of a pass's input, nullable: what is written to a load.
pub fn data_schema(input: &SchemaRef, columns: usize) -> SchemaRef {
    let fields: Vec<_> = input.fields().iter().take(columns).cloned().collect();
    Arc::new(Schema::new(fields))
}
