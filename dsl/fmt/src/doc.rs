//! A small pretty printer after Wadler, "A prettier printer" (2003): groups stand on one line if they fit, else all their
//! line breaks are taken. Comments stay where they are and force the breaks they need.

/// The width lines are kept to where they can be broken.
pub(crate) const WIDTH: usize = 120;

/// What is to be printed.
#[derive(Clone, Debug)]
pub(crate) enum Doc {
    /// Text as it is; it may span lines, as literals do.
    Text(String),
    /// A blank, or a line break in a broken group.
    Line,
    /// Nothing, or a line break in a broken group.
    SoftLine,
    /// So many blanks, unless a line ends here.
    Blanks(usize),
    /// A line break; a group with one is broken.
    HardLine,
    /// A line break beside SQL, which breaks no group.
    SqlLine,
    /// Lines of SQL, each with its blanks beyond the others; breaks no group.
    Sql(Vec<(usize, String)>),
    /// A blank line, and a line break.
    BlankLine,
    /// Printed only in a broken group.
    IfBroken(Box<Doc>),
    /// One after the other.
    Concat(Vec<Doc>),
    /// Deeper by so many blanks.
    Nest(usize, Box<Doc>),
    /// On one line if it fits.
    Group(Box<Doc>),
    /// A comment.
    Comment {
        /// As it stands in the text.
        text: String,
        /// It is the first on its line.
        own_line: bool,
        /// Nothing follows it on its line.
        ends_line: bool,
    },
}

impl Doc {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Doc::Text(text.into())
    }

    pub(crate) fn nest(by: usize, doc: Doc) -> Self {
        Doc::Nest(by, Box::new(doc))
    }

    pub(crate) fn group(doc: Doc) -> Self {
        Doc::Group(Box::new(doc))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Flat,
    Broken,
}

struct Printer {
    out: String,
    /// Characters on the current line.
    column: usize,
    /// What the current line is indented by, if nothing stands on it yet.
    indent: usize,
    /// A comment was printed that nothing may follow on its line.
    must_break: bool,
    /// Blanks that are due before the next text.
    blanks: usize,
}

/// Prints a document; lines end with `\n`, without blanks before it.
pub(crate) fn print(doc: &Doc) -> String {
    let mut printer = Printer { out: String::new(), column: 0, indent: 0, must_break: false, blanks: 0 };
    let mut stack = vec![(0, Mode::Broken, doc)];
    while let Some((indent, mode, doc)) = stack.pop() {
        match doc {
            Doc::Text(text) => printer.text(indent, text),
            Doc::Line if mode == Mode::Flat => printer.blanks = 1,
            Doc::Blanks(n) => printer.blanks = *n,
            Doc::SoftLine if mode == Mode::Flat => {}
            Doc::Line | Doc::SoftLine | Doc::HardLine | Doc::SqlLine => printer.fresh_line(indent),
            Doc::BlankLine => printer.blank_line(indent),
            Doc::Sql(lines) => printer.sql(indent, lines),
            Doc::IfBroken(inner) => {
                if mode == Mode::Broken {
                    stack.push((indent, mode, inner));
                }
            }
            Doc::Concat(docs) => stack.extend(docs.iter().rev().map(|doc| (indent, mode, doc))),
            Doc::Nest(by, inner) => stack.push((indent + by, mode, inner)),
            Doc::Group(inner) => {
                let fits = mode == Mode::Flat || printer.fits(indent, inner, &stack);
                stack.push((indent, if fits { Mode::Flat } else { Mode::Broken }, inner));
            }
            Doc::Comment { text, own_line, ends_line } => printer.comment(indent, text, *own_line, *ends_line),
        }
    }
    printer.fresh_line(0);
    // A blank line is between two things, never behind the last.
    while printer.out.ends_with("\n\n") {
        printer.out.pop();
    }
    printer.out
}

