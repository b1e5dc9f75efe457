//! `pipe heals`

use anyhow::Result;
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use clap::Subcommand;
use pipe_check::Loaded;
use pipe_diagnostics::{Diagnostic, Severity, Sources, codes};
use pipe_run::Options;

use super::{history, run};
use crate::diagnose;
use crate::exit::Exit;
use crate::output::Output;
use crate::project::{EngineArgs, ParamArgs, Project, ProjectArgs, StateArgs, place};
use crate::report::wrapped;
use crate::results::{self, Format};
use crate::runtime;

/// What clauses did and propose, the newest first
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
    Undo(Undo),
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    state: StateArgs,
    /// How heals are listed; CSV and JSON have more columns
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// All that is known of a heal: its clause, what it answered, the arithmetic of its confidence
#[derive(Debug, clap::Args)]
struct Show {
    /// Its id, as `pipe heals` lists it
    heal: i64,
    #[command(flatten)]
    list: List,
}

/// Take the rows of a heal out of where they were loaded and put them, as read, into quarantine
///
/// All of it is one commit. What was computed from the rows is computed again by the next run. The clause makes the same
/// repairs no more while it reads as it does.
#[derive(Debug, clap::Args)]
struct Undo {
    /// Its id, as `pipe heals` lists it
    heal: i64,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    params: ParamArgs,
    #[command(flatten)]
    state: StateArgs,
    #[command(flatten)]
    engine: EngineArgs,
    /// How the report is shown
    #[arg(long, value_enum, default_value_t = run::Format::Table)]
    format: run::Format,
}

/// The columns of the table; the others would not fit.
const COLUMNS: [&str; 8] = ["heal", "table", "clause", "action", "state", "cells", "rows", "confidence"];

pub fn execute(args: &Args, out: &mut Output) -> Result<Exit> {
    let list = match &args.command {
        Some(Command::Undo(args)) => return undo(args, out),
        Some(Command::Show(show)) => &show.list,
        None => &args.list,
    };
    let state = match super::state_dir(&list.project, &list.state) {
        Ok(state) => state,
        Err(problem) => return super::query::refuse(&[problem], &Sources::default(), list.format, out),
    };
    let heals = match pipe_run::heals(&state, chrono::Utc::now()) {
        Ok(heals) => heals,
        Err(problem) => return super::query::refuse(&[problem], &Sources::default(), list.format, out),
    };
    match &args.command {
        Some(Command::Show(show)) => match find(&heals, show.heal)? {
            Some(heal) => one(heal, show, out),
            None => unknown(show, out),
        },
        _ => history::list(&heals, &COLUMNS, "no heal yet", list.format, out),
    }
}

fn undo(args: &Undo, out: &mut Output) -> Result<Exit> {
    let json = args.format == run::Format::Json;
    let project = match Project::find(args.project.path.as_deref()) {
        Ok(project) => project,
        Err(problem) => {
            return run::show(&run::invalid(&[problem], &Sources::default()), &Loaded::default(), "", json, out);
        }
    };
    let loaded = project.load(&args.project);
    let options = Options { params: args.params.values(), ..project.options(&args.state, &args.engine) };
    // It is short, and a commit is not to be stopped half-way: an interrupt before it leaves everything as it was.
    let report = runtime::block_on(async { Ok(pipe_run::undo(&loaded, &options, args.heal).await) })?;
    if report.run.is_empty() {
        // Nothing was begun, so there is no run to tell of.
        out.error(&diagnose::full(
            &diagnose::errors(&report.diagnostics, &loaded.sources),
            &loaded.sources,
            out.paint_err,
        ));
        if json {
            out.print(&format!("{}\n", serde_json::to_string(&report)?));
        }
        return Ok(Exit(report.exit_code));
    }
    run::show(&report, &loaded, &place(&args.project, &args.state), json, out)
}

fn find(heals: &RecordBatch, heal: i64) -> Result<Option<RecordBatch>> {
    let ids = heals.column(heals.schema().index_of("heal")?).as_primitive::<Int64Type>();
    Ok(ids.iter().position(|id| id == Some(heal)).map(|row| heals.slice(row, 1)))
}

fn unknown(args: &Show, out: &mut Output) -> Result<Exit> {
    let message = format!("there is no heal {}", args.heal);
    let problem = Diagnostic::new(codes::run::UNKNOWN_HEAL, Severity::Error, message).help("`pipe heals` lists them");
    super::query::refuse(&[problem], &Sources::default(), args.list.format, out)
}

fn one(heal: RecordBatch, args: &Show, out: &mut Output) -> Result<Exit> {
    if args.list.format != Format::Table {
        return runtime::block_on(results::write(results::stream(heal), args.list.format, out));
    }
    let options = FormatOptions::default();
    for (field, column) in heal.schema().fields().iter().zip(heal.columns()) {
        if column.is_null(0) {
            continue;
        }
        let value = ArrayFormatter::try_new(column.as_ref(), &options)?.value(0).try_to_string()?;
        match serde_json::from_str::<Vec<String>>(&value) {
            Ok(lines) if field.name() == "arithmetic" => {
                let shown: String = lines.iter().map(|line| wrapped("  ", line)).collect();
                out.print(&format!("arithmetic:\n{shown}"));
            }
            _ => out.print(&wrapped(&format!("{}: ", field.name()), &value)),
        }
    }
    Ok(Exit::OK)
}
