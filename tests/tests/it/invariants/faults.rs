//! Each invariant's function objects to the fault it is for, planted into what real runs left.

use std::path::Path;

use pipe_state::State;

use super::check::*;
use super::secrets::told_nobody;
use super::world::{self, Case, Cell, Format, Outcome, Record, SECRET, number, runs};
use super::{holds_of_a_run, planned};
use crate::rows::{files, of_parquet};

/// Six rows in two files and one that comes later: a healed cell, a converted one, a removed duplicate, rows in quarantine.
fn case() -> Case {
    let cell = |text: &str, typed: bool| {
        let text = (!text.is_empty()).then(|| text.to_owned());
        Cell { typed: text.clone().filter(|_| typed), text }
    };
    let row = |k: &str, num: &str, q: &str| {
        let dotted = num.parse::<f64>().is_ok();
        let (g, a, d) = (cell("g", true), cell("x", true), cell("2026-01-01", true));
        Record::Row(Box::new([cell(k, true), g, a, cell(num, dotted), cell(q, true), d]))
    };
    Case {
        files: vec![
            vec![row("k0", "1.50", "1"), row("k0", "1.50", "2"), row("k1", "1,50", "3"), Record::Broken],
            vec![row("k2", "zz", "4"), row("k3", "2.00", "70"), row("", "", "5")],
        ],
        later: vec![vec![row("k5", "3.00", "6"), row("k6", "4.00", "80")]],
        format: Format::Csv,
        sink: "parquet",
        settings: "max_quarantine = 100%".to_owned(),
        rules: vec!["k not null, unique", "q between 1 and 50"],
        clauses: vec![
            "on cast_failed(column: num) => cast using (replace($value, ',', '.')) else quarantine",
            "on rule_failed(rule: k.unique) => dedupe keep latest row",
            "on rule_failed(rule: q.between) => set q = (10)",
            "on rule_failed => quarantine",
            "on bad_record => quarantine",
        ],
        more: super::generate::MORE.to_vec(),
        threads: 2,
    }
}

/// The first run of the case; all is well with it.
fn first() -> (tempfile::TempDir, Case, Outcome) {
    let (folder, case) = (tempfile::tempdir().unwrap(), case());
    case.write(folder.path());
    let outcome = runs(&case, folder.path(), 2, 0, false);
    assert_eq!((outcome.sink.len(), outcome.quarantine.len()), (3, 3), "{:#?}", outcome.report);
    holds_of_a_run(&outcome).unwrap();
    models_run_on_what_commits(&outcome).unwrap();
    (folder, case, outcome)
}

/// A copy of an outcome with a fault.
fn with(good: &Outcome, fault: impl Fn(&mut Outcome)) -> Outcome {
    let mut copy = good.clone();
    fault(&mut copy);
    copy
}

fn other() -> Option<String> {
    Some("other".to_owned())
}

#[test]
fn of_1_rows_that_are_lost_or_doubled() {
    let (_folder, _, good) = first();
    let objects = |fault: &dyn Fn(&mut Outcome)| _ = accounted(&with(&good, fault)).unwrap_err();
    // A row that is dropped, from the sink or from the quarantine; a row in both; a batch committed twice; a wrong count.
    objects(&|o| _ = o.sink.pop());
    objects(&|o| _ = o.quarantine.pop());
    objects(&|o| o.quarantine.retain(|r| r["_record"].is_none()));
    objects(&|o| o.sink.push(o.quarantine.iter().find(|r| r["row"].is_some()).unwrap().clone()));
    objects(&|o| o.sink.extend(o.sink.clone()));
    objects(&|o| o.ledger.retain(|e| e["state"].as_deref() != Some("removed")));
    objects(&|o| o.report.tables.iter_mut().for_each(|t| t.dropped += 1));
    objects(&|o| o.report.tables.iter_mut().for_each(|t| t.waiting += 1));
    // A failed table that has left rows.
    objects(&|o| o.report.tables.iter_mut().for_each(|t| t.outcome = "failed".into()));
    // A row in quarantine that is not as it was read; texts that are lost there.
    objects(&|o| o.quarantine.iter_mut().for_each(|r| _ = r.insert("g".into(), other())));
    objects(&|o| o.quarantine.iter_mut().for_each(|r| _ = r.insert("_raw".into(), None)));
    objects(&|o| o.quarantine.iter_mut().for_each(|r| _ = r.insert("_record".into(), None)));
    // A model that is computed from other rows than those that were committed.
    let stale = with(&good, |o| _ = o.models.get_mut("m").unwrap().pop());
    let stale =
        with(&stale, |o| o.models.get_mut("sums").unwrap().iter_mut().for_each(|r| _ = r.insert("n".into(), other())));
    models_run_on_what_commits(&stale).unwrap_err();
}

