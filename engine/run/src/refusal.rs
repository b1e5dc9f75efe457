//! What is refused before anything is touched: targets that are none, params without values, what this binary cannot do.

use pipe_check::Loaded;
use pipe_diagnostics::codes::run as codes;
use pipe_diagnostics::{Diagnostic, Severity, Span};
use pipe_plan::{Selection, UnknownTarget, select};

use crate::Options;
use crate::engine::Engine;

/// What the targets ask for.
pub fn selected(loaded: &Loaded, options: &Options) -> Result<Selection, Diagnostic> {
    let selection = select(&loaded.program, &options.targets).map_err(|unknown| unknown_target(&unknown))?;
    if selection.tables.is_empty() {
        return Err(Diagnostic::new(codes::NOTHING_TO_RUN, Severity::Error, "the program has no load and no rules")
            .help("add `load <table> into parquet 'out/<table>';`"));
    }
    Ok(selection)
}

/// Refuses what names a param that has no value.
pub fn valued(engine: &Engine<'_>, selection: &Selection) -> Result<(), Vec<Diagnostic>> {
    let named = selection.tables.iter().flat_map(|table| engine.loaded.program.params_named(table));
    let missing: Vec<Diagnostic> = named
        .filter(|p| engine.params.value(p).is_none())
        .map(|p| {
            let message = format!("param `{}` has no value", p.value);
            Diagnostic::error(pipe_diagnostics::codes::sql::NO_PARAM_VALUE, message, p.span)
                .help(format!("give it with `--param {}=…`, or declare a default", p.value))
        })
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(missing) }
}

/// Refuses, by name, what this binary cannot run.
pub fn available(loaded: &Loaded, selection: &Selection) -> Result<(), Vec<Diagnostic>> {
    let mut refused = unreadable(loaded, selection);
    for table in &selection.tables {
        for action in
            loaded.program.heals.get(table).into_iter().flat_map(|h| &h.clauses).flat_map(|c| c.steps.iter().flatten())
        {
            if pipe_schema::action(action.name).is_some_and(|a| !a.available) {
                refused.push(refusal(&format!("the action `{}` in `heal {table}`", action.name), action.span));
            }
        }
    }
    for load in loaded.program.loads.iter().filter(|l| selection.loads.contains(&l.name)) {
        if !known(&load.connector) {
            refused.push(refusal(&format!("load `{}` into `{}`", load.name, load.connector), load.span));
        }
    }
    if refused.is_empty() { Ok(()) } else { Err(refused) }
}

/// Refuses, by name, what this binary cannot judge; heals and loads are not asked for.
pub fn judgeable(loaded: &Loaded, selection: &Selection) -> Result<(), Vec<Diagnostic>> {
    let refused = unreadable(loaded, selection);
    if refused.is_empty() { Ok(()) } else { Err(refused) }
}

fn unreadable(loaded: &Loaded, selection: &Selection) -> Vec<Diagnostic> {
    let mut refused = Vec::new();
    let mut refuse = |what: String, span| refused.push(refusal(&what, span));
    for table in &selection.tables {
        if let Some(source) = loaded.program.sources.get(table) {
            if !known(&source.connector) {
                refuse(format!("source `{table}` from `{}`", source.connector), source.span);
            } else if source.streaming {
                refuse(format!("source `{table}`, a stream,"), source.span);
            }
        }
        if let Some(model) = loaded.program.models.get(table) {
            let later = pipe_schema::model_keys().iter().filter(|k| !k.available && model.config.is_given(k.name));
            for key in later.filter(|k| model.config.values.get(k.name) != k.default_value().as_ref()) {
                refuse(format!("`{}` of model `{table}`", key.name), model.span);
            }
        }
        for rule in loaded.program.rules.get(table).into_iter().flatten() {
            if !rule.is_available() {
                refuse(format!("rule `{}` of `{table}` (`{}`)", rule.name, rule.check), rule.span);
            }
        }
    }
    refused
}

fn known(connector: &str) -> bool {
    pipe_schema::connector(connector).is_some_and(|c| c.available)
}

fn refusal(what: &str, span: Span) -> Diagnostic {
    let message = format!("{what} needs an engine that this version of pipe does not have");
    Diagnostic::error(codes::UNAVAILABLE, message, span).help("run other targets with `--target`")
}

/// A target that the program does not have, with the nearest one that it has.
pub fn unknown_target(unknown: &UnknownTarget) -> Diagnostic {
    let near = pipe_diagnostics::nearest(&unknown.target, unknown.known.iter().map(String::as_str));
    let help =
        near.map_or_else(|| format!("there are {}", unknown.known.join(", ")), |n| format!("did you mean `{n}`?"));
    let message = format!("`{}` is no table or load of the program", unknown.target);
    Diagnostic::new(codes::UNKNOWN_TARGET, Severity::Error, message).help(help)
}
