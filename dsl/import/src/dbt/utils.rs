//! Tests of dbt-utils.

use super::core::{duration, references, values};
use super::{of_column, table_name};
use crate::args::{Args, refuse, wrong};
use crate::compare::{Bounds, in_list};
use crate::rule::{Rule, Said};
use crate::words;

pub(super) fn rules(name: &str, args: &Args<'_>, column: Option<&str>, table: &str) -> Said<Vec<Rule>> {
    Ok(match name {
        "equal_rowcount" => {
            let other = table_name(args.need("compare_model")?)?;
            match groups(args)? {
                None => vec![Rule::table("row_count_same_as", format!("row count same as {other}"))],
                Some(by) => {
                    let side = |t: &str| format!("select {by}, count(*) as n from {t} group by {by}");
                    vec![differ(format!("rows_as_{other}"), &side(table), &side(&other))]
                }
            }
        }
        "equality" => {
            let other = table_name(args.need("compare_model")?)?;
            if args.get("compare_columns").is_none() {
                return refuse(
                    args.span,
                    "all columns are compared, and the file does not say which there are; name them as `compare_columns`",
                );
            }
            let columns = words::names(&args.texts("compare_columns")?);
            if args.get("precision").is_some() {
                return refuse(args.span, "`precision` rounds the columns that are numbers, and which are is not said");
            }
            let select = |t: &str| format!("select {columns} from {t}");
            vec![differ(format!("equals_{other}"), &select(table), &select(&other))]
        }
        "cardinality_equality" => {
            let c = words::name(&of_column(column, args)?);
            let (other, field) = (table_name(args.need("to")?)?, words::name(&args.need_text("field")?));
            let side = |t: &str, c: &str| format!("select {c} as value, count(*) as n from {t} group by {c}");
            vec![differ(format!("{c}_as_often_as_{other}"), &side(table, &c), &side(&other, &field))]
        }
        // `where` is read beside the arguments.
        "unique_where" => vec![Rule::column(&of_column(column, args)?, "unique", "unique")],
        "not_null_where" => vec![Rule::column(&of_column(column, args)?, "not_null", "not null")],
        "fewer_rows_than" => {
            let other = table_name(args.need("compare_model")?)?;
            let sql = format!("count(*) < (select count(*) from {other})");
            vec![grouped(Rule::boolean(format!("fewer_rows_than_{other}"), sql), args)?]
        }
        "expression_is_true" => {
            let expression = args.need_text("expression")?;
            let sql = match column {
                Some(column) => format!("{} {expression}", words::name(column)),
                None => expression,
            };
            let name = column.map_or_else(|| "expression_is_true".to_owned(), |c| format!("{c}_is_true"));
            // The test asks `not(expression)`: NULL passes here and there.
            let rule = Rule::boolean(name, sql);
            match args.text("condition")? {
                Some(condition) => vec![rule.only(condition)],
                None => vec![rule],
            }
        }
        "recency" => {
            let field = args.need_text("field")?;
            args.pass(&["ignore_time_component"]);
            let part = args.need_text("datepart")?;
            let Some(count) = args.number("interval")? else { return wrong(args.span, "`interval` is missing") };
            let predicate = within(&count, &part);
            let rule = Rule::sql(format!("{field}_recency"), format!("max({})", words::name(&field)), predicate);
            vec![by(rule, args, "group_by_columns")?]
        }
        "at_least_one" => {
            let c = of_column(column, args)?;
            let rule = Rule::sql(format!("{c}_at_least_one"), format!("count({})", words::name(&c)), "> 0");
            vec![by(rule, args, "group_by_columns")?]
        }
        "not_constant" => {
            let c = of_column(column, args)?;
            vec![by(Rule::column(&c, "distinct", "distinct <> 1"), args, "group_by_columns")?]
        }
        "not_empty_string" => {
            let c = of_column(column, args)?;
            let n = words::name(&c);
            let sql =
                if args.flag("trim_whitespace", true)? { format!("trim({n}) <> ''") } else { format!("{n} <> ''") };
            vec![Rule::boolean(format!("{c}_not_empty"), sql)]
        }
        "not_null_proportion" => {
            let c = of_column(column, args)?;
            let low = args.number("at_least")?.unwrap_or_else(|| "0".to_owned());
            let high = args.number("at_most")?;
            // At most all of them says nothing.
            let high = high.filter(|h| h.parse() != Ok(1.0));
            let found = Bounds::closed(Some(low), high).predicates();
            let rules = found.into_iter().map(|(_, p)| {
                by(Rule::column(&c, "completeness", format!("completeness {p}")), args, "group_by_columns")
            });
            return rules.collect();
        }
        "not_accepted_values" => {
            vec![Rule::column(&of_column(column, args)?, "not_in", format!("not {}", in_list(&values(args)?)))]
        }
        "relationships_where" => {
            let rule = references(&of_column(column, args)?, args)?;
            let true_or_none = |c: Option<String>| c.filter(|c| !matches!(c.replace(' ', "").as_str(), "1=1" | "true"));
            if let Some(to) = true_or_none(args.text("to_condition")?) {
                let c = words::name(&of_column(column, args)?);
                let (other, field) = (table_name(args.need("to")?)?, words::name(&args.need_text("field")?));
                let from =
                    true_or_none(args.text("from_condition")?).map(|f| format!(" and ({f})")).unwrap_or_default();
                let mine = format!("select {c} as value from {table} where {c} is not null{from}");
                let theirs = format!("select {field} as value from {other} where {to}");
                let orphans = format!("({mine}) as mine left join ({theirs}) as theirs on mine.value = theirs.value");
                let sql = format!("(select count(*) from {orphans} where theirs.value is null)");
                return Ok(vec![Rule::query(format!("{c}_in_{other}"), sql, "= 0")]);
            }
            match true_or_none(args.text("from_condition")?) {
                Some(condition) => vec![rule.only(condition)],
                None => vec![rule],
            }
        }
        "mutually_exclusive_ranges" => ranges(args)?,
        "sequential_values" => {
            let c = of_column(column, args)?;
            let step = args.number("interval")?.unwrap_or_else(|| "1".to_owned());
            let step = match args.text("datepart")? {
                None => step,
                Some(part) => match duration(&step, &part) {
                    Some(step) => step,
                    None => return calendar(args, &part),
                },
            };
            let rule = Rule::column(&c, "sequential", format!("sequential step {step} order by {}", words::name(&c)));
            vec![by(rule, args, "group_by_columns")?]
        }
        "unique_combination_of_columns" => {
            let columns = args.texts("combination_of_columns")?;
            args.pass(&["quote_columns"]);
            vec![Rule::combination(&columns)]
        }
        "accepted_range" => {
            let c = of_column(column, args)?;
            let (low, high) = (bound(args, "min_value")?, bound(args, "max_value")?);
            let bounds =
                if args.flag("inclusive", true)? { Bounds::closed(low, high) } else { Bounds::open(low, high) };
            let found = bounds.predicates();
            if found.is_empty() {
                return wrong(args.span, "neither `min_value` nor `max_value` is given");
            }
            found.into_iter().map(|(check, p)| Rule::column(&c, check, p)).collect()
        }
        _ => return refuse(args.span, "this test is not known"),
    })
}

