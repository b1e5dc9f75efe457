//! Rules in the language's words, folded to one line.

use pipe_check::{Predicate, Rule, Tolerance};
use pipe_sql::Expression;
use pipe_syntax::Comparison;

use crate::value::{duration, percent, quoted};

/// A predicate as it is written: `between 1 and 100`; empty for a boolean subject.
pub fn predicate_text(predicate: &Predicate) -> String {
    match predicate {
        Predicate::True => String::new(),
        Predicate::NotNull => "not null".to_owned(),
        Predicate::NotBlank => "not blank".to_owned(),
        Predicate::In { negated, values } => {
            let values: Vec<String> = values.iter().map(sql).collect();
            format!("{}in ({})", if *negated { "not " } else { "" }, values.join(", "))
        }
        Predicate::Between(low, high) => format!("between {} and {}", sql(low), sql(high)),
        Predicate::Compare(comparison, with) => format!("{} {}", symbol(*comparison), sql(with)),
        Predicate::Matches(regex) => format!("matches {}", quoted(regex)),
        Predicate::Like(pattern) => format!("like {}", quoted(pattern)),
        Predicate::Length(inner) => format!("length {}", predicate_text(inner)),
        Predicate::Is { format, argument: None } => format!("is {format}"),
        Predicate::Is { format, argument: Some(argument) } => format!("is {format} {}", quoted(argument)),
        Predicate::Unique => "unique".to_owned(),
        Predicate::References { table, columns } => format!("references {table} ({})", columns.join(", ")),
        Predicate::Determines(columns) => format!("determines ({})", columns.join(", ")),
        Predicate::Increasing => "increasing".to_owned(),
        Predicate::Distinct(inner) => format!("distinct {}", predicate_text(inner)),
        Predicate::WithinSigma { sigma, runs } => format!("within {sigma} sigma over last {runs} runs"),
        Predicate::WithinLast(share) => format!("within {} of last run", percent(*share)),
        Predicate::WithinAge(millis) => format!("within {}", duration(*millis)),
        Predicate::SameAs { table, column } => format!("same as {table} ({column})"),
        Predicate::Columns(columns) => format!("columns ({})", columns.join(", ")),
        Predicate::Type(ty) => format!("type {ty}"),
        Predicate::Closed => "closed".to_owned(),
    }
}

/// `1%`, `5`; `None` for none.
pub fn tolerance_text(tolerance: Tolerance) -> Option<String> {
    match tolerance {
        Tolerance::None => None,
        Tolerance::Share(share) => Some(percent(share)),
        Tolerance::Rows(rows) => Some(rows.to_string()),
    }
}

/// The subject: columns bare, expressions as SQL.
pub(crate) fn subject_text(rule: &Rule) -> Option<String> {
    if let Some(column) = &rule.column {
        return Some(column.clone());
    }
    let parts: Vec<String> = rule.subject.iter().map(sql).collect();
    (!parts.is_empty()).then(|| format!("({})", parts.join(", ")))
}

/// SQL with white space, comments and case of keywords made the same.
pub(crate) fn sql(expression: &Expression) -> String {
    expression.ast.to_string()
}

fn symbol(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Lt => "<",
        Comparison::Le => "<=",
        Comparison::Eq => "=",
        Comparison::Ge => ">=",
        Comparison::Gt => ">",
        Comparison::Ne => "<>",
    }
}
