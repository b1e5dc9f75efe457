//! Rows as one JSON object.

use std::io::Write;

use anyhow::Result;
use arrow::json::WriterBuilder;
use arrow::json::writer::LineDelimited;
use datafusion::execution::SendableRecordBatchStream;
use futures::TryStreamExt;
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::output::Output;

/// Writes `{"format_version":1,"columns":[{name, type}…],"rows":[…],"exit_code":0}`, rows as they come, NULLs written. What fails on the way ends up in `diagnostics` of the same object.
///
/// # Errors
/// What standard output says.
pub async fn json(
    mut rows: SendableRecordBatchStream,
    out: &mut Output,
    failed: impl Fn(datafusion::error::DataFusionError) -> Value,
) -> Result<Exit> {
    let columns: Vec<Value> = rows
        .schema()
        .fields()
        .iter()
        .map(|f| json!({ "name": f.name(), "type": pipe_compile::types::describe(f.data_type()) }))
        .collect();
    write!(out, "{{\"format_version\":1,\"columns\":{},\"rows\":[", Value::Array(columns))?;
    let mut first = true;
    let mut failure = None;
    while !out.is_closed() {
        let batch = match rows.try_next().await {
            Ok(Some(batch)) => batch,
            Ok(None) => break,
            Err(error) => {
                failure = Some(error);
                break;
            }
        };
        let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(Vec::new());
        writer.write(&batch)?;
        writer.finish()?;
        let lines = String::from_utf8(writer.into_inner())?;
        for line in lines.lines() {
            write!(out, "{}\n{line}", if first { "" } else { "," })?;
            first = false;
        }
    }
    let exit = if failure.is_some() { Exit::FAILED } else { Exit::OK };
    let diagnostics: Vec<Value> = failure.into_iter().map(failed).collect();
    writeln!(out, "],\"diagnostics\":{},\"exit_code\":{}}}", Value::Array(diagnostics), exit.0)?;
    Ok(exit)
}

/// The same object for a query that gave no rows because it could not run.
pub fn json_error(diagnostics: Vec<Value>, exit: Exit, out: &mut Output) {
    let object = json!({
        "format_version": 1, "columns": [], "rows": [], "diagnostics": diagnostics, "exit_code": exit.0,
    });
    out.print(&format!("{object}\n"));
}
