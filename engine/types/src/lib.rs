//! Column types of the language as Arrow types, and back: the one mapping that scans, plans and messages share.

mod arrow;

pub use arrow::{UTC, describe, from_arrow, is, to_arrow};
