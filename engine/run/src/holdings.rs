//! What left batches, as tables: `pipe.quarantine_orders` and `pipe.ledger`, read from the Parquet files of the state.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, UInt64Array, new_null_array,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt64Type};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::StreamExt;
use pipe_connect::source::meta;
use pipe_state::{LedgerEntry, QuarantineEntry, RowState, State};

use crate::engine::Stopped;
use crate::errors;
use crate::quarantine::is_meta;

/// The quarantine file a row is in, as the index names it.
pub const ENTRY: &str = "_entry";
/// The row's number in that file, from 0.
pub const NUMBER: &str = "_number";

/// What the index adds to each row. Where the table has a column of that name, ours is called `_state` and so on.
const ADDED: [(&str, Slot); 4] = [("state", Slot::State), ("run", Slot::Run), ("batch", Slot::Batch), ("at", Slot::At)];

/// The quarantined rows of a table: its columns, then `_raw`, `_record`, `_reasons`, `_file`, `_line`, `_row`, then `state`, `run`, `batch`, `at`.
///
/// Files of different programs are united by the names of columns; a column whose type has changed is text. `declared`
/// are the table's columns where no row was ever quarantined.
///
/// # Errors
/// A file that cannot be read.
pub fn quarantine(state: &State, table: &str, declared: &[Arc<Field>]) -> Result<Arc<dyn TableProvider>, Stopped> {
    let entries = state.quarantine_files(table).map_err(|e| errors::state(&e))?;
    held(&entries, declared, false)
}

/// The rows of some quarantine files; if `numbered` with [`ENTRY`] and [`NUMBER`] behind, by which a state change names a row.
///
/// # Errors
/// A file that cannot be read.
pub fn of(entries: &[QuarantineEntry], numbered: bool) -> Result<Arc<dyn TableProvider>, Stopped> {
    held(entries, &[], numbered)
}

fn held(
    entries: &[QuarantineEntry],
    declared: &[Arc<Field>],
    numbered: bool,
) -> Result<Arc<dyn TableProvider>, Stopped> {
    let mut data: Vec<Arc<Field>> = if entries.is_empty() { declared.to_vec() } else { Vec::new() };
    for entry in entries {
        for field in parquet_schema(&entry.path)?.fields().iter().filter(|f| !is_meta(f.name())) {
            match data.iter_mut().find(|d| d.name() == field.name()) {
                None => data.push(Arc::new(field.as_ref().clone().with_nullable(true))),
                Some(known) if known.data_type() == field.data_type() => {}
                Some(known) => *known = Arc::new(Field::new(field.name(), DataType::Utf8, true)),
            }
        }
    }
    let taken = |name: &str| data.iter().any(|f| f.name() == name);
    let mut fields: Vec<Arc<Field>> = crate::quarantine::schema(&data).fields().iter().cloned().collect();
    let mut slots = vec![Slot::File; fields.len()];
    for (name, slot) in ADDED {
        let name = if taken(name) { format!("_{name}") } else { name.to_owned() };
        fields.push(Arc::new(Field::new(name, DataType::Utf8, true)));
        slots.push(slot);
    }
    if numbered {
        fields.push(Arc::new(Field::new(ENTRY, DataType::Int64, false)));
        fields.push(Arc::new(Field::new(NUMBER, DataType::UInt64, false)));
        slots.extend([Slot::Entry, Slot::Number]);
    }
    let (schema, slots) = (Arc::new(Schema::new(fields)), slots.into());
    let added = |entry: &QuarantineEntry| Index::Quarantine(Box::new(entry.clone()));
    let parts = entries.iter().map(|e| part(&e.path, &schema, &slots, added(e))).collect();
    Ok(Arc::new(StreamingTable::try_new(schema, parts)?))
}

