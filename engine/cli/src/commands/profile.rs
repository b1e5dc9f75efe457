//! `pipe profile`

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use pipe_diagnostics::{Diagnostic, Severity, codes};
use pipe_run::ProfileRequest;

use super::table::{Found, TableArgs};
use crate::exit::Exit;
use crate::output::Output;
use crate::profile;
use crate::runtime::{self, Interrupt};

/// Tell what a table or a data file holds: types, NULLs, distinct and frequent values, quantiles, patterns, keys, dependencies, personal data
///
/// One pass over the rows tells of the columns. Statistics of columns with at most 4,096 distinct values are exact; of others distinct values, frequent
/// values and quantiles are estimates, and their errors are told. Keys, dependencies and references to other tables are found on a
/// sample and counted on all rows.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    table: TableArgs,
    /// The source as it came, without rules and heals; `raw.TABLE` says the same
    #[arg(long)]
    raw: bool,
    /// Tell of the columns alone: keys, dependencies and references are not looked for, and the rows are read once
    #[arg(long)]
    columns_only: bool,
    /// Not of the rows but of what the latest runs have kept of the columns they committed, merged: nothing is read. For tables with
    /// rules on earlier runs
    #[arg(long, conflicts_with_all = ["raw", "columns_only"])]
    history: bool,
    /// With `--history`: one partition of the load, by the name of its folder, such as `day=2026-01-31`
    #[arg(long, value_name = "NAME", requires = "history")]
    partition: Option<String>,
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
    let Found { table, raw, loaded, options, .. } = &match args.table.find() {
        Ok(found) => found,
        Err((problems, sources)) => return super::refuse(&problems, &sources, json, out),
    };
    let request = ProfileRequest {
        table: table.clone(),
        raw: *raw || args.raw,
        alone: args.table.alone,
        columns_only: args.columns_only,
        settings: pipe_profile::Settings {
            sample: args.table.sample(),
            top: usize::try_from(args.top).unwrap_or(usize::MAX),
            ..Default::default()
        },
    };
    let interrupt = Interrupt::listen();
    let kept = || pipe_run::profile_kept(options, table, args.partition.as_deref(), request.settings);
    let profiled = runtime::block_on(async {
        tokio::select! {
            profiled = async { if args.history { kept() } else { pipe_run::profile(loaded, options, &request).await } } => Ok(Some(profiled)),
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
