//! The commit: one transaction that says everything a batch means.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension, Transaction, params};

use crate::paths::{create_dir, sync};
use crate::sql::int;
use crate::store::Fault;
use crate::{
    CommitRecord, Forget, LoadCommit, PublishStep, State, StateError, Superseded, Watermark, failpoint, outcome,
    quarantine,
};

impl State {
    /// Commits a batch, all of it or nothing. Call [`State::publish`] next.
    ///
    /// Before the transaction every staged file is made durable, and whatever could keep it from its place later is tried: a
    /// record that cannot be published must not become the truth.
    ///
    /// # Errors
    /// [`StateError::BatchCommitted`], [`StateError::FileTaken`], [`StateError::Foreign`], [`StateError::TargetExists`],
    /// [`StateError::StagedMissing`], [`StateError::Unpublished`], [`StateError::Transition`]; in all cases nothing was committed.
    pub fn commit(&mut self, record: &CommitRecord) -> Result<(), StateError> {
        failpoint::hit(failpoint::STAGED);
        self.refuse_committed(record)?;
        make_durable(&record.publish)?;
        self.transaction(|tx| {
            self.write_record(tx, record)?;
            failpoint::hit(failpoint::BEFORE_COMMIT);
            Ok(())
        })?;
        failpoint::hit(failpoint::AFTER_COMMIT);
        Ok(())
    }

    /// Whether this batch has landed in this load, and was not forgotten since.
    pub fn is_committed(&self, load: &str, batch: &str) -> Result<bool, StateError> {
        let sql = "select 1 from batch_load where load = ?1 and batch_id = ?2 and forgotten_by is null";
        Ok(self.row(sql, [load, batch], |_| Ok(()))?.is_some())
    }

    /// Before anything else is found wrong with a batch that is there already, such as its files. The transaction decides again.
    fn refuse_committed(&self, record: &CommitRecord) -> Result<(), StateError> {
        for load in record.loads.iter().filter(|l| l.forget == Forget::Nothing) {
            let sql = "select b.run from batch_load l join batch b on b.seq = l.batch
                       where l.load = ?1 and l.batch_id = ?2 and l.forgotten_by is null";
            let batch = batch_of(load, record);
            let run = self.row(sql, [load.load.as_str(), batch], |r| r.get(0))?;
            if let Some(run) = run {
                let (batch, load) = (batch.to_owned(), load.load.clone());
                return Err(StateError::BatchCommitted { batch, load, run });
            }
        }
        Ok(())
    }

    fn write_record(&self, tx: &Transaction<'_>, record: &CommitRecord) -> Result<(), Fault> {
        let table = &record.table.account.table;
        tx.execute(
            "insert into batch (id, run, tbl, committed_at) values (?1, ?2, ?3, ?4)",
            params![record.batch, record.run, table, record.at],
        )?;
        let seq = tx.last_insert_rowid();
        for load in &record.loads {
            forget(tx, seq, load)?;
        }
        for load in &record.loads {
            land(tx, seq, batch_of(load, record), &load.load, load.rows)?;
            take(tx, seq, load)?;
            if let Some(Watermark { column, value }) = &load.watermark {
                tx.prepare_cached("insert into watermark (load, col, value, batch) values (?1, ?2, ?3, ?4)")?
                    .execute(params![load.load, column, value, seq])?;
            }
        }
        if record.loads.is_empty() {
            land(tx, seq, &record.batch, "", 0)?;
        }
        refuse_unpublished(tx, seq, record)?;
        self.write_steps(tx, seq, record)?;
        for file in &record.quarantine {
            quarantine::insert(self, tx, seq, record, file)?;
        }
        quarantine::change(tx, &record.run, &record.at, &record.quarantine_changes)?;
        let mut ledger =
            tx.prepare_cached("insert into ledger_file (batch, tbl, path, cells) values (?1, ?2, ?3, ?4)")?;
        for file in &record.ledger {
            ledger.execute(params![seq, table, self.store_path(&file.path)?, int(file.cells)])?;
        }
        supersede_ledger(tx, seq, table, &record.ledger_superseded)?;
        for change in &record.heal_changes {
            if tx.execute("update heal set state = ?2 where id = ?1", params![change.id, change.state])? == 0 {
                return Err(StateError::Unknown { what: "heal", name: change.id.to_string() }.into());
            }
        }
        for baseline in &record.baselines {
            crate::baseline::insert(tx, seq, baseline)?;
        }
        for act in &record.acts {
            crate::acts::insert(tx, act)?;
        }
        crate::heals::insert_undone(tx, seq, &record.undone)?;
        outcome::insert(tx, &record.run, Some(seq), &record.table)?;
        let forgotten = record.loads.iter().filter(|l| l.forget == Forget::All).map(|l| l.load.as_str());
        crate::history::supersede(tx, seq, table, &forgotten.collect::<Vec<_>>(), &record.ledger_superseded)
    }

