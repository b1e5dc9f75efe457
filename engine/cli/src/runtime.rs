//! The runtime that commands with an engine run on, and what happens on Ctrl-C.

use std::future::Future;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::watch;

use crate::exit::Exit;

/// How long threads that are still at work may go on when a command is over: one that was interrupted waits for nobody.
const PATIENCE: Duration = Duration::from_millis(200);

/// How long an engine that was asked to stop may take to clean up before it is dropped.
const GRACE: Duration = Duration::from_secs(3);

/// Runs `work` to its end on all cores.
///
/// # Errors
/// What the system says when no thread can be started, and what `work` says.
pub fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.enable_all().build().context("cannot start the threads of the engine")?;
    let result = runtime.block_on(work);
    runtime.shutdown_timeout(PATIENCE);
    result
}

/// How far somebody's wish to stop has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Working,
    Asked,
    Overdue,
}

/// Ctrl-C and termination signals. Listens on a thread of its own: those of the engine may all be busy for a long time, and
/// would then hear nothing.
#[derive(Clone, Debug)]
pub struct Interrupt(watch::Receiver<Stage>);

impl Interrupt {
    /// Listens from now on. A second signal ends the grace, a third the process. Where no thread can be started, signals do
    /// what they do by default.
    pub fn listen() -> Self {
        let (sender, receiver) = watch::channel(Stage::Working);
        // Without the thread the sender is dropped, and nobody is ever asked to stop.
        _ = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
            runtime.block_on(async {
                signal().await;
                _ = sender.send(Stage::Asked);
                tokio::select! {
                    () = signal() => {}
                    () = tokio::time::sleep(GRACE) => {}
                }
                _ = sender.send(Stage::Overdue);
                signal().await;
                std::process::exit(i32::from(Exit::INTERRUPTED.0));
            });
        });
        Self(receiver)
    }

    /// Resolves when somebody asked to stop.
    pub async fn asked(&self) {
        self.reached(Stage::Asked).await;
    }

    /// Resolves when somebody asked to stop and that was not heard in time.
    pub async fn overdue(&self) {
        self.reached(Stage::Overdue).await;
    }

    async fn reached(&self, stage: Stage) {
        if self.0.clone().wait_for(|s| *s >= stage).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Resolves at the next Ctrl-C or termination signal; never where signals cannot be listened to.
async fn signal() {
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
