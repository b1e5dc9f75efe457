//! Constraints as rules.

use super::code::{Argument, Call};
use crate::args::{refuse, wrong};
use crate::compare::{in_list, present};
use crate::rule::{Rule, Said, Severity};
use crate::threshold::Threshold;
use crate::words;

/// Constraints that assert something of a number of a column.
const STATISTICS: &[(&str, &str)] = &[
    ("hasCompleteness", "completeness"),
    ("hasUniqueness", "uniqueness"),
    ("hasDistinctness", "distinctness"),
    ("hasUniqueValueRatio", "unique_value_ratio"),
    ("hasNumberOfDistinctValues", "distinct"),
    ("hasApproxCountDistinct", "distinct"),
    ("hasEntropy", "entropy"),
    ("hasMin", "minimum"),
    ("hasMax", "maximum"),
    ("hasMean", "mean"),
    ("hasSum", "sum"),
];

/// Constraints on each row of a column, of which a share may be asserted.
const ROWS: &[(&str, &str, &str)] = &[
    ("isNonNegative", "ge", ">= 0"),
    ("isPositive", "gt", "> 0"),
    ("containsCreditCardNumber", "credit_card", "is credit_card"),
    ("containsEmail", "email", "is email"),
    ("containsURL", "url", "is url"),
    ("containsSocialSecurityNumber", "ssn", "is ssn"),
];

/// `_("a").ratio > 0.5`, `_.absolutes("a") == 3`: how often a value is there, or its share of the rows; it has to be there.
fn of_histogram(column: &str, argument: Option<&&Argument>) -> Option<Rule> {
    let argument = argument?;
    let rest = argument.text.trim().strip_prefix('_')?.trim_start();
    let named = [(".ratios", true), (".absolutes", false)];
    let named = named.iter().find_map(|(word, ratio)| Some((*ratio, rest.strip_prefix(word)?)));
    let inner = named.map_or(rest, |(_, rest)| rest).trim_start().strip_prefix('(')?.trim_start().strip_prefix('"')?;
    let rest = inner.split_once('"')?.1.trim_start().strip_prefix(')')?;
    let (ratio, rest) = match (named, rest.strip_prefix(".ratio"), rest.strip_prefix(".absolute")) {
        (Some((ratio, _)), ..) => (ratio, rest),
        (None, Some(rest), _) => (true, rest),
        (None, None, Some(rest)) => (false, rest),
        (None, None, None) => return None,
    };
    let (value, c) = (argument.quoted.first()?, words::name(column));
    // What stands for NULL there.
    let null = if value == "NullValue" { format!(" or {c} is null") } else { String::new() };
    let count = format!("nullif(count(*) filter (where cast({c} as varchar) = {}{null}), 0)", words::text(value));
    let sql = if ratio { format!("cast({count} as double) / nullif(count(*), 0)") } else { count };
    let [predicate] = assertion(&format!("_{rest}"))?.predicates().ok()?.try_into().ok()?;
    Some(Rule::sql(format!("{column}_{}", crate::write::identifier(value)), sql, predicate).null_fails())
}

/// The rules of a constraint; `filter` is the call of `where` behind it.
pub(super) fn rules(call: &Call, filter: Option<&Call>, warning: bool) -> Said<Vec<Rule>> {
    let mut rules = constraint(call)?;
    let condition = filter.and_then(|f| f.arguments.first()).and_then(|a| a.quoted.first());
    for rule in &mut rules {
        rule.span = call.span;
        rule.severity = warning.then_some(Severity::Warning);
        rule.filter.extend(condition.cloned());
    }
    Ok(rules)
}

