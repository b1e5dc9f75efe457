//! The tables that a profile looks at, each evaluated once and only if it is asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use pipe_diagnostics::codes::run as codes;
use pipe_diagnostics::{Diagnostic, Severity};
use pipe_state::State;

use super::Provider;
use crate::engine::Engine;
use crate::report::Silent;
use crate::whole::{Failed, more};
use crate::work::Listing;
use crate::{errors, query, raw, refusal};

/// The tables evaluated so far.
pub struct Evaluated<'e> {
    engine: &'e Engine<'e>,
    state: &'e State,
    done: BTreeMap<String, Provider>,
}

impl<'e> Evaluated<'e> {
    /// None yet.
    pub fn new(engine: &'e Engine<'e>, state: &'e State) -> Self {
        Self { engine, state, done: BTreeMap::new() }
    }

    /// A source as it came.
    ///
    /// # Errors
    /// A model, which has no such rows; files that cannot be looked at.
    pub async fn raw(&self, table: &str) -> Result<Provider, Vec<Diagnostic>> {
        query::refuse_broken(self.engine, &[table.to_owned()])?;
        let found = raw::raw_table(self.engine, self.state, &Listing::default(), table).await;
        found.map_err(|stopped| query::told(table, stopped, false))?.ok_or_else(|| {
            let message = format!("`{table}` is a model: only a source has rows as they came");
            let help = format!("`pipe profile {table}` looks at what the model gives");
            vec![Diagnostic::new(codes::UNKNOWN_TARGET, Severity::Error, message).help(help)]
        })
    }

    /// A source with the types its columns have, as declared, pinned or found, before rules and heals: what does not convert is NULL. Beside
    /// it the same as texts, where that is something else.
    ///
    /// # Errors
    /// A table that is no source; files that cannot be looked at.
    pub async fn typed(&self, table: &str) -> Result<(Provider, Option<Provider>), Vec<Diagnostic>> {
        query::refuse_broken(self.engine, &[table.to_owned()])?;
        let found = raw::typed_table(self.engine, self.state, table).await;
        found.map_err(|stopped| query::told(table, stopped, true))
    }

    /// A table after its rules and heals.
    ///
    /// # Errors
    /// What is wrong with it, or with one that it is made of.
    pub async fn whole(&mut self, table: &str) -> Result<Provider, Vec<Diagnostic>> {
        query::refuse_broken(self.engine, &[table.to_owned()])?;
        let selection = pipe_plan::select(self.engine.program(), &[table.to_owned()])
            .map_err(|unknown| vec![errors::internal(&format!("`{}` is no table", unknown.target))])?;
        let read = pipe_plan::Selection { tables: selection.tables, loads: Vec::new() };
        refusal::available(self.engine.loaded, &read)?;
        let scratch = self.engine.scratch.join(self.done.len().to_string());
        let evaluated = more(self.engine, self.state, &read.tables, &mut self.done, &scratch, &Silent).await;
        evaluated.map_err(|Failed { table, stopped }| {
            query::told(&table, stopped, self.engine.program().sources.contains_key(&table))
        })?;
        let provider = self.done.get(table).map(Arc::clone);
        provider.ok_or_else(|| vec![errors::internal(&format!("`{table}` was not evaluated"))])
    }

    /// All other tables of the program, sorted.
    pub fn others(&self, table: &str) -> Vec<String> {
        let program = self.engine.program();
        let names = program.sources.keys().chain(program.models.keys());
        let mut others: Vec<String> = names.filter(|name| *name != table).cloned().collect();
        others.sort();
        others
    }
}
