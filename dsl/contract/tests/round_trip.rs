//! A table written as a contract reads back as the same columns and the same rules.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics is a test that fails"
)]

use pipe_contract::{Column, Role, compare, export, read};
use proptest::prelude::*;

const COLUMNS: &str = "id bigint, shop text, \"order no\" int, total decimal(12, 2), share double, born date, at timestamp, \
                       seen timestamptz, ok boolean, tags text[], place struct<city text, zip int>, doc json, key uuid";

/// Lines of rules, with a place for options; those that stand for the table have none.
const LINES: [&str; 46] = [
    "id not null",
    "id not null, unique",
    "id unique",
    "id, shop not null",
    "(shop, at) unique",
    "(id, shop) unique",
    "shop unique, length between 2 and 5",
    "shop in ('a', 'it''s', 'x: y', 'no', '1')",
    "shop in ('a')",
    "shop not in ('b')",
    "\"order no\" in (1, 2)",
    "shop matches '^[a-z]+\\d{2}$'",
    "shop like 'a%'",
    "shop length >= 3",
    "shop length <= 30, not blank",
    "shop is email",
    "key is uuid",
    "shop is url",
    "shop is date '%d.%m.%Y'",
    "doc is json_schema '{\"type\": \"object\"}'",
    "total between 0 and 100.5",
    "total >= 0",
    "total > 0, < 1000",
    "total <= -5",
    "born >= date '2020-01-01'",
    "\"order no\" strictly between 1 and 9",
    "\"order no\" = 3",
    "shop not missing ('N/A', '-')",
    "shop not missing",
    "id references shops (id)",
    "(id, shop) references shops (id, name)",
    "shop determines (share)",
    "adds_up: (total = share * 2)",
    "quoted: (shop <> ') or (')",
    "freshness: (max(at)) within 2d",
    "fresh: (max(at)) within 36h",
    "retention: (min(at)) within 400d",
    "at without gaps over 1d",
    "row count > 0",
    "row count between 1 and 100",
    "volume: (count(*)) >= 5",
    "average: (avg(total)) strictly between 1 and 9.5",
    "total mean > 3",
    "total quantile 0.9 < 100",
    "either: any of (shop not null, total > 0)",
    "columns contain (id, shop)",
];

const OPTIONS: [&str; 11] = [
    "",
    "severity warning",
    "severity critical",
    "severity info because 'nobody: knows'",
    "dimension accuracy",
    "dimension validity",
    "tolerate 5",
    "tolerate 0.5%",
    "where (shop <> 'x')",
    "because 'two\nlines'",
    "tolerate 1% severity warning dimension completeness because 'all of it'",
];

/// The program, if it is one: not every option goes with every rule.
fn program(rules: &[(usize, usize)]) -> Option<pipe_check::Loaded> {
    let text: String =
        rules.iter().map(|(line, option)| format!("  {}   {};\n", LINES[*line], OPTIONS[*option])).collect();
    let text = format!(
        "pipe 1;\nsource shops from csv 'shops.csv' schema (id bigint, name text);\n\
         --- What is sold.\nsource orders from csv 'data/orders.csv' schema ({COLUMNS});\nrules orders {{\n{text}}}\n"
    );
    let loaded = pipe_check::check(&[("orders.pipe", &text)]);
    (!loaded.has_errors()).then_some(loaded)
}

fn columns() -> Vec<Column> {
    let loaded = program(&[]).expect("a program");
    let declared = loaded.program.sources["orders"].schema.as_ref().expect("columns");
    declared.iter().map(|c| Column::new(&c.name, c.ty.clone())).collect()
}

/// Everything of a rule but its place.
fn described(rule: &pipe_check::Rule) -> String {
    let subject: Vec<String> = rule.subject.iter().map(|e| e.ast.to_string()).collect();
    format!(
        "{} {subject:?} {} {:?} {:?} {:?} {} {} {:?} {}",
        rule.name,
        pipe_check::words::predicate_text(&rule.predicate),
        rule.tolerate,
        rule.severity,
        rule.filter.as_ref().map(|f| f.ast.to_string()),
        rule.dimension,
        rule.null_fails,
        rule.because,
        rule.check,
    )
}

fn reads_back(loaded: &pipe_check::Loaded) {
    let exported = export(loaded, "orders", None, None, None).expect("a contract");
    let contract =
        read("orders.yaml", &exported.text).unwrap_or_else(|(d, _)| panic!("{}\n{}", d.message, exported.text));
    assert!(contract.not_judged.is_empty(), "{:?}\n{}", contract.not_judged, exported.text);
    let terms = &contract.tables["orders"];
    assert_eq!(terms.columns, columns(), "{}", exported.text);
    let own = loaded.program.rules.get("orders").cloned().unwrap_or_default();
    let sorted = |rules: &[pipe_check::Rule]| {
        let mut all: Vec<String> = rules.iter().map(described).collect();
        all.sort();
        all
    };
    assert_eq!(sorted(&terms.rules), sorted(&own), "{}", exported.text);
    let same = pipe_contract::Terms { columns: columns(), rules: own };
    for role in [Role::Versions, Role::Reader, Role::Producer] {
        assert_eq!(compare(&same, terms, role), [], "{}", exported.text);
        assert_eq!(compare(terms, &same, role), [], "{}", exported.text);
    }
}

#[test]
fn each_rule_reads_back_with_each_option() {
    let mut judged = 0;
    for line in 0..LINES.len() {
        for option in 0..OPTIONS.len() {
            // Each line plain, and with every third option.
            let wanted = option == 0 || (line + option).is_multiple_of(3);
            if let Some(loaded) = program(&[(line, option)]).filter(|_| wanted) {
                judged += 1;
                reads_back(&loaded);
            }
        }
    }
    assert!(judged > 120, "only {judged} were programs");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_table_reads_back(rules in prop::collection::vec((0..LINES.len(), 0..OPTIONS.len()), 1..12)) {
        let mut kept: Vec<(usize, usize)> = Vec::new();
        for rule in rules {
            let more: Vec<_> = kept.iter().copied().chain([rule]).collect();
            if program(&more).is_some() {
                kept = more;
            }
        }
        if let Some(loaded) = program(&kept) {
            reads_back(&loaded);
        }
    }
}
