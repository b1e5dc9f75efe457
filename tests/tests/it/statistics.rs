//! Statistics against an independent implementation: values of NumPy and SciPy, stored with the script that made them.

use std::fmt::Write as _;

use crate::pipe::{copy_of, pipe};

#[test]
fn statistics_are_those_of_numpy_and_scipy() {
    let folder = copy_of("tests/statistics");
    let text = std::fs::read_to_string(folder.path().join("expected.json")).expect("the values");
    let made: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let expected = made["expected"].as_object().expect("an object");
    let mut program = "pipe 1;\n".to_owned();
    for table in ["here", "there"] {
        _ = writeln!(program, "source {table} from csv '{table}.csv' schema (x double, k text);");
    }
    program.push_str("heal here { on table_failed => warn; }\nload here into parquet 'out/here';\nrules here {\n");
    for (i, statistic) in expected.keys().enumerate() {
        _ = writeln!(program, "  r{i}: {statistic} > 0;");
    }
    program.push_str("}\n");
    std::fs::write(folder.path().join("a.pipe"), program).expect("written");
    let report = pipe(folder.path(), &["run", "--format", "json"]).expect(0).json();
    let rules = report["rules"].as_array().expect("rules");
    let mut wrong = String::new();
    for (i, (statistic, value)) in expected.iter().enumerate() {
        let rule = rules.iter().find(|r| r["rule"] == format!("r{i}").as_str()).expect("judged");
        let observed: f64 = rule["observed"].as_str().and_then(|o| o.parse().ok()).unwrap_or(f64::NAN);
        let value = value.as_f64().expect("a number");
        if (observed - value).abs() > 1e-9 * value.abs().max(1.0) || observed.is_nan() {
            _ = writeln!(wrong, "{statistic}: {observed}, not {value}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert_eq!(rules.len(), expected.len());
}
