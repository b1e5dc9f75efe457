//! A source up to its scan: files found, shape compared with what is declared and what was accepted last, schema healed.

mod drift;

use std::collections::BTreeMap;

use pipe_check::Source;
use pipe_connect::source::{self, Bound, Discovery, FieldSpec, InputFile, SourceError, SourceSpec, bind, discover};
use pipe_diagnostics::Diagnostic;
use pipe_diagnostics::codes::run as codes;
use pipe_heal::classify::{Kind, Phase};
use pipe_heal::failure::Failure;
use pipe_heal::profile::{ColumnProfile, ProfileBuilder};
use pipe_schema::Type;
use pipe_state::Baseline;
use serde_json::{Value, json};

use crate::aside::Unread;
use crate::engine::{Engine, Stopped};
use crate::report::{FailureReport, HealReport};
use drift::{Healer, Renamed};

pub use drift::renamed_columns;

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

/// Columns as Arrow has them.
pub fn schema(fields: &[FieldSpec]) -> datafusion::arrow::datatypes::SchemaRef {
    use datafusion::arrow::datatypes::{Field, Schema};
    let fields: Vec<Field> = fields.iter().map(|f| Field::new(&f.name, f.data_type.clone(), true)).collect();
    std::sync::Arc::new(Schema::new(fields))
}
