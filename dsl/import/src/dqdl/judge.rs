//! Conditions as predicates, and rules as verdicts of the whole table.

use pipe_diagnostics::Span;

use super::condition::{Condition, Value};
use crate::args::{refuse, wrong};
use crate::rule::{Rule, Said, Subject};
use crate::words;

/// The predicates that judge a number; several have to hold together.
pub(super) fn number(condition: &Condition, span: Span) -> Said<Vec<String>> {
    Ok(match condition {
        Condition::Compare(sign, value) => vec![format!("{sign} {}", value.sql(span)?)],
        Condition::Between(low, high) => vec![format!("strictly between {} and {}", low.sql(span)?, high.sql(span)?)],
        Condition::In(values) => vec![format!("in ({})", list(values, span)?)],
        Condition::NotIn(values) => vec![format!("not in ({})", list(values, span)?)],
        Condition::History(history) => history.clone(),
        Condition::NotBetween(..) => {
            return refuse(span, "a number outside of bounds is an expression: `(mean(c) <= 1 or mean(c) >= 5)`");
        }
        Condition::Matches(_) | Condition::NotMatches(_) => return wrong(span, "a number matches no pattern"),
    })
}

/// The check of a number's predicate: its own where it looks at earlier runs, else that of the number.
pub(super) fn check_of(predicate: &str, number: &'static str) -> &'static str {
    if !predicate.contains(" last ") {
        return number;
    }
    match predicate.chars().next() {
        Some('>') => "above_last",
        Some('<') => "below_last",
        _ if predicate.contains(" sigma ") => "within_sigma",
        _ => "within_last",
    }
}

fn list(values: &[Value], span: Span) -> Said<String> {
    Ok(values.iter().map(|v| v.sql(span)).collect::<Said<Vec<_>>>()?.join(", "))
}

/// `ColumnValues`: each value of a column. NULL fails, but for `!=` and `not in`.
pub(super) fn values(column: &str, condition: &Condition, span: Span) -> Said<Rule> {
    let c = words::name(column);
    let text_of = |value: &Value| match value {
        Value::Empty => Some(format!("{c} = ''")),
        Value::Blank => Some(format!("{c} <> '' and trim({c}) = ''")),
        _ => None,
    };
    let rule = |check: &'static str, predicate: String| Rule::column(column, check, predicate);
    Ok(match condition {
        Condition::Compare("=", Value::Null) => rule("null", "is null".to_owned()),
        Condition::Compare("<>", Value::Null) => rule("not_null", "not null".to_owned()),
        Condition::Compare("=", value @ (Value::Empty | Value::Blank)) => {
            Rule::boolean(format!("{column}_is_empty"), text_of(value).unwrap_or_default()).null_fails()
        }
        Condition::Compare("<>", value @ (Value::Empty | Value::Blank)) => {
            Rule::boolean(format!("{column}_not_empty"), format!("not ({})", text_of(value).unwrap_or_default()))
        }
        Condition::Compare("<>", value) => rule("ne", format!("<> {}", value.sql(span)?)),
        Condition::Compare(sign, value) => {
            let check = match *sign {
                "<" => "lt",
                "<=" => "le",
                ">" => "gt",
                ">=" => "ge",
                _ => "eq",
            };
            rule(check, format!("{sign} {}", value.sql(span)?)).null_fails()
        }
        Condition::Between(low, high) => {
            rule("strictly_between", format!("strictly between {} and {}", low.sql(span)?, high.sql(span)?))
                .null_fails()
        }
        Condition::NotBetween(low, high) => {
            rule("any_of", format!("any of (<= {}, >= {})", low.sql(span)?, high.sql(span)?)).null_fails()
        }
        Condition::In(values) => set(column, values, span)?,
        Condition::NotIn(values) => {
            let constants: Vec<Value> = values.iter().filter(|v| matches!(v, Value::Sql(_))).cloned().collect();
            let mut parts: Vec<String> = Vec::new();
            if !constants.is_empty() {
                parts.push(format!("{c} not in ({})", list(&constants, span)?));
            }
            for value in values {
                match value {
                    Value::Null => parts.push(format!("{c} is not null")),
                    value => parts.extend(text_of(value).map(|t| format!("not ({t})"))),
                }
            }
            if constants.len() == values.len() {
                return Ok(rule("not_in", format!("not in ({})", list(&constants, span)?)));
            }
            Rule::boolean(format!("{column}_not_in"), parts.join(" and "))
        }
        Condition::Matches(regex) => {
            rule("matches", format!("matches {}", words::text(&words::anchored(regex)))).null_fails()
        }
        Condition::NotMatches(regex) => {
            rule("not_matches", format!("not matches {}", words::text(&words::anchored(regex)))).null_fails()
        }
        Condition::History(_) => return wrong(span, "the values of a column have no earlier runs"),
    })
}

/// A set, in which `NULL`, `EMPTY` and `WHITESPACES_ONLY` may stand.
fn set(column: &str, values: &[Value], span: Span) -> Said<Rule> {
    let c = words::name(column);
    let constants: Vec<Value> = values.iter().filter(|v| matches!(v, Value::Sql(_))).cloned().collect();
    let null = values.contains(&Value::Null);
    if constants.len() + usize::from(null) == values.len() && !constants.is_empty() {
        let rule = Rule::column(column, "in", format!("in ({})", list(&constants, span)?));
        // A NULL that is in the set passes, as it does by itself.
        return Ok(if null { rule } else { rule.null_fails() });
    }
    let mut parts: Vec<String> = Vec::new();
    if !constants.is_empty() {
        parts.push(format!("{c} in ({})", list(&constants, span)?));
    }
    for value in values {
        match value {
            Value::Null => parts.push(format!("{c} is null")),
            Value::Empty => parts.push(format!("{c} = ''")),
            Value::Blank => parts.push(format!("({c} <> '' and trim({c}) = '')")),
            _ => {}
        }
    }
    let rule = Rule::boolean(format!("{column}_in"), parts.join(" or "));
    Ok(if null { rule } else { rule.null_fails() })
}

/// A rule as one verdict of the whole table, to be joined with others: `c nulls = 0`, `(count(*) filter (where …) = 0)`.
pub(super) fn of_table(rule: &Rule, span: Span) -> Said<String> {
    if !rule.filter.is_empty() || rule.tolerate.is_some() {
        return refuse(span, "`where` and `with threshold` of one of several rules joined by `or` cannot be said");
    }
    match &rule.subject {
        Subject::Table | Subject::Sql(_) if rule.predicate.contains(" last ") => {
            refuse(span, "a rule on earlier runs cannot be joined with others by `or`")
        }
        Subject::Table if rule.check == "row_count" => {
            Ok(format!("(count(*)) {}", rule.predicate.trim_start_matches("row count ")))
        }
        Subject::Table | Subject::Key(_) | Subject::Line(_) => {
            refuse(span, "a rule about columns or keys cannot be joined with others by `or`")
        }
        Subject::Sql(sql) if rule.predicate.is_empty() => Ok(counted(sql, rule.null_fails)),
        Subject::Sql(sql) if sql.contains("coalesce(length(") => {
            Ok(counted(&judged(sql, &rule.predicate, span)?, false))
        }
        Subject::Sql(sql) => Ok(format!("({sql}) {}", rule.predicate)),
        Subject::Column(column) => {
            let c = words::name(column);
            match rule.check {
                "not_null" => Ok(format!("{c} nulls = 0")),
                "unique" => Ok(format!("{c} duplicates = 0")),
                "within_sigma" | "within_age" | "castable" | "references" => {
                    refuse(span, "this rule cannot be joined with others by `or`")
                }
                // Too few earlier runs are no verdict, and so no part of one.
                _ if rule.predicate.contains(" last ") => {
                    refuse(span, "a rule on earlier runs cannot be joined with others by `or`")
                }
                _ if super::STATISTICS.iter().any(|(_, word)| *word == rule.check) => {
                    Ok(format!("{c} {}", rule.predicate))
                }
                _ => Ok(counted(&judged(&c, &rule.predicate, span)?, rule.null_fails)),
            }
        }
    }
}

/// No row of which the condition does not hold.
fn counted(condition: &str, null_fails: bool) -> String {
    format!("(count(*) filter (where not coalesce({condition}, {})) = 0)", !null_fails)
}

/// A predicate as SQL.
fn judged(subject: &str, predicate: &str, span: Span) -> Said<String> {
    if let Some(bounds) = predicate.strip_prefix("strictly between ")
        && let Some((low, high)) = bounds.split_once(" and ")
    {
        return Ok(format!("{subject} > {low} and {subject} < {high}"));
    }
    if let Some(regex) = predicate.strip_prefix("matches ") {
        return Ok(format!("regexp_like({subject}, {regex})"));
    }
    if let Some(regex) = predicate.strip_prefix("not matches ") {
        return Ok(format!("not regexp_like({subject}, {regex})"));
    }
    if predicate.contains(" of (") {
        return refuse(span, "this condition cannot be joined with others by `or`");
    }
    Ok(format!("{subject} {predicate}"))
}
