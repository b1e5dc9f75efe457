//! What the tests share: data made by seeded generators, and the language specs.

pub mod examples;
pub mod fuzz;
pub mod language;
pub mod random;
