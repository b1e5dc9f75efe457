//! Makes the parts of all writers what is published: for a target of one file, one file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use super::file::flush;
use super::pack::Pack;
use super::spec::Format;
use super::{Prepared, SinkError, SinkSpec, StagedFile, StagedWriter, Target, parquet};

/// The files to publish, from the parts of all writers in the order of their indexes. A folder's parts are published as they
/// are. Those of one file become one: Parquet row groups and packed or plain lines are put one behind the other without
/// being decoded, behind the file as it was when it is appended to. The parts are gone afterwards.
pub fn assemble(
    spec: &SinkSpec,
    staging_dir: &Path,
    prepared: &Prepared,
    mut parts: Vec<StagedFile>,
) -> Result<Vec<StagedFile>, SinkError> {
    let Target::File(target) = &spec.target else {
        for part in &mut parts {
            part.replace = prepared.replaces(&part.target);
        }
        return Ok(parts);
    };
    if parts.is_empty() {
        parts = StagedWriter::new(spec, staging_dir, 0)?.finish()?;
    }
    let rows = parts.iter().map(|p| p.rows).sum::<u64>();
    let (staged, bytes) = match (parts.as_slice(), &spec.base) {
        ([only], None) => (only.staged.clone(), only.bytes),
        _ => {
            let merged = staging_dir.join("merged");
            let mut inputs: Vec<&Path> = spec.base.iter().map(|p| p.as_path()).collect();
            inputs.extend(parts.iter().map(|p| p.staged.as_path()));
            let file = match Format::of(spec)? {
                Format::Parquet(options) => parquet::merge(&options, &spec.schema, &inputs, &merged)?,
                Format::Csv(_, pack) | Format::Ndjson(pack) => {
                    concatenate(pack, spec.base.is_some(), &inputs, &merged)?
                }
            };
            let bytes = flush(&file, &merged)?;
            for part in &parts {
                fs::remove_file(&part.staged).map_err(|e| SinkError::io("remove", &part.staged, e))?;
            }
            (merged, bytes)
        }
    };
    Ok(vec![StagedFile { staged, target: target.clone(), rows, bytes, replace: prepared.replace_file(), source: None }])
}

/// Puts files one behind the other. The first may be somebody else's and not end with its line.
fn concatenate(pack: Pack, foreign_first: bool, inputs: &[&Path], out: &Path) -> Result<File, SinkError> {
    let mut merged = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(out)
        .map_err(|e| SinkError::io("create", out, e))?;
    for (i, path) in inputs.iter().enumerate() {
        let mut input = File::open(path).map_err(|e| SinkError::io("open", path, e))?;
        // Copied by the operating system, without coming by here, where it can.
        io::copy(&mut input, &mut merged).map_err(|e| SinkError::io("write", out, e))?;
        if i == 0 && foreign_first && !ends_with_line(pack, path).map_err(|e| SinkError::io("read", path, e))? {
            let mut packer = super::pack::Packer::new(pack, merged).map_err(|e| SinkError::io("write", out, e))?;
            packer.write_all(b"\n").map_err(|e| SinkError::io("write", out, e))?;
            merged = packer.finish(out)?;
        }
    }
    Ok(merged)
}

/// Whether a text ends with a line break, or is empty. Only a packed one must be read for that.
fn ends_with_line(pack: Pack, path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let mut last = b'\n';
    if pack == Pack::None {
        if file.metadata()?.len() > 0 {
            file.seek(io::SeekFrom::End(-1))?;
            file.read_exact(std::slice::from_mut(&mut last))?;
        }
        return Ok(last == b'\n');
    }
    let mut text = pack.reader(file)?;
    let mut buffer = vec![0; 64 << 10];
    loop {
        let n = text.read(&mut buffer)?;
        match buffer.get(..n).and_then(<[u8]>::last) {
            Some(byte) => last = *byte,
            None => return Ok(last == b'\n'),
        }
    }
}
