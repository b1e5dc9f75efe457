//! The family of an expression's type, as far as it can be seen without a planner. What is not sure is unknown.

use pipe_schema::{Type, TypeClass};
use pipe_sql::Expression;
use sqlparser::ast::{
    BinaryOperator as Op, DataType, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator, Value,
};

use crate::names::Table;

/// The family of `expression` over the rows of `table`.
pub(crate) fn class(expression: &Expression, table: Option<&Table<'_>>) -> Option<TypeClass> {
    of(&expression.ast, table, DEPTH)
}

/// How deep expressions are followed; deeper ones are unknown.
const DEPTH: usize = 64;

fn of(e: &Expr, table: Option<&Table<'_>>, depth: usize) -> Option<TypeClass> {
    let depth = depth.checked_sub(1)?;
    match e {
        Expr::Nested(e) => of(e, table, depth),
        Expr::Identifier(name) => table?.ty(&fold(name)).map(Type::class),
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [t, c] if table.is_some_and(|known| known.name.value == fold(t)) => table?.ty(&fold(c)).map(Type::class),
            _ => None,
        },
        Expr::Value(v) => match &v.value {
            Value::Number(..) => Some(TypeClass::Number),
            Value::Boolean(_) => Some(TypeClass::Boolean),
            Value::SingleQuotedString(_) | Value::EscapedStringLiteral(_) | Value::DollarQuotedString(_) => {
                Some(TypeClass::Text)
            }
            _ => None,
        },
        Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::Like { .. }
        | Expr::ILike { .. }
        | Expr::SimilarTo { .. }
        | Expr::RLike { .. }
        | Expr::Exists { .. } => Some(TypeClass::Boolean),
        Expr::UnaryOp { op: UnaryOperator::Not, .. } => Some(TypeClass::Boolean),
        Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr } => of(expr, table, depth),
        Expr::BinaryOp { left, op, right } => binary(of(left, table, depth), op, of(right, table, depth)),
        Expr::Cast { data_type, .. } => written(data_type),
        Expr::TypedString(t) => written(&t.data_type),
        Expr::Extract { .. } => Some(TypeClass::Number),
        Expr::Substring { .. } | Expr::Trim { .. } => Some(TypeClass::Text),
        Expr::Function(f) => {
            let name = f.name.0.last()?.as_ident().map(fold)?;
            let first = || match &f.args {
                FunctionArguments::List(list) => match list.args.first()? {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => of(e, table, depth),
                    _ => None,
                },
                _ => None,
            };
            function(&name, first)
        }
        _ => None,
    }
}

fn binary(left: Option<TypeClass>, op: &Op, right: Option<TypeClass>) -> Option<TypeClass> {
    match op {
        Op::Gt
        | Op::Lt
        | Op::GtEq
        | Op::LtEq
        | Op::Eq
        | Op::NotEq
        | Op::And
        | Op::Or
        | Op::Xor
        | Op::Spaceship
        | Op::PGRegexMatch
        | Op::PGRegexIMatch
        | Op::PGRegexNotMatch
        | Op::PGRegexNotIMatch
        | Op::PGLikeMatch
        | Op::PGILikeMatch
        | Op::PGNotLikeMatch
        | Op::PGNotILikeMatch => Some(TypeClass::Boolean),
        Op::StringConcat => Some(TypeClass::Text),
        Op::Plus | Op::Minus | Op::Multiply | Op::Divide | Op::Modulo
            if left == Some(TypeClass::Number) && right == Some(TypeClass::Number) =>
        {
            Some(TypeClass::Number)
        }
        _ => None,
    }
}

/// The functions whose result is the same family in all their forms; `first` is the family of the first argument.
fn function(name: &str, first: impl Fn() -> Option<TypeClass>) -> Option<TypeClass> {
    match name {
        "count" | "length" | "char_length" | "character_length" | "octet_length" | "abs" | "sqrt" | "power"
        | "round" | "ceil" | "floor" | "avg" | "mean" | "stddev" | "stddev_pop" | "var" | "var_pop" | "sum"
        | "date_part" | "approx_distinct" | "levenshtein" | "strpos" | "position" => Some(TypeClass::Number),
        "lower" | "upper" | "trim" | "btrim" | "ltrim" | "rtrim" | "concat" | "concat_ws" | "replace"
        | "regexp_replace" | "substr" | "substring" | "left" | "right" | "lpad" | "rpad" | "initcap" | "to_char"
        | "md5" => Some(TypeClass::Text),
        "starts_with" | "ends_with" | "regexp_like" | "contains" | "bool_and" | "bool_or" | "isnan" => {
            Some(TypeClass::Boolean)
        }
        "now" | "current_timestamp" | "current_date" | "to_timestamp" | "to_date" | "date_trunc" => {
            Some(TypeClass::Time)
        }
        "min" | "max" | "median" | "coalesce" | "nullif" | "first_value" | "last_value" => first(),
        _ => None,
    }
}

fn written(ty: &DataType) -> Option<TypeClass> {
    Type::parse(&ty.to_string()).map(|t| t.class())
}

fn fold(ident: &sqlparser::ast::Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

/// As messages call a family.
pub(crate) const fn class_word(class: TypeClass) -> &'static str {
    class.word()
}
