//! Rules in the language's words, folded to one line.

use pipe_sql::Expression;
use pipe_syntax::Comparison;

use super::{Earlier, Method, Middle, Part, Predicate, Rule, Statistic, Term, Tolerance};

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
        Predicate::JsonSchema(schema) => format!("is json_schema {}", quoted(&schema.written)),
        Predicate::Unique => "unique".to_owned(),
        Predicate::References { table, columns } => format!("references {table} ({})", columns.join(", ")),
        Predicate::Determines(columns) => format!("determines ({})", columns.join(", ")),
        Predicate::Not(inner) => format!("not {}", predicate_text(inner)),
        Predicate::NotMissing(values) if values.is_empty() => "not missing".to_owned(),
        Predicate::NotMissing(values) => format!("not missing ({})", list(values)),
        Predicate::NotInFuture => "not in future".to_owned(),
        Predicate::StrictlyBetween(low, high) => format!("strictly between {} and {}", sql(low), sql(high)),
        Predicate::CastableAs(ty) => format!("castable as {ty}"),
        Predicate::Monotone { decreasing, strict, order } => format!(
            "{}{}{}",
            if *strict { "strictly " } else { "" },
            if *decreasing { "decreasing" } else { "increasing" },
            order_text(order.as_deref())
        ),
        Predicate::Sequential { step, order } => {
            let step = step.as_ref().map(|s| format!(" step {}", sql(s))).unwrap_or_default();
            format!("sequential{step}{}", order_text(order.as_deref()))
        }
        Predicate::NotOverlapping => "not overlapping".to_owned(),
        Predicate::Contiguous => "contiguous".to_owned(),
        Predicate::Transitions { steps, order } => {
            let steps: Vec<String> = steps.iter().map(|(from, to)| format!("{} to {}", sql(from), sql(to))).collect();
            format!("transitions ({}){}", steps.join(", "), order_text(order.as_deref()))
        }
        Predicate::Outliers { factor, unit } => format!("within {factor} {}", unit.word()),
        Predicate::Values { equal, values } => {
            format!("values {} ({})", if *equal { "equal" } else { "contain" }, list(values))
        }
        Predicate::WithoutGaps(over) => format!("without gaps over {}", sql(over)),
        Predicate::Statistic(statistic) => statistic_text(statistic),
        Predicate::Compound { all, parts } => {
            let part = |p: &Part| match &p.subject {
                Some(subject) => format!("{} {}", sql(subject), predicate_text(&p.predicate)).trim_end().to_owned(),
                None => predicate_text(&p.predicate),
            };
            let parts: Vec<String> = parts.iter().map(part).collect();
            format!("{} of ({})", if *all { "all" } else { "any" }, parts.join(", "))
        }
        Predicate::ColumnsInAnyOrder(columns) => format!("columns in any order ({})", columns.join(", ")),
        Predicate::ColumnsContain(columns) => format!("columns contain ({})", columns.join(", ")),
        Predicate::ColumnsWithout(names) => {
            let names: Vec<String> = names.iter().map(|n| quoted(n)).collect();
            format!("columns without ({})", names.join(", "))
        }
        Predicate::ColumnsMatch(regex) => format!("columns match {}", quoted(regex)),
        Predicate::ColumnsSameAs(table) => format!("columns same as {table}"),
        Predicate::RowCountSameAs(table) => format!("row count same as {table}"),
        Predicate::Distinct(inner) => format!("distinct {}", predicate_text(inner)),
        Predicate::Earlier(earlier) => earlier_text(earlier),
        Predicate::WithinAge(millis) => format!("within {}", duration(*millis)),
        Predicate::SameAs { table, column } => format!("same as {table} ({column})"),
        Predicate::Columns(columns) => format!("columns ({})", columns.join(", ")),
        Predicate::Type(types) => match types.as_slice() {
            [ty] => format!("type {ty}"),
            types => format!("type in ({})", types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        },
        Predicate::Closed => "closed".to_owned(),
    }
}

fn statistic_text(statistic: &Statistic) -> String {
    format!("{} {}", statistic_name(statistic), predicate_text(&statistic.holds))
}

fn statistic_name(statistic: &Statistic) -> String {
    let name = match statistic.name {
        "row_count" => "row count".to_owned(),
        "column_count" => "column count".to_owned(),
        name => name.to_owned(),
    };
    let share = statistic.share.map(|s| format!(" {s}")).unwrap_or_default();
    let from = statistic.reference.as_ref().map(|(t, c)| format!(" from {t} ({c})")).unwrap_or_default();
    format!("{name}{share}{from}")
}

