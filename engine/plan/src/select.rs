//! Which tables and loads a command is about, and in which order tables are evaluated.

use std::collections::{BTreeMap, BTreeSet};

use pipe_check::{Action, Program};
use pipe_syntax as syntax;

/// What a run evaluates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Tables, inputs before what reads them; where the graph leaves it open, by name.
    pub tables: Vec<String>,
    /// Loads by name, in the order of the program.
    pub loads: Vec<String>,
}

/// A target that is no table and no load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTarget {
    /// As given.
    pub target: String,
    /// All names that would have been right, sorted.
    pub known: Vec<String>,
}

/// What `targets` need: each a table (evaluated, with its loads) or a load. Without targets: all loads, and all tables that have rules.
///
/// # Errors
/// The first target that is not of the program.
pub fn select(program: &Program, targets: &[String]) -> Result<Selection, UnknownTarget> {
    let is_table = |name: &str| program.sources.contains_key(name) || program.models.contains_key(name);
    let mut wanted = BTreeSet::new();
    let mut loads = BTreeSet::new();
    if targets.is_empty() {
        wanted.extend(program.loads.iter().map(|l| l.table.clone()));
        wanted.extend(program.rules.keys().cloned());
        loads.extend(program.loads.iter().map(|l| l.name.clone()));
    }
    for target in targets {
        let named = program.loads.iter().find(|l| l.name == *target);
        if is_table(target) {
            wanted.insert(target.clone());
            loads.extend(program.loads.iter().filter(|l| l.table == *target).map(|l| l.name.clone()));
        } else if let Some(load) = named {
            wanted.insert(load.table.clone());
            loads.insert(load.name.clone());
        } else {
            let tables = program.sources.keys().chain(program.models.keys()).cloned();
            let known: BTreeSet<String> = tables.chain(program.loads.iter().map(|l| l.name.clone())).collect();
            return Err(UnknownTarget { target: target.clone(), known: known.into_iter().collect() });
        }
    }
    wanted.retain(|t| is_table(t));
    Ok(Selection {
        tables: order(program, wanted),
        loads: program.loads.iter().filter(|l| loads.contains(&l.name)).map(|l| l.name.clone()).collect(),
    })
}

/// The tables that a table needs to be decided: those its query reads, its rules refer to and its clauses look things up in. Sorted; only tables of the program.
pub fn dependencies(program: &Program, table: &str) -> Vec<String> {
    let mut found: BTreeSet<String> = program.inputs(table).into_iter().collect();
    for clause in program.heals.get(table).into_iter().flat_map(|h| &h.clauses) {
        for action in clause.steps.iter().flatten() {
            found.extend(tables_of(action));
        }
    }
    found.remove(table);
    found.retain(|t| program.sources.contains_key(t) || program.models.contains_key(t));
    found.into_iter().collect()
}

fn tables_of(action: &Action) -> Vec<String> {
    let fragments = action.sql.iter().chain(&action.filter);
    let mut tables: Vec<String> = fragments.flat_map(|e| &e.tables).filter_map(|t| t.parts.last().cloned()).collect();
    match &action.syntax {
        syntax::Action::Lookup { table, .. } | syntax::Action::Snap(Some((_, table, _))) => {
            tables.push(table.value.clone());
        }
        syntax::Action::UseSource(source) => tables.push(source.value.clone()),
        _ => {}
    }
    tables
}

/// Kahn's algorithm over the closure of `wanted`, taking the first name of those that are ready. Tables of a cycle, which `check` has refused, come last, by name.
fn order(program: &Program, wanted: BTreeSet<String>) -> Vec<String> {
    let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut open: Vec<String> = wanted.into_iter().collect();
    while let Some(table) = open.pop() {
        if needs.contains_key(&table) {
            continue;
        }
        let found = dependencies(program, &table);
        open.extend(found.iter().cloned());
        needs.insert(table, found.into_iter().collect());
    }
    let mut readers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut waiting: BTreeMap<String, usize> = BTreeMap::new();
    for (table, inputs) in &needs {
        waiting.insert(table.clone(), inputs.len());
        for input in inputs {
            readers.entry(input.clone()).or_default().push(table.clone());
        }
    }
    let mut ready: BTreeSet<String> = waiting.iter().filter(|(_, n)| **n == 0).map(|(t, _)| t.clone()).collect();
    let mut ordered = Vec::with_capacity(needs.len());
    while let Some(table) = ready.pop_first() {
        waiting.remove(&table);
        for reader in readers.remove(&table).unwrap_or_default() {
            if let Some(left) = waiting.get_mut(&reader) {
                *left -= 1;
                if *left == 0 {
                    ready.insert(reader);
                }
            }
        }
        ordered.push(table);
    }
    ordered.extend(waiting.into_keys());
    ordered
}
