//! All failing rows, whole, in one file: each once with the names of its rules, in the order of files and rows.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, ListBuilder, RecordBatch, StringArray, StringBuilder, UInt32Array, UInt64Array,
    new_null_array,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::prelude::ident;
use futures::StreamExt;
use pipe_connect::source::meta;
use pipe_diagnostics::codes::run as codes;
use pipe_diagnostics::{Diagnostic, Severity};
use pipe_quality::{Reason, SuspectSchema, Suspects};
use tokio::sync::mpsc::{self, Sender};

use super::merging::{ByValues, Codes, Merging};
use crate::engine::{Engine, Stopped};
use crate::errors;
use crate::quarantine::{REASONS, file_indexes, reason_name};

/// The columns before a row's own.
const TABLE: &str = "_table";
const RULES: &str = "_rules";

/// Batches that wait for being encoded.
const QUEUED: usize = 4;

/// The form of the file, by the end of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Parquet,
    Csv,
    Ndjson,
}

impl Form {
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_lowercase().as_str() {
            "parquet" | "pq" => Some(Form::Parquet),
            "csv" => Some(Form::Csv),
            "ndjson" | "jsonl" => Some(Form::Ndjson),
            _ => None,
        }
    }
}

/// Refuses a file that failing rows cannot be written to, before anything is read.
///
/// # Errors
/// Its name tells no form.
pub fn check(path: &Path) -> Result<(), Diagnostic> {
    if Form::of(path).is_some() {
        return Ok(());
    }
    let message = format!("the name of `{}` tells no form of a file", path.display());
    Err(Diagnostic::new(codes::SINK_UNWRITABLE, Severity::Error, message)
        .help("end it with `.parquet`, `.csv` or `.ndjson`"))
}

/// The failing rows of one table.
pub struct Kept {
    /// The table.
    pub table: String,
    /// Its columns, then [`meta::FILE`] (an index), [`meta::LINE`], [`meta::ROW`], [`meta::RECORD`] and the reasons.
    schema: SchemaRef,
    columns: usize,
    /// Whether the rows have places.
    placed: bool,
    files: Vec<String>,
    /// What each reason is called, by code.
    names: Vec<String>,
    parts: Vec<Suspects>,
    /// How many have looked for rows: a row may have been found by each.
    finders: usize,
}

impl Kept {
    /// None yet. `data`: the table's columns; `files`: of a source.
    pub fn new(table: &str, data: &SchemaRef, files: Option<Vec<String>>, rules: &[pipe_check::Rule]) -> Self {
        let columns = data.fields().len();
        let codes = 1 + columns + rules.len();
        let rule = |r: u16| rules.get(usize::from(r)).map_or_else(String::new, |r| r.name.clone());
        let reasons = (0..codes).map(|c| Reason::from_code(u16::try_from(c).unwrap_or(u16::MAX), columns));
        Self {
            table: table.to_owned(),
            schema: common(data),
            columns,
            placed: files.is_some(),
            files: files.unwrap_or_default(),
            names: reasons.map(|r| reason_name(r, data, rule)).collect(),
            parts: Vec::new(),
            finders: 0,
        }
    }

    /// The columns of rows to keep that no pass has met.
    pub fn suspects(&self) -> SuspectSchema {
        SuspectSchema { reasons: self.schema.fields().len() - 1, schema: Arc::clone(&self.schema) }
    }

    /// Takes in the rows that one look at the table has found, each once.
    pub fn extend(&mut self, parts: Vec<Suspects>) {
        self.finders += 1;
        self.parts.extend(parts);
    }

    /// A batch of a query's rows that violate a rule: the table's columns, then the name of the file, line and row.
    ///
    /// # Errors
    /// The columns are others.
    pub fn of_query(&self, batch: &RecordBatch, rule: u16) -> Result<RecordBatch, Stopped> {
        let rows = batch.num_rows();
        let index = |name: &str| self.files.iter().position(|f| f == name).and_then(|i| u32::try_from(i).ok());
        let names = batch.column_by_name(meta::FILE).map(|c| cast(c, &DataType::Utf8)).transpose();
        let names = names.map_err(|e| errors::internal(&e))?;
        let files: UInt32Array = match names.as_ref().map(|n| n.as_string::<i32>()) {
            Some(names) => names.iter().map(|n| Some(n.and_then(index).unwrap_or(0))).collect(),
            None => UInt32Array::from(vec![0; rows]),
        };
        let mut reasons = ListBuilder::new(datafusion::arrow::array::UInt16Builder::new())
            .with_field(Field::new_list_field(DataType::UInt16, false));
        for _ in 0..rows {
            reasons.values().append_value(Reason::Rule(rule).code(self.columns));
            reasons.append(true);
        }
        self.rebuilt(batch, Arc::new(files), Arc::new(reasons.finish()))
    }

