//! Files made for a test, and what a scan makes of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::cast::AsArray;
use arrow::array::types::{UInt32Type, UInt64Type};
use arrow::array::{Array, RecordBatch, StructArray};
use arrow::util::display::array_value_to_string;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use futures::TryStreamExt;
use pipe_schema::{Config, ConfigValue, Type};

use crate::source::{
    Bound, Discovery, FieldSpec, FileState, InputFile, Projection, ScanExec, SourceError, SourceSpec, bind, discover,
    list, meta,
};

/// A row as a scan yields it, `None` for NULL.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    pub file: String,
    pub row: u64,
    pub line: u64,
    pub cells: Vec<Option<String>>,
    pub bad: Option<String>,
    pub record: Option<String>,
    pub raw: BTreeMap<String, Option<String>>,
}

/// A source under test.
pub struct Table {
    pub spec: SourceSpec,
    pub partitions: usize,
    pub chunk_bytes: Option<usize>,
    pub renames: BTreeMap<String, String>,
}

impl Table {
    pub fn new(root: &Path, connector: &str, locator: &str) -> Self {
        let spec = SourceSpec {
            name: "t".to_string(),
            connector: connector.to_string(),
            root: root.to_path_buf(),
            locator: locator.to_string(),
            config: Config::default(),
            declared: None,
        };
        Table { spec, partitions: 2, chunk_bytes: None, renames: BTreeMap::new() }
    }

    pub fn key(mut self, name: &'static str, value: ConfigValue) -> Self {
        self.spec.config.values.insert(name, value);
        self
    }

    pub fn text_key(self, name: &'static str, value: &str) -> Self {
        self.key(name, ConfigValue::Text(value.to_string()))
    }

    pub fn declare(mut self, columns: &[(&str, Type)]) -> Self {
        self.spec.declared = Some(columns.iter().map(|(name, ty)| FieldSpec::new(*name, ty.clone())).collect());
        self
    }

    pub fn chunks(mut self, bytes: usize, partitions: usize) -> Self {
        self.chunk_bytes = Some(bytes);
        self.partitions = partitions;
        self
    }

    pub async fn files(&self) -> Result<Vec<InputFile>, SourceError> {
        list(&self.spec).await
    }

    pub async fn discovery(&self) -> Result<Discovery, SourceError> {
        discover(&self.spec, &self.files().await?).await
    }

    pub async fn bound(&self) -> Result<(Discovery, Vec<FieldSpec>, Bound), SourceError> {
        let discovery = self.discovery().await?;
        let target = self.spec.declared.clone().unwrap_or_else(|| discovery.fields());
        let bound = bind(&self.spec, &discovery, &target, &self.renames);
        Ok((discovery, target, bound))
    }

    pub async fn scan(&self) -> Result<ScanExec, SourceError> {
        let (_, target, bound) = self.bound().await?;
        let projection = Projection::all(target.len());
        let scan = ScanExec::try_new(&self.spec, self.files().await?, &bound, &target, projection, self.partitions)?;
        Ok(match self.chunk_bytes {
            Some(bytes) => scan.with_chunk_bytes(bytes),
            None => scan,
        })
    }

    /// All rows in the order of files and rows, and what became of the files.
    pub async fn read(&self) -> Result<(Vec<Row>, Vec<FileState>), SourceError> {
        let scan = Arc::new(self.scan().await?);
        let batches = run(scan.clone()).await?;
        let mut rows: Vec<Row> = batches.iter().flat_map(rows).collect();
        rows.sort_by(|a, b| (&a.file, a.row).cmp(&(&b.file, b.row)));
        Ok((rows, scan.file_states()))
    }

    pub async fn rows(&self) -> Vec<Row> {
        self.read().await.unwrap().0
    }
}

/// Executes all partitions at once.
pub async fn run(plan: Arc<dyn ExecutionPlan>) -> Result<Vec<RecordBatch>, SourceError> {
    let mut tasks = Vec::new();
    for partition in 0..plan.properties().partitioning.partition_count() {
        let stream = plan.execute(partition, Arc::new(TaskContext::default())).map_err(source_error)?;
        tasks.push(tokio::spawn(stream.try_collect::<Vec<_>>()));
    }
    let mut batches = Vec::new();
    for task in tasks {
        batches.extend(task.await.unwrap().map_err(source_error)?);
    }
    Ok(batches)
}

pub fn source_error(error: datafusion::error::DataFusionError) -> SourceError {
    SourceError::find(&error).cloned().unwrap_or_else(|| panic!("{error}"))
}

fn text(array: &dyn Array, row: usize) -> Option<String> {
    (!array.is_null(row)).then(|| array_value_to_string(array, row).unwrap())
}

pub fn rows(batch: &RecordBatch) -> Vec<Row> {
    let meta_column = |name: &str| batch.column_by_name(name).unwrap();
    let file = meta_column(meta::FILE).as_dictionary::<UInt32Type>();
    let names = file.values().as_string::<i32>();
    let line = meta_column(meta::LINE).as_primitive::<UInt64Type>();
    let row = meta_column(meta::ROW).as_primitive::<UInt64Type>();
    let raw: &StructArray = meta_column(meta::RAW).as_struct();
    let width = batch.num_columns() - meta::ALL.len();
    (0..batch.num_rows())
        .map(|i| Row {
            file: names.value(file.keys().value(i) as usize).to_string(),
            row: row.value(i),
            line: line.value(i),
            cells: (0..width).map(|c| text(batch.column(c), i)).collect(),
            bad: text(meta_column(meta::BAD), i),
            record: text(meta_column(meta::RECORD), i),
            raw: raw.column_names().into_iter().zip(raw.columns()).map(|(n, c)| (n.to_string(), text(c, i))).collect(),
        })
        .collect()
}

/// Cells for an expectation.
pub fn cells(row: &[&str]) -> Vec<Option<String>> {
    row.iter().map(|c| if *c == "∅" { None } else { Some((*c).to_string()) }).collect()
}
