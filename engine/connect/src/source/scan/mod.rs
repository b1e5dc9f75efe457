//! The scan: target columns, then meta columns, from all files at once.

mod batch;
mod exec;
pub(crate) mod parquet;
mod parts;
mod plan;
mod projection;
mod run;

pub use exec::{FileState, ScanExec};
pub use parts::Parts;
pub use projection::Projection;

pub(crate) use batch::{Place, text_batch};
pub(crate) use exec::split;
pub(crate) use plan::Plan;
