//! A generated project, written to a folder and run in this process; and what it left, read from its files.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use pipe_run::report::Silent;
use pipe_run::{Options, Report};
use pipe_state::{Baseline, QuarantineCount, State};

use crate::rows::{Row, below, files, of_csv, of_ndjson, of_parquet, sorted};

/// The columns of the table under test, with their types; the first is the row's own number and is never touched.
pub const COLUMNS: [(&str, &str); 7] = [
    ("row", "bigint"),
    ("k", "text"),
    ("g", "text"),
    ("a", "text"),
    ("num", "decimal(10, 2)"),
    ("q", "int"),
    ("d", "date"),
];

/// What no run may tell anybody.
pub const SECRET: &str = "s3cr3t-5f1a9c77";

/// A cell: its text in the file, `None` for NULL; and the value that has, as tables show it, `None` where it does not convert.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    pub text: Option<String>,
    pub typed: Option<String>,
}

/// What stands in a file.
#[derive(Clone, Debug)]
pub enum Record {
    /// The cells behind the row's number.
    Row(Box<[Cell; 6]>),
    /// Text that is no record.
    Broken,
}

/// The format of the input's files.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Format {
    Csv,
    Ndjson,
}

/// A generated project.
#[derive(Clone, Debug)]
pub struct Case {
    /// The files of the first run.
    pub files: Vec<Vec<Record>>,
    /// Files that come before the second.
    pub later: Vec<Vec<Record>>,
    pub format: Format,
    /// Where the table goes: `parquet`, `csv`, `ndjson`.
    pub sink: &'static str,
    /// Of the `heal` block.
    pub settings: String,
    pub rules: Vec<&'static str>,
    pub clauses: Vec<&'static str>,
    /// Statements behind the table's own: models, their rules and loads.
    pub more: Vec<&'static str>,
    pub threads: usize,
}

/// Where a row stands: its file and its data row there, from 0.
pub type Place = (String, u64);

impl Case {
    pub fn program(&self) -> String {
        let lines = |of: &[&str]| of.iter().fold(String::new(), |t, l| t + "  " + l + ";\n");
        let columns: Vec<String> = COLUMNS.iter().map(|(name, ty)| format!("{name} {ty}")).collect();
        let (connector, columns) = (self.connector(), columns.join(", "));
        let (settings, rules, clauses, sink) = (&self.settings, lines(&self.rules), lines(&self.clauses), self.sink);
        let more = self.more.iter().fold(String::new(), |t, l| t + l + "\n");
        format!(
            "pipe 1;\nsecret key from file 'key.txt';\nconnection far postgres with (url = secret key);\n\
             channel log file with (path = 'log.ndjson');\n\
             source t from {connector} 'in_*.{connector}' schema ({columns});\n\
             source u from csv 'keys.csv' schema (k text);\n\
             rules t {{\n{rules}}}\nheal t with ({settings}) {{\n{clauses}}}\n\
             load t into {sink} 'out' with (mode = append);\n{more}"
        )
    }

