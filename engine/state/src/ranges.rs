//! Row numbers as ranges, so that a million rows in one state cost as much as one.

use crate::RowState;

/// Rows `first ..  first + rows` of a file, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowRange {
    /// The first row.
    pub first: u64,
    /// How many.
    pub rows: u64,
}

impl RowRange {
    /// One row.
    pub fn one(row: u64) -> RowRange {
        RowRange { first: row, rows: 1 }
    }

    /// The row after the last.
    pub fn end(self) -> u64 {
        self.first.saturating_add(self.rows)
    }

    /// Rows in any order, with repetitions, as the fewest ranges.
    pub fn of_rows(rows: impl IntoIterator<Item = u64>) -> Vec<RowRange> {
        normalise(rows.into_iter().map(RowRange::one).collect())
    }
}

/// Rows of one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateRange {
    /// The rows.
    pub range: RowRange,
    /// Their state.
    pub state: RowState,
}

/// Sorted, disjoint, adjacent ones joined, empty ones gone.
pub(crate) fn normalise(mut ranges: Vec<RowRange>) -> Vec<RowRange> {
    ranges.retain(|r| r.rows > 0);
    ranges.sort_unstable();
    let mut out: Vec<RowRange> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.first <= last.end() => last.rows = range.end().max(last.end()) - last.first,
            _ => out.push(range),
        }
    }
    out
}

/// A stretch of rows with something attached: a state, and whatever else distinguishes it.
pub(crate) type Tagged<T> = (RowRange, T);

/// Gives `changes` (normalised) the tag `tag`. `old` is sorted and disjoint. Every stretch that gets the tag is first shown to `check`, with the tag it had.
///
/// Takes time in the sum of both lengths.
pub(crate) fn retag<T: Clone + PartialEq, E>(
    old: &[Tagged<T>],
    changes: &[RowRange],
    tag: &T,
    mut check: impl FnMut(RowRange, &T) -> Result<(), E>,
) -> Result<Vec<Tagged<T>>, E> {
    let mut out: Vec<Tagged<T>> = Vec::with_capacity(old.len() + changes.len());
    let mut push = |range: RowRange, tag: &T| {
        if range.rows == 0 {
            return;
        }
        match out.last_mut() {
            Some((last, t)) if t == tag && last.end() == range.first => last.rows += range.rows,
            _ => out.push((range, tag.clone())),
        }
    };
    let mut pending = changes.iter().copied().peekable();
    for (range, had) in old {
        let mut at = range.first;
        while at < range.end() {
            while pending.peek().is_some_and(|c| c.end() <= at) {
                pending.next();
            }
            let Some(change) = pending.peek().filter(|c| c.first < range.end()) else { break };
            let first = change.first.max(at);
            let end = change.end().min(range.end());
            push(RowRange { first: at, rows: first - at }, had);
            let hit = RowRange { first, rows: end - first };
            check(hit, had)?;
            push(hit, tag);
            at = end;
        }
        push(RowRange { first: at, rows: range.end() - at }, had);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(ranges: &[Tagged<char>], n: usize) -> String {
        let mut rows = vec!['.'; n];
        for (r, t) in ranges {
            for row in r.first..r.end() {
                assert_eq!(rows[row as usize], '.', "row {row} twice");
                rows[row as usize] = *t;
            }
        }
        rows.into_iter().collect()
    }

    #[test]
    fn rows_become_the_fewest_ranges() {
        assert_eq!(
            RowRange::of_rows([5, 1, 2, 2, 0, 7]),
            [RowRange { first: 0, rows: 3 }, RowRange::one(5), RowRange::one(7)]
        );
    }

    /// Against an array of rows, over all small cases of two changes.
    #[test]
    fn retagging_equals_writing_into_an_array() {
        const N: u64 = 7;
        let all: Vec<RowRange> =
            (0..N).flat_map(|first| (0..=N - first).map(move |rows| RowRange { first, rows })).collect();
        for a in &all {
            for b in &all {
                let mut rows = vec!['h'; N as usize];
                let start = vec![(RowRange { first: 0, rows: N }, 'h')];
                let a_only = normalise(vec![*a]);
                let once = retag(&start, &a_only, &'d', |_, _| Ok::<(), ()>(())).unwrap();
                let both = normalise(vec![*b, *a]);
                let twice = retag(&once, &both, &'r', |_, _| Ok::<(), ()>(())).unwrap();
                let single = retag(&once, &normalise(vec![*b]), &'r', |_, _| Ok::<(), ()>(())).unwrap();
                for row in a.first..a.end() {
                    rows[row as usize] = 'd';
                }
                assert_eq!(expand(&once, N as usize), rows.iter().collect::<String>());
                let mut union = rows.clone();
                for row in b.first..b.end() {
                    rows[row as usize] = 'r';
                    union[row as usize] = 'r';
                }
                for row in a.first..a.end() {
                    union[row as usize] = 'r';
                }
                assert_eq!(expand(&single, N as usize), rows.iter().collect::<String>());
                assert_eq!(expand(&twice, N as usize), union.iter().collect::<String>());
                assert!(single.windows(2).all(|w| w[0].1 != w[1].1), "neighbours of one state are one range");
            }
        }
    }

    #[test]
    fn the_check_sees_every_changed_stretch_with_what_it_had() {
        let old = [(RowRange { first: 0, rows: 3 }, 'h'), (RowRange { first: 3, rows: 3 }, 'd')];
        let mut seen = Vec::new();
        let changes = [RowRange { first: 2, rows: 2 }];
        retag(&old, &changes, &'r', |r, t| {
            seen.push((r.first, r.rows, *t));
            Ok::<(), ()>(())
        })
        .unwrap();
        assert_eq!(seen, [(2, 1, 'h'), (3, 1, 'd')]);
        assert_eq!(retag(&old, &changes, &'r', |_, t| if *t == 'd' { Err("no") } else { Ok(()) }), Err("no"));
    }
}
