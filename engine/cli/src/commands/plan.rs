//! `pipe plan`

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use pipe_diagnostics::{Diagnostic, Severity, codes};
use pipe_run::Options;

use crate::exit::Exit;
use crate::output::Output;
use crate::project::{EngineArgs, ParamArgs, Project, ProjectArgs, StateArgs};
use crate::runtime;

/// Show what a run would do: the tables in their order, what is new for each load, and every object of the program
///
/// The text is stable: it changes when the meaning of the program does, or what is new, and not otherwise.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    params: ParamArgs,
    #[command(flatten)]
    state: StateArgs,
    /// Only this table or load, and what it needs; may be repeated
    #[arg(long = "target", value_name = "NAME")]
    targets: Vec<String>,
    /// Plan to take everything again, in place of what the loads have written
    #[arg(long)]
    full_refresh: bool,
    /// Keep the plan in this file too, for `pipe run --plan FILE`
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How the plan is shown
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How a plan is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One property a line
    Text,
    /// One JSON object
    Json,
}

pub fn execute(args: &Args, out: &mut Output) -> Result<Exit> {
    let json = args.format == Format::Json;
    let project = match Project::find(args.project.path.as_deref()) {
        Ok(project) => project,
        Err(problem) => return super::refuse(&[problem], &Default::default(), json, out),
    };
    let mut loaded = project.load(&args.project);
    loaded.give(&args.params.values());
    let targets: Vec<String> = args.targets.iter().map(|t| t.to_lowercase()).collect();
    let names: Vec<&str> = targets.iter().map(String::as_str).collect();
    let hindrances: Vec<Diagnostic> = loaded.hindrances(&names).into_iter().cloned().collect();
    if !hindrances.is_empty() {
        return super::refuse(&hindrances, &loaded.sources, json, out);
    }
    let tables: Vec<String> = loaded.program.sources.keys().chain(loaded.program.models.keys()).cloned().collect();
    let selection = match pipe_plan::select(&loaded.program, &targets) {
        // Nothing is loaded or judged yet: what there is can be shown all the same.
        Ok(selection) if selection.tables.is_empty() => {
            pipe_plan::select(&loaded.program, &tables).unwrap_or(selection)
        }
        Ok(selection) => selection,
        Err(unknown) => return super::refuse(&[super::unknown_target(&unknown)], &loaded.sources, json, out),
    };
    let options = Options {
        params: args.params.values(),
        full_refresh: args.full_refresh,
        targets,
        ..project.options(&args.state, &EngineArgs::default())
    };
    let news = runtime::block_on(async { Ok(pipe_run::news(&loaded, &options, &selection).await) })?;
    let news = match news {
        Ok(news) => news,
        Err(problems) => return super::refuse(&problems, &loaded.sources, json, out),
    };
    let plan = pipe_plan::plan(&loaded.program, &selection, &options.params, Some(&news));
    if let Some(path) = &args.output {
        let kept = runtime::block_on(async { Ok(pipe_run::saved(&loaded, &options, &selection).await) })?;
        let kept = match kept {
            Ok(kept) => kept,
            Err(problems) => return super::refuse(&problems, &loaded.sources, json, out),
        };
        if let Err(e) = std::fs::write(path, serde_json::to_string_pretty(&kept)? + "\n") {
            let message = format!("cannot write the plan to `{}`: {}", path.display(), crate::project::reason(&e));
            let problem = Diagnostic::new(codes::run::SINK_UNWRITABLE, Severity::Error, message);
            return super::refuse(&[problem], &loaded.sources, json, out);
        }
    }
    if json {
        out.print(&format!("{}\n", serde_json::to_string(&plan)?));
    } else {
        out.print(&plan.to_string());
    }
    Ok(Exit::OK)
}
