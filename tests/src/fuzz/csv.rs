//! The reader of CSV: any bytes are a file, and it does not matter how they are cut and shared.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, collect_partitioned};
use pipe_connect::source::{FieldSpec, Projection, ScanExec, SourceError, SourceSpec, bind, discover, list};
use pipe_schema::{Config, ConfigValue, Type};

/// Files to start from.
pub fn csv_seeds() -> Vec<Vec<u8>> {
    let texts = [
        "id,name,total\n1,a,1.5\n2,\"b, c\",2\n3,\"say \"\"x\"\"\",\n",
        "id;at;zip\r\n1;2026-01-31;01234\r\n2;2026-02-28 10:00;99999\r\n",
        "\u{feff}größe\tß\n1\té\n",
        "a,b\n1,\"two\nlines\"\n2,x\n# a comment\n3,y,z\n4\n",
        "a\n\n\n1\n\"open\n",
        "",
        "x",
        "1,2,3\n4,5,6\n",
    ];
    texts.iter().map(|t| t.as_bytes().to_vec()).collect()
}

/// Reading ends; the rows are numbered from 0 without a gap; they are the same on one thread in one piece and on three in
/// pieces of a few bytes.
///
/// # Panics
/// When they are not.
pub fn csv(bytes: &[u8]) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("t.csv"), bytes).expect("written");
    // The length decides over the keys, so that all are tried.
    let mut config = Config::default();
    let choice = bytes.len() % 5;
    config.values.insert("header", ConfigValue::Bool(choice != 1));
    if choice == 2 {
        config.values.insert("comment", ConfigValue::Text("#".into()));
        config.values.insert("newlines_in_values", ConfigValue::Bool(false));
    }
    if choice == 3 {
        config.values.insert("delimiter", ConfigValue::Text(";".into()));
        config.values.insert("trim", ConfigValue::Bool(true));
    }
    let declared = (choice == 4).then(|| vec![FieldSpec::new("id", Type::BigInt), FieldSpec::new("name", Type::Text)]);
    let spec = |root: &Path| SourceSpec {
        name: "t".into(),
        connector: "csv".into(),
        root: root.to_path_buf(),
        locator: "t.csv".into(),
        config,
        declared,
    };
    let spec = spec(dir.path());
    let whole = runtime.block_on(rows(&spec, 1, None));
    let cut = runtime.block_on(rows(&spec, 3, Some(7)));
    match (whole, cut) {
        (Ok(whole), Ok(cut)) => {
            assert_eq!(whole, cut, "it matters how the file is cut");
            for (n, row) in whole.iter().enumerate() {
                assert_eq!(row.0, n as u64, "rows are numbered one after the other");
            }
        }
        (Err(whole), Err(cut)) => assert_eq!(whole, cut),
        (whole, cut) => panic!("in one piece: {whole:?}; cut: {cut:?}"),
    }
}

/// All rows, numbered, as text; or the kind of the error.
async fn rows(spec: &SourceSpec, threads: usize, chunk: Option<usize>) -> Result<Vec<(u64, String)>, &'static str> {
    read(spec, threads, chunk).await.map_err(|e| e.kind)
}

async fn read(spec: &SourceSpec, threads: usize, chunk: Option<usize>) -> Result<Vec<(u64, String)>, SourceError> {
    let files = list(spec).await?;
    let discovery = discover(spec, &files).await?;
    let target = spec.declared.clone().unwrap_or_else(|| discovery.fields());
    let bound = bind(spec, &discovery, &target, &std::collections::BTreeMap::new());
    let scan = ScanExec::try_new(spec, files, &bound, &target, Projection::all(target.len()), threads)?;
    let scan: Arc<dyn ExecutionPlan> = Arc::new(match chunk {
        Some(bytes) => scan.with_chunk_bytes(bytes),
        None => scan,
    });
    assert_eq!(scan.output_partitioning().partition_count(), threads);
    let batches = collect_partitioned(scan, Arc::new(TaskContext::default())).await;
    let batches = batches.map_err(|e| SourceError::find(&e).cloned().unwrap_or_else(|| panic!("{e}")))?;
    let mut rows: Vec<(u64, String)> = batches.iter().flatten().flat_map(texts).collect();
    rows.sort();
    Ok(rows)
}

fn texts(batch: &RecordBatch) -> Vec<(u64, String)> {
    let schema = batch.schema();
    let row = schema.index_of("_row").expect("every row says which it is");
    (0..batch.num_rows())
        .map(|i| {
            let cells: Vec<String> =
                batch.columns().iter().map(|c| array_value_to_string(c, i).unwrap_or_else(|e| panic!("{e}"))).collect();
            let number = cells[row].parse().expect("a number");
            (number, cells.join("\u{1f}"))
        })
        .collect()
}
