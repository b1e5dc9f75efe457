//! SIGKILL and SIGINT at random instants of a run. `PIPE_KILLS` says how many of each.

use std::time::{Duration, Instant};

use pipe_tests::random::Random;

use super::Scene;

fn times() -> u64 {
    std::env::var("PIPE_KILLS").map_or(20, |n| n.parse().expect("PIPE_KILLS is a number"))
}

/// How long the command takes when nobody disturbs it.
fn usual(scene: &Scene) -> Duration {
    let (folder, _) = scene.prepared();
    let start = Instant::now();
    assert!(scene.silent(folder.path()).status().unwrap().success());
    start.elapsed()
}

/// An instant of a run: the same shares of its usual length on every machine.
fn instant(random: &mut Random, usual: Duration) -> Duration {
    usual.mul_f64(random.between(0, 1000) as f64 / 1000.0)
}

#[test]
fn killed() {
    let scene = Scene::ORDERS;
    let (whole, usual) = (scene.undisturbed(), usual(&scene));
    let mut random = Random::new(1);
    for n in 0..times() {
        let (folder, before) = scene.prepared();
        let at = instant(&mut random, usual);
        let mut child = scene.silent(folder.path()).spawn().unwrap();
        std::thread::sleep(at);
        child.kill().unwrap();
        child.wait().unwrap();
        let look: Option<&[&str]> = (n % 2 == 0).then_some(&["runs"]);
        scene.recovers(folder.path(), &before, &whole, look, &format!("kill {n}, after {at:?} of {usual:?}"));
    }
}

#[cfg(unix)]
#[test]
fn interrupted() {
    use std::os::unix::process::ExitStatusExt;
    for (scene, seed) in Scene::ALL.into_iter().zip(2..) {
        let (whole, usual) = (scene.undisturbed(), usual(&scene));
        let mut random = Random::new(seed);
        for n in 0..times().div_ceil(4) {
            let (folder, before) = scene.prepared();
            let at = instant(&mut random, usual);
            let mut child = scene.silent(folder.path()).spawn().unwrap();
            std::thread::sleep(at);
            let sent =
                std::process::Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status().unwrap();
            let ended = child.wait().unwrap();
            // Before it listens a signal ends the process as any other; behind its last commit it has nothing to stop.
            let known = matches!(ended.code(), Some(0 | 130)) || ended.signal() == Some(2);
            let when = format!("interrupt {n}, after {at:?} of {usual:?}: {sent}, {ended}");
            assert!(known, "{}, {when}", scene.name);
            let held = scene.held(folder.path());
            if ended.code().is_some()
                && let Some(why) = scene.half(&held, &before, &whole)
            {
                panic!("{}, {when}: {why}", scene.name);
            }
            assert!(ended.code() != Some(0) || held == whole, "{}, {when}: ended well with less than all", scene.name);
            scene.recovers(folder.path(), &before, &whole, None, &when);
        }
    }
}
