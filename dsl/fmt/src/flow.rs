//! Tokens one after the other: the blanks between them, lists in brackets, embedded SQL.

use pipe_syntax::{TokenKind, sql_lines};

use crate::doc::Doc;
use crate::tree::{Comment, Leaf, width};

/// Names of a schema up to this long are aligned, and heads of rules.
pub(crate) const MAX_ALIGNED: usize = 32;

/// What stands between two tokens instead of the usual blank: of the token before, the token, and the one behind it.
pub(crate) type Between<'b> = &'b dyn Fn(&Leaf<'_>, &Leaf<'_>, Option<&Leaf<'_>>) -> Option<Doc>;

/// The tokens still to be printed.
#[derive(Clone)]
pub(crate) struct Cursor<'t, 'a> {
    leaves: &'t [Leaf<'a>],
}

/// What was printed of some tokens, and the comments behind the last one, which may go behind a `,` or `;`.
#[derive(Default)]
pub(crate) struct Flow {
    docs: Vec<Doc>,
    tail: Vec<Doc>,
    started: bool,
}

impl Flow {
    /// The comments kept back, then `doc`.
    pub(crate) fn push(&mut self, doc: Doc) {
        self.docs.append(&mut self.tail);
        self.docs.push(doc);
    }

    /// A token with the comments at it. Where a comment made it start a line, it is indented.
    pub(crate) fn leaf(&mut self, leaf: &Leaf<'_>) {
        let depth = if self.started { 2 } else { 0 };
        self.started = true;
        self.push(Doc::nest(depth, Doc::Concat(vec![before(leaf), Doc::text(spelled(leaf))])));
        self.tail = comments(&leaf.after);
    }

    /// `,` or `;`, behind which the comments kept back go unless others stand between. A `droppable` one stands only
    /// where a list is broken.
    pub(crate) fn end(&mut self, sign: &Leaf<'_>, droppable: bool) {
        let tail = if sign.before.is_empty() { std::mem::take(&mut self.tail) } else { Vec::new() };
        self.push(before(sign));
        let text = Doc::text(sign.text);
        self.docs.push(if droppable { Doc::IfBroken(Box::new(text)) } else { text });
        self.docs.extend(tail);
        self.tail = comments(&sign.after);
    }

    /// The comments at a token that is not printed.
    pub(crate) fn comments_of(&mut self, leaf: &Leaf<'_>) {
        self.push(before(leaf));
        self.tail_of(leaf);
    }

    /// Keeps back the comments behind a token.
    pub(crate) fn tail_of(&mut self, leaf: &Leaf<'_>) {
        self.tail = comments(&leaf.after);
    }

    /// The comments kept back, for [`Flow::keep`].
    pub(crate) fn take_tail(&mut self) -> Vec<Doc> {
        std::mem::take(&mut self.tail)
    }

    /// Keeps back these comments.
    pub(crate) fn keep(&mut self, tail: Vec<Doc>) {
        self.tail = tail;
    }

    /// What comes is not the first token of its statement or item.
    pub(crate) fn go_on(&mut self) {
        self.started = true;
    }

    /// All of it, the comments kept back too.
    pub(crate) fn finish(mut self) -> Doc {
        self.docs.append(&mut self.tail);
        Doc::Concat(self.docs)
    }
}

