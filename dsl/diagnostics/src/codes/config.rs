//! Config keys and values: E02xx.

codes! {}
