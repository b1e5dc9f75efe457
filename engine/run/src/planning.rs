//! What a plan says beyond the program: what is new for each load, and what the planner knows. Changes nothing, but
//! completes what a killed run had committed, as every command does.

use std::collections::BTreeMap;

use datafusion::arrow::datatypes::FieldRef;
use pipe_check::{Loaded, Rule};
use pipe_compile::{Planner, Rows, Tables, check_program, types};
use pipe_diagnostics::Diagnostic;
use pipe_plan::{ColumnFact, ContractNews, Facts, LoadNews, News, Selection};

use crate::engine::{Engine, Stopped};
use crate::look::Look;
use crate::past::Past;
use crate::work::{Listing, LoadTask, load_task, row_by_row};
use crate::{Options, raw};

/// What is new for the selected loads, and what sources are measured against. A load whose files cannot be listed has no entry.
///
/// # Errors
/// A param without a value; a state that cannot be read; a file that cannot be compared with what was loaded.
pub async fn news(loaded: &Loaded, options: &Options, selection: &Selection) -> Result<News, Vec<Diagnostic>> {
    let engine = Engine::new(loaded, options)?;
    let look = Look::open(&options.state, options.now).map_err(|d| vec![d])?;
    let listing = listed(&engine, selection).await;
    let mut news = News::default();
    for table in &selection.tables {
        let Some(source) = loaded.program.sources.get(table) else { continue };
        let accepted = look.state.baseline(table).map_err(|e| vec![crate::errors::state(&e)])?;
        let words = match (&source.schema, &accepted) {
            (Some(_), _) => "declared",
            (None, Some(baseline)) if baseline.pinned => "pinned at the first run",
            (None, _) => "first run",
        };
        if let Some(file) = &source.contract {
            let before = accepted.as_ref().and_then(|b| b.contract.as_deref());
            let known = accepted.as_ref().map(|b| columns_of(&b.schema));
            let held = pipe_contract::against_program(&loaded.program, table, file, known, before);
            news.contracts.insert(table.clone(), contract_news(held));
        }
        news.baselines.insert(table.clone(), words.to_owned());
    }
    for load in loaded.program.loads.iter().filter(|l| selection.loads.contains(&l.name)) {
        let sources = sources_of(&engine, &load.table);
        if sources.iter().any(|s| !matches!(listing.files.get(s), Some(Ok(_)))) {
            continue;
        }
        let over = row_by_row(&engine, &load.table);
        let task = load_task(&engine, &look.state, &listing, load, over).map_err(|s: Stopped| s.diagnostics)?;
        news.loads.insert(load.name.clone(), told(&task));
    }
    Ok(news)
}

/// The columns of a baseline.
fn columns_of(schema: &serde_json::Value) -> Vec<pipe_contract::Column> {
    let fields = crate::extract::pinned_fields(schema);
    fields.into_iter().map(|f| pipe_contract::Column::new(f.name, f.ty)).collect()
}

/// What a contract says otherwise, as a plan tells it. What differs from the program and from the version that was accepted alike is told once.
fn contract_news(held: Result<pipe_contract::Held, Box<Diagnostic>>) -> ContractNews {
    let held = match held {
        Ok(held) => held,
        Err(why) => return ContractNews { wrong: Some(why.message), ..ContractNews::default() },
    };
    let mut news = ContractNews::default();
    let mut told = std::collections::BTreeSet::new();
    for change in held.program.iter().filter(|c| c.breaking).chain(&held.accepted) {
        if !told.insert((change.kind, change.subject.clone())) {
            continue;
        }
        match change.kind.code() {
            Some(code) if change.breaking => news.breaking.push(format!("{code} {}", change.says)),
            _ => news.compatible.push(change.says.clone()),
        }
    }
    news
}

/// The files of the sources that this binary can read; what it cannot has no news to tell.
pub(crate) async fn listed(engine: &Engine<'_>, selection: &Selection) -> Listing {
    let program = engine.program();
    let known = |connector: &str| pipe_schema::connector(connector).is_some_and(|c| c.available);
    let readable = |t: &&String| program.sources.get(*t).is_none_or(|s| known(&s.connector));
    let tables = selection.tables.iter().filter(readable).cloned().collect();
    Listing::of(engine, &Selection { tables, loads: Vec::new() }).await
}

