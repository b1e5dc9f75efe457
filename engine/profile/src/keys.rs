//! Candidate keys: columns, and pairs of them, in which no two rows of the sample agree.

use std::collections::BTreeSet;

use crate::cells::{Kind, NULL_HASH, mixed};
use crate::profiler::Profiler;
use crate::sample::Sample;

/// Columns that are tried in pairs, those with the most distinct values.
const COLUMNS: usize = 40;
/// Of its values, so many may repeat for a column to be nearly a key: duplicates are what one wants to hear of.
const NEARLY: f64 = 0.01;
/// Pairs that are told.
const PAIRS: usize = 10;

/// Columns that may be a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyCandidate {
    /// Places of the columns.
    pub columns: Vec<usize>,
}

/// The columns whose values are nearly all different, in the sample and, as far as the count of distinct values tells, in
/// the table; then the pairs of other columns that no two rows of the sample share. Only rows without NULL in them are
/// looked at, and they must be half of all. Measures ([`Profiler::is_measure`]) name nothing.
pub fn keys(profiler: &Profiler) -> Vec<KeyCandidate> {
    let sample = profiler.sample();
    let metrics = profiler.metrics();
    let mut distinct: Vec<(usize, u64)> = Vec::new();
    let mut found = Vec::new();
    for (place, column) in metrics.iter().enumerate() {
        let values = column.values();
        let count = column.frequencies.distinct(values);
        // Three standard errors of the estimate, and what may be a mistake; a column of a single value names nothing.
        let unique = count.count as f64 >= values as f64 * (1.0 - NEARLY - 3.0 * count.error) && values > 1;
        if profiler.is_measure(place) || matches!(column.kind(), Kind::Boolean | Kind::Nested) {
            continue;
        }
        if unique && repeated(sample, &[place]).is_some_and(|share| share <= NEARLY) {
            found.push(KeyCandidate { columns: vec![place] });
        } else if count.count > 1 {
            distinct.push((place, count.count));
        }
    }
    distinct.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    distinct.truncate(COLUMNS);
    let rows = metrics.first().map_or(0, |m| m.rows);
    let mut pairs = Vec::new();
    for (i, (first, a)) in distinct.iter().enumerate() {
        for (second, b) in distinct.iter().skip(i + 1) {
            let enough = u128::from(*a) * u128::from(*b) >= u128::from(rows) && rows > 2;
            let columns = vec![*first.min(second), *first.max(second)];
            if enough && repeated(sample, &columns) == Some(0.0) {
                pairs.push((u128::from(*a) * u128::from(*b), columns));
            }
        }
    }
    // The fewer combinations there could be, the more it says that none repeats.
    pairs.sort();
    found.extend(pairs.into_iter().take(PAIRS).map(|(_, columns)| KeyCandidate { columns }));
    found
}

/// Of the sample's rows, the share that agrees with an earlier one in all of the columns. Rows with a NULL there are not
/// compared; where these are more than half there is no share. Equal rows are several.
fn repeated(sample: &Sample, columns: &[usize]) -> Option<f64> {
    let mut seen = BTreeSet::new();
    let (mut all, mut compared, mut repeated) = (0, 0, 0);
    for row in sample.rows() {
        all += row.count;
        let hashes: Vec<u64> = columns.iter().filter_map(|c| row.hashes.get(*c).copied()).collect();
        if !hashes.contains(&NULL_HASH) {
            let new = seen.insert(hashes.iter().fold(0, |key, hash| mixed(key ^ hash)));
            compared += row.count;
            repeated += row.count - u64::from(new);
        }
    }
    (compared > 0 && compared * 2 >= all).then(|| repeated as f64 / compared as f64)
}
