//! `pipe run`

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use pipe_check::Loaded;
use pipe_diagnostics::{Diagnostic, Sources};
use pipe_run::{Options, Report, Saved};

use crate::diagnose;
use crate::exit::Exit;
use crate::output::Output;
use crate::progress::Bar;
use crate::project::{self, EngineArgs, ParamArgs, Project, ProjectArgs, StateArgs};
use crate::report;
use crate::runtime::{self, Interrupt};

/// Read, judge, heal, commit, and say what became of every row
///
/// Exits with 0 if all was committed, 4 if all but what waits for approval, 3 if only some targets were, 1 if nothing was,
/// 2 if the program or the command line is wrong, 130 if it was interrupted.
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
    /// Run only this table or load, and what it needs; may be repeated
    #[arg(long = "target", value_name = "NAME")]
    targets: Vec<String>,
    /// Take everything again, in place of what the loads have written
    #[arg(long)]
    full_refresh: bool,
    /// Run this plan, kept by `pipe plan -o FILE`, with its targets and params; refuse if anything has moved since
    #[arg(long, value_name = "FILE", conflicts_with_all = ["targets", "params", "full_refresh"])]
    plan: Option<PathBuf>,
    /// How the report is shown
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// How a report is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Table,
    /// One JSON object on standard output; the text for people goes to standard error
    Json,
}

pub fn execute(args: &Args, out: &mut Output) -> Result<Exit> {
    let json = args.format == Format::Json;
    let project = match Project::find(args.project.path.as_deref()) {
        Ok(project) => project,
        Err(problem) => {
            let report = invalid(&[problem], &Sources::default());
            return show(&report, &Loaded::default(), "", json, out);
        }
    };
    let mut loaded = project.load(&args.project);
    let plan = match args.plan.as_deref().map(Saved::read).transpose() {
        Ok(plan) => plan,
        Err(problem) => return show(&invalid(&[problem], &loaded.sources), &loaded, "", json, out),
    };
    let options = Options {
        targets: plan
            .as_ref()
            .map_or_else(|| args.targets.iter().map(|t| t.to_lowercase()).collect(), |p| p.targets.clone()),
        params: plan.as_ref().map_or_else(|| args.params.values(), |p| p.params.clone()),
        full_refresh: plan.as_ref().map_or(args.full_refresh, |p| p.full_refresh),
        plan,
        ..project.options(&args.state, &args.engine)
    };
    loaded.give(&options.params);
    let report = report_of(&loaded, &options)?;
    show(&report, &loaded, &project::place(&args.project, &args.state), json, out)
}

/// Runs the program to its end, or until somebody interrupts it.
fn report_of(loaded: &Loaded, options: &Options) -> Result<Report> {
    let bar = Bar::new(Interrupt::listen());
    let report = runtime::block_on(async {
        tokio::select! {
            report = pipe_run::run(loaded, options, &bar) => Ok(report),
            () = bar.interrupt.overdue() => Ok(interrupted(options)),
        }
    });
    bar.clear();
    report
}

/// The report of a run that could not begin.
pub(super) fn invalid(problems: &[Diagnostic], sources: &Sources) -> Report {
    Report {
        format_version: 1,
        outcome: "invalid".to_owned(),
        exit_code: Exit::INVALID.0,
        diagnostics: diagnose::values(problems, sources),
        ..Report::default()
    }
}

/// What is known of a run that was cut off: what it had committed is complete, the rest has not happened.
pub(super) fn interrupted(options: &Options) -> Report {
    Report {
        format_version: 1,
        outcome: "interrupted".to_owned(),
        exit_code: Exit::INTERRUPTED.0,
        started_at: options.now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        ..Report::default()
    }
}

/// Problems first, then the report; to programs the report alone. Errors of the program that did not keep it from running are `check`'s to tell.
pub(super) fn show(report: &Report, loaded: &Loaded, place: &str, json: bool, out: &mut Output) -> Result<Exit> {
    let mut problems = diagnose::errors(&report.diagnostics, &loaded.sources);
    if report.outcome != "invalid" {
        problems.retain(|p| !loaded.diagnostics.contains(p));
    }
    out.error(&diagnose::full(&problems, &loaded.sources, out.paint_err));
    // What did not run has nothing to say on standard output.
    let aside = json || report.outcome == "invalid";
    let paint = if aside { out.paint_err } else { out.paint };
    out.tell(aside, &report::text(report, place, paint));
    if json {
        out.print(&format!("{}\n", serde_json::to_string(report)?));
    }
    Ok(Exit(report.exit_code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_cannot_begin_is_told_with_its_code() {
        let problem = Diagnostic::new(
            pipe_diagnostics::codes::run::NO_PROGRAM,
            pipe_diagnostics::Severity::Error,
            "no `.pipe` file in `x`",
        );
        let report = invalid(std::slice::from_ref(&problem), &Sources::default());
        assert_eq!(diagnose::errors(&report.diagnostics, &Sources::default()), [problem]);
        assert_eq!((report.outcome.as_str(), report.exit_code), ("invalid", 2));
    }
}
