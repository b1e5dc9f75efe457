//! The failing rows of a table, in memory: as read, and as they are after what has been healed so far.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, ListBuilder, RecordBatch, StringArray, StructArray, UInt16Builder,
    UInt32Array, UInt64Array, new_null_array,
};
use datafusion::arrow::compute::{concat, concat_batches};
use datafusion::arrow::datatypes::{DataType, Field, UInt16Type, UInt32Type, UInt64Type};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::ScalarValue;
use pipe_connect::source::meta;
use pipe_heal::fate::Fate;
use pipe_quality::{Judge, Reason, SuspectSchema};

use crate::engine::Stopped;
use crate::errors;
use crate::pass::Input;
use crate::quarantine::{REASONS, file_indexes};

/// Which row: the file's index, the data row in it.
pub type RowId = (u32, u64);

/// A change of a cell, on its way.
#[derive(Clone, Debug)]
pub struct Change {
    /// The value before.
    pub old: Option<String>,
    /// The value now.
    pub new: Option<String>,
    /// The instance's confidence.
    pub confidence: f64,
    /// The clause, by index.
    pub clause: usize,
    /// Which of its step groups, by index.
    pub group: usize,
    /// Its heal, by place among the heals of the table.
    pub heal: usize,
}

/// The failing rows.
#[derive(Clone)]
pub struct Failing {
    /// As read: columns of the pass's input.
    pub read: RecordBatch,
    /// The data columns as they are now.
    pub values: Vec<ArrayRef>,
    /// What each row violated as read.
    pub reasons: Vec<BTreeSet<Reason>>,
    /// What became of a row before its reasons decide: a removed duplicate, a waiting one.
    pub settled: Vec<Option<Settled>>,
    /// The changed cells, by row and column.
    pub changes: BTreeMap<(usize, usize), Change>,
    /// Of removed duplicates, and of those that wait to be.
    pub removed_by: BTreeMap<usize, Removal>,
    /// The flag beside each column that a clause may fill, by place.
    pub flags: BTreeMap<usize, usize>,
    /// Rows by what they are.
    pub index: HashMap<RowId, usize>,
    columns: usize,
}

/// A duplicate that a `dedupe` removes.
#[derive(Clone, Copy, Debug)]
pub struct Removal {
    /// The clause, by index.
    pub clause: usize,
    /// Which of its step groups, by index.
    pub group: usize,
    /// Its heal, by place.
    pub heal: usize,
    /// The row that stays.
    pub survivor: usize,
}

/// Decided whatever else a row violates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// A `dedupe` removed it.
    Removed,
    /// A proposal for it waits.
    Waits,
    /// A person took the only repair there is for it back: it stays in quarantine.
    Undone,
}

impl Failing {
    /// The suspects of a pass: columns of its input, then reasons.
    ///
    /// # Errors
    /// Arrow refuses the batches.
    pub fn new(input: &Input, suspects: &[RecordBatch]) -> Result<Self, Stopped> {
        let schema = SuspectSchema::new(&input.schema);
        let files: Vec<u32> = suspects.iter().flat_map(|b| file_indexes(b).values().to_vec()).collect();
        let all = concat_batches(&schema.schema, suspects).map_err(|e| errors::internal(&e))?;
        let mut reasons = Vec::with_capacity(all.num_rows());
        if let Some(lists) = all.column_by_name(REASONS).and_then(|c| c.as_list_opt::<i32>()) {
            for i in 0..all.num_rows() {
                let codes = lists.value(i);
                let codes = codes.as_primitive::<UInt16Type>().values();
                reasons.push(codes.iter().map(|c| Reason::from_code(*c, input.columns)).collect());
            }
        }
        let columns: Vec<ArrayRef> = all.columns().iter().take(input.schema.fields().len()).cloned().collect();
        let read = RecordBatch::try_new(Arc::clone(&input.schema), columns).map_err(|e| errors::internal(&e))?;
        let read = with_files(input, &read, files)?;
        let mut failing = Self {
            values: read.columns().iter().take(input.columns).cloned().collect(),
            settled: vec![None; read.num_rows()],
            reasons,
            read,
            changes: BTreeMap::new(),
            removed_by: BTreeMap::new(),
            flags: flags(input),
            index: HashMap::new(),
            columns: input.columns,
        };
        failing.number();
        Ok(failing)
    }

