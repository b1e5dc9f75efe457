//! The life of a run: order, extract, the fused pass, heal, commit, report.

pub mod report;

pub use report::Report;
