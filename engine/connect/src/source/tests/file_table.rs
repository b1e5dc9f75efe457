//! `files('…')` as a table.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::SessionContext;
use pipe_schema::table_function;
use pipe_types::to_arrow;
use tempfile::{TempDir, tempdir};

use super::super::{FileTable, SourceError};

fn folder() -> TempDir {
    let dir = tempdir().unwrap();
    for (file, text) in [("data/a.csv", "abc"), ("data/deep/b.csv", "abc"), ("data/c.txt", ""), ("data/_tmp.csv", "x")]
    {
        let path = dir.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::create_dir(dir.path().join("empty")).unwrap();
    dir
}

async fn ask(root: &Path, locator: &str, sql: &str) -> Result<Vec<String>, SourceError> {
    let columns = table_function("files").unwrap().columns;
    let fields = columns.iter().map(|(name, ty, _)| arrow::datatypes::Field::new(*name, to_arrow(ty), false));
    let schema = Arc::new(arrow::datatypes::Schema::new(fields.collect::<Vec<_>>()));
    let context = SessionContext::new();
    context.register_table("f", Arc::new(FileTable::new(schema, root, locator))).unwrap();
    let rows = context.sql(sql).await.unwrap().collect().await;
    let rows = rows.map_err(|e| SourceError::find(&e).cloned().unwrap_or_else(|| panic!("{e}")))?;
    let table = pretty_format_batches(&rows).unwrap().to_string();
    let cells = |l: &str| l.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>().join(" ");
    Ok(table.lines().filter(|l| l.starts_with('|')).skip(1).map(cells).collect())
}

#[tokio::test]
async fn each_file_is_a_row_with_its_size_time_and_hashes() {
    let dir = folder();
    let sql = "select name, path, bytes, modified > now() - interval '1 hour' as is_new from f order by path";
    let rows = ask(dir.path(), "data", sql).await.unwrap();
    assert_eq!(rows, ["a.csv data/a.csv 3 true", "c.txt data/c.txt 0 true", "b.csv data/deep/b.csv 3 true"]);
    // The examples of RFC 1321 and FIPS 180-4.
    let abc = "900150983cd24fb0d6963f7d28e17f72 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let rows = ask(dir.path(), "data/**/*.csv", "select md5, sha256 from f").await.unwrap();
    assert_eq!(rows, [abc, abc]);
    assert_eq!(ask(dir.path(), "data/c.txt", "select count(*) from f").await.unwrap(), ["1"]);
}

#[tokio::test]
async fn nothing_where_there_are_none_and_an_error_where_there_is_no_folder() {
    let dir = folder();
    for locator in ["empty", "empty/", "empty/*.csv", "data/*.json", "data/**/*.json", "*.csv"] {
        assert_eq!(ask(dir.path(), locator, "select count(*) from f").await.unwrap(), ["0"], "{locator}");
    }
    for (locator, kind, message) in [
        ("dta/*.csv", "not_found", "did you mean `data/`?"),
        ("gone", "not_found", "no file matches `gone`"),
        ("data/a.cvs", "not_found", "did you mean `data/a.csv`?"),
        ("s3://bucket/*.csv", "config", "files on `s3://` cannot be read yet; give a path"),
    ] {
        let error = ask(dir.path(), locator, "select count(*) from f").await.unwrap_err();
        assert_eq!(error.kind, kind, "{locator}");
        assert!(error.message.contains(message), "{locator}: {}", error.message);
    }
}
