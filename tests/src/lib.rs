//! What the tests share: data made by seeded generators.

pub mod examples;
pub mod random;
