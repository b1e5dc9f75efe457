//! A source up to its scan: files found, shape compared with what is declared and what was accepted last, schema healed.

use std::collections::BTreeMap;

use pipe_check::{HealBlock, Source};
use pipe_compile::Tables;
use pipe_connect::source::{
    self, Bound, Discovery, Drift, FieldSpec, FindingKind, InputFile, SourceError, SourceSpec, bind, discover,
};
use pipe_diagnostics::codes::run as codes;
use pipe_diagnostics::{Code, Diagnostic};
use pipe_heal::action::ResolvedAction;
use pipe_heal::classify::{Kind, Phase};
use pipe_heal::failure::{Candidate, Failure};
use pipe_heal::gates::{Outcome, Settings, decide_rename};
use pipe_heal::profile::{ColumnProfile, ProfileBuilder};
use pipe_heal::rename::{Expected, Match, assign};
use pipe_heal::structural::Reason;
use pipe_schema::Type;
use pipe_state::Baseline;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::aside::Unread;
use crate::clauses::{Answered, answer};
use crate::engine::{Engine, Notice, Stopped};
use crate::report::{FailureReport, HealReport};
use crate::told;

/// A source, ready to be scanned.
#[derive(Debug)]
pub struct Extract {
    /// What to read.
    pub spec: SourceSpec,
    /// The files, in order.
    pub files: Vec<InputFile>,
    /// Files set aside: their shape is not the table's and a clause says `skip file`.
    pub unread: Vec<Unread>,
    /// The table's columns.
    pub target: Vec<FieldSpec>,
    /// Which column of which file is which column of the table.
    pub bound: Bound,
    /// Renames and columns taken in or left out.
    pub heals: Vec<HealReport>,
    /// Failures of the schema, handled.
    pub failures: Vec<FailureReport>,
    /// What the schema and the values look like, kept when the run commits.
    pub baseline: Baseline,
}

/// What to read, from the program.
pub fn spec(engine: &Engine<'_>, source: &Source) -> SourceSpec {
    let declared = source.schema.as_ref().map(|columns| {
        columns.iter().map(|c| FieldSpec::new(c.name.clone(), c.ty.clone()).with_aliases(c.aliases.clone())).collect()
    });
    SourceSpec {
        name: source.name.clone(),
        connector: source.connector.clone(),
        root: engine.program().root.clone(),
        locator: engine.program().place(source.connection.as_deref(), source.locator.as_deref().unwrap_or_default()),
        config: source.config.clone(),
        declared,
    }
}

/// Columns that files lack, and what may be them.
struct Lacking {
    /// The first file that lacks each.
    files: BTreeMap<String, usize>,
    drift: Vec<Drift>,
    /// Columns of the files that nobody expects.
    spare: Vec<String>,
    expected: Vec<Expected>,
    candidates: Vec<ColumnProfile>,
}

/// `None`: every file has every column.
fn lacking(
    spec: &SourceSpec,
    discovery: &Discovery,
    target: &[FieldSpec],
    profiles: &BTreeMap<String, ColumnProfile>,
) -> Option<Lacking> {
    let drift = bind(spec, discovery, target, &BTreeMap::new()).drift;
    let (mut files, mut spare) = (BTreeMap::<String, usize>::new(), Vec::new());
    for drift in &drift {
        match drift {
            Drift::Missing { file, column } => _ = files.entry(column.clone()).or_insert(*file),
            Drift::New { column, .. } if !spare.contains(column) => spare.push(column.clone()),
            _ => {}
        }
    }
    if files.is_empty() {
        return None;
    }
    let place = |name: &str| target.iter().position(|f| f.name == name).unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "places of a few columns")]
    let expected = target
        .iter()
        .filter(|f| files.contains_key(&f.name))
        .map(|f| Expected {
            name: f.name.clone(),
            ty: f.ty.clone(),
            position: place(&f.name) as f64 / (target.len().max(2) - 1) as f64,
            baseline: profiles.get(&f.name).cloned(),
        })
        .collect();
    let width = discovery.columns.len();
    let candidates = discovery
        .columns
        .iter()
        .enumerate()
        .filter(|(_, c)| spare.contains(&c.name))
        .map(|(i, c)| column_profile(&c.samples, &c.name, None, i, width))
        .collect();
    Some(Lacking { files, drift, spare, expected, candidates })
}

