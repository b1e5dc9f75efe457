//! Two commands at once.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pipe_state::{State, StateError};

use crate::batch::AT;

const HOLD: &str = "PIPE_STATE_TEST_HOLD";

/// Holds the lock until killed, in a process of its own.
#[test]
fn child_holds_the_lock() {
    let Ok(dir) = std::env::var(HOLD) else { return };
    let state = State::open(Path::new(&dir)).unwrap();
    let Ok(_lock) = state.lock("run", AT) else { std::process::exit(3) };
    std::fs::write(Path::new(&dir).join(format!("held-{}", std::process::id())), "").unwrap();
    std::thread::sleep(Duration::from_secs(60));
}

fn hold(dir: &Path) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "lock::child_holds_the_lock"])
        .env(HOLD, dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn the_second_says_who_holds_it_and_a_kill_frees_it() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join(".pipe");
    let state = State::open(&dir).unwrap();
    let mut children = [hold(&dir), hold(&dir), hold(&dir)];

    // One of the three has it, the others give up.
    let start = Instant::now();
    let mut gone = 0;
    while gone < 2 {
        assert!(start.elapsed() < Duration::from_secs(30), "two of three should have given up");
        gone = children
            .iter_mut()
            .filter_map(|c| c.try_wait().unwrap())
            .inspect(|s| assert_eq!(s.code(), Some(3)))
            .count();
        std::thread::sleep(Duration::from_millis(5));
    }
    let holder =
        children.iter_mut().filter_map(|c| c.try_wait().unwrap().is_none().then_some(c)).next().expect("one holds it");
    while !dir.join(format!("held-{}", holder.id())).exists() {
        assert!(start.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(5));
    }
    let error = state.lock("quarantine replay", AT).unwrap_err();
    let text = error.to_string();
    assert!(
        matches!(&error, StateError::Locked { holder: h, .. } if h.pid == holder.id() && h.command == "run"),
        "{text}"
    );
    assert!(
        text.contains(&format!("process {}", holder.id())) && text.contains("`pipe run`") && text.contains(AT),
        "{text}"
    );

    holder.kill().unwrap();
    holder.wait().unwrap();
    let lock = state.lock("run", AT).unwrap();
    drop(lock);
    state.lock("run", AT).unwrap();
}
