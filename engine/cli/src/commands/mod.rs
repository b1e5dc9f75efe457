//! A file a command: its options, and what it does with them.

mod check;
mod contract;
mod explain;
mod fmt;
mod heals;
mod history;
mod import;
mod plan;
mod profile;
mod quarantine;
mod query;
mod run;
mod runs;
mod score;
mod suggest;
mod table;
mod validate;

pub use fmt::replace;
pub use table::Refused;

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Result;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};
use pipe_diagnostics::{Diagnostic, Severity, Sources, codes};

use crate::diagnose;
use crate::exit::Exit;
use crate::output::Output;
use crate::project::{Project, ProjectArgs, StateArgs};

/// Declarative, SQL-first data pipelines that check and heal themselves
///
/// A `.pipe` file names sources, models, rules, heal clauses and loads. `pipe run` reads the data, judges every row, heals
/// what a clause says, puts the rest into quarantine, and commits all or nothing.
#[derive(Debug, Parser)]
#[command(name = "pipe", version, max_term_width = 100, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    Validate(validate::Args),
    Query(query::Args),
    Check(check::Args),
    Fmt(fmt::Args),
    Plan(plan::Args),
    Profile(profile::Args),
    Suggest(suggest::Args),
    Explain(explain::Args),
    Import(import::Args),
    Contract(contract::Args),
    Runs(runs::Args),
    Score(score::Args),
    Heals(heals::Args),
    Quarantine(quarantine::Args),
}

/// Runs the command that `args` name; whatever goes wrong has been told when this returns.
pub fn main(args: Vec<OsString>, out: &mut Output) -> Exit {
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return usage(&elsewhere(error), &args, out),
    };
    let result = match cli.command {
        Command::Run(args) => run::execute(&args, out),
        Command::Validate(args) => validate::execute(&args, out),
        Command::Query(args) => query::execute(&args, out),
        Command::Check(args) => check::execute(&args, out),
        Command::Fmt(args) => fmt::execute(&args, out),
        Command::Plan(args) => plan::execute(&args, out),
        Command::Profile(args) => profile::execute(&args, out),
        Command::Suggest(args) => suggest::execute(&args, out),
        Command::Explain(args) => explain::execute(&args, out),
        Command::Import(args) => import::execute(&args, out),
        Command::Contract(args) => contract::execute(&args, out),
        Command::Runs(args) => runs::execute(&args, out),
        Command::Score(args) => score::execute(&args, out),
        Command::Heals(args) => heals::execute(&args, out),
        Command::Quarantine(args) => quarantine::execute(&args, out),
    };
    result.unwrap_or_else(|error| {
        if !out.is_closed() {
            out.error(&format!("error: {error:#}\n"));
        }
        Exit::FAILED
    })
}

/// Flags of other tools, and what says the same here.
const ELSEWHERE: [(&str, &str); 8] = [
    ("--json", "`--format json` writes one JSON object"),
    ("--output", "`--format` says how results are shown; a `load` says where rows go"),
    ("--dry-run", "`pipe plan` tells what a run would do, and does nothing"),
    ("--select", "`--target NAME` runs one table or load, and what it needs"),
    ("--models", "`--target NAME` runs one table or load, and what it needs"),
    ("--vars", "`--param NAME=VALUE` gives a param a value"),
    ("--var", "`--param NAME=VALUE` gives a param a value"),
    ("--fail-fast", "what does not depend on a table that fails goes on; `on … => fail` says what fails one"),
];

/// Of a flag that is another tool's, what says the same here.
fn elsewhere(mut error: clap::Error) -> clap::Error {
    let flag = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(flag)) if error.kind() == ErrorKind::UnknownArgument => flag.as_str(),
        _ => return error,
    };
    let Some((_, here)) = ELSEWHERE.iter().find(|(known, _)| *known == flag) else { return error };
    error.remove(ContextKind::SuggestedArg);
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![(*here).into()]));
    error
}

/// Help and version go to standard output; a command line that is wrong to standard error, and as an object to standard output if one was asked for.
fn usage(error: &clap::Error, args: &[OsString], out: &mut Output) -> Exit {
    let text = error.render();
    if !error.use_stderr() {
        out.print(&if out.paint.0 { text.ansi().to_string() } else { text.to_string() });
        return Exit::OK;
    }
    let missing = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    out.error(&if out.paint_err.0 { text.ansi().to_string() } else { text.to_string() });
    if !missing && wants_json(args) {
        let text = text.to_string();
        let first = text.lines().next().unwrap_or_default();
        let message = first.strip_prefix("error: ").unwrap_or(first);
        let diagnostic = Diagnostic::new(codes::run::USAGE, Severity::Error, message);
        out.print(&format!("{}\n", diagnose::object(&[diagnostic], &Sources::default(), Exit::INVALID)));
    }
    Exit::INVALID
}

fn wants_json(args: &[OsString]) -> bool {
    let pairs = args.iter().zip(args.iter().skip(1));
    args.iter().any(|a| a == "--format=json") || pairs.into_iter().any(|(a, b)| a == "--format" && b == "json")
}

/// Problems that end a command: told to people, and as an object if one was asked for.
fn refuse(problems: &[Diagnostic], sources: &Sources, json: bool, out: &mut Output) -> Result<Exit> {
    out.error(&diagnose::full(problems, sources, out.paint_err));
    let exit = diagnose::exit_of(problems);
    if json {
        out.print(&format!("{}\n", diagnose::object(problems, sources, exit)));
    }
    Ok(exit)
}

/// The state that a command reads which needs no program: the one named, or the one beside the program.
fn state_dir(project: &ProjectArgs, state: &StateArgs) -> Result<PathBuf, Diagnostic> {
    match &state.state {
        Some(dir) => Ok(dir.clone()),
        None => Project::find(project.path.as_deref()).map(|p| p.state(state)),
    }
}

/// A target that the program does not have, with the nearest one that it has.
fn unknown_target(unknown: &pipe_plan::UnknownTarget) -> Diagnostic {
    let message = format!("no table or load `{}`", unknown.target);
    let near = pipe_diagnostics::nearest(&unknown.target, unknown.known.iter().map(String::as_str));
    let help = match near {
        Some(name) => format!("there is `{name}`"),
        None => format!("there are {}", unknown.known.join(", ")),
    };
    Diagnostic::new(codes::run::UNKNOWN_TARGET, Severity::Error, message).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
