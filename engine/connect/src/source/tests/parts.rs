//! Parts of files, read once more.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use tempfile::tempdir;

use super::table::{Row, Table, rows, run};

/// Rows of the files; the head of a file is one chunk.
const FIRST: usize = 12_000;
const SECOND: usize = 300;

/// The rows of a scan, in the order of files and rows.
async fn read(scan: Arc<crate::source::ScanExec>) -> Vec<Row> {
    let mut all: Vec<Row> = run(scan).await.unwrap().iter().flat_map(rows).collect();
    all.sort_by(|a, b| (&a.file, a.row).cmp(&(&b.file, b.row)));
    all
}

/// Two files, one with a byte order mark, with quoted line ends, a comment, blank lines and a broken record.
fn write(dir: &Path) {
    let line = |i: usize| match i % 10 {
        3 => format!("{i},\"a value\nof two lines {i}\"\n"),
        5 => format!("\n# no row\n{i},plain\n"),
        7 => format!("{i},one,too,many\n"),
        _ => format!("{i},ä{i}\n"),
    };
    let text = |range: std::ops::Range<usize>| range.map(line).collect::<String>();
    fs::write(dir.join("a.csv"), format!("\u{feff}id,v\n{}", text(0..FIRST))).unwrap();
    fs::write(dir.join("b.csv"), format!("id,v\r\n{}", text(FIRST..FIRST + SECOND))).unwrap();
}

#[tokio::test]
async fn parts_have_the_rows_asked_for_with_their_places() {
    let dir = tempdir().unwrap();
    write(dir.path());
    for chunk_bytes in [1, 100, 1 << 20] {
        let table = Table::new(dir.path(), "csv", "*.csv").text_key("comment", "#").chunks(chunk_bytes, 2);
        let first = Arc::new(table.scan().await.unwrap().unhashed());
        let all = read(Arc::clone(&first)).await;
        assert_eq!(all.len(), FIRST + SECOND);
        let last = FIRST as u64 - 1;
        for wanted in [
            vec![],
            vec![(0, 0)],
            vec![(0, 9003), (0, 9007), (0, last), (1, 5)],
            (0..100).map(|row| (1, row)).collect(),
        ] {
            let wanted: BTreeSet<(u32, u64)> = wanted.into_iter().collect();
            let parts = first.parts_with(&wanted).unwrap();
            let some = read(Arc::new(table.scan().await.unwrap().only(parts))).await;
            let is_wanted = |r: &&Row| wanted.contains(&(u32::from(r.file == "b.csv"), r.row));
            assert_eq!(some.iter().filter(is_wanted).count(), wanted.len());
            for row in &some {
                let index = if row.file == "b.csv" { FIRST } else { 0 } + row.row as usize;
                assert_eq!(*row, all[index]);
            }
            assert!(some.len() < all.len() || chunk_bytes > 100);
        }
        assert!(first.parts_with(&BTreeSet::from([(0, last + 1)])).is_none());
    }
}

#[tokio::test]
async fn parts_of_packed_texts_and_of_files_not_read_are_not_known() {
    let dir = tempdir().unwrap();
    write(dir.path());
    let wanted = BTreeSet::from([(0, 3)]);
    let table = Table::new(dir.path(), "csv", "*.csv").text_key("comment", "#");
    assert!(table.scan().await.unwrap().unhashed().parts_with(&wanted).is_none());
    let utf16: Vec<u8> = "\u{feff}id,v\n1,a\n2,b\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(dir.path().join("c.csv"), utf16).unwrap();
    let decoded = Arc::new(Table::new(dir.path(), "csv", "c.csv").scan().await.unwrap().unhashed());
    assert_eq!(read(Arc::clone(&decoded)).await.len(), 2);
    assert!(decoded.parts_with(&BTreeSet::from([(0, 1)])).is_none());
}

#[tokio::test]
async fn a_file_that_changed_in_between_is_refused() {
    let dir = tempdir().unwrap();
    write(dir.path());
    let table = Table::new(dir.path(), "csv", "*.csv").text_key("comment", "#").chunks(100, 1);
    let first = Arc::new(table.scan().await.unwrap().unhashed());
    read(Arc::clone(&first)).await;
    let parts = first.parts_with(&BTreeSet::from([(0, 3)])).unwrap();
    let again = table.scan().await.unwrap().only(parts);
    fs::write(dir.path().join("a.csv"), "id,v\n1,a\n").unwrap();
    assert_eq!(run(Arc::new(again)).await.unwrap_err().kind, "conflict");
}
