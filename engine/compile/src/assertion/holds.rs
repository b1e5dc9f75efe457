//! Predicates as SQL: what must hold of a subject.

use pipe_check::{Predicate, Rule};
use pipe_syntax::Comparison;
use sqlparser::ast::{BinaryOperator, Expr};

use super::tree;
use crate::functions;

/// The boolean that is FALSE where `subject` violates `predicate`. `None` for predicates that one expression cannot say:
/// those of sets, schemas and history.
pub(super) fn holds(rule: &Rule, subject: &Expr, predicate: &Predicate) -> Option<Expr> {
    Some(match predicate {
        Predicate::True => subject.clone(),
        Predicate::NotNull => tree::is_not_null(subject),
        Predicate::NotBlank => {
            let blank = tree::call("is_blank", vec![subject.clone()]);
            // FALSE AND NULL is FALSE: this is never NULL.
            tree::all([tree::is_not_null(subject), tree::not(&blank)])?
        }
        Predicate::In { negated, values } => Expr::InList {
            expr: tree::operand(subject),
            list: values.iter().map(|v| v.ast.clone()).collect(),
            negated: *negated,
        },
        Predicate::Between(low, high) => Expr::Between {
            expr: tree::operand(subject),
            negated: false,
            low: tree::operand(&low.ast),
            high: tree::operand(&high.ast),
        },
        Predicate::Compare(comparison, bound) => tree::binary(subject, operator(*comparison), &bound.ast),
        Predicate::Matches(regex) => tree::call("regexp_like", vec![subject.clone(), tree::text(regex)]),
        Predicate::Like(pattern) => Expr::Like {
            negated: false,
            any: false,
            expr: tree::operand(subject),
            pattern: Box::new(tree::text(pattern)),
            escape_char: None,
        },
        Predicate::Length(inner) => holds(rule, &tree::call("character_length", vec![subject.clone()]), inner)?,
        Predicate::Is { format, .. } if format == "null" => Expr::IsNull(tree::operand(subject)),
        Predicate::Is { format, .. } if format == "weekday" || format == "weekend" => {
            let within = if format == "weekday" { "" } else { "NOT " };
            tree::with_x(&format!("date_part('dow', x) {within}BETWEEN 1 AND 5"), subject)?
        }
        Predicate::Is { format, .. } if format == "latitude" || format == "longitude" => {
            // Numbers too.
            tree::call(&functions::of_format(format)?, vec![tree::with_x("CAST(x AS VARCHAR)", subject)?])
        }
        Predicate::Is { format, argument } => {
            let mut arguments = vec![subject.clone()];
            arguments.extend(argument.as_deref().map(tree::text));
            tree::call(&functions::of_format(format)?, arguments)
        }
        Predicate::JsonSchema(schema) => {
            let constants = functions::schema::arguments(schema).into_iter().map(tree::text);
            tree::call(functions::schema::NAME, std::iter::once(subject.clone()).chain(constants).collect())
        }
        Predicate::Distinct(inner) => holds(rule, &distinct(rule, subject), inner)?,
        Predicate::WithinAge(age) => tree::binary(subject, BinaryOperator::GtEq, &tree::ago(*age)),
        Predicate::SameAs { table, column } => {
            let mut other = subject.clone();
            replace_argument(&mut other, column)?;
            tree::binary(subject, BinaryOperator::Eq, &tree::scalar(other, table)?)
        }
        Predicate::Not(inner) => tree::not(&holds(rule, subject, inner)?),
        Predicate::NotMissing(values) => not_missing(subject, values)?,
        // In seconds: a date far off is no timestamp of nanoseconds, which `now()` has.
        Predicate::NotInFuture => tree::with_x("date_part('epoch', x) <= date_part('epoch', now())", subject)?,
        Predicate::StrictlyBetween(low, high) => tree::all([
            tree::binary(subject, BinaryOperator::Gt, &low.ast),
            tree::binary(subject, BinaryOperator::Lt, &high.ast),
        ])?,
        Predicate::CastableAs(ty) => {
            // Whether NULL converts nobody can say.
            let mut converts = tree::expression("CASE WHEN value_ IS NOT NULL THEN cast_ IS NOT NULL END")?;
            tree::put(&mut converts, "cast_", &tree::try_cast(subject, ty)?)?;
            tree::put(&mut converts, "value_", subject)?;
            converts
        }
        Predicate::Compound { all, parts } => {
            let parts: Option<Vec<Expr>> = parts
                .iter()
                .map(|p| holds(rule, p.subject.as_ref().map_or(subject, |s| &s.ast), &p.predicate))
                .collect();
            if *all { tree::all(parts?)? } else { tree::either(parts?)? }
        }
        Predicate::Statistic(statistic) => {
            holds(rule, &super::statistic::value(rule, subject, statistic)?, &statistic.holds)?
        }
        Predicate::RowCountSameAs(table) => {
            let count = tree::expression("count(*)")?;
            tree::binary(&count, BinaryOperator::Eq, &tree::scalar(count.clone(), table)?)
        }
        Predicate::Values { equal, values } => super::statistic::values(subject, *equal, values)?,
        Predicate::Unique
        | Predicate::References { .. }
        | Predicate::Determines(_)
        | Predicate::Monotone { .. }
        | Predicate::Sequential { .. }
        | Predicate::NotOverlapping
        | Predicate::Contiguous
        | Predicate::Transitions { .. }
        | Predicate::Outliers { .. }
        | Predicate::WithoutGaps(_)
        | Predicate::Earlier(_)
        | Predicate::Columns(_)
        | Predicate::ColumnsInAnyOrder(_)
        | Predicate::ColumnsContain(_)
        | Predicate::ColumnsWithout(_)
        | Predicate::ColumnsMatch(_)
        | Predicate::ColumnsSameAs(_)
        | Predicate::Type(_)
        | Predicate::Closed => return None,
    })
}

