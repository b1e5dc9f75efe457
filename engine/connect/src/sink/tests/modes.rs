//! What each mode does to what is there, and what it refuses.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use pipe_schema::Config;

use super::support::*;
use crate::sink::{Mode, SinkError, SinkSpec, StagedWriter, Target, prepare, staging_dir};

fn folder_spec(temp: &tempfile::TempDir, batch: &str) -> SinkSpec {
    let mut spec = spec("csv", &temp.path().join("out"), Config::default(), schema());
    spec.batch_id = batch.into();
    spec
}

#[test]
fn append_adds_files() {
    let temp = tempfile::tempdir().unwrap();
    for batch in ["b1", "b2"] {
        load(&folder_spec(&temp, batch), Mode::Append, &[], &[vec![rows(0, 2)]]).unwrap();
    }
    assert_eq!(tree(temp.path()), ["out/part-b1-0.csv", "out/part-b2-0.csv"]);
}

#[test]
fn overwrite_removes_exactly_what_the_load_published() {
    let temp = tempfile::tempdir().unwrap();
    let first =
        targets(&load(&folder_spec(&temp, "b1"), Mode::Overwrite, &[], &[vec![rows(0, 2)], vec![rows(2, 4)]]).unwrap());
    // Hidden files are nobody's data.
    fs::write(temp.path().join("out/_SUCCESS"), "").unwrap();
    let second = targets(&load(&folder_spec(&temp, "b2"), Mode::Overwrite, &first, &[vec![rows(4, 5)]]).unwrap());
    assert_eq!(tree(temp.path()), ["out/_SUCCESS", "out/part-b2-0.csv"]);

    for i in 0..7 {
        fs::create_dir_all(temp.path().join("out/sub")).unwrap();
        fs::write(temp.path().join(format!("out/sub/theirs-{i}.csv")), "x").unwrap();
    }
    let before = tree(temp.path());
    let error = load(&folder_spec(&temp, "b3"), Mode::Overwrite, &second, &[vec![rows(5, 6)]]).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, SinkError::Foreign { .. }), "{text}");
    assert!(text.contains("`sub/theirs-0.csv`") && text.contains("and 2 more") && !text.contains("part-b2"), "{text}");
    assert_eq!(tree(temp.path()), before);
    assert_eq!(error.kind(), "conflict");

    // A full refresh of an append leaves the files of others.
    load(&folder_spec(&temp, "b4"), Mode::Refresh, &second, &[vec![rows(0, 6)]]).unwrap();
    let after = tree(temp.path());
    assert!(
        after.contains(&"out/part-b4-0.csv".to_owned()) && !after.contains(&"out/part-b2-0.csv".to_owned()),
        "{after:?}"
    );
    assert_eq!(after.iter().filter(|f| f.contains("theirs")).count(), 7);
}

/// A refresh of the same input has the same batch id, so its files have the same names.
#[test]
fn a_refresh_may_replace_its_own_files_only() {
    let temp = tempfile::tempdir().unwrap();
    let first = targets(&load(&folder_spec(&temp, "b1"), Mode::Append, &[], &[vec![rows(0, 2)]]).unwrap());
    let again = load(&folder_spec(&temp, "b1"), Mode::Refresh, &first, &[vec![rows(0, 3)], vec![rows(3, 4)]]).unwrap();
    assert_eq!(again.iter().map(|f| f.replace).collect::<Vec<_>>(), [true, false]);
    assert!(read_text(&first[0]).lines().count() > 3);
}

#[test]
fn create_refuses_what_is_there() {
    let temp = tempfile::tempdir().unwrap();
    fs::create_dir(temp.path().join("out")).unwrap();
    load(&folder_spec(&temp, "b1"), Mode::Create, &[], &[vec![rows(0, 2)]]).unwrap();
    let error = load(&folder_spec(&temp, "b2"), Mode::Create, &[], &[]).unwrap_err();
    assert!(matches!(error, SinkError::Exists(_)), "{error}");
    let file = spec("csv", &temp.path().join("x.csv"), Config::default(), schema());
    load(&file, Mode::Create, &[], &[vec![rows(0, 2)]]).unwrap();
    assert!(matches!(load(&file, Mode::Create, &[], &[]), Err(SinkError::Exists(_))));
    // One file that is named to be overwritten is meant; whose it was is told.
    let path = temp.path().join("x.csv");
    let prepared = |published: &[PathBuf]| prepare(&mut file.clone(), Mode::Overwrite, published).unwrap();
    assert!(prepared(&[]).foreign && !prepared(std::slice::from_ref(&path)).foreign);
    load(&file, Mode::Overwrite, &[], &[vec![rows(5, 6)]]).unwrap();
    assert!(read_text(&temp.path().join("x.csv")).contains("\n5,"));
}

#[test]
fn a_file_is_no_folder_and_a_folder_no_file() {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("out"), "").unwrap();
    fs::create_dir(temp.path().join("x.csv")).unwrap();
    for mode in [Mode::Append, Mode::Overwrite, Mode::Create, Mode::Refresh] {
        assert!(matches!(
            load(&folder_spec(&temp, "b1"), mode, &[], &[]),
            Err(SinkError::WrongKind { found: "file", .. })
        ));
        let file = spec("csv", &temp.path().join("x.csv"), Config::default(), schema());
        assert!(matches!(load(&file, mode, &[], &[]), Err(SinkError::WrongKind { found: "folder", .. })));
    }
}

#[test]
fn staging_lies_beside_the_target_and_apart_for_each_load_and_batch() {
    let folder = Target::Folder("data/out/orders".into());
    assert_eq!(staging_dir(&folder, "b1"), PathBuf::from("data/out/.pipe-staging-b1-orders"));
    let file = Target::File("x.csv".into());
    assert_eq!(staging_dir(&file, "a/b"), PathBuf::from("./.pipe-staging-a%2Fb-x.csv"));
}

#[test]
fn an_aborted_or_dropped_writer_leaves_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let mut spec = folder_spec(&temp, "b1");
    prepare(&mut spec, Mode::Append, &[]).unwrap();
    let staging = staging_dir(&spec.target, "b1");
    for abort in [true, false] {
        let mut writer = StagedWriter::new(&spec, &staging, 0).unwrap();
        writer.write(&rows(0, 5)).unwrap();
        assert_eq!(tree(&staging).len(), 1);
        if abort {
            writer.abort()
        } else {
            drop(writer)
        }
        assert!(tree(&staging).is_empty());
    }
}

#[test]
fn rows_of_other_columns_are_refused_and_stricter_ones_pass() {
    let temp = tempfile::tempdir().unwrap();
    let loose = Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, true)]));
    let spec = spec("parquet", &temp.path().join("out"), Config::default(), loose);
    let mut writer = StagedWriter::new(&spec, &temp.path().join(".pipe-staging-x"), 0).unwrap();
    let batch = |name: &str, nullable| {
        let schema = Schema::new(vec![Field::new(name, DataType::Int64, nullable)]);
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(Int64Array::from(vec![1]))]).unwrap()
    };
    writer.write(&batch("id", false)).unwrap();
    assert!(matches!(writer.write(&batch("no", true)), Err(SinkError::Rows(_))));
    assert!(matches!(writer.write(&rows(0, 1)), Err(SinkError::Rows(_))));
    assert_eq!(writer.finish().unwrap()[0].rows, 1);
}
