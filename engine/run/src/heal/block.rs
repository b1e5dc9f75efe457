//! A block of failing rows: as read, and as they are after what has been healed so far.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Float64Array, ListBuilder, RecordBatch, StringArray, UInt16Builder,
    UInt32Array, new_null_array,
};
use datafusion::arrow::compute::{cast, interleave};
use datafusion::arrow::datatypes::{DataType, Field, Float64Type, Schema, SchemaRef, UInt32Type, UInt64Type};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use pipe_connect::source::meta;
use pipe_quality::{Reason, SuspectSchema};

use super::ids::{RowId, row_ids};
use crate::engine::Stopped;
use crate::errors;
use crate::pass::Input;

/// What the rows of a table look like, in memory and in files.
#[derive(Debug)]
pub struct Shape {
    /// The columns of the pass's input.
    pub schema: SchemaRef,
    /// The same with the index of the file in place of a dictionary of all names.
    pub kept: SchemaRef,
    /// How many of the columns are data.
    pub columns: usize,
    /// The flag beside each column that a clause may fill, by place.
    pub flags: BTreeMap<usize, usize>,
    file: usize,
    names: Arc<StringArray>,
}

impl Shape {
    /// That of an input.
    pub fn new(input: &Input) -> Self {
        let mut fields: Vec<_> = input.schema.fields().iter().cloned().collect();
        if let Some(file) = fields.get_mut(input.meta.file) {
            *file = Arc::new(Field::new(file.name(), DataType::UInt32, false));
        }
        Self {
            schema: Arc::clone(&input.schema),
            kept: Arc::new(Schema::new(fields)),
            columns: input.columns,
            flags: flags(input),
            file: input.meta.file,
            names: Arc::new(StringArray::from(input.files.clone())),
        }
    }

    /// Rows of the input with the index of the file alone; columns behind those of the input are left out.
    ///
    /// # Errors
    /// Arrow refuses the batch.
    pub fn kept(&self, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let files: ArrayRef = Arc::new(crate::quarantine::file_indexes(rows));
        let mut columns: Vec<ArrayRef> = rows.columns().iter().take(self.kept.fields().len()).cloned().collect();
        if let Some(slot) = columns.get_mut(self.file) {
            *slot = files;
        }
        RecordBatch::try_new(Arc::clone(&self.kept), columns)
    }

    /// The columns of the input again.
    fn named(&self, mut columns: Vec<ArrayRef>) -> Result<RecordBatch, ArrowError> {
        if let (DataType::Dictionary(..), Some(slot)) =
            (self.schema.field(self.file).data_type(), columns.get_mut(self.file))
        {
            let keys = slot.as_primitive::<UInt32Type>().clone();
            *slot = Arc::new(DictionaryArray::try_new(keys, Arc::clone(&self.names) as ArrayRef)?);
        }
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
    }
}

/// A change of a cell, on its way: what it was and is say the rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The instance's confidence.
    pub confidence: f64,
    /// The step that made it, by index among those of the table.
    pub step: usize,
}

/// A block of failing rows. Rows are counted from 0 in each.
pub struct Block {
    shape: Arc<Shape>,
    /// Its first row, among all failing ones.
    pub first: usize,
    read: RecordBatch,
    values: Vec<ArrayRef>,
    /// The columns that were ever written to.
    written: BTreeSet<usize>,
    /// The changed cells, by row and column.
    pub changes: BTreeMap<(usize, usize), Change>,
}

impl Block {
    /// Rows as read, and what was written to them since, see [`Block::now`].
    ///
    /// # Errors
    /// The batches are not what this made.
    pub fn new(
        shape: &Arc<Shape>,
        first: usize,
        read: RecordBatch,
        now: Option<&RecordBatch>,
    ) -> Result<Self, ArrowError> {
        let values = read.columns().iter().take(shape.columns).cloned().collect();
        let mut block =
            Self { shape: Arc::clone(shape), first, read, values, written: BTreeSet::new(), changes: BTreeMap::new() };
        for parts in now.into_iter().flat_map(|now| now.columns().chunks(3).zip(now.schema_ref().fields().chunks(3))) {
            let ([value, steps, confidences], [field, ..]) = parts else { continue };
            let column = field.name().parse().map_err(|_| ArrowError::SchemaError("a column without number".into()))?;
            let (steps, confidences) = (steps.as_primitive::<UInt32Type>(), confidences.as_primitive::<Float64Type>());
            for row in (0..steps.len()).filter(|row| steps.is_valid(*row)) {
                let change = Change { confidence: confidences.value(row), step: steps.value(row) as usize };
                block.changes.insert((row, column), change);
            }
            if let Some(slot) = block.values.get_mut(column) {
                *slot = Arc::clone(value);
            }
            block.written.insert(column);
        }
        Ok(block)
    }

