//! Generated tables and rules of every kind with generated modifiers: a rule finds the same in a run and in a validation, among others
//! and alone, on any number of threads; and its printed queries run as they stand and count the same.

use std::fmt::Write as _;
use std::path::Path;

use pipe_schema::{Level, Modified, modifier};
use pipe_tests::random::Random;
use serde_json::Value;

use crate::pipe::pipe;

/// A rule without its modifiers, its check, and what its verdict is about; a model's rows have no order to be taken in.
type Template = (&'static str, &'static str, Level, bool);

const TEMPLATES: &[Template] = &[
    ("n not null", "not_null", Level::Row, true),
    ("s not blank", "not_blank", Level::Row, true),
    ("s not missing ('c', '')", "not_missing", Level::Row, true),
    ("s in ('a', 'b')", "in", Level::Row, true),
    ("n between -2 and 4", "between", Level::Row, true),
    ("n not between 0 and 1", "not_between", Level::Row, true),
    ("n > e", "gt", Level::Row, true),
    ("(n + e <> 3)", "boolean", Level::Row, true),
    ("s is upper", "upper", Level::Row, true),
    ("s length between 1 and 1", "length", Level::Row, true),
    ("s matches '^[ab]$'", "matches", Level::Row, true),
    ("s castable as int", "castable", Level::Row, true),
    ("d not in future", "not_in_future", Level::Row, true),
    ("all of (n > 0, s in ('a', 'b'))", "all_of", Level::Row, true),
    ("any of (n > 3, s = 'a', e is null)", "any_of", Level::Row, true),
    ("n unique", "unique", Level::Set, true),
    ("(g, s) unique", "unique", Level::Set, true),
    ("s references u (k)", "references", Level::Set, true),
    ("s not references u (k)", "not_references", Level::Set, true),
    ("(s, n) references u (k, v)", "references", Level::Set, true),
    ("g determines (s)", "determines", Level::Set, true),
    ("s determines (n, e)", "determines", Level::Set, true),
    ("n increasing", "increasing", Level::Set, false),
    ("n strictly decreasing order by id", "decreasing", Level::Set, true),
    ("n increasing order by e", "increasing", Level::Set, false),
    ("n sequential", "sequential", Level::Set, false),
    ("d sequential step 1d order by id", "sequential", Level::Set, true),
    ("(n, e) not overlapping", "not_overlapping", Level::Set, false),
    ("(n, e) contiguous", "contiguous", Level::Set, false),
    ("s transitions ('a' to 'b', 'b' to 'a', 'b' to 'C') order by id", "transitions", Level::Set, true),
    ("n within 1 sigma", "outliers", Level::Set, true),
    ("n within 0.5 iqr", "outliers", Level::Set, true),
    ("n within 1.5 mad", "outliers", Level::Set, true),
    ("n completeness >= 80%", "completeness", Level::Table, true),
    ("n nulls <= 3", "nulls", Level::Table, true),
    ("s uniqueness > 50%", "uniqueness", Level::Table, true),
    ("s distinctness > 50%", "distinctness", Level::Table, true),
    ("s duplicates <= 4", "duplicates", Level::Table, true),
    ("s distinct between 1 and 3", "distinct", Level::Table, true),
    ("s mode in ('a', 'b')", "mode", Level::Table, true),
    ("n mean between 0 and 2", "mean", Level::Table, true),
    ("n median < 3", "median", Level::Table, true),
    ("n quantile 0.9 < 4", "quantile", Level::Table, true),
    ("n maximum < 5", "maximum", Level::Table, true),
    ("s entropy > 0.5", "entropy", Level::Table, true),
    ("row count between 3 and 20", "row_count", Level::Table, true),
    ("s values contain ('a', 'b')", "values_contain", Level::Table, true),
    ("d without gaps over 2d", "gaps", Level::Table, true),
    ("(sum(n)) between 0 and 20", "between", Level::Table, true),
    ("n ks from u (v) < 0.5", "ks", Level::Table, true),
];

