use pipe_diagnostics::Span;
use sqlparser::ast::Spanned as _;

use super::{expression, expressions, file, query};
use crate::{expression_text, location_of, parse_query, quote, span_of};

fn tables(sql: &str) -> Vec<String> {
    query(sql).tables.iter().map(|t| t.parts.join(".")).collect()
}

fn columns(sql: &str) -> Vec<String> {
    expression(sql).columns.iter().map(|c| c.parts.join(".")).collect()
}

#[test]
fn tables_are_folded_and_named_once() {
    assert_eq!(tables("select * from Orders o join raw.ORDERS r on true, orders"), ["orders", "raw.orders"]);
    assert_eq!(tables("select * from \"Orders\""), ["Orders"]);
    assert_eq!(tables("select * from BESTELLÜNG"), ["bestellüng"]);
    assert_eq!(tables("select (select max(x) from b), a.* from a where exists (select 1 from c)"), ["b", "a", "c"]);
    assert_eq!(tables("select 1 from a union select 2 from b except values (1)"), ["a", "b"]);
    assert!(tables("select * from generate_series(1, 10), unnest([1])").is_empty());
}

#[test]
fn common_table_expressions_are_no_tables() {
    assert_eq!(tables("with t as (select * from a) select * from t join b on true"), ["a", "b"]);
    assert_eq!(tables("with t as (select * from T) select * from t"), ["t"], "its own name is the table");
    assert_eq!(
        tables("with recursive t as (select 1 as n union all select n + 1 from t) select * from t"),
        [] as [&str; 0]
    );
    assert_eq!(tables("with a as (select 1), b as (select * from a) select * from b"), [] as [&str; 0]);
    assert_eq!(tables("with a as (select * from b), b as (select 1) select * from a, b"), ["b"], "not yet declared");
    assert_eq!(tables("select * from (with t as (select 1) select * from t) x, t"), ["t"], "out of its scope");
    assert_eq!(tables("with t as (with u as (select * from a) select * from u) select * from t, u"), ["a", "u"]);
}

#[test]
fn nested_withs_are_walked_once() {
    let mut sql = "select 1 from t".to_owned();
    for i in 0..14 {
        sql = format!("with a{i} as ({sql}) select * from a{i}");
    }
    assert_eq!(tables(&sql), ["t"]);
}

#[test]
fn tables_are_underlined_where_first_named() {
    let (sources, sql) = file("select 'ä', \"Ä\" from\r\n\t\"Größe\" g join raw . Orders on true");
    let query = parse_query(&sql, &sources).expect("read");
    let spans: Vec<_> = query.tables.iter().map(|t| sources.text(t.span)).collect();
    assert_eq!(spans, ["\"Größe\"", "raw . Orders"]);
}

#[test]
fn columns_are_those_outside_subqueries() {
    assert_eq!(columns("a + O.Total * coalesce(\"B c\", 1)"), ["a", "o.total", "B c"]);
    assert_eq!(columns("x in (select y from t where y > 0)"), ["x"]);
    assert_eq!(columns("payload['a'].b = 1"), ["payload"]);
    assert_eq!(columns("date > current_date"), ["date"]);
    assert_eq!(columns("extract(year from at) = 2026"), ["at"]);
    assert_eq!(columns("cast(a as decimal(10, 2)) > interval '1 day'"), ["a"]);
}

