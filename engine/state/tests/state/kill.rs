//! A process killed at each fail point, then the next command: all of the batch or nothing of it.

use std::path::Path;
use std::process::Command;

use pipe_state::{Recovered, State, failpoint};

use crate::batch::{AT, Project, tree, write};

const ROOT: &str = "PIPE_STATE_TEST_ROOT";

/// What the killed process does: this test binary runs it in a process of its own, with `ROOT` set. Without it there is nothing to do.
#[test]
fn child_commits_a_batch() {
    let Ok(root) = std::env::var(ROOT) else { return };
    let mut project = Project::new(Path::new(&root));
    let lock = project.state.lock("run", AT).unwrap();
    project.state.recover(&lock).unwrap();
    let run = format!("r{}", project.state.run_ids().unwrap().len() + 1);
    project.begin(&run);
    let record = project.full_batch(&run, "b1");
    match project.state.commit(&record) {
        Ok(()) => project.state.publish("b1").unwrap(),
        Err(pipe_state::StateError::BatchCommitted { .. }) => _ = project.state.discard_staging("b1").unwrap(),
        Err(e) => panic!("{e}"),
    }
}

/// Runs the child; whether it ended by itself.
fn run_child(root: &Path, point: Option<&str>) -> bool {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "kill::child_commits_a_batch"]).env(ROOT, root).env_remove("PIPE_FAILPOINT");
    if let Some(point) = point {
        command.env("PIPE_FAILPOINT", point);
    }
    command.output().unwrap().status.success()
}

const COMMITTED: [&str; 2] = ["part-b1.csv", "second-b1.csv"];

fn assert_all(project: &Project) {
    assert_eq!(tree(&project.path("out")), COMMITTED);
    let state = &project.state;
    assert!(state.is_committed("orders", "b1").unwrap() && state.is_committed("orders_2", "b1").unwrap());
    assert_eq!(state.taken("orders").unwrap().len(), 1);
    assert!(state.quarantine_files("orders").unwrap().iter().all(|f| f.path.is_file()));
    assert_eq!(state.quarantine_files("orders").unwrap().len(), 1);
    assert!(state.ledger_files().unwrap().iter().all(|f| f.path.is_file()));
    assert_eq!(state.ledger_files().unwrap().len(), 1);
    assert!(state.baseline("orders").unwrap().is_some());
    for table in ["tables", "rule_results", "failures", "heals"] {
        assert_eq!(state.read(table).unwrap().num_rows(), 1, "{table}");
    }
}

fn assert_nothing(project: &Project) {
    assert_eq!(tree(&project.path("out")), [""; 0]);
    let state = &project.state;
    assert!(!state.is_committed("orders", "b1").unwrap());
    assert!(state.taken("orders").unwrap().is_empty());
    assert!(state.quarantine_files("orders").unwrap().is_empty() && state.ledger_files().unwrap().is_empty());
    assert_eq!(state.baseline("orders").unwrap(), None);
    for table in ["tables", "rule_results", "failures", "heals", "loads", "baselines"] {
        assert_eq!(state.read(table).unwrap().num_rows(), 0, "{table}");
    }
}

fn assert_no_staging(project: &Project) {
    let files = tree(&project.root);
    assert!(files.iter().all(|f| !f.contains("staging/") || f == ".pipe/staging/"), "staging is left: {files:?}");
}

#[test]
fn a_kill_at_any_point_leaves_all_or_nothing() {
    for (i, point) in failpoint::ALL.into_iter().enumerate() {
        let temp = tempfile::tempdir().unwrap();
        // What was there before stays, whatever happens.
        write(&temp.path().join("out/.pipe-staging-mine/keep.txt"), "a user's");
        assert!(!run_child(temp.path(), Some(point)), "the fail point {point} was not reached");

        let mut project = Project::new(temp.path());
        let lock = project.state.lock("runs", AT).unwrap();
        let recovered = project.state.recover(&lock).unwrap();
        let text = format!("{recovered:?}");
        std::fs::remove_dir_all(temp.path().join("out/.pipe-staging-mine"))
            .unwrap_or_else(|_| panic!("{point}: {text}"));

        let committed = i >= 2;
        if committed {
            assert_all(&project)
        } else {
            assert_nothing(&project)
        }
        assert_no_staging(&project);
        let published = recovered.iter().any(|r| matches!(r, Recovered::Published { batch, .. } if batch == "b1"));
        assert_eq!(published, committed && point != failpoint::AFTER_PUBLISHED, "{point}: {text}");
        assert!(recovered.iter().any(|r| matches!(r, Recovered::RunKilled { run } if run == "r1")), "{point}: {text}");
        assert!(project.state.recover(&lock).unwrap().is_empty(), "{point}: recovering again has nothing to do");
        drop((project, lock));

        // The next run of the same input lands it once, or not again.
        assert!(run_child(temp.path(), None), "{point}");
        assert_all(&Project::new(temp.path()));
        assert!(run_child(temp.path(), None), "{point}");
        let project = Project::new(temp.path());
        assert_all(&project);
        assert_no_staging(&project);
    }
}

