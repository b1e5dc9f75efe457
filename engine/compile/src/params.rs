//! Params: typed values bound in SQL as `$name`.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::compute::CastOptions;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use pipe_check::Program;
use pipe_diagnostics::codes::sql;
use pipe_diagnostics::{Diagnostic, Severity, nearest};
use pipe_syntax::Literal;
use sqlparser::ast;
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use crate::types;

/// The declared params, and the values of those that have one.
#[derive(Clone, Debug, Default)]
pub struct Params {
    types: BTreeMap<String, DataType>,
    values: BTreeMap<String, ScalarValue>,
}

impl Params {
    /// The params of a program with their defaults, `given` (from `--param name=value`, by name) going before.
    ///
    /// # Errors
    /// A default or a given text that is no value of the type, and a given name that is not declared. That a param has no
    /// value at all is an error only where a query needs it.
    pub fn new(program: &Program, given: &BTreeMap<String, String>) -> Result<Self, Vec<Diagnostic>> {
        let mut params = Self::declared(program);
        let mut errors = Vec::new();
        for (name, param) in &program.params {
            let ty = types::to_arrow(&param.ty);
            if given.contains_key(name) {
                continue;
            }
            match param.default.as_ref().map(|literal| constant(literal, &ty)) {
                Some(Ok(value)) => _ = params.values.insert(name.clone(), value),
                Some(Err(text)) => errors.push(
                    Diagnostic::error(
                        sql::PARAM_VALUE,
                        format!("the default of param `{name}` is not a {}: `{text}`", param.ty),
                        param.span,
                    )
                    .help(example(&ty)),
                ),
                None => {}
            }
        }
        for (name, text) in given {
            let Some(param) = program.params.get(name) else {
                let near = nearest(name, program.params.keys().map(String::as_str));
                errors.push(
                    Diagnostic::new(sql::PARAM_VALUE, Severity::Error, format!("there is no param `{name}`"))
                        .maybe_help(near.map(|n| format!("did you mean `{n}`?"))),
                );
                continue;
            };
            let ty = types::to_arrow(&param.ty);
            match convert(text, &ty) {
                Some(value) => _ = params.values.insert(name.clone(), value),
                None => errors.push(
                    Diagnostic::new(
                        sql::PARAM_VALUE,
                        Severity::Error,
                        format!("`{text}` is not a {}, the type of param `{name}`", param.ty),
                    )
                    .label(param.span, "declared here")
                    .help(example(&ty)),
                ),
            }
        }
        if errors.is_empty() { Ok(params) } else { Err(errors) }
    }

    /// The params of a program without values: what checking needs.
    pub fn declared(program: &Program) -> Self {
        let types = program.params.iter().map(|(name, p)| (name.clone(), types::to_arrow(&p.ty))).collect();
        Self { types, values: BTreeMap::new() }
    }

    /// Whether a param is declared.
    pub fn contains(&self, name: &str) -> bool {
        self.types.contains_key(name)
    }

    /// A param's value.
    pub fn value(&self, name: &str) -> Option<&ScalarValue> {
        self.values.get(name)
    }

    /// A param's value as SQL: a constant of its type.
    pub(crate) fn sql(&self, name: &str) -> Option<ast::Expr> {
        let value = self.values.get(name)?;
        let text = match value.cast_to(&DataType::Utf8).ok()? {
            ScalarValue::Utf8(Some(text)) => text,
            _ => return Some(ast::Expr::Value(ast::Value::Null.into())),
        };
        let constant = match value {
            ScalarValue::Utf8(_) | ScalarValue::Utf8View(_) => ast::Value::SingleQuotedString(text),
            ScalarValue::Boolean(Some(b)) => ast::Value::Boolean(*b),
            ScalarValue::Int8(_) | ScalarValue::Int16(_) | ScalarValue::Int32(_) | ScalarValue::Int64(_) => {
                ast::Value::Number(text, false)
            }
            _ => {
                let ty = types::from_arrow(&value.data_type())?;
                let sql = format!("CAST('{text}' AS {ty})");
                return Parser::new(&GenericDialect {}).try_with_sql(&sql).ok()?.parse_expr().ok();
            }
        };
        Some(ast::Expr::Value(constant.into()))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.types.keys().map(String::as_str)
    }

    /// The values by position; `None` where a param has none.
    pub(crate) fn all(&self) -> impl Iterator<Item = Option<ScalarValue>> {
        self.types.keys().map(|name| self.values.get(name).cloned())
    }

    /// The types by position, as the planner takes them: it numbers named params in this order, from 1.
    pub(crate) fn fields(&self) -> Vec<Option<FieldRef>> {
        self.types.iter().map(|(name, ty)| Some(Arc::new(Field::new(name, ty.clone(), true)))).collect()
    }

    /// The name behind a placeholder the planner has numbered: `$1`.
    pub(crate) fn numbered(&self, id: &str) -> Option<&str> {
        let index: usize = id.strip_prefix('$')?.parse().ok()?;
        self.types.keys().nth(index.checked_sub(1)?).map(String::as_str)
    }
}

/// A constant of the language as a value of a type; the text of one that is none.
pub(crate) fn constant(literal: &Literal, ty: &DataType) -> Result<ScalarValue, String> {
    let text = match literal {
        Literal::Text(text) | Literal::Number(text) | Literal::Typed(_, text) => text.clone(),
        Literal::Bool(value) => value.to_string(),
        Literal::Null => return ScalarValue::try_from(ty).map_err(|_| "null".to_owned()),
    };
    convert(&text, ty).ok_or(text)
}

/// A text as a value of a type; `None` when it is none. Only text keeps the blanks around it.
pub(crate) fn convert(text: &str, ty: &DataType) -> Option<ScalarValue> {
    match ty {
        DataType::Utf8View => Some(ScalarValue::Utf8View(Some(text.to_owned()))),
        DataType::Utf8 => Some(ScalarValue::Utf8(Some(text.to_owned()))),
        _ => {
            let strict = CastOptions { safe: false, ..CastOptions::default() };
            let trimmed = ScalarValue::Utf8(Some(text.trim().to_owned()));
            trimmed.cast_to_with_options(ty, &strict).ok().filter(|value| !value.is_null())
        }
    }
}

/// What a value of a type looks like.
fn example(ty: &DataType) -> String {
    let value = match ty {
        DataType::Boolean => "true",
        DataType::Date32 => "2026-01-31",
        DataType::Time64(_) => "12:30:00",
        DataType::Timestamp(_, None) => "2026-01-31 12:30:00",
        DataType::Timestamp(_, Some(_)) => "2026-01-31T12:30:00Z",
        DataType::Decimal128(..) | DataType::Float32 | DataType::Float64 => "12.5",
        DataType::Utf8 | DataType::Utf8View => "text",
        _ => "12",
    };
    format!("such as `{value}`")
}
