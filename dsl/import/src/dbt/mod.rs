//! dbt: properties files (`schema.yml`) with tests of dbt itself, dbt-utils and dbt-expectations.
//!
//! What its words mean: a test looks for rows that are wrong, so NULL passes wherever SQL's comparison gives NULL; `where`
//! picks the rows judged; `warn_if` and `error_if` count the rows found; `severity: warn` never fails a run.

mod config;
mod core;
mod expectations;
mod utils;

use pipe_diagnostics::Diagnostic;
use pipe_diagnostics::codes::import as codes;

use crate::args::{Args, refuse, wrong};
use crate::catalogue::Check;
use crate::import::Cx;
use crate::node::{Kind, Node};
use crate::rule::{Rule, Said};

/// The tests of dbt, dbt-utils and dbt-expectations.
pub(crate) const CHECKS: &[Check] = &[
    Check::said("not_null", "`c not null`"),
    Check::said("unique", "`c unique`"),
    Check::said("accepted_values", "`c in (…)`; `quote: false` leaves numbers as they are"),
    Check::said("relationships", "`c references other (field)`"),
    Check::said("dbt_utils.equal_rowcount", "`row count same as other`; with `group_by_columns` a query of both"),
    Check::said("dbt_utils.fewer_rows_than", "an expression: `(count(*) < (select count(*) from other))`"),
    Check::said("dbt_utils.equality", "a query of both tables, of the columns named"),
    Check::said("dbt_utils.expression_is_true", "an expression"),
    Check::said("dbt_utils.recency", "`(max(c)) within 1d`"),
    Check::said("dbt_utils.at_least_one", "an expression: `(count(c) > 0)`"),
    Check::said("dbt_utils.not_constant", "`c distinct <> 1`"),
    Check::said("dbt_utils.not_empty_string", "an expression: `(trim(c) <> '')`"),
    Check::said("dbt_utils.cardinality_equality", "a query of both tables: how often each value occurs"),
    Check::said("dbt_utils.unique_where", "`c unique where (…)`"),
    Check::said("dbt_utils.not_null_where", "`c not null where (…)`"),
    Check::said("dbt_utils.not_null_proportion", "`c completeness between …`"),
    Check::said("dbt_utils.not_accepted_values", "`c not in (…)`"),
    Check::said(
        "dbt_utils.relationships_where",
        "`c references other (field)`; `from_condition` is `where`, with `to_condition` a query",
    ),
    Check::said("dbt_utils.mutually_exclusive_ranges", "`(from, to) not overlapping by (…)`, `contiguous`"),
    Check::said("dbt_utils.sequential_values", "`c sequential step n`"),
    Check::said("dbt_utils.unique_combination_of_columns", "`(a, b) unique`"),
    Check::said("dbt_utils.accepted_range", "`c between a and b`, `strictly between`"),
    Check::said("dbt_expectations.expect_column_to_exist", "`columns contain (c)`"),
    Check::said("dbt_expectations.expect_row_values_to_have_recent_data", "`(max(c)) within 1d`"),
    Check::said("dbt_expectations.expect_grouped_row_values_to_have_recent_data", "`(max(c)) within 1d by (…)`"),
    Check::said("dbt_expectations.expect_table_aggregation_to_equal_other_table", "an expression with a subquery"),
    Check::said("dbt_expectations.expect_table_column_count_to_be_between", "`column count …`"),
    Check::refused(
        "dbt_expectations.expect_table_column_count_to_equal_other_table",
        "counts the columns of two tables; say `columns same as other`, or `column count = n` of both",
    ),
    Check::said("dbt_expectations.expect_table_column_count_to_equal", "`column count = n`"),
    Check::said("dbt_expectations.expect_table_columns_to_not_contain_set", "`columns without (…)`"),
    Check::said("dbt_expectations.expect_table_columns_to_contain_set", "`columns contain (…)`"),
    Check::said("dbt_expectations.expect_table_columns_to_match_ordered_list", "`columns (…)`"),
    Check::said("dbt_expectations.expect_table_columns_to_match_set", "`columns in any order (…)`"),
    Check::said("dbt_expectations.expect_table_row_count_to_be_between", "`row count …`"),
    Check::said(
        "dbt_expectations.expect_table_row_count_to_equal_other_table",
        "`row count same as other`, or an expression",
    ),
    Check::said("dbt_expectations.expect_table_row_count_to_equal_other_table_times_factor", "an expression"),
    Check::said("dbt_expectations.expect_table_row_count_to_equal", "`row count = n`"),
    Check::said("dbt_expectations.expect_column_values_to_be_unique", "`c unique`"),
    Check::said("dbt_expectations.expect_column_values_to_not_be_null", "`c not null`"),
    Check::said("dbt_expectations.expect_column_values_to_be_null", "`c is null`"),
    Check::said("dbt_expectations.expect_column_values_to_be_of_type", "`c type …`"),
    Check::said("dbt_expectations.expect_column_values_to_be_in_type_list", "`c type in (…)`"),
    Check::said(
        "dbt_expectations.expect_column_values_to_have_consistent_casing",
        "an expression: `(count(distinct c) = count(distinct lower(c)))`",
    ),
    Check::said("dbt_expectations.expect_column_values_to_be_in_set", "`c in (…)`"),
    Check::said("dbt_expectations.expect_column_values_to_be_between", "`c between a and b`, `strictly between`"),
    Check::said("dbt_expectations.expect_column_values_to_be_decreasing", "`c decreasing order by …`"),
    Check::said("dbt_expectations.expect_column_values_to_be_increasing", "`c increasing order by …`"),
    Check::said("dbt_expectations.expect_column_values_to_not_be_in_set", "`c not in (…)`"),
    Check::said("dbt_expectations.expect_column_value_lengths_to_be_between", "`c length …`"),
    Check::said("dbt_expectations.expect_column_value_lengths_to_equal", "`c length = n`"),
    Check::said("dbt_expectations.expect_column_values_to_match_like_pattern", "`c like '…'`"),
    Check::said("dbt_expectations.expect_column_values_to_match_like_pattern_list", "`c any of (like …)`"),
    Check::said("dbt_expectations.expect_column_values_to_match_regex", "`c matches '…'`"),
    Check::said("dbt_expectations.expect_column_values_to_match_regex_list", "`c any of (matches …)`"),
    Check::said("dbt_expectations.expect_column_values_to_not_match_like_pattern", "`c not like '…'`"),
    Check::said("dbt_expectations.expect_column_values_to_not_match_like_pattern_list", "`c all of (not like …)`"),
    Check::said("dbt_expectations.expect_column_values_to_not_match_regex", "`c not matches '…'`"),
    Check::said("dbt_expectations.expect_column_values_to_not_match_regex_list", "`c all of (not matches …)`"),
    Check::said("dbt_expectations.expect_column_distinct_count_to_equal", "`c distinct = n`"),
    Check::said("dbt_expectations.expect_column_distinct_count_to_be_greater_than", "`c distinct > n`"),
    Check::said("dbt_expectations.expect_column_distinct_count_to_be_less_than", "`c distinct < n`"),
    Check::said("dbt_expectations.expect_column_distinct_count_to_equal_other_table", "an expression with a subquery"),
    Check::said("dbt_expectations.expect_column_distinct_values_to_be_in_set", "`c in (…)`"),
    Check::said("dbt_expectations.expect_column_distinct_values_to_contain_set", "`c values contain (…)`"),
    Check::said("dbt_expectations.expect_column_distinct_values_to_equal_set", "`c values equal (…)`"),
    Check::said("dbt_expectations.expect_column_max_to_be_between", "`c maximum …`"),
    Check::said("dbt_expectations.expect_column_mean_to_be_between", "`c mean …`"),
    Check::said("dbt_expectations.expect_column_median_to_be_between", "`c median …`"),
    Check::said("dbt_expectations.expect_column_min_to_be_between", "`c minimum …`"),
    Check::said(
        "dbt_expectations.expect_column_most_common_value_to_be_in_set",
        "`c mode in (…)`, of the one most common",
    ),
    Check::said("dbt_expectations.expect_column_proportion_of_unique_values_to_be_between", "`c distinctness …`"),
    Check::said("dbt_expectations.expect_column_quantile_values_to_be_between", "`c quantile q …`"),
    Check::said("dbt_expectations.expect_column_stdev_to_be_between", "`c stddev …`"),
    Check::said("dbt_expectations.expect_column_sum_to_be_between", "`c sum …`"),
    Check::said("dbt_expectations.expect_column_unique_value_count_to_be_between", "`c distinct …`"),
    Check::said("dbt_expectations.expect_column_pair_values_A_to_be_greater_than_B", "`a > b`, `a >= b`"),
    Check::said("dbt_expectations.expect_column_pair_values_to_be_equal", "`a = b`"),
    Check::said("dbt_expectations.expect_column_pair_values_to_be_in_set", "an expression: `(a = 1 and b = 2 or …)`"),
    Check::said("dbt_expectations.expect_compound_columns_to_be_unique", "`(a, b) unique`"),
    Check::said("dbt_expectations.expect_multicolumn_sum_to_equal", "an expression: `(sum(a) + sum(b)) = n`"),
    Check::said(
        "dbt_expectations.expect_multicolumn_sum_to_be_between",
        "an expression: `(sum(a) + sum(b)) between …`",
    ),
    Check::said(
        "dbt_expectations.expect_select_column_values_to_be_unique_within_record",
        "an expression: `(a <> b and …)`",
    ),
    Check::refused(
        "dbt_expectations.expect_column_values_to_be_within_n_moving_stdevs",
        "compares sums of days with a moving window; make a model of the days and say `within 3 sigma` of it",
    ),
    Check::said(
        "dbt_expectations.expect_column_values_to_be_within_n_stdevs",
        "`c within n sigma`, of rows; with `group_by` refused",
    ),
    Check::said("dbt_expectations.expect_row_values_to_have_data_for_every_n_datepart", "`c without gaps over 1d`"),
];

