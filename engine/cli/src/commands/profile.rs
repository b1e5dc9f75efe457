//! `pipe profile`

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use pipe_diagnostics::{Diagnostic, Severity, codes};
use pipe_run::ProfileRequest;

use crate::exit::Exit;
use crate::output::Output;
use crate::profile;
use crate::project::{EngineArgs, ParamArgs, Project, ProjectArgs, StateArgs};
use crate::runtime::{self, Interrupt};

/// Tell what a table holds: types, NULLs, distinct and frequent values, quantiles, patterns, keys, dependencies, personal data
///
/// One pass over the rows tells of the columns. Statistics of columns with at most 4,096 distinct values are exact; of others distinct values, frequent
/// values and quantiles are estimates, and their errors are told. Keys, dependencies and references to other tables are found on a
/// sample and counted on all rows.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A source or a model: the whole table, after its rules and heals
    #[arg(value_name = "TABLE")]
    table: String,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    params: ParamArgs,
    #[command(flatten)]
    state: StateArgs,
    #[command(flatten)]
    engine: EngineArgs,
    /// The source as it came, without rules and heals; `raw.TABLE` says the same
    #[arg(long)]
    raw: bool,
    /// Read no other table: references to them are not looked for
    #[arg(long)]
    alone: bool,
    /// Tell of the columns alone: keys, dependencies and references are not looked for, and the rows are read once
    #[arg(long)]
    columns_only: bool,
    /// Distinct rows of the sample that keys, dependencies, formats and personal data are found on
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    sample: u32,
    /// Frequent values and patterns told of a column
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    top: u32,
    /// How the profile is written; by the name of the file if left out
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Write to this file in place of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How a profile is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A block a column, with sparklines
    Text,
    /// One JSON object
    Json,
    /// One page with charts, all in one file
    Html,
}

impl Args {
    fn format(&self) -> Format {
        let extension = self.output.as_deref().and_then(|path| path.extension()).and_then(|e| e.to_str());
        self.format.unwrap_or(match extension {
            Some("html" | "htm") => Format::Html,
            Some("json") => Format::Json,
            _ => Format::Text,
        })
    }
}

pub fn execute(args: &Args, out: &mut Output) -> Result<Exit> {
    let format = args.format();
    let json = format == Format::Json && args.output.is_none();
    let project = match Project::find(args.project.path.as_deref()) {
        Ok(project) => project,
        Err(problem) => return super::refuse(&[problem], &Default::default(), json, out),
    };
    let loaded = project.load(&args.project);
    let name = args.table.to_lowercase();
    let (table, raw) = name.strip_prefix("raw.").map_or((name.as_str(), args.raw), |table| (table, true));
    let program = &loaded.program;
    let mut known: Vec<String> = program.sources.keys().chain(program.models.keys()).cloned().collect();
    known.sort();
    if !known.iter().any(|k| k == table) {
        let hindrances: Vec<Diagnostic> = loaded.hindrances(&[]).into_iter().cloned().collect();
        if known.is_empty() && !hindrances.is_empty() {
            return super::refuse(&hindrances, &loaded.sources, json, out);
        }
        let unknown = pipe_plan::UnknownTarget { target: table.to_owned(), known };
        return super::refuse(&[super::unknown_target(&unknown)], &loaded.sources, json, out);
    }
    let options = pipe_run::Options { params: args.params.values(), ..project.options(&args.state, &args.engine) };
    let size = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    let request = ProfileRequest {
        table: table.to_owned(),
        raw,
        alone: args.alone,
        columns_only: args.columns_only,
        settings: pipe_profile::Settings { sample: size(args.sample), top: size(args.top), ..Default::default() },
    };
    let interrupt = Interrupt::listen();
    let profiled = runtime::block_on(async {
        tokio::select! {
            profiled = pipe_run::profile(&loaded, &options, &request) => Ok(Some(profiled)),
            () = interrupt.asked() => Ok(None),
        }
    })?;
    let profiled = match profiled {
        None => return Ok(Exit::INTERRUPTED),
        Some(Err(problems)) => return super::refuse(&problems, &loaded.sources, json, out),
        Some(Ok(profiled)) => profiled,
    };
    let text = match format {
        Format::Text if args.output.is_none() => profile::text(&profiled, out.paint, profile::Blocks::of(out.terminal)),
        Format::Text => profile::text(&profiled, crate::output::Paint(false), profile::Blocks::Eighths),
        Format::Json => serde_json::to_string(&profiled)? + "\n",
        Format::Html => profile::html(&profiled),
    };
    let Some(path) = &args.output else {
        out.print(&text);
        return Ok(Exit::OK);
    };
    if let Err(e) = std::fs::write(path, text) {
        let message = format!("cannot write the profile to `{}`: {}", path.display(), crate::project::reason(&e));
        let problem = Diagnostic::new(codes::run::SINK_UNWRITABLE, Severity::Error, message);
        return super::refuse(&[problem], &loaded.sources, json, out);
    }
    Ok(Exit::OK)
}
