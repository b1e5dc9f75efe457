//! Deequ: checks in Scala and in PyDeequ, and the suggestions that it writes as JSON.
//!
//! What its words mean: a pattern is searched; NULL passes where SQL's comparison gives NULL; an assertion is of the share
//! of rows that hold, and of all of them without one; the standard deviation is the population's.

mod code;
mod constraints;

use pipe_diagnostics::codes::import as codes;
use pipe_diagnostics::{Diagnostic, Span};

use crate::args::wrong;
use crate::catalogue::Check;
use crate::import::Cx;
use crate::node::{self, Node};
use crate::rule::Said;

/// The constraints of a check.
pub(crate) const CHECKS: &[Check] = &[
    Check::said("hasSize", "`row count …`"),
    Check::said("hasColumnCount", "`column count …`"),
    Check::said("isComplete", "`c not null`"),
    Check::said("hasCompleteness", "`c completeness …`"),
    Check::said("areComplete", "`a, b not null`"),
    Check::said("haveCompleteness", "the share of rows in which all are there, an expression"),
    Check::said("areAnyComplete", "`any of (a not null, b not null)`"),
    Check::said("haveAnyCompleteness", "the share of rows in which one is there, an expression"),
    Check::said("isUnique", "`c unique`"),
    Check::said("isPrimaryKey", "`(a, b) unique`"),
    Check::said("hasUniqueness", "`c uniqueness …`"),
    Check::said("hasDistinctness", "`c distinctness …`"),
    Check::said("hasUniqueValueRatio", "`c unique_value_ratio …`"),
    Check::said("hasNumberOfDistinctValues", "`c distinct …`"),
    Check::said("hasApproxCountDistinct", "`c distinct …`, exact"),
    Check::said("hasEntropy", "`c entropy …`"),
    Check::said("hasCorrelation", "`(corr(a, b)) …`"),
    Check::said("hasApproxQuantile", "`c quantile q …`, exact"),
    Check::said("hasExactQuantile", "`c quantile q …`"),
    Check::said("hasMinLength", "`(min(length(c))) …`"),
    Check::said("hasMaxLength", "`(max(length(c))) …`"),
    Check::said("hasMin", "`c minimum …`"),
    Check::said("hasMax", "`c maximum …`"),
    Check::said("hasMean", "`c mean …`"),
    Check::said("hasSum", "`c sum …`"),
    Check::said("hasStandardDeviation", "`(stddev_pop(c)) …`: of the population"),
    Check::said("satisfies", "an expression"),
    Check::said("hasPattern", "`c matches '…'`"),
    Check::said("containsCreditCardNumber", "`c is credit_card`"),
    Check::said("containsEmail", "`c is email`"),
    Check::said("containsURL", "`c is url`"),
    Check::said("containsSocialSecurityNumber", "`c is ssn`"),
    Check::said("hasDataType", "`c castable as …`"),
    Check::said("isNonNegative", "`c >= 0`"),
    Check::said("isPositive", "`c > 0`"),
    Check::said("isLessThan", "`a < b`"),
    Check::said("isLessThanOrEqualTo", "`a <= b`"),
    Check::said("isGreaterThan", "`a > b`"),
    Check::said("isGreaterThanOrEqualTo", "`a >= b`"),
    Check::said("isContainedIn", "`c in (…)`, `c between a and b`"),
    Check::said("hasHistogramValues", "the number or the share of the rows with a value, an expression"),
    Check::refused(
        "kllSketchSatisfies",
        "hands the sketch to a function of the program around; say `c quantile 0.9 < 5`",
    ),
    Check::refused("hasMutualInformation", "has no number here; a column that tells another is `a determines (b)`"),
    Check::refused(
        "doesDatasetMatch",
        "is handed a data frame of the program around; say `(a, b) references other (a, b)`",
    ),
    Check::refused(
        "isNewestPointNonAnomalous",
        "is handed a repository of the program around; say `within 3 sigma over last 14 runs`, of a rate of change `row count <= 200% of last run`",
    ),
];

/// Reads suggestions, or checks in code.
pub(crate) fn file(cx: &mut Cx, text: &str) -> Said<()> {
    let table = cx.default_table.clone();
    if text.trim_start().starts_with('{') || text.trim_start().starts_with('[') {
        return suggestions(cx, &table, text);
    }
    let calls = code::calls(text, cx.file, 0)?;
    if calls.is_empty() {
        return Err(Box::new(
            Diagnostic::error(
                codes::NOT_A_SUITE,
                "there are no constraints such as `.isComplete(\"id\")`",
                Span::new(cx.file, 0..0),
            )
            .help("Scala and Python code with a `Check` is read, and the JSON of constraint suggestions"),
        ));
    }
    add(cx, &table, &calls);
    Ok(())
}

fn add(cx: &mut Cx, table: &str, calls: &[code::Call]) {
    let mut warning = false;
    for (at, call) in calls.iter().enumerate() {
        match call.name.as_str() {
            "Check" => warning = call.arguments.iter().any(|a| a.text.ends_with("Level.Warning")),
            // It picks the rows of the constraint before it.
            "where" => {}
            _ => {
                let filter = calls.get(at + 1).filter(|next| next.name == "where");
                let rules = known(cx, call).and_then(|()| constraints::rules(call, filter, warning));
                cx.add(table, rules);
            }
        }
    }
}

fn known(cx: &Cx, call: &code::Call) -> Said<()> {
    cx.known(&call.name, &Node { kind: node::Kind::Null, span: call.span }).map(|_| ())
}

/// `{"constraint_suggestions": [{"code_for_constraint": ".isComplete(\"id\")"}]}`
fn suggestions(cx: &mut Cx, table: &str, text: &str) -> Said<()> {
    let documents = node::read(text, cx.file)?;
    let list = documents
        .iter()
        .flat_map(|d| d.get("constraint_suggestions").or_else(|| d.get("suggestions")).unwrap_or(d).items());
    let mut found = false;
    for suggestion in list {
        let Some(code) = suggestion.get("code_for_constraint") else {
            cx.add(table, wrong(suggestion.span, "a suggestion without its `code_for_constraint`"));
            continue;
        };
        found = true;
        let calls = code::calls(&code.scalar().unwrap_or_default(), cx.file, code.span.start as usize);
        match calls {
            Ok(calls) if calls.is_empty() => {
                cx.add(table, wrong(code.span, "this is no constraint such as `.isComplete(\"id\")`"));
            }
            Ok(mut calls) => {
                for call in &mut calls {
                    call.span = code.span;
                }
                add(cx, table, &calls);
            }
            Err(why) => cx.add(table, Err(why)),
        }
    }
    if found {
        return Ok(());
    }
    let span = documents.first().map_or_else(|| Span::new(cx.file, 0..0), |d| d.span);
    Err(Box::new(Diagnostic::error(
        codes::NOT_A_SUITE,
        "there are no `constraint_suggestions` with their `code_for_constraint`",
        span,
    )))
}
