//! Project, names and types: E01xx.

codes! {}
