//! `pipe contract`

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Subcommand, ValueEnum};
use pipe_check::Loaded;
use pipe_contract::{Change, Column, Contract, Earlier, Role, Terms, compare};
use pipe_diagnostics::codes::contract as codes;
use pipe_diagnostics::{Diagnostic, Severity, Sources};
use pipe_import::Tool;
use pipe_plan::Facts;
use pipe_run::{Options, Planned};
use pipe_schema::Type;
use serde_json::{Value, json};

use super::import;
use crate::diagnose;
use crate::exit::Exit;
use crate::output::Output;
use crate::project::{EngineArgs, Project, ProjectArgs, StateArgs, reason};
use crate::report::counted;
use crate::runtime;

/// Write, read and compare data contracts, in the Open Data Contract Standard 3.1
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Export(Export),
    /// Write the columns and the rules of a contract as a program: `pipe import odcs`
    Import(import::FileArgs),
    Check(Check),
}

/// Write what a table promises as a contract: its columns, its rules, its service levels
///
/// What the standard has no words for is written as it stands in the program. `pipe contract import` gives the same columns and
/// rules back. What an earlier version says of anything else is kept, the file that is written anew or the contract that the
/// source names: its id, its owners, other tables, texts for people. Its version is counted on: the first number if something
/// breaks, the second if something else changed.
#[derive(Debug, clap::Args)]
struct Export {
    /// A source or a model
    #[arg(value_name = "TABLE")]
    table: String,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    state: StateArgs,
    /// Write to this file in place of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The contract's version; of an earlier one the next if left out
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
}

/// Compare a contract with the program: what a source counts on and the contract does not promise, what it promises and a model does not keep
///
/// Without a file the contracts that the sources name are compared. Where a run has accepted a version of a source's contract,
/// what has changed since is told too. Exits with 0 if nothing breaks, 1 if something does, 2 if a
/// contract could not be looked at.
#[derive(Debug, clap::Args)]
struct Check {
    /// The contract; those that the sources name if left out
    #[arg(value_name = "CONTRACT")]
    contract: Option<PathBuf>,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    state: StateArgs,
    /// How the changes are shown
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How changes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line each
    Text,
    /// One JSON object
    Json,
}

pub fn execute(args: &Args, out: &mut Output) -> Result<Exit> {
    match &args.command {
        Command::Export(args) => export(args, out),
        Command::Import(args) => import::imported(Tool::Odcs, args, out),
        Command::Check(args) => check(args, out),
    }
}

/// The program, and its errors if it has any.
fn load(args: &ProjectArgs) -> Result<(Project, Loaded), (Vec<Diagnostic>, Sources)> {
    let project = Project::find(args.path.as_deref()).map_err(|problem| (vec![problem], Sources::default()))?;
    let loaded = project.load(args);
    if loaded.has_errors() {
        let errors = loaded.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
        return Err((errors, loaded.sources));
    }
    Ok((project, loaded))
}

/// The columns of a table as the planner knows them, without the flags of its clauses.
fn columns(planned: &Planned<'_>, loaded: &Loaded, table: &str) -> Option<Vec<Column>> {
    let flags: Vec<String> = loaded.program.filled(table).iter().map(|c| pipe_check::flag_of(c)).collect();
    let facts = planned.columns(table)?.into_iter().filter(|f| !flags.contains(&f.name));
    Some(facts.filter_map(|f| Some(Column::new(f.name, Type::parse(&f.ty)?))).collect())
}

fn export(args: &Export, out: &mut Output) -> Result<Exit> {
    let (project, loaded) = match load(&args.project) {
        Ok(found) => found,
        Err((problems, sources)) => return super::refuse(&problems, &sources, false, out),
    };
    let options: Options = project.options(&args.state, &EngineArgs::default());
    let planned = match runtime::block_on(async { Ok(pipe_run::facts(&loaded, &options).await) })? {
        Ok(planned) => planned,
        Err(problems) => return super::refuse(&problems, &loaded.sources, false, out),
    };
    let table = args.table.to_lowercase();
    let earlier = earlier(args.output.as_deref(), &loaded, &table);
    let known = columns(&planned, &loaded, &table);
    let exported = match pipe_contract::export(&loaded, &table, known, earlier.as_ref(), args.version.as_deref()) {
        Ok(exported) => exported,
        Err(problem) => return super::refuse(&[*problem], &loaded.sources, false, out),
    };
    out.error(&diagnose::full(&exported.left_out, &loaded.sources, out.paint_err));
    let Some(file) = &args.output else {
        out.print(&exported.text);
        return Ok(Exit::OK);
    };
    if let Err(error) = std::fs::write(file, &exported.text) {
        let message = format!("cannot write `{}`: {}", file.display(), reason(&error));
        let problem = Diagnostic::new(pipe_diagnostics::codes::run::SINK_UNWRITABLE, Severity::Error, message);
        return super::refuse(&[problem], &loaded.sources, false, out);
    }
    out.error(&format!("{} written to `{}`\n", counted(exported.rules as u64, "rule"), file.display()));
    Ok(Exit::OK)
}

