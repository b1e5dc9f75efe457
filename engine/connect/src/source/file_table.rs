//! `files('data/*.csv')`: the files that a locator names, as a table.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions, StringArray, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use md5::Md5;
use pipe_types::UTC;
use sha2::{Digest, Sha256};

use super::io::{check_unchanged, open_blocking};
use super::list::list_any;
use super::{InputFile, Phase, SourceError};

/// One row per file. The files are listed when a plan over it is executed, and read only for the hashes that are asked for.
#[derive(Debug)]
pub struct FileTable {
    schema: SchemaRef,
    root: PathBuf,
    locator: String,
}

impl FileTable {
    /// The files of `locator`, which starts in `root`; the columns are those of `schema`, of which each is known by its name.
    pub fn new(schema: SchemaRef, root: impl Into<PathBuf>, locator: impl Into<String>) -> Self {
        Self { schema, root: root.into(), locator: locator.into() }
    }
}

#[async_trait]
impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = match projection {
            Some(columns) => Arc::new(self.schema.project(columns)?),
            None => Arc::clone(&self.schema),
        };
        let rows = Listed { schema: Arc::clone(&schema), root: self.root.clone(), locator: self.locator.clone() };
        Ok(Arc::new(StreamingTableExec::try_new(schema, vec![Arc::new(rows)], None, [], false, limit)?))
    }
}

/// The rows of one scan.
#[derive(Debug)]
struct Listed {
    schema: SchemaRef,
    root: PathBuf,
    locator: String,
}

impl PartitionStream for Listed {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (schema, root, locator) = (Arc::clone(&self.schema), self.root.clone(), self.locator.clone());
        let rows = async move {
            let files = list_any(&root, &locator).await?;
            // To read files takes the thread it is done on.
            let rows = tokio::task::spawn_blocking(move || rows(&schema, &files));
            rows.await.map_err(|e| DataFusionError::External(Box::new(e)))?
        };
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), futures::stream::once(rows)))
    }
}

/// A batch of all files.
fn rows(schema: &Schema, files: &[InputFile]) -> Result<RecordBatch> {
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let column: ArrayRef = match field.name().as_str() {
            "name" => texts(files, |f| Ok(last(&f.name).to_owned()))?,
            "path" => texts(files, |f| Ok(f.name.clone()))?,
            "bytes" => Arc::new(files.iter().map(|f| i64::try_from(f.size).ok()).collect::<Int64Array>()),
            "modified" => {
                let micros = files.iter().map(|f| Some(f.modified_ns.div_euclid(1000)));
                Arc::new(micros.collect::<TimestampMicrosecondArray>().with_timezone(UTC))
            }
            "md5" => texts(files, hash::<Md5>)?,
            "sha256" => texts(files, hash::<Sha256>)?,
            other => return Err(DataFusionError::Internal(format!("files have no `{other}`"))),
        };
        columns.push(cast(&column, field.data_type())?);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(files.len()));
    Ok(RecordBatch::try_new_with_options(Arc::new(schema.clone()), columns, &options)?)
}

fn texts(files: &[InputFile], of: impl Fn(&InputFile) -> Result<String, SourceError>) -> Result<ArrayRef> {
    let texts = files.iter().map(of).collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(StringArray::from(texts)))
}

fn last(name: &str) -> &str {
    Path::new(name).file_name().and_then(|n| n.to_str()).unwrap_or(name)
}

/// The hash of a file's bytes, in hexadecimal.
fn hash<D: Digest>(input: &InputFile) -> Result<String, SourceError> {
    let mut file = open_blocking(input)?;
    let (mut hash, mut buffer) = (D::new(), vec![0; 1 << 16]);
    loop {
        let n = file.read(&mut buffer).map_err(|e| SourceError::io(&e, Phase::Read, &input.name))?;
        if n == 0 {
            break;
        }
        hash.update(buffer.get(..n).unwrap_or_default());
    }
    check_unchanged(input)?;
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
