//! The one integration binary: what a user sees, and how the repository is kept.

mod bad_input;
mod cli;
mod examples;
mod fuzz;
mod healing;
mod import;
mod inspect;
mod invariants;
mod json_schema;
mod keys;
mod kills;
mod language;
mod loads;
mod meaning;
mod moving;
mod others_bugs;
mod own_bugs;
mod pipe;
mod profile;
mod reference;
mod rows;
mod statistics;
mod suggest;
mod tidy;
mod undo;
mod validate;
