//! Projects with a command that is killed, and what must be there before it, after it, and after a kill.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::pipe::{command, copy_of, pipe};
use crate::rows::{Row, below, files, of_csv, of_ndjson, staged};

/// What the sinks, the quarantine and the ledger hold, without the order of rows; by path.
pub type Held = BTreeMap<&'static str, Vec<String>>;

/// A project and the command that is killed in it.
#[derive(Clone, Copy)]
pub struct Scene {
    pub name: &'static str,
    /// The project before the command.
    prepare: fn() -> tempfile::TempDir,
    pub command: &'static [&'static str],
    /// What lands in one commit, or not at all.
    batches: &'static [&'static [&'static str]],
}

impl Scene {
    /// The first run of an example.
    pub const ORDERS: Scene = Scene {
        name: "orders",
        prepare: || copy_of("examples/orders"),
        command: &["run"],
        batches: &[
            &["out/orders", ".pipe/quarantine", ".pipe/ledger"],
            &["out/daily_revenue.csv"],
            &["out/country_revenue.csv"],
        ],
    };

    /// Its second run, with a file that came later: rows are added, files are replaced.
    pub const MORE_ORDERS: Scene = Scene { name: "more orders", prepare: more_orders, ..Scene::ORDERS };

    /// One table into several loads, in all formats.
    pub const LOADS: Scene = Scene {
        name: "several loads",
        prepare: numbers,
        command: &["run"],
        batches: &[&["parquet", "csv", "ndjson", ".pipe/quarantine", ".pipe/ledger"], &["whole.csv"]],
    };

    /// Rows that come back from quarantine.
    pub const REPLAY: Scene = Scene {
        name: "replay",
        prepare: || {
            let folder = numbers();
            pipe(folder.path(), &["run"]).expect(0);
            let program = std::fs::read_to_string(folder.path().join("p.pipe")).unwrap();
            std::fs::write(folder.path().join("p.pipe"), program.replace("n > 0", "n > -100")).unwrap();
            folder
        },
        command: &["quarantine", "replay", "t"],
        batches: &[&["parquet", "csv", "ndjson", ".pipe/ledger"]],
    };

    pub const ALL: [Scene; 4] = [Scene::ORDERS, Scene::MORE_ORDERS, Scene::LOADS, Scene::REPLAY];

    /// The project before the command, with what it holds.
    pub fn prepared(&self) -> (tempfile::TempDir, Held) {
        let folder = (self.prepare)();
        let held = self.held(folder.path());
        (folder, held)
    }

    /// What the command leaves when nobody disturbs it.
    pub fn undisturbed(&self) -> Held {
        let (folder, before) = self.prepared();
        pipe(folder.path(), self.command).expect(0);
        let held = self.held(folder.path());
        for (path, rows) in &held {
            assert!(*rows != before[path], "{}: the command does nothing to {path}", self.name);
        }
        held
    }

