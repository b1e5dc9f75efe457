//! The invariants as functions over what a run was given and what it left. Each says why it objects.

use std::collections::{BTreeMap, BTreeSet};

use pipe_run::report::FailureReport;

use super::generate::RULES;
use super::world::{COLUMNS, Outcome, Place, number, place};
use crate::rows::Row;

/// Whether the run committed nothing of the table. It is told of twice where one of its loads succeeded and another did not.
pub fn nothing_committed(o: &Outcome) -> bool {
    let left = ["failed", "waiting", "skipped"];
    o.report.tables.iter().filter(|t| t.name == "t").all(|t| left.contains(&t.outcome.as_str()))
}

/// Invariant 1: each row read is in one place, once, and the counts say so; what left is as it was read.
pub fn accounted(o: &Outcome) -> Result<(), String> {
    let Some(t) = o.table("t") else { return Err("no account of the table".into()) };
    if nothing_committed(o) {
        let left = (o.sink.len(), o.quarantine.len(), o.ledger.len());
        return if left == (0, 0, 0) { Ok(()) } else { Err(format!("nothing was committed, and yet {left:?}")) };
    }
    let read = (o.typed.len() + o.broken.len()) as u64;
    if t.read != read || t.read != t.committed + t.quarantined + t.dropped + t.duplicates_removed {
        return Err(format!("the counts do not balance, {read} were read: {t:?}"));
    }
    let counts = (o.sink.len() as u64, o.quarantine.len() as u64, dropped(o)?, removed(o)?.len() as u64);
    if counts != (t.committed, t.quarantined, t.dropped, t.duplicates_removed) {
        return Err(format!("sink, quarantine, dropped, removed are {counts:?}, and the report says {t:?}"));
    }
    let waiting: u64 =
        o.counts.iter().filter(|c| c.table == "t" && c.state.word() == "awaiting_approval").map(|c| c.rows).sum();
    if waiting != t.waiting {
        return Err(format!("{waiting} rows wait, and the report says {t:?}"));
    }
    as_read(o)
}

fn removed(o: &Outcome) -> Result<BTreeSet<u64>, String> {
    o.entries("removed").map(|e| o.about(e)).collect()
}

/// How many rows are nowhere; an error when one is in two places.
pub fn dropped(o: &Outcome) -> Result<u64, String> {
    let by_number: BTreeMap<u64, &Place> = o.places.iter().map(|(p, n)| (*n, p)).collect();
    let mut seen: BTreeMap<Place, Vec<&str>> = BTreeMap::new();
    for row in &o.sink {
        let Some(place) = by_number.get(&number(row)) else { return Err(format!("nobody wrote the row {row:?}")) };
        seen.entry((*place).clone()).or_default().push("sink");
    }
    o.quarantine.iter().for_each(|r| seen.entry(place(r, "_file", "_row")).or_default().push("quarantine"));
    for row in removed(o)? {
        seen.entry(by_number[&row].clone()).or_default().push("removed");
    }
    if let Some((row, twice)) = seen.iter().find(|(_, p)| p.len() > 1) {
        return Err(format!("row {row:?} is in {twice:?}"));
    }
    let all: BTreeSet<&Place> = o.places.keys().chain(&o.broken).collect();
    if let Some(strange) = seen.keys().find(|p| !all.contains(p)) {
        return Err(format!("no file has the row {strange:?}"));
    }
    Ok(all.iter().filter(|p| !seen.contains_key(**p)).count() as u64)
}

