//! Generated projects: tables with whatever stands in files, rules, clauses that answer them, models.

use proptest::prelude::*;
use proptest::sample::select;

use super::world::{Case, Cell, Format, Record};
use crate::rows::Row;

/// A rule that cases choose from.
pub struct Rule {
    pub name: &'static str,
    pub text: &'static str,
    /// Clauses that may answer it.
    pub answers: &'static [&'static str],
    /// Whether a row violates it, beside all rows that are there; `None`: a rule that this test does not count.
    pub wrong: Option<fn(&Row, &[Row]) -> bool>,
    /// Whether it is judged row by row.
    pub by_row: bool,
}

fn text<'r>(row: &'r Row, column: &str) -> Option<&'r str> {
    row[column].as_deref()
}

fn float(row: &Row, column: &str) -> Option<f64> {
    text(row, column).and_then(|t| t.parse().ok())
}

/// The rules over `t`.
pub const RULES: &[Rule] = &[
    Rule {
        name: "k.not_null",
        text: "k not null",
        answers: &[
            "on rule_failed(rule: k.not_null) => set k = ('none')",
            "on rule_failed(rule: k.not_null) => set k = (concat('n', cast(row as varchar))) else quarantine",
            "on rule_failed(rule: k.not_null) => fill k with ('k1') else drop",
            "on rule_failed(rule: k.not_null) => fill k with mode else quarantine",
            "on rule_failed(rule: k.not_null) => drop",
        ],
        wrong: Some(|r, _| r["k"].is_none()),
        by_row: true,
    },
    Rule {
        name: "k.unique",
        text: "k unique",
        answers: &[
            "on rule_failed(rule: k.unique) => dedupe keep latest row",
            "on rule_failed(rule: k.unique) => dedupe keep first",
            "on rule_failed(rule: k.unique) => dedupe keep most complete",
            "on rule_failed(rule: k.unique) where ($ratio < 0.7) => dedupe keep latest num else quarantine",
            "on rule_failed(rule: k.unique) => keep",
        ],
        wrong: Some(|r, all| r["k"].is_some() && all.iter().filter(|o| o["k"] == r["k"]).count() > 1),
        by_row: false,
    },
    Rule {
        name: "pair",
        text: "pair: (g, lower(a)) unique",
        answers: &[
            "on rule_failed(rule: pair) => dedupe keep first",
            "on rule_failed(rule: pair) => drop",
            "on rule_failed(rule: pair) => quarantine then notify log",
        ],
        wrong: Some(|r, all| {
            let key = |r: &Row| Some((r["g"].clone()?, r["a"].clone()?.to_lowercase()));
            key(r).is_some() && all.iter().filter(|o| key(o) == key(r)).count() > 1
        }),
        by_row: false,
    },
    Rule {
        name: "det",
        text: "det: (g) determines (a)",
        answers: &[
            "on rule_failed(check: determines) => majority else keep",
            "on rule_failed(check: determines) => majority else quarantine",
            "on rule_failed(rule: det) => majority of a by (g, k) else drop",
            "on rule_failed(check: determines) => keep",
        ],
        wrong: None,
        by_row: false,
    },
    Rule {
        name: "num.increasing",
        text: "num increasing",
        answers: &["on rule_failed(check: increasing) => keep", "on rule_failed(check: increasing) => drop"],
        wrong: None,
        by_row: false,
    },
    Rule {
        name: "k.references",
        text: "k references u (k) tolerate 10%",
        answers: &[
            "on rule_failed(check: references) => quarantine",
            "on rule_failed(check: references) => set k = ('k0') else keep",
        ],
        wrong: Some(|r, _| text(r, "k").is_some_and(|k| !(0..9).any(|n| k == format!("k{n}")))),
        by_row: true,
    },
    Rule {
        name: "q.between",
        text: "q between 1 and 50",
        answers: &[
            "on rule_failed(rule: q.between) => set q = (10)",
            "on rule_failed(rule: q.between) => set q = (q - 1) else quarantine",
            "on rule_failed(rule: q.between) where ($rows > 1) => set q = (q - 5) else set q = (7) else drop",
            "on rule_failed(rule: q.between) => set q = (null)",
            "on rule_failed(rule: q.between) => drop",
        ],
        wrong: Some(|r, _| float(r, "q").is_some_and(|q| !(1.0..=50.0).contains(&q))),
        by_row: true,
    },
    Rule {
        name: "a.not_blank",
        text: "a not blank",
        answers: &[
            "on rule_failed(rule: a.not_blank) => set a = ('x') else keep",
            "on rule_failed(rule: a.not_blank) => set a = ('') else drop",
        ],
        wrong: Some(|r, _| text(r, "a").is_none_or(|a| a.trim().is_empty())),
        by_row: true,
    },
    Rule {
        name: "num.ge",
        text: "num >= 0",
        answers: &[
            "on rule_failed(rule: num.ge) => set num = (-num) else drop",
            "on rule_failed(rule: num.ge) => warn 'below zero'",
            "on rule_failed(rule: num.ge) => fail 'below zero'",
        ],
        wrong: Some(|r, _| float(r, "num").is_some_and(|n| n < 0.0)),
        by_row: true,
    },
    Rule {
        name: "short",
        text: "short: (length(a) < 6) severity warning",
        answers: &[
            "on rule_failed(rule: short) => set a = ('y')",
            "on rule_failed(rule: short) => set a = (substr(a, 1, 5)) else quarantine",
        ],
        wrong: Some(|r, _| text(r, "a").is_some_and(|a| a.chars().count() >= 6)),
        by_row: true,
    },
    Rule {
        name: "small",
        text: "small: (num < 100) null fails",
        answers: &["on rule_failed(rule: small) => set num = (1.00) else drop"],
        wrong: Some(|r, _| float(r, "num").is_none_or(|n| n >= 100.0)),
        by_row: true,
    },
    Rule {
        name: "q.not_null",
        text: "q not null",
        answers: &["on rule_failed(rule: q.not_null) => set q = (3)", "on rule_failed(rule: q.not_null) => drop"],
        // A cell that did not convert is another failure: what is typed does not tell them apart.
        wrong: None,
        by_row: true,
    },
    Rule {
        name: "d.not_null",
        text: "d not null tolerate 20% by (g)",
        answers: &["on rule_failed(rule: d.not_null) => set d = (date '2026-06-01')"],
        wrong: None,
        by_row: true,
    },
    Rule {
        name: "a.in",
        text: "a in ('x', 'y', 'a,b;c') tolerate 3 where (g = 'x')",
        answers: &["on rule_failed(rule: a.in) => set a = ('y')", "on rule_failed(rule: a.in) => warn"],
        wrong: Some(|r, _| {
            text(r, "g") == Some("x") && text(r, "a").is_some_and(|a| !["x", "y", "a,b;c"].contains(&a))
        }),
        by_row: true,
    },
    Rule {
        name: "d.between",
        text: "d between date '2026-01-01' and date '2026-12-31'",
        answers: &["on rule_failed(rule: d.between) => set d = (date '2026-06-01') where (q > 20) else drop"],
        wrong: Some(|r, _| text(r, "d").is_some_and(|d| !d.starts_with("2026"))),
        by_row: true,
    },
    Rule {
        name: "enough",
        text: "enough: (count(*)) >= 3 severity warning",
        answers: &["on table_failed(rule: enough) => warn 'few'"],
        wrong: None,
        by_row: false,
    },
    Rule {
        name: "mean",
        text: "mean: (avg(q)) between 5 and 45",
        answers: &["on table_failed(rule: mean) => warn 'odd' then notify log", "on table_failed => warn 'odd'"],
        wrong: None,
        by_row: false,
    },
];

