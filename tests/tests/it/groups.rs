//! `tolerate` and `warn above` group by group: the failing groups are named, and only their rows are handled.

use std::path::Path;

use serde_json::{Value, json};

use crate::pipe::pipe;

const PROGRAM: &str = "pipe 1;
source t from csv 't.csv' schema (id bigint, shop text, state text, v int, k text);
source u from csv 'u.csv' schema (k text);
rules t { RULE; }
heal t with (max_quarantine = 100%) { CLAUSES on rule_failed => quarantine; }
load t into parquet 'out';
model kept as select shop, count(*) as n from t group by 1;
";

/// Of shop a 10 rows, 2 without a value; of b 10 with 3; of c 4 with none; of no shop 4 with 2. Two of c and one of a refer to
/// nothing.
fn rows() -> String {
    let mut text = "id,shop,state,v,k\n".to_owned();
    let mut id = 0;
    for (shop, rows, missing) in [("a", 10, 2), ("b", 10, 3), ("c", 4, 0), ("", 4, 2)] {
        for i in 0..rows {
            id += 1;
            let value = if i < missing { String::new() } else { i.to_string() };
            let key = if (shop == "c" && i < 2) || (shop == "a" && i == 9) { "x" } else { "k" };
            text += &format!("{id},{shop},new,{value},{key}\n");
        }
    }
    text
}

fn project(rule: &str, clauses: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("p.pipe", &PROGRAM.replace("RULE", rule).replace("CLAUSES", clauses));
    write("t.csv", &rows());
    write("u.csv", "k\nk\n");
    folder
}

/// The result of the only rule, and the rows of each shop that are left.
fn run(folder: &Path) -> (Value, Vec<String>) {
    let report = pipe(folder, &["run", "--format", "json"]).json();
    let left = pipe(folder, &["query", "select * from kept order by shop", "--format", "csv"]).expect(0).stdout;
    (report["rules"][0].clone(), left.lines().skip(1).map(str::to_owned).collect())
}

fn groups(rule: &Value) -> Vec<String> {
    let group =
        |g: &Value| format!("{} {} {}/{}", g["group"], g["verdict"], g["violations"], g["rows"]).replace('"', "");
    rule["groups"].as_array().unwrap().iter().map(group).collect()
}

#[test]
fn only_the_rows_of_failing_groups_leave() {
    let folder = project("v not null tolerate 25% by (shop)", "");
    let (rule, left) = run(folder.path());
    assert_eq!(groups(&rule), ["shop = NULL fail 2/4", "shop = b fail 3/10"]);
    assert_eq!(rule["observed"], "2 of 4 groups: shop = NULL: 2 of 4; shop = b: 3 of 10");
    // As read all that violate, after healing those that are let pass.
    assert_eq!(
        (&rule["violations"], &rule["violations_after"], &rule["verdict"]),
        (&json!(7), &json!(2), &json!("pass"))
    );
    assert_eq!(left, ["a,10", "b,7", "c,4", ",2"]);
    let query = format!("select count(*) as n from ({}) as f", rule["failing_rows_sql"].as_str().unwrap());
    assert_eq!(pipe(folder.path(), &["query", &query, "--format", "csv"]).expect(0).stdout, "n\n7\n");
    let shown = pipe(folder.path(), &["runs", "show", "last"]).expect(0).stdout;
    assert!(shown.contains("    2 of 4 groups: shop = NULL: 2 of 4; shop = b: 3 of 10\n"), "{shown}");
}

#[test]
fn a_number_of_rows_is_of_each_group_too() {
    let (rule, left) = run(project("k references u (k) tolerate 1 by (shop)", "").path());
    assert_eq!(
        (groups(&rule), left),
        (vec!["shop = c fail 2/4".into()], vec!["a,10".into(), "b,10".into(), "c,2".into(), ",4".into()])
    );
    let (rule, left) = run(project("v not null tolerate 3 by (shop, state)", "").path());
    assert_eq!((groups(&rule), &rule["observed"]), (vec![], &json!("4 groups, all as expected")));
    assert_eq!(left, ["a,10", "b,10", "c,4", ",4"]);
}

#[test]
fn groups_are_warned_of_before_they_fail() {
    let (rule, left) = run(project("v not null warn above 10% fail above 25% by (shop)", "").path());
    assert_eq!(groups(&rule), ["shop = NULL fail 2/4", "shop = b fail 3/10", "shop = a warn 2/10"]);
    assert_eq!((&rule["verdict"], left.len()), (&json!("warn"), 4));
    let (rule, left) = run(project("v not null warn above 25% fail above 60% by (shop)", "").path());
    assert_eq!(groups(&rule), ["shop = NULL warn 2/4", "shop = b warn 3/10"]);
    assert_eq!(
        (&rule["verdict"], left),
        (&json!("warn"), vec!["a,10".into(), "b,10".into(), "c,4".into(), ",4".into()])
    );
}

#[test]
fn repairs_touch_failing_groups_only() {
    let clause = "on rule_failed(rule: v.not_null) => set v = (-1);";
    let folder = project("v not null tolerate 25% by (shop)", clause);
    let report = pipe(folder.path(), &["run", "--format", "json"]).json();
    let orders = report["tables"].as_array().unwrap().iter().find(|t| t["name"] == "t").unwrap();
    assert_eq!((&orders["healed_cells"], &orders["committed"], &orders["kept"]), (&json!(5), &json!(28), &json!(0)));
    let query =
        "select shop, count(*) filter (where v = -1) as healed, count(*) filter (where v is null) as missing from t
                 group by 1 order by 1";
    let rows = pipe(folder.path(), &["query", query, "--format", "csv"]).expect(0).stdout;
    assert_eq!(rows, "shop,healed,missing\na,0,2\nb,3,0\nc,0,0\n,2,0\n");
}

