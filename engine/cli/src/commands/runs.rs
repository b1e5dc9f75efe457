//! `pipe runs`

use anyhow::Result;
use clap::Subcommand;
use pipe_diagnostics::Sources;

use super::history;
use crate::exit::Exit;
use crate::output::Output;
use crate::project::{self, ProjectArgs, StateArgs};
use crate::report;
use crate::results::Format;

/// What runs there were, the newest first
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(Show),
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    state: StateArgs,
    /// How runs are listed; CSV and JSON have more columns
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// The report of a run, as it was told when the run ended
#[derive(Debug, clap::Args)]
struct Show {
    /// A run's id, the beginning of one, or `last`
    run: String,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    state: StateArgs,
    /// How the report is shown
    #[arg(long, value_enum, default_value_t = super::run::Format::Table)]
    format: super::run::Format,
}

/// The columns of the table; the others would not fit.
const COLUMNS: [&str; 6] = ["run", "command", "outcome", "read", "committed", "quarantined"];

pub fn execute(args: &Args, out: &mut Output) -> Result<Exit> {
    match &args.command {
        None => list(&args.list, out),
        Some(Command::Show(args)) => show(args, out),
    }
}

fn list(args: &List, out: &mut Output) -> Result<Exit> {
    let state = match super::state_dir(&args.project, &args.state) {
        Ok(state) => state,
        Err(problem) => return super::query::refuse(&[problem], &Sources::default(), args.format, out),
    };
    match pipe_run::runs(&state, chrono::Utc::now()) {
        Ok(runs) => history::list(&runs, &COLUMNS, "no run yet", args.format, out),
        Err(problem) => super::query::refuse(&[problem], &Sources::default(), args.format, out),
    }
}

fn show(args: &Show, out: &mut Output) -> Result<Exit> {
    let json = args.format == super::run::Format::Json;
    let state = match super::state_dir(&args.project, &args.state) {
        Ok(state) => state,
        Err(problem) => return super::refuse(&[problem], &Sources::default(), json, out),
    };
    match pipe_run::run_report(&state, &args.run, chrono::Utc::now()) {
        Ok(report) if json => out.print(&format!("{report}\n")),
        Ok(report) => {
            let place = project::place(&args.project, &args.state);
            out.print(&report::text(&serde_json::from_value(report)?, &place, out.paint));
        }
        Err(problem) => return super::refuse(&[problem], &Sources::default(), json, out),
    }
    Ok(Exit::OK)
}
