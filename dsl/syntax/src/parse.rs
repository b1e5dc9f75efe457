//! The driver: cuts, parses each slice by its rule, goes on behind what does not parse.

use std::ops::Range;

use pest::Parser as _;
use pest::iterators::Pair;
use pipe_diagnostics::codes::syntax as code;
use pipe_diagnostics::{Diagnostic, FileId, Span};
use pipe_grammar::{PipeParser, Rule};

use crate::ast::{File, Name, Spanned, Statement, StatementKind};
use crate::forms::{Form, form};
use crate::lower::{self, Lower, Lowered};
use crate::message::{self, Context, Failure};
use crate::splitter::{self, Cut, Slice, Stop, Trouble};

/// How many messages a file may have; a note on the last says that there are more.
const MAX_DIAGNOSTICS: usize = 100;

/// A file's tree, as far as there is one, and what was wrong.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// Statements that could not be read are there too, as [`StatementKind::Error`].
    pub file: File,
    /// In the order of the text; at most 100, the last says so.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a file. Never fails: what cannot be read leaves a message and an error node. Takes every embedded query to be
/// right SQL; see [`parse_with`].
pub fn parse(text: &str, file: FileId) -> Parsed {
    parse_with(text, file, &|_| true)
}

/// As [`parse`], with a judge of SQL: a query that it calls wrong and that holds a line with a statement at column 0 was
/// not ended, and is cut there. It is asked only about queries with such a line.
pub fn parse_with(text: &str, file: FileId, is_sql: &dyn Fn(&str) -> bool) -> Parsed {
    let mut driver =
        Driver { text, file, is_sql, parsed: Parsed::default(), overflow: false, wasted: 0, next_line: None };
    driver.run();
    if driver.overflow {
        driver.parsed.diagnostics.truncate(MAX_DIAGNOSTICS);
        if let Some(last) = driver.parsed.diagnostics.last_mut() {
            last.notes.push(format!("only the first {MAX_DIAGNOSTICS} messages of this file are shown"));
        }
    }
    driver.parsed
}

struct Driver<'a> {
    text: &'a str,
    file: FileId,
    is_sql: &'a dyn Fn(&str) -> bool,
    parsed: Parsed,
    /// More than the allowed number of messages: the rest is only cut, not parsed.
    overflow: bool,
    /// Bytes that were read more than once because a statement was cut again.
    wasted: usize,
    /// The next line at column 0 with a statement, as found for a byte before it.
    next_line: Option<(usize, usize)>,
}

/// Whether a statement or an item was read whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Right,
    Wrong,
}

