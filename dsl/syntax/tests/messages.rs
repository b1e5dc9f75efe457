//! What a message says and underlines.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

use pipe_diagnostics::codes::syntax;
use pipe_diagnostics::{Diagnostic, FileId};
use pipe_syntax::{ModelBody, StatementKind, parse, parse_with};

/// The only message of a text, and what it underlines.
fn only(text: &str) -> (Diagnostic, &str) {
    let mut diagnostics = parse(text, FileId(0)).diagnostics;
    assert_eq!(diagnostics.len(), 1, "{text}: {diagnostics:#?}");
    let diagnostic = diagnostics.remove(0);
    let underlined = text.get(diagnostic.span().unwrap().range()).unwrap();
    (diagnostic, underlined)
}

#[track_caller]
fn says(text: &str, underlined: &str, message: &str, help: Option<&str>) {
    let (diagnostic, under) = only(text);
    assert_eq!((under, diagnostic.message.as_str(), diagnostic.help.as_deref()), (underlined, message, help));
}

#[test]
fn a_page_raises_just_its_code_and_its_good_text_nothing() {
    let pages =
        pipe_diagnostics::codes::pages().filter(|page| page.code.as_str() < "E0100" && page.code.as_str() > "E0000");
    let mut seen = 0;
    for page in pages {
        let codes: Vec<_> = parse(page.bad, FileId(0)).diagnostics.iter().map(|d| d.code).collect();
        assert_eq!(codes, [page.code], "{}", page.bad);
        assert_eq!(parse(page.good, FileId(0)).diagnostics, [], "{}", page.code);
        seen += 1;
    }
    assert_eq!(seen, 12);
}

#[test]
fn a_rule_in_the_words_of_sql_or_another_tool_is_told_its_own() {
    let help = |rule: &str| only(&format!("rules a {{ {rule}; }}")).0.help.unwrap_or_default();
    assert_eq!(
        help("b >= 0 and b < 9"),
        "a comma joins predicates, `>= 0, < 100`; SQL stands in parentheses, `(a >= 0 and b < 100)`"
    );
    assert_eq!(
        help("b = 1 OR b = 2"),
        "`any of (…)` joins alternatives, `any of (= 'a', is null)`; SQL stands in parentheses"
    );
    assert_eq!(help("b length 3"), "write `length = 3`");
    assert_eq!(help("b in set ('a')"), "write `in ('new', 'paid')`");
    assert_eq!(help("b not empty"), "write `not blank`");
    // A column may be called nearly as a predicate is.
    assert_eq!(help("name such"), "");
}

#[test]
fn a_misspelt_word_gets_the_nearest() {
    says(
        "source orders frm csv 'x';",
        "frm",
        "expected `from` in the `source` statement, found `frm`",
        Some("did you mean `from`?"),
    );
    says("modle a as select 1;", "modle", "`modle` is not a statement", Some("did you mean `model`?"));
    let (diagnostic, under) = only("rules a { b betwen 1 and 2; }");
    assert_eq!((under, diagnostic.help.as_deref()), ("betwen", Some("did you mean `between`?")));
    let (diagnostic, under) = only("heal a { on rule_failed => quarantin; }");
    assert_eq!((under, diagnostic.help.as_deref()), ("quarantin", Some("did you mean `quarantine`?")));
    let (diagnostic, under) = only("schedule a evry 5m run b;");
    assert_eq!((under, diagnostic.help.as_deref()), ("evry", Some("did you mean `every`?")));
}

#[test]
fn what_is_missing_is_missing_behind_the_last_token() {
    says("param a int\nparam b int;", "int", "the `param` statement is not ended: missing `;`", None);
    says("rules a {\n  b unique -- why\n  c unique;\n}", "unique", "this rule is not ended: missing `;`", None);
    says(
        "rules a {\n  b unique;\n\nmodel c as select 1;",
        ";",
        "the `rules` statement is not ended: missing `}`",
        None,
    );
    says("load a into parquet;", "parquet", "expected a text `'…'` at the end of the `load` statement", None);
}

#[test]
fn habits_of_other_languages_are_named() {
    says("rules a { b is not null; }", "is not null", "a rule says `not null`, without `is`", Some("write `not null`"));
    let help = |text: &str| only(text).0.help.unwrap();
    assert_eq!(help("model a select 1 as x;"), "a query follows `as`");
    assert_eq!(help("connection w postgres with (pool: 4);"), "an entry is written `key = value`");
    assert_eq!(help("heal a { on rule_failed(rule = b) => quarantine; }"), "a pattern is written `field: value`");
    assert_eq!(help("heal a { on rule_failed -> quarantine; }"), "steps follow `=>`");
    assert_eq!(help("rules a { not null; }"), "a rule starts with a column: `order_id not null`");
    assert_eq!(help("source a from csv \"it's\";"), "write `'it''s'`");
    assert_eq!(only("source a from csv \"x\";").0.code, syntax::DOUBLE_QUOTES);
}

#[test]
fn a_quote_is_underlined_from_where_it_opens_to_the_line_end() {
    let text = "source a from csv 'data;\nmodel b as select 'x' as y;";
    says(text, "'data;", "the text is not closed", Some("close it with `'`, or close a text before it"));
}

#[test]
fn behind_an_error_the_file_is_read_on() {
    let text =
        "source a frm csv 'x';\nmodel b as select 1;\nrules c {\n  d uniqe;\n  e unique;\n}\nmodel f as select 2;";
    let parsed = parse(text, FileId(0));
    assert_eq!(parsed.diagnostics.len(), 2);
    let kinds: Vec<&StatementKind> = parsed.file.statements.iter().map(|s| &s.kind).collect();
    assert!(matches!(kinds[0], StatementKind::Error { name: Some(name) } if name.value == "a"));
    assert!(matches!(kinds[1], StatementKind::Model(model) if model.name.value == "b"));
    assert!(matches!(kinds[2], StatementKind::Rules(rules) if rules.items.len() == 1));
    assert!(matches!(kinds[3], StatementKind::Model(model) if model.name.value == "f"));
}

#[test]
fn a_query_that_runs_into_the_next_statement_is_cut_if_it_is_no_sql() {
    let text = "model a as select 1 as x\nmodel b as select 2 as x;";
    let taken_whole = parse(text, FileId(0));
    assert_eq!(taken_whole.diagnostics, []);
    let parsed = parse_with(text, FileId(0), &|sql| !sql.contains("model"));
    assert_eq!(parsed.file.statements.len(), 2);
    assert_eq!(parsed.diagnostics.len(), 1);
    assert_eq!(parsed.diagnostics[0].code, syntax::NOT_ENDED);
    let span = parsed.diagnostics[0].span().unwrap();
    assert_eq!(&text[span.range()], "x");
    let StatementKind::Model(model) = &parsed.file.statements[0].kind else { panic!("{parsed:#?}") };
    assert!(matches!(&model.body, ModelBody::Sql(sql) if sql.value == "select 1 as x"));
}

#[test]
fn a_right_program_is_never_cut() {
    let text = "model a as select\nsource s, 'x\nmodel b as select' as t from (select 1 as source) q;\nuse 'b.pipe';";
    let parsed = parse_with(text, FileId(0), &|_| true);
    assert_eq!(parsed.diagnostics, []);
    assert_eq!(parsed.file.statements.len(), 2);
}
