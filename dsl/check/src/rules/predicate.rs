//! Predicates against their subjects.

use pipe_diagnostics::{Diagnostic, Span, codes::rules as codes, codes::sql};
use pipe_schema::{Level, PredicateInfo, Type, TypeClass};
use pipe_sql::Expression;
use pipe_syntax::{self as syntax, Comparison, Name, Predicate as Written, Spanned};

use super::against::Against;
use super::options::Options;
use super::subject::Subject;
use super::{compound, earlier, statistic};
use crate::cx::Cx;
use crate::names::{Table, TableKind};
use crate::rule::Predicate;
use crate::types::{class, class_word};

/// A predicate with its check and what its verdict is about.
pub(crate) type Judged = (Predicate, &'static str, Level);

/// The check's name of a comparison.
/// What to write for `is unique`, `is positive`: predicates, and words of other tools for them.
fn in_place_of(format: &str) -> Option<String> {
    match pipe_schema::predicate(format) {
        Some(known) => Some(format!("write `{}`, without `is`", known.syntax)),
        None => syntax::instead_of(format).map(|instead| format!("write `{instead}`")),
    }
}

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
    options: &Options,
) -> Option<Judged> {
    if let Written::Compound(parts) = written.value {
        return compound::compound(cx, table, subject, parts, written.span, options);
    }
    if let Written::Statistic(of) = written.value {
        return statistic::statistic(cx, table, subject, of, written.span, options);
    }
    if let Written::Distinct(inner) = written.value
        && let Some(check) = earlier::check_name(&inner.value)
        && !subject.is_aggregate()
        && !subject.is_table()
    {
        let holds = earlier::earlier(cx, &inner.value, options)?;
        return Some((Predicate::Distinct(Box::new(holds)), check, Level::History));
    }
    let check = check_name(cx, subject, written.value, options)?;
    let info = pipe_schema::predicate(check)?;
    let level = level(cx, info, subject, written.span)?;
    subject_type(cx, info, subject, table, written.span)?;
    let predicate = build(cx, table, subject, written, level, options)?;
    Some((predicate, info.name, level))
}

