//! A heal taken back: its rows leave their targets and go, as they were read, into quarantine, in one commit.

mod healed;
mod targets;

use pipe_check::Loaded;
use pipe_diagnostics::codes::run as codes;
use pipe_diagnostics::{Diagnostic, Severity};
use pipe_state::{
    Act, ActKind, CommitRecord, HealChange, HealEntry, PublishStep, QuarantineFile, QuarantineSource, RowState, State,
    TableAccount, TableRecord,
};

use crate::command::{self, Refused, diagnostics, unusable};
use crate::engine::{Engine, Stopped};
use crate::heal::ledger;
use crate::report::{HealReport, Report, TableReport};
use crate::{Options, errors, sinks};

use healed::{Gone, Healed, healed};
use targets::{Targets, concerned, named, targets};

/// Takes the rows of a heal out of the loads that hold them and puts them, as read, into quarantine as `undone`; what was
/// computed from them is computed again by the next run. All of it or, where a row cannot be taken out, nothing.
pub async fn undo(loaded: &Loaded, options: &Options, heal: i64) -> Report {
    command::reported(loaded, options, async |report| {
        begin(loaded, options, heal)?.all(report).await;
        Ok(())
    })
    .await
}

/// What holds the lock, as the state says to others.
const COMMAND: &str = "heals undo";

/// An undo at work.
struct Undo<'a> {
    engine: Engine<'a>,
    state: State,
    /// Freed when it ends.
    _lock: pipe_state::RunLock,
    heal: HealEntry,
}

fn refused(message: String, help: impl Into<String>) -> Diagnostic {
    Diagnostic::new(codes::UNDO_REFUSED, Severity::Error, message).help(help)
}

fn begin<'a>(loaded: &'a Loaded, options: &'a Options, id: i64) -> Result<Undo<'a>, Refused> {
    let unknown = |known: &[i64]| {
        let help = match known.iter().min_by_key(|k| (k.abs_diff(id), **k)) {
            Some(near) => format!("the nearest is {near}; `pipe heals` lists them"),
            None => "no clause has done anything on this state yet".to_owned(),
        };
        let message = format!("there is no heal {id}");
        (vec![Diagnostic::new(codes::UNKNOWN_HEAL, Severity::Error, message).help(help)], 2)
    };
    let Some(mut state) = State::open_existing(&options.state).map_err(unusable)? else { return Err(unknown(&[])) };
    let engine = Engine::new(loaded, options).map_err(|d| (d, 2))?;
    let (lock, _) = command::locked(&mut state, &engine, COMMAND)?;
    let Some(heal) = state.heal(id).map_err(unusable)? else {
        return Err(unknown(&state.heal_ids().map_err(unusable)?));
    };
    undoable(loaded, &heal).map_err(|d| (vec![d], 2))?;
    let hindrances: Vec<Diagnostic> = loaded.hindrances(&[&heal.table]).into_iter().cloned().collect();
    if !hindrances.is_empty() {
        return Err((hindrances, 2));
    }
    Ok(Undo { engine, state, _lock: lock, heal })
}

