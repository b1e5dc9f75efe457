//! The lines of a file that labels point to, made fit for a terminal.
//!
//! miette draws lines as they are. Here they are cut to the width around what is underlined, tabs become blanks and control
//! characters harmless, and only the lines near a label are kept, each with its number.

use std::collections::BTreeSet;

use miette::{LabeledSpan, MietteError, SourceCode, SourceSpan, SpanContents};

use super::text::{self, char_width, harmless};
use crate::{SourceFile, Span};

/// Columns between tab stops.
const TAB: usize = 4;
/// A place over more lines than this is underlined on its first line only.
const TALLEST: u32 = 4;
/// Columns miette takes left of a label's text: `╰── `, and one to spare.
const ELBOW: usize = 5;

/// The least columns a label's text gets.
const NARROWEST: usize = 12;

/// A place and what is said beside it.
pub(super) struct Marked<'a> {
    pub span: Span,
    pub text: &'a str,
    pub primary: bool,
}

/// Lines near labels.
#[derive(Debug)]
pub(super) struct Snippet {
    name: String,
    text: String,
    lines: Vec<Line>,
    /// For each label's start, its column in the file, from 0.
    columns: Vec<(usize, usize)>,
}

/// A line of the snippet's text.
#[derive(Debug)]
struct Line {
    /// Its number in the file, from 1.
    number: u32,
    /// Its first byte in the snippet's text, and one past the last before the line break.
    start: usize,
    end: usize,
    /// For each character shown, its byte in the file and in the snippet's text.
    places: Vec<(u32, usize)>,
}

/// A label by lines of the file.
struct Placed<'a> {
    marked: &'a Marked<'a>,
    start: u32,
    end: u32,
    first: u32,
    last: u32,
}

