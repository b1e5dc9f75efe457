//! The SQL of heal clauses against the tables they heal.

use std::sync::Arc;

use datafusion::arrow::compute::can_cast_types;
use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use datafusion::common::DFSchema;
use pipe_check::{Action, Clause};
use pipe_diagnostics::Diagnostic;
use pipe_diagnostics::codes::sql;
use pipe_schema::{FieldType, TypeClass};
use pipe_sql::Expression;
use pipe_syntax::{Action as Written, FieldPattern, FieldValue};

use super::Check;
use crate::types::{describe, from_arrow};
use crate::{Planner, row_schema};

/// A failure's field as a column that SQL of a clause sees: `$ratio`.
pub fn field_column(field: &pipe_schema::Field) -> Field {
    let ty = match field.ty {
        FieldType::Integer => DataType::Int64,
        FieldType::Number => DataType::Float64,
        FieldType::Bool => DataType::Boolean,
        FieldType::Text
        | FieldType::Word(_)
        | FieldType::Table
        | FieldType::Column
        | FieldType::Rule
        | FieldType::Check
        | FieldType::Type => DataType::Utf8,
    };
    Field::new(format!("${}", field.name), ty, true)
}

impl Check<'_> {
    pub(super) fn clauses(&mut self) {
        let mut found = Vec::new();
        let planner = self.planner.over(&self.placed);
        for (table, block) in &self.loaded.program.heals {
            let columns = self.placed.schema(table);
            for clause in &block.clauses {
                let fields = fields(clause);
                if let Some(guard) = &clause.guard
                    && self.params_known(guard)
                    && let Ok(row) = DFSchema::try_from(Schema::new(fields.clone()))
                {
                    found.extend(planner.row_condition(guard, &row).err().unwrap_or_default());
                }
                let Some(columns) = &columns else { continue };
                let Some(row) = clause_row(table, columns, fields) else { continue };
                for action in clause.steps.iter().flatten() {
                    let wrong = self.action(&planner, action, clause, columns, &row);
                    // A clause of `heal *` is for the tables that have its columns.
                    found.extend(wrong.into_iter().filter(|d| !(clause.from_star && d.code == sql::QUERY_COLUMN)));
                }
            }
        }
        self.report(found);
    }

    fn params_known(&self, e: &Expression) -> bool {
        // Fields were looked up by name before; what is none of them is a param.
        let is_field = |name: &str| pipe_schema::failures().iter().any(|f| f.fields.iter().any(|x| x.name == name));
        e.params.iter().all(|p| {
            p.value == "value" || is_field(&p.value) || self.loaded.program.params.contains_key(p.value.as_str())
        })
    }

    fn action(
        &self,
        planner: &Planner<'_>,
        action: &Action,
        clause: &Clause,
        columns: &SchemaRef,
        row: &DFSchema,
    ) -> Vec<Diagnostic> {
        let mut wrong = Vec::new();
        if let Some(filter) = action.filter.as_ref().filter(|f| self.params_known(f)) {
            wrong.extend(planner.row_condition(filter, row).err().unwrap_or_default());
        }
        let Some(value) = action.sql.as_ref().filter(|v| self.params_known(v)) else { return wrong };
        let found = match planner.type_of(value, row) {
            Ok(found) => found,
            Err(more) => {
                wrong.extend(more);
                return wrong;
            }
        };
        for name in targets(&action.syntax, clause) {
            let Ok(column) = columns.field_with_name(&name) else { continue };
            if !converts(&found, column.data_type()) {
                let (found, wanted) = (describe(&found), describe(column.data_type()));
                let message = format!("`{name}` is {wanted}, and {found} does not convert to it");
                wrong.push(
                    Diagnostic::error(sql::NOT_CONVERTIBLE, message, value.span).saying(format!("this is {found}")),
                );
            }
        }
        wrong
    }
}

/// Whether what a clause gives can be meant for a column: the same family, or text on either side. That Arrow also reads a
/// time as a number of microseconds is of no use here.
fn converts(from: &DataType, to: &DataType) -> bool {
    let classes = (from_arrow(from).map(|t| t.class()), from_arrow(to).map(|t| t.class()));
    let related = match classes {
        _ if from.is_null() => true,
        (Some(from), Some(to)) => {
            let number = |c| matches!(c, TypeClass::Number | TypeClass::Boolean);
            from == to || from == TypeClass::Text || to == TypeClass::Text || number(from) && number(to)
        }
        _ => false,
    };
    related && can_cast_types(from, to)
}

/// The fields that all failures of a clause have.
fn fields(clause: &Clause) -> Fields {
    let mut infos = clause.patterns.iter().filter_map(|p| pipe_schema::failure(&p.failure));
    let Some(first) = infos.next() else { return Fields::empty() };
    let others: Vec<_> = infos.collect();
    let common = first.fields.iter().filter(|f| others.iter().all(|o| o.fields.iter().any(|x| x.name == f.name)));
    common.map(field_column).collect()
}

/// The row the SQL of an action is judged on: the table's columns, `$value`, the failure's fields.
fn clause_row(table: &str, columns: &SchemaRef, fields: Fields) -> Option<DFSchema> {
    let value = Arc::new(Field::new("$value", DataType::Utf8View, true));
    let all = columns.fields().iter().map(Arc::clone).chain([value]).chain(fields.iter().map(Arc::clone));
    row_schema(table, &Schema::new(all.collect::<Fields>())).ok()
}

/// The columns an action writes, as far as it or the patterns of its clause name them.
fn targets(action: &Written, clause: &Clause) -> Vec<String> {
    let named = match action {
        Written::Set { column, .. } => Some(column),
        Written::Cast { column, .. } | Written::Fill { column, .. } => column.as_ref(),
        _ => return Vec::new(),
    };
    if let Some(column) = named {
        return vec![column.value.clone()];
    }
    let patterns = clause.patterns.iter().flat_map(|p| &p.fields);
    let columns = patterns.filter(|(field, _)| field.value == "column").flat_map(|(_, pattern)| match &pattern.value {
        FieldPattern::OneOf(values) => values.as_slice(),
        FieldPattern::Any => &[],
    });
    let mut names = Vec::new();
    for value in columns {
        if let FieldValue::Word(word) = &value.value
            && !names.contains(word)
        {
            names.push(word.clone());
        }
    }
    names
}
