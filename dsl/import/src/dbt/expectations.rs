//! Tests of dbt-expectations.

use super::core::duration;
use super::utils::{bound, differ as differ_in, within};
use super::{of_column, table_name};
use crate::args::{Args, refuse, wrong};
use crate::compare::{Bounds, in_list, joined};
use crate::gx::differ;
use crate::node::{Kind, Node};
use crate::rule::{Rule, Said};
use crate::{types, words};

/// Tests that bound a number of a column, by what that number is called here.
const STATISTICS: &[(&str, &str)] = &[
    ("max", "maximum"),
    ("min", "minimum"),
    ("mean", "mean"),
    ("median", "median"),
    ("stdev", "stddev"),
    ("sum", "sum"),
    ("unique_value_count", "distinct"),
    ("proportion_of_unique_values", "distinctness"),
];

pub(super) fn rules(name: &str, args: &Args<'_>, column: Option<&str>, own: &str) -> Said<Vec<Rule>> {
    let condition = args.text("row_condition")?;
    let mut rules = match name.strip_prefix("expect_table_") {
        Some(what) => table(what, args, own)?,
        None => match statistics(name, args, column)? {
            Some(rules) => rules,
            None => match values(name, args, column, own)? {
                Some(rules) => rules,
                None => columns(name, args, column)?,
            },
        },
    };
    let grouped = args.get("group_by").is_some_and(|g| !g.items().is_empty());
    for rule in &mut rules {
        rule.pick(condition.clone());
        if grouped && !rule.asks {
            rule.by = args.texts("group_by")?;
        }
    }
    Ok(rules)
}

/// `min_value` and `max_value`; `strictly` is of both.
fn bounds(args: &Args<'_>) -> Said<Vec<(&'static str, String)>> {
    let (low, high) = (bound(args, "min_value")?, bound(args, "max_value")?);
    let strict = args.flag("strictly", false)?;
    let found = if strict { Bounds::open(low, high) } else { Bounds::closed(low, high) }.predicates();
    if found.is_empty() { wrong(args.span, "neither `min_value` nor `max_value` is given") } else { Ok(found) }
}

fn statistics(name: &str, args: &Args<'_>, column: Option<&str>) -> Said<Option<Vec<Rule>>> {
    let what = name.strip_prefix("expect_column_").and_then(|n| n.strip_suffix("_to_be_between"));
    let (check, word) = match what {
        Some("quantile_values") => {
            let Some(share) = args.number("quantile")? else { return wrong(args.span, "`quantile` is missing") };
            ("quantile", format!("quantile {share}"))
        }
        Some(what) => match STATISTICS.iter().find(|(theirs, _)| *theirs == what) {
            Some((_, ours)) => (*ours, (*ours).to_owned()),
            None => return Ok(None),
        },
        None => return Ok(None),
    };
    let c = of_column(column, args)?;
    Ok(Some(bounds(args)?.into_iter().map(|(_, p)| Rule::column(&c, check, format!("{word} {p}"))).collect()))
}

/// The values of a set, as texts unless `quote_values` is false.
fn set(args: &Args<'_>) -> Said<Vec<String>> {
    let quote = args.flag("quote_values", true)?;
    let items = args.need("value_set")?.items();
    let values = items.iter().filter(|v| !v.is_null()).map(|v| match (&v.kind, quote) {
        (Kind::Text(t), false) if !t.contains("{{") => Ok(if t.contains('(') { format!("({t})") } else { t.clone() }),
        _ => crate::args::constant(v),
    });
    let values = values.collect::<Said<Vec<_>>>()?;
    if values.is_empty() { wrong(args.span, "`value_set` is empty") } else { Ok(values) }
}

/// The regular expressions at a key, with the flags in front.
fn patterns(args: &Args<'_>, key: &str) -> Said<Vec<String>> {
    args.pass(&["is_raw"]);
    let flags = args.text("flags")?.unwrap_or_default();
    if flags.chars().any(|f| !"imsx".contains(f)) {
        return refuse(
            args.span,
            format!("the flags `{flags}` are not those of a regular expression here: i, m, s, x"),
        );
    }
    let prefix = if flags.is_empty() { String::new() } else { format!("(?{flags})") };
    Ok(args.texts(key)?.into_iter().map(|p| format!("{prefix}{p}")).collect())
}

