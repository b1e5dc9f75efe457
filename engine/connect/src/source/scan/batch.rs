//! From a split chunk to record batches: data columns, then meta columns.

use std::cell::LazyCell;
use std::sync::Arc;

use arrow::array::builder::StringBuilder;
use arrow::array::types::UInt32Type;
use arrow::array::{
    ArrayRef, DictionaryArray, RecordBatch, RecordBatchOptions, StructArray, UInt32Array, UInt64Array, new_null_array,
};
use arrow::datatypes::{DataType, Fields};
use arrow::error::ArrowError;
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::plan::Plan;
use crate::source::cells::{Cell, CellKind, Cells, RowSpan};
use crate::source::columns::{Texts, column, raw_column};
use crate::source::{ColumnBinding, FieldSpec, meta};

/// Where the rows of a batch stand.
pub(crate) struct Place {
    /// The file's index.
    pub file: usize,
    /// Number of the first row in its file, from 0.
    pub first_row: u64,
    /// Line the chunk starts on, from 1.
    pub first_line: u64,
}

/// Hive's name of the folder for NULL.
const HIVE_NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The rows of a chunk.
pub(crate) fn text_batch(plan: &Plan, texts: &Texts, place: &Place) -> Result<RecordBatch> {
    let rows = texts.len();
    let binding = plan.bindings.get(place.file).map(|b| b.columns.as_slice()).unwrap_or_default();
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(plan.schema.fields().len());
    let mut raw: Vec<ArrayRef> = Vec::new();
    let no_text = LazyCell::new(|| new_null_array(&DataType::Utf8View, rows));
    for (index, field) in &plan.columns {
        let keep_raw = plan.projection.raw && !field.is_text();
        let slot = match binding.get(*index) {
            Some(ColumnBinding::Column(slot)) => Some(*slot),
            Some(ColumnBinding::Key(_)) => Some(key_slot(binding, *index)),
            _ => None,
        };
        let (typed, text) = match (slot, binding.get(*index)) {
            (Some(slot), _) => {
                let typed = column(texts, slot, field)?;
                let text = if keep_raw { raw_column(texts, slot, field, typed.as_ref())? } else { None };
                (typed, text)
            }
            (None, Some(ColumnBinding::Partition(value))) => {
                let (typed, text) = constant(value, field, rows)?;
                // A broken record has no values, not even those of its path.
                (without(&typed, texts)?, Some(without(&text, texts)?))
            }
            _ => (new_null_array(&field.data_type, rows), None),
        };
        columns.push(typed);
        if keep_raw {
            raw.push(text.unwrap_or_else(|| Arc::clone(&no_text)));
        }
    }
    let projection = &plan.projection;
    if projection.file {
        columns.push(file_column(plan, place.file, rows)?);
    }
    if projection.line {
        let lines = texts.cells.rows.iter().map(|r| place.first_line + u64::from(r.line));
        columns.push(Arc::new(UInt64Array::from_iter_values(lines)));
    }
    if projection.row {
        columns.push(row_column(place.first_row, rows));
    }
    if projection.bad {
        columns.push(marked(rows, texts.cells.bad.iter().map(|(row, reason)| (*row, reason.clone()))));
    }
    if projection.record {
        let record = |row: usize| String::from_utf8_lossy(texts.record(row)).into_owned();
        columns.push(marked(rows, texts.cells.bad.iter().map(|(row, _)| (*row, record(*row)))));
    }
    finish(plan, columns, raw, rows)
}

/// Adds `_raw`, when it is asked for, and puts the columns together.
pub(crate) fn finish(plan: &Plan, mut columns: Vec<ArrayRef>, raw: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    if plan.projection.raw {
        let fields = match plan.schema.field_with_name(meta::RAW).map(|f| f.data_type()) {
            Ok(DataType::Struct(fields)) => fields.clone(),
            _ => Fields::empty(),
        };
        let raw = if fields.is_empty() {
            StructArray::new_empty_fields(rows, None)
        } else {
            StructArray::try_new(fields, raw, None)?
        };
        columns.push(Arc::new(raw));
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(Arc::clone(&plan.schema), columns, &options)?)
}

/// The cells' column that a key has: keys are numbered in the order of the target.
fn key_slot(binding: &[ColumnBinding], index: usize) -> usize {
    binding.iter().take(index).filter(|b| matches!(b, ColumnBinding::Key(_))).count()
}

/// [`meta::FILE`]
pub(crate) fn file_column(plan: &Plan, file: usize, rows: usize) -> Result<ArrayRef, ArrowError> {
    let keys = UInt32Array::from_value(u32::try_from(file).unwrap_or(u32::MAX), rows);
    Ok(Arc::new(DictionaryArray::<UInt32Type>::try_new(keys, Arc::clone(&plan.names) as ArrayRef)?))
}

/// [`meta::ROW`]
pub(crate) fn row_column(first: u64, rows: usize) -> ArrayRef {
    Arc::new(UInt64Array::from_iter_values(first..first + rows as u64))
}

/// A text for some rows, NULL for the others. The rows are in order.
pub(crate) fn marked(rows: usize, texts: impl Iterator<Item = (usize, String)>) -> ArrayRef {
    let mut texts = texts.peekable();
    if texts.peek().is_none() {
        return new_null_array(&DataType::Utf8, rows);
    }
    let mut builder = StringBuilder::new();
    for row in 0..rows {
        builder.append_option(texts.next_if(|(r, _)| *r == row).map(|(_, text)| text));
    }
    Arc::new(builder.finish())
}

/// A column that has the same value in all rows, and its text if that does not convert.
pub(crate) fn constant(value: &str, field: &FieldSpec, rows: usize) -> Result<(ArrayRef, ArrayRef)> {
    let bytes = value.as_bytes().to_vec();
    let cell = if value == HIVE_NULL { Cell::NULL } else { Cell::new(CellKind::Plain, 0, bytes.len()) };
    let row = RowSpan { start: 0, end: u32::try_from(bytes.len()).unwrap_or(0), line: 0 };
    let one = Texts::new(bytes, Cells { width: 1, cells: vec![cell], rows: vec![row], ..Cells::default() }, false);
    let repeat = |array: &ArrayRef| ScalarValue::try_from_array(array, 0)?.to_array_of_size(rows);
    let typed = column(&one, 0, field)?;
    let text = raw_column(&one, 0, field, typed.as_ref())?.unwrap_or_else(|| new_null_array(&DataType::Utf8View, 1));
    Ok((repeat(&typed)?, repeat(&text)?))
}

/// The column with NULL in the broken rows.
fn without(array: &ArrayRef, texts: &Texts) -> Result<ArrayRef, ArrowError> {
    if texts.cells.bad.is_empty() {
        return Ok(Arc::clone(array));
    }
    let mut broken = vec![false; texts.len()];
    for (row, _) in &texts.cells.bad {
        if let Some(flag) = broken.get_mut(*row) {
            *flag = true;
        }
    }
    arrow::compute::nullif(array, &broken.into())
}
