//! Mergeable states of metrics: fed by batches, merged in any order, written to bytes and read back.
//!
//! | metric | kept as | exact |
//! |---|---|---|
//! | rows, NULLs, blanks, bounds | counts and values | always |
//! | mean, deviation | moments, [`Moments`] | to 1e-12 |
//! | distinct, top values, patterns | every value with its count, then sketches, [`Frequencies`] | up to [`EXACT_VALUES`] distinct values |
//! | quantiles, histogram | buckets, [`Quantiles`] | up to [`EXACT_VALUES`] distinct values, else as [`Quantiles::relative_error`] says |

mod bytes;
mod column;
mod counts;
mod frequencies;
mod moments;
mod patterns;
mod quantiles;
#[cfg(test)]
mod tests;

pub use bytes::MetricsError;
pub use column::{Bound, ColumnMetrics};
pub use counts::CountSketch;
pub use frequencies::{Distinct, EXACT_VALUES, Entry, Frequencies, Top};
pub use moments::Moments;
pub use patterns::Patterns;
pub use quantiles::Quantiles;
