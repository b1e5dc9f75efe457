//! Verdicts of row rules, and that the SQL printed finds the same rows as the expression judged with.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, Int64Array, RecordBatch, StringViewArray};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use pipe_check::{Loaded, Rule};
use proptest::prelude::*;

use super::{noon, schema};
use crate::{Params, Planner, Rows, Settings, Tables, row_schema, session};

/// A program with one table `t`, whose rows are given.
pub(super) struct Table {
    pub(super) loaded: Loaded,
    pub(super) context: SessionContext,
    pub(super) tables: Tables,
    pub(super) params: Params,
    pub(super) batch: RecordBatch,
}

const COLUMNS: [(&str, &str); 4] = [("id", "bigint"), ("a", "text"), ("b", "text"), ("n", "bigint")];

pub(super) type Row<'s> = (Option<&'s str>, Option<&'s str>, Option<i64>);

impl Table {
    /// `items` are those of a `rules` block.
    pub(super) fn new(items: &str, rows: &[Row<'_>]) -> Self {
        let text = format!(
            "pipe 1;\nparam low bigint = 2;\n/* größer */ source t from csv 't.csv' schema (id bigint, a text, b text, n bigint);\n\
             source other from csv 'o.csv' schema (key text, number bigint);\nrules t {{\n{items}\n}}\n"
        );
        let loaded = pipe_check::check(&[("main.pipe", &text)]);
        assert!(!loaded.has_errors(), "{text}\n{:?}", loaded.diagnostics);
        let analysis = crate::check_program(&loaded, &BTreeMap::new());
        assert!(analysis.diagnostics.is_empty(), "{text}\n{:?}", analysis.diagnostics);
        let context = session(&Settings::at(noon())).unwrap();
        let ids = Int64Array::from_iter_values(0..i64::try_from(rows.len()).unwrap());
        let batch = RecordBatch::try_new(
            schema(&COLUMNS),
            vec![
                Arc::new(ids),
                Arc::new(StringViewArray::from_iter(rows.iter().map(|r| r.0))),
                Arc::new(StringViewArray::from_iter(rows.iter().map(|r| r.1))),
                Arc::new(Int64Array::from_iter(rows.iter().map(|r| r.2))),
            ],
        )
        .unwrap();
        let other = RecordBatch::try_new(
            schema(&[("key", "text"), ("number", "bigint")]),
            vec![
                Arc::new(StringViewArray::from(vec![Some("x"), Some("y"), None])),
                Arc::new(Int64Array::from(vec![Some(1), None, Some(3)])),
            ],
        )
        .unwrap();
        let mut tables = Tables::new();
        for (name, batch) in [("t", &batch), ("other", &other)] {
            let table = MemTable::try_new(batch.schema(), vec![vec![batch.clone()]]).unwrap();
            tables.insert(name, Arc::new(table));
        }
        tables.register(&context).unwrap();
        let params = Params::new(&loaded.program, &BTreeMap::new()).unwrap();
        Self { loaded, context, tables, params, batch }
    }

    pub(super) fn planner(&self) -> Planner<'_> {
        Planner::new(&self.context, &self.tables, &self.params, &self.loaded.sources)
    }

    pub(super) fn rules(&self) -> &[Rule] {
        self.loaded.program.rules.get("t").unwrap()
    }

    /// The verdict on each row: TRUE, FALSE or NULL.
    fn verdicts(&self, rule: &Rule) -> Vec<Option<bool>> {
        let row = row_schema("t", &self.batch.schema()).unwrap();
        let assertion = self.planner().row_assertion(rule, &row).unwrap();
        self.booleans(&assertion.passes)
    }

    fn booleans(&self, expression: &datafusion::logical_expr::Expr) -> Vec<Option<bool>> {
        let row = row_schema("t", &self.batch.schema()).unwrap();
        let physical = self.planner().physical(expression, &row).unwrap();
        let array = physical.evaluate(&self.batch).unwrap().into_array(self.batch.num_rows()).unwrap();
        array.as_boolean().iter().collect()
    }

