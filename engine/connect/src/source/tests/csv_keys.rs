//! Every key of a CSV source does what it says.

use std::fs;

use pipe_schema::{ConfigValue, Type};
use tempfile::tempdir;

use super::table::{Row, Table, cells};

/// The rows of a file `a.csv` with this content, after the keys are set.
async fn read(content: impl AsRef<[u8]>, set: impl FnOnce(Table) -> Table) -> Vec<Row> {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("a.csv"), content).unwrap();
    set(Table::new(dir.path(), "csv", "a.csv")).rows().await
}

fn all_cells(rows: &[Row]) -> Vec<Vec<Option<String>>> {
    rows.iter().map(|r| r.cells.clone()).collect()
}

#[tokio::test]
async fn delimiter_and_quote() {
    let rows = read("a;b\n'x;y';2\n\"q;3\n", |t| t.text_key("delimiter", ";").text_key("quote", "'")).await;
    assert_eq!(all_cells(&rows), [cells(&["x;y", "2"]), cells(&["\"q", "3"])]);
}

#[tokio::test]
async fn a_tab_delimits_tsv() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("a.tsv"), "a\tb\n1,5\tx\n").unwrap();
    assert_eq!(all_cells(&Table::new(dir.path(), "tsv", "a.tsv").rows().await), [cells(&["1,5", "x"])]);
}

#[tokio::test]
async fn escape() {
    let rows = read("a,b\n\"x\\\"y\",\"\\\\\"\n", |t| t.text_key("escape", "\\")).await;
    assert_eq!(all_cells(&rows), [cells(&["x\"y", "\\"])]);
}

#[tokio::test]
async fn null_texts_are_compared_exactly_and_only_when_bare() {
    let text = "a,b\nNA,\"NA\"\n,na\n";
    let null = |list: &[&str]| ConfigValue::Texts(list.iter().map(|s| (*s).to_string()).collect());
    let rows = read(text, |t| t.key("null", null(&["", "NA"]))).await;
    assert_eq!(all_cells(&rows), [cells(&["∅", "NA"]), cells(&["∅", "na"])]);
    // Without '' among them an empty text is a text.
    let rows = read(text, |t| t.key("null", null(&["NA"]))).await;
    assert_eq!(all_cells(&rows), [cells(&["∅", "NA"]), cells(&["", "na"])]);
}

#[tokio::test]
async fn quoted_and_bare_empty_texts_differ_and_an_empty_number_is_null() {
    let rows = read("a,n\n\"\",\"\"\n,1\n", |t| t.declare(&[("a", Type::Text), ("n", Type::Int)])).await;
    assert_eq!(all_cells(&rows), [cells(&["", "∅"]), cells(&["∅", "1"])]);
    assert_eq!(rows[0].raw["n"], None);
}

#[tokio::test]
async fn comments_blank_lines_and_skipped_lines_count_as_lines_only() {
    let rows = read("report\n\"of\n# note\na,b\n1,2\n\n# \"x\n3,4\r\n\r\n5,6", |t| {
        t.text_key("comment", "#").key("skip_lines", ConfigValue::Integer(2))
    })
    .await;
    let seen: Vec<_> = rows.iter().map(|r| (r.row, r.line, r.cells[0].as_deref().unwrap())).collect();
    assert_eq!(seen, [(0, 5, "1"), (1, 8, "3"), (2, 10, "5")]);
}

#[tokio::test]
async fn any_number_of_lines_is_skipped() {
    let notes = "# \"note\n".repeat(100_000);
    for (text, skip) in [(format!("{notes}a,b\n{notes}1,2\n"), 0), (format!("{notes}a,b\n1,2\n"), 100_000)] {
        let rows =
            read(&text, |t| t.text_key("comment", "#").key("skip_lines", ConfigValue::Integer(skip)).chunks(1000, 2))
                .await;
        assert_eq!(all_cells(&rows), [cells(&["1", "2"])]);
        assert_eq!(rows[0].line, text.lines().count() as u64);
    }
    // More than is looked at.
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("a.csv"), format!("{notes}{notes}a,b\n1,2\n")).unwrap();
    let table = Table::new(dir.path(), "csv", "a.csv").text_key("comment", "#");
    assert_eq!(table.discovery().await.unwrap().findings[0].message, "`a.csv` has no header in its first 1 MiB");
    // More than there are.
    fs::write(dir.path().join("a.csv"), "a,b\n1,2\n").unwrap();
    let table = Table::new(dir.path(), "csv", "a.csv").key("skip_lines", ConfigValue::Integer(9));
    assert_eq!(table.discovery().await.unwrap().findings.len(), 1);
    assert!(table.rows().await.is_empty());
}

#[tokio::test]
async fn trim_takes_blanks_around_bare_fields_and_quotes() {
    let rows = read("a, b\n  x y ,\t\"  q \" \n   \n 1,2\n", |t| t.key("trim", ConfigValue::Bool(true))).await;
    assert_eq!(all_cells(&rows), [cells(&["x y", "  q "]), cells(&["1", "2"])]);
    let rows = read("a,b\n x , \"q\"\n", |t| t).await;
    assert_eq!(all_cells(&rows), [cells(&[" x ", " \"q\""])]);
}

#[tokio::test]
async fn without_a_header_columns_are_taken_in_order() {
    let rows = read("1,x\n2,y\n", |t| {
        t.key("header", ConfigValue::Bool(false)).declare(&[("id", Type::Int), ("name", Type::Text)])
    })
    .await;
    assert_eq!(all_cells(&rows), [cells(&["1", "x"]), cells(&["2", "y"])]);
    assert_eq!(rows[0].line, 1);
}

