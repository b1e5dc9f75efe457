//! Read-only SQL over the program's tables, sources as they came, and what the state remembers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;
use pipe_check::Loaded;
use pipe_compile::Tables;
use pipe_diagnostics::codes::{run as codes, sql};
use pipe_diagnostics::{Diagnostic, Severity};
use pipe_state::State;
use pipe_syntax::Spanned;

use crate::engine::{Engine, Stopped};
use crate::look::Look;
use crate::report::Silent;
use crate::whole::{Failed, whole};
use crate::work::Listing;
use crate::{Options, errors, holdings, raw, refusal, typed};

/// Runs one query: over sources and models (the whole table, after its rules and heals), `raw.<source>`, `typed.<table>` (as
/// read, before rules and heals, in the table's types), `pipe.runs` and the other tables of the state, `pipe.quarantine_<table>`, `pipe.ledger`. Only what the query names is evaluated, into
/// a folder that goes away with the rows; nothing is committed, and no state is made.
///
/// The text becomes a file `query` of `loaded.sources`, so that what is wrong with it can be shown in it.
///
/// # Errors
/// What is wrong with the query, the program or the data.
pub async fn query(
    loaded: &mut Loaded,
    options: &Options,
    text: &str,
) -> Result<SendableRecordBatchStream, Vec<Diagnostic>> {
    let file = loaded.sources.add("query", text);
    let span = pipe_diagnostics::Span::new(file, 0..text.len());
    let sql = Spanned { value: text.to_owned(), span };
    let query = pipe_sql::parse_query(&sql, &loaded.sources).map_err(only_reads)?;
    let loaded = &*loaded;
    let scratch = tempfile::tempdir().map_err(|e| vec![errors::io(&e)])?;
    let mut engine = Engine::new(loaded, options)?;
    engine.scratch = scratch.path().to_owned();
    let look = Look::open(&options.state, options.now).map_err(|d| vec![d])?;
    let tables = tables(&engine, &look.state, &query).await?;
    let planner = engine.planner(&tables);
    let plan = planner.query(&query)?;
    let failed = |e: DataFusionError| vec![errors::datafusion(&e)];
    let rows = engine.session.execute_logical_plan(plan).await.map_err(failed)?;
    let rows = rows.execute_stream().await.map_err(failed)?;
    let schema = rows.schema();
    // The rows may still be read from there.
    let rows = rows.map(move |batch| {
        let _ = &scratch;
        batch
    });
    Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
}

/// What a query calls what a model calls "no query".
fn only_reads(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    for diagnostic in &mut found {
        if diagnostic.code == sql::NOT_A_QUERY {
            diagnostic.code = codes::READ_ONLY;
            let deed = diagnostic.message.split(": ").next().unwrap_or_default().to_owned();
            diagnostic.message = format!("{deed}: a query may only read");
        }
    }
    found
}

/// The tables a query names, ready to be read; of all others just the names, for "did you mean".
async fn tables(engine: &Engine<'_>, state: &State, query: &pipe_sql::Query) -> Result<Tables, Vec<Diagnostic>> {
    let program = engine.program();
    let mut tables = Tables::new();
    let nothing: SchemaRef = Arc::new(Schema::empty());
    for name in program.sources.keys().chain(program.models.keys()) {
        tables.insert_schema(name, Arc::clone(&nothing));
    }
    for name in program.sources.keys() {
        tables.insert_schema(format!("raw.{name}"), Arc::clone(&nothing));
    }
    for name in program.sources.keys().chain(program.models.keys()) {
        tables.insert_schema(format!("typed.{name}"), Arc::clone(&nothing));
    }
    for (name, schema) in State::tables() {
        tables.insert_schema(format!("pipe.{name}"), schema);
    }
    let quarantined = quarantined(engine, state)?;
    for name in quarantined.iter().map(|t| format!("quarantine_{t}")).chain(["ledger".to_owned()]) {
        tables.insert_schema(format!("pipe.{name}"), Arc::clone(&nothing));
    }
    let named: BTreeSet<&[String]> = query.tables.iter().map(|t| t.parts.as_slice()).collect();
    let of_program = |name: &String| program.sources.contains_key(name) || program.models.contains_key(name);
    let within = |schema: &'static str| {
        let names = named.iter().filter_map(move |parts| match parts {
            [s, name] if s == schema => Some(name.clone()),
            _ => None,
        });
        names.filter(of_program)
    };
    let mut wanted: Vec<String> = named
        .iter()
        .filter_map(|parts| match parts {
            [name] if of_program(name) => Some(name.clone()),
            _ => None,
        })
        .collect();
    let touched: Vec<String> = wanted.iter().cloned().chain(within("raw")).chain(within("typed")).collect();
    // The rows a model gives are computed from whole tables.
    let typed: Vec<String> = within("typed").collect();
    let models = typed.iter().filter(|name| program.models.contains_key(*name));
    wanted.extend(models.flat_map(|name| pipe_plan::dependencies(program, name)));
    refuse_broken(engine, &touched)?;
    for parts in named {
        match parts {
            [schema, name] if schema == "raw" => {
                let found = raw::raw_table(engine, state, &Listing::default(), name).await;
                if let Some(table) = found.map_err(|s| told(name, s, false))? {
                    tables.insert(format!("raw.{name}"), table);
                }
            }
            [schema, name] if schema == "pipe" => {
                let table = name.strip_prefix("quarantine_").filter(|t| quarantined.contains(*t));
                let provider = match table {
                    Some(table) => holdings::quarantine(state, table, &declared(engine, table))
                        .map_err(|s| told(table, s, false))?,
                    None if name == "ledger" => holdings::ledger(state).map_err(|s| told(name, s, false))?,
                    None if State::tables().iter().any(|(n, _)| n == name) => {
                        let rows = state.read(name).map_err(|e| vec![errors::state(&e)])?;
                        let table = MemTable::try_new(rows.schema(), vec![vec![rows]]);
                        Arc::new(table.map_err(|e| vec![errors::datafusion(&e)])?)
                    }
                    None => continue,
                };
                tables.insert(format!("pipe.{name}"), provider);
            }
            _ => {}
        }
    }
    for (name, table) in evaluated(engine, state, wanted).await? {
        tables.insert(name, table);
    }
    for name in typed {
        let has_raw = program.sources.contains_key(&name);
        let table = typed::table(engine, state, &name, &tables).await.map_err(|s| told(&name, s, has_raw))?;
        tables.insert(format!("typed.{name}"), table);
    }
    Ok(tables)
}