#[test]
fn of_2_cells_that_the_ledger_does_not_know() {
    let (_folder, _, good) = first();
    let objects = |fault: &dyn Fn(&mut Outcome)| _ = ledger_is_the_difference(&with(&good, fault)).unwrap_err();
    // A flipped cell; an entry that is missing, there twice, about another row or with another value.
    objects(&|o| _ = o.sink[0].insert("g".into(), other()));
    objects(&|o| o.ledger.retain(|e| e["column"].as_deref() != Some("q")));
    objects(&|o| o.ledger.extend(o.ledger.clone()));
    objects(&|o| o.ledger.iter_mut().for_each(|e| _ = e.insert("row".into(), Some("77".into()))));
    objects(&|o| o.ledger.iter_mut().for_each(|e| _ = e.insert("new".into(), other())));
    cells_are_counted(&with(&good, |o| o.report.tables.iter_mut().for_each(|t| t.healed_cells += 1))).unwrap_err();
    cells_are_counted(&with(&good, |o| o.report.heals.iter_mut().for_each(|h| h.cells += 1))).unwrap_err();
}

#[test]
fn of_3_a_rule_that_is_worse_off() {
    let (_folder, _, good) = first();
    let objects = |fault: &dyn Fn(&mut Outcome)| _ = no_rule_is_worse(&with(&good, fault)).unwrap_err();
    objects(&|o| o.report.rules.iter_mut().for_each(|r| r.violations_after = 1 + r.violations));
    // Violations in the sink, or in what was read, that the report keeps quiet about.
    objects(&|o| _ = o.sink[0].insert("q".into(), Some("99".into())));
    objects(&|o| _ = o.typed.get_mut(&0).unwrap().insert("q".into(), Some("99".into())));
}

#[test]
fn of_4_a_batch_that_lands_twice() {
    let (folder, case, good) = first();
    nothing_new(&good, &good).unwrap_err();
    let again = runs(&case, folder.path(), 2, 1, false);
    nothing_new(&good, &again).unwrap();
    nothing_new(&good, &with(&again, |o| o.sink.extend(o.sink.clone()))).unwrap_err();
    nothing_new(&good, &with(&again, |o| o.quarantine.extend(o.quarantine.clone()))).unwrap_err();
    nothing_new(&good, &with(&again, |o| o.counts.clear())).unwrap_err();
    // A real one: a state that has forgotten what it had taken.
    std::fs::remove_dir_all(folder.path().join(".pipe")).unwrap();
    let forgotten = runs(&case, folder.path(), 2, 2, false);
    assert!(forgotten.sink.len() > good.sink.len() || forgotten.report.exit_code != 0);
    nothing_new(&good, &forgotten).unwrap_err();
}

#[test]
fn of_5_a_way_back_that_leads_elsewhere() {
    let (_folder, _, good) = first();
    let objects = |fault: &dyn Fn(&mut Outcome)| _ = backwards(&with(&good, fault)).unwrap_err();
    // An old value that is not the one that was there; a removed row that is not whole; a cell nobody wrote down.
    objects(&|o| o.ledger.iter_mut().for_each(|e| _ = e.insert("old".into(), Some("?".into()))));
    objects(&|o| o.ledger.retain(|e| e["column"].as_deref() != Some("g")));
    objects(&|o| o.ledger.retain(|e| e["column"].as_deref() != Some("num")));
}

#[test]
fn of_6_another_row_on_another_thread() {
    let (folder, _, good) = first();
    same_rows(&good, &good).unwrap();
    let objects = |fault: &dyn Fn(&mut Outcome)| _ = same_rows(&good, &with(&good, fault)).unwrap_err();
    objects(&|o| _ = o.sink.pop());
    objects(&|o| o.report.rules[0].violations += 1);
    objects(&|o| o.report.notes.push("something else".to_owned()));
    objects(&|o| o.models.get_mut("sums").unwrap().clear());
    // A mean that is off in the last digit is the same, one that is off in the eighth is not.
    let mean = |by: f64| {
        with(&good, |o| {
            let row = &mut o.models.get_mut("sums").unwrap()[0];
            let mean: f64 = row["x"].as_deref().unwrap().parse().unwrap();
            row.insert("x".into(), Some((mean * (1.0 + by)).to_string()));
        })
    };
    same_rows(&good, &mean(1e-12)).unwrap();
    same_rows(&good, &mean(1e-8)).unwrap_err();
    // A plan that tells of another load.
    let plan = planned(folder.path(), 1);
    assert_eq!(plan, planned(folder.path(), 4));
    let program = std::fs::read_to_string(folder.path().join("p.pipe")).unwrap();
    std::fs::write(folder.path().join("p.pipe"), program.replace("q > 5", "q > 6")).unwrap();
    assert_ne!(plan, planned(folder.path(), 1));
}

