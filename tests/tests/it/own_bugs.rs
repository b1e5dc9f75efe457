//! What went wrong in this engine, as tests: each is named after what must hold, and says what did not. Most were found by
//! generated cases.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::BoxFuture;
use pipe_run::Options;
use pipe_run::report::Observer;

use crate::others_bugs::{held, numbers, project, run, table, write};
use crate::pipe::pipe;
use crate::rows::{below, lines, sorted};

/// A table read again for a model over the whole had its heals told, and its rows held, a second time.
#[test]
fn a_cell_healed_once_is_in_the_ledger_once() {
    let program = "source t from csv 't_*.csv' schema (n bigint, s text);\nrules t { s not null; n > 0; }\n\
        heal t { on rule_failed(rule: s.not_null) => set s = ('none'); on rule_failed => quarantine; }\n\
        model m as select count(*) as c from t;\n\
        load t into parquet 'out' with (mode = append);\nload m into csv 'm.csv' with (mode = overwrite);\n";
    let folder = project(program, &[("t_1.csv", "n,s\n1,\n2,b\n3,c\n-1,d\n")]);
    run(folder.path(), 0);
    let ledger = || sorted(below(&folder.path().join(".pipe/ledger")));
    assert_eq!((ledger().len(), held(folder.path(), "t").len()), (1, 1));
    write(folder.path(), "t_2.csv", "n,s\n4,\n5,e\n6,f\n");
    run(folder.path(), 0);
    let told: Vec<_> = ledger().iter().map(|e| (e["file"].clone().unwrap(), e["row"].clone().unwrap())).collect();
    assert_eq!(told, [("t_1.csv".to_owned(), "0".to_owned()), ("t_2.csv".to_owned(), "0".to_owned())]);
    assert_eq!(held(folder.path(), "t").len(), 1);
    assert_eq!(lines(&folder.path().join("m.csv")), ["6", "c"]);
}

/// A full refresh took rows out of the sink and left them nowhere.
#[test]
fn a_full_refresh_holds_bad_rows_again() {
    let program = "source t from csv 't.csv' schema (n bigint, s text);\nrules t { n > 0; }\n\
        heal t { on rule_failed => quarantine; }\nload t into parquet 'out' with (mode = append);\n";
    let folder = project(program, &[("t.csv", "n,s\n1,a\n-1,b\n2,c\n")]);
    run(folder.path(), 0);
    pipe(folder.path(), &["run", "--full-refresh"]).expect(0);
    assert_eq!(numbers(&sorted(below(&folder.path().join("out"))), "n"), ["1", "2"]);
    let query = "select n, state from pipe.quarantine_t order by state";
    let told = pipe(folder.path(), &["query", query, "--format", "csv"]).expect(0).stdout;
    assert_eq!(told, "n,state\n-1,held\n-1,superseded\n");
}

/// Two equal rows outvoted a third; when one of them was removed as a duplicate there was a tie, and two rows violated.
#[test]
fn a_duplicate_that_decides_a_vote_stays() {
    let program = "source t from csv 't.csv' schema (k text, g text, a text);\n\
        rules t { k unique; det: (g) determines (a); }\n\
        heal t { on rule_failed(rule: k.unique) => dedupe keep first else keep; on rule_failed => keep; }\n\
        load t into parquet 'out' with (mode = append);\n";
    let folder = project(program, &[("t.csv", "k,g,a\n1,g,x\n1,g,x\n2,g,y\n")]);
    let report = run(folder.path(), 0);
    let rules: Vec<_> =
        report["rules"].as_array().unwrap().iter().map(|r| (&r["violations"], &r["violations_after"])).collect();
    assert_eq!(rules, [(&2.into(), &2.into()), (&1.into(), &1.into())], "{report:#}");
    assert_eq!(below(&folder.path().join("out")).len(), 3);
    let dedupe = report["heals"].as_array().unwrap().iter().find(|h| h["action"] == "dedupe").unwrap();
    assert_eq!(dedupe["state"], "withdrawn", "{report:#}");
    // Without the vote nothing is in its way.
    write(folder.path(), "p.pipe", &format!("pipe 1;\n{}", program.replace("det: (g) determines (a);", "")));
    assert_eq!(table(&run(folder.path(), 0), "t"), &serde_json::Value::Null);
    pipe(folder.path(), &["run", "--full-refresh"]).expect(0);
    assert_eq!(below(&folder.path().join("out")).len(), 2);
}

