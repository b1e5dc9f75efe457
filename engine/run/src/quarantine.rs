//! Rows that leave a batch, as they came: one Parquet file a batch, in the state's folder.
//!
//! Its columns: the table's, NULL where a cell did not convert; `_raw`, the text of those cells as a JSON object; `_record`,
//! the text of a record that did not parse; `_reasons`, what the row violated; `_file`, `_line`, `_row`.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, ListBuilder, RecordBatch, StringArray, StringBuilder, UInt32Array,
    new_null_array,
};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt16Type};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::parquet::schema::types::ColumnPath;
use pipe_connect::source::meta;
use pipe_quality::Reason;
use pipe_state::RowState;

use crate::engine::Stopped;
use crate::errors;
use crate::evaluate::Evaluator;
use crate::passed::Passed;
use crate::rulebook::Rulebook;
use crate::settle::data_schema;

/// The text of cells that did not convert: `{"total": "12.30 EUR"}`.
pub const RAW: &str = "_raw";
/// What the row violated.
pub const REASONS: &str = "_reasons";
/// The reason of a row whose file was set aside whole.
pub const ASIDE: &str = "skip_file";

/// Rows of a row group of the state's own files: a writer holds one in memory.
pub const ROW_GROUP: usize = 128 << 10;

impl Evaluator<'_, '_> {
    /// A writer of rows that leave, into a folder of this name.
    pub(crate) fn quarantine_writer(&self, pass: &Passed, book: &Rulebook, folder: &str) -> Writer {
        let data = data_schema(&pass.input.schema, pass.input.columns);
        let rule = |r: u16| book.rule(r).map_or_else(String::new, |r| r.name.clone());
        let codes = 1 + pass.input.columns + book.rules.len();
        let names = (0..codes)
            .map(|c| Reason::from_code(u16::try_from(c).unwrap_or(u16::MAX), pass.input.columns))
            .map(|r| reason_name(r, &data, rule))
            .collect();
        let dir = self.task.scratch.join(folder);
        Writer::new(&dir, &pass.input.schema, pass.input.columns, names, pass.input.files.clone())
    }
}

/// The columns of a table's quarantine file.
pub fn schema(data: &[Arc<Field>]) -> SchemaRef {
    let mut fields: Vec<Arc<Field>> = data.to_vec();
    let item = Arc::new(Field::new_list_field(DataType::Utf8, true));
    for (name, ty) in [
        (RAW, DataType::Utf8),
        (meta::RECORD, DataType::Utf8),
        (REASONS, DataType::List(item)),
        (meta::FILE, DataType::Utf8),
        (meta::LINE, DataType::UInt64),
        (meta::ROW, DataType::UInt64),
    ] {
        fields.push(Arc::new(Field::new(name, ty, true)));
    }
    Arc::new(Schema::new(fields))
}

/// Whether a column of a quarantine file is not the table's own.
pub fn is_meta(name: &str) -> bool {
    [RAW, meta::RECORD, REASONS, meta::FILE, meta::LINE, meta::ROW].contains(&name)
}

/// What a reason is called in quarantine and report.
pub fn reason_name(reason: Reason, columns: &SchemaRef, rule: impl Fn(u16) -> String) -> String {
    match reason {
        Reason::BadRecord => "bad_record".to_owned(),
        Reason::Cast(c) => {
            let column = columns.fields().get(usize::from(c)).map_or("?", |f| f.name().as_str());
            format!("{column}.cast_failed")
        }
        Reason::Rule(r) | Reason::Spared(r) => rule(r),
        Reason::Aside => ASIDE.to_owned(),
    }
}

/// Writes a batch's quarantine file; it is made when the first row comes.
pub struct Writer {
    path: PathBuf,
    schema: SchemaRef,
    columns: usize,
    names: Vec<String>,
    files: Vec<String>,
    writer: Option<ArrowWriter<File>>,
    rows: u64,
    waiting: Vec<u64>,
    undone: Vec<u64>,
    reasons: BTreeMap<String, u64>,
    sources: BTreeMap<u32, u64>,
}

