//! Every key that is accepted changes what a run does, or is refused: of connections, sources, loads, channels, `heal` blocks
//! and models, for all that this binary can run. A key without a case here fails the test.

use std::io::Write;
use std::path::Path;

use pipe_run::report::Silent;
use pipe_schema::{ConfigKey, Connector};

use crate::rows::files;

/// A program with the key, one without, and the files beside both.
struct Case {
    with: String,
    without: String,
    inputs: Vec<(&'static str, Vec<u8>)>,
}

const SCHEMA: &str = "schema (n bigint, s text)";
const REST: &str = "heal t { on bad_record | cast_failed => quarantine; }\nload t into csv 'out' with (mode = append);";

/// What a program leaves: how it ended, what it counted, and all files with their bytes but for its state.
fn ends(program: &str, inputs: &[(&str, Vec<u8>)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    write("p.pipe", format!("pipe 1;\n{program}").as_bytes());
    inputs.iter().for_each(|(name, bytes)| write(name, bytes));
    let report = run(folder.path());
    let text = |f: &Path| (f.strip_prefix(folder.path()).unwrap().to_owned(), std::fs::read(f).unwrap());
    let state = folder.path().join(".pipe");
    let left: Vec<_> = files(folder.path())
        .iter()
        .filter(|f| !f.starts_with(&state) && !f.ends_with("p.pipe"))
        .map(|f| text(f))
        .collect();
    let tables: Vec<_> =
        report.tables.iter().map(|t| (&t.outcome, t.read, t.committed, t.quarantined, t.waiting)).collect();
    assert!(report.exit_code != 2, "{program}\n{:#?}", report.diagnostics);
    // Names of files hold the batch, which is another for another program.
    let left: Vec<_> = left
        .into_iter()
        .map(|(name, bytes)| (name.to_string_lossy().len(), name.components().count(), bytes))
        .collect();
    let codes: Vec<_> = report.diagnostics.iter().map(|d| d["code"].to_string()).collect();
    format!("{} {codes:?} {tables:?} {left:?}", report.outcome)
}

fn run(folder: &Path) -> pipe_run::Report {
    let loaded = pipe_check::load(folder, &[folder.join("p.pipe")], None);
    let options = pipe_run::Options { threads: 1, ..pipe_run::Options::new(folder.join(".pipe")) };
    tokio::runtime::Runtime::new().unwrap().block_on(pipe_run::run(&loaded, &options, &Silent))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// What a source's key is tried with: its value, and a file that shows it.
fn source_case(connector: &Connector, key: &str) -> Option<Case> {
    let (tsv, json) = (connector.name == "tsv", connector.name.ends_with("json"));
    let text = |csv: &str, object: &str| match (json, tsv) {
        (true, _) => object.as_bytes().to_vec(),
        (_, true) => csv.replace(',', "\t").into_bytes(),
        _ => csv.as_bytes().to_vec(),
    };
    let long = "x".repeat(3000);
    let plain = text("n,s\n1,a\n", "{\"n\": 1, \"s\": \"a\"}\n");
    let (value, bytes) = match key {
        "header" => ("false", text("1,a\n2,b\n", "")),
        "delimiter" => ("'|'", b"n|s\n1|a\n".to_vec()),
        "quote" => ("''''", text("n,s\n1,'a\"b'\n", "")),
        "escape" => ("'\\'", text("n,s\n1,\"a\\\"b\"\n", "")),
        "null" => ("['', 'NA']", text("n,s\n1,NA\n", "")),
        "encoding" => {
            ("'latin1'", text("n,s\n1,x\n", "").into_iter().map(|b| if b == b'x' { 0xe9 } else { b }).collect())
        }
        "comment" => ("'#'", text("n,s\n#1,x\n2,b\n", "")),
        "newlines_in_values" => ("false", text("n,s\n1,\"a\nb\"\n2,c\n", "")),
        "trim" => ("true", text("n,s\n1, a \n", "")),
        "skip_lines" => ("1", text("a title\nn,s\n1,a\n", "")),
        "max_field" => ("1KiB", text(&format!("n,s\n1,a\n2,{long}\n"), "")),
        "max_record" => ("1KiB", format!("{{\"n\": 1, \"s\": \"{long}\"}}\n").into_bytes()),
        "compression" => ("none", gzip(&plain)),
        "max_decompressed" => {
            ("1KiB", gzip(&text(&format!("n,s\n1,{long}\n"), &format!("{{\"n\": 1, \"s\": \"{long}\"}}\n"))))
        }
        "partitioned" => ("true", plain),
        _ => return None,
    };
    let (name, schema) = match key {
        "partitioned" => ("in/day=7/x", "schema (n bigint, s text, day text)"),
        "encoding" | "compression" | "max_decompressed" => ("x", SCHEMA),
        _ => ("x", SCHEMA),
    };
    let program = |with: &str| {
        format!("source t from {} '{}'{with} {schema};\n{REST}", connector.name, name.replace("day=7", "*"))
    };
    Some(Case { with: program(&format!(" with ({key} = {value})")), without: program(""), inputs: vec![(name, bytes)] })
}

/// What a load's key is tried with.
fn sink_case(connector: &Connector, key: &str) -> Option<Case> {
    let value = match key {
        "mode" => "overwrite",
        "partition" => "[s]",
        "header" => "false",
        "delimiter" => "'|'",
        "quote" => "''''",
        "null" => "'NULL'",
        "compression" if connector.name == "parquet" => "zstd",
        "compression" => "gzip",
        "row_group_size" => "1",
        _ => return None,
    };
    let program =
        |with: &str| format!("source t from csv 'x.csv' {SCHEMA};\nload t into {} 'out'{with};", connector.name);
    let rows = b"n,s\n1,\"a,\tb\"\n2,\n3,c\n".to_vec();
    let mut inputs = vec![("x.csv", rows)];
    // A file of somebody else, that only `append` leaves where it is.
    inputs.extend((key == "mode").then(|| ("out/notes.txt", b"mine".to_vec())));
    Some(Case { with: program(&format!(" with ({key} = {value})")), without: program(""), inputs })
}

/// What a key of a `heal` block is tried with: votes in two groups of which one is close, a repair stated in full, bad rows.
fn heal_case(key: &str) -> Option<Case> {
    let (value, base) = match key {
        "mode" => ("manual", ""),
        "confidence" => ("0.99", "mode = automatic"),
        "max_healed_cells" => ("1%", "mode = automatic, confidence = 0.1"),
        "max_healed_rows" => ("1%", "mode = automatic, confidence = 0.1, max_healed_cells = 100%"),
        "max_quarantine" => ("1%", ""),
        "immutable" => ("[s]", ""),
        _ => return None,
    };
    let program = |settings: &str| {
        let with = if settings.is_empty() { String::new() } else { format!(" with ({settings})") };
        format!(
            "source t from csv 'x.csv' schema (n bigint, g text, s text);\nrules t {{ n > 0; n < 90; (g) determines (s); }}\n\
             heal t{with} {{ on rule_failed(rule: n.gt) => set s = ('none') then set n = (1); on rule_failed(check: determines) => majority else keep;\n\
             on rule_failed => quarantine; }}\nload t into csv 'out' with (mode = append);"
        )
    };
    let rows =
        (0..30).fold("n,g,s\n".to_owned(), |t, n| t + &format!("{},g,{}\n", n + 65, if n == 3 { "b" } else { "a" }));
    let both = [base, &format!("{key} = {value}")].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(", ");
    Some(Case {
        with: program(&both),
        without: program(base),
        inputs: vec![("x.csv", (rows + "-1,h,c\n").into_bytes())],
    })
}

fn changes_something(what: &str, key: &ConfigKey, case: Option<Case>) {
    let case = case.unwrap_or_else(|| panic!("no case for the key `{}` of {what}", key.name));
    let (with, without) = (ends(&case.with, &case.inputs), ends(&case.without, &case.inputs));
    assert_ne!(with, without, "the key `{}` of {what} changes nothing:\n{}", key.name, case.with);
}

#[test]
fn of_sources_connections_and_loads() {
    for connector in pipe_schema::connectors().iter().filter(|c| c.available && c.files) {
        let name = connector.name;
        for key in connector.source_keys.iter().filter(|k| k.available && name != "parquet") {
            changes_something(&format!("source from {name}"), key, source_case(connector, key.name));
        }
        for key in connector.sink_keys.into_iter().flatten().filter(|k| k.available) {
            changes_something(&format!("load into {name}"), key, sink_case(connector, key.name));
        }
        for key in connector.connection_keys.iter().filter(|k| k.available) {
            assert_eq!(key.name, "root", "no case for the key `{}` of a connection to {name}", key.name);
            let program = |root: &str| {
                format!("connection c {name} with (root = '{root}');\nsource t from c 'x.dat' {SCHEMA};\n{REST}")
            };
            let text = if name.ends_with("json") { "{\"n\": 1, \"s\": \"a\"}\n" } else { "n,s\n1,a\n" };
            let text = if name == "tsv" { text.replace(',', "\t") } else { text.to_owned() };
            let inputs = vec![("data/x.dat", text.into_bytes())];
            changes_something(name, key, Some(Case { with: program("data"), without: program("other"), inputs }));
            if connector.sink_keys.is_some() {
                let program = |root: &str| {
                    format!(
                        "connection c {name} with (root = '{root}');\nsource t from csv 'x.csv' {SCHEMA};\nload t into c 'out';"
                    )
                };
                let inputs = vec![("x.csv", b"n,s\n1,a\n".to_vec())];
                changes_something(name, key, Some(Case { with: program("a/b"), without: program("."), inputs }));
            }
        }
    }
}

/// The one key of a Parquet source needs a Parquet file.
#[test]
fn of_a_parquet_source() {
    let parquet = pipe_schema::connector("parquet").unwrap();
    assert_eq!(parquet.source_keys.iter().map(|k| k.name).collect::<Vec<_>>(), ["partitioned"]);
    let made = tempfile::tempdir().unwrap();
    let program = format!("pipe 1;\nsource t from csv 'x.csv' {SCHEMA};\nload t into parquet 'out';");
    std::fs::write(made.path().join("p.pipe"), program).unwrap();
    std::fs::write(made.path().join("x.csv"), "n,s\n1,a\n").unwrap();
    assert_eq!(run(made.path()).exit_code, 0);
    let bytes = std::fs::read(&files(&made.path().join("out"))[0]).unwrap();
    let program = |with: &str| {
        format!("source t from parquet 'in/*/x.parquet'{with} schema (n bigint, s text, day text);\n{REST}")
    };
    let inputs = vec![("in/day=7/x.parquet", bytes)];
    let case = Case { with: program(" with (partitioned = true)"), without: program(""), inputs };
    changes_something("source from parquet", &parquet.source_keys[0], Some(case));
}

#[test]
fn of_heal_blocks() {
    for key in pipe_schema::heal_keys().iter().filter(|k| k.available) {
        changes_something("heal", key, heal_case(key.name));
    }
}

#[test]
fn of_channels() {
    for channel in pipe_schema::channels().iter().filter(|c| c.available) {
        for key in channel.keys.iter().filter(|k| k.available) {
            assert_eq!((channel.name, key.name), ("file", "path"), "no case for the key");
            let program = |path: &str| {
                format!(
                    "channel log file with (path = '{path}');\nsource t from csv 'x.csv' {SCHEMA};\nrules t {{ n > 1; }}\n\
                     heal t with (max_quarantine = 100%) {{ on rule_failed => quarantine then notify log; }}\nload t into csv 'out';"
                )
            };
            let inputs = vec![("x.csv", b"n,s\n1,a\n2,b\n".to_vec())];
            changes_something(
                "channel",
                key,
                Some(Case { with: program("a.log"), without: program("other/b.log"), inputs }),
            );
        }
    }
}

/// A key whose value is a param takes what the run gives it.
#[test]
fn that_are_params_take_the_values_of_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let program = "pipe 1;\nparam d text = '|';\nsource t from csv 'x.csv' with (delimiter = $d) schema (n bigint, s text);\n\
                   load t into csv 'out.csv' with (mode = overwrite);\n";
    std::fs::write(folder.path().join("p.pipe"), program).unwrap();
    for (given, text) in [(None, "n|s\n1|a\n"), (Some("d=;"), "n;s\n2;b\n")] {
        std::fs::write(folder.path().join("x.csv"), text).unwrap();
        let given = given.map(|g| ["--param", g]);
        let arguments: Vec<&str> = ["run"].into_iter().chain(given.into_iter().flatten()).collect();
        crate::pipe::pipe(folder.path(), &arguments).expect(0);
        let row = text.lines().nth(1).unwrap().replace(['|', ';'], ",");
        assert_eq!(std::fs::read_to_string(folder.path().join("out.csv")).unwrap(), format!("n,s\n{row}\n"));
    }
}

/// What comes later is refused where it is written, not read and left aside.
#[test]
fn that_come_later_are_refused() {
    for key in pipe_schema::model_keys() {
        assert!(!key.available, "no case for the key `{}` of a model", key.name);
        let value = key.example;
        let folder = tempfile::tempdir().unwrap();
        let program = format!(
            "pipe 1;\nsource t from csv 'x.csv' {SCHEMA};\nmodel m with ({} = {value}) as select n from t;\nload m into csv 'out';",
            key.name
        );
        std::fs::write(folder.path().join("p.pipe"), program).unwrap();
        std::fs::write(folder.path().join("x.csv"), "n,s\n1,a\n").unwrap();
        let report = run(folder.path());
        let said = format!("{:?}", report.diagnostics);
        assert!(report.exit_code == 2 && said.contains(key.name), "`{}` is left aside: {said}", key.name);
    }
}
