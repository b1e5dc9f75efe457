//! Parquet.

use std::fs::{self, File};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::ready;
use std::time::Duration;

use arrow::array::{
    ArrayRef, Decimal128Array, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray,
    TimestampNanosecondArray,
};
use datafusion::execution::TaskContext;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::physical_plan::ExecutionPlan;
use futures::{StreamExt, TryStreamExt, future, stream};
use pipe_schema::Type;
use tempfile::tempdir;
use tokio::task::coop;

use super::table::{Table, cells};
use crate::source::{Drift, FindingKind, Projection, ScanExec};

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>, group: usize) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(group)).build();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[tokio::test]
async fn row_groups_are_spread_and_rows_numbered() {
    let dir = tempdir().unwrap();
    let ids = Int64Array::from_iter_values(0..10_000);
    let names = StringArray::from_iter_values((0..10_000).map(|i| format!("n{i}")));
    write(&dir.path().join("a.parquet"), vec![("Id", Arc::new(ids)), ("name", Arc::new(names))], 700);
    let table = Table::new(dir.path(), "parquet", "a.parquet");
    let (rows, states) = table.read().await.unwrap();
    assert_eq!(rows.len(), 10_000);
    for (i, row) in rows.iter().enumerate() {
        assert_eq!((row.row, row.line), (i as u64, i as u64 + 1));
        assert_eq!(row.cells, cells(&[&i.to_string(), &format!("n{i}")]));
    }
    let bytes = fs::read(dir.path().join("a.parquet")).unwrap();
    assert_eq!((states[0].rows, states[0].hash), (10_000, xxhash_rust::xxh3::xxh3_128(&bytes)));
}

/// What stands above a scan, a join say, may have used up its task's turn: opening a file yields then. A thread that waited
/// instead would wait for ever, for a task without a turn is told only once its thread is free.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_groups_open_in_tasks_that_used_up_their_turn() {
    let dir = tempdir().unwrap();
    let ids = Int64Array::from_iter_values(0..100);
    write(&dir.path().join("a.parquet"), vec![("id", Arc::new(ids))], 10);
    let table = Table::new(dir.path(), "parquet", "a.parquet");
    // A turn has 128 units today; a scan that is left one at every poll would get nowhere.
    for spent in 0..127 {
        let scan = table.scan().await.unwrap();
        let tasks = (0..table.partitions).map(|partition| {
            let mut rows = scan.execute(partition, Arc::new(TaskContext::default())).unwrap();
            let spender = stream::poll_fn(move |cx| {
                for _ in 0..spent {
                    ready!(pin!(coop::consume_budget()).poll(cx));
                }
                rows.poll_next_unpin(cx)
            });
            tokio::spawn(spender.map_ok(|batch| batch.num_rows()).try_collect::<Vec<_>>())
        });
        let read = tokio::time::timeout(Duration::from_secs(60), future::join_all(tasks)).await;
        let read = read.unwrap_or_else(|_| panic!("no end with {spent} units spent"));
        let rows: usize = read.into_iter().flat_map(|rows| rows.unwrap().unwrap()).sum();
        assert_eq!(rows, 100);
    }
}

