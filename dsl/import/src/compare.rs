//! Bounds as predicates, and what several tools say alike.

use pipe_diagnostics::Span;

use crate::args::refuse;
use crate::rule::{Rule, Said};
use crate::words;

/// A lower and an upper bound, each with whether it is excluded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) low: Option<String>,
    pub(crate) high: Option<String>,
    pub(crate) open_low: bool,
    pub(crate) open_high: bool,
}

impl Bounds {
    /// Both bounds included.
    pub(crate) fn closed(low: Option<String>, high: Option<String>) -> Self {
        Self { low, high, ..Self::default() }
    }

    /// Neither bound included.
    pub(crate) fn open(low: Option<String>, high: Option<String>) -> Self {
        Self { low, high, open_low: true, open_high: true }
    }

    /// The predicates that hold together where it holds, with the names of their checks; none without a bound.
    pub(crate) fn predicates(&self) -> Vec<(&'static str, String)> {
        let low = |l: &String| if self.open_low { ("gt", format!("> {l}")) } else { ("ge", format!(">= {l}")) };
        let high = |h: &String| if self.open_high { ("lt", format!("< {h}")) } else { ("le", format!("<= {h}")) };
        match (&self.low, &self.high) {
            (Some(l), Some(h)) if l == h && !self.open_low && !self.open_high => vec![("eq", format!("= {l}"))],
            (Some(l), Some(h)) if !self.open_low && !self.open_high => {
                vec![("between", format!("between {l} and {h}"))]
            }
            (Some(l), Some(h)) if self.open_low && self.open_high => {
                vec![("strictly_between", format!("strictly between {l} and {h}"))]
            }
            (l, h) => l.iter().map(low).chain(h.iter().map(high)).collect(),
        }
    }
}

/// `in (…)`
pub(crate) fn in_list(values: &[String]) -> String {
    format!("in ({})", values.join(", "))
}

/// The first predicate of several, or all of them as `any of` or `all of`.
pub(crate) fn joined(parts: &[String], all: bool) -> (&'static str, String) {
    let word = if all { "all" } else { "any" };
    let check = if all { "all_of" } else { "any_of" };
    (check, format!("{word} of ({})", parts.join(", ")))
}

/// `column is not null`, for the rows that a share is taken of.
pub(crate) fn present(columns: &[&str]) -> String {
    columns.iter().map(|c| format!("{} is not null", words::name(c))).collect::<Vec<_>>().join(" and ")
}

/// `select … from table where condition` that should find nothing, as a rule: the condition holds of no row.
///
/// # Errors
/// What else stands in the query: it cannot be judged a row at a time.
pub(crate) fn no_such_row(query: &str, tables: &[&str], span: Span) -> Said<Rule> {
    let text = query.trim().trim_end_matches(';').replace("{batch}", "batch_");
    let refused = || {
        refuse(
            span,
            "a query that is more than `select … from the table where …` is no rule; make a model of it and say `row count = 0` of that",
        )
    };
    let lower = text.to_lowercase();
    let Some(at) = lower.find(" where ").or_else(|| lower.find("\nwhere ")) else { return refused() };
    let (Some(head), Some(condition)) = (lower.get(..at), text.get(at + 7..)) else { return refused() };
    let Some((_, from)) = head.rsplit_once(" from ").or_else(|| head.rsplit_once("\nfrom ")) else { return refused() };
    let mut words = from.split_whitespace();
    let named =
        words.next().unwrap_or_default().trim_matches(['"', '`']).rsplit('.').next().unwrap_or_default().to_owned();
    let known = named == "batch_" || tables.iter().any(|t| t.eq_ignore_ascii_case(&named));
    let rest = condition.to_lowercase();
    let more = [" group by ", " having ", " order by ", " limit ", " union ", " join ", "select "];
    let padded = format!(" {} ", rest.split_whitespace().collect::<Vec<_>>().join(" "));
    if !known || words.next().is_some() || more.iter().any(|m| padded.contains(m)) {
        return refused();
    }
    Ok(Rule::boolean("no_such_row", format!("not ({})", condition.trim())))
}

/// `select X from own [where condition]` as X and the condition; `None` of any other query.
pub(crate) fn of_own_table(query: &str, is_own: impl Fn(&str) -> bool) -> Option<(String, Option<String>)> {
    let text = query.trim().trim_end_matches(';').split_whitespace().collect::<Vec<_>>().join(" ");
    let lower = text.to_lowercase();
    let from = lower.find(" from ").filter(|_| lower.len() == text.len() && lower.starts_with("select "))?;
    let selected = text.get("select ".len()..from)?;
    let tail = text.get(from + " from ".len()..)?;
    let (name, rest) = tail.split_once(' ').unwrap_or((tail, ""));
    let name = name.trim_matches(['"', '`']);
    if !is_own(&name.rsplit('.').next().unwrap_or(name).to_lowercase()) {
        return None;
    }
    let condition = match rest {
        "" => None,
        rest => Some(rest.get("where ".len()..).filter(|_| rest.to_lowercase().starts_with("where "))?.to_owned()),
    };
    let more = [" group by ", " having ", " order by ", " limit ", " join ", "select "];
    let read = format!(" {} ", condition.clone().unwrap_or_default().to_lowercase());
    (!more.iter().any(|m| read.contains(m))).then(|| (selected.to_owned(), condition))
}
