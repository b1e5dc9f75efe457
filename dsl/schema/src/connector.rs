//! Connectors: what a source reads from and a load writes to, with their keys.

use crate::ConfigKey;

/// A connector.
#[derive(Clone, Copy, Debug)]
pub struct Connector {
    /// As written: `csv`, `postgres`.
    pub name: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// A statement that uses it.
    pub example: &'static str,
    /// Whether this binary can run it.
    pub available: bool,
    /// Whether locators are paths of files, globs or folders.
    pub files: bool,
    /// Keys of a `connection` of this kind.
    pub connection_keys: &'static [ConfigKey],
    /// Keys of a `source` that reads it; `None` when it cannot be read.
    pub source_keys: Option<&'static [ConfigKey]>,
    /// Keys of a `load` into it; `None` when it cannot be written.
    pub sink_keys: Option<&'static [ConfigKey]>,
}

/// All connectors, by name.
pub fn connectors() -> &'static [Connector] {
    &[]
}

/// The connector with this name.
pub fn connector(name: &str) -> Option<&'static Connector> {
    connectors().iter().find(|c| c.name == name)
}
