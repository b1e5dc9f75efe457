//! Rows by where they were read: sets of them in memory, in order, at sixteen bytes a row.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, UInt32Type, UInt64Type};
use datafusion::common::{Result as PlanResult, exec_err};
use datafusion::logical_expr::{ColumnarValue, Expr, Volatility, create_udf};
use datafusion::prelude::col;
use pipe_connect::source::meta;

use crate::engine::Stopped;
use crate::errors;

/// Which row: the file's index, the data row in it.
pub type RowId = (u32, u64);

/// A row with a number of whatever is counted. The order of the fields makes it no larger than it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbered {
    row: u64,
    file: u32,
    /// The number.
    pub number: u32,
}

impl Numbered {
    /// A row with its number.
    pub fn new((file, row): RowId, number: u32) -> Self {
        Self { row, file, number }
    }

    /// Which row.
    pub fn id(&self) -> RowId {
        (self.file, self.row)
    }
}

/// Rows in the order of files and rows, each with a number, some perhaps with several.
#[derive(Clone, Debug, Default)]
pub struct Ids(Arc<Vec<Numbered>>);

impl Ids {
    /// Of rows in any order.
    pub fn new(mut rows: Vec<Numbered>) -> Self {
        rows.sort_unstable_by_key(|n| (n.id(), n.number));
        rows.dedup();
        Self(Arc::new(rows))
    }

    /// These and others.
    pub fn extended(self, more: Vec<Numbered>) -> Self {
        let mut rows = Arc::unwrap_or_clone(self.0);
        rows.extend(more);
        Self::new(rows)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Numbered> {
        self.0.iter()
    }

    /// How many rows, each once.
    pub fn rows(&self) -> u64 {
        self.0.chunk_by(|a, b| a.id() == b.id()).count() as u64
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The numbers of a row.
    pub fn of(&self, id: RowId) -> impl Iterator<Item = usize> {
        let first = self.0.partition_point(|n| n.id() < id);
        self.0.get(first..).unwrap_or_default().iter().take_while(move |n| n.id() == id).map(|n| n.number as usize)
    }

    /// The first number of a row.
    pub fn find(&self, id: RowId) -> Option<usize> {
        self.of(id).next()
    }

    /// Whether a row of a table with its place (`_file`, `_row`) is one of these, as an expression.
    pub fn contain(&self) -> Expr {
        let ids = self.clone();
        let among = move |arguments: &[ColumnarValue]| ids.among(arguments);
        let types = vec![DataType::UInt32, DataType::UInt64];
        let function = create_udf("row_is_among", types, DataType::Boolean, Volatility::Immutable, Arc::new(among));
        function.call(vec![col(meta::FILE), col(meta::ROW)])
    }

    fn among(&self, arguments: &[ColumnarValue]) -> PlanResult<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(arguments)?;
        let [files, rows] = arrays.as_slice() else { return exec_err!("a row is a file and a number") };
        let (Some(files), Some(rows)) = (files.as_primitive_opt::<UInt32Type>(), rows.as_primitive_opt::<UInt64Type>())
        else {
            return exec_err!("a row's file and number are unsigned");
        };
        let found = files.values().iter().zip(rows.values()).map(|(f, r)| Some(self.find((*f, *r)).is_some()));
        let found: ArrayRef = Arc::new(found.collect::<BooleanArray>());
        Ok(ColumnarValue::Array(found))
    }
}

/// The rows of a batch, by two of its columns.
///
/// # Errors
/// It has no such columns.
pub fn row_ids(batch: &RecordBatch, file: &str, row: &str) -> Result<Vec<RowId>, Stopped> {
    let file = batch.column_by_name(file).and_then(|c| c.as_primitive_opt::<UInt32Type>());
    let row = batch.column_by_name(row).and_then(|c| c.as_primitive_opt::<UInt64Type>());
    match (file, row) {
        (Some(file), Some(row)) => Ok(file.values().iter().zip(row.values()).map(|(f, r)| (*f, *r)).collect()),
        _ => Err(errors::internal(&"rows without their places").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_with_all_their_numbers() {
        let ids = Ids::new(vec![
            Numbered::new((1, 0), 7),
            Numbered::new((0, 9), 2),
            Numbered::new((0, 9), 1),
            Numbered::new((0, 9), 2),
        ]);
        assert_eq!(ids.of((0, 9)).collect::<Vec<_>>(), [1, 2]);
        assert_eq!((ids.find((1, 0)), ids.find((1, 1)), ids.rows()), (Some(7), None, 2));
        let ids = ids.extended(vec![Numbered::new((0, 3), 4)]);
        assert_eq!(ids.iter().map(Numbered::id).collect::<Vec<_>>(), [(0, 3), (0, 9), (0, 9), (1, 0)]);
        assert_eq!(size_of::<Numbered>(), 16);
    }
}
