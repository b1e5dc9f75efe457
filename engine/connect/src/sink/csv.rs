//! Writes delimited text: a record a line, NULL unquoted, a text that looks like NULL quoted.

use std::fmt::Write as _;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::spec::CsvOptions;

/// Appends the line of column names.
pub(crate) fn header(options: &CsvOptions, schema: &Schema, out: &mut String) {
    for (i, field) in schema.fields().iter().enumerate() {
        if i > 0 {
            out.push(options.delimiter);
        }
        // A name is never NULL, whatever stands for that.
        cell(options, field.name(), out);
    }
    out.push('\n');
}

/// Appends a batch, a line a row.
pub(crate) fn rows(options: &CsvOptions, batch: &RecordBatch, out: &mut String) -> Result<(), ArrowError> {
    let format = FormatOptions::default().with_display_error(false);
    let columns: Vec<(&ArrayRef, ArrayFormatter<'_>)> = batch
        .columns()
        .iter()
        .map(|array| Ok((array, ArrayFormatter::try_new(array.as_ref(), &format)?)))
        .collect::<Result<_, ArrowError>>()?;
    // Dictionaries and runs keep their NULLs elsewhere than in the array's own mask.
    let nulls: Vec<_> = columns.iter().map(|(array, _)| array.logical_nulls()).collect();
    let mut text = String::new();
    for row in 0..batch.num_rows() {
        let start = out.len();
        for (i, ((_, formatter), nulls)) in columns.iter().zip(&nulls).enumerate() {
            if i > 0 {
                out.push(options.delimiter);
            }
            if nulls.as_ref().is_some_and(|n| n.is_null(row)) {
                out.push_str(&options.null);
                continue;
            }
            text.clear();
            write!(text, "{}", formatter.value(row)).map_err(|_| {
                ArrowError::ComputeError(format!("row {row} of a batch has a value outside its type's bounds"))
            })?;
            cell(options, &text, out);
        }
        // An empty line is no record to most readers: the row would be lost, so its one NULL becomes an empty text.
        if out.len() == start {
            out.extend([options.quote, options.quote]);
        }
        out.push('\n');
    }
    Ok(())
}

/// Appends a cell, quoted where it must be.
fn cell(options: &CsvOptions, text: &str, out: &mut String) {
    let special = |c: char| c == options.delimiter || c == options.quote || c == '\n' || c == '\r';
    if text != options.null && !text.contains(special) {
        out.push_str(text);
        return;
    }
    out.push(options.quote);
    for c in text.chars() {
        if c == options.quote {
            out.push(c);
        }
        out.push(c);
    }
    out.push(options.quote);
}
