//! What a table holds, found in one pass: statistics of every column, and what a sample of the rows says about keys,
//! dependencies and references.
//!
//! A [`Profiler`] a partition is fed with batches; profilers merge, in any order, to what one would have found that saw all
//! rows. Nothing depends on which thread saw which row: sketches are merged by maxima and sums of whole numbers, and rows
//! are sampled by what they hold. Only means and deviations are sums of floating-point numbers, right to twelve digits whatever
//! the order; they are told with ten.

mod bottom;
mod cells;
mod dependencies;
mod formats;
mod histogram;
mod keys;
pub mod metrics;
mod personal;
mod profile;
mod profiler;
mod references;
mod sample;
#[cfg(test)]
mod tests;

pub use cells::{Cells, Kind, Prepared};
pub use dependencies::{DISPUTED, DependencyCandidate, VIOLATIONS, dependencies};
pub use formats::{Format, FormatGuess, OtherForm, guess};
pub use histogram::{Bin, Histogram, quantile};
pub use keys::{KeyCandidate, keys};
pub use personal::Personal;
pub use profile::{
    ColumnProfile, Count, Dependency, Key, Numbers, Pattern, Profile, QUANTILES, Quantile, Reference, Value, rounded,
};
pub use profiler::{Profiler, Settings};
pub use references::{KeyValues, ReferenceCandidate, references};
pub use sample::Sample;
