//! Whole programs: what the planner adds to what `pipe_check` says.

use std::collections::BTreeMap;
use std::sync::Arc;

use pipe_check::Loaded;
use pipe_diagnostics::{Diagnostic, codes};

use super::schema;
use crate::{Analysis, Params, check_program};

fn analysed(text: &str) -> (Loaded, Analysis) {
    let loaded = pipe_check::check(&[("main.pipe", text)]);
    let analysis = check_program(&loaded, &BTreeMap::new());
    (loaded, analysis)
}

const SOURCES: &str = "pipe 1;
source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);
source unknown from csv 'unknown.csv';
";

/// All that is said of a program: the code, what is underlined, the message.
fn said(text: &str) -> Vec<[String; 3]> {
    let (loaded, analysis) = analysed(text);
    let told = |d: &Diagnostic| {
        let underlined = d.span().map_or("", |s| loaded.sources.text(s));
        [d.code.to_string(), underlined.to_owned(), d.message.clone()]
    };
    loaded.diagnostics.iter().chain(&analysis.diagnostics).map(told).collect()
}

/// The code and what is underlined, of the sources above and these statements.
fn found(statements: &str) -> Vec<(String, String)> {
    said(&format!("{SOURCES}{statements}")).into_iter().map(|[code, underlined, _]| (code, underlined)).collect()
}

fn one(code: &str, underlined: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), underlined.to_owned())]
}

#[test]
fn the_page_of_every_code_shows_a_program_that_raises_it_and_one_that_does_not() {
    let mine = |code: &str| ("E0320".."E0350").contains(&code) || code == "W0342";
    let mut pages = 0;
    for page in codes::pages().filter(|p| mine(p.code.as_str())) {
        let said = |program: &str| -> Vec<String> {
            let program = format!("pipe 1;\n{program}");
            let mut said: Vec<String> = said(&program).into_iter().map(|[code, ..]| code).collect();
            if page.code == codes::sql::NO_PARAM_VALUE {
                // Raised by what needs the value.
                let loaded = pipe_check::check(&[("main.pipe", &program)]);
                let missing = loaded.program.params.values().filter(|p| p.default.is_none());
                said.extend(missing.map(|_| page.code.to_string()));
                assert!(Params::new(&loaded.program, &BTreeMap::new()).is_ok());
            }
            said
        };
        assert_eq!(said(page.bad), [page.code.as_str()], "{}", page.bad);
        assert_eq!(said(page.good), [] as [&str; 0], "{}", page.good);
        pages += 1;
    }
    assert!(pages > 20);
}

#[test]
fn models_are_planned_on_models() {
    assert_eq!(found("model b as select x from a;\nmodel a as select id as y from orders;"), one("E0320", "x"));
    assert_eq!(
        found(
            "model b as select y + 1 as z from a;\nmodel a as select id as y from orders;\nmodel c as select zz from b;"
        ),
        one("E0320", "zz")
    );
}

#[test]
fn one_cause_has_one_message() {
    // What is computed from a model that cannot be planned is passed over.
    assert_eq!(
        found("model a as select idd from orders;\nmodel b as select idd from a;\nrules b { idd not null; }"),
        one("E0320", "idd")
    );
    // `pipe_check` knows the table first.
    assert_eq!(found("model a as select id from ordrs;").len(), 1);
    // A line of several predicates is several rules over one subject.
    assert_eq!(found("rules orders { r: (id + at) between 1 and 2, not null; }"), one("E0328", "id + at"));
}

#[test]
fn sources_without_columns_are_passed_over_until_they_are_known() {
    let text = "pipe 1;\nsource s from csv 's.csv';\nmodel m as select a, c from s;\nrules m { a > 1; }";
    let loaded = pipe_check::check(&[("main.pipe", text)]);
    assert_eq!(check_program(&loaded, &BTreeMap::new()).diagnostics, []);
    let known = |columns| BTreeMap::from([("s".to_owned(), schema(columns))]);
    assert_eq!(check_program(&loaded, &known(&[("a", "bigint"), ("c", "text")])).diagnostics, []);
    let wrong = check_program(&loaded, &known(&[("a", "bigint"), ("b", "text")])).diagnostics;
    assert_eq!(wrong.iter().map(|d| loaded.sources.text(d.span().unwrap())).collect::<Vec<_>>(), ["c"]);
}

