//! A heal taken back: its rows leave the targets and go, as they were read, into quarantine, all of them in one commit or
//! none; nothing repairs them so again until somebody changes the clause.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::pipe::{command, pipe};
use crate::rows::{below, files, lines, sorted, staged};

/// Five orders. The second's price has a currency; the third has a wrong total, the fourth both.
const ROWS: &str =
    "id,price,quantity,total\n1,2.50,2,5.00\n2,3.00 EUR,1,3.00\n3,4.00,2,7.00\n4,1.00 EUR,3,4.00\n5,2.00,1,2.00\n";

const PROGRAM: &str = "pipe 1;
source orders from csv 'in/*.csv' schema (id bigint, price decimal(10, 2), quantity int, total decimal(10, 2));
rules orders {
  id not null;
  adds_up: (total = price * quantity);
}
heal orders {
  on cast_failed => cast using (replace($value, ' EUR', '')) else quarantine;
  on rule_failed(rule: adds_up) => set total = (price * quantity) else quarantine;
}
model sums as select count(*) as orders, sum(total) as revenue from orders;
model cheap as select id, total from orders where total < 5;
load orders into parquet 'out/orders';
load cheap into ndjson 'out/cheap';
load sums into csv 'out/sums.csv' with (mode = overwrite);
";

fn project(program: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("in")).unwrap();
    std::fs::write(folder.path().join("in/a.csv"), ROWS).unwrap();
    std::fs::write(folder.path().join("p.pipe"), program).unwrap();
    folder
}

fn healed(program: &str) -> TempDir {
    let folder = project(program);
    pipe(folder.path(), &["run"]).expect(0);
    folder
}

fn edit(folder: &Path, from: &str, to: &str) {
    let path = folder.join("p.pipe");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from}");
    std::fs::write(path, text.replace(from, to)).unwrap();
}

fn query(folder: &Path, sql: &str) -> Vec<Value> {
    let text = pipe(folder, &["query", sql, "--format", "json"]).expect(0).stdout;
    let answer: Value = serde_json::from_str(&text).unwrap();
    answer["rows"].as_array().unwrap().clone()
}

/// The id of the heal with this action.
fn heal(folder: &Path, action: &str) -> String {
    let rows = query(
        folder,
        &format!("select max(heal) as heal from pipe.heals where action = '{action}' and state <> 'undone'"),
    );
    rows[0]["heal"].to_string()
}

/// `id=total` of what is in the target.
fn orders(folder: &Path) -> Vec<String> {
    let text = |c: &Option<String>| c.clone().unwrap_or_else(|| "NULL".into());
    sorted(below(&folder.join("out/orders")))
        .iter()
        .map(|r| format!("{}={}", text(&r["id"]), text(&r["total"])))
        .collect()
}

/// The lines of what is in the target of `cheap`.
fn cheap(folder: &Path) -> Vec<String> {
    files(&folder.join("out/cheap")).iter().flat_map(|f| lines(f)).collect()
}

fn undone(folder: &Path) -> Vec<String> {
    let rows = query(
        folder,
        "select id, price, total, _raw, _row from pipe.quarantine_orders where state = 'undone' order by id",
    );
    rows.iter().map(|r| format!("{} {} {} {} {}", r["id"], r["price"], r["total"], r["_raw"], r["_row"])).collect()
}

