//! Tables as their rules see them: `typed.orders`, the records of a source that could be parsed, in the types of its columns;
//! of a model the rows its query gives. No rule has judged them and no clause has healed them.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use datafusion::dataframe::DataFrame;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{Expr, LogicalPlan, cast, lit};
use datafusion::prelude::ident;
use pipe_compile::Tables;
use pipe_connect::source::{RawTable, meta};
use pipe_state::State;

use crate::engine::{Engine, Stopped};
use crate::extract::{self, Extract, extract};
use crate::work::Listing;
use crate::{errors, raw};

/// The columns of a row whose text has not converted: a list of names.
const UNCAST: &str = "_uncast";

/// A table as read. Behind its columns: of a source `_file`, `_line`, `_row` and `_uncast`, of a model `_row`. `tables` has the
/// tables a model reads.
///
/// # Errors
/// The files cannot be read, or their columns are not the table's; the model's query fails.
pub async fn table(
    engine: &Engine<'_>,
    state: &State,
    name: &str,
    tables: &Tables,
) -> Result<Arc<dyn TableProvider>, Stopped> {
    match engine.program().sources.get(name) {
        Some(source) => {
            let spec = extract::spec(engine, source);
            let files = pipe_connect::source::list(&spec).await.map_err(|e| extract::source_stopped(name, &e))?;
            let accepted = state.baseline(name).map_err(|e| errors::state(&e))?;
            Ok(of_source(engine, &extract(engine, source, files, accepted.as_ref()).await?)?.into_view())
        }
        None => of_model(engine, state, name, tables).await,
    }
}

/// A source as read, of which it is known what to read.
///
/// # Errors
/// DataFusion refuses the view.
pub fn of_source(engine: &Engine<'_>, extracted: &Extract) -> Result<DataFrame, Stopped> {
    let Extract { spec, files, bound, target, .. } = extracted;
    let table = &spec.name;
    let read = RawTable::typed(spec.clone(), files.clone(), bound.clone(), target.clone());
    let rows = engine.session.read_table(Arc::new(read))?;
    let rows = rows.filter(ident(meta::BAD).is_null())?;
    let uncast = uncast(&rows, target.iter().map(|f| f.name.as_str()))?;
    let mut columns: Vec<Expr> = target.iter().map(|f| ident(&f.name)).collect();
    columns.extend(flags(engine, &rows, table));
    columns.extend([meta::FILE, meta::LINE, meta::ROW].map(ident));
    columns.push(uncast);
    Ok(rows.select(columns)?)
}

/// The names of the columns with a text and no value, as `_uncast`; NULL where there are none.
///
/// # Errors
/// DataFusion refuses the expression.
pub fn uncast<'n>(rows: &DataFrame, names: impl Iterator<Item = &'n str>) -> Result<Expr, Stopped> {
    let none = || Ok(lit(ScalarValue::new_null_list(DataType::Utf8, true, 1)).alias(UNCAST));
    let raw = rows.schema().field_with_unqualified_name(meta::RAW).map(|f| f.data_type().clone());
    let Ok(DataType::Struct(fields)) = raw else { return none() };
    let (mut lacking, mut listed) = (Vec::new(), Vec::new());
    for name in names.filter(|n| fields.iter().any(|f| f.name() == n)) {
        let (column, text) = (pipe_sql::quote(name), format!("'{}'", name.replace('\'', "''")));
        let lacks = format!("{column} IS NULL AND _raw[{text}] IS NOT NULL");
        listed.push(format!("CASE WHEN {lacks} THEN {text} ELSE '' END"));
        lacking.push(lacks);
    }
    if listed.is_empty() {
        return none();
    }
    // No column has an empty name.
    let list = format!("array_remove_all(make_array({}), '')", listed.join(", "));
    Ok(rows.parse_sql_expr(&format!("CASE WHEN {} THEN {list} END", lacking.join(" OR ")))?.alias(UNCAST))
}

async fn of_model(
    engine: &Engine<'_>,
    state: &State,
    name: &str,
    tables: &Tables,
) -> Result<Arc<dyn TableProvider>, Stopped> {
    let Some(model) = engine.program().models.get(name) else {
        return Err(errors::internal(&format!("`{name}` is no table")).into());
    };
    let mut tables = tables.clone();
    raw::insert_raw(engine, state, &Listing::default(), name, &mut tables).await?;
    let planner = engine.planner(&tables);
    Ok(of_query(engine, name, planner.model(&model.query)?)?.into_view())
}

/// A model as its query gives it.
///
/// # Errors
/// DataFusion refuses the view.
pub fn of_query(engine: &Engine<'_>, name: &str, query: LogicalPlan) -> Result<DataFrame, Stopped> {
    let rows = DataFrame::new(engine.session.state(), query);
    let mut columns: Vec<Expr> = rows.schema().fields().iter().map(|f| ident(f.name())).collect();
    columns.extend(flags(engine, &rows, name));
    let number = cast(row_number() - lit(1u64), DataType::UInt64);
    columns.extend([lit("").alias(meta::FILE), number.alias(meta::ROW)]);
    Ok(rows.select(columns)?)
}

/// The flags beside the columns that clauses may fill: nothing is filled yet.
fn flags(engine: &Engine<'_>, rows: &DataFrame, table: &str) -> Vec<Expr> {
    let flags = pipe_compile::types::flags(rows.schema().inner(), engine.program(), table);
    flags.into_iter().map(|flag| lit(false).alias(flag)).collect()
}
