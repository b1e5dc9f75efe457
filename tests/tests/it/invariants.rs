//! The invariants of a run, over generated tables, rules, clauses and numbers of threads.
//!
//! Each is a function over what a run was given and what it left, and each function is shown to object to the fault it is
//! for. `PROPTEST_CASES=1000 cargo test --test it invariants` runs them on as many cases; the default takes about a minute
//! in a debug build.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use pipe_run::report::Silent;
use pipe_run::{Options, Report};
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::pipe::command;
use crate::rows::{Row, below, files, of_parquet, sorted, staged};

const COLUMNS: [&str; 6] = ["row", "k", "g", "a", "num", "q"];

/// A generated table: rows of texts as they stand in files, a program, how many files, how many threads.
#[derive(Clone, Debug)]
struct Case {
    rows: Vec<[Option<String>; 5]>,
    files: usize,
    rules: Vec<String>,
    clauses: Vec<String>,
    threads: usize,
}

impl Case {
    fn program(&self) -> String {
        let rules = self.rules.iter().fold(String::new(), |t, r| t + "  " + r + ";\n");
        let clauses = self.clauses.iter().fold(String::new(), |t, c| t + "  " + c + ";\n");
        format!(
            "pipe 1;\nsource t from csv 'in_*.csv' schema (row bigint, k text, g text, a text, num decimal(10, 2), q int);\n\
             rules t {{\n{rules}}}\n\
             heal t with (mode = automatic, confidence = 0.5, max_quarantine = 100%, max_healed_cells = 100%) {{\n{clauses}}}\n\
             load t into parquet 'out' with (mode = append);\n"
        )
    }

    /// The cells of a row as texts, its number first.
    fn texts(&self, row: usize) -> Vec<Option<String>> {
        std::iter::once(Some(row.to_string())).chain(self.rows[row].iter().cloned()).collect()
    }

    /// Where a row stands: its file and its data row there.
    fn place(&self, row: usize) -> (String, u64) {
        let each = self.rows.len().div_ceil(self.files);
        (format!("in_{}.csv", row / each), (row % each) as u64)
    }

    fn write(&self, folder: &Path) {
        std::fs::write(folder.join("p.pipe"), self.program()).unwrap();
        let mut texts: BTreeMap<String, String> = BTreeMap::new();
        for row in 0..self.rows.len() {
            let text = texts.entry(self.place(row).0).or_insert_with(|| COLUMNS.join(",") + "\n");
            let cell = |c: Option<String>| c.map_or_else(String::new, |c| format!("\"{}\"", c.replace('"', "\"\"")));
            _ = writeln!(text, "{}", self.texts(row).into_iter().map(cell).collect::<Vec<_>>().join(","));
        }
        for (name, text) in texts {
            std::fs::write(folder.join(name), text).unwrap();
        }
    }
}

/// What a run was given and what it left.
#[derive(Clone, Debug)]
struct Outcome {
    /// The typed input by row number: NULL where a cell does not convert.
    typed: BTreeMap<u64, Row>,
    /// The same with the text of the cells that do not convert.
    raw: BTreeMap<u64, Row>,
    /// Row numbers by file and data row.
    places: BTreeMap<(String, u64), u64>,
    report: Report,
    sink: Vec<Row>,
    quarantine: Vec<Row>,
    ledger: Vec<Row>,
}

fn converts(column: &str, text: &str) -> bool {
    match column {
        "num" => text.parse::<f64>().is_ok(),
        "q" => text.parse::<i32>().is_ok(),
        _ => true,
    }
}

fn runs(case: &Case, folder: &Path, threads: usize, later: i64) -> Outcome {
    let loaded = pipe_check::load(folder, &[folder.join("p.pipe")], None);
    let mut options = Options::new(folder.join(".pipe"));
    options.threads = threads;
    options.now += chrono::TimeDelta::seconds(later);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build().unwrap();
    let report = runtime.block_on(pipe_run::run(&loaded, &options, &Silent));
    let (mut typed, mut raw, mut places) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for row in 0..case.rows.len() {
        let texts: Row = COLUMNS.iter().map(|c| (*c).to_owned()).zip(case.texts(row)).collect();
        let values = texts.iter().map(|(c, t)| (c.clone(), t.clone().filter(|t| converts(c, t)))).collect();
        typed.insert(row as u64, values);
        raw.insert(row as u64, texts);
        places.insert(case.place(row), row as u64);
    }
    Outcome {
        typed,
        raw,
        places,
        report,
        sink: sorted(below(&folder.join("out"))),
        quarantine: sorted(files(&folder.join(".pipe/quarantine")).iter().flat_map(|f| of_parquet(f)).collect()),
        ledger: sorted(below(&folder.join(".pipe/ledger"))),
    }
}

