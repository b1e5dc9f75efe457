//! The state as tables, and what later runs ask of earlier ones.

use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use pipe_state::*;
use serde_json::json;

use crate::batch::{AT, Project};

fn committed(batches: &[(&str, u64, u64)]) -> (tempfile::TempDir, Project) {
    let temp = tempfile::tempdir().unwrap();
    let mut project = Project::new(temp.path());
    for (i, (batch, rows, unhealed)) in batches.iter().enumerate() {
        let run = format!("r{i}");
        project.begin(&run);
        let mut record = project.full_batch(&run, batch);
        record.table.account.read = *rows;
        record.table.account.unhealed = *unhealed;
        record.table.rules[0].value = Some(*rows as f64);
        record.table.metrics[0].value = *rows as f64;
        project.state.commit(&record).unwrap();
        project.state.publish(batch).unwrap();
    }
    (temp, project)
}

#[test]
fn every_table_reads_as_its_schema_says() {
    let (_temp, mut project) = committed(&[("b1", 3, 0), ("b2", 3, 0)]);
    for run in ["r0", "r1"] {
        let (table, name) = (Some("orders".into()), "orders".into());
        let score = Score { table, name, score: 97.5, weight: 4, ..Default::default() };
        let end = RunEnd { finished_at: AT.into(), scores: vec![("table".into(), score)], ..Default::default() };
        project.state.finish_run(run, &end).unwrap();
    }
    let last = project.state.scores(1).unwrap();
    assert_eq!((last.len(), last[0].run.as_str(), last[0].score.score), (1, "r1", 97.5));
    let names: Vec<&str> = State::tables().iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        ["runs", "tables", "rule_results", "metrics", "scores", "failures", "heals", "loads", "baselines"]
    );
    for (name, schema) in State::tables() {
        let batch = project.state.read(name).unwrap();
        assert_eq!(batch.schema(), schema, "{name}");
        assert_eq!(batch.num_rows(), if name == "loads" { 4 } else { 2 }, "{name}");
        for (field, column) in schema.fields().iter().zip(batch.columns()) {
            assert_eq!(field.data_type(), column.data_type(), "{name}.{}", field.name());
        }
    }
    let runs = project.state.read("runs").unwrap();
    let started = runs.column_by_name("started_at").unwrap().as_primitive::<TimestampMicrosecondType>();
    assert_eq!(started.value(0), 1_767_323_045_000_000, "{AT}");
    assert_eq!(runs.column_by_name("committed").unwrap().as_primitive::<Int64Type>().values(), &[1, 1]);
    assert!(matches!(project.state.read("sqlite_schema"), Err(StateError::Unknown { .. })));
}

#[test]
fn a_run_that_fails_keeps_its_verdicts_apart_from_committed_ones() {
    let (_temp, mut project) = committed(&[("b1", 3, 0)]);
    project.begin("bad");
    let failed = TableRecord {
        account: TableAccount {
            table: "orders".into(),
            outcome: "failed".into(),
            read: 9,
            unhealed: 9,
            ..Default::default()
        },
        rules: vec![RuleResult {
            rule: "volume".into(),
            value_after: Some(9.0),
            ratio: f64::NAN,
            ..Default::default()
        }],
        metrics: vec![Metric { name: "count(*)".into(), value: 9.0, state: MetricState::Failed, ..Default::default() }],
        ..Default::default()
    };
    let end = RunEnd {
        finished_at: AT.into(),
        outcome: "failed".into(),
        exit_code: 1,
        report: json!({"format_version": 1}),
        tables: vec![failed],
        scores: vec![("project".into(), pipe_state::Score { score: 97.5, weight: 4, ..Default::default() })],
    };
    project.state.finish_run("bad", &end).unwrap();
    assert!(matches!(project.state.finish_run("none", &end), Err(StateError::Unknown { .. })));
    assert_eq!(project.state.report("bad").unwrap().unwrap()["format_version"], 1);
    assert_eq!(project.state.report("r0").unwrap(), None);
    assert_eq!(project.state.read("rule_results").unwrap().num_rows(), 2);
    let seen = project.state.past_metrics("orders", "count(*)", Scope::Batch, 14).unwrap();
    assert_eq!(seen.iter().map(|m| m.value).collect::<Vec<_>>(), [3.0], "what was not committed is no history");
    let all = project.state.read("metrics").unwrap();
    assert_eq!((all.num_rows(), all.column_by_name("batch").unwrap().null_count()), (2, 1));
    assert_eq!(project.state.past_batches("orders", 100).unwrap().len(), 1);
}

#[test]
fn history_is_of_the_latest_batches_and_no_longer_than_asked() {
    let (_temp, project) = committed(&[("b1", 5, 5), ("b2", 6, 0), ("b3", 7, 1)]);
    let values = |n| {
        let past = project.state.past_metrics("orders", "count(*)", Scope::Batch, n).unwrap();
        past.iter().map(|m| (m.run.clone(), m.value)).collect::<Vec<_>>()
    };
    assert_eq!(values(2), [("r1".to_owned(), 6.0), ("r2".to_owned(), 7.0)]);
    assert_eq!(values(14).len(), 3);
    assert_eq!(project.state.past_metrics("orders", "count(*)", Scope::Whole, 14).unwrap(), []);
    let past = |rows| {
        project.state.past_batches("orders", rows).unwrap().iter().map(|b| (b.rows, b.unhealed)).collect::<Vec<_>>()
    };
    assert_eq!(past(0), []);
    assert_eq!(past(7), [(7, 1)]);
    assert_eq!(past(8), [(7, 1), (6, 0)]);
    assert_eq!(past(20), [(7, 1), (6, 0), (5, 5)]);
}

