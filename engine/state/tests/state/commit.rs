//! What a commit refuses, and what forgetting, replacing and removing do.

use std::fs;

use pipe_state::*;

use crate::batch::{AT, Project, tree, write};

fn done(project: &mut Project, record: &CommitRecord) {
    project.state.commit(record).unwrap();
    project.state.publish(&record.batch).unwrap();
}

/// A batch of one file and one load.
fn small(project: &mut Project, run: &str, batch: &str, file: &str) -> CommitRecord {
    let folder = project.path(&format!("out/.pipe-staging-{batch}"));
    project.state.stage_begun(run, batch, &[folder]).unwrap();
    let taken = TakenFile { path: file.into(), hash: batch.into(), ..Default::default() };
    CommitRecord {
        run: run.into(),
        batch: batch.into(),
        at: AT.into(),
        table: TableRecord {
            account: TableAccount { table: "orders".into(), read: 10, ..Default::default() },
            ..Default::default()
        },
        publish: vec![project.stage(batch, "orders", &format!("day=1/part-{batch}.csv"), "a\n")],
        loads: vec![LoadCommit { load: "orders".into(), taken: vec![taken], ..Default::default() }],
        ..Default::default()
    }
}

/// A thread of an interrupted run that has not heard of it writes once more: the next command deletes that too.
#[test]
fn what_is_cleared_is_remembered() {
    let temp = tempfile::tempdir().unwrap();
    let mut project = Project::new(temp.path());
    project.begin("r1");
    let staged = project.full_batch("r1", "b1").publish[0].staged.clone();
    project.state.clear_staging("b1").unwrap();
    assert!(!staged.exists());
    std::fs::create_dir_all(staged.parent().unwrap()).unwrap();
    std::fs::write(&staged, "late").unwrap();
    let lock = project.state.lock("run", AT).unwrap();
    project.state.recover(&lock).unwrap();
    assert!(!staged.exists());
    assert!(project.state.discard_staging("b1").unwrap().is_empty());
}

#[test]
fn a_batch_lands_once_in_a_load() {
    let temp = tempfile::tempdir().unwrap();
    let mut project = Project::new(temp.path());
    project.begin("r1");
    let record = project.full_batch("r1", "b1");
    done(&mut project, &record);
    project.begin("r2");
    let again = project.full_batch("r2", "b1");
    let error = project.state.commit(&again).unwrap_err();
    assert!(matches!(&error, StateError::BatchCommitted { run, .. } if run == "r1"), "{error}");
    assert_eq!(project.state.discard_staging("b1").unwrap().len(), 2);
    assert_eq!(tree(&project.path("out")), ["part-b1.csv", "second-b1.csv"]);
    assert_eq!(project.state.published_files("orders").unwrap().len(), 1);

    // A load that is declared later gets the batch for itself.
    let mut later = small(&mut project, "r2", "b1", "data/b1.csv");
    later.loads[0].load = "orders_3".into();
    later.publish[0].load = Some("orders_3".into());
    done(&mut project, &later);
    assert_eq!(project.state.taken("orders_3").unwrap()[0].batch, "b1");
}

/// A batch that lands nowhere, such as one that is quarantined whole in a table without loads, is a batch still.
#[test]
fn a_batch_of_no_load_commits_once_too() {
    let temp = tempfile::tempdir().unwrap();
    let mut project = Project::new(temp.path());
    project.begin("r1");
    let record = CommitRecord { run: "r1".into(), batch: "b1".into(), at: AT.into(), ..Default::default() };
    done(&mut project, &record);
    let error = project.state.commit(&record).unwrap_err();
    assert!(matches!(&error, StateError::BatchCommitted { run, .. } if run == "r1"), "{error}");
}

