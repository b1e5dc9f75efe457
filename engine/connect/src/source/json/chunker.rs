//! Cuts JSON between objects.

use memchr::{memchr, memchr_iter};

use crate::source::SourceError;
use crate::source::cells::RowSpan;
use crate::source::chunk::{Broken, Chunk, Chunker, Fill, size_text};
use crate::source::csv::CsvChunker;
use crate::source::options::{Dialect, record_of};

/// Cuts between lines: a JSON text has no line end in its strings, so a line is a record whatever is in it.
pub(crate) fn lines(file: usize, max_record: usize, target: usize) -> CsvChunker {
    let dialect = Dialect {
        header: false,
        quote: None,
        trim: true,
        max_field: max_record,
        max_record: record_of(max_record),
        ..Dialect::default()
    };
    CsvChunker::new(dialect, file, target)
}

/// Cuts an array of objects, or objects that follow each other, wherever their lines end.
///
/// An object that is not closed would swallow all that follow. It ends instead before the next line that begins with `{`
/// and is not indented further than the object itself.
pub(crate) struct JsonChunker {
    file: usize,
    max_record: usize,
    target: usize,
    pending: Vec<u8>,
    ended: bool,
    row: u64,
    line: u64,
    /// An object was not closed. From then on a line that looks like a new object is one: looking for the end of each
    /// broken object again and again would take forever.
    suspicious: bool,
    skipping: bool,
}

/// What stands at a position between objects.
enum Next {
    /// Brackets, commas and blanks of the array, up to here.
    Skip(usize),
    /// An object.
    Value(usize),
    /// Something else.
    Broken(usize, String),
    More,
}

impl JsonChunker {
    pub(crate) fn new(file: usize, max_record: usize, target: usize) -> Self {
        JsonChunker {
            file,
            max_record,
            target: target.max(1),
            pending: Vec::new(),
            ended: false,
            row: 0,
            line: 1,
            suspicious: false,
            skipping: false,
        }
    }

    fn next_value(&mut self, at: usize) -> Next {
        let text = self.pending.as_slice();
        let Some(&first) = text.get(at) else { return Next::More };
        match first {
            b' ' | b'\t' | b'\n' | b'\r' | b',' | b'[' | b']' => Next::Skip(at + 1),
            b'{' => match self.object(at) {
                Some(Ok(end)) => Next::Value(end),
                Some(Err(end)) => {
                    self.suspicious = true;
                    Next::Broken(end, "an object that is not closed".to_string())
                }
                None => Next::More,
            },
            _ => {
                // A scalar, or no JSON at all: up to the next object on this line, or the line's end.
                let rest = text.get(at..).unwrap_or_default();
                match rest.iter().position(|b| matches!(b, b'\n' | b'{')) {
                    Some(len) => Next::Broken(at + len, "not an object".to_string()),
                    None if self.ended => Next::Broken(text.len(), "not an object".to_string()),
                    None => Next::More,
                }
            }
        }
    }