/// Changed cells: `run`, `table`, `file`, `row`, `column`, `old`, `new`, `confidence`, `clause`, `state`.
///
/// # Errors
/// A state that cannot be read.
pub fn ledger(state: &State) -> Result<Arc<dyn TableProvider>, Stopped> {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let schema = Arc::new(Schema::new(vec![
        text("run"),
        text("table"),
        text("file"),
        Field::new("row", DataType::UInt64, true),
        text("column"),
        text("old"),
        text("new"),
        Field::new("confidence", DataType::Float64, true),
        Field::new("clause", DataType::UInt32, true),
        text("state"),
    ]));
    let mut slots = vec![Slot::Run, Slot::Table];
    slots.resize(schema.fields().len() - 1, Slot::File);
    slots.push(Slot::CellState);
    let slots = slots.into();
    let entries = state.ledger_files().map_err(|e| errors::state(&e))?;
    let mut undone: BTreeMap<(String, String), BTreeSet<(String, u64)>> = BTreeMap::new();
    for past in state.undone(None).map_err(|e| errors::state(&e))? {
        undone.entry((past.run, past.table)).or_default().insert((past.cell.file, past.cell.row));
    }
    let index = |e: &LedgerEntry| {
        let undone = undone.get(&(e.run.clone(), e.table.clone())).cloned().unwrap_or_default();
        Index::Ledger(e.clone(), undone)
    };
    let parts = entries.iter().map(|e| part(&e.path, &schema, &slots, index(e))).collect();
    Ok(Arc::new(StreamingTable::try_new(schema, parts)?))
}

/// The source file of each row of a quarantine file, in its order; empty where a row has none.
///
/// # Errors
/// The file cannot be read.
pub fn files(path: &Path) -> Result<Vec<String>, Stopped> {
    let mut files = Vec::new();
    for batch in read(path)? {
        let batch = batch?;
        let names = batch.column_by_name(meta::FILE).and_then(|c| c.as_string_opt::<i32>());
        let name = |row: usize| names.filter(|n| n.is_valid(row)).map_or_else(String::new, |n| n.value(row).to_owned());
        files.extend((0..batch.num_rows()).map(name));
    }
    Ok(files)
}

fn parquet_schema(path: &Path) -> Result<SchemaRef, Stopped> {
    let file = File::open(path).map_err(|e| errors::io(&format!("`{}`: {e}", path.display())))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)
        .map_err(|e| errors::io(&format!("`{}`: {e}", path.display())))?;
    Ok(Arc::clone(builder.schema()))
}

fn part(path: &Path, schema: &SchemaRef, slots: &Arc<[Slot]>, index: Index) -> Arc<dyn PartitionStream> {
    Arc::new(Part {
        path: path.to_owned(),
        schema: Arc::clone(schema),
        slots: Arc::clone(slots),
        index: Arc::new(index),
    })
}

/// One Parquet file as the rows of a wider table.
#[derive(Debug)]
struct Part {
    path: PathBuf,
    schema: SchemaRef,
    slots: Arc<[Slot]>,
    index: Arc<Index>,
}

/// Where a column comes from: the file, or what the index knows.
#[derive(Clone, Copy, Debug)]
enum Slot {
    File,
    State,
    Run,
    Batch,
    At,
    Table,
    CellState,
    Entry,
    Number,
}

/// What the index knows of a file's rows.
#[derive(Debug)]
enum Index {
    Quarantine(Box<QuarantineEntry>),
    /// With the rows that were taken back.
    Ledger(LedgerEntry, BTreeSet<(String, u64)>),
}

impl PartitionStream for Part {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (schema, slots, index) = (Arc::clone(&self.schema), Arc::clone(&self.slots), Arc::clone(&self.index));
        let batches: Box<dyn Iterator<Item = Result<RecordBatch>> + Send> = match read(&self.path) {
            Ok(batches) => Box::new(batches),
            Err(error) => Box::new(std::iter::once(Err(error))),
        };
        let mut first = 0;
        let rows = futures::stream::iter(batches).map(move |batch| {
            let batch = batch?;
            let wide = widened(&batch, &schema, &slots, &index, first);
            first += batch.num_rows() as u64;
            wide
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), rows))
    }
}

/// The rows of a file, in its order.
fn read(path: &Path) -> Result<impl Iterator<Item = Result<RecordBatch>> + Send + use<>> {
    let told = |e: std::io::Error| {
        DataFusionError::External(
            format!("`{}`, which the state refers to, cannot be read: {e}", path.display()).into(),
        )
    };
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).map_err(told)?)?;
    Ok(builder.build()?.map(|batch| batch.map_err(DataFusionError::from)))
}

/// A batch of the file, from row `first` on, with the columns of the table.
fn widened(batch: &RecordBatch, schema: &SchemaRef, slots: &[Slot], index: &Index, first: u64) -> Result<RecordBatch> {
    let rows = batch.num_rows();
    let columns = schema.fields().iter().zip(slots).map(|(field, slot)| {
        if matches!(slot, Slot::CellState) {
            return Ok(index.cell_states(batch));
        }
        let own = batch.column_by_name(field.name()).filter(|_| matches!(slot, Slot::File));
        match (own, index.column(*slot, first, rows)) {
            (Some(column), _) => fitted(column, field.data_type()),
            (None, Some(column)) => Ok(column),
            (None, None) => Ok(new_null_array(field.data_type(), rows)),
        }
    });
    Ok(RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<_>>()?)?)
}