    /// Adds rows that passed the pass and violate a set rule: data, then `_file`, `_line`, `_row`.
    ///
    /// # Errors
    /// Arrow refuses the batches.
    pub fn add(&mut self, input: &Input, rows: &[RecordBatch]) -> Result<(), Stopped> {
        for batch in rows.iter().filter(|b| b.num_rows() > 0) {
            let more = as_read(input, batch)?;
            let files = [file_indexes(&self.read).values().to_vec(), file_indexes(&more).values().to_vec()].concat();
            let both = concat_batches(&input.schema, [&self.read, &more]).map_err(|e| errors::internal(&e))?;
            self.read = with_files(input, &both, files)?;
            for (value, new) in self.values.iter_mut().zip(more.columns()) {
                *value = concat(&[value.as_ref(), new.as_ref()]).map_err(|e| errors::internal(&e))?;
            }
            self.reasons.resize(self.read.num_rows(), BTreeSet::new());
            self.settled.resize(self.read.num_rows(), None);
        }
        self.number();
        Ok(())
    }

    fn number(&mut self) {
        let ids: Vec<RowId> = (0..self.read.num_rows()).map(|i| self.id(i)).collect();
        self.index = ids.into_iter().enumerate().map(|(i, id)| (id, i)).collect();
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.read.num_rows()
    }

    /// Which row this is.
    pub fn id(&self, row: usize) -> RowId {
        (file_indexes(&self.read).value(row), self.number_of(meta::ROW, row))
    }

    /// The line its record starts on, from 1; 0 where there are none.
    pub fn line(&self, row: usize) -> u64 {
        self.number_of(meta::LINE, row)
    }

    fn number_of(&self, column: &str, row: usize) -> u64 {
        let column = self.read.column_by_name(column).and_then(|c| c.as_primitive_opt::<UInt64Type>());
        column.map_or(0, |c| c.value(row))
    }

    /// The rows as they are now, as a pass would see them.
    ///
    /// # Errors
    /// Arrow refuses the batch.
    pub fn current(&self, input: &Input) -> Result<RecordBatch, Stopped> {
        let meta = self.read.columns().iter().skip(self.columns).cloned();
        let columns = self.values.iter().cloned().chain(meta).collect();
        Ok(RecordBatch::try_new(Arc::clone(&input.schema), columns).map_err(|e| errors::internal(&e))?)
    }

    /// The rows as read, with what they violated: what leaves to quarantine.
    ///
    /// # Errors
    /// Arrow refuses the batch.
    pub fn suspects(&self, input: &Input, reasons: &[BTreeSet<Reason>]) -> Result<RecordBatch, Stopped> {
        let schema = SuspectSchema::new(&input.schema).schema;
        let mut lists =
            ListBuilder::new(UInt16Builder::new()).with_field(Field::new_list_field(DataType::UInt16, false));
        for row in reasons {
            row.iter().for_each(|r| lists.values().append_value(r.code(self.columns)));
            lists.append(true);
        }
        let mut columns = self.read.columns().to_vec();
        columns.push(Arc::new(lists.finish()));
        Ok(RecordBatch::try_new(schema, columns).map_err(|e| errors::internal(&e))?)
    }

    /// What the row rules find of the rows as they are now.
    ///
    /// # Errors
    /// A rule fails while running.
    pub fn judge(&self, input: &Input, judge: &Judge) -> Result<Vec<BTreeSet<Reason>>, Stopped> {
        let verdicts = judge.evaluate(&self.current(input)?)?;
        let mut found = vec![BTreeSet::new(); self.len()];
        for (reason, rows) in &verdicts.violations {
            for row in rows.set_indices() {
                if let Some(found) = found.get_mut(row) {
                    found.insert(*reason);
                }
            }
        }
        Ok(found)
    }

    /// A cell's text now; of a cell that has not converted, the text it came with.
    pub fn text(&self, row: usize, column: usize) -> Option<String> {
        self.text_of(self.values.get(column)?, row, column)
    }

    /// A cell's text as read; of a cell that had not converted, the text it came with.
    pub fn text_as_read(&self, row: usize, column: usize) -> Option<String> {
        self.text_of(self.read.columns().get(column)?, row, column)
    }

    fn text_of(&self, value: &ArrayRef, row: usize, column: usize) -> Option<String> {
        if value.is_null(row) {
            let raw = self.raw(column)?;
            return raw.is_valid(row).then(|| format_cell(raw.as_ref(), row));
        }
        Some(format_cell(value.as_ref(), row))
    }

    /// The texts a column came with, if it is not text itself.
    pub fn raw(&self, column: usize) -> Option<ArrayRef> {
        let name = self.read.schema_ref().fields().get(column)?.name().clone();
        let raw = self.read.column_by_name(meta::RAW)?.as_struct_opt()?;
        raw.column_by_name(&name).cloned()
    }

