//! Rows as a table, CSV or JSON.

mod csv;
mod json;
mod table;

use anyhow::Result;
use arrow::record_batch::RecordBatch;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use pipe_diagnostics::Sources;

use crate::diagnose;
use crate::exit::Exit;
use crate::output::Output;

pub use json::json_error;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people; long results are cut on a terminal, and say so
    Table,
    /// With a header; NULL is empty
    Csv,
    /// One object: `columns`, `rows`
    Json,
}

/// Writes rows as they come. What fails on the way is told; rows that were written before stay written.
///
/// # Errors
/// What standard output says.
pub async fn write(rows: SendableRecordBatchStream, format: Format, out: &mut Output) -> Result<Exit> {
    let failed = match format {
        Format::Table => table::table(rows, out).await?,
        Format::Csv => csv::csv(rows, out).await?,
        Format::Json => json::json(rows, out).await?,
    };
    let Some(error) = failed else { return Ok(Exit::OK) };
    let problem = pipe_run::diagnostic_of(&error);
    out.error(&diagnose::full(&[problem], &Sources::default(), out.paint_err));
    Ok(Exit::FAILED)
}

/// Rows that are there, as rows that come.
pub fn stream(batch: RecordBatch) -> SendableRecordBatchStream {
    let schema = batch.schema();
    Box::pin(RecordBatchStreamAdapter::new(schema, futures::stream::iter([Ok(batch)])))
}
