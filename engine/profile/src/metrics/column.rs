//! The metrics of one column.

use std::cmp::Ordering;

use arrow::array::Array;
use arrow::compute::kernels::aggregate;

use super::bytes::{MetricsError, Reader, Writer};
use super::frequencies::{Entry, Frequencies};
use super::moments::Moments;
use super::quantiles::Quantiles;
use crate::cells::{Cells, Kind, NULL_HASH, Prepared, kept, printed};

/// The format of [`ColumnMetrics::to_bytes`].
const VERSION: u8 = 1;

/// The smallest or the largest value of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    /// A whole number, a date or time in the units of its type, or a decimal without its point.
    Integer(i128),
    /// A floating-point number; never NaN.
    Float(f64),
    /// The first 256 bytes of a text, in the order of code points.
    Text(String),
}

impl Bound {
    fn compare(&self, other: &Bound) -> Option<Ordering> {
        match (self, other) {
            (Bound::Integer(a), Bound::Integer(b)) => Some(a.cmp(b)),
            (Bound::Float(a), Bound::Float(b)) => a.partial_cmp(b),
            (Bound::Text(a), Bound::Text(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}

/// What has been seen of a column: mergeable, of bounded size (below 1 MB).
#[derive(Clone, Debug)]
pub struct ColumnMetrics {
    kind: Kind,
    /// Rows.
    pub rows: u64,
    /// Rows with NULL.
    pub nulls: u64,
    /// Texts of nothing but white space.
    pub blanks: u64,
    /// Numbers that are NaN or infinite; they count for nothing but `rows` and distinct values.
    pub not_finite: u64,
    /// The smallest value. Of bytes and nested values there is none.
    pub min: Option<Bound>,
    /// The largest value.
    pub max: Option<Bound>,
    /// Of the numbers; of texts and bytes, of their lengths (characters, bytes).
    pub moments: Moments,
    /// Of the numbers or the lengths.
    pub quantiles: Quantiles,
    /// Distinct and frequent values, and what texts look like.
    pub frequencies: Frequencies,
}

impl ColumnMetrics {
    /// The metrics of a column of no rows.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            rows: 0,
            nulls: 0,
            blanks: 0,
            not_finite: 0,
            min: None,
            max: None,
            moments: Moments::default(),
            quantiles: Quantiles::default(),
            frequencies: Frequencies::new(kind == Kind::Text),
        }
    }

    /// The kind of the column.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Rows with a value.
    pub fn values(&self) -> u64 {
        self.rows - self.nulls
    }

    /// Takes a batch of the column in.
    ///
    /// # Errors
    /// A value that Arrow cannot print.
    pub fn update(&mut self, column: &Prepared) -> Result<(), MetricsError> {
        self.rows += column.array.len() as u64;
        self.nulls += column.hashes.iter().filter(|hash| **hash == NULL_HASH).count() as u64;
        let mut numbers = Vec::with_capacity(column.array.len());
        column.cells.numbers(&mut numbers);
        let given = numbers.len();
        if matches!(column.cells, Cells::Floats(_)) {
            numbers.retain(|n| n.is_finite());
        }
        self.not_finite += (given - numbers.len()) as u64;
        self.moments.update(&numbers);
        self.quantiles.update(&numbers);
        let (min, max) = bounds(self.kind, &column.cells);
        self.widen(min, max);
        let printer = column.printer()?;
        let entry = |row: usize| {
            let other;
            let text = match (&column.cells, self.kind) {
                (Cells::Texts(texts), Kind::Text) => texts.value(row),
                _ => {
                    other = printed(&printer, &column.cells, row);
                    &other
                }
            };
            // Both zeros are one value, and print as one.
            let number = column.cells.number(row).map(|n| n + 0.0);
            let text = if text == "-0.0" && number == Some(0.0) { "0.0" } else { text };
            Entry { text: kept(text).to_owned(), number, count: 1 }
        };
        let texts = match &column.cells {
            Cells::Texts(texts) if self.kind == Kind::Text => Some(texts),
            _ => None,
        };
        for (row, hash) in column.hashes.iter().enumerate() {
            if *hash == NULL_HASH {
                continue;
            }
            let text = texts.map(|t| t.value(row));
            self.blanks += u64::from(text.is_some_and(|t| t.trim_start().is_empty()));
            self.frequencies.add(*hash, || entry(row), text.map(kept))?;
        }
        Ok(())
    }

    fn widen(&mut self, min: Option<Bound>, max: Option<Bound>) {
        let outside = |old: &Option<Bound>, new: &Bound, order: Ordering| {
            old.as_ref().is_none_or(|old| new.compare(old) == Some(order))
        };
        if let Some(min) = min.filter(|m| outside(&self.min, m, Ordering::Less)) {
            self.min = Some(min);
        }
        if let Some(max) = max.filter(|m| outside(&self.max, m, Ordering::Greater)) {
            self.max = Some(max);
        }
    }

    /// Takes in what was seen of other rows.
    ///
    /// # Errors
    /// The metrics are of a column of another kind.
    pub fn merge(&mut self, other: ColumnMetrics) -> Result<(), MetricsError> {
        if self.kind != other.kind {
            return Err(MetricsError::Kinds(format!("{:?}", self.kind), format!("{:?}", other.kind)));
        }
        self.rows += other.rows;
        self.nulls += other.nulls;
        self.blanks += other.blanks;
        self.not_finite += other.not_finite;
        self.widen(other.min, other.max);
        self.moments.merge(&other.moments);
        self.quantiles.merge(&other.quantiles);
        self.frequencies.merge(other.frequencies)
    }

    /// The buckets of numbers or lengths, smallest first, as `(from, to, count)`: one a value while values are few. Of whole numbers
    /// the ends are whole numbers.
    pub fn buckets(&self) -> Vec<(f64, f64, u64)> {
        let exact = self.frequencies.exact().filter(|_| self.kind.is_ordered_number());
        let Some(exact) = exact else {
            let is_whole = !matches!(self.kind, Kind::Float | Kind::Decimal);
            let ends = |(from, to, count): (f64, f64, u64)| (from.ceil(), to.floor().max(from.ceil()), count);
            return self.quantiles.buckets().map(|b| if is_whole { ends(b) } else { b }).collect();
        };
        let numbers = exact.into_values().filter_map(|e| e.number.filter(|n| n.is_finite()).map(|n| (n, e.count)));
        let mut numbers: Vec<(f64, f64, u64)> = numbers.map(|(n, count)| (n, n, count)).collect();
        numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
        numbers
    }

    /// As bytes, to be stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.byte(VERSION);
        to.byte(self.kind as u8);
        for count in [self.rows, self.nulls, self.blanks, self.not_finite] {
            to.number(count);
        }
        for bound in [&self.min, &self.max] {
            match bound {
                None => to.byte(0),
                Some(Bound::Integer(value)) => {
                    to.byte(1);
                    to.bytes(&value.to_le_bytes());
                }
                Some(Bound::Float(value)) => {
                    to.byte(2);
                    to.float(*value);
                }
                Some(Bound::Text(value)) => {
                    to.byte(3);
                    to.bytes(value.as_bytes());
                }
            }
        }
        self.moments.write(&mut to);
        self.quantiles.write(&mut to);
        self.frequencies.write(&mut to);
        to.0
    }

    /// From the bytes of [`ColumnMetrics::to_bytes`].
    ///
    /// # Errors
    /// The bytes are damaged, or of a newer version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MetricsError> {
        let mut from = Reader(bytes);
        let version = from.byte()?;
        if version > VERSION {
            return Err(MetricsError::Newer(version));
        }
        let kinds = [
            Kind::Boolean,
            Kind::Integer,
            Kind::Decimal,
            Kind::Float,
            Kind::Text,
            Kind::Bytes,
            Kind::Temporal,
            Kind::Nested,
        ];
        let kind = usize::from(from.byte()?);
        let kind = *kinds.get(kind).ok_or(MetricsError::Damaged("a kind that cannot be"))?;
        let [mut rows, mut nulls, mut blanks, mut not_finite] = [0; 4];
        for count in [&mut rows, &mut nulls, &mut blanks, &mut not_finite] {
            *count = from.number()?;
        }
        if nulls > rows {
            return Err(MetricsError::Damaged("more NULLs than rows"));
        }
        let mut bound = || -> Result<Option<Bound>, MetricsError> {
            Ok(match from.byte()? {
                0 => None,
                1 => {
                    let bytes =
                        from.bytes()?.try_into().map_err(|_| MetricsError::Damaged("a bound that cannot be"))?;
                    Some(Bound::Integer(i128::from_le_bytes(bytes)))
                }
                2 => Some(Bound::Float(from.float()?)),
                3 => Some(Bound::Text(from.text()?)),
                _ => return Err(MetricsError::Damaged("a bound that cannot be")),
            })
        };
        let (min, max) = (bound()?, bound()?);
        let moments = Moments::read(&mut from)?;
        let quantiles = Quantiles::read(&mut from)?;
        let frequencies = Frequencies::read(&mut from)?;
        from.end()?;
        Ok(Self { kind, rows, nulls, blanks, not_finite, min, max, moments, quantiles, frequencies })
    }
}

fn bounds(kind: Kind, cells: &Cells) -> (Option<Bound>, Option<Bound>) {
    match cells {
        Cells::Integers(array) => {
            let bound = |value: Option<i64>| value.map(|v| Bound::Integer(v.into()));
            (bound(aggregate::min(array)), bound(aggregate::max(array)))
        }
        Cells::Decimals(array, _) => {
            (aggregate::min(array).map(Bound::Integer), aggregate::max(array).map(Bound::Integer))
        }
        Cells::Floats(array) => {
            // Of the two zeros one.
            let numbers = || array.iter().flatten().filter(|n| !n.is_nan()).map(|n| n + 0.0);
            (numbers().reduce(f64::min).map(Bound::Float), numbers().reduce(f64::max).map(Bound::Float))
        }
        Cells::Texts(texts) if kind == Kind::Text => {
            let bound = |text: Option<&str>| text.map(|t| Bound::Text(kept(t).to_owned()));
            (bound(aggregate::min_string_view(texts)), bound(aggregate::max_string_view(texts)))
        }
        Cells::Texts(_) | Cells::Bytes(_) => (None, None),
    }
}
