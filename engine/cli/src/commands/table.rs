//! The table that `profile` and `suggest` look at: of a program, or a data file by itself.

use std::path::Path;

use clap::Args;
use pipe_check::Loaded;
use pipe_diagnostics::{Diagnostic, Severity, Sources, codes};
use pipe_run::Options;
use tempfile::TempDir;

use crate::bare::{Bare, TWICE};
use crate::project::{EngineArgs, ParamArgs, Project, ProjectArgs, StateArgs, reason};

/// What is looked at, and with how much.
#[derive(Clone, Debug, Args)]
pub struct TableArgs {
    /// A source or a model of the program; or a data file, such as `orders.csv` or `data/orders.parquet`, which needs no program
    #[arg(value_name = "TABLE|FILE")]
    pub table: String,
    #[command(flatten)]
    pub project: ProjectArgs,
    #[command(flatten)]
    params: ParamArgs,
    #[command(flatten)]
    state: StateArgs,
    #[command(flatten)]
    engine: EngineArgs,
    /// Read no other table: references to them are not looked for
    #[arg(long)]
    pub alone: bool,
    /// Distinct rows of the sample that keys, dependencies, formats and personal data are found on
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    sample: u32,
}

/// A table, and the program it is of.
#[derive(Debug)]
pub struct Found {
    /// The table.
    pub table: String,
    /// `raw.` stood before it.
    pub raw: bool,
    /// Its program.
    pub loaded: Loaded,
    /// Options of the engine.
    pub options: Options,
    /// Where the program stands; `None`: it is a file by itself.
    pub place: Option<Project>,
    /// The file that is looked at by itself.
    pub bare: Option<Bare>,
    /// Where the state of a file would be: there is none.
    _stateless: Option<TempDir>,
}

/// What is wrong, with the texts it points into.
pub type Refused = (Vec<Diagnostic>, Sources);

impl TableArgs {
    /// Rows of the sample.
    pub fn sample(&self) -> usize {
        usize::try_from(self.sample).unwrap_or(usize::MAX)
    }

    /// The table of the program, or the file. A file that is named together with a program is taken for a table's name.
    ///
    /// # Errors
    /// There is no such table; no program; nowhere to put an empty state.
    pub fn find(&self) -> Result<Found, Refused> {
        match Bare::of(&self.table).filter(|_| self.project.path.is_none()) {
            Some(bare) => self.file(bare),
            None => self.of_program(),
        }
    }

    fn file(&self, bare: Bare) -> Result<Found, Refused> {
        let file = Path::new(&self.table);
        if !file.exists() && !self.table.contains(['*', '?', '[']) {
            let message = format!("there is no file `{}`", self.table);
            let problem = Diagnostic::new(codes::run::NO_FILES, Severity::Error, message);
            let help = "name a data file, or a source or a model of a program";
            return Err((vec![problem.help(help)], Sources::default()));
        }
        let mut text = format!("pipe 1;\n\n{}", bare.source(&[]));
        if bare.twice {
            text += &format!("heal {} {{ {TWICE}; }}\n", pipe_sql::quote(&bare.table));
        }
        let program = bare.program().display().to_string();
        let mut loaded = pipe_check::check(&[(&program, &text)]);
        loaded.program.root = ".".into();
        let stateless = tempfile::tempdir().map_err(|e| {
            let message = format!("no temporary folder could be made: {}", reason(&e));
            (vec![Diagnostic::new(codes::run::SINK_UNWRITABLE, Severity::Error, message)], Sources::default())
        })?;
        let none = Project { root: stateless.path().to_owned(), files: Vec::new() };
        Ok(Found {
            table: bare.table.clone(),
            raw: false,
            loaded,
            options: Options { params: self.params.values(), ..none.options(&self.state, &self.engine) },
            place: None,
            bare: Some(bare),
            _stateless: Some(stateless),
        })
    }

    fn of_program(&self) -> Result<Found, Refused> {
        let project =
            Project::find(self.project.path.as_deref()).map_err(|problem| (vec![problem], Sources::default()))?;
        let loaded = project.load(&self.project);
        let name = self.table.to_lowercase();
        let (table, raw) = name.strip_prefix("raw.").map_or((name.as_str(), false), |table| (table, true));
        let program = &loaded.program;
        let mut known: Vec<String> = program.sources.keys().chain(program.models.keys()).cloned().collect();
        known.sort();
        if !known.iter().any(|k| k == table) {
            let hindrances: Vec<Diagnostic> = loaded.hindrances(&[]).into_iter().cloned().collect();
            if known.is_empty() && !hindrances.is_empty() {
                return Err((hindrances, loaded.sources));
            }
            let unknown = pipe_plan::UnknownTarget { target: table.to_owned(), known };
            return Err((vec![super::unknown_target(&unknown)], loaded.sources));
        }
        let options = Options { params: self.params.values(), ..project.options(&self.state, &self.engine) };
        let table = table.to_owned();
        Ok(Found { table, raw, loaded, options, place: Some(project), bare: None, _stateless: None })
    }
}