    /// Writes cells of a column.
    ///
    /// # Errors
    /// A value is of another type than the column.
    pub fn write(&mut self, column: usize, cells: &BTreeMap<usize, ScalarValue>) -> Result<(), Stopped> {
        let Some(old) = self.values.get(column) else { return Ok(()) };
        let mut scalars = Vec::with_capacity(old.len());
        for i in 0..old.len() {
            scalars.push(match cells.get(&i) {
                Some(new) => new.clone(),
                None => ScalarValue::try_from_array(old, i)?,
            });
        }
        let new = if scalars.is_empty() { Arc::clone(old) } else { ScalarValue::iter_to_array(scalars)? };
        if let Some(slot) = self.values.get_mut(column) {
            *slot = new;
        }
        Ok(())
    }

    /// Takes cells back to what was read.
    ///
    /// # Errors
    /// Arrow refuses a value.
    pub fn revert(&mut self, cells: &[(usize, usize)]) -> Result<(), Stopped> {
        let mut by_column: BTreeMap<usize, BTreeMap<usize, ScalarValue>> = BTreeMap::new();
        for (row, column) in cells {
            self.changes.remove(&(*row, *column));
            let read = ScalarValue::try_from_array(self.read.column(*column), *row)?;
            by_column.entry(*column).or_default().insert(*row, read);
            if let Some(flag) = self.flags.get(column) {
                by_column.entry(*flag).or_default().insert(*row, ScalarValue::Boolean(Some(false)));
            }
        }
        by_column.iter().try_for_each(|(column, cells)| self.write(*column, cells))
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

/// Rows with these files. Putting dictionaries one behind the other may number their values anew, and a key is a file's index.
fn with_files(input: &Input, rows: &RecordBatch, files: Vec<u32>) -> Result<RecordBatch, Stopped> {
    let column: ArrayRef = match rows.schema_ref().field(input.meta.file).data_type() {
        DataType::Dictionary(..) => {
            let names = Arc::new(StringArray::from(input.files.clone()));
            Arc::new(DictionaryArray::try_new(UInt32Array::from(files), names).map_err(|e| errors::internal(&e))?)
        }
        _ => Arc::new(UInt32Array::from(files)),
    };
    let mut columns = rows.columns().to_vec();
    if let Some(slot) = columns.get_mut(input.meta.file) {
        *slot = column;
    }
    Ok(RecordBatch::try_new(rows.schema(), columns).map_err(|e| errors::internal(&e))?)
}

/// A value as people and ledgers see it.
pub fn format_cell(array: &dyn Array, row: usize) -> String {
    let options = FormatOptions::default();
    ArrayFormatter::try_new(array, &options).map(|f| f.value(row).to_string()).unwrap_or_default()
}

/// Rows with their identity as a pass would have read them: nothing in them is broken.
fn as_read(input: &Input, rows: &RecordBatch) -> Result<RecordBatch, Stopped> {
    let count = rows.num_rows();
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(input.schema.fields().len());
    for (i, field) in input.schema.fields().iter().enumerate() {
        let column: ArrayRef = if i < input.columns {
            let column = rows.column(i);
            if column.data_type() == field.data_type() {
                Arc::clone(column)
            } else {
                datafusion::arrow::compute::cast(column, field.data_type()).map_err(|e| errors::internal(&e))?
            }
        } else if field.name() == meta::FILE {
            let keys = rows.column_by_name(meta::FILE).and_then(|c| c.as_primitive_opt::<UInt32Type>());
            let keys = keys.cloned().unwrap_or_else(|| UInt32Array::from(vec![0; count]));
            match field.data_type() {
                DataType::Dictionary(..) => {
                    let names = Arc::new(StringArray::from(input.files.clone()));
                    Arc::new(DictionaryArray::try_new(keys, names).map_err(|e| errors::internal(&e))?)
                }
                _ => Arc::new(keys),
            }
        } else if field.name() == meta::LINE || field.name() == meta::ROW {
            match rows.column_by_name(field.name()) {
                Some(column) => Arc::clone(column),
                None => Arc::new(UInt64Array::from(vec![0; count])),
            }
        } else if let DataType::Struct(fields) = field.data_type() {
            let parts = fields.iter().map(|f| new_null_array(f.data_type(), count)).collect();
            Arc::new(
                StructArray::try_new_with_length(fields.clone(), parts, None, count)
                    .map_err(|e| errors::internal(&e))?,
            )
        } else {
            new_null_array(field.data_type(), count)
        };
        columns.push(column);
    }
    Ok(RecordBatch::try_new(Arc::clone(&input.schema), columns).map_err(|e| errors::internal(&e))?)
}

/// The fate of a row and what it still violates.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Where it goes.
    pub fate: Fate,
    /// What it violates as it would commit.
    pub reasons: BTreeSet<Reason>,
}
