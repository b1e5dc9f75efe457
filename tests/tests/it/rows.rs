//! What lies in the folders of a run: rows of Parquet and CSV files as text, and names of files. Reads the files
//! themselves, not through `pipe`, so that what a run wrote is judged by something that had no part in it.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use datafusion::arrow::array::Array;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// A row: its cells by name of column; `None` is NULL.
pub type Row = BTreeMap<String, Option<String>>;

/// All files below a folder, sorted; none where there is no folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&next) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// Whatever a run stages, files and folders, below a folder.
pub fn staged(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let in_state = next.file_name().is_some_and(|n| n == "staging");
            if name.starts_with(".pipe-staging") || in_state {
                found.push(path);
            } else if path.is_dir() {
                open.push(path);
            }
        }
    }
    found
}

/// The rows of a Parquet file, in its order.
pub fn of_parquet(path: &Path) -> Vec<Row> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let options = FormatOptions::default();
    let mut rows = Vec::new();
    for batch in builder.build().unwrap() {
        let batch = batch.unwrap();
        let schema = batch.schema();
        let columns: Vec<_> = schema.fields().iter().zip(batch.columns()).collect();
        for i in 0..batch.num_rows() {
            let cell = |(field, column): &(
                &std::sync::Arc<datafusion::arrow::datatypes::Field>,
                &std::sync::Arc<dyn Array>,
            )| {
                let text = ArrayFormatter::try_new(column.as_ref(), &options).unwrap();
                (field.name().clone(), column.is_valid(i).then(|| text.value(i).to_string()))
            };
            rows.push(columns.iter().map(cell).collect());
        }
    }
    rows
}

/// The rows of all Parquet files below a folder; columns of partition folders are among the cells.
pub fn below(folder: &Path) -> Vec<Row> {
    let mut rows = Vec::new();
    for path in files(folder).into_iter().filter(|p| p.extension().is_some_and(|e| e == "parquet")) {
        let inside = path.strip_prefix(folder).unwrap().parent().unwrap();
        let partition: Vec<(String, Option<String>)> = inside
            .iter()
            .filter_map(|part| part.to_str()?.split_once('='))
            .map(|(key, value)| (key.to_owned(), Some(value.to_owned())))
            .collect();
        for mut row in of_parquet(&path) {
            row.extend(partition.iter().cloned());
            rows.push(row);
        }
    }
    rows
}

/// Rows without their order.
pub fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort();
    rows
}

/// The lines of a text file, sorted; none where there is no file.
pub fn lines(path: &Path) -> Vec<String> {
    let mut lines: Vec<String> = std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// The rows of a CSV file with a header: a bare empty field is NULL, a quoted one is text.
pub fn of_csv(path: &Path) -> Vec<Row> {
    let mut text = std::fs::read_to_string(path).unwrap();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let mut records: Vec<Vec<Option<String>>> = Vec::new();
    let (mut record, mut field, mut bare, mut inside) = (Vec::new(), String::new(), true, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, inside) {
            ('"', true) if chars.peek() == Some(&'"') => field.extend(chars.next()),
            ('"', _) => (inside, bare) = (!inside, false),
            (',' | '\n', false) => {
                record.push((!bare || !field.is_empty()).then(|| std::mem::take(&mut field)));
                bare = true;
                if c == '\n' {
                    records.push(std::mem::take(&mut record));
                }
            }
            _ => field.push(c),
        }
    }
    let mut records = records.into_iter();
    let header: Vec<String> = records.next().into_iter().flatten().flatten().collect();
    records.map(|cells| header.iter().cloned().zip(cells).collect()).collect()
}

/// The rows of a file with a JSON object a line; numbers as they are written.
pub fn of_ndjson(path: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(path).unwrap();
    let cell = |v: &serde_json::Value| match v {
        serde_json::Value::Null => None,
        serde_json::Value::String(s) => Some(s.clone()),
        other => Some(other.to_string()),
    };
    let row = |line: &str| {
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
        object.iter().map(|(k, v)| (k.clone(), cell(v))).collect()
    };
    text.lines().map(row).collect()
}