fn earlier_text(earlier: &Earlier) -> String {
    let Earlier { method, runs, same_weekday } = earlier;
    let of = |middle: &Middle, runs: u32| {
        let last = if runs == 1 { "last run".to_owned() } else { format!("last {runs} runs") };
        match middle {
            Middle::Mean => last,
            middle => format!("{} of {last}", middle.word()),
        }
    };
    let text = match method {
        Method::Spread { factor, unit } => format!("within {factor} {} over last {runs} runs", unit.word()),
        Method::Seasonal { factor, season } => {
            format!("within {factor} sigma seasonal {season} over last {runs} runs")
        }
        Method::Within { share, middle } => format!("within {} of {}", percent(*share), of(middle, *runs)),
        Method::Bound { comparison, terms, offset } => {
            let alone = terms.len() == 1 && *offset == 0.0;
            let mut text = symbol(*comparison).to_owned();
            for (i, Term { share, middle, runs }) in terms.iter().enumerate() {
                let sign = if i == 0 {
                    ""
                } else if *share < 0.0 {
                    " -"
                } else {
                    " +"
                };
                let share = percent(share.abs());
                let whole = share == "100%" && !alone;
                let share = if whole { String::new() } else { format!("{share} of ") };
                text += &format!("{sign} {share}{}", of(middle, *runs));
            }
            if *offset != 0.0 {
                text += &format!(" {} {}", if *offset < 0.0 { "-" } else { "+" }, offset.abs());
            }
            text
        }
    };
    if *same_weekday { format!("{text} same weekday") } else { text }
}

/// The number of the table that a rule is about, without what must hold of it: `count(*)`, `email completeness`,
/// `sum(total) where status = 'paid' by (shop)`. Rules that measure the same have the same, whatever they ask of it.
pub fn measure_text(rule: &Rule) -> String {
    let subject = rule.subject.iter().map(bare).collect::<Vec<_>>().join(", ");
    let mut text = match &rule.predicate {
        Predicate::Statistic(statistic) if statistic.name == "row_count" => "count(*)".to_owned(),
        Predicate::Statistic(statistic) => format!("{subject} {}", statistic_name(statistic)),
        Predicate::Distinct(_) => format!("{subject} distinct"),
        Predicate::RowCountSameAs(_) => "count(*)".to_owned(),
        Predicate::Values { .. } | Predicate::Compound { .. } | Predicate::WithoutGaps(_) => {
            format!("{subject} {}", predicate_text(&rule.predicate))
        }
        _ => subject,
    };
    if rule.approx {
        text.push_str(" approx");
    }
    if let Some(filter) = &rule.filter {
        text.push_str(&format!(" where {}", bare(filter)));
    }
    if !rule.by.is_empty() {
        text.push_str(&format!(" by ({})", rule.by.join(", ")));
    }
    text.trim().to_owned()
}

/// An expression without parentheses around the whole of it.
fn bare(expression: &Expression) -> String {
    let mut ast = &expression.ast;
    while let sqlparser::ast::Expr::Nested(inner) = ast {
        ast = inner;
    }
    ast.to_string()
}

fn order_text(order: Option<&str>) -> String {
    order.map(|c| format!(" order by {c}")).unwrap_or_default()
}

fn list(values: &[Expression]) -> String {
    values.iter().map(sql).collect::<Vec<_>>().join(", ")
}

/// `1%`, `5`; `None` for none.
pub fn tolerance_text(tolerance: Tolerance) -> Option<String> {
    match tolerance {
        Tolerance::None => None,
        Tolerance::Share(share) => Some(percent(share)),
        Tolerance::Rows(rows) => Some(rows.to_string()),
    }
}

/// A text in quotes.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A share as a percentage, without a rounding tail.
pub fn percent(share: f64) -> String {
    let digits = format!("{:.6}", share * 100.0);
    format!("{}%", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// The largest unit that divides it: `90s`, `2h`, `7d`.
pub fn duration(millis: u64) -> String {
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)] {
        if millis >= size && millis.is_multiple_of(size) {
            return format!("{}{unit}", millis / size);
        }
    }
    format!("{millis}ms")
}

/// SQL with white space, comments and case of keywords made the same.
fn sql(expression: &Expression) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_the_language_reads_them() {
        assert_eq!([duration(90_000), duration(7 * 86_400_000), duration(250)], ["90s", "7d", "250ms"]);
        assert_eq!([percent(0.001), percent(0.5), percent(1.0), percent(0.07)], ["0.1%", "50%", "100%", "7%"]);
        assert_eq!(quoted("it's"), "'it''s'");
    }
}
