//! Places where tests kill the process, so that what a killed run leaves behind can be looked at.
//!
//! With `PIPE_FAILPOINT=after_commit` in the environment the process aborts when it first reaches that point, with
//! `after_commit:2` when it reaches it the second time. Without it nothing happens. For tests only.

use std::sync::atomic::{AtomicU32, Ordering};

/// All files of a batch are staged, nothing is committed.
pub const STAGED: &str = "staged";
/// The commit's transaction is written but not ended.
pub const BEFORE_COMMIT: &str = "before_commit";
/// The batch is committed, no file is in its place.
pub const AFTER_COMMIT: &str = "after_commit";
/// One file of several is in its place.
pub const DURING_PUBLISH: &str = "during_publish";
/// All files are in their places, the batch is not marked as published.
pub const BEFORE_PUBLISHED: &str = "before_published";
/// The batch is published, its staging folders are still there.
pub const AFTER_PUBLISHED: &str = "after_published";

/// All points, in the order a batch reaches them.
pub const ALL: [&str; 6] = [STAGED, BEFORE_COMMIT, AFTER_COMMIT, DURING_PUBLISH, BEFORE_PUBLISHED, AFTER_PUBLISHED];

static HITS: AtomicU32 = AtomicU32::new(0);

/// Aborts the process if the environment names this point.
pub fn hit(point: &str) {
    let Ok(wanted) = std::env::var("PIPE_FAILPOINT") else { return };
    let (name, nth) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    if name == point && HITS.fetch_add(1, Ordering::SeqCst) + 1 == nth.parse().unwrap_or(1) {
        std::process::abort();
    }
}
