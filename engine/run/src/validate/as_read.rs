//! Tables as they came, typed and unhealed: what rules are judged on when nothing is to be decided.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::datasource::ViewTable;
use datafusion::logical_expr::Expr;
use datafusion::prelude::{ident, lit};
use pipe_check::Source;
use pipe_compile::{Planner, Tables, types};
use pipe_connect::source::{
    Bound, Discovery, Drift, FieldSpec, Footers, InputFile, Parts, Projection, RawTable, ScanExec, SourceSpec, bind,
    discover, meta,
};
use pipe_diagnostics::codes::run as codes;
use pipe_heal::failure::Failure;
use pipe_heal::structural::Reason;
use pipe_state::State;

use crate::engine::{Engine, Stopped};
use crate::report::FailureReport;
use crate::{errors, extract, typed};

/// A source, ready to be read as it came.
#[derive(Clone, Debug)]
pub struct AsRead {
    spec: SourceSpec,
    files: Vec<InputFile>,
    bound: Bound,
    /// The columns.
    pub target: Vec<FieldSpec>,
    /// The columns that are there: in their order, of the declared type where they are declared.
    pub found: SchemaRef,
    /// The declared columns by name; none where none are declared.
    pub declared: Vec<String>,
    /// The columns that no file has.
    pub missing: BTreeSet<String>,
    /// What is wrong with the files' shape.
    pub failures: Vec<FailureReport>,
    /// What differs and does no harm.
    pub notes: Vec<String>,
}

impl AsRead {
    /// Finds the files of a source and looks at their heads. `named`: how the file was named that stands in for its own.
    ///
    /// # Errors
    /// The files cannot be found or opened; no column is known.
    pub async fn open(
        engine: &Engine<'_>,
        state: &State,
        source: &Source,
        named: Option<&Path>,
    ) -> Result<Self, Stopped> {
        let name = &source.name;
        let mut spec = extract::spec(engine, source);
        let mut files = pipe_connect::source::list(&spec).await.map_err(|e| extract::source_stopped(name, &e))?;
        for file in &mut files {
            if let (Some(named), Some(below)) = (named, file.name.strip_prefix(&spec.locator)) {
                file.name = format!("{}{below}", named.display());
            }
        }
        let declared = spec.declared.iter().flatten().map(|f| f.name.clone()).collect();
        if spec.declared.is_none()
            && let Some(pinned) = state.baseline(name).map_err(|e| errors::state(&e))?.filter(|b| b.pinned)
        {
            spec.declared = Some(extract::pinned_fields(&pinned.schema));
        }
        let discovery = discover(&spec, &files).await.map_err(|e| extract::source_stopped(name, &e))?;
        let target = spec.declared.clone().unwrap_or_else(|| discovery.fields());
        if target.is_empty() {
            return Err(extract::no_columns(source).into());
        }
        let bound = bind(&spec, &discovery, &target, &BTreeMap::new());
        let found = found(&discovery, &target);
        let missing = BTreeSet::new();
        let (failures, notes) = (Vec::new(), Vec::new());
        let mut read = Self { spec, files, bound, target, found, declared, missing, failures, notes };
        read.shape(&discovery);
        read.drift();
        Ok(read)
    }

    /// The names of the files, by index.
    pub fn names(&self) -> Vec<String> {
        self.files.iter().map(|f| f.name.clone()).collect()
    }

