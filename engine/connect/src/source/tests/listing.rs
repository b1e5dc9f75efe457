//! Which files a locator names.

use std::fs;
use std::path::Path;

use pipe_schema::ConfigValue;
use tempfile::{TempDir, tempdir};

use super::table::Table;

fn folder(files: &[&str]) -> TempDir {
    let dir = tempdir().unwrap();
    for file in files {
        let path = dir.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "a\n1\n").unwrap();
    }
    dir
}

async fn names(root: &Path, locator: &str) -> Vec<String> {
    Table::new(root, "csv", locator).files().await.unwrap().into_iter().map(|f| f.name).collect()
}

async fn message(root: &Path, locator: &str) -> String {
    let error = Table::new(root, "csv", locator).files().await.unwrap_err();
    assert_eq!(error.kind, if locator.contains("://") { "config" } else { "not_found" });
    error.message
}

#[tokio::test]
async fn a_file_a_folder_and_globs() {
    let dir = folder(&[
        "orders.csv",
        "data/b.csv",
        "data/a.csv",
        "data/a1.csv",
        "data/deep/er/c.csv",
        "data/deep/d.txt",
        "data/.hidden.csv",
        "data/_tmp.csv",
        "data/_staging/e.csv",
        "data/.git/f.csv",
        "data/x y%20ö[1].csv",
    ]);
    let root = dir.path();
    assert_eq!(names(root, "orders.csv").await, ["orders.csv"]);
    assert_eq!(names(root, "./data/a.csv").await, ["data/a.csv"]);
    let all =
        ["data/a.csv", "data/a1.csv", "data/b.csv", "data/deep/d.txt", "data/deep/er/c.csv", "data/x y%20ö[1].csv"];
    assert_eq!(names(root, "data").await, all);
    assert_eq!(names(root, "data/").await, all);
    assert_eq!(names(root, "data/**").await, all);
    assert_eq!(names(root, "data/*.csv").await, ["data/a.csv", "data/a1.csv", "data/b.csv", "data/x y%20ö[1].csv"]);
    assert_eq!(names(root, "data/?.csv").await, ["data/a.csv", "data/b.csv"]);
    assert_eq!(names(root, "data/[!b]*.csv").await, ["data/a.csv", "data/a1.csv", "data/x y%20ö[1].csv"]);
    assert_eq!(names(root, "data/[a-b].csv").await, ["data/a.csv", "data/b.csv"]);
    assert_eq!(names(root, "**/*.csv").await.len(), 6);
    assert_eq!(names(root, "data/**/c.csv").await, ["data/deep/er/c.csv"]);
    assert_eq!(names(root, "d*/deep/*").await, ["data/deep/d.txt", "data/deep/er/c.csv"]);
    // Spelled out, hidden names are found.
    assert_eq!(names(root, "data/_tmp.csv").await, ["data/_tmp.csv"]);
    assert_eq!(names(root, "data/_*.csv").await, ["data/_tmp.csv"]);
    assert_eq!(names(root, "data/_staging/*.csv").await, ["data/_staging/e.csv"]);
    // A name with brackets is itself first.
    assert_eq!(names(root, "data/x y%20ö[1].csv").await, ["data/x y%20ö[1].csv"]);
    let absolute = root.join("data/a*.csv").to_string_lossy().into_owned();
    assert_eq!(names(Path::new("/nowhere"), &absolute).await.len(), 2);
}

#[tokio::test]
async fn files_with_odd_names_can_be_read() {
    let dir = folder(&["data/x y%20ö[1]#2 .csv"]);
    assert_eq!(Table::new(dir.path(), "csv", "data/*.csv").rows().await.len(), 1);
}

#[tokio::test]
async fn a_locator_may_lead_out_of_the_folder_of_its_program() {
    let dir = folder(&["data/a.csv", "data/b.csv", "programs/deep/x.pipe"]);
    let root = dir.path().join("programs/deep/../deep");
    assert_eq!(names(&root, "../../data/*.csv").await, ["../../data/a.csv", "../../data/b.csv"]);
    assert_eq!(Table::new(&root, "csv", "../../data/a.csv").rows().await.len(), 1);
    assert_eq!(Table::new(&root, "csv", "../../data").rows().await.len(), 2);
    assert_eq!(Table::new(&root, "csv", "../deep/../../data/?.csv").rows().await.len(), 2);
}

#[tokio::test]
async fn nothing_found_says_what_was_looked_for_and_what_is_near() {
    let dir = folder(&["data/orders_1.csv", "data/customers.csv"]);
    let root = dir.path();
    let text = message(root, "data/order_*.csv").await;
    assert!(text.contains("no file matches `data/order_*.csv`"), "{text}");
    assert!(text.contains(&format!("looked for `{}`", root.join("data/order_*.csv").display())), "{text}");
    assert!(text.ends_with("did you mean `data/orders_1.csv`?"), "{text}");
    let text = message(root, "dta/orders_1.csv").await;
    assert!(text.ends_with("did you mean `data/`?"), "{text}");
    let text = message(root, "data/zzzzzzzz").await;
    assert!(text.ends_with("`data/` has `customers.csv`, `orders_1.csv`"), "{text}");
    assert!(message(&root.join("gone"), "x.csv").await.contains("there is no folder"));
    let text = message(root, "s3://bucket/x.csv").await;
    assert!(text.contains("files on `s3://` cannot be read yet"), "{text}");
}

#[tokio::test]
async fn hive_partitions_become_columns_when_asked_for() {
    let dir = folder(&["data/year=2025/city=New%20York/a.csv", "data/year=2026/city=__HIVE_DEFAULT_PARTITION__/b.csv"]);
    let table = || Table::new(dir.path(), "csv", "data");
    let rows = table().rows().await;
    assert_eq!(rows[0].cells.len(), 1);
    let rows = table().key("partitioned", ConfigValue::Bool(true)).rows().await;
    let cells: Vec<Vec<Option<&str>>> = rows.iter().map(|r| r.cells.iter().map(Option::as_deref).collect()).collect();
    assert_eq!(cells, [[Some("1"), Some("2025"), Some("New York")], [Some("1"), Some("2026"), None]]);
    assert_eq!(rows[0].raw["year"], None, "it converted");
}
