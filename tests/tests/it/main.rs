//! The one integration binary: what a user sees, and how the repository is kept.

mod cli;
mod examples;
mod kills;
mod language;
mod pipe;
mod rows;
mod tidy;