/// A written file.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// Where it is staged.
    pub staged: PathBuf,
    /// Rows in it.
    pub rows: u64,
    /// Which of them wait for approval.
    pub waiting: Vec<u64>,
    /// Which of them stay out because a person took their repair back.
    pub undone: Vec<u64>,
    /// Rows by reason.
    pub reasons: BTreeMap<String, u64>,
    /// Rows by the index of the file they came from.
    pub sources: BTreeMap<u32, u64>,
}

impl Writer {
    /// A file in `dir`. `input` are the columns of the pass, the first `columns` being data; `names` are the names of reasons by code; `files` those of the source.
    pub fn new(dir: &Path, input: &SchemaRef, columns: usize, names: Vec<String>, files: Vec<String>) -> Self {
        let data: Vec<Arc<Field>> =
            input.fields().iter().take(columns).map(|f| Arc::new(f.as_ref().clone().with_nullable(true))).collect();
        Self {
            path: dir.join("quarantine.parquet"),
            schema: schema(&data),
            columns,
            names,
            files,
            writer: None,
            rows: 0,
            waiting: Vec::new(),
            undone: Vec::new(),
            reasons: BTreeMap::new(),
            sources: BTreeMap::new(),
        }
    }

    /// Adds suspect rows (columns of the pass, then `_reasons` codes), those of `mask`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, suspects: &RecordBatch, mask: &BooleanArray, state: RowState) -> Result<(), Stopped> {
        if mask.true_count() == 0 {
            return Ok(());
        }
        let rows = filter_record_batch(suspects, mask).map_err(|e| errors::internal(&e))?;
        let mut columns: Vec<ArrayRef> = rows.columns().iter().take(self.columns).cloned().collect();
        columns.push(Arc::new(self.raw(&rows)?));
        columns.push(match rows.column_by_name(meta::RECORD) {
            Some(record) => Arc::clone(record),
            None => Arc::new(StringArray::new_null(rows.num_rows())),
        });
        columns.push(self.reason_lists(&rows));
        let file = file_indexes(&rows);
        columns.push(Arc::new(self.file_names(&file)));
        for name in [meta::LINE, meta::ROW] {
            let column =
                rows.column_by_name(name).ok_or_else(|| errors::internal(&"a suspect row without its place"))?;
            columns.push(Arc::clone(column));
        }
        let numbers = self.rows..self.rows + rows.num_rows() as u64;
        match state {
            RowState::AwaitingApproval => self.waiting.extend(numbers),
            RowState::Undone => self.undone.extend(numbers),
            _ => {}
        }
        self.rows += rows.num_rows() as u64;
        for index in file.values() {
            *self.sources.entry(*index).or_default() += 1;
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(|e| errors::internal(&e))?;
        self.append(&batch)
    }