    /// The ids of the rows that the expression says violate.
    fn violating(&self, rule: &Rule) -> Vec<i64> {
        let row = row_schema("t", &self.batch.schema()).unwrap();
        let assertion = self.planner().row_assertion(rule, &row).unwrap();
        let violates = self.booleans(&assertion.violates);
        assert!(violates.iter().all(Option::is_some), "`violates` is never NULL");
        (0..).zip(violates).filter(|(_, v)| *v == Some(true)).map(|(i, _)| i).collect()
    }

    /// The ids of the rows that a query finds.
    pub(super) fn found(&self, sql: &str) -> Vec<i64> {
        let mut ids = Vec::new();
        for batch in self.run(sql) {
            let column =
                batch.column_by_name("id").unwrap_or_else(|| panic!("{sql}")).as_primitive::<Int64Type>().clone();
            ids.extend(column.iter().flatten());
        }
        ids.sort_unstable();
        ids
    }

    pub(super) fn run(&self, sql: &str) -> Vec<RecordBatch> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let collected = runtime.block_on(async { self.context.sql(sql).await?.collect().await });
        collected.unwrap_or_else(|e| panic!("{sql}\n{e}"))
    }
}

const T: Option<bool> = Some(true);
const F: Option<bool> = Some(false);
const N: Option<bool> = None;

/// The verdicts on texts in `a`, with `b` the same text turned round and `n` its length.
fn texts(rule: &str, values: &[Option<&str>]) -> Vec<Option<bool>> {
    let turned: Vec<Option<String>> = values.iter().map(|v| v.map(|t| t.chars().rev().collect())).collect();
    let length = |t: &str| i64::try_from(t.chars().count()).unwrap();
    let rows: Vec<Row<'_>> = values.iter().zip(&turned).map(|(v, t)| (*v, t.as_deref(), v.map(length))).collect();
    let table = Table::new(rule, &rows);
    table.verdicts(&table.rules()[0])
}

#[test]
fn null_is_for_not_null_and_not_blank_only() {
    let values = [Some("x"), Some(""), Some(" \t"), None];
    assert_eq!(texts("a not null;", &values), [T, T, T, F]);
    assert_eq!(texts("a not blank;", &values), [T, F, F, F]);
    assert_eq!(texts("a in ('x', 'y');", &values), [T, F, F, N]);
    assert_eq!(texts("a not in ('x', 'y');", &values), [F, T, T, N]);
    assert_eq!(texts("a in ('x', null);", &values), [T, N, N, N]);
    assert_eq!(texts("a between 'a' and 'z';", &values), [T, F, F, N]);
    assert_eq!(texts("n between 1 and 2;", &values), [T, F, T, N]);
    assert_eq!(texts("n between (n) and (n - 1);", &values), [F, F, F, N]);
    assert_eq!(texts("n < 1;", &values), [F, T, F, N]);
    assert_eq!(texts("n <= 1;", &values), [T, T, F, N]);
    assert_eq!(texts("n = 1;", &values), [T, F, F, N]);
    assert_eq!(texts("n >= 1;", &values), [T, F, T, N]);
    assert_eq!(texts("n > 1;", &values), [F, F, T, N]);
    assert_eq!(texts("n <> 1;", &values), [F, T, T, N]);
    assert_eq!(texts("n >= $low;", &values), [F, F, T, N]);
    assert_eq!(texts("a = b;", &values), [T, T, F, N]);
    assert_eq!(texts("a matches '^x';", &values), [T, F, F, N]);
    assert_eq!(texts("a like 'x%';", &values), [T, F, F, N]);
    assert_eq!(texts("a length between 1 and 1;", &values), [T, F, F, N]);
    assert_eq!(texts("a length >= 2;", &values), [F, F, T, N]);
    assert_eq!(texts("same: (n + 1 = 2);", &values), [T, F, F, N]);
    assert_eq!(texts("same: (a is not null and n > 0);", &values), [T, F, T, F]);
}

