//! The state store on real files: what it keeps, what it refuses, and what a kill at any point of a commit leaves.

mod batch;
mod commit;
mod kill;
mod lock;
mod open;
mod quarantine;
mod read;