impl Printer {
    fn text(&mut self, indent: usize, text: &str) {
        if text.is_empty() {
            return;
        }
        if self.must_break {
            self.fresh_line(indent);
        }
        if self.column == 0 {
            self.out.extend(std::iter::repeat_n(' ', self.indent));
            self.column = self.indent;
        } else {
            self.out.extend(std::iter::repeat_n(' ', self.blanks));
            self.column += self.blanks;
        }
        self.blanks = 0;
        self.out.push_str(text);
        self.column = match text.rsplit_once('\n') {
            Some((_, last)) => last.chars().count(),
            None => self.column + text.chars().count(),
        };
    }

    fn sql(&mut self, indent: usize, lines: &[(usize, String)]) {
        for (i, (deeper, line)) in lines.iter().enumerate() {
            if i > 0 {
                self.out.push('\n');
                self.column = 0;
            }
            if self.column == 0 {
                self.indent = indent + deeper;
            }
            self.text(indent + deeper, line);
        }
    }

    /// Ends the line unless nothing stands on it; the next one is indented by `indent`.
    fn fresh_line(&mut self, indent: usize) {
        self.indent = indent;
        self.must_break = false;
        self.blanks = 0;
        if self.column > 0 {
            self.out.push('\n');
            self.column = 0;
        }
    }

    /// One blank line, but none at the top and never two.
    fn blank_line(&mut self, indent: usize) {
        self.fresh_line(indent);
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn comment(&mut self, indent: usize, text: &str, own_line: bool, ends_line: bool) {
        if own_line {
            self.fresh_line(indent);
        }
        self.blanks = 1;
        self.text(indent, text);
        self.blanks = 1;
        self.must_break = ends_line;
    }

    /// Whether `doc`, and what follows it up to the next line break, fits on the line.
    fn fits(&self, indent: usize, doc: &Doc, rest: &[(usize, Mode, &Doc)]) -> bool {
        let start = if self.must_break {
            indent
        } else if self.column == 0 {
            self.indent
        } else {
            self.column + self.blanks
        };
        let Some(mut room) = WIDTH.checked_sub(start) else { return false };
        let mut rest = rest.iter().rev();
        let mut stack = vec![(Mode::Flat, doc)];
        loop {
            let (mode, doc) = match stack.pop() {
                Some(next) => next,
                None => match rest.next() {
                    Some((_, mode, doc)) => (*mode, *doc),
                    None => return true,
                },
            };
            let width = match doc {
                Doc::Text(text) => match text.split_once('\n') {
                    Some((first, _)) => return first.chars().count() <= room,
                    None => text.chars().count(),
                },
                Doc::Line if mode == Mode::Flat => 1,
                Doc::SoftLine if mode == Mode::Flat => 0,
                Doc::Sql(lines) => match lines.as_slice() {
                    [(_, line)] if !line.contains('\n') => line.chars().count(),
                    lines => {
                        let first = lines.first().and_then(|(_, line)| line.split('\n').next()).unwrap_or("");
                        return first.chars().count() <= room;
                    }
                },
                Doc::Blanks(n) => *n,
                Doc::HardLine | Doc::BlankLine => return mode == Mode::Broken,
                Doc::Line | Doc::SoftLine | Doc::SqlLine => return true,
                Doc::IfBroken(inner) => {
                    if mode == Mode::Broken {
                        stack.push((mode, inner));
                    }
                    0
                }
                Doc::Concat(docs) => {
                    stack.extend(docs.iter().rev().map(|doc| (mode, doc)));
                    0
                }
                Doc::Nest(_, inner) => {
                    stack.push((mode, inner));
                    0
                }
                Doc::Group(inner) => {
                    // What follows may still break: only what must stand on this line counts.
                    stack.push((mode, inner));
                    0
                }
                Doc::Comment { own_line: true, .. } => return mode == Mode::Broken,
                Doc::Comment { ends_line: true, .. } => return mode == Mode::Broken,
                Doc::Comment { text, .. } => text.chars().count() + 1,
            };
            let Some(left) = room.checked_sub(width) else { return false };
            room = left;
        }
    }
}
