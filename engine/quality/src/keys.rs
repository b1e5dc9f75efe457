//! Keys of set rules, as hashes: `unique` is proven without holding the keys, `references` looks up what is known.
//!
//! 64-bit hashes of every key go into radix buckets that spill to disk; a bucket with no equal hashes has no equal keys.
//! Equal hashes are only candidates: whoever asks compares the keys themselves.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::common::Result;
use datafusion::common::hash_utils::{RandomState, create_hashes};
use datafusion::physical_expr::PhysicalExpr;

use crate::judge::{is_true, non_null};

/// A 128-bit hash of a key.
pub type Wide = (u64, u64);

const BUCKETS: usize = 64;
const SEEDS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03];

/// The columns of a key.
#[derive(Clone, Debug)]
pub struct KeyPlan {
    /// Its place among the table's rules.
    pub rule: u16,
    /// What is compared.
    pub columns: Vec<Arc<dyn PhysicalExpr>>,
    /// The rows judged; `None`: all.
    pub judged: Option<Arc<dyn PhysicalExpr>>,
}

/// A 64-bit hash of each row's key, and which rows have one: a key with a NULL in it is never compared.
///
/// # Errors
/// An expression fails while running.
pub fn key_hashes(key: &KeyPlan, batch: &RecordBatch) -> Result<(Vec<u64>, BooleanBuffer)> {
    let (arrays, mut keyed) = evaluate(key, batch)?;
    let mut hashes = vec![0; batch.num_rows()];
    create_hashes(&arrays, &RandomState::with_seed(SEEDS[0]), &mut hashes)?;
    if let Some(filter) = &key.judged {
        keyed = &keyed & &is_true(filter, batch)?;
    }
    Ok((hashes, keyed))
}

/// As [`key_hashes`], 128 bits.
pub(crate) fn wide_hashes(key: &KeyPlan, batch: &RecordBatch) -> Result<(Vec<Wide>, BooleanBuffer)> {
    let (arrays, keyed) = evaluate(key, batch)?;
    let [mut low, mut high] = [vec![0; batch.num_rows()], vec![0; batch.num_rows()]];
    create_hashes(&arrays, &RandomState::with_seed(SEEDS[0]), &mut low)?;
    create_hashes(&arrays, &RandomState::with_seed(SEEDS[1]), &mut high)?;
    Ok((low.into_iter().zip(high).collect(), keyed))
}

impl KeyPlan {
    /// Adds the 128-bit hashes of a batch's keys, for a [`crate::Membership`].
    ///
    /// # Errors
    /// An expression fails while running.
    pub fn collect_into(&self, batch: &RecordBatch, known: &mut std::collections::HashSet<Wide>) -> Result<()> {
        let (hashes, keyed) = wide_hashes(self, batch)?;
        known.extend(hashes.into_iter().enumerate().filter(|(i, _)| keyed.value(*i)).map(|(_, h)| h));
        Ok(())
    }
}

fn evaluate(key: &KeyPlan, batch: &RecordBatch) -> Result<(Vec<datafusion::arrow::array::ArrayRef>, BooleanBuffer)> {
    let mut keyed = BooleanBuffer::new_set(batch.num_rows());
    let mut arrays = Vec::with_capacity(key.columns.len());
    for column in &key.columns {
        let array = column.evaluate(batch)?.into_array(batch.num_rows())?;
        if array.logical_null_count() > 0 {
            keyed = &keyed & &non_null(array.as_ref());
        }
        arrays.push(array);
    }
    Ok((arrays, keyed))
}

/// The key hashes of the rows one thread has seen.
#[derive(Debug)]
pub struct KeyHashes {
    buckets: Vec<Vec<u64>>,
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

impl KeyHashes {
    /// An empty collection that holds at most `limit` hashes (8 bytes each) in memory and spills into `dir`.
    pub fn new(limit: usize, dir: &Path) -> Self {
        Self { buckets: vec![Vec::new(); BUCKETS], held: 0, limit: limit.max(1), dir: dir.to_owned(), spill: None }
    }

