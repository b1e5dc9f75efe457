//! `pipe contract`, and the contract that a source names.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::pipe::{copy_of, pipe};

const PROGRAM: &str = "pipe 1;
source orders from csv 'orders.csv' schema (id bigint, status text, total decimal(12, 2), at timestamp) CONTRACT;
rules orders {
  id        not null, unique;
  status    in ('new', 'paid') tolerate 1%;
  total     between 0 and 100;
  freshness: (max(at)) within 1d severity warning;
  newest:   (max(at)) within 30000d;
}
heal orders { on rule_failed => quarantine; on table_failed => warn; }
load orders into csv 'out.csv' with (mode = overwrite);
";

/// A project with a program that names a contract or none, and the contract exported from it.
fn project(contract: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "p.pipe", &PROGRAM.replace("CONTRACT", contract));
    write(folder.path(), "orders.csv", "id,status,total,at\n1,new,5.00,2026-01-01 00:00:00\n");
    write(folder.path(), "none.pipe", &PROGRAM.replace(" CONTRACT", ""));
    pipe(folder.path(), &["contract", "export", "orders", "none.pipe", "-o", "orders.yaml"]).expect(0);
    std::fs::remove_file(folder.path().join("none.pipe")).expect("removed");
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("written");
}

/// Changes the contract.
fn edit(folder: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(folder.join("orders.yaml")).expect("the contract");
    assert!(text.contains(from), "{from} is not in\n{text}");
    write(folder, "orders.yaml", &text.replacen(from, to, 1));
}

/// The kinds of the breaking changes and of the others.
fn changes(compared: &Value) -> (Vec<&str>, Vec<&str>) {
    let all = compared["contracts"][0]["changes"].as_array().expect("changes");
    let of = |breaking: bool| {
        all.iter().filter(|c| c["breaking"] == breaking).map(|c| c["kind"].as_str().expect("a kind")).collect()
    };
    (of(true), of(false))
}

#[test]
fn a_contract_gives_its_program_back() {
    let folder = project("");
    let text = std::fs::read_to_string(folder.path().join("orders.yaml")).expect("the contract");
    assert!(text.starts_with("apiVersion: v3.1.0\nkind: DataContract\n"), "{text}");
    let program = pipe(folder.path(), &["contract", "import", "orders.yaml"]).expect(0).stdout;
    assert_eq!(program, pipe(folder.path(), &["import", "odcs", "orders.yaml"]).expect(0).stdout);
    write(folder.path(), "back.pipe", &program);
    pipe(folder.path(), &["check", "back.pipe"]).expect(0);
    let again = pipe(folder.path(), &["contract", "export", "orders", "back.pipe"]).expect(0).stdout;
    assert_eq!(again, text);
    let compared = pipe(folder.path(), &["contract", "check", "orders.yaml", "p.pipe"]).expect(0);
    assert_eq!(compared.stdout, "orders, orders.yaml: compatible\n");
    let json =
        pipe(folder.path(), &["contract", "check", "orders.yaml", "p.pipe", "--format", "json"]).expect(0).json();
    assert_eq!((&json["exit_code"], &json["contracts"][0]["compatible"]), (&0.into(), &true.into()));
}

