//! Rules that compare with other tables, and SQL.

use super::condition::Condition;
use super::parse::Written;
use super::{is_whole, judge};
use crate::args::{refuse, wrong};
use crate::rule::{Rule, Said};
use crate::words;

/// The rules of a type that knows another table; none of other types.
pub(super) fn rules(written: &Written, condition: Option<&Condition>) -> Said<Vec<Rule>> {
    let span = written.span;
    let parameter = |n: usize| match written.parameters.get(n) {
        Some(text) => Ok(text.clone()),
        None => wrong(span, format!("`{}` needs more parameters", written.kind)),
    };
    let ratio = |name: String, sql: String| -> Said<Vec<Rule>> {
        let Some(condition) = condition else {
            return wrong(span, format!("`{}` needs a condition such as `>= 0.9`", written.kind));
        };
        Ok(judge::number(condition, span)?.into_iter().map(|p| Rule::sql(name.clone(), sql.clone(), p)).collect())
    };
    Ok(match written.kind.as_str() {
        "RowCountMatch" => {
            let other = crate::write::identifier(&parameter(0)?);
            let sql = format!("count(*) / (select cast(count(*) as double) from {other})");
            ratio(format!("row_count_as_{other}"), sql)?
        }
        "AggregateMatch" => {
            let (mine, theirs) = (parameter(0)?, parameter(1)?);
            let Some((other, aggregate)) = elsewhere(&theirs) else {
                return wrong(
                    span,
                    format!("`{theirs}` is no aggregate of another table, such as `sum(reference.amount)`"),
                );
            };
            ratio(format!("as_{other}"), format!("{mine} / (select cast({aggregate} as double) from {other})"))?
        }
        "SchemaMatch" => {
            if !is_whole(condition) {
                return refuse(
                    span,
                    "that a share of the columns is the same cannot be said; say `columns contain (…)`",
                );
            }
            vec![Rule::table(
                "columns_same_as",
                format!("columns same as {}", crate::write::identifier(&parameter(0)?)),
            )]
        }
        "ReferentialIntegrity" => {
            let mine: Vec<String> = parameter(0)?.split(',').map(|c| c.trim().to_owned()).collect();
            let theirs = parameter(1)?;
            let Some((other, columns)) = theirs.split_once('.') else {
                return wrong(span, format!("`{theirs}` is no table and its columns, such as `reference.{{a,b}}`"));
            };
            let columns: Vec<&str> = columns.trim_matches(['{', '}']).split(',').map(str::trim).collect();
            let other = crate::write::identifier(other);
            let rule = Rule::key(&mine, "references", format!("references {other} ({})", words::names(&columns)));
            vec![super::share(rule.null_fails(), condition, written)?]
        }
        "DatasetMatch" => {
            let other = crate::write::identifier(&parameter(0)?);
            let Some(matched) = written.parameters.get(2) else {
                return refuse(
                    span,
                    "all columns are compared, and the file does not say which there are; name them in a third parameter",
                );
            };
            let key = parameter(1)?;
            let pairs: Vec<(String, String)> = key.split(',').chain(matched.split(',')).map(pair).collect();
            let mine: Vec<String> = pairs.iter().map(|(a, _)| a.clone()).collect();
            let theirs: Vec<String> = pairs.iter().map(|(_, b)| b.clone()).collect();
            let rule = Rule::key(&mine, "references", format!("references {other} ({})", words::names(&theirs)));
            let note = "a row with a NULL in these columns is passed over; Glue compares NULLs as equal values";
            vec![super::share(rule.note(note), condition, written)?]
        }
        "CustomSql" => custom(&parameter(0)?, condition, written)?,
        _ => Vec::new(),
    })
}

/// `a->b`, or `a` of both.
fn pair(text: &str) -> (String, String) {
    match text.split_once("->") {
        Some((a, b)) => (a.trim().to_owned(), b.trim().to_owned()),
        None => (text.trim().to_owned(), text.trim().to_owned()),
    }
}

/// `sum(reference.amount)` as the table and `sum(amount)`.
fn elsewhere(text: &str) -> Option<(String, String)> {
    let (function, inner) = text.split_once('(')?;
    let (other, rest) = inner.split_once('.')?;
    let other = crate::write::identifier(other);
    Some((other, format!("{function}({rest}")))
}

/// A query of `primary`: an aggregate that is bounded, or the rows that pass.
fn custom(query: &str, condition: Option<&Condition>, written: &Written) -> Said<Vec<Rule>> {
    let span = written.span;
    let Some((selected, picked)) = crate::compare::of_own_table(query, |name| name == "primary") else {
        let own = query.to_lowercase().split_whitespace().any(|w| w.contains("primary"));
        return match condition {
            // A query of other tables is a number by itself.
            Some(condition) if !own => {
                let sql = format!("({})", query.trim());
                let found = judge::number(condition, span)?;
                Ok(found.into_iter().map(|p| Rule::sql("custom_sql", sql.clone(), p)).collect())
            }
            _ => refuse(
                span,
                "a query that is more than an aggregate or a condition of `primary` is no rule; make a model of it and judge that",
            ),
        };
    };
    match (condition, picked) {
        (Some(condition), picked) => {
            let rules = judge::number(condition, span)?.into_iter().map(|p| {
                let rule = Rule::sql("custom_sql", selected.clone(), p);
                match &picked {
                    Some(picked) => rule.only(picked.clone()),
                    None => rule,
                }
            });
            Ok(rules.collect())
        }
        // The rows that the query finds are those that pass.
        (None, Some(picked)) => Ok(vec![Rule::boolean("custom_sql", picked).null_fails()]),
        (None, None) => refuse(span, "a query that finds all rows says nothing"),
    }
}
