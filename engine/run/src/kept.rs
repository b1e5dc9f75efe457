//! Quarantined rows as a scan would yield them today: typed columns where they still fit, kept texts converted again, broken
//! records parsed again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBufferBuilder, DictionaryArray, RecordBatch, StringArray,
    StringViewArray, StructArray, UInt32Array, UInt64Array,
};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::kernels::zip::zip;
use datafusion::arrow::compute::{concat_batches, filter_record_batch};
use datafusion::arrow::datatypes::{DataType, Fields, SchemaRef, UInt32Type, UInt64Type};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{DataFusionError, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use pipe_connect::source::{FieldSpec, Projection, Records, meta, read_cells};
use pipe_state::{QuarantineEntry, RowChange, RowRange, RowState};
use serde_json::{Map, Value};

use crate::engine::Stopped;
use crate::errors;
use crate::inspect::state_of;
use crate::quarantine::RAW;

/// A row by its place in its source: file and number.
pub type Place = (String, u64);

/// Rows of quarantine files read at once.
const BATCH: usize = 8 << 10;

/// Rows that come again. They stay in their files, and are read when they are asked for.
#[derive(Debug)]
pub struct Kept {
    /// The columns of a scan of all columns.
    pub schema: SchemaRef,
    /// The files they come from: what `_file` counts.
    pub files: Vec<String>,
    /// Rows that stand for whole files, by file, and where each is kept: the quarantine file and the row in it. They are not
    /// among the rows.
    pub whole: BTreeMap<String, Vec<(i64, u64)>>,
    names: Arc<StringArray>,
    indexes: HashMap<String, u32>,
    target: Vec<FieldSpec>,
    rereader: Option<Rereader>,
    /// The quarantine files, the last one first, and which of their rows come again.
    entries: Vec<(QuarantineEntry, BooleanBuffer)>,
}

/// What is needed to read broken records again: the reader, and its files by name.
#[derive(Debug)]
pub struct Rereader {
    /// The reader.
    pub records: Records,
    /// The index of each file.
    pub files: BTreeMap<String, usize>,
}

/// Finds the rows of a table that wait for a better program; of a row that was kept twice the last one.
///
/// # Errors
/// A quarantine file that cannot be read.
pub fn kept(entries: &[QuarantineEntry], target: Vec<FieldSpec>, rereader: Option<Rereader>) -> Result<Kept, Stopped> {
    let (mut files, mut indexes, mut whole) = (Vec::new(), HashMap::new(), BTreeMap::<String, Vec<_>>::new());
    // By file and number: the name of each row's file would be most of what this holds.
    let mut seen: HashSet<(u32, u64)> = HashSet::new();
    let mut chosen = Vec::new();
    for entry in entries.iter().rev() {
        let mut rows = BooleanBufferBuilder::new(0);
        places(entry, |number, file, row| {
            let Some(row) = row else {
                if waits(entry, number) {
                    whole.entry(file.to_owned()).or_default().push((entry.id, number));
                }
                return rows.append(false);
            };
            if !waits(entry, number) {
                return rows.append(false);
            }
            let index = indexes.get(file).copied().unwrap_or_else(|| {
                let index = u32::try_from(files.len()).unwrap_or(u32::MAX);
                files.push(file.to_owned());
                indexes.insert(file.to_owned(), index);
                index
            });
            rows.append(seen.insert((index, row)));
        })?;
        chosen.push((entry.clone(), rows.finish()));
    }
    let schema = Projection::all(target.len()).schema(&target);
    let names = Arc::new(StringArray::from_iter_values(&files));
    Ok(Kept { schema, files, whole, names, indexes, target, rereader, entries: chosen })
}

/// Whether a row waits for a better program.
fn waits(entry: &QuarantineEntry, number: u64) -> bool {
    matches!(state_of(entry, number), Some(RowState::Held | RowState::Undone))
}

/// Hands over each row of a quarantine file: its number there, its file, and its number in that; `None` if it stands for all.
///
/// # Errors
/// The file cannot be read.
fn places(entry: &QuarantineEntry, mut take: impl FnMut(u64, &str, Option<u64>)) -> Result<(), Stopped> {
    let told = |e: &dyn std::fmt::Display| errors::io(&format!("`{}`: {e}", entry.path.display()));
    let rows = opened(&entry.path, Some(&[meta::FILE, meta::ROW])).map_err(|e| told(&e))?;
    let mut number = 0;
    for batch in rows {
        let batch = batch.map_err(|e| told(&e))?;
        let column = |name| batch.column_by_name(name);
        let files = column(meta::FILE).and_then(|c| c.as_string_opt::<i32>());
        let rows = column(meta::ROW).and_then(|c| c.as_primitive_opt::<UInt64Type>());
        for at in 0..batch.num_rows() {
            let file = files.filter(|c| c.is_valid(at)).map_or("", |c| c.value(at));
            take(number, file, rows.map_or(Some(0), |c| c.is_valid(at).then(|| c.value(at))));
            number += 1;
        }
    }
    Ok(())
}

/// The rows of a file of the state, all columns or those of these names.
fn opened(path: &Path, columns: Option<&[&str]>) -> Result<ParquetRecordBatchReader, DataFusionError> {
    let mut builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.with_batch_size(BATCH);
    if let Some(columns) = columns {
        let roots = builder.schema().fields().iter().enumerate();
        let roots: Vec<usize> = roots.filter(|(_, f)| columns.contains(&f.name().as_str())).map(|(i, _)| i).collect();
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        builder = builder.with_projection(mask);
    }
    Ok(builder.build()?)
}

/// The rows of a file that left once more, by file and number.
///
/// # Errors
/// The file cannot be read.
pub fn left(path: &Path, kept: &Kept) -> Result<HashSet<(u32, u64)>, Stopped> {
    let told = |e: &dyn std::fmt::Display| errors::io(&format!("`{}`: {e}", path.display()));
    let mut left = HashSet::new();
    for batch in opened(path, Some(&[meta::FILE, meta::ROW])).map_err(|e| told(&e))? {
        let batch = batch.map_err(|e| told(&e))?;
        for row in 0..batch.num_rows() {
            let (file, number) = place_of(&batch, row);
            left.extend(kept.indexes.get(&file).map(|file| (*file, number)));
        }
    }
    Ok(left)
}

impl Kept {
    /// The rows as a plan with one partition, but for those of some files.
    ///
    /// # Errors
    /// DataFusion refuses the plan.
    pub fn rows(self: &Arc<Self>, without: &BTreeSet<String>) -> Result<Arc<dyn ExecutionPlan>, Stopped> {
        let without = without.iter().filter_map(|f| self.indexes.get(f).copied()).collect();
        let rows = Again { kept: Arc::clone(self), without };
        let schema = Arc::clone(&self.schema);
        Ok(Arc::new(StreamingTableExec::try_new(schema, vec![Arc::new(rows)], None, Vec::new(), false, None)?))
    }

    /// What becomes of the rows: those that passed are replayed; of a row that was kept twice the older copy is superseded,
    /// whatever becomes of the newer one. Rows of some files stay as they are. Gives also how many are replayed.
    ///
    /// # Errors
    /// A quarantine file that cannot be read.
    pub fn changes(
        &self,
        without: &BTreeSet<String>,
        left: &HashSet<(u32, u64)>,
    ) -> Result<(Vec<RowChange>, u64), Stopped> {
        let (mut changes, mut replayed) = (Vec::new(), 0);
        for (entry, chosen) in &self.entries {
            let mut by_state: BTreeMap<RowState, Vec<RowRange>> = BTreeMap::new();
            places(entry, |number, file, row| {
                let (Some(row), Some(index)) = (row, self.indexes.get(file)) else { return };
                if without.contains(file) || !waits(entry, number) {
                    return;
                }
                let again = usize::try_from(number).is_ok_and(|n| n < chosen.len() && chosen.value(n));
                let state = match again {
                    false => RowState::Superseded,
                    true if left.contains(&(*index, row)) => return,
                    true => RowState::Replayed,
                };
                replayed += u64::from(again);
                let rows = by_state.entry(state).or_default();
                match rows.last_mut().filter(|last| last.end() == number) {
                    Some(last) => last.rows += 1,
                    None => rows.push(RowRange::one(number)),
                }
            })?;
            changes.extend(by_state.into_iter().map(|(state, rows)| RowChange { file: entry.id, rows, state }));
        }
        changes.sort_by_key(|change| (change.file, change.state));
        Ok((changes, replayed))
    }

    /// Rows of a quarantine file as rows of a scan, in the same order.
    fn read(&self, rows: &RecordBatch) -> Result<RecordBatch, DataFusionError> {
        let records = rows.column_by_name(meta::RECORD).and_then(|c| c.as_string_opt::<i32>().cloned());
        let bulk = self.converted(rows, records.as_ref())?;
        if records.as_ref().is_none_or(|r| r.null_count() == r.len()) {
            return Ok(bulk);
        }
        let mut singles = Vec::with_capacity(rows.num_rows());
        for row in 0..rows.num_rows() {
            let text = records.as_ref().filter(|r| r.is_valid(row)).map(|r| r.value(row));
            let (file, _) = place_of(rows, row);
            let again = match (text, &self.rereader) {
                (Some(text), Some(reader)) => match reader.files.get(&file) {
                    Some(index) => reader.records.read(*index, text)?,
                    None => None,
                },
                _ => None,
            };
            singles.push(match again {
                Some(read) => self.placed(&read, &bulk.slice(row, 1))?,
                None => bulk.slice(row, 1),
            });
        }
        Ok(concat_batches(&self.schema, &singles)?)
    }

    /// A record that was read again, at the place of the row it was.
    fn placed(&self, read: &RecordBatch, row: &RecordBatch) -> Result<RecordBatch, DataFusionError> {
        let columns = self.schema.fields().iter().map(|f| {
            let from = if [meta::FILE, meta::LINE, meta::ROW].contains(&f.name().as_str()) { row } else { read };
            from.column_by_name(f.name()).cloned()
        });
        let columns: Option<Vec<ArrayRef>> = columns.collect();
        let Some(columns) = columns else { return internal_err!("a record that was read again lacks a column") };
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }

    /// The rows as they were kept: columns of today's type as they are, others and kept texts converted.
    fn converted(&self, rows: &RecordBatch, records: Option<&StringArray>) -> Result<RecordBatch, DataFusionError> {
        let count = rows.num_rows();
        let raw = raw_texts(rows);
        let (mut columns, mut texts): (Vec<ArrayRef>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
        for field in &self.target {
            let (typed, text) = cell_column(rows, field, &raw)?;
            columns.push(typed);
            if !field.is_text() {
                texts.push(text);
            }
        }
        let file = |row| self.indexes.get(&place_of(rows, row).0).copied().unwrap_or(0);
        let keys = UInt32Array::from_iter_values((0..count).map(file));
        let names = Arc::clone(&self.names) as ArrayRef;
        columns.push(Arc::new(DictionaryArray::<UInt32Type>::try_new(keys, names)?));
        for name in [meta::LINE, meta::ROW] {
            let column = rows.column_by_name(name).and_then(|c| c.as_primitive_opt::<UInt64Type>());
            let values = |row: usize| column.filter(|c| c.is_valid(row)).map_or(0, |c| c.value(row));
            columns.push(Arc::new(UInt64Array::from_iter_values((0..count).map(values))));
        }
        let record = |row: usize| records.filter(|r| r.is_valid(row)).map(|r| r.value(row));
        let bad = (0..count).map(|row| record(row).map(|_| "it cannot be read again"));
        columns.push(Arc::new(bad.collect::<StringArray>()));
        columns.push(Arc::new((0..count).map(record).collect::<StringArray>()));
        let fields = match self.schema.field_with_name(meta::RAW).map(|f| f.data_type()) {
            Ok(DataType::Struct(fields)) => fields.clone(),
            _ => Fields::empty(),
        };
        columns.push(Arc::new(if fields.is_empty() {
            StructArray::new_empty_fields(count, None)
        } else {
            StructArray::try_new(fields, texts, None)?
        }));
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

/// Rows that come again, on their way out of their files.
struct Again {
    kept: Arc<Kept>,
    /// Files whose rows stay, by index.
    without: BTreeSet<u32>,
}

impl fmt::Debug for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rows of {} quarantine files", self.kept.entries.len())
    }
}

impl PartitionStream for Again {
    fn schema(&self) -> &SchemaRef {
        &self.kept.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (kept, without) = (Arc::clone(&self.kept), self.without.clone());
        let rows = (0..self.kept.entries.len()).flat_map(move |entry| {
            // An error is a batch that is one.
            let rows = Arc::clone(&kept).entry(entry, without.clone());
            let (rows, error) = rows.map_or_else(|e| (None, Some(Err(e))), |rows| (Some(rows), None));
            rows.into_iter().flatten().chain(error)
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.kept.schema), futures::stream::iter(rows)))
    }
}

impl Kept {
    /// The rows of a quarantine file that come again, as rows of a scan.
    fn entry(
        self: Arc<Self>,
        entry: usize,
        without: BTreeSet<u32>,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, DataFusionError>>, DataFusionError> {
        let Some((file, chosen)) = self.entries.get(entry) else { return internal_err!("a quarantine file too many") };
        let (rows, chosen, mut first) = (opened(&file.path, None)?, chosen.clone(), 0);
        Ok(rows.filter_map(move |batch| {
            let read = || {
                let batch = batch?;
                let (at, rows) = (first, batch.num_rows());
                first += rows;
                if at + rows > chosen.len() {
                    return internal_err!("a quarantine file that grew");
                }
                let stays = |row: usize| {
                    without.is_empty()
                        || !self.indexes.get(&place_of(&batch, row).0).is_some_and(|file| without.contains(file))
                };
                let again = (0..rows).map(|row| Some(chosen.value(at + row) && stays(row)));
                let rows = filter_record_batch(&batch, &again.collect::<BooleanArray>())?;
                if rows.num_rows() == 0 { Ok(None) } else { self.read(&rows).map(Some) }
            };
            read().transpose()
        }))
    }
}

/// The place of a row in its source.
pub fn place_of(rows: &RecordBatch, row: usize) -> Place {
    let file = rows.column_by_name(meta::FILE).and_then(|c| c.as_string_opt::<i32>());
    let file = file.filter(|c| c.is_valid(row)).map_or_else(String::new, |c| c.value(row).to_owned());
    let number = rows.column_by_name(meta::ROW).and_then(|c| c.as_primitive_opt::<UInt64Type>());
    (file, number.filter(|c| c.is_valid(row)).map_or(0, |c| c.value(row)))
}

/// The kept texts of each row's cells that had not converted.
fn raw_texts(rows: &RecordBatch) -> Vec<Map<String, Value>> {
    let raw = rows.column_by_name(RAW).and_then(|c| c.as_string_opt::<i32>());
    let of = |row: usize| {
        let text = raw.filter(|c| c.is_valid(row)).map(|c| c.value(row))?;
        serde_json::from_str::<Map<String, Value>>(text).ok()
    };
    (0..rows.num_rows()).map(|row| of(row).unwrap_or_default()).collect()
}

/// A column of today's table, and the texts it was converted from where it was.
fn cell_column(
    rows: &RecordBatch,
    field: &FieldSpec,
    raw: &[Map<String, Value>],
) -> Result<(ArrayRef, ArrayRef), DataFusionError> {
    let names = std::iter::once(&field.name).chain(&field.aliases);
    let found = names.clone().find_map(|n| rows.column_by_name(n));
    let same = found.filter(|c| *c.data_type() == field.data_type);
    let options = FormatOptions::default();
    let format = found.map(|c| ArrayFormatter::try_new(c.as_ref(), &options)).transpose()?;
    let value = |row: usize| {
        let (column, format) = (found?, format.as_ref()?);
        column.is_valid(row).then(|| format.value(row).to_string())
    };
    let kept = |row: usize| names.clone().find_map(|n| raw.get(row)?.get(n)?.as_str()).map(str::to_owned);
    let rows = 0..rows.num_rows();
    // What has a value has a text too, as in a scan: what was kept, or how the value is written.
    let texts: StringViewArray = rows.clone().map(|row| kept(row).or_else(|| value(row))).collect();
    let converted = read_cells(&texts, field)?;
    let typed = match same {
        None => converted,
        Some(column) => {
            let from_text: BooleanArray = rows.map(|row| Some(kept(row).is_some())).collect();
            zip(&from_text, &converted, column)?
        }
    };
    Ok((typed, Arc::new(texts)))
}
