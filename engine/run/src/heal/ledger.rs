//! What a heal leaves behind, as Parquet files: changed cells, old and new; and the healed rows, as read and as they
//! committed, so that the heal can be undone whatever has become of the source's files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::arrow::array::{
    ArrayBuilder, ArrayRef, Float64Builder, RecordBatch, StringBuilder, UInt32Builder, UInt64Builder,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::Expr;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::prelude::{col, ident};
use futures::StreamExt;
use pipe_compile::Settings;
use pipe_diagnostics::codes::run as codes;
use pipe_state::{LedgerFile, PublishStep, State};

use super::held::Held;
use super::rows::Failing;
use crate::engine::Stopped;
use crate::errors;
use crate::quarantine::ROW_GROUP;

/// Where an entry stands among those of its table: what keeps the columns of a row in order.
const PLACE: &str = "place";
/// Entries that are held in one piece.
const ENTRIES: usize = 8 << 10;
/// Bytes of texts in such a piece.
const TEXTS: usize = 512 << 10;
/// Bytes of entries that are sorted in memory.
const SORTED: usize = 8 << 20;

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

/// A change for the ledger.
pub struct Entry<'e> {
    /// The file.
    pub file: &'e str,
    /// The data row of the file, from 0.
    pub row: u64,
    /// The column.
    pub column: &'e str,
    /// The text before; `None` for NULL.
    pub old: Option<&'e str>,
    /// The text after; `None` for NULL.
    pub new: Option<&'e str>,
    /// The instance's confidence, 0 to 1.
    pub confidence: f64,
    /// The clause's index in its table.
    pub clause: usize,
    /// The heal, by its number in the run and table.
    pub heal: u32,
    /// `applied`, or `removed` of a cell of a removed duplicate.
    pub state: &'static str,
}

/// Changes on their way into a ledger file, in any order but for those of one row.
pub struct Entries<'s> {
    failing: &'s Failing,
    held: Vec<Held>,
    columns: Columns,
    /// Entries so far.
    pub count: u64,
}

#[derive(Default)]
struct Columns {
    file: StringBuilder,
    row: UInt64Builder,
    column: StringBuilder,
    old: StringBuilder,
    new: StringBuilder,
    confidence: Float64Builder,
    clause: UInt32Builder,
    state: StringBuilder,
    heal: UInt32Builder,
    place: UInt64Builder,
}

impl<'s> Entries<'s> {
    /// None yet. They are held as the failing rows are.
    pub fn new(failing: &'s Failing) -> Self {
        Self { failing, held: Vec::new(), columns: Columns::default(), count: 0 }
    }

    /// Adds a change. Those of one row are added in the order of columns.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn push(&mut self, entry: &Entry<'_>) -> Result<(), Stopped> {
        let to = &mut self.columns;
        to.file.append_value(entry.file);
        to.row.append_value(entry.row);
        to.column.append_value(entry.column);
        to.old.append_option(entry.old);
        to.new.append_option(entry.new);
        to.confidence.append_value(entry.confidence);
        to.clause.append_value(u32::try_from(entry.clause).unwrap_or(u32::MAX));
        to.state.append_value(entry.state);
        to.heal.append_value(entry.heal);
        to.place.append_value(self.count);
        self.count += 1;
        let texts = to.old.values_slice().len() + to.new.values_slice().len();
        if to.row.len() >= ENTRIES || texts >= TEXTS { self.keep() } else { Ok(()) }
    }

    fn keep(&mut self) -> Result<(), Stopped> {
        if self.columns.row.len() > 0 {
            let held = self.failing.keep(&self.columns.finish()?)?;
            self.held.push(held);
        }
        Ok(())
    }

    /// Writes them, in the order of files, rows and columns.
    ///
    /// # Errors
    /// The file cannot be written.
    pub async fn write(mut self, dir: &Path, now: DateTime<Utc>) -> Result<PathBuf, Stopped> {
        self.keep()?;
        match self.sorted(dir, Settings { memory_limit: Some(SORTED), ..Settings::at(now) }).await {
            // A few very long texts: what cannot be sorted in so little is sorted in as much as it takes.
            Err(stopped) if stopped.diagnostics.iter().any(|d| d.code == codes::OUT_OF_MEMORY) => {
                self.sorted(dir, Settings::at(now)).await
            }
            done => done,
        }
    }

    /// Writes them in a session of its own: whatever the others may hold, this one spills.
    async fn sorted(&self, dir: &Path, settings: Settings) -> Result<PathBuf, Stopped> {
        let order = ["file", "row", PLACE].map(|name| col(name).sort(true, false)).to_vec();
        let columns: Vec<Expr> = schema().fields().iter().map(|f| ident(f.name())).collect();
        let session = pipe_compile::session(&settings)?;
        let rows = HeldRows { schema: placed(), held: self.held.clone() };
        let rows = StreamingTable::try_new(placed(), vec![Arc::new(rows)])?;
        let sorted = session.read_table(Arc::new(rows))?.sort(order)?.select(columns)?;
        let mut sorted = sorted.execute_stream().await?;
        let mut writer = Parquet::create(dir, "ledger", &schema())?;
        while let Some(batch) = sorted.next().await {
            writer.write(&batch?)?;
        }
        writer.close()
    }
}

