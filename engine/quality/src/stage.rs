//! The fused pass over one partition: judge, count, aggregate, split. Partitions share nothing and are merged at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, UInt32Array, UInt64Array};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt32Type, UInt64Type};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;

use crate::{
    Aggregate, Aggregates, Judge, KeyHashes, KeyPlan, Reason, Sample, Samples, StageError, SuspectSchema, Suspects,
    Verdicts, key_hashes,
};

/// Takes the rows that pass, such as a staged file.
pub trait RowSink: Send {
    /// Writes a batch of the columns of [`StageSpec::good_schema`].
    ///
    /// # Errors
    /// Whatever kept it from being written; the pass ends with it.
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Box<dyn Error + Send + Sync>>;
}

/// Where the input says which row it is.
#[derive(Clone, Copy, Debug)]
pub struct MetaColumns {
    /// The file: `UInt32`, or a dictionary whose keys are the files' indexes.
    pub file: usize,
    /// `UInt64`, from 1; 0 where there are none.
    pub line: usize,
    /// `UInt64`, from 0.
    pub row: usize,
}

/// What the pass is to do; the same for all partitions. The input has the data columns first, then the columns [`MetaColumns`] and [`Judge`] name.
#[derive(Debug)]
pub struct StageSpec {
    /// How many data columns there are.
    pub columns: usize,
    /// Which row it is.
    pub meta: MetaColumns,
    /// What is judged row by row.
    pub judge: Judge,
    /// What table rules ask of the rows that pass.
    pub aggregates: Arc<[Aggregate]>,
    /// Keys to be proven unique.
    pub keys: Vec<KeyPlan>,
    /// Whether rows that pass keep their file, line and row behind the data, so that a later step can find them.
    pub identity: bool,
    /// Whether rows that pass keep at least their file.
    pub files: bool,
    /// Files, by index, that are set aside whole: their rows are read and not judged.
    pub aside: BTreeSet<u32>,
    /// The columns of the rows that do not pass.
    pub suspects: SuspectSchema,
    /// For what does not fit in memory.
    pub spill_dir: PathBuf,
    /// Bytes of suspects a partition holds in memory.
    pub suspect_bytes: usize,
    /// Key hashes a partition holds in memory, for each key.
    pub key_hashes: usize,
    /// The data columns a sample of a reason shows; without an entry: all.
    pub sample_columns: BTreeMap<Reason, Vec<usize>>,
    /// Whether rows come in no order, so that samples are the least by what they show.
    pub unordered: bool,
}

/// What a partition found, and after [`Staged::merge`] what all have found.
pub struct Staged {
    /// Rows read.
    pub rows: u64,
    /// Rows of files that are set aside.
    pub aside_rows: u64,
    /// Rows that passed.
    pub good: u64,
    /// Sum, modulo 2⁶⁴, of [`row_mark`] over the rows read.
    pub read_sum: u64,
    /// The same over the rows that passed.
    pub good_sum: u64,
    /// Violations by reason; reasons without any are absent.
    pub violations: BTreeMap<Reason, u64>,
    /// Rows judged by rule.
    pub judged: BTreeMap<u16, u64>,
    /// The files with broken records, by index.
    pub bad_files: BTreeSet<u32>,
    /// The first broken record, in the order of files and rows: its file, row and line, and why it is broken.
    pub first_bad: Option<(u32, u64, u64, String)>,
    /// A few violating rows.
    pub samples: Samples,
    /// Table aggregates.
    pub aggregates: Aggregates,
    /// Hashes of the keys, by [`StageSpec::keys`] and partition.
    pub keys: Vec<Vec<KeyHashes>>,
    /// The rows that do not pass, by partition.
    pub suspects: Vec<Suspects>,
    /// The rows of files that are set aside, by partition.
    pub aside: Vec<Suspects>,
}

impl StageSpec {
    /// The columns of the rows that pass: the data; with [`StageSpec::files`] or [`StageSpec::identity`] `_file` (`UInt32`); with
    /// the latter `_line` and `_row` (`UInt64`).
    pub fn good_schema(&self, input: &SchemaRef) -> SchemaRef {
        let mut fields: Vec<_> = input.fields().iter().take(self.columns).cloned().collect();
        if self.identity || self.files {
            fields.push(Arc::new(Field::new("_file", DataType::UInt32, false)));
        }
        if self.identity {
            fields.push(Arc::new(Field::new("_line", DataType::UInt64, false)));
            fields.push(Arc::new(Field::new("_row", DataType::UInt64, false)));
        }
        Arc::new(Schema::new(fields))
    }
}