#[tokio::test]
async fn without_newlines_in_values_an_open_quote_breaks_one_record() {
    let text = "a,b\n\"open,1\n2,\"ok\"\n\"x\ny\",3\n";
    let rows = read(text, |t| t.key("newlines_in_values", ConfigValue::Bool(false))).await;
    let seen: Vec<_> = rows.iter().map(|r| (r.line, r.bad.as_deref(), r.cells[1].as_deref())).collect();
    assert_eq!(
        seen,
        [
            (2, Some("unclosed quote"), None),
            (3, None, Some("ok")),
            (4, Some("unclosed quote"), None),
            (5, None, Some("3"))
        ]
    );
}

#[tokio::test]
async fn an_open_quote_that_meets_another_breaks_one_record() {
    // The quote of line 2 would be closed by the one of line 4.
    let rows = read("a,b\n\"open,1\n2,x\n\"q\",3\n", |t| t).await;
    let seen: Vec<_> = rows.iter().map(|r| (r.line, r.bad.as_deref(), r.cells[0].as_deref())).collect();
    assert_eq!(seen, [(2, Some("unclosed quote"), None), (3, None, Some("2")), (4, None, Some("q"))]);
}

#[tokio::test]
async fn a_field_that_is_too_large_breaks_its_record() {
    let long = "x".repeat(3000);
    let huge = "y".repeat(2_000_000);
    let text = format!("a,b\n1,{long}\n2,ok\n3,{huge}\n\"{long}\n{long}\",4\n5,ok\n");
    for (chunk, partitions) in [(512, 3), (4 << 20, 1)] {
        let rows = read(&text, |t| t.key("max_field", ConfigValue::Bytes(1000)).chunks(chunk, partitions)).await;
        let seen: Vec<_> = rows.iter().map(|r| (r.line, r.bad.as_deref())).collect();
        let unclosed = "field too large, or a quote that is not closed: over 1000 bytes";
        assert_eq!(
            seen,
            [
                (2, Some("field too large: over 1000 bytes")),
                (3, None),
                (4, Some("record too large: over 1052576 bytes")),
                (5, Some(unclosed)),
                (6, Some("field too large: over 1000 bytes")),
                (7, None)
            ]
        );
        assert_eq!(rows[2].record.as_ref().map(String::len), Some(1_052_576));
        assert_eq!(rows[5].cells, cells(&["5", "ok"]));
    }
}

#[tokio::test]
async fn encodings() {
    let utf16 = |text: &str, big: bool| -> Vec<u8> {
        text.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    };
    let expected = [cells(&["Zoë", "1"]), cells(&["Łódź", "2"])];
    let text = "name,n\nZoë,1\nŁódź,2\n";
    let rows = read(utf16(text, false), |t| t.text_key("encoding", "utf-16le")).await;
    assert_eq!(all_cells(&rows), expected);
    let rows = read(utf16(text, true), |t| t.text_key("encoding", "utf-16be").chunks(3, 2)).await;
    assert_eq!(all_cells(&rows), expected);
    // A byte order mark wins over the key, and is no part of the first name.
    for big in [false, true] {
        let rows =
            read(utf16(&format!("\u{feff}{text}"), big), |t| t.declare(&[("name", Type::Text), ("n", Type::Text)]))
                .await;
        assert_eq!(all_cells(&rows), expected);
    }
    let rows = read(format!("\u{feff}{text}"), |t| t.declare(&[("name", Type::Text), ("n", Type::Text)])).await;
    assert_eq!(all_cells(&rows), expected);
    let rows = read(b"name,n\nZo\xeb,1\n\x80,2\n", |t| t.text_key("encoding", "latin1")).await;
    assert_eq!(all_cells(&rows), [cells(&["Zoë", "1"]), cells(&["€", "2"])]);
    let rows = read(b"name,n\n\xa3\xf3d\xbc,2\n", |t| t.text_key("encoding", "iso-8859-2")).await;
    assert_eq!(all_cells(&rows), [cells(&["Łódź", "2"])]);
}

#[tokio::test]
async fn what_an_encoding_has_no_character_for_breaks_its_record_only() {
    let rows = read(b"name,n\n\x82\xa0,1\n\x82,2\nx,3\n", |t| t.text_key("encoding", "shift_jis")).await;
    assert_eq!(rows[0].cells, cells(&["あ", "1"]));
    assert!(rows[1].bad.as_deref().unwrap().starts_with("invalid UTF-8"), "{rows:?}");
    assert_eq!(rows[2].cells, cells(&["x", "3"]));
}

#[tokio::test]
async fn a_file_of_carriage_returns_has_lines() {
    let rows = read("a,b\r1,\"x\ry\"\r2,z\r", |t| t).await;
    let seen: Vec<_> = rows.iter().map(|r| (r.line, r.cells[1].clone().unwrap())).collect();
    assert_eq!(seen, [(2, "x\ry".to_string()), (4, "z".to_string())]);
}

#[tokio::test]
async fn keys_that_cannot_be_used_are_named() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("a.csv"), "a\n1\n").unwrap();
    let error = |table: Table| async move { table.read().await.unwrap_err().message };
    let table = || Table::new(dir.path(), "csv", "a.csv");
    assert_eq!(
        error(table().text_key("delimiter", "ö")).await,
        "source `t`: `delimiter` must be one ASCII character, not `ö`"
    );
    assert!(error(table().text_key("encoding", "klingon")).await.contains("unknown encoding `klingon`"));
    assert!(error(table().text_key("quote", ",")).await.contains("must be different characters"));
    assert!(error(table().key("max_field", ConfigValue::Bytes(1 << 40))).await.contains("`max_field` must be from"));
}
