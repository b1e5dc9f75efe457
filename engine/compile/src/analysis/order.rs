//! The order tables are computed in.

use std::collections::{BTreeMap, BTreeSet};

use pipe_check::Program;

/// All tables, each behind those its query reads; ties in order of name. Those in a circle, and what reads them, are left
/// out.
pub(super) fn order(program: &Program) -> Vec<String> {
    let mut waits: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut readers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let is_table = |name: &str| program.sources.contains_key(name) || program.models.contains_key(name);
    for name in program.sources.keys() {
        waits.insert(name, BTreeSet::new());
    }
    for (name, model) in &program.models {
        let read = model.query.tables.iter().filter_map(|t| t.parts.last()).map(String::as_str);
        let read: BTreeSet<&str> = read.filter(|t| is_table(t)).collect();
        for table in &read {
            readers.entry(table).or_default().insert(name);
        }
        waits.insert(name, read);
    }
    let mut ready: BTreeSet<&str> = waits.iter().filter(|(_, w)| w.is_empty()).map(|(name, _)| *name).collect();
    let mut order = Vec::with_capacity(waits.len());
    while let Some(name) = ready.pop_first() {
        order.push(name.to_owned());
        for reader in readers.get(name).into_iter().flatten() {
            if let Some(wait) = waits.get_mut(reader)
                && wait.remove(name)
                && wait.is_empty()
            {
                ready.insert(reader);
            }
        }
    }
    order
}