/// The declared columns that a source's files lack, each with the first file that does and the column of it that is most likely the same.
///
/// # Errors
/// The files cannot be listed or read.
pub async fn renamed_columns(engine: &Engine<'_>, source: &Source) -> Result<Vec<(Match, String)>, Stopped> {
    let spec = spec(engine, source);
    let Some(target) = spec.declared.clone() else { return Ok(Vec::new()) };
    let files = source::list(&spec).await.map_err(|e| source_stopped(&source.name, &e))?;
    let found = discover(&spec, &files).await.map_err(|e| source_stopped(&source.name, &e))?;
    let Some(lacking) = lacking(&spec, &found, &target, &BTreeMap::new()) else { return Ok(Vec::new()) };
    let matches = assign(&lacking.expected, &lacking.candidates).into_iter();
    let file = |m: &Match| lacking.files.get(&m.missing).and_then(|f| files.get(*f)).map(|f| f.name.clone());
    Ok(matches.map(|m| (m.clone(), file(&m).unwrap_or_default())).collect())
}

/// Compares the files with what is expected of them and heals what clauses say.
///
/// # Errors
/// A failure that no clause handles, or that a clause answers with `fail`; a rename that waits.
pub async fn extract(
    engine: &Engine<'_>,
    source: &Source,
    mut files: Vec<InputFile>,
    accepted: Option<&Baseline>,
) -> Result<Extract, Stopped> {
    let mut spec = spec(engine, source);
    let block = engine.program().heals.get(&source.name);
    if spec.declared.is_none()
        && let Some(pinned) = accepted.filter(|b| b.pinned)
    {
        spec.declared = Some(pinned_fields(&pinned.schema));
    }
    let discovery = discover(&spec, &files).await.map_err(|e| source_stopped(&source.name, &e))?;
    let mut healer = Healer::new(engine, &source.name, block);
    healer.renamed = accepted.map(|b| renamed(&b.schema)).unwrap_or_default();
    let skipped = healer.findings(&discovery, &files)?;
    let mut unread = Vec::new();
    let discovery = if skipped.is_empty() {
        discovery
    } else {
        for (index, file) in std::mem::take(&mut files).into_iter().enumerate() {
            match skipped.contains(&index) {
                true => unread.push(Unread { file, reason: "structural" }),
                false => files.push(file),
            }
        }
        discover(&spec, &files).await.map_err(|e| source_stopped(&source.name, &e))?
    };
    let mut target = spec.declared.clone().unwrap_or_else(|| discovery.fields());
    if target.is_empty() {
        return Err(no_columns(source).into());
    }
    let profiles: BTreeMap<String, ColumnProfile> =
        accepted.and_then(|b| serde_json::from_slice(&b.profiles).ok()).unwrap_or_default();
    let renames = healer.missing(&spec, &discovery, &target, &profiles, &files)?;
    let bound = bind(&spec, &discovery, &target, &renames);
    healer.added(&bound, &mut target)?;
    let bound = bind(&spec, &discovery, &target, &renames);
    healer.retyped(&bound)?;
    let baseline = Baseline {
        source: source.name.clone(),
        at: engine.at(),
        schema: Value::Array(target.iter().map(|f| column_json(f, healer.renamed.get(&f.name))).collect()),
        pinned: source.schema.is_none(),
        contract: source.contract.as_ref().map(|c| c.text.clone()),
        profiles: serde_json::to_vec(&profile_of(&discovery, &target, &renames)).unwrap_or_default(),
    };
    let Healer { heals, failures, .. } = healer;
    Ok(Extract { spec, files, unread, target, bound, heals, failures, baseline })
}

/// A source of which no column is known.
pub fn no_columns(source: &Source) -> Diagnostic {
    let message = format!("the columns of `{}` cannot be found out: no file has a header or a record", source.name);
    Diagnostic::error(codes::NO_SCHEMA, message, source.span).help("declare them with `schema (…)`")
}

