//! Projects of several files: `use`, queries in files of their own, profiles, `heal *`, params in config.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail their test"
)]

use std::fs;
use std::path::PathBuf;

use pipe_check::{Loaded, check, check_with, load};
use pipe_diagnostics::Diagnostic;

fn shown(loaded: &Loaded) -> Vec<String> {
    let place = |d: &Diagnostic| {
        d.span().map_or("nowhere".to_owned(), |s| {
            let name = loaded.sources.get(s.file).map_or("", |f| f.name.rsplit('/').next().unwrap_or(""));
            format!("{name}: {}", loaded.sources.text(s))
        })
    };
    loaded.diagnostics.iter().map(|d| format!("{} [{}] {}", d.code, place(d), d.message)).collect()
}

/// A folder with these files; checks the first of them.
fn project(files: &[(&str, &str)]) -> (tempfile::TempDir, Loaded) {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let loaded = load(dir.path(), &[dir.path().join(files[0].0)], None);
    (dir, loaded)
}

#[test]
fn a_project_is_one_program_over_its_files() {
    let (_dir, loaded) = project(&[
        ("main.pipe", "pipe 1;\nuse 'shared/sources.pipe';\nuse 'shared/rules.pipe';\nmodel m from file 'sql/m.sql';"),
        ("shared/sources.pipe", "pipe 1;\nsource orders from csv 'data/orders.csv' schema (id bigint);"),
        // Used twice, read once.
        ("shared/rules.pipe", "use 'sources.pipe';\nrules orders { id not null; }"),
        ("sql/m.sql", "-- the ids\nselect id from orders;\n"),
    ]);
    assert_eq!(shown(&loaded), Vec::<String>::new());
    assert_eq!(loaded.sources.iter().count(), 4);
    assert_eq!(loaded.program.rules["orders"].len(), 1);
    assert_eq!(loaded.program.inputs("m"), ["orders"]);
}

#[test]
fn a_copy_of_a_file_beside_it_is_one_mistake() {
    let text = "pipe 1;\nsource t from csv 't.csv' schema (id bigint);\nrules t { id unique; }\n\
                heal t { on rule_failed => quarantine; }\nload t into csv 'out.csv' with (mode = overwrite);\n";
    let dir = tempfile::tempdir().unwrap();
    let paths = ["a.pipe", "a copy.pipe"].map(|name| dir.path().join(name));
    for path in &paths {
        fs::write(path, text).unwrap();
    }
    let loaded = load(dir.path(), &paths, None);
    assert_eq!(shown(&loaded), ["E0106 [a copy.pipe: t] table `t` is declared twice"]);
    assert_eq!(loaded.program.rules["t"].len(), 1);
}

#[test]
fn mistakes_in_a_query_file_are_shown_there() {
    let (_dir, loaded) =
        project(&[("main.pipe", "pipe 1;\nmodel m from file 'm.sql';"), ("m.sql", "select *\nfrom ordérs")]);
    assert_eq!(shown(&loaded), ["E0321 [m.sql: ordérs] unknown table `ordérs`"]);
}

#[test]
fn what_use_may_not_do() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("outside.pipe"), "pipe 1;").unwrap();
    let root = dir.path().join("project");
    fs::create_dir_all(root.join("shared")).unwrap();
    let main = root.join("main.pipe");
    let try_use = |path: &str| {
        fs::write(&main, format!("pipe 1;\nuse '{path}';")).unwrap();
        shown(&load(&root, std::slice::from_ref(&main), None))
    };
    fs::write(root.join("shared/sources.pipe"), "pipe 1;").unwrap();
    assert_eq!(
        try_use("../outside.pipe"),
        ["E0103 [main.pipe: '../outside.pipe'] `../outside.pipe` leaves the folder of the project"]
    );
    assert_eq!(try_use("shared/../../outside.pipe").len(), 1);
    assert_eq!(try_use("/etc/hosts"), ["E0103 [main.pipe: '/etc/hosts'] `/etc/hosts` is not relative"]);
    assert_eq!(
        try_use("shared/source.pipe"),
        ["E0102 [main.pipe: 'shared/source.pipe'] there is no file `shared/source.pipe`"]
    );
    assert!(try_use("shared").iter().all(|m| m.starts_with("E0100")));
    assert!(try_use("shared/sources.pipe").is_empty());
    fs::write(root.join("shared/sources.pipe"), [0xff, 0xfe, 0x00]).unwrap();
    assert_eq!(
        try_use("shared/sources.pipe"),
        ["E0100 [main.pipe: 'shared/sources.pipe'] `shared/sources.pipe` is not UTF-8 at byte 0"]
    );
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(dir.path().join("outside.pipe"), root.join("link.pipe")).unwrap();
        assert_eq!(try_use("link.pipe").len(), 1, "a link may not lead out of the project");
    }
}

