//! `pipe suggest`: what is found in dirty tables of known truth, and what running it heals.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pipe_tests::random::Random;
use serde_json::Value;

use crate::pipe::{copy_of, pipe, repository};

/// A table with what it would hold without errors.
struct Table {
    columns: Vec<&'static str>,
    clean: Vec<Vec<String>>,
    dirty: Vec<Vec<String>>,
}

impl Table {
    /// Puts an error into one of `n` cells of all columns but the first.
    fn spoil(mut self, random: &mut Random, n: u64, error: impl Fn(&str, &mut Random) -> String) -> Table {
        self.dirty.clone_from(&self.clean);
        for row in &mut self.dirty {
            for cell in row.iter_mut().skip(1) {
                if random.once_in(n) {
                    *cell = error(cell, random);
                }
            }
        }
        self
    }

    fn csv(&self) -> String {
        let quoted = |cell: &String| if cell.contains(',') { format!("\"{cell}\"") } else { cell.clone() };
        let line = |row: &Vec<String>| row.iter().map(quoted).collect::<Vec<_>>().join(",");
        let rows: Vec<String> = self.dirty.iter().map(line).collect();
        format!("{}\n{}\n", self.columns.join(","), rows.join("\n"))
    }

    /// A folder with the table as the source `t` and a load of it.
    fn project(&self) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("t.csv"), self.csv()).unwrap();
        std::fs::write(folder.path().join("p.pipe"), PROGRAM).unwrap();
        folder
    }

    /// Of a table as it was written: cells corrected, wrong cells that are left, right cells that are wrong now.
    fn score(&self, file: &Path) -> Score {
        let text = std::fs::read_to_string(file).unwrap();
        let mut rows: Vec<Vec<String>> = text.lines().skip(1).map(fields).collect();
        rows.sort_by_key(|row| row[0].parse::<usize>().unwrap());
        assert_eq!(rows.len(), self.clean.len(), "rows were lost");
        let mut score = Score::default();
        for ((clean, dirty), now) in self.clean.iter().zip(&self.dirty).zip(&rows) {
            for ((clean, dirty), now) in clean.iter().zip(dirty).zip(now) {
                score.cells += 1;
                score.wrong += usize::from(clean != dirty);
                score.changed += usize::from(now != dirty);
                score.corrected += usize::from(now != dirty && now == clean);
                score.broken += usize::from(now != dirty && dirty == clean);
            }
        }
        score
    }
}

#[derive(Debug, Default)]
struct Score {
    cells: usize,
    wrong: usize,
    changed: usize,
    corrected: usize,
    broken: usize,
}

impl Score {
    fn f1(&self) -> f64 {
        2.0 * self.corrected as f64 / (self.changed + self.wrong) as f64
    }

    fn harm(&self) -> f64 {
        self.broken as f64 / (self.cells - self.wrong) as f64
    }
}

const PROGRAM: &str = "pipe 1;\n\nsource t from csv 't.csv';\n\nload t into csv 'out/t.csv' with (mode = overwrite);\n";

fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => fields.last_mut().unwrap().push(c),
        }
    }
    fields
}

fn suggest(folder: &Path, table: &str) -> Value {
    pipe(folder, &["suggest", table, "--format", "json"]).expect(0).json()
}

/// The dependencies of a program: what decides, and what is decided.
fn dependencies(program: &str) -> Vec<(BTreeSet<String>, BTreeSet<String>)> {
    let loaded = pipe_check::check(&[("p.pipe", program)]);
    let mut found = Vec::new();
    for rule in loaded.program.rules.values().flatten() {
        if let pipe_check::Predicate::Determines(decided) = &rule.predicate {
            let left = rule.subject.iter().flat_map(|e| &e.columns).filter_map(|c| c.parts.last().cloned());
            found.push((left.collect(), decided.iter().cloned().collect()));
        }
    }
    found
}

/// Whether a dependency follows from others.
fn follows(all: &[(BTreeSet<String>, BTreeSet<String>)], left: &[&str], right: &str) -> bool {
    let mut closure: BTreeSet<String> = left.iter().map(|l| (*l).to_owned()).collect();
    while let Some((_, more)) = all.iter().find(|(l, r)| l.is_subset(&closure) && !r.is_subset(&closure)) {
        closure.extend(more.iter().cloned());
    }
    closure.contains(right)
}