    /// How large the files are together, in bytes.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|f| f.size).sum()
    }

    /// Whether a column is read without the others.
    pub fn columnar(&self) -> bool {
        self.spec.connector == "parquet"
    }

    /// Whether every cell has the type it is read as, so that none can fail to convert and no record be broken.
    fn typed(&self) -> bool {
        let converted = self.bound.drift.iter().any(|d| matches!(d, Drift::TypeChanged { .. }));
        let paths = self.files.iter().any(|f| !f.partitions.is_empty());
        self.columnar() && !converted && !paths
    }

    /// What a scan of these columns yields, with the place of each row and what tells that it is broken.
    pub fn projection(&self, columns: Vec<usize>) -> Projection {
        let text = !self.typed();
        Projection { columns, file: true, line: true, row: true, bad: text, record: text, raw: text }
    }

    /// A scan; of these parts of the files, or all of them.
    ///
    /// # Errors
    /// A key with a value that cannot be used.
    pub fn scan(&self, projection: Projection, threads: usize, parts: Option<Parts>) -> Result<Arc<ScanExec>, Stopped> {
        let scan = ScanExec::try_new(&self.spec, self.files.clone(), &self.bound, &self.target, projection, threads);
        let scan = scan.map_err(|e| extract::source_stopped(&self.spec.name, &e))?.unhashed();
        Ok(Arc::new(match parts {
            Some(parts) => scan.only(parts),
            None => scan,
        }))
    }

    /// What the files' footers say of the rows, where that is what is read.
    ///
    /// # Errors
    /// A file that cannot be opened.
    pub async fn footers(&self) -> Result<Option<Footers>, Stopped> {
        if !self.typed() {
            return Ok(None);
        }
        let footers = Footers::read(&self.files, &self.bound, &self.target).await;
        Ok(Some(footers.map_err(|e| extract::source_stopped(&self.spec.name, &e))?))
    }

    /// The rows that can be parsed, as a table that SQL can ask, with a flag for each column that clauses may fill. With `places`
    /// `_file`, `_line`, `_row` and `_uncast` stand behind the others.
    ///
    /// # Errors
    /// DataFusion refuses the view.
    pub fn table(&self, engine: &Engine<'_>, places: bool) -> Result<Arc<dyn TableProvider>, Stopped> {
        let (spec, files) = (self.spec.clone(), self.files.clone());
        let (bound, target) = (self.bound.clone(), self.target.clone());
        let raw = match places {
            true => RawTable::typed(spec, files, bound, target),
            false => RawTable::bound(spec, files, bound, target),
        };
        let mut rows = engine.session.read_table(Arc::new(raw))?;
        if !self.typed() {
            rows = rows.filter(ident(meta::BAD).is_null())?;
        }
        let mut columns: Vec<Expr> = self.target.iter().map(|f| ident(&f.name)).collect();
        columns.extend(self.flags(engine).into_iter().map(|flag| lit(false).alias(flag)));
        if places {
            columns.extend([meta::FILE, meta::LINE, meta::ROW].map(ident));
            columns.push(typed::uncast(&rows, self.target.iter().map(|f| f.name.as_str()))?);
        }
        Ok(rows.select(columns)?.into_view())
    }

    /// The flags of columns that clauses may fill.
    pub fn flags(&self, engine: &Engine<'_>) -> Vec<String> {
        types::flags(&extract::schema(&self.target), engine.program(), &self.spec.name)
    }

    /// What is suspicious about the files.
    fn shape(&mut self, discovery: &Discovery) {
        for finding in &discovery.findings {
            let reason = finding.kind.structural();
            let Some(reason) = reason.and_then(|r| Reason::ALL.into_iter().find(|known| known.word() == r)) else {
                continue;
            };
            // Rules that want rows say so.
            if reason == Reason::Empty {
                self.notes.push(format!("{}: {}", self.spec.name, finding.message));
                continue;
            }
            let failure = Failure::structural(&self.spec.name, reason, 0.0);
            self.failures.push(failed(&failure, codes::STRUCTURAL, finding.message.clone()));
        }
    }

    /// Declared columns that are not there, and others that are.
    fn drift(&mut self) {
        let (mut lacking, mut others, mut retyped) = (BTreeMap::<&str, usize>::new(), BTreeSet::new(), BTreeSet::new());
        for drift in &self.bound.drift {
            match drift {
                Drift::Missing { column, .. } => *lacking.entry(column).or_default() += 1,
                Drift::New { column, .. } => _ = others.insert(column.as_str()),
                Drift::TypeChanged { column, declared, found, .. } => {
                    retyped.insert(format!("`{column}` is declared `{declared}` and comes as `{found}`"));
                }
            }
        }
        let name = &self.spec.name;
        for (column, files) in lacking {
            let Some(field) = self.target.iter().find(|f| f.name == column) else { continue };
            let near = pipe_diagnostics::nearest(column, others.iter().copied());
            let near = near.map(|n| format!("; it has `{n}`, which is not declared")).unwrap_or_default();
            let which = if files == self.files.len() {
                self.missing.insert(column.to_owned());
                "no file has".to_owned()
            } else {
                let of = self.bound.drift.iter().find_map(|d| match d {
                    Drift::Missing { file, column: c } if c == column => self.files.get(*file),
                    _ => None,
                });
                format!("`{}` has not", of.map_or("", |f| f.name.as_str()))
            };
            let failure = Failure::missing_column(name, column, &field.ty, None);
            let help = format!("{which} the declared column `{column}`{near}");
            self.failures.push(failed(&failure, codes::SCHEMA_DRIFT, help));
        }
        if !others.is_empty() {
            let others: Vec<String> = others.iter().map(|c| format!("`{c}`")).collect();
            self.notes.push(format!("{name}: not declared and not read: {}", others.join(", ")));
        }
        self.notes.extend(retyped.into_iter().map(|text| format!("{name}: {text}")));
    }
}

