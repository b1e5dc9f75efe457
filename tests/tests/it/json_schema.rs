//! `is json_schema 'path'`: the schema is a file of the project, wherever the command is typed.

use crate::pipe::pipe;

const PROGRAM: &str = "pipe 1;
source events from csv 'events.csv' schema (id int, payload text);
rules events { payload is json_schema 'schemas/event.json'; }
heal events { on rule_failed => quarantine; }
load events into csv 'out.csv' with (mode = overwrite);
";

#[test]
fn a_schema_in_a_file_judges_with_the_files_it_refers_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    };
    write("my project/p.pipe", PROGRAM);
    write("my project/schemas/event.json", r#"{"required": ["id"], "properties": {"id": {"$ref": "types/id.json"}}}"#);
    write("my project/schemas/types/id.json", r#"{"type": "integer"}"#);
    write("my project/events.csv", "id,payload\n1,\"{\"\"id\"\": 1}\"\n2,\"{\"\"id\"\": \"\"x\"\"}\"\n3,{}\n4,\n5,{\n");
    let report = pipe(folder.path(), &["run", "my project", "--format", "json"]).json();
    let rule = &report["rules"][0];
    assert_eq!(
        (rule["rule"].as_str(), rule["violations"].as_u64()),
        (Some("payload.json_schema"), Some(3)),
        "{report:#}"
    );
    let held = pipe(
        folder.path(),
        &["query", "select id from pipe.quarantine_events order by id", "my project", "--format", "csv"],
    );
    assert_eq!(held.expect(0).stdout, "id\n2\n3\n5\n");
    // The plan is the same from anywhere, and another one when the schema changes.
    let plan = pipe(folder.path(), &["plan", "my project"]).expect(0).stdout;
    assert!(plan.contains("  json schema =\n    schemas/event.json\n"), "{plan}");
    assert_eq!(pipe(&folder.path().join("my project"), &["plan"]).expect(0).stdout, plan);
    write("my project/schemas/types/id.json", r#"{"type": "string"}"#);
    assert_ne!(pipe(folder.path(), &["plan", "my project"]).expect(0).stdout, plan);
}
