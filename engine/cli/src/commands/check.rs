//! `pipe check`

use std::collections::BTreeMap;

use anyhow::Result;
use clap::ValueEnum;
use pipe_check::Loaded;
use pipe_diagnostics::{Diagnostic, Severity, codes, render};

use crate::diagnose;
use crate::exit::Exit;
use crate::output::Output;
use crate::project::{Project, ProjectArgs, reason};
use crate::report::counted;

/// Find what is wrong with a program, without touching data
///
/// Exits with 0 if there is no error, 1 if there is one, 2 if the program could not be read. With `-` as the path it reads
/// one file from standard input.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    project: ProjectArgs,
    /// How findings are shown
    #[arg(long, value_enum, default_value_t = Format::Full)]
    format: Format,
    /// Count warnings as errors
    #[arg(long)]
    deny_warnings: bool,
}

/// How findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// With the text they are about
    Full,
    /// A line each, as `file:line:column: error[E0102]: …`
    Concise,
    /// One JSON object
    Json,
    /// Workflow commands that GitHub shows beside the lines
    Github,
}

/// The program: of a file, of a folder, or what comes in.
fn load(args: &ProjectArgs) -> Result<Loaded, Diagnostic> {
    if args.path.as_deref().is_none_or(|p| p.as_os_str() != "-") {
        return Ok(Project::find(args.path.as_deref())?.load(args));
    }
    let text = std::io::read_to_string(std::io::stdin().lock()).map_err(|e| {
        let message = format!("cannot read standard input: {}", reason(&e));
        Diagnostic::new(codes::run::NO_PROGRAM, Severity::Error, message)
    })?;
    Ok(pipe_check::check_with(&[("<stdin>", &text)], 1, args.profile.as_deref()))
}

pub fn execute(args: &Args, out: &mut Output) -> Result<Exit> {
    let json = args.format == Format::Json;
    let mut loaded = match load(&args.project) {
        Ok(loaded) => loaded,
        Err(problem) => return super::refuse(&[problem], &pipe_diagnostics::Sources::default(), json, out),
    };
    // What only the planner finds; columns that no schema declares are not looked up.
    let planner = pipe_compile::check_program(&loaded, &BTreeMap::new());
    loaded.diagnostics.extend(planner.diagnostics);
    loaded.diagnostics.extend(pipe_contract::findings(&loaded));
    let (diagnostics, sources) = (&loaded.diagnostics, &loaded.sources);
    let counts = |d: &Diagnostic| d.is_error() || args.deny_warnings;
    let exit = if diagnostics.iter().any(counts) { Exit::FAILED } else { Exit::OK };
    match args.format {
        Format::Full => out.print(&diagnose::full(diagnostics, sources, out.paint)),
        Format::Concise => out.print(&render::concise(diagnostics, sources)),
        Format::Github => out.print(&render::github(diagnostics, sources)),
        Format::Json => out.print(&format!("{}\n", diagnose::object(diagnostics, sources, exit))),
    }
    if args.format == Format::Full {
        let files = counted(sources.iter().count() as u64, "file");
        let found = render::summary(diagnostics);
        out.print(&match found.as_str() {
            "" => format!("{files} checked, nothing found\n"),
            found => format!("{files} checked: {found}\n"),
        });
    }
    Ok(exit)
}