/// What a load would take, in the words of a plan.
pub(crate) fn told(task: &LoadTask) -> LoadNews {
    if !task.changed.is_empty() {
        return LoadNews::Changed(task.changed.clone());
    }
    if !task.news {
        return LoadNews::Nothing;
    }
    if let Some(Past { column, value: Some(value), .. }) = &task.instance.past {
        return LoadNews::Past { column: column.clone(), value: value.clone() };
    }
    let name = |f: &String| match task.replaced.contains(f) {
        true => format!("{f} (changed: its earlier rows are replaced)"),
        false => f.clone(),
    };
    let files = task.instance.files.as_ref();
    files.map_or(LoadNews::Everything, |files| LoadNews::Files(files.iter().map(name).collect()))
}

/// The sources a table is computed from.
fn sources_of(engine: &Engine<'_>, table: &str) -> Vec<String> {
    let selected = pipe_plan::select(engine.program(), &[table.to_owned()]).unwrap_or_default();
    selected.tables.into_iter().filter(|t| engine.program().sources.contains_key(t)).collect()
}

/// What the planner knows of a program's tables: the columns of sources as declared, as pinned, or as found in their files.
pub struct Planned<'a> {
    engine: Engine<'a>,
    tables: Tables,
    accepted: BTreeMap<String, String>,
}

impl std::fmt::Debug for Planned<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Planned").field("tables", &self.tables).finish_non_exhaustive()
    }
}

/// Plans what can be planned of a program; what cannot has no facts.
///
/// # Errors
/// A param with a value that does not fit; a state that cannot be read.
pub async fn facts<'a>(loaded: &'a Loaded, options: &'a Options) -> Result<Planned<'a>, Vec<Diagnostic>> {
    let mut engine = Engine::declared(loaded, options)?;
    if let Ok(params) = pipe_compile::Params::new(&loaded.program, &options.params) {
        engine.params = params;
    }
    let look = Look::open(&options.state, options.now).map_err(|d| vec![d])?;
    let known = raw::known_schemas(&engine, &look.state).await;
    let mut tables = Tables::new();
    for (name, schema) in check_program(loaded, &known).schemas {
        if loaded.program.sources.contains_key(&name) {
            tables.insert_schema(format!("raw.{name}"), schema.clone());
        }
        tables.insert_schema(name, schema);
    }
    let mut accepted = BTreeMap::new();
    for name in loaded.program.sources.keys() {
        let baseline = look.state.baseline(name).map_err(|e| vec![crate::errors::state(&e)])?;
        accepted.extend(baseline.and_then(|b| b.contract).map(|text| (name.clone(), text)));
    }
    Ok(Planned { engine, tables, accepted })
}

impl Planned<'_> {
    /// The text of the contract that the last committed run of a source accepted.
    pub fn accepted_contract(&self, source: &str) -> Option<&str> {
        self.accepted.get(source).map(String::as_str)
    }

    fn planner(&self) -> Planner<'_> {
        self.engine.planner(&self.tables)
    }
}

impl Facts for Planned<'_> {
    fn columns(&self, table: &str) -> Option<Vec<ColumnFact>> {
        let schema = self.tables.schema(table)?;
        let fact = |f: &FieldRef| ColumnFact {
            name: f.name().clone(),
            ty: types::describe(f.data_type()),
            nullable: f.is_nullable(),
        };
        Some(schema.fields().iter().map(fact).collect())
    }

    fn assertion(&self, rule: &Rule) -> Option<String> {
        let from = format!("typed.{}", rule.table);
        let read = self.engine.program().sources.contains_key(&rule.table);
        Some(self.planner().assertion_sql(rule, &Rows { from: &from, read, ..Rows::default() }))
    }

    fn groups(&self, table: &str) -> Vec<String> {
        let program = self.engine.program();
        let (Some(rules), Some(columns)) = (program.rules.get(table), self.tables.schema(table)) else {
            return Vec::new();
        };
        let columnar = program.sources.get(table).is_some_and(|s| s.connector == "parquet");
        crate::assertions::groups(&self.planner(), table, rules, &columns, columnar)
    }

    fn logical_plan(&self, model: &str) -> Option<String> {
        let query = &self.engine.program().models.get(model)?.query;
        let plan = self.planner().model(query).ok()?;
        let plan = self.engine.session.state().optimize(&plan).ok()?;
        Some(plan.display_indent().to_string())
    }
}
