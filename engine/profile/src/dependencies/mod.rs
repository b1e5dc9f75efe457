//! Functional dependencies of a sample, approximate ones too, with guards against chance and against exceptions that
//! have a reason.

mod groups;
mod reports;
mod systematic;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use groups::{Codes, Groups};
use systematic::systematic;

use crate::sample::Sample;

/// Columns that are looked at alone.
const COLUMNS: usize = 60;
/// Columns that are looked at in pairs.
const PAIRED: usize = 24;
/// Of the rows compared, so many may differ from their group: both sides have errors.
pub const VIOLATIONS: f64 = 0.25;
/// The same where several sources report on the same things.
pub const DISPUTED: f64 = reports::DIFFER;
/// So much of what chance would violate must hold.
const LIFT: f64 = 0.75;
/// A pair must take away this share of what its columns violate, shuffled beside each other.
const BETTER: f64 = 0.5;
/// Rows that chance alone would make violate; with fewer there is no evidence.
const EVIDENCE: f64 = 10.0;
/// The share of them for a pair: there are many pairs, and those whose combinations hardly repeat decide everything.
const PAIR_EVIDENCE: f64 = 0.25;
/// So many exceptions may have a reason: the most of a few rows, a share of the rows compared, and a share of the exceptions.
const REASONS: (f64, f64, f64) = (5.0, 0.005, 0.1);
/// A column of so many values has few.
const TEXTS: usize = 100;
/// Rows that are compared at least.
const ROWS: usize = 20;

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
    /// How much of what chance would violate holds: 1 for an exact dependency, 0 for what chance explains. The measure that tells true
    /// dependencies best from false ones (as µ+; Parciak, Weytjens, Hens, Neven, Peeters and Vansummeren, "Measuring approximate functional
    /// dependencies: a comparative study", ICDE 2024). Values that are right nowhere, such as misspellings, are left out: in a column that
    /// nearly always says the same they would hide everything else.
    pub lift: f64,
    /// Whether it is one of several sources that report on the same things and differ: most rows may be wrong.
    pub disputed: bool,
    /// Of a column of few texts: those that are right nowhere, such as misspellings; the first 256 bytes of each.
    pub wrong: Vec<String>,
}

/// The dependencies of a sample: single columns that decide another one, then pairs where neither column does alone. A row
/// counts once, however often it occurs. Not told are those that say nothing (of a column with one value, or by a column in which hardly any
/// value repeats), those whose exceptions have a reason, and those by a column that is itself decided by another one but mostly wrong.
///
/// `is_measure` tells columns of measured numbers: they decide nothing, even if a price times a number is a sum.
pub fn dependencies(sample: &Sample, columns: usize, is_measure: impl Fn(usize) -> bool) -> Vec<DependencyCandidate> {
    let all: Vec<Codes> = (0..columns.min(COLUMNS)).map(|place| Codes::of(sample, place)).collect();
    let is_text = |place: usize| sample.rows().any(|row| row.texts.get(place).is_some_and(Option::is_some));
    let mut found = found(&all, is_text, is_measure);
    for candidate in found.iter_mut().filter(|f| !f.disputed && f.columns.len() == 1) {
        candidate.wrong = wrong(sample, &all, candidate);
    }
    found
}

/// The texts of the decided column that are right nowhere, when it has few.
fn wrong(sample: &Sample, all: &[Codes], candidate: &DependencyCandidate) -> Vec<String> {
    let left = candidate.columns.first().and_then(|place| all.get(*place));
    let (Some(left), Some(right)) = (left, all.get(candidate.determines)) else { return Vec::new() };
    if right.distinct > TEXTS {
        return Vec::new();
    }
    let solid = Groups::of(&left.codes, &right.codes).solid();
    let mut texts: BTreeMap<u32, String> = BTreeMap::new();
    for (code, row) in right.codes.iter().zip(sample.rows()) {
        let is_solid = solid.get(*code as usize).copied().unwrap_or_default();
        if let Some(text) = row.texts.get(right.place).and_then(Option::as_deref)
            && !is_solid
        {
            texts.entry(*code).or_insert_with(|| text.to_owned());
        }
    }
    texts.into_values().collect()
}

