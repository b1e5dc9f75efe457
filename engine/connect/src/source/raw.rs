//! `raw.orders`: a source as it came, before any rule or heal.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use pipe_schema::Type;

use super::{Bound, Discovery, FieldSpec, InputFile, Projection, ScanExec, SourceError, SourceSpec, bind, meta};

/// A source as a table, with meta columns behind its own: `_file`, `_line`, `_row`, `_bad` and `_record`; where the columns are
/// typed `_raw` too. Each query reads the files again.
#[derive(Debug)]
pub struct RawTable {
    spec: SourceSpec,
    files: Vec<InputFile>,
    bound: Bound,
    target: Vec<FieldSpec>,
    schema: SchemaRef,
    meta: &'static [&'static str],
}

impl RawTable {
    /// The columns as found: those of CSV and JSON as text, so that nothing is lost that does not convert; those of Parquet in their own types.
    pub fn new(spec: SourceSpec, files: Vec<InputFile>, discovery: &Discovery) -> Self {
        let typed = spec.connector == "parquet";
        let ty = |ty: &Type| if typed { ty.clone() } else { Type::Text };
        let target: Vec<_> = discovery.columns.iter().map(|c| FieldSpec::new(c.name.clone(), ty(&c.ty))).collect();
        let bound = bind(&spec, discovery, &target, &BTreeMap::new());
        RawTable::bound(spec, files, bound, target)
    }

    /// The columns of `target`, as bound.
    pub fn bound(spec: SourceSpec, files: Vec<InputFile>, bound: Bound, target: Vec<FieldSpec>) -> Self {
        Self::with(spec, files, bound, target, RAW_META)
    }

    /// The same, with the texts of the cells that have not converted.
    pub fn typed(spec: SourceSpec, files: Vec<InputFile>, bound: Bound, target: Vec<FieldSpec>) -> Self {
        Self::with(spec, files, bound, target, &meta::ALL)
    }

    fn with(
        spec: SourceSpec,
        files: Vec<InputFile>,
        bound: Bound,
        target: Vec<FieldSpec>,
        meta: &'static [&'static str],
    ) -> Self {
        let all: Vec<usize> = (0..target.len() + meta.len()).collect();
        let schema = projection(&all, target.len(), meta).schema(&target);
        RawTable { spec, files, bound, target, schema, meta }
    }

    /// A scan of some of the table's columns, in the table's order.
    ///
    /// # Errors
    /// As [`ScanExec::try_new`].
    pub fn scan_columns(&self, columns: &[usize], partitions: usize) -> Result<ScanExec, SourceError> {
        let projection = projection(columns, self.target.len(), self.meta);
        let files = self.files.clone();
        let scan = ScanExec::try_new(&self.spec, files, &self.bound, &self.target, projection, partitions)?;
        // Nobody asks a query for the hash of a file; and what sorts and joins hold is counted against the memory there is.
        Ok(scan.unhashed().copied())
    }
}

/// The meta columns beside columns that are text, in the order of [`meta::ALL`].
const RAW_META: &[&str] = &[meta::FILE, meta::LINE, meta::ROW, meta::BAD, meta::RECORD];

/// The scan's projection that yields these columns of a table, `visible` meta columns last.
fn projection(columns: &[usize], width: usize, visible: &[&str]) -> Projection {
    let meta = |name: &str| columns.iter().any(|c| c.checked_sub(width).and_then(|i| visible.get(i)) == Some(&name));
    Projection {
        columns: columns.iter().copied().filter(|c| *c < width).collect(),
        file: meta(meta::FILE),
        line: meta(meta::LINE),
        row: meta(meta::ROW),
        bad: meta(meta::BAD),
        record: meta(meta::RECORD),
        raw: meta(meta::RAW),
    }
}

#[async_trait]
impl TableProvider for RawTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = match projection {
            Some(columns) => columns.clone(),
            None => (0..self.schema.fields().len()).collect(),
        };
        let scan = Arc::new(self.scan_columns(&columns, state.config().target_partitions())?);
        // The scan has its meta columns last and in their own order; the query may want another.
        let wanted = self.schema.project(&columns)?;
        if wanted.fields() == scan.schema().fields() {
            return Ok(scan);
        }
        let names = wanted.fields().iter().map(|field| {
            let column = datafusion::physical_expr::expressions::col(field.name(), &scan.schema())?;
            Ok((column, field.name().clone()))
        });
        let names = names.collect::<Result<Vec<_>>>()?;
        Ok(Arc::new(datafusion::physical_plan::projection::ProjectionExec::try_new(names, scan)?))
    }
}
