//! The same rows whatever the threads, where rows come in no order: those of a model over several partitions and batches.

use std::path::Path;

use serde_json::Value;

use crate::others_bugs::{held, project};
use crate::pipe::{Ran, pipe};
use crate::rows::{Row, lines, sorted};

/// Two files of rows; each key twice, in different files; many of equal `at`, some without `s`.
fn inputs() -> [(&'static str, String); 2] {
    let file = |first: u64| {
        let row = |i: u64| {
            let s = ["", "a", "b", "c", "d"][(i * 7919 % 5) as usize];
            format!("{i},{},{s},{},{}\n", i % 9_000, i * 31 % 97, i * 7907 % 500)
        };
        std::iter::once("id,k,s,n,at\n".to_owned()).chain((first..first + 9_000).map(row)).collect()
    };
    [("t_1.csv", file(0)), ("t_2.csv", file(9_000))]
}

/// A model that a join spreads over as many partitions as there are threads.
const MODEL: &str = "source t from csv 't_*.csv' schema (id bigint, k bigint, s text, n bigint, at bigint);\n\
    model m as select t.* from t join (select k as k2, count(*) as c from t group by k) as g on t.k = g.k2";

fn run(folder: &Path, threads: u8) -> Ran {
    pipe(folder, &["run", "--threads", &threads.to_string(), "--format", "json"])
}

/// What a run left and told of the model.
fn left(program: &str, threads: u8) -> (Vec<String>, Vec<Row>, Vec<Value>) {
    let inputs = inputs();
    let inputs: Vec<(&str, &str)> = inputs.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let folder = project(program, &inputs);
    let told = run(folder.path(), threads).expect(0).json();
    let mut rows = held(folder.path(), "m");
    for row in &mut rows {
        row.retain(|column, _| !column.starts_with('_'));
    }
    let samples = told["failures"].as_array().unwrap().iter().map(|f| f["samples"].clone());
    (lines(&folder.path().join("m.csv")), sorted(rows), samples.collect())
}

#[test]
fn heals_of_a_model_do_not_depend_on_threads() {
    let settings = "(mode = automatic, confidence = 0.1, max_healed_cells = 100%, max_quarantine = 100%)";
    let clauses = [
        "on rule_failed(check: unique) => dedupe keep most complete; on rule_failed => quarantine;",
        "on rule_failed(check: unique) => dedupe keep latest at; on rule_failed => quarantine;",
        "on rule_failed(check: unique) => dedupe keep first order by at; on rule_failed => quarantine;",
        "on rule_failed(check: unique) => keep; on rule_failed => fill with previous order by at else quarantine;",
        "on rule_failed(check: unique) => keep; on rule_failed => fill with mode else quarantine;",
    ];
    for clauses in clauses {
        let program = format!(
            "{MODEL};\nrules m {{ k unique; s not null; }}\nheal m with {settings} {{ {clauses} }}\n\
             load m into csv 'm.csv' with (mode = overwrite);\n"
        );
        let (one, seven) = (left(&program, 1), left(&program, 7));
        assert!(one.0.len() > 5_000 && !one.2.is_empty(), "{clauses}");
        assert!(one.0 == seven.0, "{clauses}: the rows that commit");
        assert!(one.1 == seven.1, "{clauses}: the rows that leave");
        assert_eq!(one.2, seven.2, "{clauses}: the rows that are shown");
    }
}

/// Of the rows of a key the earliest stays, on a source too; of several the one that was read first. A row without a value is not
/// the first.
#[test]
fn the_first_in_an_order_is_the_one_that_stays() {
    for (keep, left) in [("first order by at", ["1,b,2", "2,d,5"]), ("first", ["1,a,3", "2,d,5"])] {
        let program = format!(
            "source t from csv 't.csv' schema (k bigint, s text, at bigint);\nrules t {{ k unique; }}\n\
             heal t {{ on rule_failed => dedupe keep {keep}; }}\nload t into csv 'out.csv' with (mode = overwrite);\n"
        );
        let folder = project(&program, &[("t.csv", "k,s,at\n1,a,3\n1,b,2\n1,c,2\n2,d,5\n1,e,\n")]);
        run(folder.path(), 1).expect(0);
        let mut rows = lines(&folder.path().join("out.csv"));
        rows.retain(|l| l != "k,s,at");
        assert_eq!(rows, left, "{keep}");
    }
}

#[test]
fn the_value_before_is_that_of_the_order_named() {
    let program = "source t from csv 't.csv' schema (id bigint, s text, at bigint);\nrules t { s not null; }\n\
        heal t with (mode = automatic, confidence = 0.1, max_healed_cells = 100%) { on rule_failed => fill with previous order by at; }\n\
        load t into csv 'out.csv' with (mode = overwrite);\n";
    let folder = project(program, &[("t.csv", "id,s,at\n1,a,30\n2,,20\n3,c,10\n4,,40\n")]);
    run(folder.path(), 1).expect(0);
    let rows = lines(&folder.path().join("out.csv"));
    assert!(rows.contains(&"2,c,20,true".to_owned()) && rows.contains(&"4,a,40,true".to_owned()), "{rows:?}");
}

/// A row of a model that a rule about rows and one about the set found stood twice in the file of failing rows.
#[test]
fn a_failing_row_of_a_model_is_written_once_with_all_its_reasons() {
    let program = "source t from csv 't.csv' schema (k bigint, s text, n bigint);\nmodel m as select * from t where n < 100;\n\
        rules m { k unique; s not null; n > 0; (k) determines (s); n strictly increasing order by k; }\n";
    // Of the first two rows, which are alike, one increases on nothing.
    let folder = project(program, &[("t.csv", "k,s,n\n1,,-1\n1,,-1\n2,a,5\n2,b,6\n3,c,7\n4,,8\n")]);
    for threads in ["1", "7"] {
        pipe(folder.path(), &["validate", "--failing-rows", "bad.csv", "--threads", threads]).expect(1);
        let text = std::fs::read_to_string(folder.path().join("bad.csv")).unwrap();
        let rows: Vec<&str> = text.lines().skip(1).collect();
        let expected = [
            "m,\"k.unique, s.not_null, n.gt, n.increasing\",,,,1,,-1",
            "m,\"k.unique, s.not_null, n.gt\",,,,1,,-1",
            "m,\"k.unique, k.determines\",,,,2,a,5",
            "m,\"k.unique, k.determines\",,,,2,b,6",
            "m,s.not_null,,,,4,,8",
        ];
        assert_eq!(rows, expected, "{text}");
    }
}

/// Rows that were let pass or healed stood behind the others; and what is larger than a part of a file was copied by several threads.
#[test]
fn a_model_that_ends_with_an_order_is_loaded_in_it() {
    let model = MODEL.replace("select t.*", "select t.*, repeat('x', 600) as wide");
    let blocks = [
        "",
        "rules m { s not null severity warning; }",
        "rules m { s not null; } heal m { on rule_failed => set s = ('none'); }",
        "rules m { k unique; } heal m with (max_quarantine = 100%) { on rule_failed => dedupe keep latest at; }",
        "rules m { s not null; k unique severity warning; } heal m with (mode = automatic, confidence = 0.1) { on rule_failed => fill with mode; }",
    ];
    let inputs = inputs();
    let inputs: Vec<(&str, &str)> = inputs.iter().map(|(name, text)| (*name, text.as_str())).collect();
    for block in blocks {
        let program = format!(
            "{model} order by t.at desc, t.id;\n{block}\nload m into csv 'm.csv' with (mode = overwrite);\n\
             load m into csv 'again.csv' with (mode = overwrite);\n"
        );
        for threads in [1, 7] {
            let folder = project(&program, &inputs);
            run(folder.path(), threads).expect(0);
            for name in ["m.csv", "again.csv"] {
                let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
                let number = |cell: Option<&str>| cell.unwrap().parse::<i64>().unwrap();
                let place = |line: &str| {
                    let mut cells = line.split(',');
                    let id = number(cells.next());
                    (-number(cells.nth(3)), id)
                };
                let places: Vec<(i64, i64)> = text.lines().skip(1).map(place).collect();
                assert!(places.len() >= 9_000, "{block}: {}", places.len());
                assert!(places.is_sorted(), "{name} with {threads} threads: {block}");
            }
        }
    }
}