/// Some modifiers that mean something to a rule.
fn modifiers(random: &mut Random, (_, check, level, _): &Template) -> String {
    let mut out = String::new();
    let mut counted = false;
    let mut add = |random: &mut Random, name: &str, texts: &[&str], often: u64, counted: bool| {
        let rule = Modified { check, statistics: &[check], level: *level, counted, constant: false };
        let means = modifier(name).expect("a modifier").refused(&rule).is_none();
        let text = (means && random.once_in(often)).then(|| *random.pick(texts));
        out += &text.map(|t| format!(" {t}")).unwrap_or_default();
        text.is_some()
    };
    counted |= add(random, "tolerate", &["tolerate 20%", "tolerate 2", "tolerate 0", "fail above 50%"], 2, counted);
    if !counted {
        counted |=
            add(random, "warn above", &["warn above 0 fail above 40%", "warn above 10% fail above 5"], 4, counted);
    }
    add(random, "by", &["by (g)", "by (g, s)", "by (e)"], 2, counted);
    add(
        random,
        "where",
        &["where (n > 0)", "where (g = 'x')", "where (s <> 'b' or n is null)", "where (id < 0)"],
        3,
        counted,
    );
    add(random, "null fails", &["null fails"], 3, counted);
    add(random, "severity", &["severity warning", "severity info"], 4, counted);
    add(random, "because", &["because 'so it is'"], 9, counted);
    out
}

/// Rows with duplicates, NULLs and, if `broken`, cells and records that cannot be read; now and then none.
fn rows(random: &mut Random, broken: bool) -> String {
    let mut out = "id,g,s,n,e,d\n".to_owned();
    let rows = if random.once_in(6) { 0 } else { random.between(1, 40) };
    for id in 0..rows {
        let g = random.pick(&["x", "y", "z", ""]);
        let s = random.pick(&["a", "a", "b", "C", "1", ""]);
        let number = |random: &mut Random| match random.between(0, 9) {
            0 => String::new(),
            1 if broken => "q".to_owned(),
            _ => i64::try_from(random.between(0, 8)).map_or_else(|_| String::new(), |n| (n - 3).to_string()),
        };
        let (n, e) = (number(random), number(random));
        let d = if random.once_in(5) { String::new() } else { format!("2026-01-{:02}", random.between(1, 28)) };
        _ = writeln!(out, "{id},{g},{s},{n},{e},{d}");
        if broken && random.once_in(12) {
            out += "1,2\n";
        }
    }
    out
}

struct Generated {
    rules: Vec<(&'static str, String)>,
    rows: String,
    other: String,
}

impl Generated {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let broken = random.once_in(3);
        let rows = rows(&mut random, broken);
        let other = random.pick(&["k,v\na,1\nb,2\n,3\nb,\n", "k,v\n", "k,v\na,-1\nC,0\n1,4\n"]).to_string();
        let mut rules = Vec::new();
        for i in 0..16 {
            let template = random.pick(TEMPLATES);
            // What reads cells that did not convert has nothing to read in a model.
            let of_model = template.3 && !broken && random.once_in(3);
            let rule = format!("r{i}: {}{};", template.0, modifiers(&mut random, template));
            rules.push((if of_model { "m" } else { "t" }, rule));
        }
        Self { rules, rows, other }
    }

    /// A folder with some of the rules.
    fn folder(&self, only: impl Fn(usize) -> bool) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let columns = "id bigint, g text, s text, n int, e int, d timestamp";
        let mut text = format!(
            "pipe 1;\nsource t from csv 't.csv' schema ({columns});\nsource u from csv 'u.csv' schema (k text, v int);
model m as select id, g, s, n, e, d from t;
heal * {{ on rule_failed => keep; on rule_failed(severity: info | warning) => keep; on table_failed => warn; on cast_failed | bad_record => quarantine; on structural(reason: empty) => keep; }}
heal t with (max_quarantine = 100%) {{ on structural(reason: empty) => keep; }}\nload m into parquet 'out' with (mode = overwrite);\n"
        );
        for (_, (table, rule)) in self.rules.iter().enumerate().filter(|(i, _)| only(*i)) {
            _ = writeln!(text, "rules {table} {{ {rule} }}");
        }
        std::fs::write(folder.path().join("p.pipe"), text).expect("written");
        std::fs::write(folder.path().join("t.csv"), &self.rows).expect("written");
        std::fs::write(folder.path().join("u.csv"), &self.other).expect("written");
        folder
    }
}

/// What is found of a rule, without what depends on repairs.
fn found(rule: &Value) -> String {
    let value = rule["value"].as_f64().map_or_else(String::new, |v| format!("{v:.6}"));
    let fields = ["violations", "rows", "numerator", "denominator"].map(|f| rule[f].to_string()).join(" ");
    format!("{} {fields} {value} {}", rule["rule"], rule["groups"])
}