#[test]
fn a_file_is_taken_once_unless_it_is_forgotten() {
    let temp = tempfile::tempdir().unwrap();
    let mut project = Project::new(temp.path());
    project.begin("r1");
    let first = small(&mut project, "r1", "b1", "data/x.csv");
    done(&mut project, &first);
    let mut changed = small(&mut project, "r1", "b2", "data/x.csv");
    let error = project.state.commit(&changed).unwrap_err();
    assert!(matches!(&error, StateError::FileTaken { path, .. } if path == "data/x.csv"), "{error}");
    assert!(!project.state.is_committed("orders", "b2").unwrap());
    assert_eq!(project.state.read("tables").unwrap().num_rows(), 1);

    changed.loads[0].forget = Forget::Files(vec!["data/x.csv".into()]);
    changed.loads[0].remove = vec![project.path("out/day=1/part-b1.csv")];
    done(&mut project, &changed);
    let taken = project.state.taken("orders").unwrap();
    assert_eq!((taken.len(), taken[0].hash.as_str(), taken[0].batch.as_str()), (1, "b2", "b2"));
    assert_eq!(tree(&project.path("out")), ["day=1/part-b2.csv"]);

    // The content changes back: its first batch may come again.
    let mut back = small(&mut project, "r1", "b1", "data/x.csv");
    back.loads[0].forget = Forget::Files(vec!["data/x.csv".into()]);
    back.loads[0].remove = vec![project.path("out/day=1/part-b2.csv")];
    done(&mut project, &back);
    assert_eq!(tree(&project.path("out")), ["day=1/part-b1.csv"]);
    assert_eq!(project.state.read("loads").unwrap().num_rows(), 3, "what was forgotten is still told");
}

#[test]
fn a_full_refresh_lands_the_same_batch_over_its_own_files() {
    let temp = tempfile::tempdir().unwrap();
    let mut project = Project::new(temp.path());
    project.begin("r1");
    for (batch, file) in [("b1", "data/x.csv"), ("b2", "data/y.csv")] {
        let record = small(&mut project, "r1", batch, file);
        done(&mut project, &record);
    }
    let mut refresh = small(&mut project, "r1", "b1", "data/x.csv");
    refresh.loads[0].forget = Forget::All;
    refresh.loads[0].remove = project.state.published_files("orders").unwrap().into_iter().map(|f| f.path).collect();
    refresh.publish[0].replace = true;
    done(&mut project, &refresh);
    assert_eq!(
        tree(&project.path("out")),
        ["day=1/part-b1.csv"],
        "the file that is published again stays, the other goes"
    );
    assert_eq!(project.state.taken("orders").unwrap().len(), 1);
    assert_eq!(project.state.published_files("orders").unwrap().len(), 1);
    project.state.publish("b1").unwrap();
    assert_eq!(tree(&project.path("out")), ["day=1/part-b1.csv"]);
    assert!(!project.state.is_committed("orders", "b2").unwrap());
}

#[test]
fn only_own_files_are_removed_and_nothing_else_is_touched() {
    let temp = tempfile::tempdir().unwrap();
    let mut project = Project::new(temp.path());
    project.begin("r1");
    let first = small(&mut project, "r1", "b1", "data/x.csv");
    done(&mut project, &first);
    let foreign = project.path("out/day=1/theirs.csv");
    write(&foreign, "x");
    let mut second = small(&mut project, "r1", "b2", "data/y.csv");
    second.loads[0].remove = vec![foreign.clone()];
    assert!(matches!(project.state.commit(&second).unwrap_err(), StateError::Foreign { path, .. } if path == foreign));

    second.loads[0].remove = vec![project.path("out/day=1/part-b1.csv")];
    second.publish[0] = project.stage("b2", "orders", "day=2/part-b2.csv", "a\n");
    done(&mut project, &second);
    assert_eq!(tree(&project.path("out")), ["day=1/theirs.csv", "day=2/part-b2.csv"]);

    // A partition without a file goes too.
    fs::remove_file(foreign).unwrap();
    let mut third = small(&mut project, "r1", "b3", "data/z.csv");
    third.loads[0].remove = vec![project.path("out/day=2/part-b2.csv")];
    done(&mut project, &third);
    assert_eq!(tree(&project.path("out")), ["day=1/part-b3.csv"]);
}

