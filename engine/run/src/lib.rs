//! The life of a run: order, extract, the fused pass, heal, commit, report.

mod clauses;
mod commit;
mod engine;
mod errors;
mod evaluate;
mod extract;
mod heal;
mod holdings;
mod look;
mod notices;
mod options;
mod pass;
mod quarantine;
mod query;
mod raw;
pub mod report;
mod rulebook;
mod run;
mod settle;
mod sinks;
mod staging;
mod told;
mod whole;
mod work;

pub use options::Options;
pub use errors::datafusion as diagnostic_of;
pub use query::query;
pub use report::{Observer, Report};
pub use run::run;
