//! CSV: one thread cuts a file into chunks of whole records, any thread splits a chunk into cells.
//!
//! Quoting follows csv-core: a quote opens a value only at its start, a doubled quote is one quote, what follows a
//! closing quote belongs to the value. Two things differ, so that a stray quote costs one record and not the rest of
//! the file: a quoted value that spans lines and is not closed before a delimiter or line end, and one that is not
//! closed at all, end with their line. Quoted and unquoted empty values are told apart.

mod chunker;
mod quotes;
mod split;

pub(crate) use chunker::CsvChunker;
pub(crate) use split::{field_count, split};
