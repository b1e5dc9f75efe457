//! What each format and key writes.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, ListArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema};
use datafusion::parquet::basic::Compression;
use pipe_schema::{Config, ConfigValue};

use super::support::*;
use crate::sink::{Mode, SinkError, parquet};

#[test]
fn parquet_comes_back_as_it_was() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("out");
    let spec = spec("parquet", &folder, Config::default(), schema());
    let files =
        load(&spec, Mode::Append, &[], &[vec![rows(0, 50), rows(50, 100)], vec![rows(100, 130)], vec![]]).unwrap();
    assert_eq!(
        tree(temp.path()),
        ["out/part-b1-0.parquet", "out/part-b1-1.parquet"],
        "a writer without rows has no file"
    );
    assert_eq!(files.iter().map(|f| f.rows).collect::<Vec<_>>(), [100, 30]);
    assert_eq!(read_parquet(&files[0].target), rows(0, 100));
    assert_eq!(read_parquet(&files[1].target), rows(100, 130));
}

#[test]
fn parquet_keys_are_honoured() {
    let temp = tempfile::tempdir().unwrap();
    for (name, check) in [
        ("zstd", (|c| matches!(c, Compression::ZSTD(_))) as fn(Compression) -> bool),
        ("snappy", |c| matches!(c, Compression::SNAPPY)),
        ("gzip", |c| matches!(c, Compression::GZIP(_))),
        ("lz4", |c| matches!(c, Compression::LZ4_RAW)),
        ("none", |c| matches!(c, Compression::UNCOMPRESSED)),
    ] {
        let config = config(&[("compression", word(name)), ("row_group_size", ConfigValue::Integer(40))]);
        let path = temp.path().join(format!("{name}.parquet"));
        load(&spec("parquet", &path, config, schema()), Mode::Create, &[], &[vec![rows(0, 100)]]).unwrap();
        let metadata = parquet::metadata(&File::open(&path).unwrap()).unwrap();
        let groups: Vec<i64> = metadata.row_groups().iter().map(|g| g.num_rows()).collect();
        assert_eq!(groups, [40, 40, 20], "{name}");
        let column = metadata.row_group(0).column(0);
        assert!(check(column.compression()), "{name}: {:?}", column.compression());
        assert!(column.statistics().is_some_and(|s| s.min_bytes_opt().is_some()), "{name}");
        assert_eq!(read_parquet(&path), rows(0, 100), "{name}");
    }
    let wrong = config(&[("compression", word("rar"))]);
    let error = load(&spec("parquet", &temp.path().join("x"), wrong, schema()), Mode::Append, &[], &[]).unwrap_err();
    assert!(error.to_string().contains("`compression` cannot be `rar`"), "{error}");
}

/// What is written is read by a reader of its own (the csv crate), NULL told from text by quotes.
#[test]
fn csv_comes_back_whatever_the_characters() {
    let temp = tempfile::tempdir().unwrap();
    for (i, (delimiter, quote, null)) in
        [(",", "\"", ""), (";", "'", "NULL"), ("\t", "\"", "NA"), ("|", "\"", "plain 0")].iter().enumerate()
    {
        let path = temp.path().join(format!("{i}.csv"));
        let config = config(&[("delimiter", text(delimiter)), ("quote", text(quote)), ("null", text(null))]);
        load(&spec("csv", &path, config, schema()), Mode::Create, &[], &[vec![rows(0, 60)]]).unwrap();
        let mut reader = ::csv::ReaderBuilder::new()
            .delimiter(delimiter.as_bytes()[0])
            .quote(quote.as_bytes()[0])
            .from_path(&path)
            .unwrap();
        assert_eq!(reader.headers().unwrap(), vec!["id", "name", "amount", "at"]);
        let records: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(records.len(), 60);
        let batch = rows(0, 60);
        let names = batch.column(1).as_string_view();
        for (row, record) in records.iter().enumerate() {
            assert_eq!(record[0], row.to_string());
            assert_eq!(&record[1], if names.is_null(row) { null } else { names.value(row) });
        }
        // A text that reads as NULL is quoted, NULL is not.
        let raw = read_text(&path);
        let quoted_null = format!("{delimiter}{quote}{null}{quote}{delimiter}");
        let bare_null = format!("{delimiter}{null}{delimiter}");
        assert!(raw.matches(&bare_null).count() >= 10, "{raw}");
        let alike = names.iter().flatten().filter(|n| n == null).count();
        assert_eq!(raw.matches(&quoted_null).count(), alike, "{raw}");
    }
}