    /// The moves and removals. What is replaced or removed is no longer a load's published file.
    fn write_steps(&self, tx: &Transaction<'_>, seq: i64, record: &CommitRecord) -> Result<(), Fault> {
        let mut targets = BTreeSet::new();
        let mut replaced =
            tx.prepare_cached("update publish_step set removed_by = ?1 where target = ?2 and removed_by is null")?;
        let mut steps = Vec::with_capacity(record.publish.len());
        for step in &record.publish {
            let target = self.store_path(&step.target)?;
            steps.push((step, self.store_path(&step.staged)?, target.clone()));
            if !targets.insert(target) {
                return Err(StateError::TargetExists(step.target.clone()).into());
            }
        }
        let mut removed = tx.prepare_cached(
            "update publish_step set removed_by = ?1 where target = ?2 and load = ?3 and removed_by is null",
        )?;
        let mut removal = tx.prepare_cached("insert or ignore into removal (batch, path) values (?1, ?2)")?;
        for load in &record.loads {
            for path in &load.remove {
                let stored = self.store_path(path)?;
                if removed.execute(params![seq, stored, load.load])? == 0 {
                    return Err(StateError::Foreign { path: path.clone(), load: load.load.clone() }.into());
                }
                if !targets.contains(&stored) {
                    removal.execute(params![seq, stored])?;
                }
            }
        }
        let mut insert = tx.prepare_cached(
            "insert into publish_step (batch, step, load, staged, target, replaces, rows, bytes, source)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        for (number, (step, staged, target)) in (0i64..).zip(&steps) {
            replaced.execute(params![seq, target])?;
            let (rows, bytes) = (int(step.rows), int(step.bytes));
            insert.execute(params![seq, number, step.load, staged, target, step.replace, rows, bytes, step.source])?;
        }
        Ok(())
    }
}

/// Marks cells of earlier batches of a table as gone.
fn supersede_ledger(tx: &Transaction<'_>, seq: i64, table: &str, superseded: &Superseded) -> Result<(), Fault> {
    let mut mark = tx.prepare_cached(
        "insert or ignore into ledger_superseded (file, source, batch)
         select id, ?3, ?1 from ledger_file where tbl = ?2 and batch < ?1",
    )?;
    match superseded {
        Superseded::Nothing => {}
        Superseded::All => _ = mark.execute(params![seq, table, ""])?,
        Superseded::Files(files) => {
            for file in files {
                mark.execute(params![seq, table, file])?;
            }
        }
    }
    Ok(())
}