/// The columns of a pinned schema.
pub fn pinned_fields(schema: &Value) -> Vec<FieldSpec> {
    let field = |v: &Value| {
        let (name, ty) = (v.get("name")?.as_str()?, v.get("type")?.as_str()?);
        Some(FieldSpec::new(name, Type::parse(ty)?))
    };
    schema.as_array().into_iter().flatten().filter_map(field).collect()
}

/// A rename that a committed run went by. The same two names are the same column ever after, however odd a later batch is that
/// its values would be compared with.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Renamed {
    from: String,
    score: f64,
    margin: f64,
}

/// A column of a baseline.
fn column_json(field: &FieldSpec, renamed: Option<&Renamed>) -> Value {
    let mut column = json!({"name": field.name, "type": field.ty.to_string()});
    if let (Some(renamed), Some(column)) = (renamed, column.as_object_mut()) {
        column.insert("renamed".to_owned(), json!(renamed));
    }
    column
}

/// The renames a baseline remembers, by declared column.
fn renamed(schema: &Value) -> BTreeMap<String, Renamed> {
    let one = |v: &Value| {
        let renamed = serde_json::from_value(v.get("renamed")?.clone()).ok()?;
        Some((v.get("name")?.as_str()?.to_owned(), renamed))
    };
    schema.as_array().into_iter().flatten().filter_map(one).collect()
}

/// A source that cannot be read, as a failure of its table.
pub fn source_stopped(source: &str, error: &SourceError) -> Stopped {
    let mut failure = FailureReport {
        failure: "source_error".to_owned(),
        table: source.to_owned(),
        handled: "failed".to_owned(),
        ..FailureReport::default()
    };
    failure.fields = source_failure(source, error).field_texts();
    Stopped {
        failures: vec![failure],
        diagnostics: vec![crate::errors::source(error)],
        source: Some(error.clone()),
        ..Stopped::default()
    }
}

/// The failure of a source error.
pub fn source_failure(name: &str, error: &SourceError) -> Failure {
    let kind = Kind::parse(error.kind).unwrap_or(Kind::Unknown);
    let phase = match error.phase {
        source::Phase::List | source::Phase::Connect => Phase::Connect,
        source::Phase::Read => Phase::Read,
        source::Phase::Parse => Phase::Parse,
    };
    let status = error.status.as_deref().and_then(|s| s.parse().ok());
    Failure::source_error(name, kind, phase, status, &error.message)
}

/// What the values look like, from the heads of the files: what a renamed column is recognised by.
fn profile_of(
    discovery: &Discovery,
    target: &[FieldSpec],
    renames: &BTreeMap<String, String>,
) -> BTreeMap<String, ColumnProfile> {
    let profile = |(place, field): (usize, &FieldSpec)| {
        let names = [Some(&field.name), renames.get(&field.name)];
        let found = discovery
            .columns
            .iter()
            .find(|c| names.into_iter().flatten().any(|n| *n == c.name) || field.aliases.contains(&c.name))?;
        Some((field.name.clone(), column_profile(&found.samples, &field.name, Some(&field.ty), place, target.len())))
    };
    target.iter().enumerate().filter_map(profile).collect()
}

fn column_profile(samples: &[String], name: &str, ty: Option<&Type>, place: usize, columns: usize) -> ColumnProfile {
    let mut builder = ProfileBuilder::new();
    samples.iter().for_each(|s| builder.push(Some(s)));
    builder.finish(name, ty, place, columns)
}

/// Heals the schema of one source.
struct Healer<'e, 'a> {
    engine: &'e Engine<'a>,
    source: &'e str,
    block: Option<&'e HealBlock>,
    settings: Settings,
    heals: Vec<HealReport>,
    failures: Vec<FailureReport>,
    /// Renames by evidence, of committed runs and of this one.
    renamed: BTreeMap<String, Renamed>,
}

impl<'e, 'a> Healer<'e, 'a> {
    fn new(engine: &'e Engine<'a>, source: &'e str, block: Option<&'e HealBlock>) -> Self {
        let default = HealBlock::default();
        let settings = Settings::from_config(&block.unwrap_or(&default).config);
        let (heals, failures, renamed) = (Vec::new(), Vec::new(), BTreeMap::new());
        Self { engine, source, block, settings, heals, failures, renamed }
    }

