//! Predicates against their subjects.

use pipe_diagnostics::{Diagnostic, Span, codes::rules as codes, codes::sql};
use pipe_schema::{Level, PredicateInfo, Type, TypeClass};
use pipe_syntax::{self as syntax, Comparison, Name, Predicate as Written, Spanned};

use super::against::Against;
use super::subject::Subject;
use crate::cx::Cx;
use crate::names::{Table, TableKind};
use crate::program::Predicate;
use crate::types::{class, class_word};

/// A predicate with its check and what its verdict is about.
pub(crate) type Judged = (Predicate, &'static str, Level);

/// The check's name of a comparison.
fn comparison_check(c: Comparison) -> &'static str {
    match c {
        Comparison::Lt => "lt",
        Comparison::Le => "le",
        Comparison::Eq => "eq",
        Comparison::Ge => "ge",
        Comparison::Gt => "gt",
        Comparison::Ne => "ne",
    }
}

/// A subject without a predicate: it is boolean itself.
pub(crate) fn boolean(cx: &mut Cx<'_>, table: Option<&Table<'_>>, subject: &Subject) -> Option<Judged> {
    let info = pipe_schema::predicate("boolean")?;
    let [expression] = subject.expressions.as_slice() else {
        if let Some(second) = subject.expressions.get(1) {
            let message = "several expressions are judged together only by a set predicate";
            cx.report(
                Diagnostic::error(codes::ONE_EXPRESSION, message, second.span)
                    .help("add `unique`, `references …` or `determines …`, or join them with `and`"),
            );
        }
        return None;
    };
    if let Some(found) = class(expression, table)
        && found != TypeClass::Boolean
    {
        let message = format!("a rule without a predicate is boolean, and this is {}", class_word(found));
        cx.report(
            Diagnostic::error(sql::NOT_BOOLEAN, message, subject.span)
                .help("say what must hold of it, such as `not null` or `between 1 and 100`"),
        );
        return None;
    }
    Some((Predicate::True, info.name, if subject.is_aggregate() { Level::Table } else { info.level }))
}

/// A written predicate. What is wrong is reported; `None` when no rule can be made of it.
pub(crate) fn predicate(
    cx: &mut Cx<'_>,
    table: Option<&Table<'_>>,
    subject: &Subject,
    written: &Spanned<&Written>,
) -> Option<Judged> {
    let check = check_name(cx, written.value)?;
    let info = pipe_schema::predicate(check)?;
    let level = level(cx, info, subject, written.span)?;
    subject_type(cx, info, subject, table, written.span)?;
    let predicate = build(cx, table, subject, written, level)?;
    Some((predicate, info.name, level))
}

/// The check's name: that of the predicate, or of its format.
fn check_name<'w>(cx: &mut Cx<'_>, written: &'w Written) -> Option<&'w str> {
    Some(match written {
        Written::NotNull => "not_null",
        Written::NotBlank => "not_blank",
        Written::In { negated: false, .. } => "in",
        Written::In { negated: true, .. } => "not_in",
        Written::Between(..) => "between",
        Written::Compare(c, _) => comparison_check(*c),
        Written::Matches(_) => "matches",
        Written::Like(_) => "like",
        Written::Length(_) => "length",
        Written::Is { format, .. } => {
            let is_format = pipe_schema::predicate(format).is_some_and(PredicateInfo::is_format);
            if !is_format {
                let formats = pipe_schema::predicates().iter().filter(|p| p.is_format()).map(|p| p.name);
                cx.unknown(codes::UNKNOWN_FORMAT, "format", format, formats);
                return None;
            }
            format.as_str()
        }
        Written::Unique => "unique",
        Written::References { .. } => "references",
        Written::Determines(_) => "determines",
        Written::Increasing => "increasing",
        Written::Distinct(_) => "distinct",
        Written::WithinSigma { .. } => "within_sigma",
        Written::WithinLast(_) => "within_last",
        Written::WithinAge(_) => "within_age",
        Written::SameAs { .. } => "same_as",
        Written::Columns(_) => "columns",
        Written::Type(_) => "type",
        Written::Closed => "closed",
    })
}

