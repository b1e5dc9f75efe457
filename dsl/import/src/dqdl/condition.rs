//! What stands behind the parameters of a rule: comparisons, sets, patterns, dates, earlier runs.

use pipe_diagnostics::Span;

use super::tokens::{Kind, Token};
use crate::args::{refuse, wrong};
use crate::rule::Said;
use crate::words;

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    /// `> 5`; the sign as SQL writes it.
    Compare(&'static str, Value),
    /// Neither bound is included, as in the tool.
    Between(Value, Value),
    NotBetween(Value, Value),
    In(Vec<Value>),
    NotIn(Vec<Value>),
    Matches(String),
    NotMatches(String),
    /// Of earlier runs; several have to hold together: `> 90% of last run`, `< 110% of last run`.
    History(Vec<String>),
}

/// A value that a condition names.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// A constant or an expression, as SQL.
    Sql(String),
    /// A length of time, as `.pipe` writes it.
    Duration(String),
    Null,
    Empty,
    Blank,
}

impl Value {
    /// Its SQL, of constants and expressions.
    pub(super) fn sql(&self, span: Span) -> Said<String> {
        match self {
            Value::Sql(sql) => Ok(sql.clone()),
            Value::Duration(_) => wrong(span, "a length of time is compared with a number or a text"),
            Value::Null | Value::Empty | Value::Blank => {
                wrong(span, "`NULL`, `EMPTY` and `WHITESPACES_ONLY` go with `=`, `!=` and `in`")
            }
        }
    }
}

fn word_is(token: Option<&Token>, word: &str) -> bool {
    matches!(token, Some(Token { kind: Kind::Word(w), .. }) if w.eq_ignore_ascii_case(word))
}

/// Reads a condition; `None` where there is none.
pub(super) fn read(tokens: &[Token], span: Span) -> Said<Option<Condition>> {
    let Some(first) = tokens.first() else { return Ok(None) };
    let negated = word_is(Some(first), "not");
    let rest = tokens.get(usize::from(negated)..).unwrap_or_default();
    let (head, tail) = match rest.split_first() {
        Some((head, tail)) => (head, tail),
        None => return wrong(span, "the condition ends after `not`"),
    };
    if word_is(Some(head), "between") {
        let Some(at) = tail.iter().position(|t| word_is(Some(t), "and")) else {
            return wrong(head.span, "`between` needs two bounds, `between 1 and 5`");
        };
        let (low, high) = (tail.get(..at).unwrap_or_default(), tail.get(at + 1..).unwrap_or_default());
        if let Some(history) = history(low, high, span)? {
            return if negated {
                refuse(head.span, "`not between` bounds of earlier runs cannot be said")
            } else {
                Ok(Some(Condition::History(history)))
            };
        }
        let (low, high) = (value(low, span)?, value(high, span)?);
        return Ok(Some(if negated { Condition::NotBetween(low, high) } else { Condition::Between(low, high) }));
    }
    if word_is(Some(head), "in") {
        let [Token { kind: Kind::Sign("["), .. }, inner @ .., Token { kind: Kind::Sign("]"), .. }] = tail else {
            return wrong(head.span, "`in` needs a list, `in [\"a\", \"b\"]`");
        };
        let values = inner.split(|t| t.kind == Kind::Sign(",")).filter(|v| !v.is_empty()).map(|v| value(v, span));
        let values = values.collect::<Said<Vec<_>>>()?;
        if values.is_empty() {
            return wrong(head.span, "the list is empty: no value is in it");
        }
        return Ok(Some(if negated { Condition::NotIn(values) } else { Condition::In(values) }));
    }
    if word_is(Some(head), "matches") {
        let [Token { kind: Kind::Text(regex), .. }] = tail else { return wrong(head.span, "`matches` needs a text") };
        return Ok(Some(if negated {
            Condition::NotMatches(regex.clone())
        } else {
            Condition::Matches(regex.clone())
        }));
    }
    let sign = match head.kind {
        Kind::Sign(s @ (">" | ">=" | "<" | "<=")) => s,
        Kind::Sign("=" | "==") => "=",
        Kind::Sign("!=") => "<>",
        _ => return wrong(head.span, "a condition begins with a comparison, `between`, `in` or `matches`"),
    };
    if tail.iter().any(|t| word_is(Some(t), "last"))
        && let Some(share) = reckoned(&joined(tail))
    {
        return match sign {
            "=" if share.starts_with("100% ") => {
                Ok(Some(Condition::History(vec![format!("within {}", share.replacen("100%", "0%", 1))])))
            }
            "=" | "<>" => refuse(head.span, "a number of earlier runs is compared by `<`, `<=`, `>=` or `>`"),
            sign => Ok(Some(Condition::History(vec![format!("{sign} {share}")]))),
        };
    }
    Ok(Some(Condition::Compare(sign, value(tail, span)?)))
}

