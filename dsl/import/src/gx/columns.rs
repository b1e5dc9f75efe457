//! Expectations on several columns of a row.

use super::mostly;
use crate::args::{Args, constant, refuse, wrong};
use crate::compare::{any_present, present};
use crate::node::Node;
use crate::rule::{Rule, Said};
use crate::words;

/// The rules of an expectation on several columns; `None` when it is no such expectation.
pub(super) fn rules(name: &str, args: &Args<'_>) -> Said<Option<Vec<Rule>>> {
    Ok(Some(match name {
        "expect_column_pair_values_a_to_be_greater_than_b" => {
            let (a, b) = pair(args)?;
            let (check, sign) = if args.flag("or_equal", false)? { ("ge", ">=") } else { ("gt", ">") };
            let rule = Rule::column(&a, check, format!("{sign} {}", words::name(&b)));
            vec![missing(rule, args, &[&a, &b])?]
        }
        "expect_column_pair_values_to_be_equal" => {
            let (a, b) = pair(args)?;
            let rule = Rule::column(&a, "eq", format!("= {}", words::name(&b)));
            vec![missing(rule, args, &[&a, &b])?]
        }
        "expect_column_pair_values_to_be_in_set" => {
            let (a, b) = pair(args)?;
            let sql = pairs(args, &a, &b)?;
            vec![missing(Rule::boolean(format!("{a}_{b}_pairs"), sql), args, &[&a, &b])?]
        }
        "expect_compound_columns_to_be_unique" => {
            let columns = args.texts("column_list")?;
            let all: Vec<&str> = columns.iter().map(String::as_str).collect();
            vec![match args.text("ignore_row_if")?.as_deref() {
                Some("any_value_is_missing") => {
                    mostly(Rule::key(&columns, "unique", "unique"), args, Some(present(&all)))?
                }
                None | Some("all_values_are_missing") => {
                    mostly(Rule::combination(&columns).only(any_present(&all)), args, None)?
                }
                Some("never") => mostly(Rule::combination(&columns), args, None)?,
                Some(other) => return wrong(args.span, format!("no rows are ignored by `{other}`")),
            }]
        }
        "expect_multicolumn_sum_to_equal" => {
            let columns = args.texts("column_list")?;
            let all: Vec<&str> = columns.iter().map(String::as_str).collect();
            let sum: Vec<String> = columns.iter().map(|c| words::name(c)).collect();
            let total = constant(args.need("sum_total")?)?;
            let rule = Rule::sql(format!("{}_sum", columns.join("_")), sum.join(" + "), format!("= {total}"));
            vec![several(rule, args, &all)?]
        }
        "expect_select_column_values_to_be_unique_within_record" | "expect_multicolumn_values_to_be_unique" => {
            let columns = args.texts("column_list")?;
            let all: Vec<&str> = columns.iter().map(String::as_str).collect();
            let Some(mut sql) = differ(&columns) else {
                return wrong(args.span, "`column_list` names fewer than two columns");
            };
            // Two NULLs are equal here; where rows may have two, `<>` would pass them.
            let ignored = args.text("ignore_row_if")?;
            let two = columns.len() > 2 && ignored.as_deref() != Some("any_value_is_missing");
            if two || ignored.as_deref() == Some("never") {
                sql = pairwise(&columns, |a, b| format!("({a} is distinct from {b})"));
            }
            vec![several(Rule::boolean(format!("{}_differ", columns.join("_")), sql), args, &all)?]
        }
        "expect_multicolumn_values_to_be_equal" => {
            let columns = args.texts("column_list")?;
            let all: Vec<&str> = columns.iter().map(String::as_str).collect();
            let Some((first, rest)) = all.split_first().filter(|(_, rest)| !rest.is_empty()) else {
                return wrong(args.span, "`column_list` names fewer than two columns");
            };
            let same = |c: &&str| format!("({} is not distinct from {})", words::name(first), words::name(c));
            let sql = rest.iter().map(same).collect::<Vec<_>>().join(" and ");
            let rule = Rule::boolean(format!("{}_equal", columns.join("_")), sql);
            // A NULL and a value are not equal: what is left out has to be said.
            vec![match args.text("ignore_row_if")?.as_deref() {
                Some("any_value_is_missing") => mostly(rule.only(present(&all)), args, None)?,
                Some("never") => mostly(rule, args, None)?,
                None | Some("all_values_are_missing") => mostly(rule.only(any_present(&all)), args, None)?,
                Some(other) => return refuse(args.span, format!("no rows are ignored by `{other}`")),
            }]
        }
        _ => return Ok(None),
    }))
}

fn pair(args: &Args<'_>) -> Said<(String, String)> {
    Ok((args.need_text("column_A")?, args.need_text("column_B")?))
}

/// `a <> b and a <> c and b <> c`
pub(crate) fn differ(columns: &[String]) -> Option<String> {
    let sql = pairwise(columns, |a, b| format!("{a} <> {b}"));
    (!sql.is_empty()).then_some(sql)
}

/// What holds of each two columns.
fn pairwise(columns: &[String], holds: impl Fn(&str, &str) -> String) -> String {
    let names: Vec<String> = columns.iter().map(|c| words::name(c)).collect();
    let mut parts = Vec::new();
    for (i, a) in names.iter().enumerate() {
        parts.extend(names.iter().skip(i + 1).map(|b| holds(a, b)));
    }
    parts.join(" and ")
}

/// The pairs of a set as an expression.
pub(crate) fn pairs(args: &Args<'_>, a: &str, b: &str) -> Said<String> {
    let mut out = Vec::new();
    for pair in args.need("value_pairs_set")?.items() {
        let [x, y] = pair.items() else { return wrong(pair.span, "a pair has two values") };
        let is = |column: &str, value: &Node| -> Said<String> {
            let c = words::name(column);
            if value.is_null() { Ok(format!("{c} is null")) } else { Ok(format!("{c} = {}", constant(value)?)) }
        };
        out.push(format!("({} and {})", is(a, x)?, is(b, y)?));
    }
    if out.is_empty() {
        return wrong(args.span, "`value_pairs_set` is empty");
    }
    Ok(out.join(" or "))
}

/// Which rows of a pair are judged: by default those where one of the two has a value, and then a NULL fails.
fn missing(rule: Rule, args: &Args<'_>, columns: &[&str]) -> Said<Rule> {
    let any = any_present(columns);
    match args.text("ignore_row_if")?.as_deref() {
        None | Some("both_values_are_missing" | "all_values_are_missing") => {
            mostly(rule.only(any).null_fails(), args, None)
        }
        Some("either_value_is_missing" | "any_value_is_missing") => mostly(rule, args, Some(present(columns))),
        Some("neither" | "never") => mostly(rule.null_fails(), args, None),
        Some(other) => wrong(args.span, format!("no rows are ignored by `{other}`")),
    }
}

/// Which rows of several columns are judged: by default those where one of them has a value; NULLs do not fail.
fn several(rule: Rule, args: &Args<'_>, columns: &[&str]) -> Said<Rule> {
    let any = any_present(columns);
    match args.text("ignore_row_if")?.as_deref() {
        None | Some("all_values_are_missing") => mostly(rule, args, Some(any)),
        Some("any_value_is_missing") => mostly(rule, args, Some(present(columns))),
        Some("never") => mostly(rule, args, None),
        Some(other) => refuse(args.span, format!("no rows are ignored by `{other}`")),
    }
}