/// What the verdict is about, given the subject; a message where the two do not go together.
fn level(cx: &mut Cx<'_>, info: &PredicateInfo, subject: &Subject, span: Span) -> Option<Level> {
    let refuse = |cx: &mut Cx<'_>, code, message: String, help: &str| {
        let mut d = Diagnostic::error(code, message, span).help(help);
        if !subject.is_table() && !subject.span.is_empty() {
            d = d.label(subject.span, "the subject");
        }
        cx.report(d);
        None
    };
    let words = info.syntax;
    if let Some(second) = subject.expressions.get(1)
        && !matches!(info.name, "unique" | "references" | "determines")
    {
        let message = format!("`{words}` judges one expression, and there are several");
        cx.report(
            Diagnostic::error(codes::ONE_EXPRESSION, message, second.span)
                .help("to judge each, write columns without parentheses: `a, b not null`"),
        );
        return None;
    }
    match info.name {
        "columns" | "closed" if !subject.is_table() => {
            return refuse(
                cx,
                codes::SCHEMA_SUBJECT,
                format!("`{words}` is about the table"),
                "write it without a subject",
            );
        }
        "type" if subject.column.is_none() => {
            return refuse(
                cx,
                codes::SCHEMA_SUBJECT,
                format!("`{words}` is about a column"),
                "write the column in front of it",
            );
        }
        "columns" | "closed" | "type" => return Some(info.level),
        _ if subject.is_table() => {
            return refuse(
                cx,
                codes::SCHEMA_SUBJECT,
                format!("`{words}` needs a subject"),
                "write a column in front of it",
            );
        }
        _ => {}
    }
    let on_aggregates = matches!(info.name, "between" | "lt" | "le" | "eq" | "ge" | "gt" | "ne");
    let needs_aggregate = info.level == Level::History || matches!(info.name, "within_age" | "same_as");
    match (subject.is_aggregate(), info.level) {
        (true, Level::Row) if on_aggregates => Some(Level::Table),
        (true, Level::Table | Level::History) if needs_aggregate => Some(info.level),
        (true, _) => refuse(
            cx,
            codes::AGGREGATE,
            format!("`{words}` judges rows, and the subject is over the whole table"),
            "over the whole table there are `between`, comparisons, `within …`, `same as …` and booleans",
        ),
        (false, _) if needs_aggregate => refuse(
            cx,
            codes::NEEDS_AGGREGATE,
            format!("`{words}` judges the table as a whole, and the subject is one row's"),
            "take an aggregate, as in `freshness: (max(ordered_at)) within 1d` or `usual_size: (count(*)) within 3 sigma over last 14 runs`",
        ),
        (false, level) => Some(level),
    }
}

/// Reports a predicate that does not take the subject's type.
fn subject_type(
    cx: &mut Cx<'_>,
    info: &PredicateInfo,
    subject: &Subject,
    table: Option<&Table<'_>>,
    span: Span,
) -> Option<()> {
    let Some(found) = subject.expressions.first().and_then(|e| class(e, table)) else { return Some(()) };
    if info.takes(found) {
        return Some(());
    }
    let wanted: Vec<&str> = info.types.iter().map(|c| class_word(*c)).collect();
    cx.report(
        Diagnostic::error(sql::PREDICATE_TYPE, format!("`{}` does not judge {}", info.syntax, class_word(found)), span)
            .label(subject.span, format!("this is {}", class_word(found)))
            .help(format!("it judges {}", wanted.join(", "))),
    );
    None
}

fn build(
    cx: &mut Cx<'_>,
    table: Option<&Table<'_>>,
    subject: &Subject,
    written: &Spanned<&Written>,
    level: Level,
) -> Option<Predicate> {
    let against = Against::subject(subject, table, level);
    Some(match written.value {
        Written::NotNull => Predicate::NotNull,
        Written::NotBlank => Predicate::NotBlank,
        Written::In { negated, values } => {
            let values: Vec<_> = values.iter().map(|v| against.operand(cx, table, v)).collect();
            Predicate::In { negated: *negated, values: values.into_iter().collect::<Option<_>>()? }
        }
        Written::Between(..) | Written::Compare(..) => against.comparison(cx, table, written.value)?,
        Written::Matches(regex) => {
            if let Err(e) = regex::Regex::new(regex) {
                cx.report(bad_regex(regex, &e));
                return None;
            }
            Predicate::Matches(regex.value.clone())
        }
        Written::Like(pattern) => Predicate::Like(pattern.value.clone()),
        Written::Length(inner) => Predicate::Length(Box::new(measure(cx, table, inner, "length")?)),
        Written::Distinct(inner) => Predicate::Distinct(Box::new(measure(cx, table, inner, "distinct")?)),
        Written::Is { format, argument } => {
            if let Some(argument) = argument
                && format.value != "date"
            {
                cx.report(
                    Diagnostic::error(
                        codes::FORMAT_ARGUMENT,
                        format!("`is {}` takes no argument", format.value),
                        argument.span,
                    )
                    .help("only `is date` takes one: its form, such as `'%d.%m.%Y'`"),
                );
                return None;
            }
            Predicate::Is { format: format.value.clone(), argument: argument.as_ref().map(|a| a.value.clone()) }
        }
        Written::Unique => Predicate::Unique,
        Written::Increasing => Predicate::Increasing,
        Written::References { table: to, columns } => references(cx, table, subject, to, columns)?,
        Written::Determines(columns) => {
            determines(cx, table, subject, columns);
            Predicate::Determines(columns.iter().map(|c| c.value.clone()).collect())
        }
        Written::WithinSigma { sigma, runs } => {
            let number = crate::numbers::number(sigma).filter(|n| *n > 0.0);
            if number.is_none() {
                cx.report(Diagnostic::error(codes::HISTORY_RANGE, "the number of sigmas is above 0", sigma.span));
            }
            if runs.value < 2 {
                let message = "a standard deviation needs at least 2 runs";
                cx.report(
                    Diagnostic::error(codes::HISTORY_RANGE, message, runs.span).help("write a number such as 14"),
                );
                return None;
            }
            Predicate::WithinSigma { sigma: number?, runs: runs.value }
        }
        Written::WithinLast(digits) => Predicate::WithinLast(crate::numbers::percent(digits)?),
        Written::WithinAge(ms) => Predicate::WithinAge(ms.value),
        Written::SameAs { table: other, column } => {
            let found = cx.table(other);
            cx.column(found, column);
            Predicate::SameAs { table: other.value.clone(), column: column.value.clone() }
        }
        Written::Columns(columns) => {
            for c in columns {
                cx.column(table, c);
            }
            cx.no_duplicates(columns);
            Predicate::Columns(columns.iter().map(|c| c.value.clone()).collect())
        }
        Written::Type(ty) => Predicate::Type(crate::declare::type_name(cx, ty)?),
        Written::Closed => {
            let declared = match table.map(|t| t.kind) {
                Some(TableKind::Source(s)) => s.clauses.iter().any(|c| matches!(c, syntax::SourceClause::Schema(_))),
                Some(TableKind::Model) => false,
                None => true,
            };
            if !declared {
                cx.report(
                    Diagnostic::error(
                        codes::CLOSED,
                        "`closed` compares with a declared schema, and there is none",
                        written.span,
                    )
                    .help("declare it with `schema (…)` at the source, or name the columns: `columns (a, b);`"),
                );
            }
            Predicate::Closed
        }
    })
}

