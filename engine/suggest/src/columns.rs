//! Rules about the values of one column.

use pipe_profile::ColumnProfile;

use crate::candidate::{Ask, Candidate, Facts, Rank};
use crate::{formats, numbers, sets, texts, words};

/// Of the rows, so many may have no value in a column that is to be complete.
const MISSING: f64 = 0.05;

/// A rule about a column.
pub fn rule(column: &ColumnProfile, predicate: impl Into<String>, check: &'static str, rank: Rank) -> Candidate {
    Candidate {
        columns: vec![column.name.clone()],
        name: None,
        subject: words::name(&column.name),
        predicate: predicate.into(),
        check,
        ask: Ask::Rows,
        rank,
        evidence: String::new(),
        most: 0.0,
        repair: None,
        options: "",
        after: None,
    }
}

/// All that may hold of a column.
pub fn of(facts: &Facts<'_>, column: &ColumnProfile) -> Vec<Candidate> {
    let values = facts.profile.rows - column.nulls.min(facts.profile.rows);
    if values == 0 {
        return Vec::new();
    }
    let mut found = complete(facts, column);
    let format = formats::of(column);
    // Few different numbers are quantities all the same: what reads them says more.
    let number = format.iter().any(|f| f.check == "castable");
    // And a format says more of the only value there is than that it is the only one.
    let only = !format.is_empty() && sets::constant(column).is_some();
    let set = if number || only { Vec::new() } else { sets::of(facts, column) };
    // A set says more than the form of its values.
    let written = if format.is_empty() && set.is_empty() { texts::of(facts, column) } else { None };
    found.extend(texts::written(column));
    // Which country codes there are says more than that they are some.
    let format = if set.is_empty() { format } else { Vec::new() };
    found.extend(format);
    found.extend(set);
    found.extend(written);
    found.extend(numbers::of(facts, column));
    found
}

/// Whether values are always there. Texts that stand for a missing value count as missing, and are made NULL.
fn complete(facts: &Facts<'_>, column: &ColumnProfile) -> Vec<Candidate> {
    let mut found = Vec::new();
    if let Some(sentinels) = texts::sentinels(facts, column) {
        found.push(sentinels);
    }
    let share = column.nulls as f64 / facts.profile.rows.max(1) as f64;
    // What does not convert is NULL here and has its own clause.
    let unread = facts.casts.iter().any(|c| c.column == column.name);
    if share <= MISSING && !unread {
        let mut rule = rule(column, "not null", "not_null", Rank::Completeness);
        rule.most = MISSING;
        found.push(rule);
    }
    if column.blanks > 0 && column.blanks as f64 <= MISSING * facts.profile.rows as f64 {
        let mut rule = rule(column, "not blank", "not_blank", Rank::Completeness);
        rule.most = 2.0 * MISSING;
        found.retain(|f| f.check != "not_null");
        found.push(rule);
    }
    found
}
