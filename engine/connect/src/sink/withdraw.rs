//! Takes rows back out of published files: each file that holds some is staged again without them.
//!
//! A sink's files do not say which row of a source a record is, and need not: rows that are the same to the last bit can
//! stand for each other, so taking any one of them out leaves the same rows.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::SchemaRef;
use arrow::json::writer::{LineDelimited, WriterBuilder};
use arrow::row::{RowConverter, SortField};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::file::{OpenFile, flush};
use super::pack::{Pack, Packer};
use super::spec::{CsvOptions, Format};
use super::{SinkError, SinkSpec, StagedFile, Target};

/// What is left of the files that held the rows.
#[derive(Debug, Default)]
pub struct Withdrawn {
    /// Files to publish in place of those they are named after.
    pub files: Vec<StagedFile>,
    /// Files of a folder of which nothing is left.
    pub remove: Vec<PathBuf>,
    /// The rows that no file holds, by their place in what was asked for, ascending.
    pub missing: Vec<usize>,
}

/// Stages `files`, as far as they hold `rows` (columns of `spec`), again without them: a row that is asked for `n` times is
/// taken out `n` times. Files are looked through in the order they come in, until all rows are found; one that is gone holds
/// nothing. Other rows keep their order, and in text files their bytes.
///
/// # Errors
/// A file that cannot be read or written.
pub fn withdraw(
    spec: &SinkSpec,
    staging_dir: &Path,
    files: &[PathBuf],
    rows: &RecordBatch,
) -> Result<Withdrawn, SinkError> {
    let format = Format::of(spec)?;
    let mut wanted = Wanted::new(&format, &spec.schema, rows)?;
    let mut withdrawn = Withdrawn::default();
    for (number, path) in files.iter().enumerate() {
        if wanted.places.is_empty() {
            break;
        }
        if !path.is_file() {
            continue;
        }
        let staged = staging_dir.join(format!("without-{number}"));
        let before = wanted.left();
        let (left, bytes) = match &format {
            Format::Parquet(_) => parquet(&format, path, &staged, &mut wanted)?,
            Format::Csv(options, pack) => text(*pack, Some(options), path, &staged, &mut wanted)?,
            Format::Ndjson(pack) => text(*pack, None, path, &staged, &mut wanted)?,
        };
        let held = wanted.left() < before;
        if held && (left > 0 || matches!(spec.target, Target::File(_))) {
            let target = path.clone();
            withdrawn.files.push(StagedFile { staged, target, rows: left, bytes, replace: true, source: None });
            continue;
        }
        std::fs::remove_file(&staged).map_err(|e| SinkError::io("remove", &staged, e))?;
        if held {
            withdrawn.remove.push(path.clone());
        }
    }
    withdrawn.missing = wanted.places.into_values().flatten().collect();
    withdrawn.missing.sort_unstable();
    Ok(withdrawn)
}

/// The rows still to be found, by what they look like in a file.
struct Wanted {
    places: HashMap<Vec<u8>, Vec<usize>>,
    schema: SchemaRef,
    converter: Option<RowConverter>,
}

impl Wanted {
    fn new(format: &Format, schema: &SchemaRef, rows: &RecordBatch) -> Result<Wanted, SinkError> {
        let mut wanted = Wanted { places: HashMap::new(), schema: schema.clone(), converter: None };
        let keys = match format {
            Format::Parquet(_) => {
                let fields = schema.fields().iter().map(|f| SortField::new(f.data_type().clone())).collect();
                wanted.converter = Some(RowConverter::new(fields).map_err(encode)?);
                wanted.keys(rows)?.unwrap_or_default()
            }
            Format::Csv(options, _) => {
                let line = |row| {
                    let mut line = String::new();
                    super::csv::rows(options, &rows.slice(row, 1), &mut line).map_err(encode)?;
                    Ok(trimmed(line.as_bytes()).to_vec())
                };
                (0..rows.num_rows()).map(line).collect::<Result<_, SinkError>>()?
            }
            Format::Ndjson(_) => {
                let line = |row| {
                    let mut writer =
                        WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(Vec::new());
                    writer.write(&rows.slice(row, 1)).and_then(|()| writer.finish()).map_err(encode)?;
                    Ok(trimmed(&writer.into_inner()).to_vec())
                };
                (0..rows.num_rows()).map(line).collect::<Result<_, SinkError>>()?
            }
        };
        for (place, key) in keys.into_iter().enumerate() {
            wanted.places.entry(key).or_default().push(place);
        }
        Ok(wanted)
    }