/// A bound: a number, or any SQL, which dbt puts in as it stands.
pub(super) fn bound(args: &Args<'_>, key: &str) -> Said<Option<String>> {
    let Some(text) = args.text(key)? else { return Ok(None) };
    Ok(Some(if crate::node::is_number(text.trim()) { words::number(text.trim()) } else { format!("({text})") }))
}

fn calendar<T>(args: &Args<'_>, part: &str) -> Said<T> {
    refuse(
        args.span,
        format!("`{part}` is no duration: its length differs; write it in days, or as an expression with `interval`"),
    )
}

/// Puts `by (…)` on a rule for the columns at a key.
pub(super) fn by(mut rule: Rule, args: &Args<'_>, key: &str) -> Said<Rule> {
    if args.get(key).is_some() {
        rule.by = args.texts(key)?;
    }
    Ok(rule)
}

/// `group_by_columns`, as SQL.
fn groups(args: &Args<'_>) -> Said<Option<String>> {
    match args.get("group_by_columns").is_some_and(|g| !g.items().is_empty()) {
        true => Ok(Some(words::names(&args.texts("group_by_columns")?))),
        false => Ok(None),
    }
}

fn grouped(rule: Rule, args: &Args<'_>) -> Said<Rule> {
    if groups(args)?.is_some() {
        return refuse(
            args.span,
            "which of two tables has fewer rows is not asked group by group; make a model of the groups of each",
        );
    }
    Ok(rule)
}

/// How many rows one of two queries has and the other has not; none.
pub(super) fn differ(name: String, mine: &str, theirs: &str) -> Rule {
    let alone = |a: &str, b: &str| format!("(select count(*) from ({a} except {b}) as alone)");
    Rule::query(name, format!("{} + {}", alone(mine, theirs), alone(theirs, mine)), "= 0")
}

/// No older than so many parts of dates; months and years are the calendar's.
pub(super) fn within(count: &str, part: &str) -> String {
    match duration(count, part) {
        Some(age) => format!("within {age}"),
        None => format!(">= (now() - interval '{count} {part}')"),
    }
}

fn ranges(args: &Args<'_>) -> Said<Vec<Rule>> {
    let columns = vec![args.need_text("lower_bound_column")?, args.need_text("upper_bound_column")?];
    let partition = args.text("partition_by")?;
    let partition: Vec<String> = partition.iter().flat_map(|p| p.split(',')).map(|p| p.trim().to_owned()).collect();
    let gaps = args.text("gaps")?;
    let zero = args.flag("zero_length_range_allowed", false)?;
    let (check, predicate) = match gaps.as_deref() {
        None | Some("allowed") => ("not_overlapping", "not overlapping"),
        Some("not_allowed") => ("contiguous", "contiguous"),
        Some("required") => return refuse(args.span, "that there is a gap between any two ranges cannot be said"),
        Some(other) => {
            return wrong(
                args.span,
                format!("`gaps` is `allowed`, `not_allowed` or `required`, and this is `{other}`"),
            );
        }
    };
    let mut rule = Rule::key(&columns, check, predicate);
    rule.by = partition;
    let [low, high] = columns.as_slice() else { return Ok(vec![rule]) };
    let (check, sign) = if zero { ("le", "<=") } else { ("lt", "<") };
    Ok(vec![Rule::column(low, check, format!("{sign} {}", words::name(high))), rule])
}
