//! Sources of files: listing, discovery of shape, scans that survive broken records.
//!
//! A scan yields the declared columns, typed, and behind them the [`meta`] columns.

pub mod meta;
