//! Rows as CSV.

use anyhow::Result;
use arrow::csv::WriterBuilder;
use datafusion::execution::SendableRecordBatchStream;
use futures::TryStreamExt;

use crate::output::Output;

/// Writes the rows with a header; NULL is an empty cell. Stops when nobody reads any more.
///
/// # Errors
/// What the query or standard output says.
pub async fn csv(mut rows: SendableRecordBatchStream, out: &mut Output) -> Result<()> {
    let empty = arrow::record_batch::RecordBatch::new_empty(rows.schema());
    let mut writer = WriterBuilder::new().with_header(true).build(&mut *out);
    writer.write(&empty)?;
    drop(writer);
    while let Some(batch) = rows.try_next().await? {
        WriterBuilder::new().with_header(false).build(&mut *out).write(&batch)?;
        if out.is_closed() {
            break;
        }
    }
    Ok(())
}
