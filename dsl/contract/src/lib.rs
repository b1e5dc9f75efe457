//! Data contracts in the Open Data Contract Standard 3.1: what a table promises, written, read and compared.
//!
//! A contract and a program say the same things of a table: its columns, and rules ([`Terms`]). A contract is read as the
//! rules it means (`read`, by `pipe-import`), a table is written as a contract that reads back as the same rules (`export`),
//! and two versions are compared change by change, each breaking or not (`compare`).

mod bounds;
mod compare;
mod export;
mod held;
mod read;
mod terms;
mod yaml;

pub use compare::{Change, ChangeKind, Role, compare};
pub use export::{Earlier, Exported, export};
pub use held::{Held, against_program, findings};
pub use read::{Contract, read};
pub use terms::{Column, Terms};
