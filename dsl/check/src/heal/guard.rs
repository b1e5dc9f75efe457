//! Guards: SQL over the fields of a failure, and whether one can ever hold.

use std::collections::BTreeSet;

use pipe_diagnostics::{Diagnostic, codes::heal as codes, codes::sql};
use pipe_schema::{FailureInfo, FieldType, TypeClass};
use pipe_sql::Expression;
use pipe_syntax::{FailurePattern, Sql};

use super::matching;
use super::truth::{self, Domain};
use crate::cx::{Cx, list, suggest};
use crate::sql::Scope;
use crate::types::{class, class_word};

/// Checks a guard.
pub(super) fn guard(
    cx: &mut Cx<'_>,
    sql: &Sql,
    alternatives: &[(&FailurePattern, &'static FailureInfo)],
    scope: &Scope,
) -> Option<Expression> {
    let before = cx.out.len();
    let e = cx.expression(sql, scope)?;
    let fields: Vec<&str> = scope.fields.iter().flatten().map(|f| f.name).collect();
    for column in &e.columns {
        let name = column.parts.join(".");
        let message = format!("a guard judges the failure, and `{name}` is a column");
        let help = match suggest(&name, fields.iter().copied()) {
            Some(_) if fields.contains(&name.as_str()) => format!("write `${name}`"),
            _ if fields.is_empty() => "its alternatives have no field in common".to_owned(),
            _ => format!("the failure has the fields {}; write `$` in front", list(&fields)),
        };
        cx.report(Diagnostic::error(codes::GUARD_COLUMN, message, column.span).help(help));
    }
    if e.aggregate {
        cx.report(
            Diagnostic::error(
                codes::GUARD_COLUMN,
                "a guard judges the failure, and there are no rows to aggregate",
                e.span,
            )
            .help("`$ratio` and `$rows` say how much is wrong"),
        );
    }
    if cx.out.len() > before {
        return None;
    }
    if let Some(found) = class(&e, None)
        && found != TypeClass::Boolean
    {
        let message = format!("a guard is boolean, and this is {}", class_word(found));
        cx.report(Diagnostic::error(sql::NOT_BOOLEAN, message, e.span).help("write it as in `where ($ratio < 0.05)`"));
        return None;
    }
    if let Some(why) = truth::never(&e.ast, &|name| domain(alternatives, name)) {
        cx.report(
            Diagnostic::warning(codes::GUARD_FALSE, "this guard never holds: the clause is never taken", e.span)
                .help(why),
        );
    }
    Some(e)
}

/// What a field may be, as far as the patterns and the tables tell.
fn domain(alternatives: &[(&FailurePattern, &'static FailureInfo)], name: &str) -> Option<Domain> {
    let mut words = BTreeSet::new();
    for (p, info) in alternatives {
        let named = matching::wanted(p, name);
        match info.field(name)?.ty {
            FieldType::Number => return Some(Domain::Number(0.0, 1.0)),
            FieldType::Integer => return Some(Domain::Number(0.0, f64::INFINITY)),
            // A clause on rules that names no severity is about these two.
            FieldType::Word(_) if name == "severity" && named.is_none() && !matching::names_severity(p) => {
                words.extend(["error", "critical"].map(str::to_owned));
            }
            FieldType::Word(all) => words.extend(named.unwrap_or(all.to_vec()).into_iter().map(str::to_owned)),
            FieldType::Check => {
                let all = || pipe_schema::predicates().map(|p| p.name).collect();
                words.extend(named.unwrap_or_else(all).into_iter().map(str::to_owned));
            }
            _ => words.extend(named?.into_iter().map(str::to_owned)),
        }
    }
    Some(Domain::Words(words))
}