fn fitted(column: &ArrayRef, ty: &DataType) -> Result<ArrayRef> {
    if column.data_type() == ty {
        return Ok(Arc::clone(column));
    }
    if *ty != DataType::Utf8 {
        return Ok(cast(column, ty)?);
    }
    let options = FormatOptions::default();
    let text = ArrayFormatter::try_new(column.as_ref(), &options)?;
    let texts = (0..column.len()).map(|i| column.is_valid(i).then(|| text.value(i).to_string()));
    Ok(Arc::new(texts.collect::<StringArray>()))
}

impl Index {
    /// What became of the cells of a ledger file: as written then, `undone` where a heal of their row was taken back since,
    /// `superseded` where their file's rows were replaced.
    fn cell_states(&self, batch: &RecordBatch) -> ArrayRef {
        let text = |name: &str| batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>());
        let (files, states) = (text("file"), text("state"));
        let numbers = batch.column_by_name("row").and_then(|c| c.as_primitive_opt::<UInt64Type>());
        let state = |row: usize| {
            let state = states.filter(|s| s.is_valid(row))?.value(row);
            let file = files.filter(|f| f.is_valid(row)).map_or("", |f| f.value(row));
            let Index::Ledger(entry, undone) = self else { return Some(state) };
            let back = || numbers.is_some_and(|n| undone.contains(&(file.to_owned(), n.value(row))));
            Some(match state {
                "applied" if !undone.is_empty() && back() => "undone",
                "applied" | "removed" if entry.superseded.covers(file) => "superseded",
                as_written => as_written,
            })
        };
        Arc::new((0..batch.num_rows()).map(state).collect::<StringArray>())
    }

    fn column(&self, slot: Slot, first: u64, rows: usize) -> Option<ArrayRef> {
        let same = |text: &str| -> Option<ArrayRef> { Some(Arc::new(StringArray::from(vec![text; rows]))) };
        match (self, slot) {
            (Index::Ledger(entry, _), Slot::Run) => same(&entry.run),
            (Index::Ledger(entry, _), Slot::Table) => same(&entry.table),
            (Index::Quarantine(entry), Slot::Run) => same(&entry.run),
            (Index::Quarantine(entry), Slot::Batch) => same(&entry.batch),
            (Index::Quarantine(entry), Slot::At) => same(&entry.at),
            (Index::Quarantine(entry), Slot::State) => Some(Arc::new(states(entry, first, rows))),
            (Index::Quarantine(entry), Slot::Entry) => Some(Arc::new(Int64Array::from(vec![entry.id; rows]))),
            (Index::Quarantine(_), Slot::Number) => {
                Some(Arc::new(UInt64Array::from_iter_values(first..first + rows as u64)))
            }
            _ => None,
        }
    }
}

/// The states of some rows of a file.
fn states(entry: &QuarantineEntry, first: u64, rows: usize) -> StringArray {
    let mut ranges = entry.states.iter().skip_while(|s| s.range.end() <= first).peekable();
    let state = |row: u64| {
        while ranges.next_if(|s| s.range.end() <= row).is_some() {}
        ranges.peek().map_or(RowState::Held, |s| s.state).word()
    };
    StringArray::from_iter_values((first..first + rows as u64).map(state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipe_state::{RowRange, StateRange};

    #[test]
    fn each_row_has_the_state_of_its_range() {
        let range = |first, rows, state| StateRange { range: RowRange { first, rows }, state };
        let entry = QuarantineEntry {
            id: 1,
            table: "t".into(),
            path: PathBuf::new(),
            rows: 5,
            run: String::new(),
            batch: String::new(),
            fingerprint: String::new(),
            at: String::new(),
            reasons: Default::default(),
            sources: Vec::new(),
            states: vec![
                range(0, 2, RowState::Held),
                range(2, 1, RowState::Replayed),
                range(3, 2, RowState::Discarded),
            ],
        };
        let words = |first, rows| states(&entry, first, rows).iter().flatten().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(0, 5), ["held", "held", "replayed", "discarded", "discarded"]);
        assert_eq!(words(2, 2), ["replayed", "discarded"]);
    }
}
