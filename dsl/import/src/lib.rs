//! Suites of other tools as `.pipe`: what they check becomes rules that mean the same.
//!
//! A tool's file is read into a tree that knows its places ([`Tool`], `node`), each check becomes one or more rules
//! (`rule`; a module a tool, with the table of all checks that the tool has), each rule is checked by itself, and what is
//! left is written and formatted (`write`). What cannot be said is refused at its place, never dropped.

mod args;
mod catalogue;
mod compare;
mod dbt;
mod deequ;
mod document;
mod dqdl;
mod gx;
mod import;
mod node;
mod odcs;
mod query;
mod rule;
mod soda;
mod threshold;
mod types;
mod words;
mod write;

pub use catalogue::{Check, Said, Tool, catalogue};
pub use document::{Value, document};
pub use import::{Imported, ImportedColumn, import};
