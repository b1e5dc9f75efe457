//! Splits a chunk of objects into cells.

use std::collections::{BTreeMap, HashMap};

use super::object::{Kind, members};
use crate::source::cells::{Cell, CellKind, Cells, RowSpan};
use crate::source::chunk::{Chunk, size_text};

/// The keys that are read, each with its column of cells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    names: Vec<Vec<u8>>,
    places: HashMap<Vec<u8>, usize>,
}

impl Keys {
    /// Keys, folded, in the order of their columns.
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let names: Vec<Vec<u8>> = names.map(|n| n.as_bytes().to_vec()).collect();
        let places = names.iter().enumerate().map(|(i, name)| (name.clone(), i)).collect();
        Keys { names, places }
    }

    /// The column of a key. Objects of one file have their keys in the same order: `guess` is tried first.
    fn place(&self, key: &[u8], guess: usize) -> Option<usize> {
        if self.names.get(guess).is_some_and(|name| name == key) {
            return Some(guess);
        }
        if let Some(place) = self.places.get(key) {
            return Some(*place);
        }
        let folded = std::str::from_utf8(key).ok()?.to_lowercase();
        self.places.get(folded.as_bytes()).copied()
    }
}

/// Splits the objects of a chunk. Every one is a row; one that is not JSON has only NULLs and a reason. Also gives, by key, the number of objects with a key that is not read.
pub(crate) fn split(chunk: &Chunk, keys: &Keys, max_record: usize) -> (Cells, BTreeMap<String, u64>) {
    let width = keys.names.len();
    let mut cells = Cells { width, ..Cells::default() };
    let mut unknown: BTreeMap<String, u64> = BTreeMap::new();
    let text = chunk.text.as_slice();
    let utf8 = std::str::from_utf8(text).is_ok();
    let mut broken = chunk.broken.iter().peekable();
    for span in records(chunk) {
        let row = cells.rows.len();
        cells.rows.push(span);
        cells.cells.resize((row + 1) * width, Cell::NULL);
        let (start, end) = (span.start as usize, span.end as usize);
        if let Some(known) = broken.next_if(|b| b.start == start) {
            cells.mark_bad(row, known.reason.clone());
            continue;
        }
        let record = text.get(start..end).unwrap_or_default();
        if record.len() > max_record {
            cells.mark_bad(row, format!("object too large: over {}", size_text(max_record)));
            continue;
        }
        if !utf8 && let Err(error) = std::str::from_utf8(record) {
            cells.mark_bad(row, format!("invalid UTF-8 at byte {} of the record", error.valid_up_to() + 1));
            continue;
        }
        let mut guess = 0;
        let mut broken_string = None;
        let parsed = members(record, |key, key_escaped, kind, value| {
            let name = record.get(key.0..key.1).unwrap_or_default();
            let unescaped = if key_escaped { unescape(record, key) } else { None };
            let name = unescaped.as_deref().map_or(name, str::as_bytes);
            let Some(place) = keys.place(name, guess) else {
                *unknown.entry(String::from_utf8_lossy(name).to_lowercase()).or_default() += 1;
                return;
            };
            guess = place + 1;
            let (from, to) = (start + value.0, start + value.1);
            let cell = match kind {
                Kind::Null => Cell::NULL,
                Kind::Plain => Cell::new(CellKind::Plain, from, to),
                Kind::Nested => Cell::new(CellKind::Nested, from, to),
                Kind::String { escaped: false } => Cell::new(CellKind::Quoted, from, to),
                Kind::String { escaped: true } => match unescape(record, value) {
                    Some(text) => {
                        let at = cells.scratch.len();
                        cells.scratch.extend_from_slice(text.as_bytes());
                        Cell::new(CellKind::Unescaped, at, at + text.len())
                    }
                    None => {
                        broken_string.get_or_insert(value.0);
                        Cell::NULL
                    }
                },
            };
            if let Some(slot) = cells.cells.get_mut(row * width + place) {
                *slot = cell;
            }
        });
        if let Err(error) = parsed {
            cells.mark_bad(row, error.to_string());
        } else if let Some(at) = broken_string {
            cells.mark_bad(
                row,
                format!("not JSON: an escape that does not exist in the string at byte {at} of the record"),
            );
        }
    }
    (cells, unknown)
}

/// The text of a string with escapes; its span is between the quotes.
fn unescape(record: &[u8], (start, end): (usize, usize)) -> Option<String> {
    serde_json::from_slice(record.get(start.checked_sub(1)?..end + 1)?).ok()
}

/// The spans of all rows: given by the chunker, or the lines that are not blank.
pub(crate) fn records(chunk: &Chunk) -> Vec<RowSpan> {
    if !chunk.values.is_empty() {
        return chunk.values.clone();
    }
    let mut spans = Vec::new();
    let mut start = 0;
    for (line, text) in chunk.text.split(|b| *b == chunk.newline).enumerate() {
        let end = start + text.len();
        if !text.trim_ascii().is_empty() {
            spans.push(RowSpan { start: start as u32, end: end as u32, line: line as u32 });
        }
        start = end + 1;
    }
    spans
}
