//! A file on disk, checked against its listing before and after it is read.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use datafusion::physical_plan::metrics::Count;
use object_store::local::LocalFileSystem;
use object_store::{GetResultPayload, ObjectStoreExt};
use xxhash_rust::xxh3::Xxh3;

use crate::source::{InputFile, Phase, SourceError};

/// Reads a file front to back, hashing what it reads.
pub(crate) struct Disk {
    file: File,
    input: InputFile,
    hash: Xxh3,
    read: u64,
    scanned: Count,
}

impl Disk {
    /// Opens `input`, which must still be as it was listed. Bytes read are added to `scanned`.
    pub(crate) fn open(input: &InputFile, scanned: Count) -> Result<Disk, SourceError> {
        let file = open_blocking(input)?;
        let disk = Disk { file, input: input.clone(), hash: Xxh3::new(), read: 0, scanned };
        disk.unchanged()?;
        Ok(disk)
    }

    /// Appends up to `want` bytes to `out`; whether the file ended.
    pub(crate) fn fill(&mut self, out: &mut Vec<u8>, want: usize) -> io::Result<bool> {
        let before = out.len();
        out.reserve(want);
        let n = (&self.file).take(want as u64).read_to_end(out)?;
        self.account(out.get(before..).unwrap_or_default());
        Ok(n < want)
    }

    fn account(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.read += bytes.len() as u64;
        self.scanned.add(bytes.len());
    }

    /// Bytes read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.read
    }

    /// Reads what is left, checks that the file is still the one that was listed, and gives the hash of its bytes.
    pub(crate) fn finish(&mut self) -> Result<u128, SourceError> {
        let mut rest = vec![0; 64 * 1024];
        loop {
            match self.read(&mut rest) {
                Ok(0) => break,
                Ok(_) => {}
                Err(e) => return Err(SourceError::io(&e, Phase::Read, &self.input.name)),
            }
        }
        self.unchanged()?;
        if self.read != self.input.size {
            return Err(changed(
                &self.input,
                &format!("{} bytes were listed, {} were read", self.input.size, self.read),
            ));
        }
        Ok(self.hash.digest128())
    }

    /// Fails when the path no longer leads to a file of the listed size and time.
    fn unchanged(&self) -> Result<(), SourceError> {
        check_unchanged(&self.input)
    }
}

impl Read for Disk {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(out)?;
        self.account(out.get(..n).unwrap_or_default());
        Ok(n)
    }
}

/// Opens a file through its store, on a thread that only reads: a thread of the runtime that blocks here may wait for ever, for
/// the store answers through a task that this thread would have to yield to.
pub(crate) fn open_blocking(input: &InputFile) -> Result<File, SourceError> {
    futures::executor::block_on(open(input))
}

/// Opens a file through its store.
pub(crate) async fn open(input: &InputFile) -> Result<File, SourceError> {
    let path = object_store::path::Path::from_absolute_path(&input.location)
        .map_err(|e| SourceError::new("config", Phase::Connect, format!("cannot open `{}`: {e}", input.name)))?;
    match LocalFileSystem::new().get(&path).await {
        Ok(result) => match result.payload {
            GetResultPayload::File(file, _) => Ok(file),
            GetResultPayload::Stream(_) => Err(SourceError::new(
                "internal",
                Phase::Connect,
                format!("cannot open `{}`: the store gave no file", input.name),
            )),
        },
        Err(object_store::Error::NotFound { .. }) => Err(changed(input, "it is gone")),
        Err(e) => Err(SourceError::store(&e, Phase::Connect, &input.name)),
    }
}

/// Fails with `conflict` when the file is not as it was listed.
pub(crate) fn check_unchanged(input: &InputFile) -> Result<(), SourceError> {
    let now = match std::fs::metadata(&input.location) {
        Ok(now) => now,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(changed(input, "it is gone")),
        Err(e) => return Err(SourceError::io(&e, Phase::Read, &input.name)),
    };
    if now.len() != input.size {
        return Err(changed(input, &format!("it had {} bytes and has {}", input.size, now.len())));
    }
    if modified_ns(&now).is_some_and(|ns| ns != input.modified_ns) {
        return Err(changed(input, "it was written to"));
    }
    Ok(())
}

fn changed(input: &InputFile, how: &str) -> SourceError {
    SourceError::new(
        "conflict",
        Phase::Read,
        format!("`{}` changed while it was read: {how}; run again when it is complete", input.name),
    )
    .in_file(&input.name)
}

/// Nanoseconds since 1970, where the system knows.
pub(crate) fn modified_ns(metadata: &std::fs::Metadata) -> Option<i64> {
    let since = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_nanos()).ok()
}

/// The last part of a path, for matching suffixes.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default()
}
