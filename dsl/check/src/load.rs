//! A path to a checked program.

use std::path::{Path, PathBuf};

use pipe_diagnostics::{Diagnostic, Sources, Span};

use crate::concern::{Concern, concerns};
use crate::files::{self, Project};
use crate::{Program, assemble};

/// What was read, whether or not it is right.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The files, `use`d ones too.
    pub sources: Sources,
    /// What could be made of them; what has an error is left out or marked, never guessed.
    pub program: Program,
    /// Errors and warnings, in the order of files and places.
    pub diagnostics: Vec<Diagnostic>,
    /// What each statement is about, by its place.
    pub(crate) concerns: Vec<(Span, Concern)>,
}

impl Loaded {
    /// Whether anything is wrong that stops a run.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Reads `files` (already found: the command line's file, or the folder's `*.pipe` in order of name), what they `use`, and checks them as one program. `root` is the folder that `use` may not leave and relative locators start from. `profile` applies a profile's overrides.
pub fn load(root: &Path, files: &[PathBuf], profile: Option<&str>) -> Loaded {
    checked(files::from_disk(root, files), root, profile)
}

/// Checks texts held in memory as one program (no `use` outside them): for tests, standard input and editors.
pub fn check(files: &[(&str, &str)]) -> Loaded {
    check_with(files, files.len(), None)
}

/// As [`check`], with a profile; only the first `entries` texts belong to the program by themselves, the others when they are `use`d.
pub fn check_with(files: &[(&str, &str)], entries: usize, profile: Option<&str>) -> Loaded {
    checked(files::from_memory(files, entries), Path::new(""), profile)
}

fn checked(mut project: Project, root: &Path, profile: Option<&str>) -> Loaded {
    let (program, diagnostics) = assemble::program(&project, root, profile);
    project.diagnostics.extend(diagnostics);
    let mut diagnostics = project.diagnostics;
    // What has no place comes first: it is about files that could not be read.
    diagnostics.sort_by_key(|d| d.span().map(|s| (s.file, s.start, s.end)));
    let mut seen = std::collections::BTreeSet::new();
    diagnostics.retain(|d| d.span().is_none_or(|span| seen.insert((d.code, span, d.message.clone()))));
    let statements: Vec<_> = project.files.iter().flat_map(|(_, f)| &f.statements).collect();
    let concerns = concerns(&statements);
    Loaded { sources: project.sources, program, diagnostics, concerns }
}