impl Driver<'_> {
    fn run(&mut self) {
        let mut pos = 0;
        loop {
            let limit = self.limit(pos);
            let Some(cut) = splitter::cut(self.text.get(..limit).unwrap_or(self.text), pos) else {
                if limit == self.text.len() {
                    return;
                }
                pos = limit;
                continue;
            };
            let before = self.parsed.diagnostics.len();
            let (mut statement, outcome) = self.statement(self.text.get(..limit).unwrap_or(self.text), &cut);
            if outcome == Outcome::Wrong
                && let Some(end) = self.unwanted_block(limit, &cut, before)
            {
                statement.span.span = Span::new(self.file, cut.head.range.start..end);
                self.accept(statement);
                pos = end;
                continue;
            }
            if outcome == Outcome::Wrong
                && !self.overflow
                && let Some((again, line)) = self.cut_again(&cut)
            {
                self.parsed.diagnostics.truncate(before);
                self.wasted += cut.next - line;
                let text = self.text.get(..line).unwrap_or(self.text);
                let (statement, _) = self.statement(text, &again);
                self.accept(statement);
                pos = line;
                continue;
            }
            self.accept(statement);
            pos = cut.next;
        }
    }

    fn accept(&mut self, statement: Statement) {
        self.overflow |= self.parsed.diagnostics.len() > MAX_DIAGNOSTICS;
        self.parsed.file.statements.push(statement);
    }

    /// Up to where the statement at `pos` may go. To the end, unless so much was read twice that the file is not a
    /// program: then to the next statement at column 0, which keeps the whole linear.
    fn limit(&mut self, pos: usize) -> usize {
        if !self.overflow && self.wasted <= 4 * self.text.len() + 65_536 {
            return self.text.len();
        }
        match self.next_line {
            Some((from, line)) if from <= pos && pos < line => line,
            _ => {
                let line = splitter::next_statement_line(self.text, pos, self.text.len(), "");
                let line = line.unwrap_or(self.text.len());
                self.next_line = Some((pos, line));
                line
            }
        }
    }

    /// One past the `}` of a block that a statement has but must not have, if that is what message number `before` is about:
    /// what stands in the block is no statement, and is not told.
    fn unwanted_block(&mut self, limit: usize, cut: &Cut, before: usize) -> Option<usize> {
        let open = self.parsed.diagnostics.get(before)?.span()?.range();
        let text = self.text.get(..limit)?;
        if cut.block.is_some() || self.overflow || text.get(open.clone()) != Some("{") {
            return None;
        }
        let end = splitter::closing_brace(text, open.end);
        self.wasted += end.unwrap_or(limit).saturating_sub(cut.next);
        end.filter(|end| splitter::next_statement_line(text, open.end, *end, "").is_none())
    }

    /// Where a later line of a wrong statement starts another one: the statement up to there, and that byte.
    fn cut_again(&self, cut: &Cut) -> Option<(Cut, usize)> {
        let start = cut.head.range.start;
        let keyword = cut.keyword.clone().and_then(|range| self.text.get(range)).unwrap_or("");
        let line = splitter::next_statement_line(self.text, start, cut.next, keyword)?;
        let again = splitter::cut(self.text.get(..line)?, start)?;
        let head = Slice { docs: cut.head.docs.clone(), ..again.head };
        Some((Cut { head, ..again }, line))
    }

    /// Parses a statement of `text`, which is the file or its part up to where the statement was cut.
    fn statement(&mut self, text: &str, cut: &Cut) -> (Statement, Outcome) {
        let word = cut.keyword.clone().and_then(|range| text.get(range)).unwrap_or("").to_lowercase();
        let first = cut.keyword.clone().unwrap_or(cut.head.range.start..first_end(text, &cut.head));
        let before = self.parsed.diagnostics.len();
        let kind = if self.overflow { None } else { self.kind(text, cut, &word, first.clone()) };
        let right = kind.is_some() && self.parsed.diagnostics.len() == before;
        let kind = kind.unwrap_or_else(|| StatementKind::Error { name: self.name_behind(text, cut) });
        let statement = Statement {
            docs: cut.head.docs.clone(),
            span: Spanned::new((), Span::new(self.file, cut.head.range.start..cut.next)),
            keyword: Spanned::new(word, Span::new(self.file, first)),
            kind,
        };
        (statement, if right { Outcome::Right } else { Outcome::Wrong })
    }

    fn kind(&mut self, text: &str, cut: &Cut, word: &str, first: Range<usize>) -> Option<StatementKind> {
        let Some(form) = form(word) else {
            let message = match cut.head.trouble {
                Some(trouble @ (Trouble::NotClosed(..) | Trouble::Character(..))) if cut.keyword.is_none() => {
                    message::trouble(text, self.file, trouble)
                }
                _ => message::unknown_statement(text, self.file, first),
            };
            self.parsed.diagnostics.push(message);
            return None;
        };
        match form {
            Form::Simple(rule, context) => {
                let kind = self.slice(text, &cut.head, rule, context, lower::statement)?;
                self.ended(text, &cut.head, context.what);
                self.judge(text, cut, &kind)?;
                self.check_place(&kind, &cut.head);
                Some(kind)
            }
            Form::Block(rule, context) => {
                let mut kind = self.slice(text, &cut.head, rule, context, lower::head);
                let Some(block) = &cut.block else {
                    if kind.is_some() {
                        let message = message::no_block(text, self.file, cut.head.range.clone(), context);
                        self.parsed.diagnostics.push(message);
                    }
                    return None;
                };
                let before = self.parsed.diagnostics.len();
                for item in &block.items {
                    self.items(text, item, word, kind.as_mut());
                }
                if !block.closed && self.parsed.diagnostics.len() == before && kind.is_some() {
                    let range = cut.head.range.start..cut.next;
                    let message = message::not_ended(text, self.file, range, context.what, "`}`");
                    self.parsed.diagnostics.push(message);
                }
                kind
            }
        }
    }

    /// Parses a slice by a rule. `None`: a message was given.
    fn slice<T>(
        &mut self,
        text: &str,
        slice: &Slice,
        rule: Rule,
        context: Context,
        lower: impl FnOnce(&mut Lower<'_>, Pair<'_, Rule>) -> Lowered<T>,
    ) -> Option<T> {
        match self.try_slice(text, slice, rule, context, lower) {
            Ok(value) => value,
            Err(failure) => {
                let message = message::unexpected(text, self.file, slice.range.clone(), &failure, context);
                self.parsed.diagnostics.push(message);
                None
            }
        }
    }

    /// As [`Driver::slice`], but leaves what pest refuses to the caller.
    fn try_slice<T>(
        &mut self,
        text: &str,
        slice: &Slice,
        rule: Rule,
        context: Context,
        lower: impl FnOnce(&mut Lower<'_>, Pair<'_, Rule>) -> Lowered<T>,
    ) -> Result<Option<T>, Failure> {
        if let Some(trouble) = slice.trouble {
            self.parsed.diagnostics.push(message::trouble(text, self.file, trouble));
            return Ok(None);
        }
        let base = slice.range.start;
        let piece = text.get(slice.range.clone()).unwrap_or("");
        let mut pairs = PipeParser::parse(rule, piece).map_err(|error| Failure::new(error, base))?;
        let before = self.parsed.diagnostics.len();
        let mut context_of = Lower { file: self.file, base, text, diagnostics: &mut self.parsed.diagnostics };
        let lowered = pairs.next().ok_or(lower::Refused).and_then(|pair| lower(&mut context_of, pair));
        if lowered.is_err() && self.parsed.diagnostics.len() == before {
            let span = Span::new(self.file, slice.range.clone());
            self.parsed.diagnostics.push(Diagnostic::error(
                code::UNEXPECTED,
                format!("{} cannot be read", context.what),
                span,
            ));
        }
        Ok(lowered.ok())
    }

    /// Complains of a simple statement without `;`.
    fn ended(&mut self, text: &str, head: &Slice, what: &str) {
        if head.stop == Stop::End {
            self.parsed.diagnostics.push(message::not_ended(text, self.file, head.range.clone(), what, "`;`"));
        }
    }

    /// Asks the judge of SQL about a model that may hold the next statement; `None` if it does.
    fn judge(&mut self, text: &str, cut: &Cut, kind: &StatementKind) -> Option<()> {
        let StatementKind::Model(model) = kind else { return Some(()) };
        let crate::ast::ModelBody::Sql(sql) = &model.body else { return Some(()) };
        let range = sql.span.range();
        let line = splitter::next_statement_line(text, range.start, range.end, "model");
        if line.is_none() || (self.is_sql)(&sql.value) {
            return Some(());
        }
        // Only to be cut again: the message is replaced by that of the statement up to the line.
        let message = message::not_ended(text, self.file, cut.head.range.clone(), "the `model` statement", "`;`");
        self.parsed.diagnostics.push(message);
        None
    }

    fn check_place(&mut self, kind: &StatementKind, head: &Slice) {
        if matches!(kind, StatementKind::Version(_)) && !self.parsed.file.statements.is_empty() {
            let span = Span::new(self.file, head.range.clone());
            let message = "the version of the language must come first, once".to_owned();
            self.parsed.diagnostics.push(Diagnostic::error(code::VERSION_PLACE, message, span));
        }
    }

    /// Parses what stands between two `;` of a block: an item, or several whose `;` are missing.
    fn items(&mut self, text: &str, item: &Slice, word: &str, mut kind: Option<&mut StatementKind>) {
        let mut rest = item.clone();
        while !self.overflow {
            let next = self.item(text, &rest, word, kind.as_deref_mut());
            self.overflow |= self.parsed.diagnostics.len() > MAX_DIAGNOSTICS;
            let Some(next) = next else { return };
            rest = next;
        }
    }

    /// Parses an item; gives what follows where a `;` is missing at a line's end.
    fn item(&mut self, text: &str, item: &Slice, word: &str, kind: Option<&mut StatementKind>) -> Option<Slice> {
        let mut scratch = StatementKind::Error { name: None };
        let kind = kind.unwrap_or(&mut scratch);
        let context = crate::forms::item(word);
        let docs = item.docs.clone();
        let result = match word {
            "rules" => self.try_slice(text, item, Rule::rule_item, context, |lower, pair| {
                let rule = lower::rule(lower, docs, pair)?;
                if let StatementKind::Rules(rules) = kind {
                    rules.items.push(rule);
                }
                Ok(())
            }),
            "heal" => self.try_slice(text, item, Rule::clause, context, |lower, pair| {
                let clause = lower::clause(lower, docs, pair)?;
                if let StatementKind::Heal(heal) = kind {
                    heal.clauses.push(clause);
                }
                Ok(())
            }),
            "test" => self.try_slice(text, item, Rule::test_item, context, |lower, pair| {
                let item = lower::test_item(lower, pair)?;
                if let StatementKind::Test(test) = kind {
                    test.items.push(item);
                }
                Ok(())
            }),
            _ => {
                self.profile_item(text, item, kind);
                return None;
            }
        };
        match result {
            Ok(read) => {
                if read.is_some() && item.stop != Stop::Semicolon {
                    let message = message::not_ended(text, self.file, item.range.clone(), context.what, "`;`");
                    self.parsed.diagnostics.push(message);
                }
                None
            }
            Err(failure) => {
                let rest = self.missing_end(text, item, &failure, context);
                if rest.is_none() {
                    let message = message::unexpected(text, self.file, item.range.clone(), &failure, context);
                    self.parsed.diagnostics.push(message);
                }
                rest.map(|(head, rest)| {
                    // What stands before the missing `;` is read again, alone; it is right.
                    self.item(text, &head, word, Some(kind));
                    rest
                })
            }
        }
    }

    /// Where an item could end and a new line begins, its `;` is missing: the item, and what follows.
    fn missing_end(&mut self, text: &str, item: &Slice, failure: &Failure, context: Context) -> Option<(Slice, Slice)> {
        let before = text.get(item.range.start..failure.at)?;
        let head_len = before.trim_end().len();
        let new_line = before.get(head_len..).is_some_and(|gap| gap.contains('\n'));
        if !failure.may_end() || !new_line || failure.at >= item.range.end {
            return None;
        }
        let range = item.range.start..item.range.start + head_len;
        let message = message::not_ended(text, self.file, range.clone(), context.what, "`;`");
        self.parsed.diagnostics.push(message);
        let head = Slice { range, stop: Stop::Semicolon, ..item.clone() };
        let rest = Slice { range: failure.at..item.range.end, docs: Vec::new(), ..item.clone() };
        Some((head, rest))
    }

    /// A `param` or a `connection` of a profile.
    fn profile_item(&mut self, text: &str, item: &Slice, kind: &mut StatementKind) {
        let Some(cut) = splitter::cut(text.get(..item.range.end).unwrap_or(text), item.range.start) else { return };
        let head = Slice { stop: item.stop, docs: item.docs.clone(), ..cut.head };
        let cut = Cut { head, next: item.range.end, keyword: cut.keyword, block: None };
        let word = cut.keyword.clone().and_then(|range| text.get(range)).unwrap_or("").to_lowercase();
        if form(&word).is_some() && !matches!(word.as_str(), "param" | "connection") {
            let span = Span::new(self.file, cut.keyword.unwrap_or(item.range.clone()));
            let message = format!("a profile cannot hold a `{word}` statement");
            let message = Diagnostic::error(code::PROFILE_ITEM, message, span);
            self.parsed.diagnostics.push(message.help("a profile holds `param` and `connection` statements"));
            return;
        }
        let (mut statement, _) = self.statement(text, &cut);
        if item.stop == Stop::Close {
            let message = message::not_ended(text, self.file, item.range.clone(), "the statement", "`;`");
            self.parsed.diagnostics.push(message);
        }
        statement.span.span = Span::new(self.file, item.range.clone());
        if let StatementKind::Profile(profile) = kind {
            profile.items.push(statement);
        }
    }

    /// The name behind the keyword of a statement that could not be read.
    fn name_behind(&self, text: &str, cut: &Cut) -> Option<Name> {
        let keyword = cut.keyword.clone()?;
        let rest = text.get(keyword.end..cut.head.range.end)?;
        let name = PipeParser::parse(Rule::name, rest.trim_start()).ok()?.next()?;
        let start = cut.head.range.end - rest.trim_start().len();
        let span = Span::new(self.file, start..start + name.as_str().len());
        Some(Spanned::new(lower::fold_path(name.as_str()), span))
    }
}

/// The end of a slice's first token.
fn first_end(text: &str, slice: &Slice) -> usize {
    let token = crate::lexer::Lexer::new(text, slice.range.start).next();
    token.map_or(slice.range.end, |t| t.end.min(slice.range.end))
}
