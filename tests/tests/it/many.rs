//! Failing rows that are too many for memory are healed as few are: what is held in files is what would be held in memory.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::pipe::pipe;
use crate::rows::{files, lines};

/// So many groups of five rows: more failing rows than a block holds, and than eight megabytes do.
const GROUPS: usize = 8_000;

/// Of each group: a price with a unit, a negative number in a town that two others outvote, two rows of one key, a row that
/// nothing can be made of.
fn rows() -> String {
    let mut text = "id,price,pieces,zip,town\n".to_owned();
    for g in 0..GROUPS {
        let row = |text: &mut String, id: usize, price: &str, pieces: i64, town: &str| {
            writeln!(text, "{id},{price},{pieces},{g},{town}").unwrap();
        };
        let pieces = i64::try_from(g).unwrap() + 1;
        let town = format!("the town number {g}");
        row(&mut text, 5 * g, "1.50 EUR", pieces, &town);
        row(&mut text, 5 * g + 1, "2.50", -pieces, "somewhere else");
        row(&mut text, 5 * g + 2, "3.50", pieces, &town);
        row(&mut text, 5 * g + 2, "3.50", pieces + 1, &town);
        row(&mut text, 5 * g + 3, "no price", pieces, &town);
    }
    text
}

const PROGRAM: &str = "pipe 1;
source t from csv 't.csv' schema (id bigint, price decimal(10, 2), pieces bigint, zip bigint, town text);
rules t { price not null; pieces > 0; id unique; zip determines (town); positive: (min(pieces) > 0); }
heal t with (mode = automatic, confidence = 0.5, max_healed_cells = 100%, max_quarantine = 60%) {
  on cast_failed(column: price) => cast using (replace($value, ' EUR', '')) else quarantine;
  on rule_failed(rule: pieces.gt) => set pieces = (-pieces) else quarantine;
  on rule_failed(check: unique) => dedupe keep latest pieces else quarantine;
  on rule_failed(check: determines) => majority else keep;
  on rule_failed => quarantine;
}
load t into csv 'out/t';
";

fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.csv"), rows()).unwrap();
    std::fs::write(folder.path().join("p.pipe"), PROGRAM).unwrap();
    folder
}

/// The rows of a target, or of a query, in order.
fn sorted(mut rows: Vec<String>) -> Vec<String> {
    rows.sort();
    rows
}

fn query(folder: &Path, sql: &str) -> Vec<String> {
    let out = pipe(folder, &["query", sql, "--format", "csv"]).expect(0).stdout;
    out.lines().map(str::to_owned).collect()
}

/// What is left of a report when times and the run's own name are taken out.
fn told(report: &Value) -> Vec<&Value> {
    ["tables", "rules", "heals", "failures"].iter().map(|part| &report[*part]).collect()
}

fn numbers<'r>(table: &'r Value, names: &[&str]) -> Vec<&'r Value> {
    names.iter().map(|name| &table[*name]).collect()
}

#[test]
fn many_failing_rows_end_as_they_would_in_memory() {
    let (large, small) = (project(), project());
    let mut reports = Vec::new();
    for (folder, memory) in [(&large, "1GB"), (&small, "12MB")] {
        let run = pipe(folder.path(), &["run", "--format", "json", "--memory", memory, "--threads", "1"]);
        reports.push(run.expect(0).json());
    }
    let [in_memory, in_files] = reports.as_slice() else { panic!("two reports") };
    let table = &in_files["tables"][0];
    let names = ["read", "committed", "quarantined", "duplicates_removed", "healed_cells"];
    assert_eq!(
        numbers(table, &names),
        [5 * GROUPS, 3 * GROUPS, GROUPS, GROUPS, 3 * GROUPS].map(Value::from).iter().collect::<Vec<_>>(),
        "{table}"
    );
    assert_eq!(told(in_memory), told(in_files));
    let out = |folder: &TempDir| {
        let rows = files(&folder.path().join("out")).iter().flat_map(|f| lines(f)).collect::<Vec<_>>();
        sorted(rows.into_iter().filter(|row| !row.starts_with("id")).collect())
    };
    assert_eq!(out(&large), out(&small));
    assert_eq!(out(&small).len(), 3 * GROUPS);
    for sql in [
        "select file, row, \"column\", old, new, confidence, clause, state from pipe.ledger",
        "select id, pieces, _raw, _reasons, _file, _line, _row, state from pipe.quarantine_t order by _row",
    ] {
        let (a, b) = (query(large.path(), sql), query(small.path(), sql));
        assert!(a.len() > 2 * GROUPS || sql.contains("quarantine") && a.len() == GROUPS + 1, "{sql}: {}", a.len());
        assert_eq!(a, b, "{sql}");
    }

    // What is held comes again, and is healed by a clause that knows more.
    let more = PROGRAM.replace("replace($value, ' EUR', '')", "replace(replace($value, ' EUR', ''), 'no price', '0')");
    for (folder, memory) in [(&large, "1GB"), (&small, "12MB")] {
        std::fs::write(folder.path().join("p.pipe"), &more).unwrap();
        let args = ["quarantine", "replay", "t", "--format", "json", "--memory", memory, "--threads", "1"];
        let report = pipe(folder.path(), &args).expect(0).json();
        assert_eq!(numbers(&report["tables"][0], &["read", "committed"]), [&Value::from(GROUPS), &Value::from(GROUPS)]);
        assert_eq!(
            query(folder.path(), "select count(*) from pipe.quarantine_t where state = 'held'"),
            ["count(*)", "0"]
        );
    }
    assert_eq!(out(&large), out(&small));
}
