//! What a heal leaves behind, as Parquet files: changed cells, old and new; and the healed rows, as read and as they
//! committed, so that the heal can be undone whatever has become of the source's files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{Float64Array, RecordBatch, StringArray, UInt32Array, UInt64Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use pipe_heal::ledger::CellChange;
use pipe_state::{LedgerFile, PublishStep, State};

use crate::engine::Stopped;
use crate::errors;

/// The column of a ledger file that names the heal, by its number in the run and table.
pub const HEAL: &str = "heal";

/// The files of a heal, staged.
#[derive(Clone, Debug)]
pub struct Written {
    /// Changed cells.
    pub cells: PathBuf,
    /// How many.
    pub count: u64,
    /// The healed rows as read, with the columns of a quarantine file; `None` when no row that commits was changed.
    pub read: Option<PathBuf>,
    /// The same rows in the same order: the columns that any repair changed, as committed.
    pub healed: Option<PathBuf>,
    /// How many rows.
    pub rows: u64,
}

impl Written {
    /// The moves that put the files to their places, and the index entry. `name` is unique among all batches.
    pub fn publish(&self, state: &State, name: &str) -> (LedgerFile, Vec<PublishStep>) {
        let path = state.ledger_dir().join(format!("{name}.parquet"));
        let step = |staged: &Path, target: PathBuf, rows: u64| PublishStep {
            load: None,
            source: None,
            staged: staged.to_owned(),
            target,
            replace: false,
            rows,
            bytes: std::fs::metadata(staged).map_or(0, |m| m.len()),
        };
        let mut steps = vec![step(&self.cells, path.clone(), self.count)];
        if let (Some(read), Some(healed)) = (&self.read, &self.healed) {
            let [read_at, healed_at] = rows_of(state, &path);
            steps.extend([step(read, read_at, self.rows), step(healed, healed_at, self.rows)]);
        }
        (LedgerFile { path, cells: self.count }, steps)
    }
}

/// Where the rows of a ledger file are: as read, and as healed.
pub fn rows_of(state: &State, ledger: &Path) -> [PathBuf; 2] {
    let name = ledger.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    ["read", "healed"].map(|what| state.healed_dir().join(format!("{name}.{what}.parquet")))
}

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
        field(HEAL, DataType::UInt32),
    ]))
}

/// Writes the changes, in the order of files, rows and columns.
///
/// # Errors
/// The file cannot be written.
pub fn write(dir: &Path, changes: &[CellChange], states: &[&str]) -> Result<PathBuf, Stopped> {
    let columns: Vec<datafusion::arrow::array::ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(changes.iter().map(|c| &c.file))),
        Arc::new(UInt64Array::from_iter_values(changes.iter().map(|c| c.row))),
        Arc::new(StringArray::from_iter_values(changes.iter().map(|c| &c.column))),
        Arc::new(changes.iter().map(|c| c.old.as_deref()).collect::<StringArray>()),
        Arc::new(changes.iter().map(|c| c.new.as_deref()).collect::<StringArray>()),
        Arc::new(Float64Array::from_iter_values(changes.iter().map(|c| c.confidence))),
        Arc::new(UInt32Array::from_iter_values(changes.iter().map(|c| u32::try_from(c.clause).unwrap_or(u32::MAX)))),
        Arc::new(StringArray::from_iter_values(states)),
        Arc::new(UInt32Array::from_iter_values(changes.iter().map(|c| c.heal))),
    ];
    let batch = RecordBatch::try_new(schema(), columns).map_err(|e| errors::internal(&e))?;
    parquet(dir, "ledger", &batch)
}

/// Writes rows of the state's own to a file of this name.
///
/// # Errors
/// The file cannot be written.
pub fn parquet(dir: &Path, name: &str, rows: &RecordBatch) -> Result<PathBuf, Stopped> {
    let path = dir.join(format!("{name}.parquet"));
    std::fs::create_dir_all(dir).map_err(|e| errors::io(&e))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap_or_default()))
        .build();
    let file = File::create(&path).map_err(|e| errors::io(&e))?;
    let mut writer = ArrowWriter::try_new(file, rows.schema(), Some(properties)).map_err(|e| errors::io(&e))?;
    writer.write(rows).map_err(|e| errors::io(&e))?;
    writer.close().map_err(|e| errors::io(&e))?;
    Ok(path)
}