/// Of several loads that took a table in one commit all but the first did so again in every run.
#[test]
fn each_load_of_a_table_knows_its_own_batch() {
    let program = "source t from csv 't_*.csv' schema (n bigint);\nload t into parquet 'out' with (mode = append);\n\
        load t into csv 'whole.csv' with (mode = overwrite);\nload t into ndjson 'again' with (mode = append);\n";
    let folder = project(program, &[("t_1.csv", "n\n1\n")]);
    for (new, more) in [("2", ["ok", "nothing_new"]), ("3", ["ok", "nothing_new"])] {
        for outcome in more {
            let report = run(folder.path(), 0);
            assert_eq!(report["outcome"], outcome, "{report:#}");
        }
        write(folder.path(), &format!("t_{new}.csv"), &format!("n\n{new}\n"));
    }
    run(folder.path(), 0);
    assert_eq!(lines(&folder.path().join("whole.csv")), ["1", "2", "3", "n"]);
    assert_eq!(below(&folder.path().join("out")).len(), 3);
}

/// The whole of a table and its new rows are judged apart; a row that only the new ones sent away was held nowhere.
#[test]
fn a_new_row_is_held_where_its_load_does_not_take_it() {
    let program = "source t from csv 't_*.csv' schema (n bigint, s text);\nrules t { s not null tolerate 30%; }\n\
        heal t with (max_quarantine = 100%) { on rule_failed => quarantine; }\n\
        load t into parquet 'out' with (mode = append);\nload t into csv 'whole.csv' with (mode = overwrite);\n";
    let folder = project(program, &[("t_1.csv", "n,s\n1,a\n2,b\n3,c\n4,d\n")]);
    run(folder.path(), 0);
    // One of two is too many; one of six is not.
    write(folder.path(), "t_2.csv", "n,s\n5,\n6,f\n");
    run(folder.path(), 0);
    assert_eq!(numbers(&sorted(below(&folder.path().join("out"))), "n"), ["1", "2", "3", "4", "6"]);
    assert_eq!(numbers(&held(folder.path(), "t"), "n"), ["5"]);
    assert_eq!(lines(&folder.path().join("whole.csv")).len(), 7);
}

/// The text of a JSON string in place of a number came to `cast` with its quotes, and never converted.
#[test]
fn a_json_string_is_cast_without_its_quotes() {
    let program = "source t from ndjson 't.ndjson' schema (n bigint, x double);\n\
        heal t { on cast_failed => cast using (replace($value, ' pcs', '')) else quarantine; }\n\
        load t into csv 'out.csv' with (mode = overwrite);\n";
    let rows = "{\"n\": 1, \"x\": \"2.5 pcs\"}\n{\"n\": \"2\", \"x\": 1}\n{\"n\": 3, \"x\": \"\\\"4\\\"\"}\n{\"n\": 4, \"x\": \"-\"}\n";
    let folder = project(program, &[("t.ndjson", rows)]);
    run(folder.path(), 0);
    assert_eq!(lines(&folder.path().join("out.csv")), ["1,2.5", "2,1.0", "n,x"]);
    assert_eq!(numbers(&held(folder.path(), "t"), "n"), ["3", "4"]);
}

/// Asks a run to stop when it has looked so often whether somebody did: once while it evaluates, then before every commit.
struct Stop {
    after: usize,
    looks: AtomicUsize,
}

impl Observer for Stop {
    fn interrupted(&self) -> BoxFuture<'_, ()> {
        if self.looks.fetch_add(1, Ordering::SeqCst) < self.after {
            Box::pin(std::future::pending())
        } else {
            Box::pin(async {})
        }
    }
}

/// A run that was asked to stop while it committed said that all was well.
#[test]
fn a_run_that_is_interrupted_while_it_commits_says_so_and_the_next_completes_it() {
    let program = "source a from csv 'a.csv' schema (n bigint);\nsource b from csv 'b.csv' schema (n bigint);\n\
        load a into parquet 'a' with (mode = append);\nload b into parquet 'b' with (mode = append);\n";
    for (after, rows) in [(0, (0, 0)), (1, (0, 0)), (2, (1, 0)), (3, (1, 1))] {
        let folder = project(program, &[("a.csv", "n\n1\n"), ("b.csv", "n\n1\n")]);
        let loaded = pipe_check::load(folder.path(), &[folder.path().join("p.pipe")], None);
        let options = Options::new(folder.path().join(".pipe"));
        let stop = Stop { after, looks: AtomicUsize::new(0) };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let report = runtime.block_on(pipe_run::run(&loaded, &options, &stop));
        assert_eq!((report.outcome.as_str(), report.exit_code), ("interrupted", 130), "{after}: {report:#?}");
        let landed = || (below(&folder.path().join("a")).len(), below(&folder.path().join("b")).len());
        assert_eq!(landed(), rows, "{after}");
        assert_eq!(crate::rows::staged(folder.path()), Vec::<std::path::PathBuf>::new(), "{after}");
        run(folder.path(), 0);
        assert_eq!(landed(), (1, 1), "{after}");
    }
}