    /// Adds a row that stands for a whole file, whose place among the files read is `index`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_file(&mut self, index: usize, name: &str, reason: &str) -> Result<(), Stopped> {
        let mut reasons = ListBuilder::new(StringBuilder::new());
        for reason in [reason, ASIDE] {
            reasons.values().append_value(reason);
            *self.reasons.entry(reason.to_owned()).or_default() += 1;
        }
        reasons.append(true);
        let (reasons, name): (ArrayRef, ArrayRef) =
            (Arc::new(reasons.finish()), Arc::new(StringArray::from(vec![name])));
        let column = |field: &Arc<Field>| match field.name().as_str() {
            REASONS => Arc::clone(&reasons),
            meta::FILE => Arc::clone(&name),
            _ => new_null_array(field.data_type(), 1),
        };
        let columns = self.schema.fields().iter().map(column).collect();
        let row = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(|e| errors::internal(&e))?;
        self.rows += 1;
        *self.sources.entry(u32::try_from(index).unwrap_or(u32::MAX)).or_default() += 1;
        self.append(&row)
    }

    fn append(&mut self, rows: &RecordBatch) -> Result<(), Stopped> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => none.insert(open(&self.path, &self.schema)?),
        };
        Ok(writer.write(rows).map_err(|e| unwritable(&self.path, &e))?)
    }

    /// Completes the file; `None` when no row came.
    ///
    /// # Errors
    /// The file cannot be completed.
    pub fn finish(self) -> Result<Option<Written>, Stopped> {
        let Some(writer) = self.writer else { return Ok(None) };
        writer.close().map_err(|e| unwritable(&self.path, &e))?;
        let Self { path: staged, rows, waiting, undone, reasons, sources, .. } = self;
        Ok(Some(Written { staged, rows, waiting, undone, reasons, sources }))
    }

    /// The cells that have text and no value.
    fn raw(&self, rows: &RecordBatch) -> Result<StringArray, Stopped> {
        let Some(raw) = rows.column_by_name(meta::RAW).and_then(|c| c.as_struct_opt()) else {
            return Ok(StringArray::new_null(rows.num_rows()));
        };
        let mut cells = vec![serde_json::Map::new(); rows.num_rows()];
        for (field, text) in raw.fields().iter().zip(raw.columns()) {
            let Some(typed) = rows.column_by_name(field.name()) else { continue };
            if typed.null_count() == 0 {
                continue;
            }
            let options = FormatOptions::default();
            let text_of = ArrayFormatter::try_new(text.as_ref(), &options).map_err(|e| errors::internal(&e))?;
            for (i, cell) in cells.iter_mut().enumerate() {
                if typed.is_null(i) && text.is_valid(i) {
                    cell.insert(field.name().clone(), text_of.value(i).to_string().into());
                }
            }
        }
        let text =
            |cell: serde_json::Map<_, _>| (!cell.is_empty()).then(|| serde_json::Value::Object(cell).to_string());
        Ok(cells.into_iter().map(text).collect())
    }

    fn reason_lists(&mut self, rows: &RecordBatch) -> ArrayRef {
        let mut lists = ListBuilder::new(StringBuilder::new());
        let codes = rows.column_by_name(REASONS).and_then(|c| c.as_list_opt::<i32>());
        for i in 0..rows.num_rows() {
            let codes = codes.map(|c| c.value(i));
            for code in codes.iter().flat_map(|c| c.as_primitive::<UInt16Type>().values().to_vec()) {
                let name = match Reason::from_code(code, self.columns) {
                    Reason::Aside => ASIDE,
                    other => self.names.get(usize::from(other.rule().code(self.columns))).map_or("?", String::as_str),
                };
                *self.reasons.entry(name.to_owned()).or_default() += 1;
                lists.values().append_value(name);
            }
            lists.append(true);
        }
        Arc::new(lists.finish())
    }

    fn file_names(&self, indexes: &UInt32Array) -> StringArray {
        indexes.values().iter().map(|i| self.files.get(*i as usize).map(String::as_str)).collect()
    }
}

/// The index of each row's file: `_file` is a dictionary over all files, or the index itself.
pub fn file_indexes(rows: &RecordBatch) -> UInt32Array {
    let column = rows.column_by_name(meta::FILE);
    let found = column.and_then(|c| match c.as_any_dictionary_opt() {
        Some(dictionary) => dictionary.keys().as_primitive_opt().cloned(),
        None => c.as_primitive_opt().cloned(),
    });
    found.unwrap_or_else(|| UInt32Array::from(vec![0; rows.num_rows()]))
}

fn open(path: &Path, schema: &SchemaRef) -> Result<ArrowWriter<File>, Stopped> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(|e| unwritable(path, &e))?;
    }
    let file = File::create(path).map_err(|e| unwritable(path, &e))?;
    let level = ZstdLevel::try_new(1).unwrap_or_default();
    // Texts that are the same in most rows have dictionaries; of the others zstd takes what repeats, and is sooner done.
    let mut properties = WriterProperties::builder().set_compression(Compression::ZSTD(level));
    properties = properties.set_dictionary_enabled(false).set_max_row_group_row_count(Some(ROW_GROUP));
    for same in [vec![meta::FILE], vec![REASONS, "list", "item"]] {
        let path = ColumnPath::new(same.into_iter().map(str::to_owned).collect());
        properties = properties.set_column_dictionary_enabled(path, true);
    }
    let properties = properties.build();
    Ok(ArrowWriter::try_new(file, Arc::clone(schema), Some(properties)).map_err(|e| unwritable(path, &e))?)
}

fn unwritable(path: &Path, error: &dyn std::fmt::Display) -> pipe_diagnostics::Diagnostic {
    let code = pipe_diagnostics::codes::run::QUARANTINE_UNWRITABLE;
    let message = format!("the quarantine cannot be written at `{}`: {error}", path.display());
    pipe_diagnostics::Diagnostic::new(code, pipe_diagnostics::Severity::Error, message).help("nothing was committed")
}