/// The contract as it was: the file that is written anew, or the one that the source names.
fn earlier(output: Option<&Path>, loaded: &Loaded, table: &str) -> Option<Earlier> {
    let written =
        output.and_then(|file| Earlier::read(&file.display().to_string(), &std::fs::read_to_string(file).ok()?));
    let named = || {
        let file = loaded.program.sources.get(table)?.contract.as_ref()?;
        Earlier::read(&file.path, &file.text)
    };
    written.or_else(named)
}

/// A contract beside a table of the program.
struct Compared {
    contract: String,
    table: String,
    role: Role,
    changes: Vec<Change>,
    /// What changed since the version that the last run accepted, beyond that.
    since: Vec<Change>,
    not_judged: Vec<String>,
}

impl Compared {
    fn breaking(&self) -> usize {
        self.changes.iter().chain(&self.since).filter(|c| c.breaking).count()
    }
}

fn check(args: &Check, out: &mut Output) -> Result<Exit> {
    let json = args.format == Format::Json;
    // One path may be the project's: a folder or a program is no contract.
    let is_project = |path: &Path| path.is_dir() || path.extension().is_some_and(|e| e == "pipe");
    let (contract, path) = match (&args.contract, &args.project.path) {
        (Some(first), None) if is_project(first) => (None, Some(first.clone())),
        (contract, path) => (contract.clone(), path.clone()),
    };
    let (project, loaded) = match load(&ProjectArgs { path, profile: args.project.profile.clone() }) {
        Ok(found) => found,
        Err((problems, sources)) => return super::refuse(&problems, &sources, json, out),
    };
    let options: Options = project.options(&args.state, &EngineArgs::default());
    let planned = match runtime::block_on(async { Ok(pipe_run::facts(&loaded, &options).await) })? {
        Ok(planned) => planned,
        Err(problems) => return super::refuse(&problems, &loaded.sources, json, out),
    };
    let compared = match &contract {
        Some(file) => one(file, &loaded, &planned),
        None => named(&loaded, &planned),
    };
    let compared = match compared {
        Ok(compared) => compared,
        Err((problem, sources)) => return super::refuse(&[*problem], &sources, json, out),
    };
    let exit = if compared.iter().any(|c| c.breaking() > 0) { Exit::FAILED } else { Exit::OK };
    if json {
        let contracts: Vec<Value> = compared.iter().map(object).collect();
        out.print(&format!("{}\n", json!({ "format_version": 1, "exit_code": exit.0, "contracts": contracts })));
    } else {
        compared.iter().for_each(|c| out.print(&text(c)));
    }
    Ok(exit)
}

type Refused = (Box<Diagnostic>, Sources);

fn refused(code: pipe_diagnostics::Code, message: String, help: &str) -> Refused {
    (Box::new(Diagnostic::new(code, Severity::Error, message).help(help)), Sources::default())
}

/// A contract beside every table of the program that it has.
fn one(file: &Path, loaded: &Loaded, planned: &Planned<'_>) -> Result<Vec<Compared>, Refused> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| {
        let message = format!("cannot read `{name}`: {}", reason(&error));
        refused(pipe_diagnostics::codes::import::NOT_READ, message, "name the file of a contract")
    })?;
    let contract = pipe_contract::read(&name, &text)?;
    let program = &loaded.program;
    // The table that a source says the contract is of, where the contract calls it otherwise.
    let renamed = program.sources.values().find(|s| {
        let same = s.contract.as_ref().is_some_and(|c| c.text == text);
        same && !contract.tables.contains_key(&s.name)
    });
    let mut compared: Vec<Compared> = contract
        .tables
        .keys()
        .filter_map(|table| beside(&name, &contract, table, loaded, planned))
        .chain(renamed.and_then(|s| beside(&name, &contract, &s.name, loaded, planned)))
        .collect();
    if compared.is_empty() {
        let tables: Vec<String> = contract.tables.keys().map(|t| format!("`{t}`")).collect();
        let message = format!("the program has no table of the contract `{name}`");
        return Err(refused(codes::NO_TABLE, message, &format!("it has {}", tables.join(", "))));
    }
    compared.sort_by(|a, b| a.table.cmp(&b.table));
    Ok(compared)
}