fn number(row: &Row) -> u64 {
    row["row"].as_deref().and_then(|t| t.parse().ok()).expect("the row's number is never touched")
}

impl Outcome {
    /// The number of the row that an entry of the ledger is about.
    fn about(&self, entry: &Row) -> Result<u64, String> {
        let place = (
            entry["file"].clone().unwrap_or_default(),
            entry["row"].as_deref().unwrap_or("?").parse().unwrap_or(u64::MAX),
        );
        self.places.get(&place).copied().ok_or_else(|| format!("the ledger names a row that is not there: {place:?}"))
    }

    fn entries(&self, state: &str) -> impl Iterator<Item = &Row> {
        let state = Some(state.to_owned());
        self.ledger.iter().filter(move |e| e["state"] == state)
    }
}

/// Invariant 1: each row read is in one place, once, and the counts say so; what left is as it was read.
fn accounted(o: &Outcome) -> Result<(), String> {
    let Some(t) = o.report.tables.iter().find(|t| t.name == "t") else { return Err("no account of the table".into()) };
    if t.outcome == "failed" || t.outcome == "waiting" {
        let left = (o.sink.len(), o.quarantine.len(), o.ledger.len());
        return if left == (0, 0, 0) { Ok(()) } else { Err(format!("nothing was committed, and yet {left:?}")) };
    }
    if t.read != o.typed.len() as u64 || t.read != t.committed + t.quarantined + t.dropped + t.duplicates_removed {
        return Err(format!("the counts do not balance: {t:?}"));
    }
    let mut places: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    o.sink.iter().for_each(|r| places.entry(number(r)).or_default().push("sink"));
    o.quarantine.iter().for_each(|r| places.entry(number(r)).or_default().push("quarantine"));
    let mut removed = BTreeSet::new();
    for entry in o.entries("removed") {
        removed.insert(o.about(entry)?);
    }
    removed.iter().for_each(|n| places.entry(*n).or_default().push("removed"));
    if let Some((row, twice)) = places.iter().find(|(_, p)| p.len() > 1) {
        return Err(format!("row {row} is in {twice:?}"));
    }
    let dropped = o.typed.keys().filter(|n| !places.contains_key(n)).count() as u64;
    let counts = (o.sink.len() as u64, o.quarantine.len() as u64, dropped, removed.len() as u64);
    if counts != (t.committed, t.quarantined, t.dropped, t.duplicates_removed) {
        return Err(format!("sink, quarantine, dropped, removed are {counts:?}, and the report says {t:?}"));
    }
    for row in &o.quarantine {
        let (typed, raw) = (&o.typed[&number(row)], &o.raw[&number(row)]);
        let texts: serde_json::Value = serde_json::from_str(row["_raw"].as_deref().unwrap_or("{}")).unwrap();
        for column in COLUMNS {
            if row[column] != typed[column] {
                return Err(format!("row {} left as {row:?}, and was read as {typed:?}", number(row)));
            }
            if typed[column] != raw[column] && texts[column].as_str() != raw[column].as_deref() {
                return Err(format!("the text {:?} of `{column}` is lost in quarantine: {row:?}", raw[column]));
            }
        }
    }
    Ok(())
}

/// Invariant 2: the cells that differ between the typed input and the output are the ledger's entries.
fn ledger_is_the_difference(o: &Outcome) -> Result<(), String> {
    let mut differ = BTreeMap::new();
    for row in &o.sink {
        for column in COLUMNS {
            if row[column] != o.typed[&number(row)][column] {
                differ.insert((number(row), column.to_owned()), row[column].clone());
            }
        }
    }
    let mut told = BTreeMap::new();
    for entry in o.entries("applied") {
        let key = (o.about(entry)?, entry["column"].clone().unwrap_or_default());
        if told.insert(key.clone(), entry["new"].clone()).is_some() {
            return Err(format!("the ledger has {key:?} twice"));
        }
    }
    let cells: u64 = o.report.tables.iter().map(|t| t.healed_cells).sum();
    if differ != told || cells != told.len() as u64 {
        return Err(format!("cells that differ {differ:?}, cells in the ledger {told:?}, cells told {cells}"));
    }
    Ok(())
}

