//! Failing rows that several rules have found apart, each once with all its reasons.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, ListBuilder, RecordBatch};
use datafusion::arrow::compute::interleave_record_batch;
use datafusion::arrow::datatypes::{DataType, Field, SchemaRef, UInt16Type, UInt32Type, UInt64Type};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::row::{RowConverter, SortField};
use pipe_connect::source::meta;

use crate::engine::Stopped;
use crate::errors;
use crate::quarantine::REASONS;

/// Makes one of rows that several rules found apart, with all its reasons. Rows come in order; the last waits for what comes after it.
pub enum Merging {
    /// There are none.
    Whole,
    /// They have the same place.
    ByPlace(Option<RecordBatch>),
    /// They are alike: the rows of a model have no places.
    ByValues(ByValues),
}

impl Merging {
    /// Takes a batch in; gives the rows of which all is known by now.
    ///
    /// # Errors
    /// Arrow refuses the rows.
    pub fn take(&mut self, batch: RecordBatch) -> Result<Vec<RecordBatch>, Stopped> {
        match self {
            Merging::ByPlace(last) if batch.num_rows() > 0 => merged(batch, last),
            Merging::ByValues(values) if batch.num_rows() > 0 => values.take(batch),
            _ => Ok(vec![batch]),
        }
    }

    /// The last rows.
    ///
    /// # Errors
    /// See [`Merging::take`].
    pub fn end(&mut self) -> Result<Vec<RecordBatch>, Stopped> {
        Ok(match self {
            Merging::Whole => Vec::new(),
            Merging::ByPlace(last) => last.take().into_iter().collect(),
            Merging::ByValues(values) => match values.last.take() {
                Some(last) => vec![last.whole()?],
                None => Vec::new(),
            },
        })
    }
}

/// Rows by what they hold.
pub struct ByValues {
    columns: usize,
    converter: RowConverter,
    last: Option<Alike>,
}

/// Rows that are alike: one of them, and how many of them each reason has found.
struct Alike {
    key: Box<[u8]>,
    row: RecordBatch,
    found: BTreeMap<u16, usize>,
}

/// As many rows as the reason that found most has found: each reason is one of so many of them as it found.
fn reasons_of(found: &BTreeMap<u16, usize>) -> Vec<BTreeSet<u16>> {
    let rows = found.values().copied().max().unwrap_or(0);
    (0..rows).map(|row| found.iter().filter(|(_, n)| **n > row).map(|(code, _)| *code).collect()).collect()
}

impl Alike {
    fn whole(self) -> Result<RecordBatch, Stopped> {
        let codes = reasons_of(&self.found);
        whole(&[self.row], &vec![(0, 0); codes.len()], codes)
    }
}

impl ByValues {
    /// For rows whose first columns are data.
    ///
    /// # Errors
    /// A type has no order.
    pub fn new(schema: &SchemaRef, columns: usize) -> Result<Self, Stopped> {
        let fields = schema.fields().iter().take(columns).map(|f| SortField::new(f.data_type().clone()));
        let converter = RowConverter::new(fields.collect()).map_err(|e| errors::internal(&e))?;
        Ok(Self { columns, converter, last: None })
    }

    fn take(&mut self, batch: RecordBatch) -> Result<Vec<RecordBatch>, Stopped> {
        let data = batch.columns().get(..self.columns).unwrap_or_default();
        let keys = self.converter.convert_columns(data).map_err(|e| errors::internal(&e))?;
        let mut out = Vec::new();
        let (mut first, mut codes): (Vec<(usize, usize)>, Vec<BTreeSet<u16>>) = (Vec::new(), Vec::new());
        let mut open: Option<(usize, BTreeMap<u16, usize>)> = None;
        {
            let reasons = Codes::of(&batch).ok_or_else(|| errors::internal(&"failing rows without reasons"))?;
            for row in 0..batch.num_rows() {
                let key = keys.row(row);
                if let Some(last) = &mut self.last
                    && open.is_none()
                    && *last.key == *key.as_ref()
                {
                    reasons.of_row(row).iter().for_each(|code| *last.found.entry(*code).or_default() += 1);
                    continue;
                }
                out.extend(self.last.take().map(Alike::whole).transpose()?);
                let before = open.take_if(|(of, _)| keys.row(*of) != key);
                if let Some((of, found)) = before {
                    let sets = reasons_of(&found);
                    first.extend(std::iter::repeat_n((0, of), sets.len()));
                    codes.extend(sets);
                }
                let (_, found) = open.get_or_insert_with(|| (row, BTreeMap::new()));
                reasons.of_row(row).iter().for_each(|code| *found.entry(*code).or_default() += 1);
            }
        }
        if let Some((of, found)) = open {
            self.last = Some(Alike { key: Box::from(keys.row(of).as_ref()), row: batch.slice(of, 1), found });
        }
        out.push(whole(&[batch], &first, codes)?);
        Ok(out)
    }
}

