//! Expectations on each value of a column.

use super::mostly;
use crate::args::{Args, constant, refuse, wrong};
use crate::compare::{Bounds, in_list, joined, present};
use crate::rule::{Rule, Said};
use crate::{types, words};

/// The rules of an expectation on each value; `None` when it is no such expectation.
pub(super) fn rules(name: &str, args: &Args<'_>) -> Said<Option<Vec<Rule>>> {
    let of_values = name
        .strip_prefix("expect_column_values_to_")
        .or_else(|| name.strip_prefix("expect_column_value_"))
        .or_else(|| (name == "expect_column_type_to_be").then_some("be_of_type"));
    let Some(what) = of_values else { return Ok(None) };
    let column = args.need_text("column")?;
    if let Some(predicates) = typed(what, args)? {
        return Ok(Some(vec![Rule::column(&column, "type", predicates)]));
    }
    if what == "z_scores_to_be_less_than" {
        return z_scores(&column, args).map(Some);
    }
    if what == "not_be_outliers" {
        let many = args.number("multiplier")?.unwrap_or_else(|| "1.5".to_owned());
        let spread = match args.text("method")?.as_deref() {
            None | Some("iqr") => "iqr",
            Some("std") => "sigma",
            Some(other) => return wrong(args.span, format!("no method is called `{other}`")),
        };
        let rule = Rule::column(&column, "outliers", format!("within {many} {spread}"));
        return Ok(Some(vec![mostly(rule, args, Some(present(&[&column])))?]));
    }
    let predicates = predicates(what, args)?;
    // NULL is judged by what asks for it alone; all else leaves it out.
    let judged = if matches!(what, "be_null" | "not_be_null") { None } else { Some(present(&[&column])) };
    let rules = predicates.into_iter().map(|(check, p)| mostly(Rule::column(&column, check, p), args, judged.clone()));
    rules.collect::<Said<Vec<_>>>().map(Some)
}

fn one(check: &'static str, predicate: impl Into<String>) -> Vec<(&'static str, String)> {
    vec![(check, predicate.into())]
}

/// The predicates that hold together, each with its check.
fn predicates(what: &str, args: &Args<'_>) -> Said<Vec<(&'static str, String)>> {
    Ok(match what {
        "be_null" => one("null", "is null"),
        "not_be_null" => one("not_null", "not null"),
        "be_unique" => one("unique", "unique"),
        "be_in_set" => one("in", in_list(&set(args)?)),
        "not_be_in_set" => one("not_in", format!("not {}", in_list(&set(args)?))),
        "be_between" => together(bounds(args, "min_value", "max_value", |n| args.constant(n))?, args)?,
        "match_regex" => one("matches", format!("matches {}", words::text(&args.need_text("regex")?))),
        "not_match_regex" => one("not_matches", format!("not matches {}", words::text(&args.need_text("regex")?))),
        "match_regex_list" => vec![list("matches", &args.texts("regex_list")?, all(args)?)],
        "not_match_regex_list" => vec![list("not matches", &args.texts("regex_list")?, true)],
        "match_like_pattern" => one("like", format!("like {}", words::text(&args.need_text("like_pattern")?))),
        "not_match_like_pattern" => {
            one("not_like", format!("not like {}", words::text(&args.need_text("like_pattern")?)))
        }
        "match_like_pattern_list" => vec![list("like", &args.texts("like_pattern_list")?, all(args)?)],
        "not_match_like_pattern_list" => vec![list("not like", &args.texts("like_pattern_list")?, true)],
        "lengths_to_be_between" => {
            let found = bounds(args, "min_value", "max_value", |n| args.number(n))?;
            together(found, args)?.into_iter().map(|(_, p)| ("length", format!("length {p}"))).collect()
        }
        "lengths_to_equal" => one("length", format!("length = {}", constant(args.need("value")?)?)),
        "match_strftime_format" => {
            let format = args.need_text("strftime_format")?;
            let check = form(&format);
            one(check, format!("is {check} {}", words::text(&format)))
        }
        "be_json_parseable" => one("json", "is json"),
        "match_json_schema" => {
            let schema = args.need("json_schema")?.json();
            one("json_schema", format!("is json_schema {}", words::text(&schema)))
        }
        "be_increasing" => {
            one("increasing", if args.flag("strictly", false)? { "strictly increasing" } else { "increasing" })
        }
        "be_decreasing" => {
            one("decreasing", if args.flag("strictly", false)? { "strictly decreasing" } else { "decreasing" })
        }
        _ => return refuse(args.span, "this expectation is not known"),
    })
}

