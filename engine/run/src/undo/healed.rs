//! The rows a heal changed: which they are, what they were, and what they became.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, BooleanArray, RecordBatch, StringArray};
use datafusion::arrow::compute::{concat_batches, filter_record_batch};
use datafusion::arrow::datatypes::{DataType, Schema, UInt32Type, UInt64Type};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use pipe_state::{HealEntry, LedgerEntry, State, UndoneCell};

use crate::engine::Stopped;
use crate::errors;
use crate::heal::ledger::{HEAL, rows_of};
use crate::kept::{Place, place_of};
use crate::quarantine::{REASONS, is_meta};

/// An entry of a ledger file.
#[derive(Clone, Debug)]
struct Entry {
    place: Place,
    column: String,
    old: Option<String>,
    heal: u32,
    applied: bool,
}

/// The rows that a heal changed and that are still where it put them.
#[derive(Debug)]
pub struct Healed {
    /// They as read, with the columns of a quarantine file.
    pub read: RecordBatch,
    /// They as committed: the table's columns.
    pub committed: RecordBatch,
    /// Where each came from, in their order.
    pub places: Vec<Place>,
    /// The cells the heal changed in them.
    pub cells: Vec<UndoneCell>,
}

/// Why a heal's rows are not to be had, in words.
pub enum Gone {
    /// All were taken out when another heal was undone.
    TakenOut(i64),
    /// They changed again later.
    Later {
        /// Such rows, in their order.
        places: Vec<Place>,
        /// The heal that changed the first of them.
        heal: i64,
        /// Its run.
        run: String,
    },
    /// The files of these were loaded again since.
    Replaced(Vec<Place>),
    /// The ledger has nothing of it.
    Unknown,
}

/// Finds the rows of a heal.
///
/// # Errors
/// A file of the state that cannot be read.
pub fn healed(state: &State, heal: &HealEntry) -> Result<Result<Healed, Gone>, Stopped> {
    let files: Vec<LedgerEntry> = state.ledger_files().map_err(|e| errors::state(&e))?;
    let files: Vec<LedgerEntry> = files.into_iter().filter(|f| f.table == heal.table).collect();
    let Some(at) = files.iter().position(|f| f.run == heal.run) else { return Ok(Err(Gone::Unknown)) };
    let Some((own, later)) = files.get(at..).and_then(<[LedgerEntry]>::split_first) else {
        return Ok(Err(Gone::Unknown));
    };
    let mut cells: BTreeMap<Place, Vec<UndoneCell>> = BTreeMap::new();
    for entry in entries(&own.path)?.into_iter().filter(|e| e.heal == heal.number && e.applied) {
        let (file, row) = entry.place.clone();
        let cell = UndoneCell { heal: heal.id, file, row, column: entry.column, old: entry.old };
        cells.entry(entry.place).or_default().push(cell);
    }
    if cells.is_empty() {
        return Ok(Err(Gone::Unknown));
    }
    let undone = state.undone(Some(&heal.table)).map_err(|e| errors::state(&e))?;
    let mut by = None;
    for past in undone.iter().filter(|u| u.run == heal.run) {
        if cells.remove(&(past.cell.file.clone(), past.cell.row)).is_some() {
            by = Some(past.cell.heal);
        }
    }
    if let (true, Some(by)) = (cells.is_empty(), by) {
        return Ok(Err(Gone::TakenOut(by)));
    }
    for file in later {
        let out: BTreeSet<Place> =
            undone.iter().filter(|u| u.run == file.run).map(|u| (u.cell.file.clone(), u.cell.row)).collect();
        let changed = |e: &Entry| cells.contains_key(&e.place) && !out.contains(&e.place);
        let changed: Vec<Entry> = entries(&file.path)?.into_iter().filter(changed).collect();
        let Some(first) = changed.first() else { continue };
        let by = state.heal_of(&file.run, &file.table, first.heal).map_err(|e| errors::state(&e))?.unwrap_or(0);
        let places: BTreeSet<Place> = changed.into_iter().map(|e| e.place).collect();
        return Ok(Err(Gone::Later { places: places.into_iter().collect(), heal: by, run: file.run.clone() }));
    }
    let replaced: Vec<Place> = cells.keys().filter(|(file, _)| own.superseded.covers(file)).cloned().collect();
    if !replaced.is_empty() {
        return Ok(Err(Gone::Replaced(replaced)));
    }
    let [read, healed] = rows_of(state, &own.path);
    let (read, healed) = (rows(&read)?, rows(&healed)?);
    let mask: BooleanArray = (0..read.num_rows()).map(|r| Some(cells.contains_key(&place_of(&read, r)))).collect();
    let chosen = |rows: &RecordBatch| filter_record_batch(rows, &mask).map_err(|e| errors::internal(&e));
    let (read, healed) = (chosen(&read)?, chosen(&healed)?);
    let places = (0..read.num_rows()).map(|r| place_of(&read, r)).collect();
    let committed = committed(&read, &healed)?;
    Ok(Ok(Healed { read, committed, places, cells: cells.into_values().flatten().collect() }))
}

