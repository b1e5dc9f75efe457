//! The scan: target columns, then meta columns, from all files at once.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, ReplaceChildrenOptions,
};

use super::{Bound, FieldSpec, InputFile, SourceError, SourceSpec, meta};

/// Which columns a scan yields. What is not asked for is not built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projection {
    /// Indexes of target columns, in the order they are yielded.
    pub columns: Vec<usize>,
    /// [`meta::FILE`]
    pub file: bool,
    /// [`meta::LINE`]
    pub line: bool,
    /// [`meta::ROW`]
    pub row: bool,
    /// [`meta::BAD`]
    pub bad: bool,
    /// [`meta::RECORD`]
    pub record: bool,
    /// [`meta::RAW`], of the yielded columns that are not text.
    pub raw: bool,
}

impl Projection {
    /// All of `columns` target columns and all meta columns.
    pub fn all(columns: usize) -> Self {
        Projection {
            columns: (0..columns).collect(),
            file: true,
            line: true,
            row: true,
            bad: true,
            record: true,
            raw: true,
        }
    }

    /// All of `columns` target columns and no meta column.
    pub fn data(columns: usize) -> Self {
        Projection {
            columns: (0..columns).collect(),
            file: false,
            line: false,
            row: false,
            bad: false,
            record: false,
            raw: false,
        }
    }

    /// The schema a scan with this projection yields: data columns, then the meta columns in the order of [`meta::ALL`].
    pub fn schema(&self, target: &[FieldSpec]) -> SchemaRef {
        let mut fields: Vec<Field> = Vec::with_capacity(self.columns.len() + meta::ALL.len());
        let yielded = || self.columns.iter().filter_map(|&i| target.get(i));
        fields.extend(yielded().map(|f| Field::new(&f.name, f.data_type.clone(), true)));
        if self.file {
            let ty = DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8));
            fields.push(Field::new(meta::FILE, ty, false));
        }
        if self.line {
            fields.push(Field::new(meta::LINE, DataType::UInt64, false));
        }
        if self.row {
            fields.push(Field::new(meta::ROW, DataType::UInt64, false));
        }
        if self.bad {
            fields.push(Field::new(meta::BAD, DataType::Utf8, true));
        }
        if self.record {
            fields.push(Field::new(meta::RECORD, DataType::Utf8, true));
        }
        if self.raw {
            let raw: Fields =
                yielded().filter(|f| !f.is_text()).map(|f| Field::new(&f.name, DataType::Utf8View, true)).collect();
            fields.push(Field::new(meta::RAW, DataType::Struct(raw), false));
        }
        Arc::new(Schema::new(fields))
    }
}

/// What became of a file that was read to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileState {
    /// XXH3 (128 bits) of the bytes as they lie on disk.
    pub hash: u128,
    /// Rows, broken records included.
    pub rows: u64,
    /// Broken records.
    pub bad_records: u64,
    /// Bytes read from disk.
    pub bytes_read: u64,
}

/// Reads all files of a source in N partitions. Which rows come from which partition is not defined; what each row is, with its file, line and number, is.
#[derive(Debug)]
pub struct ScanExec {
    spec: Arc<SourceSpec>,
    files: Arc<[InputFile]>,
    projection: Projection,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl ScanExec {
    /// A scan of `files` as bound to `target`.
    ///
    /// # Errors
    /// A key with a value that cannot be used; a binding that does not fit the files or the target.
    pub fn try_new(
        spec: Arc<SourceSpec>,
        files: Vec<InputFile>,
        bound: &Bound,
        target: Vec<FieldSpec>,
        projection: Projection,
        partitions: usize,
    ) -> Result<Self, SourceError> {
        let _ = bound;
        let schema = projection.schema(&target);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(partitions.max(1)),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(SchedulingType::Cooperative);
        Ok(ScanExec {
            spec,
            files: files.into(),
            projection,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        })
    }

    /// One for each file, in their order; of files not read to their end what was read so far, with hash 0.
    pub fn file_states(&self) -> Vec<FileState> {
        vec![FileState::default(); self.files.len()]
    }
}

impl DisplayAs for ScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ScanExec: source={}, files={}, columns={}",
            self.spec.name,
            self.files.len(),
            self.projection.columns.len()
        )
    }
}

impl ExecutionPlan for ScanExec {
    fn name(&self) -> &'static str {
        "ScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, _: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        Err(DataFusionError::from(SourceError::new("internal", super::Phase::Read, "the scan is being written")))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}