#[test]
fn files_that_use_each_other_are_read_once_and_reported_once() {
    let (_dir, loaded) = project(&[
        ("a.pipe", "pipe 1;\nuse 'b.pipe';\nparam x int;"),
        ("b.pipe", "use 'c.pipe';\nparam y int;"),
        ("c.pipe", "use 'a.pipe';\nparam z int;"),
    ]);
    let [message] = shown(&loaded).try_into().unwrap();
    assert!(message.starts_with("E0105 [c.pipe: 'a.pipe'] files use each other in a circle"), "{message}");
    assert_eq!(loaded.program.params.len(), 3);
}

#[test]
fn a_collision_shows_both_files() {
    let loaded = check(&[("a.pipe", "pipe 1;\nmodel x as select 1 as a;"), ("b.pipe", "source x from csv 'x.csv';")]);
    let [d] = loaded.diagnostics.as_slice() else { panic!("{:?}", shown(&loaded)) };
    let files: Vec<&str> = d.labels.iter().map(|l| loaded.sources.get(l.span.file).unwrap().name.as_str()).collect();
    assert_eq!((d.code.as_str(), files), ("E0106", vec!["b.pipe", "a.pipe"]));
    // The first declaration stays.
    assert!(loaded.program.models.contains_key("x"));
}

#[test]
fn a_file_that_is_not_there_has_no_place() {
    let loaded = load(&PathBuf::from("."), &[PathBuf::from("nowhere/at/all.pipe")], None);
    assert_eq!(shown(&loaded), ["E0100 [nowhere] there is no file `nowhere/at/all.pipe`"]);
}

#[test]
fn profiles_override_params_and_connections() {
    let text = "pipe 1;
param day date = '2026-01-01';
secret a from env 'A';
secret b from env 'B';
connection db postgres with (url = secret a, pool = 2);
profile prod { param day date = '2026-02-02'; connection db mysql with (url = secret b); }
source orders from db 'orders' with (batch_size = 5);";
    let with = |profile| check_with(&[("main.pipe", text)], 1, profile);
    let base = with(None);
    assert_eq!(shown(&base), Vec::<String>::new());
    assert_eq!(base.program.sources["orders"].connector, "postgres");
    assert_eq!(base.program.connections["db"].config.integer("pool"), Some(2));
    let prod = with(Some("prod"));
    assert_eq!(shown(&prod), Vec::<String>::new());
    assert_eq!(prod.program.sources["orders"].connector, "mysql");
    // Replaced whole: the base's `pool` is gone.
    assert_eq!(prod.program.connections["db"].config.integer("pool"), Some(4));
    assert_ne!(
        format!("{:?}", prod.program.params["day"].default),
        format!("{:?}", base.program.params["day"].default)
    );
    assert_eq!(shown(&with(Some("prd"))), ["E0107 [nowhere] unknown profile `prd`"]);
}

#[test]
fn heal_star_comes_after_each_tables_own() {
    let text = "pipe 1;
source orders from csv 'o.csv' schema (id bigint, total int);
source users from csv 'u.csv' schema (id bigint, name text);
model m as select * from orders;
rules orders { id unique; total > 0; }
heal orders with (confidence = 0.5) { on rule_failed(rule: id.unique) => dedupe keep first; }
heal * with (confidence = 0.7, mode = automatic) {
  on source_error => retry 3 times backoff 1s;
  on rule_failed(rule: total.gt) => quarantine;
  on cast_failed(column: name) => cast using (upper($value));
  on rule_failed => set total = (0) else quarantine;
  on model_error => fail;
}";
    let loaded = check(&[("main.pipe", text)]);
    assert_eq!(shown(&loaded), Vec::<String>::new());
    let heals = &loaded.program.heals;
    let clauses = |t: &str| -> Vec<(usize, bool, &str)> {
        heals[t].clauses.iter().map(|c| (c.index, c.from_star, c.patterns[0].failure.as_str())).collect()
    };
    let own = (1, false, "rule_failed");
    assert_eq!(clauses("orders"), [own, (2, true, "source_error"), (3, true, "rule_failed"), (4, true, "rule_failed")]);
    assert_eq!(clauses("users"), [(1, true, "source_error"), (2, true, "cast_failed")]);
    // A model's columns are not known here: what names one stays.
    assert_eq!(clauses("m"), [(1, true, "cast_failed"), (2, true, "rule_failed"), (3, true, "model_error")]);
    assert_eq!(heals["orders"].config.share("confidence"), Some(0.5));
    assert_eq!(heals["orders"].config.text("mode"), Some("automatic"));
    assert_eq!(heals["users"].config.share("confidence"), Some(0.7));
}