fn constraint(call: &Call) -> Said<Vec<Rule>> {
    let span = call.span;
    // `hint` and what tells a constraint from another are beside the verdict.
    let arguments: Vec<&Argument> = call
        .arguments
        .iter()
        .filter(|a| !a.text.trim_start().starts_with("hint") && a.text != "None" && !a.text.starts_with("Some(\""))
        .collect();
    let column = |n: usize| match arguments.get(n).and_then(|a| a.quoted.first()) {
        Some(column) => Ok(column.trim_matches('`').to_owned()),
        None => wrong(span, format!("`{}` needs a column in quotes", call.name)),
    };
    let list = |n: usize| arguments.get(n).map(|a| a.quoted.clone()).unwrap_or_default();
    let asserted = |n: usize| -> Said<Option<Threshold>> {
        match arguments.get(n) {
            None => Ok(None),
            Some(argument) => match assertion(&argument.text) {
                Some(threshold) => Ok(Some(threshold)),
                None => {
                    refuse(span, format!("the assertion `{}` is more than a comparison with a number", argument.text))
                }
            },
        }
    };
    let need = |n: usize| match asserted(n)? {
        Some(threshold) => Ok(threshold),
        None => wrong(span, format!("`{}` needs an assertion", call.name)),
    };
    let judged = |threshold: &Threshold, make: &dyn Fn(String) -> Rule| -> Said<Vec<Rule>> {
        match threshold.predicates() {
            Ok(found) => Ok(found.into_iter().map(make).collect()),
            Err(_) => refuse(span, "a number outside of bounds is an expression"),
        }
    };
    if let Some((_, word)) = STATISTICS.iter().find(|(name, _)| *name == call.name) {
        let columns = list(0);
        if columns.len() > 1 {
            return refuse(span, format!("`{word}` of several columns together cannot be said; `(a, b) unique` can"));
        }
        let c = column(0)?;
        return judged(&need(1)?, &|p| Rule::column(&c, word, format!("{word} {p}")));
    }
    if let Some((_, check, predicate)) = ROWS.iter().find(|(name, ..)| *name == call.name) {
        let rule = Rule::column(&column(0)?, check, *predicate);
        return Ok(vec![share(rule, asserted(1)?, span)?]);
    }
    let sql = |name: String, sql: String, threshold: &Threshold| {
        judged(threshold, &|p| Rule::sql(name.clone(), sql.clone(), p))
    };
    Ok(match call.name.as_str() {
        "hasSize" => judged(&need(0)?, &|p| Rule::table("row_count", format!("row count {p}")))?,
        "hasColumnCount" => judged(&need(0)?, &|p| Rule::table("column_count", format!("column count {p}")))?,
        "isComplete" => vec![Rule::column(&column(0)?, "not_null", "not null")],
        "areComplete" => list(0).iter().map(|c| Rule::column(c, "not_null", "not null")).collect(),
        "areAnyComplete" => {
            let parts: Vec<String> = list(0).iter().map(|c| format!("{} not null", words::name(c))).collect();
            let (check, predicate) = crate::compare::joined(&parts, false);
            vec![Rule::table(check, predicate).named(format!("{}_any_complete", list(0).join("_")))]
        }
        "haveCompleteness" | "haveAnyCompleteness" => {
            let columns = list(0);
            let all: Vec<&str> = columns.iter().map(String::as_str).collect();
            let word = if call.name == "haveCompleteness" { " and " } else { " or " };
            let condition = all.iter().map(|c| present(&[c])).collect::<Vec<_>>().join(word);
            let share = format!("count(*) filter (where {condition}) / nullif(cast(count(*) as double), 0)");
            sql(format!("{}_completeness", columns.join("_")), share, &need(1)?)?
        }
        "isUnique" => vec![Rule::column(&column(0)?, "unique", "unique")],
        "isPrimaryKey" => {
            let key: Vec<String> = arguments.iter().flat_map(|a| a.quoted.clone()).collect();
            column(0)?;
            vec![Rule::key(&key, "unique", "unique")]
        }
        "hasApproxQuantile" | "hasExactQuantile" => {
            let c = column(0)?;
            let Some(share) = arguments.get(1).map(|a| a.text.clone()).filter(|s| crate::node::is_number(s)) else {
                return wrong(span, "a quantile is of a share from 0 to 1");
            };
            judged(&need(2)?, &|p| Rule::column(&c, "quantile", format!("quantile {share} {p}")))?
        }
        "hasMinLength" | "hasMaxLength" => {
            let c = column(0)?;
            let (word, function) =
                if call.name == "hasMinLength" { ("min_length", "min") } else { ("max_length", "max") };
            sql(format!("{c}_{word}"), format!("{function}(length({}))", words::name(&c)), &need(1)?)?
        }
        "hasStandardDeviation" => {
            let c = column(0)?;
            sql(format!("{c}_stddev"), format!("stddev_pop({})", words::name(&c)), &need(1)?)?
        }
        "hasHistogramValues" => match of_histogram(&column(0)?, arguments.get(1)) {
            Some(rule) => vec![rule],
            None => {
                return refuse(span, "of a histogram it is said how often one value is there, `_(\"a\").ratio > 0.5`");
            }
        },
        "hasCorrelation" => {
            let (a, b) = (column(0)?, column(1)?);
            sql(format!("{a}_{b}_correlation"), format!("corr({}, {})", words::name(&a), words::name(&b)), &need(2)?)?
        }
        "satisfies" => {
            let condition = column(0)?;
            let name =
                arguments.get(1).and_then(|a| a.quoted.first()).cloned().unwrap_or_else(|| "satisfies".to_owned());
            // What the columns of the condition are, is seen from the condition.
            let asserted = match arguments.get(2) {
                Some(argument) if argument.quoted.is_empty() => assertion(&argument.text),
                _ => None,
            };
            vec![share(Rule::boolean(name, condition), asserted, span)?]
        }
        "hasPattern" => {
            let c = column(0)?;
            let Some(pattern) = arguments.get(1).and_then(|a| a.quoted.first()) else {
                return refuse(span, "the pattern is not written out in quotes");
            };
            vec![share(Rule::column(&c, "matches", format!("matches {}", words::text(pattern))), asserted(2)?, span)?]
        }
        "hasDataType" => {
            let kind = arguments.get(1).map(|a| a.text.rsplit('.').next().unwrap_or("").to_lowercase());
            let ty = match kind.as_deref() {
                Some("integral") => "bigint",
                Some("fractional" | "numeric") => "double",
                Some("boolean") => "boolean",
                Some("string") => return refuse(span, "that a value is text says nothing of a column of text"),
                _ => return wrong(span, "`hasDataType` names `Integral`, `Fractional`, `Numeric` or `Boolean`"),
            };
            vec![share(Rule::column(&column(0)?, "castable", format!("castable as {ty}")), asserted(2)?, span)?]
        }
        "isLessThan" | "isLessThanOrEqualTo" | "isGreaterThan" | "isGreaterThanOrEqualTo" => {
            let (a, b) = (column(0)?, column(1)?);
            let (check, sign) = match call.name.as_str() {
                "isLessThan" => ("lt", "<"),
                "isLessThanOrEqualTo" => ("le", "<="),
                "isGreaterThan" => ("gt", ">"),
                _ => ("ge", ">="),
            };
            vec![share(Rule::column(&a, check, format!("{sign} {}", words::name(&b))), asserted(2)?, span)?]
        }
        "isContainedIn" => vec![contained(&column(0)?, &arguments, call)?],
        _ => return refuse(span, "this constraint is not known"),
    })
}

