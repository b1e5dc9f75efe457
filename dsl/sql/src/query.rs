//! What is no query, or says what a query cannot do here.

use std::ops::ControlFlow;

use pipe_diagnostics::codes::sql as codes;
use pipe_diagnostics::{Diagnostic, Span};
use sqlparser::ast::{self, SetExpr, Spanned as _, Visit as _, Visitor};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::tokens::Tokens;

/// What a statement that is no query does, by its first word.
fn deed(keyword: Keyword) -> Option<&'static str> {
    Some(match keyword {
        Keyword::INSERT | Keyword::UPDATE | Keyword::DELETE | Keyword::MERGE | Keyword::REPLACE | Keyword::TRUNCATE => {
            "changes rows"
        }
        Keyword::CREATE | Keyword::ALTER | Keyword::DROP | Keyword::RENAME | Keyword::COMMENT | Keyword::ATTACH => {
            "changes what tables there are"
        }
        Keyword::COPY | Keyword::UNLOAD | Keyword::EXPORT | Keyword::LOAD => "moves data",
        Keyword::SET | Keyword::RESET | Keyword::USE | Keyword::PRAGMA => "changes settings",
        Keyword::GRANT | Keyword::REVOKE | Keyword::DENY => "changes rights",
        Keyword::BEGIN | Keyword::START | Keyword::COMMIT | Keyword::ROLLBACK | Keyword::SAVEPOINT => {
            "steers a transaction"
        }
        Keyword::CALL | Keyword::EXECUTE | Keyword::EXEC | Keyword::PREPARE | Keyword::DECLARE => "runs a program",
        Keyword::EXPLAIN | Keyword::DESCRIBE | Keyword::DESC | Keyword::SHOW | Keyword::ANALYZE | Keyword::VACUUM => {
            "is a command"
        }
        _ => return None,
    })
}

/// The message if a query starts with the word of another statement.
pub(crate) fn other_statement(tokens: &Tokens<'_>) -> Option<Diagnostic> {
    let first = tokens.significant().find(|t| t.token != Token::LParen)?;
    let Token::Word(word) = &first.token else { return None };
    let deed = deed(word.keyword)?;
    Some(refused(tokens.span_of(first), &word.value, deed))
}

fn refused(span: Span, word: &str, deed: &str) -> Diagnostic {
    let help = match deed {
        "changes rows" | "moves data" => "data is read by `source`, computed by `model`, written by `load`",
        "changes what tables there are" => "`source` and `model` declare tables, `load` creates them",
        _ => "write one `select`",
    };
    Diagnostic::error(
        codes::NOT_A_QUERY,
        format!("`{}` {deed}: only a query can stand here", word.to_lowercase()),
        span,
    )
    .help(help)
}

/// The message if more than one statement stands in the fragment.
pub(crate) fn several(tokens: &Tokens<'_>) -> Option<Diagnostic> {
    let mut ended = false;
    for token in tokens.significant() {
        match token.token {
            Token::SemiColon => ended = true,
            _ if ended => {
                let span = tokens.span_of(token);
                let span = Span { end: tokens.span.end, ..span };
                return Some(
                    Diagnostic::error(codes::SEVERAL_STATEMENTS, "more than one statement", first_line(tokens, span))
                        .saying("the second starts here")
                        .help("a model is one query; use `with` or another model"),
                );
            }
            _ => {}
        }
    }
    None
}

fn first_line(tokens: &Tokens<'_>, span: Span) -> Span {
    let length = tokens.text(span).lines().next().map_or(0, |l| l.trim_end().len());
    Span { end: span.start.saturating_add(u32::try_from(length).unwrap_or(u32::MAX)), ..span }
}

/// The messages for parts of a parsed query that change data or that the engine would pass over.
pub(crate) fn without_effect(query: &ast::Query, tokens: &Tokens<'_>) -> Vec<Diagnostic> {
    let mut finder = Finder { tokens, found: Vec::new() };
    _ = query.visit(&mut finder);
    finder.found
}

/// The same for an expression with subqueries.
pub(crate) fn without_effect_in(expression: &ast::Expr, tokens: &Tokens<'_>) -> Vec<Diagnostic> {
    let mut finder = Finder { tokens, found: Vec::new() };
    _ = expression.visit(&mut finder);
    finder.found
}

struct Finder<'t, 'a> {
    tokens: &'t Tokens<'a>,
    found: Vec<Diagnostic>,
}

impl Finder<'_, '_> {
    fn statement(&mut self, statement: &ast::Statement, word: &str) {
        let span = self.span(statement.span());
        let start = self.word(word, span.start).unwrap_or(span);
        self.found.push(refused(start, word, "changes rows"));
    }

    fn no_effect(&mut self, word: &str, from: u32) {
        let span = self.word(word, from).unwrap_or(self.tokens.span);
        let message = format!("`{}` has no effect here", word.to_lowercase());
        self.found.push(Diagnostic::error(codes::NO_EFFECT, message, span).help("leave it out"));
    }

    fn body(&mut self, body: &SetExpr) {
        match body {
            SetExpr::Insert(s) => self.statement(s, "insert"),
            SetExpr::Update(s) => self.statement(s, "update"),
            SetExpr::Delete(s) => self.statement(s, "delete"),
            SetExpr::Merge(s) => self.statement(s, "merge"),
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left);
                self.body(right);
            }
            SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) | SetExpr::Table(_) => {}
        }
    }

    fn span(&self, span: sqlparser::tokenizer::Span) -> Span {
        let token = TokenWithSpan { token: Token::EOF, span };
        self.tokens.span_of(&token)
    }

    /// The last place of a word at or behind a byte.
    fn word(&self, wanted: &str, from: u32) -> Option<Span> {
        self.tokens.significant().rev().map(|t| (t, self.tokens.span_of(t))).find_map(|(t, span)| match &t.token {
            Token::Word(w) if w.value.eq_ignore_ascii_case(wanted) && span.start >= from => Some(span),
            _ => None,
        })
    }
}

impl Visitor for Finder<'_, '_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &ast::Query) -> ControlFlow<()> {
        self.body(&query.body);
        let start = self.span(query.body.span()).start;
        if !query.locks.is_empty() || query.for_clause.is_some() {
            self.no_effect("for", start);
        }
        if query.settings.is_some() {
            self.no_effect("settings", start);
        }
        if query.format_clause.is_some() {
            self.no_effect("format", start);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &ast::Select) -> ControlFlow<()> {
        if select.into.is_some() {
            let span = self.span(select.span());
            let start = self.word("into", span.start).unwrap_or(span);
            self.found.push(refused(start, "into", "moves data"));
        }
        ControlFlow::Continue(())
    }
}
