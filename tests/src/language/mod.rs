//! The language specs: Markdown whose programs are checked, each with the messages it must raise, and no other.
//!
//! `tests/language/README.md` says how a spec is written.

mod coverage;
mod judge;
mod spec;
mod words;

pub use coverage::{Coverage, Feature, wanted};
pub use judge::{Verdict, blessed, checked, judge};
pub use spec::{Case, Expected, Spec, cases};
