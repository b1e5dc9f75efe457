//! A process killed at any instant leaves every sink with all of a batch or none of it; the next command of any kind
//! completes what was committed, and running again gives exactly the rows of a run that nobody disturbed.
//!
//! The kills are real: fail points abort the process, random instants send SIGKILL. `PIPE_KILLS` says how many random
//! instants are tried; the default takes about half a minute in a debug build. `PIPE_KILLS=200 cargo test --test it kills`
//! is the full number.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::pipe::{command, copy_of, pipe};
use crate::rows::{Row, below, lines, sorted, staged};

/// In the order a batch reaches them.
const POINTS: [&str; 6] =
    ["staged", "before_commit", "after_commit", "during_publish", "before_published", "after_published"];

/// What the example's sinks, quarantine and ledger hold, without the order of rows.
#[derive(Debug, PartialEq)]
struct Held {
    orders: Vec<Row>,
    quarantine: Vec<Row>,
    ledger: Vec<Row>,
    daily: Vec<String>,
    countries: Vec<String>,
}

impl Held {
    fn of(folder: &Path) -> Self {
        Self {
            orders: sorted(below(&folder.join("out/orders"))),
            quarantine: sorted(below(&folder.join(".pipe/quarantine"))),
            ledger: sorted(below(&folder.join(".pipe/ledger"))),
            daily: lines(&folder.join("out/daily_revenue.csv")),
            countries: lines(&folder.join("out/country_revenue.csv")),
        }
    }

    /// Why this is not all or nothing of each batch. The rows of a table, those in quarantine and those in the ledger are one batch.
    fn half(&self, whole: &Held) -> Option<String> {
        let all = |name: &str, here: usize, same: bool| match (here, same) {
            (0, _) => Ok(false),
            (_, true) => Ok(true),
            (n, false) => Err(format!("{name}: {n} rows, which are neither all nor none")),
        };
        let told = || {
            let orders = all("orders", self.orders.len(), self.orders == whole.orders)?;
            let quarantine = all("quarantine", self.quarantine.len(), self.quarantine == whole.quarantine)?;
            let ledger = all("ledger", self.ledger.len(), self.ledger == whole.ledger)?;
            all("daily_revenue", self.daily.len(), self.daily == whole.daily)?;
            all("country_revenue", self.countries.len(), self.countries == whole.countries)?;
            if orders == quarantine && orders == ledger {
                return Ok(());
            }
            Err(format!("of one batch, orders are there: {orders}, quarantine: {quarantine}, ledger: {ledger}"))
        };
        told().err()
    }
}

/// What a run that nobody disturbs leaves.
fn undisturbed() -> Held {
    let folder = copy_of("examples/orders");
    pipe(folder.path(), &["run"]).expect(0);
    let held = Held::of(folder.path());
    assert!(!held.orders.is_empty() && !held.quarantine.is_empty() && !held.ledger.is_empty());
    assert!(!held.daily.is_empty() && !held.countries.is_empty());
    held
}

/// After a kill: a look, or a run at once, recovers; another run completes; a third finds nothing to do.
fn recovers(folder: &Path, whole: &Held, look: bool, when: &str) {
    if look {
        pipe(folder, &["runs"]).expect(0);
        let held = Held::of(folder);
        if let Some(why) = held.half(whole) {
            panic!("{when}, after the next command: {why}");
        }
        let left = staged(folder);
        assert!(left.is_empty(), "{when}, staged after the next command: {left:#?}");
    }
    pipe(folder, &["run"]).expect(0);
    let held = Held::of(folder);
    assert!(held == *whole, "{when}: running again gave other rows: {}", differences(&held, whole));
    let left = staged(folder);
    assert!(left.is_empty(), "{when}, staged after a run: {left:#?}");
    let again = pipe(folder, &["run", "--format", "json"]).expect(0).json();
    assert_eq!(again["outcome"], "nothing_new", "{when}");
    assert!(Held::of(folder) == *whole, "{when}: a run with nothing new changed rows");
}

/// How many rows of each there are, here and in an undisturbed run.
fn differences(held: &Held, whole: &Held) -> String {
    let counts = |h: &Held| [h.orders.len(), h.quarantine.len(), h.ledger.len(), h.daily.len(), h.countries.len()];
    format!("orders, quarantine, ledger, days, countries: {:?} instead of {:?}", counts(held), counts(whole))
}

/// Runs up to a fail point. Whether it was reached: the run ends well where it was not.
fn killed_at(folder: &Path, point: &str) -> bool {
    let ended = command(folder, &["run"])
        .env("PIPE_FAILPOINT", point)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(ended.code().is_none_or(|c| c == 0), "{point}: {ended}");
    !ended.success()
}