    fn answer(&self, failure: Failure) -> Result<Answered, Stopped> {
        let tables = Tables::new();
        let planner = self.engine.planner(&tables);
        Ok(answer(&planner, self.block, failure, None)?)
    }

    /// Carries out what accompanies a step: notices and warnings.
    fn accompany(&self, answered: &Answered, actions: &[ResolvedAction]) {
        for action in actions {
            match action {
                ResolvedAction::Notify(channel) => self.engine.notify(Notice {
                    channel: channel.clone(),
                    table: self.source.to_owned(),
                    text: answered.failure.to_string(),
                }),
                ResolvedAction::Warn(text) => {
                    let text = text.clone().unwrap_or_else(|| answered.failure.to_string());
                    self.engine.note(format!("{}: {text}", self.source));
                }
                _ => {}
            }
        }
    }

    fn stop(&mut self, answered: &Answered, help: String) -> Stopped {
        self.failures.push(FailureReport { help: Some(help), ..told::failure(answered, "failed", Vec::new()) });
        Stopped {
            failures: std::mem::take(&mut self.failures),
            heals: std::mem::take(&mut self.heals),
            ..Stopped::default()
        }
    }

    fn stop_as(&mut self, code: Code, answered: &Answered, help: String) -> Stopped {
        let mut stopped = self.stop(answered, help);
        if let Some(last) = stopped.failures.last_mut() {
            last.code = Some(code.to_string());
        }
        stopped
    }

    fn handled(&mut self, answered: &Answered, action: &str, cells: u64, arithmetic: Vec<String>, confidence: f64) {
        self.failures.push(told::failure(answered, action, Vec::new()));
        self.heals.push(HealReport { cells, confidence, arithmetic, ..told::heal(answered, action, "applied") });
    }

    /// Structural findings on arrival. Gives the files to skip.
    fn findings(&mut self, discovery: &Discovery, files: &[InputFile]) -> Result<Vec<usize>, Stopped> {
        let mut skipped = Vec::new();
        // An empty file among others is no changed source; a source without any rows is.
        let rows = discovery.files.iter().any(|f| f.sampled > 0);
        for finding in &discovery.findings {
            // A file that is set aside has no more to tell.
            let Some(reason) = finding.kind.structural().filter(|_| !skipped.contains(&finding.file)) else { continue };
            if rows && matches!(finding.kind, FindingKind::Empty | FindingKind::HeaderOnly) {
                continue;
            }
            let reason = Reason::ALL.into_iter().find(|r| r.word() == reason).unwrap_or(Reason::Header);
            let ratio = match &finding.kind {
                #[expect(clippy::cast_precision_loss, reason = "a share of a few columns")]
                FindingKind::HeaderMismatch { matched, declared } => *matched as f64 / (*declared).max(1) as f64,
                _ => 0.0,
            };
            let answered = self.answer(Failure::structural(self.source, reason, ratio))?;
            let actions = answered.group(0, None);
            self.accompany(&answered, &actions);
            let file = files.get(finding.file).map_or("", |f| f.name.as_str());
            if actions.iter().any(|a| matches!(a, ResolvedAction::SkipFile)) {
                skipped.push(finding.file);
                self.engine.note(format!("{}: `{file}` goes to quarantine whole: {}", self.source, finding.message));
                self.handled(&answered, "skip file", 0, Vec::new(), 1.0);
            } else if actions.iter().any(|a| matches!(a, ResolvedAction::Keep | ResolvedAction::Ignore)) {
                self.handled(&answered, "keep", 0, Vec::new(), 1.0);
            } else {
                let (code, way_out) = match &finding.kind {
                    FindingKind::DuplicateHeader { .. }
                    | FindingKind::EmptyHeader { .. }
                    | FindingKind::CaseClash { .. } => (
                        codes::BAD_HEADER,
                        "; mend the header, or take it so: `on structural(reason: header) => keep;`",
                    ),
                    FindingKind::Empty | FindingKind::HeaderOnly => {
                        (codes::STRUCTURAL, "; if that is right: `on structural(reason: empty) => keep;`")
                    }
                    _ => (codes::STRUCTURAL, ""),
                };
                return Err(self.stop_as(code, &answered, format!("{}{way_out}", finding.message)));
            }
        }
        Ok(skipped)
    }

