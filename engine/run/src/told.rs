//! Failures and heals in the words of the report.

use pipe_diagnostics::Code;
use pipe_diagnostics::codes::run as codes;

use crate::clauses::Answered;
use crate::engine::Stopped;
use crate::report::{FailureReport, HealReport, Sample};

/// A failure and what became of it.
pub fn failure(answered: &Answered, handled: &str, samples: Vec<Sample>) -> FailureReport {
    FailureReport {
        failure: answered.failure.name.to_owned(),
        table: answered.failure.table.clone(),
        fields: answered.failure.field_texts(),
        rows: answered.failure.rows,
        handled: handled.to_owned(),
        clause: answered.clause.as_ref().map(|c| c.index),
        samples,
        help: None,
        code: None,
    }
}

/// The page about a failure that failed its table. What a source or a sink refuses has a diagnostic with its own.
pub fn code(failure: &FailureReport) -> Option<Code> {
    match (failure.failure.as_str(), failure.fields.get("reason").map(String::as_str)) {
        ("source_error" | "load_error", _) => None,
        ("structural", Some("file_changed")) => Some(codes::FILE_REPLACED),
        ("structural", _) => Some(codes::STRUCTURAL),
        ("missing_column" | "new_column" | "type_changed", _) => Some(codes::SCHEMA_DRIFT),
        ("model_error", _) => Some(codes::MODEL_FAILED),
        _ => Some(codes::TABLE_FAILED),
    }
}

/// What a clause did, before its counts are known.
pub fn heal(answered: &Answered, action: &str, state: &str) -> HealReport {
    HealReport {
        table: answered.failure.table.clone(),
        clause: answered.clause.as_ref().map_or(0, |c| c.index),
        text: answered.clause.as_ref().map_or_else(String::new, |c| c.text.clone()),
        action: action.to_owned(),
        failure: answered.failure.to_string(),
        confidence: 1.0,
        state: state.to_owned(),
        ..HealReport::default()
    }
}

/// What a schema rule expects, in words.
pub fn expected(rule: &pipe_check::Rule) -> String {
    match &rule.predicate {
        pipe_check::Predicate::Columns(columns) => columns.join(", "),
        pipe_check::Predicate::Closed => "no other column than the declared ones".to_owned(),
        other => pipe_check::words::predicate_text(other),
    }
}

/// Says of a table that does not commit that what clauses did about its rows came to nothing.
pub fn taken_back(stopped: &mut Stopped) {
    let why = if stopped.waiting { "the whole batch waits" } else { "the table failed" };
    for heal in stopped.heals.iter_mut().filter(|h| h.state == "applied") {
        heal.state = "withdrawn".to_owned();
        heal.reason = Some(why.to_owned());
    }
    let moved = ["quarantined", "dropped", "kept", "healed"];
    for failure in stopped.failures.iter_mut().filter(|f| moved.contains(&f.handled.as_str())) {
        failure.handled = "withdrawn".to_owned();
    }
}
