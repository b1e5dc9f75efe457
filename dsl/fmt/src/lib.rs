//! pipe-fmt
