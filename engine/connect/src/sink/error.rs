//! What can go wrong with a sink.

use std::io;
use std::path::{Path, PathBuf};

use arrow::error::ArrowError;
use datafusion::parquet::errors::ParquetError;

/// Why a sink refuses.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// A connector that writes no files.
    #[error("connector `{0}` does not write files; use `parquet`, `csv`, `tsv` or `ndjson`")]
    Connector(String),
    /// A key's value that the sink cannot use.
    #[error("`{key}` cannot be `{value}`: {reason}")]
    Config {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
        /// Why not.
        reason: &'static str,
    },
    /// A column that the format cannot hold.
    #[error("column `{column}` is {ty}, which {format} cannot hold; leave it out or convert it in a model")]
    Unsupported {
        /// The column.
        column: String,
        /// Its type.
        ty: String,
        /// The format.
        format: &'static str,
    },
    /// A partition field that does not fit its column.
    #[error("cannot partition by `{field}`: {reason}")]
    Partition {
        /// As written: `day(ordered_at)`.
        field: String,
        /// Why not.
        reason: String,
    },
    /// A column with too many values to have a folder each.
    #[error("partitioning makes more than {0} folders; take a coarser field, such as `month(…)` or `bucket(n, …)`")]
    TooManyPartitions(usize),
    /// Rows of another shape than the sink was opened for.
    #[error("the rows to write have other columns than the sink: {0}")]
    Rows(String),
    /// `overwrite` of a folder that holds files nobody's load published.
    #[error("`{}` holds files that this load did not write, so it is not overwritten: {}; move them away, or choose another folder", .folder.display(), .files.join(", "))]
    Foreign {
        /// The folder.
        folder: PathBuf,
        /// Some of the files, relative to it, and how many more.
        files: Vec<String>,
    },
    /// `create` where something is.
    #[error("`{}` exists already and `mode = create` replaces nothing; choose another place or mode", .0.display())]
    Exists(PathBuf),
    /// A file where a folder should be, or the other way round.
    #[error("`{}` is a {found}, and the load writes a {wanted}; a locator with an extension is one file, else a folder", .path.display())]
    WrongKind {
        /// The path.
        path: PathBuf,
        /// What is there.
        found: &'static str,
        /// What the load needs.
        wanted: &'static str,
    },
    /// `append` to files of another schema.
    #[error("`{}` has other columns than the rows to append: {difference}; use another place, or `mode = overwrite`", .path.display())]
    OtherSchema {
        /// The file.
        path: PathBuf,
        /// The first difference.
        difference: String,
    },
    /// `append` to a file that cannot be read as what it should be.
    #[error("cannot append to `{}`: {reason}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The disk is full.
    #[error("no space is left for `{}`; nothing was published", .0.display())]
    Full(PathBuf),
    /// The operating system refused.
    #[error("cannot {action} `{}`: {error}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// Rows could not be encoded.
    #[error("cannot encode rows for `{}`: {reason}", .path.display())]
    Encode {
        /// The staged file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
}

impl SinkError {
    /// The failure's `kind`, one of [`pipe_schema::KINDS`].
    pub fn kind(&self) -> &'static str {
        match self {
            SinkError::Connector(_) | SinkError::Config { .. } | SinkError::Partition { .. } => "config",
            SinkError::TooManyPartitions(_) | SinkError::Full(_) => "quota",
            SinkError::Unsupported { .. } => "type",
            SinkError::Rows(_) => "internal",
            SinkError::Foreign { .. } | SinkError::Exists(_) | SinkError::WrongKind { .. } => "conflict",
            SinkError::OtherSchema { .. } => "schema",
            SinkError::Unreadable { .. } => "parse",
            SinkError::Encode { .. } => "data",
            SinkError::Io { error, .. } => match error.kind() {
                io::ErrorKind::NotFound => "not_found",
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "permission",
                io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => "quota",
                io::ErrorKind::TimedOut => "timeout",
                _ => "unknown",
            },
        }
    }

    pub(crate) fn io(action: &'static str, path: &Path, error: io::Error) -> SinkError {
        match error.kind() {
            io::ErrorKind::StorageFull => SinkError::Full(path.to_owned()),
            _ => SinkError::Io { action, path: path.to_owned(), error },
        }
    }

    /// An error of Arrow while writing; one of the file system inside it keeps its kind.
    pub(crate) fn arrow(path: &Path, error: ArrowError) -> SinkError {
        match error {
            ArrowError::IoError(_, error) => SinkError::io("write", path, error),
            ArrowError::ExternalError(error) => SinkError::external(path, error),
            other => SinkError::Encode { path: path.to_owned(), reason: other.to_string() },
        }
    }

    /// An error of Parquet while writing; one of the file system inside it keeps its kind.
    pub(crate) fn parquet(path: &Path, error: ParquetError) -> SinkError {
        match error {
            ParquetError::External(error) => SinkError::external(path, error),
            other => SinkError::Encode { path: path.to_owned(), reason: other.to_string() },
        }
    }

    fn external(path: &Path, error: Box<dyn std::error::Error + Send + Sync>) -> SinkError {
        match error.downcast::<io::Error>() {
            Ok(error) => SinkError::io("write", path, *error),
            Err(error) => SinkError::Encode { path: path.to_owned(), reason: error.to_string() },
        }
    }
}