/// Letters replaced, as by a bad scan.
fn typo(cell: &str, random: &mut Random) -> String {
    let mut letters: Vec<char> = cell.chars().collect();
    let at = random.between(0, letters.len() as u64 - 1) as usize;
    letters[at] = if letters[at] == 'x' { 'y' } else { 'x' };
    letters.into_iter().collect()
}

/// Clinics with towns and counties, what is measured there, and the average of each state: of fifty rows one is of another
/// state, so a measure nearly decides the average. One column always says the same.
fn clinics(seed: u64, rows: usize) -> (Table, Random) {
    let mut random = Random::new(seed);
    let word = |random: &mut Random, n: u64| -> String {
        (0..n)
            .map(|_| format!("{}{}", random.pick(&['b', 'd', 'k', 'l', 'm', 'r', 't']), random.pick(&['a', 'e', 'o'])))
            .collect()
    };
    let towns: Vec<(String, String)> = (0..30)
        .map(|i| (format!("{}{}", word(&mut random, 3), i), format!("{} county {}", word(&mut random, 2), i * 2 / 3)))
        .collect();
    let clinics: Vec<[String; 7]> = (0..40)
        .map(|i| {
            let (town, county) = &towns[if i < 30 { i } else { random.between(0, 29) as usize }];
            let state = if i == 39 { "ak" } else { "al" };
            let zip = if i == 39 { "99501".to_owned() } else { format!("{}", 35_000 + i * 11) };
            let town = if i == 39 { "nome".to_owned() } else { town.clone() };
            let county = if i == 39 { "far north".to_owned() } else { county.clone() };
            let owner = *random.pick(&["government", "voluntary non-profit", "proprietary"]);
            [
                format!("{}", 10_000 + i * 3),
                format!("{} clinic {}", word(&mut random, 4), i),
                town,
                state.to_owned(),
                zip,
                county,
                owner.to_owned(),
            ]
        })
        .collect();
    let measures: Vec<[String; 3]> = (0..20)
        .map(|i| {
            [format!("am-{i}"), format!("patients given {} {i}", word(&mut random, 5)), format!("condition {}", i % 5)]
        })
        .collect();
    let clean = (0..rows)
        .map(|i| {
            // One row of each measure in the other state.
            let clinic = &clinics[if i % 50 == 7 { 39 } else { random.between(0, 38) as usize }];
            let measure = if i % 50 == 7 { &measures[i / 50 % 20] } else { random.pick(&measures) };
            let mut row = vec![(i + 1).to_string()];
            row.extend(clinic.iter().cloned());
            row.extend(measure.iter().cloned());
            row.extend(["acute care".to_owned(), format!("{}_{}", clinic[3], measure[0])]);
            row
        })
        .collect();
    let columns = vec![
        "number",
        "provider",
        "name",
        "town",
        "state",
        "zip",
        "county",
        "owner",
        "code",
        "title",
        "condition",
        "kind",
        "average",
    ];
    (Table { columns, clean, dirty: Vec::new() }, random)
}

#[test]
fn what_decides_is_found_in_a_dirty_table_and_running_it_heals_it() {
    for (seed, rows, n) in [(1, 1000, 40), (2, 1000, 20), (3, 2500, 30)] {
        let (table, mut random) = clinics(seed, rows);
        let table = table.spoil(&mut random, n, typo);
        let folder = table.project();
        let text = pipe(folder.path(), &["suggest", "t"]).expect(0).stdout;
        let program = format!("{PROGRAM}\n{}", text.strip_prefix("pipe 1;\n").unwrap());
        let found = dependencies(&program);
        for (left, decided) in [
            ("provider", vec!["name", "town", "state", "zip", "county", "owner"]),
            ("name", vec!["provider", "town", "state", "zip", "county", "owner"]),
            ("town", vec!["county", "state"]),
            ("code", vec!["title", "condition", "kind"]),
            ("title", vec!["code", "condition", "kind"]),
        ] {
            for right in decided {
                assert!(follows(&found, &[left], right), "seed {seed}: {left} -> {right}\n{text}");
            }
        }
        for (left, right) in
            [("code", "average"), ("title", "average"), ("owner", "state"), ("condition", "code"), ("county", "name")]
        {
            assert!(!follows(&found, &[left], right), "seed {seed}: {left} -> {right} is wrong\n{text}");
        }
        std::fs::write(folder.path().join("p.pipe"), &program).unwrap();
        let checked = pipe(folder.path(), &["check"]).expect(0);
        assert!(
            checked.stdout.contains("nothing found") || checked.stderr.contains("nothing found"),
            "{}",
            checked.stdout
        );
        let ran = pipe(folder.path(), &["run"]).expect(0);
        let score = table.score(&folder.path().join("out/t.csv"));
        assert!(score.f1() >= 0.85 && score.harm() < 0.001, "seed {seed}: {score:?}\n{text}\n{}", ran.stdout);
    }
}