#[test]
fn csv_writes_types_as_sql_reads_them() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("x.csv");
    load(&spec("csv", &path, Config::default(), schema()), Mode::Create, &[], &[vec![rows(0, 3)]]).unwrap();
    assert_eq!(
        read_text(&path),
        "id,name,amount,at\n0,plain 0,,1970-01-01T00:00:00\n1,,-0.49,1970-01-01T01:00:00\n2,\"\",-0.48,1970-01-01T02:00:00\n"
    );
}

#[test]
fn csv_without_a_header_and_tsv() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("x.csv");
    let config = config(&[("header", ConfigValue::Bool(false))]);
    load(&spec("csv", &path, config, schema()), Mode::Create, &[], &[vec![rows(0, 1)]]).unwrap();
    assert_eq!(read_text(&path), "0,plain 0,,1970-01-01T00:00:00\n");
    let path = temp.path().join("x.tsv");
    load(&spec("tsv", &path, Config::default(), schema()), Mode::Create, &[], &[vec![rows(0, 1)]]).unwrap();
    assert_eq!(read_text(&path), "id\tname\tamount\tat\n0\tplain 0\t\t1970-01-01T00:00:00\n");
}

#[test]
fn a_row_of_one_null_is_no_empty_line() {
    let temp = tempfile::tempdir().unwrap();
    let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Utf8, true)]));
    let batch =
        RecordBatch::try_new(schema.clone(), vec![Arc::new(StringArray::from(vec![None, Some("x"), None]))]).unwrap();
    let path = temp.path().join("x.csv");
    load(&spec("csv", &path, Config::default(), schema), Mode::Create, &[], &[vec![batch]]).unwrap();
    assert_eq!(read_text(&path), "a\n\"\"\nx\n\"\"\n");
}

#[test]
fn dictionaries_write_their_values_and_their_nulls() {
    let temp = tempfile::tempdir().unwrap();
    let dictionary: DictionaryArray<Int32Type> = vec![Some("x"), None, Some("y")].into_iter().collect();
    let schema = Arc::new(Schema::new(vec![
        Field::new("d", dictionary.data_type().clone(), true),
        Field::new("n", DataType::Int32, true),
    ]));
    let columns: Vec<ArrayRef> = vec![Arc::new(dictionary), Arc::new(Int32Array::from(vec![1, 2, 3]))];
    let batch = RecordBatch::try_new(schema.clone(), columns).unwrap();
    let path = temp.path().join("x.csv");
    load(&spec("csv", &path, Config::default(), schema), Mode::Create, &[], &[vec![batch]]).unwrap();
    assert_eq!(read_text(&path), "d,n\nx,1\n,2\ny,3\n");
}

#[test]
fn ndjson_shows_every_column_in_every_line() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("x.ndjson");
    load(
        &spec("ndjson", &path, Config::default(), schema()),
        Mode::Create,
        &[],
        &[vec![rows(0, 30)], vec![rows(30, 60)]],
    )
    .unwrap();
    let text = read_text(&path);
    let batch = rows(0, 60);
    let names = batch.column(1).as_string_view();
    for (row, line) in text.lines().enumerate() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["id"].as_i64(), Some(batch.column(0).as_primitive::<Int64Type>().value(row)));
        assert_eq!(value["name"].as_str(), names.is_valid(row).then(|| names.value(row)), "{line}");
        assert_eq!(value.as_object().unwrap().len(), 4, "{line}");
    }
    assert_eq!(text.lines().count(), 60);
}

