//! What is staged, so that what a killed process leaves behind can be told from everything else.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::params;

use crate::{State, StateError};

impl State {
    /// Writes down, durably and before anything is written there, the folders a batch stages its files in. Only folders written down here are ever deleted.
    ///
    /// # Errors
    /// [`StateError::NotStaging`] for a folder that could be something else; [`StateError::Unpublished`] while a commit of the same batch waits for files in them.
    pub fn stage_begun(&mut self, run: &str, batch: &str, folders: &[PathBuf]) -> Result<(), StateError> {
        let paths = folders
            .iter()
            .map(|folder| {
                if self.may_stage(folder) {
                    self.store_path(folder)
                } else {
                    Err(StateError::NotStaging(folder.clone()))
                }
            })
            .collect::<Result<Vec<_>, _>>()?;
        self.transaction(|tx| {
            let waits = tx.prepare_cached("select 1 from batch where id = ?1 and published = 0")?.exists([batch])?;
            if waits {
                return Err(StateError::Unpublished { batch: batch.to_owned(), name: batch.to_owned() }.into());
            }
            let mut insert =
                tx.prepare_cached("insert or replace into staging (run, batch, path) values (?1, ?2, ?3)")?;
            for path in &paths {
                insert.execute(params![run, batch, path])?;
            }
            Ok(())
        })
    }

    /// Deletes the staged files of a batch that will not be committed. A batch that is committed and not published keeps them.
    pub fn discard_staging(&mut self, batch: &str) -> Result<Vec<PathBuf>, StateError> {
        let stored = self.rows(
            "select path from staging where batch = ?1 and not exists (select 1 from batch where id = ?1 and published = 0)",
            [batch],
            |r| r.get(0),
        )?;
        self.delete_staged(batch, &stored)
    }

    /// Deletes the staged files of a batch and remembers where they were: of a run that is interrupted, threads that have not
    /// heard of it may write there yet. The next command deletes what they left.
    pub fn clear_staging(&self, batch: &str) -> Result<(), StateError> {
        let stored = self.rows(
            "select path from staging where batch = ?1 and not exists (select 1 from batch where id = ?1 and published = 0)",
            [batch],
            |r| r.get::<_, String>(0),
        )?;
        for path in stored.iter().map(|text| self.load_path(text)).filter(|path| self.may_stage(path)) {
            remove_any(&path).map_err(|e| StateError::io("delete", &path, e))?;
        }
        Ok(())
    }

    /// Deletes folders and forgets them. A folder that cannot be deleted is remembered, and the next command tries again.
    pub(crate) fn delete_staged(&mut self, batch: &str, stored: &[String]) -> Result<Vec<PathBuf>, StateError> {
        let mut deleted = Vec::new();
        for text in stored {
            let path = self.load_path(text);
            if !self.may_stage(&path) {
                return Err(StateError::NotStaging(path));
            }
            if remove_any(&path).map_err(|e| StateError::io("delete", &path, e))? {
                deleted.push(path.clone());
            }
            // The run's own folder in `staging`, once its last batch is gone.
            if let Some(parent) = path.parent().filter(|p| p.parent() == Some(&self.dir().join("staging"))) {
                let _ = fs::remove_dir(parent);
            }
            self.transaction(|tx| {
                tx.execute("delete from staging where path = ?1 and batch = ?2", params![text, batch])?;
                Ok(())
            })?;
        }
        Ok(deleted)
    }

    fn may_stage(&self, folder: &Path) -> bool {
        let named = folder.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with(".pipe-staging-"));
        let inside = std::path::absolute(folder).is_ok_and(|p| {
            p.strip_prefix(self.dir().join("staging")).is_ok_and(|rest| {
                rest.components().next().is_some()
                    && rest.components().all(|c| matches!(c, std::path::Component::Normal(_)))
            })
        });
        named || inside
    }
}

/// Deletes a file or a folder with all in it; links are deleted, not followed. Whether there was one.
fn remove_any(path: &Path) -> io::Result<bool> {
    let result = match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(e) => Err(e),
    };
    match result {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}
