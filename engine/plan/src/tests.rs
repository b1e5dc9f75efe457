//! Plans of programs in memory.

use std::collections::BTreeMap;

use pipe_check::Program;

use super::*;

const SHOP: &str = "pipe 1;
param day date = '2026-01-01';
source orders from csv 'orders_*.csv' schema (id bigint, customer bigint, total decimal(12, 2) alias amount);
source customers from csv 'customers.csv' schema (id bigint, name text);
source unused from csv 'unused.csv' schema (x int);
rules orders {
  id not null;
  customer references customers (id) tolerate 1% severity warning where (total > 0);
  big: (count(*)) >= 10 because 'a shop sells';
}
heal orders with (mode = automatic, confidence = 0.8) {
  on rule_failed => quarantine;
}
model daily as select sum(total) as revenue from orders where $day is not null;
model both as select d.revenue, c.id from daily d cross join customers c;
load orders into parquet 'out/orders' with (mode = append);
load both into csv 'out/both.csv' with (mode = overwrite);
";

fn program(text: &str) -> Program {
    let loaded = pipe_check::check(&[("p.pipe", text)]);
    let errors: Vec<_> = loaded.diagnostics.iter().filter(|d| d.is_error()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    loaded.program
}

fn text(program: &Program, targets: &[&str]) -> String {
    let targets: Vec<String> = targets.iter().map(|t| (*t).to_owned()).collect();
    plan(program, &select(program, &targets).unwrap(), &BTreeMap::new(), None).to_string()
}

#[test]
fn inputs_come_before_what_reads_them_and_unused_tables_do_not_come() {
    let program = program(SHOP);
    let all = select(&program, &[]).unwrap();
    assert_eq!(all.tables, ["customers", "orders", "daily", "both"]);
    assert_eq!(all.loads, ["orders", "both"]);
    let one = select(&program, &["orders".to_owned()]).unwrap();
    assert_eq!((one.tables, one.loads), (vec!["customers".to_owned(), "orders".to_owned()], vec!["orders".to_owned()]));
    // A table that no load takes can be a target too.
    assert_eq!(select(&program, &["unused".to_owned()]).unwrap().tables, ["unused"]);
    let unknown = select(&program, &["ordrs".to_owned()]).unwrap_err();
    assert_eq!(unknown.target, "ordrs");
    assert_eq!(unknown.known, ["both", "customers", "daily", "orders", "unused"]);
}

#[test]
fn a_plan_says_of_each_object_what_decides_about_data() {
    let text = text(&program(SHOP), &["orders"]);
    for expected in [
        "rule orders.customer.references\n  check = references\n  dimension = consistency\n  predicate = references customers (id)\n  severity = warning\n  subject = customer\n  tolerate = 1%\n  where = total > 0\n",
        "  because = a shop sells\n",
        "    total decimal(12, 2) alias amount\n",
        "  confidence = 80%\n",
        "    1 on rule_failed => quarantine\n",
        "  mode = append\n",
    ] {
        assert!(text.contains(expected), "{expected}\nin\n{text}");
    }
    assert!(!text.contains("unused") && !text.contains("model"), "{text}");
    assert!(text.lines().all(|l| l == l.trim_end()), "{text}");
}

#[test]
fn comments_white_space_and_order_change_no_plan() {
    let (head, tail) = SHOP.split_at(SHOP.find("model daily").unwrap());
    let (version, tables) = head.split_at(head.find("param").unwrap());
    let turned = format!("{version}{tail}{tables}")
        .replace("select sum(total)", "select /* all */\n\n  sum( total )")
        .replace("not null;", "not   null ; -- really");
    let (before, after) = (program(SHOP), program(&turned));
    assert_eq!(fingerprint(&before, "both"), fingerprint(&after, "both"));
    assert_eq!(text(&before, &["both"]), text(&after, &["both"]));
}

#[test]
fn a_fingerprint_moves_with_all_that_a_table_is_computed_from_and_with_nothing_else() {
    let before = program(SHOP);
    let changed = |from: &str, to: &str| {
        assert!(SHOP.contains(from), "{from}");
        program(&SHOP.replace(from, to))
    };
    let moves = [
        ("total decimal(12, 2)", "total decimal(14, 2)"),
        ("=> quarantine", "=> drop"),
        ("tolerate 1%", "tolerate 2%"),
        ("confidence = 0.8", "confidence = 0.7"),
        ("where $day is not null", "where $day is null"),
        ("'2026-01-01'", "'2026-01-02'"),
        ("'orders_*.csv'", "'order_*.csv'"),
    ];
    for (from, to) in moves {
        assert_ne!(fingerprint(&before, "both"), fingerprint(&changed(from, to), "both"), "{from}");
    }
    for (from, to) in [
        ("'unused.csv'", "'other.csv'"),
        ("'out/both.csv'", "'out/b.csv'"),
        ("source orders", "--- Doc.\nsource orders"),
    ] {
        assert_eq!(fingerprint(&before, "both"), fingerprint(&changed(from, to), "both"), "{from}");
    }
    assert_eq!(fingerprint(&before, "customers"), fingerprint(&changed("=> quarantine", "=> drop"), "customers"));
}

#[test]
fn what_is_new_and_given_params_are_shown() {
    let program = program(SHOP);
    let selection = select(&program, &[]).unwrap();
    let mut news = News::default();
    news.loads.insert("orders".to_owned(), LoadNews::Files(vec!["orders_1.csv".to_owned(), "orders_2.csv".to_owned()]));
    news.loads.insert("both".to_owned(), LoadNews::Everything);
    news.baselines.insert("orders".to_owned(), "declared".to_owned());
    let params = BTreeMap::from([("day".to_owned(), "2026-02-02".to_owned())]);
    let text = plan(&program, &selection, &params, Some(&news)).to_string();
    for expected in [
        "  new =\n    orders_1.csv\n    orders_2.csv\n",
        "  new = everything\n",
        "source orders\n  baseline = declared\n",
        "param day\n  type = date\n  value = '2026-02-02'\n",
    ] {
        assert!(text.contains(expected), "{expected}\nin\n{text}");
    }
}

#[test]
fn explaining_takes_tables_loads_and_rules_by_their_names() {
    struct Known;
    impl Facts for Known {
        fn groups(&self, _: &str) -> Vec<String> {
            vec!["one pass over the rows: id.not_null".to_owned()]
        }

        fn columns(&self, table: &str) -> Option<Vec<ColumnFact>> {
            let id = ColumnFact { name: "id".to_owned(), ty: "bigint".to_owned(), nullable: false };
            (table == "orders").then(|| vec![id])
        }
        fn assertion(&self, rule: &pipe_check::Rule) -> Option<String> {
            (rule.name == "big").then(|| "select count(*)\nfrom orders".to_owned())
        }
        fn logical_plan(&self, _model: &str) -> Option<String> {
            None
        }
    }
    let program = program(SHOP);
    let kinds = |name: &str| -> Vec<String> {
        explain(&program, name, &Known).iter().map(|o| format!("{} {}", o.kind.word(), o.name)).collect()
    };
    assert_eq!(
        kinds("orders"),
        [
            "source orders",
            "rule orders.id.not_null",
            "rule orders.customer.references",
            "rule orders.big",
            "heal orders",
            "load orders"
        ]
    );
    for name in ["big", "orders.big"] {
        let rule = explain(&program, name, &Known);
        assert_eq!(rule.len(), 1);
        assert!(rule[0].to_string().contains("  assertion =\n    select count(*)\n    from orders\n"));
    }
    assert!(explain(&program, "orders", &Known)[0].to_string().contains("  schema =\n    id bigint not null\n"));
    assert!(explain(&program, "nothing", &Known).is_empty());
}
