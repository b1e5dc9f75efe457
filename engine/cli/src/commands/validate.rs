//! `pipe validate`

use std::path::PathBuf;

use anyhow::Result;
use pipe_diagnostics::Sources;
use pipe_run::{Options, Validation, ValidationRequest};

use super::run::Format;
use crate::diagnose;
use crate::exit::Exit;
use crate::output::Output;
use crate::progress::Bar;
use crate::project::{EngineArgs, ParamArgs, Project, ProjectArgs, StateArgs};
use crate::runtime::{self, Interrupt};
use crate::validation;

/// Judge tables by their rules, as they come: nothing is healed, nothing committed
///
/// Without names all tables that have rules are judged. Exits with 0 if there is nothing to find, 1 if a rule of severity error
/// or critical fails or data cannot be read as declared, 2 if the program is wrong or a table cannot be looked at.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    params: ParamArgs,
    #[command(flatten)]
    state: StateArgs,
    #[command(flatten)]
    engine: EngineArgs,
    /// Judge only this table; may be repeated
    #[arg(long = "table", visible_alias = "target", value_name = "NAME")]
    tables: Vec<String>,
    /// Read a source from this file in place of its own, with its keys and columns; may be repeated. Without `--table` only what is
    /// named here is judged
    #[arg(long, value_name = "TABLE=FILE", value_parser = table_and_file)]
    on: Vec<(String, PathBuf)>,
    /// Failing rows listed of each rule; 5, and 1000 in JSON, if left out
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100_000))]
    failing: Option<u32>,
    /// Write all failing rows, whole, with the names of their rules, to this file: Parquet, CSV or NDJSON by the end of its name
    #[arg(long, value_name = "FILE")]
    failing_rows: Option<PathBuf>,
    /// How the verdicts are shown
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

fn table_and_file(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((table, file)) if !table.trim().is_empty() && !file.is_empty() => {
            Ok((table.trim().to_lowercase(), file.into()))
        }
        _ => Err("write it as `table=file`".to_owned()),
    }
}

/// Failing rows that people are shown of a rule.
const FOR_PEOPLE: u32 = 5;
/// Failing rows that programs are given of a rule.
const FOR_PROGRAMS: u32 = 1000;

pub fn execute(args: &Args, out: &mut Output) -> Result<Exit> {
    let json = args.format == Format::Json;
    let project = match Project::find(args.project.path.as_deref()) {
        Ok(project) => project,
        Err(problem) => {
            let problems = diagnose::values(&[problem], &Sources::default());
            let told = Validation {
                format_version: 1,
                outcome: "invalid".to_owned(),
                exit_code: Exit::INVALID.0,
                diagnostics: problems,
                ..Validation::default()
            };
            return show(&told, &Sources::default(), json, out);
        }
    };
    let mut loaded = project.load(&args.project);
    let options = Options {
        targets: args.tables.iter().map(|t| t.to_lowercase()).collect(),
        params: args.params.values(),
        ..project.options(&args.state, &args.engine)
    };
    loaded.give(&options.params);
    let listed = args.failing.unwrap_or(if json { FOR_PROGRAMS } else { FOR_PEOPLE });
    let request = ValidationRequest {
        on: args.on.iter().cloned().collect(),
        listed: usize::try_from(listed).unwrap_or(usize::MAX),
        failing_rows: args.failing_rows.clone(),
    };
    let bar = Bar::new(Interrupt::listen());
    let told = runtime::block_on(async {
        tokio::select! {
            told = pipe_run::validate(&mut loaded, &options, &request, &bar) => Ok(Some(told)),
            () = bar.interrupt.asked() => Ok(None),
        }
    });
    bar.clear();
    let Some(told) = told? else { return Ok(Exit::INTERRUPTED) };
    show(&told, &loaded.sources, json, out)
}

/// Problems first, then the verdicts; to programs one object alone.
fn show(told: &Validation, sources: &Sources, json: bool, out: &mut Output) -> Result<Exit> {
    let mut problems = diagnose::errors(&told.diagnostics, sources);
    // Errors in what is not judged are for `check` to tell.
    if told.exit_code != Exit::INVALID.0 {
        problems.clear();
    }
    out.error(&diagnose::full(&problems, sources, out.paint_err));
    if told.outcome != "invalid" {
        let paint = if json { out.paint_err } else { out.paint };
        out.tell(json, &validation::text(told, paint));
    }
    if json {
        out.print(&format!("{}\n", serde_json::to_string(told)?));
    }
    Ok(Exit(told.exit_code))
}
