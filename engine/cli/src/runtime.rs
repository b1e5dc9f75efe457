//! The runtime that commands with an engine run on, and what happens on Ctrl-C.

use std::future::Future;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::exit::Exit;

/// How long threads that are still at work may go on when a command is over: one that was interrupted waits for nobody.
const PATIENCE: Duration = Duration::from_millis(200);

/// Runs `work` to its end on all cores. A second Ctrl-C ends the process at once.
///
/// # Errors
/// What the system says when no thread can be started, and what `work` says.
pub fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.enable_all().build().context("cannot start the threads of the engine")?;
    runtime.spawn(async {
        interrupted().await;
        interrupted().await;
        std::process::exit(i32::from(Exit::INTERRUPTED.0));
    });
    let result = runtime.block_on(work);
    runtime.shutdown_timeout(PATIENCE);
    result
}

/// Resolves at the first Ctrl-C or termination signal; never where signals cannot be listened to.
pub async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                ok = tokio::signal::ctrl_c() => if ok.is_err() { std::future::pending::<()>().await },
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
