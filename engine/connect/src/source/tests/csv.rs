//! CSV as it comes.

use std::fs;

use pipe_schema::{ConfigValue, Type};
use tempfile::tempdir;

use super::table::{Table, cells};

#[tokio::test]
async fn declared_columns_are_typed_and_keep_their_text() {
    let dir = tempdir().unwrap();
    fs::write(
        dir.path().join("a.csv"),
        "id,price,day,at,name\n1,2.50,2026-01-31,2026-01-31 10:00:00,x\nabc,1.005,2026-02-30,2026-01-31T10:00:00.25+02:00,\"a\"\"b\"\n,,,,\n",
    )
    .unwrap();
    let table = Table::new(dir.path(), "csv", "a.csv").declare(&[
        ("id", Type::BigInt),
        ("price", Type::Decimal(10, 2)),
        ("day", Type::Date),
        ("at", Type::Timestamp),
        ("name", Type::Text),
    ]);
    let (rows, states) = table.read().await.unwrap();
    assert_eq!(rows[0].cells, cells(&["1", "2.50", "2026-01-31", "2026-01-31T10:00:00", "x"]));
    assert_eq!(rows[1].cells, cells(&["∅", "1.01", "∅", "2026-01-31T08:00:00.250", "a\"b"]));
    assert_eq!(rows[1].raw["id"].as_deref(), Some("abc"));
    assert_eq!(rows[1].raw["day"].as_deref(), Some("2026-02-30"));
    assert_eq!(rows[2].cells, cells(&["∅", "∅", "∅", "∅", "∅"]));
    assert!(rows[2].raw.values().all(Option::is_none));
    assert_eq!(rows.iter().map(|r| (r.row, r.line)).collect::<Vec<_>>(), [(0, 2), (1, 3), (2, 4)]);
    assert_eq!((states[0].rows, states[0].bad_records), (3, 0));
    assert_eq!(states[0].hash, xxhash_rust::xxh3::xxh3_128(&fs::read(dir.path().join("a.csv")).unwrap()));
}

#[tokio::test]
async fn broken_records_are_rows_and_the_read_goes_on() {
    let dir = tempdir().unwrap();
    let mut text = b"a,b\n1,2\n3\n4,5,6\n\"x\ny\",7\n\xff\xfe,8\n9,\0\n\"open,10\n11,12\n".to_vec();
    text.extend_from_slice(b"13,14");
    fs::write(dir.path().join("a.csv"), text).unwrap();
    let table = Table::new(dir.path(), "csv", "a.csv").key("header", ConfigValue::Bool(true));
    let rows = table.rows().await;
    let seen: Vec<_> =
        rows.iter().map(|r| (r.line, r.cells[0].as_deref(), r.bad.as_deref(), r.record.as_deref())).collect();
    assert_eq!(
        seen,
        [
            (2, Some("1"), None, None),
            (3, None, Some("too few fields: 1 of 2"), Some("3")),
            (4, None, Some("too many fields: 3 of 2"), Some("4,5,6")),
            (5, Some("x\ny"), None, None),
            (7, None, Some("invalid UTF-8 at byte 1 of the record"), Some("\u{fffd}\u{fffd},8")),
            (8, None, Some("NUL byte"), Some("9,\0")),
            (9, None, Some("unclosed quote"), Some("\"open,10")),
            (10, Some("11"), None, None),
            (11, Some("13"), None, None),
        ]
    );
}
