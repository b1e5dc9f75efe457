//! `raw.orders`

use std::fs;
use std::sync::Arc;

use datafusion::prelude::SessionContext;
use tempfile::tempdir;

use super::table::Table;
use crate::source::RawTable;

#[tokio::test]
async fn a_source_is_queried_as_it_came() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("a.csv"), "id,total\n007,1 EUR\nbroken\n8,\n").unwrap();
    let table = Table::new(dir.path(), "csv", "*.csv");
    let raw = RawTable::new(table.spec.clone(), table.files().await.unwrap(), &table.discovery().await.unwrap());
    let context = SessionContext::new();
    context.register_table("orders", Arc::new(raw)).unwrap();
    let query = |sql: &'static str| {
        let context = context.clone();
        async move {
            let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
            arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string()
        }
    };
    insta::assert_snapshot!(query("select * from orders order by _row").await, @r"
    +-----+-------+-------+-------+------+------------------------+---------+
    | id  | total | _file | _line | _row | _bad                   | _record |
    +-----+-------+-------+-------+------+------------------------+---------+
    | 007 | 1 EUR | a.csv | 2     | 0    |                        |         |
    |     |       | a.csv | 3     | 1    | too few fields: 1 of 2 | broken  |
    | 8   |       | a.csv | 4     | 2    |                        |         |
    +-----+-------+-------+-------+------+------------------------+---------+
    ");
    // Columns in the query's order, meta columns among them.
    insta::assert_snapshot!(query("select _line, total from orders where id = '007'").await, @r"
    +-------+-------+
    | _line | total |
    +-------+-------+
    | 2     | 1 EUR |
    +-------+-------+
    ");
    insta::assert_snapshot!(query("select count(*) as n from orders").await, @r"
    +---+
    | n |
    +---+
    | 3 |
    +---+
    ");
}
