//! Config keys that name columns, against the columns of their table.

use datafusion::arrow::datatypes::{DataType, SchemaRef};
use pipe_diagnostics::codes::sql;
use pipe_diagnostics::{Diagnostic, Severity, Sources, Span};
use pipe_schema::{Config, ConfigValue, Transform};

use super::Check;
use crate::error::known;
use crate::types::describe;

/// A `with (…)`: whose it is, and the text it stands in.
struct Owner<'a> {
    table: &'a str,
    config: &'a Config,
    /// From here the keys are looked for.
    from: Span,
    /// What is underlined when a key is not found: a place near it.
    near: Span,
}

impl Check<'_> {
    pub(super) fn keys(&mut self) {
        let program = &self.loaded.program;
        let loads = program.loads.iter().map(|l| Owner {
            table: &l.table,
            config: &l.config,
            from: self.statement_behind(l.span),
            near: l.span,
        });
        let models = program.models.values().map(|m| Owner {
            table: &m.name,
            config: &m.config,
            from: Span { end: m.query.span.start.max(m.span.end), ..m.span.after() },
            near: m.span,
        });
        let mut found = Vec::new();
        for owner in loads.chain(models) {
            if let Some(schema) = self.out.schemas.get(owner.table) {
                found.extend(wrong(&owner, schema, &self.loaded.sources));
            }
        }
        self.report(found);
    }

    /// From behind a span to the `;` of its statement.
    fn statement_behind(&self, span: Span) -> Span {
        let file = self.loaded.sources.get(span.file);
        let rest = file.and_then(|f| f.text.get(span.end as usize..)).unwrap_or("");
        let end = rest.find(';').unwrap_or(rest.len());
        Span::new(span.file, span.end as usize..span.end as usize + end)
    }
}

fn wrong(owner: &Owner<'_>, schema: &SchemaRef, sources: &Sources) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    let mut names = |key: &str, column: &str| -> Option<DataType> {
        match schema.field_with_name(column) {
            Ok(field) => Some(field.data_type().clone()),
            Err(_) => {
                let span = word_behind(sources, owner.from, key, column).unwrap_or(owner.near);
                let message = format!("`{key}` names a column `{column}`, which `{}` does not have", owner.table);
                let columns = schema.fields().iter().map(|f| f.name().as_str());
                out.push(
                    Diagnostic::new(sql::TABLE_COLUMN, Severity::Error, message)
                        .label(span, "")
                        .help(known(column, "columns", columns)),
                );
                None
            }
        }
    };
    let mut times = Vec::new();
    for (key, value) in &owner.config.values {
        match value {
            ConfigValue::Columns(columns) => columns.iter().for_each(|c| _ = names(key, c)),
            ConfigValue::Partition(fields) => {
                for field in fields {
                    if let Some(ty) = names(key, &field.column)
                        && !splits(field.transform, &ty)
                    {
                        times.push((*key, field, ty));
                    }
                }
            }
            _ => {}
        }
    }
    for (key, field, ty) in times {
        let span = word_behind(sources, owner.from, key, &field.column).unwrap_or(owner.near);
        let part = word(field.transform);
        let wanted = if field.transform == Transform::Hour { "timestamps" } else { "dates and timestamps" };
        let message = format!("`{}` is {}: it has no {part}", field.column, describe(&ty));
        out.push(
            Diagnostic::error(sql::PARTITION_TYPE, message, span).help(format!("`{part}(…)` is taken of {wanted}")),
        );
    }
    out
}

/// Whether a transform can be taken of a type.
fn splits(transform: Transform, ty: &DataType) -> bool {
    let is_date = matches!(ty, DataType::Date32 | DataType::Date64);
    let is_timestamp = matches!(ty, DataType::Timestamp(..));
    match transform {
        Transform::Identity | Transform::Bucket(_) => true,
        Transform::Year | Transform::Month | Transform::Day => is_date || is_timestamp,
        Transform::Hour => is_timestamp,
    }
}

fn word(transform: Transform) -> &'static str {
    match transform {
        Transform::Identity => "value",
        Transform::Year => "year",
        Transform::Month => "month",
        Transform::Day => "day",
        Transform::Hour => "hour",
        Transform::Bucket(_) => "bucket",
    }
}

/// The first whole word `word` behind the first whole word `key` in a span. The program keeps the values of keys and not
/// their places.
fn word_behind(sources: &Sources, from: Span, key: &str, word: &str) -> Option<Span> {
    let key = whole_word(sources, from, key)?;
    whole_word(sources, Span { end: from.end, ..key.after() }, word)
}

fn whole_word(sources: &Sources, from: Span, word: &str) -> Option<Span> {
    let text = sources.text(from).to_ascii_lowercase();
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut at = 0;
    while let Some(found) = text.get(at..)?.find(word) {
        let (start, end) = (at + found, at + found + word.len());
        let before = text.get(..start).and_then(|t| t.chars().next_back());
        let behind = text.get(end..).and_then(|t| t.chars().next());
        if !before.is_some_and(is_part) && !behind.is_some_and(is_part) {
            let base = from.start as usize;
            return Some(Span::new(from.file, base + start..base + end));
        }
        at = end;
    }
    None
}