/// Whether a heal has put rows into targets that can be taken out again.
fn undoable(loaded: &Loaded, heal: &HealEntry) -> Result<(), Diagnostic> {
    let HealEntry { id, table, action, .. } = heal;
    let no = |why: String, help: String| Err(refused(format!("heal {id} is not undone: {why}"), help));
    let again = format!("change the clause, then `pipe run --full-refresh --target {table}` loads everything again");
    if heal.batch.is_none() {
        return no(
            format!("its run committed nothing of `{table}`"),
            format!("`pipe runs show {}` says why", heal.run),
        );
    }
    match heal.state.as_str() {
        "undone" => {
            let by = heal.undone_by.as_ref().map_or_else(String::new, |run| format!(" by run {run}"));
            let help = format!("its rows are in quarantine: `pipe quarantine show {table}`");
            return no(format!("it was undone before{by}"), help);
        }
        "waiting" => {
            let help = format!("`pipe quarantine discard {table}` gives up the rows it waits for");
            return no("it waits for approval, and has changed nothing yet".to_owned(), help);
        }
        "applied" | "approved" => {}
        word => {
            return no(format!("it was {word} and has changed nothing"), format!("`pipe heals show {id}` says why"));
        }
    }
    match action.as_str() {
        "quarantine" | "skip file" => {
            let help = format!("`pipe quarantine replay {table}` sends them through today's program");
            return no(format!("`{action}` has put rows into quarantine, and none into a target"), help);
        }
        "keep" | "ignore" | "warn" => {
            return no(format!("`{action}` let rows pass as they are and changed none"), again);
        }
        "drop" => return no("`drop` keeps no row that could come back".to_owned(), again),
        "dedupe" => {
            let why = "`dedupe` has removed rows, and those that stayed are as they were read".to_owned();
            let help = format!("the removed rows are whole in `pipe.ledger` (state `removed`); {again}");
            return no(why, help);
        }
        "rename" => {
            let why = "`rename` reads a column under another name and changes no cell".to_owned();
            let help =
                format!("take the clause out or declare the column, then `pipe run --full-refresh --target {table}`");
            return no(why, help);
        }
        _ => {}
    }
    if loaded.program.models.contains_key(table) {
        let help = "change the clause, then `pipe run` computes it again".to_owned();
        return no(format!("`{table}` is a model: its rows are computed again, never replayed"), help);
    }
    if !loaded.program.sources.contains_key(table) {
        return no(format!("`{table}` is not in the program"), format!("bring source `{table}` back, with its loads"));
    }
    Ok(())
}

