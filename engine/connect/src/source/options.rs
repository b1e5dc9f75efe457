//! The keys of a source, as the readers want them.

use std::collections::BTreeSet;

use encoding_rs::Encoding;

use super::io::{Compression, Packing};
use super::{Phase, SourceError, SourceSpec};

/// A longer field or object breaks its record, unless the program says otherwise.
const DEFAULT_LARGEST: usize = 16 << 20;
/// The program may not say more: offsets into a chunk have 29 bits, and a record may have four such fields.
const LARGEST: usize = 64 << 20;

/// The formats there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// CSV and TSV.
    Csv,
    /// Objects, one a line.
    Ndjson,
    /// An array of objects, or objects one after the other.
    Json,
    /// Parquet.
    Parquet,
}

impl Format {
    /// The format of a source.
    pub(crate) fn of(spec: &SourceSpec) -> Result<Format, SourceError> {
        match spec.connector.as_str() {
            "csv" | "tsv" => Ok(Format::Csv),
            "ndjson" => Ok(Format::Ndjson),
            "json" => Ok(Format::Json),
            "parquet" => Ok(Format::Parquet),
            other => Err(config(spec, format!("`{other}` is not a format of files"))),
        }
    }
}

/// What CSV means in a source.
#[derive(Clone, Debug)]
pub(crate) struct Dialect {
    pub header: bool,
    pub delimiter: u8,
    /// `None`: quotes are nothing special.
    pub quote: Option<u8>,
    /// Beside the doubled quote.
    pub escape: Option<u8>,
    pub comment: Option<u8>,
    pub skip_lines: usize,
    pub trim: bool,
    /// Unquoted texts that are NULL.
    pub nulls: BTreeSet<Vec<u8>>,
    /// Whether a quoted value may hold line ends.
    pub newlines_in_values: bool,
    /// A record with a longer field is broken.
    pub max_field: usize,
    /// A longer record is broken: what is held in memory has a bound.
    pub max_record: usize,
    /// The line end: `\n` with an optional `\r` before it, or `\r` alone in files that have no `\n`.
    pub newline: u8,
}

impl Default for Dialect {
    fn default() -> Self {
        Dialect {
            header: true,
            delimiter: b',',
            quote: Some(b'"'),
            escape: None,
            comment: None,
            skip_lines: 0,
            trim: false,
            nulls: BTreeSet::from([Vec::new()]),
            newlines_in_values: true,
            max_field: DEFAULT_LARGEST,
            max_record: record_of(DEFAULT_LARGEST),
            newline: b'\n',
        }
    }
}

impl Dialect {
    /// From the keys of a source.
    pub(crate) fn of(spec: &SourceSpec) -> Result<Dialect, SourceError> {
        let keys = &spec.config;
        let mut dialect = Dialect::default();
        if spec.connector == "tsv" {
            dialect.delimiter = b'\t';
        }
        if keys.values.contains_key("header") {
            dialect.header = keys.bool("header");
        }
        if let Some(delimiter) = one_byte(spec, "delimiter")? {
            dialect.delimiter = delimiter;
        }
        if keys.values.contains_key("quote") {
            dialect.quote = one_byte(spec, "quote")?;
        }
        dialect.escape = one_byte(spec, "escape")?.filter(|e| Some(*e) != dialect.quote);
        dialect.comment = one_byte(spec, "comment")?;
        dialect.skip_lines = keys.integer("skip_lines").and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        dialect.trim = keys.bool("trim");
        if keys.values.contains_key("null") {
            dialect.nulls = keys.list("null").iter().map(|s| s.as_bytes().to_vec()).collect();
            dialect.nulls.extend(keys.text("null").map(|s| s.as_bytes().to_vec()));
        }
        if keys.values.contains_key("newlines_in_values") {
            dialect.newlines_in_values = keys.bool("newlines_in_values");
        }
        dialect.max_field = largest(spec, "max_field")?;
        dialect.max_record = record_of(dialect.max_field);
        let special = [Some(dialect.delimiter), dialect.quote, dialect.escape, dialect.comment];
        for (i, a) in special.iter().enumerate() {
            let line_end = matches!(a, Some(b'\n' | b'\r'));
            if line_end || (a.is_some() && special.iter().skip(i + 1).any(|b| a == b)) {
                return Err(config(
                    spec,
                    "`delimiter`, `quote`, `escape` and `comment` must be different characters, none of them a line end",
                ));
            }
        }
        Ok(dialect)
    }
}

