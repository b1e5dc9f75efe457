//! `pipe fmt`

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use pipe_diagnostics::Sources;

use crate::diagnose;
use crate::exit::Exit;
use crate::output::Output;
use crate::project::Project;

/// Write programs in the one style there is
///
/// SQL keeps its bytes but for its indentation; comments stay where they were. With `--check` or `--diff` nothing is
/// written: 0 if all is in style, 1 if not, 2 if a file could not be read.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// `.pipe` files, or folders with them; `-` reads standard input and writes standard output
    #[arg(value_name = "FILE|DIR|-")]
    paths: Vec<PathBuf>,
    /// Name the files that are not in style, and write nothing
    #[arg(long)]
    check: bool,
    /// Show what would change, and write nothing
    #[arg(long)]
    diff: bool,
}

pub fn execute(args: &Args, out: &mut Output) -> Result<Exit> {
    if args.paths.iter().any(|p| p.as_os_str() == "-") {
        let mut text = String::new();
        if let Err(error) = std::io::stdin().lock().read_to_string(&mut text) {
            out.error(&format!("error: cannot read standard input: {}\n", crate::project::reason(&error)));
            return Ok(Exit::INVALID);
        }
        return Ok(one("<stdin>", &text, None, args, out));
    }
    let mut files = Vec::new();
    let roots: Vec<Option<&Path>> =
        if args.paths.is_empty() { vec![None] } else { args.paths.iter().map(|p| Some(p.as_path())).collect() };
    for path in roots {
        match Project::find(path) {
            Ok(project) => files.extend(project.files),
            Err(problem) => return super::refuse(&[problem], &Sources::default(), false, out),
        }
    }
    let mut exit = Exit::OK;
    for file in files {
        let name = file.display().to_string();
        let one = match std::fs::read_to_string(&file) {
            Ok(text) => one(&name, &text, Some(&file), args, out),
            Err(error) => {
                out.error(&format!("error: cannot read `{name}`: {}\n", crate::project::reason(&error)));
                Exit::INVALID
            }
        };
        exit = Exit(exit.0.max(one.0));
    }
    Ok(exit)
}

/// Formats one text; without a file the result goes to standard output.
fn one(name: &str, text: &str, file: Option<&Path>, args: &Args, out: &mut Output) -> Exit {
    let mut sources = Sources::default();
    sources.add(name, text);
    let formatted = match pipe_fmt::format(text) {
        Ok(formatted) => formatted,
        Err(problems) => {
            out.error(&diagnose::full(&problems, &sources, out.paint_err));
            return Exit::INVALID;
        }
    };
    let in_style = formatted == text;
    if args.diff && !in_style {
        let diff = similar::TextDiff::from_lines(text, &formatted);
        out.print(&diff.unified_diff().context_radius(3).header(name, name).to_string());
    }
    if args.check && !in_style {
        out.error(&match file {
            Some(_) => format!("`{name}` is not in style; `pipe fmt {name}` writes it\n"),
            None => "standard input is not in style\n".to_owned(),
        });
    }
    if args.check || args.diff {
        return if in_style { Exit::OK } else { Exit::FAILED };
    }
    match file {
        None => out.print(&formatted),
        Some(_) if in_style => {}
        Some(file) => {
            if let Err(error) = replace(file, &formatted) {
                out.error(&format!("error: cannot write `{name}`: {error:#}\n"));
                return Exit::FAILED;
            }
        }
    }
    Exit::OK
}

/// Replaces a file at once: whoever reads it finds the old text or the new one. Links are followed and permissions kept.
pub fn replace(file: &Path, text: &str) -> Result<()> {
    let file = file.canonicalize()?;
    let folder = file.parent().context("it has no folder")?;
    let permissions = std::fs::metadata(&file)?.permissions();
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(text.as_bytes())?;
    new.as_file().set_permissions(permissions)?;
    new.as_file().sync_all()?;
    new.persist(&file)?;
    Ok(())
}
