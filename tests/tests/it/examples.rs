//! The examples: their data is what the generator makes, and what `pipe` says of them is what was reviewed.
//!
//! Goldens are in `snapshots/<example>/`. `cargo insta review` shows what changed; what is accepted there is committed.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use crate::pipe::{copy_folder, copy_of, pipe, repository};

/// Each example: its folder and program, and the names its goldens explain.
const EXAMPLES: [(&str, &[&str]); 5] = [
    ("orders", &["orders", "customers", "daily_revenue", "country_revenue", "orders.total_adds_up"]),
    ("sensors", &["readings", "hourly", "silences", "readings.all_there"]),
    ("shops", &["products", "sales", "sales_lyon", "turnover"]),
    ("tickets", &["tickets", "daily", "tickets.per_day"]),
    ("visits", &["visits", "visits.ticket_written"]),
];

#[test]
fn the_data_of_the_examples_is_what_the_generator_makes() {
    let examples = repository().join("examples");
    let made = pipe_tests::examples::files();
    for (name, bytes) in &made {
        let committed = std::fs::read(examples.join(name)).unwrap_or_default();
        assert!(committed == *bytes, "{name} differs; `cargo make-examples` writes it");
    }
    for (example, _) in EXAMPLES {
        for entry in std::fs::read_dir(examples.join(example).join("data")).unwrap() {
            let name = format!("{example}/data/{}", entry.unwrap().file_name().to_string_lossy());
            assert!(made.contains_key(&name), "{name} is made by no generator");
        }
    }
}

#[test]
fn every_example_is_a_page_of_the_guide() {
    for (example, _) in EXAMPLES {
        let folder = repository().join("examples").join(example);
        assert!(folder.join("README.md").is_file(), "{example} has no README.md");
        assert!(folder.join(format!("{example}.pipe")).is_file(), "{example} has no program");
    }
}

