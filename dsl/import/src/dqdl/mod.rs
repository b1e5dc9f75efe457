//! DQDL, the rulesets of AWS Glue Data Quality, and what Deequ's open evaluator adds.
//!
//! What its words mean: `between` leaves both bounds out; a value that is NULL fails, but for `!=` and `not in`; `matches`
//! is about the whole text; a NULL is 0 characters long; the standard deviation is the population's; `or` joins verdicts
//! over the whole table; a threshold is a share of all rows.

mod condition;
mod datasets;
mod files;
mod judge;
mod parse;
mod tokens;

use condition::{Condition, Value};
use parse::{Tree, Written};
use pipe_diagnostics::Span;

use crate::args::{refuse, wrong};
use crate::catalogue::Check;
use crate::import::Cx;
use crate::node::{self, Node};
use crate::query::{self, Own};
use crate::rule::{Rule, Said};
use crate::{types, words};

/// The rule types on data, and those of the open evaluator at the end.
pub(crate) const CHECKS: &[Check] = &[
    Check::said("RowCount", "`row count …`"),
    Check::said("RowCountMatch", "an expression: the count by that of the other table"),
    Check::said("ColumnCount", "`column count …`"),
    Check::said("Completeness", "`c completeness …`"),
    Check::said("IsComplete", "`c not null`"),
    Check::said("ColumnDataType", "`c castable as …`"),
    Check::said("ColumnNamesMatchPattern", "`columns match '^…$'`"),
    Check::said("ColumnExists", "`columns contain (c)`"),
    Check::said("ColumnCorrelation", "`(corr(a, b)) …`"),
    Check::said("Uniqueness", "`c uniqueness …`"),
    Check::said("IsUnique", "`c unique`"),
    Check::said("Mean", "`c mean …`"),
    Check::said("Sum", "`c sum …`"),
    Check::said("StandardDeviation", "`(stddev_pop(c)) …`: of the population"),
    Check::said("Entropy", "`c entropy …`"),
    Check::said("DistinctValuesCount", "`c distinct …`"),
    Check::said("UniqueValueRatio", "`c unique_value_ratio …`"),
    Check::said("ColumnLength", "`(coalesce(length(c), 0)) …`"),
    Check::said("IsPrimaryKey", "`(a, b) unique`, `a, b not null`"),
    Check::said("ColumnValues", "`c … null fails`; `between` is `strictly between`, `matches` is anchored"),
    Check::said("DataFreshness", "`c within 24h null fails`: each row's age"),
    Check::said("CustomSql", "an aggregate of `primary`, or a condition of its rows"),
    Check::said("ReferentialIntegrity", "`(a, b) references other (a, b) null fails`"),
    Check::said("DatasetMatch", "`(key, columns) references other (key, columns)`"),
    Check::said("SchemaMatch", "`columns same as other`, for all of it"),
    Check::said("AggregateMatch", "an expression: one aggregate by the other"),
    Check::said("DetectAnomalies", "`within 3 sigma over last 14 runs`, in place of a forecast"),
    Check::said("FileFreshness", "a share of `files('…')` by `modified`"),
    Check::said("FileSize", "a share of `files('…')` by `bytes`; a KB is 1024 bytes"),
    Check::said("FileUniqueness", "a share of `files('…')`: contents that no other file has, by `sha256`"),
    Check::said("FileMatch", "`md5` or `sha256` of `files('…')` in a list, or the same in both; `SHA-1` is refused"),
    Check::said("Range", "`c range …`"),
    Check::said("InterquartileRange", "`c iqr …`"),
    Check::said("Skewness", "`c skewness …`"),
    Check::said("Kurtosis", "`c kurtosis …`"),
    Check::said("ZerosCount", "an expression: `(count(*) filter (where c = 0))`"),
    Check::said("DuplicateRowCount", "an expression over the columns named"),
];

/// What is no rule about data, and why it is not said.
const BESIDE: &[(&str, &str)] = &[("AllStatistics", "is an analyzer: it measures and judges nothing")];

