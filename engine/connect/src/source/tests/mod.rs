//! Tests of sources as a whole, over files made for them.

mod csv;
pub(super) mod table;