/// The bytes to text part of the keys.
pub(crate) fn packing(spec: &SourceSpec) -> Result<Packing, SourceError> {
    let mut packing = Packing::default();
    match spec.config.text("compression") {
        None | Some("auto") => {}
        Some(word) => match Compression::from_word(word) {
            Some(compression) => packing.compression = Some(compression),
            None => return Err(config(spec, format!("`compression` cannot be `{word}`"))),
        },
    }
    if let Some(label) = spec.config.text("encoding") {
        packing.encoding = match label.to_ascii_lowercase().as_str() {
            "utf8" | "utf-8" => encoding_rs::UTF_8,
            "utf-16" | "utf16" => encoding_rs::UTF_16LE,
            other => Encoding::for_label(other.as_bytes())
                // Decodes everything to one replacement character: nothing can be read with it.
                .filter(|e| *e != encoding_rs::REPLACEMENT)
                .ok_or_else(|| {
                    config(spec, format!("unknown encoding `{label}`; known are `utf-8`, `latin-1`, `utf-16`, `windows-1252` and the others of the web"))
                })?,
        };
    }
    if let Some(bytes) = spec.config.integer("max_decompressed").and_then(|n| u64::try_from(n).ok()) {
        packing.max_decompressed = bytes;
    }
    Ok(packing)
}

/// The longest record of fields that are not too long: a few such fields and many short ones.
pub(crate) fn record_of(max_field: usize) -> usize {
    max_field.saturating_mul(4).saturating_add(1 << 20)
}

/// A bound on fields or records, in bytes.
pub(crate) fn largest(spec: &SourceSpec, key: &str) -> Result<usize, SourceError> {
    let Some(given) = spec.config.integer(key) else { return Ok(DEFAULT_LARGEST) };
    match usize::try_from(given) {
        Ok(n) if (1..=LARGEST).contains(&n) => Ok(n),
        _ => Err(config(spec, format!("`{key}` must be from 1 byte to 64MiB"))),
    }
}

fn one_byte(spec: &SourceSpec, key: &str) -> Result<Option<u8>, SourceError> {
    let Some(text) = spec.config.text(key) else { return Ok(None) };
    match text.as_bytes() {
        [] => Ok(None),
        [byte] if byte.is_ascii() => Ok(Some(*byte)),
        // As people write a tab where escapes are not read.
        b"\\t" => Ok(Some(b'\t')),
        _ => Err(config(spec, format!("`{key}` must be one ASCII character, not `{text}`"))),
    }
}

fn config(spec: &SourceSpec, message: impl AsRef<str>) -> SourceError {
    SourceError::new("config", Phase::Connect, format!("source `{}`: {}", spec.name, message.as_ref()))
}

#[cfg(test)]
mod tests {
    /// A key that is declared and not read here would be accepted and ignored.
    #[test]
    fn every_declared_key_is_read() {
        let csv = [
            "header",
            "delimiter",
            "quote",
            "escape",
            "null",
            "encoding",
            "comment",
            "newlines_in_values",
            "trim",
            "skip_lines",
            "max_field",
            "compression",
            "max_decompressed",
            "partitioned",
        ];
        let json = ["max_record", "compression", "max_decompressed", "partitioned"];
        for (connector, read) in
            [("csv", &csv[..]), ("tsv", &csv), ("json", &json), ("ndjson", &json), ("parquet", &["partitioned"])]
        {
            let declared = pipe_schema::connector(connector).map(|c| c.source_keys).unwrap();
            let names: Vec<_> = declared.iter().map(|k| k.name).collect();
            assert_eq!(names, read, "{connector}");
        }
    }
}
