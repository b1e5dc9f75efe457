//! pipe-heal
