//! The columns of a batch in the few shapes that statistics know, with a hash of every value.

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewArray, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringViewArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use xxhash_rust::xxh3::xxh3_64;

/// What a value is, as far as statistics care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// True or false.
    Boolean,
    /// A whole number.
    Integer,
    /// A number with a fixed number of digits behind the point.
    Decimal,
    /// A floating-point number.
    Float,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// A date, a time or both: a whole number of its unit.
    Temporal,
    /// A list, a struct or what has no other kind; compared by its text.
    Nested,
}

impl Kind {
    /// The kind of an Arrow type.
    pub fn of(ty: &DataType) -> Kind {
        match ty {
            DataType::Boolean => Kind::Boolean,
            ty if ty.is_integer() => match ty {
                DataType::UInt64 => Kind::Decimal,
                _ => Kind::Integer,
            },
            ty if ty.is_floating() => Kind::Float,
            DataType::Decimal256(..) => Kind::Float,
            DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) => Kind::Decimal,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => Kind::Text,
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
                Kind::Bytes
            }
            DataType::Date32
            | DataType::Date64
            | DataType::Time32(_)
            | DataType::Time64(_)
            | DataType::Timestamp(..)
            | DataType::Duration(_) => Kind::Temporal,
            DataType::Dictionary(_, value) => Kind::of(value),
            DataType::RunEndEncoded(_, value) => Kind::of(value.data_type()),
            _ => Kind::Nested,
        }
    }

    /// Whether values lie on a line, so that quantiles and histograms mean something.
    pub fn is_ordered_number(self) -> bool {
        matches!(self, Kind::Integer | Kind::Decimal | Kind::Float | Kind::Temporal)
    }

    /// Whether a mean means something.
    pub fn is_number(self) -> bool {
        matches!(self, Kind::Integer | Kind::Decimal | Kind::Float)
    }
}

/// The values of a column in the shape of its kind.
#[derive(Clone, Debug)]
pub enum Cells {
    /// Whole numbers: of booleans 0 and 1, of dates and times the units of their type.
    Integers(Int64Array),
    /// Numbers with this many digits behind the point.
    Decimals(Decimal128Array, i8),
    /// Floating-point numbers.
    Floats(Float64Array),
    /// Texts; of nested values how they print.
    Texts(StringViewArray),
    /// Bytes.
    Bytes(BinaryViewArray),
}

/// The hash of NULL; no value has it.
pub const NULL_HASH: u64 = 0;

/// A column of a batch, ready for [`ColumnMetrics`](crate::metrics::ColumnMetrics).
#[derive(Clone, Debug)]
pub struct Prepared {
    /// As it came.
    pub array: ArrayRef,
    /// In the shape of its kind.
    pub cells: Cells,
    /// A hash a row; [`NULL_HASH`] for NULL. Equal values of one kind have equal hashes, in every process.
    pub hashes: Vec<u64>,
}

impl Prepared {
    /// Prepares one column.
    ///
    /// # Errors
    /// A type that Arrow can neither convert nor print.
    pub fn new(array: &ArrayRef) -> Result<Prepared, ArrowError> {
        let cells = Cells::of(array)?;
        let hashes = cells.hashes();
        Ok(Prepared { array: ArrayRef::clone(array), cells, hashes })
    }

    /// Prepares all columns of a batch, and gives a hash of each whole row.
    ///
    /// # Errors
    /// As [`Prepared::new`].
    pub fn batch(batch: &RecordBatch) -> Result<(Vec<Prepared>, Vec<u64>), ArrowError> {
        let columns = batch.columns().iter().map(Prepared::new).collect::<Result<Vec<_>, _>>()?;
        let mut rows = vec![0x9e37_79b9_7f4a_7c15_u64; batch.num_rows()];
        for column in &columns {
            for (row, hash) in rows.iter_mut().zip(&column.hashes) {
                *row = (row.rotate_left(5) ^ hash).wrapping_mul(0x517c_c1b7_2722_0a95);
            }
        }
        rows.iter_mut().for_each(|row| *row = mixed(*row));
        Ok((columns, rows))
    }

    /// How values print: dates and times as ISO 8601, nested values as Arrow shows them.
    ///
    /// # Errors
    /// A type that Arrow cannot print.
    pub fn printer(&self) -> Result<ArrayFormatter<'_>, ArrowError> {
        ArrayFormatter::try_new(self.array.as_ref(), &FormatOptions::new().with_null(""))
    }
}

/// How a value prints. A date that no calendar has is told as what is stored.
pub fn printed(printer: &ArrayFormatter<'_>, cells: &Cells, row: usize) -> String {
    let stored = || cells.number(row).map_or_else(String::new, |n| n.to_string());
    printer.value(row).try_to_string().unwrap_or_else(|_| stored())
}

/// The most bytes of a text that are kept as an example.
pub const KEPT: usize = 256;