#[test]
fn each_breaking_change_is_named() {
    for (from, to, breaking, other) in [
        (
            "      - name: total\n",
            "      - name: totals\n",
            &["column_dropped"][..],
            &["column_added", "rule_loosened", "rule_tightened"][..],
        ),
        ("decimal(12, 2)", "decimal(10, 2)", &["type_narrowed"], &[]),
        ("decimal(12, 2)", "decimal(14, 2)", &["type_widened"], &[]),
        (
            "        physicalType: text\n",
            "        physicalType: text\n        required: true\n",
            &[],
            &["required_added"],
        ),
        ("        required: true\n        primaryKey: true\n", "        required: true\n", &["key_changed"], &[]),
        ("        required: true\n        primaryKey: true\n", "        unique: true\n", &["rule_loosened"], &[]),
        ("[new, paid]", "[new, paid, lost]", &["rule_loosened"], &[]),
        ("[new, paid]", "[new]", &[], &["rule_tightened"]),
        ("mustBeLessOrEqualTo: 1", "mustBeLessOrEqualTo: 2", &["rule_loosened"], &[]),
        ("maximum: 100", "maximum: 200", &["rule_loosened"], &[]),
        ("maximum: 100", "maximum: 50", &[], &["rule_tightened"]),
        ("within 30000d", "within 30001d", &["service_level_worse"], &[]),
        ("within 30000d", "within 20000d", &[], &["rule_tightened"]),
        // What is no more than a warning is relied on by nobody.
        ("within 1d", "within 2d", &[], &["service_level_worse"]),
    ] {
        let folder = project("");
        edit(folder.path(), from, to);
        let ran = pipe(folder.path(), &["contract", "check", "orders.yaml", "p.pipe", "--format", "json"]);
        let json = ran.json();
        assert_eq!(changes(&json), (breaking.to_vec(), other.to_vec()), "{from} to {to}: {json:#}");
        assert_eq!(ran.code, i32::from(!breaking.is_empty()), "{from} to {to}");
        let text = pipe(folder.path(), &["contract", "check", "orders.yaml", "p.pipe"]).stdout;
        let said = if breaking.is_empty() { "compatible" } else { "1 breaking change" };
        assert!(text.starts_with(&format!("orders, orders.yaml: {said}\n")), "{text}");
        assert_eq!(text.matches("  E16").count(), breaking.len(), "{text}");
    }
}

#[test]
fn what_a_contract_promises_a_model_has_to_keep() {
    let folder = project("");
    let model = "model sold as select id, total from orders;\nrules sold { id not null, unique; total > 0; }\n";
    write(folder.path(), "p.pipe", &format!("{}{model}", PROGRAM.replace(" CONTRACT", "")));
    pipe(folder.path(), &["contract", "export", "sold", "p.pipe", "-o", "sold.yaml"]).expect(0);
    pipe(folder.path(), &["contract", "check", "sold.yaml", "p.pipe"]).expect(0);
    let less =
        model.replace(", total from", " from").replace(" total > 0;", "").replace("id not null, unique", "id not null");
    write(folder.path(), "p.pipe", &format!("{}{less}", PROGRAM.replace(" CONTRACT", "")));
    let json = pipe(folder.path(), &["contract", "check", "sold.yaml", "p.pipe", "--format", "json"]).expect(1).json();
    assert_eq!(json["contracts"][0]["role"], "producer");
    assert_eq!(changes(&json).0, ["column_dropped", "key_changed", "rule_loosened"], "{json:#}");
}

#[test]
fn the_plan_names_what_a_contract_breaks_in_the_program() {
    let folder = project("contract 'orders.yaml'");
    let plan = |folder: &Path| pipe(folder, &["plan", "p.pipe"]).expect(0).stdout;
    let kept = plan(folder.path());
    assert!(kept.contains("  contract = orders.yaml\n") && !kept.contains("contract breaks"), "{kept}");
    edit(folder.path(), "      - name: total\n", "      - name: totals\n");
    let broken = plan(folder.path());
    let named = "  contract breaks =\n    E1605 column `total` is dropped: the program has it, the contract does not\n";
    assert!(broken.contains(named), "{broken}");
    // Checking warns at the place that names the contract; comparing the named ones needs no file.
    let checked = pipe(folder.path(), &["check", "p.pipe"]).expect(0).stdout;
    assert!(checked.contains("warning[E1605]") && checked.contains("contract 'orders.yaml'"), "{checked}");
    let compared = pipe(folder.path(), &["contract", "check", "p.pipe"]).expect(1).stdout;
    assert!(compared.contains("E1605 column `total` is dropped"), "{compared}");
}

