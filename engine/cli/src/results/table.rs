//! Rows as a table.

use anyhow::Result;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::execution::SendableRecordBatchStream;
use futures::TryStreamExt;

use crate::output::{Output, plain};
use crate::report::{Table, WIDTH, counted};

/// Rows and characters of a cell that a terminal is shown; elsewhere nothing is cut.
const TERMINAL_ROWS: usize = 40;
const TERMINAL_CELL: usize = 60;

/// Writes the rows as a table, with their number below. On a terminal a long result and long cells are cut, with a mark; elsewhere all is written.
///
/// # Errors
/// What the query says.
pub async fn table(mut rows: SendableRecordBatchStream, out: &mut Output) -> Result<()> {
    let schema = rows.schema();
    let header: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    let (most, cell, width) =
        if out.terminal { (TERMINAL_ROWS, TERMINAL_CELL, WIDTH) } else { (usize::MAX, usize::MAX, u16::MAX) };
    let mut table = Table::new(&header, width);
    let numbers = schema.fields().iter().enumerate().filter(|(_, f)| is_number(f.data_type())).map(|(i, _)| i);
    table.right(numbers);
    let (mut total, mut shown) = (0, 0);
    while let Some(batch) = rows.try_next().await? {
        let take = batch.num_rows().min(most - shown);
        add(&mut table, &batch.slice(0, take), cell)?;
        shown += take;
        total += batch.num_rows();
    }
    if !header.is_empty() {
        out.print(&table.text());
    }
    let mut footer = counted(total as u64, "row");
    if shown < total {
        footer += &format!(", {} not shown … `--format csv` writes them all", counted((total - shown) as u64, "row"));
    }
    out.print(&format!("{footer}\n"));
    Ok(())
}

fn add(table: &mut Table, batch: &RecordBatch, cell: usize) -> Result<()> {
    let options = FormatOptions::default().with_null("NULL");
    let columns: Vec<ArrayFormatter<'_>> =
        batch.columns().iter().map(|c| ArrayFormatter::try_new(c.as_ref(), &options)).collect::<Result<_, _>>()?;
    for row in 0..batch.num_rows() {
        let cells: Vec<String> =
            columns.iter().map(|c| c.value(row).try_to_string().map(|t| plain(&t, cell))).collect::<Result<_, _>>()?;
        table.row(cells);
    }
    Ok(())
}

fn is_number(ty: &DataType) -> bool {
    ty.is_numeric()
}
