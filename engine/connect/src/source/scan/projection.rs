//! Which columns a scan yields.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};

use crate::source::{FieldSpec, meta};

/// Which columns a scan yields. What is not asked for is not built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projection {
    /// Indexes of target columns, in the order they are yielded.
    pub columns: Vec<usize>,
    /// [`meta::FILE`]
    pub file: bool,
    /// [`meta::LINE`]
    pub line: bool,
    /// [`meta::ROW`]
    pub row: bool,
    /// [`meta::BAD`]
    pub bad: bool,
    /// [`meta::RECORD`]
    pub record: bool,
    /// [`meta::RAW`], of the yielded columns that are not text.
    pub raw: bool,
}

impl Projection {
    /// All of `columns` target columns and all meta columns.
    pub fn all(columns: usize) -> Self {
        Projection {
            columns: (0..columns).collect(),
            file: true,
            line: true,
            row: true,
            bad: true,
            record: true,
            raw: true,
        }
    }

    /// All of `columns` target columns and no meta column.
    pub fn data(columns: usize) -> Self {
        Projection {
            columns: (0..columns).collect(),
            file: false,
            line: false,
            row: false,
            bad: false,
            record: false,
            raw: false,
        }
    }

    /// The schema a scan with this projection yields: data columns, then the meta columns in the order of [`meta::ALL`].
    pub fn schema(&self, target: &[FieldSpec]) -> SchemaRef {
        let mut fields: Vec<Field> = Vec::with_capacity(self.columns.len() + meta::ALL.len());
        let yielded = || self.columns.iter().filter_map(|&i| target.get(i));
        fields.extend(yielded().map(|f| Field::new(&f.name, f.data_type.clone(), true)));
        if self.file {
            let ty = DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8));
            fields.push(Field::new(meta::FILE, ty, false));
        }
        if self.line {
            fields.push(Field::new(meta::LINE, DataType::UInt64, false));
        }
        if self.row {
            fields.push(Field::new(meta::ROW, DataType::UInt64, false));
        }
        if self.bad {
            fields.push(Field::new(meta::BAD, DataType::Utf8, true));
        }
        if self.record {
            fields.push(Field::new(meta::RECORD, DataType::Utf8, true));
        }
        if self.raw {
            let raw: Fields =
                yielded().filter(|f| !f.is_text()).map(|f| Field::new(&f.name, DataType::Utf8View, true)).collect();
            fields.push(Field::new(meta::RAW, DataType::Struct(raw), false));
        }
        Arc::new(Schema::new(fields))
    }
}
