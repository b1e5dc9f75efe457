//! `pipe suggest`

use anyhow::Result;
use clap::ValueEnum;
use pipe_diagnostics::Diagnostic;
use pipe_run::SuggestRequest;
use pipe_suggest::Suggestions;
use serde_json::json;

use crate::exit::Exit;
use crate::output::Output;
use crate::project::{EngineArgs, ParamArgs, Project, ProjectArgs, StateArgs};
use crate::report::counted;
use crate::runtime::{self, Interrupt};
use crate::suggest as apply;

/// Write the rules and heal clauses that a table's own rows speak for
///
/// Four fifths of the rows are profiled: keys, dependencies, references, sets, ranges, formats. What holds there is counted on the fifth that
/// was held back; each line stands under its evidence. The text is a program that `check` accepts.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A source, as it comes, or a model
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
    /// Read no other table: references to them are not looked for
    #[arg(long)]
    alone: bool,
    /// Distinct rows of the sample that keys, dependencies and formats are found on
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    sample: u32,
    /// Write them into the program: rules behind the statement's file, clauses into the table's heal block if it has one
    #[arg(long)]
    apply: bool,
    /// How the suggestions are shown
    #[arg(long, value_enum, default_value_t = Format::Pipe)]
    format: Format,
}

/// How suggestions are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// As blocks of a program
    Pipe,
    /// One JSON object, with the blocks in it
    Json,
}

pub fn execute(args: &Args, out: &mut Output) -> Result<Exit> {
    let json = args.format == Format::Json;
    let project = match Project::find(args.project.path.as_deref()) {
        Ok(project) => project,
        Err(problem) => return super::refuse(&[problem], &Default::default(), json, out),
    };
    let loaded = project.load(&args.project);
    let table = args.table.to_lowercase();
    let program = &loaded.program;
    let mut known: Vec<String> = program.sources.keys().chain(program.models.keys()).cloned().collect();
    known.sort();
    if !known.contains(&table) {
        let hindrances: Vec<Diagnostic> = loaded.hindrances(&[]).into_iter().cloned().collect();
        if known.is_empty() && !hindrances.is_empty() {
            return super::refuse(&hindrances, &loaded.sources, json, out);
        }
        let unknown = pipe_plan::UnknownTarget { target: table, known };
        return super::refuse(&[super::unknown_target(&unknown)], &loaded.sources, json, out);
    }
    let options = pipe_run::Options { params: args.params.values(), ..project.options(&args.state, &args.engine) };
    let sample = usize::try_from(args.sample).unwrap_or(usize::MAX);
    let request = SuggestRequest { table, alone: args.alone, sample };
    let interrupt = Interrupt::listen();
    let suggested = runtime::block_on(async {
        tokio::select! {
            suggested = pipe_run::suggest(&loaded, &options, &request) => Ok(Some(suggested)),
            () = interrupt.asked() => Ok(None),
        }
    })?;
    let suggested = match suggested {
        None => return Ok(Exit::INTERRUPTED),
        Some(Err(problems)) => return super::refuse(&problems, &loaded.sources, json, out),
        Some(Ok(suggested)) => suggested,
    };
    let text = match suggested.text() {
        Ok(text) => text,
        Err(problems) => return super::refuse(&problems, &loaded.sources, json, out),
    };
    let applied = if args.apply && !suggested.is_empty() {
        match apply::apply(&project, &args.project, &loaded, &suggested) {
            Ok(files) => files,
            Err((problems, sources)) => return super::refuse(&problems, &sources, json, out),
        }
    } else {
        Vec::new()
    };
    if json {
        out.print(&format!("{}\n", object(&suggested, &text, &applied)));
    } else if !args.apply && !suggested.is_empty() {
        out.print(&text);
    }
    if !json {
        for note in &suggested.notes {
            out.error(&format!("{note}\n"));
        }
        out.error(&format!("{}\n", summary(&suggested, &applied, args.apply)));
    }
    Ok(Exit::OK)
}

/// One line on what was found, and where it stands now.
fn summary(suggested: &Suggestions, applied: &[String], apply: bool) -> String {
    if suggested.is_empty() {
        let add = if apply { "add" } else { "suggest" };
        return format!(
            "nothing to {add}: `{}` has all the rules that its {} speak for",
            suggested.table,
            counted(suggested.rows, "row")
        );
    }
    let rules = counted(suggested.rules.iter().filter(|r| !r.rule.is_empty()).count() as u64, "rule");
    let clauses = counted(suggested.healing.clauses.len() as u64, "heal clause");
    let line = format!("{rules} and {clauses} for `{}`", suggested.table);
    match applied {
        [] => format!("{line}; `--apply` writes them into the program"),
        files => format!("{line} added to `{}`", files.join("` and `")),
    }
}

fn object(suggested: &Suggestions, text: &str, applied: &[String]) -> serde_json::Value {
    let told = |all: &[(String, String)], what: &str| -> Vec<serde_json::Value> {
        all.iter().map(|(one, why)| json!({ what: one, "evidence": why })).collect()
    };
    json!({
        "format_version": 1,
        "table": suggested.table,
        "rows": suggested.rows,
        "held_back": suggested.held,
        "rules": suggested.rules,
        "settings": told(&suggested.healing.settings, "setting"),
        "clauses": told(&suggested.healing.clauses, "clause"),
        "notes": suggested.notes,
        "program": text,
        "applied": applied,
    })
}
