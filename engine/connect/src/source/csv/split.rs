//! Splits a chunk into cells.

use memchr::memchr;

use super::quotes::{Quoted, blank, closing, ends_value, skip_blanks, unescape};
use super::search::{each, find_either};
use crate::source::cells::{Cell, CellKind, Cells, RowSpan};
use crate::source::chunk::{Chunk, size_text};
use crate::source::options::Dialect;

/// Splits the records of a chunk, which must have `width` fields each. Every record is a row; a broken one has only NULLs and a reason.
pub(crate) fn split(chunk: &Chunk, dialect: &Dialect, width: usize) -> Cells {
    let rows = usize::try_from(chunk.rows).unwrap_or(0);
    let cells = Cells {
        width,
        cells: Vec::with_capacity(rows.saturating_mul(width).min(chunk.text.len() + width)),
        rows: Vec::with_capacity(rows.min(chunk.text.len() + 1)),
        ..Cells::default()
    };
    let mut splitter = Splitter { text: &chunk.text, dialect, cells, fields: 0, line: 0 };
    if chunk.quotes {
        splitter.quoted(chunk);
    } else {
        splitter.plain();
    }
    splitter.check_lengths();
    splitter.check_bytes();
    if dialect.nulls.len() != 1 || !dialect.nulls.contains([].as_slice()) {
        splitter.mark_nulls();
    }
    splitter.cells
}

/// The number of fields of a chunk that is one record.
pub(crate) fn field_count(chunk: &Chunk, dialect: &Dialect) -> usize {
    let mut splitter = Splitter { text: &chunk.text, dialect, cells: Cells::default(), fields: 0, line: 0 };
    let mut field = 0;
    let mut count = 0;
    loop {
        let (_, end) = splitter.field(&chunk.text, field);
        count += 1;
        if chunk.text.get(end) != Some(&dialect.delimiter) {
            return count;
        }
        field = end + 1;
    }
}

struct Splitter<'a> {
    text: &'a [u8],
    dialect: &'a Dialect,
    cells: Cells,
    /// Fields of the record so far, also those beyond the width.
    fields: usize,
    line: u32,
}

