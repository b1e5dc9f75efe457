//! sqlparser's lines and columns to bytes of the file, and back.

use pipe_diagnostics::{FileId, LineIndex, Position, Sources, Span};
use sqlparser::tokenizer::{Location, Span as SqlSpan};

/// The bytes of `file` that a span of a fragment's tree covers; sqlparser's ends are exclusive. `None` for an empty span
/// (sqlparser gives line 0 where it knows no place) and for a file that is not of these sources.
pub fn span_of(sources: &Sources, file: FileId, span: SqlSpan) -> Option<Span> {
    let index = &sources.get(file)?.index;
    let start = byte(index, span.start)?;
    let end = byte(index, span.end).unwrap_or(start).max(start);
    Some(Span { file, start, end })
}

/// Where a byte of `file` is for sqlparser; line 0 for a file that is not of these sources.
pub fn location_of(sources: &Sources, file: FileId, byte: u32) -> Location {
    match sources.get(file) {
        Some(source) => {
            let at = source.index.position(byte);
            Location::new(u64::from(at.line), u64::from(at.column))
        }
        None => Location::empty(),
    }
}

/// The byte of a location; `None` for line 0, which is no place.
pub(crate) fn byte(index: &LineIndex, at: Location) -> Option<u32> {
    if at.line == 0 {
        return None;
    }
    let number = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Some(index.byte(Position { line: number(at.line), column: number(at.column) }))
}

/// Moves a location that counts from a fragment's start to one that counts from its file's.
pub(crate) fn shift(at: Location, origin: Location) -> Location {
    let column = if at.line == 1 { at.column + origin.column.saturating_sub(1) } else { at.column };
    Location::new(at.line + origin.line.saturating_sub(1), column)
}