/// Reads a ruleset.
pub(crate) fn ruleset(cx: &mut Cx, text: &str) -> Said<()> {
    let table = cx.default_table.clone();
    let parse::Ruleset { rules: trees, beside } = parse::ruleset(text, cx.file)?;
    for (span, what) in beside {
        cx.leave_out(span, what);
    }
    for tree in trees {
        let rules = tree.and_then(|tree| rules(cx, &tree));
        cx.add(&table, rules);
    }
    Ok(())
}

fn rules(cx: &Cx, tree: &Tree) -> Said<Vec<Rule>> {
    match tree {
        Tree::One(written) => {
            let mut found = read(cx, written)?;
            for rule in &mut found {
                rule.span = written.span;
            }
            Ok(found)
        }
        // Verdicts of the table that all have to hold are rules side by side.
        Tree::Joined { all: true, parts } => {
            let parts = parts.iter().map(|p| rules(cx, p)).collect::<Said<Vec<_>>>()?;
            Ok(parts.into_iter().flatten().collect())
        }
        Tree::Joined { all: false, parts } => {
            let parts = parts.iter().map(|p| part(cx, p)).collect::<Said<Vec<_>>>()?;
            let span = first(tree);
            let mut rule = Rule::table("any_of", format!("any of ({})", parts.join(", "))).named("any_of");
            rule.span = span;
            Ok(vec![rule])
        }
    }
}

/// A tree as one verdict of the whole table.
fn part(cx: &Cx, tree: &Tree) -> Said<String> {
    match tree {
        Tree::Joined { all, parts } => {
            let parts = parts.iter().map(|p| part(cx, p)).collect::<Said<Vec<_>>>()?;
            Ok(format!("{} of ({})", if *all { "all" } else { "any" }, parts.join(", ")))
        }
        Tree::One(written) => {
            let found =
                read(cx, written)?.iter().map(|r| judge::of_table(r, written.span)).collect::<Said<Vec<_>>>()?;
            match found.as_slice() {
                [one] => Ok(one.clone()),
                many => Ok(format!("all of ({})", many.join(", "))),
            }
        }
    }
}

fn first(tree: &Tree) -> pipe_diagnostics::Span {
    match tree {
        Tree::One(written) => written.span,
        Tree::Joined { parts, .. } => parts.first().map(first).unwrap_or_default(),
    }
}

/// A rule by its type.
fn read(cx: &Cx, written: &Written) -> Said<Vec<Rule>> {
    if let Some((name, why)) = BESIDE.iter().find(|(name, _)| *name == written.kind) {
        return refuse(written.span, format!("`{name}` {why}"));
    }
    cx.known(&written.kind, &Node { kind: node::Kind::Null, span: written.span })?;
    if files::KINDS.contains(&written.kind.as_str()) {
        return Ok(vec![files::rule(written)?]);
    }
    for (tag, value) in &written.tags {
        // Texts differ by case unless a tag says otherwise; so do they here.
        let plain = matches!((tag.as_str(), value.to_lowercase().as_str()), ("ignoreCase", "false") | ("ruleType", _));
        if !plain {
            return refuse(written.span, format!("the tag `{tag} = \"{value}\"` cannot be said"));
        }
    }
    let condition = condition::read(&written.condition, written.span)?;
    let table = crate::write::identifier(&cx.default_table);
    let own = Own { names: &["primary"], table: &table };
    let mut rules = datasets::rules(written, condition.as_ref(), &own)?;
    if rules.is_empty() {
        rules = columns(written, condition.as_ref(), &own)?;
    }
    if let Some(filter) = &written.filter {
        for rule in &mut rules {
            rule.pick(Some(filter.clone()));
        }
    }
    if let Some(threshold) = &written.threshold {
        let condition = condition::read(threshold, written.span)?;
        let shared = rules.into_iter().map(|r| share(r, condition.as_ref(), written));
        rules = shared.collect::<Said<Vec<_>>>()?.into_iter().flatten().collect();
    }
    Ok(rules)
}

