//! Rows that violate something, kept aside with their reasons until it is decided what becomes of them.
//!
//! They are kept in memory up to a limit and in an Arrow IPC file beyond it, so that a table of bad rows costs disk.

use std::fs::File;
use std::io::{BufReader, BufWriter, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, ListBuilder, RecordBatch, UInt16Builder};
use datafusion::arrow::compute::{filter, filter_record_batch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::ipc::writer::StreamWriter;

use crate::buckets::anonymous_file;
use crate::{StageError, Verdicts};

/// The column of reasons behind a suspect's other columns: `List<UInt16>` of [`crate::Reason::code`]s, in order.
const REASONS: &str = "_reasons";

/// The columns of suspect rows: those of the pass's input, then the reasons.
#[derive(Clone, Debug)]
pub struct SuspectSchema {
    /// All columns.
    pub schema: SchemaRef,
    /// Where the reasons are.
    pub reasons: usize,
}

impl SuspectSchema {
    /// The schema of the suspects of an input.
    pub fn new(input: &SchemaRef) -> Self {
        let mut fields: Vec<_> = input.fields().iter().cloned().collect();
        let item = Arc::new(Field::new_list_field(DataType::UInt16, false));
        fields.push(Arc::new(Field::new(REASONS, DataType::List(item), false)));
        Self { reasons: fields.len() - 1, schema: Arc::new(Schema::new(fields)) }
    }

    /// The suspect rows of a judged batch; `None` if there are none.
    ///
    /// # Errors
    /// Arrow refuses the batch.
    pub fn rows(
        &self,
        batch: &RecordBatch,
        verdicts: &Verdicts,
        columns: usize,
    ) -> Result<Option<RecordBatch>, StageError> {
        let Some(any) = &verdicts.any else { return Ok(None) };
        let mask = datafusion::arrow::array::BooleanArray::new(any.clone(), None);
        let rows = filter_record_batch(batch, &mask)?;
        let mut reasons =
            ListBuilder::new(UInt16Builder::new()).with_field(Field::new_list_field(DataType::UInt16, false));
        for row in any.set_indices() {
            for reason in verdicts.reasons_of(row) {
                reasons.values().append_value(reason.code(columns));
            }
            reasons.append(true);
        }
        let mut arrays: Vec<ArrayRef> = rows.columns().to_vec();
        arrays.push(Arc::new(reasons.finish()));
        Ok(Some(RecordBatch::try_new(Arc::clone(&self.schema), arrays)?))
    }
}

/// The suspects of one thread.
pub struct Suspects {
    schema: SchemaRef,
    dir: PathBuf,
    limit: usize,
    memory: Vec<RecordBatch>,
    bytes: usize,
    rows: u64,
    spill: Option<StreamWriter<BufWriter<File>>>,
}

impl Suspects {
    /// None yet; at most about `limit` bytes are held in memory, the others go to a file in `dir`.
    pub fn new(schema: &SuspectSchema, dir: &Path, limit: usize) -> Self {
        Self {
            schema: Arc::clone(&schema.schema),
            dir: dir.to_owned(),
            limit,
            memory: Vec::new(),
            bytes: 0,
            rows: 0,
            spill: None,
        }
    }

    /// Adds rows.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn push(&mut self, rows: RecordBatch) -> Result<(), StageError> {
        self.rows += rows.num_rows() as u64;
        let rows = compacted(&rows)?;
        if self.spill.is_none() && self.bytes + rows.get_array_memory_size() <= self.limit {
            self.bytes += rows.get_array_memory_size();
            self.memory.push(rows);
            return Ok(());
        }
        let spill = match &mut self.spill {
            Some(spill) => spill,
            none => {
                let file = anonymous_file(&self.dir)?;
                none.insert(StreamWriter::try_new_buffered(file, &self.schema)?)
            }
        };
        for held in self.memory.drain(..) {
            spill.write(&held)?;
        }
        spill.write(&rows)?;
        Ok(())
    }

    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Ends writing and gives the rows to read, from the start; what was held in memory first.
    ///
    /// # Errors
    /// The file cannot be finished.
    pub fn into_reader(self) -> Result<SuspectReader, StageError> {
        let file = match self.spill {
            Some(mut writer) => {
                writer.finish()?;
                let mut file = writer.into_inner()?.into_inner().map_err(|e| e.into_error())?;
                file.seek(SeekFrom::Start(0))?;
                Some(StreamReader::try_new(BufReader::new(file), None)?)
            }
            None => None,
        };
        Ok(SuspectReader { memory: self.memory.into_iter(), file })
    }
}

/// Reads suspects back, batch by batch.
pub struct SuspectReader {
    memory: std::vec::IntoIter<RecordBatch>,
    file: Option<StreamReader<BufReader<File>>>,
}

impl Iterator for SuspectReader {
    type Item = Result<RecordBatch, StageError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.memory.next() {
            Some(batch) => Some(Ok(batch)),
            None => self.file.as_mut()?.next().map(|b| b.map_err(StageError::from)),
        }
    }
}

/// Copies what a filter left as views, so that a few rows do not hold, or write, all that was there before it.
///
/// # Errors
/// Arrow refuses a column.
pub fn compacted(rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = rows.columns().iter().map(compact).collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(rows.schema(), columns)
}

fn compact(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    use datafusion::arrow::array::{AsArray, StructArray};
    Ok(match array.data_type() {
        DataType::Utf8View => Arc::new(array.as_string_view().gc()),
        DataType::BinaryView => Arc::new(array.as_binary_view().gc()),
        DataType::Struct(fields) if !fields.is_empty() => {
            let parts = array.as_struct();
            let columns = parts.columns().iter().map(compact).collect::<Result<Vec<_>, _>>()?;
            Arc::new(StructArray::try_new(fields.clone(), columns, parts.nulls().cloned())?)
        }
        DataType::Dictionary(..) => Arc::clone(array),
        _ => {
            let all = datafusion::arrow::array::BooleanArray::from(vec![true; array.len()]);
            filter(array.as_ref(), &all)?
        }
    })
}