fn bad_regex(regex: &syntax::Text, error: &regex::Error) -> Diagnostic {
    let text = error.to_string();
    // The library draws the pattern with a caret; its last line says what is wrong.
    let why = text.lines().last().unwrap_or("").trim().trim_start_matches("error: ").to_owned();
    Diagnostic::error(codes::REGEX, format!("`{}` is no regular expression: {why}", regex.value), regex.span)
        .help("the syntax is that of Rust's `regex`: no look-around and no back-references")
}

/// The predicate on a number of characters or of distinct values.
fn measure(cx: &mut Cx<'_>, table: Option<&Table<'_>>, inner: &Spanned<Written>, word: &str) -> Option<Predicate> {
    if !matches!(inner.value, Written::Between(..) | Written::Compare(..)) {
        cx.report(
            Diagnostic::error(
                codes::MEASURE,
                format!("`{word}` is a number: it is between bounds, or compared"),
                inner.span,
            )
            .help(format!("write it as in `{word} between 2 and 50` or `{word} = 5`")),
        );
        return None;
    }
    Against::number().comparison(cx, table, &inner.value)
}

fn references(
    cx: &mut Cx<'_>,
    table: Option<&Table<'_>>,
    subject: &Subject,
    to: &Name,
    columns: &[Name],
) -> Option<Predicate> {
    let other = cx.table(to);
    for c in columns {
        cx.column(other, c);
    }
    cx.no_duplicates(columns);
    if columns.len() != subject.expressions.len() {
        let (mine, theirs) = (subject.expressions.len(), columns.len());
        let span = columns.first().zip(columns.last()).map_or(to.span, |(a, b)| a.span.to(b.span));
        let message = format!("a key of {mine} is looked up in a key of {theirs}");
        cx.report(Diagnostic::error(codes::ARITY, message, span).label(subject.span, "the key").help(
            "name as many columns on both sides; several together stand in parentheses: `(a, b) references t (a, b)`",
        ));
        return None;
    }
    for (mine, theirs) in subject.expressions.iter().zip(columns) {
        if let (Some(a), Some(b)) = (class(mine, table), other.and_then(|t| t.ty(theirs)).map(Type::class))
            && a != b
        {
            let message = format!("{} is looked up in {}", class_word(a), class_word(b));
            cx.report(
                Diagnostic::error(sql::WRONG_TYPES, message, theirs.span)
                    .label(mine.span, format!("this is {}", class_word(a))),
            );
            return None;
        }
    }
    Some(Predicate::References { table: to.value.clone(), columns: columns.iter().map(|c| c.value.clone()).collect() })
}

fn determines(cx: &mut Cx<'_>, table: Option<&Table<'_>>, subject: &Subject, columns: &[Name]) {
    cx.no_duplicates(columns);
    for c in columns {
        cx.column(table, c);
        let mine = subject
            .expressions
            .iter()
            .find(|e| matches!(e.columns.as_slice(), [one] if one.parts == [c.value.clone()]));
        if let Some(mine) = mine {
            let message = format!("`{}` is on both sides: it always determines itself", c.value);
            cx.report(
                Diagnostic::error(codes::DETERMINES_ITSELF, message, c.span)
                    .label(mine.span, "here too")
                    .help("leave it out on the right"),
            );
        }
    }
}