#[test]
fn the_screen_of_the_page_is_real() {
    let page = std::fs::read_to_string(repository().join("engine/suggest/README.md")).unwrap();
    let screen = page.split("<!-- a real screen -->\n```sql\n").nth(1).and_then(|t| t.split("```\n").next()).unwrap();
    let folder = copy_of("examples/orders");
    // The example without all that says what must hold.
    let file = folder.path().join("orders.pipe");
    let program = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, program.split("rules orders").next().unwrap()).unwrap();
    let told = pipe(folder.path(), &["suggest", "orders"]).expect(0).stdout;
    assert_eq!(screen, told, "the screen of the page is out of date");
}

/// What thirty sources say of sixty trains; sources copy from each other.
fn trains(seed: u64, wrong: u64) -> Table {
    let mut random = Random::new(seed);
    let time = |random: &mut Random| format!("{}:{:02}", random.between(0, 23), random.between(0, 59));
    let right: Vec<Vec<String>> = (0..60).map(|_| (0..4).map(|_| time(&mut random)).collect()).collect();
    let rumours: Vec<Vec<String>> = (0..180).map(|_| (0..4).map(|_| time(&mut random)).collect()).collect();
    let (mut clean, mut dirty) = (Vec::new(), Vec::new());
    for source in 0..30 {
        for (number, train) in right.iter().enumerate() {
            if random.once_in(6) {
                continue;
            }
            let mut row = vec![clean.len().to_string(), format!("source {source}"), format!("train {number}")];
            row.extend(train.iter().cloned());
            clean.push(row.clone());
            for (place, cell) in row.iter_mut().skip(3).enumerate() {
                if random.between(0, 99) < wrong {
                    let rumour = &rumours[number * 3 + random.between(0, 2) as usize][place];
                    *cell = if random.once_in(2) { String::new() } else { rumour.clone() };
                }
            }
            dirty.push(row);
        }
    }
    Table { columns: vec!["row", "source", "train", "due", "left", "expected", "arrived"], clean, dirty }
}

#[test]
fn what_sources_dispute_is_voted_on_where_the_votes_are_clear() {
    for (seed, wrong) in [(1, 20), (2, 35), (3, 45)] {
        let table = trains(seed, wrong);
        let folder = table.project();
        let text = pipe(folder.path(), &["suggest", "t"]).expect(0).stdout;
        let program = format!("{PROGRAM}\n{}", text.strip_prefix("pipe 1;\n").unwrap());
        let found = dependencies(&program);
        for right in ["due", "left", "expected", "arrived"] {
            assert!(follows(&found, &["train"], right), "seed {seed}: train -> {right}\n{text}");
            assert!(!follows(&found, &[right], "train"), "seed {seed}: {right} -> train is wrong\n{text}");
        }
        std::fs::write(folder.path().join("p.pipe"), &program).unwrap();
        pipe(folder.path(), &["check"]).expect(0);
        pipe(folder.path(), &["run"]).expect(0);
        let score = table.score(&folder.path().join("out/t.csv"));
        assert!(score.corrected * 100 >= score.changed * 98 && score.harm() < 0.001, "seed {seed}: {score:?}\n{text}");
        // The more is wrong the less is clear.
        assert!(score.corrected * 4 >= score.wrong || wrong > 40, "seed {seed}: {score:?}\n{text}");
    }
}

/// A table in which every kind of suggestion has its column.
fn orders(rows: usize) -> String {
    let mut random = Random::new(7);
    let mut text = String::from("id,mail,status,price,when,tax,note,code,country,pieces\n");
    for i in 0..rows {
        let mail = if i % 97 == 5 { format!("user{i}.example.com") } else { format!("user{i}@example.com") };
        let status = match i % 60 {
            3 => "PAID",
            9 => " paid",
            _ => random.pick(&["new", "paid", "shipped"]),
        };
        let cents = random.between(100, 9999);
        let price = match i % 40 {
            1 => format!("\"{},{:02}\"", cents / 100, cents % 100),
            2 => format!("{}.{:02} EUR", cents / 100, cents % 100),
            _ => format!("{}.{:02}", cents / 100, cents % 100),
        };
        let day = random.between(1, 28);
        let note = if i % 10 == 1 { "N/A".to_owned() } else { format!("note {}", random.between(1, 400)) };
        let tax = format!("0.{:02}", random.between(1, 99));
        let code = format!("AB-{}", random.between(100, 9999));
        let pieces = random.between(1, 12);
        let country = random.pick(&["DE", "FR", "US", "IT", "ES"]);
        text += &format!("{i},{mail},{status},{price},2026-03-{day:02},{tax},{note},{code},{country},{pieces}\n");
    }
    text
}