/// Values that are listed, or numbers from a lower to an upper bound.
fn contained(column: &str, arguments: &[&Argument], call: &Call) -> Said<Rule> {
    let Some(second) = arguments.get(1) else { return wrong(call.span, "`isContainedIn` needs values or bounds") };
    if crate::node::is_number(&second.text) {
        let Some(high) = arguments.get(2).filter(|a| crate::node::is_number(&a.text)) else {
            return wrong(call.span, "`isContainedIn` needs an upper bound");
        };
        let excluded = |word: &str| call.arguments.iter().any(|a| a.text.replace(' ', "") == format!("{word}=false"));
        let bounds = crate::compare::Bounds {
            low: Some(second.text.clone()),
            high: Some(high.text.clone()),
            open_low: excluded("includeLowerBound"),
            open_high: excluded("includeUpperBound"),
        };
        let found = bounds.predicates();
        let texts: Vec<String> = found.iter().map(|(_, p)| p.clone()).collect();
        return Ok(match found.as_slice() {
            [(check, predicate)] => Rule::column(column, check, predicate.clone()),
            _ => {
                let (check, predicate) = crate::compare::joined(&texts, true);
                Rule::column(column, check, predicate)
            }
        });
    }
    if second.quoted.is_empty() {
        return refuse(call.span, "the values are not written out");
    }
    let values: Vec<String> = second.quoted.iter().map(|v| words::text(v)).collect();
    let threshold = match arguments.get(2) {
        Some(argument) if argument.quoted.is_empty() => assertion(&argument.text),
        _ => None,
    };
    share(Rule::column(column, "in", in_list(&values)), threshold, call.span)
}