/// The tables of the file: models, sources, seeds and snapshots, each with its columns.
pub(crate) fn properties(cx: &mut Cx, documents: &[Node]) -> Said<()> {
    let mut found = false;
    for (key, list) in documents.iter().flat_map(Node::entries) {
        match key.text.as_str() {
            "models" | "seeds" | "snapshots" => {
                found = true;
                for model in list.items() {
                    table(cx, model)?;
                }
            }
            "sources" => {
                found = true;
                for source in list.items() {
                    tables_of(cx, source)?;
                }
            }
            "unit_tests" => {
                for test in list.items() {
                    let name = test.text("model").unwrap_or_default();
                    let why = "a unit test has no rules in it; write it as a `test` statement";
                    cx.add(&name, refuse(test.span, why));
                }
            }
            "version" => {}
            "data_tests" | "tests" => {
                found = true;
                for test in list.items() {
                    let why = "the query of a singular test stands in a file of its own; its rule is `name: ((select count(*) from (…) as found)) = 0`";
                    let name = cx.default_table.clone();
                    cx.add(&name, refuse(test.span, why));
                }
            }
            other => cx.leave_out(key.span, format!("`{other}` has no tests")),
        }
    }
    if !found {
        let span = documents.first().map_or_else(|| pipe_diagnostics::Span::new(cx.file, 0..0), |d| d.span);
        return Err(Box::new(
            Diagnostic::error(
                codes::NOT_A_SUITE,
                "this is no properties file: it has no `models`, `sources`, `seeds` or `snapshots`",
                span,
            )
            .help("tests are in the YAML files under `models/`"),
        ));
    }
    Ok(())
}

