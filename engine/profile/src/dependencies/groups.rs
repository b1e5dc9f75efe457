//! Columns with their values numbered, and the groups that one makes of another.

use std::collections::BTreeMap;

use crate::cells::{NULL_HASH, mixed};
use crate::sample::Sample;

/// Rows that a group must have for its most frequent value to count as one that is right somewhere.
const SOLID_GROUP: usize = 3;

/// A column of the sample with its values numbered.
#[derive(Clone, Debug)]
pub struct Codes {
    /// The place of the column; of several columns the first one's.
    pub place: usize,
    /// The number of each row's value, from 1; 0 for NULL.
    pub codes: Vec<u32>,
    /// How many values there are.
    pub distinct: usize,
}

impl Codes {
    /// A column of a sample.
    pub fn of(sample: &Sample, place: usize) -> Codes {
        let hashes = sample.rows().map(|row| row.hashes.get(place).copied().unwrap_or(NULL_HASH));
        Codes::numbered(place, hashes)
    }

    /// Two columns as one; NULL where one of them is.
    pub fn pair(first: &Codes, second: &Codes) -> Codes {
        let both = first.codes.iter().zip(&second.codes).map(|(a, b)| match (*a, *b) {
            (0, _) | (_, 0) => NULL_HASH,
            (a, b) => (u64::from(a) << 32) | u64::from(b),
        });
        Codes::numbered(first.place, both)
    }

    /// Numbers things in the order of their first occurrence.
    fn numbered(place: usize, hashes: impl Iterator<Item = u64>) -> Codes {
        let mut known: BTreeMap<u64, u32> = BTreeMap::new();
        let codes = hashes.map(|hash| {
            let next = u32::try_from(known.len() + 1).unwrap_or(u32::MAX);
            if hash == NULL_HASH { 0 } else { *known.entry(hash).or_insert(next) }
        });
        let codes = codes.collect();
        Codes { place, codes, distinct: known.len() }
    }

    /// The values in another order, which a fixed seed decides: Fisher and Yates over SplitMix64. Rows where `compared` is
    /// 0 keep theirs.
    pub fn shuffled(&self, compared: &[u32]) -> Vec<u32> {
        let places: Vec<usize> = compared.iter().enumerate().filter(|(_, l)| **l != 0).map(|(i, _)| i).collect();
        let mut shuffled = self.codes.clone();
        shuffle(&mut shuffled, &places);
        shuffled
    }

    /// The values in another order, but each still in a row of the same group.
    pub fn shuffled_within(&self, groups: &Codes) -> Codes {
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); groups.distinct + 1];
        for (row, group) in groups.codes.iter().enumerate() {
            if let Some(members) = members.get_mut(*group as usize) {
                members.push(row);
            }
        }
        let mut codes = self.codes.clone();
        members.iter().for_each(|places| shuffle(&mut codes, places));
        Codes { place: self.place, codes, distinct: self.distinct }
    }
}

fn shuffle(values: &mut [u32], places: &[usize]) {
    for (i, place) in places.iter().enumerate().skip(1) {
        let random = mixed(i as u64 ^ 0x5bf0_3635_dcf8_31e9) % (i as u64 + 1);
        if let Some(other) = usize::try_from(random).ok().and_then(|r| places.get(r)) {
            values.swap(*place, *other);
        }
    }
}

/// The rows of a group with one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The group.
    pub left: u32,
    /// The value.
    pub right: u32,
    /// How many rows.
    pub rows: usize,
}

/// The groups that one column makes, and what another one holds in them. Rows with NULL on the left are not compared; on the
/// right NULL is a value like any other.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    /// Rows compared.
    pub rows: usize,
    /// Those that differ from the most frequent value of their group.
    pub violations: usize,
    /// All combinations that occur, by group.
    pub cells: Vec<Cell>,
    /// The most frequent value of each group.
    majority: Vec<Option<u32>>,
    /// Rows of each group.
    sizes: Vec<usize>,
}

impl Groups {
    /// Of two columns: `left` makes the groups.
    pub fn of(left: &[u32], right: &[u32]) -> Groups {
        let compared = left.iter().zip(right).filter(|(l, _)| **l != 0);
        let mut rows: Vec<u64> = compared.map(|(l, r)| (u64::from(*l) << 32) | u64::from(*r)).collect();
        rows.sort_unstable();
        let groups = left.iter().max().map_or(0, |most| *most as usize + 1);
        let mut found = Groups { rows: rows.len(), ..Groups::default() };
        found.majority.resize(groups, None);
        found.sizes.resize(groups, 0);
        for group in rows.chunk_by(|a, b| a >> 32 == b >> 32) {
            let mut most: Option<Cell> = None;
            for same in group.chunk_by(|a, b| a == b) {
                let Some(pair) = same.first() else { continue };
                let [left, right] = [pair >> 32, pair & u64::from(u32::MAX)].map(|n| u32::try_from(n).unwrap_or(0));
                let cell = Cell { left, right, rows: same.len() };
                found.cells.push(cell);
                if most.is_none_or(|most| cell.rows > most.rows) {
                    most = Some(cell);
                }
            }
            let Some(most) = most else { continue };
            found.violations += group.len() - most.rows;
            if let Some(majority) = found.majority.get_mut(most.left as usize) {
                *majority = Some(most.right);
            }
            if let Some(size) = found.sizes.get_mut(most.left as usize) {
                *size = group.len();
            }
        }
        found
    }

    /// Of the rows compared, the share that differs from the most frequent value of its group.
    pub fn share(&self) -> f64 {
        self.violations as f64 / self.rows.max(1) as f64
    }

    /// The most frequent value of a group; of equally frequent ones the first.
    pub fn majority(&self, left: u32) -> Option<u32> {
        self.majority.get(left as usize).copied().flatten()
    }

    /// Rows of a group.
    pub fn size(&self, left: u32) -> usize {
        self.sizes.get(left as usize).copied().unwrap_or_default()
    }

    /// Whether a row is compared and differs from its group.
    pub fn violates(&self, left: u32, right: u32) -> bool {
        self.majority(left).is_some_and(|majority| majority != right)
    }

    /// The values that are right somewhere: more than half of a group of three rows or more has them. By number.
    pub fn solid(&self) -> Vec<bool> {
        let values = self.cells.iter().map(|cell| cell.right as usize + 1).max().unwrap_or_default();
        let mut solid = vec![false; values];
        for cell in self.cells.iter().filter(|cell| cell.right != 0) {
            let size = self.size(cell.left);
            if size >= SOLID_GROUP
                && cell.rows * 2 > size
                && let Some(is) = solid.get_mut(cell.right as usize)
            {
                *is = true;
            }
        }
        solid
    }
}