impl Snippet {
    /// The lines of `file` that `marked` needs, for a terminal of `width` columns, with miette's labels on them.
    pub fn new(file: &SourceFile, marked: &[Marked<'_>], width: usize) -> (Self, Vec<LabeledSpan>) {
        let placed: Vec<Placed<'_>> = marked.iter().map(|m| place(file, m)).collect();
        let wanted: BTreeSet<u32> = placed
            .iter()
            .flat_map(|p| p.first.saturating_sub(1).max(1)..=p.last + 1)
            .filter(|n| exists(file, *n, &placed))
            .collect();
        let digits = wanted.last().map_or(1, |n| n.to_string().len());
        let tall = placed.iter().filter(|p| p.first != p.last).count();
        let gutter = digits + 4 + if tall > 0 { tall + 3 } else { 0 };
        let room = width.saturating_sub(gutter + 1).max(20);

        let mut snippet =
            Self { name: text::one_line(&file.name), text: String::new(), lines: Vec::new(), columns: Vec::new() };
        for number in wanted {
            snippet.add_line(file, number, &placed, room);
        }
        let labels = placed.iter().map(|p| snippet.label(file, p, room)).collect();
        (snippet, labels)
    }

    fn add_line(&mut self, file: &SourceFile, number: u32, placed: &[Placed<'_>], room: usize) {
        let cells = cells(file, number, placed.iter().find(|p| p.first == number), room);
        let window = window(&cells, number, placed, room);
        if !self.lines.is_empty() {
            self.text.push('\n');
        }
        let start = self.text.len();
        let mut places = Vec::with_capacity(window.cells.len());
        if window.cut_left {
            self.text.push('…');
        }
        for cell in window.cells {
            places.push((cell.byte, self.text.len()));
            self.text.push(cell.shown);
        }
        if self.text.len() == start {
            // miette does not draw an empty last line, which can be the place of a missing end.
            self.text.push(' ');
            places.push((window.end, start));
        }
        let end = self.text.len();
        if window.cut_right {
            self.text.push('…');
        }
        places.push((window.end, end));
        self.lines.push(Line { number, start, end: self.text.len(), places });
    }

    fn label(&mut self, file: &SourceFile, placed: &Placed<'_>, room: usize) -> LabeledSpan {
        let start = self.offset(placed.first, placed.start);
        let mut end = self.offset(placed.last, placed.end).max(start);
        let column = file.index.position(placed.start).column.saturating_sub(1) as usize;
        self.columns.push((start, column));
        let said = text::one_line(placed.marked.text);
        let mut left = 0;
        if placed.first == placed.last {
            let line = self.lines.iter().find(|l| l.number == placed.first).map_or(0, |l| l.start);
            left = text::width(self.text.get(line..start).unwrap_or(""));
            // The text hangs from the middle of the underline; of a wide place only so much is underlined that it fits.
            let furthest = room.saturating_sub(ELBOW + text::width(&said).min(NARROWEST)).max(left + 1);
            let underlined = self.text.get(start..end).unwrap_or("");
            if left + text::width(underlined) / 2 > furthest && !said.is_empty() {
                end = start + prefix(underlined, 2 * (furthest - left)).len();
            }
            left += text::width(self.text.get(start..end).unwrap_or("")) / 2;
        }
        let lines = text::wrap(&said, room.saturating_sub(left + ELBOW).max(NARROWEST));
        let said = Some(lines.join("\n")).filter(|t| !t.is_empty());
        match placed.marked.primary {
            true => LabeledSpan::new_primary_with_span(said, (start, end - start)),
            false => LabeledSpan::new_with_span(said, (start, end - start)),
        }
    }

    /// Where a byte of the file is in the snippet's text; clamped to what is shown of its line.
    fn offset(&self, number: u32, byte: u32) -> usize {
        let Some(line) = self.lines.iter().find(|l| l.number == number) else { return self.text.len() };
        let at = line.places.partition_point(|(b, _)| *b < byte);
        line.places.get(at).or(line.places.last()).map_or(line.start, |(_, offset)| *offset)
    }
}

/// The start of a text, as far as it fits into `columns`.
fn prefix(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let mut end = 0;
    for (i, c) in text.char_indices() {
        used += char_width(c);
        if used > columns {
            break;
        }
        end = i + c.len_utf8();
    }
    text.get(..end).unwrap_or(text)
}

/// The lines a label touches, of a tall one only the first.
fn place<'a>(file: &SourceFile, marked: &'a Marked<'a>) -> Placed<'a> {
    let size = u32::try_from(file.text.len()).unwrap_or(u32::MAX);
    let start = marked.span.start.min(size);
    let mut end = marked.span.end.clamp(start, size);
    let covered = file.text.get(start as usize..end as usize).unwrap_or("");
    let kept = covered.trim_end_matches(['\n', '\r']).len();
    end = start + u32::try_from(kept).unwrap_or(0);
    let first = file.index.position(start).line;
    let mut last = file.index.position(end).line;
    if last - first >= TALLEST {
        last = first;
        let line = kept_line(file, first);
        end = line.max(start);
    }
    Placed { marked, start, end, first, last }
}

/// One past the last byte of a line, its break apart.
fn kept_line(file: &SourceFile, number: u32) -> u32 {
    file.index.byte(crate::Position { line: number, column: u32::MAX })
}

/// Whether a line is to be shown: not past the end, and not the empty one behind the last break unless a label is there.
fn exists(file: &SourceFile, number: u32, placed: &[Placed<'_>]) -> bool {
    let last = file.index.lines();
    number < last
        || (number == last
            && (!file.index.line_text(number).is_empty()
                || placed.iter().any(|p| p.first <= number && number <= p.last)))
}

/// A character as shown, and its byte in the file; a tab is several.
#[derive(Clone, Copy)]
struct Cell {
    byte: u32,
    shown: char,
    width: usize,
}

/// The characters of a line; of a huge one those near the label.
fn cells(file: &SourceFile, number: u32, label: Option<&Placed<'_>>, room: usize) -> Cells {
    let line = file.index.line_text(number);
    let first = file.index.byte(crate::Position { line: number, column: 1 });
    let near = label.map_or(0, |p| p.start.saturating_sub(first) as usize);
    let mut from = near.saturating_sub(room * 4).min(line.len());
    while !line.is_char_boundary(from) {
        from -= 1;
    }
    let mut list = Vec::new();
    let mut column = 0;
    let mut end = from;
    let mut rest = false;
    for (i, c) in line.get(from..).unwrap_or("").char_indices() {
        if i > room * 12 {
            rest = true;
            break;
        }
        let byte = first + u32::try_from(from + i).unwrap_or(u32::MAX);
        end = from + i + c.len_utf8();
        match c {
            // A byte order mark.
            '\u{feff}' => {}
            '\t' => {
                for _ in 0..TAB - column % TAB {
                    list.push(Cell { byte, shown: ' ', width: 1 });
                    column += 1;
                }
            }
            c => {
                let shown = harmless(c);
                list.push(Cell { byte, shown, width: char_width(shown) });
                column += char_width(shown);
            }
        }
    }
    Cells { list, end: first + u32::try_from(end).unwrap_or(u32::MAX), cut_left: from > 0, cut_right: rest }
}

struct Cells {
    list: Vec<Cell>,
    /// The file's byte behind the last of them.
    end: u32,
    cut_left: bool,
    cut_right: bool,
}

/// What of a line is shown.
struct Window<'c> {
    cells: &'c [Cell],
    end: u32,
    cut_left: bool,
    cut_right: bool,
}

/// The part of a line that fits into `room` columns and shows its first label, with room for the text beside it.
fn window<'c>(cells: &'c Cells, number: u32, placed: &[Placed<'_>], room: usize) -> Window<'c> {
    let total: usize = cells.list.iter().map(|c| c.width).sum();
    let column = |byte: u32| cells.list.iter().take_while(|c| c.byte < byte).map(|c| c.width).sum::<usize>();
    let label = placed.iter().find(|p| p.first == number && p.last == number);
    let (start, middle, said) = label.map_or((0, 0, 0), |p| {
        let (start, end) = (column(p.start), column(p.end).min(column(p.start) + room));
        (start, (start + end) / 2, text::width(p.marked.text))
    });
    let fits = total <= room && middle + ELBOW + said.min(room / 2) <= room;
    let mut skip = 0;
    if !fits {
        // From a third of the room before the label, but no further right than the line fills the room.
        skip = start.saturating_sub(room / 3).min(total.saturating_sub(room - 2));
        let text_room = (room + skip).saturating_sub(middle + ELBOW);
        if text_room < said.min(room / 2) {
            skip = start.saturating_sub(room / 3).max(skip);
        }
    }
    let mut used = 0;
    let from = cells
        .list
        .iter()
        .take_while(|c| {
            let keep = used < skip;
            used += c.width;
            keep
        })
        .count();
    let cut_left = cells.cut_left || from > 0;
    let mut left = room - usize::from(cut_left);
    let fitting = |left: usize| {
        let mut used = 0;
        cells
            .list
            .iter()
            .skip(from)
            .take_while(|c| {
                used += c.width;
                used <= left
            })
            .count()
    };
    let mut count = fitting(left);
    let cut_right = cells.cut_right || from + count < cells.list.len();
    if cut_right {
        left -= 1;
        count = fitting(left);
    }
    let end = cells.list.get(from + count).map_or(cells.end, |c| c.byte);
    Window { cells: cells.list.get(from..from + count).unwrap_or(&[]), end, cut_left, cut_right }
}

impl SourceCode for Snippet {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let end = span.offset() + span.len();
        let holds = |at: usize| self.lines.iter().position(|l| l.start <= at && at <= l.end);
        let (Some(mut first), Some(mut last)) = (holds(span.offset()), holds(end)) else {
            return Err(MietteError::OutOfBounds);
        };
        let number = |i: usize| self.lines.get(i).map(|l| l.number);
        for _ in 0..context_lines_before {
            if first > 0 && number(first - 1).map(|n| n + 1) == number(first) {
                first -= 1;
            }
        }
        for _ in 0..context_lines_after {
            if number(last).map(|n| n + 1) == number(last + 1) {
                last += 1;
            }
        }
        let (Some(from), Some(to)) = (self.lines.get(first), self.lines.get(last)) else {
            return Err(MietteError::OutOfBounds);
        };
        let column = self.columns.iter().find(|(at, _)| *at == span.offset()).map_or(0, |(_, c)| *c);
        Ok(Box::new(Shown {
            name: &self.name,
            data: self.text.get(from.start..to.end).unwrap_or(""),
            span: (from.start, to.end - from.start).into(),
            line: from.number.saturating_sub(1) as usize,
            // miette asks without context for the place in the heading, and with context for the lines.
            column: if context_lines_before == 0 { column } else { 0 },
            count: last - first + 1,
        }))
    }
}

struct Shown<'a> {
    name: &'a str,
    data: &'a str,
    span: SourceSpan,
    line: usize,
    column: usize,
    count: usize,
}

impl<'a> SpanContents<'a> for Shown<'a> {
    fn data(&self) -> &'a [u8] {
        self.data.as_bytes()
    }

    fn span(&self) -> &SourceSpan {
        &self.span
    }

    fn name(&self) -> Option<&str> {
        Some(self.name)
    }

    fn line(&self) -> usize {
        self.line
    }

    fn column(&self) -> usize {
        self.column
    }

    fn line_count(&self) -> usize {
        self.count
    }
}