const CASTS: [&str; 5] = [
    "on cast_failed(column: num) => cast using (replace($value, ',', '.')) else quarantine",
    "on cast_failed(column: num) where ($ratio < 0.3) => cast using (replace($value, ',', '.')) else drop",
    "on cast_failed(column: num) => cast using (replace($value, ',', '.')) then notify log else quarantine",
    "on cast_failed(column: q) => cast using (replace($value, 'x', '')) else drop",
    "on cast_failed => drop",
];

const BROKEN: [&str; 4] = [
    "on bad_record => quarantine",
    "on bad_record => drop",
    "on bad_record where ($rows > 1) => skip file else quarantine",
    "on bad_record => skip file",
];

const LAST: [&str; 4] = [
    "on rule_failed => quarantine",
    "on rule_failed => keep",
    "on rule_failed => drop",
    "on rule_failed => quarantine then notify log",
];

/// What may stand behind the table's own statements. The tests know what the rows of these loads must be.
pub const MORE: [&str; 4] = [
    "model m as select row, k, g, num, q from t where q > 5;\nload m into parquet 'm' with (mode = append);",
    "model sums as select g, count(*) as n, sum(num) as s, avg(cast(q as double)) as x from t group by g;\n\
     load sums into parquet 'sums' with (mode = overwrite);",
    "model picked as select row, k, q from t where k is not null;\nrules picked { q >= 0; }\n\
     heal picked { on rule_failed => drop; }\n\
     model joined as select p.row, p.k, u.k as known from picked p join u on u.k = p.k;\n\
     load joined into parquet 'joined' with (mode = overwrite);",
    "load t into parquet 'whole' with (mode = overwrite);",
];

fn cell(text: Option<&str>) -> Cell {
    let text = text.map(str::to_owned);
    Cell { typed: text.clone(), text }
}

fn texts() -> impl Strategy<Value = Cell> {
    let odd =
        ["", " ", "caf\u{e9}", "cafe\u{301}", "a \"quoted\" one", "two\nlines", "a,b;c", " x ", "NULL", "\u{1f980}"];
    prop_oneof![
        2 => Just(cell(None)),
        4 => Just(cell(Some("x"))),
        3 => Just(cell(Some("y"))),
        4 => select(odd.to_vec()).prop_map(|t| cell(Some(t))),
    ]
}

