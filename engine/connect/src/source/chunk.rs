//! A run of whole records of a file, cut by the one thread that reads it and split by whichever thread takes it.

use super::SourceError;
use super::cells::RowSpan;
use super::io::Text;

/// Text cut between records.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chunk {
    /// The file's index.
    pub file: usize,
    /// Whole records, with their line ends, and what lies between them.
    pub text: Vec<u8>,
    /// Number of the first record in its file, from 0.
    pub first_row: u64,
    /// Line the text starts on, from 1.
    pub first_line: u64,
    /// Records in it, broken ones included.
    pub rows: u64,
    /// Spans that are not records, in order: each is one broken row.
    pub broken: Vec<Broken>,
    /// Where records are, for formats where finding them again would mean parsing twice.
    pub values: Vec<RowSpan>,
    /// Whether any quote or broken span is in the text.
    pub quotes: bool,
    /// The line end: `\n`, or `\r` in files that have no other.
    pub newline: u8,
}

/// A part of a chunk that is no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    pub start: usize,
    /// Exclusive.
    pub end: usize,
    pub reason: String,
}

/// Where a chunker gets its text from.
pub(crate) trait Fill {
    /// Appends about `want` bytes to `out`; whether the text ended.
    fn fill(&mut self, out: &mut Vec<u8>, want: usize) -> Result<bool, SourceError>;
}

impl Fill for Text {
    fn fill(&mut self, out: &mut Vec<u8>, want: usize) -> Result<bool, SourceError> {
        Text::fill(self, out, want)
    }
}

/// Text in memory.
impl Fill for &[u8] {
    fn fill(&mut self, out: &mut Vec<u8>, want: usize) -> Result<bool, SourceError> {
        let (now, later) = self.split_at_checked(want).unwrap_or((self, &[]));
        out.extend_from_slice(now);
        let ended = now.len() < want;
        *self = later;
        Ok(ended)
    }
}

/// Cuts a file's text into chunks.
pub(crate) trait Chunker: Send {
    /// The next chunk; `None` at the end.
    fn next(&mut self, text: &mut dyn Fill) -> Result<Option<Chunk>, SourceError>;

    /// Bytes of text it was given behind the last chunk.
    fn pending(&self) -> usize;
}

/// Bytes as people write them.
pub(crate) fn size_text(bytes: usize) -> String {
    const MIB: usize = 1 << 20;
    const KIB: usize = 1 << 10;
    if bytes >= MIB && bytes.is_multiple_of(MIB) {
        format!("{} MiB", bytes / MIB)
    } else if bytes >= KIB && bytes.is_multiple_of(KIB) {
        format!("{} KiB", bytes / KIB)
    } else {
        format!("{bytes} bytes")
    }
}
