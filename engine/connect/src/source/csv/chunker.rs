//! Cuts a file's text between records, quotes respected, and counts records and lines.

use memchr::{memchr, memchr_iter, memrchr};

use super::quotes::{Quoted, blank, closing, ends_value, opens};
use super::search::{find, find_either};
use crate::source::SourceError;
use crate::source::chunk::{Broken, Chunk, Chunker, Fill, size_text};
use crate::source::options::Dialect;

const UNCLOSED: &str = "unclosed quote";

/// A file without a line feed in so many bytes ends its lines with carriage returns, if it has any.
const LINE_END_HEAD: usize = 64 << 10;

/// The state between two chunks of a file.
pub(crate) struct CsvChunker {
    dialect: Dialect,
    file: usize,
    /// Text a chunk should have.
    target: usize,
    /// Text read but not given out; starts where a record starts.
    pending: Vec<u8>,
    ended: bool,
    row: u64,
    line: u64,
    started: bool,
    header: Option<Vec<u8>>,
    /// The rest of a record that was too long is being skipped.
    skipping: bool,
}

/// What stands at a position where a record may start.
enum Next {
    /// Nothing that counts: a blank line or a comment, up to here.
    Skip(usize),
    /// A record, up to here.
    Record(usize),
    /// A line that is no record, up to here.
    Broken(usize, String),
    /// More text is needed to tell.
    More,
}

impl CsvChunker {
    /// A chunker at the start of a file.
    pub(crate) fn new(dialect: Dialect, file: usize, target: usize) -> Self {
        CsvChunker {
            dialect,
            file,
            target: target.max(1),
            pending: Vec::new(),
            ended: false,
            row: 0,
            line: 1,
            started: false,
            header: None,
            skipping: false,
        }
    }

    /// Reads up to the first record; the header record, when there is one, is taken out.
    pub(crate) fn start(&mut self, text: &mut dyn Fill) -> Result<Option<&[u8]>, SourceError> {
        if !self.started {
            self.started = true;
            // Which line end a file has is decided by its head, not by the first chunk.
            while memchr(b'\n', &self.pending).is_none() && !self.ended && self.pending.len() < LINE_END_HEAD {
                self.read(text, LINE_END_HEAD)?;
            }
            if memchr(b'\n', &self.pending).is_none() && memchr(b'\r', &self.pending).is_some() {
                self.dialect.newline = b'\r';
            }
            self.skip_lines(text, self.dialect.skip_lines)?;
            if self.dialect.header {
                self.take_header(text)?;
            }
        }
        Ok(self.header.as_deref())
    }

    /// The dialect with the line end this file has.
    pub(crate) fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    fn read(&mut self, text: &mut dyn Fill, want: usize) -> Result<(), SourceError> {
        if !self.ended {
            self.ended = text.fill(&mut self.pending, want)?;
        }
        Ok(())
    }

    /// Drops so many lines, whatever quotes are in them.
    fn skip_lines(&mut self, text: &mut dyn Fill, mut lines: usize) -> Result<(), SourceError> {
        while lines > 0 {
            let mut ends = memchr_iter(self.dialect.newline, &self.pending);
            let counted = ends.by_ref().take(lines).fold((0, 0), |(n, _), at| (n + 1, at + 1));
            lines -= counted.0;
            self.line += counted.0 as u64;
            if lines == 0 {
                self.pending.drain(..counted.1);
                return Ok(());
            }
            self.pending.clear();
            if self.ended {
                return Ok(());
            }
            self.read(text, self.target)?;
        }
        Ok(())
    }

    fn take_header(&mut self, text: &mut dyn Fill) -> Result<(), SourceError> {
        let mut at = 0;
        loop {
            let header = match self.next_record(&self.pending, at) {
                Next::Skip(end) if self.ended && end == self.pending.len() => {
                    // Nothing but comments.
                    self.pending.clear();
                    return Ok(());
                }
                Next::Skip(end) => {
                    at = end;
                    continue;
                }
                Next::Record(end) | Next::Broken(end, _) => Some(end),
                Next::More if self.pending.len() - at > self.dialect.max_record => Some(self.pending.len()),
                Next::More => None,
            };
            // What was skipped goes first: a file may begin with any number of comments.
            let skipped: Vec<u8> = self.pending.drain(..at).collect();
            self.line += memchr_iter(self.dialect.newline, &skipped).count() as u64;
            if let Some(end) = header {
                let header: Vec<u8> = self.pending.drain(..end - at).collect();
                self.line += memchr_iter(self.dialect.newline, &header).count() as u64;
                self.header = Some(header);
                return Ok(());
            }
            if self.ended {
                return Ok(());
            }
            at = 0;
            self.read(text, self.pending.len().max(self.target))?;
        }
    }