impl Columns {
    fn finish(&mut self) -> Result<RecordBatch, Stopped> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.file.finish()),
            Arc::new(self.row.finish()),
            Arc::new(self.column.finish()),
            Arc::new(self.old.finish()),
            Arc::new(self.new.finish()),
            Arc::new(self.confidence.finish()),
            Arc::new(self.clause.finish()),
            Arc::new(self.state.finish()),
            Arc::new(self.heal.finish()),
            Arc::new(self.place.finish()),
        ];
        Ok(RecordBatch::try_new(placed(), columns).map_err(|e| errors::internal(&e))?)
    }
}

/// The columns of a ledger file, and the place of each entry among those of its table.
fn placed() -> SchemaRef {
    let mut fields: Vec<_> = schema().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(PLACE, DataType::UInt64, true)));
    Arc::new(Schema::new(fields))
}

/// Entries that are held, to be sorted.
#[derive(Debug)]
struct HeldRows {
    schema: SchemaRef,
    held: Vec<Held>,
}

impl PartitionStream for HeldRows {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let rows = self.held.clone().into_iter().map(|held| held.load().map_err(DataFusionError::from));
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), futures::stream::iter(rows)))
    }
}

/// A file of rows of the state's own.
pub struct Parquet {
    path: PathBuf,
    writer: ArrowWriter<File>,
}

impl Parquet {
    /// A file of this name.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create(dir: &Path, name: &str, columns: &SchemaRef) -> Result<Self, Stopped> {
        let path = dir.join(format!("{name}.parquet"));
        std::fs::create_dir_all(dir).map_err(|e| errors::io(&e))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap_or_default()))
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .build();
        let file = File::create(&path).map_err(|e| errors::io(&e))?;
        let writer = ArrowWriter::try_new(file, Arc::clone(columns), Some(properties)).map_err(|e| errors::io(&e))?;
        Ok(Self { path, writer })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, rows: &RecordBatch) -> Result<(), Stopped> {
        Ok(self.writer.write(rows).map_err(|e| errors::io(&e))?)
    }

    /// Completes the file.
    ///
    /// # Errors
    /// The file cannot be completed.
    pub fn close(self) -> Result<PathBuf, Stopped> {
        self.writer.close().map_err(|e| errors::io(&e))?;
        Ok(self.path)
    }
}

/// Writes rows of the state's own to a file of this name.
///
/// # Errors
/// The file cannot be written.
pub fn parquet(dir: &Path, name: &str, rows: &RecordBatch) -> Result<PathBuf, Stopped> {
    let mut file = Parquet::create(dir, name, &rows.schema())?;
    file.write(rows)?;
    file.close()
}
