//! What a load writes, where and how.

use std::path::{Path, PathBuf};

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::parquet::basic::{Compression, GzipLevel, ZstdLevel};
use pipe_schema::Config;

use super::SinkError;
use super::pack::Pack;

/// A load's target and form.
#[derive(Clone, Debug)]
pub struct SinkSpec {
    /// `parquet`, `csv`, `tsv`, `ndjson`.
    pub connector: String,
    /// Where the rows go.
    pub target: Target,
    /// The load's keys. A key that is missing has its default, so that the engine's own files need none.
    pub config: Config,
    /// The columns, in order.
    pub schema: SchemaRef,
    /// The batch: part of every file's name.
    pub batch_id: String,
    /// For a target of one file that is appended to: the file as it is. Filled by [`super::prepare`].
    pub base: Option<PathBuf>,
}

/// One file, or a folder of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file.
    File(PathBuf),
    /// A folder.
    Folder(PathBuf),
}

impl Target {
    /// A locator with an extension is one file, else a folder; what is partitioned is always a folder.
    pub fn of(path: &Path, partitioned: bool) -> Target {
        if path.extension().is_some() && !partitioned {
            Target::File(path.to_owned())
        } else {
            Target::Folder(path.to_owned())
        }
    }

    /// The file or folder.
    pub fn path(&self) -> &Path {
        match self {
            Target::File(path) | Target::Folder(path) => path,
        }
    }
}

/// The form of a file, keys read.
#[derive(Clone, Debug)]
pub(crate) enum Format {
    Parquet(ParquetOptions),
    Csv(CsvOptions, Pack),
    Ndjson(Pack),
}

/// Keys of Parquet.
#[derive(Clone, Debug)]
pub(crate) struct ParquetOptions {
    pub(crate) compression: Compression,
    pub(crate) row_group_rows: usize,
}

/// Keys of CSV and TSV.
#[derive(Clone, Debug)]
pub(crate) struct CsvOptions {
    pub(crate) delimiter: char,
    pub(crate) quote: char,
    pub(crate) null: String,
    pub(crate) header: bool,
}

impl Format {
    /// Reads the keys, and refuses columns that the format cannot hold.
    pub(crate) fn of(spec: &SinkSpec) -> Result<Format, SinkError> {
        let config = &spec.config;
        let format = match spec.connector.as_str() {
            "parquet" => Format::Parquet(ParquetOptions {
                compression: parquet_compression(config.text("compression").unwrap_or("snappy"))?,
                row_group_rows: config
                    .integer("row_group_size")
                    .and_then(|n| usize::try_from(n).ok())
                    .filter(|n| *n > 0)
                    .unwrap_or(1 << 20),
            }),
            "csv" => Format::Csv(csv_options(config, ',')?, Pack::of(spec)?),
            "tsv" => Format::Csv(csv_options(config, '\t')?, Pack::of(spec)?),
            "ndjson" => Format::Ndjson(Pack::of(spec)?),
            other => return Err(SinkError::Connector(other.to_owned())),
        };
        if let Format::Csv(..) = format
            && let Some(field) = spec.schema.fields().iter().find(|f| !is_flat(f.data_type()))
        {
            let (column, ty) = (field.name().clone(), type_name(field.data_type()));
            return Err(SinkError::Unsupported { column, ty, format: "delimited text" });
        }
        Ok(format)
    }

    /// What files of this form are called: `csv.gz`.
    pub(crate) fn extension(&self, connector: &str) -> String {
        match self {
            Format::Parquet(_) => "parquet".to_owned(),
            Format::Csv(_, pack) | Format::Ndjson(pack) => format!("{connector}{}", pack.suffix()),
        }
    }
}

fn parquet_compression(word: &str) -> Result<Compression, SinkError> {
    Ok(match word {
        // Measured on a million orders of eight columns: level 1 takes a third more of the writer's time than snappy and makes
        // files a third smaller; level 3 takes a third more again and makes them no smaller.
        "zstd" => Compression::ZSTD(ZstdLevel::default()),
        "snappy" => Compression::SNAPPY,
        "gzip" => Compression::GZIP(GzipLevel::default()),
        "lz4" => Compression::LZ4_RAW,
        "none" => Compression::UNCOMPRESSED,
        other => {
            let reason = "it is one of zstd, snappy, gzip, lz4, none";
            return Err(SinkError::Config { key: "compression", value: other.to_owned(), reason });
        }
    })
}

fn csv_options(config: &Config, delimiter: char) -> Result<CsvOptions, SinkError> {
    let options = CsvOptions {
        delimiter: one_char(config, "delimiter")?.unwrap_or(delimiter),
        quote: one_char(config, "quote")?.unwrap_or('"'),
        null: config.text("null").unwrap_or_default().to_owned(),
        header: !config.values.contains_key("header") || config.bool("header"),
    };
    if options.delimiter == options.quote {
        let reason = "it is the quote too";
        return Err(SinkError::Config { key: "delimiter", value: options.delimiter.to_string(), reason });
    }
    // NULL is told from text by not being quoted, so it must be writable without quotes.
    let special = |c: char| c == options.delimiter || c == options.quote || c == '\n' || c == '\r';
    if options.null.contains(special) {
        let reason = "it holds a delimiter, a quote or a line break";
        return Err(SinkError::Config { key: "null", value: options.null, reason });
    }
    Ok(options)
}

fn one_char(config: &Config, key: &'static str) -> Result<Option<char>, SinkError> {
    let Some(text) = config.text(key) else { return Ok(None) };
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some('\n' | '\r'), None) => {
            Err(SinkError::Config { key, value: text.escape_debug().to_string(), reason: "it ends lines" })
        }
        (Some(c), None) => Ok(Some(c)),
        _ => Err(SinkError::Config { key, value: text.to_owned(), reason: "it must be one character" }),
    }
}

/// Whether a value of the type is one text.
fn is_flat(ty: &DataType) -> bool {
    match ty {
        DataType::Dictionary(_, value) => is_flat(value),
        DataType::RunEndEncoded(_, value) => is_flat(value.data_type()),
        other => !other.is_nested(),
    }
}

/// A type as the language names it, where it does.
pub(crate) fn type_name(ty: &DataType) -> String {
    pipe_types::describe(ty)
}
