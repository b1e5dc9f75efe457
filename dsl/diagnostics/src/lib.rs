//! Messages about `.pipe` programs and runs: where, what, why, what next.
//!
//! One [`Diagnostic`] model, one registry of [`codes`], several [`render`]ers. Knows text and spans only: no grammar, no
//! SQL, no files beyond the [`Sources`] it is given.

pub mod codes;
mod diagnostic;
mod line_index;
pub mod render;
mod source;
mod suggest;

pub use codes::{Code, Page};
pub use diagnostic::{Diagnostic, Label, Severity};
pub use line_index::{LineIndex, Position};
pub use source::{FileId, SourceFile, Sources, Span};
pub use suggest::nearest;
