//! The same diagnostics for people, editors and machines.
