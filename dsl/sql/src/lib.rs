//! SQL inside `.pipe` files: DataFusion's generic dialect through sqlparser, with every position that of the `.pipe` file.
//!
//! Knows text, spans and syntax trees: no catalog, no types, no DataFusion.

mod depth;
mod error;
mod fragment;
mod names;
mod print;
mod query;
mod span;
mod tokens;

pub use fragment::{Column, Expression, Query, TableRef, parse_expressions, parse_query};
pub use names::is_aggregate;
pub use print::{expression_text, quote};
pub use span::{location_of, span_of};

#[cfg(test)]
mod tests;
