//! `pipe profile`: what a table holds, as text, as JSON, as a page.

use std::path::Path;

use serde_json::Value;

use crate::pipe::{copy_of, pipe, project, repository};

fn profile(folder: &Path, args: &[&str]) -> Value {
    let args: Vec<&str> = ["profile"].into_iter().chain(args.iter().copied()).chain(["--format", "json"]).collect();
    pipe(folder, &args).expect(0).json()
}

fn column<'p>(profile: &'p Value, name: &str) -> &'p Value {
    let columns = profile["columns"].as_array().unwrap();
    columns.iter().find(|c| c["name"] == name).unwrap_or_else(|| panic!("no column {name}"))
}

#[test]
fn a_table_is_profiled_after_its_rules_and_a_source_as_it_came() {
    let folder = copy_of("examples/orders");
    let table = profile(folder.path(), &["orders"]);
    assert_eq!((&table["format_version"], &table["table"], &table["rows"]), (&1.into(), &"orders".into(), &994.into()));
    assert_eq!(column(&table, "unit_price")["type"], "decimal(10, 2)");
    assert_eq!(column(&table, "total")["nulls"], 0);
    // The same as SQL says, of the same table.
    let asked = "select min(total), max(total), avg(total), count(distinct total) from orders";
    let row = &pipe(folder.path(), &["query", asked, "--format", "csv"]).expect(0).stdout;
    let row: Vec<&str> = row.lines().nth(1).unwrap().split(',').collect();
    let total = column(&table, "total");
    assert_eq!((total["min"].as_str(), total["max"].as_str()), (Some(row[0]), Some(row[1])));
    assert_eq!(total["distinct"]["value"].to_string(), row[3]);
    assert!((total["numbers"]["mean"].as_f64().unwrap() - row[2].parse::<f64>().unwrap()).abs() < 1e-4);

    let raw = profile(folder.path(), &["raw.orders"]);
    assert_eq!((&raw["table"], &raw["rows"]), (&"raw.orders".into(), &1006.into()));
    assert_eq!(raw["notes"][0], "1 record cannot be parsed and is left out");
    assert_eq!(column(&raw, "total_amount")["nulls"], 500);
    assert_eq!(column(&raw, "order_id")["format"]["format"], "integer");
    assert_eq!(raw["keys"][0]["columns"][0], "order_id", "nearly a key is worth telling");
    assert_eq!(raw["keys"][0]["duplicates"], 12);
    assert_eq!(profile(folder.path(), &["orders", "--raw"]), raw);
    assert!(!folder.path().join(".pipe").exists() && !folder.path().join("out").exists(), "it left something behind");
}

#[test]
fn what_is_found_on_a_sample_is_counted_on_all_rows() {
    let mut orders = String::from("id,customer_id,city,country,note\n");
    for i in 0..4000 {
        let city = (i * 7919 / 13) % 40;
        // One row in a thousand has another country than its city.
        let country = if i % 1000 == 999 { 9 } else { city % 7 };
        let customer = if i == 17 { 999 } else { i % 90 };
        orders += &format!("{i},{customer},city {city},country {country},{}\n", i / 7 % 3);
    }
    let customers: String = (0..100).map(|i| format!("{i},name {i}\n")).collect();
    let program = "pipe 1;\nsource orders from csv 'o.csv' schema (id bigint, customer_id bigint, city text, country text, note int);\n\
                   source customers from csv 'c.csv' schema (id bigint, label text);\n";
    let files = [("o.csv", orders.as_str()), ("c.csv", &format!("id,label\n{customers}"))];
    let folder = project(program, &files);
    for sample in ["300", "10000"] {
        let found = profile(folder.path(), &["orders", "--sample", sample]);
        assert_eq!(found["sample_is_whole"], sample == "10000");
        let keys: Vec<&Value> = found["keys"].as_array().unwrap().iter().filter(|k| k["columns"][0] == "id").collect();
        assert_eq!((keys.len(), &keys[0]["duplicates"], &keys[0]["nulls"]), (1, &0.into(), &0.into()));
        let dependency = &found["dependencies"][0];
        assert_eq!((&dependency["columns"][0], &dependency["determines"]), (&"city".into(), &"country".into()));
        assert_eq!((&dependency["violations"], &dependency["compared"]), (&4.into(), &4000.into()));
        assert_eq!(found["dependencies"].as_array().unwrap().len(), 1, "{:#}", found["dependencies"]);
        let reference = &found["references"][0];
        assert_eq!((&reference["column"], &reference["table"]), (&"customer_id".into(), &"customers".into()));
        assert_eq!((&reference["key"], &reference["orphans"]), (&"id".into(), &1.into()));
    }
    let alone = profile(folder.path(), &["orders", "--alone"]);
    assert!(alone["references"].as_array().unwrap().is_empty() && !alone["keys"].as_array().unwrap().is_empty());
    let columns = profile(folder.path(), &["orders", "--columns-only"]);
    assert_eq!(columns["columns"], alone["columns"]);
    assert!(columns["keys"].as_array().unwrap().is_empty());
}

#[test]
fn any_number_of_threads_tells_the_same() {
    let folder = copy_of("examples/sensors");
    let told = |args: &[&str]| {
        let args: Vec<&str> = ["profile", "readings", "--format", "json"].iter().chain(args).copied().collect();
        pipe(folder.path(), &args).expect(0).stdout
    };
    let one = told(&["--threads", "1"]);
    assert_eq!(told(&["--threads", "2"]), one);
    assert_eq!(told(&["--threads", "5"]), one);
}