/// Predicates with a tolerance are one: a row that fails one of them fails once.
fn together(bounds: Bounds, args: &Args<'_>) -> Said<Vec<(&'static str, String)>> {
    let found = bounds.predicates();
    if found.is_empty() {
        return wrong(args.span, "neither `min_value` nor `max_value` is given: nothing is expected");
    }
    if found.len() > 1 && args.get("mostly").is_some() {
        let parts: Vec<String> = found.into_iter().map(|(_, p)| p).collect();
        return Ok(vec![joined(&parts, true)]);
    }
    Ok(found)
}

/// `min_value`, `max_value` and whether they are strict.
pub(super) fn bounds(
    args: &Args<'_>,
    low: &str,
    high: &str,
    read: impl Fn(&str) -> Said<Option<String>>,
) -> Said<Bounds> {
    Ok(Bounds {
        low: read(low)?,
        high: read(high)?,
        open_low: args.flag("strict_min", false)?,
        open_high: args.flag("strict_max", false)?,
    })
}

/// The values of a set; a NULL in it counts for nothing, since NULLs are left out before.
fn set(args: &Args<'_>) -> Said<Vec<String>> {
    let (values, _) = args.constants("value_set")?;
    if values.is_empty() {
        return wrong(args.span, "the `value_set` is empty");
    }
    Ok(values)
}

fn all(args: &Args<'_>) -> Said<bool> {
    match args.text("match_on")?.as_deref() {
        None | Some("any") => Ok(false),
        Some("all") => Ok(true),
        Some(other) => wrong(args.span, format!("`match_on` is `any` or `all`, and this is `{other}`")),
    }
}

/// `matches 'a'`, or `any of (matches 'a', matches 'b')`.
fn list(word: &str, patterns: &[String], all: bool) -> (&'static str, String) {
    let parts: Vec<String> = patterns.iter().map(|p| format!("{word} {}", words::text(p))).collect();
    match parts.as_slice() {
        [one] => {
            let check = match word {
                "matches" => "matches",
                "like" => "like",
                "not like" => "not_like",
                _ => "not_matches",
            };
            (check, one.clone())
        }
        _ => joined(&parts, all),
    }
}

/// What a format of `strftime` writes: a date, a time of the day, or both.
fn form(format: &str) -> &'static str {
    let has = |letters: &str| letters.chars().any(|l| format.contains(&format!("%{l}")));
    match (has("YymdbBjaAxUWG"), has("HIMSpfXz")) {
        (_, false) => "date",
        (false, true) => "time",
        (true, true) => "timestamp",
    }
}

/// The types of a column.
fn typed(what: &str, args: &Args<'_>) -> Said<Option<String>> {
    let names = match what {
        "be_of_type" => vec![args.need_text("type_")?],
        "be_in_type_list" => args.texts("type_list")?,
        _ => return Ok(None),
    };
    if args.number("mostly")?.is_some_and(|m| words::rest(&m).as_deref() != Some("0%")) {
        return refuse(
            args.span,
            "a column has one type here, not a type a row: `mostly` means nothing; try `castable as`",
        );
    }
    let mut found: Vec<String> = Vec::new();
    for name in &names {
        // Lists name the same type in the words of many databases; those that none of them has are left to the others.
        let ty = match types::parse(name) {
            Some(ty) => ty.to_string(),
            None if names.len() > 1 => continue,
            None => return wrong(args.span, format!("no type here is like `{name}`")),
        };
        if !found.contains(&ty) {
            found.push(ty);
        }
    }
    match found.as_slice() {
        [] => wrong(args.span, "none of the types has one like it here"),
        [one] => Ok(Some(format!("type {one}"))),
        many => Ok(Some(format!("type in ({})", many.join(", ")))),
    }
}

fn z_scores(column: &str, args: &Args<'_>) -> Said<Vec<Rule>> {
    let Some(threshold) = args.number("threshold")? else { return wrong(args.span, "`threshold` is missing") };
    if args.flag("double_sided", true)? {
        let rule = Rule::column(column, "outliers", format!("within {threshold} sigma"));
        return Ok(vec![mostly(rule, args, Some(present(&[column])))?]);
    }
    if args.number("mostly")?.is_some_and(|m| words::rest(&m).as_deref() != Some("0%")) {
        return refuse(args.span, "one-sided z-scores of a share of the rows cannot be said");
    }
    let c = words::name(column);
    let name = format!("{column}_z_score");
    Ok(vec![Rule::boolean(name, format!("max({c}) < avg({c}) + {threshold} * stddev({c})"))])
}