/// The contracts that sources name.
fn named(loaded: &Loaded, planned: &Planned<'_>) -> Result<Vec<Compared>, Refused> {
    let mut out = Vec::new();
    for (table, source) in &loaded.program.sources {
        let Some(file) = &source.contract else { continue };
        let contract = pipe_contract::read(&file.path, &file.text)?;
        match beside(&file.path, &contract, table, loaded, planned) {
            Some(compared) => out.push(compared),
            None => {
                let message = format!("`{}` has no table `{table}`", file.path);
                let diagnostic = Diagnostic::error(codes::NO_TABLE, message, file.span);
                return Err((Box::new(diagnostic), loaded.sources.clone()));
            }
        }
    }
    if out.is_empty() {
        let help = "name one: `pipe contract check orders.odcs.yaml`, or `contract 'orders.odcs.yaml'` at a source";
        return Err(refused(codes::NO_CONTRACT, "no source of the program names a contract".to_owned(), help));
    }
    Ok(out)
}

/// What a contract says of a table beside what the program does; `None` where one of them has no such table.
fn beside(name: &str, contract: &Contract, table: &str, loaded: &Loaded, planned: &Planned<'_>) -> Option<Compared> {
    let program = &loaded.program;
    let is_source = program.sources.contains_key(table);
    if !is_source && !program.models.contains_key(table) {
        return None;
    }
    let promised = contract.table(table)?;
    let own = Terms::of(program, table, columns(planned, loaded, table));
    let (role, changes) = match is_source {
        true => (Role::Reader, compare(&own, promised, Role::Reader)),
        false => (Role::Producer, compare(promised, &own, Role::Producer)),
    };
    let before = planned.accepted_contract(table).and_then(|text| pipe_contract::read(name, text).ok());
    let since = before.and_then(|before| Some(compare(before.table(table)?, promised, Role::Versions)));
    let told = |c: &Change| changes.iter().any(|t| (t.kind, &t.subject) == (c.kind, &c.subject));
    let since = since.unwrap_or_default().into_iter().filter(|c| !told(c)).collect();
    let line = |d: &Diagnostic| {
        let span = d.span()?;
        let file = contract.sources.get(span.file)?;
        let before = file.text.get(..usize::try_from(span.start).ok()?)?;
        Some(format!("{name}:{}: {}", before.matches('\n').count() + 1, d.message))
    };
    let not_judged = contract.not_judged.iter().filter_map(line).collect();
    Some(Compared { contract: name.to_owned(), table: table.to_owned(), role, changes, since, not_judged })
}

fn text(compared: &Compared) -> String {
    let Compared { contract, table, changes, since, not_judged, .. } = compared;
    let verdict = match compared.breaking() {
        0 => "compatible".to_owned(),
        n => counted(n as u64, "breaking change"),
    };
    let mut out = format!("{table}, {contract}: {verdict}\n");
    for change in changes.iter().chain(since) {
        match change.kind.code().filter(|_| change.breaking) {
            Some(code) => out += &format!("  {code} {}\n", change.says),
            None => out += &format!("  {}\n", change.says),
        }
    }
    for line in not_judged {
        out += &format!("  judged by no rule: {line}\n");
    }
    out
}

fn object(compared: &Compared) -> Value {
    let change = |(c, against): (&Change, &str)| {
        json!({
            "against": against,
            "kind": c.kind.word(),
            "breaking": c.breaking,
            "code": c.kind.code().filter(|_| c.breaking).map(pipe_diagnostics::Code::as_str),
            "subject": c.subject,
            "message": c.says,
        })
    };
    let changes = compared.changes.iter().map(|c| (c, "program"));
    let changes = changes.chain(compared.since.iter().map(|c| (c, "accepted")));
    json!({
        "contract": compared.contract,
        "table": compared.table,
        "role": if compared.role == Role::Reader { "reader" } else { "producer" },
        "compatible": compared.breaking() == 0,
        "changes": changes.map(change).collect::<Vec<_>>(),
        "not_judged": compared.not_judged,
    })
}