/// Statistics of a column that are bounded, by what they are called here.
const STATISTICS: &[(&str, &str)] = &[
    ("Completeness", "completeness"),
    ("Uniqueness", "uniqueness"),
    ("UniqueValueRatio", "unique_value_ratio"),
    ("DistinctValuesCount", "distinct"),
    ("Mean", "mean"),
    ("Sum", "sum"),
    ("Entropy", "entropy"),
    ("Range", "range"),
    ("InterquartileRange", "iqr"),
    ("Skewness", "skewness"),
    ("Kurtosis", "kurtosis"),
];

/// Rules about the columns of one table.
fn columns(written: &Written, condition: Option<&Condition>, own: &Own<'_>) -> Said<Vec<Rule>> {
    let span = written.span;
    let column = |n: usize| match written.parameters.get(n) {
        Some(column) => Ok(column.trim_matches('`').to_owned()),
        None => wrong(span, format!("`{}` names too few columns", written.kind)),
    };
    let judged = || match condition {
        Some(condition) => judge::number(condition, span),
        None => wrong(span, format!("`{}` needs a condition such as `> 0`", written.kind)),
    };
    if let Some((_, word)) = STATISTICS.iter().find(|(name, _)| *name == written.kind) {
        let c = column(0)?;
        let found = judged()?.into_iter().map(|p| Rule::column(&c, judge::check_of(&p, word), format!("{word} {p}")));
        return Ok(found.collect());
    }
    let each = |name: String, sql: String| -> Said<Vec<Rule>> {
        Ok(judged()?.into_iter().map(|p| Rule::sql(name.clone(), sql.clone(), p)).collect())
    };
    Ok(match written.kind.as_str() {
        "RowCount" => {
            let rule = |p: String| Rule::table(judge::check_of(&p, "row_count"), format!("row count {p}"));
            judged()?.into_iter().map(rule).collect()
        }
        "ColumnCount" if matches!(condition, Some(Condition::History(_))) => {
            return refuse(
                span,
                "the number of columns is not compared with earlier runs; a changed source is told by itself, and fails unless a clause of `heal` says otherwise",
            );
        }
        "ColumnCount" => {
            judged()?.into_iter().map(|p| Rule::table("column_count", format!("column count {p}"))).collect()
        }
        "IsComplete" => vec![Rule::column(&column(0)?, "not_null", "not null")],
        "IsUnique" => vec![Rule::column(&column(0)?, "unique", "unique")],
        "IsPrimaryKey" => {
            column(0)?;
            let key: Vec<String> = written.parameters.clone();
            let mut rules: Vec<Rule> = key.iter().map(|c| Rule::column(c, "not_null", "not null")).collect();
            rules.push(Rule::key(&key, "unique", "unique"));
            rules
        }
        "ColumnExists" => {
            vec![Rule::table("columns_contain", format!("columns contain ({})", words::name(&column(0)?)))]
        }
        "ColumnNamesMatchPattern" => {
            vec![Rule::table("columns_match", format!("columns match {}", words::text(&words::anchored(&column(0)?))))]
        }
        "StandardDeviation" => {
            each(format!("{}_stddev", column(0)?), format!("stddev_pop({})", words::name(&column(0)?)))?
        }
        "ColumnCorrelation" => {
            let (a, b) = (column(0)?, column(1)?);
            each(format!("{a}_{b}_correlation"), format!("corr({}, {})", words::name(&a), words::name(&b)))?
        }
        "ZerosCount" => {
            let c = column(0)?;
            each(format!("{c}_zeros"), format!("count(*) filter (where {} = 0)", words::name(&c)))?
        }
        "DuplicateRowCount" => {
            column(0)?;
            let key: Vec<String> = written.parameters.iter().map(|c| words::name(c)).collect();
            let sql = format!("count(*) - count(distinct struct({}))", key.join(", "));
            each("duplicate_rows".to_owned(), sql)?
        }
        "ColumnLength" => {
            let c = column(0)?;
            each(format!("{c}_length"), format!("coalesce(length({}), 0)", words::name(&c)))?
        }
        "ColumnDataType" => vec![castable(&column(0)?, condition, written)?],
        "ColumnValues" => match condition {
            Some(condition) => vec![judge::values(&column(0)?, condition, span)?],
            None => return wrong(span, "`ColumnValues` needs a condition such as `> 0`"),
        },
        "DataFreshness" => vec![aged(&column(0)?, condition, span)?],
        "DetectAnomalies" => anomalies(&column(0)?, written, own)?,
        other => return refuse(span, format!("`{other}` is not known")),
    })
}