#[test]
fn text_is_packed_as_the_key_or_the_name_says() {
    let temp = tempfile::tempdir().unwrap();
    for connector in ["csv", "ndjson"] {
        for (key, suffix) in [("gzip", ".gz"), ("zstd", ".zst"), ("none", "")] {
            let folder = temp.path().join(format!("{connector}-{key}"));
            let config = config(&[("compression", word(key))]);
            let files =
                load(&spec(connector, &folder, config, schema()), Mode::Append, &[], &[vec![rows(0, 9)]]).unwrap();
            assert_eq!(tree(&folder), [format!("part-b1-0.{connector}{suffix}")]);
            let plain = temp.path().join(format!("{connector}-{key}-plain.{connector}"));
            load(&spec(connector, &plain, Config::default(), schema()), Mode::Create, &[], &[vec![rows(0, 9)]])
                .unwrap();
            assert_eq!(read_text(&files[0].target), read_text(&plain));
            assert_eq!(std::fs::read(&files[0].target).unwrap() == std::fs::read(&plain).unwrap(), key == "none");
        }
    }
    // Several writers into one packed file; the name says how.
    let path = temp.path().join("x.csv.gz");
    load(&spec("csv", &path, Config::default(), schema()), Mode::Create, &[], &[vec![rows(0, 9)], vec![rows(9, 20)]])
        .unwrap();
    assert!(std::fs::read(&path).unwrap().starts_with(&[0x1f, 0x8b]));
    assert_eq!(::csv::Reader::from_reader(read_text(&path).as_bytes()).records().count(), 20);
}

#[test]
fn what_a_format_cannot_hold_is_refused_before_anything_is_written() {
    let temp = tempfile::tempdir().unwrap();
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1)])]);
    let schema = Arc::new(Schema::new(vec![Field::new("l", list.data_type().clone(), true)]));
    let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(list)]).unwrap();
    let csv = spec("csv", &temp.path().join("x.csv"), Config::default(), schema.clone());
    let error = load(&csv, Mode::Create, &[], &[vec![batch.clone()]]).unwrap_err();
    assert!(matches!(&error, SinkError::Unsupported { column, .. } if column == "l"), "{error}");
    assert!(error.to_string().contains("int[]"), "{error}");
    assert!(tree(temp.path()).is_empty());
    for connector in ["ndjson", "parquet"] {
        let path = temp.path().join(format!("x.{connector}"));
        load(&spec(connector, &path, Config::default(), schema.clone()), Mode::Create, &[], &[vec![batch.clone()]])
            .unwrap();
    }
    assert_eq!(read_text(&temp.path().join("x.ndjson")), "{\"l\":[1]}\n");
    let json = spec("json", &temp.path().join("x.json"), Config::default(), schema);
    assert!(matches!(load(&json, Mode::Create, &[], &[]), Err(SinkError::Connector(_))));
}

#[test]
fn keys_that_contradict_each_other_are_refused() {
    let temp = tempfile::tempdir().unwrap();
    for (values, named) in [
        (vec![("delimiter", text(";")), ("quote", text(";"))], "`delimiter`"),
        (vec![("null", text("a,b"))], "`null`"),
        (vec![("quote", text("\n"))], "`quote`"),
        (vec![("delimiter", text("::"))], "`delimiter`"),
        (vec![("compression", word("rar"))], "`compression`"),
    ] {
        let error = load(&spec("csv", &temp.path().join("x.csv"), config(&values), schema()), Mode::Create, &[], &[])
            .unwrap_err();
        assert!(matches!(error, SinkError::Config { .. }) && error.to_string().contains(named), "{error}");
        assert_eq!(error.kind(), "config");
    }
}
