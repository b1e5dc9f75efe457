//! The invariants of a run, over generated tables, rules, clauses, models, formats and numbers of threads.
//!
//! Each is a function over what a run was given and what it left (`check`), and each is shown to object to the fault it is
//! for (`faults`). `PROPTEST_CASES` and `PROPTEST_RNG_SEED` say how many cases there are, and which.

mod check;
mod faults;
mod generate;
mod results;
mod secrets;
mod world;

use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::rows::staged;
use check::*;
use world::{Case, Outcome, options, runs};

/// As many cases as `PROPTEST_CASES` says, or by default so many.
fn config(default: u32) -> Config {
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { Config::default().cases } else { default };
    Config { cases, failure_persistence: None, max_shrink_iters: 60, ..Config::default() }
}

/// What no program of these tests may end with: it was wrong, or the engine was.
fn sound(o: &Outcome, folder: &Path) -> Result<(), String> {
    if o.report.exit_code == 2 || o.report.diagnostics.iter().any(|d| d["code"] == "E1499" || d["code"] == "E1401") {
        return Err(format!("{:#?}", o.report.diagnostics));
    }
    let left = staged(folder);
    if left.is_empty() { Ok(()) } else { Err(format!("staged: {left:?}")) }
}

/// What must hold of one run over one table.
fn holds_of_a_run(o: &Outcome) -> Result<(), String> {
    accounted(o).map_err(|e| format!("1, rows in = rows out: {e}"))?;
    ledger_is_the_difference(o).map_err(|e| format!("2, ledger = differences: {e}"))?;
    cells_are_counted(o).map_err(|e| format!("2, cells: {e}"))?;
    no_rule_is_worse(o).map_err(|e| format!("3, no rule worse: {e}"))?;
    backwards(o).map_err(|e| format!("5, ledger backwards: {e}"))
}

/// The plan's text, and what is explained of each table.
fn planned(folder: &Path, threads: usize) -> String {
    let loaded = pipe_check::load(folder, &[folder.join("p.pipe")], None);
    let selection = pipe_plan::select(&loaded.program, &[]).unwrap();
    let options = options(folder, threads, 0);
    world::on(threads, async {
        let news = pipe_run::news(&loaded, &options, &selection).await.unwrap();
        let facts = pipe_run::facts(&loaded, &options).await.unwrap();
        let plan = pipe_plan::plan(&loaded.program, &selection, &options.params, Some(&news));
        let names = loaded.program.sources.keys().chain(loaded.program.models.keys());
        let explained = names.flat_map(|n| pipe_plan::explain(&loaded.program, n, &facts)).map(|o| o.to_string());
        format!("{plan}{}", explained.collect::<String>())
    })
}

fn table_holds(case: &Case) -> Result<(), String> {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    case.write(here.path());
    case.write(there.path());
    let first = runs(case, here.path(), case.threads, 0, false);
    sound(&first, here.path())?;
    holds_of_a_run(&first)?;
    secrets::told_nobody(here.path(), &first, "").map_err(|e| format!("9: {e}"))?;
    let second = runs(case, here.path(), case.threads, 1, false);
    nothing_new(&first, &second).map_err(|e| format!("4, again: {e}"))?;
    let other = runs(case, there.path(), if case.threads == 1 { 3 } else { 1 }, 0, false);
    same_rows(&first, &other).map_err(|e| format!("6, threads: {e}"))
}