    /// Declared columns that files lack: renames by evidence, or as before.
    fn missing(
        &mut self,
        spec: &SourceSpec,
        discovery: &Discovery,
        target: &[FieldSpec],
        profiles: &BTreeMap<String, ColumnProfile>,
        files: &[InputFile],
    ) -> Result<BTreeMap<String, String>, Stopped> {
        let Some(Lacking { files: lacking, drift, spare, expected, candidates }) =
            lacking(spec, discovery, target, profiles)
        else {
            return Ok(BTreeMap::new());
        };
        let mut matches = self.remembered(&expected, &spare);
        let taken = |name: &str| matches.iter().any(|m| m.missing == name || m.candidate == name);
        let open: Vec<Expected> = expected.iter().filter(|e| !taken(&e.name)).cloned().collect();
        let free: Vec<ColumnProfile> = candidates.into_iter().filter(|c| !taken(&c.name)).collect();
        matches.extend(assign(&open, &free));
        let mut renames = BTreeMap::new();
        for column in &expected {
            let found = matches.iter().find(|m| m.missing == column.name);
            let file = lacking.get(&column.name).and_then(|f| files.get(*f)).map_or("", |f| f.name.as_str());
            // Whether other files have it.
            let lacks = |d: &&Drift| matches!(d, Drift::Missing { column: c, .. } if *c == column.name);
            let differ = drift.iter().filter(lacks).count() < files.len();
            if let Some(candidate) = self.missing_one(column, found, file, differ)? {
                renames.insert(column.name.clone(), candidate);
            }
        }
        Ok(renames)
    }

    /// One missing column: the found column it is read from, or `None` to read it as NULL. `differ`: other files have it.
    /// The renames of committed runs that these columns go by again.
    fn remembered(&self, expected: &[Expected], spare: &[String]) -> Vec<Match> {
        let known = |e: &Expected| {
            let Renamed { from, score, margin } =
                self.renamed.get(&e.name).filter(|r| spare.contains(&r.from))?.clone();
            let arithmetic = vec![format!("read so before: score {score:.3}, margin {margin:.3}")];
            Some(Match { missing: e.name.clone(), candidate: from, score, margin, arithmetic })
        };
        expected.iter().filter_map(known).collect()
    }

    fn missing_one(
        &mut self,
        column: &Expected,
        found: Option<&Match>,
        file: &str,
        differ: bool,
    ) -> Result<Option<String>, Stopped> {
        let candidate = found.map(|m| Candidate { column: m.candidate.clone(), score: m.score, margin: m.margin });
        let failure = Failure::missing_column(self.source, &column.name, &column.ty, candidate.as_ref());
        let answered = self.answer(failure)?;
        let code = if differ { codes::HEADERS_DIFFER } else { codes::SCHEMA_DRIFT };
        let mut refused = None;
        for number in 0..=answered.steps.len() {
            let actions = answered.group(number, None);
            self.accompany(&answered, &actions);
            for action in &actions {
                match action {
                    ResolvedAction::Rename { from, stated, .. } => {
                        let (score, margin) = found.map_or((0.0, 0.0), |m| (m.score, m.margin));
                        let Some(clause) = &answered.clause else { continue };
                        let mut arithmetic = found.map(|m| m.arithmetic.clone()).unwrap_or_default();
                        match decide_rename(clause, *stated, &self.settings, score, margin) {
                            Outcome::Apply => {
                                if *stated {
                                    arithmetic.clear();
                                } else {
                                    let renamed = Renamed { from: from.clone(), score, margin };
                                    self.renamed.insert(column.name.clone(), renamed);
                                }
                                let confidence = if *stated { 1.0 } else { score };
                                self.handled(&answered, "rename", 0, arithmetic, confidence);
                                if let Some(heal) = self.heals.last_mut() {
                                    heal.reason = Some(format!("`{from}` of `{file}` is read as `{}`", column.name));
                                }
                                return Ok(Some(from.clone()));
                            }
                            Outcome::Wait(waiting) => {
                                self.heals.push(HealReport {
                                    confidence: score,
                                    arithmetic,
                                    reason: Some(waiting.to_string()),
                                    ..told::heal(&answered, "rename", "waiting")
                                });
                                let mut stopped =
                                    self.stop(&answered, format!("`{from}` may be `{}`: {waiting}", column.name));
                                stopped.waiting = true;
                                return Err(stopped);
                            }
                            Outcome::Refuse(refusal) => refused = Some(refusal.to_string()),
                        }
                    }
                    ResolvedAction::Keep | ResolvedAction::Ignore => {
                        self.handled(&answered, "ignore", 0, Vec::new(), 1.0);
                        return Ok(None);
                    }
                    ResolvedAction::Fail(text) => {
                        let help =
                            text.clone().or(refused.clone()).unwrap_or_else(|| missing_help(column, found, file));
                        return Err(self.stop_as(code, &answered, help));
                    }
                    _ => {}
                }
            }
        }
        let help = refused.unwrap_or_else(|| missing_help(column, found, file));
        Err(self.stop_as(code, &answered, help))
    }

