//! `all of (…)`, `any of (…)`.

use pipe_diagnostics::{Diagnostic, Span, codes::rules as codes};
use pipe_schema::Level;
use pipe_syntax::{self as syntax, Spanned};

use super::options::Options;
use super::predicate::{self, Judged};
use super::subject::{self, Subject};
use crate::cx::Cx;
use crate::names::Table;
use crate::rule::{Part, Predicate};

/// A part with the level of its verdict.
type Judgement = (Part, Level, Span);

/// The parts of a line, all about rows or all about the table.
pub(super) fn compound(
    cx: &mut Cx<'_>,
    table: Option<&Table<'_>>,
    of: &Subject,
    written: &syntax::Compound,
    span: Span,
    options: &Options,
) -> Option<Judged> {
    let mut parts: Vec<Judgement> = Vec::new();
    let mut complete = true;
    for part in &written.parts {
        match self::part(cx, table, of, part, options) {
            Some(part) => parts.push(part),
            None => complete = false,
        }
    }
    let level = parts.first().map(|(_, level, _)| *level)?;
    for (_, other, span) in &parts {
        let why = match other {
            Level::Row | Level::Table if *other == level => continue,
            Level::Row | Level::Table => "a part judges rows, and another the table",
            Level::Set => "this judges rows against other rows",
            Level::Schema => "this judges the columns",
            Level::History => "this judges the table against earlier runs",
        };
        cx.report(
            Diagnostic::error(codes::PARTS, format!("{why}: it cannot be joined"), *span)
                .help("give it a line of its own, or join numbers of the table, such as `id duplicates = 0`"),
        );
        complete = false;
    }
    if written.parts.len() < 2 {
        let message = "there is nothing to join";
        cx.report(Diagnostic::error(codes::PARTS, message, span).help("name at least two parts"));
        complete = false;
    }
    let check = if written.all { "all_of" } else { "any_of" };
    let parts = parts.into_iter().map(|(part, ..)| part).collect();
    complete.then_some((Predicate::Compound { all: written.all, parts }, check, level))
}

fn part(
    cx: &mut Cx<'_>,
    table: Option<&Table<'_>>,
    of: &Subject,
    written: &syntax::Part,
    options: &Options,
) -> Option<Judgement> {
    let own = match &written.subject {
        Some(written) => Some(subject::subjects(cx, table, written).into_iter().next()?),
        None => None,
    };
    let subject = own.as_ref().unwrap_or(of);
    let (predicate, _, level) = match &written.predicate {
        Some(p) => predicate::predicate(cx, table, subject, &Spanned::new(&p.value, p.span), options)?,
        None => predicate::boolean(cx, table, subject)?,
    };
    let subject = own.and_then(|s| s.expressions.into_iter().next());
    Some((Part { subject, predicate }, level, written.span.span))
}
