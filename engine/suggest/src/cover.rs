//! Of many dependencies the few from which the others follow.

use std::collections::{BTreeMap, BTreeSet};

use pipe_profile::Dependency;

use crate::candidate::{Ask, Candidate, Facts, Rank, Repair};
use crate::{sets, words};

/// Of the rows, so many may differ from their group for a column to be decided: what sources dispute has the most.
const MOST: f64 = pipe_profile::DISPUTED;

/// The dependencies as rules: one for each set of columns that decides something.
///
/// Columns that decide each other name the same thing. The first of them decides everything that they all decide, so that each
/// column has a vote by itself, and the others decide the first. Where nothing else decides a column, `zip → county` is left
/// out when `zip → city` and `city → county` are there.
pub fn dependencies(facts: &Facts<'_>) -> Vec<Candidate> {
    let all = &facts.profile.dependencies;
    let singles: BTreeSet<(&str, &str)> =
        all.iter().filter_map(|d| Some((single(d)?, d.determines.as_str()))).collect();
    let place = |name: &str| facts.profile.columns.iter().position(|c| c.name == name).unwrap_or(usize::MAX);
    let decides = |a: &str, b: &str| singles.contains(&(a, b));
    // The first of those that decide each other.
    let first = |name: &'_ str| {
        let same = singles.iter().filter(|(a, b)| *a == name && decides(b, a)).map(|(_, b)| *b);
        same.map(|b| (place(b), b.to_owned())).chain([(place(name), name.to_owned())]).min().map(|(_, b)| b)
    };
    let mut rules: BTreeMap<(usize, Vec<String>), Vec<String>> = BTreeMap::new();
    for (left, right) in &singles {
        let head = first(left).unwrap_or_default();
        let keep = if head == *left && singles.iter().any(|(a, b)| a == left && decides(b, a)) {
            true
        } else if head != *left {
            *right == head || !decides(&head, right)
        } else {
            // Left out if it follows from what else the column decides.
            !singles
                .iter()
                .any(|(a, middle)| a == left && middle != right && decides(middle, right) && !decides(right, middle))
                && first(right).is_none_or(|f| f == *right || !decides(left, &f))
        };
        if keep {
            rules.entry((place(left), vec![(*left).to_owned()])).or_default().push((*right).to_owned());
        }
    }
    for found in all.iter().filter(|d| d.columns.len() > 1) {
        let at = found.columns.iter().map(|c| place(c)).min().unwrap_or_default();
        rules.entry((at, found.columns.clone())).or_default().push(found.determines.clone());
    }
    constants(facts, &singles, &mut rules);
    let mut candidates: Vec<Candidate> = Vec::new();
    for ((_, left), mut decided) in rules {
        decided.retain(|d| {
            let known: Vec<String> = left.iter().chain([d]).cloned().collect();
            !facts.has(&known, "determines")
        });
        decided.sort_by_key(|d| place(d));
        if decided.is_empty() {
            continue;
        }
        candidates.push(candidate(all, left, decided));
    }
    candidates
}

/// A column of one value and its misspellings is decided by any other one: by the one with the largest groups, as there most rows vote.
fn constants(
    facts: &Facts<'_>,
    singles: &BTreeSet<(&str, &str)>,
    rules: &mut BTreeMap<(usize, Vec<String>), Vec<String>>,
) {
    let groups = |left: &[String]| left.first().and_then(|c| facts.column(c)).map_or(u64::MAX, |c| c.distinct.value);
    // What names a thing in two ways is sure to name it; elsewhere what decides several columns.
    let by = |left: &[String], b: &str| left.first().is_some_and(|l| singles.contains(&(b, l.as_str())));
    let decided = |left: &[String]| -> Vec<&str> {
        singles.iter().filter(|(a, _)| left.first().is_some_and(|l| l == a)).map(|(_, b)| *b).collect()
    };
    let named_twice = rules.keys().any(|(_, left)| left.len() == 1 && decided(left).iter().any(|b| by(left, b)));
    let several = |left: &[String]| {
        let columns = decided(left);
        columns.len() > 1 && (!named_twice || columns.iter().any(|b| by(left, b)))
    };
    let candidates = rules.iter_mut().filter(|((_, left), _)| left.len() == 1 && several(left));
    let Some((_, decided)) = candidates.min_by_key(|((place, left), _)| (groups(left), *place)) else { return };
    let constant = facts.profile.columns.iter().filter(|c| sets::constant(c).is_some());
    decided.extend(constant.map(|c| c.name.clone()));
}

fn single(found: &Dependency) -> Option<&str> {
    match found.columns.as_slice() {
        [column] => Some(column),
        _ => None,
    }
}

fn candidate(all: &[Dependency], left: Vec<String>, decided: Vec<String>) -> Candidate {
    let found: Vec<&Dependency> =
        decided.iter().filter_map(|d| all.iter().find(|a| a.columns == left && a.determines == *d)).collect();
    let disputed = if found.iter().any(|d| d.disputed) { "several sources report and differ; " } else { "" };
    let least = found.iter().map(|d| d.chance).fold(1.0, f64::min);
    let constant: Vec<String> = decided
        .iter()
        .filter(|d| !found.iter().any(|f| f.determines == **d))
        .map(|d| format!("; {} is one value but for misspellings and gaps", words::name(d)))
        .collect();
    let evidence = format!("{disputed}by chance at least {} would differ{}", words::share(least), constant.concat());
    let subject = if left.len() > 1 { format!("({})", words::names(&left)) } else { words::names(&left) };
    Candidate {
        name: None,
        subject,
        predicate: format!("determines ({})", words::names(&decided)),
        check: "determines",
        ask: Ask::Decided(decided),
        rank: Rank::Dependency,
        evidence,
        most: MOST,
        repair: Some(Repair::Majority),
        options: "",
        after: None,
        columns: left,
    }
}
