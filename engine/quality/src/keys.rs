//! Keys of set rules, as hashes: `unique` is proven without holding the keys, `references` looks up what is known.
//!
//! 64-bit hashes of every key go into radix buckets that spill to disk; a bucket with no equal hashes has no equal keys.
//! Equal hashes are only candidates: whoever asks compares the keys themselves.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::common::Result;
use datafusion::common::hash_utils::{RandomState, create_hashes};
use datafusion::physical_expr::PhysicalExpr;

use crate::buckets::{BUCKETS, Buckets};
use crate::judge::{is_true, non_null};

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

impl KeyPlan {
    /// The rows that are judged and have a key.
    ///
    /// # Errors
    /// An expression fails while running.
    pub(crate) fn keyed(&self, batch: &RecordBatch) -> Result<BooleanBuffer> {
        let (_, keyed) = evaluate(self, batch)?;
        match &self.judged {
            Some(filter) => Ok(&keyed & &is_true(filter, batch)?),
            None => Ok(keyed),
        }
    }
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
pub(crate) fn wide_hashes(key: &KeyPlan, batch: &RecordBatch) -> Result<(Vec<u128>, BooleanBuffer)> {
    let (arrays, keyed) = evaluate(key, batch)?;
    let [mut low, mut high] = [vec![0; batch.num_rows()], vec![0; batch.num_rows()]];
    create_hashes(&arrays, &RandomState::with_seed(SEEDS[0]), &mut low)?;
    create_hashes(&arrays, &RandomState::with_seed(SEEDS[1]), &mut high)?;
    let wide = |(low, high): (u64, u64)| u128::from(high) << 64 | u128::from(low);
    Ok((low.into_iter().zip(high).map(wide).collect(), keyed))
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

/// Hashes to be found again among many: a bit of a table says of most others that they are none.
#[derive(Clone, Debug)]
pub struct Candidates {
    sorted: Vec<u64>,
    bits: Vec<u64>,
    shift: u32,
}

impl Candidates {
    /// These.
    pub fn new(hashes: BTreeSet<u64>) -> Self {
        // 64 bits for each, so that one in 64 of the others is looked up in vain.
        let words = hashes.len().next_power_of_two().max(64);
        let shift = 64 - (words * 64).trailing_zeros();
        let mut bits = vec![0u64; words];
        for hash in &hashes {
            let bit = hash >> shift;
            if let Some(word) = usize::try_from(bit / 64).ok().and_then(|w| bits.get_mut(w)) {
                *word |= 1 << (bit % 64);
            }
        }
        Self { sorted: hashes.into_iter().collect(), bits, shift }
    }

    /// Whether a hash is one of them.
    pub fn contains(&self, hash: u64) -> bool {
        let bit = hash >> self.shift;
        let word = usize::try_from(bit / 64).ok().and_then(|w| self.bits.get(w));
        word.is_some_and(|word| word >> (bit % 64) & 1 == 1) && self.sorted.binary_search(&hash).is_ok()
    }
}

/// The key hashes of the rows one thread has seen.
#[derive(Debug)]
pub struct KeyHashes {
    hashes: Buckets<u64>,
    marks: Vec<Mark>,
}

/// The hashes of a batch among those of a thread.
#[derive(Debug)]
struct Mark {
    /// File and row of the batch's first row.
    first: (u32, u64),
    /// How many hashes each bucket had before.
    before: [usize; BUCKETS],
}

impl KeyHashes {
    /// An empty collection that holds at most `limit` hashes (8 bytes each) in memory and spills into `dir`.
    pub fn new(limit: usize, dir: &Path) -> Self {
        Self { hashes: Buckets::new(limit, dir), marks: Vec::new() }
    }

    /// Adds the hashes of the rows that have a key.
    ///
    /// # Errors
    /// The spill file cannot be written.
    pub fn extend(&mut self, hashes: &[u64], keyed: &BooleanBuffer) -> std::io::Result<()> {
        self.hashes.extend(keyed.set_indices().filter_map(|i| hashes.get(i).copied()))
    }

    /// Says of which batch the hashes are that are added next: file and row of its first row.
    pub fn mark(&mut self, first: (u32, u64)) {
        self.marks.push(Mark { first, before: self.hashes.held() });
    }

    /// File and row of the first row of each batch that has one of these hashes; `None`: that is not known, because nothing was marked or
    /// some are on disk.
    pub fn batches_with(&self, candidates: &Candidates) -> Option<BTreeSet<(u32, u64)>> {
        if self.hashes.spilled() {
            return None;
        }
        let mut found = BTreeSet::new();
        for index in 0..BUCKETS {
            let hashes = self.hashes.of_bucket(index).enumerate();
            for (at, _) in hashes.filter(|(_, hash)| candidates.contains(*hash)) {
                let before = |mark: &Mark| mark.before.get(index).is_some_and(|before| *before <= at);
                found.insert(self.marks.get(self.marks.partition_point(before).checked_sub(1)?)?.first);
            }
        }
        Some(found)
    }

    /// The hashes that occur more than once in all of `new` together, or in `new` and in `old`. Memory is one bucket at a time, and the answer. The answer is cut at `most` hashes: more than that is a table of duplicates, which whoever asks must look at otherwise.
    ///
    /// # Errors
    /// A spill file cannot be read.
    pub fn repeated(new: &mut [KeyHashes], old: &mut [KeyHashes], most: usize) -> std::io::Result<BTreeSet<u64>> {
        let mut found = BTreeSet::new();
        let (mut fresh, mut known) = (Vec::new(), Vec::new());
        for index in 0..BUCKETS {
            fresh.clear();
            known.clear();
            for part in new.iter_mut() {
                part.hashes.read(index, &mut fresh)?;
            }
            for part in old.iter_mut() {
                part.hashes.read(index, &mut known)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_found_and_nothing_else() {
        let mix = |n: u64| n.wrapping_mul(SEEDS[0]);
        for count in [0, 1, 63, 64, 5000] {
            let there: BTreeSet<u64> = (0..count).map(mix).chain([0, u64::MAX]).collect();
            let found = Candidates::new(there.clone());
            for hash in (0..2 * count + 100).map(mix).chain([0, 1, u64::MAX, u64::MAX - 1]) {
                assert_eq!(found.contains(hash), there.contains(&hash), "{hash:x} of {count}");
            }
        }
    }

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
        let repeated = |mut new: Vec<KeyHashes>, mut old: Vec<KeyHashes>| KeyHashes::repeated(&mut new, &mut old, 100);
        let none = repeated(vec![fill(0..500, 64), fill(500..1000, 7)], vec![fill(1000..1100, 64)]);
        assert!(none.unwrap().is_empty());
        let some = repeated(vec![fill(0..500, 64), fill(499..1000, 7)], vec![fill(998..1100, 9)]);
        assert_eq!(some.unwrap(), BTreeSet::from([hash(499), hash(998), hash(999)]));
    }

    #[test]
    fn the_batches_of_hashes_are_known_until_they_are_spilled() {
        let dir = tempfile::tempdir().unwrap();
        let hash = |n: u64| n.wrapping_mul(SEEDS[0]);
        let marked = |limit| {
            let mut keys = KeyHashes::new(limit, dir.path());
            for batch in 0..100 {
                let hashes: Vec<u64> = (0..997).map(|i| hash(batch * 997 + i)).collect();
                keys.mark((u32::try_from(batch % 2).unwrap(), batch));
                keys.extend(&hashes, &BooleanBuffer::new_set(hashes.len())).unwrap();
            }
            keys
        };
        let some = Candidates::new([5, 7, 40 * 997, 41 * 997 - 1, 99 * 997 + 996].map(hash).into());
        assert_eq!(marked(1 << 20).batches_with(&some), Some(BTreeSet::from([(0, 0), (0, 40), (1, 99)])));
        assert_eq!(marked(50_000).batches_with(&some), None);
    }
}
