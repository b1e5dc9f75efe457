//! pipe-compile
