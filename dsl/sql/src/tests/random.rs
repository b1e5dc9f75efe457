use pipe_diagnostics::Sources;
use proptest::prelude::*;

use super::file;
use crate::{Expression, Query, parse_expressions, parse_query, quote};

/// Words, marks and odd text that SQL is made of, in any order.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "select",
            "from",
            "where",
            "with",
            "as",
            "group by",
            "order by",
            "union all",
            "case",
            "when",
            "end",
            "join",
            "on",
            "interval",
            "array",
            "struct",
            "cast",
            "extract",
            "in",
            "between",
            "and",
            "or",
            "not",
            "is",
            "null",
            "over",
            "filter",
            "limit",
            "values",
            "lateral",
            "unnest",
            "exists",
            "insert",
            "distinct",
            "a",
            "Tbl",
            "ü",
            "\"Q \"\"\"",
            "$p",
            "?",
            ":x",
            "1",
            "1.5e3",
            "1_0",
            "0x1f",
            "'t'",
            "'",
            "e'\\n'",
            "r'x'",
            "q'[a]'",
            "$$x$$",
            "$t$x$t$",
            "--c\n",
            "/*c*/",
            "/*!50000 a*/",
            "/*",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "<",
            ">",
            "<>",
            "=",
            "+",
            "-",
            "*",
            "/",
            "%",
            "||",
            "::",
            ".",
            ",",
            ";",
            "!",
            "|>",
            "->",
            "=>",
            "@",
            "#",
            "\\",
            "`b`",
            "\r\n",
            "\t",
            "\u{0}",
            "𝄞",
        ]),
        prop::sample::select(vec![" ", " ", " ", ""]),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|v| v.join(" ").replace("  ", ""))
}

fn within(query: &Query, sources: &Sources) {
    for span in query.tables.iter().map(|t| t.span).chain(query.params.iter().map(|p| p.span)) {
        assert!(query.span.start <= span.start && span.end <= query.span.end && !sources.text(span).is_empty());
    }
}

fn within_expression(e: &Expression, sources: &Sources) {
    assert_eq!(sources.text(e.span), e.text);
    for span in e.columns.iter().map(|c| c.span) {
        assert!(e.span.start <= span.start && span.end <= e.span.end && !sources.text(span).is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_messages_stay_in_the_fragment(text in prop_oneof![soup(), "\\PC{0,60}", any::<String>()]) {
        let (sources, sql) = file(&text);
        let mut found = Vec::new();
        match parse_query(&sql, &sources) {
            Ok(query) => within(&query, &sources),
            Err(errors) => found.extend(errors),
        }
        match parse_expressions(&sql, &sources) {
            Ok(all) => all.iter().for_each(|e| within_expression(e, &sources)),
            Err(errors) => found.extend(errors),
        }
        for d in &found {
            let span = d.span().expect("a place");
            prop_assert!(sql.span.start <= span.start && span.end <= sql.span.end, "{d:?}");
            prop_assert!(sources.get(span.file).is_some_and(|f| f.text.get(span.range()).is_some()), "{d:?}");
            prop_assert!(!d.message.is_empty() && !d.message.contains('\n') && !d.message.contains(" at Line:"), "{d:?}");
        }
    }

    #[test]
    fn any_name_can_be_quoted(name in any::<String>()) {
        prop_assume!(!name.contains('\u{0}'));
        let (sources, sql) = file(&quote(&name));
        let all = parse_expressions(&sql, &sources).expect("a name");
        prop_assert_eq!(&all[0].columns[0].parts, &vec![name]);
    }
}
