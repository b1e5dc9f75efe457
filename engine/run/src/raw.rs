//! Sources as they came: `raw.orders`, and the columns of those that declare none.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use pipe_check::Source;
use pipe_compile::Tables;
use pipe_connect::source::{RawTable, SourceSpec, bind, discover};
use pipe_state::State;

use crate::engine::{Engine, Stopped};
use crate::extract;
use crate::work::Listing;

/// The columns of sources that declare none: as pinned, or as found in the files.
pub async fn known_schemas(engine: &Engine<'_>, state: &State) -> BTreeMap<String, SchemaRef> {
    let mut known = BTreeMap::new();
    for (name, source) in &engine.program().sources {
        if source.schema.is_some() {
            continue;
        }
        if let Ok(Some(baseline)) = state.baseline(name)
            && baseline.pinned
        {
            known.insert(name.clone(), extract::schema(&extract::pinned_fields(&baseline.schema)));
            continue;
        }
        let spec = extract::spec(engine, source);
        if let Ok(files) = pipe_connect::source::list(&spec).await
            && let Ok(found) = discover(&spec, &files).await
            && !found.columns.is_empty()
        {
            known.insert(name.clone(), extract::schema(&found.fields()));
        }
    }
    known
}

/// Adds `raw.x` for the sources whose rows a model, or a rule of the table, reads as they came.
///
/// # Errors
/// The files cannot be looked at.
pub async fn insert_raw(
    engine: &Engine<'_>,
    state: &State,
    listing: &Listing,
    table: &str,
    tables: &mut Tables,
) -> Result<(), Stopped> {
    let program = engine.program();
    let read = program.models.get(table).into_iter().flat_map(|m| &m.query.tables);
    let rules = program.rules.get(table).into_iter().flatten();
    let judged = rules.flat_map(|r| r.subject.iter().chain(&r.filter)).flat_map(|e| &e.tables);
    for reference in read.chain(judged) {
        let [schema, name] = reference.parts.as_slice() else { continue };
        if schema != "raw" {
            continue;
        }
        if let Some(raw) = raw_table(engine, state, listing, name).await? {
            tables.insert(format!("raw.{name}"), raw);
        }
    }
    Ok(())
}

/// A source as it came, with `_file`, `_line` and `_row`.
///
/// # Errors
/// The files cannot be listed or looked at.
pub async fn raw_table(
    engine: &Engine<'_>,
    state: &State,
    listing: &Listing,
    name: &str,
) -> Result<Option<Arc<dyn datafusion::catalog::TableProvider>>, Stopped> {
    let Some(source) = engine.program().sources.get(name) else { return Ok(None) };
    let files = match listing.files.get(name) {
        Some(Ok(files)) => files.clone(),
        Some(Err(stopped)) => return Err(stopped.clone()),
        None => {
            let spec = extract::spec(engine, source);
            pipe_connect::source::list(&spec).await.map_err(|e| extract::source_stopped(name, &e))?
        }
    };
    let spec = pinned_spec(engine, state, source)?;
    let found = discover(&spec, &files).await.map_err(|e| extract::source_stopped(name, &e))?;
    Ok(Some(Arc::new(RawTable::new(spec, files, &found))))
}

/// What to read of a source: where it declares no columns, those that were pinned.
fn pinned_spec(engine: &Engine<'_>, state: &State, source: &Source) -> Result<SourceSpec, Stopped> {
    let mut spec = extract::spec(engine, source);
    if spec.declared.is_none() {
        let accepted = state.baseline(&source.name).map_err(|e| crate::errors::state(&e))?;
        spec.declared = accepted.filter(|b| b.pinned).map(|b| extract::pinned_fields(&b.schema));
    }
    Ok(spec)
}

/// A source with the types of its columns, and as texts.
///
/// # Errors
/// It is no source; the files cannot be listed or looked at.
pub async fn typed_table(
    engine: &Engine<'_>,
    state: &State,
    name: &str,
) -> Result<(Provider, Option<Provider>), Stopped> {
    let Some(source) = engine.program().sources.get(name) else {
        return Err(crate::errors::internal(&format!("`{name}` is no source")).into());
    };
    let spec = pinned_spec(engine, state, source)?;
    let files = pipe_connect::source::list(&spec).await.map_err(|e| extract::source_stopped(name, &e))?;
    let found = discover(&spec, &files).await.map_err(|e| extract::source_stopped(name, &e))?;
    let target = spec.declared.clone().unwrap_or_else(|| found.fields());
    let bound = bind(&spec, &found, &target, &BTreeMap::new());
    let texts = (spec.connector != "parquet")
        .then(|| -> Provider { Arc::new(RawTable::new(spec.clone(), files.clone(), &found)) });
    Ok((Arc::new(RawTable::bound(spec, files, bound, target)), texts))
}

/// The provider of a table.
type Provider = Arc<dyn datafusion::catalog::TableProvider>;
