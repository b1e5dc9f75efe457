//! Names of staging folders, parts and partitions.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::Target;

/// The folder of Hive's convention for NULL.
pub(crate) const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// Where a batch of a load stages its files: `.pipe-staging-<batch>-<name>` beside the target, because publishing is a
/// rename and renames stay on a file system. Beside and not inside, so that nobody who reads the target's folder sees it;
/// inside only when the folder is a mount of its own.
pub fn staging_dir(target: &Target, batch_id: &str) -> PathBuf {
    let path = target.path();
    let name = path.file_name().map(|n| n.to_string_lossy()).unwrap_or_default();
    let folder = format!(".pipe-staging-{}-{}", safe(batch_id), safe(&name));
    match target {
        Target::Folder(path) if is_mount(path) => path.join(folder),
        _ => parent(path).join(folder),
    }
}

/// The folder of a path; `.` for a bare name.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The name of a writer's file: `part-<batch>-<writer>.parquet`, and `…-<writer>-<n>` when it had to begin another for the same folder.
pub(crate) fn part(batch_id: &str, writer: usize, again: usize, extension: &str) -> String {
    let more = if again == 0 { String::new() } else { format!("-{again}") };
    format!("part-{}-{writer}{more}.{extension}", safe(batch_id))
}

/// A partition's value in a folder's name. What a path or Hive gives a meaning to is written `%41`.
pub(crate) fn partition_value(value: &str) -> String {
    escape(value, |c| c.is_control() || "\"#%'*/:<=>?[\\]^{|}".contains(c))
}

/// A name as a part of a file's name.
fn safe(name: &str) -> String {
    escape(name, |c| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
}

fn escape(text: &str, special: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if !special(c) {
            out.push(c);
            continue;
        }
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            // Writing into a string does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(unix)]
fn is_mount(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let device = |p: &Path| std::fs::metadata(p).map(|m| m.dev()).ok();
    matches!((device(folder), device(parent(folder))), (Some(a), Some(b)) if a != b)
}

#[cfg(not(unix))]
fn is_mount(_: &Path) -> bool {
    false
}