#[test]
fn the_plan_names_what_a_contract_breaks_since_the_run_that_accepted_it() {
    let folder = project("contract 'orders.yaml'");
    // The program counts on nothing but its columns.
    let program = "pipe 1;\nsource orders from csv 'orders.csv' schema (id bigint, status text) contract 'orders.yaml';\n\
                   heal orders { on new_column => ignore; }\nload orders into csv 'out.csv' with (mode = overwrite);\n";
    write(folder.path(), "p.pipe", program);
    pipe(folder.path(), &["run", "p.pipe"]).expect(0);
    let plan = pipe(folder.path(), &["plan", "p.pipe"]).expect(0).stdout;
    assert!(!plan.contains("contract breaks") && !plan.contains("contract changes"), "{plan}");
    edit(folder.path(), "[new, paid]", "[new, paid, lost]");
    edit(folder.path(), "maximum: 100", "maximum: 50");
    edit(folder.path(), "        physicalType: text\n", "        physicalType: text\n        required: true\n");
    let plan = pipe(folder.path(), &["plan", "p.pipe"]).expect(0).stdout;
    let named = "  contract breaks =\n    E1609 rule `status.in` is looser: `in ('new', 'paid') tolerate 1%` in the version that was \
                 accepted, `in ('new', 'paid', 'lost') tolerate 1%` in the contract\n    E1607 column \
                 `status` is required in the contract, and not in the version that was accepted\n  contract changes =\n    rule `total.between` is \
                 stricter:";
    assert!(plan.contains(named), "{plan}");
    // The next run that commits accepts it.
    write(
        folder.path(),
        "orders.csv",
        "id,status,total,at\n1,new,5.00,2026-01-01 00:00:00\n2,new,5.00,2026-01-01 00:00:00\n",
    );
    pipe(folder.path(), &["run", "p.pipe"]).expect(0);
    let plan = pipe(folder.path(), &["plan", "p.pipe"]).expect(0).stdout;
    assert!(!plan.contains("contract breaks"), "{plan}");
}

#[test]
fn checking_names_what_changed_since_the_run_that_accepted_a_contract() {
    let folder = project("contract 'orders.yaml'");
    let program = "pipe 1;\nsource orders from csv 'orders.csv' schema (id bigint, status text) contract 'orders.yaml';\n\
                   heal orders { on new_column => ignore; }\nload orders into csv 'out.csv' with (mode = overwrite);\n";
    write(folder.path(), "p.pipe", program);
    pipe(folder.path(), &["run", "p.pipe"]).expect(0);
    pipe(folder.path(), &["contract", "check", "p.pipe"]).expect(0);
    edit(folder.path(), "[new, paid]", "[new, paid, lost]");
    let json = pipe(folder.path(), &["contract", "check", "p.pipe", "--format", "json"]).expect(1).json();
    let changes = json["contracts"][0]["changes"].as_array().expect("changes");
    let accepted: Vec<&Value> = changes.iter().filter(|c| c["against"] == "accepted").collect();
    assert_eq!(accepted.len(), 1, "{json:#}");
    assert_eq!((&accepted[0]["kind"], &accepted[0]["breaking"]), (&"rule_loosened".into(), &true.into()));
    let text = pipe(folder.path(), &["contract", "check", "p.pipe"]).expect(1).stdout;
    assert!(
        text.contains("E1609 rule `status.in` is looser: `in ('new', 'paid') tolerate 1%` in the version"),
        "{text}"
    );
}

