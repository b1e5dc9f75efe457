//! Folders by value, with few files open at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Date32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use pipe_schema::{Config, ConfigValue, PartitionField, Transform};

use super::support::*;
use crate::sink::partition::Partitioner;
use crate::sink::writer::Limits;
use crate::sink::{Mode, SinkError, StagedWriter};

fn by(fields: &[(Transform, &str)]) -> Config {
    let fields =
        fields.iter().map(|(transform, c)| PartitionField { column: (*c).into(), transform: *transform }).collect();
    config(&[("partition", ConfigValue::Partition(fields))])
}

/// One column, written to the folders that come out.
fn folders(column: ArrayRef, transform: Transform) -> Vec<String> {
    let temp = tempfile::tempdir().unwrap();
    let schema = Arc::new(Schema::new(vec![Field::new("c", column.data_type().clone(), true)]));
    let batch = RecordBatch::try_new(schema.clone(), vec![column]).unwrap();
    let spec = spec("csv", &temp.path().join("out"), by(&[(transform, "c")]), schema);
    load(&spec, Mode::Append, &[], &[vec![batch]]).unwrap();
    let name = |f: String| f.split('/').next().unwrap().to_owned();
    tree(&temp.path().join("out")).into_iter().map(name).collect()
}

#[test]
fn times_are_cut_to_their_unit() {
    // 1969-12-31T23:30, 1970-01-01T00:00, 2024-02-29T12:34, 9999-12-31T23:59
    let us = [-1_800_000_000, 0, 1_709_210_040_000_000, 253_402_300_740_000_000].map(Some);
    let times = || Arc::new(TimestampMicrosecondArray::from_iter(us.into_iter().chain([None]))) as ArrayRef;
    let null = "=__HIVE_DEFAULT_PARTITION__";
    assert_eq!(
        folders(times(), Transform::Year),
        ["year=1969", "year=1970", "year=2024", "year=9999", &format!("year{null}")]
    );
    assert_eq!(
        folders(times(), Transform::Month)[..4],
        ["month=1969-12", "month=1970-01", "month=2024-02", "month=9999-12"]
    );
    assert_eq!(
        folders(times(), Transform::Day)[..4],
        ["day=1969-12-31", "day=1970-01-01", "day=2024-02-29", "day=9999-12-31"]
    );
    assert_eq!(
        folders(times(), Transform::Hour)[..4],
        ["hour=1969-12-31-23", "hour=1970-01-01-00", "hour=2024-02-29-12", "hour=9999-12-31-23"]
    );
    let dates = Arc::new(Date32Array::from(vec![Some(-1), Some(19_782), None])) as ArrayRef;
    assert_eq!(folders(dates.clone(), Transform::Day)[..2], ["day=1969-12-31", "day=2024-02-29"]);
    assert_eq!(folders(dates, Transform::Month)[..2], ["month=1969-12", "month=2024-02"]);
    // With a zone, days are UTC's.
    let zoned = TimestampMicrosecondArray::from(vec![1_709_164_800_000_000 + 1]).with_timezone("UTC");
    assert_eq!(folders(Arc::new(zoned), Transform::Hour), ["hour=2024-02-29-00"]);
}

/// Every day from 1890 to 2110, against a calendar that only counts.
#[test]
fn days_agree_with_a_counted_calendar() {
    let leap = |y: i64| (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    let mut expected = Vec::new();
    for year in 1890..2110_i64 {
        for (month, days) in
            [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].into_iter().enumerate()
        {
            expected.extend((1..=days).map(|day| format!("{year:04}-{:02}-{day:02}", month + 1)));
        }
    }
    let first = -(1890..1970).map(|y| 365 + i32::from(leap(y))).sum::<i32>();
    for chunk in 0..expected.len().div_ceil(9_000) {
        let range = chunk * 9_000..expected.len().min((chunk + 1) * 9_000);
        let column = Date32Array::from_iter_values(range.clone().map(|i| first + i as i32));
        let temp = Schema::new(vec![Field::new("c", DataType::Date32, true)]);
        let field = PartitionField { column: "c".into(), transform: Transform::Day };
        let mut partitions = Partitioner::new(&[field], &temp).unwrap();
        let batch = RecordBatch::try_new(Arc::new(temp), vec![Arc::new(column)]).unwrap();
        for (i, (partition, rows)) in range.zip(partitions.split(&batch).unwrap()) {
            assert_eq!(partitions.folder(partition), format!("day={}", expected[i]));
            assert_eq!(rows.num_rows(), 1);
        }
    }
}

#[test]
fn values_are_escaped_and_null_is_no_text() {
    let texts = ["DE", "a/b", "..", "", "x=y", "50%", "Größe", "a b", "new\nline", "__x"];
    let column = StringArray::from_iter(texts.into_iter().map(Some).chain([None]));
    let expected = [
        "c=",
        "c=..",
        "c=50%25",
        "c=DE",
        "c=Größe",
        "c=__HIVE_DEFAULT_PARTITION__",
        "c=__x",
        "c=a b",
        "c=a%2Fb",
        "c=new%0Aline",
        "c=x%3Dy",
    ];
    let mut found = folders(Arc::new(column), Transform::Identity);
    found.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn buckets_are_stable_and_all_rows_of_a_value_are_in_one() {
    let column = Int64Array::from_iter((0..1000).map(|i| Some(i % 100)));
    let names = folders(Arc::new(column), Transform::Bucket(4));
    assert_eq!(names, ["bucket=0", "bucket=1", "bucket=2", "bucket=3"]);
    // The same on every machine and in every version: the folders of earlier batches depend on it.
    let one = |n| folders(Arc::new(Int64Array::from(vec![n])), Transform::Bucket(16)).remove(0);
    assert_eq!([one(0), one(1), one(42)], ["bucket=5", "bucket=8", "bucket=1"]);
}

#[test]
fn the_key_is_the_unit_unless_that_is_taken() {
    let temp = tempfile::tempdir().unwrap();
    let schema = Arc::new(Schema::new(vec![
        Field::new("a", DataType::Date32, true),
        Field::new("b", DataType::Date32, true),
        Field::new("year", DataType::Int64, true),
    ]));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Date32Array::from(vec![0])),
        Arc::new(Date32Array::from(vec![40])),
        Arc::new(Int64Array::from(vec![7])),
    ];
    let batch = RecordBatch::try_new(schema.clone(), columns).unwrap();
    let fields = [
        (Transform::Day, "a"),
        (Transform::Day, "b"),
        (Transform::Month, "a"),
        (Transform::Year, "a"),
        (Transform::Identity, "year"),
    ];
    let files =
        load(&spec("csv", &temp.path().join("out"), by(&fields), schema), Mode::Append, &[], &[vec![batch]]).unwrap();
    let folder = "a_day=1970-01-01/b_day=1970-02-10/month=1970-01/a_year=1970/year=7";
    assert_eq!(tree(&temp.path().join("out")), [format!("{folder}/part-b1-0.csv")]);
    assert_eq!(read_text(&files[0].target), "a,b,year\n1970-01-01,1970-02-10,7\n", "the columns stay in the file");
}

