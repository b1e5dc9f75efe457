//! The life of a run: order, extract, the fused pass, heal, commit, report.

mod clauses;
mod engine;
mod errors;
mod evaluate;
mod extract;
mod heal;
mod options;
mod pass;
mod quarantine;
pub mod report;
mod rulebook;
mod settle;
mod staging;
mod told;

pub use options::Options;
pub use report::Report;
