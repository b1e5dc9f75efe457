//! From a checked program to DataFusion: plans of models, SQL assertions of rules, expressions of clauses; and what only a
//! planner can find wrong, at its place in the `.pipe` file.

mod analysis;
mod assertion;
pub mod clock;
mod conversions;
mod error;
mod expression;
mod files;
pub mod functions;
pub mod lineage;
mod model;
mod params;
mod planner;
mod prepared;
mod session;
mod shift;
mod tables;
pub mod types;

pub use analysis::{Analysis, check_program, field_column};
pub use assertion::{
    FusedAssertion, LoweredAggregate, RowAssertion, Rows, SetAssertion, TableAssertion, Windowed, columns_of,
};
pub use error::sentence;
pub use expression::row_schema;
pub use files::{Lister, list_files};
pub use params::Params;
pub use planner::Planner;
pub use session::{Settings, session};
pub use tables::{Tables, reference};

#[cfg(test)]
mod tests;
