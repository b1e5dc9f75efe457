//! Which values a column has, when they are few and come back.

use pipe_profile::ColumnProfile;

use crate::candidate::{Candidate, Facts, Rank, Repair};
use crate::columns::rule;
use crate::{texts, words};

/// Values at most.
const VALUES: usize = 20;
/// Rows that each value has on average, at least.
const ROWS_EACH: u64 = 10;
/// A value of the set has at least so many rows, and this share of them; what has fewer is taken for a mistake.
const FREQUENT: (u64, f64) = (3, 0.004);
/// Of the rows, so many may have another value.
const OTHERS: f64 = 0.05;

/// The set, if the values are one.
pub fn of(facts: &Facts<'_>, column: &ColumnProfile) -> Vec<Candidate> {
    let values = facts.profile.rows - column.nulls.min(facts.profile.rows);
    let refers = facts.profile.references.iter().any(|r| r.column == column.name);
    // Small whole numbers are quantities more often than codes: they have a range.
    if column.ty != "text" || !column.distinct.exact || refers {
        return Vec::new();
    }
    let wrong: Vec<&str> = facts
        .profile
        .dependencies
        .iter()
        .filter(|d| d.determines == column.name)
        .flat_map(|d| d.wrong.iter().map(String::as_str))
        .collect();
    let form = texts::form(column);
    let (few, share) = FREQUENT;
    let least = few.max((share * values as f64) as u64);
    let mut frequent: Vec<&str> = Vec::new();
    let mut covered = 0;
    for value in &column.top {
        let other_form = form.is_some_and(|form| form.apply(&value.value) != value.value);
        let missing = value.value.trim().is_empty() || texts::stands_for_missing(&value.value);
        let wrong = wrong.contains(&value.value.as_str()) || misspelt(&value.value, column);
        if value.count < least || value.count_error > 0.0 || other_form || missing || wrong {
            continue;
        }
        frequent.push(&value.value);
        covered += value.count;
    }
    let others = 1.0 - covered as f64 / values.max(1) as f64;
    // One value is a constant, and no set unless others are written for it.
    let is_set = (frequent.len() >= 2 || constant(column).is_some())
        && !frequent.is_empty()
        && frequent.len() <= VALUES
        && frequent.len() as u64 * ROWS_EACH <= values
        && others <= 2.0 * OTHERS;
    if !is_set || frequent.iter().any(|v| v.chars().any(char::is_control)) {
        return Vec::new();
    }
    frequent.sort_unstable();
    let written: Vec<String> = frequent.iter().map(|v| words::text(v)).collect();
    let mut found = rule(column, format!("in ({})", written.join(", ")), "in", Rank::Set);
    found.most = 2.0 * OTHERS;
    let rarest = column.top.iter().filter(|v| frequent.contains(&v.value.as_str())).map(|v| v.count).min();
    found.evidence = format!("each of them in {} or more", words::counted(rarest.unwrap_or_default(), "row"));
    found.repair = nearest(facts, column, &frequent);
    if let Some(Repair::Set { expression, .. }) = &found.repair {
        found.after = Some(format!("({expression}) {}", found.predicate));
    }
    vec![found]
}

/// Reads a misspelt value as the one value of the set that is near: stated in full, so that whoever reads it sees what it does. Where another column
/// decides this one its rows vote.
fn nearest(facts: &Facts<'_>, column: &ColumnProfile, values: &[&str]) -> Option<Repair> {
    let by_constant = constant(column).is_some() && !facts.profile.dependencies.is_empty();
    let decided = by_constant || facts.profile.dependencies.iter().any(|d| d.determines == column.name);
    // What stands for a missing value is made NULL.
    let others =
        column.top.iter().filter(|v| !values.contains(&v.value.as_str()) && !texts::stands_for_missing(&v.value));
    let (mut near, mut all) = (0, 0);
    for other in others {
        all += other.count;
        near += if misspelt(&other.value, column) { other.count } else { 0 };
    }
    if column.ty != "text" || decided || near * 2 <= all || column.distinct.value > column.top.len() as u64 {
        return None;
    }
    let name = words::name(&column.name);
    let mut cases = String::new();
    for value in values {
        let length = value.chars().count();
        let apart =
            values.iter().filter(|v| *v != value).map(|v| strsim::levenshtein(v, value)).min().unwrap_or(length);
        // Nearer to this value than to any other one.
        let most = ((WRONG * length as f64) as usize).min(apart.saturating_sub(1) / 2);
        if length >= 5 && most > 0 {
            cases += &format!(" when levenshtein({name}, {0}) <= {most} then {0}", words::text(value));
        }
    }
    let expression = format!("case{cases} else {name} end");
    (!cases.is_empty()).then(|| Repair::Set { column: column.name.clone(), expression })
}

/// The value of a column that has one, but for misspellings and what is missing: any other column decides it.
pub fn constant(column: &ColumnProfile) -> Option<&str> {
    let first = column.top.first()?;
    let told: u64 = column.top.iter().map(|v| v.count).sum();
    let whole = column.distinct.exact && column.distinct.value == column.top.len() as u64;
    let errs = column.top.len() > 1 || column.nulls > 0;
    let varies = column.ty == "text" && whole && errs && first.count as f64 >= MOSTLY * told as f64;
    (varies && column.top.iter().skip(1).all(|v| misspelt(&v.value, column))).then_some(first.value.as_str())
}

/// Of the values, so many are the constant.
const MOSTLY: f64 = 0.8;

/// So many times as many rows have the value that is meant.
const RIGHT: u64 = 20;
/// Of the characters, so many are wrong.
const WRONG: f64 = 0.25;

/// Whether a value is another, far more frequent one with a few characters wrong. Short ones may be codes that lie close.
pub fn misspelt(value: &str, column: &ColumnProfile) -> bool {
    let count = column.top.iter().find(|v| v.value == value).map_or(1, |v| v.count);
    let length = value.chars().count();
    column.top.iter().any(|right| {
        right.count >= RIGHT * count
            && length.max(right.value.chars().count()) >= 5
            && strsim::levenshtein(value, &right.value) as f64 <= WRONG * length.max(right.value.chars().count()) as f64
    })
}