/// The tables of a source, each with its freshness.
fn tables_of(cx: &mut Cx, source: &Node) -> Said<()> {
    for model in source.get("tables").map(Node::items).unwrap_or_default() {
        table(cx, model)?;
        // Since 1.9 both may stand under `config`.
        let of = |key: &str| {
            let here = |node: &Node| node.get("config").and_then(|c| c.get(key)).or_else(|| node.get(key)).cloned();
            here(model).or_else(|| here(source))
        };
        if let Some(freshness) = of("freshness") {
            let name = model.text("name").unwrap_or_default();
            let rules = core::freshness(&freshness, of("loaded_at_field").as_ref());
            cx.add(&name, rules);
        }
    }
    Ok(())
}

/// What a table and a column may have beside tests, none of which has a bearing on a verdict.
const BESIDE: &[&str] = &[
    "name",
    "description",
    "columns",
    "tests",
    "data_tests",
    "config",
    "docs",
    "meta",
    "tags",
    "data_type",
    "quote",
    "quoting",
    "access",
    "group",
    "latest_version",
    "deprecation_date",
    "versions",
    "identifier",
    "external",
    "loader",
    "loaded_at_field",
    "loaded_at_query",
    "freshness",
    "entity",
    "dimension",
    "policy_tags",
    "alias",
    "time_spine",
    "granularity",
    "v",
    "defined_in",
];

fn table(cx: &mut Cx, model: &Node) -> Said<()> {
    let Some(name) = model.text("name") else { return wrong(model.span, "a table without a name") };
    cx.declare(&name, model.get("columns").map(Node::items).unwrap_or_default());
    cx.table(&name).docs = model.text("description").filter(|d| !d.contains("{{"));
    tested(cx, &name, model, None);
    for column in model.get("columns").map(Node::items).unwrap_or_default() {
        if let Some(c) = column.text("name") {
            // A column that has to be quoted is told by `quote: true`; here quotes are put where they are needed.
            tested(cx, &name, column, Some(&c));
        }
    }
    // A version has tests of its own: a table of its own, as dbt calls it.
    for version in model.get("versions").map(Node::items).unwrap_or_default() {
        let own = format!("{name}_v{}", version.text("v").unwrap_or_default());
        tested(cx, &own, version, None);
        for column in version.get("columns").map(Node::items).unwrap_or_default() {
            if let Some(c) = column.text("name") {
                tested(cx, &own, column, Some(&c));
            }
        }
    }
    Ok(())
}