/// Rows in quarantine are as they were read: values, the texts that have none, the whole record where it is broken.
pub fn as_read(o: &Outcome) -> Result<(), String> {
    for row in &o.quarantine {
        let at = place(row, "_file", "_row");
        let Some(n) = o.places.get(&at) else {
            if o.broken.contains(&at) && row["_record"].is_some() {
                continue;
            }
            return Err(format!("the text of a broken record is lost: {row:?}"));
        };
        let (typed, raw) = (&o.typed[n], &o.raw[n]);
        let texts: serde_json::Value = serde_json::from_str(row["_raw"].as_deref().unwrap_or("{}")).unwrap();
        for (column, _) in COLUMNS {
            if row[column] != typed[column] {
                return Err(format!("row {n} left as {row:?}, and was read as {typed:?}"));
            }
            if typed[column] != raw[column] && texts[column].as_str() != raw[column].as_deref() {
                return Err(format!("the text {:?} of `{column}` is lost in quarantine: {row:?}", raw[column]));
            }
        }
    }
    Ok(())
}

/// Invariant 2: the cells that differ between the typed input and the output are the ledger's entries.
pub fn ledger_is_the_difference(o: &Outcome) -> Result<(), String> {
    let mut differ = BTreeMap::new();
    for row in &o.sink {
        let typed = o.typed.get(&number(row)).ok_or_else(|| format!("nobody wrote the row {row:?}"))?;
        for (column, _) in COLUMNS {
            if row[column] != typed[column] {
                differ.insert((number(row), column.to_owned()), row[column].clone());
            }
        }
    }
    let mut told = BTreeMap::new();
    for entry in o.entries("applied") {
        let key = (o.about(entry)?, entry["column"].clone().unwrap_or_default());
        if told.insert(key.clone(), entry["new"].clone()).is_some() {
            return Err(format!("the ledger has {key:?} twice"));
        }
    }
    if differ != told {
        return Err(format!("cells that differ {differ:?}, cells in the ledger {told:?}"));
    }
    Ok(())
}

/// Invariant 2, of one run: the report counts the cells of the ledger.
pub fn cells_are_counted(o: &Outcome) -> Result<(), String> {
    let told = o.entries("applied").count() as u64;
    let cells = o.table("t").map_or(0, |t| t.healed_cells);
    let heals: u64 = o.report.heals.iter().filter(|h| h.table == "t" && h.state == "applied").map(|h| h.cells).sum();
    if cells != told || (heals != told && !nothing_committed(o)) {
        return Err(format!(
            "{told} cells are in the ledger, the account says {cells}, the heals {heals}: {:#?}",
            o.report.heals
        ));
    }
    Ok(())
}

/// Invariant 3: after healing no rule has more violations than before; and both are those of the input and of the sink. A rule about
/// the whole table is judged again on what commits: rows that leave change it too, and then it is told as failed.
pub fn no_rule_is_worse(o: &Outcome) -> Result<(), String> {
    let typed: Vec<Row> = o.typed.values().cloned().collect();
    for told in o.report.rules.iter().filter(|r| r.table == "t" && r.verdict != "skipped") {
        let failed = |f: &FailureReport| {
            f.failure == "table_failed" && f.table == told.table && f.fields.get("rule") == Some(&told.rule)
        };
        // A batch that does not commit counts none that would have left.
        let left = o.table("t").map_or(0, |t| t.quarantined + t.dropped + t.duplicates_removed);
        let by_leaving =
            told.level == "table" && (left > 0 || nothing_committed(o)) && o.report.failures.iter().any(failed);
        if told.violations_after > told.violations && !by_leaving {
            return Err(format!("worse than before: {told:?}"));
        }
        let Some(rule) = RULES.iter().find(|r| r.name == told.rule) else { return Err(format!("no rule {told:?}")) };
        let Some(wrong) = rule.wrong else { continue };
        let count = |rows: &[Row]| rows.iter().filter(|r| wrong(r, rows)).count() as u64;
        // A file that was set aside is not judged.
        let judged_all = o.report.notes.iter().all(|n| !n.contains("to quarantine, whole"));
        if rule.by_row && judged_all && count(&typed) != told.violations {
            return Err(format!(
                "{} rows as read violate `{}`, and the report says {told:?}",
                count(&typed),
                rule.name
            ));
        }
        // Where nothing commits a result is about the rows as read.
        if nothing_committed(o) {
            continue;
        }
        // A kept row whose like left for another reason is told of still: a set rule may tell of more than is left, never of less.
        let left = count(&o.sink);
        if left > told.violations_after || (rule.by_row && left != told.violations_after) {
            return Err(format!("{left} rows in the sink violate `{}`, and the report says {told:?}", rule.name));
        }
    }
    Ok(())
}