    /// Adds the hashes of the rows that have a key.
    ///
    /// # Errors
    /// The spill file cannot be written.
    pub fn extend(&mut self, hashes: &[u64], keyed: &BooleanBuffer) -> std::io::Result<()> {
        for i in keyed.set_indices() {
            let Some(hash) = hashes.get(i).copied() else { continue };
            if let Some(bucket) = self.buckets.get_mut(bucket_of(hash)) {
                bucket.push(hash);
                self.held += 1;
            }
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
            *count = bucket.len();
            for hash in bucket.drain(..) {
                out.write_all(&hash.to_le_bytes())?;
            }
        }
        out.flush()?;
        drop(out);
        spill.runs.push(run);
        self.held = 0;
        Ok(())
    }

    fn bucket(&mut self, index: usize, into: &mut Vec<u64>) -> std::io::Result<()> {
        if let Some(bucket) = self.buckets.get_mut(index) {
            into.append(bucket);
        }
        let Some(spill) = &mut self.spill else { return Ok(()) };
        let mut at = 0u64;
        for run in &spill.runs {
            let before: usize = run.iter().take(index).sum();
            let count = run.get(index).copied().unwrap_or(0);
            let mut bytes = vec![0; count * 8];
            spill.file.seek(SeekFrom::Start(at + before as u64 * 8))?;
            spill.file.read_exact(&mut bytes)?;
            into.extend(bytes.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b)));
            at += run.iter().sum::<usize>() as u64 * 8;
        }
        Ok(())
    }

    /// The hashes that occur more than once in all of `new` together, or in `new` and in `old`. Consumes what is held; memory is one bucket at a time, and the answer. The answer is cut at `most` hashes: more than that is a table of duplicates, which whoever asks must look at otherwise.
    ///
    /// # Errors
    /// A spill file cannot be read.
    pub fn repeated(mut new: Vec<KeyHashes>, mut old: Vec<KeyHashes>, most: usize) -> std::io::Result<BTreeSet<u64>> {
        let mut found = BTreeSet::new();
        for index in 0..BUCKETS {
            let (mut fresh, mut known) = (Vec::new(), Vec::new());
            for part in &mut new {
                part.bucket(index, &mut fresh)?;
            }
            for part in &mut old {
                part.bucket(index, &mut known)?;
            }
            fresh.sort_unstable();
            known.sort_unstable();
            found.extend(fresh.array_windows::<2>().filter(|[a, b]| a == b).map(|[a, _]| *a));
            if !known.is_empty() {
                found.extend(fresh.iter().filter(|h| known.binary_search(h).is_ok()).copied());
            }
            if found.len() > most {
                break;
            }
        }
        Ok(found)
    }
}

/// The top bits choose the bucket, the others the order inside it.
fn bucket_of(hash: u64) -> usize {
    (hash >> (64 - BUCKETS.trailing_zeros())) as usize
}

/// A file that is gone when it is closed, whatever happens to the process.
fn anonymous_file(dir: &Path) -> std::io::Result<File> {
    std::fs::create_dir_all(dir)?;
    let path = dir.join(format!("keys-{}-{:x}", std::process::id(), unique()));
    let file = File::options().create_new(true).read(true).write(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

fn unique() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_hashes_are_found_across_threads_spills_and_what_is_committed() {
        let dir = tempfile::tempdir().unwrap();
        let fill = |range: std::ops::Range<u64>, limit| {
            let mut keys = KeyHashes::new(limit, dir.path());
            for chunk in range.collect::<Vec<_>>().chunks(10) {
                let hashes: Vec<u64> = chunk.iter().map(|n| n.wrapping_mul(SEEDS[0])).collect();
                keys.extend(&hashes, &BooleanBuffer::new_set(hashes.len())).unwrap();
            }
            keys
        };
        let hash = |n: u64| n.wrapping_mul(SEEDS[0]);
        let none = KeyHashes::repeated(vec![fill(0..500, 64), fill(500..1000, 7)], vec![fill(1000..1100, 64)], 100);
        assert!(none.unwrap().is_empty());
        let some = KeyHashes::repeated(vec![fill(0..500, 64), fill(499..1000, 7)], vec![fill(998..1100, 9)], 100);
        assert_eq!(some.unwrap(), BTreeSet::from([hash(499), hash(998), hash(999)]));
    }
}
