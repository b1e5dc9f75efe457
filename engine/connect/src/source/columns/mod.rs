//! From cells to Arrow columns.

mod build;
mod nested;
pub(crate) mod value;

pub(crate) use build::{Texts, column, raw_column};
pub(crate) use nested::json_text;
