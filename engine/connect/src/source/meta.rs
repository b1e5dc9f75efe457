//! Columns a scan adds behind the data, so that a row can be found again and judged as it came.

/// `Dictionary(UInt32, Utf8)`: the file, as the user would name it. The dictionary's values are all files of the scan, in their order, so a key is a file's index.
pub const FILE: &str = "_file";
/// `UInt64`: the line the record starts on, from 1; for Parquet the same as [`ROW`] + 1.
pub const LINE: &str = "_line";
/// `UInt64`: the data row in its file, from 0; broken records count.
pub const ROW: &str = "_row";
/// `Utf8`, NULL for a good record: why the record is broken (`too few fields: 3 of 8`). The data columns of a broken record are NULL. Never set for Parquet.
pub const BAD: &str = "_bad";
/// `Utf8`, NULL for a good record: the broken record's text, as it came.
pub const RECORD: &str = "_record";
/// `Struct` of nullable `Utf8View` fields, one for each data column that is not text: the texts of the cells that did not convert. Such a cell has a text here and no typed value; of cells that did convert there may be a text or not. An empty text in a column that is not text is NULL: there was nothing to convert. JSON: strings without their quotes, but with them where a string itself is of the wrong type. Parquet: only for columns whose type in the file is another one, else NULL.
pub const RAW: &str = "_raw";

/// All of them, in order.
pub const ALL: [&str; 6] = [FILE, LINE, ROW, BAD, RECORD, RAW];
