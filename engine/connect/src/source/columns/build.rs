//! Columns from the cells of a chunk. Text is not copied: views point into the chunk.

use std::sync::Arc;

use arrow::array::builder::{BooleanBufferBuilder, BooleanBuilder, make_view};
use arrow::array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, Time64MicrosecondType, TimestampMicrosecondType,
};
use arrow::array::{Array, ArrayRef, PrimitiveArray, StringViewArray};
use arrow::buffer::{Buffer, NullBuffer, ScalarBuffer};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, TimeUnit};
use arrow::error::ArrowError;
use pipe_schema::Type;

use super::nested;
use super::value;
use crate::source::FieldSpec;
use crate::source::cells::{Cell, CellKind, Cells, RowSpan};

/// A chunk's cells with the text they point into.
pub(crate) struct Texts {
    pub cells: Cells,
    text: Buffer,
    scratch: Buffer,
    /// Whether bare and quoted cells are of different types.
    json: bool,
}

/// What a JSON value must be to convert to a type. In CSV everything is text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Bare,
    Strings,
    Both,
}

impl Texts {
    /// Takes over a chunk's text and what it was split into.
    pub(crate) fn new(text: Vec<u8>, mut cells: Cells, json: bool) -> Self {
        let scratch = Buffer::from_vec(std::mem::take(&mut cells.scratch));
        Texts { cells, text: Buffer::from_vec(text), scratch, json }
    }

    /// One column of texts that are already in memory.
    pub(crate) fn from_strings(strings: &StringViewArray) -> Self {
        let mut text: Vec<u8> = Vec::new();
        let mut cells = Cells { width: 1, ..Cells::default() };
        for string in strings {
            let start = text.len();
            text.extend_from_slice(string.unwrap_or_default().as_bytes());
            cells.cells.push(match string {
                Some(_) => Cell::new(CellKind::Plain, start, text.len()),
                None => Cell::NULL,
            });
            cells.rows.push(RowSpan { start: start as u32, end: text.len() as u32, line: 0 });
        }
        Texts::new(text, cells, false)
    }

    /// Rows.
    pub(crate) fn len(&self) -> usize {
        self.cells.rows.len()
    }

    /// The text of a row's record.
    pub(crate) fn record(&self, row: usize) -> &[u8] {
        let span = self.cells.rows.get(row);
        span.and_then(|r| self.text.get(r.start as usize..r.end as usize)).unwrap_or_default()
    }

    #[inline]
    fn bytes(&self, cell: Cell) -> &[u8] {
        let buffer = if cell.kind() == CellKind::Unescaped { &self.scratch } else { &self.text };
        buffer.get(cell.start()..cell.start() + cell.len()).unwrap_or_default()
    }

    /// The text of a cell that must convert to a type; `None`: NULL, or of another JSON type.
    #[inline]
    fn taken(&self, cell: Cell, takes: Takes) -> Option<&[u8]> {
        let fits = match cell.kind() {
            CellKind::Null => return None,
            CellKind::Plain => takes != Takes::Strings,
            CellKind::Quoted | CellKind::Unescaped => takes != Takes::Bare,
            CellKind::Nested => false,
        };
        (fits || !self.json).then(|| value::trimmed(self.bytes(cell)))
    }

