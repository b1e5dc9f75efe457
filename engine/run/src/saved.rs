//! A plan that is kept in a file: what was planned, and what it was made of, so that a run of it can be refused by the name of
//! whatever has moved since.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pipe_check::Loaded;
use pipe_diagnostics::codes::run as codes;
use pipe_diagnostics::{Diagnostic, Severity};
use pipe_plan::{LoadNews, Selection};
use pipe_state::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::{Engine, Stopped};
use crate::look::Look;
use crate::planning::{listed, told};
use crate::work::{Listing, LoadTask, load_task, row_by_row};
use crate::{Options, errors};

/// The version of the file.
const FORMAT: u32 = 1;

/// A plan and what it was made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// 1.
    pub format_version: u32,
    /// The chosen targets; none: all.
    pub targets: Vec<String>,
    /// The values given to params.
    pub params: BTreeMap<String, String>,
    /// Whether everything is taken again.
    pub full_refresh: bool,
    /// The objects of the program as [`pipe_plan::plan`] has them, without what is new.
    program: Value,
    /// The files of each source that is read.
    files: BTreeMap<String, Vec<SavedFile>>,
    /// The accepted columns of each source.
    baselines: BTreeMap<String, Value>,
    /// What each load would take, as the plan's text says it.
    news: BTreeMap<String, String>,
}

/// A file of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SavedFile {
    name: String,
    size: u64,
    modified_ns: i64,
}

/// What would be run now, to be kept.
///
/// # Errors
/// A param without a value; a state or a file that cannot be read.
pub async fn saved(loaded: &Loaded, options: &Options, selection: &Selection) -> Result<Saved, Vec<Diagnostic>> {
    let engine = Engine::new(loaded, options)?;
    let look = Look::still(&options.state).map_err(|d| vec![d])?;
    let listing = listed(&engine, selection).await;
    let mut tasks = Vec::new();
    for load in loaded.program.loads.iter().filter(|l| selection.loads.contains(&l.name)) {
        let over = row_by_row(&engine, &load.table);
        tasks.push(load_task(&engine, &look.state, &listing, load, over).map_err(|s: Stopped| s.diagnostics)?);
    }
    Saved::of(&engine, &look.state, selection, &listing, &tasks).map_err(|s| s.diagnostics)
}

impl Saved {
    /// What a run is made of.
    ///
    /// # Errors
    /// The state cannot be read.
    pub(crate) fn of(
        engine: &Engine<'_>,
        state: &State,
        selection: &Selection,
        listing: &Listing,
        loads: &[LoadTask],
    ) -> Result<Self, Stopped> {
        let plan = pipe_plan::plan(engine.program(), selection, &engine.options.params, None);
        let mut baselines = BTreeMap::new();
        for source in listing.files.keys() {
            let accepted = state.baseline(source).map_err(|e| errors::state(&e))?;
            baselines.extend(accepted.map(|b| (source.clone(), b.schema)));
        }
        let file = |f: &pipe_connect::source::InputFile| SavedFile {
            name: f.name.clone(),
            size: f.size,
            modified_ns: f.modified_ns,
        };
        let files = |(source, found): (&String, &Result<Vec<_>, Stopped>)| {
            Some((source.clone(), found.as_ref().ok()?.iter().map(file).collect()))
        };
        Ok(Self {
            format_version: FORMAT,
            targets: engine.options.targets.clone(),
            params: engine.options.params.clone(),
            full_refresh: engine.options.full_refresh,
            program: serde_json::to_value(&plan).map_err(|e| errors::internal(&e))?,
            files: listing.files.iter().filter_map(files).collect(),
            baselines,
            news: loads.iter().map(|t| (t.load.name.clone(), news_text(&told(t)))).collect(),
        })
    }

    /// Reads a kept plan.
    ///
    /// # Errors
    /// There is no such file, or it is no plan of this version.
    pub fn read(path: &Path) -> Result<Self, Diagnostic> {
        let unusable = |why: String| {
            let message = format!("`{}` is no plan that can be run: {why}", path.display());
            Diagnostic::new(codes::NO_PLAN, Severity::Error, message).help("make one with `pipe plan -o FILE`")
        };
        let text = std::fs::read_to_string(path).map_err(|e| unusable(e.to_string()))?;
        let saved: Saved = serde_json::from_str(&text).map_err(|e| unusable(e.to_string()))?;
        match saved.format_version {
            FORMAT => Ok(saved),
            other => Err(unusable(format!("it has version {other}, this pipe reads {FORMAT}"))),
        }
    }

