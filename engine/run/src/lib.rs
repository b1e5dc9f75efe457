//! pipe-run