impl Undo<'_> {
    async fn all(mut self, report: &mut Report) {
        report.run.clone_from(&self.engine.run);
        let batch = format!("undo-{}", self.heal.id);
        let begun = command::begin(&mut self.state, &self.engine, COMMAND, std::slice::from_ref(&self.heal.table));
        let done = match begun {
            Ok(()) => self.rows(&batch, report).await,
            Err(e) => Err(errors::state(&e).into()),
        };
        match done {
            Ok(()) => (report.outcome, report.exit_code) = ("ok".to_owned(), 0),
            Err(stopped) => {
                (report.outcome, report.exit_code) = ("failed".to_owned(), 1);
                report.diagnostics.extend(diagnostics(self.engine.loaded, &stopped.diagnostics));
            }
        }
        if let Err(e) = self.state.discard_staging(&batch) {
            report.notes.push(e.to_string());
        }
        _ = std::fs::remove_dir(&self.engine.scratch);
        if let Err(e) = command::end(&mut self.state, &self.engine, report, Vec::new()) {
            report.notes.push(e.to_string());
        }
    }

    /// Finds the rows, stages what is left without them, and commits.
    async fn rows(&mut self, batch: &str, report: &mut Report) -> Result<(), Stopped> {
        let healed = match healed(&self.state, &self.heal)? {
            Ok(healed) => healed,
            Err(gone) => return Err(self.gone(gone).into()),
        };
        let mut folders = vec![self.engine.scratch.join(batch)];
        let (own, _) = concerned(&self.engine, &self.heal.table);
        folders.extend(own.iter().map(|l| sinks::folder(&self.engine, &targets::task(l), batch)));
        self.state.stage_begun(&self.engine.run, batch, &folders).map_err(|e| errors::state(&e))?;
        let targets = targets(&self.engine, &self.state, &self.heal, &healed, batch).await?;
        let record = self.record(batch, &healed, &targets)?;
        self.state.commit(&record).map_err(|e| errors::state(&e))?;
        self.state.publish(batch).map_err(|e| errors::state(&e))?;
        self.tell(&healed, targets, report);
        Ok(())
    }

    fn gone(&self, gone: Gone) -> Diagnostic {
        let id = self.heal.id;
        match gone {
            Gone::TakenOut(by) => {
                let message = format!("heal {id} is not undone: all its rows left with heal {by}, which was undone");
                refused(message, format!("they are in quarantine: `pipe quarantine show {}`", self.heal.table))
            }
            Gone::Later { places, heal, run } => {
                let message = format!("heal {id} is not undone: {} changed again later, in run {run}", named(&places));
                let help = match heal {
                    0 => "what is in the target is of that run".to_owned(),
                    heal => format!("that was heal {heal}: `pipe heals undo {heal}` takes it back"),
                };
                refused(message, help)
            }
            Gone::Replaced(places) => {
                let message = format!("heal {id} is not undone: the file of {} was loaded again since", named(&places));
                refused(message, "what is in the target was read anew; `pipe heals` lists what was healed of it")
            }
            Gone::Unknown => {
                let message = format!("heal {id} is not undone: the ledger has no entry of it");
                let before = self.state.heal_before(&self.heal).ok().flatten();
                let why = "it repaired rows of files that an earlier run had judged, to compute something anew";
                let help = match before {
                    Some(before) => format!("{why}: `pipe heals undo {before}` takes the repairs themselves back"),
                    None => why.to_owned(),
                };
                refused(message, help)
            }
        }
    }

    fn record(&self, batch: &str, healed: &Healed, targets: &Targets) -> Result<CommitRecord, Stopped> {
        let (heal, rows) = (&self.heal, healed.read.num_rows());
        let staged = ledger::parquet(&self.engine.scratch.join(batch), "quarantine", &healed.read)?;
        let path = self.state.quarantine_dir(&heal.table).join(format!("{}-{batch}.parquet", self.engine.run));
        let mut publish = targets.publish.clone();
        publish.push(PublishStep {
            load: None,
            source: None,
            bytes: std::fs::metadata(&staged).map_or(0, |m| m.len()),
            staged,
            target: path.clone(),
            replace: false,
            rows: rows as u64,
        });
        let taken = self.state.taken(&format!("@{}", heal.table)).map_err(|e| errors::state(&e))?;
        let hash = |file: &str| {
            let path = format!("{}: {file}", heal.table);
            taken.iter().find(|t| t.path == path).map_or_else(String::new, |t| t.hash.clone())
        };
        let source = |(file, rows): (&str, u64)| QuarantineSource { path: file.to_owned(), hash: hash(file), rows };
        Ok(CommitRecord {
            run: self.engine.run.clone(),
            batch: batch.to_owned(),
            at: self.engine.at(),
            table: TableRecord {
                account: TableAccount {
                    table: heal.table.clone(),
                    outcome: "undone".to_owned(),
                    // They were read before; what was committed becomes quarantined.
                    committed: -i64::try_from(rows).unwrap_or(i64::MAX),
                    quarantined: rows as u64,
                    ..TableAccount::default()
                },
                ..TableRecord::default()
            },
            loads: targets.loads.clone(),
            publish,
            quarantine: vec![QuarantineFile {
                path,
                rows: rows as u64,
                state: RowState::Undone,
                exceptions: Vec::new(),
                reasons: healed.reasons(),
                sources: healed.files().into_iter().map(source).collect(),
            }],
            heal_changes: vec![HealChange { id: heal.id, state: "undone".to_owned() }],
            acts: vec![Act {
                at: self.engine.at(),
                kind: ActKind::Undo,
                clause_hash: heal.clause_hash.clone(),
                clause: heal.text.clone(),
                column: heal.column.clone(),
                source: heal.table.clone(),
                who: ["USER", "LOGNAME", "USERNAME"].iter().find_map(|v| std::env::var(v).ok()).unwrap_or_default(),
                heal: Some(heal.id),
            }],
            undone: healed.cells.clone(),
            ..CommitRecord::default()
        })
    }

    fn tell(&self, healed: &Healed, targets: Targets, report: &mut Report) {
        let (heal, rows) = (&self.heal, healed.read.num_rows() as u64);
        report.tables.push(TableReport {
            name: heal.table.clone(),
            outcome: "undone".to_owned(),
            read: rows,
            quarantined: rows,
            quarantine: Some(format!("pipe.quarantine_{}", heal.table)),
            ..TableReport::default()
        });
        report.heals.push(HealReport {
            table: heal.table.clone(),
            clause: usize::try_from(heal.clause).unwrap_or(usize::MAX),
            text: heal.text.clone(),
            column: heal.column.clone(),
            action: heal.action.clone(),
            failure: heal.failure.clone(),
            cells: healed.cells.len() as u64,
            rows,
            confidence: heal.confidence,
            state: "undone".to_owned(),
            ..HealReport::default()
        });
        report.notes.push(format!(
            "these rows are left in quarantine wherever `{0}` is read, while clause {1} reads as it does; change it and `pipe quarantine replay {0}` sends them through the new one",
            heal.table, heal.clause
        ));
        report.notes.extend(targets.notes);
        report.loads = targets.told;
        let order = |name: &str| self.engine.program().loads.iter().position(|l| l.name == name);
        report.loads.sort_by_key(|l| order(&l.name));
    }
}
