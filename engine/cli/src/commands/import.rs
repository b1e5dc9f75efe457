//! `pipe import`

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use pipe_diagnostics::{Diagnostic, Severity, Sources, codes};
use pipe_import::{Imported, Tool};
use serde_json::json;

use crate::diagnose;
use crate::exit::Exit;
use crate::output::Output;
use crate::report::counted;

/// Write the checks of another tool as rules
///
/// Reads a suite, a ruleset, a properties file or a contract, and writes rules that mean the same. What cannot be said is
/// listed with its line and in a comment of the program, and the exit code is 2; with `--partial` it is 0.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Whose file it is
    #[arg(value_parser = tools())]
    tool: Tool,
    #[command(flatten)]
    of: FileArgs,
}

/// The file of a tool, and what becomes of it.
#[derive(Debug, clap::Args)]
pub struct FileArgs {
    /// The file; `-` reads standard input
    file: PathBuf,
    /// Write the program here, and not to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The table, where the file names none; without it the file's name
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// Exit with 0 even though some checks could not be said
    #[arg(long)]
    partial: bool,
    /// How the result is shown
    #[arg(long, value_enum, default_value_t = Format::Pipe)]
    format: Format,
}

/// How the result is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The program
    Pipe,
    /// One JSON object, with the program in it
    Json,
}

/// The tools, by their words.
fn tools() -> impl TypedValueParser<Value = Tool> {
    let words = Tool::ALL.iter().map(|t| PossibleValue::new(t.word()).help(t.title()));
    PossibleValuesParser::new(words)
        .try_map(|word| Tool::ALL.iter().copied().find(|t| t.word() == word).ok_or("no tool has this word"))
}

pub fn execute(args: &Args, out: &mut Output) -> Result<Exit> {
    imported(args.tool, &args.of, out)
}

/// Imports a file of a tool.
pub fn imported(tool: Tool, args: &FileArgs, out: &mut Output) -> Result<Exit> {
    let json = args.format == Format::Json;
    let text = match read(&args.file) {
        Ok(text) => text,
        Err(problem) => return super::refuse(&[problem], &Sources::default(), json, out),
    };
    let name = if args.file.as_os_str() == "-" { "<stdin>".to_owned() } else { args.file.display().to_string() };
    let mut imported = match pipe_import::import(tool, &name, &text, args.table.as_deref()) {
        Ok(imported) => imported,
        Err((problem, sources)) => return super::refuse(&[*problem], &sources, json, out),
    };
    if args.partial {
        for refused in &mut imported.refused {
            refused.severity = Severity::Warning;
        }
    }
    out.error(&diagnose::full(&imported.refused, &imported.sources, out.paint_err));
    let exit = if imported.refused.is_empty() || args.partial { Exit::OK } else { Exit::INVALID };
    if let Some(file) = &args.output
        && let Err(error) = std::fs::write(file, &imported.text)
    {
        let message = format!("cannot write `{}`: {}", file.display(), crate::project::reason(&error));
        let problem = Diagnostic::new(codes::run::SINK_UNWRITABLE, Severity::Error, message);
        return super::refuse(&[problem], &Sources::default(), json, out);
    }
    if json {
        out.print(&format!("{}\n", object(&imported, tool, exit)));
    } else if args.output.is_none() {
        out.print(&imported.text);
    }
    if !json {
        out.error(&format!("{}\n", summary(&imported, args.output.as_deref())));
    }
    Ok(exit)
}

/// The file's text.
fn read(file: &Path) -> Result<String, Diagnostic> {
    let bytes = if file.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin().lock())
    } else {
        std::fs::read_to_string(file)
    };
    bytes.map_err(|error| {
        let message = format!("cannot read `{}`: {}", file.display(), crate::project::reason(&error));
        Diagnostic::new(codes::import::NOT_READ, Severity::Error, message)
    })
}

/// One line on what became of the checks.
fn summary(imported: &Imported, file: Option<&Path>) -> String {
    let checks = counted(imported.checks as u64, "check");
    let rules = counted(imported.rules as u64, "rule");
    let mut line = format!("{checks} read, {rules} written");
    if let Some(file) = file {
        line += &format!(" to `{}`", file.display());
    }
    match imported.refused.len() {
        0 => line,
        n => format!("{line}, {n} not said here"),
    }
}

fn object(imported: &Imported, tool: Tool, exit: Exit) -> serde_json::Value {
    json!({
        "format_version": 1,
        "exit_code": exit.0,
        "tool": tool.word(),
        "checks": imported.checks,
        "rules": imported.rules,
        "undeclared": imported.undeclared,
        "program": imported.text,
        "diagnostics": diagnose::values(&imported.refused, &imported.sources),
    })
}