#[test]
fn rules_are_planned_on_the_columns_of_their_table() {
    let model = "model m as select id, email, at from orders where total > 0;\n";
    let rules = |items: &str| found(&format!("{model}rules m {{ {items} }}"));
    assert_eq!(rules("total > 0;"), one("E0320", "total"));
    assert_eq!(rules("id is email;"), one("E0336", "id"));
    assert_eq!(rules("r: (email > 5);"), one("E0328", "email"));
    assert_eq!(rules("at >= '2026-02-30';"), one("E0335", "'2026-02-30'"));
    assert_eq!(rules("r: (id);"), one("E0329", "id"));
    assert_eq!(rules("id > 0 where (emial is null);"), one("E0320", "emial"));
    assert_eq!(rules("r: (sum(email)) > 5;"), one("E0327", "sum(email)"));
    assert_eq!(rules("r: (max(idd)) > 5;"), one("E0320", "idd"));
    assert_eq!(rules("r: (max(id) + 1);"), one("E0329", "max(id) + 1"));
    assert_eq!(rules("r: (max(id) > (select max(iid) from orders));"), one("E0320", "iid"));
    assert_eq!(rules("email references orders (id);"), one("E0328", "email"));
    assert_eq!(rules("r: (id + at) unique;"), one("E0328", "id + at"));
    assert_eq!(rules("id, email not null; r: (max(at)) within 1d; (id) determines (email); _file not null;").len(), 1);
    assert_eq!(found("rules orders { _file not null; r: (_line > 1); s: (max(_row)) > 1; }"), []);
    assert_eq!(found("rules unknown { a not null; }"), []);
}

#[test]
fn clauses_are_planned_on_what_they_see() {
    let clause = |text: &str| found(&format!("rules orders {{ total >= 0; }}\nheal orders {{ {text} }}"));
    assert_eq!(clause("on rule_failed where ($ratio < 0.05 and $rows > 3 and $severity = 'error') => quarantine;"), []);
    assert_eq!(clause("on rule_failed where ($ratio + $rule > 1) => quarantine;"), one("E0328", "$ratio + $rule"));
    assert_eq!(clause("on rule_failed => set total = (abs(total) + length($value)) else quarantine;"), []);
    assert_eq!(clause("on rule_failed => set total = (abs(email)) else quarantine;"), one("E0327", "abs(email)"));
    assert_eq!(
        clause("on rule_failed => set total = (date_trunc('day', at)) else quarantine;"),
        one("E0337", "date_trunc('day', at)")
    );
    assert_eq!(clause("on cast_failed(column: total) => cast using (now()) else quarantine;"), one("E0337", "now()"));
    assert_eq!(clause("on cast_failed(column: total) => cast using (replace($value, ',', '.')) else quarantine;"), []);
    assert_eq!(clause("on rule_failed => set total = (1) where (abs(id)) else quarantine;"), one("E0329", "abs(id)"));
    assert_eq!(clause("on rule_failed(column: at) => fill with (now()) else quarantine;").len(), 1);
}

#[test]
fn keys_name_columns_of_their_table() {
    let model = "model m as select id, email, at, total from orders where id > 0;\n";
    let load = |with: &str| found(&format!("{model}load m into parquet 'out' with ({with});"));
    assert_eq!(load("mode = overwrite, partition = [month(at), email]"), []);
    assert_eq!(load("mode = overwrite, partition = [month(att), email]"), one("E0340", "att"));
    assert_eq!(load("mode = overwrite, partition = [email, hour(total)]"), one("E0341", "total"));
}

#[test]
fn planner_warnings_are_said() {
    assert_eq!(found("model m as select id from orders where email = null;"), one("W0342", "email = null"));
}

#[test]
fn what_is_known_of_a_program_is_told() {
    let (_, analysis) = analysed(&format!(
        "{SOURCES}model b as select sum(total) as s from a;\nmodel a as select o.* from orders o where id > 0;\nrules a {{ id references orders (id); }}"
    ));
    assert_eq!(analysis.order, ["orders", "a", "b", "unknown"]);
    assert_eq!(analysis.dependencies["b"], ["a"]);
    assert_eq!(analysis.row_by_row, BTreeMap::from([("a".to_owned(), "orders".to_owned())]));
    assert_eq!(analysis.schemas.keys().map(String::as_str).collect::<Vec<_>>(), ["a", "b", "orders"]);
    assert!(analysis.schemas["b"].fields().iter().all(|f| f.is_nullable()));
    assert_eq!(Arc::clone(&analysis.schemas["a"]), Arc::clone(&analysis.schemas["orders"]));
}

#[test]
fn circles_end() {
    let (_, analysis) =
        analysed("pipe 1;\nmodel a as select x from b;\nmodel b as select x from a;\nmodel c as select 1 as x;");
    assert_eq!(analysis.order, ["c"]);
}

#[test]
fn the_examples_have_nothing_wrong() {
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut checked = 0;
    for folder in std::fs::read_dir(examples).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()) {
        let files = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path());
        let mut files: Vec<_> = files.filter(|f| f.extension().is_some_and(|x| x == "pipe")).collect();
        files.sort();
        let loaded = pipe_check::load(&folder, &files, None);
        let analysis = check_program(&loaded, &BTreeMap::new());
        assert_eq!(analysis.diagnostics, [], "{}", folder.display());
        checked += files.len();
    }
    assert!(checked > 0);
}
