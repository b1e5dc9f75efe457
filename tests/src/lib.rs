//! pipe-tests
