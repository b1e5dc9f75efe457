//! Sources of files: listing, discovery of shape, scans that survive broken records.
//!
//! [`list`] finds the files, [`discover`] looks at their heads, [`bind`] says which column of each file is which column
//! of the table, and a [`ScanExec`] yields the target columns, typed, and behind them the [`meta`] columns.

mod again;
mod bind;
mod cells;
mod chunk;
mod columns;
mod csv;
mod discover;
mod error;
mod file_table;
mod footer;
mod io;
mod json;
mod list;
pub mod meta;
mod options;
mod raw;
mod scan;
mod spec;
#[cfg(test)]
mod tests;

pub use again::{Records, cells as read_cells};
pub use bind::{Bound, ColumnBinding, Drift, FileBinding, bind};
pub use discover::{Discovery, FileShape, Finding, FindingKind, FoundColumn, discover};
pub use error::{Phase, SourceError};
pub use file_table::FileTable;
pub use footer::Footers;
pub use list::list;
pub use raw::RawTable;
pub use scan::{FileState, Parts, Projection, ScanExec};
pub use spec::{FieldSpec, InputFile, SourceSpec};
