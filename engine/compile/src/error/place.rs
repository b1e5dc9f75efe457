//! Places of the planner and the parser (lines and columns of the `.pipe` file) as spans.

use datafusion::common::{Location, Span as PlannerSpan};
use pipe_diagnostics::{FileId, LineIndex, Position, Sources, Span};
use sqlparser::tokenizer::Span as ParserSpan;

/// Where a fragment is, and how its lines and columns become bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    sources: &'a Sources,
    /// The whole fragment.
    pub(crate) whole: Span,
}

impl<'a> Place<'a> {
    pub(crate) fn new(sources: &'a Sources, whole: Span) -> Self {
        Self { sources, whole }
    }

    /// The text a span covers.
    pub(crate) fn text(&self, span: Span) -> &'a str {
        self.sources.text(span)
    }

    /// A span of the planner; `None` when it lies outside the fragment, as those of trees of our own making do.
    pub(crate) fn planner(&self, span: PlannerSpan) -> Option<Span> {
        let at = |l: Location| (l.line, l.column);
        self.bytes(at(span.start), at(span.end))
    }

    /// A span of the parser as it is.
    pub(crate) fn as_is(&self, span: ParserSpan) -> Option<Span> {
        self.bytes((span.start.line, span.start.column), (span.end.line, span.end.column))
    }

    /// A span of the parser, a call up to its `)`.
    pub(crate) fn parser(&self, span: ParserSpan) -> Option<Span> {
        let span = self.as_is(span)?;
        // The parser's span of `count(*)` ends behind the name.
        let rest = self.text(Span { start: span.end, ..self.whole });
        let called = rest.starts_with('(') && self.text(span).ends_with(|c: char| c.is_alphanumeric() || c == '_');
        Some(if called { self.closed_from(span, 0) } else { span })
    }

    /// The span up to the next `text` behind it, whatever its case; the same span when there is none.
    pub(crate) fn up_to(&self, span: Span, text: &str) -> Span {
        let rest = Span { start: span.end, ..self.whole };
        match self.text(rest).to_lowercase().find(&text.to_lowercase()) {
            Some(at) => Span::new(span.file, span.range().start..rest.range().start + at + text.len()),
            None => span,
        }
    }

    fn bytes(&self, start: (u64, u64), end: (u64, u64)) -> Option<Span> {
        if start.0 == 0 || end < start {
            return None;
        }
        let index = &self.sources.get(self.whole.file)?.index;
        let span = Span { file: self.whole.file, start: byte(index, start)?, end: byte(index, end)? };
        (span.start >= self.whole.start && span.end <= self.whole.end && !span.is_empty()).then(|| self.closed(span))
    }

    /// The span up to the `)` of every `(` opened in it: the parser's span of a call ends before them.
    fn closed(&self, span: Span) -> Span {
        match depth(self.text(span)) {
            open @ 1.. => self.closed_from(span, open),
            _ => span,
        }
    }

    fn closed_from(&self, span: Span, mut open: i32) -> Span {
        let rest = Span { start: span.end, ..self.whole };
        for (at, c) in self.text(rest).char_indices() {
            match c {
                '(' => open += 1,
                ')' => open -= 1,
                '\'' | '"' => return span,
                _ => {}
            }
            if open == 0 && c == ')' {
                return Span::new(FileId(span.file.0), span.range().start..rest.range().start + at + 1);
            }
        }
        span
    }
}

fn byte(index: &LineIndex, (line, column): (u64, u64)) -> Option<u32> {
    Some(index.byte(Position { line: u32::try_from(line).ok()?, column: u32::try_from(column).ok()? }))
}

/// How many parentheses stay open, those in quotes left out.
fn depth(text: &str) -> i32 {
    let (mut depth, mut quote) = (0, None);
    for c in text.chars() {
        match (quote, c) {
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            (None, '\'' | '"') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            _ => {}
        }
    }
    depth
}
