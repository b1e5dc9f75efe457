//! The fused pass over all partitions of an input.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::arrow::array::{BooleanArray, RecordBatch, UInt32Array, UInt64Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures::StreamExt;
use pipe_connect::source::{ScanExec, meta};
use pipe_quality::{MetaColumns, StageError, StageSpec, Staged, stage};
use tokio::task::JoinSet;

use crate::engine::Watch;
use crate::past::Filter;
use crate::staging::{Part, Unclaimed};

/// Rows to judge: data columns, then what says which row each is.
#[derive(Clone)]
pub struct Input {
    /// Gives the data columns, and for a source the meta columns.
    pub plan: Arc<dyn ExecutionPlan>,
    /// The columns of the batches that are judged.
    pub schema: SchemaRef,
    /// How many of them are data.
    pub columns: usize,
    /// How many of the data columns are flags, the last ones: the plan does not give them, they begin as false.
    pub flags: usize,
    /// Which row it is.
    pub meta: MetaColumns,
    /// Whether rows are numbered here: those of a query have no place of their own.
    pub numbered: bool,
    /// Whether they come in an order that is to be kept: their query ends with one.
    pub ordered: bool,
    /// The files rows come from, by index; for a query none.
    pub files: Vec<String>,
    /// Of the rows of a source the ones that count; `None`: all.
    past: Option<Filter>,
}

impl Input {
    /// The rows of a source.
    pub fn scan(scan: Arc<ScanExec>, columns: usize, files: Vec<String>) -> Self {
        Self::rows(scan, columns, files)
    }

    /// Rows that are there already, with the columns of a scan.
    pub fn rows(rows: Arc<dyn ExecutionPlan>, columns: usize, files: Vec<String>) -> Self {
        let schema = rows.schema();
        let at = |name: &str| schema.index_of(name).unwrap_or(0);
        let meta = MetaColumns { file: at(meta::FILE), line: at(meta::LINE), row: at(meta::ROW) };
        Self { plan: rows, schema, columns, meta, flags: 0, numbered: false, ordered: false, files, past: None }
    }

    /// The rows of a query: they are numbered as they come, by partition.
    pub fn query(plan: Arc<dyn ExecutionPlan>) -> Self {
        let data = plan.schema();
        let columns = data.fields().len();
        let mut fields: Vec<_> = data.fields().iter().cloned().collect();
        fields.push(Arc::new(Field::new(meta::FILE, DataType::UInt32, false)));
        fields.push(Arc::new(Field::new(meta::LINE, DataType::UInt64, false)));
        fields.push(Arc::new(Field::new(meta::ROW, DataType::UInt64, false)));
        let schema = Arc::new(Schema::new(fields));
        let meta = MetaColumns { file: columns, line: columns + 1, row: columns + 2 };
        let (files, past) = (Vec::new(), None);
        Self { plan, schema, columns, meta, flags: 0, numbered: true, ordered: false, files, past }
    }

    /// The same rows, in an order that is to be kept where they come in one stream.
    #[must_use]
    pub fn in_order(self, ordered: bool) -> Self {
        Self { ordered: ordered && self.partitions() == 1, ..self }
    }

    /// The same, but for rows that are not past a watermark: these are not part of the batch.
    #[must_use]
    pub fn past(self, past: Option<Filter>) -> Self {
        Self { past, ..self }
    }

    /// With a flag for each column that clauses may fill.
    #[must_use]
    pub fn flagged(mut self, program: &pipe_check::Program, table: &str) -> Self {
        let flags = pipe_compile::types::flags(&self.schema, program, table);
        let mut fields: Vec<_> = self.schema.fields().iter().cloned().collect();
        for (i, flag) in flags.iter().enumerate() {
            fields.insert(self.columns + i, Arc::new(Field::new(flag, DataType::Boolean, true)));
        }
        self.schema = Arc::new(Schema::new(fields));
        self.columns += flags.len();
        self.flags = flags.len();
        let MetaColumns { file, line, row } = &mut self.meta;
        for place in [file, line, row] {
            *place += flags.len();
        }
        self
    }