    /// What starts at `at`, and where it ends, line end included.
    fn next_record(&self, text: &[u8], at: usize) -> Next {
        let newline = self.dialect.newline;
        let rest = text.get(at..).unwrap_or_default();
        if self.dialect.comment.is_some() && rest.first() == self.dialect.comment.as_ref() {
            return match memchr(newline, rest) {
                Some(i) => Next::Skip(at + i + 1),
                None if self.ended => Next::Skip(text.len()),
                None => Next::More,
            };
        }
        if !self.dialect.newlines_in_values {
            return self.next_line(text, at);
        }
        let mut pos = at;
        loop {
            let found = match self.dialect.quote {
                Some(quote) => find_either(text, pos, quote, newline),
                None => find(text, pos, newline),
            };
            let Some(found) = found else {
                if !self.ended {
                    return Next::More;
                }
                return if blank(text.get(at..).unwrap_or_default(), self.dialect.trim) {
                    Next::Skip(text.len())
                } else {
                    Next::Record(text.len())
                };
            };
            let quote = match self.dialect.quote {
                Some(quote) if text.get(found) == Some(&quote) => quote,
                _ => {
                    let line = text.get(at..found).unwrap_or_default();
                    return if blank(line, self.dialect.trim) {
                        Next::Skip(found + 1)
                    } else {
                        Next::Record(found + 1)
                    };
                }
            };
            if !opens(text, at, found, &self.dialect) {
                pos = found + 1;
                continue;
            }
            match closing(text, found + 1, &self.dialect, quote, self.ended) {
                // A lone `\r` or blanks at the end of the text: what follows decides.
                Quoted::Closed { at: close, .. } if !self.ended && undecided(text, close + 1) => return Next::More,
                // The same whether the closing quote is already there or not: how a file is cut must not show.
                Quoted::Closed { at: close, .. } if close - found > self.dialect.max_field => {
                    return self.unclosed(text, found, self.too_large());
                }
                Quoted::Closed { at: close, .. } => {
                    let value = text.get(found..close).unwrap_or_default();
                    if memchr(newline, value).is_some() && !ends_value(text, close + 1, &self.dialect) {
                        return self.unclosed(text, found, UNCLOSED.to_string());
                    }
                    pos = close + 1;
                }
                Quoted::Open if text.len() - found > self.dialect.max_field => {
                    return self.unclosed(text, found, self.too_large());
                }
                Quoted::Open if self.ended => return self.unclosed(text, found, UNCLOSED.to_string()),
                Quoted::Open => return Next::More,
            }
        }
    }

    /// The same where a record ends with its line.
    fn next_line(&self, text: &[u8], at: usize) -> Next {
        let rest = text.get(at..).unwrap_or_default();
        let (end, next) = match memchr(self.dialect.newline, rest) {
            Some(i) => (at + i, at + i + 1),
            None if self.ended => (text.len(), text.len()),
            None => return Next::More,
        };
        let line = text.get(at..end).unwrap_or_default();
        if blank(line, self.dialect.trim) {
            return Next::Skip(next);
        }
        let Some(quote) = self.dialect.quote else { return Next::Record(next) };
        let mut pos = 0;
        while let Some(found) = memchr(quote, line.get(pos..).unwrap_or_default()).map(|i| pos + i) {
            pos = found + 1;
            if opens(line, 0, found, &self.dialect) {
                match closing(line, pos, &self.dialect, quote, true) {
                    Quoted::Closed { at: close, .. } => pos = close + 1,
                    Quoted::Open => return Next::Broken(next, UNCLOSED.to_string()),
                }
            }
        }
        Next::Record(next)
    }

    /// A record whose quote at `quote` is not closed ends with the quote's line.
    fn unclosed(&self, text: &[u8], quote: usize, reason: String) -> Next {
        match memchr(self.dialect.newline, text.get(quote..).unwrap_or_default()) {
            Some(i) => Next::Broken(quote + i + 1, reason),
            None if self.ended => Next::Broken(text.len(), reason),
            // One line that is longer than any record may be.
            None => Next::More,
        }
    }

    fn too_large(&self) -> String {
        format!("field too large, or a quote that is not closed: over {}", size_text(self.dialect.max_field))
    }