/// Invariant 3: after healing no rule has more violations than before; and those left are those in the sink, where the test can count them.
fn no_rule_is_worse(o: &Outcome) -> Result<(), String> {
    for rule in &o.report.rules {
        if rule.violations_after > rule.violations {
            return Err(format!("worse than before: {rule:?}"));
        }
        let count = |wrong: &dyn Fn(&Row) -> bool| o.sink.iter().filter(|r| wrong(r)).count() as u64;
        let integer = |r: &Row| r["q"].as_deref().and_then(|t| t.parse::<i64>().ok());
        let after = match rule.rule.as_str() {
            "k.not_null" => count(&|r| r["k"].is_none()),
            "q.between" => count(&|r| integer(r).is_some_and(|q| !(1..=50).contains(&q))),
            // Set rules judge the rows that pass the row rules: what a clause keeps beside these is not counted.
            "k.unique" if o.report.tables.iter().all(|t| t.kept == 0) => {
                count(&|r| r["k"].is_some() && o.sink.iter().filter(|s| s["k"] == r["k"]).count() > 1)
            }
            _ => continue,
        };
        if after != rule.violations_after {
            return Err(format!("{after} rows in the sink violate `{}`, and the report says {rule:?}", rule.rule));
        }
    }
    Ok(())
}

/// Invariant 4: a second run is new to nobody and changes nothing.
fn nothing_new(first: &Outcome, second: &Outcome) -> Result<(), String> {
    let failed = first.report.exit_code == 1 || first.report.outcome == "waiting";
    if !failed && second.report.outcome != "nothing_new" {
        return Err(format!("the second run was `{}`", second.report.outcome));
    }
    let same = first.sink == second.sink && first.quarantine == second.quarantine && first.ledger == second.ledger;
    if same { Ok(()) } else { Err("a second run on the same input changed what is there".into()) }
}

/// Invariant 5: the ledger backwards gives the input, text where a cell had not converted; but for `drop`.
fn backwards(o: &Outcome) -> Result<(), String> {
    let mut back: BTreeMap<u64, Row> = o.sink.iter().map(|r| (number(r), r.clone())).collect();
    for entry in o.entries("applied") {
        let row = back.get_mut(&o.about(entry)?).ok_or_else(|| format!("healed and not committed: {entry:?}"))?;
        row.insert(entry["column"].clone().unwrap_or_default(), entry["old"].clone());
    }
    for entry in o.entries("removed") {
        let row = back.entry(o.about(entry)?).or_default();
        row.insert(entry["column"].clone().unwrap_or_default(), entry["old"].clone());
    }
    for (n, row) in &back {
        if *row != o.raw[n] {
            return Err(format!("row {n} backwards is {row:?}, and was {:?}", o.raw[n]));
        }
    }
    Ok(())
}

/// Invariant 6: as many threads as you like.
fn same_rows(one: &Outcome, other: &Outcome) -> Result<(), String> {
    let same = one.sink == other.sink && one.quarantine == other.quarantine && one.ledger == other.ledger;
    if !same {
        return Err(format!("other rows on other threads:\n{:?}\n{:?}", one.sink, other.sink));
    }
    let told = |o: &Outcome| serde_json::to_value((&o.report.tables, &o.report.rules, &o.report.outcome)).unwrap();
    if told(one) == told(other) { Ok(()) } else { Err(format!("{}\n{}", told(one), told(other))) }
}

