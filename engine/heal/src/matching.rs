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
