//! The shape of a Parquet file from its footer.

use pipe_schema::Type;
use pipe_types::from_arrow;

use super::{Finding, FindingKind, FoundColumn, Shape, names};
use crate::source::io::{check_unchanged, open_blocking};
use crate::source::scan::parquet;
use crate::source::{InputFile, SourceError};

/// Rows looked at.
const SAMPLE: usize = 1_000;

pub(super) fn shape(file: usize, input: &InputFile) -> Result<Shape, SourceError> {
    let mut shape = Shape::default();
    if input.size == 0 {
        let message = format!("`{}` is empty: it has no footer and no rows", input.name);
        return Ok(shape.with(Finding { file, kind: FindingKind::Empty, message }));
    }
    let opened = open_blocking(input)?;
    check_unchanged(input)?;
    let footer = parquet::footer(&opened, input)?;
    let rows = footer.metadata().file_metadata().num_rows();
    shape.sampled = u64::try_from(rows).unwrap_or(0);
    if shape.sampled == 0 {
        let message = format!("`{}` has columns and no rows", input.name);
        shape.findings.push(Finding { file, kind: FindingKind::HeaderOnly, message });
    }
    let schema = std::sync::Arc::clone(footer.schema());
    let mut samples = parquet::sample(opened, footer, SAMPLE, input)?.into_iter();
    let headers: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
    let names = names(file, input, &headers, &mut shape.findings);
    shape.columns = schema
        .fields()
        .iter()
        .zip(names)
        .map(|(field, name)| FoundColumn {
            name,
            header: field.name().clone(),
            ty: from_arrow(field.data_type()).unwrap_or(Type::Text),
            partition: false,
            samples: samples.next().unwrap_or_default(),
        })
        .collect();
    Ok(shape)
}
