//! Sessions, the clock, params as values, what a plan is row by row over.

use std::collections::BTreeMap;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::prelude::SessionContext;
use pipe_diagnostics::Severity;

use super::{Fixture, noon};
use crate::{Params, Settings, lineage, session};

fn one_row(context: &SessionContext, sql: &str) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let batches: Vec<RecordBatch> =
        runtime.block_on(async { context.sql(sql).await.unwrap().collect().await }).unwrap();
    let text = |c: &datafusion::arrow::array::ArrayRef| array_value_to_string(c, 0).unwrap();
    batches[0].columns().iter().map(text).collect()
}

#[test]
fn the_clock_stands_still_in_all_plans() {
    let context = session(&Settings::at(noon())).unwrap();
    let sql = "select now(), current_timestamp, current_date, today(), current_time, now() - interval '1 day'";
    let told = [
        "2026-01-31T12:30:00Z",
        "2026-01-31T12:30:00Z",
        "2026-01-31",
        "2026-01-31",
        "12:30:00",
        "2026-01-30T12:30:00Z",
    ];
    for _ in 0..2 {
        assert_eq!(one_row(&context, sql), told);
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

#[test]
fn the_clock_stands_still_in_expressions() {
    let mut f = Fixture::new();
    let expressions =
        f.expressions("now() >= timestamptz '2026-01-31 12:30:00Z' and now() <= timestamptz '2026-01-31 12:30:00Z'");
    let schema = datafusion::common::DFSchema::empty();
    for _ in 0..2 {
        let e = f.planner().condition(&expressions[0], &schema).unwrap();
        assert_eq!(e.to_string(), "Boolean(true)");
    }
}

#[test]
fn small_pools_spill_and_say_who_holds_the_memory() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings {
        threads: 2,
        memory_limit: Some(32 << 20),
        spill_dir: Some(dir.path().to_owned()),
        spill_limit: None,
        ..Settings::at(noon())
    };
    let context = session(&settings).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let rows = |sql: &'static str| {
        let run = async { context.sql(sql).await.unwrap().collect().await };
        runtime.block_on(run).unwrap().iter().map(RecordBatch::num_rows).sum::<usize>()
    };
    // More than the pool holds; narrow rows under two keys, which a merge of sorted batches would need the pool thrice for.
    assert_eq!(rows("select x from generate_series(1, 2000000) t(x) order by x % 1000, -x"), 2_000_000);
    assert_eq!(
        rows("select y from (select repeat('y', 20) || x as y from generate_series(1, 1000000) t(x)) order by y"),
        1_000_000
    );
    assert_eq!(rows("select x, count(*) as n from generate_series(1, 1000000) t(x) group by x"), 1_000_000);
    let held = "select array_agg(x) from (select repeat('x', 1000) || x as x from generate_series(1, 400000) t(x))";
    let error = runtime.block_on(async { context.sql(held).await.unwrap().collect().await }).unwrap_err().to_string();
    assert!(error.contains("consumer"), "{error}");
}

#[test]
fn there_is_no_information_schema() {
    let context = session(&Settings::at(noon())).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert!(runtime.block_on(context.sql("select * from information_schema.tables")).is_err());
}

#[test]
fn given_params_are_read_as_their_types() {
    let loaded = pipe_check::check(&[(
        "main.pipe",
        "pipe 1;\nparam day date;\nparam n decimal(5, 2) = 1.5;\nparam name text = 'x';\nparam on boolean = true;\nparam at timestamptz;\n",
    )]);
    let given = |pairs: &[(&str, &str)]| {
        let given = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Params::new(&loaded.program, &given)
    };
    let params = given(&[("day", "2026-01-31"), ("name", " padded "), ("at", "2026-01-31T12:00:00+02:00")]).unwrap();
    let value = |name: &str| params.value(name).unwrap().to_string();
    assert_eq!(["day", "n", "name", "on"].map(value), ["2026-01-31", "1.50", " padded ", "true"]);
    assert_eq!(value("at"), "1769853600000000");
    assert!(given(&[]).unwrap().value("day").is_none());
    let wrong = given(&[("day", "31.01.2026"), ("dya", "2026-01-31")]).unwrap_err();
    let told: Vec<&str> = wrong.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(told, ["`31.01.2026` is not a date, the type of param `day`", "there is no param `dya`"]);
    assert!(wrong.iter().all(|d| d.severity == Severity::Error && d.help.is_some()));
    assert!(Params::new(&loaded.program, &BTreeMap::new()).is_ok());
}

#[test]
fn a_plan_is_row_by_row_without_anything_that_looks_at_other_rows() {
    let mut f = Fixture::new();
    let mut over = |sql: &str| {
        let query = f.query(sql);
        lineage::row_by_row(&f.planner().model(&query).unwrap())
    };
    for sql in [
        "select * from orders",
        "select o.order_id, upper(o.email) as e from orders o where total > 1",
        "with a as (select * from orders where total > 1) select a.email from a",
        "select x from (select total * 2 as x from orders) t where x > 1",
        "select order_id from orders order by total",
    ] {
        assert_eq!(over(sql).as_deref(), Some("orders"), "{sql}");
    }
    for sql in [
        "select 1 as x",
        "select count(*) as n from orders",
        "select distinct email from orders",
        "select email from orders group by email",
        "select order_id from orders limit 5",
        "select order_id from orders order by total limit 5",
        "select order_id, row_number() over (order by total) as n from orders",
        "select order_id from orders union all select id from customers",
        "select order_id from orders union all select order_id from orders",
        "select o.order_id from orders o join customers c on o.customer_id = c.id",
        "select order_id from orders where customer_id in (select id from customers)",
        "select order_id, (select max(id) from customers) as m from orders",
        "select order_id, random() as r from orders",
    ] {
        assert_eq!(over(sql), None, "{sql}");
    }
}

#[test]
fn a_thousand_statements_are_planned_in_no_time() {
    let mut text = "pipe 1;\n".to_owned();
    for i in 0..100 {
        text += &format!(
            "source s{i} from csv 's{i}.csv' schema (id bigint, customer_id bigint, email text, total decimal(12, 2), at timestamp);\n"
        );
    }
    for i in 0..300 {
        text += &format!(
            "model m{i} as select a.id, b.email, sum(a.total) as total, max(a.at) as at from s{} a join s{} b on a.customer_id = b.id where a.at > '2026-01-01' group by a.id, b.email;\n",
            i % 100,
            (i + 1) % 100
        );
    }
    for i in 0..300 {
        text += &format!(
            "rules m{i} {{ id not null, unique; email is email; total between 0 and 100; r: (count(*)) > 1; }}\n"
        );
        text += &format!("load m{i} into parquet 'out/m{i}' with (mode = overwrite);\n");
    }
    let loaded = pipe_check::check(&[("main.pipe", &text)]);
    assert!(!loaded.has_errors());
    let started = std::time::Instant::now();
    let analysis = crate::check_program(&loaded, &BTreeMap::new());
    let took = started.elapsed();
    assert_eq!(analysis.diagnostics, []);
    assert_eq!(analysis.schemas.len(), 400);
    // A bound against quadratic work, on a slow machine and without optimisation.
    assert!(took.as_secs() < 20, "{took:?}");
}
