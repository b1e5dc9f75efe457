//! What a run has to do: which tables, of which files, for which loads; and what of it is done already.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;

use pipe_check::Load;
use pipe_compile::Tables;
use pipe_connect::sink::Mode;
use pipe_connect::source::{InputFile, SourceSpec, list};
use pipe_plan::Selection;
use pipe_state::{State, TakenFile};

use crate::engine::{Engine, Stopped};
use crate::past::Past;
use crate::{changed, errors, extract};

/// The files of every source that is read, as they are now.
#[derive(Debug, Default)]
pub struct Listing {
    /// By source, in order of name; or why they cannot be listed.
    pub files: BTreeMap<String, Result<Vec<InputFile>, Stopped>>,
}

/// A table to be evaluated over some files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instance {
    /// The table.
    pub table: String,
    /// Of these files of its source only; `None`: the whole.
    pub files: Option<BTreeSet<String>>,
    /// Of their rows only those past a watermark.
    pub past: Option<Past>,
}

impl Instance {
    /// All of a table.
    pub fn whole(table: impl Into<String>) -> Self {
        Self { table: table.into(), files: None, past: None }
    }
}

/// What a load takes.
#[derive(Clone, Debug)]
pub struct LoadTask {
    /// The load.
    pub load: Load,
    /// The table it takes, of which files.
    pub instance: Instance,
    /// How it writes.
    pub mode: Mode,
    /// The files its rows come from, of all sources it reads.
    pub inputs: Vec<(String, InputFile)>,
    /// Whether there is anything to do.
    pub news: bool,
    /// Loaded files that have changed since and whose rows cannot be replaced.
    pub changed: Vec<String>,
    /// Loaded files that have changed since and whose rows this batch replaces; by name, of the table's own source.
    pub replaced: BTreeSet<String>,
    /// Loaded files that have changed since and of which the rows past the watermark are taken.
    pub grown: BTreeSet<String>,
    /// Of the replaced, the ones whose new version goes to quarantine whole.
    pub aside: BTreeSet<String>,
}

/// The most new files of a batch whose rows are written apart, so that each can be replaced when it changes. A load of more
/// files than that is a first one as a rule, and its target should not begin as so many small files.
const TRACKED_FILES: usize = 64;

impl LoadTask {
    /// A load of all of its table.
    pub fn whole(load: &Load, mode: Mode, inputs: Vec<(String, InputFile)>) -> Self {
        Self {
            load: load.clone(),
            instance: Instance::whole(&load.table),
            mode,
            inputs,
            news: true,
            changed: Vec::new(),
            replaced: BTreeSet::new(),
            grown: BTreeSet::new(),
            aside: BTreeSet::new(),
        }
    }

    /// Whether the rows of each source file are to be kept apart in what is written.
    pub fn tracked(&self) -> bool {
        let own = self.inputs.iter().all(|(source, _)| *source == self.load.table);
        matches!(self.mode, Mode::Append | Mode::Refresh)
            && self.instance.past.is_none()
            && own
            && (1..=TRACKED_FILES).contains(&self.inputs.len())
    }

    /// What the load calls the files it has taken before and takes again.
    pub fn forgotten_keys(&self) -> Vec<String> {
        let again = |f: &InputFile| self.replaced.contains(&f.name) || self.grown.contains(&f.name);
        self.inputs.iter().filter(|(_, f)| again(f)).map(|(source, f)| key(source, &f.name)).collect()
    }

    /// What the load calls the files whose rows the batch replaces.
    pub fn replaced_keys(&self) -> BTreeSet<String> {
        let mine = self.inputs.iter().filter(|(_, f)| self.replaced.contains(&f.name));
        mine.map(|(source, file)| key(source, &file.name)).collect()
    }
}

impl Listing {
    /// Lists the files of the selected sources.
    pub async fn of(engine: &Engine<'_>, selection: &Selection) -> Self {
        let mut files = BTreeMap::new();
        for table in &selection.tables {
            let Some(source) = engine.program().sources.get(table) else { continue };
            let spec: SourceSpec = extract::spec(engine, source);
            let found = list(&spec).await.map_err(|e| extract::source_stopped(table, &e));
            files.insert(table.clone(), found);
        }
        Self { files }
    }

