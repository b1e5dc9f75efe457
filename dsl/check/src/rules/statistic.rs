//! Numbers computed of a column, and what must hold of them.

use pipe_diagnostics::{Diagnostic, Span, codes::rules as codes, codes::sql};
use pipe_schema::{Level, TypeClass};
use pipe_syntax::{self as syntax, Predicate as Written, Spanned};

use super::against::Against;
use super::earlier;
use super::options::Options;
use super::predicate::Judged;
use super::subject::Subject;
use crate::cx::Cx;
use crate::names::Table;
use crate::rule::{Predicate, Statistic};
use crate::types::{class, class_word};

/// A written statistic with its test.
pub(super) fn statistic(
    cx: &mut Cx<'_>,
    table: Option<&Table<'_>>,
    subject: &Subject,
    written: &syntax::Statistic,
    span: Span,
    options: &Options,
) -> Option<Judged> {
    let info = pipe_schema::predicate(&written.word)?;
    if subject.is_aggregate() || subject.expressions.len() > 1 {
        let message = format!("`{}` is computed of one value a row", written.word.value);
        cx.report(
            Diagnostic::error(codes::STATISTIC, message, subject.span)
                .help("write a column or one expression over a row in front of it"),
        );
        return None;
    }
    let found = subject.expressions.first().and_then(|e| class(e, table));
    if let Some(found) = found
        && !info.takes(found)
    {
        let wanted: Vec<&str> = info.types.iter().map(|c| class_word(*c)).collect();
        let message = format!("`{}` does not judge {}", written.word.value, class_word(found));
        cx.report(
            Diagnostic::error(sql::PREDICATE_TYPE, message, span)
                .label(subject.span, format!("this is {}", class_word(found)))
                .help(format!("it judges {}", wanted.join(", "))),
        );
        return None;
    }
    let reference = reference(cx, written, info.syntax.contains(" from "))?;
    let share = match &written.share {
        Some(share) => Some(self::share(cx, share)?),
        None => None,
    };
    let (holds, check, level) = test(cx, table, subject, written, options)?;
    let statistic = Statistic { name: info.name, share, reference, holds };
    Some((Predicate::Statistic(Box::new(statistic)), check.unwrap_or(info.name), level))
}

/// `from table (column)`, where the statistic compares with another column, and only there.
fn reference(cx: &mut Cx<'_>, written: &syntax::Statistic, needed: bool) -> Option<Option<(String, String)>> {
    match &written.reference {
        Some((other, column)) if needed => {
            let found = cx.table(other);
            cx.column(found, column);
            Some(Some((other.value.clone(), column.value.clone())))
        }
        None if !needed => Some(None),
        Some((other, _)) => {
            let message = format!("`{}` compares with no other column", written.word.value);
            cx.report(Diagnostic::error(codes::STATISTIC, message, other.span).help("leave out `from …`"));
            None
        }
        None => {
            let message = format!("`{}` compares with another column, and none is named", written.word.value);
            cx.report(
                Diagnostic::error(codes::STATISTIC, message, written.word.span)
                    .help("name it, as in `psi from last_year (total) < 0.2`"),
            );
            None
        }
    }
}

fn share(cx: &mut Cx<'_>, written: &Spanned<String>) -> Option<f64> {
    let share = crate::numbers::number(written).filter(|n| (0.0..=1.0).contains(n));
    if share.is_none() {
        cx.report(
            Diagnostic::error(codes::STATISTIC, "a quantile is of a share from 0 to 1", written.span)
                .help("write it as in `quantile 0.99 < 1000`"),
        );
    }
    share
}

/// What must hold of the number; against earlier runs with a check and a level of its own.
fn test(
    cx: &mut Cx<'_>,
    table: Option<&Table<'_>>,
    subject: &Subject,
    written: &syntax::Statistic,
    options: &Options,
) -> Option<(Predicate, Option<&'static str>, Level)> {
    // Extremes and the mode are values of the column; all others are numbers.
    let of_the_column = matches!(written.word.as_str(), "minimum" | "maximum" | "mode");
    let against = if of_the_column { Against::subject(subject, table, Level::Table) } else { Against::number() };
    let level = if written.word.value == "column_count" { Level::Schema } else { Level::Table };
    let of = subject.expressions.first().and_then(|e| class(e, table));
    let is_number = !of_the_column || of.is_none_or(|of| of == TypeClass::Number);
    Some(match &written.holds.value {
        earlier @ (Written::WithinSpread { .. } | Written::WithinLast(_) | Written::CompareLast(..))
            if level == Level::Table && is_number =>
        {
            (earlier::earlier(cx, earlier, options)?, earlier::check_name(earlier), Level::History)
        }
        Written::WithinSpread { .. } | Written::WithinLast(_) | Written::CompareLast(..) => {
            let message = "this is not compared with earlier runs";
            cx.report(
                Diagnostic::error(codes::STATISTIC, message, written.holds.span)
                    .help("say what must hold of it, such as `between 1 and 5`"),
            );
            return None;
        }
        Written::In { negated, values } => {
            let values: Vec<_> = values.iter().map(|v| against.operand(cx, table, v)).collect();
            let values = values.into_iter().collect::<Option<_>>()?;
            (Predicate::In { negated: *negated, values }, None, level)
        }
        Written::Not(range) => (Predicate::Not(Box::new(range_of(cx, table, &against, &range.value)?)), None, level),
        other => (range_of(cx, table, &against, other)?, None, level),
    })
}

/// A comparison, or bounds.
fn range_of(cx: &mut Cx<'_>, table: Option<&Table<'_>>, against: &Against<'_>, written: &Written) -> Option<Predicate> {
    let Written::StrictlyBetween(low, high) = written else { return against.comparison(cx, table, written) };
    match against.comparison(cx, table, &Written::Between(low.clone(), high.clone()))? {
        Predicate::Between(low, high) => Some(Predicate::StrictlyBetween(low, high)),
        _ => None,
    }
}
