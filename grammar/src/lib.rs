//! pipe-grammar