    pub fn held(&self, folder: &Path) -> Held {
        let rows = |path: &&'static str| {
            let at = folder.join(path);
            let mut rows: Vec<String> = below(&at).into_iter().map(|row| format!("{row:?}")).collect();
            for file in files(&at).iter().chain(at.is_file().then_some(&at)) {
                let of: fn(&Path) -> Vec<Row> = match file.extension().and_then(|e| e.to_str()) {
                    Some("csv") => of_csv,
                    Some("ndjson") => of_ndjson,
                    _ => continue,
                };
                rows.extend(of(file).into_iter().map(|row| format!("{row:?}")));
            }
            rows.sort();
            (*path, rows)
        };
        self.batches.iter().copied().flatten().map(rows).collect()
    }

    /// Why this is not all or nothing of each batch.
    pub fn half(&self, held: &Held, before: &Held, whole: &Held) -> Option<String> {
        let landed = |batch: &&[&'static str], as_it: &Held| batch.iter().all(|path| held[path] == as_it[path]);
        let half = self.batches.iter().find(|batch| !landed(batch, before) && !landed(batch, whole))?;
        let count = |h: &Held| half.iter().map(|path| (*path, h[path].len())).collect::<Vec<_>>();
        Some(format!("rows {:?}, which are neither all of {:?} nor as before", count(held), count(whole)))
    }

    /// After a kill: a look, or the command at once, recovers; the command again completes; a third time finds nothing to do.
    pub fn recovers(&self, folder: &Path, before: &Held, whole: &Held, look: Option<&[&str]>, when: &str) {
        let when = format!("{}, {when}", self.name);
        if let Some(look) = look {
            pipe(folder, look).expect(0);
            if let Some(why) = self.half(&self.held(folder), before, whole) {
                panic!("{when}, after `pipe {}`: {why}", look.join(" "));
            }
            // A look that holds no lock for long leaves what was never committed to the next run.
            let left = staged(folder);
            assert!(left.is_empty(), "{when}, staged after `pipe {}`: {left:#?}", look.join(" "));
        }
        pipe(folder, self.command).expect(0);
        let held = self.held(folder);
        let differs = self.half(&held, whole, whole);
        assert!(held == *whole, "{when}: again gave other rows: {differs:?}");
        let left = staged(folder);
        assert!(left.is_empty(), "{when}, staged afterwards: {left:#?}");
        let again = pipe(folder, &[self.command, &["--format", "json"]].concat()).expect(0).json();
        assert_eq!(again["outcome"], "nothing_new", "{when}");
        assert!(self.held(folder) == *whole, "{when}: with nothing new rows changed");
    }

    /// The command, not yet started, with nothing to say.
    pub fn silent(&self, folder: &Path) -> Command {
        let mut command = command(folder, self.command);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

/// The example after its first run, with a third day.
fn more_orders() -> tempfile::TempDir {
    let folder = copy_of("examples/orders");
    pipe(folder.path(), &["run"]).expect(0);
    // The first day again under other numbers; with a total to heal, a price to cast, a status nobody knows.
    let first = std::fs::read_to_string(folder.path().join("data/orders_2026-01-01.csv")).unwrap();
    let third = |(n, line): (usize, &str)| {
        let (_, rest) = line.split_once(',').unwrap();
        let rest = rest.replace("2026-01-01", "2026-01-03");
        match n {
            0 => format!("{line}\n"),
            7 => format!("{n},1,a.b@example.com,paid,1,9.90,10.00,2026-01-03 08:00:00\n"),
            11 => format!("{n},1,a.b@example.com,paid,1,9.90 EUR,9.90,2026-01-03 08:00:00\n"),
            13 => format!("{n},1,a.b@example.com,lost,1,9.90,9.90,2026-01-03 08:00:00\n"),
            _ => format!("{},{rest}\n", 5000 + n),
        }
    };
    let rows: String = first.lines().enumerate().map(third).collect();
    std::fs::write(folder.path().join("data/orders_2026-01-03.csv"), rows).unwrap();
    folder
}

/// Numbers below 0 are held, a missing text is healed.
fn numbers() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let program = "pipe 1;\nsource t from csv 't.csv' schema (n bigint, s text);\nrules t { n > 0; s not null; }\n\
        heal t { on rule_failed(rule: s.not_null) => set s = ('none'); on rule_failed => quarantine; }\n\
        load t into parquet 'parquet' with (mode = append);\nload t into csv 'csv' with (mode = append);\n\
        load t into ndjson 'ndjson' with (mode = append);\nmodel counted as select count(*) as c, min(n) as least from t;\n\
        load counted into csv 'whole.csv' with (mode = overwrite);\n";
    std::fs::write(folder.path().join("p.pipe"), program).unwrap();
    let rows = (-5..40).fold("n,s\n".to_owned(), |t, n| t + &format!("{n},{}\n", if n % 7 == 0 { "" } else { "s" }));
    std::fs::write(folder.path().join("t.csv"), rows).unwrap();
    folder
}
