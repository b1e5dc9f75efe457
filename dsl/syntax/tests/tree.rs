//! Text to tree: docs, folding, values, and what SQL is taken to be.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

use pipe_diagnostics::FileId;
use pipe_syntax::*;

fn statements(text: &str) -> Vec<Statement> {
    let parsed = parse(text, FileId(0));
    assert_eq!(parsed.diagnostics, [], "{text}");
    parsed.file.statements
}

fn value(text: &str) -> Value {
    let text = format!("connection c d with (k = {text});");
    let StatementKind::Connection(connection) = statements(&text).remove(0).kind else { panic!("{text}") };
    connection.with.unwrap().entries.remove(0).value.value
}

#[test]
fn docs_belong_to_what_is_directly_below() {
    let text = "--- One.\n--- Two.\n-- a note\nsource a from csv 'x' schema (\n  --- Of b.\n  b int, --- not of c\n  c int,\n  --- detached\n\n  d int);\n\n--- gone\n\nrules a {\n  --- Of the rule.\n  b unique;\n  c unique; --- behind\n  d unique;\n}";
    let all = statements(text);
    assert_eq!(all[0].docs, ["One.", "Two."]);
    assert!(all[1].docs.is_empty());
    let StatementKind::Source(source) = &all[0].kind else { panic!() };
    let SourceClause::Schema(columns) = &source.clauses[0] else { panic!() };
    let docs: Vec<&[String]> = columns.value.iter().map(|column| column.docs.as_slice()).collect();
    assert_eq!(docs, [&["Of b.".to_owned()] as &[String], &[], &[]]);
    let StatementKind::Rules(rules) = &all[1].kind else { panic!() };
    let docs: Vec<&[String]> = rules.items.iter().map(|rule| rule.docs.as_slice()).collect();
    assert_eq!(docs, [&["Of the rule.".to_owned()] as &[String], &[], &[]]);
}

#[test]
fn names_fold_unless_they_are_quoted() {
    let all =
        statements("param Größe INT; param \"Größe\"\"\" int; param `a``b` int; rules RAW.\"Orders\" { A unique; }");
    let names: Vec<&str> = all
        .iter()
        .map(|s| match &s.kind {
            StatementKind::Param(param) => param.name.value.as_str(),
            StatementKind::Rules(rules) => rules.table.value.as_str(),
            _ => "",
        })
        .collect();
    assert_eq!(names, ["größe", "Größe\"", "a`b", "raw.Orders"]);
}

#[test]
fn a_schedule_catches_up_with_and_without_a_zone() {
    for (text, zone, catchup) in [
        ("schedule a cron '0 2 * * *' zone 'UTC' catchup run t;", true, true),
        ("schedule a cron '0 2 * * *' catchup run t;", false, true),
        ("schedule a cron '0 2 * * *' zone 'UTC' run t;", true, false),
        ("schedule a every 5m run t;", false, false),
    ] {
        let StatementKind::Schedule(schedule) = statements(text).remove(0).kind else { panic!("{text}") };
        assert_eq!((schedule.zone.is_some(), schedule.catchup.is_some()), (zone, catchup), "{text}");
    }
}

#[test]
fn values_have_their_types() {
    assert_eq!(value("1.5h"), Value::Duration(5_400_000));
    assert_eq!(value("250ms"), Value::Duration(250));
    assert_eq!(value("7d"), Value::Duration(7 * 86_400_000));
    assert_eq!(value("64KB"), Value::Size(64_000));
    assert_eq!(value("0.5MiB"), Value::Size(524_288));
    assert_eq!(value("0.1%"), Value::Percent("0.1".to_owned()));
    assert_eq!(value("1_000"), Value::Number("1000".to_owned()));
    assert_eq!(value("-1.5"), Value::Number("-1.5".to_owned()));
    assert_eq!(value("TRUE"), Value::Bool(true));
    assert_eq!(value("Append"), Value::Word("append".to_owned()));
    assert_eq!(value("'it''s'"), Value::Text("it's".to_owned()));
    assert!(matches!(value("secret pg"), Value::Secret(name) if name.value == "pg"));
    assert!(matches!(value("$day"), Value::Param(name) if name.value == "day"));
    assert!(matches!(value("f(1, k = 2)"), Value::Call(call) if call.args.len() == 1 && call.entries.len() == 1));
    assert!(matches!(value("[]"), Value::List(items) if items.is_empty()));
}

#[test]
fn types_are_written_one_way() {
    let ty = |text: &str| match &statements(&format!("param a {text};"))[0].kind {
        StatementKind::Param(param) => param.ty.value.clone(),
        _ => String::new(),
    };
    assert_eq!(ty("Decimal( 10,2 )"), "decimal(10, 2)");
    assert_eq!(ty("DOUBLE\n  precision"), "double precision");
    assert_eq!(ty("timestamp(3) WITHOUT time zone"), "timestamp(3) without time zone");
    assert_eq!(ty("Struct<A int,\"B\" List<int>>[]"), "struct<a int, \"B\" list<int>>[]");
}

#[test]
fn sql_has_no_blanks_or_comments_at_its_ends() {
    let text = "model a as -- b\n  select 'é;' -- c\n , 1 /* d */ ;\nrules a { x: ( /* e */ a > 1 -- f\n ) ; }";
    let all = statements(text);
    let StatementKind::Model(model) = &all[0].kind else { panic!() };
    let ModelBody::Sql(sql) = &model.body else { panic!() };
    assert_eq!(sql.value, "select 'é;' -- c\n , 1");
    assert_eq!(&text[sql.span.range()], sql.value);
    let StatementKind::Rules(rules) = &all[1].kind else { panic!() };
    assert!(matches!(&rules.items[0].subject, Subject::Sql(sql) if sql.value == "a > 1"));
}

#[test]
fn no_word_is_reserved() {
    let all = statements(
        "source source from from 'x'; model as as select 1; rules rules { not not null; in in (1); unique unique; closed not null; }",
    );
    let StatementKind::Rules(rules) = &all[2].kind else { panic!() };
    assert_eq!(rules.items.len(), 4);
    assert_eq!(rules.items[3].predicates[0].value, Predicate::NotNull);
}

#[test]
fn tokens_know_what_they_are() {
    let text = "SOURCE Orders from CSV 'x' with (A = b); -- c\n--- d\nwhat is this";
    let kinds: Vec<(TokenKind, &str)> = tokens(text).into_iter().map(|t| (t.kind, &text[t.range])).collect();
    use TokenKind::*;
    let expected = [
        (Keyword, "SOURCE"),
        (Name, "Orders"),
        (Keyword, "from"),
        (Name, "CSV"),
        (Text, "'x'"),
        (Keyword, "with"),
        (Sign, "("),
        (Word, "A"),
        (Sign, "="),
        (Name, "b"),
        (Sign, ")"),
        (Sign, ";"),
        (Comment, "-- c"),
        (Doc, "--- d"),
        (Unknown, "what"),
        (Unknown, "is"),
        (Unknown, "this"),
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn lines_of_sql_break_between_tokens_only() {
    let sql = "select 'a\n  b', -- c  \r\n\n   $$\n$$ /* d\n */  \n  from t";
    assert_eq!(sql_lines(sql), ["select 'a\n  b', -- c  ", "", "   $$\n$$ /* d\n */", "  from t"]);
    assert!(sql_tokens("a  +\n1 -- b").eq(sql_tokens("a + 1\n-- b")));
}