fn holds(case: &Case) -> Result<(), String> {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    case.write(here.path());
    case.write(there.path());
    let first = runs(case, here.path(), case.threads, 0);
    if first.report.exit_code == 2 || first.report.diagnostics.iter().any(|d| d["code"] == "E1499") {
        return Err(format!("{:#?}", first.report.diagnostics));
    }
    let left = staged(here.path());
    if !left.is_empty() {
        return Err(format!("staged: {left:?}"));
    }
    accounted(&first).map_err(|e| format!("rows in = rows out: {e}"))?;
    ledger_is_the_difference(&first).map_err(|e| format!("ledger = differences: {e}"))?;
    no_rule_is_worse(&first).map_err(|e| format!("no rule worse: {e}"))?;
    backwards(&first).map_err(|e| format!("ledger backwards: {e}"))?;
    let second = runs(case, here.path(), case.threads, 1);
    nothing_new(&first, &second).map_err(|e| format!("again: {e}"))?;
    let other = runs(case, there.path(), if case.threads == 1 { 3 } else { 1 }, 0);
    same_rows(&first, &other).map_err(|e| format!("threads: {e}"))
}

fn text() -> impl Strategy<Value = Option<String>> {
    let some = |t: &str| Just(Some(t.to_owned()));
    prop_oneof![
        2 => Just(None),
        1 => some(" "),
        4 => some("x"),
        3 => some("y"),
        1 => some("caf\u{e9}"),
        1 => some("cafe\u{301}"),
        1 => some("a \"quoted\" one"),
        1 => some("two\nlines"),
        1 => some("a,b;c"),
        1 => some(" x "),
    ]
}

fn key() -> impl Strategy<Value = Option<String>> {
    prop_oneof![1 => Just(None), 8 => (0..12u8).prop_map(|n| Some(format!("k{n}"))), 1 => Just(Some("k\u{e9}".to_owned()))]
}

fn amount() -> impl Strategy<Value = Option<String>> {
    let texts = ["1.50", "0.00", "-3.00", "120.25", "1,50", "7,00", "zz", "99999999999.00"].map(|t| Some(t.to_owned()));
    prop_oneof![1 => Just(None), 8 => proptest::sample::select(texts.to_vec())]
        .prop_filter("a decimal(10, 2)", |t| t.as_deref() != Some("99999999999.00"))
}

fn quantity() -> impl Strategy<Value = Option<String>> {
    prop_oneof![1 => Just(None), 6 => (0..60i32).prop_map(|n| Some(n.to_string())), 1 => Just(Some("x1".to_owned()))]
}

/// Rules, each with the clauses that may answer it; the first of none is none.
const RULES: [(&str, &[&str]); 7] = [
    (
        "k not null",
        &["on rule_failed(rule: k.not_null) => set k = ('none')", "on rule_failed(rule: k.not_null) => drop"],
    ),
    (
        "k unique",
        &[
            "on rule_failed(rule: k.unique) => dedupe keep latest row",
            "on rule_failed(rule: k.unique) => dedupe keep first",
            "on rule_failed(rule: k.unique) => dedupe keep most complete",
            "on rule_failed(rule: k.unique) => keep",
        ],
    ),
    (
        "det: (g) determines (a)",
        &[
            "on rule_failed(check: determines) => majority else keep",
            "on rule_failed(check: determines) => majority else quarantine",
            "on rule_failed(check: determines) => keep",
        ],
    ),
    (
        "q between 1 and 50",
        &[
            "on rule_failed(rule: q.between) => set q = (10)",
            "on rule_failed(rule: q.between) => set q = (q - 1) else quarantine",
            "on rule_failed(rule: q.between) => drop",
        ],
    ),
    ("a not blank", &["on rule_failed(rule: a.not_blank) => set a = ('x') else keep"]),
    ("num >= 0", &["on rule_failed(rule: num.ge) => set num = (-num) else drop"]),
    ("short: (length(a) < 6) severity warning", &["on rule_failed(rule: short) => set a = ('y')"]),
];

const CASTS: [&str; 3] = [
    "on cast_failed(column: num) => cast using (replace($value, ',', '.')) else quarantine",
    "on cast_failed(column: num) => keep",
    "on cast_failed(column: num) => drop",
];

const LAST: [&str; 3] = ["on rule_failed => quarantine", "on rule_failed => keep", "on rule_failed => drop"];

