//! Rows taken back out of published files.

use std::fs;
use std::path::Path;

use arrow::compute::concat_batches;
use pipe_schema::{Config, PartitionField, Transform};

use super::support::*;
use crate::sink::{Mode, SinkSpec, Withdrawn, staging_dir, withdraw};

/// Takes rows out and publishes what is left.
fn out(spec: &SinkSpec, files: &[std::path::PathBuf], rows: &arrow::array::RecordBatch) -> Withdrawn {
    let staging = staging_dir(&spec.target, "undo");
    let withdrawn = withdraw(spec, &staging, files, rows).unwrap();
    for file in &withdrawn.files {
        assert_eq!(fs::metadata(&file.staged).unwrap().len(), file.bytes);
        fs::rename(&file.staged, &file.target).unwrap();
    }
    for path in &withdrawn.remove {
        fs::remove_file(path).unwrap();
    }
    let left = fs::read_dir(&staging).map_or(0, Iterator::count);
    assert_eq!(left, 0, "staged files that nothing will publish");
    withdrawn
}

#[test]
fn one_file_of_each_format_keeps_all_other_rows() {
    for name in ["x.parquet", "x.csv", "x.csv.gz", "x.csv.zst", "x.tsv", "x.ndjson", "x.ndjson.gz"] {
        let temp = tempfile::tempdir().unwrap();
        let (path, whole) = (temp.path().join(name), temp.path().join(format!("whole-{name}")));
        let connector = name.split('.').nth(1).unwrap();
        let spec_of = |path: &Path| spec(connector, path, Config::default(), schema());
        // Row 3 has quotes and line breaks, 1 a NULL, 2 an empty text; 9 is there twice, 99 never was.
        let twice = concat_batches(&schema(), [&rows(0, 12), &rows(9, 10)]).unwrap();
        let files = load(&spec_of(&path), Mode::Create, &[], &[vec![twice]]).unwrap();
        let wanted = concat_batches(&schema(), [&rows(1, 4), &rows(9, 10), &rows(99, 100)]).unwrap();
        let done = out(&spec_of(&path), &targets(&files), &wanted);
        assert_eq!((done.files.len(), done.files[0].rows, done.missing.as_slice()), (1, 9, &[4][..]), "{name}");

        let rest = concat_batches(&schema(), [&rows(0, 1), &rows(4, 9), &rows(10, 12), &rows(9, 10)]).unwrap();
        load(&spec_of(&whole), Mode::Create, &[], &[vec![rest.clone()]]).unwrap();
        if connector == "parquet" {
            let mut ids: Vec<i64> = read_parquet(&path).column(0).as_ref().to_data().buffer::<i64>(0)[..9].to_vec();
            ids.sort_unstable();
            assert_eq!(ids, [0, 4, 5, 6, 7, 8, 9, 10, 11]);
        } else {
            let sorted = |path: &Path| {
                let text = read_text(path);
                let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
                lines.sort();
                lines
            };
            assert_eq!(sorted(&path), sorted(&whole), "{name}");
        }
    }
}

#[test]
fn only_files_that_hold_rows_are_written_again_and_empty_ones_go_away() {
    let temp = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.values.insert(
        "partition",
        pipe_schema::ConfigValue::Partition(vec![PartitionField { column: "at".into(), transform: Transform::Day }]),
    );
    let spec = spec("parquet", &temp.path().join("out"), config, schema());
    // Days 0, 1 and 2 of 24 hours each, day 3 of one.
    let files = targets(&load(&spec, Mode::Append, &[], &[vec![rows(0, 73)]]).unwrap());
    assert_eq!(files.len(), 4);
    let wanted = concat_batches(&schema(), [&rows(30, 32), &rows(72, 73)]).unwrap();
    let done = out(&spec, &files, &wanted);
    assert!(done.missing.is_empty());
    assert_eq!(done.files.iter().map(|f| (f.rows, f.target.clone())).collect::<Vec<_>>(), [(22, files[1].clone())]);
    assert_eq!(done.remove, [files[3].clone()]);
    let left: usize = files[..3].iter().map(|f| read_parquet(f).num_rows()).sum();
    assert_eq!(left, 70);
    assert!(out(&spec, &files, &rows(30, 31)).missing == [0], "it is not there any more");
}
