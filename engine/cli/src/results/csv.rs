//! Rows as CSV.

use std::sync::Arc;

use anyhow::Result;
use arrow::array::{Array, ArrayRef, StringArray};
use arrow::csv::WriterBuilder;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;

use crate::output::Output;

/// Writes the rows with a header; NULL is an empty cell. Stops when nobody reads any more. Gives what failed, if something did.
pub(super) async fn csv(mut rows: SendableRecordBatchStream, out: &mut Output) -> Result<Option<DataFusionError>> {
    let nothing = flat(&RecordBatch::new_empty(rows.schema()))?;
    WriterBuilder::new().with_header(true).build(&mut *out).write(&nothing)?;
    while let Some(batch) = rows.next().await {
        match batch {
            Ok(batch) => WriterBuilder::new().with_header(false).build(&mut *out).write(&flat(&batch)?)?,
            Err(error) => return Ok(Some(error)),
        }
        if out.is_closed() {
            break;
        }
    }
    Ok(None)
}

/// The rows with lists and structures as their text: CSV has no others.
fn flat(rows: &RecordBatch) -> Result<RecordBatch> {
    let options = FormatOptions::default();
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for (field, column) in rows.schema().fields().iter().zip(rows.columns()) {
        if !field.data_type().is_nested() {
            fields.push(Arc::clone(field));
            columns.push(Arc::clone(column));
            continue;
        }
        let text = ArrayFormatter::try_new(column.as_ref(), &options)?;
        let texts = (0..column.len()).map(|row| column.is_valid(row).then(|| text.value(row).to_string()));
        fields.push(Arc::new(Field::new(field.name(), DataType::Utf8, true)));
        columns.push(Arc::new(texts.collect::<StringArray>()) as ArrayRef);
    }
    let count = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &count)?)
}