    fn left(&self) -> usize {
        self.places.values().map(Vec::len).sum()
    }

    /// Takes a record out if it is one of these rows.
    fn take(&mut self, record: &[u8]) -> bool {
        let Some(places) = self.places.get_mut(record) else { return false };
        places.pop();
        if places.is_empty() {
            self.places.remove(record);
        }
        true
    }

    /// Rows of a Parquet file in a form that can be compared; `None` when they have other columns.
    fn keys(&self, rows: &RecordBatch) -> Result<Option<Vec<Vec<u8>>>, SinkError> {
        let Some(converter) = &self.converter else { return Ok(None) };
        let mut columns = Vec::with_capacity(self.schema.fields().len());
        for field in self.schema.fields() {
            let Some(column) = rows.column_by_name(field.name()) else { return Ok(None) };
            columns.push(cast(column, field.data_type()).map_err(encode)?);
        }
        if columns.len() != rows.num_columns() {
            return Ok(None);
        }
        let rows = converter.convert_columns(&columns).map_err(encode)?;
        Ok(Some(rows.iter().map(|row| row.as_ref().to_vec()).collect()))
    }
}

/// The rows left in a Parquet file, and its size.
fn parquet(format: &Format, path: &Path, staged: &Path, wanted: &mut Wanted) -> Result<(u64, u64), SinkError> {
    let unreadable = |e: &dyn std::fmt::Display| SinkError::Unreadable { path: path.to_owned(), reason: e.to_string() };
    let file = File::open(path).map_err(|e| SinkError::io("open", path, e))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| unreadable(&e))?;
    let mut out = OpenFile::create(format, reader.schema(), staged.to_owned(), false)?;
    for batch in reader.build().map_err(|e| unreadable(&e))? {
        let batch = batch.map_err(|e| unreadable(&e))?;
        let Some(keys) = wanted.keys(&batch)? else {
            out.write(&batch)?;
            continue;
        };
        let stays: BooleanArray = keys.iter().map(|key| Some(!wanted.take(key))).collect();
        out.write(&filter_record_batch(&batch, &stays).map_err(encode)?)?;
    }
    out.finish()
}

/// The records left in a text file, and its size. `csv`: its form; without, each line is a record.
fn text(
    pack: Pack,
    csv: Option<&CsvOptions>,
    path: &Path,
    staged: &Path,
    wanted: &mut Wanted,
) -> Result<(u64, u64), SinkError> {
    let read = |e| SinkError::io("read", path, e);
    let write = |e| SinkError::io("write", staged, e);
    let input = File::open(path).and_then(|f| pack.reader(f)).map_err(read)?;
    let mut input = BufReader::with_capacity(256 << 10, input);
    if let Some(folder) = staged.parent() {
        std::fs::create_dir_all(folder).map_err(|e| SinkError::io("create the folder", folder, e))?;
    }
    let file = File::create_new(staged).map_err(|e| SinkError::io("create", staged, e))?;
    let mut out = Packer::new(pack, file).map_err(write)?;
    let mut quote = [0; 4];
    let quote = csv.map(|options| options.quote.encode_utf8(&mut quote).as_bytes().to_vec());
    let mut header = csv.is_some_and(|options| options.header);
    let (mut record, mut left) = (Vec::new(), 0);
    loop {
        record.clear();
        // A record ends at a line break outside quotes, and a doubled quote is two.
        while input.read_until(b'\n', &mut record).map_err(read)? > 0 {
            let open = quote.as_ref().is_some_and(|q| record.windows(q.len()).filter(|w| *w == q).count() % 2 == 1);
            if !open {
                break;
            }
        }
        if record.is_empty() {
            break;
        }
        if !header && wanted.take(trimmed(&record)) {
            continue;
        }
        out.write_all(&record).map_err(write)?;
        left += u64::from(!header);
        header = false;
    }
    let bytes = flush(&out.finish(staged)?, staged)?;
    Ok((left, bytes))
}

/// A record without its line break.
fn trimmed(record: &[u8]) -> &[u8] {
    record.strip_suffix(b"\n").unwrap_or(record)
}

fn encode(error: arrow::error::ArrowError) -> SinkError {
    SinkError::Encode { path: PathBuf::new(), reason: error.to_string() }
}
