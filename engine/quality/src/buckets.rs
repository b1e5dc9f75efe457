//! Hashes in radix buckets, in memory up to a limit and in a temporary file beyond it.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// How many buckets there are; each fits in memory alone.
pub(crate) const BUCKETS: usize = 64;

/// A hash that can be spilled.
pub(crate) trait Hash: Copy + Ord {
    /// Its bytes.
    type Bytes: AsRef<[u8]>;
    /// What decides its bucket.
    fn top(self) -> u64;
    fn to_bytes(self) -> Self::Bytes;
    /// The hashes that whole groups of bytes stand for.
    fn of_bytes(bytes: &[u8]) -> impl Iterator<Item = Self>;
}

impl Hash for u64 {
    type Bytes = [u8; 8];

    fn top(self) -> u64 {
        self
    }

    fn to_bytes(self) -> [u8; 8] {
        self.to_le_bytes()
    }

    fn of_bytes(bytes: &[u8]) -> impl Iterator<Item = Self> {
        bytes.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b))
    }
}

impl Hash for u128 {
    type Bytes = [u8; 16];

    fn top(self) -> u64 {
        (self >> 64) as u64
    }

    fn to_bytes(self) -> [u8; 16] {
        self.to_le_bytes()
    }

    fn of_bytes(bytes: &[u8]) -> impl Iterator<Item = Self> {
        bytes.as_chunks::<16>().0.iter().map(|b| u128::from_le_bytes(*b))
    }
}

/// Hashes of a piece of a bucket: a bucket that grows is not copied.
const PIECE: usize = 4096;

/// Hashes by bucket. The buckets are in the order of the hashes.
#[derive(Debug)]
pub(crate) struct Buckets<H> {
    /// Each in pieces.
    buckets: Vec<Vec<Vec<H>>>,
    held: usize,
    limit: usize,
    dir: PathBuf,
    spill: Option<Spill>,
}

/// A temporary file of runs; each run has the buckets one after another.
#[derive(Debug)]
struct Spill {
    file: File,
    runs: Vec<[usize; BUCKETS]>,
}

impl<H: Hash> Buckets<H> {
    /// An empty collection that holds at most `limit` hashes in memory and spills into `dir`.
    pub(crate) fn new(limit: usize, dir: &Path) -> Self {
        Self { buckets: vec![Vec::new(); BUCKETS], held: 0, limit: limit.max(1), dir: dir.to_owned(), spill: None }
    }

    /// Adds hashes.
    ///
    /// # Errors
    /// The spill file cannot be written.
    pub(crate) fn extend(&mut self, hashes: impl Iterator<Item = H>) -> std::io::Result<()> {
        for hash in hashes {
            // The top bits choose the bucket.
            let bucket = (hash.top() >> (64 - BUCKETS.trailing_zeros())) as usize;
            let Some(bucket) = self.buckets.get_mut(bucket) else { continue };
            match bucket.last_mut().filter(|piece| piece.len() < PIECE) {
                Some(piece) => piece.push(hash),
                None => {
                    // The first piece is small: most tables are.
                    let mut piece = Vec::with_capacity(if bucket.is_empty() { 16 } else { PIECE });
                    piece.push(hash);
                    bucket.push(piece);
                }
            }
            self.held += 1;
        }
        if self.held >= self.limit { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let spill = match &mut self.spill {
            Some(spill) => spill,
            none => none.insert(Spill { file: anonymous_file(&self.dir)?, runs: Vec::new() }),
        };
        let mut run = [0; BUCKETS];
        let mut out = BufWriter::with_capacity(1 << 20, &spill.file);
        for (count, bucket) in run.iter_mut().zip(&mut self.buckets) {
            *count = bucket.iter().map(Vec::len).sum();
            for hash in bucket.drain(..).flatten() {
                out.write_all(hash.to_bytes().as_ref())?;
            }
        }
        out.flush()?;
        drop(out);
        spill.runs.push(run);
        self.held = 0;
        Ok(())
    }

    /// Whether some of the hashes are on disk.
    pub(crate) fn spilled(&self) -> bool {
        self.spill.is_some()
    }

    /// How many hashes each bucket has in memory.
    pub(crate) fn held(&self) -> [usize; BUCKETS] {
        let mut held = [0; BUCKETS];
        for (count, bucket) in held.iter_mut().zip(&self.buckets) {
            // All pieces but the last are full.
            *count = bucket.len().saturating_sub(1) * PIECE + bucket.last().map_or(0, Vec::len);
        }
        held
    }

    /// The hashes that a bucket has in memory, in the order they were added.
    pub(crate) fn of_bucket(&self, index: usize) -> impl Iterator<Item = H> + '_ {
        self.buckets.get(index).into_iter().flatten().flatten().copied()
    }

    /// Adds the hashes of a bucket to `into`; it is taken out, as far as it is in memory.
    ///
    /// # Errors
    /// The spill file cannot be read.
    pub(crate) fn take(&mut self, index: usize, into: &mut Vec<H>) -> std::io::Result<()> {
        self.read(index, into)?;
        if let Some(bucket) = self.buckets.get_mut(index) {
            bucket.clear();
        }
        Ok(())
    }

    /// Adds the hashes of a bucket to `into`.
    ///
    /// # Errors
    /// The spill file cannot be read.
    pub(crate) fn read(&mut self, index: usize, into: &mut Vec<H>) -> std::io::Result<()> {
        for piece in self.buckets.get(index).into_iter().flatten() {
            into.extend_from_slice(piece);
        }
        let Some(spill) = &mut self.spill else { return Ok(()) };
        let size = size_of::<H::Bytes>();
        let mut at = 0u64;
        let mut bytes = Vec::new();
        for run in &spill.runs {
            let before: usize = run.iter().take(index).sum();
            let count = run.get(index).copied().unwrap_or(0);
            bytes.resize(count * size, 0);
            spill.file.seek(SeekFrom::Start(at + (before * size) as u64))?;
            spill.file.read_exact(&mut bytes)?;
            into.extend(H::of_bytes(&bytes));
            at += (run.iter().sum::<usize>() * size) as u64;
        }
        Ok(())
    }
}

/// A file that is gone when it is closed, whatever happens to the process.
pub(crate) fn anonymous_file(dir: &Path) -> std::io::Result<File> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    std::fs::create_dir_all(dir)?;
    let path = dir.join(format!("spill-{}-{:x}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    let file = File::options().create_new(true).read(true).write(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}
