//! Functional dependencies of a sample, approximate ones too, with a guard against chance.

use std::collections::BTreeMap;

use crate::cells::{NULL_HASH, mixed};
use crate::sample::Sample;

/// Columns that are looked at alone.
const COLUMNS: usize = 60;
/// Columns that are looked at in pairs.
const PAIRED: usize = 24;
/// Of the rows compared, so many may differ from their group.
pub const VIOLATIONS: f64 = 0.05;
/// So much of what chance would violate must hold.
const LIFT: f64 = 0.8;
/// A pair must be better than its columns by this share of what they violate.
const BETTER: f64 = 0.9;
/// Rows that chance alone would make violate; with fewer there is no evidence.
const EVIDENCE: f64 = 10.0;
/// The share of them for a pair: there are many pairs, and those whose combinations hardly repeat decide everything.
const PAIR_EVIDENCE: f64 = 0.25;

/// A dependency that the sample shows.
#[derive(Clone, Debug, PartialEq)]
pub struct DependencyCandidate {
    /// Places of the columns that decide.
    pub columns: Vec<usize>,
    /// The place of the column that is decided.
    pub determines: usize,
    /// Of the rows compared, the share that differs from the most frequent value of its group: g3 of Kivinen and Mannila, "Approximate
    /// inference of functional dependencies from relations" (Theoretical Computer Science 149, 1995).
    pub violations: f64,
    /// The same share when the values are shuffled over the rows.
    pub chance: f64,
}

impl DependencyCandidate {
    /// How much of what chance would violate holds: 1 for an exact dependency, 0 for what chance explains. The measure that tells true
    /// dependencies best from false ones (as µ+; Parciak, Weytjens, Hens, Neven, Peeters and Vansummeren, "Measuring approximate functional
    /// dependencies: a comparative study", ICDE 2024).
    pub fn lift(&self) -> f64 {
        if self.chance > 0.0 { 1.0 - self.violations / self.chance } else { 0.0 }
    }
}

/// A column of the sample with its values numbered.
#[derive(Clone, Debug)]
struct Codes {
    place: usize,
    /// 0 for NULL.
    codes: Vec<u32>,
    distinct: usize,
}

/// The dependencies of a sample: single columns that decide another one, then pairs where neither column does alone. A row
/// counts once, however often it occurs. Not told are those that say nothing: of a column with one value, or by a column in which hardly any
/// value repeats.
pub fn dependencies(sample: &Sample, columns: usize) -> Vec<DependencyCandidate> {
    let all: Vec<Codes> = (0..columns.min(COLUMNS)).map(|place| Codes::of(sample, place)).collect();
    let mut found: Vec<DependencyCandidate> = Vec::new();
    let mut single: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    for left in all.iter().filter(|c| c.distinct > 1) {
        for right in all.iter().filter(|r| r.place != left.place && r.distinct > 1) {
            let counted = Counted::of(&left.codes, &right.codes);
            single.insert((left.place, right.place), counted.share());
            found.extend(judged(vec![left.place], right, &left.codes, &counted));
        }
    }
    let decided: Vec<(usize, usize)> =
        found.iter().filter_map(|f| f.columns.first().map(|c| (*c, f.determines))).collect();
    let paired: Vec<&Codes> = all.iter().filter(|c| c.distinct > 1).take(PAIRED).collect();
    for (i, first) in paired.iter().enumerate() {
        for second in paired.iter().skip(i + 1) {
            // What one of the two decides of the other adds nothing to the pair.
            if decided.contains(&(first.place, second.place)) || decided.contains(&(second.place, first.place)) {
                continue;
            }
            let left = pair(first, second);
            for right in paired.iter().filter(|r| r.place != first.place && r.place != second.place) {
                if decided.contains(&(first.place, right.place)) || decided.contains(&(second.place, right.place)) {
                    continue;
                }
                let counted = Counted::of(&left, &right.codes);
                let alone = |c: &Codes| single.get(&(c.place, right.place)).copied().unwrap_or(1.0);
                let best = alone(first).min(alone(second));
                if counted.share() > best * (1.0 - BETTER) {
                    continue;
                }
                found.extend(judged(vec![first.place, second.place], right, &left, &counted));
            }
        }
    }
    found
}

/// The dependency, if it is one and chance does not explain it.
fn judged(columns: Vec<usize>, right: &Codes, left: &[u32], counted: &Counted) -> Option<DependencyCandidate> {
    let violations = counted.share();
    if violations > VIOLATIONS || counted.rows < 20 {
        return None;
    }
    let chance = Counted::of(left, &shuffled(&right.codes, left)).share();
    let least = if columns.len() > 1 { PAIR_EVIDENCE } else { 0.0 };
    let candidate = DependencyCandidate { columns, determines: right.place, violations, chance };
    let told = chance >= least && chance * counted.rows as f64 >= EVIDENCE && candidate.lift() >= LIFT;
    told.then_some(candidate)
}

