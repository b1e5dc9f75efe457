//! Moves committed files to their places, now or in a later command.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::commit::folder_of;
use crate::paths::{create_dir, sync};
use crate::sql::count;
use crate::{RunLock, State, StateError, failpoint};

/// What a command found of an earlier one that did not end.
#[derive(Debug)]
pub enum Recovered {
    /// A committed batch was published.
    Published {
        /// The batch.
        batch: String,
        /// Its table.
        table: String,
        /// The run that committed it.
        run: String,
    },
    /// A committed batch still cannot be published. Its record and its staged files are kept, and its table takes no other batch until it is.
    Stuck {
        /// The batch.
        batch: String,
        /// Its table.
        table: String,
        /// Why.
        error: StateError,
    },
    /// Staged files of a batch that was never committed were deleted.
    StagingRemoved {
        /// The batch.
        batch: String,
        /// What was deleted.
        paths: Vec<PathBuf>,
    },
    /// A run that had not ended is marked as killed.
    RunKilled {
        /// The run.
        run: String,
    },
}

/// A move as it was committed.
struct Step {
    staged: PathBuf,
    target: PathBuf,
    replace: bool,
    bytes: u64,
}

impl State {
    /// Moves a committed batch's files to their places and removes what it replaces; does nothing for what is done already, so it may be repeated.
    /// New files come before old ones go: a reader never sees less than there was.
    ///
    /// # Errors
    /// [`StateError::Lost`], [`StateError::TargetExists`] or an error of the file system; the batch stays committed and can be published later.
    pub fn publish(&mut self, batch: &str) -> Result<(), StateError> {
        let found = self.rows("select seq, published from batch where id = ?1 order by seq", [batch], |r| {
            Ok((r.get::<_, i64>(0)?, r.get::<_, bool>(1)?))
        })?;
        if found.is_empty() {
            return Err(StateError::Unknown { what: "committed batch", name: batch.to_owned() });
        }
        for (seq, _) in found.iter().filter(|(_, published)| !published) {
            self.publish_one(*seq, batch)?;
        }
        self.discard_staging(batch)?;
        Ok(())
    }

    /// Completes what earlier commands left undone. Every command calls it before anything else; the lock keeps it from taking a running command's staging for a dead one's.
    pub fn recover(&mut self, _lock: &RunLock) -> Result<Vec<Recovered>, StateError> {
        let mut done = Vec::new();
        let unpublished =
            self.rows("select seq, id, tbl, run from batch where published = 0 order by seq", [], |r| {
                Ok((r.get::<_, i64>(0)?, r.get::<_, String>(1)?, r.get::<_, String>(2)?, r.get::<_, String>(3)?))
            })?;
        for (seq, batch, table, run) in unpublished {
            match self.publish_one(seq, &batch) {
                Ok(()) => done.push(Recovered::Published { batch, table, run }),
                Err(error) => done.push(Recovered::Stuck { batch, table, error }),
            }
        }
        let staged = self.rows("select distinct batch from staging order by batch", [], |r| r.get::<_, String>(0))?;
        for batch in staged {
            let committed = self.row("select 1 from batch where id = ?1", [&batch], |_| Ok(()))?.is_some();
            let paths = self.discard_staging(&batch)?;
            if !committed && !paths.is_empty() {
                done.push(Recovered::StagingRemoved { batch, paths });
            }
        }
        let killed = self.rows(
            "update run set outcome = 'killed' where finished_at is null and outcome is null returning id",
            [],
            |r| r.get::<_, String>(0),
        )?;
        done.extend(killed.into_iter().map(|run| Recovered::RunKilled { run }));
        Ok(done)
    }

    /// [`State::recover`] for commands that only look: `None` when a running command holds the lock, as it will see to its own batches.
    pub fn recover_if_free(&mut self, command: &str, since: &str) -> Result<Option<Vec<Recovered>>, StateError> {
        match self.lock(command, since) {
            Ok(lock) => self.recover(&lock).map(Some),
            Err(StateError::Locked { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn publish_one(&mut self, seq: i64, batch: &str) -> Result<(), StateError> {
        let steps = self.rows(
            "select staged, target, replaces, bytes from publish_step where batch = ?1 order by step",
            [seq],
            |r| {
                let (staged, target): (String, String) = (r.get(0)?, r.get(1)?);
                Ok(Step {
                    staged: self.load_path(&staged),
                    target: self.load_path(&target),
                    replace: r.get(2)?,
                    bytes: count(r, 3)?,
                })
            },
        )?;
        let removals = self.rows("select path from removal where batch = ?1 order by path", [seq], |r| {
            Ok(self.load_path(&r.get::<_, String>(0)?))
        })?;
        let mut folders = BTreeSet::new();
        for (number, step) in steps.iter().enumerate() {
            move_file(batch, step)?;
            folders.insert(folder_of(&step.target));
            folders.insert(folder_of(&step.staged));
            if number == 0 && steps.len() > 1 {
                failpoint::hit(failpoint::DURING_PUBLISH);
            }
        }
        sync_folders(&folders)?;
        folders.clear();
        for path in &removals {
            match fs::remove_file(path) {
                Ok(()) => _ = folders.insert(folder_of(path)),
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(StateError::io("remove", path, e)),
            }
        }
        sync_folders(&folders)?;
        for folder in folders {
            remove_empty_partitions(folder);
        }
        failpoint::hit(failpoint::BEFORE_PUBLISHED);
        self.transaction(|tx| {
            tx.execute("update batch set published = 1 where seq = ?1", [seq])?;
            Ok(())
        })?;
        failpoint::hit(failpoint::AFTER_PUBLISHED);
        Ok(())
    }
}

fn move_file(batch: &str, step: &Step) -> Result<(), StateError> {
    let Step { staged, target, .. } = step;
    if fs::symlink_metadata(staged).is_ok() {
        if !step.replace && fs::symlink_metadata(target).is_ok() {
            return Err(StateError::TargetExists(target.clone()));
        }
        create_dir(folder_of(target))?;
        return fs::rename(staged, target).map_err(|e| StateError::io("move a staged file to", target, e));
    }
    // Moved before; unless what lies there is something older, which its size may tell.
    match fs::metadata(target) {
        Ok(meta) if step.bytes == 0 || meta.len() == step.bytes => Ok(()),
        _ => Err(StateError::Lost { batch: batch.to_owned(), staged: staged.clone(), target: target.clone() }),
    }
}

fn sync_folders(folders: &BTreeSet<&Path>) -> Result<(), StateError> {
    folders.iter().filter(|f| f.is_dir()).try_for_each(|f| sync(f))
}

/// Removes `day=2026-01-01` once its last file is gone, and the partitions above it. A folder that is not empty stays, whatever is in it.
fn remove_empty_partitions(folder: &Path) {
    let mut at = Some(folder);
    while let Some(path) = at {
        let is_partition = path.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.contains('='));
        if !is_partition || fs::remove_dir(path).is_err() {
            return;
        }
        at = path.parent();
    }
}
