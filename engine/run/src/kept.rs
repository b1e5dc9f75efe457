//! Quarantined rows as a scan would yield them today: typed columns where they still fit, kept texts converted again, broken
//! records parsed again.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, DictionaryArray, RecordBatch, StringArray, StringViewArray, StructArray,
    UInt32Array, UInt64Array,
};
use datafusion::arrow::compute::kernels::zip::zip;
use datafusion::arrow::compute::{concat_batches, filter_record_batch};
use datafusion::arrow::datatypes::{DataType, Fields, SchemaRef, UInt32Type, UInt64Type};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use pipe_connect::source::{FieldSpec, Projection, Records, meta, read_cells};
use pipe_state::{QuarantineEntry, RowState};
use serde_json::{Map, Value};

use crate::engine::Stopped;
use crate::errors;
use crate::inspect::state_of;
use crate::quarantine::RAW;

/// A row by its place in its source: file and number.
pub type Place = (String, u64);

/// Rows that come again.
#[derive(Debug)]
pub struct Kept {
    /// They, with the columns of a scan of all columns.
    pub batches: Vec<RecordBatch>,
    /// Those columns.
    pub schema: SchemaRef,
    /// The files they come from: what `_file` counts.
    pub files: Vec<String>,
    /// Where each is kept: the quarantine file and the row in it. A row that is kept twice has both places.
    pub places: BTreeMap<Place, Vec<(i64, u64)>>,
    /// Rows that stand for whole files, by file, and where each is kept. They are not among the rows.
    pub whole: BTreeMap<String, Vec<(i64, u64)>>,
}

/// What is needed to read broken records again: the reader, and its files by name.
#[derive(Debug)]
pub struct Rereader {
    /// The reader.
    pub records: Records,
    /// The index of each file.
    pub files: BTreeMap<String, usize>,
}

/// Reads the rows of a table that wait for a better program, those kept last first where one was kept twice.
///
/// # Errors
/// A quarantine file that cannot be read.
pub fn kept(entries: &[QuarantineEntry], target: &[FieldSpec], rereader: Option<&Rereader>) -> Result<Kept, Stopped> {
    let schema = Projection::all(target.len()).schema(target);
    let mut kept =
        Kept { batches: Vec::new(), schema, files: Vec::new(), places: BTreeMap::new(), whole: BTreeMap::new() };
    for entry in entries.iter().rev() {
        let told = |e: &dyn std::fmt::Display| errors::io(&format!("`{}`: {e}", entry.path.display()));
        let waits = |row| matches!(state_of(entry, row), Some(RowState::Held | RowState::Undone));
        let file = File::open(&entry.path).map_err(|e| told(&e))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| told(&e))?;
        let mut first = 0u64;
        for batch in builder.build().map_err(|e| told(&e))? {
            let batch = batch.map_err(|e| told(&e))?;
            let mut chosen = Vec::with_capacity(batch.num_rows());
            for row in 0..batch.num_rows() {
                let number = first + row as u64;
                chosen.push(waits(number) && kept.place(&batch, row, entry.id, number));
            }
            first += batch.num_rows() as u64;
            let rows = filter_record_batch(&batch, &BooleanArray::from(chosen)).map_err(|e| errors::internal(&e))?;
            if rows.num_rows() > 0 {
                let read = kept.read(&rows, target, rereader)?;
                kept.batches.push(read);
            }
        }
    }
    Ok(kept)
}

impl Kept {
    /// Takes down where a row is kept; whether it is seen for the first time.
    fn place(&mut self, batch: &RecordBatch, row: usize, entry: i64, number: u64) -> bool {
        if batch.column_by_name(meta::ROW).is_some_and(|rows| rows.is_null(row)) {
            self.whole.entry(place_of(batch, row).0).or_default().push((entry, number));
            return false;
        }
        let places = self.places.entry(place_of(batch, row)).or_default();
        places.push((entry, number));
        places.len() == 1
    }