#[test]
fn formats_pass_null_and_judge_text() {
    let values = [Some("a@b.de"), Some("x"), None];
    assert_eq!(texts("a is email;", &values), [T, F, N]);
    assert_eq!(texts("a is url;", &[Some("https://a.de"), Some("x"), None]), [T, F, N]);
    assert_eq!(texts("a is uuid;", &[Some("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"), Some("x"), None]), [T, F, N]);
    assert_eq!(texts("a is ip;", &[Some("::1"), Some("1.2.3"), None]), [T, F, N]);
    assert_eq!(texts("a is ipv4;", &[Some("1.2.3.4"), Some("::1"), None]), [T, F, N]);
    assert_eq!(texts("a is ipv6;", &[Some("::1"), Some("1.2.3.4"), None]), [T, F, N]);
    assert_eq!(texts("a is json;", &[Some("{}"), Some("{"), None]), [T, F, N]);
    assert_eq!(texts("a is date;", &[Some("2026-01-31"), Some("2026-02-30"), None]), [T, F, N]);
    assert_eq!(texts("a is date '%d.%m.%Y';", &[Some("31.01.2026"), Some("31.02.2026"), None]), [T, F, N]);
}

#[test]
fn every_format_that_is_offered_has_a_function() {
    for predicate in pipe_schema::predicates().filter(|p| p.is_format() && p.available) {
        if matches!(predicate.name, "null" | "weekday" | "weekend") {
            continue; // SQL has words for them.
        }
        assert!(crate::functions::of_format(predicate.name).is_some(), "{}", predicate.name);
    }
}

#[test]
fn characters_are_counted_not_bytes() {
    assert_eq!(texts("a length = 5;", &[Some("größe"), Some("grosse")]), [T, F]);
}

#[test]
fn several_columns_are_each_judged() {
    let table = Table::new("a, b not null;", &[(Some("x"), None, None), (None, Some("x"), None)]);
    let violating: Vec<Vec<i64>> = table.rules().iter().map(|r| table.violating(r)).collect();
    assert_eq!(violating, [vec![1], vec![0]]);
}

#[test]
fn null_fails_and_filters_decide_who_violates() {
    let rows = [(Some("x"), None, Some(1)), (None, None, Some(5)), (Some("x"), None, Some(5)), (Some("y"), None, None)];
    let violating = |rule: &str| {
        let table = Table::new(rule, &rows);
        table.violating(&table.rules()[0])
    };
    assert_eq!(violating("a = 'x';"), [3]);
    assert_eq!(violating("a = 'x' null fails;"), [1, 3]);
    assert_eq!(violating("a = 'z' where (n > 2);"), [2]);
    assert_eq!(violating("a = 'z' where (n > 2) null fails;"), [1, 2]);
    assert_eq!(violating("n = 7 where (a = 'x') null fails;"), [0, 2]);
}

#[test]
fn rows_that_are_not_judged_cannot_make_a_rule_fail() {
    let rows = [(None, None, Some(0)), (Some("no"), None, Some(2))];
    for rule in ["r: (10 / n > 6) where (n <> 0);", "r: (cast(a as bigint) > 0) where (n = 0);"] {
        let table = Table::new(rule, &rows);
        let found = table.violating(&table.rules()[0]);
        assert_eq!(found, if rule.contains("10 / n") { vec![1] } else { vec![] }, "{rule}");
    }
}