    /// How many threads it can be read by.
    pub fn partitions(&self) -> usize {
        self.plan.output_partitioning().partition_count()
    }

    /// The rows of a partition.
    ///
    /// # Errors
    /// The plan cannot be executed.
    pub fn stream(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> datafusion::error::Result<SendableRecordBatchStream> {
        let rows = self.plan.execute(partition, context)?;
        let past = self.past.clone();
        if past.is_none() && !self.numbered && self.flags == 0 {
            return Ok(rows);
        }
        let (flags, data, numbers) = (self.flags, self.columns - self.flags, self.numbered);
        let (schema, file) = (Arc::clone(&self.schema), u32::try_from(partition).unwrap_or(u32::MAX));
        let mut next = 0u64;
        let numbered = rows.map(move |batch| {
            let batch = match &past {
                Some(past) => past.apply(&batch?)?,
                None => batch?,
            };
            let count = batch.num_rows();
            let mut columns = batch.columns().to_vec();
            for _ in 0..flags {
                columns.insert(data, Arc::new(BooleanArray::from(vec![false; count])));
            }
            if numbers {
                columns.push(Arc::new(UInt32Array::from(vec![file; count])));
                columns.push(Arc::new(UInt64Array::from(vec![0; count])));
                columns.push(Arc::new(UInt64Array::from_iter_values(next..next + count as u64)));
                next += count as u64;
            }
            Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), numbered)))
    }
}

/// Runs the pass: every partition on its own task, its rows into its own part, which it completes.
///
/// # Errors
/// The first error of any partition; the others are stopped.
pub async fn pass(
    input: &Input,
    context: &Arc<TaskContext>,
    spec: &Arc<StageSpec>,
    parts: Vec<Part>,
    table: &str,
    watch: Watch<'_>,
) -> Result<(Staged, Unclaimed), StageError> {
    let counted = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for (partition, mut part) in parts.into_iter().enumerate() {
        let stream = input.stream(partition, Arc::clone(context))?;
        let (spec, counted) = (Arc::clone(spec), Arc::clone(&counted));
        tasks.spawn(async move {
            let progress = move |n| _ = counted.fetch_add(n, Ordering::Relaxed);
            let staged = stage(stream, &spec, &mut part, &progress).await?;
            let rows = Unclaimed::of(part).map_err(StageError::Sink)?;
            Ok::<_, StageError>((partition, (staged, rows)))
        });
    }
    let tell = || watch.progress(table, bytes_read(input), counted.load(Ordering::Relaxed));
    let done = joined(tasks, tell).await?;
    let mut merged: Option<Staged> = None;
    let mut rows = Unclaimed::default();
    for (staged, part) in done {
        rows.extend(part).map_err(StageError::Sink)?;
        match &mut merged {
            Some(all) => all.merge(staged)?,
            none => *none = Some(staged),
        }
    }
    let staged = merged.ok_or_else(|| StageError::Sink("a pass without partitions".into()))?;
    Ok((staged, rows))
}

/// What the tasks of all partitions found, in their order; `tell` is called again and again meanwhile.
///
/// # Errors
/// The first error of any; the others are stopped.
pub async fn joined<T: 'static>(
    mut tasks: JoinSet<Result<(usize, T), StageError>>,
    tell: impl Fn(),
) -> Result<Vec<T>, StageError> {
    let mut done = Vec::new();
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(100));
    loop {
        tokio::select! {
            joined = tasks.join_next() => match joined {
                Some(Ok(result)) => done.push(result?),
                Some(Err(panic)) => return Err(StageError::Sink(Box::new(panic))),
                None => break,
            },
            _ = tick.tick() => tell(),
        }
    }
    done.sort_by_key(|(partition, _)| *partition);
    Ok(done.into_iter().map(|(_, found)| found).collect())
}

/// Bytes read so far, of files.
pub fn bytes_read(input: &Input) -> u64 {
    let scanned = input.plan.metrics().and_then(|m| m.sum_by_name("bytes_scanned"));
    scanned.map_or(0, |v| v.as_usize() as u64)
}