    /// A pass's rows in the common form.
    fn of_pass(&self, batch: &RecordBatch) -> Result<RecordBatch, Stopped> {
        let reasons = batch.column_by_name(REASONS).cloned();
        let reasons = reasons.ok_or_else(|| errors::internal(&"failing rows without reasons"))?;
        self.rebuilt(batch, Arc::new(file_indexes(batch)), reasons)
    }

    fn rebuilt(&self, batch: &RecordBatch, files: ArrayRef, reasons: ArrayRef) -> Result<RecordBatch, Stopped> {
        let column = |field: &Arc<Field>| -> ArrayRef {
            match field.name().as_str() {
                meta::FILE => Arc::clone(&files),
                REASONS => Arc::clone(&reasons),
                name => match batch.column_by_name(name) {
                    Some(column) if column.data_type() == field.data_type() => Arc::clone(column),
                    _ => new_null_array(field.data_type(), batch.num_rows()),
                },
            }
        };
        let columns = self.schema.fields().iter().map(column).collect();
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(|e| errors::internal(&e))?)
    }

    /// The rows in order: of files and rows, or of their values where they have no places.
    async fn sorted(self, engine: &Engine<'_>) -> Result<(Names, Merging, SendableRecordBatchStream), Stopped> {
        let data: Vec<String> = self.schema.fields().iter().take(self.columns).map(|f| f.name().clone()).collect();
        let names = Names {
            table: self.table.clone(),
            files: self.files.clone(),
            reasons: self.names.clone(),
            placed: self.placed,
        };
        let merging = match (self.placed, self.finders) {
            (true, _) => Merging::ByPlace(None),
            (false, 0 | 1) => Merging::Whole,
            (false, _) => Merging::ByValues(ByValues::new(&self.schema, self.columns)?),
        };
        let by: Vec<String> = if self.placed { [meta::FILE, meta::ROW].map(str::to_owned).to_vec() } else { data };
        let schema = Arc::clone(&self.schema);
        let rows: Arc<dyn PartitionStream> =
            Arc::new(Rows { schema: Arc::clone(&schema), kept: Mutex::new(Some(self)) });
        let table = StreamingTable::try_new(schema, vec![rows])?;
        let rows = engine.session.read_table(Arc::new(table))?;
        let sorted = rows.sort(by.iter().map(|c| ident(c).sort(true, true)).collect())?;
        Ok((names, merging, sorted.execute_stream().await?))
    }
}

/// A table's columns with what says which row each is and why it is kept.
fn common(data: &SchemaRef) -> SchemaRef {
    let mut fields: Vec<Arc<Field>> = data.fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(meta::FILE, DataType::UInt32, true)));
    fields.push(Arc::new(Field::new(meta::LINE, DataType::UInt64, true)));
    fields.push(Arc::new(Field::new(meta::ROW, DataType::UInt64, true)));
    fields.push(Arc::new(Field::new(meta::RECORD, DataType::Utf8, true)));
    let item = Arc::new(Field::new_list_field(DataType::UInt16, false));
    fields.push(Arc::new(Field::new(REASONS, DataType::List(item), false)));
    Arc::new(Schema::new(fields))
}

/// Kept rows, read once.
struct Rows {
    schema: SchemaRef,
    kept: Mutex<Option<Kept>>,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl PartitionStream for Rows {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        let rows = kept.into_iter().flat_map(|mut kept| {
            let parts = std::mem::take(&mut kept.parts);
            let kept = Arc::new(kept);
            parts.into_iter().flat_map(move |part| {
                let kept = Arc::clone(&kept);
                let (read, failed) = match part.into_reader() {
                    Ok(reader) => (Some(reader), None),
                    Err(error) => (None, Some(Err(error))),
                };
                read.into_iter().flatten().chain(failed).map(move |batch| {
                    let external = |e: String| datafusion::error::DataFusionError::Execution(e);
                    let batch = batch.map_err(|e| external(e.to_string()))?;
                    kept.of_pass(&batch).map_err(|stopped| {
                        external(stopped.diagnostics.first().map(|d| d.message.clone()).unwrap_or_default())
                    })
                })
            })
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), futures::stream::iter(rows)))
    }
}

