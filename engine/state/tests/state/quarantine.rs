//! States of quarantined rows.

use std::time::{Duration, Instant};

use pipe_state::*;

use crate::batch::{AT, Project};

fn project_with_quarantine() -> (tempfile::TempDir, Project) {
    let temp = tempfile::tempdir().unwrap();
    let mut project = Project::new(temp.path());
    project.begin("r1");
    let record = project.full_batch("r1", "b1");
    project.state.commit(&record).unwrap();
    project.state.publish("b1").unwrap();
    (temp, project)
}

fn change(file: i64, rows: impl IntoIterator<Item = u64>, state: RowState) -> RowChange {
    RowChange { file, rows: RowRange::of_rows(rows), state }
}

fn states(project: &Project) -> Vec<(u64, u64, RowState)> {
    let files = project.state.quarantine_files("orders").unwrap();
    files.iter().flat_map(|f| &f.states).map(|s| (s.range.first, s.range.rows, s.state)).collect()
}

#[test]
fn a_file_shows_where_its_rows_came_from_and_their_states() {
    let (_temp, project) = project_with_quarantine();
    let files = project.state.quarantine_files("orders").unwrap();
    let [file] = files.as_slice() else { panic!("one file") };
    assert_eq!((file.run.as_str(), file.batch.as_str(), file.fingerprint.as_str()), ("r1", "b1", "f00d"));
    assert_eq!(file.reasons["quantity.between"], 2);
    assert_eq!(file.sources[0].path, "data/b1.csv");
    assert_eq!(states(&project), [(0, 1, RowState::Held), (1, 1, RowState::AwaitingApproval)]);
    assert_eq!(project.state.quarantine_tables().unwrap(), ["orders"]);
    assert_eq!(project.state.quarantined_from("orders", "data/b1.csv").unwrap(), [file.id]);
    assert!(project.state.quarantined_from("orders", "data/b2.csv").unwrap().is_empty());
    let counts = project.state.quarantine_counts().unwrap();
    assert_eq!(
        counts.iter().map(|c| (c.state, c.rows)).collect::<Vec<_>>(),
        [(RowState::AwaitingApproval, 1), (RowState::Held, 1)]
    );
}

#[test]
fn a_row_is_settled_once_and_a_change_is_all_or_none() {
    let (_temp, mut project) = project_with_quarantine();
    let id = project.state.quarantine_files("orders").unwrap()[0].id;
    project.state.set_quarantine_state("r1", AT, &[change(id, [0], RowState::Replayed)]).unwrap();
    for next in RowState::ALL {
        let both = [change(id, [1], RowState::Discarded), change(id, [0], next)];
        let error = project.state.set_quarantine_state("r1", AT, &both).unwrap_err();
        assert!(matches!(error, StateError::Transition { row: 0, from: "replayed", .. }), "{error}");
    }
    assert_eq!(states(&project), [(0, 1, RowState::Replayed), (1, 1, RowState::AwaitingApproval)]);
    for wrong in [change(id, [2], RowState::Discarded), change(id + 1, [0], RowState::Discarded)] {
        assert!(matches!(project.state.set_quarantine_state("r1", AT, &[wrong]), Err(StateError::Unknown { .. })));
    }
    // A turned-down proposal leaves its row held; held rows may be given up.
    project.state.set_quarantine_state("r1", AT, &[change(id, [1], RowState::Held)]).unwrap();
    project.state.set_quarantine_state("r1", AT, &[change(id, [1], RowState::Discarded)]).unwrap();
    assert_eq!(states(&project), [(0, 1, RowState::Replayed), (1, 1, RowState::Discarded)]);
}

/// A replay settles its rows in the commit that lands them: a row is never replayed twice.
#[test]
fn a_replay_settles_its_rows_with_its_commit() {
    let (_temp, mut project) = project_with_quarantine();
    let id = project.state.quarantine_files("orders").unwrap()[0].id;
    let replay = |batch: &str| CommitRecord {
        run: "r1".into(),
        batch: batch.into(),
        at: AT.into(),
        loads: vec![LoadCommit { load: "orders".into(), rows: 2, ..Default::default() }],
        quarantine_changes: vec![change(id, [0, 1], RowState::Replayed)],
        ..Default::default()
    };
    project.state.commit(&replay("replay-1")).unwrap();
    project.state.publish("replay-1").unwrap();
    assert_eq!(states(&project), [(0, 2, RowState::Replayed)]);
    assert!(matches!(project.state.commit(&replay("replay-2")), Err(StateError::Transition { .. })));
    assert!(!project.state.is_committed("orders", "replay-2").unwrap());
}

#[test]
fn a_million_rows_are_fast() {
    const N: u64 = 1_000_000;
    let temp = tempfile::tempdir().unwrap();
    let mut project = Project::new(temp.path());
    project.begin("r1");
    let mut record = project.full_batch("r1", "b1");
    record.quarantine[0].rows = N;
    record.quarantine[0].exceptions.clear();
    let start = Instant::now();
    project.state.commit(&record).unwrap();
    project.state.publish("b1").unwrap();
    let id = project.state.quarantine_files("orders").unwrap()[0].id;
    project.state.set_quarantine_state("r1", AT, &[change(id, [7, 500_000], RowState::Discarded)]).unwrap();
    assert_eq!(states(&project).len(), 5);
    let rest: Vec<RowRange> =
        [(0, 7), (8, 499_992), (500_001, N - 500_001)].map(|(first, rows)| RowRange { first, rows }).to_vec();
    project
        .state
        .set_quarantine_state("r1", AT, &[RowChange { file: id, rows: rest, state: RowState::Replayed }])
        .unwrap();
    let counts = project.state.quarantine_counts().unwrap();
    assert_eq!(counts.iter().map(|c| c.rows).collect::<Vec<_>>(), [2, N - 2]);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}
