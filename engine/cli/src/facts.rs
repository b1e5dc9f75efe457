//! What the planner knows of a program: errors that only it can find, and the facts that `pipe explain` shows.

use std::collections::BTreeMap;

use chrono::DateTime;
use datafusion::prelude::SessionContext;
use pipe_check::{Loaded, Rule};
use pipe_compile::{Params, Planner, Settings, Tables, check_program, session, types};
use pipe_plan::{ColumnFact, Facts};

/// Adds what only the planner finds to the diagnostics of a program.
pub fn add_planner_errors(loaded: &mut Loaded) {
    let found = check_program(loaded, &BTreeMap::new()).diagnostics;
    loaded.diagnostics.extend(found);
}

/// What the planner knows of the tables of a program, as far as their columns are declared.
pub struct Planned<'a> {
    loaded: &'a Loaded,
    context: SessionContext,
    tables: Tables,
    params: Params,
}

impl<'a> Planned<'a> {
    /// Plans what can be planned; what cannot has been told by `check`.
    ///
    /// # Errors
    /// When no session can be made.
    pub fn new(loaded: &'a Loaded) -> anyhow::Result<Self> {
        // What time it is makes no difference to what is explained.
        let context = session(&Settings::at(DateTime::UNIX_EPOCH))?;
        let mut tables = Tables::new();
        for (name, schema) in check_program(loaded, &BTreeMap::new()).schemas {
            if loaded.program.sources.contains_key(&name) {
                tables.insert_schema(format!("raw.{name}"), schema.clone());
            }
            tables.insert_schema(name, schema);
        }
        // A param without a default has no value here; what needs it has no plan to show.
        let params =
            Params::new(&loaded.program, &BTreeMap::new()).unwrap_or_else(|_| Params::declared(&loaded.program));
        Ok(Self { loaded, context, tables, params })
    }

    fn planner(&self) -> Planner<'_> {
        Planner::new(&self.context, &self.tables, &self.params, &self.loaded.sources)
    }
}

impl Facts for Planned<'_> {
    fn columns(&self, table: &str) -> Option<Vec<ColumnFact>> {
        let schema = self.tables.schema(table)?;
        let fact = |f: &arrow::datatypes::FieldRef| ColumnFact {
            name: f.name().clone(),
            ty: types::describe(f.data_type()),
            nullable: f.is_nullable(),
        };
        Some(schema.fields().iter().map(fact).collect())
    }

    fn assertion(&self, rule: &Rule) -> Option<String> {
        let is_source = self.loaded.program.sources.contains_key(&rule.table);
        let from = if is_source { format!("raw.{}", rule.table) } else { rule.table.clone() };
        Some(self.planner().assertion_sql(rule, &from))
    }

    fn logical_plan(&self, model: &str) -> Option<String> {
        let query = &self.loaded.program.models.get(model)?.query;
        let plan = self.planner().model(query).ok()?;
        let plan = self.context.state().optimize(&plan).ok()?;
        Some(plan.display_indent().to_string())
    }
}
