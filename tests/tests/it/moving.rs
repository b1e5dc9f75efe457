//! Files that vanish, grow or change while they are read: the run says so and takes nothing of them, and the next run, over
//! files at rest, takes all.
//!
//! No clock is waited for. What watches a run is called by it, and changes the files there: when a table begins, after its files
//! were listed and looked at; and while it is read, when some bytes are through and more are not. How far a run has come is told
//! now and then: a file that was through before that is made larger, and read again.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use pipe_run::Options;
use pipe_run::report::{Observer, Report};

use crate::rows::{below, files, of_csv, staged};

/// When files are changed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    Begun,
    Reading,
}

/// Changes files at a moment of a run, once.
struct Meddler<'m> {
    moment: Moment,
    act: &'m (dyn Fn() + Sync),
    done: AtomicBool,
}

impl Meddler<'_> {
    fn at(&self, moment: Moment) {
        if moment == self.moment && !self.done.swap(true, Ordering::SeqCst) {
            (self.act)();
        }
    }
}

impl Observer for Meddler<'_> {
    fn table_started(&self, _: &str, _: u64, _: u64) {
        self.at(Moment::Begun);
    }

    fn progress(&self, _: &str, bytes: u64, _: u64) {
        if bytes > 0 {
            self.at(Moment::Reading);
        }
    }
}

fn run(folder: &Path, watch: &dyn Observer) -> Report {
    let loaded = pipe_check::load(folder, &[folder.join("p.pipe")], None);
    let options = Options { threads: 1, ..Options::new(folder.join(".pipe")) };
    tokio::runtime::Runtime::new().unwrap().block_on(pipe_run::run(&loaded, &options, watch))
}

/// Rows of a kilobyte, more than is read at once; and the most that are made of them.
const ROWS: (usize, usize) = (24_000, 400_000);

fn text(format: &str, rows: usize) -> Vec<u8> {
    let cell = "x".repeat(1000);
    let (head, row): (&str, &dyn Fn(usize) -> String) = match format {
        "csv" => ("n,s\n", &|n| format!("{n},{cell}\n")),
        _ => ("", &|n| format!("{{\"n\": {n}, \"s\": \"{cell}\"}}\n")),
    };
    let text = (0..rows).fold(head.to_owned(), |t, n| t + &row(n));
    text.into_bytes()
}

/// What is done to the file, and a word of what is said of it.
type Change = (&'static str, fn(&Path), &'static str);

const CHANGES: [Change; 4] = [
    ("vanishes", |file| std::fs::remove_file(file).unwrap(), "gone"),
    ("grows", |file| append(file, b"1,y\n"), "bytes"),
    ("is cut", |file| std::fs::OpenOptions::new().write(true).open(file).unwrap().set_len(1000).unwrap(), "bytes"),
    (
        "is replaced",
        |file| {
            let other = file.with_extension("other");
            std::fs::write(&other, "n,s\n7,seven\n").unwrap();
            std::fs::rename(other, file).unwrap();
        },
        "bytes",
    ),
];

fn append(file: &Path, bytes: &[u8]) {
    std::fs::OpenOptions::new().append(true).open(file).unwrap().write_all(bytes).unwrap();
}

/// Changes a file at a moment of a run, in each of the ways.
fn refused_however(format: &str, moment: Moment) {
    let mut rows = ROWS.0;
    let mut bytes = text(format, rows);
    for change in CHANGES {
        while !refused(format, moment, change, &bytes, rows) {
            rows *= 2;
            assert!(rows <= ROWS.1, "{format} that {} when {moment:?}: it is always read before", change.0);
            bytes = text(format, rows);
        }
    }
}

/// Whether the file changed before it was read to its end; then the run has refused it.
fn refused(format: &str, moment: Moment, (what, change, word): Change, bytes: &[u8], rows: usize) -> bool {
    let when = format!("{format} that {what} when {moment:?}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("data/x.{format}"));
    std::fs::create_dir(folder.path().join("data")).unwrap();
    std::fs::write(&file, bytes).unwrap();
    let program = format!(
        "pipe 1;\nsource t from {format} 'data/*.{format}' schema (n bigint, s text);\n\
         heal t {{ on bad_record | cast_failed => quarantine; }}\nload t into parquet 'out' with (mode = append);\n"
    );
    std::fs::write(folder.path().join("p.pipe"), program).unwrap();
    let act = || change(&file);
    let meddler = Meddler { moment, act: &act, done: AtomicBool::new(false) };
    let report = run(folder.path(), &meddler);
    if moment == Moment::Reading && report.exit_code == 0 {
        return false;
    }
    assert!(meddler.done.load(Ordering::SeqCst), "{when}: the moment never came");
    assert_eq!((report.outcome.as_str(), report.exit_code), ("failed", 1), "{when}: {report:#?}");
    let said = serde_json::to_string(&(&report.failures, &report.diagnostics)).unwrap();
    assert!(said.contains(&format!("x.{format}")) && said.contains(word), "{when}: {said}");
    assert!(said.contains("run again when it is complete"), "{when}: {said}");
    let nothing: [PathBuf; 0] = [];
    assert_eq!(files(&folder.path().join("out")), nothing, "{when}");
    assert_eq!(files(&folder.path().join(".pipe/quarantine")), nothing, "{when}");
    assert_eq!(staged(folder.path()), nothing, "{when}");
    // At rest it is loaded whole, and once.
    std::fs::write(&file, bytes).unwrap();
    let report = run(folder.path(), &pipe_run::report::Silent);
    assert_eq!(report.exit_code, 0, "{when}: {report:#?}");
    assert_eq!(below(&folder.path().join("out")).len(), rows, "{when}");
    true
}

#[test]
fn csv_between_the_look_and_the_read() {
    refused_however("csv", Moment::Begun);
}

#[test]
fn csv_while_it_is_read() {
    refused_however("csv", Moment::Reading);
}

#[test]
fn ndjson_while_it_is_read() {
    refused_however("ndjson", Moment::Reading);
}

/// A file that comes while others are read is the next run's: what was listed is what is taken.
#[test]
fn a_file_that_comes_while_others_are_read_is_new_to_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let file = |n: usize| folder.path().join(format!("data/{n}.csv"));
    std::fs::write(file(1), "n\n1\n2\n").unwrap();
    let program =
        "pipe 1;\nsource t from csv 'data/*.csv' schema (n bigint);\nload t into csv 'out' with (mode = append);\n";
    std::fs::write(folder.path().join("p.pipe"), program).unwrap();
    let act = || std::fs::write(file(2), "n\n3\n").unwrap();
    let meddler = Meddler { moment: Moment::Begun, act: &act, done: AtomicBool::new(false) };
    let report = run(folder.path(), &meddler);
    let landed = || files(&folder.path().join("out")).iter().map(|f| of_csv(f).len()).sum::<usize>();
    assert_eq!((report.exit_code, landed()), (0, 2), "{report:#?}");
    assert_eq!((run(folder.path(), &pipe_run::report::Silent).exit_code, landed()), (0, 3));
    assert_eq!(run(folder.path(), &pipe_run::report::Silent).outcome, "nothing_new");
}