/// A value: a number, a text, a keyword, a length of time, or a date reckoned from `now()`.
fn value(tokens: &[Token], span: Span) -> Said<Value> {
    let at = tokens.first().map_or(span, |t| t.span);
    match tokens {
        [Token { kind: Kind::Number(n), .. }] => Ok(Value::Sql(words::number(n))),
        [Token { kind: Kind::Sign("-"), .. }, Token { kind: Kind::Number(n), .. }] => {
            Ok(Value::Sql(format!("-{}", words::number(n))))
        }
        [Token { kind: Kind::Text(t), .. }] => Ok(Value::Sql(words::text(t))),
        [Token { kind: Kind::Word(w), .. }] => match w.to_uppercase().as_str() {
            "NULL" => Ok(Value::Null),
            "EMPTY" => Ok(Value::Empty),
            "WHITESPACES_ONLY" => Ok(Value::Blank),
            "TRUE" => Ok(Value::Sql("true".to_owned())),
            "FALSE" => Ok(Value::Sql("false".to_owned())),
            _ => wrong(at, format!("`{w}` is no value; a text stands in quotes")),
        },
        [Token { kind: Kind::Number(n), .. }, Token { kind: Kind::Word(unit), .. }] => match duration(n, unit) {
            Some(duration) => Ok(Value::Duration(duration)),
            None => wrong(at, format!("`{n} {unit}` is no length of time")),
        },
        [Token { kind: Kind::Sign("("), .. }, inner @ .., Token { kind: Kind::Sign(")"), .. }] if !inner.is_empty() => {
            value(inner, span)
        }
        [now, Token { kind: Kind::Sign("("), .. }, Token { kind: Kind::Sign(")"), .. }, rest @ ..]
            if word_is(Some(now), "now") =>
        {
            match rest {
                [] => Ok(Value::Sql("(now())".to_owned())),
                [
                    Token { kind: Kind::Sign(sign @ ("-" | "+")), .. },
                    Token { kind: Kind::Number(n), .. },
                    Token { kind: Kind::Word(unit), .. },
                ] => Ok(Value::Sql(format!("(now() {sign} interval '{n} {unit}')"))),
                _ => wrong(at, "from `now()` a number of minutes, hours or days is taken away"),
            }
        }
        _ if tokens.iter().any(|t| word_is(Some(t), "last")) => refuse(
            at,
            "of earlier runs there are shares of their mean, median, least, greatest, sum and standard deviation, added up with numbers, as in `> minimum of last 5 runs - 1`; another reckoning with `last(k)` cannot be said",
        ),
        [] => wrong(span, "a value is missing"),
        _ => wrong(at, "this is no value"),
    }
}

fn duration(n: &str, unit: &str) -> Option<String> {
    n.parse::<u64>().ok()?;
    let letter = match unit.to_lowercase().trim_end_matches('s') {
        "minute" => "m",
        "hour" => "h",
        "day" => "d",
        _ => return None,
    };
    Some(format!("{n}{letter}"))
}

/// The text of tokens, without blanks and without parentheses around all of it.
fn joined(tokens: &[Token]) -> String {
    let words = tokens.iter().map(|t| match &t.kind {
        Kind::Word(w) | Kind::Text(w) | Kind::Variable(w) => w.to_lowercase(),
        Kind::Number(n) => n.clone(),
        Kind::Sign(s) => (*s).to_owned(),
    });
    bare(&words.collect::<String>()).to_owned()
}

fn bare(text: &str) -> &str {
    let inner = text.strip_prefix('(').and_then(|t| t.strip_suffix(')'));
    inner.filter(|t| balanced(t)).unwrap_or(text)
}

/// `0.8*avg(last(10))` as `80% of last 10 runs`, `min(last(5))-1` as `minimum of last 5 runs - 1`.
fn reckoned(text: &str) -> Option<String> {
    let (mut terms, mut numbers) = (Vec::new(), Vec::new());
    for (minus, part) in summands(text)? {
        let part = bare(part);
        if crate::node::is_number(part) {
            numbers.push((minus, words::number(part)));
        } else {
            terms.push((minus, share_of(part)?));
        }
    }
    // What is taken away from comes first.
    terms.sort_by_key(|(minus, _)| *minus);
    let (_, first) = terms.first().filter(|(minus, _)| !minus)?;
    if let ([_], []) = (terms.as_slice(), numbers.as_slice()) {
        return Some(first.clone());
    }
    let rest = terms.iter().skip(1).chain(&numbers);
    let whole = |t: &str| t.strip_prefix("100% of ").unwrap_or(t).to_owned();
    let sign = |minus: bool| if minus { "-" } else { "+" };
    let more: String = rest.map(|(minus, t)| format!(" {} {}", sign(*minus), whole(t))).collect();
    Some(format!("{}{more}", whole(first)))
}

