//! One file from several writers, and rows behind a file that is there.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::parquet::arrow::ArrowWriter;
use pipe_schema::Config;

use super::support::*;
use crate::sink::{Mode, SinkError, parquet};

#[test]
fn several_writers_make_one_parquet_file_without_decoding() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("x.parquet");
    let spec = spec("parquet", &path, Config::default(), schema());
    let files = load(&spec, Mode::Create, &[], &[vec![rows(0, 40)], vec![], vec![rows(40, 90)]]).unwrap();
    assert_eq!((files.len(), files[0].rows), (1, 90));
    assert_eq!(tree(temp.path()), ["x.parquet"]);
    assert_eq!(read_parquet(&path), rows(0, 90));
    let metadata = parquet::metadata(&fs::File::open(&path).unwrap()).unwrap();
    assert_eq!(metadata.row_groups().iter().map(|g| g.num_rows()).collect::<Vec<_>>(), [40, 50]);
    assert!(metadata.row_group(1).column(0).statistics().is_some());
    assert!(metadata.offset_index().is_some_and(|o| o.len() == 2), "the page index comes along");

    load(&spec, Mode::Append, &[], &[vec![rows(90, 95)], vec![rows(95, 100)]]).unwrap();
    load(&spec, Mode::Append, &[], &[vec![rows(100, 120)]]).unwrap();
    assert_eq!(read_parquet(&path), rows(0, 120));
    load(&spec, Mode::Append, &[], &[]).unwrap();
    assert_eq!(read_parquet(&path), rows(0, 120));
}

#[test]
fn text_files_grow_with_one_header() {
    let temp = tempfile::tempdir().unwrap();
    for (connector, name) in [("csv", "x.csv"), ("csv", "x.csv.gz"), ("csv", "x.csv.zst"), ("ndjson", "x.ndjson")] {
        let path = temp.path().join(name);
        let whole = temp.path().join(format!("whole-{name}"));
        let spec_of = |path: &Path| spec(connector, path, Config::default(), schema());
        load(&spec_of(&path), Mode::Append, &[], &[vec![rows(0, 3)], vec![rows(3, 6)]]).unwrap();
        load(&spec_of(&path), Mode::Append, &[], &[vec![rows(6, 8)], vec![rows(8, 12)]]).unwrap();
        load(&spec_of(&whole), Mode::Create, &[], &[vec![rows(0, 12)]]).unwrap();
        assert_eq!(read_text(&path), read_text(&whole), "{name}");
    }
}

#[test]
fn a_file_of_somebody_else_that_ends_within_a_line_gets_its_line_break() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("x.csv");
    fs::write(&path, "\u{feff}\"id\",name,amount,at\r\n7,x,1.00,1970-01-01T00:00:00").unwrap();
    load(&spec("csv", &path, Config::default(), schema()), Mode::Append, &[], &[vec![rows(0, 1)]]).unwrap();
    let text = read_text(&path);
    assert!(text.ends_with("\n7,x,1.00,1970-01-01T00:00:00\n0,plain 0,,1970-01-01T00:00:00\n"), "{text}");

    let gz = temp.path().join("x.csv.gz");
    let mut out = flate2::write::GzEncoder::new(fs::File::create(&gz).unwrap(), flate2::Compression::fast());
    std::io::Write::write_all(&mut out, b"id,name,amount,at\n7,x,,").unwrap();
    out.finish().unwrap();
    load(&spec("csv", &gz, Config::default(), schema()), Mode::Append, &[], &[vec![rows(0, 1)]]).unwrap();
    assert_eq!(read_text(&gz), "id,name,amount,at\n7,x,,\n0,plain 0,,1970-01-01T00:00:00\n");
}

#[test]
fn a_file_of_no_rows_has_its_columns() {
    let temp = tempfile::tempdir().unwrap();
    for (name, connector) in [("x.csv", "csv"), ("x.parquet", "parquet"), ("x.ndjson", "ndjson")] {
        let path = temp.path().join(name);
        let files = load(&spec(connector, &path, Config::default(), schema()), Mode::Create, &[], &[]).unwrap();
        assert_eq!((files.len(), files[0].rows), (1, 0), "{name}");
    }
    assert_eq!(read_text(&temp.path().join("x.csv")), "id,name,amount,at\n");
    assert_eq!(read_text(&temp.path().join("x.ndjson")), "");
    assert_eq!(read_parquet(&temp.path().join("x.parquet")), rows(0, 0));
    let folder = temp.path().join("folder");
    assert!(load(&spec("csv", &folder, Config::default(), schema()), Mode::Append, &[], &[vec![]]).unwrap().is_empty());
}

