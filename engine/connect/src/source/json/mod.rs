//! JSON: objects, one a line (`ndjson`), or in an array or one after the other (`json`); each is a row.
//!
//! Numbers keep their text until they are converted, so a decimal loses no digit. A string where a number is declared,
//! or a number where a time is, fails to convert and keeps its JSON text; lists and objects are JSON text in text columns.

mod chunker;
mod object;
mod split;

pub(crate) use chunker::{JsonChunker, lines};
pub(crate) use object::{Kind, members};
pub(crate) use split::{Keys, records, split};
