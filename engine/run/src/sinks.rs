//! The loads of a table: where their files are staged, and rows that are staged elsewhere written to them.

use std::path::PathBuf;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::physical_plan::ExecutionPlanProperties;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use pipe_connect::sink::{self, Mode, Prepared, SinkError, SinkSpec, StagedFile};
use pipe_diagnostics::codes::run as codes;
use pipe_diagnostics::{Diagnostic, Severity};
use pipe_quality::RowSink;
use pipe_state::State;
use tokio::task::JoinSet;

use crate::engine::{Engine, Stopped};
use crate::errors;
use crate::evaluation::Evaluation;
use crate::report::{FailureReport, LoadReport};
use crate::settle::with_file;
use crate::staging::{self, Finished, Part};
use crate::work::LoadTask;

/// A load about to be written.
pub struct Target {
    /// The load's name.
    pub load: String,
    /// What is written where.
    pub spec: Arc<SinkSpec>,
    /// Where it is staged.
    pub dir: PathBuf,
    /// What is there.
    pub prepared: Prepared,
    /// Whether its files are written apart by the source file of their rows.
    pub tracked: bool,
    /// The files to publish, once they are written.
    pub files: Vec<StagedFile>,
}

/// A load, before its outcome is known.
pub fn told(task: &LoadTask) -> LoadReport {
    LoadReport {
        name: task.load.name.clone(),
        table: task.load.table.clone(),
        connector: task.load.connector.clone(),
        locator: task.load.locator.clone(),
        mode: task.load.config.text("mode").unwrap_or("append").to_owned(),
        ..LoadReport::default()
    }
}

fn target(engine: &Engine<'_>, task: &LoadTask) -> sink::Target {
    let program = engine.program();
    let path = program.root.join(program.place(task.load.connection.as_deref(), &task.load.locator));
    sink::Target::of(&path, !task.load.config.partition("partition").is_empty())
}

/// Where a batch of a load stages its files.
pub fn folder(engine: &Engine<'_>, task: &LoadTask, batch: &str) -> PathBuf {
    sink::staging_dir(&target(engine, task), batch)
}

/// Looks at what is where the loads write to.
///
/// # Errors
/// A load that cannot write there.
pub fn prepare(
    engine: &Engine<'_>,
    state: &State,
    takers: &[&LoadTask],
    schema: &SchemaRef,
    batch: &str,
) -> Result<Vec<Target>, Stopped> {
    let mut targets = Vec::new();
    for task in takers {
        let mut spec = spec(engine, task, schema, batch);
        let published = state.published_files(&task.load.name).map_err(|e| errors::state(&e))?;
        let replaced = task.replaced_keys();
        let gone = published.iter().filter(|p| p.source.as_ref().is_some_and(|s| replaced.contains(s)));
        let gone: Vec<PathBuf> = gone.map(|p| p.path.clone()).collect();
        let mut published: Vec<PathBuf> = published.into_iter().map(|p| p.path).collect();
        // One file is a load's own whatever its load was called when it was written.
        if let sink::Target::File(path) = &spec.target
            && state.is_published(path).map_err(|e| errors::state(&e))?
        {
            published.push(path.clone());
        }
        let mut prepared = sink::prepare(&mut spec, task.mode, &published).map_err(|e| refused(task, &e))?;
        if prepared.foreign {
            let (load, place) = (&task.load.name, &task.load.locator);
            engine.note(format!("load `{load}` replaces `{place}`, which no load of this state had written"));
        }
        prepared.remove.extend(gone);
        let (load, dir, files) = (task.load.name.clone(), folder(engine, task, batch), Vec::new());
        targets.push(Target { load, spec: Arc::new(spec), dir, prepared, tracked: task.tracked(), files });
    }
    Ok(targets)
}

/// What a load writes, and where.
pub fn spec(engine: &Engine<'_>, task: &LoadTask, schema: &SchemaRef, batch: &str) -> SinkSpec {
    SinkSpec {
        connector: task.load.connector.clone(),
        target: target(engine, task),
        config: task.load.config.clone(),
        schema: Arc::clone(schema),
        batch_id: batch.to_owned(),
        base: None,
    }
}

/// A sink that refuses.
pub fn refused(task: &LoadTask, error: &SinkError) -> Stopped {
    let code = match error {
        SinkError::Exists(_) => codes::TARGET_EXISTS,
        SinkError::Foreign { .. } => codes::SINK_CHANGED,
        SinkError::Full(_) => codes::DISK_FULL,
        SinkError::OtherSchema { .. } => codes::TARGET_DIFFERS,
        _ => codes::SINK_UNWRITABLE,
    };
    let mut failure = FailureReport {
        failure: "load_error".to_owned(),
        table: task.load.table.clone(),
        handled: "failed".to_owned(),
        help: Some(error.to_string()),
        ..FailureReport::default()
    };
    for (field, value) in [("table", task.load.table.as_str()), ("target", &task.load.name), ("kind", error.kind())] {
        failure.fields.insert(field.to_owned(), value.to_owned());
    }
    let diagnostic = Diagnostic::new(code, Severity::Error, format!("load `{}`: {error}", task.load.name));
    Stopped { failures: vec![failure], diagnostics: vec![diagnostic], ..Stopped::default() }
}