fn forget(tx: &Transaction<'_>, seq: i64, load: &LoadCommit) -> Result<(), Fault> {
    let name = &load.load;
    match &load.forget {
        Forget::Nothing => {}
        Forget::All => {
            tx.execute(
                "update taken set forgotten_by = ?1 where load = ?2 and forgotten_by is null",
                params![seq, name],
            )?;
            tx.execute(
                "update batch_load set forgotten_by = ?1 where load = ?2 and forgotten_by is null",
                params![seq, name],
            )?;
        }
        Forget::Files(paths) => {
            // The file's earlier batch may come again too: its content may change back.
            let mut batches = tx.prepare_cached(
                "update batch_load set forgotten_by = ?1 where load = ?2 and forgotten_by is null
                 and batch in (select batch from taken where load = ?2 and path = ?3 and forgotten_by is null)",
            )?;
            let mut files = tx.prepare_cached(
                "update taken set forgotten_by = ?1 where load = ?2 and path = ?3 and forgotten_by is null",
            )?;
            for path in paths {
                batches.execute(params![seq, name, path])?;
                files.execute(params![seq, name, path])?;
            }
        }
    }
    Ok(())
}

/// The batch that lands in a load.
fn batch_of<'r>(load: &'r LoadCommit, record: &'r CommitRecord) -> &'r str {
    load.batch.as_deref().unwrap_or(&record.batch)
}

fn land(tx: &Transaction<'_>, seq: i64, batch: &str, load: &str, rows: u64) -> Result<(), Fault> {
    let earlier: Option<String> = tx
        .prepare_cached(
            "select b.run from batch_load l join batch b on b.seq = l.batch
             where l.batch_id = ?1 and l.load = ?2 and l.forgotten_by is null",
        )?
        .query_row(params![batch, load], |r| r.get(0))
        .optional()?;
    if let Some(run) = earlier {
        return Err(StateError::BatchCommitted { batch: batch.to_owned(), load: load.to_owned(), run }.into());
    }
    tx.execute(
        "insert into batch_load (batch, batch_id, load, rows) values (?1, ?2, ?3, ?4)",
        params![seq, batch, load, int(rows)],
    )?;
    Ok(())
}

fn take(tx: &Transaction<'_>, seq: i64, load: &LoadCommit) -> Result<(), Fault> {
    let mut earlier = tx.prepare_cached(
        "select b.run from taken t join batch b on b.seq = t.batch where t.load = ?1 and t.path = ?2 and t.forgotten_by is null",
    )?;
    let mut insert = tx.prepare_cached(
        "insert into taken (batch, load, path, size, modified_ns, hash, rows) values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for file in &load.taken {
        let taken: Option<String> = earlier.query_row(params![load.load, file.path], |r| r.get(0)).optional()?;
        if let Some(run) = taken {
            return Err(StateError::FileTaken { load: load.load.clone(), path: file.path.clone(), run }.into());
        }
        let (size, rows) = (int(file.size), int(file.rows));
        insert.execute(params![seq, load.load, file.path, size, file.modified_ns, file.hash, rows])?;
    }
    Ok(())
}

/// Two batches that move files to the same places must not wait at once: the later one's removals were planned on files that are not there yet.
fn refuse_unpublished(tx: &Transaction<'_>, seq: i64, record: &CommitRecord) -> Result<(), Fault> {
    let table = &record.table.account.table;
    let mut waiting = tx.prepare_cached(
        "select b.id from batch b where b.published = 0 and b.seq <> ?1
         and (b.tbl = ?2 or exists (select 1 from batch_load l where l.batch = b.seq and l.load = ?3))",
    )?;
    let names = record.loads.iter().map(|l| l.load.as_str());
    for name in names.chain(record.loads.is_empty().then_some("")) {
        let found: Option<String> = waiting.query_row(params![seq, table, name], |r| r.get(0)).optional()?;
        if let Some(batch) = found {
            let name = if name.is_empty() { table.clone() } else { name.to_owned() };
            return Err(StateError::Unpublished { batch, name }.into());
        }
    }
    Ok(())
}

