//! What all parts of one command share: the program, the session, the clock, the notes taken on the way.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::catalog::TableProvider;
use datafusion::prelude::SessionContext;
use pipe_check::{Loaded, Program};
use pipe_compile::{Params, Planner, Settings, Tables};
use pipe_connect::source::{FileTable, SourceError};
use pipe_diagnostics::Diagnostic;
use pipe_heal::action::ResolvedAction;

use crate::Options;
use crate::report::{FailureReport, HealReport, RuleResult, TableReport};

/// A command at work.
pub struct Engine<'a> {
    /// The program and its files.
    pub loaded: &'a Loaded,
    /// What was asked for.
    pub options: &'a Options,
    /// Functions, memory, the frozen clock.
    pub session: SessionContext,
    /// Values of `$name`.
    pub params: Params,
    /// The run's id.
    pub run: String,
    /// Where this run stages what goes to no sink.
    pub scratch: PathBuf,
    /// A change of anything the program means changes it.
    pub fingerprint: String,
    notices: Mutex<Vec<Notice>>,
    notes: Mutex<Vec<String>>,
}

/// A message for a channel, sent when the run is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The channel.
    pub channel: String,
    /// The table it is about.
    pub table: String,
    /// One sentence.
    pub text: String,
}

impl<'a> Engine<'a> {
    /// Makes the session of a command.
    ///
    /// # Errors
    /// A param without a value or with one that does not fit; no folder to spill to.
    pub fn new(loaded: &'a Loaded, options: &'a Options) -> Result<Self, Vec<Diagnostic>> {
        let params = Params::new(&loaded.program, &options.params)?;
        Self::with(loaded, options, params)
    }

    /// The session of a command that explains: params need no values.
    ///
    /// # Errors
    /// No folder to spill to.
    pub fn declared(loaded: &'a Loaded, options: &'a Options) -> Result<Self, Vec<Diagnostic>> {
        Self::with(loaded, options, Params::declared(&loaded.program))
    }

    fn with(loaded: &'a Loaded, options: &'a Options, params: Params) -> Result<Self, Vec<Diagnostic>> {
        let run = run_id(options);
        let scratch = options.state.join("staging").join(&run);
        let settings = Settings {
            threads: options.threads,
            memory_limit: options.memory_limit,
            spill_dir: None,
            spill_limit: None,
            now: options.now,
        };
        let session = pipe_compile::session(&settings).map_err(|e| vec![crate::errors::internal(&e)])?;
        let root = loaded.program.root.clone();
        let lister =
            move |schema, locator: &str| -> Arc<dyn TableProvider> { Arc::new(FileTable::new(schema, &root, locator)) };
        pipe_compile::list_files(&session, Arc::new(lister));
        let fingerprint = fingerprint(loaded);
        let (notices, notes) = (Mutex::default(), Mutex::default());
        Ok(Self { loaded, options, session, params, run, scratch, fingerprint, notices, notes })
    }

    /// The checked program.
    pub fn program(&self) -> &'a Program {
        &self.loaded.program
    }

    /// Plans SQL over these tables.
    pub fn planner<'p>(&'p self, tables: &'p Tables) -> Planner<'p> {
        Planner::new(&self.session, tables, &self.params, &self.loaded.sources)
    }

    /// When the run began, RFC 3339.
    pub fn at(&self) -> String {
        self.options.now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
    }

    /// Takes down a sentence for the end of the report.
    pub fn note(&self, text: impl Into<String>) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(text.into());
    }

    /// Takes down a message for a channel.
    pub fn notify(&self, notice: Notice) {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        if !notices.contains(&notice) {
            notices.push(notice);
        }
    }

    /// Takes down what accompanies a step of a clause on a table: notices of `event`, and warnings, which say `text` where they have no
    /// words of their own.
    pub fn accompany(&self, table: &str, event: &str, text: &str, actions: &[ResolvedAction]) {
        for action in actions {
            match action {
                ResolvedAction::Notify(channel) => {
                    self.notify(Notice { channel: channel.clone(), table: table.to_owned(), text: event.to_owned() })
                }
                ResolvedAction::Warn(own) => self.note(format!("{table}: {}", own.as_deref().unwrap_or(text))),
                _ => {}
            }
        }
    }

    /// The sentences taken down so far; they are taken out.
    pub fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The messages taken down so far; they are taken out.
    pub fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Sorts by time; unique on one state, whose lock lets one run begin at a time.
fn run_id(options: &Options) -> String {
    let at = options.now.format("%Y%m%dT%H%M%S%3fZ");
    let mark = xxhash_rust::xxh3::xxh3_64(format!("{at}{}", std::process::id()).as_bytes()) & 0xffff;
    format!("{at}-{mark:04x}")
}

/// Of the program's files, in their order. White space and comments count: a formatted program is judged anew, which costs time and changes nothing.
fn fingerprint(loaded: &Loaded) -> String {
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    for (_, file) in loaded.sources.iter() {
        hash.update(file.text.as_bytes());
        hash.update(&[0]);
    }
    format!("{:016x}", hash.digest())
}

/// Why a table ends without rows to commit, with all there is to say of it.
#[derive(Clone, Debug, Default)]
pub struct Stopped {
    /// Failures, the one that stopped it last.
    pub failures: Vec<FailureReport>,
    /// What clauses had done by then.
    pub heals: Vec<HealReport>,
    /// Errors that are no failure of data: of the machine, of the program.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether it stopped because a proposal waits for approval.
    pub waiting: bool,
    /// The source's own error, which a clause may answer with another try.
    pub source: Option<SourceError>,
    /// Files to set aside in another try: a clause said `skip file`.
    pub skip: BTreeSet<String>,
    /// What rules found by then.
    pub rules: Vec<RuleResult>,
    /// What was read before it stopped, counted.
    pub account: Option<TableReport>,
    /// What its table rules had measured by then.
    pub metrics: Vec<pipe_state::Metric>,
}

impl From<Vec<Diagnostic>> for Stopped {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Stopped { diagnostics, ..Stopped::default() }
    }
}

impl From<Diagnostic> for Stopped {
    fn from(diagnostic: Diagnostic) -> Self {
        vec![diagnostic].into()
    }
}

impl From<datafusion::error::DataFusionError> for Stopped {
    fn from(error: datafusion::error::DataFusionError) -> Self {
        let source = SourceError::find(&error).cloned();
        Stopped { source, ..crate::errors::datafusion(&error).into() }
    }
}

impl From<pipe_quality::StageError> for Stopped {
    fn from(error: pipe_quality::StageError) -> Self {
        match error {
            pipe_quality::StageError::DataFusion(e) => e.into(),
            other => crate::errors::io(&other).into(),
        }
    }
}

/// The keys of a table's loads and of what `references` of other tables point at: columns no repair touches unasked.
pub fn key_columns(program: &Program, table: &str) -> std::collections::BTreeSet<String> {
    let loads = program.loads.iter().filter(|l| l.table == table).flat_map(|l| l.config.list("key").to_vec());
    let references = program.rules.values().flatten().filter_map(|r| match &r.predicate {
        pipe_check::Predicate::References { table: t, columns } if t == table => Some(columns.clone()),
        _ => None,
    });
    loads.chain(references.flatten()).collect()
}

/// A shared handle to what watches the run.
pub type Watch<'a> = &'a dyn crate::report::Observer;