    /// What was written since the rows were read: of each such column its values, the step and the confidence of each change;
    /// `None`: nothing.
    ///
    /// # Errors
    /// Arrow refuses the batch.
    pub fn now(&self) -> Result<Option<RecordBatch>, ArrowError> {
        if self.written.is_empty() {
            return Ok(None);
        }
        let (mut fields, mut columns): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
        for (column, values) in self.written.iter().filter_map(|c| Some((c, self.values.get(*c)?))) {
            let change = |row| self.changes.get(&(row, *column));
            let steps: UInt32Array = (0..self.len()).map(|row| u32::try_from(change(row)?.step).ok()).collect();
            let confidences: Float64Array = (0..self.len()).map(|row| Some(change(row)?.confidence)).collect();
            fields.push(Field::new(column.to_string(), values.data_type().clone(), true));
            fields.push(Field::new(format!("{column} step"), DataType::UInt32, true));
            fields.push(Field::new(format!("{column} confidence"), DataType::Float64, true));
            columns.extend([Arc::clone(values), Arc::new(steps) as ArrayRef, Arc::new(confidences)]);
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map(Some)
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.read.num_rows()
    }

    /// The rows, among all failing ones.
    pub fn all(&self) -> std::ops::Range<usize> {
        self.first..self.first + self.len()
    }

    /// Which row each is.
    ///
    /// # Errors
    /// The rows have no places.
    pub fn ids(&self) -> Result<Vec<RowId>, Stopped> {
        row_ids(&self.read, meta::FILE, meta::ROW)
    }

    /// The line a row's record starts on, from 1; 0 where there are none.
    pub fn line(&self, row: usize) -> u64 {
        let lines = self.read.column_by_name(meta::LINE).and_then(|c| c.as_primitive_opt::<UInt64Type>());
        lines.map_or(0, |lines| lines.value(row))
    }

    /// A data column as it is now.
    pub fn values(&self, column: usize) -> Option<&ArrayRef> {
        self.values.get(column)
    }

    /// How many cells of a row have a value.
    pub fn filled(&self, row: usize) -> usize {
        self.values.iter().filter(|v| v.is_valid(row)).count()
    }

    /// The rows as they are now, as a pass would see them.
    ///
    /// # Errors
    /// Arrow refuses the batch.
    pub fn current(&self) -> Result<RecordBatch, ArrowError> {
        let meta = self.read.columns().iter().skip(self.shape.columns).cloned();
        self.shape.named(self.values.iter().cloned().chain(meta).collect())
    }

    /// The rows as read, with what they violated: what leaves to quarantine.
    ///
    /// # Errors
    /// Arrow refuses the batch.
    pub fn suspects<R: Iterator<Item = Reason>>(
        &self,
        reasons: impl Iterator<Item = R>,
    ) -> Result<RecordBatch, ArrowError> {
        let schema = SuspectSchema::new(&self.shape.schema).schema;
        let mut lists =
            ListBuilder::new(UInt16Builder::new()).with_field(Field::new_list_field(DataType::UInt16, false));
        for row in reasons {
            row.for_each(|r| lists.values().append_value(r.code(self.shape.columns)));
            lists.append(true);
        }
        let mut columns = self.shape.named(self.read.columns().to_vec())?.columns().to_vec();
        columns.push(Arc::new(lists.finish()));
        RecordBatch::try_new(schema, columns)
    }

    /// The texts of a column's cells now; of a cell that has not converted, the text it came with.
    pub fn texts(&self, column: usize) -> Texts {
        Texts { values: self.values.get(column).cloned(), raw: self.raw(column) }
    }

    /// The texts of a column's cells as read; of a cell that had not converted, the text it came with.
    pub fn texts_as_read(&self, column: usize) -> Texts {
        Texts { values: self.read.columns().get(column).cloned(), raw: self.raw(column) }
    }

    /// The texts a column came with, if it is not text itself.
    pub fn raw(&self, column: usize) -> Option<ArrayRef> {
        let raw = self.read.column_by_name(meta::RAW)?.as_struct_opt()?;
        raw.column_by_name(self.shape.schema.fields().get(column)?.name()).cloned()
    }

    /// Writes cells of a column: the values of these rows.
    ///
    /// # Errors
    /// The values are of a type that does not become the column's.
    pub fn write(&mut self, column: usize, rows: &[usize], values: &ArrayRef) -> Result<(), ArrowError> {
        let Some(slot) = self.values.get_mut(column) else { return Ok(()) };
        let values =
            if values.data_type() == slot.data_type() { Arc::clone(values) } else { cast(values, slot.data_type())? };
        let mut from: Vec<(usize, usize)> = (0..slot.len()).map(|row| (0, row)).collect();
        for (place, row) in rows.iter().enumerate() {
            if let Some(from) = from.get_mut(*row) {
                *from = (1, place);
            }
        }
        *slot = interleave(&[slot.as_ref(), values.as_ref()], &from)?;
        self.written.insert(column);
        Ok(())
    }

    /// Takes cells back to what was read.
    ///
    /// # Errors
    /// Arrow refuses a value.
    pub fn revert(&mut self, cells: &[(usize, usize)]) -> Result<(), ArrowError> {
        let mut by_column: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (row, column) in cells {
            self.changes.remove(&(*row, *column));
            by_column.entry(*column).or_default().push(*row);
            if let Some(flag) = self.shape.flags.get(column) {
                by_column.entry(*flag).or_default().push(*row);
            }
        }
        for (column, rows) in by_column {
            let numbers = UInt32Array::from_iter_values(rows.iter().filter_map(|row| u32::try_from(*row).ok()));
            let read = datafusion::arrow::compute::take(self.read.column(column), &numbers, None)?;
            self.write(column, &rows, &read)?;
        }
        Ok(())
    }
}

/// The texts of a column's cells.
pub struct Texts {
    values: Option<ArrayRef>,
    raw: Option<ArrayRef>,
}

impl Texts {
    /// Those a column came with.
    pub fn raw(texts: ArrayRef) -> Self {
        Self { values: None, raw: Some(texts) }
    }

