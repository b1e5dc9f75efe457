//! What the program alone does not tell: the state's news, and what the planner knows.

use std::collections::BTreeMap;

use pipe_check::Rule;

/// What is new, as the state and a listing of the sources tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// By name of the load.
    pub loads: BTreeMap<String, LoadNews>,
    /// By name of the source, where its columns are measured against: `declared`, `first run`, `pinned at the first run`.
    pub baselines: BTreeMap<String, String>,
    /// By name of the source, what the contract it names says otherwise than the program, or than it did when a run last
    /// committed.
    pub contracts: BTreeMap<String, ContractNews>,
}

/// What a contract says otherwise, a line each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContractNews {
    /// What breaks something, with its code.
    pub breaking: Vec<String>,
    /// What does not.
    pub compatible: Vec<String>,
    /// Why it could not be compared.
    pub wrong: Option<String>,
}

/// What a load would take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadNews {
    /// Nothing: all of it is loaded.
    Nothing,
    /// The whole table.
    Everything,
    /// These files, as the locator would name them, in order.
    Files(Vec<String>),
    /// Nothing, until somebody decides: these files, loaded before, have changed since. A run fails and names them.
    Changed(Vec<String>),
    /// The rows past a watermark: the column and the value.
    Past {
        /// The column of `incremental by`.
        column: String,
        /// The greatest value loaded.
        value: String,
    },
}

/// A column of a table, as the planner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnFact {
    /// Its name.
    pub name: String,
    /// Its type, in the language's words.
    pub ty: String,
    /// Whether it may be NULL.
    pub nullable: bool,
}

/// What the planner knows; asked only for what is explained.
pub trait Facts {
    /// The columns of a source or model.
    fn columns(&self, table: &str) -> Option<Vec<ColumnFact>>;
    /// The SQL a rule is judged by.
    fn assertion(&self, rule: &Rule) -> Option<String>;
    /// The optimised logical plan of a model, indented.
    fn logical_plan(&self, model: &str) -> Option<String>;
    /// How the rules of a table are judged together, a line a group.
    fn groups(&self, table: &str) -> Vec<String>;
}

/// Knows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Facts for Nothing {
    fn columns(&self, _table: &str) -> Option<Vec<ColumnFact>> {
        None
    }

    fn assertion(&self, _rule: &Rule) -> Option<String> {
        None
    }

    fn logical_plan(&self, _model: &str) -> Option<String> {
        None
    }

    fn groups(&self, _table: &str) -> Vec<String> {
        Vec::new()
    }
}