#[test]
fn validate_names_the_failing_groups() {
    let folder = project("v not null tolerate 25% by (shop)", "");
    let told = pipe(folder.path(), &["validate", "--format", "json"]).expect(1).json();
    let rule = &told["rules"][0];
    assert_eq!(
        (groups(rule), &rule["violations"]),
        (vec!["shop = NULL fail 2/4".into(), "shop = b fail 3/10".into()], &json!(7))
    );
    // The rows that are listed are those of the failing groups.
    assert_eq!((rule["failing_rows"].as_array().unwrap().len(), &rule["more_failing_rows"]), (5, &json!(0)));
}

#[test]
fn rows_that_are_judged_beside_others_are_counted_by_group_too() {
    // Of `k` shop a has nine, b ten, c two and no shop four; of `x` a has one and c two. A key with a NULL in it, which no shop is, is compared with none.
    let folder = project("k unique tolerate 4 by (shop)", "");
    let (rule, left) = run(folder.path());
    assert_eq!(groups(&rule), ["shop = b fail 10/10", "shop = a fail 9/10"]);
    assert_eq!(rule["observed"], "2 of 3 groups: shop = b: 10 of 10; shop = a: 9 of 10");
    assert_eq!(left, ["a,1", "c,4", ",4"]);
    let counts = [&rule["violations"], &rule["violations_after"], &rule["rows"], &rule["verdict"]];
    assert_eq!(counts, [&json!(23), &json!(4), &json!(24), &json!("pass")]);
    let query = format!("select count(*) as n from ({}) as f", rule["failing_rows_sql"].as_str().unwrap());
    assert_eq!(pipe(folder.path(), &["query", &query, "--format", "csv"]).expect(0).stdout, "n\n23\n");
    let told = pipe(folder.path(), &["validate", "--format", "json"]).expect(1).json();
    let looked = &told["rules"][0];
    assert_eq!((groups(looked), &looked["violations"], &looked["rows"]), (groups(&rule), &json!(23), &json!(24)));
    assert_eq!((looked["failing_rows"].as_array().unwrap().len(), &looked["more_failing_rows"]), (19, &json!(0)));
    let plan = pipe(folder.path(), &["explain", "t"]).expect(0).stdout;
    assert!(plan.contains("a query each: k.unique"), "{plan}");
}

#[test]
fn one_row_of_each_key_stays_in_failing_groups_only() {
    let folder = project("k unique tolerate 4 by (shop)", "on rule_failed(check: unique) => dedupe keep first;");
    let (rule, left) = run(folder.path());
    assert_eq!((&rule["verdict"], left), (&json!("pass"), vec!["a,2".into(), "b,1".into(), "c,4".into(), ",4".into()]));
}

#[test]
fn neighbours_and_votes_are_tolerated_by_group() {
    // Values go up but for the first rows of a shop, which have none: nothing goes down in order of id within a shop.
    for (rule, failing, left) in [
        ("v decreasing order by id tolerate 5 by (shop)", vec!["shop = a fail 7/8", "shop = b fail 6/7"], 15),
        ("v decreasing order by id tolerate 86% by (shop)", vec!["shop = a fail 7/8"], 21),
        ("shop determines (k) tolerate 1 by (state)", vec!["state = new fail 5/24"], 23),
        ("shop determines (k) tolerate 40% by (shop)", vec!["shop = c fail 4/4"], 24),
        ("v within 1 sigma tolerate 2 by (shop)", vec!["shop = a fail 4/8"], 24),
    ] {
        let (told, kept) = run(project(rule, "").path());
        let kept: usize = kept.iter().map(|l| l.rsplit(',').next().unwrap().parse::<usize>().unwrap()).sum();
        assert_eq!((groups(&told), kept), (failing.iter().map(|f| (*f).to_owned()).collect(), left), "{rule}");
    }
}

/// What a rule with `by` on two tables would miss, and what its refusal says to write instead.
#[test]
fn groups_of_two_tables_are_compared_in_a_model_that_joins_them_in_full() {
    let sources = "source orders from csv 'orders.csv' schema (id bigint, shop text);\n\
        source ledger from csv 'ledger.csv' schema (id bigint, shop text);\n";
    let by_group = |table: &str| format!("(select shop, count(*) as n from {table} group by shop)");
    let program = format!(
        "{sources}model by_shop as select coalesce(o.shop, l.shop) as shop, o.n as orders, l.n as ledger\n  \
         from {} as o full join {} as l on o.shop is not distinct from l.shop;\n\
         rules by_shop {{ same: (orders is not distinct from ledger); }}\n",
        by_group("orders"),
        by_group("ledger"),
    );
    let rows = [("orders.csv", "id,shop\n1,a\n2,b\n3,b\n4,c\n5,\n"), ("ledger.csv", "id,shop\n1,a\n2,b\n6,d\n5,\n")];
    let folder = crate::others_bugs::project(&program, &rows);
    crate::pipe::pipe(folder.path(), &["validate", "--failing-rows", "bad.csv"]).expect(1);
    let bad = std::fs::read_to_string(folder.path().join("bad.csv")).unwrap();
    let failing: Vec<&str> = bad.lines().skip(1).map(|l| l.rsplit_once(",,,,").map_or(l, |(_, row)| row)).collect();
    assert_eq!(failing, ["b,2,1", "c,1,", "d,,1"], "{bad}");
    let program = format!("{sources}rules orders {{ row count same as ledger by (shop); }}\n");
    let folder = crate::others_bugs::project(&program, &rows);
    let said = crate::pipe::pipe(folder.path(), &["check"]).expect(1);
    let said = said.stdout + &said.stderr;
    assert!(said.contains("E0414") && said.contains("count both by group in a model"), "{said}");
}
