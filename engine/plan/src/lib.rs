//! pipe-plan
