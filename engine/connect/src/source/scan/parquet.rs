//! Parquet: a row group is the unit of work, its pages are decoded by the partition that takes it.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringViewArray, new_null_array};
use arrow::compute::kernels::cmp::not_distinct;
use arrow::compute::{CastOptions, can_cast_types, cast_with_options, nullif};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::Result;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use datafusion::parquet::errors::ParquetError;
use pipe_types::from_arrow;

use super::batch::{constant, file_column, finish, row_column};
use super::plan::Plan;
use crate::source::columns::{Texts, column, json_text};
use crate::source::io::{check_unchanged, open};
use crate::source::{ColumnBinding, FieldSpec, InputFile, Phase, SourceError};

/// Rows that one partition decodes.
pub(crate) struct RowGroup {
    /// The file's index.
    pub file: usize,
    /// Its index in the file.
    pub group: usize,
    /// Number of its first row in the file.
    pub first_row: u64,
    /// The file's footer.
    pub metadata: ArrowReaderMetadata,
}

/// Reads the footer.
pub(crate) fn footer(file: &File, input: &InputFile) -> Result<ArrowReaderMetadata, SourceError> {
    ArrowReaderMetadata::load(file, ArrowReaderOptions::new()).map_err(|e| broken(&e, input))
}

/// The footer for a decoder that leaves texts in the pages they came in and gives views of them, instead of copying each. What such
/// a batch holds on to is whole pages.
pub(crate) fn viewed(metadata: ArrowReaderMetadata) -> ArrowReaderMetadata {
    let view = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View)),
        _ => Arc::clone(field),
    };
    let found = metadata.schema();
    let fields: Vec<_> = found.fields().iter().map(view).collect();
    let schema = Arc::new(Schema::new_with_metadata(fields, found.metadata().clone()));
    let options = ArrowReaderOptions::new().with_schema(schema);
    // What cannot be read so can be read as it is.
    ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options).unwrap_or(metadata)
}

/// What is wrong with a file that cannot be decoded.
pub(crate) fn broken(error: &dyn std::fmt::Display, input: &InputFile) -> SourceError {
    // A file that is being written has no footer yet: that it changed is the better message.
    if let Err(changed) = check_unchanged(input) {
        return changed;
    }
    let message = format!("`{}` is not a Parquet file that can be read: {error}", input.name);
    SourceError::new("data", Phase::Parse, message).in_file(&input.name)
}

/// The rows of a row group, batch by batch.
pub(crate) struct RowGroupReader {
    plan: Arc<Plan>,
    file: usize,
    input: InputFile,
    next_row: u64,
    batches: ParquetRecordBatchReader,
    /// The columns of the batches by their index in the file.
    roots: Vec<usize>,
}

impl RowGroupReader {
    pub(crate) async fn open(plan: &Arc<Plan>, group: RowGroup, batch_size: usize) -> Result<Self, SourceError> {
        let input = plan.files.get(group.file).cloned().ok_or_else(|| unknown_file(plan))?;
        let roots = plan.roots(group.file);
        let mask = ProjectionMask::roots(group.metadata.parquet_schema(), roots.iter().copied());
        let batches = ParquetRecordBatchReaderBuilder::new_with_metadata(open(&input).await?, group.metadata)
            .with_row_groups(vec![group.group])
            .with_projection(mask)
            .with_batch_size(batch_size)
            .build()
            .map_err(|e| broken(&e, &input))?;
        Ok(RowGroupReader {
            plan: Arc::clone(plan),
            file: group.file,
            input,
            next_row: group.first_row,
            batches,
            roots,
        })
    }

    /// The next rows; `None` at the end of the row group.
    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>> {
        match self.batches.next() {
            Some(Ok(batch)) => self.yielded(&batch).map(Some),
            Some(Err(error)) => Err(broken(&error, &self.input).into()),
            None => {
                // Each partition opens the file by its path: another file may have taken its place.
                check_unchanged(&self.input)?;
                Ok(None)
            }
        }
    }

