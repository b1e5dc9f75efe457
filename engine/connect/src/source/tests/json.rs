//! NDJSON and JSON.

use std::fs;

use pipe_schema::{ConfigValue, Type};
use tempfile::tempdir;

use super::table::{Row, Table, cells};
use crate::source::{Drift, FindingKind};

async fn read(connector: &str, content: &str, set: impl FnOnce(Table) -> Table) -> Vec<Row> {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("a.json"), content).unwrap();
    set(Table::new(dir.path(), connector, "a.json")).rows().await
}

#[tokio::test]
async fn lines_of_objects() {
    let rows = read(
        "ndjson",
        concat!(
            "{\"id\": 1, \"price\": 12345678901234567.89, \"name\": \"a\\u00e4\\n\", \"tags\": [1, {\"x\": 2}], \"ok\": true}\n",
            "\n",
            "{\"ok\":null,\"ID\":\"2\",\"at\":\"2026-01-31T10:00:00Z\", \"price\":\"1.5\"}\r\n",
            "{\"id\":1.5,\"name\":7,\"at\":1700000000,\"ok\":\"true\",\"tags\":\"x\"}",
        ),
        |t| {
            t.declare(&[
                ("id", Type::Int),
                ("price", Type::Decimal(20, 2)),
                ("name", Type::Text),
                ("tags", Type::Json),
                ("ok", Type::Boolean),
                ("at", Type::Timestamp),
            ])
        },
    )
    .await;
    assert_eq!(rows[0].cells, cells(&["1", "12345678901234567.89", "aä\n", "[1, {\"x\": 2}]", "true", "∅"]));
    // A string is no number, whatever is in it; where the types differ the raw text is JSON.
    assert_eq!(rows[1].cells, cells(&["∅", "1.50", "∅", "∅", "∅", "2026-01-31T10:00:00"]));
    assert_eq!(rows[1].raw["id"].as_deref(), Some("\"2\""));
    assert_eq!(rows[1].raw["at"], None, "it converted");
    assert_eq!(rows[1].raw["ok"], None);
    assert_eq!(rows[2].cells, cells(&["∅", "∅", "7", "\"x\"", "∅", "∅"]));
    assert_eq!(rows[2].raw["id"].as_deref(), Some("1.5"));
    assert_eq!(rows[2].raw["at"].as_deref(), Some("1700000000"));
    assert_eq!(rows[2].raw["ok"].as_deref(), Some("\"true\""));
    assert_eq!(rows.iter().map(|r| (r.row, r.line)).collect::<Vec<_>>(), [(0, 1), (1, 3), (2, 4)]);
}

#[tokio::test]
async fn lines_that_are_not_json_are_broken_records() {
    let lines = [
        ("{\"a\":1", "`,` or `}` was expected at byte 7"),
        ("[1]", "no object at byte 1"),
        ("{\"a\":01}", "a number with a leading zero at byte 6"),
        ("{\"a\":\"x}", "a string that is not closed begins at byte 6"),
        ("{\"a\":\"\\q\"}", "an escape that does not exist in the string at byte 6"),
        ("{\"a\":[1", "a list or object that is not closed begins at byte 6"),
        ("{\"a\":[1,]}", "a list or object that is not right begins at byte 6"),
        ("{\"a\":1} x", "something follows the object at byte 9"),
        ("{a:1}", "a key was expected at byte 2"),
        ("{\"a\" 1}", "`:` was expected at byte 6"),
        ("{\"a\":nul}", "a value was expected at byte 6"),
        ("{\"a\":-}", "a digit was expected at byte 7"),
        ("{\"a\":\"\u{1}\"}", "a control character at byte 7"),
    ];
    let mut content = String::new();
    for (line, _) in lines {
        content.push_str(&format!("{line}\n{{\"a\":7}}\n"));
    }
    let rows = read("ndjson", &content, |t| t.declare(&[("a", Type::Int)])).await;
    assert_eq!(rows.len(), lines.len() * 2);
    for (pair, (line, reason)) in rows.chunks(2).zip(lines) {
        assert_eq!(pair[0].record.as_deref(), Some(line));
        assert!(pair[0].bad.as_deref().unwrap().contains(reason), "{line}: {:?}", pair[0].bad);
        assert_eq!(pair[1].cells, cells(&["7"]));
    }
}

#[tokio::test]
async fn keys_that_no_column_takes_are_drift_and_counted() {
    let dir = tempdir().unwrap();
    let mut content = "{\"a\":1,\"new\":2}\n".to_string();
    content.push_str(&"{\"a\":1}\n".repeat(2000));
    content.push_str("{\"a\":1,\"Late\":true}\n{\"a\":2,\"late\":false,\"c\":5}\n");
    fs::write(dir.path().join("a.ndjson"), content).unwrap();
    let table = Table::new(dir.path(), "ndjson", "a.ndjson").declare(&[("a", Type::Int), ("c", Type::Int)]);
    let (_, _, bound) = table.bound().await.unwrap();
    assert_eq!(
        bound.drift,
        [
            Drift::Missing { file: 0, column: "c".into() },
            Drift::New { file: 0, column: "new".into(), ty: Type::BigInt },
        ]
    );
    let (rows, states) = table.read().await.unwrap();
    // A key that comes after the head is read all the same.
    assert_eq!(rows.last().unwrap().cells, cells(&["2", "5"]));
    let unknown: Vec<_> = states[0].unknown_keys.iter().map(|(k, n)| (k.as_str(), *n)).collect();
    assert_eq!(unknown, [("late", 2), ("new", 1)]);
}

