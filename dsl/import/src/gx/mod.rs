//! Great Expectations: suites as JSON, of version 1 and, where the words are the same, of version 0.
//!
//! What its words mean: NULLs are left out before values are judged, and the share that `mostly` asks for is taken of the
//! rest; `match_regex` searches; bounds are included unless `strict_…`; an expectation without a severity is `critical`,
//! which fails a run as `error` does here.

mod aggregate;
mod columns;
mod condition;
mod parameters;
mod table;
mod values;

pub(crate) use columns::{differ, pairs};

use pipe_diagnostics::Diagnostic;
use pipe_diagnostics::codes::import as codes;

use crate::args::{Args, refuse, wrong};
use crate::catalogue::Check;
use crate::import::Cx;
use crate::node::Node;
use crate::rule::{Rule, Said, Severity};
use crate::words;

/// The expectations of version 1's core.
pub(crate) const CHECKS: &[Check] = &[
    Check::said("expect_column_values_to_be_null", "`c is null`"),
    Check::said("expect_column_values_to_not_be_null", "`c not null`"),
    Check::said("expect_column_values_to_be_unique", "`c unique`"),
    Check::said("expect_column_values_to_be_in_set", "`c in (…)`"),
    Check::said("expect_column_values_to_not_be_in_set", "`c not in (…)`"),
    Check::said("expect_column_values_to_be_between", "`c between a and b`; `strict_…`: `>`, `<`, `strictly between`"),
    Check::said("expect_column_values_to_match_regex", "`c matches '…'`"),
    Check::said("expect_column_values_to_not_match_regex", "`c not matches '…'`"),
    Check::said("expect_column_values_to_match_regex_list", "`c any of (matches …)`, `all of` with `match_on: all`"),
    Check::said("expect_column_values_to_not_match_regex_list", "`c all of (not matches …)`"),
    Check::said("expect_column_values_to_match_like_pattern", "`c like '…'`"),
    Check::said("expect_column_values_to_not_match_like_pattern", "`c not like '…'`"),
    Check::said(
        "expect_column_values_to_match_like_pattern_list",
        "`c any of (like …)`, `all of` with `match_on: all`",
    ),
    Check::said("expect_column_values_to_not_match_like_pattern_list", "`c all of (not like …)`"),
    Check::said("expect_column_value_lengths_to_be_between", "`c length between a and b`"),
    Check::said("expect_column_value_lengths_to_equal", "`c length = n`"),
    Check::said("expect_column_values_to_be_of_type", "`c type …`"),
    Check::said("expect_column_type_to_be", "`c type …`"),
    Check::said("expect_column_values_to_be_in_type_list", "`c type in (…)`"),
    Check::said(
        "expect_column_values_to_match_strftime_format",
        "`c is date '…'`, `is time '…'` or `is timestamp '…'`",
    ),
    Check::refused(
        "expect_column_values_to_be_dateutil_parseable",
        "takes whatever a Python library can guess a date from; say the form: `is date '%d.%m.%Y'`, `castable as date`",
    ),
    Check::said("expect_column_values_to_be_json_parseable", "`c is json`"),
    Check::said("expect_column_values_to_match_json_schema", "`c is json_schema '…'`"),
    Check::said("expect_column_values_to_be_increasing", "`c increasing`, `strictly increasing`"),
    Check::said("expect_column_values_to_be_decreasing", "`c decreasing`, `strictly decreasing`"),
    Check::said("expect_column_value_z_scores_to_be_less_than", "`c within n sigma`; one-sided: an expression"),
    Check::said("expect_column_values_to_not_be_outliers", "`c within n iqr`, `c within n sigma`"),
    Check::said("expect_column_distinct_values_to_be_in_set", "`c in (…)`"),
    Check::said("expect_column_distinct_values_to_contain_set", "`c values contain (…)`"),
    Check::said("expect_column_distinct_values_to_equal_set", "`c values equal (…)`"),
    Check::said(
        "expect_column_kl_divergence_to_be_less_than",
        "an expression over the counts of the partition's values or bins",
    ),
    Check::said("expect_column_max_to_be_between", "`c maximum …`"),
    Check::said("expect_column_mean_to_be_between", "`c mean …`"),
    Check::said("expect_column_median_to_be_between", "`c median …`"),
    Check::said("expect_column_min_to_be_between", "`c minimum …`"),
    Check::said(
        "expect_column_most_common_value_to_be_in_set",
        "`c mode in (…)`, and a query that finds one value that is most common",
    ),
    Check::said(
        "expect_column_proportion_of_unique_values_to_be_between",
        "`c distinctness …`: distinct values by values",
    ),
    Check::said("expect_column_proportion_of_non_null_values_to_be_between", "`c completeness …`"),
    Check::said("expect_column_quantile_values_to_be_between", "`c quantile q …`, a rule a quantile"),
    Check::said("expect_column_stdev_to_be_between", "`c stddev …`: of a sample in both"),
    Check::said("expect_column_sum_to_be_between", "`c sum …`"),
    Check::said("expect_column_unique_value_count_to_be_between", "`c distinct …`"),
    Check::said("expect_column_pair_values_a_to_be_greater_than_b", "`a > b`, `a >= b`"),
    Check::said("expect_column_pair_values_to_be_equal", "`a = b`"),
    Check::said("expect_column_pair_values_to_be_in_set", "an expression: `(a = 1 and b = 2 or …)`"),
    Check::said("expect_compound_columns_to_be_unique", "`(struct(a, b)) unique`: NULLs are equal; `(a, b) unique`"),
    Check::said("expect_multicolumn_sum_to_equal", "`(a + b) = n`"),
    Check::said("expect_multicolumn_values_to_be_equal", "an expression: `(a is not distinct from b and …)`"),
    Check::said("expect_multicolumn_values_to_be_unique", "an expression: `(a <> b and …)`"),
    Check::said("expect_select_column_values_to_be_unique_within_record", "an expression: `(a <> b and …)`"),
    Check::said("expect_column_to_exist", "`columns contain (c)`"),
    Check::said("expect_table_column_count_to_be_between", "`column count …`"),
    Check::said("expect_table_column_count_to_equal", "`column count = n`"),
    Check::said("expect_table_columns_to_match_ordered_list", "`columns (…)`"),
    Check::said("expect_table_columns_to_match_set", "`columns in any order (…)`, `columns contain (…)`"),
    Check::said("expect_table_row_count_to_be_between", "`row count …`"),
    Check::said("expect_table_row_count_to_equal", "`row count = n`"),
    Check::said("expect_table_row_count_to_equal_other_table", "`row count same as other`"),
    Check::said("unexpected_rows_expectation", "an expression: not what the query looks for"),
    Check::refused(
        "expect_query_results_to_match_comparison",
        "compares queries of two servers; make a model of each and compare it, as in `(sum(total)) same as other (total)`",
    ),
];

