//! The rows of a query as a table, CSV or JSON.

mod csv;
mod json;
mod table;

pub use csv::csv;
pub use json::{json, json_error};
pub use table::table;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people; long results are cut on a terminal, and say so
    Table,
    /// With a header; NULL is empty
    Csv,
    /// One object: `columns`, `rows`
    Json,
}
