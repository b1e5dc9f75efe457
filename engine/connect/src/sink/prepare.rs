//! Looks at the target before anything is written, and refuses what a mode must not touch.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::spec::Format;
use super::{SinkError, SinkSpec, Target, schema};

/// Foreign files that a message names.
const NAMED_FILES: usize = 5;

/// How a batch meets what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Adds rows.
    Append,
    /// Replaces everything; refuses what others have written.
    Overwrite,
    /// Refuses if there is anything.
    Create,
    /// A full refresh of `append`: replaces what this load wrote and leaves the files of others.
    Refresh,
}

impl Mode {
    /// The mode with this word in `with (mode = …)`.
    pub fn parse(word: &str) -> Option<Mode> {
        Some(match word {
            "append" => Mode::Append,
            "overwrite" => Mode::Overwrite,
            "create" => Mode::Create,
            _ => return None,
        })
    }
}

/// What was found, and what follows from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prepared {
    /// Files that go away when the batch is published: exactly those that earlier batches of this load published.
    pub remove: Vec<PathBuf>,
    /// A target of one file may be replaced.
    replace_file: bool,
    /// Whether that file is there and none of this load's own.
    pub foreign: bool,
}

impl Prepared {
    /// Whether the one file that is the target may be replaced.
    pub(crate) fn replace_file(&self) -> bool {
        self.replace_file
    }

    /// Whether the batch may put a file where this one is.
    pub(crate) fn replaces(&self, target: &Path) -> bool {
        self.replace_file() || self.remove.iter().any(|p| same(p, target))
    }
}

/// Looks at the target. `published`: the files that earlier batches of this load published and that are still its own.
/// A target of one file that is appended to becomes `spec.base`: call this before the writers are made.
///
/// # Errors
/// [`SinkError::Foreign`], [`SinkError::Exists`], [`SinkError::OtherSchema`], [`SinkError::WrongKind`]; nothing is changed by looking.
pub fn prepare(spec: &mut SinkSpec, mode: Mode, published: &[PathBuf]) -> Result<Prepared, SinkError> {
    let format = Format::of(spec)?;
    spec.base = None;
    match spec.target.clone() {
        Target::File(path) => {
            let there = kind_of(&path)?;
            if there == Some(Kind::Folder) {
                return Err(SinkError::WrongKind { path, found: "folder", wanted: "file" });
            }
            match mode {
                Mode::Create if there.is_some() => return Err(SinkError::Exists(path)),
                Mode::Append if there.is_some() => {
                    schema::check(&format, &spec.schema, &path, true)?;
                    spec.base = Some(path.clone());
                }
                _ => {}
            }
            // Replaced by a rename, never removed. `overwrite` names this one file, so it is meant, whoever wrote it.
            let foreign = there.is_some() && mode != Mode::Append && !published.iter().any(|p| same(p, &path));
            Ok(Prepared { remove: Vec::new(), replace_file: mode != Mode::Create, foreign })
        }
        Target::Folder(path) => {
            if kind_of(&path)? == Some(Kind::File) {
                return Err(SinkError::WrongKind { path, found: "file", wanted: "folder" });
            }
            let files = data_files(&path)?;
            match mode {
                Mode::Create if !files.is_empty() => return Err(SinkError::Exists(path)),
                Mode::Create => {}
                Mode::Append => check_columns(spec, &format, files, published)?,
                Mode::Overwrite => refuse_foreign(&path, &files, published)?,
                Mode::Refresh => {}
            }
            let remove = match mode {
                Mode::Overwrite | Mode::Refresh => published.to_vec(),
                Mode::Append | Mode::Create => Vec::new(),
            };
            Ok(Prepared { remove, replace_file: false, foreign: false })
        }
    }
}

/// Compares the columns of what is there: of each file of somebody else, and of one of this load's own, for all of these were
/// compared with each other when they were written.
fn check_columns(
    spec: &SinkSpec,
    format: &Format,
    files: Vec<DataFile>,
    published: &[PathBuf],
) -> Result<(), SinkError> {
    let extension = format!(".{}", format.extension(&spec.connector));
    let alike = files.into_iter().filter(|f| f.path.to_string_lossy().ends_with(&extension));
    let own: BTreeSet<PathBuf> = published.iter().map(|p| absolute(p)).collect();
    let (own, foreign): (Vec<DataFile>, Vec<DataFile>) = alike.partition(|f| own.contains(&absolute(&f.path)));
    let newest = own.iter().max_by(|a, b| a.modified.cmp(&b.modified).then_with(|| a.path.cmp(&b.path)));
    newest.into_iter().chain(&foreign).try_for_each(|f| schema::check(format, &spec.schema, &f.path, false))
}

fn refuse_foreign(folder: &Path, files: &[DataFile], published: &[PathBuf]) -> Result<(), SinkError> {
    let own: BTreeSet<PathBuf> = published.iter().map(|p| absolute(p)).collect();
    let foreign: Vec<&Path> =
        files.iter().filter(|f| !own.contains(&absolute(&f.path))).map(|f| f.path.as_path()).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    let name = |p: &&Path| format!("`{}`", p.strip_prefix(folder).unwrap_or(p).display());
    let mut names: Vec<String> = foreign.iter().take(NAMED_FILES).map(name).collect();
    if foreign.len() > NAMED_FILES {
        names.push(format!("and {} more", foreign.len() - NAMED_FILES));
    }
    Err(SinkError::Foreign { folder: folder.to_owned(), files: names })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
}

fn kind_of(path: &Path) -> Result<Option<Kind>, SinkError> {
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => Ok(Some(Kind::Folder)),
        Ok(_) => Ok(Some(Kind::File)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(SinkError::io("look at", path, e)),
    }
}

struct DataFile {
    path: PathBuf,
    modified: SystemTime,
}

/// All files under a folder, sorted. Names that start with `.` or `_` are nobody's data, by the custom of Hive and Spark.
fn data_files(folder: &Path) -> Result<Vec<DataFile>, SinkError> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let error = |e| SinkError::io("list", &folder, e);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(error(e)),
        };
        for entry in entries {
            let entry = entry.map_err(error)?;
            if entry.file_name().to_string_lossy().starts_with(['.', '_']) {
                continue;
            }
            let meta = entry.metadata().map_err(error)?;
            if meta.is_dir() {
                folders.push(entry.path());
            } else {
                let modified = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                found.push(DataFile { path: entry.path(), modified });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn same(a: &Path, b: &Path) -> bool {
    absolute(a) == absolute(b)
}