impl Splitter<'_> {
    /// A chunk without quotes: delimiters and line ends are all that counts.
    fn plain(&mut self) {
        let text = self.text;
        let newline = self.dialect.newline;
        let mut record = 0;
        let mut field = 0;
        let mut comment = self.is_comment(0);
        // What the closure below needs of `self` stays in registers this way.
        let width = self.cells.width;
        let trim = self.dialect.trim;
        let mut fields = 0;
        each(text, self.dialect.delimiter, newline, |at, is_newline| {
            if !is_newline {
                if !comment {
                    if fields < width {
                        self.cells.cells.push(plain_cell(text, field, at, trim));
                    }
                    fields += 1;
                    field = at + 1;
                }
                return;
            }
            if !comment {
                self.plain_record(record, field, at, fields);
            }
            fields = 0;
            record = at + 1;
            field = record;
            self.line += 1;
            comment = self.is_comment(record);
        });
        if record < text.len() && !comment {
            self.plain_record(record, field, text.len(), fields);
        }
    }

    /// Ends a record whose last field is `field..end`.
    #[inline]
    fn plain_record(&mut self, record: usize, field: usize, end: usize, fields: usize) {
        if fields == 0 && blank(self.text.get(record..end).unwrap_or_default(), self.dialect.trim) {
            return;
        }
        let carriage_return = end > field && self.dialect.newline == b'\n' && self.text.get(end - 1) == Some(&b'\r');
        let end = end - usize::from(carriage_return);
        if fields < self.cells.width {
            self.cells.cells.push(plain_cell(self.text, field, end, self.dialect.trim));
        }
        self.fields = fields + 1;
        self.end_record(record, end);
    }

    /// A record from `record` to `end` is complete.
    #[inline]
    fn end_record(&mut self, record: usize, end: usize) {
        self.cells.rows.push(RowSpan { start: record as u32, end: end as u32, line: self.line });
        let fields = std::mem::take(&mut self.fields);
        if fields != self.cells.width {
            let which = if fields < self.cells.width { "few" } else { "many" };
            self.broken(format!("too {which} fields: {fields} of {}", self.cells.width));
        }
    }

    /// The row that was just begun is broken.
    #[cold]
    fn broken(&mut self, reason: String) {
        let row = self.cells.rows.len() - 1;
        self.cells.cells.truncate(row * self.cells.width);
        self.cells.cells.resize((row + 1) * self.cells.width, Cell::NULL);
        self.cells.mark_bad(row, reason);
    }

    fn is_comment(&self, at: usize) -> bool {
        self.dialect.comment.is_some() && self.text.get(at) == self.dialect.comment.as_ref()
    }

    /// A chunk with quotes, or with spans that are no records.
    fn quoted(&mut self, chunk: &Chunk) {
        let mut at = 0;
        for broken in &chunk.broken {
            self.records(at, broken.start);
            let end = self.without_line_end(broken.start, broken.end).min(broken.start + self.dialect.max_record);
            self.cells.rows.push(RowSpan { start: broken.start as u32, end: end as u32, line: self.line });
            self.broken(broken.reason.clone());
            self.count_lines(broken.start, broken.end);
            at = broken.end;
        }
        self.records(at, self.text.len());
    }

    fn without_line_end(&self, start: usize, end: usize) -> usize {
        let mut text = self.text.get(start..end).unwrap_or_default();
        text = text.strip_suffix(&[self.dialect.newline]).unwrap_or(text);
        text = text.strip_suffix(b"\r").unwrap_or(text);
        start + text.len()
    }

    fn count_lines(&mut self, start: usize, end: usize) {
        let span = self.text.get(start..end).unwrap_or_default();
        self.line += memchr::memchr_iter(self.dialect.newline, span).count() as u32;
    }

    /// The records of `at..end`, which are whole.
    fn records(&mut self, mut at: usize, end: usize) {
        let text = self.text.get(..end).unwrap_or_default();
        let newline = self.dialect.newline;
        while let Some(&first) = text.get(at) {
            let may_be_blank = first == newline || first.is_ascii_whitespace();
            if !may_be_blank && !self.is_comment(at) {
                at = self.record(text, at);
                continue;
            }
            let rest = text.get(at..).unwrap_or_default();
            let line_end = memchr(newline, rest).map_or(end, |i| at + i);
            let line = text.get(at..line_end).unwrap_or_default();
            if blank(line, self.dialect.trim) || self.is_comment(at) {
                at = line_end + 1;
                self.line += 1;
            } else {
                at = self.record(text, at);
            }
        }
    }

    /// The record at `record`; where the next one starts.
    fn record(&mut self, text: &[u8], record: usize) -> usize {
        let mut field = record;
        loop {
            let (cell, end) = self.field(text, field);
            if self.fields < self.cells.width {
                self.cells.cells.push(cell);
            }
            self.fields += 1;
            field = end + 1;
            if text.get(end) != Some(&self.dialect.delimiter) {
                self.end_record(record, self.without_line_end(record, field.min(text.len())));
                self.count_lines(record, field.min(text.len()));
                return field;
            }
        }
    }

    /// The field at `start`, and the position of the delimiter or line end behind it.
    fn field(&mut self, text: &[u8], start: usize) -> (Cell, usize) {
        let first = if self.dialect.trim { skip_blanks(text, start) } else { start };
        if let Some(quote) = self.dialect.quote
            && text.get(first) == Some(&quote)
            && let Quoted::Closed { at: close, escaped } = closing(text, first + 1, self.dialect, quote, true)
        {
            // As good as every value: nothing between the closing quote and the delimiter.
            if text.get(close + 1) == Some(&self.dialect.delimiter) && !escaped {
                return (Cell::new(CellKind::Quoted, first + 1, close), close + 1);
            }
            let end = self.bare_end(text, close + 1);
            if ends_value(text, close + 1, self.dialect) {
                if !escaped {
                    return (Cell::new(CellKind::Quoted, first + 1, close), end);
                }
                let value = text.get(first + 1..close).unwrap_or_default();
                return (self.unescaped(value, &[], quote), end);
            }
            // What follows the closing quote belongs to the value.
            let value = text.get(first + 1..close).unwrap_or_default();
            let tail = text.get(close + 1..self.bare_stop(text, close + 1, end)).unwrap_or_default();
            return (self.unescaped(value, tail, quote), end);
        }
        let end = self.bare_end(text, start);
        (plain_cell(text, start, self.bare_stop(text, start, end), self.dialect.trim), end)
    }

    /// The delimiter or line end behind `from`.
    fn bare_end(&self, text: &[u8], from: usize) -> usize {
        find_either(text, from, self.dialect.delimiter, self.dialect.newline).unwrap_or(text.len())
    }

    /// `end` without the `\r` of a line end.
    fn bare_stop(&self, text: &[u8], from: usize, end: usize) -> usize {
        let line_end = self.dialect.newline == b'\n' && text.get(end) != Some(&self.dialect.delimiter);
        end - usize::from(line_end && end > from && text.get(end - 1) == Some(&b'\r'))
    }

    fn unescaped(&mut self, value: &[u8], tail: &[u8], quote: u8) -> Cell {
        let start = self.cells.scratch.len();
        unescape(value, self.dialect, quote, &mut self.cells.scratch);
        self.cells.scratch.extend_from_slice(tail);
        Cell::new(CellKind::Unescaped, start, self.cells.scratch.len())
    }

    /// Breaks the rows with a field that is too large. Only a chunk with a long record can have one.
    fn check_lengths(&mut self) {
        let max = self.dialect.max_field;
        if self.text.len() <= max {
            return;
        }
        for row in 0..self.cells.rows.len() {
            let width = self.cells.width;
            let cells = self.cells.cells.get(row * width..(row + 1) * width).unwrap_or_default();
            if cells.iter().any(|cell| cell.len() > max) {
                self.cells.mark_bad(row, format!("field too large: over {}", size_text(max)));
            }
        }
    }

    /// Breaks the rows that hold a NUL or are not UTF-8. Both are rare: the chunk is looked at as a whole first.
    fn check_bytes(&mut self) {
        let text = self.text;
        let row_of = |cells: &Cells, at: usize| cells.rows.partition_point(|r| (r.start as usize) <= at).checked_sub(1);
        if memchr(0, text).is_some() {
            for at in memchr::memchr_iter(0, text) {
                // A NUL in a comment breaks nothing.
                if let Some(row) = row_of(&self.cells, at)
                    && self.cells.rows.get(row).is_some_and(|r| at < r.end as usize)
                {
                    self.cells.mark_bad(row, "NUL byte");
                }
            }
        }
        if std::str::from_utf8(text).is_err() {
            for row in 0..self.cells.rows.len() {
                let span = self.cells.rows.get(row).and_then(|r| text.get(r.start as usize..r.end as usize));
                if let Some(Err(error)) = span.map(std::str::from_utf8) {
                    self.cells
                        .mark_bad(row, format!("invalid UTF-8 at byte {} of the record", error.valid_up_to() + 1));
                }
            }
        }
    }

    /// With null texts of the program's: what is NULL is decided here.
    fn mark_nulls(&mut self) {
        let empty_is_null = self.dialect.nulls.contains([].as_slice());
        for cell in &mut self.cells.cells {
            match cell.kind() {
                // The splitter takes an empty bare field for NULL.
                CellKind::Null if !empty_is_null => *cell = Cell::EMPTY,
                CellKind::Plain => {
                    let bytes = self.text.get(cell.start()..cell.start() + cell.len()).unwrap_or_default();
                    if self.dialect.nulls.contains(bytes) {
                        *cell = Cell::NULL;
                    }
                }
                _ => {}
            }
        }
        // Broken rows have no values, not even empty ones.
        let width = self.cells.width;
        for (row, _) in &self.cells.bad {
            if let Some(cells) = self.cells.cells.get_mut(row * width..(row + 1) * width) {
                cells.fill(Cell::NULL);
            }
        }
    }
}

/// A bare field; an empty one is NULL.
#[inline]
fn plain_cell(text: &[u8], mut start: usize, mut end: usize, trim: bool) -> Cell {
    if trim {
        while start < end && matches!(text.get(start), Some(b' ' | b'\t')) {
            start += 1;
        }
        while start < end && matches!(text.get(end - 1), Some(b' ' | b'\t')) {
            end -= 1;
        }
    }
    if start == end { Cell::NULL } else { Cell::new(CellKind::Plain, start, end) }
}
