//! From a contract to what it says of each table.

use std::collections::BTreeMap;

use pipe_diagnostics::{Diagnostic, Sources};
use pipe_import::Tool;

use crate::terms::{Column, Terms};

/// A contract.
#[derive(Debug)]
pub struct Contract {
    /// What it says of each table, by name.
    pub tables: BTreeMap<String, Terms>,
    /// What of it is no rule, each at its place in the contract: texts for people, service levels of the service.
    pub not_judged: Vec<Diagnostic>,
    /// The contract, for the places.
    pub sources: Sources,
}

impl Contract {
    /// What it says of a table: of this name, or of the only one it has.
    pub fn table(&self, name: &str) -> Option<&Terms> {
        match (self.tables.get(name), self.tables.len()) {
            (Some(found), _) => Some(found),
            (None, 1) => self.tables.values().next(),
            (None, _) => None,
        }
    }
}

/// Reads a contract. `name` is the file's as messages show it.
///
/// # Errors
/// One diagnostic with the sources it points into, when the text is no contract.
pub fn read(name: &str, text: &str) -> Result<Contract, (Box<Diagnostic>, Sources)> {
    let imported = pipe_import::import(Tool::Odcs, name, text, None)?;
    let loaded = pipe_check::check(&[(name, &imported.text)]);
    let mut tables: BTreeMap<String, Terms> = BTreeMap::new();
    for column in &imported.columns {
        let column_of = Column { name: column.name.clone(), ty: column.ty.clone(), exact: column.exact };
        tables.entry(column.table.clone()).or_default().columns.push(column_of);
    }
    for (table, rules) in loaded.program.rules {
        tables.entry(table).or_default().rules = rules;
    }
    Ok(Contract { tables, not_judged: imported.refused, sources: imported.sources })
}
