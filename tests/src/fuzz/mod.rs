//! Fuzzing: plain functions that take any bytes and panic where a promise is broken, and bytes to give them.
//!
//! The tests run a number of seeded cases of each target. `cargo run -p pipe-tests --bin fuzz -- TARGET SEED CASES` looks
//! further; a case that fails is written to a file, which `-- TARGET FILE` runs again. A target fits libFuzzer as it is.

mod cases;
mod csv;
mod language;
mod sentences;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use cases::{Kind, case, program_seeds};
pub use csv::{csv, csv_seeds};
pub use language::{check, fmt, parse, render};
pub use sentences::{Sentence, Sentences};

/// A fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// As the command line calls it.
    pub name: &'static str,
    /// What it is fed.
    pub kind: Kind,
    /// Panics where a promise is broken.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 5] = [
    Target { name: "parse", kind: Kind::Program, run: parse },
    Target { name: "check", kind: Kind::Program, run: check },
    Target { name: "spans", kind: Kind::Program, run: render },
    Target { name: "fmt", kind: Kind::Program, run: fmt },
    Target { name: "csv", kind: Kind::Csv, run: csv },
];

/// The target of this name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|t| t.name == name)
}

/// Runs `cases` cases of a target, those of `seed`.
///
/// # Errors
/// The number and the bytes of the first case that panics.
pub fn run(target: Target, seed: u64, cases: u64) -> Result<(), (u64, Vec<u8>)> {
    let seeds = match target.kind {
        Kind::Program => program_seeds(),
        Kind::Csv => csv_seeds(),
    };
    for n in 0..cases {
        let bytes = case(target.kind, &seeds, seed.wrapping_add(n));
        if catch_unwind(AssertUnwindSafe(|| (target.run)(&bytes))).is_err() {
            return Err((seed.wrapping_add(n), bytes));
        }
    }
    Ok(())
}