fn any_or_all(args: &Args<'_>) -> Said<bool> {
    match args.text("match_on")?.as_deref() {
        None | Some("any") => Ok(false),
        Some("all") => Ok(true),
        Some(other) => wrong(args.span, format!("`match_on` is `any` or `all`, and this is `{other}`")),
    }
}

/// One predicate for each pattern, or all joined.
fn list(check: &'static str, word: &str, patterns: &[String], all: bool) -> (&'static str, String) {
    let parts: Vec<String> = patterns.iter().map(|p| format!("{word} {}", words::text(p))).collect();
    match parts.as_slice() {
        [one] => (check, one.clone()),
        _ => joined(&parts, all),
    }
}

/// Tests of each value of a column, and of its distinct values.
fn values(name: &str, args: &Args<'_>, column: Option<&str>, own: &str) -> Said<Option<Vec<Rule>>> {
    let Some(what) = name.strip_prefix("expect_column_") else { return Ok(None) };
    if what.starts_with("pair_") || what == "to_exist" {
        return Ok(None);
    }
    let c = of_column(column, args)?;
    let n = words::name(&c);
    let one = |check: &'static str, predicate: String| Ok(Some(vec![Rule::column(&c, check, predicate)]));
    if what.starts_with("distinct_count_") || what == "most_common_value_to_be_in_set" {
        // Numbers are counted: nothing is quoted, and no bound is strict.
        args.pass(&["quote_values", "strictly"]);
    }
    match what {
        "values_to_be_unique" => one("unique", "unique".to_owned()),
        "values_to_not_be_null" => one("not_null", "not null".to_owned()),
        "values_to_be_null" => one("null", "is null".to_owned()),
        "values_to_be_of_type" => one("type", format!("type {}", a_type(args.need("column_type")?)?)),
        "values_to_be_in_type_list" => {
            let mut found: Vec<String> = Vec::new();
            for ty in args.need("column_type_list")?.items() {
                let ty = a_type(ty)?;
                if !found.contains(&ty) {
                    found.push(ty);
                }
            }
            one("type", format!("type in ({})", found.join(", ")))
        }
        "values_to_have_consistent_casing" => {
            args.pass(&["display_inconsistent_columns"]);
            let sql = format!("count(distinct {n}) = count(distinct lower({n}))");
            Ok(Some(vec![Rule::boolean(format!("{c}_casing"), sql)]))
        }
        "values_to_be_in_set" | "distinct_values_to_be_in_set" => one("in", in_list(&set(args)?)),
        "values_to_not_be_in_set" => one("not_in", format!("not {}", in_list(&set(args)?))),
        "distinct_values_to_contain_set" => {
            one("values_contain", format!("values contain ({})", set(args)?.join(", ")))
        }
        "distinct_values_to_equal_set" => one("values_equal", format!("values equal ({})", set(args)?.join(", "))),
        "values_to_be_between" => {
            Ok(Some(bounds(args)?.into_iter().map(|(check, p)| Rule::column(&c, check, p)).collect()))
        }
        "values_to_be_increasing" | "values_to_be_decreasing" => {
            if let Some(step) = args.number("step")? {
                args.pass(&["strictly"]);
                let step = if what.ends_with("decreasing") { format!("-{step}") } else { step };
                let order = args.text("sort_column")?.unwrap_or_else(|| c.clone());
                return one("sequential", format!("sequential step {step} order by {}", words::name(&order)));
            }
            let word = if what.ends_with("increasing") { "increasing" } else { "decreasing" };
            let strict = if args.flag("strictly", true)? { "strictly " } else { "" };
            let order = args.text("sort_column")?.unwrap_or_else(|| c.clone());
            let check = if word == "increasing" { "increasing" } else { "decreasing" };
            one(check, format!("{strict}{word} order by {}", words::name(&order)))
        }
        "value_lengths_to_be_between" => Ok(Some(
            bounds(args)?.into_iter().map(|(_, p)| Rule::column(&c, "length", format!("length {p}"))).collect(),
        )),
        "value_lengths_to_equal" => one("length", format!("length = {}", crate::args::number(args.need("value")?)?)),
        "values_to_match_like_pattern" => {
            one("like", format!("like {}", words::text(&args.need_text("like_pattern")?)))
        }
        "values_to_not_match_like_pattern" => {
            one("not_like", format!("not like {}", words::text(&args.need_text("like_pattern")?)))
        }
        "values_to_match_like_pattern_list" => {
            let (check, p) = list("like", "like", &args.texts("like_pattern_list")?, any_or_all(args)?);
            one(check, p)
        }
        "values_to_not_match_like_pattern_list" => {
            // `match_on: any` refuses what is like any of them, which is the default.
            let (check, p) = list("not_like", "not like", &args.texts("like_pattern_list")?, !any_or_all(args)?);
            one(check, p)
        }
        "values_to_match_regex" | "values_to_match_regex_list" => {
            let key = if what.ends_with("list") { "regex_list" } else { "regex" };
            let (check, p) = list("matches", "matches", &patterns(args, key)?, any_or_all(args)?);
            one(check, p)
        }
        "values_to_not_match_regex" | "values_to_not_match_regex_list" => {
            let key = if what.ends_with("list") { "regex_list" } else { "regex" };
            let (check, p) = list("not_matches", "not matches", &patterns(args, key)?, !any_or_all(args)?);
            one(check, p)
        }
        "distinct_count_to_equal" => {
            one("distinct", format!("distinct = {}", crate::args::number(args.need("value")?)?))
        }
        "distinct_count_to_be_greater_than" => {
            one("distinct", format!("distinct > {}", crate::args::number(args.need("value")?)?))
        }
        "distinct_count_to_be_less_than" => {
            one("distinct", format!("distinct < {}", crate::args::number(args.need("value")?)?))
        }
        "distinct_count_to_equal_other_table" => {
            let other = args.get("compare_model").map_or_else(|| Ok(own.to_owned()), table_name)?;
            let field = words::name(&args.text("compare_column_name")?.unwrap_or_else(|| c.clone()));
            let picked = args.text("compare_row_condition")?.map_or_else(String::new, |r| format!(" where {r}"));
            let sql = format!("count(distinct {n}) = (select count(distinct {field}) from {other}{picked})");
            Ok(Some(vec![Rule::boolean(format!("{c}_distinct_as_{other}"), sql)]))
        }
        "most_common_value_to_be_in_set" => {
            if args.number("top_n")?.is_some_and(|n| n != "1") {
                return refuse(args.span, "only the one most common value can be said: `top_n: 1`");
            }
            args.pass(&["data_type", "ties_okay"]);
            let rule = Rule::column(&c, "mode", format!("mode {}", in_list(&set(args)?)));
            Ok(Some(vec![rule.note("of several values that are most common, the least is taken")]))
        }
        "values_to_be_within_n_stdevs" => {
            if args.get("group_by").is_some() {
                return refuse(
                    args.span,
                    "with `group_by` sums of groups are compared; make a model of them and say `within n sigma` of it",
                );
            }
            let sigma = args.number("sigma_threshold")?.unwrap_or_else(|| "3".to_owned());
            one("outliers", format!("within {sigma} sigma"))
        }
        _ => refuse(args.span, "this test is not known"),
    }
}

