//! Sinks on real files, read back by the readers of other crates.

mod append;
mod formats;
mod modes;
mod partitions;
mod support;
mod withdraw;
