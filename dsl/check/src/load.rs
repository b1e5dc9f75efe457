//! A path to a checked program.

use std::path::Path;

use pipe_diagnostics::{Diagnostic, Sources};

use crate::Program;

/// What was read, whether or not it is right.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The files, `use`d ones too.
    pub sources: Sources,
    /// What could be made of them; what has an error is left out or marked, never guessed.
    pub program: Program,
    /// Errors and warnings, in the order of files and places.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads `files` (already found: the command line's file, or the folder's `*.pipe` in order of name), what they `use`, and checks them as one program. `root` is the folder that `use` may not leave and relative locators start from. `profile` applies a profile's overrides.
pub fn load(root: &Path, files: &[std::path::PathBuf], profile: Option<&str>) -> Loaded {
    let _ = (root, files, profile);
    Loaded::default()
}

/// Checks texts held in memory (no `use` outside them): for tests, standard input and editors.
pub fn check(files: &[(&str, &str)]) -> Loaded {
    let _ = files;
    Loaded::default()
}
