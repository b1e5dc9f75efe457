//! What all threads of a scan share and nobody changes.

use std::sync::Arc;

use arrow::array::StringArray;
use arrow::datatypes::SchemaRef;

use super::{Parts, Projection};
use crate::source::io::Packing;
use crate::source::json::Keys;
use crate::source::options::{self, Dialect, Format};
use crate::source::{Bound, ColumnBinding, FieldSpec, FileBinding, InputFile, Phase, SourceError, SourceSpec};

/// A scan, checked.
#[derive(Debug)]
pub(crate) struct Plan {
    pub source: String,
    pub format: Format,
    pub dialect: Dialect,
    pub packing: Packing,
    /// A longer JSON object is broken.
    pub max_record: usize,
    pub files: Vec<InputFile>,
    pub bindings: Vec<FileBinding>,
    /// The JSON keys read of each file.
    pub keys: Vec<Keys>,
    /// The columns yielded, with their index in the target.
    pub columns: Vec<(usize, FieldSpec)>,
    pub projection: Projection,
    pub schema: SchemaRef,
    /// Whether Parquet files are read to their last byte, to know their hash.
    pub hashed: bool,
    /// Whether texts of Parquet files are views of the pages they came in; else each batch has a copy of its own.
    pub views: bool,
    /// What is read of the files; `None`: all.
    pub parts: Option<Parts>,
    /// All file names: the values of [`crate::source::meta::FILE`].
    pub names: Arc<StringArray>,
}

impl Plan {
    pub(crate) fn try_new(
        spec: &SourceSpec,
        files: Vec<InputFile>,
        bound: &Bound,
        target: &[FieldSpec],
        projection: Projection,
    ) -> Result<Plan, SourceError> {
        let format = Format::of(spec)?;
        let unfit =
            |what: &str| SourceError::new("internal", Phase::Connect, format!("source `{}`: {what}", spec.name));
        if bound.files.len() != files.len() {
            return Err(unfit("the binding is of other files"));
        }
        if bound.files.iter().any(|b| b.columns.len() != target.len()) {
            return Err(unfit("the binding is of other columns"));
        }
        let columns: Option<Vec<_>> =
            projection.columns.iter().map(|&i| target.get(i).map(|field| (i, field.clone()))).collect();
        let columns = columns.ok_or_else(|| unfit("the projection has a column that is not there"))?;
        Ok(Plan {
            source: spec.name.clone(),
            format,
            dialect: Dialect::of(spec)?,
            packing: options::packing(spec)?,
            max_record: options::largest(spec, "max_record")?,
            keys: bound.files.iter().map(keys).collect(),
            names: Arc::new(StringArray::from_iter_values(files.iter().map(|f| &f.name))),
            bindings: bound.files.clone(),
            files,
            columns,
            schema: projection.schema(target),
            projection,
            hashed: true,
            views: true,
            parts: None,
        })
    }
}

impl Plan {
    /// The columns of a file that are read, by their index in it, in order.
    pub(crate) fn roots(&self, file: usize) -> Vec<usize> {
        let bound = self.bindings.get(file).map(|b| b.columns.as_slice()).unwrap_or_default();
        let root = |(i, _): &(usize, FieldSpec)| match bound.get(*i) {
            Some(ColumnBinding::Column(root)) => Some(*root),
            _ => None,
        };
        let mut roots: Vec<usize> = self.columns.iter().filter_map(root).collect();
        roots.sort_unstable();
        roots.dedup();
        roots
    }
}

/// The keys of a binding, in the order of the target.
fn keys(binding: &FileBinding) -> Keys {
    Keys::new(binding.columns.iter().filter_map(|b| match b {
        ColumnBinding::Key(name) => Some(name.as_str()),
        _ => None,
    }))
}