fn a_type(node: &Node) -> Said<String> {
    let text = crate::args::text(node)?;
    match types::parse(&text) {
        Some(ty) => Ok(ty.to_string()),
        None => wrong(node.span, format!("no type here is like `{text}`")),
    }
}

/// Tests of several columns, of whether a column is there, and of recent data.
fn columns(name: &str, args: &Args<'_>, column: Option<&str>) -> Said<Vec<Rule>> {
    args.pass(&["quote_columns"]);
    // NULL makes a comparison of two NULL, which passes in dbt's test too; other tests mind which rows are left out.
    let of_all_missing = match args.text("ignore_row_if")?.as_deref() {
        Some("any_value_is_missing" | "either_value_is_missing") => false,
        None | Some("all_values_are_missing" | "both_values_are_missing") => true,
        Some("neither") if name.starts_with("expect_column_pair") => true,
        Some(other) => return wrong(args.span, format!("no rows are ignored by `{other}`")),
    };
    Ok(match name {
        "expect_column_to_exist" => {
            args.pass(&["transform"]);
            if args.get("column_index").is_some() {
                return refuse(
                    args.span,
                    "a single column's place cannot be said; say the order of all: `columns (a, b, c)`",
                );
            }
            vec![Rule::table(
                "columns_contain",
                format!("columns contain ({})", words::name(&of_column(column, args)?)),
            )]
        }
        "expect_row_values_to_have_recent_data" | "expect_grouped_row_values_to_have_recent_data" => {
            let c = match args.text("timestamp_column")? {
                Some(c) => c,
                None => of_column(column, args)?,
            };
            let part = args.need_text("datepart")?;
            let Some(count) = args.number("interval")? else { return wrong(args.span, "`interval` is missing") };
            vec![Rule::sql(format!("{c}_recent"), format!("max({})", words::name(&c)), within(&count, &part))]
        }
        "expect_row_values_to_have_data_for_every_n_datepart" => {
            let c = args.need_text("date_col")?;
            for key in ["test_start_date", "test_end_date", "exclusion_condition"] {
                if args.get(key).is_some() {
                    return refuse(
                        args.span,
                        format!("`{key}` bounds the days that are looked at, which cannot be said"),
                    );
                }
            }
            let part = args.text("date_part")?.unwrap_or_else(|| "day".to_owned());
            let count = args.number("interval")?.unwrap_or_else(|| "1".to_owned());
            let Some(step) = duration(&count, &part) else {
                return refuse(args.span, format!("`{part}` is no duration: its length differs"));
            };
            let sql = format!("date_trunc({}, {})", words::text(&part), words::name(&c));
            vec![Rule::sql(format!("{c}_without_gaps"), sql, format!("without gaps over {step}"))]
        }
        "expect_column_pair_values_A_to_be_greater_than_B" => {
            let (a, b) = (args.need_text("column_A")?, args.need_text("column_B")?);
            let (check, sign) = if args.flag("or_equal", false)? { ("ge", ">=") } else { ("gt", ">") };
            vec![Rule::column(&a, check, format!("{sign} {}", words::name(&b)))]
        }
        "expect_column_pair_values_to_be_equal" => {
            let (a, b) = (args.need_text("column_A")?, args.need_text("column_B")?);
            vec![Rule::column(&a, "eq", format!("= {}", words::name(&b)))]
        }
        "expect_column_pair_values_to_be_in_set" => {
            let (a, b) = (args.need_text("column_A")?, args.need_text("column_B")?);
            vec![Rule::boolean(format!("{a}_{b}_pairs"), crate::gx::pairs(args, &a, &b)?)]
        }
        "expect_compound_columns_to_be_unique" => {
            let columns = args.texts("column_list")?;
            let all: Vec<&str> = columns.iter().map(String::as_str).collect();
            vec![match of_all_missing {
                true => Rule::combination(&columns).only(crate::compare::any_present(&all)),
                false => Rule::key(&columns, "unique", "unique"),
            }]
        }
        "expect_multicolumn_sum_to_be_between" => {
            let columns = args.texts("column_list")?;
            let sums: Vec<String> = columns.iter().map(|c| format!("sum({})", words::name(c))).collect();
            let (name, sql) = (format!("{}_sum", columns.join("_")), sums.join(" + "));
            bounds(args)?.into_iter().map(|(_, p)| Rule::sql(name.clone(), sql.clone(), p)).collect()
        }
        "expect_multicolumn_sum_to_equal" => {
            let columns = args.texts("column_list")?;
            let sums: Vec<String> = columns.iter().map(|c| format!("sum({})", words::name(c))).collect();
            let Some(total) = bound(args, "sum_total")? else { return wrong(args.span, "`sum_total` is missing") };
            vec![Rule::sql(format!("{}_sum", columns.join("_")), sums.join(" + "), format!("= {total}"))]
        }
        "expect_select_column_values_to_be_unique_within_record" => {
            let columns = args.texts("column_list")?;
            let Some(sql) = differ(&columns) else {
                return wrong(args.span, "`column_list` names fewer than two columns");
            };
            let all: Vec<&str> = columns.iter().map(String::as_str).collect();
            let rule = Rule::boolean(format!("{}_differ", columns.join("_")), sql);
            // Distinct values are counted, and NULL is none.
            vec![match of_all_missing {
                true => rule.only(crate::compare::any_present(&all)).null_fails(),
                false => rule.only(crate::compare::present(&all)),
            }]
        }
        _ => return refuse(args.span, "this test is not known"),
    })
}

