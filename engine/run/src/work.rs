//! What a run has to do: which tables, of which files, for which loads; and what of it is done already.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;

use pipe_check::Load;
use pipe_compile::{Planner, Tables};
use pipe_connect::sink::Mode;
use pipe_connect::source::{InputFile, SourceSpec, list};
use pipe_plan::Selection;
use pipe_state::{State, TakenFile};

use crate::engine::{Engine, Stopped};
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
    /// Of these, the ones whose new version goes to quarantine whole.
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
            instance: Instance { table: load.table.clone(), files: None },
            mode,
            inputs,
            news: true,
            changed: Vec::new(),
            replaced: BTreeSet::new(),
            aside: BTreeSet::new(),
        }
    }

    /// Whether the rows of each source file are to be kept apart in what is written.
    pub fn tracked(&self) -> bool {
        let own = self.inputs.iter().all(|(source, _)| *source == self.load.table);
        self.mode == Mode::Append && own && (1..=TRACKED_FILES).contains(&self.inputs.len())
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
    if refresh {
        return Ok(task);
    }
    let all_taken = state.taken(&load.name).map_err(|e| errors::state(&e))?;
    let taken: BTreeMap<&str, &TakenFile> = all_taken.iter().map(|t| (t.path.as_str(), t)).collect();
    if mode == Mode::Append
        && let Some(source) = row_by_row
        && let Some(Ok(files)) = listing.files.get(&source)
    {
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
    tables.insert_schema(only.clone(), pipe_compile::types::arrow_schema(columns));
    let planner = Planner::new(&engine.session, &tables, &engine.params, &engine.loaded.sources);
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
    if task.mode != Mode::Append {
        add(&pipe_plan::fingerprint(engine.program(), &task.load.table));
    }
    if task.mode == Mode::Refresh || engine.options.full_refresh {
        add(&engine.run);
    }
    format!("{:016x}", hash.digest())
}
