//! A run of a scan: threads that read files and cut them into chunks, and a queue that the partitions take them from.
//!
//! Each file is read front to back by one thread, so that quotes, records and lines are counted once and rightly; what
//! costs, splitting and converting, is done by whichever partition is free. The queue is short: readers wait for the
//! partitions, and memory does not grow with the input.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::physical_plan::metrics::Count;
use tokio::sync::mpsc;

use super::FileState;
use super::parquet::{RowGroup, footer, viewed};
use super::parts::{Part, read_parts};
use super::plan::Plan;
use crate::source::chunk::{Chunk, Chunker};
use crate::source::csv::CsvChunker;
use crate::source::io::{Disk, Text, open_blocking};
use crate::source::json::{self, JsonChunker};
use crate::source::options::Format;
use crate::source::{Phase, SourceError};

/// What a partition takes from the queue.
pub(crate) enum Work {
    /// Text to split.
    Chunk(Chunk),
    /// Pages to decode.
    RowGroup(RowGroup),
}

/// The state of a run.
pub(crate) struct Run {
    queue: tokio::sync::Mutex<mpsc::Receiver<Work>>,
    progress: Arc<Progress>,
}

/// What became of the files so far.
pub(crate) struct Progress {
    files: Vec<FileProgress>,
    next_file: AtomicUsize,
    complete: AtomicUsize,
    stop: AtomicBool,
    failed: Mutex<Option<SourceError>>,
    scanned: Count,
    chunk_bytes: usize,
}

#[derive(Default)]
struct FileProgress {
    rows: AtomicU64,
    bad: AtomicU64,
    bytes: AtomicU64,
    hash: Mutex<u128>,
    unknown: Mutex<BTreeMap<String, u64>>,
    parts: Mutex<Vec<Part>>,
}

/// Names of unknown keys that are counted: a document whose keys are values has no end of them.
const MAX_UNKNOWN: usize = 100;

impl Run {
    /// Starts reading, with up to one thread a partition.
    pub(crate) fn start(
        plan: &Arc<Plan>,
        partitions: usize,
        chunk_bytes: usize,
        scanned: Count,
    ) -> Result<Arc<Run>, SourceError> {
        let (sender, receiver) = mpsc::channel(partitions.max(1));
        let progress = Arc::new(Progress {
            files: plan.files.iter().map(|_| FileProgress::default()).collect(),
            next_file: AtomicUsize::new(0),
            complete: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            failed: Mutex::new(None),
            scanned,
            chunk_bytes,
        });
        for _ in 0..partitions.clamp(1, plan.files.len().max(1)) {
            let (plan, progress, sender) = (Arc::clone(plan), Arc::clone(&progress), sender.clone());
            // Not a thread of the runtime's: one that waits for a partition that never comes must not hold up its end.
            std::thread::Builder::new()
                .name("pipe-read".to_string())
                .spawn(move || read_files(&plan, &progress, &sender))
                .map_err(|e| SourceError::new("internal", Phase::Connect, format!("cannot start a thread: {e}")))?;
        }
        Ok(Arc::new(Run { queue: tokio::sync::Mutex::new(receiver), progress }))
    }

    /// The next piece of work; `None` when all files were read to their end.
    pub(crate) async fn next(&self) -> Result<Option<Work>, SourceError> {
        let work = self.queue.lock().await.recv().await;
        if work.is_none() && self.progress.complete.load(Ordering::Acquire) < self.progress.files.len() {
            let failed = self.progress.failed.lock().unwrap_or_else(PoisonError::into_inner).clone();
            return Err(failed.unwrap_or_else(|| {
                SourceError::new("internal", Phase::Read, "a thread that reads files ended early")
            }));
        }
        Ok(work)
    }

    /// Counts broken records.
    pub(crate) fn add_bad(&self, file: usize, bad: usize) {
        if let Some(file) = self.progress.files.get(file) {
            file.bad.fetch_add(bad as u64, Ordering::Relaxed);
        }
    }

    /// Counts records with keys that no column takes.
    pub(crate) fn add_unknown(&self, file: usize, unknown: &BTreeMap<String, u64>) {
        if let Some(file) = self.progress.files.get(file) {
            let mut all = file.unknown.lock().unwrap_or_else(PoisonError::into_inner);
            for (name, records) in unknown {
                if all.len() < MAX_UNKNOWN || all.contains_key(name) {
                    *all.entry(name.clone()).or_default() += records;
                }
            }
        }
    }

    /// The parts that were read of each file.
    pub(crate) fn parts(&self) -> Vec<Vec<Part>> {
        let of = |file: &FileProgress| file.parts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.progress.files.iter().map(of).collect()
    }

    /// What became of each file so far.
    pub(crate) fn file_states(&self) -> Vec<FileState> {
        let state = |file: &FileProgress| FileState {
            hash: *file.hash.lock().unwrap_or_else(PoisonError::into_inner),
            rows: file.rows.load(Ordering::Relaxed),
            bad_records: file.bad.load(Ordering::Relaxed),
            bytes_read: file.bytes.load(Ordering::Relaxed),
            unknown_keys: file.unknown.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        };
        self.progress.files.iter().map(state).collect()
    }
}

impl Progress {
    /// Counts bytes read.
    pub(crate) fn scanned(&self, bytes: usize) {
        self.scanned.add(bytes);
    }
}

/// Why a file is not read on.
pub(crate) enum Stop {
    /// Nobody takes the work any more, or another file failed.
    Quiet,
    Failed(SourceError),
}

