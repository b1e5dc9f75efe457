//! The page of the language, whole.

use pipe_check::{Loaded, Tolerance, check};
use pipe_schema::Level;

const PAGE: &str = r#"pipe 1;

param day date = '2026-01-01';
secret pg_url from env 'PG_URL';
secret oncall_url from env 'ONCALL_URL';

connection warehouse postgres with (url = secret pg_url, pool = 4);
channel oncall webhook with (url = secret oncall_url);

--- Orders as the shop delivers them, one file per day.
source orders from csv 'data/orders_*.csv' with (header = true) schema (
  order_id     bigint,
  customer_id  bigint,
  email        text,
  status       text,
  quantity     int,
  unit_price   decimal(10, 2),
  total        decimal(12, 2) alias sum_total,
  ordered_at   timestamp,
);

source customers from warehouse 'public.customers';

rules orders {
  order_id      not null, unique;
  customer_id   references customers (id) tolerate 1%;
  email         is email severity warning;
  status        in ('new', 'paid', 'shipped', 'returned');
  quantity      between 1 and 100;
  total_adds_up: (abs(total - quantity * unit_price) < 0.01) tolerate 0.1% dimension accuracy;
  volume:       (count(*)) between 1000 and 10000000;
  usual_size:   (count(*)) within 3 sigma over last 14 runs;
  freshness:    (max(ordered_at)) within 1d severity critical;
}

heal orders {
  on source_error(kind: timeout | throttled)
    => retry 5 times backoff 1s up to 60s;
  on missing_column(column: total) where ($score >= 0.8)
    => rename;
  on new_column
    => keep;
  on cast_failed(column: unit_price)
    => cast using (replace(replace($value, ' EUR', ''), ',', '.')) else quarantine;
  on rule_failed(rule: order_id.unique)
    => dedupe keep latest ordered_at;
  on rule_failed(rule: total_adds_up) where ($ratio < 0.05)
    => set total = (quantity * unit_price) else quarantine then notify oncall;
  on rule_failed
    => quarantine then notify oncall;
}

model daily_revenue as
  select date_trunc('day', ordered_at) as day, sum(total) as revenue, count(*) as orders
  from orders
  where ordered_at >= $day
  group by 1;

load orders        into parquet 'out/orders' with (mode = append, partition = [day(ordered_at)]);
load daily_revenue into warehouse 'public.daily_revenue' with (mode = upsert, key = [day]);

schedule nightly cron '0 2 * * *' zone 'Europe/Berlin' catchup run daily_revenue with (day = due);

test renamed_total_heals {
  at '2026-01-01 12:00';
  given orders from csv 'fixtures/orders.csv';
  given customers as select 1 as id;
  inject rename total to amount;
  inject source_error(kind: timeout) 2 times;
  expect heal rename amount to total;
  expect orders rows 3 quarantined 0;
  expect daily_revenue as select timestamp '2026-01-01' as day, 30.00 as revenue, 3 as orders;
}
"#;

fn clean(text: &str) -> Loaded {
    let loaded = check(&[("page.pipe", text)]);
    assert!(loaded.diagnostics.is_empty(), "{:#?}", loaded.diagnostics);
    loaded
}

#[test]
fn the_page_of_the_language_is_a_program() {
    let p = clean(PAGE).program;
    let rules: Vec<_> = p.rules["orders"].iter().map(|r| (r.name.as_str(), r.check, r.level)).collect();
    assert_eq!(
        rules,
        [
            ("order_id.not_null", "not_null", Level::Row),
            ("order_id.unique", "unique", Level::Set),
            ("customer_id.references", "references", Level::Set),
            ("email.email", "email", Level::Row),
            ("status.in", "in", Level::Row),
            ("quantity.between", "between", Level::Row),
            ("total_adds_up", "boolean", Level::Row),
            ("volume", "between", Level::Table),
            ("usual_size", "within_sigma", Level::History),
            ("freshness", "within_age", Level::Table),
        ]
    );
    assert_eq!(p.rules["orders"][2].tolerate, Tolerance::Share(0.01));
    assert_eq!(p.rules["orders"][6].dimension, "accuracy");
    let clauses: Vec<_> = p.heals["orders"].clauses.iter().map(|c| (c.index, c.steps.len(), c.from_star)).collect();
    assert_eq!(clauses.len(), 7);
    assert_eq!(clauses[5], (6, 2, false));
    assert_eq!(
        p.heals["orders"].clauses[4].text,
        "on rule_failed(rule: order_id.unique) => dedupe keep latest ordered_at"
    );
    assert_eq!(p.heals["orders"].config.share("max_quarantine"), Some(0.5));
    assert_eq!(p.loads.iter().map(|l| l.name.as_str()).collect::<Vec<_>>(), ["orders", "daily_revenue"]);
    assert_eq!(p.loads[1].connector, "postgres");
    assert_eq!(p.inputs("orders"), ["customers"]);
    assert_eq!(p.inputs("daily_revenue"), ["orders"]);
    assert_eq!(p.sources["orders"].docs, ["Orders as the shop delivers them, one file per day."]);
    assert!(p.tests.contains_key("renamed_total_heals") && p.schedules.contains_key("nightly"));
}
