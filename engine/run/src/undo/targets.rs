//! Where healed rows lie: the loads that hold them are written again without them, those computed from them become stale.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use datafusion::datasource::MemTable;
use pipe_check::Load;
use pipe_compile::Tables;
use pipe_connect::sink::{self, Mode, Withdrawn};
use pipe_state::{Forget, HealEntry, LoadCommit, PublishStep, PublishedFile, State};

use super::healed::Healed;
use super::refused;
use crate::engine::{Engine, Stopped};
use crate::errors;
use crate::kept::Place;
use crate::report::LoadReport;
use crate::sinks;
use crate::work::{LoadTask, row_by_row};

/// Rows that a message names.
const NAMED: usize = 5;

/// What an undo does to the loads.
#[derive(Default)]
pub struct Targets {
    /// For the commit record.
    pub loads: Vec<LoadCommit>,
    /// Files written again.
    pub publish: Vec<PublishStep>,
    /// As the report tells it.
    pub told: Vec<LoadReport>,
    /// What stays as it is though it was computed from the rows.
    pub notes: Vec<String>,
}

/// The loads that take a table row by row, and those that are computed from the whole of it.
pub fn concerned<'a>(engine: &Engine<'a>, table: &str) -> (Vec<&'a Load>, Vec<&'a Load>) {
    let program = engine.program();
    let own = |load: &&Load| row_by_row(engine, &load.table).is_some_and(|s| s == table);
    let (own, others): (Vec<&Load>, Vec<&Load>) = program.loads.iter().partition(own);
    (own, others.into_iter().filter(|l| computed_from(engine, &l.table, table)).collect())
}

fn computed_from(engine: &Engine<'_>, table: &str, from: &str) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![table.to_owned()]);
    while let Some(next) = open.pop() {
        if next == from {
            return true;
        }
        if seen.insert(next.clone()) {
            open.extend(pipe_plan::dependencies(engine.program(), &next));
        }
    }
    false
}

/// A load with all of its table: what it needs to be written to.
pub fn task(load: &Load) -> LoadTask {
    LoadTask::whole(load, mode(load), Vec::new())
}

fn mode(load: &Load) -> Mode {
    Mode::parse(load.config.text("mode").unwrap_or("append")).unwrap_or(Mode::Append)
}

/// Stages what the loads hold without the rows.
///
/// # Errors
/// A load that must hold them and does not; a file that cannot be read or written.
pub async fn targets(
    engine: &Engine<'_>,
    state: &State,
    heal: &HealEntry,
    healed: &Healed,
    batch: &str,
) -> Result<Targets, Stopped> {
    let mut all = Targets::default();
    let (own, computed) = concerned(engine, &heal.table);
    let landed = match &heal.batch {
        Some(batch) => state.landed(batch.seq).map_err(|e| errors::state(&e))?,
        None => Vec::new(),
    };
    if let Some(lost) = landed.iter().find(|l| !l.starts_with('@') && !own.iter().any(|o| o.name == **l)) {
        let message = format!("heal {} is not undone: load `{lost}` took its rows and is not in the program", heal.id);
        return Err(
            refused(message, format!("bring load `{lost}` back as it was, or repair its target by hand")).into()
        );
    }
    for load in own {
        let (rows, whole) = (of_load(engine, load, &heal.table, &healed.committed).await?, mode(load) != Mode::Append);
        let task = task(load);
        let spec = sinks::spec(engine, &task, &rows.schema(), batch);
        let published = published(state, load, heal)?;
        let files: Vec<PathBuf> = published.iter().map(|f| f.path.clone()).collect();
        let found = sink::withdraw(&spec, &sinks::folder(engine, &task, batch), &files, &rows);
        let found = found.map_err(|e| sinks::refused(&task, &e))?;
        let taken = found.missing.len() < rows.num_rows();
        if !found.missing.is_empty() {
            if !whole && (landed.contains(&load.name) || took(state, load, &heal.table, healed)?) {
                return Err(missing(heal, load, healed, &found).into());
            }
            if whole && !files.is_empty() {
                all.stale(state, load)?;
                continue;
            }
        }
        if taken {
            all.rewritten(load, &task, found, rows.num_rows(), &published);
        }
    }
    for load in computed {
        match (mode(load), row_by_row(engine, &load.table)) {
            (Mode::Append, None) => all.notes.push(format!(
                "load `{}` appends what was computed from the whole of `{}` at the time: its rows stay as they are",
                load.name, heal.table
            )),
            (Mode::Append, Some(_)) => {}
            (Mode::Create, _) => all.notes.push(format!(
                "load `{}` was created once, with what `{}` was then: it stays as it is",
                load.name, heal.table
            )),
            _ => all.stale(state, load)?,
        }
    }
    Ok(all)
}

