//! What a table holds: one pass over its rows, then what a sample of them suggests is verified on all of them.

mod kept;
pub(crate) mod tables;
pub(crate) mod verify;

use std::sync::Arc;

use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::arrow::compute::{filter_record_batch, is_null};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::prelude::DataFrame;
use futures::StreamExt;
use pipe_check::Loaded;
use pipe_connect::source::meta;
use pipe_diagnostics::codes::run as codes;
use pipe_diagnostics::{Diagnostic, Severity};
use pipe_profile::metrics::MetricsError;
use pipe_profile::{KeyValues, Profile, Profiler, Settings};
use tokio::task::JoinSet;

use crate::engine::Engine;
use crate::look::Look;
use crate::{Options, errors};
use tables::Evaluated;

pub use kept::profile_kept;

/// What is asked of a profile.
#[derive(Clone, Debug, Default)]
pub struct ProfileRequest {
    /// The table.
    pub table: String,
    /// The source as it came, and not the table after its rules and heals.
    pub raw: bool,
    /// No other table is read: references are not looked for.
    pub alone: bool,
    /// Nothing between columns is looked for: one pass over the rows is all.
    pub columns_only: bool,
    /// How much is looked at and told.
    pub settings: Settings,
}

/// Other tables with more columns than this are looked at in their first ones.
const OTHER_COLUMNS: usize = 100;

/// Profiles a table: the whole table, after its rules and heals, or the source as it came. What is read is evaluated into a folder that goes
/// away; nothing is committed, and no state is made.
///
/// # Errors
/// What is wrong with the program or the data.
pub async fn profile(loaded: &Loaded, options: &Options, request: &ProfileRequest) -> Result<Profile, Vec<Diagnostic>> {
    let scratch = tempfile::tempdir().map_err(|e| vec![errors::io(&e)])?;
    let mut engine = Engine::new(loaded, options)?;
    engine.scratch = scratch.path().to_owned();
    let look = Look::open(&options.state, options.now).map_err(|d| vec![d])?;
    let mut tables = Evaluated::new(&engine, &look.state);
    let provider = if request.raw { tables.raw(&request.table).await? } else { tables.whole(&request.table).await? };
    let columns = data_columns(&provider.schema());
    if columns.is_empty() {
        let message = format!("`{}` has no columns", request.table);
        return Err(vec![Diagnostic::new(codes::TABLE_FAILED, Severity::Error, message)]);
    }
    let failed = |e: datafusion::error::DataFusionError| vec![errors::datafusion(&e)];
    let rows = engine.session.read_table(Arc::clone(&provider)).map_err(failed)?;
    let (profiler, broken) = pass(&rows, &columns, request.settings).await?;
    let name = if request.raw { format!("raw.{}", request.table) } else { request.table.clone() };
    let mut profile = profiler.profile(&name, pipe_compile::types::describe).map_err(|e| vec![metrics(&e)])?;
    if broken > 0 {
        let are = if broken == 1 { " cannot be parsed and is" } else { "s cannot be parsed and are" };
        profile.notes.push(format!("{broken} record{are} left out"));
    }
    if request.columns_only {
        return Ok(profile);
    }
    let good = verify::good_rows(rows, &provider.schema()).map_err(failed)?;
    verify::keys(&mut profile, &profiler, &columns, &good).await.map_err(failed)?;
    verify::dependencies(&mut profile, &profiler, &columns, &good).await.map_err(failed)?;
    if !request.alone && profile.rows > 0 {
        let others: Vec<String> = tables.others(&request.table);
        for other in others {
            let provider = match tables.whole(&other).await {
                Ok(provider) => provider,
                Err(problems) => {
                    let why = problems.first().map(|d| d.message.clone()).unwrap_or_default();
                    profile.notes.push(format!("not compared with `{other}`: {why}"));
                    continue;
                }
            };
            let other_rows = engine.session.read_table(provider).map_err(failed)?;
            let keys = key_values(&other_rows).await?;
            let candidates = pipe_profile::references(&profiler, &columns, &other, &keys);
            verify::references(&mut profile, candidates, &columns, &other, &good, &other_rows).await.map_err(failed)?;
        }
    }
    Ok(profile)
}