/// Lets so many rows violate as an assertion of the share that holds leaves.
fn share(mut rule: Rule, asserted: Option<Threshold>, span: pipe_diagnostics::Span) -> Said<Rule> {
    let (least, open) = match asserted {
        None => return Ok(rule),
        Some(Threshold::Compare(">=" | "=", n)) => (n, false),
        Some(Threshold::Compare(">", n)) => (n, true),
        Some(_) => return refuse(span, "only at least a share of the rows can be asked for"),
    };
    let Some(rest) = words::rest(&least) else { return wrong(span, format!("{least} is no share from 0 to 1")) };
    let percent = rest.trim_end_matches('%');
    if rest == "0%" {
        return if open { refuse(span, "more than all rows cannot hold") } else { Ok(rule) };
    }
    // More than a share, not that share itself: with fewer than a thousand million rows nothing lies between.
    let below = if open { words::add(percent, "0.00000001", true) } else { Some(percent.to_owned()) };
    rule.tolerate = below.map(|b| format!("{b}%"));
    Ok(rule)
}

/// `_ >= 0.9`, `x => x >= 0.9`, `lambda x: x >= 0.9`, `Check.IsOne`, with two of them joined by `&&` or `and`.
fn assertion(text: &str) -> Option<Threshold> {
    let text = text.trim().trim_matches(['{', '}']).trim();
    let text = text.strip_prefix("assertion").map_or(text, |t| t.trim_start().trim_start_matches('=').trim());
    if text.ends_with("IsOne") {
        return Some(Threshold::Compare("=", "1".to_owned()));
    }
    let (name, body) = if let Some(rest) = text.strip_prefix("lambda ") {
        let (name, body) = rest.split_once(':')?;
        (name.trim(), body.trim())
    } else if let Some((name, body)) = text.split_once("=>") {
        (name.trim().trim_matches(['(', ')']).split(':').next()?.trim(), body.trim())
    } else {
        ("_", text)
    };
    let compare = |part: &str| -> Option<(&'static str, String)> {
        let rest = part.trim().trim_matches(['(', ')']).trim().strip_prefix(name)?.trim().replace("==", "=");
        match Threshold::parse(&rest)?.0 {
            Threshold::Compare(sign, n) => Some((sign, n)),
            _ => None,
        }
    };
    let number = body.trim_end_matches(['L', 'd', 'f']);
    match number.split_once("&&").or_else(|| number.split_once(" and ")) {
        None => compare(number).map(|(sign, n)| Threshold::Compare(sign, n)),
        Some((a, b)) => {
            let (a, b) = (compare(a)?, compare(b)?);
            let ((">" | ">=", _), ("<" | "<=", _)) = ((a.0, ()), (b.0, ())) else { return None };
            Some(Threshold::Between { low: a.1, high: b.1, open_low: a.0 == ">", open_high: b.0 == "<" })
        }
    }
}