    /// What starts at `at`, as [`Self::next_record`] says, but for a record that is too long: of that as much is kept as a record may have, and it ends with the line that is then.
    fn next_bounded(&self, text: &[u8], at: usize) -> Next {
        let next = self.next_record(text, at);
        let (Next::Record(end) | Next::Broken(end, _)) = &next else { return next };
        let most = at + self.dialect.max_record;
        if *end <= most {
            return next;
        }
        let reason = self.record_too_large();
        match memchr(self.dialect.newline, text.get(most..).unwrap_or_default()) {
            Some(i) => Next::Broken(most + i + 1, reason),
            None if self.ended => Next::Broken(text.len(), reason),
            None => Next::More,
        }
    }

    fn record_too_large(&self) -> String {
        format!("record too large: over {}", size_text(self.dialect.max_record))
    }

    /// The whole records that `pending` holds, and where they end. The chunk has everything but its text.
    fn walk(&self) -> (Chunk, usize) {
        let mut chunk = Chunk {
            file: self.file,
            first_row: self.row,
            first_line: self.line,
            newline: self.dialect.newline,
            ..Chunk::default()
        };
        let text = self.pending.as_slice();
        let plain_until = self.plain_until(text);
        let mut at = 0;
        // Lines before the first quote need no look at their inside.
        while at < plain_until {
            let line = text.get(at..plain_until).unwrap_or_default();
            let Some(len) = memchr(self.dialect.newline, line) else { break };
            if len >= self.dialect.max_record {
                break;
            }
            let line = line.get(..len).unwrap_or_default();
            let comment = self.dialect.comment.is_some() && line.first() == self.dialect.comment.as_ref();
            chunk.rows += u64::from(!blank(line, self.dialect.trim) && !comment);
            at += len + 1;
        }
        while at < text.len() {
            let end = match self.next_bounded(text, at) {
                Next::Skip(end) => end,
                Next::Record(end) => {
                    chunk.rows += 1;
                    end
                }
                Next::Broken(end, reason) => {
                    chunk.broken.push(Broken { start: at, end, reason });
                    chunk.rows += 1;
                    end
                }
                Next::More => break,
            };
            at = end;
        }
        chunk.quotes = plain_until < at || !chunk.broken.is_empty();
        (chunk, at)
    }

    /// Everything before the line of the first quote.
    fn plain_until(&self, text: &[u8]) -> usize {
        let Some(quote) = self.dialect.quote.and_then(|quote| memchr(quote, text)) else { return text.len() };
        let before = text.get(..quote).unwrap_or_default();
        memrchr(self.dialect.newline, before).map_or(0, |i| i + 1)
    }

    /// Gives out the first `end` bytes of what is pending.
    fn cut(&mut self, mut chunk: Chunk, end: usize) -> Chunk {
        // The remainder is less than a record: copying it is cheap, and the chunk's text becomes an Arrow buffer as it is.
        let mut rest = Vec::with_capacity(self.target + self.target / 4);
        rest.extend_from_slice(self.pending.get(end..).unwrap_or_default());
        self.pending.truncate(end);
        chunk.text = std::mem::replace(&mut self.pending, rest);
        self.row += chunk.rows;
        self.line += memchr_iter(self.dialect.newline, &chunk.text).count() as u64;
        chunk
    }
}

impl Chunker for CsvChunker {
    fn next(&mut self, text: &mut dyn Fill) -> Result<Option<Chunk>, SourceError> {
        self.start(text)?;
        if std::mem::take(&mut self.skipping) {
            self.skip_lines(text, 1)?;
        }
        loop {
            if self.pending.len() < self.target {
                self.read(text, self.target - self.pending.len())?;
            }
            let (mut chunk, end) = self.walk();
            if end > 0 {
                return Ok(Some(self.cut(chunk, end)));
            }
            if self.pending.is_empty() && self.ended {
                return Ok(None);
            }
            if self.pending.len() > self.dialect.max_record {
                let end = self.dialect.max_record;
                chunk.broken.push(Broken { start: 0, end, reason: self.record_too_large() });
                chunk.rows = 1;
                chunk.quotes = true;
                self.skipping = true;
                return Ok(Some(self.cut(chunk, end)));
            }
            // Doubling keeps the number of looks at a long record small.
            self.read(text, self.pending.len().max(self.target))?;
        }
    }

    fn pending(&self) -> usize {
        self.pending.len()
    }
}

/// Whether what stands at `pos` can only be judged with more text.
fn undecided(text: &[u8], pos: usize) -> bool {
    text.get(pos..).is_none_or(|rest| rest.iter().all(|b| matches!(b, b' ' | b'\t' | b'\r')))
}