/// What the numbers in kept rows stand for.
struct Names {
    table: String,
    files: Vec<String>,
    reasons: Vec<String>,
    placed: bool,
}

/// Writes the failing rows of all tables into one file, in place of one that is there. Columns of the same name are one column, of text
/// where their types differ. Gives how many rows there are.
///
/// # Errors
/// The file cannot be written.
pub async fn write(engine: &Engine<'_>, path: &Path, tables: Vec<Kept>) -> Result<u64, Stopped> {
    let schema = union(&tables);
    let mut out = Out::create(path, &schema)?;
    // Encoding is as much work as putting the rows in order, so it has a thread of its own.
    let (sender, mut batches) = mpsc::channel::<RecordBatch>(QUEUED);
    let encoded = tokio::task::spawn_blocking(move || {
        while let Some(batch) = batches.blocking_recv() {
            out.write(&batch)?;
        }
        Ok::<_, Stopped>(out)
    });
    let count = ordered(engine, tables, &schema, sender).await?;
    encoded.await.map_err(|e| errors::internal(&e))??.finish()?;
    Ok(count)
}

/// Gives the rows in order, as they are written, to `out`, and counts them. It ends early when nobody takes them any more.
async fn ordered(
    engine: &Engine<'_>,
    tables: Vec<Kept>,
    schema: &SchemaRef,
    out: Sender<RecordBatch>,
) -> Result<u64, Stopped> {
    let mut count = 0;
    for kept in tables {
        let (names, mut merging, mut rows) = kept.sorted(engine).await?;
        let mut ended = false;
        while !ended {
            let whole = match rows.next().await {
                Some(batch) => merging.take(batch?)?,
                None => {
                    ended = true;
                    merging.end()?
                }
            };
            for batch in whole {
                count += batch.num_rows() as u64;
                if out.send(told(&names, &batch, schema)?).await.is_err() {
                    return Ok(count);
                }
            }
        }
    }
    Ok(count)
}

/// The columns of the file.
fn union(tables: &[Kept]) -> SchemaRef {
    let item = Arc::new(Field::new_list_field(DataType::Utf8, true));
    let mut fields = vec![
        Field::new(TABLE, DataType::Utf8, false),
        Field::new(RULES, DataType::List(item), false),
        Field::new(meta::FILE, DataType::Utf8, true),
        Field::new(meta::LINE, DataType::UInt64, true),
        Field::new(meta::ROW, DataType::UInt64, true),
    ];
    let records = tables.iter().any(|k| k.placed);
    for field in tables.iter().flat_map(|k| k.schema.fields().iter().take(k.columns)) {
        match fields.iter_mut().find(|f| f.name() == field.name()) {
            None => fields.push(field.as_ref().clone().with_nullable(true)),
            Some(known) if known.data_type() == field.data_type() => {}
            Some(known) => *known = Field::new(field.name(), DataType::Utf8, true),
        }
    }
    fields.extend(records.then(|| Field::new(meta::RECORD, DataType::Utf8, true)));
    Arc::new(Schema::new(fields))
}

