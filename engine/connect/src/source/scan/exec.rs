//! The scan as a node of a plan.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use datafusion::common::Statistics;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::coop::make_cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, ReplaceChildrenOptions,
};
use futures::stream;

use super::batch::{Place, text_batch};
use super::parquet::RowGroupReader;
use super::plan::Plan;
use super::run::{Run, Work};
use super::{Parts, Projection};
use crate::source::cells::Cells;
use crate::source::chunk::Chunk;
use crate::source::columns::Texts;
use crate::source::csv;
use crate::source::json::{self, Keys};
use crate::source::options::{Dialect, Format};
use crate::source::{Bound, FieldSpec, InputFile, Phase, SourceError, SourceSpec};

/// What became of a file that was read to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileState {
    /// XXH3 (128 bits) of the bytes as they lie on disk.
    pub hash: u128,
    /// Rows, broken records included.
    pub rows: u64,
    /// Broken records.
    pub bad_records: u64,
    /// Bytes read from disk.
    pub bytes_read: u64,
    /// JSON: records with a key that no column takes, by key (folded); at most 100 keys are counted.
    pub unknown_keys: BTreeMap<String, u64>,
}

/// Text a reader hands over at once. It stays in the cache of the core that splits it.
const CHUNK_BYTES: usize = 512 << 10;

/// Reads all files of a source in N partitions. Which rows come from which partition is not defined; what each row is, with its file, line and number, is.
///
/// The partitions of one plan share the work: each is executed once. Executing one a second time reads the files again,
/// for all partitions executed from then on.
pub struct ScanExec {
    plan: Arc<Plan>,
    partitions: usize,
    chunk_bytes: usize,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
    runs: Mutex<Runs>,
}

/// The run that is going on, and the partitions that have joined it.
#[derive(Default)]
struct Runs {
    current: Option<Arc<Run>>,
    joined: Vec<bool>,
}

impl ScanExec {
    /// A scan of `files` as bound to `target`.
    ///
    /// # Errors
    /// A key with a value that cannot be used; a binding that does not fit the files or the target.
    pub fn try_new(
        spec: &SourceSpec,
        files: Vec<InputFile>,
        bound: &Bound,
        target: &[FieldSpec],
        projection: Projection,
        partitions: usize,
    ) -> Result<Self, SourceError> {
        let plan = Plan::try_new(spec, files, bound, target, projection)?;
        let partitions = partitions.max(1);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&plan.schema)),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(SchedulingType::Cooperative);
        Ok(ScanExec {
            plan: Arc::new(plan),
            partitions,
            chunk_bytes: CHUNK_BYTES,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
            runs: Mutex::default(),
        })
    }

    /// The same scan with about so many bytes of text in a chunk; at least one record is in each.
    #[must_use]
    pub fn with_chunk_bytes(mut self, bytes: usize) -> Self {
        self.chunk_bytes = bytes.clamp(1, 64 << 20);
        self
    }

    /// The same scan for who only looks: of Parquet files nothing is read but the columns asked for, and their hash stays 0.
    #[must_use]
    pub fn unhashed(mut self) -> Self {
        // Nobody else has the plan yet.
        if let Some(plan) = Arc::get_mut(&mut self.plan) {
            plan.hashed = false;
        }
        self
    }

    /// The same scan for who holds many batches: texts of Parquet files are copied, so that none holds on to whole pages, which would be
    /// counted for each batch.
    #[must_use]
    pub fn copied(mut self) -> Self {
        if let Some(plan) = Arc::get_mut(&mut self.plan) {
            plan.views = false;
        }
        self
    }

    /// The same scan of these parts of the files alone: rows keep their places.
    #[must_use]
    pub fn only(mut self, parts: Parts) -> Self {
        if let Some(plan) = Arc::get_mut(&mut self.plan) {
            plan.parts = Some(parts);
        }
        self
    }

    /// The parts of the files, as this scan has read them to their end, that have these rows (the file's index, the row in it). `None`: it has
    /// not, or its files cannot be read in parts. That is known of scans that are [`ScanExec::unhashed`].
    pub fn parts_with(&self, rows: &BTreeSet<(u32, u64)>) -> Option<Parts> {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        Parts::with(runs.current.as_ref()?.parts(), rows)
    }

    /// One for each file, in their order; of files not read to their end what was read so far, with hash 0.
    pub fn file_states(&self) -> Vec<FileState> {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        match &runs.current {
            Some(run) => run.file_states(),
            None => vec![FileState::default(); self.plan.files.len()],
        }
    }

    /// The run that `partition` takes part in.
    fn join(&self, partition: usize) -> Result<Arc<Run>, SourceError> {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let joined = runs.joined.get(partition).copied().unwrap_or(false);
        let run = match runs.current.take() {
            Some(run) if !joined => run,
            _ => {
                runs.joined = vec![false; self.partitions];
                let scanned = MetricBuilder::new(&self.metrics).global_counter("bytes_scanned");
                Run::start(&self.plan, self.partitions, self.chunk_bytes, scanned)?
            }
        };
        runs.current = Some(Arc::clone(&run));
        if let Some(joined) = runs.joined.get_mut(partition) {
            *joined = true;
        }
        Ok(run)
    }
}

