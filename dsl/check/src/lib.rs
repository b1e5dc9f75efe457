//! From trees to a typed [`Program`]: names, types, cycles, config, rules, clauses, lints. One message per cause.
//!
//! Knows what can be known without data and without DataFusion; what the planner knows is `pipe-compile`'s.

mod assemble;
mod bind;
mod concern;
mod config;
mod cron;
mod cx;
mod declare;
mod files;
mod graph;
mod heal;
mod literals;
mod load;
mod names;
mod needs;
mod numbers;
mod operand;
mod places;
mod program;
mod rule;
mod rules;
mod schedule;
mod sink;
mod source;
mod sql;
mod test_statement;
mod types;

pub use bind::Misfit;
pub use load::{Loaded, check, check_with, load};
pub use program::*;
pub use rule::*;