/// The tests of a table, or of a column of it.
fn tested(cx: &mut Cx, name: &str, node: &Node, column: Option<&str>) {
    for (key, _) in node.entries() {
        if key.text == "constraints" {
            cx.leave_out(key.span, "`constraints` are kept by the database that builds the table".to_owned());
        } else if !BESIDE.contains(&key.text.as_str()) {
            let near = pipe_diagnostics::nearest(&key.text, ["data_tests", "tests", "columns"]);
            let help = near.map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
            cx.add(name, wrong(key.span, format!("`{}` is not known of a table or a column{help}", key.text)));
        }
    }
    for test in tests(node) {
        if is_off(test) {
            cx.leave_out(test.span, "the test is switched off (`enabled: false`)".to_owned());
            continue;
        }
        let rules = read(cx, test, name, column);
        cx.add(name, rules);
    }
}

/// Whether a test is not run.
fn is_off(test: &Node) -> bool {
    let of = |node: &Node| {
        let enabled = node.get("config").and_then(|c| c.get("enabled")).or_else(|| node.get("enabled"));
        enabled.and_then(Node::scalar).is_some_and(|t| t.eq_ignore_ascii_case("false"))
    };
    of(test) || test.entries().iter().any(|(_, body)| of(body))
}

fn tests(node: &Node) -> impl Iterator<Item = &Node> {
    ["tests", "data_tests"].into_iter().filter_map(|k| node.get(k)).flat_map(Node::items)
}

/// A test of a table, or of a column: `- unique`, `- name: {arguments}`, or with `test_name`.
fn read(cx: &Cx, test: &Node, table: &str, column: Option<&str>) -> Said<Vec<Rule>> {
    let table = &crate::write::identifier(table);
    let empty = Node { kind: Kind::Map(Vec::new()), span: test.span };
    let (name, name_node, body) = match &test.kind {
        Kind::Text(name) => (name.clone(), test, &empty),
        Kind::Map(_) if test.get("test_name").is_some() => {
            let name = test.get("test_name").unwrap_or(test);
            (name.scalar().unwrap_or_default(), name, test)
        }
        Kind::Map(entries) => match entries.as_slice() {
            [(key, body)] => (key.text.clone(), &Node { kind: Kind::Null, span: key.span }, body),
            // `- unique:` with its arguments one level too far left, which dbt reads all the same.
            [(key, body), ..] if body.is_null() => (key.text.clone(), &Node { kind: Kind::Null, span: key.span }, test),
            _ => return wrong(test.span, "a test is a name, or a name with its arguments"),
        },
        _ => return wrong(test.span, "a test is a name, or a name with its arguments"),
    };
    let name = name.strip_prefix("dbt.").unwrap_or(&name).to_owned();
    cx.known(&name, name_node)?;
    let own = Args::new(Some(body), name_node.span);
    own.pass(&["name", "test_name", "description", "meta", "tags", "docs", name.as_str()]);
    let given = own.get("arguments");
    let config = config::read(&own)?;
    let args = match given {
        Some(arguments) => Args::new(Some(arguments), name_node.span),
        None => own,
    };
    let column = match column {
        Some(column) => Some(column.to_owned()),
        None => args.text("column_name")?,
    };
    let mut rules = match name.split_once('.') {
        None => core::rules(&name, &args, column.as_deref())?,
        Some(("dbt_utils", name)) => utils::rules(name, &args, column.as_deref(), table)?,
        Some((_, name)) => expectations::rules(name, &args, column.as_deref(), table)?,
    };
    args.done()?;
    let given_name = body.text("name");
    // A row of these tests is a value, however many rows have it.
    if matches!(name.as_str(), "unique" | "accepted_values") && config.has_limit() {
        rules = rules.iter().flat_map(|rule| config.of_values(rule, table)).collect();
    }
    for rule in &mut rules {
        rule.span = name_node.span;
        config::put(&config, rule, name_node.span)?;
        if rule.name.is_none() || given_name.is_some() {
            rule.name = given_name.clone();
        }
    }
    Ok(rules)
}

/// `ref('orders')`, `source('shop', 'orders')` or a name, with or without braces, as the table here.
pub(super) fn table_name(node: &Node) -> Said<String> {
    let text = node.scalar().unwrap_or_default();
    let text = text.trim().trim_start_matches('{').trim_end_matches('}').trim();
    let inner = match text.split_once('(') {
        Some(("ref" | "source", inner)) => inner.trim_end_matches(')'),
        None if !text.is_empty() => text,
        _ => return wrong(node.span, "a table is named with `ref('…')` or `source('…', '…')`"),
    };
    let last = inner.rsplit(',').find(|part| !part.contains('=')).unwrap_or(inner);
    Ok(crate::write::identifier(last.trim().trim_matches(['\'', '"'])))
}

/// The column that a test is about.
pub(super) fn of_column(column: Option<&str>, args: &Args<'_>) -> Said<String> {
    match column {
        Some(column) => Ok(column.to_owned()),
        None => wrong(args.span, "this test is about a column, and stands under none"),
    }
}