    /// What a cell of column `index` is as JSON text or, in CSV, as it stands there.
    pub(crate) fn json_texts(&self, index: usize) -> impl Iterator<Item = Option<Vec<u8>>> + '_ {
        self.cells.column(index).map(|cell| {
            let bytes = self.bytes(cell);
            match cell.kind() {
                CellKind::Null => None,
                CellKind::Quoted | CellKind::Unescaped if self.json => Some(quoted(bytes)),
                _ => Some(bytes.to_vec()),
            }
        })
    }

    fn primitive<T: ArrowPrimitiveType>(
        &self,
        index: usize,
        takes: Takes,
        parse: impl Fn(&[u8]) -> Option<T::Native>,
    ) -> Result<PrimitiveArray<T>, ArrowError> {
        let rows = self.len();
        let mut values: Vec<T::Native> = Vec::with_capacity(rows);
        let mut nulls = arrow::array::builder::NullBufferBuilder::new(rows);
        for cell in self.cells.column(index) {
            match self.taken(cell, takes).and_then(&parse) {
                Some(value) => {
                    values.push(value);
                    nulls.append_non_null();
                }
                None => {
                    values.push(T::Native::default());
                    nulls.append_null();
                }
            }
        }
        PrimitiveArray::try_new(ScalarBuffer::from(values), nulls.finish())
    }

    fn booleans(&self, index: usize) -> ArrayRef {
        let mut builder = BooleanBuilder::with_capacity(self.len());
        for cell in self.cells.column(index) {
            let text = self.taken(cell, Takes::Bare);
            builder.append_option(match text {
                Some(text) if self.json => match text {
                    b"true" => Some(true),
                    b"false" => Some(false),
                    _ => None,
                },
                text => text.and_then(value::boolean),
            });
        }
        Arc::new(builder.finish())
    }

    /// The texts of a column. JSON strings keep their quotes if `mark_strings` says so.
    fn views(&self, index: usize, mark_strings: bool) -> Result<StringViewArray, ArrowError> {
        let rows = self.len();
        let mut views: Vec<u128> = Vec::with_capacity(rows);
        let mut nulls = arrow::array::builder::NullBufferBuilder::new(rows);
        let mut marked: Vec<u8> = Vec::new();
        let mark = mark_strings && self.json;
        for cell in self.cells.column(index) {
            if cell.is_null() {
                views.push(0);
                nulls.append_null();
                continue;
            }
            nulls.append_non_null();
            views.push(self.cell_view(cell, mark, &mut marked));
        }
        self.viewed(views, nulls.finish(), marked)
    }

    /// The texts of a column where `typed` has no value though there is text; `None`: there is no such cell.
    fn unconverted(
        &self,
        index: usize,
        typed: &dyn Array,
        mark_strings: bool,
    ) -> Result<Option<StringViewArray>, ArrowError> {
        let Some(missing) = typed.logical_nulls().filter(|n| n.null_count() > 0) else { return Ok(None) };
        let missing = !missing.inner();
        let mark = mark_strings && self.json;
        let (mut views, mut texts, mut marked) = (Vec::new(), BooleanBufferBuilder::new(0), Vec::new());
        for row in missing.set_indices() {
            let Some(cell) = self.cells.cell(row, index).filter(|c| !c.is_null() && c.len() > 0) else { continue };
            if views.is_empty() {
                views.resize(self.len(), 0);
                texts.append_n(self.len(), false);
            }
            if let Some(slot) = views.get_mut(row) {
                *slot = self.cell_view(cell, mark, &mut marked);
                texts.set_bit(row, true);
            }
        }
        if views.is_empty() {
            return Ok(None);
        }
        self.viewed(views, Some(NullBuffer::new(texts.finish())), marked).map(Some)
    }

    #[inline]
    fn cell_view(&self, cell: Cell, mark: bool, marked: &mut Vec<u8>) -> u128 {
        match cell.kind() {
            CellKind::Quoted if mark => view(&self.text, cell.start() - 1, cell.len() + 2, 0),
            CellKind::Unescaped if mark => {
                let start = marked.len();
                marked.extend_from_slice(&quoted(self.bytes(cell)));
                view(marked, start, marked.len() - start, 2)
            }
            CellKind::Unescaped => view(&self.scratch, cell.start(), cell.len(), 1),
            _ => view(&self.text, cell.start(), cell.len(), 0),
        }
    }

    fn viewed(
        &self,
        views: Vec<u128>,
        nulls: Option<NullBuffer>,
        marked: Vec<u8>,
    ) -> Result<StringViewArray, ArrowError> {
        let mut buffers = vec![self.text.clone()];
        if !self.scratch.is_empty() || !marked.is_empty() {
            buffers.push(self.scratch.clone());
        }
        if !marked.is_empty() {
            buffers.push(Buffer::from_vec(marked));
        }
        StringViewArray::try_new(ScalarBuffer::from(views), buffers, nulls)
    }
}