#[test]
fn a_param_in_config_is_its_default_until_a_run_gives_another() {
    let text = "pipe 1;\nparam sep text = ';';\nsource o from csv 'o.csv' with (delimiter = $sep);";
    let mut program = check(&[("main.pipe", text)]).program;
    assert_eq!(program.sources["o"].config.text("delimiter"), Some(";"));
    let given = |s: &str| [("sep".to_owned(), pipe_syntax::Literal::Text(s.into()))].into();
    assert!(program.configure(&given("|")).is_empty());
    assert_eq!(program.sources["o"].config.text("delimiter"), Some("|"));
    let misfits = program.configure(&given("too long"));
    assert_eq!(misfits.len(), 1);
    assert_eq!((misfits[0].key, misfits[0].param.as_str()), ("delimiter", "sep"));
    assert_eq!(
        misfits[0].to_string(),
        "param `sep` cannot stand for key `delimiter`: it takes one character such as `';'`"
    );
}

#[test]
fn derived_names_of_rules() {
    let text = "pipe 1;
source t from csv 't.csv' schema (a int, b int, c text);
rules t {
  a, b not null;
  (a, b) unique, determines (c);
  price: a > 0, < 100;
  c is date '%d.%m.%Y', not blank;
  both: a, b >= 0, <> 5;
  length_of_c: (length(c)) between 1 and 5;
  closed;
  columns (a, b, c);
  c like 'x%', length = 3, distinct < 9;
}";
    let loaded = check(&[("main.pipe", text)]);
    assert_eq!(shown(&loaded), Vec::<String>::new());
    let names: Vec<&str> = loaded.program.rules["t"].iter().map(|r| r.name.as_str()).collect();
    let expected = [
        "a.not_null",
        "b.not_null",
        "a_b.unique",
        "a_b.determines",
        "price",
        "price.lt",
        "c.date",
        "c.not_blank",
        "both",
        "both.ne",
        "both.b",
        "both.b.ne",
        "length_of_c",
        "closed",
        "columns",
        "c.like",
        "c.length",
        "c.distinct",
    ];
    assert_eq!(names, expected);
}

#[test]
fn an_error_in_what_a_target_does_not_need_is_no_hindrance() {
    let text = "pipe 1;
source a from csv 'a.csv' schema (id bigint);
source b from csv 'b.csv' schema (id bigint);
channel used stdout with (x = 1);
channel unused stdout with (x = 1);
rules b { idd not null; }
heal a { on bad_record => quarantine then notify used; }
model ab as select * from a join b on a.id = b.id;
load ab into parquet 'out/ab';
load ab into csv 'out/ab_csv';
schedule s cron 'never' run ab;
test t { at 'noon'; }";
    let loaded = check(&[("main.pipe", text)]);
    let stops = |targets: &[&str]| -> Vec<&str> {
        loaded.hindrances(targets).iter().map(|d| loaded.sources.text(d.span().unwrap())).collect()
    };
    assert_eq!(loaded.diagnostics.len(), 5);
    assert_eq!(stops(&[]), ["x", "idd"]);
    assert_eq!(stops(&["a"]), ["x"]);
    assert_eq!(stops(&["b"]), ["idd"]);
    assert_eq!(stops(&["ab_2"]), ["x", "idd"]);
}

#[test]
fn an_error_in_a_load_does_not_keep_its_table_from_being_read() {
    let text = "pipe 1;
source a from csv 'a.csv' schema (id bigint);
load a into csv 'one.csv';";
    let loaded = check(&[("main.pipe", text)]);
    assert_eq!(loaded.hindrances(&["a"]).len(), 1);
    assert!(loaded.hindrances_to_read(&["a"]).is_empty());
}
