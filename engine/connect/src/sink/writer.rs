//! The writer of one thread.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::file::OpenFile;
use super::partition::Partitioner;
use super::spec::Format;
use super::{SinkError, SinkSpec, Target, names};

/// Files a writer keeps open; beyond that the one not written to for longest is completed.
const MAX_OPEN: usize = 32;

/// Bytes of rows that the open files of a writer keep in memory; beyond that the largest ends its row group.
const MAX_MEMORY: usize = 128 << 20;

/// A complete file that waits for its publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedFile {
    /// Where it is.
    pub staged: PathBuf,
    /// Where it belongs. For a part of a target of one file: that file; [`super::assemble`] makes the parts one.
    pub target: PathBuf,
    /// Rows in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// Whether it may take the place of a file that is there. `false` until [`super::assemble`] knows.
    pub replace: bool,
    /// Of the source files [`StagedWriter::write_of`] was told of, the one whose rows these are, by index.
    pub source: Option<u32>,
}

/// Writes rows into staged files. One a thread; nothing is shared, so the rows of a partition lie in a file for each writer.
/// Dropped without [`StagedWriter::finish`] it deletes what it wrote.
pub struct StagedWriter {
    format: Format,
    schema: SchemaRef,
    target: Target,
    staging: PathBuf,
    extension: String,
    batch_id: String,
    index: usize,
    header: bool,
    partitions: Partitioner,
    open: BTreeMap<Slot, Open>,
    /// Files begun, by partition.
    begun: HashMap<usize, usize>,
    written: Vec<StagedFile>,
    tick: u64,
    limits: Limits,
}

/// What a file holds: rows of one source file, or of any; of one partition.
type Slot = (Option<u32>, usize);

struct Open {
    file: OpenFile,
    staged: PathBuf,
    target: PathBuf,
    used: u64,
}

/// Bounds on what is open; tests make them small.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) files: usize,
    pub(super) memory: usize,
}

impl StagedWriter {
    /// A writer into a folder of [`super::staging_dir`], written down with the state store before. `writer_index` counts from 0 within the batch.
    ///
    /// # Errors
    /// When a key, a column's type or a partition field does not fit, before anything is written.
    pub fn new(spec: &SinkSpec, staging_dir: &Path, writer_index: usize) -> Result<StagedWriter, SinkError> {
        let limits = Limits { files: MAX_OPEN, memory: MAX_MEMORY };
        StagedWriter::with_limits(spec, staging_dir, writer_index, limits)
    }

    pub(super) fn with_limits(
        spec: &SinkSpec,
        staging_dir: &Path,
        writer_index: usize,
        limits: Limits,
    ) -> Result<StagedWriter, SinkError> {
        let format = Format::of(spec)?;
        let partitions = Partitioner::new(spec.config.partition("partition"), &spec.schema)?;
        let is_file = matches!(spec.target, Target::File(_));
        let mut writer = StagedWriter {
            extension: format.extension(&spec.connector),
            format,
            schema: spec.schema.clone(),
            target: spec.target.clone(),
            staging: staging_dir.to_owned(),
            batch_id: spec.batch_id.clone(),
            index: writer_index,
            // Of the parts of one file the first has the header, unless what they are appended to has one.
            header: !is_file || (writer_index == 0 && spec.base.is_none()),
            partitions,
            open: BTreeMap::new(),
            begun: HashMap::new(),
            written: Vec::new(),
            tick: 0,
            limits,
        };
        // One file is wanted even when no row comes: with its columns.
        if is_file && writer_index == 0 {
            writer.open((None, 0))?;
        }
        Ok(writer)
    }

