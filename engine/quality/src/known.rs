//! The keys another table has, for `references`: in memory while they are few, else sorted in a file and looked up there.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::buffer::{BooleanBuffer, MutableBuffer};
use datafusion::arrow::util::bit_util::set_bit;

use crate::StageError;
use crate::buckets::{BUCKETS, Buckets, Hash, anonymous_file};
use crate::keys::{KeyPlan, wide_hashes};

/// Hashes in a page of the file: 4 KiB.
const PAGE: usize = 256;

/// Collects the keys of a table.
#[derive(Debug)]
pub struct KnownKeys {
    buckets: Buckets<u128>,
    dir: PathBuf,
}

impl KnownKeys {
    /// None yet; at most `limit` are held in memory, beyond that all go to a file in `dir`.
    pub fn new(limit: usize, dir: &Path) -> Self {
        Self { buckets: Buckets::new(limit, dir), dir: dir.to_owned() }
    }

    /// Adds the keys of a batch.
    ///
    /// # Errors
    /// An expression fails while running; the file cannot be written.
    pub fn add(&mut self, key: &KeyPlan, batch: &RecordBatch) -> Result<(), StageError> {
        let (hashes, keyed) = wide_hashes(key, batch)?;
        let keyed = hashes.into_iter().enumerate().filter(|(i, _)| keyed.value(*i)).map(|(_, hash)| hash);
        Ok(self.buckets.extend(keyed)?)
    }

    /// All have been added.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn finish(mut self) -> std::io::Result<Known> {
        if !self.buckets.spilled() {
            let mut all = HashSet::new();
            for index in 0..BUCKETS {
                let mut bucket = Vec::new();
                self.buckets.take(index, &mut bucket)?;
                all.extend(bucket);
            }
            return Ok(Known::Memory(all));
        }
        let mut out = BufWriter::with_capacity(1 << 20, anonymous_file(&self.dir)?);
        let (mut firsts, mut count) = (Vec::new(), 0usize);
        let mut bucket = Vec::new();
        for index in 0..BUCKETS {
            bucket.clear();
            self.buckets.take(index, &mut bucket)?;
            bucket.sort_unstable();
            bucket.dedup();
            for hash in &bucket {
                if count.is_multiple_of(PAGE) {
                    firsts.push(hash.top());
                }
                out.write_all(hash.to_bytes().as_ref())?;
                count += 1;
            }
        }
        let file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        Ok(Known::Disk(Mutex::new(file), firsts))
    }
}

/// Keys that exist. Held as 128-bit hashes: for 10⁹ keys the chance that an orphan passes for known is below 10⁻²⁰.
#[derive(Debug)]
pub enum Known {
    /// All of them.
    Memory(HashSet<u128>),
    /// A sorted file, and the top half of the first hash of each page.
    Disk(Mutex<File>, Vec<u64>),
}

impl Known {
    /// Of the hashes that `asked` says, those that are not known.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn unknown(&self, hashes: &[u128], asked: &BooleanBuffer) -> std::io::Result<BooleanBuffer> {
        match self {
            Known::Memory(all) => Ok(BooleanBuffer::collect_bool(hashes.len(), |i| {
                asked.value(i) && hashes.get(i).is_some_and(|h| !all.contains(h))
            })),
            Known::Disk(file, firsts) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                let mut unknown = MutableBuffer::from_len_zeroed(hashes.len().div_ceil(8));
                // In the order of the file each page is read once for a batch.
                let mut sorted: Vec<(u128, usize)> =
                    hashes.iter().copied().zip(0..).filter(|(_, i)| asked.value(*i)).collect();
                sorted.sort_unstable();
                let mut page = Page::default();
                for (hash, row) in sorted {
                    if !page.find(&mut file, firsts, hash)? {
                        set_bit(&mut unknown, row);
                    }
                }
                Ok(BooleanBuffer::new(unknown.into(), 0, hashes.len()))
            }
        }
    }
}

/// The page read last.
#[derive(Default)]
struct Page {
    number: Option<usize>,
    hashes: Vec<u128>,
}

impl Page {
    /// Whether a hash is in the file.
    fn find(&mut self, file: &mut File, firsts: &[u64], hash: u128) -> std::io::Result<bool> {
        // Hashes with equal top halves may begin on one page and go on on the next, however unlikely that is.
        let after = firsts.partition_point(|first| *first <= hash.top());
        let begin = firsts.partition_point(|first| *first < hash.top()).saturating_sub(1);
        for number in begin..after {
            if self.number != Some(number) {
                let mut bytes = Vec::with_capacity(PAGE * 16);
                file.seek(SeekFrom::Start((number * PAGE * 16) as u64))?;
                Read::take(&mut *file, (PAGE * 16) as u64).read_to_end(&mut bytes)?;
                self.hashes.clear();
                self.hashes.extend(u128::of_bytes(&bytes));
                self.number = Some(number);
            }
            if self.hashes.binary_search(&hash).is_ok() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(hashes: &[u128], limit: usize, dir: &Path) -> Known {
        let mut keys = KnownKeys::new(limit, dir);
        for chunk in hashes.chunks(100) {
            keys.buckets.extend(chunk.iter().copied()).unwrap();
        }
        keys.finish().unwrap()
    }

    #[test]
    fn keys_on_disk_are_those_in_memory() {
        let dir = tempfile::tempdir().unwrap();
        let mix = |n: u128| n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let mut there: Vec<u128> = (0..5000).map(mix).collect();
        // Some with equal top halves, more than a page of them, and each twice.
        there.extend((0..600u128).map(|n| (7 << 64) | n));
        there.extend(there.clone());
        let asked: Vec<u128> = (0..9000).map(mix).chain((0..900u128).map(|n| (7 << 64) | n)).collect();
        let mut judged = BooleanBuffer::collect_bool(asked.len(), |i| i % 3 != 0);
        for _ in 0..2 {
            let [memory, disk] = [usize::MAX, 500].map(|limit| known(&there, limit, dir.path()));
            assert!(matches!((&memory, &disk), (Known::Memory(_), Known::Disk(..))));
            let found = disk.unknown(&asked, &judged).unwrap();
            assert_eq!(found, memory.unknown(&asked, &judged).unwrap());
            let set: HashSet<u128> = there.iter().copied().collect();
            assert_eq!(
                found,
                BooleanBuffer::collect_bool(asked.len(), |i| judged.value(i) && !set.contains(&asked[i]))
            );
            judged = BooleanBuffer::new_set(asked.len());
        }
        assert!(std::fs::read_dir(dir.path()).unwrap().next().is_none(), "a spill file has no name");
    }

    #[test]
    fn no_keys_are_known_of_an_empty_table() {
        let dir = tempfile::tempdir().unwrap();
        let none = known(&[], 1, dir.path());
        assert_eq!(none.unknown(&[1, 2], &BooleanBuffer::new_set(2)).unwrap().count_set_bits(), 2);
    }
}