#[tokio::test]
async fn types_are_compared_and_values_that_would_change_do_not_convert() {
    let dir = tempdir().unwrap();
    let list =
        ListArray::from_iter_primitive::<arrow::array::types::Int32Type, _, _>([Some([Some(1), None]), None, None]);
    write(
        &dir.path().join("a.parquet"),
        vec![
            ("small", Arc::new(Int32Array::from(vec![Some(1), None, Some(3)]))),
            ("f", Arc::new(Float64Array::from(vec![1.0, 1.5, 1e30]))),
            ("text", Arc::new(StringArray::from(vec![Some("7"), Some("x"), None]))),
            ("d", Arc::new(Decimal128Array::from(vec![105, 110, 1]).with_precision_and_scale(10, 2).unwrap())),
            ("at", Arc::new(TimestampNanosecondArray::from(vec![1_000_001, 2_000_000, 0]))),
            ("l", Arc::new(list)),
        ],
        100,
    );
    let table = Table::new(dir.path(), "parquet", "a.parquet").declare(&[
        ("small", Type::BigInt),
        ("f", Type::Int),
        ("text", Type::Int),
        ("d", Type::Decimal(10, 1)),
        ("at", Type::Timestamp),
        ("l", Type::Text),
    ]);
    let (_, _, bound) = table.bound().await.unwrap();
    let drift: Vec<_> = bound
        .drift
        .iter()
        .map(|d| match d {
            Drift::TypeChanged { column, found, lossless, .. } => format!("{column} {found} {lossless}"),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        drift,
        ["small int true", "f double false", "text text false", "d decimal(10, 2) false", "l int[] true"]
    );
    let rows = table.rows().await;
    assert_eq!(rows[0].cells, cells(&["1", "1", "7", "∅", "1970-01-01T00:00:00.001", "[1,null]"]));
    assert_eq!(rows[1].cells, cells(&["∅", "∅", "∅", "1.1", "1970-01-01T00:00:00.002", "∅"]));
    assert_eq!(rows[2].cells, cells(&["3", "∅", "∅", "∅", "1970-01-01T00:00:00", "∅"]));
    assert_eq!(rows[0].raw["d"].as_deref(), Some("1.05"));
    assert_eq!(rows[1].raw["f"].as_deref(), Some("1.5"));
    assert_eq!(rows[1].raw["text"].as_deref(), Some("x"));
    assert_eq!(rows[2].raw["text"], None);
}

#[tokio::test]
async fn projections_and_renamed_columns() {
    let dir = tempdir().unwrap();
    let column = |v: i32| Arc::new(Int32Array::from(vec![v, v + 1])) as ArrayRef;
    write(&dir.path().join("a.parquet"), vec![("a", column(1)), ("b", column(10)), ("c", column(100))], 1);
    let mut table =
        Table::new(dir.path(), "parquet", "a.parquet").declare(&[("x", Type::Int), ("a", Type::Int), ("z", Type::Int)]);
    table.renames.insert("x".into(), "c".into());
    let (_, target, bound) = table.bound().await.unwrap();
    let projection = Projection { columns: vec![1, 2, 0], row: true, ..Projection::data(3) };
    let scan = ScanExec::try_new(&table.spec, table.files().await.unwrap(), &bound, &target, projection, 1).unwrap();
    let batches = super::table::run(Arc::new(scan)).await.unwrap();
    let shown = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
    insta::assert_snapshot!(shown, @r"
    +---+---+-----+------+
    | a | z | x   | _row |
    +---+---+-----+------+
    | 1 |   | 100 | 0    |
    | 2 |   | 101 | 1    |
    +---+---+-----+------+
    ");
}

#[tokio::test]
async fn files_that_are_not_parquet_are_errors_and_empty_ones_findings() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("a.parquet");
    write(&path, vec![("a", Arc::new(Int32Array::from_iter_values(0..1000)))], 100);
    let whole = fs::read(&path).unwrap();
    for cut in [1, 4, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..cut]).unwrap();
        let error = Table::new(dir.path(), "parquet", "a.parquet").read().await.unwrap_err();
        assert_eq!((error.kind, error.file.as_deref()), ("data", Some("a.parquet")));
        assert!(error.message.contains("is not a Parquet file that can be read"), "{}", error.message);
    }
    // Pages that were overwritten.
    let mut broken = whole.clone();
    for byte in &mut broken[4..400] {
        *byte = 0xff;
    }
    fs::write(&path, &broken).unwrap();
    assert_eq!(Table::new(dir.path(), "parquet", "a.parquet").read().await.unwrap_err().kind, "data");
    fs::write(&path, "").unwrap();
    let discovery = Table::new(dir.path(), "parquet", "a.parquet").discovery().await.unwrap();
    assert_eq!(discovery.findings[0].kind, FindingKind::Empty);
    write(&path, vec![("a", Arc::new(Int32Array::from(Vec::<i32>::new())))], 100);
    let discovery = Table::new(dir.path(), "parquet", "a.parquet").discovery().await.unwrap();
    assert_eq!(discovery.findings[0].kind, FindingKind::HeaderOnly);
}
