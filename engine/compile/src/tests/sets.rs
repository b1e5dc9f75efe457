//! Set rules: who violates, by the SQL that is shown, and what is compared.

use datafusion::arrow::array::{Array, AsArray};

use super::rules::{Row, Table};
use crate::{Rows, row_schema};

fn violating(rule: &str, rows: &[Row<'_>]) -> Vec<i64> {
    let table = Table::new(rule, rows);
    let rule = &table.rules()[0];
    // The order rows were read in is columns of a scan; here it is the id.
    let sql = table.planner().assertion_sql(rule, &Rows::of("t")).replace("_file, _row", "id");
    table.found(&sql)
}

fn n(n: i64) -> Row<'static> {
    (None, None, Some(n))
}

#[test]
fn every_row_of_a_repeated_key_violates_unique() {
    let rows = [n(1), n(2), n(1), (None, None, None), (None, None, None)];
    assert_eq!(violating("n unique;", &rows), [0, 2]);
    assert_eq!(violating("n unique where (id > 0);", &rows), [] as [i64; 0]);
    let pairs = [
        (Some("x"), Some("y"), None),
        (Some("x"), Some("z"), None),
        (Some("x"), Some("y"), None),
        (Some("x"), None, None),
        (Some("x"), None, None),
    ];
    assert_eq!(violating("(a, b) unique;", &pairs), [0, 2]);
    assert_eq!(violating("r: (upper(a), id % 2) unique;", &pairs), [0, 1, 2, 3, 4]);
}

#[test]
fn keys_that_are_absent_violate_references() {
    // `other` has the keys x, y and NULL.
    let rows = [(Some("x"), None, None), (Some("z"), None, None), (None, None, None), (Some("Y"), None, None)];
    assert_eq!(violating("a references other (key);", &rows), [1, 3]);
    assert_eq!(violating("r: (lower(a)) references other (key);", &rows), [1]);
    assert_eq!(violating("a references other (key) where (id < 2);", &rows), [1]);
    let pairs = [(Some("x"), None, Some(1)), (Some("x"), None, Some(3)), (Some("y"), None, Some(1))];
    assert_eq!(violating("(a, n) references other (key, number);", &pairs), [1, 2]);
}

#[test]
fn values_that_are_not_the_groups_most_frequent_violate_determines() {
    let row = |a, b| (Some(a), b, None);
    let rows = [
        row("k", Some("1")),
        row("k", Some("1")),
        row("k", Some("2")),
        row("k", None),
        (None, Some("3"), None),
        (None, Some("4"), None),
    ];
    assert_eq!(violating("a determines (b);", &rows), [2, 3]);
    let tie = [row("k", Some("1")), row("k", Some("2")), row("j", Some("3"))];
    assert_eq!(violating("a determines (b);", &tie), [0, 1]);
    let nulls = [row("k", None), row("k", None), row("k", Some("1"))];
    assert_eq!(violating("a determines (b);", &nulls), [0, 1]);
    let nothing = [row("k", None), row("k", None)];
    assert_eq!(violating("a determines (b);", &nothing), [] as [i64; 0]);
    let two = [
        (Some("k"), Some("1"), Some(1)),
        (Some("k"), Some("1"), Some(1)),
        (Some("k"), Some("1"), Some(2)),
        (Some("k"), Some("2"), Some(1)),
    ];
    assert_eq!(violating("a determines (b, n);", &two), [2, 3]);
}

#[test]
fn rows_below_the_one_before_violate_increasing() {
    let rows = [n(1), n(3), (None, None, None), n(2), n(2), n(5)];
    assert_eq!(violating("n increasing;", &rows), [3]);
    assert_eq!(violating("n increasing where (id <> 1);", &rows), [] as [i64; 0]);
}

#[test]
fn keys_of_both_sides_are_of_one_type() {
    let table = Table::new("r: (cast(n as int)) references other (number);", &[n(1)]);
    let row = row_schema("t", &table.batch.schema()).unwrap();
    let planner = table.planner();
    let assertion = planner.set_assertion(&table.rules()[0], &row).unwrap();
    let (other, keys) = assertion.other.unwrap();
    let their_row = row_schema(&other, &table.tables.schema(&other).unwrap()).unwrap();
    let mine = planner.physical(&assertion.keys[0], &row).unwrap();
    let theirs = planner.physical(&keys[0], &their_row).unwrap();
    assert_eq!(mine.data_type(row.as_arrow()).unwrap(), theirs.data_type(their_row.as_arrow()).unwrap());
    let found = mine.evaluate(&table.batch).unwrap().into_array(1).unwrap();
    assert_eq!(found.as_primitive::<datafusion::arrow::datatypes::Int64Type>().value(0), 1);
    assert_eq!(found.null_count(), 0);
}

#[test]
fn what_a_rule_compares_is_given_as_expressions() {
    let table = Table::new("r: (a, upper(b)) unique where (n > 1);\nr2: (a) determines (b, n);", &[n(1)]);
    let row = row_schema("t", &table.batch.schema()).unwrap();
    let [unique, determines] = table.rules() else { panic!() };
    let unique = table.planner().set_assertion(unique, &row).unwrap();
    assert_eq!((unique.keys.len(), unique.determined.len(), unique.judged.is_some()), (2, 0, true));
    let determines = table.planner().set_assertion(determines, &row).unwrap();
    assert_eq!((determines.keys.len(), determines.determined.len(), determines.judged.is_some()), (1, 2, false));
}