/// Recovery is killed too, and the one after it completes.
#[test]
fn a_kill_during_recovery_is_recovered() {
    for point in [failpoint::DURING_PUBLISH, failpoint::BEFORE_PUBLISHED, failpoint::AFTER_PUBLISHED] {
        let temp = tempfile::tempdir().unwrap();
        assert!(!run_child(temp.path(), Some(failpoint::AFTER_COMMIT)));
        assert!(!run_child(temp.path(), Some(point)), "{point}");
        let mut project = Project::new(temp.path());
        let lock = project.state.lock("runs", AT).unwrap();
        project.state.recover(&lock).unwrap();
        assert_all(&project);
        assert_no_staging(&project);
    }
}

const BATCHES: usize = 12;

/// Commits batch after batch until all are in, in a process of its own.
#[test]
fn child_commits_many_batches() {
    let Ok(root) = std::env::var(format!("{ROOT}_MANY")) else { return };
    let mut project = Project::new(Path::new(&root));
    let lock = project.state.lock("run", AT).unwrap();
    project.state.recover(&lock).unwrap();
    let run = format!("r{}", project.state.run_ids().unwrap().len() + 1);
    project.begin(&run);
    for batch in (0..BATCHES).map(|i| format!("b{i}")) {
        if !project.state.is_committed("orders", &batch).unwrap() {
            let record = project.full_batch(&run, &batch);
            project.state.commit(&record).unwrap();
            project.state.publish(&batch).unwrap();
        }
    }
}

/// Whatever instant the kill comes at: after the next command each batch is whole or absent, and in the end all are there once.
#[test]
fn kills_at_any_instant_lose_and_double_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let mut kills = 0;
    for attempt in 0u64.. {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child_commits_many_batches"])
            .env(format!("{ROOT}_MANY"), temp.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // Instants from a fixed sequence; the machine adds its own chance.
        std::thread::sleep(std::time::Duration::from_micros(4_000 + attempt * 7_919 % 40_000));
        let ended = child.try_wait().unwrap();
        let _ = child.kill();
        child.wait().unwrap();
        kills += u32::from(ended.is_none());
        assert!(ended.is_none_or(|status| status.success()));

        let mut project = Project::new(temp.path());
        let lock = project.state.lock("runs", AT).unwrap();
        project.state.recover(&lock).unwrap();
        assert_no_staging(&project);
        let batches: Vec<String> = (0..BATCHES)
            .map(|i| format!("b{i}"))
            .filter(|b| project.state.is_committed("orders", b).unwrap())
            .collect();
        let mut expected: Vec<String> =
            batches.iter().flat_map(|b| [format!("part-{b}.csv"), format!("second-{b}.csv")]).collect();
        expected.sort();
        assert_eq!(tree(&project.path("out")), expected);
        let quarantine = project.state.quarantine_files("orders").unwrap();
        assert!(quarantine.len() == batches.len() && quarantine.iter().all(|f| f.path.is_file()));
        assert_eq!(tree(&project.state.quarantine_dir("orders")).len(), batches.len());
        assert_eq!(tree(&project.state.ledger_dir()).len(), batches.len());
        for load in ["orders", "orders_2"] {
            assert_eq!(project.state.taken(load).unwrap().len(), batches.len());
        }
        assert_eq!(project.state.read("tables").unwrap().num_rows(), batches.len());
        // A fast machine may need a fresh start to be killed often enough.
        if batches.len() == BATCHES {
            break;
        }
    }
    assert!(kills > 0, "no child was killed at work");
}

/// The second time a point is reached can be named.
#[test]
fn a_fail_point_can_be_the_second_hit() {
    let temp = tempfile::tempdir().unwrap();
    assert!(run_child(temp.path(), Some("after_commit:2")), "one batch reaches it once");
}

/// A commit in another process must not disturb what this process reads of the state.
#[test]
fn a_looking_command_leaves_a_running_ones_staging() {
    let temp = tempfile::tempdir().unwrap();
    let mut running = Project::new(temp.path());
    let _lock = running.state.lock("run", AT).unwrap();
    running.begin("r1");
    let record = running.full_batch("r1", "b1");

    let mut looking = State::open(&temp.path().join(".pipe")).unwrap();
    assert!(looking.recover_if_free("runs", AT).unwrap().is_none());
    running.state.commit(&record).unwrap();
    assert!(looking.quarantine_files("orders").unwrap().is_empty(), "committed, but its files are not there yet");
    running.state.publish("b1").unwrap();
    assert_all(&Project { root: temp.path().to_owned(), state: looking });
}
