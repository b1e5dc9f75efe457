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
        Condition::NotBetween(low, high) => {
            vec![format!("not strictly between {} and {}", low.sql(span)?, high.sql(span)?)]
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
            rule("not_between", format!("not strictly between {} and {}", low.sql(span)?, high.sql(span)?)).null_fails()
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
    if rule.predicate.contains(" last ") {
        // Too few earlier runs are no verdict, and so no part of one.
        return refuse(span, "a rule on earlier runs cannot be joined with others by `or`");
    }
    let filter = (!rule.filter.is_empty())
        .then(|| rule.filter.iter().map(|f| format!("({})", f.trim())).collect::<Vec<_>>().join(" and "));
    let of = Rows { filter: filter.as_deref(), tolerate: rule.tolerate.as_deref() };
    let cannot = |what: &str| refuse(span, format!("{what} cannot be joined with others by `or`"));
    match &rule.subject {
        Subject::Table if rule.check == "row_count" => {
            Ok(format!("({}) {}", of.aggregate("count(*)"), rule.predicate.trim_start_matches("row count ")))
        }
        Subject::Key(columns) if rule.check == "unique" && rule.tolerate.is_none() => {
            let key = format!("count(distinct struct({}))", words::names(columns));
            Ok(format!("({} = {})", of.aggregate("count(*)"), of.aggregate(&key)))
        }
        Subject::Table | Subject::Key(_) | Subject::Line(_) => cannot("a rule about columns or keys"),
        Subject::Sql(sql) if rule.predicate.is_empty() || sql.contains("coalesce(length(") => {
            of.violating(&of_row(rule, span)?, rule.null_fails, span)
        }
        Subject::Sql(sql) if filter.is_none() => Ok(format!("({sql}) {}", rule.predicate)),
        Subject::Sql(sql) => match sql.split_once('(') {
            // One call of an aggregate takes the filter behind it.
            Some((function, rest))
                if function.chars().all(|c| c.is_alphanumeric() || c == '_') && !rest.contains(['(', '=']) =>
            {
                Ok(format!("({}) {}", of.aggregate(sql), rule.predicate))
            }
            _ => cannot("a number with `where` of this kind"),
        },
        Subject::Column(column) => {
            let c = words::name(column);
            if super::STATISTICS.iter().any(|(_, word)| *word == rule.check) {
                return of.statistic(&c, rule, span);
            }
            match rule.check {
                "not_null" if of.are_all() => Ok(format!("{c} nulls = 0")),
                "unique" if of.are_all() => Ok(format!("{c} duplicates = 0")),
                "unique" if rule.tolerate.is_none() => Ok(format!(
                    "({} = {})",
                    of.aggregate(&format!("count({c})")),
                    of.aggregate(&format!("count(distinct {c})"))
                )),
                "unique" | "within_sigma" | "references" => cannot("a rule of rows beside others"),
                _ => of.violating(&of_row(rule, span)?, rule.null_fails, span),
            }
        }
    }
}

/// A rule on rows as the condition that holds of those that pass.
fn of_row(rule: &Rule, span: Span) -> Said<String> {
    match &rule.subject {
        Subject::Sql(sql) if rule.predicate.is_empty() => Ok(sql.clone()),
        Subject::Sql(sql) if sql.contains("coalesce(length(") => judged(sql, &rule.predicate, span),
        Subject::Column(c) if rule.check == "not_null" => Ok(format!("{} is not null", words::name(c))),
        Subject::Column(c) if !matches!(rule.check, "unique" | "references") => {
            judged(&words::name(c), &rule.predicate, span)
        }
        _ => refuse(span, "a rule of rows beside others cannot be said as a share of rows"),
    }
}

/// The share of the rows that pass.
pub(super) fn share_of(rule: &Rule, span: Span) -> Said<String> {
    let passes = format!("coalesce({}, {})", of_row(rule, span)?, !rule.null_fails);
    Ok(format!("cast(count(*) filter (where {passes}) as double) / nullif(count(*), 0)"))
}

/// The rows that a part of an `or` is about, and how many of them may violate.
struct Rows<'a> {
    filter: Option<&'a str>,
    tolerate: Option<&'a str>,
}

impl Rows<'_> {
    fn are_all(&self) -> bool {
        self.filter.is_none() && self.tolerate.is_none()
    }

    /// An aggregate over these rows.
    fn aggregate(&self, call: &str) -> String {
        self.filter.map_or_else(|| call.to_owned(), |filter| format!("{call} filter (where {filter})"))
    }

    /// No more rows than may of which the condition does not hold.
    fn violating(&self, condition: &str, null_fails: bool, span: Span) -> Said<String> {
        let filter = self.filter.map(|f| format!("{f} and ")).unwrap_or_default();
        let count = format!("count(*) filter (where {filter}not coalesce({condition}, {}))", !null_fails);
        match self.tolerate {
            None => Ok(format!("({count} = 0)")),
            Some(share) => match share.strip_suffix('%') {
                Some(share) => Ok(format!("(100 * {count} <= {share} * {})", self.aggregate("count(*)"))),
                None => refuse(span, "a number of rows that may violate cannot be joined with others by `or`"),
            },
        }
    }

    /// A number of a column.
    fn statistic(&self, c: &str, rule: &Rule, span: Span) -> Said<String> {
        let Some(filter) = self.filter else { return Ok(format!("{c} {}", rule.predicate)) };
        let test = rule.predicate.strip_prefix(rule.check).unwrap_or_default();
        let sql = match rule.check {
            "completeness" => {
                let all = self.aggregate("count(*)");
                format!("cast({} as double) / nullif({all}, 0)", self.aggregate(&format!("count({c})")))
            }
            "distinct" => self.aggregate(&format!("count(distinct {c})")),
            "mean" => self.aggregate(&format!("avg({c})")),
            "sum" => self.aggregate(&format!("sum({c})")),
            word => {
                return refuse(
                    span,
                    format!("the {word} of the rows where `{filter}` cannot be joined with others by `or`"),
                );
            }
        };
        Ok(format!("({sql}){test}"))
    }
}

/// A predicate as SQL.
fn judged(subject: &str, predicate: &str, span: Span) -> Said<String> {
    if let Some(bounds) = predicate.strip_prefix("not strictly between ")
        && let Some((low, high)) = bounds.split_once(" and ")
    {
        return Ok(format!("({subject} <= {low} or {subject} >= {high})"));
    }
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
    if let Some(ty) = predicate.strip_prefix("castable as ") {
        return Ok(format!("{subject} is null or try_cast({subject} as {ty}) is not null"));
    }
    if let Some(age) = predicate.strip_prefix("within ") {
        return Ok(format!("{subject} >= {}", ago(age)));
    }
    if predicate.contains(" of (") {
        return refuse(span, "this condition cannot be joined with others by `or`");
    }
    Ok(format!("{subject} {predicate}"))
}

/// The time so long ago, of a duration such as `24h`.
pub(super) fn ago(age: &str) -> String {
    let (number, unit) = age.split_at(age.len().saturating_sub(1));
    let unit = match unit {
        "m" => "minutes",
        "h" => "hours",
        _ => "days",
    };
    format!("now() - interval '{number} {unit}'")
}