#[test]
fn what_stands_in_the_way_is_found_before_the_commit() {
    let temp = tempfile::tempdir().unwrap();
    let mut project = Project::new(temp.path());
    project.begin("r1");
    let mut record = small(&mut project, "r1", "b1", "data/x.csv");
    write(&record.publish[0].target, "theirs");
    assert!(matches!(project.state.commit(&record).unwrap_err(), StateError::TargetExists(_)));
    assert_eq!(fs::read_to_string(&record.publish[0].target).unwrap(), "theirs");
    fs::remove_file(&record.publish[0].target).unwrap();

    record.publish.push(record.publish[0].clone());
    assert!(
        matches!(project.state.commit(&record).unwrap_err(), StateError::TargetExists(_)),
        "two files for one place"
    );
    record.publish.pop();
    fs::remove_file(&record.publish[0].staged).unwrap();
    assert!(matches!(project.state.commit(&record).unwrap_err(), StateError::StagedMissing(_)));
    assert!(project.state.taken("orders").unwrap().is_empty());
}

#[test]
fn a_stuck_batch_keeps_its_files_and_bars_its_table() {
    let temp = tempfile::tempdir().unwrap();
    let mut project = Project::new(temp.path());
    project.begin("r1");
    let record = small(&mut project, "r1", "b1", "data/x.csv");
    project.state.commit(&record).unwrap();
    // Someone puts a file there between commit and publication.
    let target = &record.publish[0].target;
    write(target, "theirs");
    assert!(matches!(project.state.publish("b1").unwrap_err(), StateError::TargetExists(_)));
    let lock = project.state.lock("run", AT).unwrap();
    let recovered = project.state.recover(&lock).unwrap();
    assert!(matches!(&recovered[0], Recovered::Stuck { batch, .. } if batch == "b1"), "{recovered:?}");
    assert!(record.publish[0].staged.is_file());
    assert!(project.state.discard_staging("b1").unwrap().is_empty() && record.publish[0].staged.is_file());
    let folder = project.path("out/.pipe-staging-b1");
    assert!(matches!(project.state.stage_begun("r1", "b1", &[folder]), Err(StateError::Unpublished { .. })));
    let next = small(&mut project, "r1", "b2", "data/y.csv");
    assert!(matches!(project.state.commit(&next).unwrap_err(), StateError::Unpublished { batch, .. } if batch == "b1"));

    fs::remove_file(target).unwrap();
    let recovered = project.state.recover(&lock).unwrap();
    assert!(matches!(&recovered[0], Recovered::Published { .. }), "{recovered:?}");
    assert_eq!(fs::read_to_string(target).unwrap(), "a\n");
}

#[test]
fn a_lost_staged_file_is_told_not_passed_over() {
    let temp = tempfile::tempdir().unwrap();
    let mut project = Project::new(temp.path());
    project.begin("r1");
    let mut record = small(&mut project, "r1", "b1", "data/x.csv");
    record.publish[0].replace = true;
    write(&record.publish[0].target, "something older");
    project.state.commit(&record).unwrap();
    fs::remove_file(&record.publish[0].staged).unwrap();
    assert!(matches!(project.state.publish("b1").unwrap_err(), StateError::Lost { .. }));
    assert!(matches!(project.state.publish("nope").unwrap_err(), StateError::Unknown { .. }));
}

#[test]
fn only_staging_folders_may_be_written_down() {
    let temp = tempfile::tempdir().unwrap();
    let mut project = Project::new(temp.path());
    project.begin("r1");
    let dir = project.path(".pipe");
    for path in [
        project.root.clone(),
        project.path("out"),
        dir.join("staging"),
        dir.join("staging/../ledger"),
        dir.join("quarantine"),
    ] {
        let error = project.state.stage_begun("r1", "b1", std::slice::from_ref(&path)).unwrap_err();
        assert!(matches!(error, StateError::NotStaging(_)), "{}", path.display());
    }
}