#[test]
fn a_page_is_one_file_in_which_texts_of_the_data_are_texts() {
    let rows = "x\n<script>alert(1)</script>\n<script>alert(1)</script>\n\"quoted\" & 'more'\n\"\"\"><img src=x onerror=y>\"\n";
    let folder = project("pipe 1;\nsource t from csv 't.csv' schema (x text);\n", &[("t.csv", rows)]);
    pipe(folder.path(), &["profile", "t", "-o", "page.html"]).expect(0);
    let page = std::fs::read_to_string(folder.path().join("page.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
    for wrong in ["<script", "<img", "<link", "http:", "https:", "url("] {
        assert!(!page.contains(wrong), "{wrong} is in the page");
    }
    // As on standard output.
    assert_eq!(pipe(folder.path(), &["profile", "t", "--format", "html"]).expect(0).stdout, page);
    let ran = pipe(folder.path(), &["profile", "t", "-o", "nowhere/page.html"]).expect(1);
    assert!(ran.stderr.contains("cannot write the profile to `nowhere/page.html`: no such file"), "{}", ran.stderr);
}

#[test]
fn an_empty_table_and_one_of_nothing_but_nulls_have_a_profile() {
    let program = "pipe 1;\nsource n from csv 'n.csv' schema (a int, b text);\n\
                   model nothing as select a, b from n where a > 5;\nmodel nulls as select cast(null as int) as a, b from n;\n";
    let folder = project(program, &[("n.csv", "a,b\n1,x\n2,x\n")]);
    let text = pipe(folder.path(), &["profile", "nothing"]).expect(0).stdout;
    assert!(text.starts_with("nothing: 0 rows, 2 columns, no duplicate rows\n"), "{text}");
    let found = profile(folder.path(), &["nulls"]);
    assert_eq!((&found["columns"][0]["nulls"], &found["columns"][0]["distinct"]["value"]), (&2.into(), &0.into()));
    assert_eq!(found["duplicate_rows"]["value"], 1);
    for table in ["nothing", "nulls"] {
        assert!(pipe(folder.path(), &["profile", table, "--format", "html"]).expect(0).stdout.contains("</html>"));
    }
}

#[test]
fn lines_fit_80_columns_whatever_the_data() {
    let long = "w".repeat(300);
    let wide: String = (0..60).map(|i| format!("word{i} ")).collect();
    let rows = format!("{long},b\n{wide},1\n{long},2\n{wide},\u{1b}[31m3\n");
    let program = format!("pipe 1;\nsource t from csv 't.csv' schema (\"{long}\" text, b text);\n");
    let folder = project(&program, &[("t.csv", &rows)]);
    let text = pipe(folder.path(), &["profile", "t"]).expect(0).stdout;
    assert!(!text.contains('\u{1b}'));
    let too_wide: Vec<&str> = text.lines().filter(|l| l.chars().count() > 80).collect();
    assert!(too_wide.is_empty(), "{too_wide:#?}");
}

#[test]
fn a_table_that_is_not_there_and_one_that_cannot_be_read_are_said_so() {
    let folder = copy_of("examples/orders");
    let ran = pipe(folder.path(), &["profile", "ordrs"]).expect(2);
    assert!(ran.stderr.contains("E1002") && ran.stderr.contains("there is `orders`"), "{}", ran.stderr);
    let ran = pipe(folder.path(), &["profile", "daily_revenue", "--raw"]).expect(2);
    assert!(ran.stderr.contains("`daily_revenue` is a model: only a source"), "{}", ran.stderr);
    let ran = pipe(folder.path(), &["profile", "ordrs", "--format", "json"]).expect(2);
    assert_eq!(ran.json()["diagnostics"][0]["code"], "E1002");
    for file in ["orders_2026-01-01.csv", "orders_2026-01-02.csv", "customers.csv"] {
        std::fs::remove_file(folder.path().join("data").join(file)).unwrap();
    }
    assert!(pipe(folder.path(), &["profile", "orders"]).expect(1).stderr.contains("E1101"));
}

#[test]
fn another_table_that_cannot_be_read_is_a_note() {
    let folder = project(
        "pipe 1;\nsource a from csv 'a.csv' schema (x int);\nsource b from csv 'b.csv' schema (x int);\n",
        &[("a.csv", "x\n1\n2\n")],
    );
    let note = profile(folder.path(), &["a"])["notes"][0].as_str().unwrap().to_owned();
    assert!(note.starts_with("not compared with `b`: "), "{note}");
}

#[test]
fn nested_values_are_profiled_by_their_text() {
    let rows = "{\"id\": 1, \"tags\": [\"a\", \"b\"]}\n{\"id\": 2, \"tags\": [\"a\", \"b\"]}\n{\"id\": 3}\n";
    let folder = project("pipe 1;\nsource t from json 't.json' schema (id int, tags text[]);\n", &[("t.json", rows)]);
    let found = profile(folder.path(), &["t"]);
    let tags = column(&found, "tags");
    assert_eq!((&tags["nulls"], &tags["distinct"]["value"]), (&1.into(), &1.into()));
    assert_eq!(tags["top"][0]["value"], "[a, b]");
}

#[test]
fn the_page_of_the_command_is_in_the_readme() {
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    assert!(readme.contains("| `pipe profile` |"));
}