#[test]
fn baselines_move_with_commits_and_earlier_ones_are_kept() {
    let (_temp, mut project) = committed(&[("b1", 3, 0)]);
    let first = project.state.baseline("orders").unwrap().unwrap();
    assert_eq!((first.pinned, first.profiles.as_slice()), (true, &[1u8, 2, 3][..]));
    project.begin("next");
    let mut record = project.full_batch("next", "b2");
    record.baselines[0].schema = json!([{"name": "b", "type": "text"}]);
    project.state.commit(&record).unwrap();
    assert_eq!(project.state.baseline("orders").unwrap().unwrap().schema[0]["name"], "b");
    assert_eq!(project.state.baselines().unwrap().len(), 1);
    assert_eq!(project.state.read("baselines").unwrap().num_rows(), 2);
    assert_eq!(project.state.baseline("customers").unwrap(), None);
}

#[test]
fn acts_are_kept_by_clause_column_and_source_with_their_age() {
    let (_temp, mut project) = committed(&[("b1", 3, 0)]);
    let act = |kind, column: &str| Act {
        at: AT.into(),
        kind,
        clause_hash: "c1".into(),
        clause: "on rule_failed => repair".into(),
        column: column.into(),
        source: "orders".into(),
        who: "ada".into(),
        heal: Some(1),
    };
    project.state.record_act(&act(ActKind::Approve, "state")).unwrap();
    project.begin("next");
    project.state.record_act(&act(ActKind::Undo, "state")).unwrap();
    project.state.record_act(&act(ActKind::Reject, "city")).unwrap();
    let acts = project.state.acts("orders").unwrap();
    assert_eq!(
        acts.iter().map(|a| (a.act.kind, a.act.column.as_str(), a.runs_since)).collect::<Vec<_>>(),
        [(ActKind::Approve, "state", 1), (ActKind::Undo, "state", 0), (ActKind::Reject, "city", 0)]
    );
    assert!(project.state.acts("customers").unwrap().is_empty());
}

#[test]
fn what_was_taken_back_is_kept_with_the_clause_it_was_of() {
    let (_temp, mut project) = committed(&[("b1", 3, 0)]);
    let heal = project.state.heal(1).unwrap().unwrap();
    assert_eq!((heal.table.as_str(), heal.state.as_str(), heal.undone_by.as_deref()), ("orders", "applied", None));
    assert_eq!(project.state.heal(2).unwrap(), None);
    assert_eq!(project.state.heal_of(&heal.run, "orders", 1).unwrap(), Some(1));
    let batch = heal.batch.clone().unwrap();
    assert_eq!(
        (batch.id.as_str(), project.state.landed(batch.seq).unwrap()),
        ("b1", vec!["orders".into(), "orders_2".into()])
    );

    project.begin("undo");
    let cell = UndoneCell { heal: 1, file: "a.csv".into(), row: 2, column: "quantity".into(), old: None };
    let record = CommitRecord {
        run: "undo".into(),
        batch: "undo-1".into(),
        at: AT.into(),
        table: TableRecord {
            account: TableAccount { table: "orders".into(), committed: -1, quarantined: 1, ..Default::default() },
            ..Default::default()
        },
        heal_changes: vec![HealChange { id: 1, state: "undone".into() }],
        undone: vec![cell.clone()],
        ..Default::default()
    };
    project.state.commit(&record).unwrap();
    assert!(project.state.undone(None).unwrap().is_empty(), "not before its rows are in their places");
    project.state.publish("undo-1").unwrap();
    let expected = PastUndo { cell, run: heal.run, table: "orders".into(), clause_hash: "c1".into() };
    assert_eq!(project.state.undone(Some("orders")).unwrap(), [expected]);
    assert!(project.state.undone(Some("customers")).unwrap().is_empty());
    let heal = project.state.heal(1).unwrap().unwrap();
    assert_eq!((heal.state.as_str(), heal.undone_by.as_deref()), ("undone", Some("undo")));
}

/// States of columns are large, and older ones are asked for no more.
#[test]
fn states_of_columns_are_kept_of_the_latest_batches() {
    let temp = tempfile::tempdir().unwrap();
    let mut project = Project::new(temp.path());
    for n in 0..32u8 {
        let run = format!("r{n}");
        project.begin(&run);
        let mut record = project.full_batch(&run, &format!("b{n}"));
        let state = |column: &str| ColumnState { column: column.into(), state: vec![n], ..Default::default() };
        record.table.columns = vec![state("z"), state("a")];
        project.state.commit(&record).unwrap();
        project.state.publish(&format!("b{n}")).unwrap();
    }
    let kept = project.state.column_states("orders").unwrap();
    assert_eq!(kept.len(), 30);
    let pipe_state::BatchColumns { run, columns, .. } = &kept[0];
    let columns: Vec<_> = columns.iter().map(|c| (c.column.as_str(), c.state.as_slice())).collect();
    assert_eq!((run.as_str(), columns), ("r2", vec![("z", &[2u8][..]), ("a", &[2u8][..])]));
}
