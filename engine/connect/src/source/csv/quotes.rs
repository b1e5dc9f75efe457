//! The rules of quoting, shared by the thread that cuts and the threads that split, so that they cannot disagree.

use memchr::{memchr, memchr2};

use super::search::{find, find_either};
use crate::source::options::Dialect;

/// How a quoted value goes on after its opening quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoted {
    /// Its closing quote.
    Closed {
        /// Where it is.
        at: usize,
        /// Whether quotes were doubled or escaped in it.
        escaped: bool,
    },
    /// The text ends before it is decided.
    Open,
}

/// The end of a quoted value that starts at `from`, behind its opening quote. With `ended` nothing follows `text`.
pub(super) fn closing(text: &[u8], from: usize, dialect: &Dialect, quote: u8, ended: bool) -> Quoted {
    let mut pos = from;
    let mut escaped = false;
    loop {
        let found = match dialect.escape {
            Some(escape) => find_either(text, pos, quote, escape),
            None => find(text, pos, quote),
        };
        let Some(at) = found else { return Quoted::Open };
        let next = text.get(at + 1);
        if text.get(at) != Some(&quote) {
            // The escape character: whatever follows is text.
            if next.is_none() {
                return Quoted::Open;
            }
            escaped = true;
            pos = at + 2;
        } else if next == Some(&quote) {
            escaped = true;
            pos = at + 2;
        } else if next.is_none() && !ended {
            return Quoted::Open;
        } else {
            return Quoted::Closed { at, escaped };
        }
    }
}

/// Whether a value ends properly at `pos`, behind its closing quote: a delimiter, a line end, or nothing follows.
pub(super) fn ends_value(text: &[u8], pos: usize, dialect: &Dialect) -> bool {
    let pos = if dialect.trim { skip_blanks(text, pos) } else { pos };
    match text.get(pos) {
        None => true,
        Some(&b) if b == dialect.delimiter || b == dialect.newline => true,
        Some(b'\r') => text.get(pos + 1).is_none_or(|&b| b == dialect.newline),
        Some(_) => false,
    }
}

/// Whether a quote at `at` opens a value of the record that starts at `record`.
pub(super) fn opens(text: &[u8], record: usize, at: usize, dialect: &Dialect) -> bool {
    let mut before = text.get(record..at).unwrap_or_default();
    if dialect.trim {
        while let [head @ .., b' ' | b'\t'] = before {
            // A tab may be the delimiter itself.
            if before.last() == Some(&dialect.delimiter) {
                break;
            }
            before = head;
        }
    }
    before.last().is_none_or(|&b| b == dialect.delimiter)
}

/// Whether a line has nothing on it; with `trim` blanks are nothing.
pub(super) fn blank(line: &[u8], trim: bool) -> bool {
    match line {
        [] | [b'\r'] => true,
        [b' ' | b'\t', ..] if trim => line.iter().all(|b| matches!(b, b' ' | b'\t' | b'\r')),
        _ => false,
    }
}

/// The first position from `pos` on that is no blank.
pub(super) fn skip_blanks(text: &[u8], mut pos: usize) -> usize {
    while matches!(text.get(pos), Some(b' ' | b'\t')) {
        pos += 1;
    }
    pos
}

/// Copies a quoted value without its escapes.
pub(super) fn unescape(value: &[u8], dialect: &Dialect, quote: u8, out: &mut Vec<u8>) {
    let mut rest = value;
    loop {
        let found = match dialect.escape {
            Some(escape) => memchr2(quote, escape, rest),
            None => memchr(quote, rest),
        };
        let Some(at) = found else { break };
        out.extend_from_slice(rest.get(..at).unwrap_or_default());
        out.extend(rest.get(at + 1));
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}
