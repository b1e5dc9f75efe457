//! Rows that were kept, read again as a scan would read them: the texts of cells, the texts of records.

use arrow::array::{ArrayRef, RecordBatch, StringViewArray};
use arrow::datatypes::SchemaRef;
use datafusion::error::Result;

use super::chunk::Chunker;
use super::columns::{Texts, column};
use super::csv::CsvChunker;
use super::json::{self, JsonChunker};
use super::options::{Dialect, Format};
use super::scan::{Place, Plan, Projection, split, text_batch};
use super::{Bound, FieldSpec, InputFile, SourceError, SourceSpec};

/// The texts of a column's cells, converted as a scan does: what does not convert is NULL.
///
/// # Errors
/// A column too large for Arrow.
pub fn cells(texts: &StringViewArray, field: &FieldSpec) -> Result<ArrayRef> {
    Ok(column(&Texts::from_strings(texts), 0, field)?)
}

/// Reads single records of the files of a source.
#[derive(Debug)]
pub struct Records {
    plan: Plan,
}

impl Records {
    /// For records of `files` as bound to `target`.
    ///
    /// # Errors
    /// As [`super::ScanExec::try_new`].
    pub fn try_new(
        spec: &SourceSpec,
        files: Vec<InputFile>,
        bound: &Bound,
        target: &[FieldSpec],
    ) -> Result<Self, SourceError> {
        let plan = Plan::try_new(spec, files, bound, target, Projection::all(target.len()))?;
        Ok(Self { plan })
    }

    /// The columns of a record: those of a scan with [`Projection::all`].
    pub fn schema(&self) -> SchemaRef {
        self.plan.schema.clone()
    }

    /// The row of one record of a file, broken or not; its line and row are 1 and 0. `None` when the text is not one record, or the format has no texts.
    ///
    /// # Errors
    /// A column too large for Arrow.
    pub fn read(&self, file: usize, text: &str) -> Result<Option<RecordBatch>> {
        let plan = &self.plan;
        // The text is all there is: no header before it, and all of it in one chunk.
        let dialect = Dialect { header: false, skip_lines: 0, ..plan.dialect.clone() };
        let size = text.len() + 1;
        let mut chunker: Box<dyn Chunker> = match plan.format {
            Format::Csv => Box::new(CsvChunker::new(dialect, file, size)),
            Format::Ndjson => Box::new(json::lines(file, plan.max_record, size)),
            Format::Json => Box::new(JsonChunker::new(file, plan.max_record, size)),
            Format::Parquet => return Ok(None),
        };
        let mut rest = text.as_bytes();
        let (Some(mut chunk), None) = (chunker.next(&mut rest)?, chunker.next(&mut rest)?) else { return Ok(None) };
        let (cells, _) = split(plan, &chunk);
        if chunk.rows != 1 || cells.rows.len() != 1 {
            return Ok(None);
        }
        let texts = Texts::new(std::mem::take(&mut chunk.text), cells, plan.format != Format::Csv);
        text_batch(plan, &texts, &Place { file, first_row: 0, first_line: 1 }).map(Some)
    }
}
