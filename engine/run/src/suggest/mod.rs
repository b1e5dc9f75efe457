//! Rules and heal clauses that a table's rows speak for: most rows are profiled, the others say whether it holds there too.

mod measure;
mod rows;
mod split;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use pipe_check::{Loaded, Predicate, Program};
use pipe_diagnostics::codes::run as codes;
use pipe_diagnostics::{Diagnostic, Severity};
use pipe_profile::{Profile, Settings};
use pipe_suggest::{Clauses, Facts, Renamed, Suggestions, Votes, candidates, decide};
use pipe_syntax::{FieldPattern, FieldValue};

use crate::engine::Engine;
use crate::look::Look;
use crate::profile::tables::Evaluated;
use crate::profile::{self, data_columns, verify};
use crate::{Options, errors, extract, query};
use rows::Rows;

/// What is asked of a suggestion.
#[derive(Clone, Debug, Default)]
pub struct SuggestRequest {
    /// The table.
    pub table: String,
    /// No other table is read: references are not looked for.
    pub alone: bool,
    /// Distinct rows of the sample that keys, dependencies and formats are found on.
    pub sample: usize,
    /// The table is a file by itself, whose columns are going to be declared.
    pub bare: bool,
}

/// Frequent values that are known of each column: as many as a set may have, and what was written for them by mistake.
const TOP: usize = 200;

/// Suggests rules and clauses for a source as it comes, or for what a model gives. Nothing is committed, and no state is made.
///
/// # Errors
/// What is wrong with the program or the data.
pub async fn suggest(
    loaded: &Loaded,
    options: &Options,
    request: &SuggestRequest,
) -> Result<Suggestions, Vec<Diagnostic>> {
    let scratch = tempfile::tempdir().map_err(|e| vec![errors::io(&e)])?;
    let mut engine = Engine::new(loaded, options)?;
    engine.scratch = scratch.path().to_owned();
    let look = Look::open(&options.state, options.now).map_err(|d| vec![d])?;
    let mut tables = Evaluated::new(&engine, &look.state);
    let is_source = loaded.program.sources.contains_key(&request.table);
    let (provider, texts) =
        if is_source { tables.typed(&request.table).await? } else { (tables.whole(&request.table).await?, None) };
    let columns = data_columns(&provider.schema());
    if columns.is_empty() {
        let locator = loaded.program.sources.get(&request.table).and_then(|s| s.locator.as_deref());
        let why = locator.map(|file| format!(": `{file}` is empty")).unwrap_or_default();
        let message = format!("`{}` has no columns{why}", request.table);
        return Err(vec![Diagnostic::new(codes::TABLE_FAILED, Severity::Error, message)]);
    }
    let failed = |e: datafusion::error::DataFusionError| vec![errors::datafusion(&e)];
    let schema = provider.schema();
    let all = engine.session.read_table(provider).map_err(failed)?;
    let broken = verify::broken_rows(&all).await.map_err(failed)?;
    let good = verify::good_rows(all, &schema).map_err(failed)?;
    let rows = Rows::stage(&engine.session, good, &columns, scratch.path()).await.map_err(failed)?;
    let seen = rows.seen().map_err(failed)?;
    let settings = Settings { sample: request.sample, top: TOP, once: true };
    let (profiler, _) = profile::pass(&seen, &columns, settings).await?;
    let mut profile =
        profiler.profile(&request.table, pipe_compile::types::describe).map_err(|e| vec![errors::internal(&e)])?;
    verify::keys(&mut profile, &profiler, &columns, &seen).await.map_err(failed)?;
    verify::dependencies(&mut profile, &profiler, &columns, &seen).await.map_err(failed)?;
    let mut notes = Vec::new();
    if !request.alone && profile.rows > 0 {
        // What is computed from the table holds its keys because it does.
        let made_of_it = |other: &String| {
            pipe_plan::select(&loaded.program, std::slice::from_ref(other))
                .is_ok_and(|selection| selection.tables.contains(&request.table))
        };
        for other in tables.others(&request.table).into_iter().filter(|other| !made_of_it(other)) {
            let provider = match tables.whole(&other).await {
                Ok(provider) => provider,
                Err(problems) => {
                    let why = problems.first().map(|d| d.message.clone()).unwrap_or_default();
                    notes.push(format!("references to `{other}` were not looked for: {why}"));
                    continue;
                }
            };
            engine.session.register_table(measure::other(&other), provider.clone()).map_err(failed)?;
            let other_rows = engine.session.read_table(provider).map_err(failed)?;
            let keys = profile::key_values(&other_rows).await?;
            let found = pipe_profile::references(&profiler, &columns, &other, &keys);
            verify::references(&mut profile, found, &columns, &other, &seen, &other_rows).await.map_err(failed)?;
        }
    }
    let held = rows.held().await.map_err(failed)?;
    let ages = ages(&profile, options.now);
    let mut known = known(&loaded.program, &request.table);
    known.extend(casts(&loaded.program, &request.table, &columns).into_iter().map(|c| (vec![c], "cast".to_owned())));
    let mut exact = Vec::new();
    let casts = match texts {
        Some(texts) => {
            let texts = engine.session.read_table(texts).map_err(failed)?;
            let typed: Vec<(String, String)> = profile.columns.iter().map(|c| (c.name.clone(), c.ty.clone())).collect();
            let casts = rows.casts(texts, &typed).await.map_err(failed)?;
            exact = rows.decimals(&typed).await.map_err(failed)?;
            casts
        }
        None => Vec::new(),
    };
    let names: Vec<String> =
        loaded.program.rules.get(&request.table).into_iter().flatten().map(|r| r.name.clone()).collect();
    let facts = Facts {
        casts: &casts,
        names: &names,
        profile: &profile,
        rows: profile.rows + held,
        ages: &ages,
        known: &known,
    };
    let candidates = candidates(&facts);
    let mut votes = Votes::default();
    let measures = measure::all(&engine, &rows, &profile, &candidates, &mut votes).await.map_err(failed)?;
    // What a file by itself was looked at with is no part of a program yet.
    let clauses = if request.bare { Clauses::default() } else { clauses(&loaded.program, &request.table) };
    let suggested = decide(&request.table, &profile, held, candidates, &measures, &votes, clauses);
    let mut suggested = Suggestions { notes, ..suggested };
    if broken > 0 && !answers(&loaded.program, &request.table, "bad_record") {
        suggested.healing.broken(broken);
    }
    if let Some(source) = loaded.program.sources.get(&request.table)
        && !answers(&loaded.program, &request.table, "missing_column")
    {
        let renamed =
            extract::renamed_columns(&engine, source).await.map_err(|s| query::told(&request.table, s, true))?;
        suggested.healing.renamed(renamed.iter().map(|(m, file)| Renamed {
            column: &m.missing,
            found: &m.candidate,
            file,
            score: m.score,
            margin: m.margin,
        }));
    }
    let is_declared = loaded.program.sources.get(&request.table).is_some_and(|s| s.schema.is_some());
    for (name, ty) in exact {
        if let Some((_, declared)) = suggested.columns.iter_mut().find(|(column, _)| *column == name) {
            declared.clone_from(&ty);
        }
        if !request.bare && !is_declared {
            let name = pipe_sql::quote(&name);
            suggested.notes.push(format!(
                "`{name}` is read as double, which has no zeros at its end: `{ty}` keeps it as it is written"
            ));
        }
    }
    Ok(suggested)
}