    /// The files a table is computed from, with the sources they belong to.
    pub fn inputs(&self, engine: &Engine<'_>, table: &str) -> Vec<(String, InputFile)> {
        let (mut seen, mut open) = (BTreeSet::new(), vec![table.to_owned()]);
        let mut found = Vec::new();
        while let Some(table) = open.pop() {
            if !seen.insert(table.clone()) {
                continue;
            }
            if let Some(Ok(files)) = self.files.get(&table) {
                found.extend(files.iter().map(|f| (table.clone(), f.clone())));
            }
            open.extend(pipe_plan::dependencies(engine.program(), &table));
        }
        found.sort_by(|a, b| (&a.0, &a.1.name).cmp(&(&b.0, &b.1.name)));
        found
    }
}

/// What a load has to do.
///
/// # Errors
/// The state cannot be read.
pub fn load_task(
    engine: &Engine<'_>,
    state: &State,
    listing: &Listing,
    load: &Load,
    row_by_row: Option<String>,
) -> Result<LoadTask, Stopped> {
    let word = load.config.text("mode").unwrap_or("append");
    let mut mode = Mode::parse(word).unwrap_or(Mode::Append);
    let refresh = engine.options.full_refresh;
    if refresh && mode == Mode::Append {
        mode = Mode::Refresh;
    }
    let mut task = LoadTask::whole(load, mode, listing.inputs(engine, &load.table));
    let source = row_by_row.as_ref().and_then(|s| engine.program().sources.get(s));
    let forward = source.and_then(|s| s.incremental.as_ref()).filter(|_| matches!(mode, Mode::Append | Mode::Refresh));
    if refresh {
        let column = forward.map(|(column, _)| column.clone());
        task.instance.past = column.map(|column| Past { column, ..Past::default() });
        return Ok(task);
    }
    let all_taken = state.taken(&load.name).map_err(|e| errors::state(&e))?;
    let taken: BTreeMap<&str, &TakenFile> = all_taken.iter().map(|t| (t.path.as_str(), t)).collect();
    if mode == Mode::Append
        && let Some(source) = row_by_row
        && let Some(Ok(files)) = listing.files.get(&source)
    {
        if let Some((column, _)) = forward {
            return incremental(state, task, &source, files, column, &all_taken);
        }
        let mut new = BTreeSet::new();
        let published = state.published_files(&load.name).map_err(|e| errors::state(&e))?;
        for file in files {
            match taken.get(key(&source, &file.name).as_str()) {
                None => _ = new.insert(file.name.clone()),
                Some(before) if same(before, file)? => {}
                Some(before) if source == load.table && changed::replaceable(before, &all_taken, &published) => {
                    task.replaced.insert(file.name.clone());
                    new.insert(file.name.clone());
                }
                Some(_) => task.changed.push(file.name.clone()),
            }
        }
        task.news = !new.is_empty();
        // A changed file is none of a whole: an instance of its own keeps what was judged of the others.
        if new.len() < files.len() || !task.replaced.is_empty() {
            task.inputs.retain(|(s, f)| *s == source && new.contains(&f.name));
            task.instance.files = Some(new);
        }
        return Ok(task);
    }
    let mut unchanged = taken.len() == task.inputs.len() && !taken.is_empty();
    for (source, file) in &task.inputs {
        unchanged = unchanged
            && match taken.get(key(source, &file.name).as_str()) {
                Some(before) => same(before, file)?,
                None => false,
            };
    }
    // A table without files (a model over constants) and an empty source are computed each time.
    if unchanged {
        let batch = batch_id(engine, &task);
        task.news = !state.is_committed(&load.name, &batch).map_err(|e| errors::state(&e))?;
    }
    Ok(task)
}

