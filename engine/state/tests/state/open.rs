//! States that cannot be used, each with its own error; the file is left as it is.

use std::fs;
use std::path::Path;

use pipe_state::{State, StateError};
use rusqlite::Connection;

use crate::batch::{Project, write};

fn refused(dir: &Path) -> (StateError, Vec<u8>) {
    let before = fs::read(dir.join("state.db")).unwrap();
    let error = State::open(dir).unwrap_err();
    assert_eq!(fs::read(dir.join("state.db")).unwrap(), before, "{error}");
    (error, before)
}

#[test]
fn opening_twice_keeps_what_is_there() {
    let temp = tempfile::tempdir().unwrap();
    assert!(State::open_existing(&temp.path().join(".pipe")).unwrap().is_none());
    assert!(!temp.path().join(".pipe").exists(), "looking makes no state");
    Project::new(temp.path()).begin("r1");
    let state = State::open_existing(&temp.path().join(".pipe")).unwrap().unwrap();
    assert_eq!(state.run_ids().unwrap(), ["r1"]);
    assert_eq!(state.version().unwrap(), 11);
}

#[test]
fn a_newer_state_is_refused_by_its_version() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join(".pipe");
    drop(State::open(&dir).unwrap());
    let db = Connection::open(dir.join("state.db")).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    db.execute_batch("pragma wal_checkpoint(truncate)").unwrap();
    db.close().unwrap();
    let (error, _) = refused(&dir);
    assert!(matches!(error, StateError::Newer { found: 99, known: 11, .. }), "{error}");
    assert!(error.to_string().contains("version 99"), "{error}");
}

#[test]
fn garbage_and_other_programs_files_are_refused() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join(".pipe");
    write(&dir.join("state.db"), &"no database at all\n".repeat(100));
    assert!(matches!(refused(&dir).0, StateError::Corrupt { .. }));

    fs::remove_file(dir.join("state.db")).unwrap();
    let db = Connection::open(dir.join("state.db")).unwrap();
    db.execute_batch("create table theirs (a)").unwrap();
    db.close().unwrap();
    let (error, _) = refused(&dir);
    assert!(matches!(error, StateError::Corrupt { .. }) && error.to_string().contains("another program"), "{error}");
}

#[test]
fn a_damaged_page_is_found_when_opened() {
    let temp = tempfile::tempdir().unwrap();
    let mut project = Project::new(temp.path());
    for i in 0..200 {
        project.begin(&format!("run-{i}"));
    }
    drop(project);
    let dir = temp.path().join(".pipe");
    let path = dir.join("state.db");
    assert!(!dir.join("state.db-wal").exists(), "the log is gone when the last one closes");
    let whole = fs::read(&path).unwrap();
    let pages = whole.len() / 4096;
    // Any page but the free ones; quick_check finds each of these, or reading the header does.
    for page in 0..pages {
        let mut damaged = whole.clone();
        damaged[page * 4096..page * 4096 + 64].fill(0xA5);
        fs::write(&path, &damaged).unwrap();
        let (error, _) = refused(&dir);
        assert!(matches!(error, StateError::Corrupt { .. }), "page {page}: {error}");
    }
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(refused(&dir).0, StateError::Corrupt { .. }));
    fs::write(&path, whole).unwrap();
    assert_eq!(State::open(&dir).unwrap().run_ids().unwrap().len(), 200);
}

#[test]
fn an_emptied_state_is_not_taken_for_a_new_one() {
    let temp = tempfile::tempdir().unwrap();
    let mut project = Project::new(temp.path());
    project.begin("r1");
    let record = project.full_batch("r1", "b1");
    project.state.commit(&record).unwrap();
    project.state.publish("b1").unwrap();
    drop(project);
    let dir = temp.path().join(".pipe");
    fs::write(dir.join("state.db"), "").unwrap();
    assert!(matches!(refused(&dir).0, StateError::Corrupt { .. }));
}

/// A folder that cannot be written is refused as such. Root may write everywhere, so a process of another user tries.
#[cfg(unix)]
#[test]
fn a_read_only_folder_is_refused_as_read_only() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join(".pipe");
    Project::new(temp.path()).begin("r1");
    let empty = temp.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let exe = temp.path().join("child");
    fs::copy(std::env::current_exe().unwrap(), &exe).unwrap();
    let all = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    all(temp.path(), 0o755);
    for entry in fs::read_dir(&dir).unwrap() {
        all(&entry.unwrap().path(), 0o444);
    }
    for folder in [&dir, &empty] {
        all(folder, 0o555);
    }
    all(&exe, 0o755);
    for target in [dir.clone(), empty.clone(), empty.join("below")] {
        let mut child = std::process::Command::new(&exe);
        child.args(["--exact", "open::child_opens_read_only"]).env("PIPE_STATE_TEST_READ_ONLY", &target);
        if fs::write(empty.join("probe"), "").is_ok() {
            fs::remove_file(empty.join("probe")).unwrap();
            child.uid(65534).gid(65534);
        }
        let output = child.output().unwrap();
        assert!(output.status.success(), "{}: {}", target.display(), String::from_utf8_lossy(&output.stdout));
    }
    for folder in [&dir, &empty] {
        all(folder, 0o755);
    }
}

#[test]
fn child_opens_read_only() {
    let Ok(dir) = std::env::var("PIPE_STATE_TEST_READ_ONLY") else { return };
    let error = State::open(Path::new(&dir)).unwrap_err();
    assert!(matches!(error, StateError::ReadOnly(_)), "{error:?}");
    assert!(error.to_string().contains("read-only"), "{error}");
}
