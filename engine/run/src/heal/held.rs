//! Batches that are kept for later: in memory up to a limit, beyond it each in a file of its own.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::ipc::writer::StreamWriter;

/// Keeps batches.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    limit: usize,
    used: Arc<AtomicUsize>,
    files: AtomicU64,
}

/// A kept batch. It is let go with its last copy: its memory, or its file.
#[derive(Clone, Debug)]
pub struct Held(Arc<Kept>);

#[derive(Debug)]
enum Kept {
    Memory { batch: RecordBatch, bytes: usize, used: Arc<AtomicUsize> },
    File { path: PathBuf },
}

impl Store {
    /// Keeps nothing yet; at most about `limit` bytes in memory, the others in files in `dir`.
    pub fn new(dir: &Path, limit: usize) -> Self {
        Self { dir: dir.to_owned(), limit, used: Arc::default(), files: AtomicU64::new(0) }
    }

    /// Keeps a batch.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep(&self, batch: &RecordBatch) -> Result<Held, ArrowError> {
        // What a filter left must not hold, or write, all that was there before it.
        let batch = pipe_quality::compacted(batch)?;
        let bytes = batch.get_array_memory_size();
        if self.used.load(Ordering::Relaxed) + bytes <= self.limit {
            self.used.fetch_add(bytes, Ordering::Relaxed);
            return Ok(Held(Arc::new(Kept::Memory { batch, bytes, used: Arc::clone(&self.used) })));
        }
        std::fs::create_dir_all(&self.dir)?;
        let path = self.dir.join(format!("{}.arrow", self.files.fetch_add(1, Ordering::Relaxed)));
        // From here on whatever is at the path is deleted with its owner, half-written files too.
        let held = Held(Arc::new(Kept::File { path: path.clone() }));
        let mut writer = StreamWriter::try_new_buffered(File::create(&path)?, batch.schema_ref())?;
        writer.write(&batch)?;
        writer.finish()?;
        writer.into_inner()?.into_inner().map_err(|e| e.into_error())?;
        Ok(held)
    }
}

impl Held {
    /// The batch.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn load(&self) -> Result<RecordBatch, ArrowError> {
        match &*self.0 {
            Kept::Memory { batch, .. } => Ok(batch.clone()),
            Kept::File { path } => {
                let mut reader = StreamReader::try_new(BufReader::new(File::open(path)?), None)?;
                let batch = reader.next().transpose()?;
                batch.ok_or_else(|| ArrowError::IpcError(format!("`{}` has no rows", path.display())))
            }
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        match self {
            Kept::Memory { bytes, used, .. } => _ = used.fetch_sub(*bytes, Ordering::Relaxed),
            Kept::File { path } => _ = std::fs::remove_file(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{ArrayRef, StringViewArray};

    use super::*;

    fn texts(text: &str) -> RecordBatch {
        let column: ArrayRef = Arc::new(StringViewArray::from(vec![Some(text), None]));
        pipe_quality::compacted(&RecordBatch::try_from_iter([("text", column)]).unwrap()).unwrap()
    }

    #[test]
    fn what_exceeds_the_limit_is_in_files_that_go_with_their_owner() {
        let dir = tempfile::tempdir().unwrap();
        let one = texts("a text of more than twelve bytes");
        let store = Store::new(dir.path(), one.get_array_memory_size() * 3 / 2);
        let files = || std::fs::read_dir(dir.path()).unwrap().count();
        let memory = store.keep(&one).unwrap();
        assert_eq!((memory.load().unwrap(), files()), (one.clone(), 0));
        let file = store.keep(&one).unwrap();
        let copy = file.clone();
        drop(file);
        assert_eq!((copy.load().unwrap(), files()), (one.clone(), 1));
        drop((copy, memory));
        assert_eq!(files(), 0);
        assert_eq!(store.keep(&one).unwrap().load().unwrap(), one);
        assert_eq!(files(), 0, "the memory of the first is free again");
    }
}
