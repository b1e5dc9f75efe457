//! pipe-quality
