//! Kills at every step of a commit: the fail points of the state, each the first, second, … time it is reached.

use pipe_state::failpoint;

use super::Scene;

/// Commands that look; each completes what a killed one had committed.
const LOOKS: [&[&str]; 4] = [&["runs"], &["plan"], &["heals"], &["query", "select 1 as one"]];

/// Runs up to a fail point. Whether it was reached: the command ends well where it was not.
fn killed_at(scene: &Scene, folder: &std::path::Path, point: &str) -> bool {
    let ended = scene.silent(folder).env("PIPE_FAILPOINT", point).status().unwrap();
    assert!(ended.code().is_none_or(|c| c == 0), "{point}: {ended}");
    !ended.success()
}

/// Kills at every point, whenever it is reached. Gives the points that were.
fn kills(scene: &Scene) -> Vec<&'static str> {
    let whole = scene.undisturbed();
    let mut reached = Vec::new();
    for point in failpoint::ALL {
        for nth in 1.. {
            let (folder, before) = scene.prepared();
            let when = format!("{point}:{nth}");
            if !killed_at(scene, folder.path(), &when) {
                assert!(scene.held(folder.path()) == whole);
                break;
            }
            let look = LOOKS.get(nth % (LOOKS.len() + 1)).copied();
            scene.recovers(folder.path(), &before, &whole, look, &when);
            reached.push(point);
        }
    }
    reached.dedup();
    reached
}

#[test]
fn of_a_first_run() {
    assert_eq!(kills(&Scene::ORDERS), failpoint::ALL, "a point that no run reaches");
}

#[test]
fn of_a_run_with_a_new_file() {
    assert_eq!(kills(&Scene::MORE_ORDERS), failpoint::ALL);
}

#[test]
fn of_several_loads() {
    assert_eq!(kills(&Scene::LOADS), failpoint::ALL);
}

#[test]
fn of_a_replay() {
    assert_eq!(kills(&Scene::REPLAY), failpoint::ALL);
}

#[test]
fn again_while_it_recovers() {
    let scene = Scene::ORDERS;
    let whole = scene.undisturbed();
    for second in [failpoint::DURING_PUBLISH, failpoint::BEFORE_PUBLISHED, failpoint::AFTER_PUBLISHED] {
        let (folder, before) = scene.prepared();
        assert!(killed_at(&scene, folder.path(), "after_commit:2"));
        assert!(killed_at(&scene, folder.path(), second), "{second} was not reached by the run that recovers");
        let when = format!("after_commit:2, then {second}");
        scene.recovers(folder.path(), &before, &whole, Some(LOOKS[0]), &when);
    }
}

/// A new fail point is killed at by these tests as soon as it is one of `failpoint::ALL`; and it is.
#[test]
fn the_list_of_points_is_complete() {
    let text = std::fs::read_to_string(crate::pipe::repository().join("engine/state/src/failpoint.rs")).unwrap();
    let declared: Vec<&str> = text
        .lines()
        .filter_map(|l| l.strip_prefix("pub const ")?.split_once(": &str = \"")?.1.strip_suffix("\";"))
        .collect();
    assert_eq!(declared, failpoint::ALL);
}