/// The table's own columns.
pub(crate) fn data_columns(schema: &SchemaRef) -> Vec<String> {
    let own = schema.fields().iter().map(|f| f.name()).filter(|name| !meta::ALL.contains(&name.as_str()));
    own.cloned().collect()
}

/// Feeds a profiler a partition with the rows, all at once; also counts the records that cannot be parsed, which are no rows.
pub(crate) async fn pass(
    rows: &DataFrame,
    columns: &[String],
    settings: Settings,
) -> Result<(Profiler, u64), Vec<Diagnostic>> {
    let failed = |e: datafusion::error::DataFusionError| vec![errors::datafusion(&e)];
    let has_bad = rows.schema().has_column_with_unqualified_name(meta::BAD);
    let wanted = columns.iter().map(String::as_str).chain(has_bad.then_some(meta::BAD));
    let rows = rows.clone().select(wanted.map(verify::column)).map_err(failed)?;
    let context = Arc::new(rows.task_ctx());
    let plan = rows.create_physical_plan().await.map_err(failed)?;
    let own: Vec<_> = plan.schema().fields().iter().take(columns.len()).cloned().collect();
    let schema = Arc::new(Schema::new(own));
    let streams = datafusion::physical_plan::execute_stream_partitioned(plan, context).map_err(failed)?;
    let mut tasks = JoinSet::new();
    for (partition, mut stream) in streams.into_iter().enumerate() {
        let (schema, width) = (Arc::clone(&schema), columns.len());
        tasks.spawn(async move {
            let mut profiler = Profiler::new(&schema, settings).map_err(|e| vec![metrics(&e)])?;
            let mut broken = 0;
            while let Some(batch) = stream.next().await {
                let batch = batch.map_err(|e| vec![errors::datafusion(&e)])?;
                let (batch, left_out) = readable(batch, width).map_err(|e| vec![metrics(&e.into())])?;
                broken += left_out;
                profiler.update(&batch).map_err(|e| vec![metrics(&e)])?;
            }
            Ok::<_, Vec<Diagnostic>>((partition, profiler, broken))
        });
    }
    let mut done = Vec::new();
    while let Some(joined) = tasks.join_next().await {
        done.push(joined.map_err(|panic| vec![errors::internal(&panic)])??);
    }
    done.sort_by_key(|(partition, ..)| *partition);
    let mut merged = Profiler::new(&schema, settings).map_err(|e| vec![metrics(&e)])?;
    let mut broken = 0;
    for (_, profiler, left_out) in done {
        merged.merge(profiler).map_err(|e| vec![metrics(&e)])?;
        broken += left_out;
    }
    Ok((merged, broken))
}

/// A batch without the column that says what is broken, and without the rows that are.
fn readable(batch: RecordBatch, width: usize) -> Result<(RecordBatch, u64), datafusion::arrow::error::ArrowError> {
    let own: Vec<usize> = (0..width).collect();
    let Some(bad) = batch.columns().get(width).cloned() else { return Ok((batch, 0)) };
    let left_out = (bad.len() - bad.null_count()) as u64;
    let batch = batch.project(&own)?;
    if left_out == 0 {
        return Ok((batch, 0));
    }
    Ok((filter_record_batch(&batch, &is_null(&bad)?)?, left_out))
}

/// The columns of another table that may be its keys.
pub(crate) async fn key_values(rows: &DataFrame) -> Result<Vec<KeyValues>, Vec<Diagnostic>> {
    let failed = |e: datafusion::error::DataFusionError| vec![errors::datafusion(&e)];
    let names: Vec<String> = rows.schema().fields().iter().take(OTHER_COLUMNS).map(|f| f.name().clone()).collect();
    let rows = rows.clone().select(names.iter().map(|n| verify::column(n))).map_err(failed)?;
    let mut stream = rows.execute_stream().await.map_err(failed)?;
    let mut keys: Vec<KeyValues> = names.into_iter().map(KeyValues::new).collect();
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(failed)?;
        KeyValues::update(&mut keys, &batch).map_err(|e| vec![metrics(&e)])?;
    }
    Ok(keys)
}

/// What goes wrong in the arithmetic is a fault of this program.
fn metrics(error: &MetricsError) -> Diagnostic {
    errors::internal(error)
}

/// The provider of a table.
type Provider = Arc<dyn TableProvider>;
