//! Where each cell of a chunk is: what the splitters of text formats make, and what columns are built from.

/// A cell's place in its chunk, packed: nothing is copied but what had to be unescaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    start: u32,
    /// Length in the lower 29 bits, [`CellKind`] above.
    len: u32,
}

/// What a cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellKind {
    /// Bare: unquoted in CSV; a number, `true` or `false` in JSON.
    Plain,
    /// Quoted in CSV, a string in JSON; the bytes between the quotes.
    Quoted,
    /// The same, unescaped into the chunk's scratch.
    Unescaped,
    /// No value.
    Null,
    /// An array or object in JSON.
    Nested,
}

const LEN_BITS: u32 = 29;
const LEN_MASK: u32 = (1 << LEN_BITS) - 1;

impl Cell {
    pub(crate) const NULL: Cell = Cell { start: 0, len: 3 << LEN_BITS };
    /// An empty bare text.
    pub(crate) const EMPTY: Cell = Cell { start: 0, len: 0 };

    /// A cell at `start..end`. Offsets are below 2^29: chunks are that short.
    #[inline]
    pub(crate) fn new(kind: CellKind, start: usize, end: usize) -> Cell {
        let tag = match kind {
            CellKind::Plain => 0,
            CellKind::Quoted => 1,
            CellKind::Unescaped => 2,
            CellKind::Null => 3,
            CellKind::Nested => 4,
        };
        Cell { start: start as u32, len: (end.saturating_sub(start) as u32 & LEN_MASK) | (tag << LEN_BITS) }
    }

    #[inline]
    pub(crate) fn kind(self) -> CellKind {
        match self.len >> LEN_BITS {
            0 => CellKind::Plain,
            1 => CellKind::Quoted,
            2 => CellKind::Unescaped,
            4 => CellKind::Nested,
            _ => CellKind::Null,
        }
    }

    #[inline]
    pub(crate) fn start(self) -> usize {
        self.start as usize
    }

    #[inline]
    pub(crate) fn len(self) -> usize {
        (self.len & LEN_MASK) as usize
    }

    #[inline]
    pub(crate) fn is_null(self) -> bool {
        self.len >> LEN_BITS == 3
    }
}

/// A row's record in the chunk's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowSpan {
    pub start: u32,
    /// Exclusive; the line end is not part of it.
    pub end: u32,
    /// Line ends before its start, within the chunk.
    pub line: u32,
}

/// A chunk split into cells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cells {
    /// Cells a row.
    pub width: usize,
    /// Row by row.
    pub cells: Vec<Cell>,
    /// One for each row.
    pub rows: Vec<RowSpan>,
    /// Broken rows in order, all their cells NULL.
    pub bad: Vec<(usize, String)>,
    /// Unescaped text.
    pub scratch: Vec<u8>,
}

impl Cells {
    /// The cells of a column, from the first row to the last.
    #[inline]
    pub(crate) fn column(&self, index: usize) -> impl Iterator<Item = Cell> + '_ {
        self.cells.get(index..).unwrap_or_default().iter().step_by(self.width.max(1)).copied()
    }

    /// A cell of a row.
    #[inline]
    pub(crate) fn cell(&self, row: usize, column: usize) -> Option<Cell> {
        self.cells.get(row * self.width + column).copied()
    }

    /// Makes a row broken: its cells become NULL. Rows are to be marked in order; a row that is already broken keeps its first reason.
    pub(crate) fn mark_bad(&mut self, row: usize, reason: impl Into<String>) {
        if let Some(cells) = self.cells.get_mut(row * self.width..(row + 1) * self.width) {
            cells.fill(Cell::NULL);
        }
        match self.bad.binary_search_by_key(&row, |(r, _)| *r) {
            Ok(_) => {}
            Err(at) => self.bad.insert(at, (row, reason.into())),
        }
    }
}
