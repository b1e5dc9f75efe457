//! Tests of sources as a whole, over files made for them.

mod csv;
mod csv_keys;
mod discovery;
mod file_table;
mod files;
mod json;
mod listing;
mod parquet;
mod parts;
mod property;
mod raw;
mod table;
