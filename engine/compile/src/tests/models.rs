//! What the planner finds wrong with queries: what is underlined, behind text that is not ASCII and a tab, and what is said.

use super::Fixture;

/// A query has just this wrong: the code, the text underlined, the message, the start of the help.
#[track_caller]
fn wrong(sql: &str, code: &str, underlined: &str, message: &str, help: &str) {
    let found = Fixture::new().wrong(sql);
    let [[c, u, m, h]] = found.as_slice() else { panic!("{sql}\n{found:?}") };
    assert_eq!((c.as_str(), u.as_str(), m.as_str()), (code, underlined, message), "{sql}");
    assert!(if help.is_empty() { h.is_empty() } else { h.starts_with(help) }, "{sql}\n{h}");
}

#[track_caller]
fn right(sql: &str) {
    assert_eq!(Fixture::new().wrong(sql), [] as [[String; 4]; 0], "{sql}");
}

#[test]
fn what_is_right_is_planned() {
    right("select * from orders");
    right("with recursive n as (select 1 as i union all select i + 1 from n where i < 5) select i from n");
    right("select o.order_id, c.name from orders o join customers c on o.customer_id = c.id where größe > 1.5");
    right("select ORDER_ID from ORDERS where \"größe\" is not null");
    right("select order_id from orders where ordered_at >= $day and $DAY < '2027-01-01'");
    right(
        "select date_trunc('month', ordered_at) as m, sum(total) as s from orders group by 1 having sum(total) > 5 order by 2",
    );
    right(
        "select cast(email as timestamp) as a, cast(email as uuid) as b, cast(email as timestamptz) as c from orders",
    );
    right("select status, lag(total) over (partition by status order by ordered_at) as before from orders");
    right("values (1, 'a'), (2, 'b')");
}

#[test]
fn columns() {
    wrong("select totl from orders", "E0320", "totl", "there is no column `totl`", "did you mean `total`?");
    wrong(
        "select o.totl from orders o",
        "E0320",
        "o.totl",
        "there is no column `totl` in `o`",
        "did you mean `total`?",
    );
    wrong(
        "select x.total from orders o",
        "E0320",
        "x.total",
        "there is no table `x` in this query",
        "the tables are `o`",
    );
    wrong("select 'ä' as x, größ from orders", "E0320", "größ", "there is no column `größ`", "did you mean `größe`?");
    wrong(
        "select id\n\t, /* größer */ nme\nfrom customers",
        "E0320",
        "nme",
        "there is no column `nme`",
        "did you mean `name`?",
    );
    wrong(
        "with a as (select totl from orders) select * from a",
        "E0320",
        "totl",
        "there is no column `totl`",
        "did you mean",
    );
    wrong(
        "with a as (select total from orders) select tota from a",
        "E0320",
        "tota",
        "there is no column `tota`",
        "did you mean",
    );
    wrong(
        "select order_id from orders where exists (select 1 from customers where idd = customer_id)",
        "E0320",
        "idd",
        "there is no column `idd`",
        "did you mean `id`?",
    );
    wrong("select order_id from orders order by nme", "E0320", "nme", "there is no column `nme`", "the columns are");
    wrong(
        "select email from orders join customers on customer_id = id",
        "E0322",
        "email",
        "more than one table has a column `email`",
        "write `orders.email` or `customers.email`",
    );
    wrong(
        "select orders.email, customers.email from orders join customers on customer_id = id",
        "E0323",
        "customers.email",
        "two columns are named `email`",
        "give one another name",
    );
    wrong("select order_id, order_id from orders", "E0323", "order_id", "two columns are named `order_id`", "give one");
    wrong("select email.x from orders", "E0330", "email.x", "text has no fields", "");
}

#[test]
fn tables_and_functions() {
    wrong("select order_id from ordrs", "E0321", "ordrs", "there is no table `ordrs`", "did you mean `orders`?");
    wrong(
        "select order_id from orders join custmers on true",
        "E0321",
        "custmers",
        "there is no table `custmers`",
        "did you",
    );
    wrong("select uper(email) from orders", "E0324", "uper", "there is no function `uper`", "did you mean `upper`?");
    let help = "rules have a predicate of this name, as in `status entropy > 0.5`";
    wrong("select entropy(email) from orders", "E0324", "entropy", "there is no function `entropy`", help);
    wrong("select frobnicate(email) from orders", "E0324", "frobnicate", "there is no function `frobnicate`", "");
    wrong("select lag(total) from orders", "E0330", "lag", "`lag` is taken over a window of rows", "say which");
    wrong("select row_number() over w from orders", "E0330", "w", "there is no window `w`", "declare it");
    wrong("select abs(total, 1) from orders", "E0327", "abs(total, 1)", "`abs` takes 1 argument, and 2 are given", "");
    wrong("select upper() from orders", "E0327", "upper()", "`upper` takes an argument, and none is given", "");
    wrong("select abs(email) from orders", "E0327", "abs(email)", "`abs` cannot be applied to (text)", "convert");
    wrong(
        "select 'ä', date_trunc('day', total) as x from orders",
        "E0327",
        "date_trunc('day', total)",
        "`date_trunc` cannot be applied to (text, decimal(12, 2))",
        "convert",
    );
    wrong("select sum(email) from orders", "E0327", "sum(email)", "`sum` cannot be applied to (text)", "convert");
}