/// Other columns than `schema()`: one less, one renamed, one retyped, one more, in another order.
fn other_schemas() -> Vec<(Arc<Schema>, &'static str)> {
    let fields = || schema().fields().iter().map(|f| f.as_ref().clone()).collect::<Vec<Field>>();
    let with = |change: fn(&mut Vec<Field>)| {
        let mut fields = fields();
        change(&mut fields);
        Arc::new(Schema::new(fields))
    };
    vec![
        (with(|f| _ = f.pop()), "`at`"),
        (with(|f| f[1] = Field::new("title", DataType::Utf8View, true)), "`name`"),
        (with(|f| f[0] = Field::new("id", DataType::Int32, true)), "`id` is bigint there and int here"),
        (with(|f| f.push(Field::new("more", DataType::Int64, true))), "`more`"),
        (with(|f| f.swap(0, 1)), "`id`"),
    ]
}

#[test]
fn another_schema_is_refused_by_its_first_difference() {
    let temp = tempfile::tempdir().unwrap();
    for target in ["folder", "x.parquet"] {
        let path = temp.path().join(target);
        load(&spec("parquet", &path, Config::default(), schema()), Mode::Append, &[], &[vec![rows(0, 5)]]).unwrap();
        let before = tree(temp.path());
        for (other, difference) in other_schemas() {
            let mut again = spec("parquet", &path, Config::default(), other);
            again.batch_id = "b2".into();
            let error = load(&again, Mode::Append, &[], &[]).unwrap_err();
            assert!(matches!(error, SinkError::OtherSchema { .. }), "{error}");
            assert!(error.to_string().contains(difference), "{error}");
            assert_eq!(error.kind(), "schema");
        }
        assert_eq!(tree(temp.path()), before);
    }
    for target in ["csv", "x.csv"] {
        let path = temp.path().join(target);
        load(&spec("csv", &path, Config::default(), schema()), Mode::Append, &[], &[vec![rows(0, 5)]]).unwrap();
        for (other, difference) in other_schemas().into_iter().filter(|(_, d)| !d.contains("bigint")) {
            let error = load(&spec("csv", &path, Config::default(), other), Mode::Append, &[], &[]).unwrap_err();
            let text = error.to_string();
            assert!(matches!(error, SinkError::OtherSchema { .. }), "{text}");
            assert!(text.contains(difference) || text.contains("columns are there"), "{text}");
        }
    }
}

#[test]
fn a_file_that_is_not_what_its_name_says_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("x.parquet");
    fs::write(&path, "not parquet at all").unwrap();
    let error = load(&spec("parquet", &path, Config::default(), schema()), Mode::Append, &[], &[]).unwrap_err();
    assert!(matches!(error, SinkError::Unreadable { .. }), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "not parquet at all");
    let gz = temp.path().join("x.csv.gz");
    fs::write(&gz, "id,name,amount,at\n").unwrap();
    let error = load(&spec("csv", &gz, Config::default(), schema()), Mode::Append, &[], &[]).unwrap_err();
    assert!(error.to_string().contains("`compression`"), "{error}");
}

/// A Parquet file whose columns may not be NULL has other levels in its pages, which cannot be copied under a schema whose may.
#[test]
fn parquet_that_cannot_be_copied_is_refused_as_one_file_and_kept_in_a_folder() {
    let temp = tempfile::tempdir().unwrap();
    let strict = Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, false)]));
    let loose = Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, true)]));
    let batch = RecordBatch::try_new(strict.clone(), vec![Arc::new(Int64Array::from(vec![1]))]).unwrap();
    let path = temp.path().join("folder/x.parquet");
    fs::create_dir(temp.path().join("folder")).unwrap();
    let mut writer = ArrowWriter::try_new(fs::File::create(&path).unwrap(), strict, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let error = load(&spec("parquet", &path, Config::default(), loose.clone()), Mode::Append, &[], &[]).unwrap_err();
    assert!(matches!(error, SinkError::Unreadable { .. }) && error.to_string().contains("folder"), "{error}");
    let folder = temp.path().join("folder");
    load(&spec("parquet", &folder, Config::default(), loose), Mode::Append, &[], &[vec![batch]]).unwrap();
    assert_eq!(tree(&folder), ["part-b1-0.parquet", "x.parquet"]);
}

#[test]
fn every_file_of_others_is_compared_and_one_of_our_own() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("out");
    let spec = spec("csv", &folder, Config::default(), schema());
    fs::create_dir(&folder).unwrap();
    let path = |name: String| folder.join(name);
    for i in 0..12 {
        fs::write(path(format!("{i}.csv")), if i == 0 { "id,other\n" } else { "id,name,amount,at\n" }).unwrap();
    }
    let error = load(&spec, Mode::Append, &[], &[vec![rows(0, 1)]]).unwrap_err();
    assert!(matches!(&error, SinkError::OtherSchema { path, .. } if path.ends_with("0.csv")), "{error}");
    // What we wrote was compared when it was written; the last of it speaks for all.
    let own: Vec<_> = (0..12).map(|i| path(format!("{i}.csv"))).collect();
    load(&spec, Mode::Append, &own, &[vec![rows(0, 1)]]).unwrap();
}