    /// The end of the object at `at`; `Err`: of what is left of one that is not closed; `None`: more text is needed.
    fn object(&self, at: usize) -> Option<Result<usize, usize>> {
        let text = self.pending.as_slice();
        let indent = indent(text, at);
        let mut depth = 0usize;
        let mut in_string = false;
        let mut resync = None;
        let mut pos = at;
        while let Some(&b) = text.get(pos) {
            if pos - at > self.max_record {
                break;
            }
            match b {
                // A string ends with its line at the latest: the parser will find what is wrong with it.
                b'\n' => {
                    in_string = false;
                    if resync.is_none() && starts_object(text, pos + 1, indent) {
                        resync = Some(pos + 1);
                        if self.suspicious {
                            break;
                        }
                    }
                }
                b'\\' if in_string => pos += 1,
                b'"' => in_string = !in_string,
                _ if in_string => {}
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Some(Ok(pos + 1));
                    }
                }
                _ => {}
            }
            pos += 1;
        }
        let given_up = self.ended || pos - at > self.max_record || (self.suspicious && resync.is_some());
        match resync {
            Some(resync) if given_up => Some(Err(resync)),
            None if self.ended => Some(Err(text.len())),
            _ => None,
        }
    }

    fn read(&mut self, text: &mut dyn Fill, want: usize) -> Result<(), SourceError> {
        if !self.ended {
            self.ended = text.fill(&mut self.pending, want)?;
        }
        Ok(())
    }

    /// As many objects as `pending` holds, and where they end.
    fn walk(&mut self) -> (Chunk, usize) {
        let mut chunk =
            Chunk { file: self.file, first_row: self.row, first_line: self.line, newline: b'\n', ..Chunk::default() };
        let mut at = 0;
        let mut line = 0u32;
        let mut counted = 0;
        loop {
            let (end, broken) = match self.next_value(at) {
                Next::Skip(end) => {
                    at = end;
                    continue;
                }
                Next::More => {
                    // The indentation of an object tells where it may end: it stays.
                    if self.pending.get(at) == Some(&b'{') {
                        at -= indent(&self.pending, at);
                    }
                    break;
                }
                Next::Value(end) => (end, None),
                Next::Broken(end, reason) => (end, Some(reason)),
            };
            line += memchr_iter(b'\n', self.pending.get(counted..at).unwrap_or_default()).count() as u32;
            counted = at;
            let record = self.pending.get(at..end).unwrap_or_default().trim_ascii_end();
            chunk.values.push(RowSpan { start: at as u32, end: (at + record.len()) as u32, line });
            chunk.rows += 1;
            if let Some(reason) = broken {
                chunk.broken.push(Broken { start: at, end, reason });
            }
            at = end;
        }
        (chunk, at)
    }

    fn cut(&mut self, mut chunk: Chunk, end: usize) -> Chunk {
        let rest = self.pending.split_off(end);
        chunk.text = std::mem::replace(&mut self.pending, rest);
        self.row += chunk.rows;
        self.line += memchr_iter(b'\n', &chunk.text).count() as u64;
        chunk
    }
}

impl Chunker for JsonChunker {
    fn next(&mut self, text: &mut dyn Fill) -> Result<Option<Chunk>, SourceError> {
        while self.skipping {
            // The rest of an object that was too large: up to its line's end.
            if let Some(at) = memchr(b'\n', &self.pending) {
                self.pending.drain(..at);
                self.skipping = false;
            } else {
                self.pending.clear();
                self.skipping = !self.ended;
                self.read(text, self.target)?;
            }
        }
        loop {
            if self.pending.len() < self.target {
                self.read(text, self.target - self.pending.len())?;
            }
            let (mut chunk, end) = self.walk();
            if chunk.rows > 0 {
                return Ok(Some(self.cut(chunk, end)));
            }
            // Only brackets and blanks.
            _ = self.cut(chunk.clone(), end);
            if self.pending.is_empty() && self.ended {
                return Ok(None);
            }
            if self.pending.len() > self.max_record {
                chunk.first_line = self.line;
                let end = self.max_record;
                let reason = format!("object too large: over {}", size_text(self.max_record));
                chunk.broken.push(Broken { start: 0, end, reason });
                chunk.values.push(RowSpan { start: 0, end: end as u32, line: 0 });
                chunk.rows = 1;
                self.skipping = true;
                return Ok(Some(self.cut(chunk, end)));
            }
            self.read(text, self.pending.len().max(self.target))?;
        }
    }

    fn pending(&self) -> usize {
        self.pending.len()
    }
}

/// Blanks before `at` on its line; none when something else is there.
fn indent(text: &[u8], at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.iter().rev().take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// Whether the line at `at` begins with `{`, indented by `indent` at most.
fn starts_object(text: &[u8], at: usize, indent: usize) -> bool {
    let rest = text.get(at..).unwrap_or_default();
    let blanks = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    blanks <= indent && rest.get(blanks) == Some(&b'{')
}
