//! Byte offsets to lines and columns, and back.

use std::sync::Arc;

/// A place in a file, counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1; a tab is one.
    pub column: u32,
}

/// Where the lines of a text start. Lines end at `\n`; a `\r` before it belongs to the line.
#[derive(Clone, Debug)]
pub struct LineIndex {
    text: Arc<str>,
    starts: Vec<u32>,
}

impl LineIndex {
    /// Indexes `text`; linear in its size.
    pub fn new(text: &Arc<str>) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
        let starts = std::iter::once(0).chain(ends).map(|i| u32::try_from(i).unwrap_or(u32::MAX)).collect();
        Self { text: Arc::clone(text), starts }
    }

    /// The position of a byte; one past the end is allowed. A byte inside a character counts as that character's first.
    pub fn position(&self, byte: u32) -> Position {
        let line = self.starts.partition_point(|s| *s <= byte).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let mut end = (byte as usize).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let chars = self.text.get(start as usize..end).map_or(0, |s| s.chars().count());
        let as_u32 = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Position { line: as_u32(line + 1), column: as_u32(chars + 1) }
    }

    /// The byte of a position; clamped to the end of its line, and to the end of the text.
    pub fn byte(&self, at: Position) -> u32 {
        let line = (at.line.max(1) - 1) as usize;
        let Some(start) = self.starts.get(line).copied() else {
            return u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        };
        let text = self.line_text(at.line);
        let offset = text.char_indices().nth((at.column.max(1) - 1) as usize).map_or(text.len(), |(i, _)| i);
        start + u32::try_from(offset).unwrap_or(u32::MAX)
    }

    /// The text of a line, without its line break; empty past the end.
    pub fn line_text(&self, line: u32) -> &str {
        let i = (line.max(1) - 1) as usize;
        let Some(start) = self.starts.get(i) else { return "" };
        let end = self.starts.get(i + 1).map_or(self.text.len(), |e| *e as usize);
        let line = self.text.get(*start as usize..end).unwrap_or("");
        line.trim_end_matches('\n').trim_end_matches('\r')
    }

    /// How many lines there are; an empty text has one.
    pub fn lines(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_positions_round_trip() {
        let text: Arc<str> = "é\tx\r\nzweite".into();
        let index = LineIndex::new(&text);
        assert_eq!(index.position(3), Position { line: 1, column: 3 });
        assert_eq!(index.position(6), Position { line: 2, column: 1 });
        assert_eq!(index.line_text(1), "é\tx");
        for (byte, _) in text.char_indices().filter(|(_, c)| *c != '\r' && *c != '\n') {
            let byte = byte as u32;
            assert_eq!(index.byte(index.position(byte)), byte);
        }
    }
}
