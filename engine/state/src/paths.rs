//! Where things lie, and how paths are written into the state.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{State, StateError};

impl State {
    /// The folder of a table's quarantined rows. It may not exist yet.
    pub fn quarantine_dir(&self, table: &str) -> PathBuf {
        self.dir().join("quarantine").join(safe_name(table))
    }

    /// The folder of the ledger's files. It may not exist yet.
    pub fn ledger_dir(&self) -> PathBuf {
        self.dir().join("ledger")
    }

    /// The folder of the healed rows as they were read, so that a heal can be undone when their files are gone. It may not
    /// exist yet. A file has the name of the ledger's that is about the same rows.
    pub fn healed_dir(&self) -> PathBuf {
        self.dir().join("healed")
    }

    /// Where a run stages what goes to quarantine and ledger. It may not exist yet.
    pub fn staging_dir(&self, run: &str) -> PathBuf {
        self.dir().join("staging").join(safe_name(run))
    }

    /// A path as the state keeps it: relative to the folder that holds the state's folder where it lies in it, so that a moved project keeps its state; else absolute.
    pub(crate) fn store_path(&self, path: &Path) -> Result<String, StateError> {
        let absolute = std::path::absolute(path).map_err(|e| StateError::io("find", path, e))?;
        let inside = self.bases().iter().find_map(|base| absolute.strip_prefix(base).ok());
        let text = inside.unwrap_or(&absolute).to_str().ok_or_else(|| StateError::NotUtf8(path.to_owned()))?;
        Ok(if std::path::MAIN_SEPARATOR == '/' { text.to_owned() } else { text.replace('\\', "/") })
    }

    /// The path that was kept so.
    pub(crate) fn load_path(&self, text: &str) -> PathBuf {
        match self.bases().first() {
            Some(base) => base.join(text),
            None => PathBuf::from(text),
        }
    }
}

/// A name as a folder's or file's name: letters, digits, `_`, `-` and `.` as they are, other bytes as `%41`.
pub(crate) fn safe_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for (i, byte) in name.bytes().enumerate() {
        match byte {
            b'.' if i == 0 => out.push_str("%2E"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Makes a file's content, or a folder's entries, durable.
pub(crate) fn sync(path: &Path) -> Result<(), StateError> {
    // Windows cannot open a folder so, and needs no such call there.
    if cfg!(windows) && path.is_dir() {
        return Ok(());
    }
    fs::File::open(path).and_then(|f| f.sync_all()).map_err(|e| StateError::io("flush", path, e))
}

/// Creates a folder and those above it, durably.
pub(crate) fn create_dir(path: &Path) -> Result<(), StateError> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let parent = path.parent();
    if let Some(parent) = parent {
        create_dir(parent)?;
    }
    match fs::create_dir(path) {
        Ok(()) => parent.filter(|p| !p.as_os_str().is_empty()).map_or(Ok(()), sync),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(e) => Err(StateError::io("create the folder", path, e)),
    }
}

#[cfg(test)]
mod tests {
    use super::safe_name;

    #[test]
    fn any_name_is_one_plain_folder() {
        assert_eq!(safe_name("orders_2.a"), "orders_2.a");
        assert_eq!(safe_name("../x"), "%2E.%2Fx");
        assert_eq!(safe_name("Größe"), "Gr%C3%B6%C3%9Fe");
    }
}