#[test]
fn of_8_a_baseline_that_moves_by_itself() {
    let (folder, case, good) = first();
    let program = case.program();
    let nothing = with(&good, |o| o.baselines.clear());
    let holds = |before: &Outcome, after: &Outcome| baselines_move_with_commits(before, after, &program);
    holds(&nothing, &good).unwrap();
    // A commit that does not move it; a run without one that does, or that loses it.
    holds(&nothing, &with(&good, |o| o.baselines.clear())).unwrap_err();
    holds(&good, &with(&good, |o| o.report.started_at = "2030-01-01T00:00:00.000Z".into())).unwrap_err();
    let failed = with(&good, |o| o.report.tables.iter_mut().for_each(|t| t.outcome = "failed".into()));
    holds(&good, &failed).unwrap();
    holds(&good, &with(&failed, |o| o.baselines.iter_mut().for_each(|b| b.at = "2030".into()))).unwrap_err();
    holds(&good, &with(&failed, |o| o.baselines.clear())).unwrap_err();
    // Rows that are dropped by a program that does not say so.
    assert!(program.contains("drop"));
    let silent = program.replace("drop", "keep");
    let dropping = with(&good, |o| o.report.tables.iter_mut().for_each(|t| t.dropped = 1));
    baselines_move_with_commits(&nothing, &dropping, &silent).unwrap_err();
    // A real one: a state whose baseline somebody took away.
    std::fs::remove_dir_all(folder.path().join(".pipe")).unwrap();
    State::open(&folder.path().join(".pipe")).unwrap();
    let left = world::left(&case, folder.path(), failed.report.clone(), false);
    holds(&good, &left).unwrap_err();
}

#[test]
fn of_9_a_secret_that_is_told() {
    let (folder, _, good) = first();
    told_nobody(folder.path(), &good, &planned(folder.path(), 1)).unwrap();
    let note = with(&good, |o| o.report.notes.push(format!("cannot reach {SECRET}")));
    told_nobody(folder.path(), &note, "").unwrap_err();
    told_nobody(folder.path(), &good, SECRET).unwrap_err();
    std::fs::write(folder.path().join(".pipe/run.log"), SECRET).unwrap();
    told_nobody(folder.path(), &good, "").unwrap_err();
}

#[test]
fn of_what_lies_in_files() {
    let (folder, case, good) = first();
    // The same faults in the files themselves: a part that is gone, one that is there twice, a quarantine without its file.
    let again = |what: &str| {
        let outcome = world::left(&case, folder.path(), good.report.clone(), false);
        assert!(holds_of_a_run(&outcome).is_err(), "{what} is not seen");
    };
    let moved = |path: &Path, what: &str| {
        let aside = folder.path().join("aside");
        std::fs::rename(path, &aside).unwrap();
        again(what);
        std::fs::rename(&aside, path).unwrap();
    };
    let part = files(&folder.path().join("out")).into_iter().find(|f| !of_parquet(f).is_empty()).unwrap();
    moved(&part, "a lost part");
    moved(&files(&folder.path().join(".pipe/quarantine/t"))[0], "a lost quarantine");
    moved(&files(&folder.path().join(".pipe/ledger"))[0], "a lost ledger");
    let twice = part.with_file_name("twice.parquet");
    std::fs::copy(&part, &twice).unwrap();
    again("a doubled part");
    std::fs::remove_file(twice).unwrap();
    holds_of_a_run(&world::left(&case, folder.path(), good.report.clone(), false)).unwrap();
    // And in what comes later: a row of the first run that is gone after the second.
    case.write_files(folder.path(), true);
    let second = runs(&case, folder.path(), 2, 1, true);
    super::later_holds(&good, &second).unwrap();
    let lost = number(&good.sink[0]);
    super::later_holds(&good, &with(&second, |o| o.sink.retain(|r| number(r) != lost))).unwrap_err();
    super::later_holds(&good, &with(&second, |o| o.sink.extend(o.sink.clone()))).unwrap_err();
}
