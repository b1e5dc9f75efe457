//! Failures and heals in the words of the report.

use crate::clauses::Answered;
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
