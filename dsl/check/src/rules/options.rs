//! What stands behind the predicates of a line, for all of them: `tolerate`, `warn above`, `by`, `severity` and the others.

use std::collections::BTreeMap;

use pipe_diagnostics::{Diagnostic, Span, codes::rules as codes, codes::sql};
use pipe_schema::{DIMENSIONS, Level, Modified, SEVERITIES, TypeClass};
use pipe_sql::Expression;
use pipe_syntax::{Amount, RuleOption, Runs, Spanned};

use super::subject::Subject;
use crate::cx::{Cx, twice};
use crate::names::Table;
use crate::rule::{Predicate, Severity, Tolerance};
use crate::sql::Scope;
use crate::types::{class, class_word};

/// The options of a line, and where those stand that not every predicate takes.
#[derive(Default)]
pub(crate) struct Options {
    tolerate: Option<(Tolerance, Span)>,
    warn: Option<(Tolerance, Span)>,
    by: Option<(Vec<String>, Span)>,
    pub(crate) approx: Option<Span>,
    pub(crate) over_last: Option<Runs>,
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
            // The same threshold in two words.
            RuleOption::Tolerate(_) | RuleOption::FailAbove(_) => "tolerate",
            RuleOption::WarnAbove(_) => "warn above",
            RuleOption::By(_) => "by",
            RuleOption::Approx => "approx",
            RuleOption::OverLast(_) => "over last",
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
            RuleOption::Tolerate(amount) | RuleOption::FailAbove(amount) => {
                found.tolerate = self::amount(cx, amount, span).map(|t| (t, span));
            }
            RuleOption::WarnAbove(amount) => found.warn = self::amount(cx, amount, span).map(|t| (t, span)),
            RuleOption::By(columns) => {
                for c in columns {
                    cx.column(table, c);
                }
                cx.no_duplicates(columns);
                found.by = Some((columns.iter().map(|c| c.value.clone()).collect(), span));
            }
            RuleOption::Approx => found.approx = Some(span),
            RuleOption::OverLast(runs) => found.over_last = Some(*runs),
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
    thresholds(cx, &found);
    found
}

/// A share of the rows, or a number of them.
fn amount(cx: &mut Cx<'_>, amount: &Amount, span: Span) -> Option<Tolerance> {
    match amount {
        Amount::Rows(rows) => Some(Tolerance::Rows(*rows)),
        Amount::Share(digits) => {
            let share = crate::numbers::percent(digits).filter(|share| (0.0..=1.0).contains(share));
            if share.is_none() {
                cx.report(
                    Diagnostic::error(codes::TOLERATE_RANGE, "a share of the rows lies between 0% and 100%", span)
                        .help("write a share such as `tolerate 0.1%`, or a number of rows such as `tolerate 5`"),
                );
            }
            share.map(Tolerance::Share)
        }
    }
}

/// A warning that can never come before the failure.
fn thresholds(cx: &mut Cx<'_>, found: &Options) {
    let Some((warn, span)) = found.warn else { return };
    let fail = found.tolerate();
    let before = match (warn, fail) {
        (_, Tolerance::None) => false,
        (Tolerance::Rows(w), Tolerance::Rows(f)) => w < f,
        (Tolerance::Share(w), Tolerance::Share(f)) => w < f,
        // A share and a number of rows: which comes first depends on the rows.
        _ => true,
    };
    if !before {
        cx.report(
            Diagnostic::error(codes::THRESHOLDS, "the rule fails before it can warn", span)
                .help("warn of less than fails, as in `warn above 1% fail above 5%`"),
        );
    }
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

    /// Beyond how much violation there is a warning.
    pub(crate) fn warn(&self) -> Option<Tolerance> {
        self.warn.map(|(t, _)| t)
    }

    /// The columns of the groups.
    pub(crate) fn by(&self) -> Vec<String> {
        self.by.as_ref().map(|(columns, _)| columns.clone()).unwrap_or_default()
    }

    /// Reports the options that mean nothing to a rule.
    pub(crate) fn fit(&self, cx: &mut Cx<'_>, subject: &Subject, predicate: &Predicate, (check, level): (&str, Level)) {
        let counted = self.tolerate.is_some() || self.warn.is_some();
        let statistics = predicate.statistics();
        let rule = Modified { check, statistics: &statistics, level, counted, constant: subject.is_constant() };
        let given = [
            ("tolerate", self.tolerate.map(|(_, span)| span)),
            ("warn above", self.warn.map(|(_, span)| span)),
            ("by", self.by.as_ref().map(|(_, span)| *span)),
            ("approx", self.approx),
            ("over last", self.over_last.as_ref().map(|runs| runs.last.span)),
            ("null fails", self.null_fails),
            ("where", self.filter.as_ref().map(|e| e.span)),
        ];
        for (name, span) in given.into_iter().filter_map(|(name, span)| Some((name, span?))) {
            let Some(modifier) = pipe_schema::modifier(name) else { continue };
            let Some(why) = modifier.refused(&rule) else { continue };
            let (code, help) = match name {
                "tolerate" | "warn above" => (
                    codes::TOLERATE_ON_TABLE,
                    "a number has its own bounds: write two rules, one that fails, and one with narrower bounds and `severity warning`",
                ),
                _ => (codes::NO_EFFECT, "leave it out, or give this rule a line of its own"),
            };
            cx.report(Diagnostic::error(code, format!("{}: {why}", modifier.about), span).help(help));
        }
    }
}