/// A JSON string with its quotes.
fn quoted(content: &[u8]) -> Vec<u8> {
    serde_json::to_vec(&String::from_utf8_lossy(content)).unwrap_or_default()
}

/// A string view of `len` bytes at `start` of the buffer with this number.
#[inline]
fn view(buffer: &[u8], start: usize, len: usize, number: u32) -> u128 {
    // Short texts stand in the view itself: one load and a mask, where sixteen bytes may be read.
    if len <= 12
        && let Some(word) = buffer.get(start..).and_then(<[u8]>::first_chunk::<16>)
    {
        let mask = (1u128 << (8 * len)) - 1;
        return ((u128::from_le_bytes(*word) & mask) << 32) | len as u128;
    }
    make_view(buffer.get(start..start + len).unwrap_or_default(), number, start as u32)
}

/// The typed column `field` from the cells of column `index`.
pub(crate) fn column(texts: &Texts, index: usize, field: &FieldSpec) -> Result<ArrayRef, ArrowError> {
    let array: ArrayRef = match &field.data_type {
        DataType::Boolean => texts.booleans(index),
        DataType::Int8 => Arc::new(texts.primitive::<Int8Type>(index, Takes::Bare, value::integer)?),
        DataType::Int16 => Arc::new(texts.primitive::<Int16Type>(index, Takes::Bare, value::integer)?),
        DataType::Int32 => Arc::new(texts.primitive::<Int32Type>(index, Takes::Bare, value::integer)?),
        DataType::Int64 => Arc::new(texts.primitive::<Int64Type>(index, Takes::Bare, value::integer)?),
        DataType::Float32 => Arc::new(texts.primitive::<Float32Type>(index, Takes::Bare, value::single)?),
        DataType::Float64 => Arc::new(texts.primitive::<Float64Type>(index, Takes::Bare, value::double)?),
        DataType::Decimal128(p, s) => Arc::new(
            texts
                .primitive::<Decimal128Type>(index, Takes::Both, |text| value::decimal(text, *p, *s))?
                .with_precision_and_scale(*p, *s)?,
        ),
        DataType::Decimal256(p, s) => Arc::new(
            texts
                .primitive::<Decimal256Type>(index, Takes::Both, |text| value::decimal_wide(text, *p, *s))?
                .with_precision_and_scale(*p, *s)?,
        ),
        DataType::Date32 => Arc::new(texts.primitive::<Date32Type>(index, Takes::Strings, value::date)?),
        DataType::Time64(TimeUnit::Microsecond) => {
            Arc::new(texts.primitive::<Time64MicrosecondType>(index, Takes::Strings, value::time)?)
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => Arc::new(
            texts
                .primitive::<TimestampMicrosecondType>(index, Takes::Strings, value::timestamp)?
                .with_timezone_opt(zone.clone()),
        ),
        nested if nested.is_nested() => nested::column(texts, index, nested)?,
        _ => Arc::new(texts.views(index, field.ty == Type::Json)?),
    };
    if array.data_type() == &field.data_type {
        return Ok(array);
    }
    cast_with_options(&array, &field.data_type, &CastOptions { safe: true, ..CastOptions::default() })
}

/// The texts of column `index` that did not convert to `typed`, which [`column`] made of it; `None`: all did.
pub(crate) fn raw_column(
    texts: &Texts,
    index: usize,
    field: &FieldSpec,
    typed: &dyn Array,
) -> Result<Option<ArrayRef>, ArrowError> {
    // Where a string is itself the wrong type, its quotes show that it was one.
    let mark = !matches!(
        field.data_type,
        DataType::Date32
            | DataType::Time64(_)
            | DataType::Timestamp(..)
            | DataType::Decimal128(..)
            | DataType::Decimal256(..)
    );
    Ok(texts.unconverted(index, typed, mark)?.map(|texts| Arc::new(texts) as ArrayRef))
}