/// Rows over many partitions in turns, with two files open at once: nothing is lost, doubled or out of order.
#[test]
fn few_open_files_serve_many_partitions() {
    for connector in ["csv", "parquet"] {
        let temp = tempfile::tempdir().unwrap();
        let out = temp.path().join("out");
        let spec = spec(connector, &out, by(&[(Transform::Bucket(7), "id")]), schema());
        let limits = Limits { files: 2, memory: 1 };
        let mut writer = StagedWriter::with_limits(&spec, &temp.path().join(".pipe-staging-b1"), 3, limits).unwrap();
        for i in 0..20 {
            writer.write(&rows(i * 50, i * 50 + 50)).unwrap();
        }
        let files = writer.finish().unwrap();
        let mut of_folder: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for file in &files {
            let folder = file.target.parent().unwrap().strip_prefix(&out).unwrap().display().to_string();
            let name = file.target.file_name().unwrap().to_str().unwrap();
            assert_eq!(file.staged.file_name().unwrap().to_str().unwrap(), name);
            of_folder.entry(folder).or_default().push(name);
        }
        assert_eq!(of_folder.len(), 7);
        // All but the two still open when a batch comes are begun anew.
        assert!(of_folder.values().all(|names| (15..=20).contains(&names.len())), "{of_folder:?}");
        assert!(of_folder["bucket=0"].contains(&format!("part-b1-3.{connector}").as_str()));
        assert!(of_folder["bucket=0"].contains(&format!("part-b1-3-1.{connector}").as_str()));
        assert_eq!(files.iter().map(|f| f.rows).sum::<u64>(), 1000);
        if connector == "parquet" {
            let mut ids = BTreeSet::new();
            for file in &files {
                let batch = read_parquet(&file.staged);
                let found = batch.column(0).as_primitive::<Int64Type>().values().to_vec();
                assert!(found.is_sorted());
                assert!(found.into_iter().all(|id| ids.insert(id)), "an id twice");
            }
            assert_eq!(ids.len(), 1000);
        }
    }
}

#[test]
fn partition_fields_that_do_not_fit_are_refused_by_name() {
    let temp = tempfile::tempdir().unwrap();
    for (transform, column, reason) in [
        (Transform::Day, "name", "`day(name)`: `name` is text, not a date or timestamp"),
        (Transform::Identity, "nope", "no column `nope`"),
        (Transform::Bucket(0), "id", "`bucket(0, id)`"),
    ] {
        let spec = spec("csv", &temp.path().join("out"), by(&[(transform, column)]), schema());
        let error = load(&spec, Mode::Append, &[], &[vec![]]).unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
    let date = Arc::new(Schema::new(vec![Field::new("c", DataType::Date32, true)]));
    let hour = spec("csv", &temp.path().join("out"), by(&[(Transform::Hour, "c")]), date);
    assert!(load(&hour, Mode::Append, &[], &[vec![]]).unwrap_err().to_string().contains("no hours"));
}

#[test]
fn a_folder_for_every_row_is_refused() {
    let field = PartitionField { column: "id".into(), transform: Transform::Identity };
    let mut partitions = Partitioner::new(&[field], &schema()).unwrap();
    // The bound is on folders, not on rows.
    for _ in 0..3 {
        assert_eq!(partitions.split(&rows(0, 10_000)).unwrap().len(), 10_000);
    }
    let error = partitions.split(&rows(9_999, 10_001)).unwrap_err();
    assert!(matches!(error, SinkError::TooManyPartitions(10_000)), "{error}");
    assert_eq!(error.kind(), "quota");
}
