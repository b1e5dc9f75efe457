//! Properties of the text readers over generated files.

use std::fs;
use std::path::Path;

use pipe_schema::{ConfigValue, Type};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use tempfile::tempdir;

use super::table::{Row, Table};

/// A cell that is hard on a reader.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[ a-c,;\"'#\\\\\n\r\t]{0,12}",
        "[0-9]{1,5}",
        // Composed and decomposed.
        Just("Zoë".to_string()),
        Just("Zoe\u{308}".to_string()),
        "\\PC{0,8}",
        "[a-z]{13,30}",
    ]
}

fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    (1usize..5).prop_flat_map(|width| prop::collection::vec(prop::collection::vec(cell(), width), 0..40))
}

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

fn read(table: &Table) -> Vec<Row> {
    block(table.rows())
}

/// A source of `width` text columns.
fn source(root: &Path, connector: &str, width: usize) -> Table {
    let names: Vec<String> = (0..width).map(|i| format!("c{i}")).collect();
    let columns: Vec<(&str, Type)> = names.iter().map(|n| (n.as_str(), Type::Text)).collect();
    Table::new(root, connector, "t.txt").declare(&columns)
}

/// Bytes that a CSV reader looks at, and some that it does not.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(
        prop_oneof![
            4 => Just(b'"'), 4 => Just(b','), 4 => Just(b'\n'), 2 => Just(b'\r'), 6 => Just(b'a'),
            2 => Just(b' '), 1 => Just(b'#'), 1 => Just(b'\\'), 1 => Just(0u8), 1 => Just(0xffu8), 1 => Just(b'7')
        ],
        0..200,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// What the csv crate writes is read back the same, with exact rows and lines, however it is cut and shared.
    #[test]
    fn tables_are_read_back(
        rows in table(),
        chunk in 1usize..300,
        partitions in 1usize..5,
        quote_all in any::<bool>(),
        crlf in any::<bool>(),
    ) {
        let dir = tempdir().unwrap();
        let width = rows.first().map_or(1, Vec::len);
        let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let style = if quote_all { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let mut writer = csv::WriterBuilder::new().terminator(terminator).quote_style(style).from_writer(Vec::new());
        writer.write_record((0..width).map(|i| format!("c{i}"))).unwrap();
        let mut lines = Vec::new();
        for row in &rows {
            writer.flush().unwrap();
            lines.push(writer.get_ref().iter().filter(|b| **b == b'\n').count() as u64 + 1);
            writer.write_record(row).unwrap();
        }
        fs::write(dir.path().join("t.txt"), writer.into_inner().unwrap()).unwrap();
        let found = read(&source(dir.path(), "csv", width).chunks(chunk, partitions));
        prop_assert_eq!(found.len(), rows.len());
        for (i, (found, row)) in found.iter().zip(&rows).enumerate() {
            prop_assert_eq!(&found.bad, &None);
            // A bare empty field is NULL.
            let cells: Vec<String> = found.cells.iter().map(|c| c.clone().unwrap_or_default()).collect();
            prop_assert_eq!(&cells, row);
            if quote_all {
                prop_assert!(found.cells.iter().all(Option::is_some));
            }
            prop_assert_eq!((found.row, found.line), (i as u64, lines[i]));
        }
    }

    /// How a file is cut into chunks changes nothing, whatever is in it.
    #[test]
    fn chunks_do_not_show(
        bytes in soup(),
        chunk in 1usize..60,
        trim in any::<bool>(),
        comment in any::<bool>(),
        escape in any::<bool>(),
        one_line in any::<bool>(),
    ) {
        let dir = tempdir().unwrap();
        fs::write(dir.path().join("t.txt"), &bytes).unwrap();
        let table = || {
            let mut t = source(dir.path(), "csv", 2).key("header", ConfigValue::Bool(false));
            t = t.key("trim", ConfigValue::Bool(trim)).key("newlines_in_values", ConfigValue::Bool(!one_line));
            if comment {
                t = t.text_key("comment", "#");
            }
            if escape {
                t = t.text_key("escape", "\\");
            }
            t
        };
        let whole = read(&table().chunks(1 << 20, 1));
        let cut = read(&table().chunks(chunk, 3));
        prop_assert_eq!(whole, cut);
    }

    /// The same for JSON: what is broken is broken in the same way, and everything is found once.
    #[test]
    fn chunks_of_json_do_not_show(text in "[{}\\[\\]\",:\n a1\\\\]{0,60}", chunk in 1usize..30, array in any::<bool>()) {
        let dir = tempdir().unwrap();
        let objects = text.replace('a', "{\"c0\":\"x\"}\n");
        fs::write(dir.path().join("t.txt"), if array { format!("[\n{objects}") } else { objects }).unwrap();
        for connector in ["json", "ndjson"] {
            let whole = read(&source(dir.path(), connector, 1).chunks(1 << 20, 1));
            let cut = read(&source(dir.path(), connector, 1).chunks(chunk, 3));
            prop_assert_eq!(&whole, &cut);
            for (i, row) in whole.iter().enumerate() {
                prop_assert_eq!(row.row, i as u64);
            }
        }
    }

    /// Without broken quotes the records are those that the csv crate finds.
    #[test]
    fn records_are_those_of_the_csv_crate(text in "[a,\"\n ]{0,80}", chunk in 1usize..40) {
        let dir = tempdir().unwrap();
        fs::write(dir.path().join("t.txt"), &text).unwrap();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let expected: Vec<Vec<String>> =
            reader.records().map(|r| r.unwrap().iter().map(str::to_string).collect()).collect();
        let width = expected.first().map_or(1, Vec::len);
        let table = source(dir.path(), "csv", width).key("header", ConfigValue::Bool(false)).chunks(chunk, 2);
        let found = read(&table);
        prop_assume!(found.iter().all(|r| r.bad.as_deref() != Some("unclosed quote")));
        prop_assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            if expected.len() == width {
                let cells: Vec<String> = found.cells.iter().map(|c| c.clone().unwrap_or_default()).collect();
                prop_assert_eq!(&cells, expected);
            } else {
                prop_assert!(found.bad.is_some());
            }
        }
    }

    /// A file cut off at any byte is read to its end, and what comes before the cut is what it was.
    #[test]
    fn truncation_never_panics(rows in table(), at in any::<prop::sample::Index>(), connector in 0usize..3) {
        let dir = tempdir().unwrap();
        let connector = ["csv", "ndjson", "json"][connector];
        let bytes = match connector {
            "csv" => {
                let mut writer = csv::Writer::from_writer(Vec::new());
                let _ = rows.iter().try_for_each(|row| writer.write_record(row));
                writer.into_inner().unwrap()
            }
            _ => {
                let object = |row: &Vec<String>| {
                    serde_json::Value::Object(row.iter().enumerate().map(|(i, c)| (format!("c{i}"), c.clone().into())).collect())
                };
                let objects: Vec<serde_json::Value> = rows.iter().map(object).collect();
                if connector == "json" {
                    serde_json::to_vec_pretty(&objects).unwrap()
                } else {
                    objects.iter().flat_map(|o| format!("{o}\n").into_bytes()).collect()
                }
            }
        };
        let width = rows.first().map_or(1, Vec::len);
        let cut = at.index(bytes.len() + 1);
        let table = || source(dir.path(), connector, width).key("header", ConfigValue::Bool(false)).chunks(50, 2);
        fs::write(dir.path().join("t.txt"), &bytes).unwrap();
        let whole = read(&table());
        prop_assert_eq!(whole.iter().filter(|r| r.bad.is_none()).count(), whole.len());
        fs::write(dir.path().join("t.txt"), &bytes[..cut]).unwrap();
        let part = read(&table());
        // A cut within the last quoted value may break it into lines; every record before it is whole.
        let same = part.iter().zip(&whole).take_while(|(a, b)| a == b).count();
        let complete = whole.iter().take_while(|r| ends_before(&bytes, r, &whole, cut)).count();
        prop_assert!(same >= complete, "{} of {} at {}: {:?}", same, complete, cut, part);
    }

    /// Objects are read back, whatever their strings hold.
    #[test]
    fn objects_are_read_back(rows in table(), chunk in 1usize..200, pretty in any::<bool>()) {
        let dir = tempdir().unwrap();
        let width = rows.first().map_or(1, Vec::len);
        let objects: Vec<serde_json::Value> = rows
            .iter()
            .map(|row| serde_json::Value::Object(row.iter().enumerate().map(|(i, c)| (format!("c{i}"), c.clone().into())).collect()))
            .collect();
        let lines: String = objects.iter().map(|o| format!("{o}\n")).collect();
        let array = if pretty { serde_json::to_string_pretty(&objects) } else { serde_json::to_string(&objects) }.unwrap();
        for (connector, text) in [("ndjson", &lines), ("json", &array), ("json", &lines)] {
            fs::write(dir.path().join("t.txt"), text).unwrap();
            let found = read(&source(dir.path(), connector, width).chunks(chunk, 3));
            check_objects(&found, &rows)?;
        }
    }
}

fn check_objects(found: &[Row], rows: &[Vec<String>]) -> Result<(), TestCaseError> {
    prop_assert_eq!(found.len(), rows.len());
    for (found, row) in found.iter().zip(rows) {
        prop_assert_eq!(&found.bad, &None);
        let cells: Vec<String> = found.cells.iter().map(|c| c.clone().unwrap_or_default()).collect();
        prop_assert_eq!(&cells, row);
    }
    Ok(())
}

/// Whether the record of `row`, line end included, ends before `cut`.
fn ends_before(bytes: &[u8], row: &Row, all: &[Row], cut: usize) -> bool {
    let next = all.iter().find(|r| r.row == row.row + 1).map(|r| r.line);
    let Some(next) = next else { return cut == bytes.len() };
    let lines = bytes[..cut].iter().filter(|b| **b == b'\n').count() as u64 + 1;
    lines >= next
}
