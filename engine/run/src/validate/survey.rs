//! The pass over all partitions of a table that is only looked at.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::execution::TaskContext;
use pipe_quality::{StageError, SurveySpec, Surveyed, survey};
use tokio::task::JoinSet;

use crate::engine::Watch;
use crate::pass::{Input, bytes_read};

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

/// What all tasks found, by partition.
async fn joined<T: 'static>(
    mut tasks: JoinSet<Result<(usize, T), StageError>>,
    tell: impl Fn(),
) -> Result<Vec<T>, StageError> {
    let mut done = Vec::new();
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(100));
    loop {
        tokio::select! {
            joined = tasks.join_next() => match joined {
                Some(Ok(result)) => done.push(result?),
                Some(Err(panic)) => return Err(StageError::Sink(Box::new(panic))),
                None => break,
            },
            _ = tick.tick() => tell(),
        }
    }
    done.sort_by_key(|(partition, _)| *partition);
    Ok(done.into_iter().map(|(_, found)| found).collect())
}