#[test]
fn params_are_names_without_the_dollar() {
    let e = expression("$Day > at and $value <> '$no' and $day is not null");
    assert_eq!(e.params.iter().map(|p| p.value.as_str()).collect::<Vec<_>>(), ["day", "value"]);
    let q = query("select $a from t where x > $b limit $c");
    assert_eq!(q.params.iter().map(|p| p.value.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(q.ast.to_string(), "SELECT $a FROM t WHERE x > $b LIMIT $c");
}

#[test]
fn aggregates_are_told_from_windows_and_subqueries() {
    let aggregate = |sql: &str| expression(sql).aggregate;
    assert!(aggregate("count(*)") && aggregate("Sum(x) > 3") && aggregate("approx_distinct(x) + 1"));
    assert!(
        aggregate("count(*) filter (where x > 0)") && aggregate("stddev_pop(x)") && aggregate("sum(sum(x)) over ()")
    );
    assert!(
        !aggregate("sum(x) over (partition by y)")
            && !aggregate("(select max(x) from t) > 3")
            && !aggregate("summer(x)")
    );
    assert!(expression("(select max(x) from t) > 3").subquery && expression("exists (select 1)").subquery);
    assert!(!expression("max(x) > 3").subquery);
}

#[test]
fn expressions_are_cut_at_outer_commas_and_keep_their_text() {
    let all = expressions(" shop ,\n lower( email ), [a, b], /* c */ ',' ");
    let texts: Vec<_> = all.iter().map(|e| e.text.as_str()).collect();
    assert_eq!(texts, ["shop", "lower( email )", "[a, b]", "','"]);
    let (sources, sql) = file("a, ß + b");
    let all = crate::parse_expressions(&sql, &sources).expect("read");
    assert_eq!(all.iter().map(|e| sources.text(e.span)).collect::<Vec<_>>(), ["a", "ß + b"]);
}

#[test]
fn a_query_in_the_parentheses_of_a_fragment_is_a_subquery() {
    let e = expression(" select max(at), 1 from orders o where o.x = $y ");
    assert_eq!((e.subquery, e.aggregate, e.columns.len(), e.params.len()), (true, false, 0, 1));
    assert_eq!(e.text, "select max(at), 1 from orders o where o.x = $y");
    assert_eq!(expression_text(&e.ast), "(SELECT max(at), 1 FROM orders o WHERE o.x = $y)");
    assert_eq!(
        super::expression_errors("select a frm b c"),
        "E0300 \"b\" expected the end of the query, found `b` (did you mean `from` instead of `frm`?)"
    );
}

#[test]
fn spans_of_the_tree_are_spans_of_the_file() {
    let (sources, sql) = file("select 'ü',\r\n\ttotal from orders");
    let query = parse_query(&sql, &sources).expect("read");
    let select = query.ast.body.as_select().expect("a select");
    let item = select.projection.last().expect("two columns");
    let span = span_of(&sources, sql.span.file, item.span()).expect("a place");
    assert_eq!(sources.text(span), "total");
    let at = location_of(&sources, sql.span.file, span.start);
    assert_eq!((at.line, at.column), (3, 2));
    assert_eq!(item.span().start, at);
    assert_eq!(span_of(&sources, sql.span.file, sqlparser::tokenizer::Span::empty()), None);
}

#[test]
fn a_file_of_its_own_may_start_with_a_byte_order_mark() {
    let mut sources = pipe_diagnostics::Sources::default();
    let text = "\u{feff}select a\nfrom 5m;\n";
    let file = sources.add("daily.sql", text);
    let sql = pipe_syntax::Sql::new(text.to_owned(), Span::new(file, 0..text.len()));
    let found = parse_query(&sql, &sources).expect_err("5m");
    assert_eq!(super::shown(&found, &sources), "E0301 \"5m\" `5m` is no number of SQL (write `interval '5 minutes'`)");
    assert_eq!(query("select 1 as a ;; ").text, "select 1 as a ;; ");
}

#[test]
fn names_are_quoted_where_they_must_be() {
    for bare in ["a", "order_id", "day", "name", "_x1", "status"] {
        assert_eq!(quote(bare), bare);
    }
    for (name, quoted) in [
        ("select", "\"select\""),
        ("case", "\"case\""),
        ("order", "\"order\""),
        ("current_date", "\"current_date\""),
        ("null", "\"null\""),
        ("true", "\"true\""),
        ("interval", "\"interval\""),
        ("A", "\"A\""),
        ("größe", "\"größe\""),
        ("1a", "\"1a\""),
        ("", "\"\""),
        ("a\"b", "\"a\"\"b\""),
    ] {
        assert_eq!(quote(name), quoted);
    }
}

#[test]
fn expressions_are_printed_on_one_line() {
    let e = expression("abs( total\n - quantity * unit_price ) < 0.01 -- cents");
    assert_eq!(expression_text(&e.ast), "abs(total - quantity * unit_price) < 0.01");
    assert_eq!(expression_text(&expression("'it''s'").ast), "'it''s'");
}