/// Entries of an expectation and of its arguments that have no bearing on its verdict.
const BESIDE: &[&str] = &[
    "meta",
    "id",
    "notes",
    "description",
    "rendered_content",
    "expectation_context",
    "result_format",
    "include_config",
    "catch_exceptions",
    "batch_id",
    "table",
    "interactive_evaluation",
    "allow_cross_type_comparisons",
];

/// Entries of a suite.
const OF_SUITE: &[&str] = &[
    "expectations",
    "name",
    "expectation_suite_name",
    "id",
    "ge_cloud_id",
    "meta",
    "notes",
    "description",
    "data_asset_type",
    "suite_parameters",
    "evaluation_parameters",
    "rendered_content",
];

/// Reads the suites of a file.
pub(crate) fn suite(cx: &mut Cx, documents: &[Node]) -> Said<()> {
    let suites: Vec<&Node> =
        documents.iter().flat_map(Node::items).filter(|n| n.get("expectations").is_some()).collect();
    if suites.is_empty() {
        let span = documents.first().map_or_else(|| pipe_diagnostics::Span::new(cx.file, 0..0), |d| d.span);
        return Err(Box::new(
            Diagnostic::error(codes::NOT_A_SUITE, "this is no expectation suite: it has no `expectations`", span)
                .help(instead(documents)),
        ));
    }
    for suite in suites {
        let table = cx.default_table.clone();
        for (key, _) in suite.entries().iter().filter(|(key, _)| !OF_SUITE.contains(&key.text.as_str())) {
            cx.add(&table, wrong(key.span, format!("`{}` is not known of a suite", key.text)));
        }
        let values = parameters::values(suite);
        for expectation in suite.get("expectations").map(Node::items).unwrap_or_default() {
            let filled = parameters::filled(cx, expectation, &values);
            let rules = filled.and_then(|(expectation, notes)| {
                let mut rules = read(cx, &table, &expectation)?;
                if let Some(first) = rules.first_mut() {
                    first.notes.extend(notes);
                }
                Ok(rules)
            });
            cx.add(&table, rules);
        }
    }
    Ok(())
}

