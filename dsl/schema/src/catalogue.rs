//! The kinds of check the field has, and how each is said.
//!
//! The kinds are those of Great Expectations, Deequ and its DQDL, Soda, dbt with its packages, Pandera, Elementary, ODCS, Monte
//! Carlo, pointblank, DQX, cuallee and OpenMetadata, under the names they share. Each is a predicate; or a recipe, which SQL
//! says as well as a word of its own would; or done elsewhere in the language; or refused, with the reason.

use crate::{PredicateInfo, predicate as predicate_of};

/// A kind of check.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// As the field calls it.
    pub name: &'static str,
    /// How it is said.
    pub way: Way,
}

/// How a kind of check is said.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// By a predicate of its own.
    Predicate {
        /// The check's name in [`crate::predicates`].
        check: &'static str,
        /// A rule.
        rule: &'static str,
    },
    /// By a rule made of SQL, or of other predicates.
    Recipe {
        /// The rule.
        rule: &'static str,
    },
    /// Without a rule: by what the language does anyway.
    Elsewhere {
        /// By what.
        by: &'static str,
    },
    /// Not at all.
    Refused {
        /// Why, and what to do instead.
        why: &'static str,
    },
}

impl Kind {
    /// The predicate it is said by.
    pub fn predicate(&self) -> Option<&'static PredicateInfo> {
        match self.way {
            Way::Predicate { check, .. } => predicate_of(check),
            _ => None,
        }
    }

    /// The rule that says it.
    pub fn rule(&self) -> Option<&'static str> {
        match self.way {
            Way::Predicate { rule, .. } | Way::Recipe { rule } => Some(rule),
            _ => None,
        }
    }
}

const fn predicate(name: &'static str, check: &'static str, rule: &'static str) -> Kind {
    Kind { name, way: Way::Predicate { check, rule } }
}

const fn recipe(name: &'static str, rule: &'static str) -> Kind {
    Kind { name, way: Way::Recipe { rule } }
}

const fn elsewhere(name: &'static str, by: &'static str) -> Kind {
    Kind { name, way: Way::Elsewhere { by } }
}

const fn refused(name: &'static str, why: &'static str) -> Kind {
    Kind { name, way: Way::Refused { why } }
}

