//! `incremental by c` on files: of files that are new or have changed a load takes the rows past its watermark, the greatest
//! value it has read.
//!
//! Rows without a value, or with one that does not convert, are past no watermark and must not be lost: they count as new
//! when they lie behind what was read of their file before, for such files grow at their end.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::compute::kernels::cmp::gt;
use datafusion::arrow::datatypes::{DataType, SchemaRef, UInt64Type};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::functions_aggregate::min_max::MaxAccumulator;
use datafusion::logical_expr::Accumulator;
use pipe_connect::source::meta;

use crate::quarantine::file_indexes;

/// From where on a load takes rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Past {
    /// The column.
    pub column: String,
    /// The watermark, as text; `None`: there is none yet, and all rows are new.
    pub value: Option<String>,
    /// The rows read of each file before; of a file that is not here none.
    pub seen: BTreeMap<String, u64>,
}

/// A [`Past`] over the rows of a scan, and the greatest value that has come by.
#[derive(Clone, Debug)]
pub struct Filter {
    column: usize,
    watermark: Option<ScalarValue>,
    /// By index of the file.
    seen: Arc<[u64]>,
    greatest: Arc<Mutex<MaxAccumulator>>,
}

impl Filter {
    /// For scans of these files.
    ///
    /// # Errors
    /// The column is not there, or a watermark is no value of its type.
    pub fn new(past: &Past, schema: &SchemaRef, files: &[String]) -> Result<Self> {
        let column = schema.index_of(&past.column)?;
        let ty = schema.field(column).data_type();
        let parsed = |text: &String| ScalarValue::try_from_string(text.clone(), ty);
        let watermark = past.value.as_ref().map(parsed).transpose()?;
        let seen = files.iter().map(|f| past.seen.get(f).copied().unwrap_or(0)).collect();
        Ok(Self { column, watermark, seen, greatest: Arc::new(Mutex::new(MaxAccumulator::try_new(ty)?)) })
    }

    /// The rows of a batch that are new.
    ///
    /// # Errors
    /// The batch lacks a column.
    pub fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let values = batch.column(self.column);
        let new = match &self.watermark {
            None => batch.clone(),
            Some(watermark) => {
                let past = gt(values, &watermark.to_scalar()?)?;
                let rows = batch.column_by_name(meta::ROW).and_then(|c| c.as_primitive_opt::<UInt64Type>());
                let rows = rows.ok_or_else(|| DataFusionError::Internal("rows without their numbers".to_owned()))?;
                let files = file_indexes(batch);
                let behind = |row: usize| {
                    let seen = self.seen.get(files.value(row) as usize).copied().unwrap_or(0);
                    rows.value(row) >= seen
                };
                let new = |row: usize| Some(if values.is_valid(row) { past.value(row) } else { behind(row) });
                filter_record_batch(batch, &(0..batch.num_rows()).map(new).collect::<BooleanArray>())?
            }
        };
        if new.num_rows() > 0 {
            let mut greatest = self.greatest.lock().unwrap_or_else(PoisonError::into_inner);
            greatest.update_batch(&[Arc::clone(new.column(self.column))])?;
        }
        Ok(new)
    }

    /// The greatest value so far, the watermark before included, as text; `None` when no row had one.
    ///
    /// # Errors
    /// The value has no text.
    pub fn watermark(&self) -> Result<Option<String>> {
        let mut greatest = self.greatest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = &self.watermark {
            greatest.update_batch(&[before.to_array()?])?;
        }
        Ok(match greatest.evaluate()?.cast_to(&DataType::Utf8)? {
            ScalarValue::Utf8(text) => text,
            _ => None,
        })
    }
}