fn rules_of(told: &Value) -> Vec<&Value> {
    let rules = told["rules"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut rules: Vec<&Value> = rules.iter().collect();
    rules.sort_by_key(|r| r["rule"].as_str().map(str::to_owned));
    rules
}

fn validate(folder: &Path, threads: &str) -> Value {
    pipe(folder, &["validate", "--format", "json", "--threads", threads]).json()
}

/// What differs, for the one who has to mend it.
fn differs(what: &str, generated: &Generated, one: &[String], other: &[String]) -> Option<String> {
    let different = one.iter().zip(other).find(|(a, b)| a != b);
    let all = (one.len() != other.len()).then(|| format!("{} and {} rules", one.len(), other.len()));
    let text = different.map(|(a, b)| format!("{a}\n{b}")).or(all)?;
    Some(format!("{what}: {text}\n{:#?}\n{}\n{}", generated.rules, generated.rows, generated.other))
}

/// The printed queries of all results, asked in one go: what each counts, in the order of the rules.
fn asked(folder: &Path, rules: &[&Value]) -> Vec<(String, String, u64)> {
    let blaming: Vec<&&Value> = rules.iter().filter(|r| r["failing_rows_sql"].is_string()).collect();
    if blaming.is_empty() {
        return Vec::new();
    }
    let count = |(i, rule): (usize, &&&Value)| {
        let (failing, sql) = (rule["failing_rows_sql"].as_str().unwrap_or(""), rule["sql"].as_str().unwrap_or(""));
        format!(
            "select {i} as i, (select count(*) from ({failing}) as f) as failing, (select violations from ({sql}) as v) as counted"
        )
    };
    let sql = blaming.iter().enumerate().map(count).collect::<Vec<_>>().join(" union all ");
    let csv =
        pipe(folder, &["query", &format!("select * from ({sql}) as q order by i"), "--format", "csv"]).expect(0).stdout;
    let numbers = csv.lines().skip(1).map(|l| l.split(',').map(str::to_owned).collect::<Vec<_>>());
    let rows: Vec<Vec<String>> = numbers.collect();
    blaming
        .iter()
        .zip(rows)
        .map(|(rule, n)| (n[1].clone(), n[2].clone(), rule["violations"].as_u64().unwrap_or(u64::MAX)))
        .collect()
}

fn check(seed: u64) -> Option<String> {
    let generated = Generated::new(seed);
    let folder = generated.folder(|_| true);
    let one = validate(folder.path(), "1");
    let all: Vec<String> = rules_of(&one).into_iter().map(found).collect();
    if all.len() != generated.rules.len() {
        return Some(format!("{} rules judged: {:#?}\n{:#?}", all.len(), one["diagnostics"], generated.rules));
    }
    for threads in ["2", "7"] {
        let other = validate(folder.path(), threads);
        let other: Vec<String> = rules_of(&other).into_iter().map(found).collect();
        let told = differs(&format!("validate on 1 and {threads} threads"), &generated, &all, &other);
        if told.is_some() {
            return told;
        }
    }
    for threads in ["1", "7"] {
        let folder = generated.folder(|_| true);
        let ran = pipe(folder.path(), &["run", "--format", "json", "--threads", threads]).json();
        let other: Vec<String> = rules_of(&ran).into_iter().map(found).collect();
        let told = differs(&format!("validate, and run on {threads} threads"), &generated, &all, &other);
        if told.is_some() {
            return told;
        }
    }
    for (failing, counted, violations) in asked(folder.path(), &rules_of(&one)) {
        if failing != violations.to_string() || counted != failing {
            return Some(format!(
                "{failing} failing rows, {counted} counted, {violations} told: {:#?}\n{}",
                generated.rules, generated.rows
            ));
        }
    }
    let alone = (0..generated.rules.len()).filter(|i| (seed as usize + i).is_multiple_of(4));
    for i in alone {
        let folder = generated.folder(|only| only == i);
        let told = validate(folder.path(), "2");
        let other: Vec<String> = rules_of(&told).into_iter().map(found).collect();
        let mine: Vec<String> = all.iter().filter(|t| t.starts_with(&format!("\"r{i}\" "))).cloned().collect();
        let told = differs("among others and alone", &generated, &mine, &other);
        if told.is_some() {
            return told;
        }
    }
    None
}

#[test]
fn a_rule_finds_the_same_however_it_is_asked() {
    let cases = std::env::var("CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(8);
    let first = std::env::var("SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(0);
    for seed in first..first + cases {
        if let Some(wrong) = check(seed) {
            panic!("seed {seed}: {wrong}");
        }
    }
}
