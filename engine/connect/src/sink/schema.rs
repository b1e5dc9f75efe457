//! Whether files that are there have the columns of the rows to append.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use arrow::datatypes::Schema;
use datafusion::parquet::arrow::parquet_to_arrow_schema;

use super::spec::{CsvOptions, Format, type_name};
use super::{SinkError, csv, parquet};

/// The longest header that is looked for.
const MAX_HEADER: u64 = 1 << 20;

/// Refuses a file whose columns are not `schema`'s. NDJSON has none of its own and passes.
///
/// `exactly`: the file's content will be copied, so a Parquet file must have the same physical types too.
pub(crate) fn check(format: &Format, schema: &Schema, path: &Path, exactly: bool) -> Result<(), SinkError> {
    let file = File::open(path).map_err(|e| SinkError::io("open", path, e))?;
    let unreadable = |reason: String| SinkError::Unreadable { path: path.to_owned(), reason };
    let other = |difference: String| SinkError::OtherSchema { path: path.to_owned(), difference };
    match format {
        Format::Parquet(_) => {
            let metadata =
                parquet::metadata(&file).map_err(|e| unreadable(format!("it is no readable Parquet file: {e}")))?;
            let metadata = metadata.file_metadata();
            let found = parquet_to_arrow_schema(metadata.schema_descr(), metadata.key_value_metadata())
                .map_err(|e| unreadable(e.to_string()))?;
            if let Some(difference) = difference(&found, schema) {
                return Err(other(difference));
            }
            if exactly {
                let wanted = parquet::descriptor(schema).map_err(|e| unreadable(e.to_string()))?;
                if metadata.schema_descr().root_schema().get_fields() != wanted.root_schema().get_fields() {
                    return Err(unreadable(
                        "it was written with other Parquet types; load into a folder instead".to_owned(),
                    ));
                }
            }
            Ok(())
        }
        Format::Csv(options, pack) => {
            expect_pack(*pack, path)?;
            if !options.header {
                return Ok(());
            }
            let text = pack.reader(file).map_err(|e| SinkError::io("read", path, e))?;
            let mut line = String::new();
            BufReader::new(text.take(MAX_HEADER))
                .read_line(&mut line)
                .map_err(|e| unreadable(format!("its header cannot be read: {e}")))?;
            let found = columns(options, line.trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r']));
            let mut expected = String::new();
            csv::header(options, schema, &mut expected);
            let expected = columns(options, expected.trim_end_matches('\n'));
            match found.iter().zip(&expected).find(|(a, b)| a != b) {
                Some((found, wanted)) => Err(other(format!("column `{found}` is there where `{wanted}` would be"))),
                None if found.len() != expected.len() => {
                    Err(other(format!("{} columns are there, {} would be", found.len(), expected.len())))
                }
                None => Ok(()),
            }
        }
        Format::Ndjson(pack) => expect_pack(*pack, path),
    }
}

fn expect_pack(pack: super::pack::Pack, path: &Path) -> Result<(), SinkError> {
    let mut head = Vec::new();
    File::open(path).and_then(|f| f.take(4).read_to_end(&mut head)).map_err(|e| SinkError::io("read", path, e))?;
    if head.is_empty() || head.starts_with(pack.magic()) {
        return Ok(());
    }
    let reason = "it is not packed as the load says; set `compression` to what it is".to_owned();
    Err(SinkError::Unreadable { path: path.to_owned(), reason })
}

/// The fields of a header line.
fn columns(options: &CsvOptions, line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut chars = line.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        if c == options.quote {
            if quoted && chars.next_if_eq(&options.quote).is_some() {
                // A doubled quote is one.
            } else {
                quoted = !quoted;
                continue;
            }
        } else if c == options.delimiter && !quoted {
            fields.push(String::new());
            continue;
        }
        if let Some(field) = fields.last_mut() {
            field.push(c);
        }
    }
    fields
}

/// The first difference between two schemas in names, order and types. Whether a column may be NULL does not matter, nor how
/// its values lie in memory.
fn difference(found: &Schema, wanted: &Schema) -> Option<String> {
    for (f, w) in found.fields().iter().zip(wanted.fields()) {
        if f.name() != w.name() {
            return Some(format!("column `{}` is there where `{}` would be", f.name(), w.name()));
        }
        let (ft, wt) = (type_name(f.data_type()), type_name(w.data_type()));
        if ft != wt {
            return Some(format!("column `{}` is {ft} there and {wt} here", f.name()));
        }
    }
    let (found, wanted) = (found.fields(), wanted.fields());
    if let Some(extra) = found.get(wanted.len()) {
        return Some(format!("column `{}` is only there", extra.name()));
    }
    wanted.get(found.len()).map(|missing| format!("column `{}` is only here", missing.name()))
}
