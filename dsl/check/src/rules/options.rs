//! `tolerate`, `severity`, `dimension`, `where`, `null fails`, `because`: for all predicates of a line.

use std::collections::BTreeMap;

use pipe_diagnostics::{Code, Diagnostic, Span, codes::rules as codes, codes::sql};
use pipe_schema::{DIMENSIONS, Level, SEVERITIES, TypeClass};
use pipe_sql::Expression;
use pipe_syntax::{RuleOption, Spanned};

use crate::cx::{Cx, twice};
use crate::names::Table;
use crate::program::{Severity, Tolerance};
use crate::sql::Scope;
use crate::types::{class, class_word};

/// The options of a line, and where those stand that not every predicate takes.
#[derive(Default)]
pub(crate) struct Options {
    tolerate: Option<(Tolerance, Span)>,
    pub(crate) severity: Severity,
    pub(crate) dimension: Option<String>,
    pub(crate) filter: Option<Expression>,
    pub(crate) null_fails: Option<Span>,
    pub(crate) because: Option<String>,
}

/// Reads the options; one that is wrong is reported and left out.
pub(crate) fn options(cx: &mut Cx<'_>, table: Option<&Table<'_>>, written: &[Spanned<RuleOption>]) -> Options {
    let mut found = Options::default();
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for option in written {
        let span = option.span;
        let word = match &option.value {
            RuleOption::TolerateShare(_) | RuleOption::TolerateRows(_) => "tolerate",
            RuleOption::Severity(_) => "severity",
            RuleOption::Dimension(_) => "dimension",
            RuleOption::Where(_) => "where",
            RuleOption::NullFails => "null fails",
            RuleOption::Because(_) => "because",
        };
        if let Some(first) = seen.insert(word, span) {
            cx.report(twice(codes::DUPLICATE_OPTION, &format!("`{word}` is given twice"), span, first));
            continue;
        }
        match &option.value {
            RuleOption::TolerateShare(digits) => match crate::numbers::percent(digits) {
                Some(share) if (0.0..=1.0).contains(&share) => found.tolerate = Some((Tolerance::Share(share), span)),
                _ => cx.report(
                    Diagnostic::error(codes::TOLERATE_RANGE, "a share of the rows lies between 0% and 100%", span)
                        .help("write a share such as `tolerate 0.1%`, or a number of rows such as `tolerate 5`"),
                ),
            },
            RuleOption::TolerateRows(rows) => found.tolerate = Some((Tolerance::Rows(*rows), span)),
            RuleOption::Severity(word) => match severity(word) {
                Some(severity) => found.severity = severity,
                None => cx.unknown(codes::UNKNOWN_SEVERITY, "severity", word, SEVERITIES.iter().copied()),
            },
            RuleOption::Dimension(word) => {
                if DIMENSIONS.contains(&word.as_str()) {
                    found.dimension = Some(word.value.clone());
                } else {
                    cx.unknown(codes::UNKNOWN_DIMENSION, "dimension", word, DIMENSIONS.iter().copied());
                }
            }
            RuleOption::Where(sql) => {
                if let Some(e) = cx.expression(sql, &Scope::default()) {
                    cx.columns_of(&e, table);
                    filter(cx, &e, table);
                    found.filter = Some(e);
                }
            }
            RuleOption::NullFails => found.null_fails = Some(span),
            RuleOption::Because(text) => found.because = Some(text.value.clone()),
        }
    }
    found
}

fn severity(word: &str) -> Option<Severity> {
    [Severity::Info, Severity::Warning, Severity::Error, Severity::Critical].into_iter().find(|s| s.word() == word)
}

/// `where` picks rows: it is boolean, and about one row.
fn filter(cx: &mut Cx<'_>, e: &Expression, table: Option<&Table<'_>>) {
    if e.aggregate || e.subquery {
        let what = if e.aggregate { "an aggregate" } else { "a subquery" };
        cx.report(
            Diagnostic::error(
                sql::NOT_OF_A_ROW,
                format!("`where` looks at one row, and there is {what} in it"),
                e.span,
            )
            .help("make the rule itself an expression over the table: `name: ((select …) > 0);`"),
        );
    } else if let Some(found) = class(e, table)
        && found != TypeClass::Boolean
    {
        cx.report(
            Diagnostic::error(
                sql::NOT_BOOLEAN,
                format!("`where` picks rows by a boolean, and this is {}", class_word(found)),
                e.span,
            )
            .help("write it as in `where (status <> 'new')`"),
        );
    }
}

impl Options {
    /// How much violation is let pass.
    pub(crate) fn tolerate(&self) -> Tolerance {
        self.tolerate.map_or(Tolerance::None, |(t, _)| t)
    }

    /// Reports the options that mean nothing to a check.
    pub(crate) fn fit(&self, cx: &mut Cx<'_>, check: &str, level: Level) {
        let judges_rows = matches!(level, Level::Row | Level::Set);
        let mut refuse = |code: Code, what: &str, why: &str, span: Span| {
            cx.report(
                Diagnostic::error(code, format!("{what}: {why}"), span)
                    .help("leave it out, or give this rule a line of its own"),
            );
        };
        if let Some((_, span)) = self.tolerate
            && !judges_rows
        {
            refuse(
                codes::TOLERATE_ON_TABLE,
                "`tolerate` is a share of rows",
                "this rule judges the table as a whole",
                span,
            );
        }
        if let Some(span) = self.null_fails {
            if matches!(check, "not_null" | "not_blank") {
                refuse(codes::NO_EFFECT, "`null fails` changes nothing here", "NULL violates this rule anyway", span);
            } else if !judges_rows {
                refuse(codes::NO_EFFECT, "`null fails` is about rows", "this rule judges the table as a whole", span);
            }
        }
        if let Some(filter) = &self.filter
            && level == Level::Schema
        {
            refuse(codes::NO_EFFECT, "`where` picks rows", "this rule judges the columns, before any row", filter.span);
        }
    }
}
