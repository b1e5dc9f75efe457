//! What to read: a source as the program states it, and the files found for it.

use std::path::PathBuf;

use arrow::datatypes::DataType;
use pipe_schema::{Config, Type};
use pipe_types::to_arrow;

/// A source of files, as the program states it.
#[derive(Clone, Debug)]
pub struct SourceSpec {
    /// Its name in the program, for messages.
    pub name: String,
    /// `csv`, `tsv`, `json`, `ndjson`, `parquet`.
    pub connector: String,
    /// Relative locators start here.
    pub root: PathBuf,
    /// As written: a file, a folder or a glob, with `/`.
    pub locator: String,
    /// Its keys, checked, defaults filled in.
    pub config: Config,
    /// The declared or pinned columns; `None`: the columns found are the columns.
    pub declared: Option<Vec<FieldSpec>>,
}

/// A column a scan yields.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldSpec {
    /// Its name, folded to lower case unless it was quoted.
    pub name: String,
    /// Its type in the language.
    pub ty: Type,
    /// Its type in Arrow: [`to_arrow`] of `ty`.
    pub data_type: DataType,
    /// Other names files may use for it; they bind without evidence.
    pub aliases: Vec<String>,
}

impl FieldSpec {
    /// A column without aliases.
    pub fn new(name: impl Into<String>, ty: Type) -> Self {
        let data_type = to_arrow(&ty);
        FieldSpec { name: name.into(), ty, data_type, aliases: Vec::new() }
    }

    /// The same column, also known by other names.
    #[must_use]
    pub fn with_aliases(mut self, aliases: Vec<String>) -> Self {
        self.aliases = aliases;
        self
    }

    /// Whether its cells are text as they come: such a column has no field in `_raw` and cannot fail to convert.
    pub fn is_text(&self) -> bool {
        matches!(self.data_type, DataType::Utf8View | DataType::Utf8 | DataType::LargeUtf8)
    }
}

/// A file of a source, as listed. Reading it later fails with `conflict` if size or time have moved since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// As the user would type it: relative to the root where the locator is, with `/`.
    pub name: String,
    /// Where it is: an absolute path.
    pub location: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Last change, nanoseconds since 1970-01-01 UTC.
    pub modified_ns: i64,
    /// Hive partitions in its path below the locator's fixed part, outermost first: `year=2026` is `("year", "2026")`.
    pub partitions: Vec<(String, String)>,
}
