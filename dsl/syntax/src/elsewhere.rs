//! What a rule writes for the words that SQL, Great Expectations, Soda, dbt, DQDL and people use for the same.

/// Words, and what stands for them here: predicates, or a whole rule where it starts with `(`.
const WORDS: &[(&[&str], &str)] = &[
    (&["not_null", "notnull", "nonnull", "required", "mandatory"], "not null"),
    (&["primary", "primary_key", "pk"], "not null, unique"),
    (&["empty", "nonempty", "not_empty"], "not blank"),
    (&["exists", "foreign", "foreign_key", "fk", "relationship", "relationships"], "references customers (id)"),
    (&["accepted_values", "allowed", "enum", "isin", "one", "one_of", "oneof", "set"], "in ('new', 'paid')"),
    (&["regex", "regexp", "regexp_like", "rlike", "pattern", "similar"], "matches '^[a-z]+$'"),
    (&["starts", "starts_with", "startswith", "prefix"], "like 'abc%'"),
    (&["ends", "ends_with", "endswith", "suffix"], "like '%abc'"),
    (&["contain", "contains", "includes"], "like '%abc%'"),
    (&["numeric", "number", "double", "float"], "castable as double"),
    (&["int", "integer", "bigint"], "castable as bigint"),
    (&["positive"], "> 0"),
    (&["negative"], "< 0"),
    (&["nonnegative", "non_negative"], ">= 0"),
    (&["greater", "more", "gt", "larger"], "> 0"),
    (&["less", "smaller", "lt", "fewer"], "< 100"),
    (&["equal", "equals", "eq"], "= 1"),
    (&["avg", "average"], "mean between 1 and 10"),
    (&["min"], "minimum >= 0"),
    (&["max"], "maximum <= 100"),
    (&["std", "stdev", "std_dev", "stddev_samp"], "stddev <= 10"),
    (&["var"], "variance <= 10"),
    (&["percentile", "quantiles"], "quantile 0.9 <= 100"),
    (&["cardinality", "count_distinct", "distinct_count", "nunique", "unique_count"], "distinct between 1 and 10"),
    (&["null_count", "missing_count"], "nulls <= 10"),
    (&["null_percent", "missing_percent", "null_ratio", "filled"], "completeness >= 99%"),
    (&["duplicate_count", "duplicate"], "duplicates <= 10"),
    (&["ascending", "monotonic", "ordered", "sorted"], "increasing"),
    (&["descending"], "decreasing"),
    (&["anomaly", "outlier", "outliers", "z_score", "zscore"], "within 3 sigma"),
    (&["age", "fresh", "freshness", "recent"], "(max(updated_at)) within 1d"),
    (&["row_count", "volume"], "(count(*)) between 1 and 1000"),
];

/// What a rule says in place of `word`: predicates such as `not null`, or a rule whose subject stands in parentheses.
pub fn instead_of(word: &str) -> Option<&'static str> {
    let known = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    WORDS.iter().find(|(words, _)| known(words)).map(|(_, instead)| *instead)
}

/// How rules join conditions, where SQL has `and` and `or`.
pub(crate) fn joined(word: &str) -> Option<&'static str> {
    match word.to_ascii_lowercase().as_str() {
        "and" => Some("a comma joins predicates, `>= 0, < 100`; SQL stands in parentheses, `(a >= 0 and b < 100)`"),
        "or" => Some("`any of (…)` joins alternatives, `any of (= 'a', is null)`; SQL stands in parentheses"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::collections::BTreeSet;

    use pipe_diagnostics::FileId;

    use super::{WORDS, instead_of};
    use crate::parse;

    fn messages(rule: &str) -> Vec<pipe_diagnostics::Diagnostic> {
        parse(&format!("rules t {{ {rule}; }}"), FileId(0)).diagnostics
    }

    #[test]
    fn what_is_advised_parses_and_what_is_known_does_not() {
        let mut seen = BTreeSet::new();
        for (words, instead) in WORDS {
            let rule = if instead.starts_with('(') { (*instead).to_owned() } else { format!("c {instead}") };
            assert_eq!(messages(&rule), [], "{rule}");
            for word in *words {
                assert!(seen.insert(*word), "`{word}` stands twice");
                let told = messages(&format!("c {word}"));
                assert_eq!(told.len(), 1, "`c {word}` parses");
                assert_eq!(told.first().unwrap().help, Some(format!("write `{instead}`")), "{word}");
            }
        }
    }

    #[test]
    fn words_are_known_in_any_case() {
        assert_eq!(instead_of("AVG"), Some("mean between 1 and 10"));
        assert_eq!(instead_of("mean"), None);
    }
}
