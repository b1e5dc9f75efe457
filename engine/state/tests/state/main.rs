//! The state store on real files: what it keeps, what it refuses, and what a kill at any point of a commit leaves.

#[cfg(test)]
mod batch;
#[cfg(test)]
mod commit;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod lock;
#[cfg(test)]
mod open;
#[cfg(test)]
mod quarantine;
#[cfg(test)]
mod read;
