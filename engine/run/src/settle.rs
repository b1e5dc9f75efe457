//! What becomes of the rows that do not simply pass: each takes the strictest fate its reasons ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt16Type, UInt64Type};
use pipe_heal::fate::Fate;
use pipe_quality::{Aggregates, Reason, RowSink, row_mark};
use pipe_state::RowState;

use crate::engine::Stopped;
use crate::errors;
use crate::quarantine::{REASONS, Writer, file_indexes};
use crate::staging::Part;

/// Settles suspect rows, batch by batch: kept ones go on, the others leave.
pub struct Settling<'s> {
    /// The fate each reason asks for; reasons within their tolerance ask for none.
    pub fates: BTreeMap<Reason, Fate>,
    /// How many data columns there are.
    pub columns: usize,
    /// The columns of rows that go on.
    pub good: SchemaRef,
    /// Where they go.
    pub part: Part,
    /// Table aggregates over what commits.
    pub aggregates: &'s mut Aggregates,
    /// The same over the rows that leave, but for broken records.
    pub rest: Aggregates,
    /// Where the others go.
    pub quarantine: Writer,
    /// The files whose rows are not in quarantine yet, by index; `None`: all.
    pub fresh: Option<BTreeSet<u32>>,
    /// The counts so far.
    pub counts: Counts,
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

/// The sum of the marks of rows, see [`row_mark`].
pub fn marks(rows: &RecordBatch) -> u64 {
    let files = file_indexes(rows);
    let numbers = rows.column_by_name(pipe_connect::source::meta::ROW);
    let numbers = numbers.and_then(|c| c.as_primitive_opt::<UInt64Type>());
    let pairs = files.values().iter().zip(numbers.iter().flat_map(|n| n.values().iter()));
    pairs.fold(0, |sum: u64, (file, row)| sum.wrapping_add(row_mark(*file, *row)))
}

impl Settling<'_> {
    /// Settles the rows of a batch of suspects.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn take(&mut self, suspects: &RecordBatch) -> Result<(), Stopped> {
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
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn route(&mut self, suspects: &RecordBatch, fates: &[Fate]) -> Result<(), Stopped> {
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
