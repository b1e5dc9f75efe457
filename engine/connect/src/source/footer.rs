//! What the footers of Parquet files say of their rows, without a row being read.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt64Array};
use arrow::compute::concat;
use arrow::datatypes::DataType;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, ScalarValue};
use datafusion::parquet::arrow::arrow_reader::ArrowReaderMetadata;
use datafusion::parquet::arrow::arrow_reader::statistics::StatisticsConverter;

use super::io::{check_unchanged, open_blocking};
use super::scan::parquet::footer;
use super::{Bound, ColumnBinding, FieldSpec, InputFile, SourceError};

/// The footers of the files of a source. Statistics are given where all files have them, and are exact: least and greatest values of
/// whole numbers, decimals, dates and times alone. Those of floats say nothing of NaN, those of texts may be cut.
#[derive(Debug)]
pub struct Footers {
    /// Each with the names that the columns read from it have in the file.
    files: Vec<(ArrowReaderMetadata, BTreeMap<String, String>)>,
    groups: usize,
}

impl Footers {
    /// Reads the footers of Parquet files, as bound to `target`; files without a byte have no rows.
    ///
    /// # Errors
    /// A file that cannot be opened or is no Parquet file.
    pub async fn read(files: &[InputFile], bound: &Bound, target: &[FieldSpec]) -> Result<Footers, SourceError> {
        let files: Vec<_> = files.iter().cloned().zip(bound.files.iter().map(|b| b.columns.clone())).collect();
        let names: Vec<String> = target.iter().map(|f| f.name.clone()).collect();
        let look = move || {
            let mut found = Vec::with_capacity(files.len());
            for (input, columns) in files.iter().filter(|(f, _)| f.size > 0) {
                let opened = open_blocking(input)?;
                check_unchanged(input)?;
                let footer = footer(&opened, input)?;
                let there = |binding: &ColumnBinding| match binding {
                    ColumnBinding::Column(root) => footer.schema().fields().get(*root).map(|f| f.name().clone()),
                    _ => None,
                };
                let bound = names.iter().zip(columns).filter_map(|(name, b)| Some((name.clone(), there(b)?)));
                let bound = bound.collect();
                found.push((footer, bound));
            }
            let groups = |(f, _): &(ArrowReaderMetadata, _)| f.metadata().num_row_groups();
            Ok(Footers { groups: found.iter().map(groups).sum(), files: found })
        };
        let internal = |e| SourceError::new("internal", super::Phase::Read, format!("reading footers failed: {e}"));
        tokio::task::spawn_blocking(look).await.map_err(internal)?
    }

    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        let rows = |f: &ArrowReaderMetadata| u64::try_from(f.metadata().file_metadata().num_rows()).unwrap_or(0);
        self.files.iter().map(|(f, _)| rows(f)).sum()
    }

    /// How many rows of a column are NULL; `None`: not said.
    pub fn nulls(&self, column: &str) -> Option<u64> {
        let counts = self.null_counts(&Column::new_unqualified(column))?;
        let counts = counts.as_any().downcast_ref::<UInt64Array>()?;
        (counts.null_count() == 0).then(|| counts.values().iter().sum())
    }

    /// The least and the greatest value of a column, NULL where it has none; `None`: not said.
    pub fn bounds(&self, column: &str) -> Option<(ScalarValue, ScalarValue)> {
        let column = Column::new_unqualified(column);
        let (least, greatest) = (self.min_values(&column)?, self.max_values(&column)?);
        let nulls = self.null_counts(&column)?;
        let nulls = nulls.as_any().downcast_ref::<UInt64Array>()?.clone();
        let rows = self.group_rows();
        let (mut low, mut high) =
            (ScalarValue::try_from(least.data_type()).ok()?, ScalarValue::try_from(greatest.data_type()).ok()?);
        for group in 0..self.groups {
            if nulls.is_null(group) || least.is_null(group) != greatest.is_null(group) {
                return None;
            }
            if least.is_null(group) {
                // Bounds are not there because no value is, or because they were not written.
                if rows.get(group) != Some(&nulls.value(group)) {
                    return None;
                }
                continue;
            }
            let (l, g) =
                (ScalarValue::try_from_array(&least, group).ok()?, ScalarValue::try_from_array(&greatest, group).ok()?);
            if low.is_null() || l < low {
                low = l;
            }
            if high.is_null() || g > high {
                high = g;
            }
        }
        Some((low, high))
    }

    fn group_rows(&self) -> Vec<u64> {
        let groups = self.files.iter().flat_map(|(f, _)| f.metadata().row_groups());
        groups.map(|g| u64::try_from(g.num_rows()).unwrap_or(0)).collect()
    }

    /// Something of a column in all row groups.
    fn of(
        &self,
        column: &Column,
        exact: bool,
        get: impl Fn(&StatisticsConverter<'_>, &ArrowReaderMetadata) -> Option<ArrayRef>,
    ) -> Option<ArrayRef> {
        let mut parts = Vec::with_capacity(self.files.len());
        for (file, names) in &self.files {
            let (schema, name) = (file.schema(), names.get(&column.name)?);
            if exact && !ordered(schema.field_with_name(name).ok()?.data_type()) {
                return None;
            }
            let converter = StatisticsConverter::try_new(name, schema, file.parquet_schema()).ok()?;
            parts.push(get(&converter.with_missing_null_counts_as_zero(false), file)?);
        }
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        concat(&parts).ok()
    }
}

/// Whether the bounds of a type are exact, and are of all its values.
fn ordered(ty: &DataType) -> bool {
    ty.is_integer()
        || matches!(
            ty,
            DataType::Decimal128(..)
                | DataType::Date32
                | DataType::Date64
                | DataType::Timestamp(..)
                | DataType::Time32(_)
                | DataType::Time64(_)
        )
}

impl PruningStatistics for Footers {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.of(column, true, |c, file| c.row_group_mins(file.metadata().row_groups()).ok())
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.of(column, true, |c, file| c.row_group_maxes(file.metadata().row_groups()).ok())
    }

    fn num_containers(&self) -> usize {
        self.groups
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        let counts = |c: &StatisticsConverter<'_>, file: &ArrowReaderMetadata| {
            let counts = c.row_group_null_counts(file.metadata().row_groups()).ok()?;
            Some(Arc::new(counts) as ArrayRef)
        };
        self.of(column, false, counts)
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(UInt64Array::from(self.group_rows())))
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<arrow::array::BooleanArray> {
        None
    }
}
