//! Where the rows of a pass go before anything is decided: files of a sink, or Parquet of our own that a later step reads.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{SchemaRef, UInt32Type};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::Compression;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use datafusion::prelude::ParquetReadOptions;
use pipe_connect::sink::{SinkSpec, StagedFile, StagedWriter};
use pipe_quality::RowSink;

use crate::engine::{Engine, Stopped};
use crate::states::States;

type BoxError = Box<dyn Error + Send + Sync>;

/// Takes the rows of one thread.
pub struct Part {
    to: Destination,
    /// What they look like, where that is wanted.
    states: Option<States>,
}

/// Where rows are written.
enum Destination {
    /// A load's own files, published as they are, and how many columns they have.
    Sink(Box<StagedWriter>, usize),
    /// A file for the steps behind.
    Own(Box<OwnPart>),
}

/// A Parquet file in the run's scratch folder, written for speed. Made when the first row comes.
pub struct OwnPart {
    path: PathBuf,
    schema: SchemaRef,
    writer: Option<ArrowWriter<File>>,
    rows: u64,
}

/// What a thread left.
#[derive(Debug, Default)]
pub struct Finished {
    /// Files of a load.
    pub staged: Vec<StagedFile>,
    /// Files of our own that have rows.
    pub own: Vec<PathBuf>,
    /// Whether they are in an order that is to be kept.
    pub ordered: bool,
    /// What the rows look like, where that was wanted.
    pub states: Option<States>,
}

impl Finished {
    /// Takes in what rows of another thread look like.
    fn merge(&mut self, other: Option<States>) -> Result<(), BoxError> {
        match (&mut self.states, other) {
            (Some(mine), Some(theirs)) => mine.merge(theirs)?,
            (none, theirs) => *none = none.take().or(theirs),
        }
        Ok(())
    }
}

/// Files that are complete and that nobody has taken yet: dropped, they are deleted, for another try writes them anew.
#[derive(Debug, Default)]
pub struct Unclaimed(Finished);

impl Unclaimed {
    /// Completes the files of a part.
    ///
    /// # Errors
    /// A file cannot be completed.
    pub fn of(part: Part) -> Result<Self, BoxError> {
        let mut files = Self::default();
        part.finish(&mut files.0)?;
        Ok(files)
    }

    /// Takes in what another thread left.
    ///
    /// # Errors
    /// What its rows look like cannot be merged.
    pub fn extend(&mut self, mut other: Unclaimed) -> Result<(), BoxError> {
        let Finished { staged, own, states, .. } = other.take();
        self.0.staged.extend(staged);
        self.0.own.extend(own);
        self.0.merge(states)
    }

    /// Gives the files to who will see to them.
    pub fn take(&mut self) -> Finished {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        for path in self.0.staged.iter().map(|f| &f.staged).chain(&self.0.own) {
            _ = std::fs::remove_file(path);
        }
    }
}

impl RowSink for Part {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), BoxError> {
        if let Some(states) = &mut self.states {
            states.update(batch)?;
        }
        match &mut self.to {
            Destination::Sink(writer, columns) => match batch.columns().get(*columns) {
                None => Ok(writer.write(batch)?),
                Some(files) => {
                    for (file, rows) in by_file(batch, files, *columns)? {
                        writer.write_of(Some(file), &rows)?;
                    }
                    Ok(())
                }
            },
            Destination::Own(part) => part.write(batch),
        }
    }
}

impl Part {
    /// A thread's part of a load's files.
    ///
    /// # Errors
    /// The staging folder cannot be written.
    pub fn sink(spec: &Arc<SinkSpec>, dir: &Path, thread: usize) -> Result<Self, BoxError> {
        let writer = Box::new(StagedWriter::new(spec, dir, thread)?);
        Ok(Part { to: Destination::Sink(writer, spec.schema.fields().len()), states: None })
    }