/// Rows with names in place of numbers, in the columns of the file.
fn told(names: &Names, rows: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, Stopped> {
    let count = rows.num_rows();
    let mut rules = ListBuilder::new(StringBuilder::new());
    let reasons = Codes::of(rows);
    for i in 0..count {
        for code in reasons.as_ref().map_or(&[] as &[u16], |codes| codes.of_row(i)) {
            rules.values().append_option(names.reasons.get(usize::from(*code)));
        }
        rules.append(true);
    }
    let rules: ArrayRef = Arc::new(rules.finish());
    let files = file_indexes(rows);
    let file = |i: &u32| names.files.get(*i as usize).map(String::as_str);
    let column = |field: &Arc<Field>| -> Result<ArrayRef, ArrowError> {
        Ok(match field.name().as_str() {
            TABLE => Arc::new(StringArray::from(vec![names.table.as_str(); count])),
            RULES => Arc::clone(&rules),
            meta::FILE => Arc::new(files.values().iter().map(file).collect::<StringArray>()),
            meta::LINE | meta::ROW if !names.placed => Arc::new(UInt64Array::new_null(count)),
            name => match rows.column_by_name(name) {
                Some(column) if column.data_type() == field.data_type() => Arc::clone(column),
                Some(column) => cast(column, field.data_type())?,
                None => new_null_array(field.data_type(), count),
            },
        })
    };
    let columns = schema.fields().iter().map(column).collect::<Result<_, _>>();
    let batch = columns.and_then(|columns| RecordBatch::try_new(Arc::clone(schema), columns));
    Ok(batch.map_err(|e| errors::internal(&e))?)
}

/// A file at work: it takes its place when it is complete.
struct Out {
    path: PathBuf,
    file: tempfile::TempPath,
    encoder: Encoder,
}

enum Encoder {
    Parquet(Box<ArrowWriter<File>>),
    Csv(Box<datafusion::arrow::csv::Writer<BufWriter<File>>>),
    Ndjson(Box<datafusion::arrow::json::LineDelimitedWriter<BufWriter<File>>>),
}

impl Out {
    fn create(path: &Path, schema: &SchemaRef) -> Result<Self, Stopped> {
        let failed = |e: &dyn std::fmt::Display| unwritable(path, e);
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        // As any new file: what others may is said by the process's mask.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let (file, temporary) = builder.tempfile_in(folder).map_err(|e| failed(&e))?.into_parts();
        let encoder = match Form::of(path).unwrap_or(Form::Parquet) {
            Form::Parquet => {
                let level = ZstdLevel::try_new(1).unwrap_or_default();
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(level))
                    .set_statistics_enabled(EnabledStatistics::Chunk)
                    .build();
                let writer = ArrowWriter::try_new(file, Arc::clone(schema), Some(properties));
                Encoder::Parquet(Box::new(writer.map_err(|e| failed(&e))?))
            }
            Form::Csv => {
                let mut writer =
                    datafusion::arrow::csv::WriterBuilder::new().with_header(true).build(BufWriter::new(file));
                writer.write(&flat(&RecordBatch::new_empty(Arc::clone(schema)))?).map_err(|e| failed(&e))?;
                Encoder::Csv(Box::new(writer))
            }
            Form::Ndjson => {
                let builder = datafusion::arrow::json::WriterBuilder::new().with_explicit_nulls(true);
                Encoder::Ndjson(Box::new(builder.build(BufWriter::new(file))))
            }
        };
        Ok(Self { path: path.to_owned(), file: temporary, encoder })
    }

    fn write(&mut self, rows: &RecordBatch) -> Result<(), Stopped> {
        let path = &self.path;
        match &mut self.encoder {
            Encoder::Parquet(writer) => writer.write(rows).map_err(|e| unwritable(path, &e))?,
            Encoder::Csv(writer) => writer.write(&flat(rows)?).map_err(|e| unwritable(path, &e))?,
            Encoder::Ndjson(writer) => writer.write(rows).map_err(|e| unwritable(path, &e))?,
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Stopped> {
        let path = self.path;
        match self.encoder {
            Encoder::Parquet(writer) => _ = writer.close().map_err(|e| unwritable(&path, &e))?,
            Encoder::Csv(writer) => writer.into_inner().flush().map_err(|e| unwritable(&path, &e))?,
            Encoder::Ndjson(mut writer) => {
                writer.finish().map_err(|e| unwritable(&path, &e))?;
                writer.into_inner().flush().map_err(|e| unwritable(&path, &e))?;
            }
        }
        self.file.persist(&path).map_err(|e| unwritable(&path, &e.error))?;
        Ok(())
    }
}

fn unwritable(path: &Path, error: &dyn std::fmt::Display) -> Stopped {
    errors::io(&format!("`{}`: {error}", path.display())).into()
}

/// Lists and structures as text, for delimited text has none; the names of rules with commas between them.
fn flat(rows: &RecordBatch) -> Result<RecordBatch, Stopped> {
    use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
    let internal = |e: ArrowError| errors::internal(&e);
    let options = FormatOptions::default();
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for (field, column) in rows.schema().fields().iter().zip(rows.columns()) {
        if !field.data_type().is_nested() {
            fields.push(Arc::clone(field));
            columns.push(Arc::clone(column));
            continue;
        }
        let text = ArrayFormatter::try_new(column.as_ref(), &options).map_err(internal)?;
        let list = column.as_list_opt::<i32>().filter(|_| field.name() == RULES);
        let one = |i: usize| match list.map(|l| l.value(i)) {
            Some(names) => names.as_string_opt::<i32>().map(|n| n.iter().flatten().collect::<Vec<_>>().join(", ")),
            None => column.is_valid(i).then(|| text.value(i).to_string()),
        };
        fields.push(Arc::new(Field::new(field.name(), DataType::Utf8, true)));
        columns.push(Arc::new((0..column.len()).map(one).collect::<StringArray>()) as ArrayRef);
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(internal)?)
}
