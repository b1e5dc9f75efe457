//! The one style, by example.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

use pipe_fmt::format;

#[track_caller]
fn becomes(text: &str, expected: &str) {
    let formatted = format(&format!("pipe 1;\n{text}")).unwrap();
    assert_eq!(formatted.strip_prefix("pipe 1;\n").unwrap(), expected);
}

#[test]
fn the_version_is_put_at_the_top() {
    assert_eq!(format("param A  INT;").unwrap(), "pipe 1;\n\nparam A int;\n");
    assert_eq!(format("").unwrap(), "pipe 1;\n");
    assert_eq!(format("\u{feff}-- a\r\nPIPE 1 ;;\r\n").unwrap(), "-- a\npipe 1;\n");
}

#[test]
fn what_does_not_parse_is_not_formatted() {
    let errors = format("source a frm csv 'x';\nparam  b int;").unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].code.as_str(), "E0004");
}

#[test]
fn columns_rules_and_loads_are_aligned() {
    becomes(
        "source a from csv 'x' schema (id bigint, \"Long Name\" text alias (b,c));",
        "source a from csv 'x' schema (\n  id           bigint,\n  \"Long Name\"  text alias (b, c),\n);\n",
    );
    becomes(
        "rules a{id NOT null,unique;total_adds_up:(a  +  b>0) tolerate 1% ;closed;(a,b) unique;}",
        "rules a {\n  id             not null, unique;\n  total_adds_up: (a  +  b>0) tolerate 1%;\n  closed;\n  (a,b)          unique;\n}\n",
    );
    becomes(
        "load a into b 'c';\nload abc into b 'c';\n\nload d into b 'c';",
        "load a   into b 'c';\nload abc into b 'c';\n\nload d into b 'c';\n",
    );
}

#[test]
fn what_is_too_long_is_broken() {
    let long = "a".repeat(60);
    becomes(
        &format!("connection c d with (k = '{long}', l = '{long}');"),
        &format!("connection c d with (\n  k = '{long}',\n  l = '{long}',\n);\n"),
    );
    becomes(
        &format!("rules t {{ a matches '{long}', in ('{long}') severity warning; }}"),
        &format!("rules t {{\n  a matches '{long}',\n      in ('{long}')\n      severity warning;\n}}\n"),
    );
    becomes(
        &format!("heal t {{ on a => warn '{long}' else warn '{long}'; }}"),
        &format!("heal t {{\n  on a\n    => warn '{long}'\n    else warn '{long}';\n}}\n"),
    );
}

#[test]
fn sql_is_indented_as_a_whole_and_nothing_else() {
    becomes(
        "model m as\n      SELECT  a,\n\n          'x\n y'   -- c\n      from t;",
        "model m as\n  SELECT  a,\n\n      'x\n y'   -- c\n  from t;\n",
    );
    becomes("model m as\nselect 1 as x;", "model m as select 1 as x;\n");
    becomes("rules t { x: (select 1\n    from t) = 1; }", "rules t {\n  x: (\n    select 1\n    from t\n  ) = 1;\n}\n");
    let long = format!("select {} as x", "1 + ".repeat(30) + "1");
    becomes(&format!("model m as {long};"), &format!("model m as\n  {long};\n"));
}

#[test]
fn comments_stay_where_they_are() {
    let text = "\n-- above\nparam a int; -- behind\n\n--- Docs.\nrules t {\n  -- first\n  a not null; -- one\n\n  -- last\n} -- end\n-- the end\n";
    becomes(text, text);
    becomes(
        "source a from csv 'x' schema (\n a int -- why\n);",
        "source a from csv 'x' schema (\n  a  int, -- why\n);\n",
    );
    becomes("model a as select 1 -- why\n;", "model a as select 1; -- why\n");
}

#[test]
fn at_most_one_blank_line_stays() {
    becomes(
        "\n\n\nparam a int;\n\n\n\nparam b int;\nparam c int;\n\n",
        "\nparam a int;\n\nparam b int;\nparam c int;\n",
    );
}

#[test]
fn a_rule_about_no_column_begins_where_the_others_do() {
    let text = "rules t {\n  -- a\n  row count between 1 and 5;\n  id not null;\n  -- b\n  columns (id, zip);\n  --- c\n  closed;\n}\n";
    becomes(text, text);
}