/// What is new of a source that goes forward by a column: of files that are new or have changed the rows past the watermark.
/// A file that is as it was has none: the watermark is the greatest value of all that was read.
fn incremental(
    state: &State,
    mut task: LoadTask,
    source: &str,
    files: &[InputFile],
    column: &str,
    taken: &[TakenFile],
) -> Result<LoadTask, Stopped> {
    let watermark = state.watermark(&task.load.name).map_err(|e| errors::state(&e))?;
    if let Some(other) = watermark.as_ref().filter(|w| w.column != column) {
        let load = &task.load.name;
        let message =
            format!("load `{load}` has come forward by `{}`, and `{source}` goes by `{column}` now", other.column);
        let help =
            format!("`pipe run --full-refresh --target {load}` loads everything again in place of what is there");
        let code = pipe_diagnostics::codes::run::WATERMARK_MOVED;
        return Err(pipe_diagnostics::Diagnostic::new(code, pipe_diagnostics::Severity::Error, message)
            .help(help)
            .into());
    }
    // A model's load has no rows of its own to count by: what was judged of its source stands for them.
    let judged = state.taken(&format!("@{source}")).map_err(|e| errors::state(&e))?;
    let counted = if source == task.load.table { taken } else { &judged };
    let (mut new, mut seen) = (BTreeSet::new(), BTreeMap::new());
    for file in files {
        let path = key(source, &file.name);
        if let Some(before) = taken.iter().find(|t| t.path == path) {
            if same(before, file)? {
                continue;
            }
            task.grown.insert(file.name.clone());
            let rows = counted.iter().find(|t| t.path == path).map_or(0, |t| t.rows);
            seen.insert(file.name.clone(), rows);
        }
        new.insert(file.name.clone());
    }
    task.news = !new.is_empty();
    task.inputs.retain(|(s, f)| s == source && new.contains(&f.name));
    let value = watermark.map(|w| w.value);
    task.instance.past = Some(Past { column: column.to_owned(), value, seen });
    task.instance.files = Some(new);
    Ok(task)
}

/// The source a table is row by row over: itself, or the one its query filters and projects.
pub fn row_by_row(engine: &Engine<'_>, table: &str) -> Option<String> {
    let program = engine.program();
    if program.sources.contains_key(table) {
        return Some(table.to_owned());
    }
    let model = program.models.get(table)?;
    let [only] = pipe_plan::dependencies(program, table).try_into().ok()?;
    let source = program.sources.get(&only)?;
    let mut tables = Tables::new();
    let columns = source.schema.as_ref()?;
    let columns = pipe_compile::types::arrow_schema(columns);
    tables.insert_schema(only.clone(), pipe_compile::types::with_flags(&columns, program, &only));
    let planner = engine.planner(&tables);
    pipe_compile::lineage::row_by_row(&planner.model(&model.query).ok()?)
}

/// What a load calls a file it has taken: unique among the sources it reads.
pub fn key(source: &str, file: &str) -> String {
    format!("{source}: {file}")
}

/// Whether a file is the one that was taken. Size and time decide; when only the time has moved, the content does.
fn same(before: &TakenFile, now: &InputFile) -> Result<bool, Stopped> {
    if before.size != now.size {
        return Ok(false);
    }
    if before.modified_ns == now.modified_ns {
        return Ok(true);
    }
    let hash = content_hash(now).map_err(|e| errors::io(&format!("`{}`: {e}", now.name)))?;
    Ok(hash == before.hash)
}

/// XXH3 (128 bits) of a file as it lies on disk, as the scan computes it on the way.
fn content_hash(file: &InputFile) -> std::io::Result<String> {
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    let mut input = File::open(&file.location)?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        let n = input.read(&mut buffer)?;
        if n == 0 {
            return Ok(hash_text(hash.digest128()));
        }
        hash.update(buffer.get(..n).unwrap_or_default());
    }
}

/// A content hash as the state keeps it.
pub fn hash_text(hash: u128) -> String {
    format!("{hash:032x}")
}

/// The identity of a load's batch: the load and its files, never the program. A load that replaces what it wrote has another one when what it means has changed, for the same rows cannot land twice there.
pub fn batch_id(engine: &Engine<'_>, task: &LoadTask) -> String {
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    let mut add = |text: &str| {
        hash.update(text.as_bytes());
        hash.update(&[0]);
    };
    add(&task.load.name);
    for (source, file) in &task.inputs {
        add(&key(source, &file.name));
        add(&format!("{} {}", file.size, file.modified_ns));
    }
    if let Some(past) = &task.instance.past {
        add(&format!("{} > {:?}", past.column, past.value));
    }
    if task.mode != Mode::Append {
        add(&pipe_plan::fingerprint(engine.program(), &task.load.table));
    }
    if task.mode == Mode::Refresh || engine.options.full_refresh {
        add(&engine.run);
    }
    format!("{:016x}", hash.digest())
}
