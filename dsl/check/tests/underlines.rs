//! What each message underlines: the words that are wrong, not the statement around them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail their test"
)]

use pipe_check::{Loaded, check, check_with};
use pipe_diagnostics::{Diagnostic, codes};

/// The code of each page and what its bad program has underlined.
const PAGES: &[(&str, &str)] = &[
    ("W0101", "param"),
    ("E0102", "'shared/source.pipe'"),
    ("E0103", "'../sources.pipe'"),
    ("E0104", "'shared/*.pipe'"),
    ("E0105", "'main.pipe'"),
    ("E0106", "day"),
    ("E0108", "dya"),
    ("E0109", "text"),
    ("E0110", "ordrs"),
    ("E0111", "$seperator"),
    ("E0112", "pg_ulr"),
    ("E0113", "cvs"),
    ("E0114", "onclal"),
    ("E0115", "emial"),
    ("E0116", "b"),
    ("E0117", "raw.big"),
    ("E0118", "pipe.runs"),
    ("E0119", "dat"),
    ("E0120", "order_id"),
    ("E0121", "total"),
    ("E0122", "with (delimiter = ';')"),
    ("E0123", "paid"),
    ("E0124", "envv"),
    ("E0125", "$token"),
    ("E0126", "postgres"),
    ("E0200", "delimeter"),
    ("E0201", "delimiter"),
    ("E0202", "'yes'"),
    ("E0203", "shop"),
    ("E0204", "'postgres://db.example/shop'"),
    ("E0205", "secret sign"),
    ("E0206", "'https://pipe:hunter2@api.example'"),
    ("E0209", "json"),
    ("E0210", "csv"),
    ("E0211", "stdoot"),
    ("E0212", "$separator"),
    ("E0400", "total >= 0"),
    ("E0401", "> 10"),
    ("E0402", "emial"),
    ("E0403", "'strict'"),
    ("E0404", "not null"),
    ("E0405", "within 20% of last run"),
    ("E0406", "'[a-z'"),
    ("E0407", "100 and 1"),
    ("E0408", "id"),
    ("E0409", "severity error"),
    ("E0410", "tolerate 1%"),
    ("E0411", "tolerate 101%"),
    ("E0412", "warn"),
    ("E0413", "acuracy"),
    ("E0414", "null fails"),
    ("E0415", "in (5, 6)"),
    ("E0416", "type decimal(12, 2)"),
    ("E0417", "email"),
    ("E0418", "email"),
    ("E0419", "closed"),
    ("E0420", "1"),
    ("E0421", "99"),
    ("E0422", "order_id unique"),
    ("E0423", "warn above 5%"),
    ("E0424", "contiguous"),
    ("E0425", "geometry"),
    ("E0500", "orders"),
    ("E0501", "bad_recrod"),
    ("E0427", "increasing"),
    ("E0502", "colum"),
    ("E0503", "time_out"),
    ("E0504", "order_id.uniq"),
    ("E0505", "volume"),
    ("E0506", "ratio"),
    ("E0507", "kind"),
    ("E0508", "rename"),
    ("E0509", "dedupe keep first"),
    ("W0511", "on rule_failed(check: unique) => dedupe keep first"),
    ("W0512", "$score >= 80"),
    ("W0513", "retry"),
    ("W0514", "drop"),
    ("W0515", "rule: email.email"),
    ("W0516", "order_id"),
    ("E0517", "orders"),
    ("W0521", "warn 'odd total'"),
    ("E0518", "dates"),
    ("E0519", "fill with mean"),
    ("E0520", "60s up to 1s"),
    ("E0600", "'public.orders'"),
    ("E0601", "'data/clean.csv'"),
    ("E0602", "'out'"),
    ("E0603", "'out/orders.csv'"),
    ("E0604", "upsert"),
    ("E0605", "'out/orders.csv'"),
    ("E0610", "'0 25 * * *'"),
    ("E0611", "'+01:00'"),
    ("E0612", "ordrs"),
    ("E0613", "nightly"),
    ("E0614", "0s"),
    ("E0615", "5"),
    ("W0616", "'Europe/Berlin'"),
    ("E0620", "'noon'"),
    ("E0621", "orders"),
    ("E0622", "postgres"),
    ("E0623", "';;'"),
    ("E0624", "row"),
    ("E0625", "5"),
];

