//! Sinks: staged files, published atomically.