fn case() -> impl Strategy<Value = Case> {
    let rows = proptest::collection::vec((key(), text(), text(), amount(), quantity()), 1..26);
    let chosen = proptest::collection::vec((any::<bool>(), 0..5usize), RULES.len());
    // `keep` on cast_failed is no action of that failure; the first and the last are.
    let casts = proptest::sample::select(vec![None, Some(CASTS[0]), Some(CASTS[2])]);
    (rows, 1..4usize, chosen, casts, proptest::sample::select(LAST.to_vec()), 1..5usize).prop_map(
        |(rows, files, chosen, cast, last, threads)| {
            let rows: Vec<_> = rows.into_iter().map(|(k, g, a, num, q)| [k, g, a, num, q]).collect();
            let (mut rules, mut clauses) = (Vec::new(), Vec::new());
            clauses.extend(cast.map(str::to_owned));
            clauses.push("on cast_failed => quarantine".to_owned());
            for ((rule, answers), (on, answer)) in RULES.iter().zip(chosen) {
                if on {
                    rules.push((*rule).to_owned());
                    clauses.extend(answers.get(answer).map(|c| (*c).to_owned()));
                }
            }
            clauses.push(last.to_owned());
            let files = files.min(rows.len());
            Case { rows, files, rules, clauses, threads }
        },
    )
}

fn config() -> Config {
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { Config::default().cases } else { 40 };
    Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_invariant_holds_over_generated_tables(case in case()) {
        if let Err(why) = holds(&case) {
            prop_assert!(false, "{why}\n{}", case.program());
        }
    }
}

/// A run with a healed cell, a removed duplicate, a quarantined row and a cast.
fn sample() -> (tempfile::TempDir, Outcome) {
    let some = |t: &str| Some(t.to_owned());
    let row = |k: &str, a: &str, num: &str, q: &str| [some(k), some("g"), some(a), some(num), some(q)];
    let case = Case {
        rows: vec![
            row("k0", "x", "1.50", "1"),
            row("k0", "x", "1.50", "2"),
            row("k1", "x", "1,50", "3"),
            row("k2", "x", "zz", "4"),
            row("k3", "x", "2.00", "70"),
            [None, some("g"), some("x"), None, some("5")],
        ],
        files: 2,
        rules: vec!["k not null, unique".to_owned(), "q between 1 and 50".to_owned()],
        clauses: vec![
            CASTS[0].to_owned(),
            RULES[1].1[0].to_owned(),
            RULES[3].1[0].to_owned(),
            "on rule_failed => quarantine".to_owned(),
        ],
        threads: 2,
    };
    let folder = tempfile::tempdir().unwrap();
    case.write(folder.path());
    let outcome = runs(&case, folder.path(), 2, 0);
    assert_eq!((outcome.sink.len(), outcome.quarantine.len()), (3, 2), "{:#?}", outcome.report);
    for check in [accounted, ledger_is_the_difference, no_rule_is_worse, backwards] {
        check(&outcome).unwrap();
    }
    (folder, outcome)
}

