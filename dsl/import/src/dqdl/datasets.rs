//! Rules that compare with other tables, and SQL.

use super::condition::Condition;
use super::parse::Written;
use super::{is_whole, judge};
use crate::args::{refuse, wrong};
use crate::query::{self, Own};
use crate::rule::{Rule, Said};
use crate::words;

/// The rules of a type that knows another table; none of other types.
pub(super) fn rules(written: &Written, condition: Option<&Condition>, own: &Own<'_>) -> Said<Vec<Rule>> {
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
            let (mine, theirs) = (parameter(0)?.replace("primary.", ""), parameter(1)?);
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
            vec![super::least(rule.null_fails(), condition, written)?]
        }
        "DatasetMatch" => {
            let other = crate::write::identifier(&parameter(0)?);
            let key = parameter(1)?;
            let Some(matched) = written.parameters.get(2) else {
                return refuse(
                    span,
                    "all columns are compared, and the file does not say which there are; name them in a third parameter",
                );
            };
            let pairs: Vec<(String, String)> = key.split(',').chain(matched.split(',')).map(pair).collect();
            let mine: Vec<String> = pairs.iter().map(|(a, _)| a.clone()).collect();
            let theirs: Vec<String> = pairs.iter().map(|(_, b)| b.clone()).collect();
            let rule = Rule::key(&mine, "references", format!("references {other} ({})", words::names(&theirs)));
            let note = "a row with a NULL in these columns is passed over; Glue compares NULLs as equal values";
            vec![super::least(rule.note(note), condition, written)?]
        }
        "CustomSql" => custom(&parameter(0)?, condition, written, own)?,
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
/// A number that is asked for, of `primary` or of other tables; without a condition the rows that pass.
fn custom(text: &str, condition: Option<&Condition>, written: &Written, own: &Own<'_>) -> Said<Vec<Rule>> {
    let span = written.span;
    match condition {
        Some(condition) => {
            let number = query::number(text, own, span)?;
            Ok(judge::number(condition, span)?.into_iter().map(|p| number.rule("custom_sql", p)).collect())
        }
        None => match query::rows_of(text, own, span)? {
            Some(Some(condition)) => Ok(vec![Rule::boolean("custom_sql", condition).null_fails()]),
            Some(None) => refuse(span, "a query that finds all rows says nothing"),
            None => refuse(
                span,
                "the rows that a query of several tables finds are those that pass, and which they are cannot be said row by row; count them, `CustomSql \"select count(*) …\" = 0`",
            ),
        },
    }
}
