//! What a load of text files has written, as a table again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use crate::source::{FieldSpec, InputFile, Phase, RawTable, SourceError, SourceSpec, bind, discover};

use super::SinkSpec;

/// The rows of published files of CSV, TSV or NDJSON, with the columns of the sink first. Keys of the sink mean to the reader
/// what they meant to the writer.
///
/// # Errors
/// A file cannot be read.
pub async fn written(spec: &SinkSpec, paths: Vec<PathBuf>) -> Result<RawTable, SourceError> {
    let files = paths.into_iter().map(input).collect::<Result<Vec<_>, _>>()?;
    let mut config = spec.config.clone();
    // Files say themselves how they are packed.
    config.values.retain(|key, _| ["delimiter", "quote", "null", "header"].contains(key));
    let field = |f: &arrow::datatypes::FieldRef| Some(FieldSpec::new(f.name(), pipe_types::from_arrow(f.data_type())?));
    let target: Vec<FieldSpec> = spec.schema.fields().iter().filter_map(field).collect();
    let source = SourceSpec {
        name: spec.target.path().display().to_string(),
        connector: spec.connector.clone(),
        root: PathBuf::new(),
        locator: String::new(),
        config,
        declared: Some(target.clone()),
    };
    let found = discover(&source, &files).await?;
    let bound = bind(&source, &found, &target, &BTreeMap::new());
    Ok(RawTable::bound(source, files, bound, target))
}

fn input(path: PathBuf) -> Result<InputFile, SourceError> {
    let name = path.display().to_string();
    let told = |e: std::io::Error| SourceError::io(&e, Phase::List, &name);
    let meta = std::fs::metadata(&path).map_err(told)?;
    let modified = meta.modified().map_err(told)?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let location = std::path::absolute(&path).map_err(told)?;
    let modified_ns = i64::try_from(modified.as_nanos()).unwrap_or(0);
    Ok(InputFile { name: name.clone(), location, size: meta.len(), modified_ns, partitions: Vec::new() })
}