impl Healed {
    /// Rows by what they violated as read, a row once for each.
    pub fn reasons(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        let Some(lists) = self.read.column_by_name(REASONS).and_then(|c| c.as_list_opt::<i32>()) else {
            return counts;
        };
        for reason in lists.values().as_string_opt::<i32>().into_iter().flat_map(|s| s.iter().flatten()) {
            *counts.entry(reason.to_owned()).or_default() += 1;
        }
        counts
    }

    /// Rows by the file they came from.
    pub fn files(&self) -> BTreeMap<&str, u64> {
        let mut counts = BTreeMap::new();
        for (file, _) in &self.places {
            *counts.entry(file.as_str()).or_default() += 1;
        }
        counts
    }
}

/// The table's columns: as read, but for those that a repair changed.
fn committed(read: &RecordBatch, healed: &RecordBatch) -> Result<RecordBatch, Stopped> {
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for (field, column) in read.schema().fields().iter().zip(read.columns()) {
        if is_meta(field.name()) {
            continue;
        }
        columns.push(Arc::clone(healed.column_by_name(field.name()).unwrap_or(column)));
        fields.push(Arc::clone(field));
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|e| errors::internal(&e))?)
}

/// All rows of a file of the state.
fn rows(path: &Path) -> Result<RecordBatch, Stopped> {
    let told = |e: &dyn std::fmt::Display| errors::io(&format!("`{}`: {e}", path.display()));
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).map_err(|e| told(&e))?);
    let builder = builder.map_err(|e| told(&e))?;
    let schema = Arc::clone(builder.schema());
    let batches = builder.build().map_err(|e| told(&e))?.collect::<Result<Vec<_>, _>>().map_err(|e| told(&e))?;
    Ok(concat_batches(&schema, &batches).map_err(|e| errors::internal(&e))?)
}

fn entries(path: &Path) -> Result<Vec<Entry>, Stopped> {
    let rows = rows(path)?;
    let text = |name: &str| rows.column_by_name(name).and_then(|c| c.as_string_opt::<i32>()).cloned();
    let none = || StringArray::new_null(rows.num_rows());
    let (file, column) = (text("file").unwrap_or_else(none), text("column").unwrap_or_else(none));
    let (old, state) = (text("old").unwrap_or_else(none), text("state").unwrap_or_else(none));
    let number = rows.column_by_name("row").and_then(|c| c.as_primitive_opt::<UInt64Type>());
    let heal = rows.column_by_name(HEAL).filter(|c| *c.data_type() == DataType::UInt32);
    let heal = heal.and_then(|c| c.as_primitive_opt::<UInt32Type>());
    let at = |c: &StringArray, row: usize| c.is_valid(row).then(|| c.value(row).to_owned());
    let entry = |row: usize| Entry {
        place: (at(&file, row).unwrap_or_default(), number.map_or(0, |n| n.value(row))),
        column: at(&column, row).unwrap_or_default(),
        old: at(&old, row),
        heal: heal.map_or(0, |h| h.value(row)),
        applied: at(&state, row).as_deref() == Some("applied"),
    };
    Ok((0..rows.num_rows()).map(entry).collect())
}
