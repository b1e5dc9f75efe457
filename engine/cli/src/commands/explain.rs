//! `pipe explain`

use anyhow::Result;
use pipe_check::Program;
use pipe_diagnostics::{Diagnostic, Severity, Sources, codes, nearest, render};
use pipe_run::Options;
use pipe_schema::reference;

use crate::exit::Exit;
use crate::output::Output;
use crate::project::{Project, ProjectArgs, StateArgs};
use crate::runtime;

/// Explain a table, a model, a rule, a load, the code of a message, or a word of the language
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A name of the program, a rule as `table.rule`, a code such as `E0102`, or a word such as `csv`, `unique`, `dedupe`, `'not null'`
    #[arg(value_name = "NAME|CODE|WORD")]
    name: String,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    state: StateArgs,
}

pub fn execute(args: &Args, out: &mut Output) -> Result<Exit> {
    if let Some(page) = codes::page(&args.name) {
        out.print(&render::page(page));
        return Ok(Exit::OK);
    }
    if is_code(&args.name) {
        let codes = codes::pages().map(|p| p.code.as_str());
        let help = nearest(&args.name, codes).map(|code| format!("there is `{code}`"));
        let problem = unknown(&format!("no message has the code `{}`", args.name)).maybe_help(help);
        return super::refuse(&[problem], &Sources::default(), false, out);
    }
    let words = reference::find(&args.name);
    let project = match Project::find(args.project.path.as_deref()) {
        Ok(project) => project,
        // The language is the same everywhere.
        Err(_) if !words.is_empty() => return Ok(told(&words, out)),
        Err(problem) => {
            let near = reference::words();
            let problem = match nearest(&args.name, near.iter().map(String::as_str)) {
                Some(word) => unknown(&format!("nothing is called `{}`", args.name)).help(format!("there is `{word}`")),
                None => problem,
            };
            return super::refuse(&[problem], &Sources::default(), false, out);
        }
    };
    let loaded = project.load(&args.project);
    let name = args.name.to_lowercase();
    let options = Options::new(project.state(&args.state));
    let facts = match runtime::block_on(async { Ok(pipe_run::facts(&loaded, &options).await) })? {
        Ok(facts) => facts,
        Err(_) if !words.is_empty() => return Ok(told(&words, out)),
        Err(problems) => return super::refuse(&problems, &loaded.sources, false, out),
    };
    let objects = pipe_plan::explain(&loaded.program, &name, &facts);
    if objects.is_empty() && !words.is_empty() {
        return Ok(told(&words, out));
    }
    if objects.is_empty() {
        let mut names = names(&loaded.program);
        names.extend(reference::words());
        let help = nearest(&name, names.iter().map(String::as_str)).map(|name| format!("there is `{name}`"));
        let problem = unknown(&format!("nothing is called `{}`", args.name)).maybe_help(help);
        return super::refuse(&[problem], &loaded.sources, false, out);
    }
    let objects: Vec<String> = objects.iter().map(ToString::to_string).collect();
    out.print(&objects.join("\n"));
    Ok(Exit::OK)
}

/// Prints what the language says of a word.
fn told(pages: &[reference::Page], out: &mut Output) -> Exit {
    let pages: Vec<String> = pages.iter().map(crate::reference::text).collect();
    out.print(&pages.join("\n"));
    Exit::OK
}

fn unknown(message: &str) -> Diagnostic {
    Diagnostic::new(codes::run::UNKNOWN_NAME, Severity::Error, message)
}

/// `E0102`, `w0501`: what could only be a code.
fn is_code(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| matches!(c.to_ascii_lowercase(), 'e' | 'w'))
        && name.len() == 5
        && chars.all(|c| c.is_ascii_digit())
}

/// All that can be explained, for "did you mean".
fn names(program: &Program) -> Vec<String> {
    let tables = program.sources.keys().chain(program.models.keys()).cloned();
    let loads = program.loads.iter().map(|l| l.name.clone());
    let rules = program.rules.values().flatten().map(|r| format!("{}.{}", r.table, r.name));
    tables.chain(loads).chain(rules).collect()
}
