//! pipe-state
