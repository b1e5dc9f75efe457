//! From trees to a typed [`Program`]: names, types, cycles, config, rules, clauses, lints. One message per cause.
//!
//! Knows what can be known without data and without DataFusion; what the planner knows is `pipe-compile`'s.

mod load;
mod program;

pub use load::{Loaded, check, load};
pub use program::*;