/// Refuses tables that the program has wrong.
pub fn refuse_broken(engine: &Engine<'_>, tables: &[String]) -> Result<(), Vec<Diagnostic>> {
    // No targets would mean all of the program.
    if tables.is_empty() {
        return Ok(());
    }
    let targets: Vec<&str> = tables.iter().map(String::as_str).collect();
    let wrong: Vec<Diagnostic> = engine.loaded.hindrances_to_read(&targets).into_iter().cloned().collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// The whole of some tables.
async fn evaluated(
    engine: &Engine<'_>,
    state: &State,
    wanted: Vec<String>,
) -> Result<BTreeMap<String, Arc<dyn datafusion::catalog::TableProvider>>, Vec<Diagnostic>> {
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let selection = pipe_plan::select(engine.program(), &wanted)
        .map_err(|unknown| vec![errors::internal(&format!("`{}` is no table", unknown.target))])?;
    let read = pipe_plan::Selection { tables: selection.tables, loads: Vec::new() };
    refusal::available(engine.loaded, &read)?;
    let done = whole(engine, state, &read.tables, &engine.scratch, &Silent).await;
    let mut done =
        done.map_err(|Failed { table, stopped }| told(&table, stopped, engine.program().sources.contains_key(&table)))?;
    done.retain(|name, _| wanted.contains(name));
    Ok(done)
}

/// Why a table cannot be read, as errors.
pub fn told(table: &str, stopped: Stopped, has_raw: bool) -> Vec<Diagnostic> {
    let mut found = stopped.diagnostics;
    if found.is_empty() {
        for failure in stopped.failures.iter().filter(|f| f.handled == "failed") {
            let fields: Vec<String> = failure.fields.iter().map(|(k, v)| format!("{k}: {v}")).collect();
            let message =
                format!("`{table}` cannot be read: {}({}), {} rows", failure.failure, fields.join(", "), failure.rows);
            let mut diagnostic = Diagnostic::new(codes::TABLE_FAILED, Severity::Error, message);
            diagnostic.notes.extend(failure.help.clone());
            found.push(diagnostic);
        }
    }
    if found.is_empty() {
        let message = format!("`{table}` cannot be read");
        found.push(Diagnostic::new(codes::TABLE_FAILED, Severity::Error, message));
    }
    for diagnostic in found.iter_mut().filter(|d| has_raw && d.help.is_none()) {
        diagnostic.help = Some(format!("`raw.{table}` is the source as it came, without rules and heals"));
    }
    found
}

/// The tables whose quarantine can be asked for: those of the program, and any that has rows there.
pub fn quarantined(engine: &Engine<'_>, state: &State) -> Result<BTreeSet<String>, Vec<Diagnostic>> {
    let mut names: BTreeSet<String> =
        engine.program().sources.keys().chain(engine.program().models.keys()).cloned().collect();
    names.extend(state.quarantine_tables().map_err(|e| vec![errors::state(&e)])?);
    Ok(names)
}

/// The columns of a table, as far as they are declared.
fn declared(engine: &Engine<'_>, table: &str) -> Vec<Arc<Field>> {
    let columns = engine.program().sources.get(table).and_then(|s| s.schema.as_ref());
    let field = |c: &pipe_check::Column| {
        let ty: DataType = pipe_compile::types::to_arrow(&c.ty);
        Arc::new(Field::new(&c.name, ty, true))
    };
    columns.into_iter().flatten().map(field).collect()
}