    /// A thread's file in the scratch folder.
    pub fn own(dir: &Path, name: &str, thread: usize, schema: &SchemaRef) -> Self {
        let path = dir.join(format!("{name}-{thread}.parquet"));
        let part = OwnPart { path, schema: Arc::clone(schema), writer: None, rows: 0 };
        Part { to: Destination::Own(Box::new(part)), states: None }
    }

    /// The same, and takes down what the rows look like.
    pub fn looking(mut self, states: Option<States>) -> Self {
        self.states = states;
        self
    }

    /// Completes the files.
    ///
    /// # Errors
    /// A file cannot be completed.
    pub fn finish(self, into: &mut Finished) -> Result<(), BoxError> {
        into.merge(self.states)?;
        match self.to {
            Destination::Sink(writer, _) => into.staged.extend(writer.finish()?),
            Destination::Own(part) => {
                let OwnPart { path, writer: Some(writer), rows, .. } = *part else { return Ok(()) };
                writer.close()?;
                if rows > 0 {
                    into.own.push(path);
                }
            }
        }
        Ok(())
    }
}

/// The rows of each source file, the first `columns` of them: a file for the rest is in `files`.
fn by_file(batch: &RecordBatch, files: &ArrayRef, columns: usize) -> Result<Vec<(u32, RecordBatch)>, BoxError> {
    let files = files.as_primitive_opt::<UInt32Type>().ok_or("rows without their files")?;
    let data = batch.project(&(0..columns).collect::<Vec<_>>())?;
    // A scan's batch is of one file, as a rule.
    if let Some(first) = files.values().first().filter(|first| files.values().iter().all(|f| f == *first)) {
        return Ok(vec![(*first, data)]);
    }
    let distinct: BTreeSet<u32> = files.values().iter().copied().collect();
    let of = |file: u32| -> Result<_, BoxError> {
        let mask: BooleanArray = files.values().iter().map(|f| Some(*f == file)).collect();
        Ok((file, filter_record_batch(&data, &mask)?))
    };
    distinct.into_iter().map(of).collect()
}

impl OwnPart {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), BoxError> {
        self.rows += batch.num_rows() as u64;
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => {
                if let Some(dir) = self.path.parent() {
                    std::fs::create_dir_all(dir)?;
                }
                // Read once or twice and thrown away: what is saved on disk would cost more to make.
                let properties = WriterProperties::builder()
                    .set_compression(Compression::UNCOMPRESSED)
                    .set_statistics_enabled(EnabledStatistics::Chunk)
                    .set_dictionary_enabled(false)
                    .set_max_row_group_row_count(Some(128 << 10))
                    .build();
                let file = File::create(&self.path)?;
                none.insert(ArrowWriter::try_new(file, Arc::clone(&self.schema), Some(properties))?)
            }
        };
        Ok(writer.write(batch)?)
    }
}

/// Staged rows as a table: Parquet of our own, or of a load.
///
/// # Errors
/// The files cannot be read.
pub async fn provider(
    engine: &Engine<'_>,
    rows: &Finished,
    schema: &SchemaRef,
) -> Result<Arc<dyn TableProvider>, Stopped> {
    let staged = rows.staged.iter().filter(|f| f.rows > 0).map(|f| &f.staged);
    let paths: Vec<String> = staged.chain(&rows.own).map(|p| p.to_string_lossy().into_owned()).collect();
    parquet(engine, paths, schema).await
}

/// Parquet files as a table with these columns; no files, no rows.
///
/// # Errors
/// A file cannot be read.
pub async fn parquet(
    engine: &Engine<'_>,
    paths: Vec<String>,
    schema: &SchemaRef,
) -> Result<Arc<dyn TableProvider>, Stopped> {
    if paths.is_empty() {
        let none = MemTable::try_new(Arc::clone(schema), vec![Vec::new()])?;
        return Ok(Arc::new(none));
    }
    let options = ParquetReadOptions::default().schema(schema).file_extension("");
    Ok(engine.session.read_parquet(paths, options).await?.into_view())
}
