//! Parts of texts, to be read once more without what lies between them.

use std::collections::BTreeSet;
use std::io::{Read, Seek, SeekFrom};

use super::run::{Progress, Stop, Work, send};
use crate::source::chunk::Chunk;
use crate::source::io::{check_unchanged, open_blocking};
use crate::source::{InputFile, Phase, SourceError};
use tokio::sync::mpsc;

/// Parts of the files of a scan.
#[derive(Clone, Debug, Default)]
pub struct Parts(Vec<Vec<Part>>);

/// A chunk of a file as it was cut, without its text.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    chunk: Chunk,
    /// Where its text begins in the file.
    start: u64,
    /// Bytes.
    length: usize,
}

impl Part {
    /// `end`: where in the file the chunk's text ends.
    pub(crate) fn of(chunk: &Chunk, end: u64) -> Self {
        let length = chunk.text.len();
        let known = Chunk { text: Vec::new(), broken: chunk.broken.clone(), values: Vec::new(), ..*chunk };
        Self { chunk: known, start: end.saturating_sub(length as u64), length }
    }
}

impl Parts {
    /// Of the parts of each file, in order, those that have one of these rows (file, row); `None`: a row is in none of them.
    pub(crate) fn with(files: Vec<Vec<Part>>, rows: &BTreeSet<(u32, u64)>) -> Option<Self> {
        let mut wanted: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); files.len()];
        for (file, row) in rows {
            let file = usize::try_from(*file).ok()?;
            let parts = files.get(file)?;
            let index = parts.partition_point(|p| p.chunk.first_row <= *row).checked_sub(1)?;
            parts.get(index).filter(|p| *row < p.chunk.first_row + p.chunk.rows)?;
            wanted.get_mut(file)?.insert(index);
        }
        let of_file = |(parts, wanted): (Vec<Part>, BTreeSet<usize>)| {
            parts.into_iter().enumerate().filter(|(i, _)| wanted.contains(i)).map(|(_, part)| part).collect()
        };
        Some(Self(files.into_iter().zip(wanted).map(of_file).collect()))
    }

    /// The parts of a file.
    pub(crate) fn of_file(&self, index: usize) -> &[Part] {
        self.0.get(index).map_or(&[], Vec::as_slice)
    }
}

/// Hands out parts of a file, which must still be as it was listed.
pub(crate) fn read_parts(
    input: &InputFile,
    parts: &[Part],
    progress: &Progress,
    queue: &mpsc::Sender<Work>,
) -> Result<(), Stop> {
    if parts.is_empty() {
        return Ok(());
    }
    let failed = |e: &std::io::Error| SourceError::io(e, Phase::Read, &input.name);
    check_unchanged(input)?;
    let mut file = open_blocking(input)?;
    for part in parts {
        let mut text = vec![0; part.length];
        file.seek(SeekFrom::Start(part.start)).map_err(|e| failed(&e))?;
        file.read_exact(&mut text).map_err(|e| failed(&e))?;
        progress.scanned(part.length);
        send(Work::Chunk(Chunk { text, ..part.chunk.clone() }), progress, queue)?;
    }
    Ok(check_unchanged(input)?)
}