impl<'t, 'a> Cursor<'t, 'a> {
    pub(crate) fn new(leaves: &'t [Leaf<'a>]) -> Self {
        Self { leaves }
    }

    pub(crate) fn peek(&self) -> Option<&'t Leaf<'a>> {
        self.leaves.first()
    }

    pub(crate) fn take(&mut self) -> Option<&'t Leaf<'a>> {
        let (first, rest) = self.leaves.split_first()?;
        self.leaves = rest;
        Some(first)
    }

    pub(crate) fn rest(&self) -> &'t [Leaf<'a>] {
        self.leaves
    }

    /// Prints tokens behind `previous` until `stop` says so of one outside brackets.
    pub(crate) fn flow(
        &mut self,
        flow: &mut Flow,
        mut previous: Option<&'t Leaf<'a>>,
        stop: &dyn Fn(&Leaf<'_>) -> bool,
        between: Between<'_>,
    ) {
        while let Some(leaf) = self.peek().filter(|leaf| !stop(leaf)) {
            let _ = self.take();
            if leaf.kind == TokenKind::Sql {
                query(flow, leaf);
                previous = Some(leaf);
                continue;
            }
            if let Some(previous) = previous {
                match between(previous, leaf, self.peek()) {
                    Some(doc) => flow.push(doc),
                    None if blank_between(previous, leaf) => flow.push(Doc::Blanks(1)),
                    None => {}
                }
            }
            let opens = leaf.is_sign("(") || leaf.is_sign("[");
            previous = if opens { self.brackets(flow, previous, leaf) } else { Some(leaf) };
            if !opens {
                flow.leaf(leaf);
            }
        }
    }

    /// What `open` opens, to the closing bracket, which is given.
    fn brackets(
        &mut self,
        flow: &mut Flow,
        previous: Option<&'t Leaf<'a>>,
        open: &'t Leaf<'a>,
    ) -> Option<&'t Leaf<'a>> {
        match self.peek() {
            Some(sql) if sql.kind == TokenKind::Sql => {
                let _ = self.take();
                let close = self.take();
                fragment(flow, open, sql, close);
                close
            }
            Some(close) if closes(close) => {
                let _ = self.take();
                flow.leaf(open);
                flow.leaf(close);
                Some(close)
            }
            _ => self.list(flow, previous, open),
        }
    }

    fn list(&mut self, flow: &mut Flow, previous: Option<&'t Leaf<'a>>, open: &'t Leaf<'a>) -> Option<&'t Leaf<'a>> {
        let schema = previous.is_some_and(|leaf| leaf.is(TokenKind::Keyword, "schema"));
        let comma = open.is_sign("[") || previous.is_some_and(takes_trailing_comma);
        let names = if schema { aligned(self.rest()) } else { 0 };
        let mut inner = comments(&open.after);
        inner.push(if schema { Doc::HardLine } else { Doc::SoftLine });
        let mut first = true;
        while let Some(start) = self.peek().filter(|leaf| !closes(leaf)) {
            if !first {
                inner.push(Doc::Line);
                if start.starts_paragraph() {
                    inner.push(Doc::IfBroken(Box::new(Doc::BlankLine)));
                }
            }
            first = false;
            let mut entry = Flow::default();
            let pad = names.saturating_sub(start.text.chars().count());
            self.flow(&mut entry, None, &|leaf| leaf.is_sign(",") || closes(leaf), &|previous, _, _| {
                (schema && std::ptr::eq(previous.text, start.text)).then_some(Doc::Blanks(pad + 2))
            });
            match self.peek().filter(|leaf| leaf.is_sign(",")) {
                Some(sign) => {
                    let _ = self.take();
                    entry.end(sign, self.peek().is_some_and(closes));
                }
                None if comma => {
                    let tail = std::mem::take(&mut entry.tail);
                    entry.push(Doc::IfBroken(Box::new(Doc::text(","))));
                    entry.docs.extend(tail);
                }
                None => {}
            }
            inner.push(entry.finish());
        }
        let close = self.take();
        if let Some(close) = close {
            inner.push(before(close));
        }
        let text = |leaf: &Leaf<'_>| Doc::text(leaf.text);
        flow.started = true;
        flow.push(before(open));
        flow.push(Doc::group(Doc::Concat(vec![
            text(open),
            Doc::nest(2, Doc::Concat(inner)),
            Doc::SoftLine,
            close.map_or(Doc::text(""), text),
        ])));
        flow.tail = close.map(|leaf| comments(&leaf.after)).unwrap_or_default();
        close
    }
}

/// The width that the names of a schema, the first tokens of its entries, are padded to.
fn aligned(leaves: &[Leaf<'_>]) -> usize {
    let mut depth = 0usize;
    let mut at_start = true;
    let mut widest = 0;
    for leaf in leaves {
        if depth == 0 && closes(leaf) {
            break;
        }
        if at_start {
            let width = leaf.text.chars().count();
            widest = if width <= MAX_ALIGNED { widest.max(width) } else { widest };
        }
        depth += usize::from(leaf.is_sign("(") || leaf.is_sign("[") || leaf.is_sign("<"));
        depth = depth.saturating_sub(usize::from(closes(leaf) || leaf.is_sign(">")));
        at_start = depth == 0 && leaf.is_sign(",");
    }
    widest
}

fn closes(leaf: &Leaf<'_>) -> bool {
    leaf.is_sign(")") || leaf.is_sign("]")
}

/// Whether the grammar takes a `,` behind the last entry of the list that follows this token.
fn takes_trailing_comma(leaf: &Leaf<'_>) -> bool {
    const LISTS: &[&str] = &["with", "schema", "in", "by", "determines", "columns", "alias"];
    leaf.kind == TokenKind::Word
        || leaf.kind == TokenKind::Keyword && LISTS.contains(&leaf.text.to_ascii_lowercase().as_str())
}

/// Whether a blank stands between two tokens.
fn blank_between(previous: &Leaf<'_>, leaf: &Leaf<'_>) -> bool {
    let (sign, before) = (leaf.kind == TokenKind::Sign, previous.kind == TokenKind::Sign);
    match leaf.text {
        "," | ";" | ")" | "]" | ":" | "<" | ">" if sign => false,
        _ if before && matches!(previous.text, "(" | "[" | "<") => false,
        "(" if sign => !matches!(previous.kind, TokenKind::Word | TokenKind::Type),
        "[" if sign => !(previous.kind == TokenKind::Type || before && matches!(previous.text, "]" | ")" | ">")),
        _ => true,
    }
}

/// The token as the formatter spells it: words of the language in lower case, names as they are.
fn spelled(leaf: &Leaf<'_>) -> String {
    let quoted = leaf.text.starts_with(['"', '`']);
    match leaf.kind {
        TokenKind::Keyword | TokenKind::Word if !quoted => leaf.text.to_lowercase(),
        TokenKind::Type if !quoted => leaf.text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" "),
        _ => leaf.text.to_owned(),
    }
}