impl From<SourceError> for Stop {
    fn from(error: SourceError) -> Self {
        Stop::Failed(error)
    }
}

/// Reads files until none is left.
fn read_files(plan: &Plan, progress: &Progress, queue: &mpsc::Sender<Work>) {
    loop {
        let index = progress.next_file.fetch_add(1, Ordering::Relaxed);
        if index >= plan.files.len() || progress.stop.load(Ordering::Relaxed) {
            return;
        }
        // A bug in a decoder must not look like the end of the data.
        let read = std::panic::catch_unwind(AssertUnwindSafe(|| read_file(plan, index, progress, queue)));
        let error = match read {
            Ok(Ok(())) => {
                progress.complete.fetch_add(1, Ordering::Release);
                continue;
            }
            Ok(Err(Stop::Quiet)) => return,
            Ok(Err(Stop::Failed(error))) => error,
            Err(_) => {
                let name = plan.files.get(index).map(|f| f.name.clone()).unwrap_or_default();
                SourceError::new("internal", Phase::Read, format!("reading `{name}` panicked")).in_file(name)
            }
        };
        progress.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        progress.stop.store(true, Ordering::Relaxed);
        return;
    }
}

fn read_file(plan: &Plan, index: usize, progress: &Progress, queue: &mpsc::Sender<Work>) -> Result<(), Stop> {
    let (Some(input), Some(state)) = (plan.files.get(index), progress.files.get(index)) else { return Ok(()) };
    if let Some(parts) = &plan.parts {
        return read_parts(input, parts.of_file(index), progress, queue);
    }
    let mut text = Text::open(input, plan.packing, progress.scanned.clone())?;
    let mut chunker: Box<dyn Chunker> = match plan.format {
        Format::Csv => Box::new(CsvChunker::new(plan.dialect.clone(), index, progress.chunk_bytes)),
        Format::Ndjson => Box::new(json::lines(index, plan.max_record, progress.chunk_bytes)),
        Format::Json => Box::new(JsonChunker::new(index, plan.max_record, progress.chunk_bytes)),
        Format::Parquet => return read_parquet(plan, index, progress, queue),
    };
    loop {
        let chunk = chunker.next(&mut text).map_err(|mut error| {
            let rows = state.rows.load(Ordering::Relaxed);
            error.message = format!("{}; {rows} records were read before it", error.message);
            error
        })?;
        state.bytes.store(text.bytes_read(), Ordering::Relaxed);
        let Some(chunk) = chunk else { break };
        state.rows.fetch_add(chunk.rows, Ordering::Relaxed);
        // Who only looks may look again.
        if let Some(given) = text.place().filter(|_| !plan.hashed && chunk.values.is_empty()) {
            let part = Part::of(&chunk, given.saturating_sub(chunker.pending() as u64));
            state.parts.lock().unwrap_or_else(PoisonError::into_inner).push(part);
        }
        send(Work::Chunk(chunk), progress, queue)?;
    }
    let hash = text.finish()?;
    state.bytes.store(text.bytes_read(), Ordering::Relaxed);
    *state.hash.lock().unwrap_or_else(PoisonError::into_inner) = hash;
    Ok(())
}

/// Hands out a file's row groups, then hashes it; what was decoded is still in the system's cache.
fn read_parquet(plan: &Plan, index: usize, progress: &Progress, queue: &mpsc::Sender<Work>) -> Result<(), Stop> {
    let (Some(input), Some(state)) = (plan.files.get(index), progress.files.get(index)) else { return Ok(()) };
    let roots = plan.roots(index);
    if input.size > 0 {
        let metadata = footer(&open_blocking(input)?, input)?;
        let metadata = if plan.views { viewed(metadata) } else { metadata };
        let mut first_row = 0;
        for group in 0..metadata.metadata().num_row_groups() {
            if !plan.hashed {
                let leaves = metadata.parquet_schema();
                let chunks = metadata.metadata().row_group(group).columns().iter().enumerate();
                let read = chunks.filter(|(leaf, _)| roots.contains(&leaves.get_column_root_idx(*leaf)));
                let bytes = read.map(|(_, chunk)| u64::try_from(chunk.compressed_size()).unwrap_or(0)).sum::<u64>();
                state.bytes.fetch_add(bytes, Ordering::Relaxed);
                progress.scanned.add(usize::try_from(bytes).unwrap_or(0));
            }
            let rows = u64::try_from(metadata.metadata().row_group(group).num_rows()).unwrap_or(0);
            send(
                Work::RowGroup(RowGroup { file: index, group, first_row, metadata: metadata.clone() }),
                progress,
                queue,
            )?;
            first_row += rows;
            state.rows.store(first_row, Ordering::Relaxed);
        }
    }
    if !plan.hashed {
        return Ok(());
    }
    let mut disk = Disk::open(input, progress.scanned.clone())?;
    let hash = disk.finish()?;
    state.bytes.store(disk.bytes_read(), Ordering::Relaxed);
    *state.hash.lock().unwrap_or_else(PoisonError::into_inner) = hash;
    Ok(())
}

/// Puts work into the queue.
pub(crate) fn send(work: Work, progress: &Progress, queue: &mpsc::Sender<Work>) -> Result<(), Stop> {
    if progress.stop.load(Ordering::Relaxed) || queue.blocking_send(work).is_err() {
        return Err(Stop::Quiet);
    }
    Ok(())
}