    /// Those of some rows; `None` for a cell that has none.
    pub fn of(&self, rows: impl Iterator<Item = usize>) -> Vec<Option<String>> {
        let options = FormatOptions::default();
        let columns = [&self.values, &self.raw].into_iter().flatten();
        let columns: Vec<(&ArrayRef, ArrayFormatter<'_>)> =
            columns.filter_map(|c| Some((c, ArrayFormatter::try_new(c.as_ref(), &options).ok()?))).collect();
        let text = |row: usize| {
            let (_, formatter) = columns.iter().find(|(column, _)| column.is_valid(row))?;
            Some(formatter.value(row).to_string())
        };
        rows.map(text).collect()
    }

    /// That of one row.
    pub fn one(&self, row: usize) -> Option<String> {
        self.of(std::iter::once(row)).pop().flatten()
    }
}

/// The flags of an input, by the columns they are beside.
fn flags(input: &Input) -> BTreeMap<usize, usize> {
    let names: Vec<&str> = input.schema.fields().iter().take(input.columns).map(|f| f.name().as_str()).collect();
    let at = |name: &str| names.iter().position(|n| *n == name);
    let data = names.iter().take(input.columns - input.flags).enumerate();
    let flagged = data.filter_map(|(column, name)| Some((column, at(&pipe_check::flag_of(name))?)));
    flagged.filter(|(_, flag)| *flag >= input.columns - input.flags).collect()
}

/// A value as people and ledgers see it.
pub fn format_cell(array: &dyn Array, row: usize) -> String {
    let options = FormatOptions::default();
    ArrayFormatter::try_new(array, &options).map(|f| f.value(row).to_string()).unwrap_or_default()
}

/// Rows with their identity as a pass would have read them: nothing in them is broken. In the shape they are kept in.
///
/// # Errors
/// Arrow refuses a column.
pub fn as_read(shape: &Shape, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    use datafusion::arrow::array::{StructArray, UInt64Array};
    let count = rows.num_rows();
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(shape.kept.fields().len());
    for (i, field) in shape.kept.fields().iter().enumerate() {
        let column: ArrayRef = if i < shape.columns {
            cast(rows.column(i), field.data_type())?
        } else if [meta::FILE, meta::LINE, meta::ROW].contains(&field.name().as_str()) {
            match rows.column_by_name(field.name()) {
                Some(column) => Arc::clone(column),
                None if field.name() == meta::FILE => Arc::new(UInt32Array::from(vec![0; count])),
                None => Arc::new(UInt64Array::from(vec![0; count])),
            }
        } else if let DataType::Struct(fields) = field.data_type() {
            let parts = fields.iter().map(|f| new_null_array(f.data_type(), count)).collect();
            Arc::new(StructArray::try_new_with_length(fields.clone(), parts, None, count)?)
        } else {
            new_null_array(field.data_type(), count)
        };
        columns.push(column);
    }
    RecordBatch::try_new(Arc::clone(&shape.kept), columns)
}

/// Arrow's refusal of what this program made.
pub fn refused(error: &ArrowError) -> Stopped {
    match error {
        ArrowError::IoError(..) | ArrowError::IpcError(_) => errors::io(error).into(),
        other => errors::internal(other).into(),
    }
}
