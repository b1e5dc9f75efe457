//! The pass over all partitions of a table that is only looked at.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::execution::TaskContext;
use pipe_quality::{StageError, SurveySpec, Surveyed, survey};
use tokio::task::JoinSet;

use crate::engine::Watch;
use crate::pass::{Input, bytes_read, joined};

/// Looks at every row: every partition on its own task.
///
/// # Errors
/// The first error of any partition; the others are stopped.
pub async fn all(
    input: &Input,
    context: &Arc<TaskContext>,
    spec: SurveySpec,
    table: &str,
    watch: Watch<'_>,
) -> Result<Surveyed, StageError> {
    let (spec, rows) = (Arc::new(spec), Arc::new(AtomicU64::new(0)));
    let mut tasks = JoinSet::new();
    for partition in 0..input.partitions() {
        let stream = input.stream(partition, Arc::clone(context))?;
        let (spec, rows) = (Arc::clone(&spec), Arc::clone(&rows));
        tasks.spawn(async move {
            let progress = move |n| _ = rows.fetch_add(n, Ordering::Relaxed);
            Ok::<_, StageError>((partition, survey(stream, &spec, &progress).await?))
        });
    }
    let tell = || watch.progress(table, bytes_read(input), rows.load(Ordering::Relaxed));
    let mut done = joined(tasks, tell).await?.into_iter();
    let mut merged = done.next().ok_or_else(none)?;
    for other in done {
        merged.merge(other)?;
    }
    Ok(merged)
}

fn none() -> StageError {
    StageError::Sink("a pass without partitions".into())
}