/// Compares with `snapshots/<example>/<name>.snap`.
fn golden(example: &str, name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(repository().join("snapshots").join(example));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(format!("examples/{example}"));
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn trees() {
    for (example, _) in EXAMPLES {
        let name = format!("{example}.pipe");
        let text = std::fs::read_to_string(repository().join("examples").join(example).join(&name)).unwrap();
        let parsed = pipe_syntax::parse(&text, pipe_diagnostics::FileId(0));
        assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
        // Where things stand is not what they are.
        let tree = format!("{:#?}", parsed.file);
        let lines = tree.lines().filter(|l| !l.trim_start().starts_with("span: "));
        golden(example, "ast", &lines.collect::<Vec<_>>().join("\n"));
    }
}

#[test]
fn formatted() {
    for (example, _) in EXAMPLES {
        let folder = copy_of(&format!("examples/{example}"));
        pipe(folder.path(), &["fmt", "--check"]).expect(0);
        let text = std::fs::read_to_string(folder.path().join(format!("{example}.pipe"))).unwrap();
        golden(example, "fmt", &text);
    }
}

#[test]
fn checked() {
    for (example, _) in EXAMPLES {
        let folder = copy_of(&format!("examples/{example}"));
        golden(example, "check", &pipe(folder.path(), &["check"]).expect(0).stdout);
    }
}

#[test]
fn planned() {
    for (example, _) in EXAMPLES {
        let folder = copy_of(&format!("examples/{example}"));
        let plan = pipe(folder.path(), &["plan"]).expect(0).stdout;
        assert_eq!(plan, pipe(folder.path(), &["plan"]).expect(0).stdout, "the plan of {example} is not stable");
        assert!(!plan.contains(&*folder.path().to_string_lossy()), "a path of the machine is in the plan");
        golden(example, "plan", &plan);
    }
}

#[test]
fn explained() {
    for (example, names) in EXAMPLES {
        let folder = copy_of(&format!("examples/{example}"));
        let mut text = String::new();
        for name in names {
            _ = writeln!(text, "$ pipe explain {name}\n{}", pipe(folder.path(), &["explain", name]).expect(0).stdout);
        }
        golden(example, "explain", &text);
    }
}

#[test]
fn profiled() {
    for (example, table) in [("orders", "orders"), ("sensors", "readings"), ("shops", "products")] {
        let folder = copy_of(&format!("examples/{example}"));
        let text = pipe(folder.path(), &["profile", table]).expect(0).stdout;
        let wide: Vec<&str> = text.lines().filter(|l| l.chars().count() > 80).collect();
        assert!(wide.is_empty(), "wider than 80 columns: {wide:#?}");
        golden(example, "profile", &format!("$ pipe profile {table}\n{text}"));
    }
}

#[test]
fn suggested() {
    for (example, table) in [("orders", "orders"), ("sensors", "readings"), ("shops", "products")] {
        let folder = copy_of(&format!("examples/{example}"));
        let text = pipe(folder.path(), &["suggest", table]).expect(0).stdout;
        golden(example, "suggest", &format!("$ pipe suggest {table}\n{text}"));
        // What is suggested can stand in the program, once.
        pipe(folder.path(), &["suggest", table, "--apply"]).expect(0);
        pipe(folder.path(), &["check"]).expect(0);
        let again = pipe(folder.path(), &["suggest", table, "--apply"]).expect(0);
        assert!(again.stderr.starts_with("nothing to add"), "{}", again.stderr);
    }
}

#[test]
fn validated() {
    for (example, _) in EXAMPLES {
        let folder = copy_of(&format!("examples/{example}"));
        let text = pipe(folder.path(), &["validate", "--failing", "2"]).expect(1).stdout;
        let wide: Vec<&str> = text.lines().filter(|l| l.chars().count() > 80).collect();
        assert!(wide.is_empty(), "wider than 80 columns: {wide:#?}");
        golden(example, "validate", &format!("$ pipe validate --failing 2\n{}", steady(&text)));
        let left = [".pipe", "out"].map(|name| folder.path().join(name).exists());
        assert_eq!(left, [false, false], "it left something behind");
    }
}

#[test]
fn run_twice() {
    for (example, _) in EXAMPLES {
        let folder = copy_of(&format!("examples/{example}"));
        // One thread: how many files a load writes depends on how many write at once.
        let first = pipe(folder.path(), &["run", "--threads", "1"]).expect(0);
        let written = contents(&folder.path().join("out"));
        let second = pipe(folder.path(), &["run"]).expect(0);
        let wide: Vec<&str> = first.stdout.lines().filter(|l| l.chars().count() > 80).collect();
        assert!(wide.is_empty(), "wider than 80 columns: {wide:#?}");
        golden(
            example,
            "run",
            &format!("$ pipe run\n{}\n$ pipe run\n{}", steady(&first.stdout), steady(&second.stdout)),
        );
        assert_eq!(
            written.keys().collect::<Vec<_>>(),
            contents(&folder.path().join("out")).keys().collect::<Vec<_>>(),
            "the second run of {example} changed which files are there",
        );
    }
}

/// The pages with a screen, and the example that it is a run of.
const SCREENS: [(&str, &str); 6] = [
    ("README.md", "orders"),
    ("examples/orders/README.md", "orders"),
    ("examples/sensors/README.md", "sensors"),
    ("examples/shops/README.md", "shops"),
    ("examples/tickets/README.md", "tickets"),
    ("examples/visits/README.md", "visits"),
];

#[test]
fn the_screens_of_the_pages_are_real() {
    for (page, example) in SCREENS {
        let text = std::fs::read_to_string(repository().join(page)).unwrap();
        let screen = text.split("<!-- a real run -->\n```text\n").nth(1).and_then(|t| t.split("```\n").next());
        let screen = screen.unwrap_or_else(|| panic!("{page} has no screen"));
        let folder = tempfile::tempdir().unwrap();
        let project = format!("examples/{example}");
        copy_folder(&repository().join(&project), &folder.path().join(&project));
        let run = pipe(folder.path(), &["run", &project, "--threads", "1"]).expect(0).stdout;
        assert_eq!(steady(screen), steady(&run), "the screen of {page} is out of date");
    }
}

/// A report without what differs from run to run: the run's id, how long it took.
fn steady(report: &str) -> String {
    let mut lines = report.lines();
    let first = lines.next().unwrap_or_default();
    let (start, rest) = first.split_once(": ").unwrap_or(("", first));
    assert!(start.starts_with("run") || start == "validate", "{first}");
    let start = if start == "validate" { start } else { "run <id>" };
    let what = rest.rsplit_once(" (").map_or(rest, |(what, _)| what);
    std::iter::once(format!("{start}: {what} (<time>)")).chain(lines.map(str::to_owned)).map(|l| l + "\n").collect()
}

/// All files below a folder, with their bytes.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    found
}