const ORDERS: &str = "pipe 1;\n\nsource orders from csv 'o.csv' schema (\n  id bigint, mail text, status text, price decimal(10, 2), when date,\n  \
                      tax double, note text, code text, country text, pieces int,\n);\n\nload orders into csv 'out/o.csv' with (mode = overwrite);\n";

fn rules(suggested: &Value) -> BTreeMap<String, String> {
    let all = suggested["rules"].as_array().unwrap().iter();
    all.map(|r| (r["rule"].as_str().unwrap().to_owned(), r["evidence"].as_str().unwrap().to_owned())).collect()
}

#[test]
fn every_kind_of_rule_is_suggested_with_its_evidence_and_runs() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("o.csv"), orders(1200)).unwrap();
    std::fs::write(folder.path().join("p.pipe"), ORDERS).unwrap();
    let suggested = suggest(folder.path(), "orders");
    let found = rules(&suggested);
    let has = |start: &str| found.keys().any(|rule| rule.starts_with(start));
    for rule in [
        "id unique",
        "id, mail, status",
        "mail is email tolerate",
        "status in ('new', 'paid', 'shipped')",
        "status_written: (status = lower(trim(status)))",
        "price between 0 and ",
        "tax between 0 and 1",
        "\"when\" not in future",
        "note not in ('N/A')",
        "code matches '^[A-Z]{2}-[0-9]{3,4}$'",
        "country in ('DE', 'ES', 'FR', 'IT', 'US')",
        "pieces between 0 and ",
        "volume: row count between 600 and 2400 severity warning",
        "usual_volume: row count within 3 sigma over last 14 runs severity warning",
    ] {
        assert!(has(rule) || has(&rule.replace('"', "")), "{rule}\n{found:#?}");
    }
    assert!(found.values().all(|evidence| !evidence.is_empty()));
    let held = suggested["held_back"].as_u64().unwrap();
    assert!((180..300).contains(&held), "a fifth: {held}");
    let clauses: Vec<&str> =
        suggested["clauses"].as_array().unwrap().iter().map(|c| c["clause"].as_str().unwrap()).collect();
    for clause in [
        "on cast_failed(column: price) => cast using (replace(replace($value, ' EUR', ''), ',', '.')) else quarantine",
        "on rule_failed(rule: status_written) => set status = (lower(trim(status))) else quarantine",
        "on rule_failed(column: note, check: not_in) => set note = (null) else quarantine",
        "on rule_failed => quarantine",
    ] {
        assert!(clauses.contains(&clause), "{clause}\n{clauses:#?}");
    }
    // It is a program without findings, formatted, and it heals.
    let text = suggested["program"].as_str().unwrap();
    let program = format!("{ORDERS}\n{}", text.strip_prefix("pipe 1;\n").unwrap());
    std::fs::write(folder.path().join("p.pipe"), &program).unwrap();
    pipe(folder.path(), &["check"]).expect(0);
    let report = pipe(folder.path(), &["run", "--format", "json"]).expect(0).json();
    assert_eq!(
        (&report["tables"][0]["committed"], &report["tables"][0]["quarantined"]),
        (&1200.into(), &0.into()),
        "{report:#}"
    );
    let out = std::fs::read_to_string(folder.path().join("out/o.csv")).unwrap();
    assert!(!out.contains("EUR") && !out.contains("PAID") && !out.contains("N/A"), "{out}");
    // Nothing of it is left to suggest.
    let again = suggest(folder.path(), "orders");
    assert_eq!(
        (&again["rules"], &again["clauses"]),
        (&Value::Array(Vec::new()), &Value::Array(Vec::new())),
        "{again:#}"
    );
}

