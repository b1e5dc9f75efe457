//! Which found column is the missing one: evidence for a rename, compared with the last accepted batch.
//!
//! A score is a weighted mean of what can be compared. What cannot (no baseline yet, no numbers) drops out and the other
//! weights fill its place. Two weights depend on what is seen, because the same finding says more in one column than in
//! another:
//!
//! - **values**: many distinct values in common tell nearly everything, so they gain weight and the name loses it; two
//!   columns of flags, or of small whole numbers, have values in common anyway. That an identifier or an amount has none
//!   in common with yesterday's says nothing, so it loses weight.
//! - **type**: values that do not convert to the declared type speak louder against than values that do speak for it.
//!
//! The harmful error is a false rename: a column silently fed from the wrong one. Hence the margin: the distance to the
//! second best, both among the candidates for this column and among the columns this candidate could be.

use std::collections::BTreeSet;

use pipe_schema::{Type, TypeClass};

use crate::form::Form;
use crate::names;
use crate::profile::{ColumnProfile, SKETCH};

/// A rename by evidence needs this score.
pub const LEAST_SCORE: f64 = 0.8;
/// And this distance to the second best, both ways.
pub const LEAST_MARGIN: f64 = 0.15;

/// A declared column that was not found.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Its place among the declared columns, from 0 (first) to 1 (last).
    pub position: f64,
    /// What the last accepted batch had in it.
    pub baseline: Option<ColumnProfile>,
}

/// How well a candidate fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The weighted mean of the parts, 0 to 1.
    pub total: f64,
    /// What was compared.
    pub parts: Vec<Part>,
}

/// One comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// What was compared.
    pub name: &'static str,
    /// What it weighs; the weights of a score need not add up to 1.
    pub weight: f64,
    /// How well it agrees, 0 to 1.
    pub value: f64,
}

/// A missing column and its best remaining candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The declared column.
    pub missing: String,
    /// The found column.
    pub candidate: String,
    /// How well it fits, 0 to 1.
    pub score: f64,
    /// The distance to the second best, both ways; the score itself when there is no second.
    pub margin: f64,
    /// How the score was computed, a line each.
    pub arithmetic: Vec<String>,
}

impl Match {
    /// Whether both the score and the margin suffice for a rename without a person.
    pub fn certain(&self) -> bool {
        self.score >= LEAST_SCORE && self.margin >= LEAST_MARGIN
    }
}

/// Scores a candidate by itself. [`assign`] also sees what was added to all names.
pub fn score(missing: &Expected, candidate: &ColumnProfile) -> Score {
    score_named(missing, candidate, names::similarity(&missing.name, &candidate.name))
}

fn score_named(missing: &Expected, candidate: &ColumnProfile, name: f64) -> Score {
    let mut parts = Vec::new();
    let mut name_weight = 0.35;
    let mut add = |name, weight: f64, value: f64| {
        parts.push(Part { name, weight, value: value.clamp(0.0, 1.0) });
    };
    let conforms = candidate.conforms(&missing.ty);
    let baseline = missing.baseline.as_ref().filter(|b| b.rows > 0);
    if let Some(base) = baseline {
        let values = values(base, candidate);
        if let Some(Values { overlap, weight, strength }) = values {
            name_weight *= 1.0 - 0.7 * strength;
            add("values", weight, overlap);
        }
        let alike = agreement(base, candidate).or(conforms);
        if let Some(value) = alike.into_iter().chain(conforms).reduce(f64::min) {
            add("type", 0.1 + 0.4 * (1.0 - value), value);
        }
        if !base.sketch.is_empty() && !candidate.sketch.is_empty() {
            add("form", 0.1, shapes(base, candidate));
        }
        add("nulls", 0.05, 1.0 - (base.null_share() - candidate.null_share()).abs());
        if let Some(value) = close(&base.lengths, &candidate.lengths) {
            add("lengths", 0.05, value);
        }
        if let Some(value) = close(&base.numbers, &candidate.numbers) {
            add("numbers", 0.1, value);
        }
    } else if let Some(value) = conforms {
        // Any text is a text: only what looks like something else says a little.
        let value = if missing.ty.class() == TypeClass::Text { textual(candidate) } else { value };
        add("type", 0.1 + 0.4 * (1.0 - value), value);
    }
    add("position", 0.05, 1.0 - (missing.position - candidate.position).abs());
    add("name", name_weight, name);
    parts.reverse();
    let weights: f64 = parts.iter().map(|p| p.weight).sum();
    let sum: f64 = parts.iter().map(|p| p.weight * p.value).sum();
    Score { total: if weights > 0.0 { sum / weights } else { 0.0 }, parts }
}

