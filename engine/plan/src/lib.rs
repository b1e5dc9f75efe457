//! The plan: which targets, in which order, and what each object of the program is, as text that changes only when the
//! meaning does.
//!
//! One property a line, sorted, no ids, times, costs or paths of the machine. Knows the program and what it is told of
//! the state and of schemas; reads no files and runs nothing.

mod describe;
mod explain;
mod facts;
mod object;
mod predicate;
mod select;
mod value;

#[cfg(test)]
mod tests;

pub use describe::{fingerprint, plan};
pub use explain::explain;
pub use facts::{ColumnFact, ContractNews, Facts, LoadNews, News, Nothing};
pub use object::{Kind, Object, Plan, Property};
pub use select::{Selection, UnknownTarget, dependencies, select};
