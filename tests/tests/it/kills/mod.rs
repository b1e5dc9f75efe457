//! A process killed at any instant leaves every sink with all of a batch or none of it; the next command of any kind
//! completes what was committed, and running again gives exactly the rows of a run that nobody disturbed.
//!
//! The kills are real: fail points abort the process (`points`), random instants send SIGKILL or SIGINT (`instants`).

mod instants;
mod points;
mod scene;

use scene::Scene;

use crate::pipe::pipe;
use crate::rows::staged;

/// What these tests look at objects to the faults they are for.
#[test]
fn planted_faults_are_seen() {
    let scene = Scene::ORDERS;
    let (folder, before) = scene.prepared();
    pipe(folder.path(), &["run"]).expect(0);
    let whole = scene.held(folder.path());
    let seen = |what: &str| {
        let held = scene.held(folder.path());
        assert!(scene.half(&held, &before, &whole).is_some(), "{what} is not seen");
    };
    assert_eq!(scene.half(&whole, &before, &whole), None);
    assert_eq!(scene.half(&before, &before, &whole), None);
    assert_eq!(before.values().map(Vec::len).sum::<usize>(), 0);

    // A batch committed twice.
    let part = crate::rows::files(&folder.path().join("out/orders")).remove(0);
    let twice = part.with_file_name("part-again.parquet");
    std::fs::copy(&part, &twice).unwrap();
    seen("a doubled file");
    std::fs::remove_file(twice).unwrap();

    // A file that was not published.
    std::fs::rename(&part, folder.path().join("elsewhere")).unwrap();
    seen("a missing file");
    std::fs::rename(folder.path().join("elsewhere"), &part).unwrap();

    // Half a file of a sink of its own.
    let daily = folder.path().join("out/daily_revenue.csv");
    let text = std::fs::read_to_string(&daily).unwrap();
    let half: Vec<&str> = text.lines().take(2).collect();
    std::fs::write(&daily, half.join("\n")).unwrap();
    seen("half a file");
    std::fs::write(&daily, text).unwrap();
    assert_eq!(scene.half(&scene.held(folder.path()), &before, &whole), None);

    // Rows without the quarantine of their batch.
    std::fs::remove_dir_all(folder.path().join(".pipe/quarantine")).unwrap();
    seen("a lost quarantine");

    // Staging that stays, in the sink's folder and in the state's.
    assert!(staged(folder.path()).is_empty());
    std::fs::create_dir_all(folder.path().join("out/.pipe-staging-x-orders")).unwrap();
    std::fs::create_dir_all(folder.path().join(".pipe/staging/run")).unwrap();
    assert_eq!(staged(folder.path()).len(), 2);
}