#[test]
fn planted_faults_are_objected_to() {
    let (_folder, good) = sample();
    let broken = |f: &dyn Fn(&mut Outcome)| {
        let mut copy = good.clone();
        f(&mut copy);
        copy
    };
    // A row that is dropped, from the sink or from the quarantine; a row in both; a batch committed twice; a wrong count.
    accounted(&broken(&|o| _ = o.sink.pop())).unwrap_err();
    accounted(&broken(&|o| _ = o.quarantine.pop())).unwrap_err();
    accounted(&broken(&|o| o.sink.push(o.quarantine[0].clone()))).unwrap_err();
    accounted(&broken(&|o| o.sink.extend(o.sink.clone()))).unwrap_err();
    accounted(&broken(&|o| o.report.tables[0].dropped += 1)).unwrap_err();
    // A row in quarantine that is not as it was read; a text that is lost there.
    accounted(&broken(&|o| _ = o.quarantine[0].insert("g".into(), Some("other".into())))).unwrap_err();
    accounted(&broken(&|o| o.quarantine.iter_mut().for_each(|r| _ = r.insert("_raw".into(), None)))).unwrap_err();
    // A flipped cell; an entry that is missing, there twice, or about another row.
    ledger_is_the_difference(&broken(&|o| _ = o.sink[0].insert("g".into(), Some("other".into())))).unwrap_err();
    ledger_is_the_difference(&broken(&|o| o.ledger.retain(|e| e["column"].as_deref() != Some("q")))).unwrap_err();
    ledger_is_the_difference(&broken(&|o| o.ledger.extend(o.ledger.clone()))).unwrap_err();
    let elsewhere = |o: &mut Outcome| o.ledger.iter_mut().for_each(|e| _ = e.insert("row".into(), Some("77".into())));
    ledger_is_the_difference(&broken(&elsewhere)).unwrap_err();
    // A rule made worse; violations in the sink that the report keeps quiet about.
    no_rule_is_worse(&broken(&|o| o.report.rules[0].violations_after = 1 + o.report.rules[0].violations)).unwrap_err();
    no_rule_is_worse(&broken(&|o| _ = o.sink[0].insert("q".into(), Some("99".into())))).unwrap_err();
    // An old value that is not the one that was there; a removed row that is not whole.
    let old = |o: &mut Outcome| o.ledger.iter_mut().for_each(|e| _ = e.insert("old".into(), Some("?".into())));
    backwards(&broken(&old)).unwrap_err();
    let part = |o: &mut Outcome| o.ledger.retain(|e| e["column"].as_deref() != Some("g"));
    backwards(&broken(&part)).unwrap_err();
    // A second run that commits again, and one that says it did nothing and did.
    nothing_new(&good, &good).unwrap_err();
    let quiet = broken(&|o| o.report.outcome = "nothing_new".into());
    nothing_new(&good, &quiet).unwrap();
    let mut loud = quiet.clone();
    loud.sink.extend(quiet.sink.clone());
    nothing_new(&good, &loud).unwrap_err();
    // Another row on another thread.
    same_rows(&good, &good).unwrap();
    same_rows(&good, &broken(&|o| _ = o.sink.pop())).unwrap_err();
}

const SECRET: &str = "s3cr3t-5f1a9c77";

/// Files below a folder, and texts, in which the secret stands.
fn leaks(folder: &Path, texts: &[String]) -> Vec<String> {
    let holds = |bytes: &[u8]| bytes.windows(SECRET.len()).any(|w| w == SECRET.as_bytes());
    let in_files =
        files(folder).into_iter().filter(|f| holds(&std::fs::read(f).unwrap())).map(|f| f.display().to_string());
    in_files.chain(texts.iter().filter(|t| holds(t.as_bytes())).cloned()).collect()
}

/// Invariant 9. The secret is the url of a channel and of a connection, good for what runs and for what is refused.
#[test]
fn a_secret_is_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let program = "pipe 1;\nsecret key from env 'PIPE_TEST_SECRET';\n\
        connection far postgres with (url = secret key);\nchannel oncall webhook with (url = secret key);\n\
        source t from csv 'in.csv' schema (n bigint, s text);\nsource u from far 'public.u';\n\
        rules t { n not null; }\nheal t { on rule_failed => quarantine; }\n\
        load t into csv 'out.csv' with (mode = overwrite);\nload u into csv 'u.csv' with (mode = overwrite);\n";
    std::fs::write(folder.path().join("p.pipe"), program).unwrap();
    std::fs::write(folder.path().join("in.csv"), "n,s\n1,a\n,b\n").unwrap();
    let mut texts = Vec::new();
    let commands: [&[&str]; 12] = [
        &["run", "--target", "t"],
        &["run", "--target", "t", "--format", "json", "--full-refresh"],
        &["run"],
        &["run", "--target", "u", "--format", "json"],
        &["check", "--format", "json"],
        &["plan", "--target", "t"],
        &["plan"],
        &["explain", "t"],
        &["explain", "u"],
        &["query", "select * from u"],
        &["runs"],
        &["fmt", "--diff"],
    ];
    for arguments in commands {
        let output = command(folder.path(), arguments).env("PIPE_TEST_SECRET", SECRET).output().unwrap();
        texts.push(String::from_utf8_lossy(&output.stdout).into_owned());
        texts.push(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    assert!(texts[0].contains("committed"), "{}", texts[0]);
    assert_eq!(leaks(folder.path(), &texts), Vec::<String>::new());
    // What looks for it finds it, in a state file and in what is said.
    std::fs::write(folder.path().join(".pipe/run.log"), format!("url = {SECRET}\n")).unwrap();
    assert_eq!(leaks(folder.path(), &texts).len(), 1);
    assert_eq!(leaks(folder.path(), &[format!("error: cannot reach {SECRET}")]).len(), 2);
}
