//! Sinks: files staged beside their target, published later by a rename.
//!
//! ```text
//! prepare(spec, mode, published)        looks at the target, refuses what must not be touched
//! StagedWriter::new(spec, folder, i)    one a thread; rows become complete, flushed files in the staging folder
//! assemble(spec, prepared, parts)       for a target of one file: the parts as one
//! withdraw(spec, folder, files, rows)   published files again, without some rows
//! ```
//!
//! What comes out is a list of files with their places. Moving them is the state store's, after its commit.
//!
//! Sinks use `std::fs` and not `object_store`: publishing needs renames that replace atomically and files and folders that
//! are flushed to disk before the commit, and `object_store` offers neither. Writers block; the fused pass calls them from
//! the thread that computed the rows, so that the pull of the plan is all the back-pressure there is.

mod assemble;
mod csv;
mod error;
mod file;
mod names;
mod pack;
mod parquet;
mod partition;
mod prepare;
mod schema;
mod spec;
mod withdraw;
mod writer;
mod written;

#[cfg(test)]
mod tests;

pub use assemble::assemble;
pub use error::SinkError;
pub use names::staging_dir;
pub use partition::Partitioner;
pub use prepare::{Mode, Prepared, prepare};
pub use spec::{SinkSpec, Target};
pub use withdraw::{Withdrawn, withdraw};
pub use writer::{StagedFile, StagedWriter};
pub use written::written;