fn found(
    all: &[Codes],
    is_text: impl Fn(usize) -> bool,
    is_measure: impl Fn(usize) -> bool,
) -> Vec<DependencyCandidate> {
    let disputed = reports::reports(all, is_text);
    let told: Vec<usize> = disputed.iter().map(|d| d.determines).collect();
    let decides = |column: &Codes| !told.contains(&column.place) && !is_measure(column.place);
    let varied: Vec<&Codes> = all.iter().filter(|c| c.distinct > 1).collect();
    let mut found: Vec<DependencyCandidate> = Vec::new();
    // Where exceptions have a reason: the two columns that may decide together, and what.
    let mut refined: Vec<(usize, usize, usize)> = Vec::new();
    // What sources dispute decides nothing.
    for left in varied.iter().filter(|l| decides(l)) {
        for right in varied.iter().filter(|r| r.place != left.place) {
            match judged(all, left, &[left.place], right) {
                Judged::Holds(candidate) => found.push(candidate),
                Judged::Reasons(Some(slice)) => refined.push((left.place, slice, right.place)),
                Judged::Reasons(None) | Judged::No => {}
            }
        }
    }
    for candidate in disputed {
        if !found.iter().any(|f| f.columns == candidate.columns && f.determines == candidate.determines) {
            found.push(candidate);
        }
    }
    let singles = found.len();
    let mut single: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for candidate in &found {
        single.entry(candidate.determines).or_default().extend(&candidate.columns);
    }
    let alone = |column: usize, right: usize| single.get(&right).is_some_and(|by| by.contains(&column));
    let paired: Vec<&&Codes> = varied.iter().filter(|c| decides(c)).take(PAIRED).collect();
    for (i, first) in paired.iter().enumerate() {
        for second in paired.iter().skip(i + 1) {
            // What one of the two decides of the other adds nothing to the pair.
            if alone(first.place, second.place) || alone(second.place, first.place) {
                continue;
            }
            let left = Codes::pair(first, second);
            if left.distinct * 2 > left.codes.len() {
                continue;
            }
            for right in varied.iter().filter(|r| r.place != first.place && r.place != second.place) {
                // A column that is decided by one needs no pair: that one holds by accident as often as not.
                if single.contains_key(&right.place) || Groups::of(&left.codes, &right.codes).share() > VIOLATIONS {
                    continue;
                }
                let places = [first.place, second.place];
                let has_reason = refined.iter().any(|(left, slice, decided)| {
                    *decided == right.place && places.contains(left) && places.contains(slice)
                });
                if (has_reason || both_matter(first, second, right))
                    && let Judged::Holds(candidate) = judged(all, &left, &places, right)
                {
                    found.push(candidate);
                }
            }
        }
    }
    fewest(&mut found, singles);
    found
}

/// Of the pairs that decide the same column keeps those whose columns are not decided by another such pair's: `(state, code)` and not
/// also `(city, code)` where a city has one state.
fn fewest(found: &mut Vec<DependencyCandidate>, singles: usize) {
    let decides: Vec<(usize, usize)> =
        found.iter().take(singles).filter_map(|f| f.columns.first().map(|c| (*c, f.determines))).collect();
    let by = |from: usize, to: usize| from == to || decides.contains(&(from, to));
    let pairs: Vec<DependencyCandidate> = found.iter().skip(singles).cloned().collect();
    let finer = |pair: &DependencyCandidate, other: &DependencyCandidate| {
        other.columns.iter().all(|to| pair.columns.iter().any(|from| by(*from, *to)))
    };
    let keep: Vec<bool> = pairs
        .iter()
        .enumerate()
        .map(|(place, pair)| {
            !pairs.iter().enumerate().any(|(other_place, other)| {
                let same = other.determines == pair.determines && other_place != place;
                // Of two that decide each other the first stays.
                same && finer(pair, other) && (!finer(other, pair) || other_place < place)
            })
        })
        .collect();
    let mut pairs = keep.into_iter();
    let mut number = 0;
    found.retain(|_| {
        number += 1;
        number <= singles || pairs.next().unwrap_or(true)
    });
}

/// Whether a pair decides a column better than either of its columns beside the other one's values in another order.
fn both_matter(first: &Codes, second: &Codes, right: &Codes) -> bool {
    let share = |first: &Codes, second: &Codes| Groups::of(&Codes::pair(first, second).codes, &right.codes).share();
    let together = share(first, second);
    let better = |chance: f64| chance > 0.0 && together <= (1.0 - BETTER) * chance;
    better(share(first, &second.shuffled_within(first))) && better(share(&first.shuffled_within(second), second))
}

/// What is thought of a dependency.
enum Judged {
    /// It is one.
    Holds(DependencyCandidate),
    /// Its exceptions have a reason: the column that tells them.
    Reasons(Option<usize>),
    /// It is none, or chance explains it.
    No,
}

fn judged(all: &[Codes], left: &Codes, places: &[usize], right: &Codes) -> Judged {
    let groups = Groups::of(&left.codes, &right.codes);
    let violations = groups.share();
    if violations > VIOLATIONS || groups.rows < ROWS {
        return Judged::No;
    }
    let solid = groups.solid();
    let is_solid = |code: u32| solid.get(code as usize).copied().unwrap_or_default();
    let compared: Vec<u32> =
        left.codes.iter().zip(&right.codes).map(|(l, r)| if is_solid(*r) { *l } else { 0 }).collect();
    let held = Groups::of(&compared, &right.codes);
    let by_chance = Groups::of(&compared, &right.shuffled(&compared));
    let lift = if by_chance.violations > 0 { 1.0 - held.share() / by_chance.share() } else { 0.0 };
    let least = if places.len() > 1 { PAIR_EVIDENCE } else { 0.0 };
    if lift < LIFT || by_chance.share() < least || (by_chance.violations as f64) < EVIDENCE {
        return Judged::No;
    }
    let (few, of_rows, of_exceptions) = REASONS;
    let most = few.max(of_rows * groups.rows as f64).max(of_exceptions * groups.violations as f64);
    if groups.violations as f64 >= few {
        let sides: Vec<usize> = places.iter().copied().chain([right.place]).collect();
        let reasons = systematic(all, left, right, &groups, &sides);
        if reasons.rows as f64 >= most {
            return Judged::Reasons(reasons.slice);
        }
    }
    let chance = Groups::of(&left.codes, &right.shuffled(&left.codes)).share();
    let columns = places.to_vec();
    Judged::Holds(DependencyCandidate {
        columns,
        determines: right.place,
        violations,
        chance,
        lift,
        disputed: false,
        wrong: Vec::new(),
    })
}
