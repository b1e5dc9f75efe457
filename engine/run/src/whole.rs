//! Whole tables, after their rules and heals, for who only looks: evaluated as a run does, and thrown away.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::datasource::ViewTable;
use pipe_compile::Tables;
use pipe_state::{Scope, State};

use crate::engine::{Engine, Stopped, Watch};
use crate::evaluate;
use crate::extract::{self, extract};
use crate::history::History;
use crate::task::Task;
use crate::tries::Tries;
use crate::work::Listing;
use crate::{errors, raw, staging};

/// A table that could not be evaluated.
#[derive(Debug)]
pub struct Failed {
    /// The table.
    pub table: String,
    /// Why.
    pub stopped: Stopped,
}

/// Evaluates `tables` (inputs before what reads them) into files under `scratch`.
///
/// # Errors
/// The first table that fails.
pub async fn whole(
    engine: &Engine<'_>,
    state: &State,
    tables: &[String],
    scratch: &Path,
    watch: Watch<'_>,
) -> Result<BTreeMap<String, Arc<dyn TableProvider>>, Failed> {
    let mut done = BTreeMap::new();
    more(engine, state, tables, &mut done, scratch, watch).await?;
    Ok(done)
}

/// Evaluates those of `tables` that are not among those done.
///
/// # Errors
/// The first table that fails; those before it are done.
pub async fn more(
    engine: &Engine<'_>,
    state: &State,
    tables: &[String],
    done: &mut BTreeMap<String, Arc<dyn TableProvider>>,
    scratch: &Path,
    watch: Watch<'_>,
) -> Result<(), Failed> {
    let listing = Listing::default();
    for (number, table) in tables.iter().enumerate() {
        if done.contains_key(table) {
            continue;
        }
        let scratch = scratch.join(number.to_string());
        let provider = one(engine, state, &listing, table, done, &scratch, watch).await;
        let provider = provider.map_err(|stopped| Failed { table: table.clone(), stopped })?;
        done.insert(table.clone(), provider);
    }
    Ok(())
}

async fn one(
    engine: &Engine<'_>,
    state: &State,
    listing: &Listing,
    table: &str,
    done: &BTreeMap<String, Arc<dyn TableProvider>>,
    scratch: &Path,
    watch: Watch<'_>,
) -> Result<Arc<dyn TableProvider>, Stopped> {
    let program = engine.program();
    let mut tables = Tables::new();
    for name in pipe_plan::dependencies(program, table) {
        let provider = done.get(&name).ok_or_else(|| errors::internal(&format!("`{name}` was not evaluated")))?;
        tables.insert(name, Arc::clone(provider));
    }
    raw::insert_raw(engine, state, listing, table, &mut tables).await?;
    std::fs::create_dir_all(scratch).map_err(|e| errors::io(&e))?;
    let history = History::of(state, program, table, Scope::Whole, engine.options.now)?;
    let mut task = Task { history, ..Task::new(state, table, tables, scratch.to_owned())? };
    let evaluation = if let Some(source) = program.sources.get(table) {
        let spec = extract::spec(engine, source);
        let files = pipe_connect::source::list(&spec).await.map_err(|e| extract::source_stopped(table, &e))?;
        let accepted = state.baseline(table).map_err(|e| errors::state(&e))?;
        let mut files = files;
        let mut tries = Tries::new(engine, table);
        loop {
            let extracted = extract(engine, source, files.clone(), accepted.as_ref()).await;
            let done = match extracted {
                Ok(extracted) => evaluate::source(engine, &task, extracted, watch).await,
                Err(stopped) => Err(stopped),
            };
            match done {
                Ok(evaluation) => break evaluation,
                Err(stopped) => tries.again(stopped, &mut files, &mut task).await?,
            }
        }
    } else if let Some(model) = program.models.get(table) {
        if !program.rules.contains_key(table) {
            let planner = engine.planner(&task.tables);
            return Ok(Arc::new(ViewTable::new(planner.model(&model.query)?, None)));
        }
        evaluate::model(engine, &task, model, watch).await?
    } else {
        return Err(errors::internal(&format!("`{table}` is no table")).into());
    };
    staging::provider(engine, &evaluation.rows, &evaluation.schema).await
}