    fn connector(&self) -> &'static str {
        match self.format {
            Format::Csv => "csv",
            Format::Ndjson => "ndjson",
        }
    }

    /// A text without a value as it is kept: with its quotes where JSON has a string in place of an integer.
    fn shown(&self, column: &str, text: &str) -> String {
        let string = self.format == Format::Ndjson && column == "q";
        if string { serde_json::to_string(text).unwrap() } else { text.to_owned() }
    }

    /// All records with their places and, for rows, their numbers: over the first files, or over the later ones too.
    pub fn records(&self, later: bool) -> Vec<(Place, &Record)> {
        let all = self.files.iter().chain(self.later.iter().filter(|_| later));
        let name = |n: usize| format!("in_{n}.{}", self.connector());
        all.enumerate().flat_map(|(n, f)| (0..).zip(f).map(move |(r, x)| ((name(n), r), x))).collect()
    }

    /// Writes the program and the files of the first run.
    pub fn write(&self, folder: &Path) {
        std::fs::write(folder.join("p.pipe"), self.program()).unwrap();
        std::fs::write(folder.join("keys.csv"), (0..9).fold("k\n".to_owned(), |t, n| t + &format!("k{n}\n"))).unwrap();
        std::fs::write(folder.join("key.txt"), SECRET).unwrap();
        self.write_files(folder, false);
    }

    /// Writes files: all of the first run, or those that come later.
    pub fn write_files(&self, folder: &Path, later: bool) {
        let mut texts: BTreeMap<String, String> = BTreeMap::new();
        for (number, ((file, _), record)) in self.records(later).into_iter().enumerate() {
            let text = texts.entry(file).or_insert_with(|| self.header());
            self.write_record(text, number, record);
        }
        let first = self.files.len();
        for (n, (name, text)) in texts.into_iter().enumerate() {
            if !later || n >= first {
                std::fs::write(folder.join(name), text).unwrap();
            }
        }
    }

    fn header(&self) -> String {
        match self.format {
            Format::Csv => COLUMNS.map(|(name, _)| name).join(",") + "\n",
            Format::Ndjson => String::new(),
        }
    }

    fn write_record(&self, text: &mut String, number: usize, record: &Record) {
        match (record, self.format) {
            (Record::Broken, Format::Csv) => _ = writeln!(text, "{number},too,few"),
            (Record::Broken, Format::Ndjson) => _ = writeln!(text, "{{\"row\": {number}, \"k\": "),
            (Record::Row(cells), Format::Csv) => {
                let quoted = |c: &Cell| {
                    let text = c.text.as_deref();
                    text.map_or_else(String::new, |t| format!("\"{}\"", t.replace('"', "\"\"")))
                };
                _ = writeln!(text, "{number},{}", cells.iter().map(quoted).collect::<Vec<_>>().join(","));
            }
            (Record::Row(cells), Format::Ndjson) => {
                let mut object = serde_json::Map::from_iter([("row".to_owned(), number.into())]);
                for ((name, _), cell) in COLUMNS.iter().skip(1).zip(cells.iter()) {
                    // A missing key is a NULL too. A string is no number.
                    let number_of =
                        cell.text.as_deref().filter(|_| ["num", "q"].contains(name) && cell.typed.is_some());
                    match number_of.map(|t| serde_json::from_str(t).unwrap()) {
                        Some(value) => _ = object.insert((*name).to_owned(), value),
                        None if cell.text.is_none() && number.is_multiple_of(2) => {}
                        None => _ = object.insert((*name).to_owned(), cell.text.clone().into()),
                    }
                }
                _ = writeln!(text, "{}", serde_json::Value::Object(object));
            }
        }
    }
}

/// What a run was given and what it left.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The typed input by row number: NULL where a cell does not convert.
    pub typed: BTreeMap<u64, Row>,
    /// The same with the text of the cells that do not convert.
    pub raw: BTreeMap<u64, Row>,
    /// Row numbers by place.
    pub places: BTreeMap<Place, u64>,
    /// Places of broken records.
    pub broken: Vec<Place>,
    pub report: Report,
    pub sink: Vec<Row>,
    pub quarantine: Vec<Row>,
    pub ledger: Vec<Row>,
    /// The rows of the models' loads, by folder.
    pub models: BTreeMap<String, Vec<Row>>,
    pub baselines: Vec<Baseline>,
    /// Rows in quarantine by table and state, as the state counts them.
    pub counts: Vec<QuarantineCount>,
}

/// Runs a command on a runtime of its own.
pub fn on<T>(threads: usize, work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build().unwrap().block_on(work)
}

/// The options of the run number `nth` of a test: the clock moves, so that its id is another.
pub fn options(folder: &Path, threads: usize, nth: i64) -> Options {
    let mut options = Options::new(folder.join(".pipe"));
    options.threads = threads;
    options.now = chrono::DateTime::from_timestamp(1_780_000_000 + nth, 0).unwrap();
    options
}