    fn yielded(&mut self, batch: &RecordBatch) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let binding = self.plan.bindings.get(self.file).ok_or_else(|| unknown_file(&self.plan))?;
        let mut columns: Vec<ArrayRef> = Vec::new();
        let mut raw: Vec<ArrayRef> = Vec::new();
        for (index, field) in &self.plan.columns {
            let found = match binding.columns.get(*index) {
                Some(ColumnBinding::Column(root)) => {
                    self.roots.iter().position(|r| r == root).and_then(|place| batch.columns().get(place))
                }
                _ => None,
            };
            let (typed, text) = match (found, binding.columns.get(*index)) {
                (Some(found), _) => convert(found, field)?,
                (None, Some(ColumnBinding::Partition(value))) => {
                    let (typed, text) = constant(value, field, rows)?;
                    (typed, Some(text))
                }
                _ => (new_null_array(&field.data_type, rows), None),
            };
            columns.push(typed);
            if self.plan.projection.raw && !field.is_text() {
                raw.push(text.unwrap_or_else(|| new_null_array(&DataType::Utf8View, rows)));
            }
        }
        let projection = &self.plan.projection;
        if projection.file {
            columns.push(file_column(&self.plan, self.file, rows)?);
        }
        if projection.line {
            columns.push(row_column(self.next_row + 1, rows));
        }
        if projection.row {
            columns.push(row_column(self.next_row, rows));
        }
        for wanted in [projection.bad, projection.record] {
            if wanted {
                columns.push(new_null_array(&DataType::Utf8, rows));
            }
        }
        self.next_row += rows as u64;
        finish(&self.plan, columns, raw, rows)
    }
}

fn unknown_file(plan: &Plan) -> SourceError {
    SourceError::new("internal", Phase::Read, format!("source `{}` has no such file", plan.source))
}

/// A column as the target wants it. Where the types differ and values may not convert, also its text.
fn convert(found: &ArrayRef, field: &FieldSpec) -> Result<(ArrayRef, Option<ArrayRef>), ArrowError> {
    let (from, to) = (found.data_type(), &field.data_type);
    if from == to {
        return Ok((Arc::clone(found), None));
    }
    let safe = CastOptions { safe: true, ..CastOptions::default() };
    let same = from_arrow(from).is_some_and(|ty| ty == field.ty);
    if same && can_cast_types(from, to) {
        return Ok((cast_with_options(found, to, &safe)?, None));
    }
    if field.is_text() {
        let text = text(found)?;
        return Ok((cast_with_options(&text, to, &safe)?, None));
    }
    let text = text(found)?;
    let is_text = matches!(from, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..));
    if is_text || !can_cast_types(from, to) || !can_cast_types(to, from) || from.is_nested() || to.is_nested() {
        let texts = Texts::from_strings(text.as_string_view());
        return Ok((column(&texts, 0, field)?, Some(text)));
    }
    // A value converts when it comes back the same: `1.0` to `int`, but not `1.5`.
    let there = cast_with_options(found, to, &safe)?;
    let back = cast_with_options(&there, from, &safe)?;
    let same = not_distinct(&back, found)?;
    let lost = arrow::compute::not(&same)?;
    Ok((nullif(&there, &lost)?, Some(text)))
}

/// The values as text: JSON for lists and objects.
fn text(found: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    if found.data_type().is_nested() {
        return json_text(found);
    }
    if can_cast_types(found.data_type(), &DataType::Utf8View)
        && !matches!(found.data_type(), DataType::Binary | DataType::BinaryView)
    {
        return cast_with_options(found, &DataType::Utf8View, &CastOptions { safe: true, ..CastOptions::default() });
    }
    let format = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(found.as_ref(), &format)?;
    let texts = (0..found.len()).map(|i| found.is_valid(i).then(|| formatter.value(i).to_string()));
    Ok(Arc::new(texts.collect::<StringViewArray>()))
}

/// The first rows of a file as text, column by column: evidence for renames.
pub(crate) fn sample(
    file: File,
    metadata: ArrowReaderMetadata,
    rows: usize,
    input: &InputFile,
) -> Result<Vec<Vec<String>>, SourceError> {
    let failed = |e: &dyn std::fmt::Display| broken(e, input);
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
        .with_limit(rows)
        .build()
        .map_err(|e: ParquetError| failed(&e))?;
    let mut samples: Vec<Vec<String>> = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|e| failed(&e))?;
        samples.resize(batch.num_columns(), Vec::new());
        for (column, sample) in batch.columns().iter().zip(&mut samples) {
            let texts = text(column).map_err(|e| failed(&e))?;
            sample.extend(texts.as_string_view().iter().flatten().map(str::to_string));
        }
    }
    Ok(samples)
}
