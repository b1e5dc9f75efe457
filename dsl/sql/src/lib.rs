//! SQL inside `.pipe` files: DataFusion's generic dialect through sqlparser, with every position that of the `.pipe` file.

mod fragment;

pub use fragment::{Column, Expression, Query, TableRef, parse_expressions, parse_query};
