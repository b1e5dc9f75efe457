//! A sample of the rows, chosen by what they hold.

use arrow::array::Array;

use crate::bottom::BottomK;
use crate::cells::{Cells, Kind, Prepared, kept, mixed};

/// A row of the sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampledRow {
    /// How many rows of the table are equal to it.
    pub count: u64,
    /// The hash of each value, [`NULL_HASH`](crate::cells::NULL_HASH) for NULL.
    pub hashes: Box<[u64]>,
    /// The first 256 bytes of each text; `None` for NULL and for columns that hold no text.
    pub texts: Box<[Option<Box<str>>]>,
}

/// A uniform sample of a table's distinct rows, with how often each occurs: those whose hashes are smallest. It is the same
/// whoever has seen which row, and has every row of a small table.
#[derive(Clone, Debug)]
pub struct Sample {
    rows: BottomK<SampledRow>,
}

/// Cells of a sample at most: it takes fewer rows of very wide tables.
const CELLS: usize = 4_000_000;

impl Sample {
    /// A sample of at most `rows` rows of a table with so many columns.
    pub fn new(rows: usize, columns: usize) -> Self {
        Self { rows: BottomK::new(rows.min(CELLS / columns.max(1)).max(1)) }
    }

    /// Takes a batch in.
    pub fn update(&mut self, columns: &[Prepared], kinds: &[Kind], rows: &[u64]) {
        for (row, hash) in rows.iter().enumerate() {
            let priority = mixed(*hash);
            if !self.rows.takes(priority) {
                continue;
            }
            let sampled = || SampledRow {
                count: 1,
                hashes: columns.iter().map(|c| c.hashes.get(row).copied().unwrap_or_default()).collect(),
                texts: columns.iter().zip(kinds).map(|(column, kind)| text(column, *kind, row)).collect(),
            };
            self.rows.insert(priority, sampled, |again| again.count += 1);
        }
    }

    /// Takes the sample of other rows in.
    pub fn merge(&mut self, other: Sample) {
        self.rows.merge(other.rows, |kept, again| kept.count += again.count);
    }

    /// The rows, in an order that only depends on what they hold.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &SampledRow> {
        self.rows.iter().map(|(_, row)| row)
    }

    /// How many distinct rows it has.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether it has every row of the table.
    pub fn is_whole(&self) -> bool {
        self.rows.is_whole()
    }
}

fn text(column: &Prepared, kind: Kind, row: usize) -> Option<Box<str>> {
    match &column.cells {
        Cells::Texts(texts) if kind == Kind::Text => texts.is_valid(row).then(|| kept(texts.value(row)).into()),
        _ => None,
    }
}
