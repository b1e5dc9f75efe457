//! Expectations on the columns and rows of a table.

use super::values::bounds;
use crate::args::{Args, constant, refuse, wrong};
use crate::query::{self, Own};
use crate::rule::{Rule, Said};
use crate::words;

/// The rules of an expectation on the table.
pub(super) fn rules(name: &str, args: &Args<'_>, table: &str) -> Said<Vec<Rule>> {
    Ok(match name {
        "expect_column_to_exist" => {
            if args.get("column_index").is_some() {
                return refuse(
                    args.span,
                    "a single column's place cannot be said; say the order of all: `columns (a, b, c)`",
                );
            }
            vec![Rule::table(
                "columns_contain",
                format!("columns contain ({})", words::name(&args.need_text("column")?)),
            )]
        }
        "expect_table_column_count_to_equal" => {
            vec![Rule::table("column_count", format!("column count = {}", constant(args.need("value")?)?))]
        }
        "expect_table_column_count_to_be_between" => counted("column_count", "column count", args)?,
        "expect_table_row_count_to_equal" => {
            vec![Rule::table("row_count", format!("row count = {}", constant(args.need("value")?)?))]
        }
        "expect_table_row_count_to_be_between" => counted("row_count", "row count", args)?,
        "expect_table_row_count_to_equal_other_table" => {
            let other = crate::write::identifier(&args.need_text("other_table_name")?);
            vec![Rule::table("row_count_same_as", format!("row count same as {other}"))]
        }
        "expect_table_columns_to_match_ordered_list" => {
            vec![Rule::table("columns", format!("columns ({})", words::names(&args.texts("column_list")?)))]
        }
        "expect_table_columns_to_match_set" => {
            let columns = words::names(&args.texts("column_set")?);
            if args.flag("exact_match", true)? {
                vec![Rule::table("columns_set", format!("columns in any order ({columns})"))]
            } else {
                vec![Rule::table("columns_contain", format!("columns contain ({columns})"))]
            }
        }
        "unexpected_rows_expectation" => vec![unexpected(args, table)?],
        _ => return refuse(args.span, "this expectation is not known"),
    })
}

fn counted(check: &'static str, words: &str, args: &Args<'_>) -> Said<Vec<Rule>> {
    let found = bounds(args, "min_value", "max_value", |n| args.number(n))?.predicates();
    if found.is_empty() {
        return wrong(args.span, "neither `min_value` nor `max_value` is given: nothing is expected");
    }
    Ok(found.into_iter().map(|(_, p)| Rule::table(check, format!("{words} {p}"))).collect())
}

/// A query for rows that should not be, of `{batch}`.
fn unexpected(args: &Args<'_>, table: &str) -> Said<Rule> {
    let query = args.need("unexpected_rows_query")?;
    let text = query.scalar().unwrap_or_default().replace("{batch}", "batch_");
    args.pass(&["description"]);
    let own = Own { names: &["batch_"], table: &crate::write::identifier(table) };
    query::finds_none(&text, &own, "no_such_row", query.span)
}
