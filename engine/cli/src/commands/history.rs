//! Lists of what runs left, the newest first.

use std::sync::Arc;

use anyhow::Result;
use arrow::array::{ArrayRef, AsArray, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::Float64Type;
use arrow::record_batch::RecordBatch;

use crate::exit::Exit;
use crate::output::Output;
use crate::results::{self, Format};
use crate::runtime;

/// Writes rows that came oldest first. A table has just `columns`; of nothing it says `none`.
pub fn list(rows: &RecordBatch, columns: &[&str], none: &str, format: Format, out: &mut Output) -> Result<Exit> {
    if rows.num_rows() == 0 && format == Format::Table {
        out.print(&format!("{none}\n"));
        return Ok(Exit::OK);
    }
    let newest_first = UInt32Array::from_iter_values((0..u32::try_from(rows.num_rows())?).rev());
    let mut rows = take_record_batch(rows, &newest_first)?;
    if format == Format::Table {
        let shown: Vec<usize> = columns.iter().map(|c| rows.schema().index_of(c)).collect::<Result<_, _>>()?;
        rows = rounded(&rows.project(&shown)?)?;
    }
    runtime::block_on(results::write(results::stream(rows), format, out))
}

/// The rows with three digits of each share: what people read.
fn rounded(rows: &RecordBatch) -> Result<RecordBatch> {
    let round = |column: &ArrayRef| -> ArrayRef {
        match column.as_primitive_opt::<Float64Type>() {
            Some(numbers) => Arc::new(numbers.unary::<_, Float64Type>(|n| (n * 1000.0).round() / 1000.0)) as ArrayRef,
            None => Arc::clone(column),
        }
    };
    Ok(RecordBatch::try_new(rows.schema(), rows.columns().iter().map(round).collect())?)
}
