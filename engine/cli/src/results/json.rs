//! Rows as one JSON object.

use std::io::Write;

use anyhow::Result;
use arrow::datatypes::DataType;
use arrow::json::WriterBuilder;
use arrow::json::writer::LineDelimited;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use pipe_diagnostics::Sources;
use serde_json::{Value, json};

use crate::diagnose;
use crate::exit::Exit;
use crate::output::Output;

/// Writes `{"format_version":1,"columns":[{name, type}…],"rows":[…],"diagnostics":[…],"exit_code":0}`, a row a line, as they come, NULLs written. What fails on the way is among the `diagnostics` of the same object.
pub(super) async fn json(mut rows: SendableRecordBatchStream, out: &mut Output) -> Result<Option<DataFusionError>> {
    let schema = rows.schema();
    let columns = schema.fields().iter().map(|f| json!({ "name": f.name(), "type": type_of(f.data_type()) }));
    write!(out, "{{\"format_version\":1,\"columns\":{},\"rows\":[", Value::Array(columns.collect()))?;
    let mut between = "\n";
    let mut failed = None;
    while let Some(batch) = rows.next().await {
        let batch = match batch {
            Ok(batch) if !out.is_closed() => batch,
            Ok(_) => break,
            Err(error) => {
                failed = Some(error);
                break;
            }
        };
        let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(Vec::new());
        writer.write(&batch)?;
        writer.finish()?;
        for line in String::from_utf8(writer.into_inner())?.lines() {
            write!(out, "{between}{line}")?;
            between = ",\n";
        }
    }
    let problems: Vec<_> = failed.iter().map(pipe_run::diagnostic_of).collect();
    let exit = if problems.is_empty() { Exit::OK } else { Exit::FAILED };
    let problems = diagnose::values(&problems, &Sources::default());
    writeln!(out, "],\"diagnostics\":{},\"exit_code\":{}}}", Value::Array(problems), exit.0)?;
    Ok(failed)
}

/// A type in the language's words. Numbers of lines and rows are integers, though no column of a table holds unsigned ones.
fn type_of(ty: &DataType) -> String {
    if ty.is_unsigned_integer() { "bigint".to_owned() } else { pipe_compile::types::describe(ty) }
}

/// The same object for what gave no rows because it could not run.
pub fn json_error(diagnostics: Vec<Value>, exit: Exit, out: &mut Output) {
    let object = json!({
        "format_version": 1, "columns": [], "rows": [], "diagnostics": diagnostics, "exit_code": exit.0,
    });
    out.print(&format!("{object}\n"));
}