/// The columns as found.
fn found(discovery: &Discovery, target: &[FieldSpec]) -> SchemaRef {
    let field = |column: &pipe_connect::source::FoundColumn| {
        let known = target.iter().find(|f| f.name == column.name || f.aliases.contains(&column.name));
        let (name, ty) = match known {
            Some(field) => (field.name.clone(), field.data_type.clone()),
            None => (column.name.clone(), types::to_arrow(&column.ty)),
        };
        Field::new(name, ty, true)
    };
    Arc::new(Schema::new(discovery.columns.iter().map(field).collect::<Vec<_>>()))
}

/// A failure as a finding.
pub fn failed(failure: &Failure, code: pipe_diagnostics::Code, help: String) -> FailureReport {
    FailureReport {
        failure: failure.name.to_owned(),
        table: failure.table.clone(),
        fields: failure.field_texts(),
        rows: failure.rows,
        handled: "found".to_owned(),
        help: Some(help).filter(|h| !h.is_empty()),
        code: Some(code.to_string()),
        ..FailureReport::default()
    }
}

/// The tables a command looks at, each opened once.
pub struct Opened<'o> {
    /// Sources that are read from another file, as it was named.
    on: &'o BTreeMap<String, PathBuf>,
    /// Sources by name.
    pub sources: BTreeMap<String, AsRead>,
    /// All tables, to be asked.
    pub providers: BTreeMap<String, Arc<dyn TableProvider>>,
}

impl<'o> Opened<'o> {
    /// None yet.
    pub fn new(on: &'o BTreeMap<String, PathBuf>) -> Self {
        Self { on, sources: BTreeMap::new(), providers: BTreeMap::new() }
    }

    /// Opens a table and all it is made of or referred to by.
    ///
    /// # Errors
    /// The first that cannot be opened.
    pub async fn open(&mut self, engine: &Engine<'_>, state: &State, table: &str) -> Result<(), Stopped> {
        for name in order(engine, table) {
            if self.providers.contains_key(&name) {
                continue;
            }
            let program = engine.program();
            let provider = if let Some(source) = program.sources.get(&name) {
                let read = AsRead::open(engine, state, source, self.on.get(&name).map(PathBuf::as_path)).await?;
                let provider = read.table(engine, false)?;
                self.sources.insert(name.clone(), read);
                provider
            } else if let Some(model) = program.models.get(&name) {
                let mut tables = self.tables(engine, &name);
                crate::raw::insert_raw(engine, state, &crate::work::Listing::default(), &name, &mut tables).await?;
                let planner = Planner::new(&engine.session, &tables, &engine.params, &engine.loaded.sources);
                Arc::new(ViewTable::new(planner.model(&model.query)?, None)) as Arc<dyn TableProvider>
            } else {
                continue;
            };
            self.providers.insert(name, provider);
        }
        Ok(())
    }

    /// What a table reads or refers to, and the table itself when it is open.
    pub fn tables(&self, engine: &Engine<'_>, table: &str) -> Tables {
        let mut tables = Tables::new();
        for name in needs(engine, table).into_iter().chain([table.to_owned()]) {
            if let Some(provider) = self.providers.get(&name) {
                tables.insert(name, Arc::clone(provider));
            }
        }
        tables
    }
}

/// What a table's query reads and its rules refer to, without what its clauses look up.
fn needs(engine: &Engine<'_>, table: &str) -> Vec<String> {
    let program = engine.program();
    let known = |t: &String| program.sources.contains_key(t) || program.models.contains_key(t);
    program.inputs(table).into_iter().filter(|t| known(t) && t != table).collect()
}

/// What a model's query reads.
fn reads(engine: &Engine<'_>, table: &str) -> Vec<String> {
    let tables = engine.program().models.get(table).map(|m| m.query.tables.as_slice()).unwrap_or_default();
    let bare = tables.iter().filter_map(|t| match t.parts.as_slice() {
        [name] => Some(name.clone()),
        _ => None,
    });
    bare.collect()
}

/// A table behind all it needs; rules of what it reads need nothing.
fn order(engine: &Engine<'_>, table: &str) -> Vec<String> {
    let (mut done, mut open) = (Vec::new(), vec![(table.to_owned(), false)]);
    let mut begun = BTreeSet::new();
    while let Some((name, ready)) = open.pop() {
        if ready {
            done.push(name);
        } else if begun.insert(name.clone()) {
            let needed = if name == table { needs(engine, &name) } else { reads(engine, &name) };
            open.push((name, true));
            open.extend(needed.into_iter().map(|n| (n, false)));
        }
    }
    done
}
