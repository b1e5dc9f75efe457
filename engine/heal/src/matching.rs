//! Which clauses of a block match a failure. Guards are SQL and are the caller's.

use pipe_check::{Clause, HealBlock};
use pipe_schema::{FieldType, Type};
use pipe_syntax::{FailurePattern, FieldPattern, FieldValue as Written, Literal};

use crate::failure::{Failure, FieldValue};

/// The clauses whose pattern matches, in the order they are tried. The first whose guard holds too decides. A clause whose
/// first action needs rows is left out when the failure has none.
pub fn candidates<'b, 'f: 'b>(block: &'b HealBlock, failure: &'f Failure) -> impl Iterator<Item = &'b Clause> + 'b {
    block.clauses.iter().filter(move |clause| {
        clause.patterns.iter().any(|pattern| matches(pattern, failure))
            && (failure.rows > 0 || !first_needs_rows(clause))
    })
}

/// Whether a pattern matches a failure. Fields it omits match anything, but for `severity`: only `error` and `critical`
/// match a pattern that does not name it.
pub fn matches(pattern: &FailurePattern, failure: &Failure) -> bool {
    if pattern.failure.value != failure.name {
        return false;
    }
    let named = |field: &str| pattern.fields.iter().any(|(name, _)| name.value == field);
    if matches!(failure.text("severity"), Some("info" | "warning")) && !named("severity") {
        return false;
    }
    pattern.fields.iter().all(|(name, wanted)| match &wanted.value {
        FieldPattern::Any => true,
        FieldPattern::OneOf(values) => {
            let found = failure.fields.get(name.value.as_str());
            values.iter().any(|value| value_matches(failure.name, &name.value, &value.value, found))
        }
    })
}

/// Whether a clause names a column as its object: in a `column:` pattern or in one of its actions. Only such a clause may
/// write to a key or an immutable column.
pub fn names_column(clause: &Clause, column: &str) -> bool {
    let in_pattern = clause.patterns.iter().flat_map(|p| &p.fields).any(|(name, pattern)| {
        name.value == "column"
            && match &pattern.value {
                FieldPattern::Any => false,
                FieldPattern::OneOf(values) => values.iter().any(|v| match &v.value {
                    Written::Word(w) => w == column,
                    Written::Literal(Literal::Text(t)) => t == column,
                    Written::Literal(_) => false,
                }),
            }
    });
    let named = |name: &Option<pipe_syntax::Name>| name.as_ref().is_some_and(|n| n.value == column);
    in_pattern
        || clause.steps.iter().flatten().any(|action| {
            use pipe_syntax::Action as A;
            match &action.syntax {
                A::Cast { column: c, .. }
                | A::Normalize { column: c, .. }
                | A::Fill { column: c, .. }
                | A::Lookup { column: c, .. } => named(c),
                A::Set { column: c, .. } => c.value == column,
                A::Majority(Some((c, _))) | A::Snap(Some((c, _, _))) | A::Clip(Some((c, _, _))) => c.value == column,
                A::Rename(Some((_, to))) => to.value == column,
                A::Repair(columns) => columns.iter().any(|c| c.value == column),
                _ => false,
            }
        })
}

fn first_needs_rows(clause: &Clause) -> bool {
    let first = clause.steps.first().and_then(|chain| chain.first());
    first.and_then(|action| pipe_schema::action(action.name)).is_some_and(|info| info.needs_rows)
}

fn value_matches(failure: &str, field: &str, wanted: &Written, found: Option<&FieldValue>) -> bool {
    let text = match wanted {
        Written::Word(text) | Written::Literal(Literal::Text(text)) => text,
        Written::Literal(Literal::Number(digits)) => {
            return match (digits.parse::<f64>(), found) {
                #[expect(clippy::cast_precision_loss, reason = "statuses, lines and counts; far below 2^53")]
                (Ok(wanted), Some(FieldValue::Integer(n))) => wanted == *n as f64,
                (Ok(wanted), Some(FieldValue::Number(n))) => wanted == *n,
                _ => false,
            };
        }
        Written::Literal(Literal::Bool(wanted)) => return found == Some(&FieldValue::Bool(*wanted)),
        Written::Literal(Literal::Null) => return found.is_none(),
        Written::Literal(Literal::Typed(..)) => return false,
    };
    match found {
        Some(FieldValue::Text(found)) => text == found || is_type(failure, field) && type_matches(text, found),
        Some(FieldValue::Bool(found)) => matches!(wanted, Written::Word(_)) && *text == found.to_string(),
        _ => false,
    }
}

fn is_type(failure: &str, field: &str) -> bool {
    let info = pipe_schema::failure(failure).and_then(|f| f.fields.iter().find(|f| f.name == field));
    info.is_some_and(|f| f.ty == FieldType::Type)
}

/// `decimal` matches any decimal, `decimal(10, 2)` just that one, whatever the spelling: `numeric(10,2)`.
fn type_matches(wanted: &str, found: &str) -> bool {
    let (Some(wanted_type), Some(found_type)) = (Type::parse(wanted), Type::parse(found)) else { return false };
    if wanted.contains(['(', '<', '[']) { wanted_type == found_type } else { wanted_type.word() == found_type.word() }
}

#[cfg(test)]
mod tests {
    use pipe_check::{Predicate, Severity};

    use super::*;
    use crate::classify::{Kind, Phase};
    use crate::failure::Candidate;
    use crate::structural::Reason;
    use crate::testing::{block, clause, expression, rule};

    fn matched(clauses: &str, failure: &Failure) -> Vec<usize> {
        candidates(&block(clauses), failure).map(|c| c.index).collect()
    }