    /// Writes rows. Their columns are those of the spec.
    ///
    /// # Errors
    /// [`SinkError::Rows`] for other columns; else what the file system says, and then the writer is of no more use.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), SinkError> {
        self.write_of(None, batch)
    }

    /// Writes rows of one source file, by its index, into files that hold no others: so they can be replaced when it changes.
    /// A target of one file holds the rows of all.
    ///
    /// # Errors
    /// As [`StagedWriter::write`].
    pub fn write_of(&mut self, source: Option<u32>, batch: &RecordBatch) -> Result<(), SinkError> {
        let batch = self.conform(batch)?;
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let source = source.filter(|_| matches!(self.target, Target::Folder(_)));
        for (partition, rows) in self.partitions.split(&batch)? {
            let slot = (source, partition);
            self.open(slot)?;
            self.tick += 1;
            if let Some(open) = self.open.get_mut(&slot) {
                open.used = self.tick;
                open.file.write(&rows)?;
            }
        }
        self.relieve()
    }

    /// Completes all files: flushed to disk, ready to be published. No row, no file, but for a target of one file.
    pub fn finish(mut self) -> Result<Vec<StagedFile>, SinkError> {
        while let Some((&slot, _)) = self.open.first_key_value() {
            self.close(slot)?;
        }
        let mut files = std::mem::take(&mut self.written);
        files.sort_by(|a, b| a.staged.cmp(&b.staged));
        Ok(files)
    }

    /// Deletes what was written.
    pub fn abort(self) {
        drop(self);
    }

    /// The batch under the sink's own schema, which may be looser about NULLs.
    fn conform(&self, batch: &RecordBatch) -> Result<RecordBatch, SinkError> {
        let given = batch.schema_ref();
        let mut pairs = given.fields().iter().zip(self.schema.fields());
        if given.fields().len() != self.schema.fields().len() || pairs.any(|(a, b)| a.name() != b.name()) {
            let names = |s: &SchemaRef| s.fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>().join(", ");
            return Err(SinkError::Rows(format!("{} instead of {}", names(given), names(&self.schema))));
        }
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(self.schema.clone(), batch.columns().to_vec(), &options)
            .map_err(|e| SinkError::Rows(e.to_string()))
    }

    fn open(&mut self, slot: Slot) -> Result<(), SinkError> {
        if self.open.contains_key(&slot) {
            return Ok(());
        }
        let (_, partition) = slot;
        if self.open.len() >= self.limits.files
            && let Some(oldest) = self.open.iter().min_by_key(|(_, o)| o.used).map(|(p, _)| *p)
        {
            self.close(oldest)?;
        }
        let again = self.begun.entry(partition).or_insert(0);
        let name = names::part(&self.batch_id, self.index, *again, &self.extension);
        *again += 1;
        let folder = self.partitions.folder(partition);
        let staged = self.staging.join(folder).join(&name);
        let target = match &self.target {
            Target::File(path) => path.clone(),
            Target::Folder(path) => path.join(folder).join(&name),
        };
        let file = OpenFile::create(&self.format, &self.schema, staged.clone(), self.header)?;
        self.open.insert(slot, Open { file, staged, target, used: self.tick });
        Ok(())
    }

    fn close(&mut self, slot: Slot) -> Result<(), SinkError> {
        let Some(Open { file, staged, target, .. }) = self.open.remove(&slot) else { return Ok(()) };
        // Known before it is complete, so that it is deleted if that fails.
        self.written.push(StagedFile { staged, target, rows: 0, bytes: 0, replace: false, source: slot.0 });
        let (rows, bytes) = file.finish()?;
        if let Some(last) = self.written.last_mut() {
            (last.rows, last.bytes) = (rows, bytes);
        }
        Ok(())
    }

    fn relieve(&mut self) -> Result<(), SinkError> {
        let total: usize = self.open.values().map(|o| o.file.memory()).sum();
        if total > self.limits.memory
            && let Some(largest) = self.open.values_mut().max_by_key(|o| o.file.memory())
        {
            largest.file.relieve()?;
        }
        Ok(())
    }
}

impl Drop for StagedWriter {
    fn drop(&mut self) {
        // Left behind they would be deleted by the next command; this is only sooner.
        for path in self.open.values().map(|o| &o.staged).chain(self.written.iter().map(|f| &f.staged)) {
            let _ = fs::remove_file(path);
        }
    }
}