/// Flushes staged files and the folders that name them, and makes sure that they can be moved.
fn make_durable(steps: &[PublishStep]) -> Result<(), StateError> {
    let mut folders = BTreeSet::new();
    for step in steps {
        if !step.staged.is_file() {
            return Err(StateError::StagedMissing(step.staged.clone()));
        }
        if !step.replace && fs::symlink_metadata(&step.target).is_ok() {
            return Err(StateError::TargetExists(step.target.clone()));
        }
        sync(&step.staged)?;
        let target_folder = folder_of(&step.target);
        create_dir(target_folder)?;
        // A file survives a power cut only if all folders that lead to it do: those of staging are new, up to where they leave the target's.
        let staged_folder = folder_of(&step.staged);
        for folder in ancestors_until_shared(staged_folder, target_folder)? {
            if !folders.contains(&folder) {
                sync(&folder)?;
                folders.insert(folder);
            }
        }
        if !same_file_system(staged_folder, target_folder)? {
            let error = io::Error::from(io::ErrorKind::CrossesDevices);
            return Err(StateError::io("move a staged file to", &step.target, error));
        }
    }
    Ok(())
}

/// A folder and those above it, to the first that holds `other` too.
fn ancestors_until_shared(folder: &Path, other: &Path) -> Result<Vec<PathBuf>, StateError> {
    let absolute = |p: &Path| std::path::absolute(p).map_err(|e| StateError::io("find", p, e));
    let (folder, other) = (absolute(folder)?, absolute(other)?);
    let mut out = Vec::new();
    for at in folder.ancestors() {
        out.push(at.to_owned());
        if other.starts_with(at) {
            break;
        }
    }
    Ok(out)
}

/// The folder of a file; `.` for a bare name.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(unix)]
fn same_file_system(a: &Path, b: &Path) -> Result<bool, StateError> {
    use std::os::unix::fs::MetadataExt;
    let device = |p: &Path| fs::metadata(p).map(|m| m.dev()).map_err(|e| StateError::io("look at", p, e));
    Ok(device(a)? == device(b)?)
}

#[cfg(not(unix))]
fn same_file_system(_: &Path, _: &Path) -> Result<bool, StateError> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Baseline, RunStart};

    #[test]
    fn the_folders_that_lead_to_a_staged_file_are_flushed() {
        let found = |staged: &str| ancestors_until_shared(Path::new(staged), Path::new("/p/out/day=1")).unwrap();
        let expected = ["/p/out/.pipe-staging-b/day=1", "/p/out/.pipe-staging-b", "/p/out"].map(PathBuf::from);
        assert_eq!(found("/p/out/.pipe-staging-b/day=1"), expected);
        assert_eq!(found("/p/out"), ["/p/out"].map(PathBuf::from));
    }

    /// A full disk ends the commit with nothing of it kept, and the same commit goes through when there is room. SQLite's own limit on pages stands for the disk.
    #[test]
    fn a_full_disk_commits_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let mut state = State::open(&temp.path().join(".pipe")).unwrap();
        state.begin_run(&RunStart { id: "r1".into(), ..Default::default() }).unwrap();
        let limit = |state: &State, pages: i64| {
            let sql = format!("pragma max_page_count = {pages}");
            state.row(&sql, [], |r| r.get::<_, i64>(0)).unwrap();
        };
        let record = CommitRecord {
            run: "r1".into(),
            batch: "b1".into(),
            loads: vec![LoadCommit { load: "orders".into(), ..Default::default() }],
            baselines: vec![Baseline { profiles: vec![7; 1 << 20], ..Default::default() }],
            ..Default::default()
        };
        limit(&state, 1);
        let error = state.commit(&record).unwrap_err();
        assert!(matches!(error, StateError::Full(_)), "{error:?}");
        assert!(!state.is_committed("orders", "b1").unwrap());
        assert_eq!(state.baselines().unwrap(), []);
        limit(&state, 1 << 30);
        state.commit(&record).unwrap();
        assert!(state.is_committed("orders", "b1").unwrap());
        assert_eq!(state.baselines().unwrap().len(), 1);
    }
}
