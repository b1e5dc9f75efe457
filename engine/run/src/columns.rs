//! Rules about columns, before any row.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use pipe_check::{Predicate, Rule};
use pipe_compile::{Planner, types};
use pipe_diagnostics::Diagnostic;

use crate::rulebook::Observed;

/// What a schema rule finds of a table's columns: whether it holds, what was observed, and of how many columns how many are wrong.
///
/// # Errors
/// What the number of columns is compared with cannot be computed.
#[expect(clippy::cast_precision_loss, reason = "no table has 2^53 columns")]
pub fn judge(
    planner: &Planner<'_>,
    rule: &Rule,
    found: &SchemaRef,
    declared: &[String],
) -> Result<Observed, Vec<Diagnostic>> {
    let names: Vec<&str> = found.fields().iter().map(|f| f.name().as_str()).collect();
    let set = |names: &[&str]| -> BTreeSet<String> { names.iter().map(|n| (*n).to_owned()).collect() };
    let columns = names.len();
    // What is told, and how many columns are wrong.
    let (text, wrong) = match &rule.predicate {
        Predicate::Columns(wanted) => {
            let misplaced = names.iter().zip(wanted).filter(|(name, wanted)| *name != wanted).count();
            (names.join(", "), misplaced + names.len().abs_diff(wanted.len()))
        }
        Predicate::Closed => {
            let extra: Vec<&str> = names.into_iter().filter(|n| !declared.iter().any(|d| d == n)).collect();
            (if extra.is_empty() { "no other column".to_owned() } else { extra.join(", ") }, extra.len())
        }
        Predicate::Type(wanted) => {
            let column = rule.column.as_deref().and_then(|c| found.field_with_name(c).ok());
            let ty_found = column.map(|f| types::describe(f.data_type()));
            let holds = column.is_some_and(|f| wanted.iter().any(|ty| types::is(f.data_type(), ty)));
            (ty_found.unwrap_or_else(|| "no such column".to_owned()), usize::from(!holds))
        }
        Predicate::ColumnsInAnyOrder(wanted) => {
            let wanted: BTreeSet<String> = wanted.iter().cloned().collect();
            (names.join(", "), set(&names).symmetric_difference(&wanted).count())
        }
        Predicate::ColumnsContain(columns) => {
            let missing = columns.iter().map(String::as_str).filter(|c| !names.contains(c));
            none_of("missing", missing.collect())
        }
        Predicate::ColumnsWithout(patterns) => {
            let found = names.into_iter().filter(|name| patterns.iter().any(|p| wildcard(p, name)));
            none_of("found", found.collect())
        }
        Predicate::ColumnsMatch(regex) => {
            let regex = regex::Regex::new(regex).ok();
            let other = |name: &&str| regex.as_ref().is_none_or(|r| !r.is_match(name));
            none_of("other names", names.into_iter().filter(other).collect())
        }
        Predicate::ColumnsSameAs(table) => {
            let Some(theirs) = planner.columns_of(table) else {
                return Err(vec![crate::errors::internal(&format!("the columns of `{table}` are not known"))]);
            };
            let differ = |f: &&Arc<Field>, other: &Schema| {
                other.field_with_name(f.name()).ok().is_none_or(|o| o.data_type() != f.data_type())
            };
            let mine = found.fields().iter().filter(|f| differ(f, &theirs)).map(|f| f.name().as_str());
            let missing = theirs.fields().iter().filter(|f| found.field_with_name(f.name()).is_err());
            let all: BTreeSet<&str> = mine.chain(missing.map(|f| f.name().as_str())).collect();
            none_of("differ", all.into_iter().collect())
        }
        Predicate::Statistic(statistic) => {
            let count = columns as u64;
            let holds = planner.holds_of_number(rule, &statistic.holds, count)?;
            let seen = Observed { text: count.to_string(), numerator: Some(count), holds, ..Observed::default() };
            return Ok(Observed { value: Some(columns as f64), denominator: Some(count), ..seen });
        }
        _ => (String::new(), 0),
    };
    let (numerator, denominator) = (Some(wrong as u64), Some(columns as u64));
    Ok(Observed { text, value: Some(wrong as f64), numerator, denominator, holds: wrong == 0, ..Observed::default() })
}

/// Holds when nothing is named.
fn none_of(what: &str, names: Vec<&str>) -> (String, usize) {
    (if names.is_empty() { "none".to_owned() } else { format!("{what}: {}", names.join(", ")) }, names.len())
}

/// Whether a pattern, in which `*` stands for any characters, is the whole of a name.
fn wildcard(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, rest)) => name.strip_prefix(head).is_some_and(|name| {
            let ends = name.char_indices().map(|(i, _)| i).chain([name.len()]);
            ends.into_iter().any(|i| name.get(i..).is_some_and(|tail| wildcard(rest, tail)))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::wildcard;

    #[test]
    fn stars_stand_for_any_characters() {
        for (pattern, name) in [("tmp_*", "tmp_"), ("*_id", "order_id"), ("a*b*c", "a-b-b-c"), ("*", ""), ("é*", "éa")]
        {
            assert!(wildcard(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("tmp_*", "a_tmp_"), ("a", "ab"), ("a*b", "a"), ("", "a")] {
            assert!(!wildcard(pattern, name), "{pattern} {name}");
        }
    }
}
