//! Table rules: as a query, and as aggregates fed batch by batch; both must say the same.

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::logical_expr::LogicalPlan;
use pipe_check::Rule;

use super::rules::{Row, Table};
use crate::{FusedAssertion, Rows, row_schema};

const ROWS: [Row<'_>; 4] =
    [(Some("x"), None, Some(1)), (Some("x"), Some("y"), Some(5)), (Some("z"), None, None), (None, None, Some(3))];

fn execute(table: &Table, plan: LogicalPlan) -> RecordBatch {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let batches = runtime.block_on(async { table.context.execute_logical_plan(plan).await?.collect().await }).unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 1);
    batches.into_iter().find(|b| b.num_rows() == 1).unwrap()
}

fn read(batch: &RecordBatch) -> (String, bool) {
    let observed = array_value_to_string(batch.column_by_name("observed").unwrap(), 0).unwrap();
    (observed, batch.column_by_name("holds").unwrap().as_boolean().value(0))
}

/// Feeds the aggregates the table row by row.
fn fed(table: &Table, fused: &FusedAssertion) -> (String, bool) {
    let planner = table.planner();
    let row = row_schema("t", &table.batch.schema()).unwrap();
    let mut values = Vec::new();
    for aggregate in &fused.aggregates {
        let lowered = planner.aggregate(aggregate, &row).unwrap();
        let mut accumulator = lowered.function.create_accumulator().unwrap();
        for i in 0..table.batch.num_rows() {
            let mut batch = table.batch.slice(i, 1);
            let judged = fused.judged.as_ref().map(|j| planner.physical(j, &row).unwrap());
            for filter in judged.iter().chain(&lowered.filter) {
                let keep = filter.evaluate(&batch).unwrap().into_array(batch.num_rows()).unwrap();
                batch = filter_record_batch(&batch, keep.as_boolean()).unwrap();
            }
            let arguments: Vec<_> = lowered
                .function
                .expressions()
                .iter()
                .map(|e| e.evaluate(&batch).unwrap().into_array(batch.num_rows()).unwrap())
                .collect();
            accumulator.update_batch(&arguments).unwrap();
        }
        values.push(accumulator.evaluate().unwrap().to_array().unwrap());
    }
    let batch = RecordBatch::try_new(std::sync::Arc::clone(fused.values.inner()), values).unwrap();
    let value = |e| planner.physical(e, &fused.values).unwrap().evaluate(&batch).unwrap().into_array(1).unwrap();
    let observed = array_value_to_string(&value(&fused.observed), 0).unwrap();
    (observed, value(fused.holds.as_ref().unwrap()).as_boolean().value(0))
}

