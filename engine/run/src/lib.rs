//! The life of a run: order, extract, the fused pass, heal, commit, report.

mod clauses;
mod commit;
mod engine;
mod errors;
mod evaluate;
mod extract;
mod heal;
mod notices;
mod options;
mod pass;
mod quarantine;
mod query;
pub mod report;
mod rulebook;
mod run;
mod settle;
mod sinks;
mod staging;
mod told;
mod work;

pub use options::Options;
pub use report::{Observer, Report};
pub use run::run;