#[test]
fn rows_with_the_key_of_another_one_are_not_healed_by_it() {
    // The clinic of some rows is another one; all that is decided by it is right.
    let (table, mut random) = clinics(6, 1500);
    let others: Vec<String> = table.clean.iter().map(|row| row[1].clone()).collect();
    let mut table = table.spoil(&mut random, 60, typo);
    for row in &mut table.dirty {
        if random.once_in(40) {
            row[1].clone_from(random.pick(&others));
        }
    }
    let folder = table.project();
    let suggested = suggest(folder.path(), "t");
    assert!(!suggested["settings"].to_string().contains("automatic"), "{:#}", suggested["settings"]);
    pipe(folder.path(), &["suggest", "t", "--apply"]).expect(0);
    pipe(folder.path(), &["run"]).expect(0);
    assert_eq!(table.score(&folder.path().join("out/t.csv")).broken, 0);
}

#[test]
fn the_same_is_suggested_on_any_number_of_threads() {
    let (table, mut random) = clinics(4, 800);
    let folder = table.spoil(&mut random, 30, typo).project();
    let one = pipe(folder.path(), &["suggest", "t", "--threads", "1"]).expect(0).stdout;
    assert_eq!(pipe(folder.path(), &["suggest", "t", "--threads", "3"]).expect(0).stdout, one);
}

#[test]
fn suggestions_are_added_where_they_belong_once() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("o.csv"), orders(1200)).unwrap();
    // Not in style, with comments, clauses in a file of their own, and a rule whose name is taken.
    let program = "pipe 1;\nuse 'heals.pipe';\n-- what the shop sends\nsource orders from csv 'o.csv' schema (id bigint, mail text, status text,\n  \
                   price decimal(10, 2), when date, tax double, note text, code text, country text, pieces int);\n\
                   rules orders { id unique; volume: (sum(pieces)) > 0; } -- mine\n\
                   load orders into csv 'out/o.csv' with (mode = overwrite);\n";
    let heals = "pipe 1;\n\nheal orders {\n  -- the rest\n  on rule_failed\n    => quarantine;\n}\n";
    std::fs::write(folder.path().join("p.pipe"), program).unwrap();
    std::fs::write(folder.path().join("heals.pipe"), heals).unwrap();
    let told = pipe(folder.path(), &["suggest", "orders", "p.pipe", "--apply"]).expect(0);
    assert!(told.stderr.contains("added to ") && told.stdout.is_empty(), "{}{}", told.stdout, told.stderr);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let (rules, clauses) = (read("p.pipe"), read("heals.pipe"));
    assert!(rules.starts_with(program.trim_end()), "what stood there was changed:\n{rules}");
    assert!(rules.contains("volume_suggested:") && !rules.contains("id unique;\n  --"), "{rules}");
    assert!(pipe_fmt::format(&clauses).is_ok_and(|f| f == clauses), "not in style:\n{clauses}");
    let places = ["on cast_failed(column: price)", "-- the rest\n  on rule_failed\n    => quarantine;\n}"]
        .map(|t| clauses.find(t));
    assert!(places[0].is_some() && places[0] < places[1], "{clauses}");
    pipe(folder.path(), &["check", "p.pipe"]).expect(0);
    pipe(folder.path(), &["run", "p.pipe"]).expect(0);
    let again = pipe(folder.path(), &["suggest", "orders", "p.pipe", "--apply"]).expect(0);
    assert!(again.stderr.starts_with("nothing to add"), "{}", again.stderr);
    assert_eq!((read("p.pipe"), read("heals.pipe")), (rules, clauses));
}

#[test]
fn a_table_that_is_not_there_and_one_without_rows_are_said_so() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("o.csv"), "id,mail\n").unwrap();
    std::fs::write(
        folder.path().join("p.pipe"),
        "pipe 1;\nsource orders from csv 'o.csv' schema (id bigint, mail text);\n",
    )
    .unwrap();
    let ran = pipe(folder.path(), &["suggest", "order", "--format", "json"]).expect(2);
    assert!(ran.stderr.contains("orders"), "the nearest is named: {}", ran.stderr);
    assert!(ran.json()["diagnostics"][0]["code"].is_string());
    let empty = pipe(folder.path(), &["suggest", "orders"]).expect(0);
    assert!(
        empty.stdout.is_empty() && empty.stderr.starts_with("nothing to suggest"),
        "{}{}",
        empty.stdout,
        empty.stderr
    );
    assert!(!folder.path().join(".pipe").exists(), "it left something behind");
}

