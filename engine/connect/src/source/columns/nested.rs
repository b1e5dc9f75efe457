//! Lists and structs, from and to JSON.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringViewArray, new_null_array};
use arrow::compute::concat;
use arrow::datatypes::{DataType, Field, FieldRef};
use arrow::error::ArrowError;
use arrow::json::writer::make_encoder;
use arrow::json::{EncoderOptions, ReaderBuilder};

use super::Texts;

/// A column of a nested type from the cells of column `index`; what is not JSON of that shape becomes NULL.
pub(super) fn column(texts: &Texts, index: usize, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
    let cells: Vec<Option<Vec<u8>>> = texts.json_texts(index).collect();
    if cells.is_empty() {
        return Ok(new_null_array(data_type, 0));
    }
    if let Ok(all) = decode(&cells, data_type) {
        return Ok(all);
    }
    // One cell or more do not fit: find out which.
    let single = |cell: &Option<Vec<u8>>| match cell {
        Some(_) => decode(std::slice::from_ref(cell), data_type).unwrap_or_else(|_| new_null_array(data_type, 1)),
        None => new_null_array(data_type, 1),
    };
    let parts: Vec<ArrayRef> = cells.iter().map(single).collect();
    concat(&parts.iter().map(|p| p.as_ref() as &dyn Array).collect::<Vec<_>>())
}

/// Lists and structs as JSON text, a value a row; NULL stays NULL.
pub(crate) fn json_text(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let field: FieldRef = Arc::new(Field::new_list_field(array.data_type().clone(), true));
    let options = EncoderOptions::default().with_explicit_nulls(true);
    let mut encoder = make_encoder(&field, array.as_ref(), &options)?;
    let mut texts: Vec<Option<String>> = Vec::with_capacity(array.len());
    for row in 0..array.len() {
        if array.is_null(row) {
            texts.push(None);
            continue;
        }
        let mut text = Vec::new();
        encoder.encode(row, &mut text);
        texts.push(Some(String::from_utf8_lossy(&text).into_owned()));
    }
    Ok(Arc::new(texts.into_iter().collect::<StringViewArray>()))
}

fn decode(cells: &[Option<Vec<u8>>], data_type: &DataType) -> Result<ArrayRef, ArrowError> {
    let misfit = || ArrowError::JsonError("not one value a cell".to_string());
    let mut decoder = ReaderBuilder::new_with_field(Arc::new(Field::new_list_field(data_type.clone(), true)))
        .with_batch_size(cells.len())
        .build_decoder()?;
    for (i, cell) in cells.iter().enumerate() {
        let text = cell.as_deref().unwrap_or(b"null");
        // The decoder would take `1 2` for two rows, and `{"a":` with the next cell for one.
        if serde_json::from_slice::<serde::de::IgnoredAny>(text).is_err() {
            return Err(misfit());
        }
        decoder.decode(text)?;
        decoder.decode(b"\n")?;
        if decoder.has_partial_record() || decoder.len() != i + 1 {
            return Err(misfit());
        }
    }
    let batch = decoder.flush()?.ok_or_else(misfit)?;
    let column = batch.columns().first().cloned().ok_or_else(misfit)?;
    if column.len() == cells.len() { Ok(column) } else { Err(misfit()) }
}
