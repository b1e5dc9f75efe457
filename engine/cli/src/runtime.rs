//! The runtime that commands with an engine run on, and what happens on Ctrl-C.

use std::future::Future;

use anyhow::{Context, Result};

/// Runs `work` to its end on all cores.
///
/// # Errors
/// What the system says when no thread can be started, and what `work` says.
pub fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the threads of the engine")?;
    runtime.block_on(work)
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