/// A project that is moved between commit and publication, and after.
#[test]
fn a_moved_project_keeps_its_state() {
    let temp = tempfile::tempdir().unwrap();
    let mut project = Project::new(&temp.path().join("here"));
    project.begin("r1");
    let record = project.full_batch("r1", "b1");
    project.state.commit(&record).unwrap();
    drop(project);
    fs::rename(temp.path().join("here"), temp.path().join("there")).unwrap();
    let mut project = Project::new(&temp.path().join("there"));
    project.state.publish("b1").unwrap();
    assert_eq!(tree(&project.path("out")), ["part-b1.csv", "second-b1.csv"]);
    assert_eq!(project.state.published_files("orders").unwrap()[0].path, project.path("out/part-b1.csv"));
    assert!(project.state.quarantine_files("orders").unwrap()[0].path.starts_with(&project.root));
}

fn measured(value: f64, scope: Scope) -> Vec<Metric> {
    vec![Metric { name: "count(*)".into(), value, scope, ..Default::default() }]
}

fn states(project: &Project, scope: Scope) -> Vec<(f64, MetricState)> {
    let past = project.state.past_metrics("orders", "count(*)", scope, 100).unwrap();
    past.iter().map(|m| (m.value, m.state)).collect()
}

/// What is loaded again takes the place of what was measured of it; of other files what was measured stands, and so does what
/// was measured of the whole.
#[test]
fn what_was_measured_of_rows_that_are_replaced_counts_no_more() {
    let temp = tempfile::tempdir().unwrap();
    let mut project = Project::new(temp.path());
    for (n, file) in [(1u8, "a.csv"), (2, "b.csv")] {
        let run = format!("r{n}");
        project.begin(&run);
        let mut record = small(&mut project, &run, &format!("b{n}"), file);
        let taken = TakenFile { path: format!("orders: {file}"), ..Default::default() };
        record.loads.push(LoadCommit { load: "@orders".into(), taken: vec![taken], ..Default::default() });
        record.table.metrics = measured(f64::from(n), Scope::Batch);
        record.table.metrics.extend(measured(f64::from(n), Scope::Whole));
        done(&mut project, &record);
    }
    let (kept, gone) = (MetricState::Committed, MetricState::Superseded);
    assert_eq!(states(&project, Scope::Batch), [(1.0, kept), (2.0, kept)]);

    // A file that changed.
    project.begin("r3");
    let mut record = small(&mut project, "r3", "b3", "c.csv");
    let file = "orders: a.csv".to_owned();
    record.loads.push(LoadCommit { load: "@orders".into(), forget: Forget::Files(vec![file]), ..Default::default() });
    record.ledger_superseded = Superseded::Files(["a.csv".to_owned()].into());
    record.table.metrics = measured(3.0, Scope::Batch);
    done(&mut project, &record);
    assert_eq!(states(&project, Scope::Batch), [(1.0, gone), (2.0, kept), (3.0, kept)]);

    // All of it.
    project.begin("r4");
    let mut record = small(&mut project, "r4", "b4", "d.csv");
    record.loads[0].forget = Forget::All;
    record.table.metrics = measured(4.0, Scope::Batch);
    done(&mut project, &record);
    assert_eq!(states(&project, Scope::Batch), [(1.0, gone), (2.0, gone), (3.0, gone), (4.0, kept)]);
    assert_eq!(states(&project, Scope::Whole), [(1.0, kept), (2.0, kept)]);
}

#[test]
fn what_was_measured_of_a_batch_of_which_a_heal_was_undone_counts_no_more() {
    let temp = tempfile::tempdir().unwrap();
    let mut project = Project::new(temp.path());
    project.begin("r1");
    let record = project.full_batch("r1", "b1");
    done(&mut project, &record);
    assert_eq!(states(&project, Scope::Batch), [(3.0, MetricState::Committed)]);
    project.begin("r2");
    let mut undo = small(&mut project, "r2", "b2", "x.csv");
    undo.heal_changes = vec![HealChange { id: 1, state: "undone".into() }];
    done(&mut project, &undo);
    assert_eq!(states(&project, Scope::Batch), [(3.0, MetricState::Undone)]);
}
