//! The columns of a program as Arrow has them.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
pub use pipe_types::{UTC, describe, from_arrow, is, to_arrow};

/// A table's columns with the flags of those that its clauses may fill behind them.
pub fn with_flags(schema: &SchemaRef, program: &pipe_check::Program, table: &str) -> SchemaRef {
    let flags = flags(schema, program, table);
    if flags.is_empty() {
        return Arc::clone(schema);
    }
    let flags = flags.iter().map(|f| Arc::new(Field::new(f, DataType::Boolean, true)));
    Arc::new(Schema::new(schema.fields().iter().cloned().chain(flags).collect::<Vec<_>>()))
}

/// The names of these flags. A column that the table lacks has none, nor one whose flag would be a column's name.
pub fn flags(schema: &SchemaRef, program: &pipe_check::Program, table: &str) -> Vec<String> {
    let there = |name: &str| schema.column_with_name(name).is_some();
    let filled = program.filled(table).into_iter().filter(|c| there(c));
    filled.map(|c| pipe_check::flag_of(&c)).filter(|f| !there(f)).collect()
}

/// The Arrow schema of declared columns; every column may be NULL, `not null` being a rule.
pub fn arrow_schema(columns: &[pipe_check::Column]) -> SchemaRef {
    Arc::new(Schema::new(columns.iter().map(|c| Field::new(&c.name, to_arrow(&c.ty), true)).collect::<Fields>()))
}
