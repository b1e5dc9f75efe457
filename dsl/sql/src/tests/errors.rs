use insta::assert_snapshot;

use super::{expression_errors, query, query_errors};

/// Each fragment, and below it what is said of it.
fn each(errors: impl Fn(&str) -> String, fragments: &[&str]) -> String {
    fragments.iter().map(|f| format!("{f:?}\n    {}\n", errors(f).replace('\n', "\n    "))).collect()
}

#[test]
fn syntax_errors_underline_the_word_that_does_not_fit() {
    let found = each(
        query_errors,
        &[
            "select 'ü', totl form orders where x > 0",
            "select a\r\n\tfrom ö wher a = 1",
            "selct a from b",
            "select a from b join",
            "select a from b jion c on true",
            "select a, from (select 1",
            "select a from orders group y b",
            "select * from $table",
            "select a from b -- c\n where",
            "select a from b) where c",
            "select (a from b",
            "select cast(a int) from b",
            "select a from b order by c limit",
            "select 'abc",
            "select \"abc",
            "select /* abc",
            "select a where b = \u{0}",
            "x",
        ],
    );
    assert_snapshot!(found, @r#"
    "select 'ü', totl form orders where x > 0"
        E0300 "orders" expected the end of the query, found `orders` (did you mean `from` instead of `form`?)
    "select a\r\n\tfrom ö wher a = 1"
        E0300 "a" expected the end of the query, found `a` (did you mean `where` instead of `wher`?)
    "selct a from b"
        E0300 "selct" expected a query: `select`, `with`, `values` or `(`, found `selct` (did you mean `select` instead of `selct`?)
    "select a from b join"
        E0300 "" the SQL ends too early: expected a name behind `join`
    "select a from b jion c on true"
        E0300 "c" expected the end of the query, found `c` (did you mean `join` instead of `jion`?)
    "select a, from (select 1"
        E0300 "1" expected `)`, found `1`
    "select a from orders group y b"
        E0300 "group" expected the end of the query, found `group` (`group` is followed by `by`)
    "select * from $table"
        E0300 "$table" expected a name, found `$table`
    "select a from b -- c\n where"
        E0300 "" the SQL ends too early: expected an expression behind `where`
    "select a from b) where c"
        E0300 ")" expected the end of the query, found `)`
    "select (a from b"
        E0300 "from" expected `)`, found `from`
    "select cast(a int) from b"
        E0300 "int" expected `as`, found `int`
    "select a from b order by c limit"
        E0300 "" the SQL ends too early: expected an expression behind `limit`
    "select 'abc"
        E0300 "'abc" a quote in the SQL is not closed
    "select \"abc"
        E0300 "\"abc" a quote in the SQL is not closed
    "select /* abc"
        E0300 "/* abc" a comment in the SQL is not closed
    "select a where b = \0"
        E0300 "\0" expected an expression, found `�`
    "x"
        E0300 "x" expected a query: `select`, `with`, `values` or `(`, found `x`
    "#);
}

#[test]
fn expressions_report_each_piece() {
    let found = each(
        expression_errors,
        &[
            "a +, b c, d",
            "a, ",
            ",",
            "  -- nothing\n",
            "a as b",
            "a between 1",
            "a = ? and b = :c and $1 > 0",
            "case when a",
            "*",
        ],
    );
    assert_snapshot!(found, @r#"
    "a +, b c, d"
        E0300 "" the SQL ends too early: expected an expression behind `+`
        E0300 "c" expected an operator, a comma or the end, found `c`
    "a, "
        E0307 "" an expression is missing
    ","
        E0307 "" an expression is missing
        E0307 "" an expression is missing
    "  -- nothing\n"
        E0307 "  -- nothing\n" an expression is missing
    "a as b"
        E0300 "as" expected an operator, a comma or the end, found `as`
    "a between 1"
        E0300 "" the SQL ends too early: expected `and` behind `1`
    "a = ? and b = :c and $1 > 0"
        E0306 "?" `?` is no param (declare `param name type;` and write `$name`)
        E0306 ":c" `:c` is no param (declare `param name type;` and write `$name`)
        E0306 "$1" `$1` is no param (declare `param name type;` and write `$name`)
    "case when a"
        E0300 "when" expected an operator, a comma or the end, found `when`
    "*"
        E0300 "*" expected an expression, found `*`
    "#);
}

#[test]
fn numbers_that_touch_words_are_shown_as_they_should_be() {
    assert_snapshot!(query_errors("select 1_000_000.5, now() - 5m, 7d, 12abc, 3W from t"), @r#"
    E0301 "1_000_000.5" `1_000_000.5` is no number of SQL (write `1000000.5`)
    E0301 "5m" `5m` is no number of SQL (write `interval '5 minutes'`)
    E0301 "7d" `7d` is no number of SQL (write `interval '7 days'`)
    E0301 "12abc" `12abc` is no number of SQL (put a blank or an operator between the number and the word)
    E0301 "3W" `3W` is no number of SQL (write `interval '3 weeks'`)
    "#);
    assert_eq!(query("select 1e5, 0x1f, a1, t2.b3, \"1_000\", '5m', 1 as m").tables.len(), 0);
}

#[test]
fn other_statements_are_refused_by_name() {
    let found = each(
        query_errors,
        &[
            "insert into t values (1)",
            "COPY t to 'x.csv'",
            "set x = 1",
            "drop table t",
            "explain select 1",
            "with a as (select 1) insert into t select * from a",
            "with a as (delete from t returning x) select * from a",
            "select a into b from c",
            "select a from b for update",
            "select a from b settings x = 1 format json",
            "select 1; select 2",
            " ;",
        ],
    );
    assert_snapshot!(found, @r#"
    "insert into t values (1)"
        E0302 "insert" `insert` changes rows: only a query can stand here (data is read by `source`, computed by `model`, written by `load`)
    "COPY t to 'x.csv'"
        E0302 "COPY" `copy` moves data: only a query can stand here (data is read by `source`, computed by `model`, written by `load`)
    "set x = 1"
        E0302 "set" `set` changes settings: only a query can stand here (write one `select`)
    "drop table t"
        E0302 "drop" `drop` changes what tables there are: only a query can stand here (`source` and `model` declare tables, `load` creates them)
    "explain select 1"
        E0302 "explain" `explain` is a command: only a query can stand here (write one `select`)
    "with a as (select 1) insert into t select * from a"
        E0302 "insert" `insert` changes rows: only a query can stand here (data is read by `source`, computed by `model`, written by `load`)
    "with a as (delete from t returning x) select * from a"
        E0302 "delete" `delete` changes rows: only a query can stand here (data is read by `source`, computed by `model`, written by `load`)
    "select a into b from c"
        E0302 "into" `into` moves data: only a query can stand here (data is read by `source`, computed by `model`, written by `load`)
    "select a from b for update"
        E0304 "for" `for` has no effect here (leave it out)
    "select a from b settings x = 1 format json"
        E0304 "settings" `settings` has no effect here (leave it out)
        E0304 "format" `format` has no effect here (leave it out)
    "select 1; select 2"
        E0303 "select 2" more than one statement (a model is one query; use `with` or another model)
    " ;"
        E0307 " ;" a query is missing
    "#);
}

#[test]
fn deep_sql_is_refused_before_there_is_a_tree() {
    let long = |n: usize| format!("select {} from t", vec!["a = 1"; n].join(" or "));
    let union = |n: usize| vec!["select 1"; n].join(" union ");
    let nested = |n: usize| format!("select {}1{}", "(".repeat(n), ")".repeat(n));
    for deep in [long(10_000), long(250), union(1_000), union(60), nested(10_000), nested(60)] {
        assert!(query_errors(&deep).starts_with("E0305"), "{deep}");
    }
    for deep in ["not ", "interval ", "case when ", "- ", "cast(a as array<"] {
        assert!(query_errors(&format!("select {}", deep.repeat(5_000))).starts_with("E0305"), "{deep}");
    }
    for chain in ["::int", " is null", " is distinct from a", "[1]", " at time zone 'x'", " between 1 and 2"] {
        assert!(query_errors(&format!("select a{}", chain.repeat(5_000))).starts_with("E0305"), "{chain}");
    }
    assert_snapshot!(query_errors(&nested(60)), @r#"E0305 "(" the SQL nests too deeply (write a long `or` as `in (…)`, and a deep query as `with` or as several models)"#);
}

#[test]
fn what_is_long_without_being_deep_is_read() {
    query(&format!("select {} from t", vec!["a = 1"; 150].join(" or ")));
    query(&vec!["select 1"; 40].join(" union all "));
    query(&format!("select {}1{}", "(".repeat(20), ")".repeat(20)));
    query(&format!("select {} from t", vec!["a + b * c"; 5_000].join(", ")));
    query(&format!("select case {} end from t", "when a = 1 and b = 2 then 3 ".repeat(2_000)));
    query(&format!("select * from a {}", "left join b on a.x = b.x and a.y = b.y ".repeat(500)));
    query(&format!("values {}", vec!["(1, 'a', null)"; 5_000].join(", ")));
}

#[test]
fn the_deepest_trees_let_through_can_be_cloned_on_a_small_stack() {
    let or = format!("select {} from t", vec!["a"; 200].join(" or "));
    let plus = format!("select {} from t", vec!["a"; 200].join(" + "));
    let union = vec!["select 1"; 50].join(" union ");
    let brackets = format!("select {}a{} from t", "(a + f(".repeat(15), "))".repeat(15));
    let both = format!("select {}1{}", "(select a + a + a + a from (".repeat(10), ") t)".repeat(10));
    for sql in [or, plus, union, brackets, both] {
        let run = std::thread::Builder::new().stack_size(1 << 20).spawn(move || {
            let (sources, sql) = super::file(&sql);
            let Ok(read) = crate::parse_query(&sql, &sources) else { return };
            let clone = read.ast.clone();
            assert_eq!(clone, read.ast);
            assert!(!format!("{clone} {clone:?}").is_empty());
        });
        run.expect("a thread").join().expect("no overflow");
    }
}