    /// Refuses a run that would not be the one that was planned.
    ///
    /// # Errors
    /// All that has moved, by name.
    pub(crate) fn hold(&self, now: &Saved) -> Result<(), Diagnostic> {
        let moved = self.moved(now);
        if moved.is_empty() {
            return Ok(());
        }
        let message = format!("what was planned is not what would run now: {}", moved.join("; "));
        Err(Diagnostic::new(codes::PLAN_MOVED, Severity::Error, message)
            .help("nothing was touched; look at a new plan and run that: `pipe plan -o FILE`, `pipe run --plan FILE`"))
    }

    /// What is not as it was, a phrase each.
    fn moved(&self, now: &Saved) -> Vec<String> {
        let mut moved = program_moved(&self.program, &now.program);
        for source in both(&self.files, &now.files) {
            let none = Vec::new();
            let of = |saved: &'_ Saved| -> BTreeMap<String, SavedFile> {
                saved.files.get(source).unwrap_or(&none).iter().map(|f| (f.name.clone(), f.clone())).collect()
            };
            let (was, is) = (of(self), of(now));
            for name in both(&was, &is) {
                match (was.get(name), is.get(name)) {
                    (None, _) => moved.push(format!("`{name}` of source `{source}` is new")),
                    (_, None) => moved.push(format!("`{name}` of source `{source}` is gone")),
                    (a, b) if a != b => moved.push(format!("`{name}` of source `{source}` changed")),
                    _ => {}
                }
            }
        }
        for source in both(&self.baselines, &now.baselines) {
            if self.baselines.get(source) != now.baselines.get(source) {
                moved.push(format!("the baseline of source `{source}` is another"));
            }
        }
        // Other files alone make other news; only what another run has loaded does without them.
        if moved.is_empty() {
            let other = |load: &&String| self.news.get(*load) != now.news.get(*load);
            let loads = both(&self.news, &now.news).into_iter().filter(other);
            moved.extend(loads.map(|l| format!("load `{l}` has taken something since, in another run")));
        }
        moved
    }
}

fn news_text(news: &LoadNews) -> String {
    match news {
        LoadNews::Nothing => "nothing".to_owned(),
        LoadNews::Everything => "everything".to_owned(),
        LoadNews::Files(files) => files.join("\n"),
        LoadNews::Changed(files) => format!("changed\n{}", files.join("\n")),
        LoadNews::Past { column, value } => format!("{column} > {value}"),
    }
}

/// The keys of two maps, in order.
fn both<'m, V>(a: &'m BTreeMap<String, V>, b: &'m BTreeMap<String, V>) -> BTreeSet<&'m String> {
    a.keys().chain(b.keys()).collect()
}

/// The objects of two plans that differ, and in which properties.
fn program_moved(was: &Value, is: &Value) -> Vec<String> {
    let (was, is) = (objects(was), objects(is));
    let mut moved = Vec::new();
    for name in both(&was, &is) {
        match (was.get(name), is.get(name)) {
            (None, _) => moved.push(format!("{name} is new")),
            (_, None) => moved.push(format!("{name} is gone")),
            (Some(a), Some(b)) if a != b => {
                let other: Vec<String> =
                    both(a, b).into_iter().filter(|p| a.get(*p) != b.get(*p)).map(|p| change(p, a, b)).collect();
                moved.push(format!("{name} has {}", other.join(", ")));
            }
            _ => {}
        }
    }
    moved
}

/// ``value = '2'` where it was `'1'``, for what is one line; else that it is another.
fn change(property: &str, was: &BTreeMap<String, Value>, is: &BTreeMap<String, Value>) -> String {
    let text = |of: &BTreeMap<String, Value>| of.get(property).and_then(Value::as_str).map(str::to_owned);
    match (text(was), text(is)) {
        (Some(was), Some(is)) if was.len() + is.len() <= 120 => format!("`{property} = {is}` where it was `{was}`"),
        _ => format!("another `{property}`"),
    }
}

/// The properties of each object of a plan, by what it is and its name.
fn objects(plan: &Value) -> BTreeMap<String, BTreeMap<String, Value>> {
    let object = |o: &Value| {
        let name = format!("{} `{}`", o.get("kind")?.as_str()?, o.get("name")?.as_str()?);
        let properties = o.get("properties")?.as_object()?;
        Some((name, properties.iter().map(|(k, v)| (k.clone(), v.clone())).collect()))
    };
    plan.get("objects").and_then(Value::as_array).into_iter().flatten().filter_map(object).collect()
}
