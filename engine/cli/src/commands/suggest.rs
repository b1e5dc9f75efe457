//! `pipe suggest`

use anyhow::Result;
use clap::ValueEnum;
use pipe_run::SuggestRequest;
use pipe_suggest::Suggestions;
use serde_json::json;

use super::table::{Found, Refused, TableArgs};
use crate::bare::Bare;
use crate::exit::Exit;
use crate::output::Output;
use crate::report::counted;
use crate::runtime::{self, Interrupt};
use crate::suggest as apply;

/// Write the rules and heal clauses that a table's own rows speak for
///
/// Four fifths of the rows are profiled: keys, dependencies, references, sets, ranges, formats. What holds there is counted on the fifth that
/// was held back; each line stands under its evidence. The text is a program that `check` accepts; of a file by itself it is
/// whole, with the source and a load, and runs.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    table: TableArgs,
    /// Write them into the program: rules behind the statement's file, clauses into the table's heal block if it has one. Of a file by
    /// itself the program is made, `orders.pipe` of `orders.csv`, in the current folder
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
    let found = match args.table.find() {
        Ok(found) => found,
        Err((problems, sources)) => return super::refuse(&problems, &sources, json, out),
    };
    let loaded = &found.loaded;
    let request = SuggestRequest {
        table: found.table.clone(),
        alone: args.table.alone,
        sample: args.table.sample(),
        bare: found.bare.is_some(),
    };
    let interrupt = Interrupt::listen();
    let suggested = runtime::block_on(async {
        tokio::select! {
            suggested = pipe_run::suggest(loaded, &found.options, &request) => Ok(Some(suggested)),
            () = interrupt.asked() => Ok(None),
        }
    })?;
    let suggested = match suggested {
        None => return Ok(Exit::INTERRUPTED),
        Some(Err(problems)) => return super::refuse(&problems, &loaded.sources, json, out),
        Some(Ok(suggested)) => suggested,
    };
    let (text, applied) = match written(args, &found, &suggested) {
        Ok(written) => written,
        Err((problems, sources)) => return super::refuse(&problems, &sources, json, out),
    };
    if json {
        out.print(&format!("{}\n", object(&suggested, &text, &applied)));
    } else if !args.apply && (found.bare.is_some() || !suggested.is_empty()) {
        out.print(&text);
    }
    if !json {
        for note in &suggested.notes {
            out.error(&format!("{note}\n"));
        }
        out.error(&format!("{}\n", summary(&suggested, &applied, args.apply, found.bare.as_ref())));
    }
    Ok(Exit::OK)
}

/// The suggestions as text, and the files that they were written to.
fn written(args: &Args, found: &Found, suggested: &Suggestions) -> Result<(String, Vec<String>), Refused> {
    let fault = |problems| (problems, Default::default());
    match (&found.bare, &found.place) {
        (Some(bare), _) => {
            let text = apply::program(bare, suggested).map_err(fault)?;
            let files = if args.apply { vec![apply::create(bare, &text)?] } else { Vec::new() };
            Ok((text, files))
        }
        (None, Some(project)) if args.apply && !suggested.is_empty() => {
            let text = suggested.text().map_err(fault)?;
            Ok((text, apply::apply(project, &args.table.project, &found.loaded, suggested)?))
        }
        _ => Ok((suggested.text().map_err(fault)?, Vec::new())),
    }
}

/// One line on what was found, and where it stands now.
fn summary(suggested: &Suggestions, applied: &[String], apply: bool, bare: Option<&Bare>) -> String {
    if suggested.is_empty() && bare.is_none() {
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
    match (applied, bare) {
        ([], Some(bare)) => format!("{line}; `--apply` writes the program `{}`", bare.program().display()),
        ([file, ..], Some(bare)) => {
            format!("{line} written to `{file}`; `pipe run {file}` puts the healed table into `{}`", bare.target())
        }
        ([], None) => format!("{line}; `--apply` writes them into the program"),
        (files, None) => format!("{line} added to `{}`", files.join("` and `")),
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