/// The parts of a sum, each with whether it is taken away.
fn summands(text: &str) -> Option<Vec<(bool, &str)>> {
    let (mut out, mut depth, mut start, mut minus) = (Vec::new(), 0i32, 0usize, false);
    for (at, c) in text.char_indices() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        // The sign of a number belongs to it.
        let before = text.get(start..at).unwrap_or_default();
        if depth == 0 && matches!(c, '+' | '-') && !before.is_empty() && !before.ends_with('*') {
            out.push((minus, before));
            (start, minus) = (at + 1, c == '-');
        }
    }
    let last = text.get(start..).filter(|last| !last.is_empty() && depth == 0)?;
    out.push((minus, last));
    Some(out)
}

/// `0.8*avg(last(10))` as `80% of last 10 runs`.
fn share_of(text: &str) -> Option<String> {
    let (factor, of) = match text.split_once('*') {
        Some((a, b)) if crate::node::is_number(bare(a)) => (bare(a), bare(b)),
        Some((a, b)) if crate::node::is_number(bare(b)) => (bare(b), bare(a)),
        Some(_) => return None,
        None => ("1", text),
    };
    // The newest of several is the last.
    let of = match of.strip_prefix("index(last(").and_then(|t| t.strip_suffix("),0)")) {
        Some(runs) if runs.parse::<u32>().is_ok_and(|runs| runs > 0) => "last(1)",
        _ => of,
    };
    let (middle, last) = match of.strip_suffix("))").and_then(|t| t.split_once("(last(")) {
        Some((function, runs)) => {
            let middle = match function {
                "avg" | "mean" => "",
                "median" => "median of ",
                "min" => "minimum of ",
                "max" => "maximum of ",
                "sum" => "sum of ",
                "std" | "stddev" => "stddev of ",
                _ => return None,
            };
            (middle, runs)
        }
        // More than one value are no number.
        None => ("", of.strip_prefix("last(")?.strip_suffix(')').filter(|runs| matches!(*runs, "" | "1"))?),
    };
    let share = words::percent(factor).filter(|share| !share.starts_with('-'))?;
    Some(match last {
        "" | "1" => format!("{share} of {middle}last run"),
        runs => format!("{share} of {middle}last {} runs", runs.parse::<u32>().ok()?),
    })
}

/// Bounds of which one at least is of earlier runs, `min(last(5)) - 1`. Neither is included, so that what never changes is not
/// within its mean less and more the deviation of none: `within 3 sigma` would be another rule.
fn history(low: &[Token], high: &[Token], span: Span) -> Said<Option<Vec<String>>> {
    if ![low, high].into_iter().flatten().any(|t| word_is(Some(t), "last")) {
        return Ok(None);
    }
    let (low_text, high_text) = (joined(low), joined(high));
    let end = |sign: &str, text: &str, tokens: &[Token]| match reckoned(text) {
        Some(found) => Ok(format!("{sign} {found}")),
        None => value(tokens, span)?.sql(span).map(|sql| format!("{sign} {sql}")),
    };
    Ok(Some(vec![end(">", &low_text, low)?, end("<", &high_text, high)?]))
}

fn balanced(text: &str) -> bool {
    let mut depth = 0i32;
    text.chars().all(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth >= 0
    })
}

#[cfg(test)]
mod tests {
    use super::reckoned;

    #[test]
    fn sums_of_earlier_runs_are_read() {
        let cases = [
            ("avg(last(10))", "100% of last 10 runs"),
            ("0.8*avg(last(10))", "80% of last 10 runs"),
            ("avg(last(10))*0.6", "60% of last 10 runs"),
            ("min(last(5))-1", "minimum of last 5 runs - 1"),
            ("avg(last(10))+std(last(2))", "last 10 runs + stddev of last 2 runs"),
            ("1+0.5*max(last(3))", "50% of maximum of last 3 runs + 1"),
            ("0.9*index(last(3),0)", "90% of last run"),
            ("avg(last(10))-3*std(last(10))", "last 10 runs - 300% of stddev of last 10 runs"),
            ("100-last(1)+sum(last(2))", "sum of last 2 runs - last run + 100"),
        ];
        for (theirs, ours) in cases {
            assert_eq!(reckoned(theirs).as_deref(), Some(ours), "{theirs}");
        }
        for none in ["avg(last(10)+0.1", "index(last(3),1)", "5-last(1)", "last(3)", "avg(last(2))/2"] {
            assert_eq!(reckoned(none), None, "{none}");
        }
    }
}