struct Values {
    overlap: f64,
    weight: f64,
    strength: f64,
}

/// What the distinct values have in common, and how much that says.
fn values(base: &ColumnProfile, candidate: &ColumnProfile) -> Option<Values> {
    if base.sketch.is_empty() || candidate.sketch.is_empty() {
        return None;
    }
    let (jaccard, shared) = common(&base.sketch, &candidate.sketch);
    let (a, b) = (base.distinct(), candidate.distinct());
    let contained = (jaccard * (a + b) / ((1.0 + jaccard) * a.min(b))).min(1.0);
    let overlap = jaccard.max(0.5 * (jaccard + contained));
    // One value in common is chance, ten are not; whole numbers that lie side by side are in common anyway.
    let telling = (shared - 1.0).max(0.0) / (shared + 1.0) * if dense(base) { 0.3 } else { 1.0 };
    let strength = overlap * telling;
    // Of values that hardly repeat within a batch none are expected to come back in the next.
    let filled = base.rows.saturating_sub(base.nulls).max(1);
    #[expect(clippy::cast_precision_loss, reason = "a share of rows")]
    let repeating = 1.0 - (a / filled as f64).min(1.0);
    let weight = 0.3 * repeating.max(overlap) + 0.5 * strength;
    Some(Values { overlap, weight, strength })
}

/// Jaccard's coefficient of two sets by their bottom-k sketches: the share of common hashes among the k least of the union;
/// and how many hashes are common.
fn common(a: &[u64], b: &[u64]) -> (f64, f64) {
    let (set_a, set_b): (BTreeSet<_>, BTreeSet<_>) = (a.iter().collect(), b.iter().collect());
    let union: Vec<_> = set_a.union(&set_b).take(SKETCH).collect();
    let both = union.iter().filter(|h| set_a.contains(**h) && set_b.contains(**h)).count();
    #[expect(clippy::cast_precision_loss, reason = "at most 256")]
    let (both, all) = (both as f64, union.len() as f64);
    (if all > 0.0 { both / all } else { 0.0 }, both)
}

/// Whether most of the whole numbers (or days) between the least and the greatest are taken.
fn dense(p: &ColumnProfile) -> bool {
    let (Some(low), Some(high)) = (p.numbers.first(), p.numbers.last()) else { return false };
    // The outer quantiles hold 80% of the values.
    p.share_of(&[Form::Integer, Form::Date]) > 0.9 && 0.8 * p.distinct() > 0.5 * (high - low + 1.0)
}

/// How alike the forms of two columns' values are: the sum of the lesser shares.
fn agreement(a: &ColumnProfile, b: &ColumnProfile) -> Option<f64> {
    if a.forms.is_empty() || b.forms.is_empty() {
        return None;
    }
    // A whole number is a number, a date a point in time: wider is not other.
    let groups: [&[Form]; 5] = [
        &[Form::Boolean],
        &[Form::Integer, Form::Number],
        &[Form::Date, Form::Timestamp],
        &[Form::Uuid],
        &[Form::Text],
    ];
    Some(groups.iter().map(|g| a.share_of(g).min(b.share_of(g))).sum())
}

fn textual(p: &ColumnProfile) -> f64 {
    0.5 + 0.5 * p.share_of(&[Form::Text, Form::Uuid, Form::Boolean])
}

