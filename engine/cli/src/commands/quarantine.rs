//! `pipe quarantine`

use anyhow::Result;
use clap::{ArgGroup, Subcommand};
use pipe_check::Loaded;
use pipe_diagnostics::Sources;
use pipe_run::Options;

use super::run;
use crate::exit::Exit;
use crate::output::Output;
use crate::progress::Bar;
use crate::project::{EngineArgs, ParamArgs, Project, ProjectArgs, StateArgs, place};
use crate::report::{Table, WIDTH, count, counted};
use crate::results::{self, Format};
use crate::runtime::{self, Interrupt};

/// The rows that were not committed: which tables have some, what they are, and what becomes of them
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: Place,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(Show),
    Replay(Replay),
    Discard(Discard),
}

/// Where the program and its state are.
#[derive(Debug, clap::Args)]
struct Place {
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    state: StateArgs,
}

/// The rows of a table with their reasons, where they came from, and their states
#[derive(Debug, clap::Args)]
struct Show {
    /// The table
    table: String,
    #[command(flatten)]
    place: Place,
    /// Also rows that are done with: replayed, superseded, discarded
    #[arg(long)]
    all: bool,
    /// How rows are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Send the held rows of a source through today's program, exactly once
///
/// Rows that pass are appended where the source is loaded, in one commit; rows that still fail stay held. Rules over the
/// whole table are not judged.
#[derive(Debug, clap::Args)]
struct Replay {
    /// The source
    table: String,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    params: ParamArgs,
    #[command(flatten)]
    engine: EngineArgs,
    /// How the report is shown
    #[arg(long, value_enum, default_value_t = run::Format::Table)]
    format: run::Format,
}

/// Give up rows for good; they stay in the files of the state, and are never replayed
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("which").required(true))]
struct Discard {
    /// The table
    table: String,
    #[command(flatten)]
    place: Place,
    /// The rows that this SQL condition holds for, over the columns of `pipe.quarantine_<table>`
    #[arg(long = "where", value_name = "SQL", group = "which")]
    condition: Option<String>,
    /// All of them
    #[arg(long, group = "which")]
    all: bool,
}

pub fn execute(args: &Args, out: &mut Output) -> Result<Exit> {
    match &args.command {
        None => list(&args.list, out),
        Some(Command::Show(args)) => show(args, out),
        Some(Command::Replay(args)) => replay(args, out),
        Some(Command::Discard(args)) => discard(args, out),
    }
}

fn list(place: &Place, out: &mut Output) -> Result<Exit> {
    let counted = super::state_dir(&place.project, &place.state)
        .and_then(|state| pipe_run::quarantined(&state, chrono::Utc::now()));
    let counts = match counted {
        Ok(counts) => counts,
        Err(problem) => return super::refuse(&[problem], &Sources::default(), false, out),
    };
    if counts.is_empty() {
        out.print("no row is in quarantine\n");
        return Ok(Exit::OK);
    }
    let mut table = Table::new(&["table", "state", "rows"], WIDTH);
    table.right([2]);
    for n in counts {
        table.row([n.table, n.state.word().replace('_', " "), count(n.rows)]);
    }
    out.print(&table.text());
    Ok(Exit::OK)
}

fn show(args: &Show, out: &mut Output) -> Result<Exit> {
    let project = match Project::find(args.place.project.path.as_deref()) {
        Ok(project) => project,
        Err(problem) => return super::query::refuse(&[problem], &Sources::default(), args.format, out),
    };
    let options = project.options(&args.place.state, &EngineArgs::default());
    runtime::block_on(async {
        match pipe_run::held(&options, &args.table.to_lowercase(), args.all).await {
            Ok(rows) => results::write(rows, args.format, out).await,
            Err(problems) => super::query::refuse(&problems, &Sources::default(), args.format, out),
        }
    })
}

fn replay(args: &Replay, out: &mut Output) -> Result<Exit> {
    let json = args.format == run::Format::Json;
    let project = match Project::find(args.place.project.path.as_deref()) {
        Ok(project) => project,
        Err(problem) => {
            return run::show(&run::invalid(&[problem], &Sources::default()), &Loaded::default(), "", json, out);
        }
    };
    let mut loaded = project.load(&args.place.project);
    let options = Options { params: args.params.values(), ..project.options(&args.place.state, &args.engine) };
    loaded.give(&options.params);
    let table = args.table.to_lowercase();
    let bar = Bar::new(Interrupt::listen());
    let report = runtime::block_on(async {
        tokio::select! {
            report = pipe_run::replay(&loaded, &options, &table, &bar) => Ok(report),
            () = bar.interrupt.overdue() => Ok(run::interrupted(&options)),
        }
    });
    bar.clear();
    run::show(&report?, &loaded, &place(&args.place.project, &args.place.state), json, out)
}

fn discard(args: &Discard, out: &mut Output) -> Result<Exit> {
    let project = match Project::find(args.place.project.path.as_deref()) {
        Ok(project) => project,
        Err(problem) => return super::refuse(&[problem], &Sources::default(), false, out),
    };
    let mut loaded = project.load(&args.place.project);
    let options = project.options(&args.place.state, &EngineArgs::default());
    let table = args.table.to_lowercase();
    let condition = args.condition.as_deref();
    let done = runtime::block_on(async { Ok(pipe_run::discard(&mut loaded, &options, &table, condition).await) })?;
    match done {
        Ok(done) => {
            let left = counted(done.left, "row");
            out.print(&format!("{} of `{table}` given up, {left} left\n", counted(done.rows, "row")));
            Ok(Exit::OK)
        }
        Err(problems) => super::refuse(&problems, &loaded.sources, false, out),
    }
}