#[test]
fn a_contract_that_is_written_anew_keeps_what_is_not_of_its_columns_and_rules() {
    const EARLIER: &str = "\
apiVersion: v3.1.0
kind: DataContract
id: 53581432-6c55
version: 1.4.0
status: draft
domain: sales
description:
  purpose: \"Sells: things\"
tags: [money, '2024']
servers:
  - server: warehouse
    type: postgres
    host: localhost
    port: 5432
schema:
  - name: orders
    physicalType: view
    businessName: What was sold
    properties:
      - name: id
        logicalType: integer
        physicalType: int8
        required: true
        classification: public
        examples: [1, 2]
        quality:
          - type: text
            description: Looks nice
  - name: others
    properties:
      - name: a
        logicalType: string
slaProperties:
  - property: generalAvailability
    value: \"2022-05-12T09:30:10-08:00\"
team:
  name: sellers
  members:
    - username: anna
      role: Owner
";
    let folder = tempfile::tempdir().expect("a folder");
    let program = |rules: &str| {
        let text = format!(
            "pipe 1;\nsource orders from csv 'orders.csv' schema (id bigint) contract 'was.yaml';\nrules orders {{ {rules} }}\n"
        );
        write(folder.path(), "p.pipe", &text);
    };
    write(folder.path(), "was.yaml", EARLIER);
    let export = |more: &[&str]| {
        let args = [&["contract", "export", "orders", "p.pipe"], more].concat();
        pipe(folder.path(), &args).expect(0).stdout
    };
    let version = |text: &str| {
        let line = text.lines().find(|l| l.starts_with("version:")).expect("a version").to_owned();
        line.trim_start_matches("version: ").trim_matches('"').to_owned()
    };
    program("id not null;");
    let same = export(&[]);
    for kept in [
        "status: draft\n",
        "domain: sales\n",
        "  purpose: \"Sells: things\"\n",
        "tags: [money, \"2024\"]\n",
        "    port: 5432\n",
        "    physicalType: view\n",
        "    businessName: What was sold\n",
        "        physicalType: int8\n",
        "        classification: public\n",
        "        examples: [1, 2]\n",
        "            description: Looks nice\n",
        "  - name: others\n",
        "  - property: generalAvailability\n",
        "      role: Owner\n",
    ] {
        assert!(same.contains(kept), "{kept} is not in\n{same}");
    }
    let id = same.lines().find(|l| l.starts_with("id:")).expect("an id");
    assert_eq!((id.trim_start_matches("id: ").trim_matches('"'), version(&same).as_str()), ("53581432-6c55", "1.4.0"));
    program("id not null, unique;");
    let more = version(&export(&[]));
    program("");
    assert_eq!((more.as_str(), version(&export(&[])).as_str()), ("1.5.0", "2.0.0"));
    assert_eq!(version(&export(&["--version", "3.1.4"])), "3.1.4");
    // The file that is written anew is the earlier version, and what is written twice is the same.
    write(folder.path(), "new.yaml", &same);
    program("id not null;");
    export(&["-o", "new.yaml"]);
    assert_eq!(std::fs::read_to_string(folder.path().join("new.yaml")).expect("written"), same);
}

#[test]
fn what_is_no_contract_is_told() {
    let folder = project("contract 'orders.csv'");
    let told = |args: &[&str], code: i32| {
        let ran = pipe(folder.path(), args).expect(code);
        format!("{}{}", ran.stdout, ran.stderr)
    };
    assert!(told(&["check", "p.pipe"], 1).contains("error[E1601]"));
    assert!(told(&["contract", "check", "orders.csv", "p.pipe"], 2).contains("error[E1502]"));
    assert!(told(&["contract", "check", "missing.yaml", "p.pipe"], 2).contains("error[E1501]"));
    assert!(told(&["contract", "export", "ordrs", "p.pipe"], 2).contains("did you mean `orders`?"));
    write(folder.path(), "p.pipe", &PROGRAM.replace("CONTRACT", "contract 'ordres.yaml'"));
    assert!(told(&["check", "p.pipe"], 1).contains("did you mean `orders.yaml`?"));
    write(folder.path(), "p.pipe", &PROGRAM.replace("CONTRACT", "contract 'two.yaml'"));
    write(
        folder.path(),
        "two.yaml",
        "apiVersion: v3.1.0\nschema: [{name: a, properties: []}, {name: b, quality: [{metric: rowCount, mustBe: 1}]}, {name: c, quality: [{metric: rowCount, mustBe: 1}]}]\n",
    );
    assert!(told(&["check", "p.pipe"], 1).contains("error[E1602]"), "{}", told(&["check", "p.pipe"], 1));
    assert!(told(&["contract", "check", "two.yaml", "p.pipe"], 2).contains("error[E1602]"));
    write(folder.path(), "p.pipe", &PROGRAM.replace(" CONTRACT", ""));
    assert!(told(&["contract", "check", "p.pipe"], 2).contains("error[E1611]"));
    write(
        folder.path(),
        "p.pipe",
        "pipe 1;\nparam most int;\nparam least int = 5;\nsource orders from csv 'orders.csv';\n\
         rules orders { a: (id < $most); id not null; id >= $least; }\n",
    );
    let exported = pipe(folder.path(), &["contract", "export", "orders", "p.pipe"]).expect(0);
    assert!(
        exported.stderr.contains("warning[E1604]")
            && exported.stdout.contains("required: true")
            && exported.stdout.contains("minimum: 5"),
        "{}",
        exported.stdout
    );
    std::fs::remove_file(folder.path().join("orders.csv")).expect("removed");
    assert!(told(&["contract", "export", "orders", "p.pipe"], 2).contains("error[E1603]"));
}