/// Runs the pass over one partition. `progress` is told the rows of each batch.
///
/// # Errors
/// The source, an expression, the sink or a spill file failed; what the sink has by then is to be thrown away.
pub async fn stage(
    mut input: SendableRecordBatchStream,
    spec: &StageSpec,
    good: &mut dyn RowSink,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<Staged, StageError> {
    let schema = spec.good_schema(&input.schema());
    let mut staged = Staged::new(spec)?;
    while let Some(batch) = input.next().await {
        let batch = batch?;
        if batch.num_rows() == 0 {
            continue;
        }
        staged.take(spec, &schema, &batch, good)?;
        progress(batch.num_rows() as u64);
    }
    Ok(staged)
}

impl Staged {
    fn new(spec: &StageSpec) -> Result<Self, StageError> {
        let keys = |_: &KeyPlan| vec![KeyHashes::new(spec.key_hashes, &spec.spill_dir)];
        Ok(Self {
            rows: 0,
            aside_rows: 0,
            good: 0,
            read_sum: 0,
            good_sum: 0,
            violations: BTreeMap::new(),
            judged: BTreeMap::new(),
            bad_files: BTreeSet::new(),
            first_bad: None,
            samples: if spec.unordered { Samples::by_value() } else { Samples::default() },
            aggregates: Aggregates::new(&spec.aggregates)?,
            keys: spec.keys.iter().map(keys).collect(),
            suspects: vec![Suspects::new(&spec.suspects, &spec.spill_dir, spec.suspect_bytes)],
            aside: vec![Suspects::new(&spec.suspects, &spec.spill_dir, spec.suspect_bytes)],
        })
    }

    fn take(
        &mut self,
        spec: &StageSpec,
        schema: &SchemaRef,
        batch: &RecordBatch,
        good: &mut dyn RowSink,
    ) -> Result<(), StageError> {
        let place = Place::of(batch, spec.meta)?;
        // A scan's batch is of one file.
        if place.file.values().first().is_some_and(|file| spec.aside.contains(file)) {
            return self.set_aside(spec, batch, &place);
        }
        let verdicts = spec.judge.evaluate(batch)?;
        self.count(spec, batch, &verdicts, &place)?;
        let mut columns: Vec<ArrayRef> = batch.columns().iter().take(spec.columns).cloned().collect();
        if spec.identity || spec.files {
            columns.push(Arc::new(place.file.clone()));
        }
        if spec.identity {
            columns.push(Arc::new(place.line.clone()));
            columns.push(Arc::new(place.row.clone()));
        }
        let mut passing = RecordBatch::try_new(Arc::clone(schema), columns)?;
        if let Some(any) = &verdicts.any {
            passing = filter_record_batch(&passing, &BooleanArray::new(!any, None))?;
        }
        // Of all rows: which of those that do not pass will be let pass is not known yet, and their keys would count.
        for (key, parts) in spec.keys.iter().zip(&mut self.keys) {
            let (hashes, keyed) = key_hashes(key, batch)?;
            let judged = verdicts.records().map_or_else(|| keyed.clone(), |records| &keyed & &records);
            *self.judged.entry(key.rule).or_default() += judged.count_set_bits() as u64;
            if let Some(part) = parts.first_mut() {
                part.extend(&hashes, &keyed)?;
            }
        }
        if passing.num_rows() > 0 {
            self.good += passing.num_rows() as u64;
            self.aggregates.update(&passing)?;
            good.write(&passing).map_err(StageError::Sink)?;
        }
        if let (Some(rows), Some(suspects)) =
            (spec.suspects.rows(batch, &verdicts, spec.columns)?, self.suspects.first_mut())
        {
            suspects.push(rows)?;
        }
        Ok(())
    }

    /// Rows of a file that is set aside: read, and nothing else.
    fn set_aside(&mut self, spec: &StageSpec, batch: &RecordBatch, place: &Place) -> Result<(), StageError> {
        self.rows += batch.num_rows() as u64;
        self.aside_rows += batch.num_rows() as u64;
        for (file, row) in place.file.values().iter().zip(place.row.values()) {
            self.read_sum = self.read_sum.wrapping_add(row_mark(*file, *row));
        }
        let all = BooleanBuffer::new_set(batch.num_rows());
        let broken = spec.judge.broken(batch).map(|rows| (Reason::BadRecord, rows));
        let violations = broken.into_iter().chain([(Reason::Aside, all.clone())]).collect();
        let verdicts = Verdicts { violations, any: Some(all), ..Verdicts::default() };
        if let (Some(rows), Some(aside)) = (spec.suspects.rows(batch, &verdicts, spec.columns)?, self.aside.first_mut())
        {
            aside.push(rows)?;
        }
        Ok(())
    }

    fn count(
        &mut self,
        spec: &StageSpec,
        batch: &RecordBatch,
        verdicts: &Verdicts,
        place: &Place,
    ) -> Result<(), StageError> {
        self.rows += batch.num_rows() as u64;
        for (i, (file, row)) in place.file.values().iter().zip(place.row.values()).enumerate() {
            let mark = row_mark(*file, *row);
            self.read_sum = self.read_sum.wrapping_add(mark);
            if verdicts.any.as_ref().is_none_or(|any| !any.value(i)) {
                self.good_sum = self.good_sum.wrapping_add(mark);
            }
        }
        for (rule, judged) in &verdicts.judged {
            *self.judged.entry(*rule).or_default() += judged;
        }
        for (reason, rows) in &verdicts.violations {
            *self.violations.entry(*reason).or_default() += rows.count_set_bits() as u64;
            for i in rows.set_indices() {
                let (file, row) = (place.file.value(i), place.row.value(i));
                if *reason == Reason::BadRecord {
                    self.bad_files.insert(file);
                    if self.first_bad.as_ref().is_none_or(|(f, r, ..)| (file, row) < (*f, *r)) {
                        let why = spec.judge.bad.map(|c| cell_text(batch.column(c), i)).transpose()?;
                        self.first_bad = Some((file, row, place.line.value(i), why.unwrap_or_default()));
                    }
                }
                if self.samples.wants(*reason, file, row) {
                    let value = sample_text(spec, batch, *reason, i)?;
                    self.samples.add(*reason, Sample { file, row, line: place.line.value(i), value });
                }
            }
        }
        Ok(())
    }

    /// Takes in what another partition has found.
    ///
    /// # Errors
    /// An aggregate's states do not merge.
    pub fn merge(&mut self, other: Staged) -> Result<(), StageError> {
        self.rows += other.rows;
        self.aside_rows += other.aside_rows;
        self.good += other.good;
        self.read_sum = self.read_sum.wrapping_add(other.read_sum);
        self.good_sum = self.good_sum.wrapping_add(other.good_sum);
        for (reason, n) in other.violations {
            *self.violations.entry(reason).or_default() += n;
        }
        for (rule, n) in other.judged {
            *self.judged.entry(rule).or_default() += n;
        }
        self.bad_files.extend(other.bad_files);
        self.first_bad = [self.first_bad.take(), other.first_bad].into_iter().flatten().min();
        self.samples.merge(other.samples);
        self.aggregates.merge(other.aggregates)?;
        for (mine, theirs) in self.keys.iter_mut().zip(other.keys) {
            mine.extend(theirs);
        }
        self.suspects.extend(other.suspects);
        self.aside.extend(other.aside);
        Ok(())
    }
}

/// A row's part in the order-free sums of a batch's account: a hash of which row it is, so that a lost and a doubled row cannot cancel out.
pub fn row_mark(file: u32, row: u64) -> u64 {
    // SplitMix64's finaliser (Steele, Lea, Flood 2014) over a counter that no two rows share.
    let mut z = row.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (u64::from(file) + 1).wrapping_mul(0xd1b5_4a32_d192_ed03);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Which rows a batch has.
pub(crate) struct Place {
    pub(crate) file: UInt32Array,
    pub(crate) line: UInt64Array,
    pub(crate) row: UInt64Array,
}

impl Place {
    pub(crate) fn of(batch: &RecordBatch, meta: MetaColumns) -> Result<Self, StageError> {
        let file = batch.column(meta.file);
        let file = match file.as_any_dictionary_opt() {
            Some(dictionary) => dictionary.keys().as_primitive_opt::<UInt32Type>().cloned(),
            None => file.as_primitive_opt::<UInt32Type>().cloned(),
        };
        let number = |i: usize| batch.column(i).as_primitive_opt::<UInt64Type>().cloned();
        match (file, number(meta.line), number(meta.row)) {
            (Some(file), Some(line), Some(row)) => Ok(Self { file, line, row }),
            _ => Err(StageError::Sink("a pass was given rows without their places".into())),
        }
    }
}

/// What a report shows of a row: the raw record, or the text of the columns in question.
fn sample_text(spec: &StageSpec, batch: &RecordBatch, reason: Reason, row: usize) -> Result<String, StageError> {
    const MOST: usize = 200;
    let text = |column: &ArrayRef| cell_text(column, row);
    let shown = match reason {
        Reason::BadRecord => {
            let parts: Vec<String> = ["_record", "_bad"]
                .iter()
                .filter_map(|name| batch.column_by_name(name))
                .map(text)
                .collect::<Result<_, _>>()?;
            parts.join(": ")
        }
        Reason::Aside => String::new(),
        Reason::Cast(column) => {
            let check = spec.judge.casts.iter().find(|c| c.column == usize::from(column));
            let raw = spec.judge.raw.and_then(|c| batch.column(c).as_struct_opt());
            match (check, raw) {
                (Some(check), Some(raw)) => raw.columns().get(check.raw).map_or(Ok(String::new()), text)?,
                _ => String::new(),
            }
        }
        Reason::Rule(_) | Reason::Spared(_) => {
            let all: Vec<usize> = (0..spec.columns).collect();
            let columns = spec.sample_columns.get(&reason.rule()).unwrap_or(&all);
            let parts: Vec<String> = columns.iter().map(|c| text(batch.column(*c))).collect::<Result<_, _>>()?;
            parts.join(", ")
        }
    };
    Ok(if shown.chars().count() > MOST { shown.chars().take(MOST - 1).chain(['…']).collect() } else { shown })
}

fn cell_text(column: &ArrayRef, row: usize) -> Result<String, StageError> {
    let options = FormatOptions::default().with_null("NULL");
    Ok(ArrayFormatter::try_new(column.as_ref(), &options)?.value(row).to_string())
}