#[tokio::test]
async fn types_of_keys() {
    let dir = tempdir().unwrap();
    let content = "{\"i\":1,\"d\":1,\"s\":\"1\",\"t\":\"2026-01-31T10:00:00Z\",\"n\":{\"x\":1},\"m\":1,\"b\":true,\"z\":null}\n\
                   {\"i\":2,\"d\":1.5,\"s\":\"x\",\"t\":\"2026-01-31T10:00:00Z\",\"n\":[1],\"m\":\"x\",\"b\":false,\"I\":3}\n";
    fs::write(dir.path().join("a.ndjson"), content).unwrap();
    let discovery = Table::new(dir.path(), "ndjson", "a.ndjson").discovery().await.unwrap();
    let types: Vec<_> = discovery.columns.iter().map(|c| format!("{} {}", c.name, c.ty)).collect();
    assert_eq!(types, ["i bigint", "d double", "s text", "t timestamptz", "n json", "m text", "b boolean", "z text"]);
    let kinds: Vec<_> = discovery.findings.iter().map(|f| f.kind.clone()).collect();
    assert_eq!(kinds, [FindingKind::CaseClash { headers: vec!["i".into(), "I".into()] }]);
}

#[tokio::test]
async fn arrays_and_objects_that_follow_each_other() {
    let array = "[\n  {\"a\": 1, \"s\": \"} { ] \\\" ,\"},\n  {\n    \"a\": 2,\n    \"s\": [{\"x\": 1}]\n  }\n]\n";
    let follow = "{\"a\": 1, \"s\": \"} { ] \\\" ,\"} {\n    \"a\": 2,\n    \"s\": [{\"x\": 1}]\n  }";
    for (content, lines) in [(array, [2, 3]), (follow, [1, 1])] {
        for bytes in [1, 7, 1 << 20] {
            let rows =
                read("json", content, |t| t.declare(&[("a", Type::Int), ("s", Type::Text)]).chunks(bytes, 2)).await;
            let seen: Vec<_> = rows.iter().map(|r| (r.row, r.line, r.cells.clone())).collect();
            assert_eq!(
                seen,
                [(0, lines[0], cells(&["1", "} { ] \" ,"])), (1, lines[1], cells(&["2", "[{\"x\": 1}]"]))],
                "{bytes}"
            );
        }
    }
    assert!(read("json", "[]", |t| t.declare(&[("a", Type::Int)])).await.is_empty());
}

#[tokio::test]
async fn an_object_that_is_not_closed_costs_itself_only() {
    let content = "[\n  {\"a\": 1},\n  {\"a\": 2, \"s\": {\n  {\"a\": 3},\n  17,\n  {\"a\": 4},\n  {\"a\": \"5},\n  {\"a\": 6}\n]\n";
    for bytes in [1, 1 << 20] {
        let rows = read("json", content, |t| t.declare(&[("a", Type::Int)]).chunks(bytes, 2)).await;
        let good: Vec<_> = rows.iter().filter(|r| r.bad.is_none()).map(|r| r.cells[0].clone().unwrap()).collect();
        assert_eq!(good, ["1", "3", "4", "6"], "{rows:?}");
        let bad: Vec<_> = rows.iter().filter_map(|r| Some((r.line, r.bad.clone()?))).collect();
        assert_eq!(bad.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 5, 7], "{bad:?}");
        assert_eq!(bad[1].1, "not an object");
    }
}

#[tokio::test]
async fn an_object_that_is_too_large_is_a_broken_record() {
    let content = format!("{{\"a\":1}}\n{{\"a\":\"{}\"}}\n{{\"a\":3}}\n", "x".repeat(2_000_000));
    for connector in ["ndjson", "json"] {
        let rows = read(connector, &content, |t| {
            t.declare(&[("a", Type::Int)]).key("max_record", ConfigValue::Bytes(1000)).chunks(100, 2)
        })
        .await;
        let seen: Vec<_> = rows.iter().map(|r| (r.line, r.cells[0].as_deref(), r.bad.is_some())).collect();
        assert_eq!(seen, [(1, Some("1"), false), (2, None, true), (3, Some("3"), false)], "{connector}");
        assert!(rows[1].bad.as_deref().unwrap().contains("too large"), "{:?}", rows[1].bad);
    }
}

#[tokio::test]
async fn lists_and_structs_are_decoded() {
    let ty = Type::Struct(vec![("x".into(), Type::Int), ("y".into(), Type::List(Box::new(Type::Text)))]);
    let content = "{\"s\":{\"x\":1,\"y\":[\"a\",null]}}\n{\"s\":5}\n{\"s\":{\"x\":\"no\"}}\n{}\n";
    let rows = read("ndjson", content, |t| t.declare(&[("s", ty.clone())])).await;
    assert_eq!(rows[0].cells, cells(&["{x: 1, y: [a, ]}"]));
    let failed: Vec<_> = rows.iter().map(|r| (r.cells[0].is_some(), r.raw["s"].as_deref())).collect();
    assert_eq!(failed, [(true, None), (false, Some("5")), (false, Some("{\"x\":\"no\"}")), (false, None)]);
}