/// Rows of the same place as one with all its reasons.
fn merged(batch: RecordBatch, last: &mut Option<RecordBatch>) -> Result<Vec<RecordBatch>, Stopped> {
    let all: Vec<RecordBatch> = last.take().into_iter().chain([batch]).collect();
    let sides: Vec<Side<'_>> = all.iter().filter_map(Side::of).collect();
    let mut first: Vec<(usize, usize)> = Vec::new();
    let mut codes: Vec<BTreeSet<u16>> = Vec::new();
    let mut known = None;
    for (b, side) in sides.iter().enumerate() {
        for i in 0..side.rows.len() {
            let place = side.place(i);
            if known != Some(place) {
                first.push((b, i));
                codes.push(BTreeSet::new());
                known = Some(place);
            }
            if let Some(set) = codes.last_mut() {
                set.extend(side.reasons(i));
            }
        }
    }
    let mut rows: Vec<RecordBatch> = match first.len() == all.iter().map(RecordBatch::num_rows).sum::<usize>() {
        true => all,
        false => vec![whole(&all, &first, codes)?],
    };
    if let Some(end) = rows.pop() {
        let split = end.num_rows().saturating_sub(1);
        *last = Some(end.slice(split, 1));
        rows.extend((split > 0).then(|| end.slice(0, split)));
    }
    Ok(rows)
}

/// The first rows of each place, with these reasons.
fn whole(all: &[RecordBatch], first: &[(usize, usize)], codes: Vec<BTreeSet<u16>>) -> Result<RecordBatch, Stopped> {
    let internal = |e: ArrowError| errors::internal(&e);
    let parts: Vec<&RecordBatch> = all.iter().collect();
    let rows = interleave_record_batch(&parts, first).map_err(internal)?;
    let mut reasons = ListBuilder::new(datafusion::arrow::array::UInt16Builder::new())
        .with_field(Field::new_list_field(DataType::UInt16, false));
    for set in codes {
        reasons.values().append_slice(&set.into_iter().collect::<Vec<_>>());
        reasons.append(true);
    }
    let mut columns = rows.columns().to_vec();
    columns.pop();
    columns.push(Arc::new(reasons.finish()));
    Ok(RecordBatch::try_new(rows.schema(), columns).map_err(internal)?)
}

/// What is looked at row by row of kept rows.
struct Side<'b> {
    files: &'b [u32],
    rows: &'b [u64],
    codes: Codes<'b>,
}

impl<'b> Side<'b> {
    fn of(batch: &'b RecordBatch) -> Option<Self> {
        Some(Self {
            files: batch.column_by_name(meta::FILE)?.as_primitive_opt::<UInt32Type>()?.values(),
            rows: batch.column_by_name(meta::ROW)?.as_primitive_opt::<UInt64Type>()?.values(),
            codes: Codes::of(batch)?,
        })
    }

    fn place(&self, row: usize) -> (Option<&u32>, Option<&u64>) {
        (self.files.get(row), self.rows.get(row))
    }

    fn reasons(&self, row: usize) -> impl Iterator<Item = u16> + 'b {
        self.codes.of_row(row).iter().copied()
    }
}

/// The reasons of kept rows, by their codes.
pub struct Codes<'b> {
    ends: &'b [i32],
    codes: &'b [u16],
}

impl<'b> Codes<'b> {
    /// Of a batch.
    pub fn of(batch: &'b RecordBatch) -> Option<Self> {
        let list = batch.column_by_name(REASONS)?.as_list_opt::<i32>()?;
        Some(Self { ends: list.value_offsets(), codes: list.values().as_primitive_opt::<UInt16Type>()?.values() })
    }

    /// Of a row.
    pub fn of_row(&self, row: usize) -> &'b [u16] {
        let end = |i: usize| self.ends.get(i).and_then(|end| usize::try_from(*end).ok()).unwrap_or(0);
        self.codes.get(end(row)..end(row + 1)).unwrap_or_default()
    }
}