#[test]
fn equal_rows_of_a_model_are_removed_without_an_order() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..600).chain([7, 90]).map(|i| format!("{i},town {}\n", i % 40)).collect();
    std::fs::write(folder.path().join("t.csv"), format!("id,town\n{rows}")).unwrap();
    let program = "pipe 1;\nsource t from csv 't.csv' schema (id bigint, town text);\nmodel m as select * from t;\n\
                   load m into csv 'out.csv' with (mode = overwrite);\n";
    std::fs::write(folder.path().join("p.pipe"), program).unwrap();
    pipe(folder.path(), &["suggest", "m", "--apply"]).expect(0);
    let applied = std::fs::read_to_string(folder.path().join("p.pipe")).unwrap();
    assert!(applied.contains("=> dedupe keep most complete"), "{applied}");
    pipe(folder.path(), &["check"]).expect(0);
    pipe(folder.path(), &["run"]).expect(0);
    assert_eq!(std::fs::read_to_string(folder.path().join("out.csv")).unwrap().lines().count(), 601);
}

#[test]
fn a_model_is_suggested_rules_of_what_it_gives() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("o.csv"), orders(1200)).unwrap();
    let model = "\nmodel daily as select when as day, country, count(*) as orders, sum(pieces) as pieces from orders group by 1, 2;\n";
    let heal = "\nheal orders { on cast_failed => quarantine; }\n";
    std::fs::write(folder.path().join("p.pipe"), format!("{ORDERS}{model}{heal}")).unwrap();
    let suggested = suggest(folder.path(), "daily");
    let found = rules(&suggested);
    assert!(found.keys().any(|r| r == "(day, country) unique"), "{found:#?}");
    std::fs::write(
        folder.path().join("p.pipe"),
        format!("{ORDERS}{model}{heal}{}", suggested["program"].as_str().unwrap().replace("pipe 1;\n", "")),
    )
    .unwrap();
    pipe(folder.path(), &["check"]).expect(0);
}

#[test]
fn a_column_that_refers_to_another_table_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let orders: String = (0..600).map(|i| format!("{i},{}\n", if i == 77 { 999 } else { i * 7 % 90 })).collect();
    let customers: String = (0..100).map(|i| format!("{i},name {i}\n")).collect();
    std::fs::write(folder.path().join("o.csv"), format!("id,customer_id\n{orders}")).unwrap();
    std::fs::write(folder.path().join("c.csv"), format!("id,label\n{customers}")).unwrap();
    std::fs::write(
        folder.path().join("p.pipe"),
        "pipe 1;\nsource orders from csv 'o.csv';\nsource customers from csv 'c.csv';\n",
    )
    .unwrap();
    let found = rules(&suggest(folder.path(), "orders"));
    let (rule, evidence) = found.iter().find(|(r, _)| r.contains("references")).expect("a reference");
    assert!(rule.starts_with("customer_id references customers (id) tolerate"), "{rule}: {evidence}");
    let alone = pipe(folder.path(), &["suggest", "orders", "--alone"]).expect(0).stdout;
    assert!(!alone.contains("references"), "{alone}");
}

/// A column by another name, a broken record, prices with a currency, orders twice: what is suggested for the example without its rules and
/// clauses heals all of it.
#[test]
fn a_program_without_rules_and_clauses_gets_all_it_needs_to_run() {
    let folder = copy_of("examples/orders");
    let path = folder.path().join("orders.pipe");
    let mut text = std::fs::read_to_string(&path).unwrap();
    for block in ["rules orders {", "heal orders {"] {
        let start = text.find(block).unwrap();
        let end = start + text[start..].find("\n}\n").unwrap() + 3;
        text.replace_range(start..end, "");
    }
    std::fs::write(&path, &text).unwrap();
    pipe(folder.path(), &["run"]).expect(1);
    pipe(folder.path(), &["suggest", "orders", "--apply"]).expect(0);
    let written = std::fs::read_to_string(&path).unwrap();
    for clause in ["on missing_column(column: total)", "on bad_record", "on cast_failed(column: unit_price)"] {
        assert!(written.contains(clause), "{clause}\n{written}");
    }
    let report = pipe(folder.path(), &["run", "--format", "json"]).expect(0).json();
    let orders = report["tables"].as_array().unwrap().iter().find(|t| t["name"] == "orders").unwrap().clone();
    assert_eq!((&orders["read"], &orders["committed"]), (&1007.into(), &999.into()), "{orders:#}");
}
