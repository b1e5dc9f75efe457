//! Failing rows that pass by now, as a table that set and table rules read together with the rows that passed.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::{cast, filter_record_batch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;

use super::block::{Block, Shape};
use super::rows::{Failing, KeptBlock};
use crate::engine::Stopped;
use crate::quarantine::file_indexes;

/// Some of the failing rows as they are now. Their blocks are read when they are asked for.
struct Passing {
    shape: Arc<Shape>,
    columns: SchemaRef,
    blocks: Vec<(KeptBlock, BooleanArray)>,
}

/// The failing rows of `keep`, with the columns of rows that passed; `None`: none.
///
/// # Errors
/// DataFusion refuses the table.
pub fn table(
    failing: &Failing,
    columns: &SchemaRef,
    keep: &BooleanBuffer,
) -> Result<Option<Arc<dyn TableProvider>>, Stopped> {
    if keep.count_set_bits() == 0 {
        return Ok(None);
    }
    let of_block = |kept: &KeptBlock| {
        let rows = kept.rows();
        let keep = BooleanArray::new(keep.slice(rows.start, rows.len()), None);
        (keep.true_count() > 0).then(|| (kept.clone(), keep))
    };
    let blocks = failing.kept().iter().filter_map(of_block).collect();
    let rows = Passing { shape: Arc::clone(&failing.shape), columns: Arc::clone(columns), blocks };
    Ok(Some(Arc::new(StreamingTable::try_new(Arc::clone(columns), vec![Arc::new(rows)])?)))
}

/// Rows of a block as they are now: the data columns, and of its places as many as `columns` has.
///
/// # Errors
/// Arrow refuses the batch.
pub fn committing(
    block: &Block,
    shape: &Shape,
    columns: &SchemaRef,
    keep: &BooleanArray,
) -> Result<RecordBatch, ArrowError> {
    let current = filter_record_batch(&block.current()?, keep)?;
    let mut arrays: Vec<ArrayRef> = current.columns().iter().take(shape.columns).cloned().collect();
    for (place, field) in columns.fields().iter().enumerate().skip(shape.columns) {
        arrays.push(match current.column_by_name(field.name()) {
            _ if place == shape.columns => Arc::new(file_indexes(&current)),
            Some(column) => Arc::clone(column),
            None => return Err(ArrowError::SchemaError("a failing row without its place".to_owned())),
        });
    }
    let arrays = arrays.iter().zip(columns.fields()).map(|(a, f)| cast(a, f.data_type()));
    RecordBatch::try_new(Arc::clone(columns), arrays.collect::<Result<_, _>>()?)
}

impl fmt::Debug for Passing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} blocks of failing rows", self.blocks.len())
    }
}

impl PartitionStream for Passing {
    fn schema(&self) -> &SchemaRef {
        &self.columns
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (shape, columns) = (Arc::clone(&self.shape), Arc::clone(&self.columns));
        let rows = self.blocks.clone().into_iter().map(move |(kept, keep)| {
            let block = kept.load(&shape)?;
            committing(&block, &shape, &columns, &keep).map_err(DataFusionError::from)
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.columns), futures::stream::iter(rows)))
    }
}