/// A partition at work.
struct Reader {
    plan: Arc<Plan>,
    run: Arc<Run>,
    /// Batches made and not yet yielded.
    ready: VecDeque<RecordBatch>,
    /// The row group that is being decoded.
    group: Option<RowGroupReader>,
    batch_size: usize,
    metrics: BaselineMetrics,
}

impl Reader {
    async fn next(mut self) -> Result<Option<(RecordBatch, Reader)>> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                self.metrics.record_output(batch.num_rows());
                return Ok(Some((batch, self)));
            }
            if let Some(group) = &mut self.group {
                let timer = self.metrics.elapsed_compute().clone();
                let _timer = timer.timer();
                match group.next()? {
                    Some(batch) => self.ready.push_back(batch),
                    None => self.group = None,
                }
                continue;
            }
            let Some(work) = self.run.next().await? else { return Ok(None) };
            let timer = self.metrics.elapsed_compute().clone();
            let _timer = timer.timer();
            match work {
                Work::Chunk(chunk) => {
                    let batch = self.batch(chunk)?;
                    self.slice(&batch);
                }
                Work::RowGroup(group) => {
                    self.group = Some(RowGroupReader::open(&self.plan, group, self.batch_size).await?);
                }
            }
        }
    }

    fn batch(&self, mut chunk: Chunk) -> Result<RecordBatch> {
        let (cells, unknown) = split(&self.plan, &chunk);
        if !unknown.is_empty() {
            self.run.add_unknown(chunk.file, &unknown);
        }
        // The reader numbered the rows that follow by its own count.
        if cells.rows.len() as u64 != chunk.rows {
            let message = format!(
                "{} records were counted and {} found from line {} on",
                chunk.rows,
                cells.rows.len(),
                chunk.first_line
            );
            return Err(SourceError::new("internal", Phase::Parse, message).into());
        }
        self.run.add_bad(chunk.file, cells.bad.len());
        let place = Place { file: chunk.file, first_row: chunk.first_row, first_line: chunk.first_line };
        let texts = Texts::new(std::mem::take(&mut chunk.text), cells, self.plan.format != Format::Csv);
        text_batch(&self.plan, &texts, &place)
    }

    /// A chunk of very short records is yielded in several batches; one of about the right size is left whole.
    fn slice(&mut self, batch: &RecordBatch) {
        let rows = batch.num_rows();
        let pieces = (rows / self.batch_size.max(1)).max(1);
        let size = rows.div_ceil(pieces).max(1);
        let mut at = 0;
        while at < rows {
            let len = size.min(rows - at);
            self.ready.push_back(batch.slice(at, len));
            at += len;
        }
    }
}

/// The cells of a chunk; of JSON also the keys that no column takes, with the records that have them.
pub(crate) fn split(plan: &Plan, chunk: &Chunk) -> (Cells, BTreeMap<String, u64>) {
    if plan.format == Format::Csv {
        let width = plan.bindings.get(chunk.file).map_or(0, |b| b.width);
        let cells = if chunk.newline == plan.dialect.newline {
            csv::split(chunk, &plan.dialect, width)
        } else {
            csv::split(chunk, &Dialect { newline: chunk.newline, ..plan.dialect.clone() }, width)
        };
        return (cells, BTreeMap::new());
    }
    let none = Keys::default();
    json::split(chunk, plan.keys.get(chunk.file).unwrap_or(&none), plan.max_record)
}

impl fmt::Debug for ScanExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScanExec")
            .field("plan", &self.plan)
            .field("partitions", &self.partitions)
            .finish_non_exhaustive()
    }
}

impl DisplayAs for ScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.plan.columns.iter().map(|(_, field)| field.name.as_str()).collect();
        write!(f, "ScanExec: source={}, columns=[{}]", self.plan.source, names.join(", "))
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

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let reader = Reader {
            plan: Arc::clone(&self.plan),
            run: self.join(partition)?,
            ready: VecDeque::new(),
            group: None,
            batch_size: context.session_config().batch_size(),
            metrics: BaselineMetrics::new(&self.metrics, partition),
        };
        let stream =
            RecordBatchStreamAdapter::new(Arc::clone(&self.plan.schema), stream::try_unfold(reader, Reader::next));
        Ok(make_cooperative(Box::pin(stream)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    /// How large the files are: enough to know the smaller side of a join.
    fn statistics_from_inputs(&self, _: &[Arc<Statistics>], args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        let all: u64 = self.plan.files.iter().map(|f| f.size).sum();
        let share = if args.partition().is_some() { all / self.partitions.max(1) as u64 } else { all };
        let mut statistics = Statistics::new_unknown(&self.plan.schema);
        statistics.total_byte_size = Precision::Inexact(usize::try_from(share).unwrap_or(usize::MAX));
        Ok(Arc::new(statistics))
    }
}