/// Invariant 4: a second run is new to nobody and changes nothing.
pub fn nothing_new(first: &Outcome, second: &Outcome) -> Result<(), String> {
    let failed = first.report.exit_code == 1 || first.report.outcome == "waiting";
    if !failed && second.report.outcome != "nothing_new" {
        return Err(format!("the second run was `{}`", second.report.outcome));
    }
    same_files(first, second)
}

/// Whether the same rows lie in all places, and the same baselines in the state.
pub fn same_files(one: &Outcome, other: &Outcome) -> Result<(), String> {
    let same = one.sink == other.sink
        && one.quarantine == other.quarantine
        && one.ledger == other.ledger
        && one.models == other.models
        && one.counts == other.counts;
    if same { Ok(()) } else { Err("what is there has changed".into()) }
}

/// Invariant 5: the ledger backwards gives the input, text where a cell had not converted; but for `drop`.
pub fn backwards(o: &Outcome) -> Result<(), String> {
    let mut back: BTreeMap<u64, Row> = o.sink.iter().map(|r| (number(r), r.clone())).collect();
    for entry in o.entries("applied") {
        let row = back.get_mut(&o.about(entry)?).ok_or_else(|| format!("healed and not committed: {entry:?}"))?;
        row.insert(entry["column"].clone().unwrap_or_default(), entry["old"].clone());
    }
    for entry in o.entries("removed") {
        let row = back.entry(o.about(entry)?).or_default();
        row.insert(entry["column"].clone().unwrap_or_default(), entry["old"].clone());
    }
    for (n, row) in &back {
        // A cell without a value that nobody healed came with a text all the same: that is the file's to tell.
        let untouched = |c: &str| row.get(c) == Some(&None) && o.typed[n][c].is_none();
        if COLUMNS.iter().any(|(c, _)| row.get(*c) != o.raw[n].get(*c) && !untouched(c)) {
            return Err(format!("row {n} backwards is {row:?}, and was {:?}", o.raw[n]));
        }
    }
    Ok(())
}

/// Invariant 6: as many threads as you like; floats to 1e-9, relatively.
pub fn same_rows(one: &Outcome, other: &Outcome) -> Result<(), String> {
    let same = one.sink == other.sink && one.quarantine == other.quarantine && one.ledger == other.ledger;
    if !same {
        return Err(format!("other rows on other threads:\n{:?}\n{:?}", one.sink, other.sink));
    }
    for (name, rows) in &one.models {
        let others = &other.models[name];
        if rows.len() != others.len() || !rows.iter().zip(others).all(|(a, b)| near(a, b)) {
            return Err(format!("other rows of `{name}` on other threads:\n{rows:?}\n{others:?}"));
        }
    }
    let told = |o: &Outcome| {
        let mut report = o.report.clone();
        // A row of a query has no place in a file, and none in the query's result.
        report.rules.iter_mut().filter(|r| r.table != "t").for_each(|r| r.samples.clear());
        report.failures.iter_mut().filter(|f| f.table != "t").for_each(|f| f.samples.clear());
        let told = (&report.tables, &report.rules, &report.failures, &report.heals, &report.notes, &report.outcome);
        serde_json::to_string_pretty(&serde_json::to_value(told).unwrap()).unwrap()
    };
    let (one, other) = (told(one), told(other));
    match one.lines().zip(other.lines()).find(|(a, b)| a != b) {
        Some((a, b)) => Err(format!("the reports differ: {a} and {b}\n{one}")),
        None => Ok(()),
    }
}

