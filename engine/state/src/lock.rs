//! One run at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Holder, State, StateError};

/// The right to write. Held by the operating system for this process: a killed process holds nothing.
#[derive(Debug)]
pub struct RunLock {
    file: File,
    path: PathBuf,
}

impl State {
    /// Takes the lock at once or says who holds it. `since` is RFC 3339.
    ///
    /// # Errors
    /// [`StateError::Locked`] when another process, or another part of this one, holds it.
    pub fn lock(&self, command: &str, since: &str) -> Result<RunLock, StateError> {
        let path = self.dir().join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| StateError::io("open", &path, e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StateError::Locked { path: self.dir().to_owned(), holder: read_holder(&path) });
            }
            Err(TryLockError::Error(e)) => return Err(StateError::io("lock", &path, e)),
        }
        let holder =
            Holder { pid: std::process::id(), command: command.to_owned(), since: since.to_owned(), host: host_name() };
        let text = serde_json::to_string(&holder).unwrap_or_default();
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(text.as_bytes())
        };
        write(&mut file).map_err(|e| StateError::io("write", &path, e))?;
        Ok(RunLock { file, path })
    }
}

impl RunLock {
    /// The lock file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // Both are for tidiness: closing the file frees the lock, and the next holder overwrites the text.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

/// The holder as written; the holder may be between taking the lock and writing its name, so an empty or half-written file is read again for a moment.
fn read_holder(path: &Path) -> Holder {
    for _ in 0..20 {
        let mut text = String::new();
        if File::open(path).and_then(|mut f| f.read_to_string(&mut text)).is_ok()
            && let Ok(holder) = serde_json::from_str(&text)
        {
            return holder;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Holder::default()
}

fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| std::env::var("HOSTNAME").ok())
        .or_else(|| std::env::var("COMPUTERNAME").ok())
        .map(|name| name.trim().to_owned())
        .unwrap_or_default()
}