/// The comments before a token, with the blank lines that keep docs apart.
pub(crate) fn before(leaf: &Leaf<'_>) -> Doc {
    let mut docs = Vec::new();
    for (i, comment) in leaf.before.iter().enumerate() {
        if i > 0 && comment.blank {
            docs.push(Doc::BlankLine);
        }
        docs.push(comment_doc(comment));
    }
    let closes = leaf.kind == TokenKind::Sign || leaf.text.is_empty();
    if leaf.blank && !leaf.before.is_empty() && !closes {
        docs.push(Doc::BlankLine);
    }
    Doc::Concat(docs)
}

fn comments(comments: &[Comment<'_>]) -> Vec<Doc> {
    comments.iter().map(comment_doc).collect()
}

fn comment_doc(comment: &Comment<'_>) -> Doc {
    Doc::Comment { text: comment.text.to_owned(), own_line: comment.own_line, ends_line: comment.ends_line }
}

/// A query behind `as`: on its line if it is one line and fits, else below.
fn query(flow: &mut Flow, leaf: &Leaf<'_>) {
    let one_line = !leaf.text.contains('\n') && leaf.before.is_empty() && flow.tail.is_empty();
    let doc = if one_line {
        Doc::group(Doc::Concat(vec![Doc::Line, sql(leaf)]))
    } else {
        Doc::Concat(vec![Doc::SqlLine, before(leaf), sql(leaf)])
    };
    flow.push(Doc::nest(2, doc));
    flow.tail = comments(&leaf.after);
}

/// `( SQL )`: on its line if it is one line without comments, else between the parentheses.
fn fragment(flow: &mut Flow, open: &Leaf<'_>, leaf: &Leaf<'_>, close: Option<&Leaf<'_>>) {
    let commented = leaf.has_comment() || !open.after.is_empty() || close.is_some_and(|c| !c.before.is_empty());
    flow.leaf(open);
    let mut inner = std::mem::take(&mut flow.tail);
    if commented || leaf.text.contains('\n') {
        inner.extend([Doc::SqlLine, before(leaf), sql(leaf)]);
        inner.extend(comments(&leaf.after));
        inner.extend(close.map(before));
        flow.push(Doc::nest(2, Doc::Concat(inner)));
        flow.push(Doc::SqlLine);
    } else {
        flow.push(sql(leaf));
    }
    flow.push(Doc::text(")"));
    flow.tail = close.map(|leaf| comments(&leaf.after)).unwrap_or_default();
}

/// SQL with its bytes, but for the blanks at the start of its lines: the lines keep their places to each other.
fn sql(leaf: &Leaf<'_>) -> Doc {
    let lines = sql_lines(leaf.text);
    let margin = |line: &str| width(line.get(..line.len() - line.trim_start().len()).unwrap_or(""));
    let mut margins: Vec<Option<usize>> =
        lines.iter().map(|line| (!line.trim().is_empty()).then(|| margin(line))).collect();
    if let Some(first) = margins.first_mut() {
        // A first line behind other tokens has no place of its own.
        *first = leaf.margin;
    }
    let least = margins.iter().flatten().min().copied().unwrap_or(0);
    let deeper = |margin: Option<usize>| margin.map_or(0, |margin| margin - least);
    Doc::Sql(lines.iter().zip(margins).map(|(line, margin)| (deeper(margin), line.trim_start().to_owned())).collect())
}