/// What the program says about healing a table.
fn clauses(program: &Program, table: &str) -> Clauses {
    let own = || program.heals.get(table).into_iter().flat_map(|heal| &heal.clauses).filter(|c| !c.from_star);
    let votes = own().flat_map(|c| &c.patterns).any(|pattern| {
        let is = |field: &str, value: &str| {
            pattern.fields.iter().any(|(name, wanted)| {
                name.value == field
                    && matches!(&wanted.value, FieldPattern::OneOf(values)
                        if values.iter().any(|v| v.value == FieldValue::Word(value.to_owned())))
            })
        };
        pattern.failure.value == "rule_failed" && is("check", "determines")
    });
    Clauses { block: own().next().is_some(), votes, unordered: program.models.contains_key(table) }
}

/// Whether a clause of a table, or of all tables, answers a failure.
fn answers(program: &Program, table: &str, failure: &str) -> bool {
    let clauses = program.heals.get(table).into_iter().flat_map(|heal| &heal.clauses);
    clauses.flat_map(|c| &c.patterns).any(|p| p.failure.value == failure)
}

/// The columns whose values that do not convert a clause answers; of one that answers all, all of them.
fn casts(program: &Program, table: &str, columns: &[String]) -> Vec<String> {
    let clauses = program.heals.get(table).into_iter().flat_map(|heal| &heal.clauses);
    let mut known = Vec::new();
    for pattern in clauses.flat_map(|c| &c.patterns).filter(|p| p.failure.value == "cast_failed") {
        match pattern.fields.iter().find(|(name, _)| name.value == "column").map(|(_, wanted)| &wanted.value) {
            Some(FieldPattern::OneOf(values)) => known.extend(values.iter().filter_map(|v| match &v.value {
                FieldValue::Word(word) => Some(word.clone()),
                FieldValue::Literal(_) => None,
            })),
            _ if pattern.fields.is_empty() => known.extend(columns.iter().cloned()),
            _ => {}
        }
    }
    known
}

/// How old the latest value of each column of dates or times is.
fn ages(profile: &Profile, now: DateTime<Utc>) -> Vec<(String, i64)> {
    let temporal = profile.columns.iter().filter(|c| matches!(c.ty.as_str(), "date" | "timestamp" | "timestamptz"));
    let age = |text: &str| {
        let text = text.trim_end_matches('Z');
        let at = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f");
        let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
        Some((now.naive_utc() - at.ok().or_else(day)?).num_seconds())
    };
    temporal.filter_map(|c| Some((c.name.clone(), age(c.max.as_deref()?)?))).collect()
}

/// What rules the table has.
fn known(program: &Program, table: &str) -> Vec<(Vec<String>, String)> {
    let mut known = Vec::new();
    for rule in program.rules.get(table).into_iter().flatten() {
        let mut columns: Vec<String> =
            rule.subject.iter().flat_map(|e| &e.columns).filter_map(|c| c.parts.last().cloned()).collect();
        columns.dedup();
        if let Predicate::Determines(decided) = &rule.predicate {
            known.extend(decided.iter().map(|d| (columns.iter().chain([d]).cloned().collect(), rule.check.to_owned())));
        }
        known.push((columns, rule.check.to_owned()));
    }
    known
}
