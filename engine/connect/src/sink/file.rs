//! One staged file: encoded, packed, flushed.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::json::writer::{LineDelimited, Writer as JsonWriter, WriterBuilder};
use datafusion::parquet::arrow::ArrowWriter;

use super::pack::Packer;
use super::spec::{CsvOptions, Format};
use super::{SinkError, parquet};

/// A file being written.
pub(crate) struct OpenFile {
    path: PathBuf,
    rows: u64,
    encoder: Encoder,
}

enum Encoder {
    Parquet(Box<ArrowWriter<File>>),
    Csv(Box<CsvFile>),
    Ndjson(Box<JsonWriter<Packer, LineDelimited>>),
}

struct CsvFile {
    options: CsvOptions,
    out: Packer,
    /// Lines of the batch at hand; kept for its memory.
    text: String,
}

impl OpenFile {
    /// Creates the file, which must not exist, and its folders. `header`: whether a text file with a header gets it.
    pub(crate) fn create(
        format: &Format,
        schema: &SchemaRef,
        path: PathBuf,
        header: bool,
    ) -> Result<OpenFile, SinkError> {
        let io = |e| SinkError::io("create", &path, e);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| SinkError::io("create the folder", folder, e))?;
        }
        let file = File::create_new(&path).map_err(io)?;
        let encoder = match format {
            Format::Parquet(options) => {
                let writer =
                    parquet::writer(options, schema.clone(), file).map_err(|e| SinkError::parquet(&path, e))?;
                Encoder::Parquet(Box::new(writer))
            }
            Format::Csv(options, pack) => {
                let mut text = String::new();
                if header && options.header {
                    super::csv::header(options, schema, &mut text);
                }
                let mut out = Packer::new(*pack, file).map_err(io)?;
                out.write_all(text.as_bytes()).map_err(|e| SinkError::io("write", &path, e))?;
                Encoder::Csv(Box::new(CsvFile { options: options.clone(), out, text }))
            }
            Format::Ndjson(pack) => {
                let out = Packer::new(*pack, file).map_err(io)?;
                // NULLs are written, so that every line shows every column.
                let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(out);
                // Tells at once, and not with the first rows, whether a column's type has a form in JSON.
                writer.write(&RecordBatch::new_empty(schema.clone())).map_err(|e| SinkError::arrow(&path, e))?;
                Encoder::Ndjson(Box::new(writer))
            }
        };
        Ok(OpenFile { path, rows: 0, encoder })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), SinkError> {
        let path = &self.path;
        match &mut self.encoder {
            Encoder::Parquet(writer) => writer.write(batch).map_err(|e| SinkError::parquet(path, e))?,
            Encoder::Csv(csv) => {
                let CsvFile { options, out, text } = csv.as_mut();
                text.clear();
                super::csv::rows(options, batch, text).map_err(|e| SinkError::arrow(path, e))?;
                out.write_all(text.as_bytes()).map_err(|e| SinkError::io("write", path, e))?;
            }
            Encoder::Ndjson(writer) => writer.write(batch).map_err(|e| SinkError::arrow(path, e))?,
        }
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Bytes of rows it keeps in memory.
    pub(crate) fn memory(&self) -> usize {
        match &self.encoder {
            Encoder::Parquet(writer) => writer.memory_size(),
            Encoder::Csv(csv) => csv.text.capacity(),
            Encoder::Ndjson(_) => 0,
        }
    }

    /// Ends a row group early, to free its memory.
    pub(crate) fn relieve(&mut self) -> Result<(), SinkError> {
        match &mut self.encoder {
            Encoder::Parquet(writer) => writer.flush().map_err(|e| SinkError::parquet(&self.path, e)),
            Encoder::Csv(_) | Encoder::Ndjson(_) => Ok(()),
        }
    }

    /// Completes the file and flushes it to disk: rows in it and its size in bytes.
    pub(crate) fn finish(self) -> Result<(u64, u64), SinkError> {
        let path = &self.path;
        let file = match self.encoder {
            Encoder::Parquet(writer) => writer.into_inner().map_err(|e| SinkError::parquet(path, e))?,
            Encoder::Csv(csv) => csv.out.finish(path)?,
            Encoder::Ndjson(mut writer) => {
                writer.finish().map_err(|e| SinkError::arrow(path, e))?;
                writer.into_inner().finish(path)?
            }
        };
        Ok((self.rows, flush(&file, path)?))
    }
}

/// Flushes a file to disk; its size in bytes.
pub(crate) fn flush(file: &File, path: &Path) -> Result<u64, SinkError> {
    file.sync_all().and_then(|()| file.metadata()).map(|m| m.len()).map_err(|e| SinkError::io("flush", path, e))
}