#[test]
fn rows_leave_every_target_and_go_into_quarantine_as_they_were_read() {
    let folder = healed(PROGRAM);
    let at = folder.path();
    assert_eq!(orders(at), ["1=5.00", "2=3.00", "3=8.00", "4=3.00", "5=2.00"]);
    assert_eq!(lines(&at.join("out/sums.csv")), ["5,21.00", "orders,revenue"]);
    let report = pipe(at, &["heals", "undo", &heal(at, "cast"), "--format", "json"]).expect(0).json();
    assert_eq!(orders(at), ["1=5.00", "3=8.00", "5=2.00"]);
    assert_eq!(cheap(at), [r#"{"id":5,"total":2.00}"#], "a model that is row by row over it");
    assert_eq!(
        undone(at),
        [r#"2 null 3.0 "{\"price\":\"3.00 EUR\"}" 1"#, r#"4 null 4.0 "{\"price\":\"1.00 EUR\"}" 3"#]
    );
    assert_eq!((&report["outcome"], &report["exit_code"]), (&"ok".into(), &0.into()));
    let told = &report["heals"][0];
    let told = (&told["table"], &told["action"], &told["column"], &told["cells"], &told["rows"], &told["state"]);
    assert_eq!(told, (&"orders".into(), &"cast".into(), &"price".into(), &2.into(), &2.into(), &"undone".into()));
    let loads: Vec<String> = report["loads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| format!("{} {} {}", l["name"], l["outcome"], l["rows"]))
        .collect();
    assert_eq!(loads, [r#""orders" "undone" 2"#, r#""cheap" "undone" 2"#, r#""sums" "stale" 0"#]);

    // The other repair of the fourth row left with the row.
    let ledger = query(at, "select \"row\", \"column\", state from pipe.ledger order by \"row\", \"column\"");
    let ledger: Vec<String> = ledger.iter().map(|e| format!("{} {} {}", e["row"], e["column"], e["state"])).collect();
    let expected =
        [r#"1 "price" "undone""#, r#"2 "total" "applied""#, r#"3 "price" "undone""#, r#"3 "total" "undone""#];
    assert_eq!(ledger, expected);
    let states = query(at, "select action, state from pipe.heals where cells > 0 order by heal");
    assert_eq!(states.iter().map(|s| s["state"].as_str().unwrap()).collect::<Vec<_>>(), ["undone", "applied"]);
}

#[test]
fn what_was_computed_from_them_is_computed_again_without_them() {
    let folder = healed(PROGRAM);
    let at = folder.path();
    assert_eq!(pipe(at, &["run", "--format", "json"]).expect(0).json()["outcome"], "nothing_new");
    pipe(at, &["heals", "undo", &heal(at, "set")]).expect(0);
    let report = pipe(at, &["run", "--format", "json"]).expect(0).json();
    assert_eq!(lines(&at.join("out/sums.csv")), ["3,10.00", "orders,revenue"]);
    assert_eq!(orders(at), ["1=5.00", "2=3.00", "5=2.00"], "the append load takes nothing twice");
    let refused = report["heals"].as_array().unwrap().iter().find(|h| h["action"] == "set").unwrap();
    assert_eq!((&refused["state"], &refused["cells"], &refused["rows"]), (&"refused".into(), &2.into(), &2.into()));
    assert!(refused["reason"].as_str().unwrap().contains("was undone"), "{refused}");
    assert_eq!(query(at, "select count(*) as n from orders")[0]["n"], 3, "a look at the table leaves them out too");
    assert_eq!(pipe(at, &["run", "--format", "json"]).expect(0).json()["outcome"], "nothing_new");

    pipe(at, &["run", "--full-refresh"]).expect(0);
    assert_eq!(orders(at), ["1=5.00", "2=3.00", "5=2.00"]);
    assert_eq!(undone(at).len(), 2, "they stay what they were");
}

#[test]
fn the_account_over_all_batches_is_what_the_target_holds() {
    let folder = healed(PROGRAM);
    let at = folder.path();
    pipe(at, &["heals", "undo", &heal(at, "cast")]).expect(0);
    let sums =
        "select sum(\"read\") as r, sum(committed) as c, sum(quarantined) as q, sum(dropped + duplicates_removed) as d
                from pipe.tables where \"table\" = 'orders'";
    let sums = &query(at, sums)[0];
    assert_eq!((&sums["r"], &sums["c"], &sums["q"], &sums["d"]), (&5.into(), &3.into(), &2.into(), &0.into()));
}

#[test]
fn a_replay_makes_the_repair_again_only_when_the_clause_reads_otherwise() {
    let folder = healed(PROGRAM);
    let at = folder.path();
    pipe(at, &["heals", "undo", &heal(at, "set")]).expect(0);
    let replay = |code| pipe(at, &["quarantine", "replay", "orders", "--format", "json"]).expect(code).json();
    let report = replay(3);
    assert_eq!((orders(at).len(), undone(at).len()), (3, 2), "{report}");
    edit(at, "set total = (price * quantity)", "set total = (quantity * price)");
    replay(0);
    assert_eq!(orders(at), ["1=5.00", "2=3.00", "3=8.00", "4=3.00", "5=2.00"]);
    assert!(undone(at).is_empty());
    // What the replay repaired is a heal of its own, and can be undone like any other; the one before cannot twice.
    pipe(at, &["heals", "undo", &heal(at, "set")]).expect(0);
    assert_eq!(orders(at), ["1=5.00", "2=3.00", "5=2.00"]);
    assert_eq!(undone(at).len(), 2);
}

#[test]
fn a_person_who_undoes_an_inferred_repair_turns_its_clause_down() {
    let program = "pipe 1;
source t from csv 'in/*.csv' schema (zip text, city text, n int);
rules t { zip determines (city); }
heal t with (mode = automatic, confidence = 0.7, max_healed_cells = 50%) { on rule_failed(check: determines) => majority else keep; }
load t into csv 'out/t.csv' with (mode = overwrite);
";
    let folder = project(program);
    let at = folder.path();
    let city = |n: usize| if n == 3 { "Bon" } else { "Bonn" };
    let rows = |extra: usize| (0..8 + extra).map(|n| format!("53111,{},{n}\n", city(n))).collect::<String>();
    std::fs::write(at.join("in/a.csv"), format!("zip,city,n\n{}", rows(0))).unwrap();
    pipe(at, &["run"]).expect(0);
    assert!(lines(&at.join("out/t.csv")).contains(&"53111,Bonn,3".to_owned()));
    pipe(at, &["heals", "undo", &heal(at, "majority")]).expect(0);
    assert!(!std::fs::read_to_string(at.join("out/t.csv")).unwrap().contains(",3\n"));

    // Another wrong city, elsewhere: the clause is not trusted any more, and says by how much.
    std::fs::write(at.join("in/b.csv"), "zip,city,n\n53111,Bnn,100\n").unwrap();
    let report = pipe(at, &["run", "--format", "json"]).expect(0).json();
    let majority: Vec<&Value> = report["heals"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|h| h["action"] == "majority" && h["reason"].as_str().is_some_and(|r| r.contains("turned")))
        .collect();
    assert_eq!(majority.len(), 1, "{report}");
    assert_eq!(majority[0]["state"], "refused");
    let arithmetic = majority[0]["arithmetic"].to_string();
    assert!(arithmetic.contains("clause Beta(1+0, 1+0.98): upper 90% bound 0.687"), "{arithmetic}");
    assert!(lines(&at.join("out/t.csv")).contains(&"53111,Bnn,100".to_owned()), "`else keep`");

    // With every run the rejection weighs less; a clause that reads otherwise starts anew.
    edit(at, "=> majority else keep", "=> majority of city by (zip) else keep");
    std::fs::write(at.join("in/c.csv"), "zip,city,n\n53111,Bnn,101\n").unwrap();
    pipe(at, &["run"]).expect(0);
    assert!(lines(&at.join("out/t.csv")).contains(&"53111,Bonn,101".to_owned()));
}

#[test]
fn what_cannot_be_undone_is_said_so_and_nothing_is_touched() {
    let program = PROGRAM.replace(
        "  on cast_failed =>",
        "  on rule_failed(rule: unique) => dedupe keep first;\n  on new_column => ignore;\n  on cast_failed =>",
    );
    let program =
        program.replace("  id not null;", "  id not null;\n  unique: id unique;\n  few: (total < 8) severity warning;");
    let folder = project(&program);
    let at = folder.path();
    assert!(pipe(at, &["heals", "undo", "1"]).expect(2).stderr.contains("no clause has done anything"));
    std::fs::write(at.join("in/b.csv"), "id,price,quantity,total\n5,2.00,1,2.00\n6,free,1,1.00\n").unwrap();
    pipe(at, &["run"]).expect(0);
    let runs = || query(at, "select count(*) as n from pipe.runs")[0]["n"].clone();
    let before = (orders(at), runs());
    let refused = |id: &str, code: &str, text: &str| {
        let ran = pipe(at, &["heals", "undo", id]).expect(2);
        assert!(ran.stderr.contains(code) && ran.stdout.is_empty(), "{}", ran.stderr);
        let said = ran.stderr.split_whitespace().filter(|w| *w != "│").collect::<Vec<_>>().join(" ");
        assert!(said.contains(text), "{text}: {said}");
        let report = pipe(at, &["heals", "undo", id, "--format", "json"]).expect(2).json();
        assert_eq!((&report["outcome"], &report["exit_code"]), (&"invalid".into(), &2.into()));
        assert_eq!(report["diagnostics"][0]["code"], code);
    };
    refused(&heal(at, "dedupe"), "E1306", "removed rows are whole in `pipe.ledger`");
    refused(&heal(at, "quarantine"), "E1306", "pipe quarantine replay orders");
    let last: i64 = query(at, "select max(heal) as n from pipe.heals")[0]["n"].as_i64().unwrap();
    refused("999", "E1305", &format!("the nearest is {last}"));
    assert_eq!((orders(at), runs()), before);

    // A run that failed after its clauses had done their work.
    let fails = project(&program.replace("few: (total < 8) severity warning", "few: (count(*)) > 100"));
    let run = pipe(fails.path(), &["run"]).expect(1);
    let id = heal(fails.path(), "set");
    let said = pipe(fails.path(), &["heals", "undo", &id]).expect(2).stderr;
    assert!(said.contains("its run committed nothing of `orders`"), "{said}\n{}", run.stdout);

    let set = heal(at, "set");
    pipe(at, &["heals", "undo", &set]).expect(0);
    refused(&set, "E1306", "it was undone before by run");
}

#[test]
fn a_row_that_changed_later_is_refused_by_name() {
    let folder = healed(PROGRAM);
    let at = folder.path();
    let first = heal(at, "set");
    pipe(at, &["run", "--full-refresh"]).expect(0);
    let second = heal(at, "set");
    let ran = pipe(at, &["heals", "undo", &first]).expect(1);
    let said = ran.stderr.split_whitespace().filter(|w| *w != "│").collect::<Vec<_>>().join(" ");
    assert!(said.contains("row 2 of `in/a.csv`") && said.contains(&format!("pipe heals undo {second}")), "{said}");
    assert_eq!(orders(at).len(), 5);

    // So is one whose file was loaded again, though no clause had anything to do there.
    std::fs::write(at.join("in/b.csv"), "id,price,quantity,total\n7,1.00,2,3.00\n").unwrap();
    pipe(at, &["run"]).expect(0);
    let third = heal(at, "set");
    std::fs::write(at.join("in/b.csv"), "id,price,quantity,total\n7,1.00,3,3.00\n8,1.00,1,1.00\n").unwrap();
    pipe(at, &["run", "--target", "orders"]).expect(0);
    let said = pipe(at, &["heals", "undo", &third]).expect(1).stderr;
    assert!(said.contains("row 0 of") && said.contains("loaded again since"), "{said}");

    // A target that somebody else changed is left alone as well.
    files(&at.join("out/orders")).iter().for_each(|f| std::fs::remove_file(f).unwrap());
    let ran = pipe(at, &["heals", "undo", &second]).expect(1);
    assert!(ran.stderr.contains("does not hold row 2 of") && ran.stderr.contains("E1306"), "{}", ran.stderr);
    assert!(undone(at).is_empty());
    assert_eq!(query(at, "select count(*) as n from pipe.heals where state = 'undone'")[0]["n"], 0);
}

#[test]
fn an_undo_that_is_killed_is_whole_or_has_not_been() {
    let points = ["staged", "before_commit", "after_commit", "during_publish", "before_published", "after_published"];
    for point in points {
        let folder = healed(PROGRAM);
        let at = folder.path();
        let id = heal(at, "cast");
        let ended = command(at, &["heals", "undo", &id]).env("PIPE_FAILPOINT", point).output().unwrap();
        assert!(!ended.status.success(), "{point} was not reached");
        // The next command of any kind completes what was committed.
        let there = undone(at).len();
        let committed = !["staged", "before_commit"].contains(&point);
        let expected: &[&str] = if committed {
            &["1=5.00", "3=8.00", "5=2.00"]
        } else {
            &["1=5.00", "2=3.00", "3=8.00", "4=3.00", "5=2.00"]
        };
        assert_eq!(
            (there, orders(at)),
            (if committed { 2 } else { 0 }, expected.iter().map(|s| (*s).to_owned()).collect()),
            "{point}"
        );
        assert_eq!(cheap(at).len(), if committed { 1 } else { 3 }, "{point}");
        assert!(staged(at).is_empty(), "{point}: {:?}", staged(at));
        pipe(at, &["heals", "undo", &id]).expect(if committed { 2 } else { 0 });
        assert_eq!(orders(at), ["1=5.00", "3=8.00", "5=2.00"], "{point}");
        assert_eq!(undone(at).len(), 2, "{point}");
        pipe(at, &["run"]).expect(0);
        assert_eq!(lines(&at.join("out/sums.csv")), ["3,15.00", "orders,revenue"], "{point}");
    }
}
