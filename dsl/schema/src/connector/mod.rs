//! Connectors: what a source reads from and a load writes to, with their keys.

mod files;
mod servers;

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
    /// Keys of a `connection` of this kind. A source or load that names the connector itself, without a connection, takes
    /// them among its own; the required ones are then required there.
    pub connection_keys: &'static [ConfigKey],
    /// Keys of a `source` that reads it.
    pub source_keys: &'static [ConfigKey],
    /// Keys of a `load` into it; `None` when it cannot be written.
    pub sink_keys: Option<&'static [ConfigKey]>,
}

/// All connectors: files first, each group by name.
pub fn connectors() -> &'static [Connector] {
    const ALL: &[Connector] = &[
        files::CSV,
        files::JSON,
        files::NDJSON,
        files::PARQUET,
        files::TSV,
        servers::AZURE,
        servers::DELTA,
        servers::GCS,
        servers::HTTP,
        servers::KAFKA,
        servers::MONGODB,
        servers::MYSQL,
        servers::POSTGRES,
        servers::S3,
        servers::SQLITE,
    ];
    ALL
}

/// The connector with this name.
pub fn connector(name: &str) -> Option<&'static Connector> {
    connectors().iter().find(|c| c.name == name)
}