/// How alike the patterns of letters, digits and marks are: the sum of the lesser shares.
fn shapes(a: &ColumnProfile, b: &ColumnProfile) -> f64 {
    let total = |p: &ColumnProfile| f64::from(p.shapes.values().sum::<u32>().max(1));
    let (all_a, all_b) = (total(a), total(b));
    a.shapes
        .iter()
        .filter_map(|(shape, n)| Some((f64::from(*n) / all_a).min(f64::from(*b.shapes.get(shape)?) / all_b)))
        .sum()
}

/// How close two lists of quantiles are: the mean over them of 1 minus the distance relative to the greater.
fn close(a: &[f64], b: &[f64]) -> Option<f64> {
    let alike: Vec<f64> = a
        .iter()
        .zip(b)
        .map(|(x, y)| {
            let greater = x.abs().max(y.abs());
            if greater == 0.0 { 1.0 } else { (1.0 - (x - y).abs() / greater).max(0.0) }
        })
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "five quantiles")]
    let n = alike.len() as f64;
    (n > 0.0).then(|| alike.iter().sum::<f64>() / n)
}

/// All pairs scored: a row for each missing column, in it a score for each candidate.
pub fn scores(missing: &[Expected], candidates: &[ColumnProfile]) -> Vec<Vec<Score>> {
    let here: Vec<&str> = missing.iter().map(|m| m.name.as_str()).collect();
    let there: Vec<&str> = candidates.iter().map(|c| c.name.as_str()).collect();
    let (added_here, added_there) = (names::added(&here, &there), names::added(&there, &here));
    missing
        .iter()
        .map(|m| {
            let bare = names::without(&m.name, added_here);
            candidates
                .iter()
                .map(|c| {
                    let plain = names::similarity(&m.name, &c.name);
                    let stripped = names::similarity(&bare, &names::without(&c.name, added_there));
                    score_named(m, c, plain.max(stripped))
                })
                .collect()
        })
        .collect()
}

/// Gives each missing column its candidate, one to one, the best pair first; of equals the earlier declared, then the
/// earlier found. A missing column for which no candidate is left has no match. What to do with a match is the caller's:
/// [`Match::certain`], or a clause's guard.
pub fn assign(missing: &[Expected], candidates: &[ColumnProfile]) -> Vec<Match> {
    let table = scores(missing, candidates);
    let mut pairs: Vec<(usize, usize, &Score)> =
        table.iter().enumerate().flat_map(|(i, row)| row.iter().enumerate().map(move |(j, s)| (i, j, s))).collect();
    pairs.sort_by(|x, y| y.2.total.total_cmp(&x.2.total).then(x.0.cmp(&y.0)).then(x.1.cmp(&y.1)));
    let (mut used_missing, mut used_candidates) = (BTreeSet::new(), BTreeSet::new());
    let mut matches = Vec::new();
    for (i, j, s) in &pairs {
        if used_missing.contains(i) || used_candidates.contains(j) {
            continue;
        }
        used_missing.insert(*i);
        used_candidates.insert(*j);
        let (Some(m), Some(c)) = (missing.get(*i), candidates.get(*j)) else { continue };
        let second = pairs.iter().filter(|(k, l, _)| (k == i) != (l == j)).map(|p| p.2.total).fold(0.0, f64::max);
        let margin = (s.total - second).max(0.0);
        matches.push((
            *i,
            Match {
                missing: m.name.clone(),
                candidate: c.name.clone(),
                score: s.total,
                margin,
                arithmetic: arithmetic(s, second, margin),
            },
        ));
    }
    matches.sort_by_key(|(i, _)| *i);
    matches.into_iter().map(|(_, m)| m).collect()
}

fn arithmetic(score: &Score, second: f64, margin: f64) -> Vec<String> {
    let weights: f64 = score.parts.iter().map(|p| p.weight).sum();
    let mut lines: Vec<String> =
        score.parts.iter().map(|p| format!("{} {:.3} x {:.2}", p.name, p.value, p.weight / weights)).collect();
    lines.push(format!("score {:.3}, second best {second:.3}, margin {margin:.3}", score.total));
    lines
}
