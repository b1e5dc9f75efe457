//! `pipe score`

use anyhow::Result;
use arrow::array::{Array, AsArray, BooleanArray};
use arrow::compute::filter_record_batch;
use arrow::record_batch::RecordBatch;
use pipe_diagnostics::Sources;
use pipe_run::score::Scores;

use crate::exit::Exit;
use crate::output::Output;
use crate::project::{ProjectArgs, StateArgs};
use crate::report;
use crate::results::{self, Format};
use crate::runtime;

/// How good the data was, run by run
///
/// A rule about rows scores the share of the rows judged that do not violate it, a rule about the table 100 or 0. A column, a
/// dimension, a table and the project score the mean of their rules, weighted by severity: info 1, warning 2, error 4,
/// critical 8. The score is of the rows as read; beside it stands that of what commits. `pipe.scores` has them for SQL.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    state: StateArgs,
    /// Also the dimensions, columns and rules of this table
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// How many runs the list goes back
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    last: u32,
    /// How scores are listed; CSV and JSON have each run
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub fn execute(args: &Args, out: &mut Output) -> Result<Exit> {
    let found = super::state_dir(&args.project, &args.state).and_then(|state| {
        let now = chrono::Utc::now();
        Ok((pipe_run::scores(&state, now)?, pipe_run::latest_scores(&state, args.last, now)?))
    });
    let (all, latest) = match found {
        Ok(found) => found,
        Err(problem) => return super::query::refuse(&[problem], &Sources::default(), args.format, out),
    };
    if args.format != Format::Table {
        let rows = chosen(&all, args)?;
        return runtime::block_on(results::write(results::stream(rows), args.format, out));
    }
    out.print(&text(&latest, args.table.as_deref()));
    Ok(Exit::OK)
}

/// The scores of the last runs, of one table if one is asked for.
fn chosen(all: &RecordBatch, args: &Args) -> Result<RecordBatch> {
    let column = |name: &str| all.schema().index_of(name).map(|i| all.column(i).as_string::<i32>().clone());
    let (runs, tables) = (column("run")?, column("table")?);
    let mut last: Vec<&str> = Vec::new();
    for run in runs.iter().rev().flatten() {
        if last.last() != Some(&run) {
            last.push(run);
        }
    }
    last.truncate(usize::try_from(args.last)?);
    let asked =
        |row: usize| args.table.as_deref().is_none_or(|table| tables.is_valid(row) && tables.value(row) == table);
    let keep: BooleanArray =
        (0..all.num_rows()).map(|row| Some(last.contains(&runs.value(row)) && asked(row))).collect();
    Ok(filter_record_batch(all, &keep)?)
}

/// A line a table; of one table its dimensions, columns and rules too.
fn text(scores: &Scores, table: Option<&str>) -> String {
    let Some(table) = table else {
        let tables = scores.tables.iter().map(|s| (vec![s.name.clone()], s));
        let all = scores.project.iter().map(|s| (vec!["all tables".to_owned()], s));
        return match scores.tables.is_empty() {
            true => "no score yet\n".to_owned(),
            false => report::scores(["quality", "score", "after healing", "last runs"], tables.chain(all)),
        };
    };
    let levels = [
        ("table", &scores.tables),
        ("dimension", &scores.dimensions),
        ("column", &scores.columns),
        ("rule", &scores.rules),
    ];
    let of = levels.into_iter().flat_map(|(level, scores)| scores.iter().map(move |s| (level, s)));
    let mine: Vec<_> = of
        .filter(|(_, s)| s.table.as_deref() == Some(table))
        .map(|(level, s)| (vec![level.to_owned(), s.name.clone()], s))
        .collect();
    match mine.is_empty() {
        true => format!("no score of `{table}` yet\n"),
        false => report::scores(["of", "name", "score", "after healing", "last runs"], mine),
    }
}
