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
            // Next to nothing in common where nothing was to be expected says nothing.
            if weight >= 0.01 {
                add("values", weight, overlap);
            }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::profile::ProfileBuilder;
    use crate::retry::SplitMix64;

    /// A column of 200 rows whose values are made from a random number each.
    fn column(name: &str, place: usize, seed: u64, make: impl Fn(u64) -> Option<String>) -> ColumnProfile {
        let mut random = SplitMix64::new(seed);
        let mut builder = ProfileBuilder::new();
        (0..200).for_each(|_| builder.push(make(random.next_u64()).as_deref()));
        builder.finish(name, None, place, 8)
    }

    fn amount(n: u64) -> Option<String> {
        Some(format!("{}.{:02}", n % 500, n / 1000 % 100))
    }

    fn small(n: u64) -> Option<String> {
        Some((n % 100 + 1).to_string())
    }

    fn email(n: u64) -> Option<String> {
        Some(format!("u{}@example.com", n % 10_000))
    }

    fn flag(n: u64) -> Option<String> {
        Some(if n.is_multiple_of(2) { "Y" } else { "N" }.to_owned())
    }

    fn day(n: u64) -> Option<String> {
        Some(format!("2026-01-{:02}", n % 28 + 1))
    }

    fn expected(name: &str, ty: Type, place: usize, baseline: Option<ColumnProfile>) -> Expected {
        let position = crate::failure::ratio(place as u64, 7);
        Expected { name: name.into(), ty, position, baseline }
    }

    const MONEY: Type = Type::Decimal(12, 2);

    #[track_caller]
    fn sure(missing: &Expected, candidate: &ColumnProfile) {
        let got = score(missing, candidate);
        assert!(got.total >= LEAST_SCORE, "{} -> {}: {got:?}", missing.name, candidate.name);
    }

    #[track_caller]
    fn unsure(missing: &Expected, candidate: &ColumnProfile) {
        let got = score(missing, candidate);
        assert!(got.total < LEAST_SCORE, "{} -> {}: {got:?}", missing.name, candidate.name);
    }

    #[test]
    fn an_obvious_rename_is_certain() {
        // The next day's amounts: hardly one in common.
        let total = expected("total", MONEY, 6, Some(column("total", 6, 1, amount)));
        sure(&total, &column("sum_total", 6, 2, amount));
        sure(&total, &column("TOTAL_SUM", 2, 2, amount));
        let amounts = expected("amount", MONEY, 3, Some(column("amount", 3, 1, amount)));
        sure(&amounts, &column("amt", 3, 2, amount));
        let mail = expected("email", Type::Text, 2, Some(column("email", 2, 1, email)));
        sure(&mail, &column("e_mail", 2, 2, email));
        let ordered = expected("ordered_at", Type::Timestamp, 7, Some(column("ordered_at", 7, 1, day)));
        sure(&ordered, &column("OrderedAt", 7, 2, day));
    }

    #[test]
    fn without_a_baseline_name_and_type_decide() {
        let total = expected("total", MONEY, 6, None);
        sure(&total, &column("sum_total", 6, 2, amount));
        sure(&expected("amount", MONEY, 3, None), &column("amt", 3, 2, amount));
        unsure(&total, &column("sum_total", 6, 2, email));
        unsure(&total, &column("price", 6, 2, amount));
        unsure(&expected("id", Type::BigInt, 0, None), &column("customer_id", 0, 2, small));
    }

    #[test]
    fn the_same_values_under_another_name_are_recognised() {
        let total = expected("total", MONEY, 6, Some(column("total", 6, 1, amount)));
        sure(&total, &column("amount", 6, 1, amount));
        sure(&total, &column("xyzzy", 6, 1, amount));
        // Written with another number of digits.
        let longer = column("xyzzy", 6, 1, |n| amount(n).map(|a| format!("{a}00")));
        sure(&total, &longer);
        // Three rows, as in a test of a program.
        let few = |name: &str| {
            let mut b = ProfileBuilder::new();
            ["5.00", "10.00", "15.00"].iter().for_each(|v| b.push(Some(v)));
            b.finish(name, None, 6, 8)
        };
        sure(&expected("total", MONEY, 6, Some(few("total"))), &few("amount"));
    }

    #[test]
    fn unrelated_columns_are_not_taken() {
        let total = expected("total", MONEY, 6, Some(column("total", 6, 1, amount)));
        unsure(&total, &column("email", 6, 2, email));
        unsure(&total, &column("weight", 6, 2, amount));
        unsure(&total, &column("quantity", 6, 2, small));
        unsure(&total, &column("sum_total", 6, 2, flag));
        unsure(&total, &column("sum_total", 6, 2, email));
        unsure(&total, &column("sum_total", 6, 2, |_| None));
    }

    #[test]
    fn columns_that_have_values_in_common_by_nature_are_not_taken() {
        let quantity = expected("quantity", Type::Int, 4, Some(column("quantity", 4, 1, small)));
        unsure(&quantity, &column("discount", 4, 2, small));
        let paid = expected("is_paid", Type::Text, 4, Some(column("is_paid", 4, 1, flag)));
        unsure(&paid, &column("has_gift", 4, 2, flag));
        let ordered = expected("ordered_on", Type::Date, 5, Some(column("ordered_on", 5, 1, day)));
        unsure(&ordered, &column("birthday", 5, 2, day));
    }

    #[test]
    fn two_good_candidates_leave_no_margin() {
        let total = expected("total", MONEY, 6, Some(column("total", 6, 1, amount)));
        let one = assign(std::slice::from_ref(&total), &[column("sum_total", 6, 2, amount)]);
        assert!(one[0].certain() && one[0].margin == one[0].score, "{one:?}");
        let two = [column("sum_total", 6, 2, amount), column("total_sum", 7, 3, amount)];
        let torn = assign(std::slice::from_ref(&total), &two);
        assert_eq!(torn.len(), 1);
        assert!(torn[0].score >= LEAST_SCORE && !torn[0].certain(), "{torn:?}");
        // The other way: one candidate that two missing columns could be.
        let totals = [total, expected("sum", MONEY, 5, Some(column("sum", 5, 4, amount)))];
        let torn = assign(&totals, &two[..1]);
        assert!(torn.len() == 1 && !torn[0].certain(), "{torn:?}");
    }

    #[test]
    fn what_was_added_to_all_names_does_not_count() {
        type Make = fn(u64) -> Option<String>;
        let makers: [(&str, Type, Make); 4] = [
            ("total", MONEY, amount),
            ("email", Type::Text, email),
            ("quantity", Type::Int, small),
            ("paid", Type::Text, flag),
        ];
        let missing: Vec<Expected> = makers
            .iter()
            .enumerate()
            .map(|(i, (name, ty, make))| expected(name, ty.clone(), i, Some(column(name, i, 1, make))))
            .collect();
        let found: Vec<ColumnProfile> = makers
            .iter()
            .enumerate()
            .map(|(i, (name, _, make))| column(&format!("shop_export_{name}"), i, 2, make))
            .collect();
        for m in assign(&missing, &found) {
            assert!(m.certain() && m.candidate == format!("shop_export_{}", m.missing), "{m:?}");
        }
    }

    #[test]
    fn the_arithmetic_adds_up() {
        let total = expected("total", MONEY, 6, Some(column("total", 6, 1, amount)));
        let found = column("sum_total", 6, 2, amount);
        let got = &assign(std::slice::from_ref(&total), std::slice::from_ref(&found))[0];
        let s = score(&total, &found);
        assert_eq!(got.arithmetic.len(), s.parts.len() + 1);
        assert!(got.arithmetic[0].starts_with("name 0.833 x "), "{:?}", got.arithmetic);
        assert_eq!(*got.arithmetic.last().unwrap(), format!("score {0:.3}, second best 0.000, margin {0:.3}", s.total));
    }

    #[test]
    fn nothing_to_match() {
        assert_eq!(assign(&[], &[column("a", 0, 1, small)]), []);
        assert_eq!(assign(&[expected("a", Type::Int, 0, None)], &[]), []);
        let empty = ColumnProfile { name: "a".into(), ..ColumnProfile::default() };
        assert!(score(&expected("a", Type::Int, 0, Some(empty.clone())), &empty).total <= 1.0);
    }

    proptest! {
        #[test]
        fn one_to_one_and_independent_of_the_order_found(
            missing in prop::collection::btree_map("[a-c]{1,3}(_[a-d]{1,3})?", (0usize..5, any::<bool>()), 0..5),
            found in prop::collection::btree_map("[a-c]{1,3}(_[a-d]{1,3})?", 0usize..5, 0..5),
        ) {
            let makers: [fn(u64) -> Option<String>; 5] = [amount, small, email, flag, day];
            let missing: Vec<Expected> = missing
                .iter()
                .enumerate()
                .map(|(i, (n, (make, base)))| {
                    expected(n, Type::Text, i, base.then(|| column(n, i, 7, makers[*make])))
                })
                .collect();
            let mut found: Vec<ColumnProfile> =
                found.iter().enumerate().map(|(i, (n, make))| column(n, i, 8 + i as u64, makers[*make])).collect();
            let got = assign(&missing, &found);
            prop_assert_eq!(got.len(), missing.len().min(found.len()));
            let ones: BTreeSet<_> = got.iter().map(|m| &m.missing).collect();
            let others: BTreeSet<_> = got.iter().map(|m| &m.candidate).collect();
            prop_assert!(ones.len() == got.len() && others.len() == got.len());
            for m in &got {
                prop_assert!((0.0..=1.0).contains(&m.score) && (0.0..=m.score).contains(&m.margin));
            }
            found.reverse();
            let back = assign(&missing, &found);
            let certain = |l: &[Match]| l.iter().filter(|m| m.certain()).cloned().collect::<Vec<_>>();
            prop_assert_eq!(certain(&got), certain(&back));
        }
    }
}