/// The keys that the standard's JSON Schema (v3.1.0) allows where a contract has them.
const KEYS: [(&str, &[&str]); 6] = [
    ("", &["apiVersion", "kind", "id", "name", "version", "status", "servers", "schema", "slaProperties"]),
    ("servers", &["server", "type", "path", "format"]),
    ("schema", &["name", "physicalType", "description", "properties", "quality"]),
    (
        "properties",
        &[
            "name",
            "logicalType",
            "physicalType",
            "required",
            "primaryKey",
            "primaryKeyPosition",
            "unique",
            "logicalTypeOptions",
            "relationships",
            "quality",
            "items",
            "properties",
        ],
    ),
    (
        "quality",
        &[
            "name",
            "type",
            "metric",
            "arguments",
            "mustBe",
            "mustNotBe",
            "mustBeGreaterThan",
            "mustBeGreaterOrEqualTo",
            "mustBeLessThan",
            "mustBeLessOrEqualTo",
            "mustBeBetween",
            "unit",
            "dimension",
            "severity",
            "description",
            "query",
            "engine",
            "implementation",
        ],
    ),
    ("slaProperties", &["property", "value", "unit", "element"]),
];

#[test]
fn an_exported_contract_has_the_keys_of_the_standard() {
    let examples = [("orders", "orders"), ("orders", "daily_revenue"), ("sensors", "readings"), ("shops", "sales")];
    for (example, table) in examples {
        let folder = copy_of(&format!("examples/{example}"));
        let text = pipe(folder.path(), &["contract", "export", table]).expect(0).stdout;
        // Which list an entry stands in, by its indent; names of rules and columns are values.
        let mut within: Vec<(usize, String)> = Vec::new();
        let mut seen = BTreeSet::new();
        for line in text.lines() {
            let dash = line.trim_start().starts_with("- ");
            let Some((key, value)) = line.trim_start().trim_start_matches("- ").split_once(':') else { continue };
            let indent = line.len() - line.trim_start().len() + if dash { 2 } else { 0 };
            within.retain(|(at, _)| *at < indent);
            let list = within.last().map_or("", |(_, list)| list.as_str()).to_owned();
            if let Some((_, known)) = KEYS.iter().find(|(l, _)| *l == list) {
                assert!(known.contains(&key), "{table}: `{key}` in `{list}`\n{text}");
                seen.insert(key.to_owned());
            }
            if value.trim().is_empty() {
                within.push((indent, key.to_owned()));
            }
        }
        for needed in ["apiVersion", "kind", "id", "version", "status", "schema", "properties", "logicalType"] {
            assert!(seen.contains(needed), "{table}: no `{needed}`\n{text}");
        }
        let written = tempfile::tempdir().expect("a folder");
        write(written.path(), "c.yaml", &text);
        let program = pipe(written.path(), &["contract", "import", "c.yaml"]).expect(0).stdout;
        write(folder.path(), "c.yaml", &text);
        assert!(program.contains(&format!("source {table} from")), "{program}");
        pipe(folder.path(), &["contract", "check", "c.yaml", &format!("{example}.pipe")]).expect(0);
    }
}