/// Kills at the first, second, … time a point is reached, until it is reached no more.
fn kills_at(point: &str) {
    let whole = undisturbed();
    for nth in 1.. {
        let folder = copy_of("examples/orders");
        let when = format!("{point}:{nth}");
        if !killed_at(folder.path(), &when) {
            assert!(nth > 1, "{point} was never reached");
            assert!(Held::of(folder.path()) == whole);
            break;
        }
        recovers(folder.path(), &whole, nth % 2 == 1, &when);
    }
}

#[test]
fn killed_when_all_is_staged() {
    kills_at("staged");
}

#[test]
fn killed_before_the_commit() {
    kills_at("before_commit");
}

#[test]
fn killed_after_the_commit() {
    kills_at("after_commit");
}

#[test]
fn killed_between_the_files_of_a_batch() {
    kills_at("during_publish");
}

#[test]
fn killed_before_the_batch_is_marked() {
    kills_at("before_published");
}

#[test]
fn killed_before_the_staging_folders_are_gone() {
    kills_at("after_published");
}

#[test]
fn killed_again_while_it_recovers() {
    let whole = undisturbed();
    for second in ["during_publish", "before_published", "after_published"] {
        let folder = copy_of("examples/orders");
        assert!(killed_at(folder.path(), "after_commit:2"));
        let reached = killed_at(folder.path(), second);
        assert!(reached, "{second} was not reached by the run that recovers");
        recovers(folder.path(), &whole, true, &format!("after_commit:2, then {second}"));
    }
}

#[test]
fn killed_at_random_instants() {
    let whole = undisturbed();
    let kills: u64 = std::env::var("PIPE_KILLS").map_or(12, |n| n.parse().expect("PIPE_KILLS is a number"));
    let mut usual = Duration::ZERO;
    for _ in 0..2 {
        let folder = copy_of("examples/orders");
        let start = Instant::now();
        pipe(folder.path(), &["run"]).expect(0);
        usual = start.elapsed();
    }
    // splitmix64: the same instants, as shares of the usual length, on every machine.
    let mut seed: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut share = move || {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as f64 / u64::MAX as f64
    };
    for n in 0..kills {
        let folder = copy_of("examples/orders");
        let at = usual.mul_f64(share());
        let mut child =
            command(folder.path(), &["run"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("pipe starts");
        std::thread::sleep(at);
        child.kill().unwrap();
        child.wait().unwrap();
        recovers(folder.path(), &whole, n % 2 == 0, &format!("kill {n}, after {at:?} of {usual:?}"));
    }
}

/// What these tests look at objects to the faults they are for.
#[test]
fn planted_faults_are_seen() {
    let folder = copy_of("examples/orders");
    pipe(folder.path(), &["run"]).expect(0);
    let whole = Held::of(folder.path());
    assert!(whole.half(&whole).is_none());

    // A batch committed twice.
    let part = crate::rows::files(&folder.path().join("out/orders")).remove(0);
    let twice = part.with_file_name("part-again.parquet");
    std::fs::copy(&part, &twice).unwrap();
    assert!(Held::of(folder.path()).half(&whole).is_some(), "a doubled file is not seen");
    std::fs::remove_file(twice).unwrap();

    // A file that was not published.
    std::fs::rename(&part, folder.path().join("elsewhere")).unwrap();
    assert!(Held::of(folder.path()).half(&whole).is_some(), "a missing file is not seen");
    std::fs::rename(folder.path().join("elsewhere"), &part).unwrap();

    // Rows without the quarantine of their batch.
    std::fs::remove_dir_all(folder.path().join(".pipe/quarantine")).unwrap();
    assert!(Held::of(folder.path()).half(&whole).is_some(), "a lost quarantine is not seen");

    // Staging that stays, in the sink's folder and in the state's.
    assert!(staged(folder.path()).is_empty());
    std::fs::create_dir_all(folder.path().join("out/.pipe-staging-x-orders")).unwrap();
    std::fs::create_dir_all(folder.path().join(".pipe/staging/run")).unwrap();
    assert_eq!(staged(folder.path()).len(), 2);
}

#[test]
fn the_points_of_these_tests_are_those_of_the_state() {
    let text = std::fs::read_to_string(crate::pipe::repository().join("engine/state/src/failpoint.rs")).unwrap();
    let declared: Vec<&str> = text
        .lines()
        .filter_map(|l| l.strip_prefix("pub const ")?.split_once(": &str = \"")?.1.strip_suffix("\";"))
        .collect();
    assert_eq!(declared, POINTS, "a fail point that no test kills at");
}
