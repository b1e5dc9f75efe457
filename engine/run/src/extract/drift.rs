//! A source whose shape is not what is expected: files set aside, columns renamed by evidence, taken in or left out, as clauses say.

use std::collections::{BTreeMap, BTreeSet};

use pipe_check::{HealBlock, Source};
use pipe_compile::Tables;
use pipe_connect::source::{
    self, Bound, Discovery, Drift, FieldSpec, FindingKind, InputFile, SourceSpec, bind, discover,
};
use pipe_diagnostics::Code;
use pipe_diagnostics::codes::run as codes;
use pipe_heal::action::ResolvedAction;
use pipe_heal::failure::{Candidate, Failure};
use pipe_heal::gates::{Outcome, Settings, decide_rename};
use pipe_heal::profile::ColumnProfile;
use pipe_heal::rename::{Expected, Match, assign};
use pipe_heal::structural::Reason;
use pipe_schema::Type;
use serde::{Deserialize, Serialize};

use super::{column_profile, source_stopped, spec};
use crate::clauses::{Answered, answer};
use crate::engine::{Engine, Stopped};
use crate::report::{FailureReport, HealReport};
use crate::told;

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

/// A rename that a committed run went by. The same two names are the same column ever after, however odd a later batch is that
/// its values would be compared with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Renamed {
    from: String,
    score: f64,
    margin: f64,
}

/// Heals the schema of one source.
pub struct Healer<'e, 'a> {
    engine: &'e Engine<'a>,
    source: &'e str,
    block: Option<&'e HealBlock>,
    settings: Settings,
    /// What clauses did.
    pub heals: Vec<HealReport>,
    /// Failures, all handled.
    pub failures: Vec<FailureReport>,
    /// Renames by evidence, of committed runs and of this one.
    pub renamed: BTreeMap<String, Renamed>,
}

impl<'e, 'a> Healer<'e, 'a> {
    pub fn new(engine: &'e Engine<'a>, source: &'e str, block: Option<&'e HealBlock>) -> Self {
        let default = HealBlock::default();
        let settings = Settings::from_config(&block.unwrap_or(&default).config);
        let (heals, failures, renamed) = (Vec::new(), Vec::new(), BTreeMap::new());
        Self { engine, source, block, settings, heals, failures, renamed }
    }

    fn answer(&self, failure: Failure) -> Result<Answered, Stopped> {
        let tables = Tables::new();
        Ok(answer(&self.engine.planner(&tables), self.block, failure, None)?)
    }

    fn accompany(&self, answered: &Answered, actions: &[ResolvedAction]) {
        self.engine.accompany(self.source, &answered.failure.to_string(), &answered.failure.to_string(), actions);
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
    pub fn findings(&mut self, discovery: &Discovery, files: &[InputFile]) -> Result<Vec<usize>, Stopped> {
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
    pub fn missing(
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

    /// One missing column: the found column it is read from, or `None` to read it as NULL. `differ`: other files have it.
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
    pub fn added(&mut self, bound: &Bound, target: &mut Vec<FieldSpec>) -> Result<(), Stopped> {
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
    pub fn retyped(&mut self, bound: &Bound) -> Result<(), Stopped> {
        let mut seen = BTreeSet::new();
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