/// What to give in place of another file of Great Expectations.
fn instead(documents: &[Node]) -> String {
    let all = || documents.iter().flat_map(Node::items);
    let has = |key: &str| all().any(|d| d.get(key).is_some());
    let named = |node: &Node| {
        let suite = node.get("suite").and_then(|s| s.text("name").or_else(|| s.scalar()));
        suite.or_else(|| node.text("expectation_suite_name"))
    };
    let inner = all().flat_map(|d| d.get("validations").map(Node::items).unwrap_or_default());
    let suites: Vec<String> = all().chain(inner).filter_map(named).collect();
    let give = match suites.as_slice() {
        [] => "give the suites that it leads to, files of `gx/expectations`".to_owned(),
        names => {
            let file = |name: &String| format!("`gx/expectations/{}.json`", name.replace('.', "/"));
            format!("give its suite, {}", names.iter().map(file).collect::<Vec<_>>().join(", "))
        }
    };
    if has("validation_definitions") || has("validations") || has("action_list") {
        format!("this is a checkpoint, which names suites and has none: {give}")
    } else if has("suite") && has("data") {
        format!("this is a validation definition, which names a suite and the data for it: {give}")
    } else if has("results") && (has("success") || has("statistics")) {
        format!("this is what a validation found: {give}")
    } else {
        "a suite is what `suite.to_json_dict()` gives, or a file of `gx/expectations`".to_owned()
    }
}

fn read(cx: &Cx, table: &str, node: &Node) -> Said<Vec<Rule>> {
    let own = Args::new(Some(node), node.span);
    own.pass(BESIDE);
    let Some(kind) = own.get("type").or_else(|| own.get("expectation_type")) else {
        return wrong(node.span, "an expectation without a `type`");
    };
    let name = kind.scalar().unwrap_or_default();
    let name = if name.starts_with(|c: char| c.is_uppercase()) { snake(&name) } else { name };
    cx.known(&name, kind)?;
    let args = Args::new(own.get("kwargs"), kind.span);
    args.pass(BESIDE);
    if args.flag("auto", false)? {
        return refuse(kind.span, "its bounds are found by a profiler when it runs (`auto`)");
    }
    args.pass(&["profiler_config", "condition_parser"]);
    if let Some(windows) = own.get("windows").or_else(|| args.get("windows")).filter(|w| !w.items().is_empty()) {
        return refuse(
            windows.span,
            "its bounds follow earlier runs in GX Cloud (`windows`); say `within 10% of last 5 runs`",
        );
    }
    if args.flag("parse_strings_as_datetimes", false)? {
        return refuse(kind.span, "`parse_strings_as_datetimes` guesses the form of a date; declare the column's type");
    }
    let severity = own.get("severity").or_else(|| args.get("severity"));
    let severity = match severity.and_then(Node::scalar).as_deref() {
        None | Some("critical" | "error") => None,
        Some("warning") => Some(Severity::Warning),
        Some("info") => Some(Severity::Info),
        Some(other) => return wrong(kind.span, format!("no severity is called `{other}`")),
    };
    let condition = match args.get("row_condition") {
        Some(condition) => Some(condition::sql(condition)?),
        None => None,
    };
    let mut rules = expectation(&name, &args, table)?;
    args.done()?;
    own.done()?;
    let because = notes(node);
    for rule in &mut rules {
        rule.severity = severity;
        rule.span = kind.span;
        rule.because.clone_from(&because);
        // A query has its own.
        if let Some(condition) = condition.as_ref().filter(|_| !rule.asks) {
            rule.filter.insert(0, condition.clone());
        }
    }
    Ok(rules)
}

/// The rules of an expectation.
fn expectation(name: &str, args: &Args<'_>, table: &str) -> Said<Vec<Rule>> {
    if let Some(rules) = values::rules(name, args)? {
        return Ok(rules);
    }
    if let Some(rules) = aggregate::rules(name, args, table)? {
        return Ok(rules);
    }
    if let Some(rules) = columns::rules(name, args)? {
        return Ok(rules);
    }
    table::rules(name, args, table)
}

/// What people wrote beside an expectation.
fn notes(node: &Node) -> Option<String> {
    let meta = node.get("meta");
    let notes = meta.and_then(|m| m.get("notes")).or_else(|| node.get("notes"));
    let content = notes.map(|n| n.get("content").unwrap_or(n));
    let text = content.map(|c| c.items().iter().filter_map(Node::scalar).collect::<Vec<_>>().join(" "));
    text.filter(|t| !t.trim().is_empty()).or_else(|| node.text("description"))
}

/// `ExpectColumnToExist` as `expect_column_to_exist`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// Lets so many rows pass as `mostly` does: of the rows that have a value, which `present` says.
fn mostly(mut rule: Rule, args: &Args<'_>, present: Option<String>) -> Said<Rule> {
    let Some(share) = args.number("mostly")? else { return Ok(rule) };
    let Some(rest) = words::rest(&share) else {
        return wrong(args.span, format!("`mostly` is a share from 0 to 1, and this is {share}"));
    };
    if rest != "0%" {
        rule.tolerate = Some(rest);
        rule.filter.extend(present);
    }
    Ok(rule)
}