/// How old each row is: its age is compared, so that an older row has the lesser time.
fn aged(c: &str, condition: Option<&Condition>, span: Span) -> Said<Rule> {
    let age = |value: &Value| match value {
        Value::Duration(age) => Ok(age.clone()),
        _ => wrong(span, "an age is compared with a length of time, `<= 24 hours`"),
    };
    let since = |value: &Value| age(value).map(|age| format!("({})", judge::ago(&age)));
    let rule = match condition {
        Some(Condition::Compare("<" | "<=", value)) => Rule::column(c, "within_age", format!("within {}", age(value)?)),
        Some(Condition::Compare(">", value)) => Rule::column(c, "lt", format!("< {}", since(value)?)),
        Some(Condition::Compare(">=", value)) => Rule::column(c, "le", format!("<= {}", since(value)?)),
        Some(Condition::Between(low, high)) => {
            let predicate = format!("strictly between {} and {}", since(high)?, since(low)?);
            Rule::column(c, "strictly_between", predicate)
        }
        Some(Condition::NotBetween(low, high)) => {
            let predicate = format!("not strictly between {} and {}", since(high)?, since(low)?);
            Rule::column(c, "not_between", predicate)
        }
        _ => return wrong(span, "`DataFreshness` needs an age, `<= 24 hours` or `between 1 days and 3 days`"),
    };
    Ok(rule.null_fails())
}

/// A number of the table, or numbers of a column, against earlier runs.
fn anomalies(what: &str, written: &Written, own: &Own<'_>) -> Said<Vec<Rule>> {
    let span = written.span;
    let history = "within 3 sigma over last 14 runs";
    let parameter = |n: usize| match written.parameters.get(n) {
        Some(text) => Ok(text.trim_matches('`').to_owned()),
        None => wrong(span, format!("anomalies of `{what}` need more parameters")),
    };
    let both = |name: &str, of: &dyn Fn(&str) -> String| {
        ["min", "max"].map(|f| Rule::sql(format!("{name}_{f}"), of(f), history)).to_vec()
    };
    let rules = match what {
        "RowCount" => vec![Rule::table("within_sigma", format!("row count {history}"))],
        "ColumnLength" => {
            let c = parameter(1)?;
            both(&format!("{c}_length"), &|f| format!("{f}(length({}))", words::name(&c)))
        }
        "ColumnValues" => {
            let c = parameter(1)?;
            both(&c, &|f| format!("{f}({})", words::name(&c)))
        }
        "StandardDeviation" => {
            let c = parameter(1)?;
            vec![Rule::sql(format!("{c}_stddev"), format!("stddev_pop({})", words::name(&c)), history)]
        }
        "ColumnCorrelation" => {
            let (a, b) = (parameter(1)?, parameter(2)?);
            let sql = format!("corr({}, {})", words::name(&a), words::name(&b));
            vec![Rule::sql(format!("{a}_{b}_correlation"), sql, history)]
        }
        "CustomSQL" | "CustomSql" => {
            vec![query::number(&parameter(1)?, own, span)?.rule("custom_sql", history)]
        }
        metric => match STATISTICS.iter().find(|(name, _)| *name == metric) {
            Some((_, word)) => vec![Rule::column(&parameter(1)?, "within_sigma", format!("{word} {history}"))],
            None => return refuse(span, format!("anomalies of `{metric}` cannot be said")),
        },
    };
    let note = "Glue learns a forecast from earlier runs; here the number is compared with their mean";
    Ok(rules.into_iter().map(|r| r.note(note)).collect())
}

