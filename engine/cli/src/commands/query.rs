//! `pipe query`

use std::path::PathBuf;

use anyhow::Result;
use pipe_check::Loaded;
use pipe_diagnostics::{Diagnostic, Sources};

use crate::diagnose;
use crate::exit::Exit;
use crate::output::Output;
use crate::project::{EngineArgs, ParamArgs, Project, ProjectArgs, StateArgs};
use crate::results::{self, Format};
use crate::runtime::{self, Interrupt};

/// Ask a question in SQL: of sources, models, quarantine, ledger and the history of runs
///
/// `orders` is the whole table after its rules and clauses, `raw.orders` the source as it came, `typed.orders` its rows in the
/// table's types, before any rule: what rules judge. `_uncast` there lists the columns whose text did not convert. `pipe.runs`,
/// `pipe.rule_results`, `pipe.metrics` (what each table measured, of each group, and whether later runs compare with it), `pipe.heals`,
/// `pipe.ledger` and `pipe.quarantine_<table>` are what runs left. Nothing is changed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// One SELECT
    #[arg(value_name = "SQL")]
    sql: String,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    params: ParamArgs,
    #[command(flatten)]
    state: StateArgs,
    #[command(flatten)]
    engine: EngineArgs,
    /// How rows are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub fn execute(args: &Args, out: &mut Output) -> Result<Exit> {
    // Where no program was named and none is here, there is still SQL to be asked.
    let (project, mut loaded) = match Project::find(args.project.path.as_deref()) {
        Ok(project) => {
            let loaded = project.load(&args.project);
            (project, loaded)
        }
        Err(_) if args.project.path.is_none() => {
            (Project { root: PathBuf::from("."), files: Vec::new() }, Loaded::default())
        }
        Err(problem) => return refuse(&[problem], &Sources::default(), args.format, out),
    };
    let options = pipe_run::Options { params: args.params.values(), ..project.options(&args.state, &args.engine) };
    loaded.give(&options.params);
    let interrupt = Interrupt::listen();
    runtime::block_on(async {
        let answer = async {
            match pipe_run::query(&mut loaded, &options, &args.sql).await {
                Ok(rows) => results::write(rows, args.format, out).await,
                Err(problems) => refuse(&problems, &loaded.sources, args.format, out),
            }
        };
        tokio::select! {
            exit = answer => exit,
            () = interrupt.asked() => Ok(Exit::INTERRUPTED),
        }
    })
}

/// Tells what is wrong with a query, in the form that its rows would have had.
pub fn refuse(problems: &[Diagnostic], sources: &Sources, format: Format, out: &mut Output) -> Result<Exit> {
    out.error(&diagnose::full(problems, sources, out.paint_err));
    let exit = diagnose::exit_of(problems);
    if format == Format::Json {
        results::json_error(diagnose::values(problems, sources), exit, out);
    }
    Ok(exit)
}
