//! What each load has taken and published.

use std::path::{Path, PathBuf};

use crate::sql::count;
use crate::{State, StateError, Watermark};

/// A file that a load has taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakenFile {
    /// As the user would name it.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last changed: nanoseconds since 1970.
    pub modified_ns: i64,
    /// Its content's hash.
    pub hash: String,
    /// Its data rows.
    pub rows: u64,
    /// The batch that took it. Filled by [`State::taken`]; a commit uses its own.
    pub batch: String,
}

/// A file that a load has published and that was not replaced or removed since by one of our batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedFile {
    /// Where it is.
    pub path: PathBuf,
    /// The batch it belongs to.
    pub batch: String,
    /// Rows in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// The one source file whose rows it holds: [`TakenFile::path`]; `None`: of several, or of none.
    pub source: Option<String>,
}

impl State {
    /// The files a load has taken and not forgotten, by path.
    pub fn taken(&self, load: &str) -> Result<Vec<TakenFile>, StateError> {
        self.rows(
            "select t.path, t.size, t.modified_ns, t.hash, t.rows, b.id from taken t join batch b on b.seq = t.batch
             where t.load = ?1 and t.forgotten_by is null order by t.path",
            [load],
            |r| {
                Ok(TakenFile {
                    path: r.get(0)?,
                    size: count(r, 1)?,
                    modified_ns: r.get(2)?,
                    hash: r.get(3)?,
                    rows: count(r, 4)?,
                    batch: r.get(5)?,
                })
            },
        )
    }

    /// How far a load has come in a source that goes forward by a column.
    pub fn watermark(&self, load: &str) -> Result<Option<Watermark>, StateError> {
        let sql = "select col, value from watermark where load = ?1 order by batch desc limit 1";
        self.row(sql, [load], |r| Ok(Watermark { column: r.get(0)?, value: r.get(1)? }))
    }

    /// Whether a file is one that a load has published and that nothing of ours has replaced since.
    pub fn is_published(&self, path: &Path) -> Result<bool, StateError> {
        let sql = "select 1 from publish_step where target = ?1 and load is not null and removed_by is null";
        Ok(self.row(sql, [self.store_path(path)?], |_| Ok(()))?.is_some())
    }

    /// The files a load has in its place, by path: what `overwrite` removes.
    pub fn published_files(&self, load: &str) -> Result<Vec<PublishedFile>, StateError> {
        self.rows(
            "select s.target, b.id, s.rows, s.bytes, s.source from publish_step s join batch b on b.seq = s.batch
             where s.load = ?1 and s.removed_by is null order by s.target",
            [load],
            |r| {
                Ok(PublishedFile {
                    path: self.load_path(&r.get::<_, String>(0)?),
                    batch: r.get(1)?,
                    rows: count(r, 2)?,
                    bytes: count(r, 3)?,
                    source: r.get(4)?,
                })
            },
        )
    }
}