/// What is observed, whether it holds, what was expected; the same by query, by printed SQL and by feeding.
fn judged(rule: &str, rows: &[Row<'_>]) -> (String, bool, String) {
    judged_if(rule, rows, false)
}

/// `null fails` is not written on table rules, and means what it means on rows where it is asked for.
fn judged_if(rule: &str, rows: &[Row<'_>], null_fails: bool) -> (String, bool, String) {
    let table = Table::new(rule, rows);
    let rule = &Rule { null_fails, ..table.rules()[0].clone() };
    let assertion = table.planner().table_assertion(rule).unwrap();
    let (observed, holds) = read(&execute(&table, assertion.plan.clone()));
    let printed = table.run(&table.planner().assertion_sql(rule, &Rows::of("t")));
    assert_eq!(read(&printed[0]), (observed.clone(), holds), "{}", assertion.sql);
    if let Some(fused) = assertion.fused.as_ref().filter(|f| f.input.is_none()) {
        assert_eq!(fed(&table, fused), (observed.clone(), holds));
    }
    (observed, holds, assertion.expected)
}

fn fuses(rule: &str) -> bool {
    let table = Table::new(rule, &[]);
    table.planner().table_assertion(&table.rules()[0]).unwrap().fused.is_some_and(|f| f.input.is_none())
}

fn is(observed: &str, holds: bool, expected: &str) -> (String, bool, String) {
    (observed.to_owned(), holds, expected.to_owned())
}

#[test]
fn aggregates_are_compared() {
    assert_eq!(judged("r: (count(*)) between 1 and 10;", &ROWS), is("4", true, "between 1 and 10"));
    assert_eq!(judged("r: (count(*)) between 5 and 10;", &ROWS), is("4", false, "between 5 and 10"));
    assert_eq!(judged("r: (count(n)) = 3;", &ROWS), is("3", true, "= 3"));
    assert_eq!(judged("r: (sum(n) + count(*)) > $low;", &ROWS), is("13", true, "> $low"));
    assert_eq!(judged("r: (avg(n)) <= 2;", &ROWS), is("3.0", false, "<= 2"));
    assert_eq!(judged("r: (count(*)) >= 2 where (a = 'x');", &ROWS), is("2", true, ">= 2"));
    assert_eq!(judged("r: (count(*) filter (where n > 2)) = 1 where (a = 'x');", &ROWS), is("1", true, "= 1"));
}

#[test]
fn booleans_over_the_table_show_what_is_compared() {
    assert_eq!(judged("r: (max(n) < 5);", &ROWS), is("5", false, "< 5"));
    assert_eq!(judged("r: (max(n) between 1 and 5);", &ROWS), is("5", true, "between 1 and 5"));
    assert_eq!(judged("r: (max(n) < 9 and min(n) > 1);", &ROWS), is("false", false, "true"));
}

#[test]
fn distinct_values_are_counted_without_null() {
    assert_eq!(judged("a distinct between 2 and 2;", &ROWS), is("2", true, "between 2 and 2"));
    assert_eq!(judged("a distinct > 2;", &ROWS), is("2", false, "> 2"));
    assert_eq!(judged("a distinct = 0;", &[]), is("0", true, "= 0"));
}

#[test]
fn nothing_to_aggregate_is_null_and_passes() {
    assert!(judged("r: (max(n)) between 1 and 2;", &[]).1);
    assert!(!judged_if("r: (max(n)) between 1 and 2;", &[], true).1);
    assert!(judged("r: (count(*)) = 0;", &[]).1);
}

#[test]
fn other_tables_can_be_asked() {
    assert_eq!(judged("r: (sum(n)) same as other (number);", &ROWS), is("9", false, "the same as of other (number)"));
    assert_eq!(judged("r: (count(n)) same as other (key);", &ROWS[..2]), is("2", true, "the same as of other (key)"));
    assert_eq!(
        judged("r: (count(*) = (select count(*) from other));", &ROWS[..3]),
        is("3", true, "= (SELECT count(*) FROM other)")
    );
    assert!(judged("r: ((select max(number) from other) > 2);", &ROWS).1);
    assert!(!judged("r: ((select max(number) from other) > 3);", &[]).1);
}

#[test]
fn a_boolean_with_a_subquery_must_hold_of_every_row() {
    let rule = "r: (n <= (select max(number) from other));";
    assert_eq!(judged(rule, &ROWS), is("1", false, "0 rows that do not hold"));
    assert_eq!(judged(&rule.replace(";", " where (n < 4);"), &ROWS), is("0", true, "0 rows that do not hold"));
    assert_eq!(judged_if(rule, &ROWS, true), is("2", false, "0 rows that do not hold"));
    assert!(judged(rule, &[]).1);
}

#[test]
fn ages_count_from_the_clock() {
    // The clock stands at 2026-01-31 12:30.
    let rule = "r: (max(cast(a as timestamp))) within 1d;";
    let at = |text: &'static str| judged(rule, &[(Some(text), None, None)]);
    assert!(at("2026-01-30 12:30:00").1);
    assert!(!at("2026-01-30 12:29:59").1);
    assert!(at("2026-03-01 00:00:00").1);
    assert_eq!(at("2026-01-30 12:29:59").2, "no older than 1 day");
    assert!(judged(rule, &[]).1);
}

#[test]
fn what_one_pass_can_feed_is_fused() {
    assert!(fuses("r: (count(*)) > 1;"));
    assert!(fuses("r: (sum(n) filter (where a = 'x') > 1) where (b is null);"));
    assert!(fuses("r: (max(n)) within 1d;".replace("max(n)", "max(cast(a as timestamp))").as_str()));
    assert!(!fuses("r: (sum(n)) same as other (number);"));
    assert!(!fuses("r: (n < (select max(number) from other));"));
}
