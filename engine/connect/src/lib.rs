//! pipe-connect
