//! The tokens of a file with the comments that stand at them.

use pipe_syntax::TokenKind;

/// A comment and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Comment<'a> {
    /// Its bytes, without blanks at its end.
    pub(crate) text: &'a str,
    /// It is the first on its line.
    pub(crate) own_line: bool,
    /// Nothing follows it on its line.
    pub(crate) ends_line: bool,
    /// A blank line stands above it.
    pub(crate) blank: bool,
}

/// A token that is no comment.
#[derive(Clone, Debug)]
pub(crate) struct Leaf<'a> {
    pub(crate) kind: TokenKind,
    pub(crate) text: &'a str,
    /// Blanks before it on its line, if nothing else stands there; a tab counts as four.
    pub(crate) margin: Option<usize>,
    /// A blank line stands above it, below its comments.
    pub(crate) blank: bool,
    /// Comments before it, none of them on the line of the token before.
    pub(crate) before: Vec<Comment<'a>>,
    /// Comments behind it that end its line.
    pub(crate) after: Vec<Comment<'a>>,
}

impl Leaf<'_> {
    pub(crate) fn is(&self, kind: TokenKind, text: &str) -> bool {
        self.kind == kind && self.text.eq_ignore_ascii_case(text)
    }

    pub(crate) fn is_sign(&self, sign: &str) -> bool {
        self.kind == TokenKind::Sign && self.text == sign
    }

    /// Whether a comment stands at it.
    pub(crate) fn has_comment(&self) -> bool {
        !self.before.is_empty() || !self.after.is_empty()
    }

    /// Whether it, or the first comment above it, stands below a blank line.
    pub(crate) fn starts_paragraph(&self) -> bool {
        self.before.first().map_or(self.blank, |comment| comment.blank)
    }
}

/// The tokens of a text, with an empty one at its end that holds the last comments.
pub(crate) fn leaves(text: &str) -> Vec<Leaf<'_>> {
    let mut leaves: Vec<Leaf<'_>> = Vec::new();
    let mut waiting: Vec<Comment<'_>> = Vec::new();
    let mut pos = 0;
    let end = pipe_syntax::Token { kind: TokenKind::Unknown, range: text.len()..text.len() };
    for token in pipe_syntax::tokens(text).into_iter().chain([end]) {
        let gap = text.get(pos..token.range.start).unwrap_or("");
        let breaks = gap.bytes().filter(|b| *b == b'\n').count();
        let first_of_file = pos == 0;
        let token_text = text.get(token.range.clone()).unwrap_or("");
        let after = text.get(token.range.end..).unwrap_or("");
        pos = token.range.end;
        if matches!(token.kind, TokenKind::Comment | TokenKind::Doc) {
            let comment = Comment {
                text: token_text.trim_end(),
                own_line: breaks > 0 || first_of_file,
                ends_line: ends_line(after),
                blank: breaks > 1,
            };
            // Behind a token on its line, and nothing behind it: it belongs to that token.
            match leaves.last_mut() {
                Some(last) if !comment.own_line && waiting.is_empty() && comment.ends_line => last.after.push(comment),
                _ => waiting.push(comment),
            }
            continue;
        }
        let margin = (breaks > 0 || first_of_file).then(|| gap.rsplit('\n').next().map_or(0, width));
        leaves.push(Leaf {
            kind: token.kind,
            text: token_text,
            margin,
            blank: breaks > 1,
            before: std::mem::take(&mut waiting),
            after: Vec::new(),
        });
    }
    leaves
}

/// The width of blanks at a line's start; a tab counts as four.
pub(crate) fn width(blanks: &str) -> usize {
    blanks.chars().map(|c| if c == '\t' { 4 } else { usize::from(c == ' ') }).sum()
}

fn ends_line(after: &str) -> bool {
    let line = after.split('\n').next().unwrap_or("");
    line.trim().is_empty()
}
