//! Changed cells, old and new, as a Parquet file.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{Float64Array, RecordBatch, StringArray, UInt32Array, UInt64Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use pipe_heal::ledger::CellChange;

use crate::engine::Stopped;
use crate::errors;

/// The columns of a ledger file; its run and table are in the index.
pub fn schema() -> SchemaRef {
    let field = |name: &str, ty| Field::new(name, ty, true);
    Arc::new(Schema::new(vec![
        field("file", DataType::Utf8),
        field("row", DataType::UInt64),
        field("column", DataType::Utf8),
        field("old", DataType::Utf8),
        field("new", DataType::Utf8),
        field("confidence", DataType::Float64),
        field("clause", DataType::UInt32),
        field("state", DataType::Utf8),
    ]))
}

/// Writes the changes, in the order of files, rows and columns; `None` when there are none.
///
/// # Errors
/// The file cannot be written.
pub fn write(dir: &Path, changes: &[CellChange], states: &[&str]) -> Result<Option<(PathBuf, u64)>, Stopped> {
    if changes.is_empty() {
        return Ok(None);
    }
    let path = dir.join("ledger.parquet");
    std::fs::create_dir_all(dir).map_err(|e| errors::io(&e))?;
    let columns: Vec<datafusion::arrow::array::ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(changes.iter().map(|c| &c.file))),
        Arc::new(UInt64Array::from_iter_values(changes.iter().map(|c| c.row))),
        Arc::new(StringArray::from_iter_values(changes.iter().map(|c| &c.column))),
        Arc::new(changes.iter().map(|c| c.old.as_deref()).collect::<StringArray>()),
        Arc::new(changes.iter().map(|c| c.new.as_deref()).collect::<StringArray>()),
        Arc::new(Float64Array::from_iter_values(changes.iter().map(|c| c.confidence))),
        Arc::new(UInt32Array::from_iter_values(changes.iter().map(|c| u32::try_from(c.clause).unwrap_or(u32::MAX)))),
        Arc::new(StringArray::from_iter_values(states)),
    ];
    let batch = RecordBatch::try_new(schema(), columns).map_err(|e| errors::internal(&e))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap_or_default()))
        .build();
    let file = File::create(&path).map_err(|e| errors::io(&e))?;
    let mut writer = ArrowWriter::try_new(file, schema(), Some(properties)).map_err(|e| errors::io(&e))?;
    writer.write(&batch).map_err(|e| errors::io(&e))?;
    writer.close().map_err(|e| errors::io(&e))?;
    Ok(Some((path, changes.len() as u64)))
}