/// The check's name: that of the predicate, or of its format.
fn check_name<'w>(cx: &mut Cx<'_>, subject: &Subject, written: &'w Written, options: &Options) -> Option<&'w str> {
    Some(match written {
        Written::NotNull => "not_null",
        Written::NotBlank => "not_blank",
        Written::In { negated: false, .. } => "in",
        Written::In { negated: true, .. } => "not_in",
        Written::Between(..) => "between",
        Written::StrictlyBetween(..) => "strictly_between",
        Written::Not(inner) => match inner.value {
            Written::Between(..) | Written::StrictlyBetween(..) => "not_between",
            Written::Matches(_) => "not_matches",
            Written::Like(_) => "not_like",
            _ => "not_references",
        },
        Written::NotMissing(_) => "not_missing",
        Written::NotInFuture => "not_in_future",
        Written::CastableAs(_) => "castable",
        Written::Compare(c, _) => comparison_check(*c),
        Written::Matches(_) => "matches",
        Written::Like(_) => "like",
        Written::Length(_) => "length",
        Written::Is { format, .. } => {
            let is_format = pipe_schema::predicate(format).is_some_and(PredicateInfo::is_format);
            if let Some(pipe_schema::Way::Refused { why }) = pipe_schema::kind(format).map(|k| k.way) {
                let message = format!("`{}` is a kind of check that the language does not have", format.value);
                cx.report(Diagnostic::error(codes::REFUSED_KIND, message, format.span).help(why));
                return None;
            }
            if let Some(instead) = (!is_format).then(|| in_place_of(format)).flatten() {
                let message = format!("`{}` is no format", format.value);
                cx.report(Diagnostic::error(codes::UNKNOWN_FORMAT, message, format.span).help(instead));
                return None;
            }
            if !is_format {
                let formats = pipe_schema::predicates().filter(|p| p.is_format()).map(|p| p.name);
                cx.unknown(codes::UNKNOWN_FORMAT, "format", format, formats);
                return None;
            }
            format.as_str()
        }
        Written::Unique => "unique",
        Written::References { .. } => "references",
        Written::Determines(_) => "determines",
        Written::Monotone(syntax::Monotone { decreasing: false, .. }) => "increasing",
        Written::Monotone(_) => "decreasing",
        Written::Sequential { .. } => "sequential",
        Written::NotOverlapping => "not_overlapping",
        Written::Contiguous => "contiguous",
        Written::Transitions { .. } => "transitions",
        Written::Values { equal: false, .. } => "values_contain",
        Written::Values { equal: true, .. } => "values_equal",
        Written::WithoutGaps(_) => "gaps",
        Written::Distinct(_) => "distinct",
        Written::WithinSpread { runs: None, seasonal: None, .. }
            if !subject.is_aggregate() && options.over_last.is_none() =>
        {
            "outliers"
        }
        Written::WithinSpread { .. } | Written::WithinLast(_) | Written::CompareLast(..) => {
            earlier::check_name(written)?
        }
        Written::WithinAge(_) => "within_age",
        Written::SameAs { .. } => "same_as",
        Written::Columns(_) => "columns",
        Written::ColumnsInAnyOrder(_) => "columns_set",
        Written::ColumnsContain(_) => "columns_contain",
        Written::ColumnsWithout(_) => "columns_without",
        Written::ColumnsMatch(_) => "columns_match",
        Written::ColumnsSameAs(_) => "columns_same_as",
        Written::RowCountSameAs(_) => "row_count_same_as",
        Written::Statistic(_) | Written::Compound(_) => return None,
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
    let ranges = matches!(info.name, "not_overlapping" | "contiguous");
    if ranges && subject.expressions.len() != 2 {
        return refuse(
            cx,
            codes::RANGE_SUBJECT,
            format!("`{words}` is about a beginning and an end"),
            "write both in front of it, as in `(valid_from, valid_to) not overlapping`",
        );
    }
    if let Some(second) = subject.expressions.get(1)
        && !ranges
        && !matches!(info.name, "unique" | "references" | "not_references" | "determines")
    {
        let message = format!("`{words}` judges one expression, and there are several");
        cx.report(
            Diagnostic::error(codes::ONE_EXPRESSION, message, second.span)
                .help("to judge each, write columns without parentheses: `a, b not null`"),
        );
        return None;
    }
    match info.name {
        "closed" if !subject.is_table() => {
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
        "row_count_same_as" => return Some(info.level),
        _ if info.level == Level::Schema => return Some(info.level),
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
    let on_aggregates = matches!(
        info.name,
        "between" | "strictly_between" | "not_between" | "lt" | "le" | "eq" | "ge" | "gt" | "ne" | "in" | "not_in"
    );
    let needs_aggregate = info.level == Level::History || info.name == "same_as";
    match (subject.is_aggregate(), info.level) {
        (true, Level::Row) if on_aggregates => Some(Level::Table),
        (true, Level::Table | Level::History) if needs_aggregate || info.name == "within_age" => Some(info.level),
        // A row's own age.
        (false, _) if info.name == "within_age" => Some(Level::Row),
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
            "take a number of the table, as in `usual_size: (count(*)) within 3 sigma over last 14 runs` or `total mean within 20% of last run`",
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
    cx.report(
        Diagnostic::error(sql::PREDICATE_TYPE, format!("`{}` does not judge {}", info.syntax, class_word(found)), span)
            .label(subject.span, format!("this is {}", class_word(found)))
            .help(info.judges(subject.expressions.first().map_or("", |e| e.text.trim()))),
    );
    None
}

fn build(
    cx: &mut Cx<'_>,
    table: Option<&Table<'_>>,
    subject: &Subject,
    written: &Spanned<&Written>,
    level: Level,
    options: &Options,
) -> Option<Predicate> {
    let against = Against::subject(subject, table, level);
    let operands = |cx: &mut Cx<'_>, values: &[Spanned<syntax::Operand>]| -> Option<Vec<Expression>> {
        let values: Vec<_> = values.iter().map(|v| against.operand(cx, table, v)).collect();
        values.into_iter().collect()
    };
    Some(match written.value {
        Written::NotNull => Predicate::NotNull,
        Written::NotBlank => Predicate::NotBlank,
        Written::In { negated, values } => Predicate::In { negated: *negated, values: operands(cx, values)? },
        Written::NotMissing(values) => Predicate::NotMissing(operands(cx, values)?),
        Written::Values { equal, values } => Predicate::Values { equal: *equal, values: operands(cx, values)? },
        Written::NotInFuture => Predicate::NotInFuture,
        Written::CastableAs(ty) => Predicate::CastableAs(crate::declare::type_name(cx, ty)?),
        Written::Not(inner) => {
            let inner = Spanned::new(&inner.value, inner.span);
            Predicate::Not(Box::new(build(cx, table, subject, &inner, level, options)?))
        }
        Written::StrictlyBetween(low, high) => {
            let between = Written::Between(low.clone(), high.clone());
            match against.comparison(cx, table, &between)? {
                Predicate::Between(low, high) => Predicate::StrictlyBetween(low, high),
                _ => return None,
            }
        }
        Written::Between(..) | Written::Compare(..) => against.comparison(cx, table, written.value)?,
        Written::Matches(regex) => {
            compiles(cx, regex)?;
            Predicate::Matches(regex.value.clone())
        }
        Written::Like(pattern) => Predicate::Like(pattern.value.clone()),
        Written::Length(inner) => Predicate::Length(Box::new(measure(cx, table, inner, "length")?)),
        Written::Distinct(inner) => Predicate::Distinct(Box::new(measure(cx, table, inner, "distinct")?)),
        Written::Is { format, argument } => {
            format_argument(cx, format, argument.as_ref())?;
            if format.value == "json_schema" {
                // One that could not be read was reported when it was looked for.
                return argument
                    .as_ref()
                    .and_then(|a| cx.named.schemas.get(&a.span))
                    .cloned()
                    .map(Box::new)
                    .map(Predicate::JsonSchema);
            }
            Predicate::Is { format: format.value.clone(), argument: argument.as_ref().map(|a| a.value.clone()) }
        }
        Written::Unique => Predicate::Unique,
        Written::Monotone(syntax::Monotone { decreasing, strict, order }) => Predicate::Monotone {
            decreasing: *decreasing,
            strict: *strict,
            order: order_column(cx, table, order.as_ref(), written.span)?,
        },
        Written::Sequential { step, order } => Predicate::Sequential {
            step: match step {
                Some(step) => Some(Box::new(distance(cx, table, subject, step)?)),
                None => None,
            },
            order: order_column(cx, table, order.as_ref(), written.span)?,
        },
        Written::NotOverlapping => Predicate::NotOverlapping,
        Written::Contiguous => Predicate::Contiguous,
        Written::Transitions { steps, order } => {
            let end = |cx: &mut Cx<'_>, literal: &Spanned<syntax::Literal>| {
                let operand = Spanned::new(syntax::Operand::Literal(literal.value.clone()), literal.span);
                against.operand(cx, table, &operand)
            };
            let steps: Vec<_> = steps.iter().map(|(from, to)| Some((end(cx, from)?, end(cx, to)?))).collect();
            Predicate::Transitions {
                steps: steps.into_iter().collect::<Option<_>>()?,
                order: order_column(cx, table, order.as_ref(), written.span)?,
            }
        }
        Written::WithoutGaps(over) => Predicate::WithoutGaps(Box::new(distance(cx, table, subject, over)?)),
        Written::References { table: to, columns } => references(cx, table, subject, to, columns)?,
        Written::Determines(columns) => {
            determines(cx, table, subject, columns);
            Predicate::Determines(columns.iter().map(|c| c.value.clone()).collect())
        }
        Written::WithinSpread { factor, unit, .. } if level != Level::History => {
            Predicate::Outliers { factor: earlier::factor(cx, factor, unit)?, unit: earlier::spread(unit) }
        }
        Written::WithinSpread { .. } | Written::WithinLast(_) | Written::CompareLast(..) => {
            earlier::earlier(cx, written.value, options)?
        }
        Written::WithinAge(ms) => Predicate::WithinAge(ms.value),
        Written::SameAs { table: other, column } => {
            let found = cx.table(other);
            cx.column(found, column);
            Predicate::SameAs { table: other.value.clone(), column: column.value.clone() }
        }
        Written::Columns(columns) => Predicate::Columns(column_names(cx, table, columns)),
        Written::ColumnsInAnyOrder(columns) => Predicate::ColumnsInAnyOrder(column_names(cx, table, columns)),
        Written::ColumnsContain(columns) => Predicate::ColumnsContain(column_names(cx, table, columns)),
        Written::ColumnsWithout(names) => Predicate::ColumnsWithout(names.iter().map(|n| n.value.clone()).collect()),
        Written::ColumnsMatch(regex) => {
            compiles(cx, regex)?;
            Predicate::ColumnsMatch(regex.value.clone())
        }
        Written::ColumnsSameAs(other) => {
            cx.table(other);
            Predicate::ColumnsSameAs(other.value.clone())
        }
        Written::RowCountSameAs(other) => {
            cx.table(other);
            Predicate::RowCountSameAs(other.value.clone())
        }
        Written::Statistic(_) | Written::Compound(_) => return None,
        Written::Type(types) => {
            let types: Vec<_> = types.iter().map(|ty| crate::declare::type_name(cx, ty)).collect();
            Predicate::Type(types.into_iter().collect::<Option<_>>()?)
        }
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

fn compiles(cx: &mut Cx<'_>, regex: &syntax::Text) -> Option<()> {
    regex::Regex::new(regex).map_err(|e| cx.report(bad_regex(regex, &e))).ok().map(|_| ())
}

fn column_names(cx: &mut Cx<'_>, table: Option<&Table<'_>>, columns: &[Name]) -> Vec<String> {
    for c in columns {
        cx.column(table, c);
    }
    cx.no_duplicates(columns);
    columns.iter().map(|c| c.value.clone()).collect()
}

/// The column behind `order by`; without one the rows are taken as read, which those of a model are not.
fn order_column(
    cx: &mut Cx<'_>,
    table: Option<&Table<'_>>,
    order: Option<&Name>,
    span: Span,
) -> Option<Option<String>> {
    let Some(order) = order else {
        if !table.is_some_and(Table::is_model) {
            return Some(None);
        }
        cx.report(
            Diagnostic::error(codes::UNORDERED, "rows of a model come in no order", span)
                .help("say which column orders them: add `order by …` behind it"),
        );
        return None;
    };
    cx.column(table, order);
    Some(Some(order.value.clone()))
}

/// What is between two values of the subject: a number, or of times a duration.
fn distance(
    cx: &mut Cx<'_>,
    table: Option<&Table<'_>>,
    subject: &Subject,
    written: &Spanned<syntax::Operand>,
) -> Option<Expression> {
    let time = subject.expressions.first().and_then(|e| class(e, table)).map(|c| c == TypeClass::Time);
    let duration = matches!(written.value, syntax::Operand::Duration(_));
    if time.is_some_and(|time| time != duration) {
        let (what, help) = if duration {
            ("numbers are not a duration apart", "write a number such as 1")
        } else {
            ("times are not a number apart", "write a duration such as `1d`")
        };
        cx.report(Diagnostic::error(sql::WRONG_TYPES, what, written.span).help(help));
        return None;
    }
    cx.operand(written, table)
}

/// Reports an argument that a format does not take, or lacks.
fn format_argument(cx: &mut Cx<'_>, format: &syntax::Word, argument: Option<&syntax::Text>) -> Option<()> {
    let info = pipe_schema::predicate(format)?;
    match argument {
        Some(argument) if !info.takes_argument() => {
            let taking = pipe_schema::predicates().filter(|p| p.takes_argument()).map(|p| format!("`is {}`", p.name));
            let taking = taking.collect::<Vec<_>>().join(", ");
            cx.report(
                Diagnostic::error(
                    codes::FORMAT_ARGUMENT,
                    format!("`is {}` takes no argument", format.value),
                    argument.span,
                )
                .help(format!("those that take one: {taking}")),
            );
            None
        }
        None if info.needs_argument() => {
            let message = format!("`is {}` needs to be told which", format.value);
            cx.report(
                Diagnostic::error(codes::FORMAT_ARGUMENT, message, format.span)
                    .help(format!("write it as in `{}`", info.example.trim_end_matches(';'))),
            );
            None
        }
        Some(country) if info.name == "postal_code" && pipe_schema::postal_patterns(country).is_none() => {
            cx.unknown(codes::FORMAT_ARGUMENT, "country", country, pipe_schema::postal_countries());
            None
        }
        _ => Some(()),
    }
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
    if !matches!(inner.value, Written::Between(..) | Written::StrictlyBetween(..) | Written::Compare(..)) {
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
    if let Written::StrictlyBetween(low, high) = &inner.value {
        return match Against::number().comparison(cx, table, &Written::Between(low.clone(), high.clone()))? {
            Predicate::Between(low, high) => Some(Predicate::StrictlyBetween(low, high)),
            _ => None,
        };
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