#[test]
fn the_sql_of_a_rule_is_readable() {
    let sql = |rule: &str| {
        let table = Table::new(rule, &[]);
        table.planner().assertion_sql(&table.rules()[0], &Rows::of("raw.t"))
    };
    assert_eq!(sql("a not null;"), "SELECT * FROM raw.t AS t\nWHERE (a IS NOT NULL) IS FALSE");
    assert_eq!(
        sql("n between $low and 5 null fails where (a <> 'it''s');"),
        "SELECT * FROM raw.t AS t\nWHERE (a <> 'it''s') AND (n BETWEEN 2 AND 5) IS NOT TRUE"
    );
    assert_eq!(sql("a not blank;"), "SELECT * FROM raw.t AS t\nWHERE ((a IS NOT NULL) AND (NOT is_blank(a))) IS FALSE");
    assert_eq!(sql("columns (id, a, b, n);"), "-- t columns (id, a, b, n), before any row is read");
}

#[test]
fn violations_are_counted_by_the_same_query() {
    let table = Table::new("a = 'x';", &[(Some("x"), None, None), (Some("y"), None, None), (None, None, None)]);
    let counted = table.run(&table.planner().violations_sql(&table.rules()[0], &Rows::of("t")));
    assert_eq!(counted[0].column(0).as_primitive::<Int64Type>().value(0), 1);
}

/// Texts that tell predicates apart, with quotes, blanks and letters of two bytes.
fn text() -> impl Strategy<Value = Option<String>> {
    let words = ["", " ", "x", "y", "a@b.de", "2026-01-31", "31.01.2026", "{}", "it's", "''", "größe", "1.2.3.4", "Ü"];
    prop_oneof![
        Just(None),
        prop::sample::select(words.to_vec()).prop_map(|w| Some(w.to_owned())),
        "[a-c' ]{0,4}".prop_map(Some),
    ]
}

fn rule() -> impl Strategy<Value = String> {
    let quoted = |t: String| format!("'{}'", t.replace('\'', "''"));
    let literal = text().prop_map(move |t| t.map_or("null".to_owned(), quoted)).boxed();
    let number = -3i64..4;
    let predicate = prop_oneof![
        Just("a not null".to_owned()),
        Just("a not blank".to_owned()),
        prop::collection::vec(literal.clone(), 1..4).prop_map(|l| format!("a in ({})", l.join(", "))),
        prop::collection::vec(literal.clone(), 1..4).prop_map(|l| format!("a not in ({})", l.join(", "))),
        (number.clone(), 0i64..4).prop_map(|(low, more)| format!("n between {low} and {}", low + more)),
        (prop::sample::select(vec!["<", "<=", "=", ">=", ">", "<>"]), number)
            .prop_map(|(op, bound)| format!("n {op} {bound}")),
        Just("a <> b".to_owned()),
        Just("a matches '^[a-c]+$'".to_owned()),
        Just("a like '%''%'".to_owned()),
        Just("a length between 1 and 3".to_owned()),
        prop::sample::select(vec!["email", "date", "json", "ip", "date '%d.%m.%Y'", "url"])
            .prop_map(|f| format!("a is {f}")),
        literal.clone().prop_map(|l| format!("r: (a = {l} or not (n > 1 and b is null))")),
    ];
    let filter = prop_oneof![
        Just(String::new()),
        Just(" where (n >= 0)".to_owned()),
        literal.prop_map(|l| format!(" where (b <> {l} or n is null)")),
    ];
    (predicate, filter, prop::bool::ANY).prop_map(|(p, f, null)| {
        // `null fails` is refused where it says nothing.
        let null = null && !p.starts_with("a not null") && !p.starts_with("a not blank");
        format!("{p}{f}{};", if null { " null fails" } else { "" })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is printed, parsed again and run finds the rows that the expression says violate.
    #[test]
    fn sql_and_expression_agree(rule in rule(), rows in prop::collection::vec((text(), text(), prop::option::of(-3i64..4)), 0..12)) {
        let rows: Vec<Row<'_>> = rows.iter().map(|(a, b, n)| (a.as_deref(), b.as_deref(), *n)).collect();
        let table = Table::new(&rule, &rows);
        let judged = &table.rules()[0];
        let sql = table.planner().assertion_sql(judged, &Rows::of("t"));
        prop_assert_eq!(table.found(&sql), table.violating(judged), "{}\n{}", rule, sql);
    }
}