const KINDS: &[(&str, &[Kind])] = &[
    (
        "Completeness",
        &[
            predicate("not_null", "not_null", "order_id not null;"),
            predicate("completeness_ratio", "completeness", "email completeness >= 95%;"),
            predicate("null_only", "null", "deleted_at is null;"),
            predicate("not_blank", "not_blank", "email not blank;"),
            predicate("missing_sentinels", "not_missing", "phone not missing ('N/A', '-');"),
            recipe("at_least_one", "email completeness > 0;"),
            recipe("all_complete", "email, phone not null;"),
            predicate("any_complete", "any_of", "contact: any of (email not null, phone not null);"),
            recipe("complete_together", "together: ((email is null) = (phone is null));"),
            predicate("null_rate_change", "within_last", "email completeness within 5% of last run;"),
        ],
    ),
    (
        "Uniqueness",
        &[
            predicate("unique", "unique", "order_id unique;"),
            predicate("unique_combination", "unique", "(shop, order_id) unique;"),
            recipe("primary_key", "order_id not null, unique;"),
            predicate("uniqueness_ratio", "uniqueness", "email uniqueness >= 99%;"),
            predicate("unique_value_ratio", "unique_value_ratio", "email unique_value_ratio >= 99%;"),
            predicate("distinctness", "distinctness", "email distinctness >= 50%;"),
            predicate("distinct_count", "distinct", "shop distinct between 2 and 50;"),
            predicate("approx_distinct_count", "distinct", "shop distinct between 2 and 50 approx;"),
            predicate("duplicate_count", "duplicates", "email duplicates <= 10;"),
            recipe(
                "distinct_rows",
                "whole: ((select count(*) from orders) = (select count(*) from (select distinct * from orders)));",
            ),
            recipe("unique_within_record", "differ: (email <> phone);"),
            recipe("unique_expression", "mail: (lower(email)) unique;"),
            recipe("cross_source_overlap", "email not references customers (email) tolerate 1%;"),
            recipe("not_constant", "status distinct > 1;"),
            recipe("near_duplicates", "alike: (lower(regexp_replace(email, '[^A-Za-z0-9@]', '', 'g'))) unique;"),
        ],
    ),
    (
        "Validity",
        &[
            predicate("in_set", "in", "status in ('new', 'paid');"),
            predicate("not_in_set", "not_in", "status not in ('?', '-');"),
            predicate("in_range", "between", "quantity between 1 and 100;"),
            predicate("outside_range", "not_between", "quantity not between 5 and 10;"),
            predicate("compare_literal", "ge", "quantity >= 1;"),
            recipe("sign", "total > 0;"),
            predicate("regex", "matches", "sku matches '^[A-Z]{2}-[0-9]+$';"),
            predicate("regex_list", "any_of", "sku any of (matches '^DE', matches '^AT');"),
            predicate("like", "like", "sku like 'DE-%';"),
            recipe("starts_ends_contains", "ends: (ends_with(sku, '-X'));"),
            predicate("length", "length", "sku length between 4 and 8;"),
            predicate("castable", "castable", "sku castable as int;"),
            predicate("date_format", "date", "note is date '%d.%m.%Y';"),
            predicate("json_parseable", "json", "payload is json;"),
            predicate("json_schema", "json_schema", "payload is json_schema '{\"type\": \"object\"}';"),
            recipe("json_keys", "payload is json_schema '{\"type\": \"object\", \"required\": [\"id\"]}';"),
            predicate("semantic_format", "email", "email is email;"),
            predicate("letter_case", "upper", "sku is upper;"),
            predicate("not_in_future", "not_in_future", "ordered_at not in future;"),
            recipe("older_than", "old: (ordered_at <= now() - interval '18 years');"),
            predicate("calendar", "weekday", "ordered_at is weekday;"),
            predicate("row_expression", "boolean", "adds_up: (total = quantity * unit_price);"),
            recipe("failing_rows_query", "none: (not exists (select 1 from orders where total < 0));"),
            recipe("array_not_empty", "some: (cardinality(tags) > 0);"),
            refused("geometry", "there is no geometry type; a well-known text is checked by `matches`"),
            recipe(
                "no_pii",
                "note all of (not matches '[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}', not matches '\\+[0-9][0-9 ()./-]{5,}[0-9]', not matches '[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{1,7}');",
            ),
            recipe("value_at_position", "first: ((select sku from raw.orders where _row = 0 limit 1) = 'DE-1');"),
            predicate("conjoint", "all_of", "sku all of (matches '^[A-Z]', length = 8);"),
            refused(
                "custom_function",
                "code of another language does not run inside a pass; SQL does, as a boolean or a model",
            ),
            refused("llm_check", "the verdict of a language model cannot be tested, priced or repeated"),
        ],
    ),
    (
        "Accuracy and statistics",
        &[
            predicate("min_max", "minimum", "total minimum >= 0, maximum < 10000;"),
            predicate("mean", "mean", "total mean between 10 and 100;"),
            predicate("sum", "sum", "total sum > 0;"),
            predicate("stddev_variance", "stddev", "total stddev < 50;"),
            predicate("median_quantile", "quantile", "total quantile 0.99 < 1000;"),
            predicate("range_iqr", "iqr", "total range < 1000, iqr < 100;"),
            predicate("skewness_kurtosis", "skewness", "total skewness between -1 and 1;"),
            recipe("zero_negative_count", "zeros: (count(*) filter (where total = 0)) <= 5;"),
            recipe("length_statistics", "long: (avg(character_length(email))) between 5 and 40;"),
            recipe("true_false_count", "opened: (count(*) filter (where open)) >= 1;"),
            predicate("mode_in_set", "mode", "status mode in ('paid', 'shipped');"),
            predicate("entropy", "entropy", "status entropy > 0.5;"),
            recipe(
                "mutual_information",
                "tied: ((select sum(n / t * ln(n * t / (a * b))) from (select cast(count(*) as double) as n, cast(sum(count(*)) over () as double) as t, cast(sum(count(*)) over (partition by status) as double) as a, cast(sum(count(*)) over (partition by shop) as double) as b from orders group by status, shop)) < 0.5);",
            ),
            recipe("correlation", "tied: (corr(total, quantity)) between 0.5 and 1;"),
            recipe("ratio_of_sums", "share: (sum(unit_price) / sum(total)) between 0 and 1;"),
            recipe("min_by_max_by", "last: (last_value(status order by ordered_at)) in ('paid', 'shipped');"),
            recipe("sql_metric", "metric: (select sum(total) from orders where status = 'paid') >= 100;"),
            recipe("dataset_match", "(order_id, email) references customers (id, email) tolerate 5%;"),
            predicate("aggregate_match", "same_as", "sold: (sum(total)) same as customers (total);"),
            recipe(
                "query_match",
                "same: ((select count(*) from ((select email from orders except all select email from customers) union all (select email from customers except all select email from orders))) = 0);",
            ),
        ],
    ),
    (
        "Consistency",
        &[
            recipe("columns_equal", "email = phone;"),
            recipe("column_a_gt_b", "shipped_at >= ordered_at;"),
            recipe("pair_in_set", "pair: ((status, shop) in (('new', 'a'), ('paid', 'b')));"),
            recipe("multicolumn_sum", "adds_up: (quantity + unit_price = total);"),
            predicate(
                "increasing_decreasing",
                "increasing",
                "order_id strictly increasing order by ordered_at by (shop);",
            ),
            predicate("sequential", "sequential", "order_id sequential by (shop);"),
            predicate("exclusive_ranges", "not_overlapping", "(ordered_at, shipped_at) not overlapping by (shop);"),
            predicate(
                "workflow",
                "transitions",
                "status transitions ('new' to 'paid', 'paid' to 'shipped') order by ordered_at by (order_id);",
            ),
            predicate("composite", "any_of", "either: any of (all of (email not null, phone not null), (total = 0));"),
            recipe("grouped_metric", "total mean > 5 by (shop);"),
            predicate("functional_dependency", "determines", "zip determines (city);"),
        ],
    ),
    (
        "Referential",
        &[
            predicate("foreign_key", "references", "customer_id references customers (id);"),
            predicate("must_not_exist_in", "not_references", "email not references customers (email);"),
            recipe("integrity_ratio", "customer_id references customers (id) tolerate 1%;"),
            predicate("distinct_set", "values_equal", "status values equal ('new', 'paid');"),
            recipe(
                "cardinality_equality",
                "same: ((select count(*) from (select email, count(*) as n from orders group by email) a full join (select email, count(*) as n from customers group by email) b on a.email = b.email where a.n is distinct from b.n) = 0);",
            ),
            recipe("distinct_count_equals_other", "same: (count(distinct email)) same as customers (email);"),
        ],
    ),
    (
        "Timeliness",
        &[
            predicate("freshness", "within_age", "freshness: (max(ordered_at)) within 1d;"),
            predicate("row_freshness", "within_age", "ordered_at within 7d;"),
            recipe("grouped_recency", "recent: (max(ordered_at)) within 1d by (shop);"),
            predicate("no_time_gaps", "gaps", "ordered_at without gaps over 1d;"),
            recipe(
                "rows_per_window",
                // An hour without rows is none of the groups, so the hours from the first to the last are counted too.
                "hourly: ((select min(n) >= 10 and count(*) = 1 + (max(h) - min(h)) / 3600 from (select cast(date_part('epoch', date_trunc('hour', ordered_at)) as bigint) as h, count(*) as n from orders where ordered_at is not null group by 1)));",
            ),
            recipe("ingestion_delay", "late: (shipped_at - ordered_at <= interval '1 hour');"),
            predicate(
                "update_gap_anomaly",
                "within_sigma",
                "gap: (extract(epoch from now() - max(ordered_at))) within 3 sigma over last 14 runs;",
            ),
            recipe("execution_sla", "by_six: (date_part('hour', now()) < 6);"),
            recipe("retention", "kept: (min(ordered_at)) within 400d;"),
            refused(
                "file_freshness",
                "a file's age is not data; the age of its rows is, by `within`, and `load` sees which files are new",
            ),
        ],
    ),
    (
        "Volume",
        &[
            predicate("row_count", "row_count", "row count between 1000 and 10000000;"),
            predicate("row_count_vs_other", "row_count_same_as", "row count same as customers;"),
            predicate("row_count_change", "within_last", "row count within 20% of last run;"),
            recipe("inserted_rows", "new_rows: (count(*) filter (where ordered_at >= now() - interval '1 day')) >= 1;"),
            refused(
                "file_checks",
                "sizes and checksums of files are the load's own account: a changed file is found by its content's hash",
            ),
        ],
    ),
    (
        "Schema",
        &[
            predicate("column_exists", "columns_contain", "columns contain (order_id);"),
            predicate("forbidden_columns", "columns_without", "columns without ('tmp_*', 'password');"),
            predicate("columns_match_set", "columns_set", "columns in any order (id, email, total);"),
            predicate("columns_ordered", "columns", "columns (id, email, total);"),
            predicate("column_count", "column_count", "column count between 5 and 20;"),
            predicate("column_type", "type", "total type in (decimal(12, 2), double);"),
            recipe("declared_details", "order_id type bigint, not null;"),
            predicate("schema_match", "columns_same_as", "columns same as customers;"),
            predicate("column_names_pattern", "columns_match", "columns match '^[a-z_]+$';"),
            elsewhere(
                "schema_change",
                "`type_changed`, `missing_column` and `new_column` are failures of every source, against the last accepted baseline",
            ),
            elsewhere(
                "consumer_validity",
                "a model that reads a column that is gone, or of another type, is an error of `check`, in the model",
            ),
            predicate("full_schema", "closed", "closed;"),
        ],
    ),
    (
        "Distribution and anomaly",
        &[
            predicate("zscore_outliers", "outliers", "total within 3 sigma;"),
            recipe("n_stdevs", "total within 3 sigma by (shop);"),
            recipe(
                "moving_stdevs",
                "calm: (not exists (select 1 from (select total, avg(total) over (order by ordered_at rows between 7 preceding and 1 preceding) as m, stddev(total) over (order by ordered_at rows between 7 preceding and 1 preceding) as s from orders) where abs(total - m) > 3 * s));",
            ),
            predicate("iqr_mad_outliers", "outliers", "total within 1.5 iqr;"),
            predicate("kl_divergence", "kl_divergence", "status kl_divergence from customers (status) < 0.1;"),
            predicate("chi2_ks", "chi_square_p", "status chi_square_p from customers (status) > 0.05;"),
            recipe(
                "t_test",
                "at_fifty: ((avg(total) - 50) / (stddev(total) / sqrt(count(total)))) between -1.96 and 1.96;",
            ),
            predicate("drift_vs_reference", "psi", "total psi from customers (total) < 0.2;"),
            recipe(
                "histogram",
                "low: (cast(count(*) filter (where total < 10) as double) / count(*)) between 0.1 and 0.3;",
            ),
            predicate("sketch_quantile", "quantile", "total quantile 0.9 < 100 approx;"),
            recipe(
                "frequent_items",
                "top: (not exists (select 1 from (select status, count(*) as n from orders group by status order by n desc limit 3) where status not in ('new', 'paid', 'shipped')));",
            ),
            predicate("metric_anomaly", "within_sigma", "usual_size: (count(*)) within 3 sigma over last 14 runs;"),
            predicate("dynamic_threshold", "above_last", "row count > 90% of last 10 runs;"),
            predicate(
                "dimension_anomaly",
                "within_sigma",
                "usual: (count(*)) within 3 sigma over last 14 runs by (shop);",
            ),
            refused(
                "row_anomaly_model",
                "a trained model's verdict has no rule a person could read or mend; `within n sigma|iqr|mad` has",
            ),
            recipe("profile_alerts", "status distinct > 1, entropy > 0.1;"),
        ],
    ),
];

/// All kinds of check, by what they are about.
pub fn catalogue() -> &'static [(&'static str, &'static [Kind])] {
    KINDS
}

/// The kind of this name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().flat_map(|(_, kinds)| *kinds).find(|k| k.name == name)
}
