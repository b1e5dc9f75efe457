//! The columns of a program as Arrow has them.

use std::sync::Arc;

use datafusion::arrow::datatypes::{Field, Fields, Schema, SchemaRef};
pub use pipe_types::{UTC, describe, from_arrow, is, to_arrow};

/// The Arrow schema of declared columns; every column may be NULL, `not null` being a rule.
pub fn arrow_schema(columns: &[pipe_check::Column]) -> SchemaRef {
    Arc::new(Schema::new(columns.iter().map(|c| Field::new(&c.name, to_arrow(&c.ty), true)).collect::<Fields>()))
}
