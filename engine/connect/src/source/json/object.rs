//! One JSON object, member by member, without copying.

use memchr::memchr2;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    /// A number, `true` or `false`.
    Plain,
    /// A string; its span is between the quotes.
    String {
        /// Whether it has escapes.
        escaped: bool,
    },
    /// An array or object.
    Nested,
}

/// A part of a record that is not JSON: what is wrong, and where from its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotJson {
    what: &'static str,
    at: usize,
}

impl std::fmt::Display for NotJson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "not JSON: {} at byte {} of the record", self.what, self.at + 1)
    }
}

/// Calls `member` with the key's span, whether the key has escapes, and the value's kind and span, for each member of the object that `text` is.
pub(crate) fn members(
    text: &[u8],
    mut member: impl FnMut((usize, usize), bool, Kind, (usize, usize)),
) -> Result<(), NotJson> {
    let mut at = blank(text, 0);
    if text.get(at) != Some(&b'{') {
        return Err(NotJson { what: "no object", at });
    }
    at = blank(text, at + 1);
    if text.get(at) == Some(&b'}') {
        return end(text, at + 1);
    }
    loop {
        if text.get(at) != Some(&b'"') {
            return Err(NotJson { what: "a key was expected", at });
        }
        let (close, escaped) = string(text, at)?;
        let key = (at + 1, close);
        at = blank(text, close + 1);
        if text.get(at) != Some(&b':') {
            return Err(NotJson { what: "`:` was expected", at });
        }
        at = blank(text, at + 1);
        let (kind, span, after) = value(text, at)?;
        member(key, escaped, kind, span);
        at = blank(text, after);
        match text.get(at) {
            Some(b',') => at = blank(text, at + 1),
            Some(b'}') => return end(text, at + 1),
            _ => return Err(NotJson { what: "`,` or `}` was expected", at }),
        }
    }
}

/// Nothing may follow.
fn end(text: &[u8], at: usize) -> Result<(), NotJson> {
    let at = blank(text, at);
    if at < text.len() { Err(NotJson { what: "something follows the object", at }) } else { Ok(()) }
}

fn blank(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// The value at `at`: its kind, its span, and where it ends.
fn value(text: &[u8], at: usize) -> Result<(Kind, (usize, usize), usize), NotJson> {
    let rest = text.get(at..).unwrap_or_default();
    let word = |word: &'static [u8], kind: Kind| {
        if rest.starts_with(word) {
            let end = at + word.len();
            Ok((kind, (at, end), end))
        } else {
            Err(NotJson { what: "a value was expected", at })
        }
    };
    match rest.first() {
        Some(b'"') => {
            let (close, escaped) = string(text, at)?;
            Ok((Kind::String { escaped }, (at + 1, close), close + 1))
        }
        Some(b'n') => word(b"null", Kind::Null),
        Some(b't') => word(b"true", Kind::Plain),
        Some(b'f') => word(b"false", Kind::Plain),
        Some(b'{' | b'[') => {
            let end = nested(text, at)?;
            let span = text.get(at..end).unwrap_or_default();
            // The brackets match; what is between them is checked by the parser proper.
            match serde_json::from_slice::<serde::de::IgnoredAny>(span) {
                Ok(_) => Ok((Kind::Nested, (at, end), end)),
                Err(_) => Err(NotJson { what: "a list or object that is not right begins", at }),
            }
        }
        Some(b'-' | b'0'..=b'9') => {
            let end = number(text, at)?;
            Ok((Kind::Plain, (at, end), end))
        }
        _ => Err(NotJson { what: "a value was expected", at }),
    }
}

/// The closing quote of the string whose opening quote is at `open`, and whether it has escapes.
fn string(text: &[u8], open: usize) -> Result<(usize, bool), NotJson> {
    let mut at = open + 1;
    let mut escaped = false;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(i) = memchr2(b'"', b'\\', rest) else {
            return Err(NotJson { what: "a string that is not closed begins", at: open });
        };
        // Control characters must be escaped.
        if let Some(control) = rest.get(..i).and_then(|part| part.iter().position(|b| *b < 0x20)) {
            return Err(NotJson { what: "a control character", at: at + control });
        }
        if rest.get(i) == Some(&b'"') {
            return Ok((at + i, escaped));
        }
        escaped = true;
        at += i + 2;
    }
}

/// The end of the number at `at`.
fn number(text: &[u8], at: usize) -> Result<usize, NotJson> {
    let digits = |mut at: usize| {
        let from = at;
        while text.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        if at == from { Err(NotJson { what: "a digit was expected", at }) } else { Ok(at) }
    };
    let first = at + usize::from(text.get(at) == Some(&b'-'));
    let mut end = digits(first)?;
    if text.get(first) == Some(&b'0') && end > first + 1 {
        return Err(NotJson { what: "a number with a leading zero", at });
    }
    if text.get(end) == Some(&b'.') {
        end = digits(end + 1)?;
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        end = digits(end + 1 + sign)?;
    }
    Ok(end)
}

/// The end of the list or object at `at`.
fn nested(text: &[u8], at: usize) -> Result<usize, NotJson> {
    let mut depth = 0usize;
    let mut pos = at;
    while let Some(&b) = text.get(pos) {
        match b {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Ok(pos + 1);
                }
            }
            b'"' => pos = string(text, pos)?.0,
            _ => {}
        }
        pos += 1;
    }
    Err(NotJson { what: "a list or object that is not closed begins", at })
}