/// `ColumnDataType "c" = "INTEGER"`: the texts of the column convert.
fn castable(column: &str, condition: Option<&Condition>, written: &Written) -> Said<Rule> {
    let values = match condition {
        Some(Condition::Compare("=", value)) => vec![value.clone()],
        Some(Condition::In(values)) => values.clone(),
        _ => return refuse(written.span, "only that a column has a type can be said, not that it has not"),
    };
    let mut parts = Vec::new();
    for value in values {
        let sql = value.sql(written.span)?;
        let name = sql.trim_matches('\'').to_lowercase();
        // The words are Spark's: a `long` has 64 bits.
        let Some(ty) = types::parse(&name) else {
            return wrong(written.span, format!("no type here is like `{name}`"));
        };
        parts.push(format!("castable as {ty}"));
    }
    Ok(match parts.as_slice() {
        [one] => Rule::column(column, "castable", one.clone()),
        _ => Rule::column(column, "any_of", format!("any of ({})", parts.join(", "))),
    })
}

/// Lets so many rows violate as the threshold leaves. What is not at least a share is a number of its own.
fn share(rule: Rule, threshold: Option<&Condition>, written: &Written) -> Said<Vec<Rule>> {
    let Some(condition) = threshold else { return least(rule, threshold, written).map(|r| vec![r]) };
    let at_least = match condition {
        Condition::Compare(">=" | ">", _) => true,
        Condition::Between(_, Value::Sql(high)) => high.parse::<f64>().is_ok_and(|high| high > 1.0),
        _ => is_whole(threshold),
    };
    if at_least {
        return least(rule, threshold, written).map(|r| vec![r]);
    }
    let sql = judge::share_of(&rule, written.span)?;
    let name = rule.derived_name().map_or_else(|| rule.name.clone().unwrap_or_default(), |n| n.replace('.', "_"));
    let named = |p: String| {
        let shared = Rule::sql(format!("{name}_share"), sql.clone(), p);
        Rule { filter: rule.filter.clone(), ..shared }
    };
    Ok(judge::number(condition, written.span)?.into_iter().map(named).collect())
}

/// Lets so many rows violate as "at least a share" leaves.
fn least(mut rule: Rule, threshold: Option<&Condition>, written: &Written) -> Said<Rule> {
    let text = |value: &Value| value.sql(written.span);
    let (least, open) = match threshold {
        Some(Condition::Compare(">=" | "=", value)) => (text(value)?, false),
        Some(Condition::Compare(">", value)) => (text(value)?, true),
        Some(Condition::Between(low, high)) if text(high)?.parse::<f64>().is_ok_and(|h| h > 1.0) => (text(low)?, true),
        _ => return refuse(written.span, "a threshold is at least a share of the rows, `with threshold > 0.9`"),
    };
    let Some(rest) = words::rest(&least) else {
        return wrong(written.span, format!("a threshold is a share from 0 to 1, and this is {least}"));
    };
    let Some(percent) = rest.strip_suffix('%') else { return Ok(rule) };
    if rest == "0%" && !open {
        return Ok(rule);
    }
    if open {
        // More than a share, not that share itself: with fewer than a thousand million rows nothing lies between.
        let Some(below) = words::add(percent, "0.00000001", true) else { return Ok(rule) };
        rule.tolerate = Some(format!("{below}%"));
        rule.notes.push(format!("fewer than {rest} of the rows may violate, not just as many"));
    } else {
        rule.tolerate = Some(rest);
    }
    Ok(rule)
}

/// Whether a share has to be all of it.
fn is_whole(condition: Option<&Condition>) -> bool {
    matches!(condition, Some(Condition::Compare("=" | ">=", Value::Sql(n))) if n.parse::<f64>().is_ok_and(|n| (n - 1.0).abs() < f64::EPSILON))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_and_dates_are_read() {
        let tokens = tokens::tokens("not in [\"a\", NULL]", pipe_diagnostics::FileId(0)).expect("words");
        let found = condition::read(&tokens, pipe_diagnostics::Span::default()).expect("read");
        let values = vec![Value::Sql("'a'".to_owned()), Value::Null];
        assert_eq!(found, Some(Condition::NotIn(values)));
    }
}