fn pipeline_holds(case: &Case) -> Result<(), String> {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    case.write(here.path());
    case.write(there.path());
    let other_threads = if case.threads == 1 { 4 } else { 1 };
    let program = case.program();
    let one_plan = |when: &str| {
        let plans = [case.threads, other_threads].map(|n| planned(here.path(), n));
        let same = plans.iter().all(|p| *p == plans[0]);
        if same { Ok(()) } else { Err(format!("6, plans {when}: {plans:#?}")) }
    };
    let nothing = world::left(case, here.path(), pipe_run::Report::default(), false);
    one_plan("before the first run")?;
    let first = runs(case, here.path(), case.threads, 0, false);
    sound(&first, here.path())?;
    holds_of_a_run(&first)?;
    baselines_move_with_commits(&nothing, &first, &program).map_err(|e| format!("8: {e}"))?;
    models_run_on_what_commits(&first).map_err(|e| format!("models: {e}"))?;
    let again = runs(case, here.path(), other_threads, 1, false);
    nothing_new(&first, &again).map_err(|e| format!("4, again: {e}"))?;
    baselines_move_with_commits(&first, &again, &program).map_err(|e| format!("8, again: {e}"))?;

    case.write_files(here.path(), true);
    one_plan("before the second run")?;
    let second = runs(case, here.path(), case.threads, 2, true);
    sound(&second, here.path())?;
    baselines_move_with_commits(&again, &second, &program).map_err(|e| format!("8, later: {e}"))?;
    let plan = planned(here.path(), case.threads);
    secrets::told_nobody(here.path(), &second, &plan).map_err(|e| format!("9: {e}"))?;
    later_holds(&first, &second)?;

    let other_first = runs(case, there.path(), other_threads, 0, false);
    same_rows(&first, &other_first).map_err(|e| format!("6, threads: {e}"))?;
    // The run in between has nothing new, and no say.
    case.write_files(there.path(), true);
    let other_second = runs(case, there.path(), other_threads, 2, true);
    same_rows(&second, &other_second).map_err(|e| format!("6, threads, later: {e}"))
}

/// What must hold of the results of a run's rules.
fn results_hold(case: &Case) -> Result<(), String> {
    let here = tempfile::tempdir().unwrap();
    case.write(here.path());
    let first = runs(case, here.path(), case.threads, 0, false);
    sound(&first, here.path())?;
    results::complete(&first)?;
    results::queries_find_the_violations(&first, here.path(), if case.threads == 1 { 3 } else { 1 })?;
    results::alone(case, &first)
}

/// What must hold when more files came to what is there.
fn later_holds(before: &Outcome, after: &Outcome) -> Result<(), String> {
    if nothing_committed(after) && nothing_committed(before) {
        return accounted(after).map_err(|e| format!("1, later: {e}"));
    }
    if let Some(gone) = before.sink.iter().find(|r| !after.sink.contains(r)) {
        return Err(format!("1, later: a row that was loaded is gone: {gone:?}"));
    }
    if nothing_committed(after) {
        return same_files(before, after).map_err(|e| format!("1, later: nothing was committed, and {e}"));
    }
    dropped(after).map_err(|e| format!("1, later: {e}"))?;
    as_read(after).map_err(|e| format!("1, later: {e}"))?;
    // A table whose new rows are refused while what is computed from the whole of it commits has heals that are not in its load.
    let refused = after.report.loads.iter().any(|l| l.name == "t" && l.outcome != "committed");
    if refused {
        return Ok(());
    }
    ledger_is_the_difference(after).map_err(|e| format!("2, later: {e}"))?;
    backwards(after).map_err(|e| format!("5, later: {e}"))
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn hold_over_generated_tables(case in generate::tables()) {
        if let Err(why) = table_holds(&case) {
            prop_assert!(false, "{why}\n{}", case.program());
        }
    }
}

proptest! {
    // Each case is five runs of several tables: a thousand take minutes, and were tried.
    #![proptest_config(config(200))]

    #[test]
    fn hold_over_generated_pipelines(case in generate::pipelines()) {
        if let Err(why) = pipeline_holds(&case) {
            prop_assert!(false, "{why}\n{}", case.program());
        }
    }
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn violations_are_those_of_the_failing_rows_query_in_one_pass_and_alone(case in generate::pipelines()) {
        if let Err(why) = results_hold(&case) {
            prop_assert!(false, "{why}\n{}", case.program());
        }
    }
}