/// Of several repairs joined by `then` only the first was made.
#[test]
fn then_repairs_as_well() {
    let program = "source t from csv 't.csv' schema (n bigint, s text, q int);\nrules t { n > 0; }\n\
        heal t { on rule_failed(rule: n.gt) => set n = (-n) then set s = (concat(s, '!')) then set q = (7) else quarantine; }\n\
        load t into csv 'out.csv' with (mode = overwrite);\n";
    let folder = project(program, &[("t.csv", "n,s,q\n-1,a,1\n2,b,2\n0,c,3\n")]);
    run(folder.path(), 0);
    assert_eq!(lines(&folder.path().join("out.csv")), ["1,a!,7", "2,b,2", "n,s,q"]);
    assert_eq!(numbers(&held(folder.path(), "t"), "n"), ["0"]);
    let told = below(&folder.path().join(".pipe/ledger"));
    assert_eq!(told.len(), 3, "{told:?}");
}

/// The `root` of a connection for files was read and did nothing.
#[test]
fn files_are_under_the_root_of_their_connection() {
    let program = "connection there csv with (root = 'data');\nconnection out csv with (root = 'a/b/');\n\
        source t from there '*.csv' schema (n bigint);\nload t into out 'c.csv' with (mode = overwrite);\n";
    let folder = project(program, &[]);
    std::fs::create_dir(folder.path().join("data")).unwrap();
    write(&folder.path().join("data"), "1.csv", "n\n1\n");
    run(folder.path(), 0);
    assert_eq!(lines(&folder.path().join("a/b/c.csv")), ["1", "n"]);
    assert_eq!(run(folder.path(), 0)["outcome"], "nothing_new");
    // A place that is whole stands for itself.
    let whole = folder.path().join("data/1.csv");
    write(folder.path(), "p.pipe", &format!("pipe 1;\n{}", program.replace("*.csv", &whole.to_string_lossy())));
    run(folder.path(), 0);
}

/// New rows that were refused, and the whole that was taken, numbered their heals alike, and the state took neither.
#[test]
fn a_table_may_be_refused_for_one_load_and_taken_for_another() {
    let program = "source t from csv 't_*.csv' schema (n bigint, s text);\nrules t { s not null; many: (count(*)) >= 3; }\n\
        heal t { on rule_failed => set s = ('none'); }\nmodel m as select count(*) as c from t;\n\
        load t into parquet 'out' with (mode = append);\nload m into csv 'm.csv' with (mode = overwrite);\n";
    let folder = project(program, &[("t_1.csv", "n,s\n1,\n2,b\n3,c\n")]);
    run(folder.path(), 0);
    write(folder.path(), "t_2.csv", "n,s\n4,\n");
    let report = run(folder.path(), 3);
    assert!(!report.to_string().contains("E1499"), "{report:#}");
    assert_eq!(below(&folder.path().join("out")).len(), 3);
    assert_eq!(lines(&folder.path().join("m.csv")), ["4", "c"]);
}

/// The first table rule that failed ended the judgement, and the others were told as let pass. What was decided beside it came to nothing.
#[test]
fn every_table_rule_that_fails_is_told_as_failed() {
    let program = "source t from csv 't.csv' schema (n bigint);\n\
        rules t { few: (count(*)) < 2; small: (max(n)) < 2; kept: (min(n)) > 5; some: (count(*)) > 0; }\n\
        heal t { on table_failed(rule: kept) => warn; }\nload t into parquet 'out' with (mode = append);\n";
    let folder = project(program, &[("t.csv", "n\n1\n2\n3\n")]);
    let report = run(folder.path(), 1);
    let handled = |f: &serde_json::Value| format!("{} {}", f["fields"]["rule"], f["handled"]).replace('"', "");
    let told: Vec<String> = report["failures"].as_array().unwrap().iter().map(handled).collect();
    assert_eq!(told, ["few failed", "small failed", "kept withdrawn"]);
}
