//! Clauses that an earlier one always takes the failure from.

use pipe_diagnostics::{Diagnostic, codes::heal as codes};
use pipe_syntax::{FailurePattern, FieldPattern, FieldValue};

use super::matching::names_severity;
use crate::cx::Cx;
use crate::program::{Action, Clause};

/// Warns of each clause all of whose alternatives an earlier clause without a guard covers.
pub(super) fn unreachable(cx: &mut Cx<'_>, clauses: &[Clause]) {
    for (i, clause) in clauses.iter().enumerate() {
        let open = || clauses.iter().take(i).filter(|c| c.guard.is_none());
        let covering: Option<Vec<&Clause>> = clause
            .patterns
            .iter()
            .map(|q| open().find(|c| needs_no_more_rows(c, q) && c.patterns.iter().any(|p| covers(p, q))))
            .collect();
        let Some(first) = covering.as_ref().and_then(|c| c.first()) else { continue };
        cx.report(
            Diagnostic::warning(codes::UNREACHABLE, "this clause is never reached", clause.span)
                .label(first.span, "this one always matches first")
                .help("the first clause that matches decides: put the special ones before the general"),
        );
    }
}

/// Warns of an `else` behind steps that leave nothing unhealed.
pub(super) fn needless_else(cx: &mut Cx<'_>, clauses: &[Clause]) {
    for clause in clauses {
        for (steps, next) in clause.steps.iter().zip(clause.steps.iter().skip(1)) {
            let takes_all = |a: &&Action| FATES.contains(&a.name) && clause.patterns.iter().all(|p| is_plain(p, a));
            let (Some(last), Some(other)) = (steps.iter().find(takes_all), next.first()) else { continue };
            let message = format!("this is never reached: `{}` leaves nothing unhealed", last.name);
            cx.report(
                Diagnostic::warning(codes::NEEDLESS_ELSE, message, other.span)
                    .label(last.span, "takes all that is left")
                    .help("write `then` for what is to be done as well, or leave it out"),
            );
        }
    }
}

/// Actions that decide what becomes of all they are given.
const FATES: [&str; 5] = ["quarantine", "drop", "keep", "ignore", "fail"];

/// Whether the action takes all of the failure: what a sink refuses it may not be able to name row by row.
fn is_plain(p: &FailurePattern, action: &Action) -> bool {
    p.failure.value != "load_error" || action.name == "fail"
}

/// A clause whose first action needs rows passes by a failure that has none.
fn needs_no_more_rows(clause: &Clause, q: &FailurePattern) -> bool {
    let first = clause.steps.first().and_then(|s| s.first()).and_then(|a| pipe_schema::action(a.name));
    let always_has_rows = matches!(q.failure.as_str(), "bad_record" | "cast_failed" | "rule_failed");
    always_has_rows || !first.is_some_and(|a| a.needs_rows)
}

/// Whether everything that `q` matches `p` matches too.
pub(super) fn covers(p: &FailurePattern, q: &FailurePattern) -> bool {
    p.failure == q.failure
        && (names_severity(p) || !names_severity(q) || mild_free(q))
        && p.fields.iter().all(|(name, wanted)| {
            let other = q.fields.iter().find(|(n, _)| n == name).map(|(_, v)| &v.value);
            match (&wanted.value, other) {
                (FieldPattern::Any, _) => true,
                (FieldPattern::OneOf(mine), Some(FieldPattern::OneOf(theirs))) => {
                    theirs.iter().all(|t| mine.contains(t))
                }
                // Without a severity `q` means these two.
                (FieldPattern::OneOf(mine), None) if name.value == "severity" => ["error", "critical"]
                    .iter()
                    .all(|s| mine.iter().any(|m| m.value == FieldValue::Word((*s).to_owned()))),
                (FieldPattern::OneOf(_), _) => false,
            }
        })
}

/// Whether a pattern names only severities that one without a severity matches too.
fn mild_free(q: &FailurePattern) -> bool {
    super::matching::wanted(q, "severity").is_some_and(|w| w.iter().all(|s| matches!(*s, "error" | "critical")))
}
