//! Rules about rows beside each other, other tables, and the table as a whole.

use pipe_profile::Key;

use crate::candidate::{Ask, Candidate, Facts, Rank, Repair};
use crate::words;

/// Rows from which on a key of one column is one: among fewer nothing repeats by accident.
const FEW: u64 = 20;
/// Of the rows, so many may repeat a key.
const REPEATED: f64 = 0.02;
/// Of the values, so many may be no key of the other table.
const ORPHANS: f64 = 0.05;
/// A table older than this has no freshness to speak of.
const OLD: i64 = 45 * 86_400;

fn bare(columns: Vec<String>, predicate: impl Into<String>, check: &'static str, rank: Rank) -> Candidate {
    let subject = if columns.len() > 1 { format!("({})", words::names(&columns)) } else { words::names(&columns) };
    Candidate {
        columns,
        name: None,
        subject,
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

/// Columns that name a row: all single ones, and of several one combination.
pub fn keys(facts: &Facts<'_>) -> Vec<Candidate> {
    if facts.rows < FEW {
        return Vec::new();
    }
    let all = &facts.profile.keys;
    let place =
        |c: &String| facts.profile.columns.iter().position(|column| column.name == *c).unwrap_or(usize::MAX / 4);
    // Of those that name the same things the first columns: names come before what is told of them.
    let places = |key: &&Key| key.columns.iter().map(place).sum::<usize>();
    let several = all.iter().filter(|k| k.columns.len() > 1).min_by_key(places);
    // Rows whose pairs do not repeat by accident are no evidence: where a column names the row, a pair is told only if its columns come
    // back often.
    let comes_back = |key: &&Key| {
        key.columns.iter().all(|c| {
            facts.column(c).is_some_and(|c| c.distinct.value * 4 <= facts.profile.rows.saturating_sub(c.nulls))
        })
    };
    let one = all.iter().filter(|k| k.columns.len() == 1);
    one.chain(several.filter(comes_back))
        // That no two rows are of the same moment is an accident.
        .filter(|key| {
            let is_time = |c: &String| facts.column(c).is_some_and(|c| c.ty.starts_with("timestamp") || c.ty == "date");
            key.columns.len() > 1 || !key.columns.iter().any(is_time)
        })
        .filter(|key| key.nulls.unwrap_or_default() * 2 <= facts.profile.rows)
        .map(|key| {
            let mut found = bare(key.columns.clone(), "unique", "unique", Rank::Key);
            found.ask = Ask::Key;
            found.most = if key.columns.len() == 1 { REPEATED } else { 0.0 };
            found.repair = Some(Repair::Dedupe(None));
            found
        })
        .collect()
}

/// Columns whose values are keys of other tables.
pub fn references(facts: &Facts<'_>) -> Vec<Candidate> {
    let all = facts.profile.references.iter().map(|reference| {
        let predicate = format!("references {} ({})", words::name(&reference.table), words::name(&reference.key));
        let mut found = bare(vec![reference.column.clone()], predicate, "references", Rank::Reference);
        found.ask = Ask::Reference { table: reference.table.clone(), key: reference.key.clone() };
        found.most = ORPHANS;
        found.evidence = format!("{} of the keys are referred to", words::share(reference.coverage));
        found
    });
    all.collect()
}

/// How old the latest row may be: twice its age now, in whole days or hours, at least a day.
pub fn freshness(facts: &Facts<'_>) -> Vec<Candidate> {
    let youngest = facts.ages.iter().filter(|(_, age)| (-3600..=OLD).contains(age)).min_by_key(|(_, age)| *age);
    let Some((column, age)) = youngest else { return Vec::new() };
    let days = (age * 2).max(0) / 86_400 + 1;
    let mut found = bare(vec![column.clone()], format!("within {days}d"), "within_age", Rank::Table);
    found.name = Some("freshness".to_owned());
    found.subject = format!("(max({}))", words::name(column));
    found.ask = Ask::Nothing;
    found.options = " severity warning";
    let hours = age / 3600;
    let told = if hours < 48 {
        words::counted(hours.max(0).unsigned_abs(), "hour")
    } else {
        words::counted((hours / 24).unsigned_abs(), "day")
    };
    found.evidence = format!("the latest is {told} old; twice that, in whole days");
    vec![found]
}

/// How many rows there may be: from half to twice as many, and what is usual once there were some runs. Both only warn, as a run may judge
/// a part of what was looked at here.
pub fn volume(facts: &Facts<'_>) -> Vec<Candidate> {
    if facts.rows < FEW {
        return Vec::new();
    }
    let (low, high) = (round(facts.rows / 2, false), round(facts.rows.saturating_mul(2), true));
    let rule = |name: &str, predicate: String, evidence: String| {
        let mut found = bare(Vec::new(), predicate, "row_count", Rank::Table);
        found.name = Some(name.to_owned());
        found.ask = Ask::Nothing;
        found.options = " severity warning";
        found.evidence = evidence;
        found
    };
    let now = format!("{} now; from half to twice as many", words::counted(facts.rows, "row"));
    let later = "learns what is usual: says nothing before the sixth run".to_owned();
    vec![
        rule("volume", format!("row count between {low} and {high}"), now),
        rule("usual_volume", "row count within 3 sigma over last 14 runs".to_owned(), later),
    ]
}

/// To one digit that says something, or two.
fn round(number: u64, up: bool) -> u64 {
    let unit = 10_u64.pow(number.max(1).ilog10().saturating_sub(1));
    let down = number / unit * unit;
    if up && down < number { down + unit } else { down }
}