impl Codes {
    fn of(sample: &Sample, place: usize) -> Codes {
        let hashes = sample.rows().map(|row| row.hashes.get(place).copied().unwrap_or(NULL_HASH));
        let (codes, distinct) = numbered(hashes);
        Codes { place, codes, distinct }
    }
}

/// Numbers things in the order of their first occurrence, from 1; 0 is NULL. And how many there are.
fn numbered(hashes: impl Iterator<Item = u64>) -> (Vec<u32>, usize) {
    let mut known: BTreeMap<u64, u32> = BTreeMap::new();
    let codes = hashes.map(|hash| {
        let next = u32::try_from(known.len() + 1).unwrap_or(u32::MAX);
        if hash == NULL_HASH { 0 } else { *known.entry(hash).or_insert(next) }
    });
    let codes = codes.collect();
    (codes, known.len())
}

/// Two columns as one; NULL where one of them is.
fn pair(first: &Codes, second: &Codes) -> Vec<u32> {
    let both = first.codes.iter().zip(&second.codes).map(|(a, b)| match (*a, *b) {
        (0, _) | (_, 0) => NULL_HASH,
        (a, b) => (u64::from(a) << 32) | u64::from(b),
    });
    numbered(both).0
}

/// Rows compared, and how many of them differ from the most frequent value of their group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counted {
    rows: u64,
    violations: u64,
}

impl Counted {
    fn of(left: &[u32], right: &[u32]) -> Counted {
        let compared = left.iter().zip(right).filter(|(l, _)| **l != 0);
        let mut rows: Vec<u64> = compared.map(|(l, r)| (u64::from(*l) << 32) | u64::from(*r)).collect();
        rows.sort_unstable();
        let mut keep = 0;
        for group in rows.chunk_by(|a, b| a >> 32 == b >> 32) {
            keep += group.chunk_by(|a, b| a == b).map(<[u64]>::len).max().unwrap_or_default();
        }
        Counted { rows: rows.len() as u64, violations: (rows.len() - keep) as u64 }
    }

    fn share(self) -> f64 {
        self.violations as f64 / self.rows.max(1) as f64
    }
}

/// The values in another order, which a fixed seed decides: Fisher and Yates over SplitMix64. Rows that are not compared keep theirs.
fn shuffled(values: &[u32], left: &[u32]) -> Vec<u32> {
    let places: Vec<usize> = left.iter().enumerate().filter(|(_, l)| **l != 0).map(|(i, _)| i).collect();
    let mut shuffled = values.to_vec();
    for (i, place) in places.iter().enumerate().skip(1) {
        let random = mixed(i as u64 ^ 0x5bf0_3635_dcf8_31e9) % (i as u64 + 1);
        if let Some(other) = usize::try_from(random).ok().and_then(|r| places.get(r)) {
            shuffled.swap(*place, *other);
        }
    }
    shuffled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(rows: usize, value: impl Fn(u64) -> u64) -> Vec<u32> {
        (0..rows as u64).map(|i| u32::try_from(value(i)).unwrap() + 1).collect()
    }

    fn found(left: &[u32], right: &[u32]) -> Option<DependencyCandidate> {
        let right = Codes { place: 1, codes: right.to_vec(), distinct: 0 };
        judged(vec![0], &right, left, &Counted::of(left, &right.codes))
    }

    #[test]
    fn violations_are_the_rows_off_the_majority_of_their_group() {
        assert_eq!(Counted::of(&[1, 1, 1, 2, 2, 0], &[5, 5, 6, 7, 7, 9]), Counted { rows: 5, violations: 1 });
        assert_eq!(Counted::of(&[1, 1, 1], &[0, 5, 5]), Counted { rows: 3, violations: 1 });
    }

    #[test]
    fn a_true_dependency_with_errors_is_found() {
        let city = codes(2000, |i| mixed(i) % 50);
        let country = codes(2000, |i| if i % 97 == 0 { 9 } else { mixed(i) % 50 % 7 });
        let candidate = found(&city, &country).unwrap();
        assert!(
            candidate.violations > 0.005 && candidate.violations < 0.02 && candidate.lift() > 0.95,
            "{candidate:?}"
        );
    }

    #[test]
    fn what_chance_explains_is_not() {
        // Nearly always the same value: anything "decides" it.
        let group = codes(2000, |i| mixed(i) % 50);
        let constant = codes(2000, |i| u64::from(mixed(i ^ 77).is_multiple_of(100)));
        assert_eq!(found(&group, &constant), None);
        // Groups of one.
        let unique = codes(2000, |i| i);
        assert_eq!(found(&unique, &group), None);
        // Independent.
        assert_eq!(found(&group, &codes(2000, |i| mixed(i ^ 5) % 3)), None);
    }
}