impl Targets {
    fn rewritten(&mut self, load: &Load, task: &LoadTask, found: Withdrawn, rows: usize, published: &[PublishedFile]) {
        let files = found.files.len() + found.remove.len();
        self.publish.extend(found.files.into_iter().map(|f| PublishStep {
            load: Some(load.name.clone()),
            source: published.iter().find(|p| p.path == f.target).and_then(|p| p.source.clone()),
            staged: f.staged,
            target: f.target,
            replace: f.replace,
            rows: f.rows,
            bytes: f.bytes,
        }));
        self.loads.push(LoadCommit { load: load.name.clone(), remove: found.remove, ..LoadCommit::default() });
        self.told.push(LoadReport {
            outcome: "undone".to_owned(),
            rows: (rows - found.missing.len()) as u64,
            files: files as u64,
            ..sinks::told(task)
        });
    }

    /// A load that the next run computes again: it forgets what it has taken. One that has taken nothing does so anyway.
    fn stale(&mut self, state: &State, load: &Load) -> Result<(), Stopped> {
        if state.taken(&load.name).map_err(|e| errors::state(&e))?.is_empty() {
            return Ok(());
        }
        self.loads.push(LoadCommit { load: load.name.clone(), forget: Forget::All, ..LoadCommit::default() });
        self.told.push(LoadReport {
            outcome: "stale".to_owned(),
            reason: Some(
                "it was computed from these rows too: the next `pipe run` computes it without them".to_owned(),
            ),
            ..sinks::told(&task(load))
        });
        Ok(())
    }
}

/// The rows as a load has them: of the table itself, or through the model that is row by row over it.
async fn of_load(engine: &Engine<'_>, load: &Load, table: &str, rows: &RecordBatch) -> Result<RecordBatch, Stopped> {
    let Some(model) = engine.program().models.get(&load.table) else { return Ok(rows.clone()) };
    let provider = MemTable::try_new(rows.schema(), vec![vec![rows.clone()]])?;
    let mut tables = Tables::new();
    tables.insert(table, Arc::new(provider));
    let planner = engine.planner(&tables);
    let plan = planner.model(&model.query)?;
    let schema = Arc::clone(plan.schema().inner());
    let batches = engine.session.execute_logical_plan(plan).await?.collect().await?;
    let batches = batches.into_iter().map(|b| RecordBatch::try_new(Arc::clone(&schema), b.columns().to_vec()));
    let batches = batches.collect::<Result<Vec<_>, _>>().map_err(|e| errors::internal(&e))?;
    Ok(concat_batches(&schema, &batches).map_err(|e| errors::internal(&e))?)
}

/// The files of a load, those of the heal's own batch first: that is where its rows are, unless they were moved since.
fn published(state: &State, load: &Load, heal: &HealEntry) -> Result<Vec<PublishedFile>, Stopped> {
    let mut files = state.published_files(&load.name).map_err(|e| errors::state(&e))?;
    files.sort_by_key(|f| (heal.batch.as_ref().is_none_or(|b| b.id != f.batch), f.path.clone()));
    files.dedup_by(|a, b| a.path == b.path);
    Ok(files)
}

/// Whether a load has taken a file that the rows came from.
fn took(state: &State, load: &Load, source: &str, healed: &Healed) -> Result<bool, Stopped> {
    let taken = state.taken(&load.name).map_err(|e| errors::state(&e))?;
    Ok(healed.files().keys().any(|file| taken.iter().any(|t| t.path == format!("{source}: {file}"))))
}

fn missing(heal: &HealEntry, load: &Load, healed: &Healed, found: &Withdrawn) -> pipe_diagnostics::Diagnostic {
    let of_table = load.table == heal.table;
    let rows = match of_table {
        true => {
            let places = found.missing.iter().filter_map(|i| healed.places.get(*i)).cloned().collect::<Vec<_>>();
            format!("{} as the heal left {}", named(&places), if places.len() == 1 { "it" } else { "them" })
        }
        false => format!("what `{}` makes of {} of its rows today", load.table, found.missing.len()),
    };
    let message = format!("heal {} is not undone: load `{}` does not hold {rows}", heal.id, load.name);
    let help = "its files were changed by someone else, or its query has changed since";
    refused(message, format!("{help}; `pipe run --full-refresh --target {}` loads all of it again", load.name))
}

/// `row 3 of `a.csv``, some of them and how many more.
pub fn named(places: &[Place]) -> String {
    let one = |(file, row): &Place| format!("row {row} of `{file}`");
    let mut names: Vec<String> = places.iter().take(NAMED).map(one).collect();
    if places.len() > NAMED {
        names.push(format!("and {} more", places.len() - NAMED));
    }
    names.join(", ")
}
