//! Rules and heal clauses that a table's own rows speak for, as `.pipe` text.
//!
//! [`candidates`] makes them of what a profile of most of the rows tells; who has the rows counts for each, there and in the rows
//! that were held back, what violates it ([`Measure`]); [`decide`] keeps what holds in both and says how much is tolerated, what
//! heals the rest, and within what budgets; [`Suggestions::blocks`] writes it, each line under its evidence. Pure: no rows, no files.

mod apply;
mod candidate;
mod columns;
mod cover;
mod decide;
mod formats;
mod heal;
mod interval;
mod numbers;
mod sets;
mod table;
mod texts;
mod words;
mod write;

pub use candidate::{Ask, Candidate, Cast, Copies, Facts, Measure, Rank, Repair, Tally, candidates};
pub use decide::{Clauses, Suggested, Suggestions, decide};
pub use heal::{ColumnVotes, Healing, Renamed, Votes, more_than_chance, moved};
pub use interval::upper;
