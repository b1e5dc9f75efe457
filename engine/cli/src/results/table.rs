//! Rows as a table.

use anyhow::Result;
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;

use crate::output::{Output, plain};
use crate::report::{Table, WIDTH, counted};

/// Rows and characters of a cell that a terminal is shown; elsewhere nothing is cut.
const TERMINAL_ROWS: usize = 40;
const TERMINAL_CELL: usize = 60;

/// Writes the rows as a table, with their number below. On a terminal a long result and long cells are cut, with a mark; elsewhere all is written. Gives what failed, if something did.
pub(super) async fn table(mut rows: SendableRecordBatchStream, out: &mut Output) -> Result<Option<DataFusionError>> {
    let schema = rows.schema();
    let header: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    let (most, cell, width) =
        if out.terminal { (TERMINAL_ROWS, TERMINAL_CELL, WIDTH) } else { (usize::MAX, usize::MAX, u16::MAX) };
    let mut table = Table::new(&header, width);
    table.right(schema.fields().iter().enumerate().filter(|(_, f)| f.data_type().is_numeric()).map(|(i, _)| i));
    let (mut total, mut shown) = (0, 0);
    let mut failed = None;
    while let Some(batch) = rows.next().await {
        match batch {
            Ok(batch) => {
                let take = batch.num_rows().min(most - shown);
                add(&mut table, &batch.slice(0, take), cell)?;
                shown += take;
                total += batch.num_rows();
            }
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    // An empty result still has columns, unless it never came to be.
    if failed.is_none() || total > 0 {
        out.print(&table.text());
        let mut footer = counted(total as u64, "row");
        if shown < total {
            let hidden = counted((total - shown) as u64, "row");
            footer += &format!(" … {hidden} not shown; `--format csv` writes them all");
        }
        out.print(&format!("{footer}\n"));
    }
    Ok(failed)
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