/// Whether two rows are the same but for the last digits of `x`, the mean.
fn near(one: &Row, other: &Row) -> bool {
    let mean = |row: &Row| row.get("x").cloned().flatten().and_then(|t| t.parse::<f64>().ok());
    let exact = |row: &Row| row.iter().filter(|(c, _)| *c != "x").map(|(c, v)| (c.clone(), v.clone())).collect::<Row>();
    let close = match (mean(one), mean(other)) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
        (a, b) => a == b,
    };
    close && exact(one) == exact(other)
}

/// Invariant 8: baselines move with what is committed and with nothing else; rows and columns go only where the program says so.
pub fn baselines_move_with_commits(before: &Outcome, after: &Outcome, program: &str) -> Result<(), String> {
    let names = |o: &Outcome| o.baselines.iter().map(|b| (b.source.clone(), b.at.clone())).collect::<BTreeMap<_, _>>();
    let (was, is) = (names(before), names(after));
    let committed = !nothing_committed(after);
    if !committed && was.get("t") != is.get("t") {
        return Err(format!("nothing was committed, and the baseline moved: {was:?}, {is:?}"));
    }
    if committed && is.get("t") != Some(&after.report.started_at) {
        return Err(format!("a commit did not move the baseline: {was:?}, {is:?}"));
    }
    if !program.contains("drop") && after.report.tables.iter().any(|t| t.dropped > 0) {
        return Err(format!("rows were dropped by a program that says so nowhere: {:?}", after.report.tables));
    }
    Ok(())
}

/// Rows of a group, and the sum of their amounts.
type Sum = (u64, Option<f64>);

/// The rows of the loads of models are what their queries give of the rows that were committed.
pub fn models_run_on_what_commits(o: &Outcome) -> Result<(), String> {
    let number = |r: &Row, c: &str| r[c].as_deref().and_then(|t| t.parse::<f64>().ok());
    let pick = |r: &Row, columns: &[&str]| columns.iter().map(|c| ((*c).to_owned(), r[*c].clone())).collect::<Row>();
    let mut m: Vec<Row> =
        o.sink.iter().filter(|r| number(r, "q") > Some(5.0)).map(|r| pick(r, &["row", "k", "g", "num", "q"])).collect();
    m.sort();
    let mut sums: BTreeMap<Option<String>, Sum> = BTreeMap::new();
    for row in &o.sink {
        let (n, sum) = sums.entry(row["g"].clone()).or_default();
        *n += 1;
        if let Some(num) = number(row, "num") {
            *sum = Some(sum.unwrap_or_default() + num);
        }
    }
    let told_sums: BTreeMap<_, _> = o.models["sums"]
        .iter()
        .map(|r| (r["g"].clone(), (number(r, "n").unwrap_or_default() as u64, number(r, "s"))))
        .collect();
    let close = |(a, b): (&Sum, &Sum)| a.0 == b.0 && (a.1.unwrap_or(-1e300) - b.1.unwrap_or(-1e300)).abs() < 1e-6;
    let known = |r: &&Row| r["k"].as_deref().is_some_and(|k| (0..9).any(|n| k == format!("k{n}")));
    let joined = o.sink.iter().filter(|r| number(r, "q").is_none_or(|q| q >= 0.0)).filter(known).count();
    let loaded = |name: &str| o.report.loads.iter().any(|l| l.name == name && l.outcome == "committed");
    if loaded("m") && o.models["m"] != m {
        return Err(format!("`m` is {:?} and should be {m:?}", o.models["m"]));
    }
    if loaded("sums") && !(told_sums.keys().eq(sums.keys()) && told_sums.values().zip(sums.values()).all(close)) {
        return Err(format!("`sums` are {told_sums:?} and should be {sums:?}"));
    }
    if loaded("joined") && o.models["joined"].len() != joined {
        return Err(format!("`joined` has {} rows and should have {joined}", o.models["joined"].len()));
    }
    Ok(())
}