#[test]
fn groups() {
    wrong(
        "select email, sum(total) from orders group by status",
        "E0325",
        "email",
        "`email` is neither grouped nor aggregated",
        "add it to `group by`",
    );
    wrong(
        "select order_id from orders having total > 5",
        "E0325",
        "total > 5",
        "`having` names a column that is neither grouped nor aggregated",
        "conditions on single rows",
    );
    wrong(
        "select max(total) from orders where count(*) > 1",
        "E0339",
        "count(*)",
        "`where` is decided row by row: it takes no aggregate",
        "conditions on groups",
    );
    wrong(
        "select sum(count(*)) from orders",
        "E0330",
        "count(*)",
        "an aggregate cannot stand inside another",
        "aggregate",
    );
    wrong(
        "select order_id, email from orders union all select order_id from orders",
        "E0326",
        "select order_id, email from orders union all select order_id from orders",
        "the two sides of `union` have different numbers of columns",
        "select as many",
    );
    wrong(
        "select (select order_id, email from orders) as x",
        "E0326",
        "select order_id, email from orders",
        "this subquery gives more than one column where one value is needed",
        "select just one column",
    );
}

#[test]
fn types() {
    wrong(
        "select order_id from orders where ordered_at > total",
        "E0328",
        "ordered_at > total",
        "`>` cannot be applied to timestamp and decimal(12, 2)",
        "convert one side",
    );
    wrong(
        "select 'ü', email + 1 as x from orders",
        "E0328",
        "email + 1",
        "`+` cannot be applied to text and bigint",
        "convert",
    );
    wrong(
        "select x from (select email - ordered_at as x from orders) t",
        "E0328",
        "email - ordered_at",
        "`-` cannot be applied to text and timestamp",
        "convert",
    );
    wrong(
        "select o.order_id from orders o join customers c on o.ordered_at + c.id = 1",
        "E0328",
        "o.ordered_at + c.id",
        "`+` cannot be applied to timestamp and bigint",
        "convert",
    );
    wrong(
        "select order_id from orders where email > 5",
        "E0328",
        "email",
        "`email` is text, and is compared with bigint",
        "convert it: `try_cast(email as bigint)`",
    );
    wrong(
        "select order_id from orders where email in (5)",
        "E0328",
        "email",
        "`email` is text, and is compared with bigint",
        "convert",
    );
    wrong(
        "select o.order_id from orders o join customers c on o.customer_id = c.name",
        "E0328",
        "c.name",
        "`name` is text, and is compared with bigint",
        "convert",
    );
    wrong(
        "select order_id from orders where total",
        "E0329",
        "total",
        "a condition is needed here, and this is decimal(12, 2)",
        "compare",
    );
    wrong(
        "select order_id from orders where not email",
        "E0329",
        "email",
        "a condition is needed here, and this is text",
        "compare",
    );
    wrong("select cast(email as foo) from orders", "E0331", "email as foo", "not supported: SQL type foo", "");
    wrong(
        "select email like 5 as x from orders",
        "E0330",
        "email like 5",
        "there isn't a common type to coerce text and bigint in LIKE expression",
        "",
    );
}

#[test]
fn constants() {
    wrong(
        "select order_id from orders where ordered_at >= '2026-02-30'",
        "E0335",
        "'2026-02-30'",
        "`2026-02-30` is no timestamp",
        "",
    );
    wrong("select order_id from orders where quantity > 'many'", "E0335", "'many'", "`many` is no int", "");
    wrong("select date '2026-13-01' as x", "E0335", "'2026-13-01'", "`2026-13-01` is no date", "");
    wrong("select coalesce(order_id, 'x') as x from orders", "E0335", "'x'", "`x` is no bigint", "");
    right("select order_id from orders where ordered_at >= '2026-02-28' and quantity > '5'");
}

#[test]
fn params() {
    wrong(
        "select order_id from orders where ordered_at >= $dya",
        "E0332",
        "$dya",
        "`$dya` has no meaning here",
        "did you mean `$day`?",
    );
    wrong(
        "select order_id from orders where email = $shop",
        "E0334",
        "$shop",
        "param `shop` has no value",
        "give it with `--param shop=…`",
    );
    wrong(
        "select order_id from orders where total >= $day",
        "E0328",
        "total >= $day",
        "`>=` cannot be applied to decimal(12, 2) and date",
        "convert",
    );
}

#[test]
fn every_error_of_a_query_that_has_several_places_is_said() {
    let found = Fixture::new().wrong("select order_id from orders where total between 'a' and 'b'");
    let underlined: Vec<&str> = found.iter().map(|f| f[1].as_str()).collect();
    assert_eq!(underlined, ["'a'", "'b'"]);
}

#[test]
fn params_are_bound_with_their_types() {
    let mut f = Fixture::new();
    let query = f.query("select $day as d from orders where ordered_at >= $day");
    let plan = f.planner().model(&query).unwrap();
    let text = plan.display_indent().to_string();
    assert!(!text.contains("$1") && text.contains("2026-01-01"), "{text}");
    assert_eq!(plan.schema().field(0).data_type(), &datafusion::arrow::datatypes::DataType::Date32);
}

#[test]
fn types_in_sql_are_those_of_schemas() {
    let mut f = Fixture::new();
    let query = f.query(
        "select cast(email as timestamp) as timestamp, cast(email as timestamptz) as timestamptz, cast(email as time) as time, \
         cast(email as text) as text, cast(email as decimal(10, 2)) as \"decimal(10, 2)\", cast(email as date) as date, \
         cast(email as int) as int, cast(email as bigint) as bigint, cast(email as double) as double, \
         cast(email as float) as float, cast(email as boolean) as boolean from orders",
    );
    let plan = f.planner().model(&query).unwrap();
    for field in plan.schema().fields() {
        let declared = crate::types::to_arrow(&pipe_schema::Type::parse(field.name()).unwrap());
        assert_eq!(field.data_type(), &declared, "{}", field.name());
    }
}