/// Runs the project; `later`: whether the later files are there.
pub fn runs(case: &Case, folder: &Path, threads: usize, nth: i64, later: bool) -> Outcome {
    let loaded = pipe_check::load(folder, &[folder.join("p.pipe")], None);
    let report = on(threads, pipe_run::run(&loaded, &options(folder, threads, nth), &Silent));
    left(case, folder, report, later)
}

/// What lies in a folder after a command.
pub fn left(case: &Case, folder: &Path, report: Report, later: bool) -> Outcome {
    let (mut typed, mut raw, mut places) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut broken = Vec::new();
    for (number, (place, record)) in (0u64..).zip(case.records(later)) {
        let Record::Row(cells) = record else {
            broken.push(place);
            continue;
        };
        let row = |of: &dyn Fn(&str, &Cell) -> Option<String>| -> Row {
            let own = ("row".to_owned(), Some(number.to_string()));
            let cells =
                COLUMNS.iter().skip(1).zip(cells.iter()).map(|((name, _), cell)| ((*name).to_owned(), of(name, cell)));
            std::iter::once(own).chain(cells).collect()
        };
        typed.insert(number, row(&|_, c| c.typed.clone()));
        let text = |column: &str, c: &Cell| c.text.as_deref().map(|t| case.shown(column, t));
        raw.insert(number, row(&|column, c| if c.typed.is_some() { c.typed.clone() } else { text(column, c) }));
        places.insert(place, number);
    }
    let loaded: &dyn Fn(&Path) -> Vec<Row> = match case.sink {
        "parquet" => &below,
        "csv" => &|folder| files(folder).iter().flat_map(|f| of_csv(f)).collect(),
        _ => &|folder| files(folder).iter().flat_map(|f| of_ndjson(f)).map(two_digits).collect(),
    };
    let model = |name: &str| (name.to_owned(), sorted(below(&folder.join(name))));
    let state = State::open_existing(&folder.join(".pipe")).unwrap();
    Outcome {
        typed,
        raw,
        places,
        broken,
        report,
        sink: sorted(loaded(&folder.join("out"))),
        quarantine: sorted(files(&folder.join(".pipe/quarantine/t")).iter().flat_map(|f| of_parquet(f)).collect()),
        ledger: sorted(below(&folder.join(".pipe/ledger"))),
        models: ["m", "sums", "joined", "whole"].map(model).into(),
        baselines: state.as_ref().map_or_else(Vec::new, |s| s.baselines().unwrap()),
        counts: state.as_ref().map_or_else(Vec::new, |s| s.quarantine_counts().unwrap()),
    }
}

/// A JSON number has no scale: `1.5` is the decimal `1.50`.
fn two_digits(mut row: Row) -> Row {
    let number = row.get("num").cloned().flatten().map(|t| format!("{:.2}", t.parse::<f64>().unwrap()));
    row.insert("num".to_owned(), number);
    row
}

/// A row's own number.
pub fn number(row: &Row) -> u64 {
    row["row"].as_deref().and_then(|t| t.parse().ok()).expect("the row's number is never touched")
}

/// The place that a row of the quarantine or the ledger names.
pub fn place(row: &Row, file: &str, number: &str) -> Place {
    (row[file].clone().unwrap_or_default(), row[number].as_deref().unwrap_or("?").parse().unwrap_or(u64::MAX))
}

impl Outcome {
    /// The number of the row that an entry of the ledger is about.
    pub fn about(&self, entry: &Row) -> Result<u64, String> {
        let place = place(entry, "file", "row");
        self.places.get(&place).copied().ok_or_else(|| format!("the ledger names a row that is not there: {place:?}"))
    }

    /// The entries of the ledger in one state.
    pub fn entries(&self, state: &str) -> impl Iterator<Item = &Row> {
        let state = Some(state.to_owned());
        self.ledger.iter().filter(move |e| e["state"] == state)
    }

    /// The account of a table.
    pub fn table(&self, name: &str) -> Option<&pipe_run::report::TableReport> {
        self.report.tables.iter().find(|t| t.name == name)
    }
}
