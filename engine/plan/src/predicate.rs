//! Rules in the language's words, folded to one line.

use pipe_check::Rule;
use pipe_sql::Expression;

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