/// The one load whose files the pass can write at once: nothing else needs the rows, or it can read them from there.
pub fn direct(engine: &Engine<'_>, targets: &[Target], read_by_others: bool) -> Option<(Arc<SinkSpec>, PathBuf)> {
    let [only] = targets else { return None };
    let table = engine.program().loads.iter().find(|l| l.name == only.load).map(|l| l.table.as_str())?;
    let asked = engine.program().rules.get(table).into_iter().flatten().any(|r| r.level == pipe_schema::Level::Table);
    let readable = only.spec.connector == "parquet"
        && only.spec.config.partition("partition").is_empty()
        && matches!(only.spec.target, sink::Target::Folder(_));
    let free = !read_by_others && !asked;
    (free || readable).then(|| (Arc::clone(&only.spec), only.dir.clone()))
}

/// What an append load of a table has committed before: its keys count for `unique`, its values vote in `determines`.
///
/// # Errors
/// The files cannot be read.
pub async fn committed(
    engine: &Engine<'_>,
    state: &State,
    takers: &[&LoadTask],
    schema: &SchemaRef,
) -> Result<Option<Arc<dyn TableProvider>>, Stopped> {
    let Some(task) = takers.iter().find(|t| t.mode == Mode::Append) else { return Ok(None) };
    let mut rules = engine.program().rules.get(&task.load.table).into_iter().flatten();
    if !rules.any(|r| matches!(r.predicate, pipe_check::Predicate::Unique | pipe_check::Predicate::Determines(_))) {
        return Ok(None);
    }
    let replaced = task.replaced_keys();
    let mut files = state.published_files(&task.load.name).map_err(|e| errors::state(&e))?;
    files.retain(|f| f.path.exists() && !f.source.as_ref().is_some_and(|s| replaced.contains(s)));
    if task.load.connector == "parquet" {
        let there = files.iter().map(|f| f.path.to_string_lossy().into_owned()).collect();
        return Ok(Some(staging::parquet(engine, there, schema).await?));
    }
    if files.is_empty() {
        return Ok(None);
    }
    let written = sink::written(&spec(engine, task, schema, ""), files.into_iter().map(|f| f.path).collect()).await;
    Ok(Some(Arc::new(written.map_err(|e| errors::source(&e))?)))
}

/// Writes the rows of an evaluation to its loads, where the pass has not done so, and makes them a table for who reads it.
///
/// # Errors
/// A load cannot be written.
pub async fn write(
    engine: &Engine<'_>,
    evaluation: &mut Evaluation,
    mut targets: Vec<Target>,
    read_by_others: bool,
) -> Result<(Vec<Target>, Option<Arc<dyn TableProvider>>), Stopped> {
    let direct = !evaluation.rows.staged.is_empty() || (evaluation.rows.own.is_empty() && targets.len() == 1);
    let provider = if read_by_others || !direct {
        Some(staging::provider(engine, &evaluation.rows, &evaluation.schema).await?)
    } else {
        None
    };
    if direct {
        if let Some(target) = targets.first_mut() {
            let parts = std::mem::take(&mut evaluation.rows.staged);
            target.files = assembled(target, parts)?;
        }
    } else if let Some(provider) = &provider {
        let own = staging::provider(engine, &evaluation.rows, &with_file(&evaluation.schema)).await;
        for target in &mut targets {
            let rows = if target.tracked { own.as_ref().map_err(Clone::clone)? } else { provider };
            let parts = copy(engine, rows, target, evaluation.rows.ordered).await?;
            target.files = assembled(target, parts)?;
        }
    }
    Ok((targets, provider))
}

fn assembled(target: &Target, parts: Vec<StagedFile>) -> Result<Vec<StagedFile>, Stopped> {
    Ok(sink::assemble(&target.spec, &target.dir, &target.prepared, parts).map_err(|e| errors::io(&e))?)
}

/// Writes the rows of a table to loads.
///
/// # Errors
/// A load cannot be written.
pub async fn fill(engine: &Engine<'_>, rows: &Arc<dyn TableProvider>, targets: &mut [Target]) -> Result<(), Stopped> {
    for target in targets {
        let parts = copy(engine, rows, target, false).await?;
        target.files = assembled(target, parts)?;
    }
    Ok(())
}

/// Copies staged rows into a load's files, with as many threads as the rows have parts; with one where they are in order.
async fn copy(
    engine: &Engine<'_>,
    rows: &Arc<dyn TableProvider>,
    target: &Target,
    ordered: bool,
) -> Result<Vec<StagedFile>, Stopped> {
    let session = match ordered {
        false => engine.session.clone(),
        true => SessionContext::new_with_config_rt(
            engine.session.copied_config().with_target_partitions(1),
            engine.session.runtime_env(),
        ),
    };
    let plan = session.read_table(Arc::clone(rows))?.create_physical_plan().await?;
    let mut tasks = JoinSet::new();
    for partition in 0..plan.output_partitioning().partition_count() {
        let mut stream = plan.execute(partition, engine.session.task_ctx())?;
        let mut part = Part::sink(&target.spec, &target.dir, partition).map_err(|e| errors::io(&e))?;
        tasks.spawn(async move {
            while let Some(batch) = stream.next().await {
                let batch = batch.map_err(|e| errors::datafusion(&e))?;
                part.write(&batch).map_err(|e| errors::io(&e))?;
            }
            let mut finished = Finished::default();
            part.finish(&mut finished).map_err(|e| errors::io(&e))?;
            Ok::<_, Diagnostic>((partition, finished.staged))
        });
    }
    let mut parts = Vec::new();
    while let Some(done) = tasks.join_next().await {
        parts.push(done.map_err(|e| errors::internal(&e))??);
    }
    parts.sort_by_key(|(partition, _)| *partition);
    Ok(parts.into_iter().flat_map(|(_, files)| files).collect())
}