#[test]
fn the_bad_program_of_every_page_is_underlined_at_the_right_words() {
    let mut wrong = Vec::new();
    for (code, words) in PAGES {
        let page = codes::page(code).expect(code);
        let loaded = check_with(&[("main.pipe", page.bad), ("shared/sources.pipe", "pipe 1;\n")], 1, None);
        let found = loaded.diagnostics.first().and_then(Diagnostic::span).map(|s| loaded.sources.text(s).trim_end());
        if found != Some(words) {
            wrong.push(format!("{code}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let listed =
        |code: &str| PAGES.iter().any(|(c, _)| *c == code) || ["E0100", "E0107", "W0207", "E0426"].contains(&code);
    for page in codes::pages() {
        let code = page.code.as_str();
        let mine = ["01", "02", "04", "05", "06"].contains(&code.get(1..3).unwrap_or(""));
        assert!(!mine || listed(code), "{code} is not tested");
    }
}

const TABLES: &str = "pipe 1;
param day date = '2026-01-01';
secret pg_url from env 'PG_URL';
connection warehouse postgres with (url = secret pg_url);
channel oncall stdout;
source orders from csv 'data/*.csv' schema (
  order_id bigint, email text, status text, paid boolean, total decimal(12, 2) alias sum_total, ordered_at timestamp);
source customers from csv 'in/customers.csv' schema (id bigint, email text);
model daily as select ordered_at as day, total from orders;
";

fn with_tables(text: &str) -> Loaded {
    check(&[("main.pipe", &format!("{TABLES}{text}"))])
}

/// Code, underlined words, part of the message or help.
type Message = (&'static str, &'static str, &'static str);

/// Each program raises just these.
fn expect(cases: &[(&str, &[Message])]) {
    let mut wrong = Vec::new();
    for (text, messages) in cases {
        let loaded = with_tables(text);
        let found: Vec<(&str, &str, String)> = loaded
            .diagnostics
            .iter()
            .map(|d| {
                let words = d.span().map_or("", |s| loaded.sources.text(s));
                (d.code.as_str(), words, format!("{}; {}", d.message, d.help.as_deref().unwrap_or("")))
            })
            .collect();
        let same = found.len() == messages.len()
            && found.iter().zip(*messages).all(|(f, m)| f.0 == m.0 && f.1 == m.1 && f.2.contains(m.2));
        if !same {
            wrong.push(format!("{text}\n  {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_in_sql() {
    expect(&[
        ("model m as select * from ordrs;", &[("E0321", "ordrs", "did you mean `orders`?")]),
        ("model m as with x as (select 1 as a) select * from x;", &[]),
        ("model m as select * from public.orders;", &[("E0321", "public.orders", "write `orders` alone")]),
        ("model m as select * from orders where total > $dya;", &[("E0332", "$dya", "did you mean `day`?")]),
        ("model m as select * from raw.orders, raw.customers;", &[]),
        ("model m as select * from raw.ordrs;", &[("E0321", "raw.ordrs", "did you mean")]),
        ("rules orders { ok: (totl > 0); }", &[("E0320", "totl", "did you mean `total`?")]),
        ("rules orders { ok: (orders.totl > 0); }", &[("E0320", "orders.totl", "did you mean `total`?")]),
        ("rules orders { ok: (_line > 1 and \"_file\" like '%a%'); }", &[]),
        ("rules daily { anything not null; ok: (whatever > 0); }", &[]),
        ("rules orders { total > 0 where (statuss = 'new'); }", &[("E0320", "statuss", "did you mean `status`?")]),
        (
            "rules orders { email references customers (emial); }",
            &[("E0115", "emial", "`customers` has no column `emial`")],
        ),
        ("rules orders { email references custmers (email); }", &[("E0110", "custmers", "did you mean `customers`?")]),
        ("load daily into parquet 'out/d' with (partition = [dya]);", &[]),
        (
            "load orders into parquet 'out/o' with (partition = [day(orderd_at)]);",
            &[("E0340", "orderd_at", "ordered_at")],
        ),
        (
            "load orders into parquet 'out/o' with (partition = [day(total)]);",
            &[("E0341", "total", "`total` has no `day`")],
        ),
        (
            "load orders into parquet 'out/o' with (partition = [week(ordered_at)]);",
            &[("E0202", "[week(ordered_at)]", "does not know the transform `week`")],
        ),
    ]);
}

#[test]
fn one_message_for_one_cause() {
    expect(&[
        // A statement that does not parse may have declared what others name.
        (
            "source events frm csv 'e.csv';\nmodel m as select * from events;\nrules events { a not null; }",
            &[("E0004", "frm", "")],
        ),
        ("modle events as select 1 as x;\nload events into parquet 'out/e';", &[("E0001", "modle", "")]),
        // A rule that does not parse may be the one that a clause names.
        (
            "rules orders { total >; }\nheal orders { on rule_failed(rule: total.gt) => quarantine; }",
            &[("E0004", ">", "")],
        ),
        // A connection of an unknown kind is reported where it is declared.
        ("connection lake s4;\nsource o2 from lake 'x';", &[("E0113", "s4", "did you mean `s3`?")]),
        // The same mistake in two predicates of a line.
        ("rules orders { n: (count(*)) between 1 and 2, < 3 tolerate 1%; }", &[("E0410", "tolerate 1%", "")]),
        (
            "heal ordrs { on rule_failed(rule: a.b, column: c) => set d = (e + 1) else dedupe by (f) keep first; }",
            &[("E0110", "ordrs", "")],
        ),
    ]);
}

#[test]
fn rules_against_types() {
    expect(&[
        ("rules orders { order_id is email; }", &[("E0336", "is email", "does not judge a number")]),
        ("rules orders { total; }", &[("E0329", "total", "boolean")]),
        ("rules orders { paid; }", &[]),
        ("rules orders { sum: (total + 1); }", &[("E0329", "total + 1", "a number")]),
        ("rules orders { total > 'x'; }", &[("E0335", "'x'", "'x' is not `decimal(12, 2)`")]),
        ("rules orders { total > '5'; paid = 'true'; }", &[]),
        ("rules orders { total < 1d; }", &[("E0328", "1d", "a number is compared with a duration")]),
        ("rules orders { status in ('new', 5); }", &[("E0328", "5", "text is compared with a number")]),
        ("rules orders { ordered_at >= '2026-02-30'; }", &[("E0335", "'2026-02-30'", "is not `timestamp`")]),
        ("rules orders { ordered_at >= '2026-02-28'; }", &[]),
        ("rules orders { ordered_at >= $day; paid = true; }", &[]),
        ("rules orders { total > email; }", &[("E0328", "email", "")]),
        (
            "rules orders { order_id references customers (email); }",
            &[("E0328", "email", "a number is looked up in text")],
        ),
        ("rules orders { total > (max(total)); }", &[("E0404", "max(total)", "aggregate")]),
        ("rules orders { total between 2 and 1.5; }", &[("E0407", "2 and 1.5", "")]),
        (
            "rules orders { ordered_at between '2026-02-01' and '2026-01-01'; }",
            &[("E0407", "'2026-02-01' and '2026-01-01'", "")],
        ),
        ("rules orders { status distinct between 2 and 5; email length = 5; }", &[]),
        ("rules orders { total > 0 where (count(*) > 1); }", &[("E0338", "count(*) > 1", "")]),
        ("rules orders { total > 0 where (order_id); }", &[("E0329", "order_id", "")]),
        ("rules orders { (order_id, email) unique, determines (status); }", &[]),
        ("rules orders { email, status not null; email, email not blank; }", &[("E0120", "email", "stands twice")]),
        ("rules orders { columns (order_id, totl); }", &[("E0115", "totl", "")]),
        ("rules orders { total type decmal(12, 2); }", &[("E0119", "decmal(12, 2)", "did you mean `decimal`?")]),
        ("rules daily { closed; }", &[("E0419", "closed", "")]),
        ("rules orders { order_id unique; order_id unique; }", &[("E0401", "unique", "`order_id.unique`")]),
    ]);
}

#[test]
fn clauses() {
    let rules = "rules orders { order_id not null, unique; email is email severity warning; status in ('new'); n: (count(*)) > 0; }\n";
    let cases: &[(&str, &[Message])] = &[
        ("on rule_failed(column: emial) => quarantine;", &[("E0115", "emial", "")]),
        ("on new_column(column: surprise) => keep;", &[]),
        (
            "on rule_faild where ($ratio < 0.5 and $score > 0) => set total = ($rows);",
            &[("E0501", "rule_faild", "did you mean `rule_failed`?")],
        ),
        ("on rule_faild where ($ratio <) => quarantine;", &[("E0501", "rule_faild", ""), ("E0300", "", "")]),
        ("on rule_failed(check: uniqe) => quarantine;", &[("E0503", "uniqe", "did you mean `unique`?")]),
        ("on rule_failed(check: matches) => quarantine;", &[("W0515", "check: matches", "no rule of `orders`")]),
        ("on cast_failed(type: decmal) => quarantine;", &[("E0119", "decmal", "")]),
        ("on cast_failed(type: decimal | int) => quarantine;", &[]),
        ("on rule_failed(ratio: 0.5) => quarantine;", &[("E0503", "0.5", "write a guard")]),
        ("on structural(reason: emty) => keep;", &[("E0503", "emty", "did you mean `empty`?")]),
        ("on source_error(status: 'x') => retry 2 times;", &[("E0503", "'x'", "a whole number")]),
        ("on type_changed(lossless: true) => warn;", &[]),
        ("on rule_failed where ($score > 0.5) => quarantine;", &[("E0332", "$score", "")]),
        // Every alternative must have the field.
        ("on missing_column | new_column where ($score > 0.5) => fail;", &[("E0332", "$score", "")]),
        ("on missing_column | new_column where ($type = 'int') => fail;", &[]),
        ("on missing_column where ($score) => rename;", &[]),
        ("on rule_failed where ('x') => quarantine;", &[("E0329", "'x'", "a guard is boolean")]),
        ("on rule_failed where (1 = 2) => quarantine;", &[("W0512", "1 = 2", "")]),
        (
            "on rule_failed where ($ratio > 0.5 and $ratio between 2 and 3) => quarantine;",
            &[("W0512", "$ratio > 0.5 and $ratio between 2 and 3", "")],
        ),
        ("on rule_failed where ($rows > 100 or $ratio > 2) => quarantine;", &[]),
        ("on rule_failed => set totl = (1);", &[("E0115", "totl", "")]),
        ("on rule_failed => set total = (totl);", &[("E0320", "totl", "")]),
        ("on rule_failed => set total = (ordered_at);", &[("E0337", "ordered_at", "cast(")]),
        ("on rule_failed => set total = (avg(total));", &[("E0338", "avg(total)", "")]),
        ("on rule_failed => set status = (lower($value)) where (total > $day);", &[]),
        ("on rule_failed(rule: status.in) => dedupe keep first;", &[("E0509", "dedupe keep first", "`unique`")]),
        ("on rule_failed(check: unique | in) => dedupe keep first;", &[("E0509", "dedupe keep first", "check `in`")]),
        (
            "on rule_failed => dedupe by (order_idd) keep latest ordered_att;",
            &[("E0115", "order_idd", ""), ("E0115", "ordered_att", "")],
        ),
        ("on rule_failed => majority;", &[("E0509", "majority", "`determines`")]),
        ("on bad_record => quarantine then notify oncal;", &[("E0114", "oncal", "did you mean `oncall`?")]),
        ("on source_error => use source daily;", &[("E0517", "daily", "is a model")]),
        ("on table_failed => quarantine;", &[("E0508", "quarantine", "")]),
        ("on table_failed(rule: n) => backfill 3d; on table_failed => fail 'few';", &[]),
        ("on model_error => retry 3 times;", &[("W0515", "model_error", "`orders` is a source")]),
        ("on rule_failed => quarantine; on rule_failed(severity: warning) => keep;", &[]),
        (
            "on rule_failed(severity: error | critical) => quarantine; on rule_failed => keep;",
            &[("W0511", "on rule_failed => keep", "")],
        ),
        ("on bad_record where ($ratio < 0.5) => quarantine; on bad_record => fail;", &[]),
        (
            "on bad_record | cast_failed => quarantine; on cast_failed(column: total) => fail;",
            &[("W0511", "on cast_failed(column: total) => fail", "")],
        ),
        ("on rule_failed(rule: status) => quarantine;", &[("E0504", "status", "did you mean `status.in`?")]),
    ];
    let mut all = Vec::new();
    for (clauses, messages) in cases {
        all.push((format!("{rules}heal orders {{ {clauses} }}"), *messages));
    }
    expect(&all.iter().map(|(t, m)| (t.as_str(), *m)).collect::<Vec<_>>());
}

#[test]
fn config_values() {
    expect(&[
        ("load orders into parquet 'out/o' with (mode = upsert);", &[("E0202", "upsert", "`append`")]),
        ("load orders into parquet 'out/o' with (mode = 'append');", &[("E0202", "'append'", "without quotes")]),
        ("load orders into parquet 'out/o' with (mode = apend);", &[("E0202", "apend", "did you mean `append`?")]),
        ("load orders into parquet 'out/o' with (partition = status);", &[("E0202", "status", "write `[status]`")]),
        ("source s from csv 'in/s.csv' with (delimiter = ',,');", &[("E0202", "',,'", "one character")]),
        ("source s from csv 'in/s.csv' with (null = 'NA');", &[("E0202", "'NA'", "write `['NA']`")]),
        ("source s from csv 'in/s.csv' with (max_field = 16);", &[("E0202", "16", "a size")]),
        (
            "source s from csv 'in/s.csv' with (encoding = 'latin-1');",
            &[("E0202", "'latin-1'", "did you mean `latin1`?")],
        ),
        ("heal orders with (confidence = 80) { on bad_record => quarantine; }", &[("E0202", "80", "a share")]),
        ("heal orders with (confidence = 80%, mode = automatic) { on bad_record => quarantine; }", &[]),
        ("heal orders with (immutable = [order_idd]) { on bad_record => quarantine; }", &[("E0340", "order_idd", "")]),
        (
            "connection api http with (auth = bearer(tokn = secret pg_url));",
            &[("E0203", "bearer", "token"), ("E0200", "tokn", "did you mean `token`?")],
        ),
        (
            "connection api http with (auth = bearr(token = secret pg_url));",
            &[("E0202", "bearr", "did you mean `bearer`?")],
        ),
        ("connection api http with (auth = bearer(token = 'abc'));", &[("E0204", "'abc'", "")]),
        (
            "connection api http with (auth = bearer(token = secret pg_url));\nsource s from api '/s' with (paging = page);",
            &[],
        ),
        ("source s from postgres 'public.s';", &[("E0203", "s", "needs the key `url`")]),
        ("source s from warehouse 'public.s?password=x';", &[("E0206", "'public.s?password=x'", "")]),
        (
            "model m with (materialise = view) as select 1 as x;",
            &[("E0200", "materialise", "did you mean `materialize`?")],
        ),
        (
            "load orders into warehouse 'public.o' with (mode = upsert, key = [order_id, order_id]);",
            &[("E0120", "order_id", "twice")],
        ),
    ]);
}

#[test]
fn loads_schedules_and_tests() {
    expect(&[
        ("load orders into parquet 'out/o'; load orders into csv 'out/c'; schedule s every 5m run orders_2;", &[]),
        (
            "load orders into parquet 'out/o'; schedule s every 5m run orders_2;",
            &[("E0612", "orders_2", "did you mean `orders`?")],
        ),
        (
            "load orders into parquet 'out/o'; load daily into csv './out//o/x.csv' with (mode = overwrite);",
            &[("E0602", "'./out//o/x.csv'", "")],
        ),
        ("load orders into csv 'data';", &[("E0601", "'data'", "source `orders` would read")]),
        ("load orders into parquet 'data';", &[]),
        (
            "schedule a after b run orders; schedule b after c run orders;",
            &[("E0613", "c", "unknown schedule or table")],
        ),
        ("schedule a every 5m run orders, orders;", &[("E0612", "orders", "run twice")]),
        ("schedule a every 5m run orders with (dya = due);", &[("E0111", "dya", "did you mean `day`?")]),
        ("schedule a every 5m run orders with (day = deu);", &[("E0615", "deu", "did you mean `due`?")]),
        (
            "test t { given orders as select 1 as order_id; inject drop column totl; }",
            &[("E0115", "totl", "did you mean `total`?")],
        ),
        ("test t { given orders as select 1 as order_id; inject rename sum_total to x; inject drop column x; }", &[]),
        (
            "test t { given orders as selct 1; expect ordrs rows 1; }",
            &[("E0300", "selct", "did you mean `select`"), ("E0110", "ordrs", "")],
        ),
        ("test t { expect failure rule_failed(rule: nothing); }", &[("E0504", "nothing", "")]),
        ("test t { inject source_error(kind: timeot) 2 times; }", &[("E0503", "timeot", "did you mean `timeout`?")]),
        ("test t { expect daily as select * from dayly; }", &[("E0321", "dayly", "did you mean `daily`?")]),
        ("test t { given orders from cvs 'o.csv'; }", &[("E0622", "cvs", "did you mean `csv`?")]),
    ]);
}

#[test]
fn circles() {
    expect(&[
        ("model a as select * from a;", &[("E0116", "a", "`a` is computed from itself")]),
        (
            "rules orders { order_id references m (order_id); }\nmodel m as select * from orders;",
            &[("E0116", "m", "orders -> m -> orders")],
        ),
        ("rules orders { order_id references m (order_id); }\nmodel m as select * from raw.orders;", &[]),
        (
            "rules orders { order_id references orders (order_id); few: (total < (select max(total) from orders)); }",
            &[],
        ),
    ]);
    let loaded = with_tables("model a as select * from b;\nmodel b as select * from c;\nmodel c as select * from a;");
    let d = &loaded.diagnostics[0];
    let words: Vec<&str> = d.labels.iter().map(|l| loaded.sources.text(l.span)).collect();
    assert_eq!((loaded.diagnostics.len(), words), (1, vec!["b", "c", "a"]));
    assert!(d.message.contains("a -> b -> c -> a"), "{}", d.message);
}