    fn unique(severity: Severity) -> Failure {
        let mut rule = rule("order_id.unique", "unique", Predicate::Unique, vec![expression("order_id")]);
        rule.severity = severity;
        Failure::rule_failed(&rule, 3, 10)
    }

    #[test]
    fn clauses_are_tried_in_the_order_written() {
        let clauses = "
            on rule_failed(rule: total_adds_up) => quarantine;
            on rule_failed(rule: order_id.unique) => dedupe keep first;
            on cast_failed | rule_failed(check: unique | in) => quarantine;
            on rule_failed(rule: _, column: 'order_id') => quarantine;
            on table_failed => fail;
            on rule_failed => quarantine;";
        assert_eq!(matched(clauses, &unique(Severity::Error)), [2, 3, 4, 6]);
        assert_eq!(matched(clauses, &Failure::cast_failed("orders", "a", &Type::Int, 1, 2)), [3]);
    }

    #[test]
    fn a_mild_severity_must_be_named() {
        let clauses = "
            on rule_failed => quarantine;
            on rule_failed(rule: order_id.unique) => quarantine;
            on rule_failed(severity: warning) => keep;
            on rule_failed(severity: _) => keep;
            on rule_failed(severity: error | critical) => keep;";
        assert_eq!(matched(clauses, &unique(Severity::Warning)), [3, 4]);
        assert_eq!(matched(clauses, &unique(Severity::Info)), [4]);
        assert_eq!(matched(clauses, &unique(Severity::Error)), [1, 2, 4, 5]);
        assert_eq!(matched(clauses, &unique(Severity::Critical)), [1, 2, 4, 5]);
    }

    #[test]
    fn types_match_by_word_or_whole() {
        let clauses = "
            on cast_failed(type: decimal) => quarantine;
            on cast_failed(type: decimal(10, 2)) => quarantine;
            on cast_failed(type: numeric(10,2)) => quarantine;
            on cast_failed(type: decimal(12, 2)) => quarantine;
            on cast_failed(type: int | double) => quarantine;
            on cast_failed(type: 'decimal') => quarantine;";
        let failed = |ty: Type| Failure::cast_failed("orders", "total", &ty, 1, 9);
        assert_eq!(matched(clauses, &failed(Type::Decimal(10, 2))), [1, 2, 3, 6]);
        assert_eq!(matched(clauses, &failed(Type::Double)), [5]);
        // A column called like a type is no type.
        let of_column = Failure::cast_failed("orders", "decimal(1, 1)", &Type::Int, 1, 9);
        assert_eq!(matched("on cast_failed(column: decimal) => quarantine;", &of_column), [0; 0]);
    }

    #[test]
    fn literals_match_by_value() {
        let error = Failure::source_error("orders", Kind::Throttled, Phase::Read, Some(429), "slow down");
        let clauses = "
            on source_error(status: 429) => retry 1 times backoff 1s;
            on source_error(status: 500 | 429.0) => retry 1 times backoff 1s;
            on source_error(status: 500) => retry 1 times backoff 1s;
            on source_error(kind: timeout | throttled, phase: read) => retry 1 times backoff 1s;
            on source_error(kind: throttled, phase: connect) => retry 1 times backoff 1s;
            on source_error(message: 'slow down') => retry 1 times backoff 1s;";
        assert_eq!(matched(clauses, &error), [1, 2, 4, 6]);
        let changed = Failure::type_changed("orders", "a", &Type::Int, &Type::Text, true);
        let clauses = "on type_changed(lossless: true) => warn; on type_changed(lossless: false) => warn;";
        assert_eq!(matched(clauses, &changed), [1]);
    }

    #[test]
    fn an_absent_field_matches_nothing_but_any() {
        let error = Failure::source_error("orders", Kind::Connection, Phase::Connect, None, "gone");
        let clauses = "
            on source_error(status: 429) => fail;
            on source_error(status: _) => fail;
            on source_error => fail;";
        assert_eq!(matched(clauses, &error), [2, 3]);
    }

    #[test]
    fn an_action_on_rows_does_not_answer_a_failure_without() {
        let clauses = "
            on load_error => quarantine;
            on load_error => retry 2 times backoff 1s;
            on load_error => notify oncall then quarantine;";
        let load = |rows| Failure::load_error("orders", "orders", Kind::Constraint, Phase::Write, rows, "no");
        assert_eq!(matched(clauses, &load(0)), [2, 3]);
        assert_eq!(matched(clauses, &load(1)), [1, 2, 3]);
        let empty = Failure::structural("orders", Reason::Empty, 0.0);
        assert_eq!(matched("on structural(reason: empty) => keep;", &empty), [1]);
    }

    #[test]
    fn what_a_clause_names() {
        for (text, column, named) in [
            ("on cast_failed(column: id) => cast using ($value);", "id", true),
            ("on cast_failed(column: 'id' | total) => cast using ($value);", "id", true),
            ("on cast_failed(column: _) => cast using ($value);", "id", false),
            ("on rule_failed(rule: id.not_null) => set total = (id);", "id", false),
            ("on rule_failed => quarantine else set id = (1);", "id", true),
            ("on rule_failed => majority of id by (k);", "id", true),
            ("on rule_failed => majority of id by (k);", "k", false),
        ] {
            assert_eq!(names_column(&clause(text), column), named, "{text} {column}");
        }
    }

    #[test]
    fn a_guard_sees_the_score() {
        let candidate = Candidate { column: "sum".into(), score: 0.9, margin: 0.3 };
        let failure = Failure::missing_column("orders", "total", &Type::Int, Some(&candidate));
        assert_eq!(failure.parameters()["score"], Some(FieldValue::Number(0.9)));
        assert_eq!(matched("on missing_column(column: total) where ($score >= 0.8) => rename;", &failure), [1]);
    }
}