/// The longest start of `text` with at most [`KEPT`] bytes.
pub fn kept(text: &str) -> &str {
    let mut end = text.len().min(KEPT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

impl Cells {
    fn of(array: &ArrayRef) -> Result<Cells, ArrowError> {
        let ty = array.data_type();
        let to = |ty: &DataType| cast(array, ty);
        Ok(match Kind::of(ty) {
            Kind::Boolean | Kind::Integer => Cells::Integers(to(&DataType::Int64)?.as_primitive::<Int64Type>().clone()),
            Kind::Temporal => {
                let narrow = matches!(ty, DataType::Date32 | DataType::Time32(_));
                let array = if narrow { cast(array, &DataType::Int32)? } else { ArrayRef::clone(array) };
                Cells::Integers(cast(&array, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
            }
            Kind::Decimal => {
                let wide = match ty {
                    DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => {
                        DataType::Decimal128(38, *scale)
                    }
                    _ => DataType::Decimal128(20, 0),
                };
                let wide = if matches!(ty, DataType::Decimal128(..)) { ArrayRef::clone(array) } else { to(&wide)? };
                let wide = wide.as_primitive::<Decimal128Type>().clone();
                let scale = wide.scale();
                Cells::Decimals(wide, scale)
            }
            Kind::Float => Cells::Floats(to(&DataType::Float64)?.as_primitive::<Float64Type>().clone()),
            Kind::Text => Cells::Texts(to(&DataType::Utf8View)?.as_string_view().clone()),
            Kind::Bytes => Cells::Bytes(to(&DataType::BinaryView)?.as_binary_view().clone()),
            Kind::Nested => {
                let printer = ArrayFormatter::try_new(array.as_ref(), &FormatOptions::new().with_null("null"))?;
                let texts = (0..array.len()).map(|i| array.is_valid(i).then(|| printer.value(i).to_string()));
                Cells::Texts(texts.collect())
            }
        })
    }

    fn hashes(&self) -> Vec<u64> {
        fn each<T>(values: impl Iterator<Item = Option<T>>, hash: impl Fn(T) -> u64) -> Vec<u64> {
            values.map(|v| v.map_or(NULL_HASH, |v| hash(v).max(1))).collect()
        }
        match self {
            Cells::Integers(array) => each(array.iter(), |v| mixed(v.cast_unsigned())),
            Cells::Decimals(array, _) => each(array.iter(), |v| {
                let high = u64::try_from((v.cast_unsigned() >> 64) & u128::from(u64::MAX)).unwrap_or_default();
                let low = u64::try_from(v.cast_unsigned() & u128::from(u64::MAX)).unwrap_or_default();
                mixed(low ^ mixed(high).rotate_left(17))
            }),
            // Both zeros are one value, and so is every NaN.
            Cells::Floats(array) => each(array.iter(), |v| {
                let one = if v == 0.0 {
                    0.0
                } else if v.is_nan() {
                    f64::NAN
                } else {
                    v
                };
                mixed(one.to_bits())
            }),
            Cells::Texts(array) => each(array.iter(), |v| xxh3_64(v.as_bytes())),
            Cells::Bytes(array) => each(array.iter(), xxh3_64),
        }
    }

    /// The values as floating-point numbers, in the units of the type, NULLs left out. Of texts their lengths in characters, of bytes in bytes.
    pub fn numbers(&self, into: &mut Vec<f64>) {
        into.clear();
        match self {
            Cells::Integers(array) => into.extend(array.iter().flatten().map(|v| v as f64)),
            Cells::Decimals(array, scale) => {
                let unit = 10_f64.powi(-i32::from(*scale));
                let exact = 10_f64.powi(i32::from(*scale));
                let number = |v: i128| if *scale > 0 { v as f64 / exact } else { v as f64 * unit };
                into.extend(array.iter().flatten().map(number));
            }
            Cells::Floats(array) => into.extend(array.iter().flatten()),
            Cells::Texts(array) => into.extend(array.iter().flatten().map(|v| v.chars().count() as f64)),
            Cells::Bytes(array) => into.extend(array.iter().flatten().map(|v| v.len() as f64)),
        }
    }

    /// One value as a number; `None` for NULL, texts and bytes.
    pub fn number(&self, row: usize) -> Option<f64> {
        match self {
            Cells::Integers(array) => array.is_valid(row).then(|| array.value(row) as f64),
            Cells::Decimals(array, scale) => {
                array.is_valid(row).then(|| array.value(row) as f64 / 10_f64.powi(i32::from(*scale)))
            }
            Cells::Floats(array) => array.is_valid(row).then(|| array.value(row)),
            Cells::Texts(_) | Cells::Bytes(_) => None,
        }
    }
}

/// Spreads 64 bits over all of them: the finaliser of SplitMix64 (Steele, Lea and Flood, 2014; Stafford's variant 13).
pub fn mixed(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
