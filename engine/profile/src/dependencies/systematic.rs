//! Whether the exceptions to a dependency are errors or have a reason.
//!
//! Errors are spread over the table. Where a value that differs keeps coming back in one group (a postal code with two
//! hospitals), or where nearly all rows with some value of another column differ (a state with averages of its own), the rows
//! are right and the dependency is wrong, however few they are.

use super::groups::{Codes, Groups};

/// A value that differs this often within its group is looked at.
const REPEATED: usize = 3;
/// A slice of the table has at least so many rows.
const SLICE: usize = 5;
/// What is this improbable, of all that is looked at, is not chance.
const CHANCE: f64 = 1e-3;

/// Exceptions with a reason.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Systematic {
    /// Rows that differ for a reason.
    pub rows: usize,
    /// The column whose values tell most of them, by its place.
    pub slice: Option<usize>,
}

/// Looks for reasons among all columns but the two sides, whose places are in `sides`.
pub fn systematic(all: &[Codes], left: &Codes, right: &Codes, groups: &Groups, sides: &[usize]) -> Systematic {
    let mut explained = vec![false; left.codes.len()];
    repeated(left, right, groups, &mut explained);
    let mut slice: Option<(usize, usize)> = None;
    let violating: Vec<bool> = left.codes.iter().zip(&right.codes).map(|(l, r)| groups.violates(*l, *r)).collect();
    let others: Vec<&Codes> = all.iter().filter(|other| !sides.contains(&other.place)).collect();
    let slices: usize = others.iter().map(|other| other.distinct.min(other.codes.len() / SLICE)).sum();
    for other in others {
        let found = sliced(other, left, right, groups, slices, &violating, &mut explained);
        if found > 0 && slice.is_none_or(|(most, _)| found > most) {
            slice = Some((found, other.place));
        }
    }
    Systematic { rows: explained.iter().filter(|e| **e).count(), slice: slice.map(|(_, place)| place) }
}

/// Values that differ from their group's and come back in it far more often than in others.
fn repeated(left: &Codes, right: &Codes, groups: &Groups, explained: &mut [bool]) {
    // How often each value is an exception, and in how many rows it could not be one.
    let mut exceptions = vec![0_usize; right.distinct + 1];
    let mut at_home = vec![0_usize; right.distinct + 1];
    for cell in &groups.cells {
        let counts = if groups.violates(cell.left, cell.right) { &mut exceptions } else { &mut at_home };
        if let Some(count) = counts.get_mut(cell.right as usize) {
            *count += if groups.violates(cell.left, cell.right) { cell.rows } else { groups.size(cell.left) };
        }
    }
    let count = |counts: &[usize], value: u32| counts.get(value as usize).copied().unwrap_or_default();
    let mut reasons: Vec<(u32, u32)> = Vec::new();
    for cell in groups.cells.iter().filter(|c| c.right != 0 && c.rows >= REPEATED) {
        if !groups.violates(cell.left, cell.right) {
            continue;
        }
        let elsewhere = (count(&exceptions, cell.right) - cell.rows + 1) as f64;
        let rows = groups.rows.saturating_sub(count(&at_home, cell.right)).max(1) as f64;
        let expected = groups.size(cell.left) as f64 * elsewhere / rows;
        if at_least(cell.rows as f64, expected) * (groups.cells.len() as f64) < CHANCE {
            reasons.push((cell.left, cell.right));
        }
    }
    if reasons.is_empty() {
        return;
    }
    reasons.sort_unstable();
    for ((l, r), explained) in left.codes.iter().zip(&right.codes).zip(explained.iter_mut()) {
        *explained |= reasons.binary_search(&(*l, *r)).is_ok();
    }
}

/// Values of another column with which half of the rows or more differ. How many rows that explains.
fn sliced(
    other: &Codes,
    left: &Codes,
    right: &Codes,
    groups: &Groups,
    slices: usize,
    violating: &[bool],
    explained: &mut [bool],
) -> usize {
    let mut all = vec![0_usize; other.distinct + 1];
    let mut bad = vec![0_usize; other.distinct + 1];
    let rows = || other.codes.iter().zip(&left.codes).zip(right.codes.iter().zip(violating));
    for ((value, l), (r, violating)) in rows() {
        if *value == 0 || *l == 0 {
            continue;
        }
        if let (Some(all), Some(bad)) = (all.get_mut(*value as usize), bad.get_mut(*value as usize)) {
            *all += 1;
            *bad += usize::from(*violating && *r != 0);
        }
    }
    let share = groups.share();
    let reasons: Vec<bool> = all
        .iter()
        .zip(&bad)
        .map(|(all, bad)| {
            *bad >= SLICE
                && bad * 2 >= *all
                && all * 2 < groups.rows
                && share_of(*bad, *all, share) * (slices as f64) < CHANCE
        })
        .collect();
    let mut found = 0;
    for (((value, _), (_, violating)), explained) in rows().zip(explained.iter_mut()) {
        if *violating && reasons.get(*value as usize).copied().unwrap_or_default() {
            *explained = true;
            found += 1;
        }
    }
    found
}

/// An upper bound of the probability that a Poisson variable is this large (Chernoff).
fn at_least(count: f64, expected: f64) -> f64 {
    if count <= expected || expected <= 0.0 {
        return if expected <= 0.0 { 0.0 } else { 1.0 };
    }
    (count - expected - count * (count / expected).ln()).exp()
}

/// An upper bound of the probability that so many of all differ when a share of them does (Chernoff and Hoeffding).
fn share_of(bad: usize, all: usize, share: f64) -> f64 {
    let (found, all) = (bad as f64 / all.max(1) as f64, all as f64);
    if found <= share || share <= 0.0 {
        return 1.0;
    }
    let rest = if found < 1.0 { (1.0 - found) * ((1.0 - found) / (1.0 - share)).ln() } else { 0.0 };
    (-all * (found * (found / share).ln() + rest)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_above_what_they_bound() {
        // Poisson(1) >= 5: 0.00366; Binomial(20, 0.1) >= 8: 0.000416.
        assert!(at_least(5.0, 1.0) >= 0.00366 && at_least(5.0, 1.0) < 0.02, "{}", at_least(5.0, 1.0));
        assert!(share_of(8, 20, 0.1) >= 0.000_416 && share_of(8, 20, 0.1) < 0.002, "{}", share_of(8, 20, 0.1));
        assert_eq!(share_of(20, 20, 0.05), 0.05_f64.powi(20).max(share_of(20, 20, 0.05)));
        assert_eq!((at_least(1.0, 2.0), share_of(1, 20, 0.1)), (1.0, 1.0));
    }
}