    fn file(&mut self, name: &str) -> u32 {
        let at = self.files.iter().position(|f| f == name).unwrap_or_else(|| {
            self.files.push(name.to_owned());
            self.files.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// Without the rows of some files.
    pub fn without(&self, files: &std::collections::BTreeSet<String>) -> Result<Vec<RecordBatch>, Stopped> {
        let stays = |batch: &RecordBatch| {
            let index = crate::quarantine::file_indexes(batch);
            let stays = |i: &u32| !self.files.get(*i as usize).is_some_and(|f| files.contains(f));
            let mask: BooleanArray = index.values().iter().map(|i| Some(stays(i))).collect();
            filter_record_batch(batch, &mask)
        };
        Ok(self.batches.iter().map(stays).collect::<Result<_, _>>().map_err(|e| errors::internal(&e))?)
    }

    /// The batches with `_file` over all files: they were made while files were still being found.
    pub fn finished(mut self) -> Result<Self, Stopped> {
        let names: ArrayRef = Arc::new(StringArray::from_iter_values(&self.files));
        let at = self.schema.index_of(meta::FILE).map_err(|e| errors::internal(&e))?;
        for batch in &mut self.batches {
            let keys = crate::quarantine::file_indexes(batch);
            let column =
                DictionaryArray::<UInt32Type>::try_new(keys, Arc::clone(&names)).map_err(|e| errors::internal(&e))?;
            let mut columns = batch.columns().to_vec();
            if let Some(slot) = columns.get_mut(at) {
                *slot = Arc::new(column);
            }
            *batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(|e| errors::internal(&e))?;
        }
        Ok(self)
    }

    /// Rows of a quarantine file as rows of a scan, in the same order.
    fn read(
        &mut self,
        rows: &RecordBatch,
        target: &[FieldSpec],
        rereader: Option<&Rereader>,
    ) -> Result<RecordBatch, Stopped> {
        let records = rows.column_by_name(meta::RECORD).and_then(|c| c.as_string_opt::<i32>().cloned());
        let bulk = self.converted(rows, target, records.as_ref())?;
        if records.as_ref().is_none_or(|r| r.null_count() == r.len()) {
            return Ok(bulk);
        }
        let mut singles = Vec::with_capacity(rows.num_rows());
        for row in 0..rows.num_rows() {
            let text = records.as_ref().filter(|r| r.is_valid(row)).map(|r| r.value(row));
            let (file, _) = place_of(rows, row);
            let again = match (text, rereader) {
                (Some(text), Some(reader)) => match reader.files.get(&file) {
                    Some(index) => reader.records.read(*index, text).map_err(|e| errors::datafusion(&e))?,
                    None => None,
                },
                _ => None,
            };
            singles.push(match again {
                Some(read) => self.placed(&read, &bulk.slice(row, 1))?,
                None => bulk.slice(row, 1),
            });
        }
        Ok(concat_batches(&self.schema, &singles).map_err(|e| errors::internal(&e))?)
    }

    /// A record that was read again, at the place of the row it was.
    fn placed(&self, read: &RecordBatch, row: &RecordBatch) -> Result<RecordBatch, Stopped> {
        let columns = self.schema.fields().iter().map(|f| {
            let from = if [meta::FILE, meta::LINE, meta::ROW].contains(&f.name().as_str()) { row } else { read };
            from.column_by_name(f.name()).cloned()
        });
        let columns: Option<Vec<ArrayRef>> = columns.collect();
        let columns = columns.ok_or_else(|| errors::internal(&"a record that was read again lacks a column"))?;
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(|e| errors::internal(&e))?)
    }

    /// The rows as they were kept: columns of today's type as they are, others and kept texts converted.
    fn converted(
        &mut self,
        rows: &RecordBatch,
        target: &[FieldSpec],
        records: Option<&StringArray>,
    ) -> Result<RecordBatch, Stopped> {
        let count = rows.num_rows();
        let raw = raw_texts(rows);
        let (mut columns, mut texts): (Vec<ArrayRef>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
        for field in target {
            let (typed, text) = cell_column(rows, field, &raw)?;
            columns.push(typed);
            if !field.is_text() {
                texts.push(text);
            }
        }
        let keys: Vec<u32> = (0..count).map(|row| self.file(&place_of(rows, row).0)).collect();
        let names: ArrayRef = Arc::new(StringArray::from_iter_values(&self.files));
        let files =
            DictionaryArray::<UInt32Type>::try_new(UInt32Array::from(keys), names).map_err(|e| errors::internal(&e))?;
        columns.push(Arc::new(files));
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
            StructArray::try_new(fields, texts, None).map_err(|e| errors::internal(&e))?
        }));
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(|e| errors::internal(&e))?)
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
) -> Result<(ArrayRef, ArrayRef), Stopped> {
    let names = std::iter::once(&field.name).chain(&field.aliases);
    let found = names.clone().find_map(|n| rows.column_by_name(n));
    let same = found.filter(|c| *c.data_type() == field.data_type);
    let options = FormatOptions::default();
    let format =
        found.map(|c| ArrayFormatter::try_new(c.as_ref(), &options)).transpose().map_err(|e| errors::internal(&e))?;
    let value = |row: usize| {
        let (column, format) = (found?, format.as_ref()?);
        column.is_valid(row).then(|| format.value(row).to_string())
    };
    let kept = |row: usize| names.clone().find_map(|n| raw.get(row)?.get(n)?.as_str()).map(str::to_owned);
    let rows = 0..rows.num_rows();
    // What has a value has a text too, as in a scan: what was kept, or how the value is written.
    let texts: StringViewArray = rows.clone().map(|row| kept(row).or_else(|| value(row))).collect();
    let converted = read_cells(&texts, field).map_err(|e| errors::datafusion(&e))?;
    let typed = match same {
        None => converted,
        Some(column) => {
            let from_text: BooleanArray = rows.map(|row| Some(kept(row).is_some())).collect();
            zip(&from_text, &converted, column).map_err(|e| errors::internal(&e))?
        }
    };
    Ok((typed, Arc::new(texts)))
}