fn keys() -> impl Strategy<Value = Cell> {
    let some = |n: u8| cell(Some(&format!("k{n}")));
    prop_oneof![1 => Just(cell(None)), 8 => (0..12u8).prop_map(some), 1 => Just(cell(Some("k\u{e9}")))]
}

/// Texts with the values they have in a typed column.
fn typed(of: &'static [(&'static str, Option<&'static str>)]) -> impl Strategy<Value = Cell> {
    let some = |(text, typed): (&str, Option<&str>)| Cell { text: Some(text.into()), typed: typed.map(str::to_owned) };
    prop_oneof![1 => Just(cell(None)), 8 => select(of).prop_map(some)]
}

const AMOUNTS: &[(&str, Option<&str>)] = &[
    ("1.50", Some("1.50")),
    ("0.00", Some("0.00")),
    ("-3.00", Some("-3.00")),
    ("120.25", Some("120.25")),
    ("2.5", Some("2.50")),
    ("1,50", None),
    ("7,00", None),
    ("zz", None),
    ("99999999999.00", None),
];

const DATES: &[(&str, Option<&str>)] = &[
    ("2026-01-01", Some("2026-01-01")),
    ("2026-12-31", Some("2026-12-31")),
    ("2024-02-29", Some("2024-02-29")),
    ("2026-02-30", None),
    ("soon", None),
];

fn quantities() -> impl Strategy<Value = Cell> {
    let some = |n: i32| cell(Some(&n.to_string()));
    let odd = |t: &str| Cell { text: Some(t.to_owned()), typed: None };
    prop_oneof![1 => Just(cell(None)), 7 => (-2..60i32).prop_map(some), 1 => Just(odd("x1")), 1 => Just(odd("1.5"))]
}

fn record() -> impl Strategy<Value = Record> {
    let row = (keys(), texts(), texts(), typed(AMOUNTS), quantities(), typed(DATES));
    let row = row.prop_map(|(k, g, a, num, q, d)| Record::Row(Box::new([k, g, a, num, q, d])));
    prop_oneof![30 => row, 1 => Just(Record::Broken)]
}

fn file(most: usize) -> impl Strategy<Value = Vec<Record>> {
    proptest::collection::vec(record(), 1..most)
}

fn settings() -> impl Strategy<Value = String> {
    let modes = ["automatic", "automatic", "automatic", "semi_automatic", "manual"];
    let cells = ["100%", "100%", "20%"];
    (select(modes.to_vec()), select(vec!["0.5", "0.9"]), select(vec!["100%", "100%", "50%"]), select(cells.to_vec()))
        .prop_map(|(mode, confidence, most, cells)| {
            format!("mode = {mode}, confidence = {confidence}, max_quarantine = {most}, max_healed_cells = {cells}")
        })
}

/// Rules with the clauses that answer them, in the order of the rules; a clause for all others comes last.
fn rules() -> impl Strategy<Value = (Vec<&'static str>, Vec<&'static str>)> {
    let chosen = proptest::collection::vec((proptest::bool::weighted(0.35), 0..6usize), RULES.len());
    let cast = proptest::option::weighted(0.7, select(CASTS.to_vec()));
    (chosen, cast, select(BROKEN.to_vec()), select(LAST.to_vec())).prop_map(|(chosen, cast, broken, last)| {
        let (mut rules, mut clauses) = (Vec::new(), Vec::new());
        clauses.extend(cast);
        clauses.extend((cast != Some("on cast_failed => drop")).then_some("on cast_failed => quarantine"));
        clauses.push(broken);
        for (rule, (on, answer)) in RULES.iter().zip(chosen) {
            if on {
                rules.push(rule.text);
                clauses.extend(rule.answers.get(answer));
            }
        }
        clauses.push(last);
        (rules, clauses)
    })
}

/// One table, one load, one run.
pub fn tables() -> impl Strategy<Value = Case> {
    let files = proptest::collection::vec(file(14), 1..4);
    let formats = select(vec![Format::Csv, Format::Csv, Format::Ndjson]);
    let sinks = select(vec!["parquet", "parquet", "csv", "ndjson"]);
    (files, formats, sinks, settings(), rules(), select(vec![1usize, 2, 4])).prop_map(
        |(files, format, sink, settings, (rules, clauses), threads)| {
            let (later, more) = (Vec::new(), Vec::new());
            Case { files, later, format, sink, settings, rules, clauses, more, threads }
        },
    )
}

/// The same with models and several loads, and files that come later.
pub fn pipelines() -> impl Strategy<Value = Case> {
    let later = proptest::collection::vec(file(8), 1..3);
    (tables(), later, proptest::sample::subsequence(MORE.to_vec(), 1..4)).prop_map(|(case, later, more)| Case {
        later,
        more,
        ..case
    })
}