    /// Columns that are not declared: taken in or left out, as a clause says.
    fn added(&mut self, bound: &Bound, target: &mut Vec<FieldSpec>) -> Result<(), Stopped> {
        let mut seen = BTreeMap::<&str, &Type>::new();
        for drift in &bound.drift {
            if let Drift::New { column, ty, .. } = drift {
                seen.entry(column).or_insert(ty);
            }
        }
        for (column, ty) in seen {
            let answered = self.answer(Failure::new_column(self.source, column, ty))?;
            let actions = answered.group(0, None);
            self.accompany(&answered, &actions);
            if actions.iter().any(|a| matches!(a, ResolvedAction::Keep)) {
                target.push(FieldSpec::new(column, ty.clone()));
                self.handled(&answered, "keep", 0, Vec::new(), 1.0);
            } else if actions.iter().any(|a| matches!(a, ResolvedAction::Ignore)) {
                self.handled(&answered, "ignore", 0, Vec::new(), 1.0);
            } else {
                let help = format!(
                    "`{column}` is not declared in `{}`: declare it, or add `on new_column => keep;` to take new columns in, `=> ignore;` to leave them out",
                    self.source
                );
                return Err(self.stop(&answered, help));
            }
        }
        Ok(())
    }

    /// Columns of another type, in formats that know types. What loses nothing is read; what may lose something needs a clause.
    fn retyped(&mut self, bound: &Bound) -> Result<(), Stopped> {
        let mut seen = std::collections::BTreeSet::new();
        for drift in &bound.drift {
            let Drift::TypeChanged { column, declared, found, lossless, .. } = drift else { continue };
            if !seen.insert(column) {
                continue;
            }
            let answered = self.answer(Failure::type_changed(self.source, column, declared, found, *lossless))?;
            if answered.clause.is_none() && *lossless {
                continue;
            }
            let actions = answered.group(0, None);
            self.accompany(&answered, &actions);
            if actions.iter().any(|a| matches!(a, ResolvedAction::Keep | ResolvedAction::Ignore)) {
                self.handled(&answered, "keep", 0, Vec::new(), 1.0);
            } else {
                let help = format!(
                    "`{column}` is declared `{declared}` and comes as `{found}`: declare it as it comes and convert it in a model"
                );
                return Err(self.stop(&answered, help));
            }
        }
        Ok(())
    }
}

fn missing_help(column: &Expected, found: Option<&Match>, file: &str) -> String {
    let near = match found {
        Some(m) => format!(
            "; the nearest new column is `{}` (score {:.2}, margin {:.2}): if it is the same, add `alias {}` to `{}` or `on missing_column(column: {}) => rename;`",
            m.candidate, m.score, m.margin, m.candidate, column.name, column.name
        ),
        None => String::new(),
    };
    format!("`{file}` has no column `{}`{near}", column.name)
}

/// Columns as Arrow has them.
pub fn schema(fields: &[FieldSpec]) -> datafusion::arrow::datatypes::SchemaRef {
    use datafusion::arrow::datatypes::{Field, Schema};
    let fields: Vec<Field> = fields.iter().map(|f| Field::new(&f.name, f.data_type.clone(), true)).collect();
    std::sync::Arc::new(Schema::new(fields))
}