/// What must hold, in a word or two behind "expected": `between 1 and 5`, `>= 0`, `no older than 1 day`.
pub(super) fn expected(predicate: &Predicate) -> String {
    match predicate {
        Predicate::True => "true".to_owned(),
        Predicate::In { negated, values } => {
            let values: Vec<&str> = values.iter().map(|v| v.text.as_str()).collect();
            format!("{}in ({})", if *negated { "not " } else { "" }, values.join(", "))
        }
        Predicate::Between(low, high) => format!("between {} and {}", low.text, high.text),
        Predicate::Compare(comparison, bound) => format!("{} {}", operator(*comparison), bound.text),
        Predicate::Matches(regex) => format!("matches '{regex}'"),
        Predicate::Like(pattern) => format!("like '{pattern}'"),
        Predicate::Length(inner) => format!("length {}", expected(inner)),
        Predicate::Is { format, argument: None } => format!("is {format}"),
        Predicate::Is { format, argument: Some(argument) } => format!("is {format} '{argument}'"),
        Predicate::References { table, columns } => format!("in {table} ({})", columns.join(", ")),
        Predicate::Distinct(inner) => format!("distinct {}", expected(inner)),
        Predicate::WithinAge(age) => format!("no older than {}", tree::span_of_time(*age)),
        Predicate::SameAs { table, column } => format!("the same as of {table} ({column})"),
        Predicate::Statistic(statistic) => expected(&statistic.holds),
        other => pipe_check::words::predicate_text(other),
    }
}

/// The number of distinct values; of `approx` from a HyperLogLog sketch.
pub(super) fn distinct(rule: &Rule, subject: &Expr) -> Expr {
    if rule.approx { tree::call("approx_distinct", vec![subject.clone()]) } else { tree::count_distinct(subject) }
}

/// Not NULL and none of `values`; of none named, what usually stands for a missing text.
fn not_missing(subject: &Expr, values: &[pipe_sql::Expression]) -> Option<Expr> {
    let missing = if values.is_empty() {
        tree::call("is_missing", vec![subject.clone()])
    } else {
        let list = values.iter().map(|v| v.ast.clone()).collect();
        Expr::InList { expr: tree::operand(subject), list, negated: false }
    };
    // FALSE AND NULL is FALSE: this is never NULL, unless a value named is.
    tree::all([tree::is_not_null(subject), tree::not(&missing)])
}

fn operator(comparison: Comparison) -> BinaryOperator {
    match comparison {
        Comparison::Lt => BinaryOperator::Lt,
        Comparison::Le => BinaryOperator::LtEq,
        Comparison::Eq => BinaryOperator::Eq,
        Comparison::Ge => BinaryOperator::GtEq,
        Comparison::Gt => BinaryOperator::Gt,
        Comparison::Ne => BinaryOperator::NotEq,
    }
}

/// Puts `column` in place of the first argument of the aggregate `e` is; `None` when it is none.
fn replace_argument(e: &mut Expr, column: &str) -> Option<()> {
    use sqlparser::ast::{FunctionArg, FunctionArgExpr, FunctionArguments};
    match e {
        Expr::Nested(inner) => replace_argument(inner, column),
        Expr::Function(call) => {
            let FunctionArguments::List(list) = &mut call.args else { return None };
            *list.args.first_mut()? = FunctionArg::Unnamed(FunctionArgExpr::Expr(tree::column(column)));
            Some(())
        }
        _ => None,
    }
}