/// Tests of the table's columns and rows.
fn table(what: &str, args: &Args<'_>, own: &str) -> Said<Vec<Rule>> {
    args.pass(&["transform"]);
    let number = || crate::args::number(args.need("value")?);
    let counted = |check: &'static str, words: &str| -> Said<Vec<Rule>> {
        Ok(bounds(args)?.into_iter().map(|(_, p)| Rule::table(check, format!("{words} {p}"))).collect())
    };
    let listed = |check: &'static str, words: &str| -> Said<Vec<Rule>> {
        Ok(vec![Rule::table(check, format!("{words} ({})", words::names(&args.texts("column_list")?)))])
    };
    match what {
        "column_count_to_equal" => Ok(vec![Rule::table("column_count", format!("column count = {}", number()?))]),
        "row_count_to_equal" => Ok(vec![Rule::table("row_count", format!("row count = {}", number()?))]),
        "column_count_to_be_between" => counted("column_count", "column count"),
        "row_count_to_be_between" => counted("row_count", "row count"),
        "columns_to_contain_set" => listed("columns_contain", "columns contain"),
        "columns_to_match_set" => listed("columns_set", "columns in any order"),
        "columns_to_match_ordered_list" => listed("columns", "columns"),
        "columns_to_not_contain_set" => {
            let names: Vec<String> =
                args.texts("column_list")?.iter().map(|c| words::text(&c.to_lowercase())).collect();
            Ok(vec![Rule::table("columns_without", format!("columns without ({})", names.join(", ")))])
        }
        "row_count_to_equal_other_table" | "row_count_to_equal_other_table_times_factor" => {
            let other = table_name(args.need("compare_model")?)?;
            let factor = args.number("factor")?.filter(|f| f != "1").map_or_else(String::new, |f| format!(" * {f}"));
            if let Some(rule) = by_groups(args, own, &other, "count(*)", &format!("count(*){factor}"))? {
                return Ok(vec![rule]);
            }
            let picked = args.text("compare_row_condition")?.map_or_else(String::new, |r| format!(" where {r}"));
            if picked.is_empty() && factor.is_empty() {
                return Ok(vec![Rule::table("row_count_same_as", format!("row count same as {other}"))]);
            }
            let sql = format!("count(*) = (select count(*){factor} from {other}{picked})");
            Ok(vec![Rule::boolean(format!("row_count_as_{other}"), sql)])
        }
        "aggregation_to_equal_other_table" => {
            let other = table_name(args.need("compare_model")?)?;
            let expression = args.need_text("expression")?;
            let compared = args.text("compare_expression")?.unwrap_or_else(|| expression.clone());
            if let Some(rule) = by_groups(args, own, &other, &expression, &compared)? {
                if args.get("tolerance").or_else(|| args.get("tolerance_percent")).is_some() {
                    return refuse(args.span, "a tolerance between the groups of two tables cannot be said");
                }
                return Ok(vec![rule]);
            }
            let (tolerance, share) = (args.number("tolerance")?, args.number("tolerance_percent")?);
            let mine = args.need_text("expression")?;
            let theirs = args.text("compare_expression")?.unwrap_or_else(|| mine.clone());
            let picked = args.text("compare_row_condition")?.map_or_else(String::new, |r| format!(" where {r}"));
            let off = format!("abs({mine} - (select {theirs} from {other}{picked}))");
            if let Some(most) = tolerance {
                return Ok(vec![Rule::sql(format!("as_{other}"), off, format!("<= {most}"))]);
            }
            if let Some(most) = share {
                let off = format!("{off} / nullif(cast((select {theirs} from {other}{picked}) as double), 0)");
                return Ok(vec![Rule::sql(format!("as_{other}"), off, format!("<= {most}"))]);
            }
            let sql = format!("{mine} = (select {theirs} from {other}{picked})");
            Ok(vec![Rule::boolean(format!("as_{other}"), sql)])
        }
        _ => refuse(args.span, "this test is not known"),
    }
}

/// An expression of each group of two tables, where they are compared by groups.
fn by_groups(args: &Args<'_>, own: &str, other: &str, mine: &str, theirs: &str) -> Said<Option<Rule>> {
    if args.get("group_by").or_else(|| args.get("compare_group_by")).is_none() {
        return Ok(None);
    }
    let list = |key: &str, otherwise: &str| {
        let key = if args.get(key).is_some() { key } else { otherwise };
        args.texts(key).map(|columns| words::names(&columns))
    };
    let (here, there) = (list("group_by", "compare_group_by")?, list("compare_group_by", "group_by")?);
    let picked = |key: &str| args.text(key).map(|r| r.map_or_else(String::new, |r| format!(" where {r}")));
    let side = |by: &str, sql: &str, t: &str, picked: &str| {
        format!("select {by}, {sql} as number from {t}{picked} group by {by}")
    };
    let mine = side(&here, mine, own, &picked("row_condition")?);
    let theirs = side(&there, theirs, other, &picked("compare_row_condition")?);
    Ok(Some(differ_in(format!("groups_as_{other}"), &mine, &theirs)))
}
