//! What stands behind the predicates of a line, for all of them: `tolerate`, `warn above`, `by`, `severity` and the others.

use std::collections::BTreeMap;

use pipe_diagnostics::{Code, Diagnostic, Span, codes::rules as codes, codes::sql};
use pipe_schema::{DIMENSIONS, Level, SEVERITIES, TypeClass};
use pipe_sql::Expression;
use pipe_syntax::{Amount, RuleOption, Runs, Spanned};

use crate::cx::{Cx, twice};
use crate::names::Table;
use crate::rule::{Severity, Tolerance};
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

    /// Reports the options that mean nothing to a check. `grouped`: its rows can be kept apart by group.
    pub(crate) fn fit(&self, cx: &mut Cx<'_>, check: &str, level: Level, grouped: bool) {
        let judges_rows = matches!(level, Level::Row | Level::Set);
        let thresholds =
            [(self.tolerate, "`tolerate` is a share of rows"), (self.warn, "`warn above` is about violating rows")];
        for (span, what) in thresholds.into_iter().filter_map(|(t, what)| Some((t?.1, what))).filter(|_| !judges_rows) {
            let why = "this rule judges the table as a whole";
            let help = "a number has its own bounds: write two rules, one that fails, and one with narrower bounds and `severity warning`";
            cx.report(Diagnostic::error(codes::TOLERATE_ON_TABLE, format!("{what}: {why}"), span).help(help));
        }
        let mut refuse = |code: Code, what: &str, why: &str, span: Span| {
            cx.report(
                Diagnostic::error(code, format!("{what}: {why}"), span)
                    .help("leave it out, or give this rule a line of its own"),
            );
        };
        if let Some((_, span)) = &self.by {
            let counted = self.tolerate.is_some() || self.warn.is_some();
            let why = match level {
                Level::Schema => Some("this rule judges the columns, before any row"),
                Level::Row if !counted => {
                    Some("each row is judged by itself; it counts with `tolerate` or `warn above` alone")
                }
                Level::Set if !grouped && !counted => {
                    Some("a key is looked up by itself; it counts with `tolerate` or `warn above` alone")
                }
                _ => None,
            };
            if let Some(why) = why {
                refuse(codes::NO_EFFECT, "`by` makes groups", why, *span);
            }
        }
        if let Some(span) = self.approx
            && !matches!(check, "distinct" | "distinctness" | "median" | "quantile" | "iqr")
        {
            refuse(codes::NO_EFFECT, "`approx` takes a sketch", "this rule has none: it is exact as it is", span);
        }
        if let Some(runs) = &self.over_last
            && (level != Level::History || matches!(check, "within_last" | "above_last" | "below_last"))
        {
            let why = match level {
                Level::History => "this rule says itself which it looks at",
                _ => "this rule does not look at them",
            };
            refuse(codes::NO_EFFECT, "`over last` counts earlier runs", why, runs.last.span);
        }
        if let Some(span) = self.null_fails {
            if matches!(check, "not_null" | "not_blank" | "not_missing" | "null") {
                refuse(codes::NO_EFFECT, "`null fails` changes nothing here", "NULL violates this rule anyway", span);
            } else if matches!(level, Level::Schema | Level::History) {
                refuse(codes::NO_EFFECT, "`null fails` is about values", "this rule has none that is NULL", span);
            }
        }
        if let Some(filter) = &self.filter
            && level == Level::Schema
        {
            refuse(codes::NO_EFFECT, "`where` picks rows", "this rule judges the columns, before any row", filter.span);
        }
    }
}
