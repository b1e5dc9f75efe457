//! How the standard may say a rule. Whether it reads back as the rule is asked of its reader.

use pipe_check::words::{percent, predicate_text};
use pipe_check::{Predicate, Rule, Severity, Tolerance};
use pipe_schema::Level;
use pipe_sql::Expression;
use pipe_syntax::Comparison;

use crate::terms::{is_plain, key, subject};
use crate::yaml::Yaml;

/// Keys and their values.
type Entries = Vec<(&'static str, Yaml)>;

/// Where in the contract something is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Of a property: `required`.
    Property(String),
    /// Of the type of a property: `minimum`.
    Options(String),
    /// Where a property leads.
    Relationship(String),
    /// A quality rule of a property, or of the table.
    Quality(Option<String>),
    /// The primary key: the entries are its columns, in order.
    Key,
    /// A service level.
    ServiceLevel,
}

/// Something said.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Form {
    pub(super) place: Place,
    pub(super) entries: Entries,
}

/// What is said at a place.
pub(super) fn placed(forms: &[Form], place: &Place) -> Vec<Yaml> {
    forms.iter().filter(|f| f.place == *place).map(|f| Yaml::Map(f.entries.clone())).collect()
}

/// The first key all of whose columns must have a value, with the rules that say so.
pub(super) fn primary_key<'r>(rules: &[&'r Rule]) -> Option<(Form, Vec<&'r Rule>)> {
    rules.iter().filter(|r| r.check == "unique" && is_bare(r)).find_map(|unique| {
        let columns = key(unique)?;
        let filled =
            |c: &&str| rules.iter().find(|r| r.check == "not_null" && is_bare(r) && r.column.as_deref() == Some(*c));
        let mut of: Vec<&Rule> = columns.iter().map(|c| filled(c).copied()).collect::<Option<_>>()?;
        of.push(unique);
        let entries = columns.iter().map(|c| ("column", Yaml::text(*c))).collect();
        Some((Form { place: Place::Key, entries }, of))
    })
}

/// Whether nothing is said of a rule but its subject and its predicate, without a name of its own.
fn is_bare(rule: &Rule) -> bool {
    let derived = match key(rule) {
        Some(columns) => format!("{}.{}", columns.join("_"), rule.check),
        None if rule.subject.is_empty() => rule.check.to_owned(),
        None => return false,
    };
    let dimension = pipe_schema::predicate(rule.check).map_or("validity", |p| p.dimension);
    is_plain(rule)
        && rule.severity == Severity::Error
        && !rule.null_fails
        && !rule.approx
        && rule.because.is_none()
        && rule.dimension == dimension
        && rule.name == derived
}

/// The forms a rule may take, the plainest first.
pub(super) fn candidates(rule: &Rule, table: &str) -> Vec<Form> {
    let mut out = Vec::new();
    if is_bare(rule)
        && let Some(column) = &rule.column
    {
        out.extend(of_property(rule, column));
    }
    out.extend(service_level(rule, table));
    out.extend(library(rule).or_else(|| sql(rule)).map(|(column, metric)| quality(rule, column, metric)));
    out
}

fn of_property(rule: &Rule, column: &str) -> Option<Form> {
    let property = |key, value| Some(Form { place: Place::Property(column.to_owned()), entries: vec![(key, value)] });
    let options = |entries| Some(Form { place: Place::Options(column.to_owned()), entries });
    match &rule.predicate {
        Predicate::NotNull => property("required", Yaml::yes()),
        Predicate::Unique => property("unique", Yaml::yes()),
        Predicate::Matches(regex) => options(vec![("pattern", Yaml::text(regex))]),
        Predicate::Is { format, argument: None } => {
            let theirs = if format == "url" { "uri" } else { format };
            options(vec![("format", Yaml::text(theirs))])
        }
        Predicate::References { table, columns } => {
            let [other] = columns.as_slice() else { return None };
            let entries = vec![("to", Yaml::text(format!("{table}.{other}")))];
            Some(Form { place: Place::Relationship(column.to_owned()), entries })
        }
        Predicate::Length(inner) => match inner.as_ref() {
            Predicate::Between(low, high) => {
                options(vec![("minLength", constant(low)?), ("maxLength", constant(high)?)])
            }
            Predicate::Compare(Comparison::Ge, low) => options(vec![("minLength", constant(low)?)]),
            Predicate::Compare(Comparison::Le, high) => options(vec![("maxLength", constant(high)?)]),
            _ => None,
        },
        Predicate::Between(low, high) => options(vec![("minimum", constant(low)?), ("maximum", constant(high)?)]),
        Predicate::StrictlyBetween(low, high) => {
            options(vec![("exclusiveMinimum", constant(low)?), ("exclusiveMaximum", constant(high)?)])
        }
        Predicate::Compare(comparison, bound) => {
            let key = match comparison {
                Comparison::Ge => "minimum",
                Comparison::Gt => "exclusiveMinimum",
                Comparison::Le => "maximum",
                Comparison::Lt => "exclusiveMaximum",
                Comparison::Eq | Comparison::Ne => return None,
            };
            options(vec![(key, constant(bound)?)])
        }
        _ => None,
    }
}

/// A number or a text that stands for itself.
fn constant(e: &Expression) -> Option<Yaml> {
    let text = e.ast.to_string();
    if let Some(inner) = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')) {
        return Some(Yaml::text(inner.replace("''", "'")));
    }
    let is_number = text.parse::<f64>().is_ok_and(f64::is_finite) && !text.starts_with(|c: char| c.is_alphabetic());
    is_number.then_some(Yaml::Plain(text))
}

/// A rule of the standard's library: the property it is of, and its entries.
fn library(rule: &Rule) -> Option<(Option<String>, Entries)> {
    let metric =
        |name: &str, arguments: Entries| vec![("metric", Yaml::text(name)), ("arguments", Yaml::Map(arguments))];
    let counted = |mut entries: Entries| {
        match rule.tolerate {
            Tolerance::None => entries.push(("mustBe", Yaml::number(0))),
            Tolerance::Rows(rows) => entries.push(("mustBeLessOrEqualTo", Yaml::number(rows))),
            Tolerance::Share(share) => {
                entries.push(("mustBeLessOrEqualTo", Yaml::number(percent(share).trim_end_matches('%'))));
                entries.push(("unit", Yaml::text("percent")));
            }
        }
        entries
    };
    let list = |values: &[Expression]| values.iter().map(constant).collect::<Option<Vec<_>>>().map(Yaml::List);
    let column = rule.column.clone();
    Some(match &rule.predicate {
        Predicate::NotNull => (Some(column?), counted(metric("nullValues", Vec::new()))),
        Predicate::NotMissing(values) if !values.is_empty() => {
            (Some(column?), counted(metric("missingValues", vec![("missingValues", list(values)?)])))
        }
        Predicate::In { negated: false, values } => {
            (Some(column?), counted(metric("invalidValues", vec![("validValues", list(values)?)])))
        }
        Predicate::Matches(regex) => {
            (Some(column?), counted(metric("invalidValues", vec![("pattern", Yaml::text(regex))])))
        }
        Predicate::Unique => {
            let properties = key(rule)?.into_iter().map(Yaml::text).collect();
            let arguments = if column.is_some() { Vec::new() } else { vec![("properties", Yaml::List(properties))] };
            (column, counted(metric("duplicateValues", arguments)))
        }
        Predicate::Statistic(statistic) if statistic.name == "row_count" => {
            let mut entries = metric("rowCount", Vec::new());
            entries.extend(operator(&statistic.holds)?);
            (None, entries)
        }
        _ => return None,
    })
}

/// `mustBe…`
fn operator(holds: &Predicate) -> Option<Entries> {
    let number = |e: &Expression| constant(e).filter(|v| matches!(v, Yaml::Plain(_)));
    Some(match holds {
        Predicate::Compare(comparison, bound) => {
            let key = match comparison {
                Comparison::Eq => "mustBe",
                Comparison::Ne => "mustNotBe",
                Comparison::Gt => "mustBeGreaterThan",
                Comparison::Ge => "mustBeGreaterOrEqualTo",
                Comparison::Lt => "mustBeLessThan",
                Comparison::Le => "mustBeLessOrEqualTo",
            };
            vec![(key, number(bound)?)]
        }
        Predicate::StrictlyBetween(low, high) => {
            vec![("mustBeBetween", Yaml::List(vec![number(low)?, number(high)?]))]
        }
        _ => return None,
    })
}

/// A query: how many rows violate, or an aggregate of the table.
fn sql(rule: &Rule) -> Option<(Option<String>, Entries)> {
    let [expression] = rule.subject.as_slice() else { return None };
    if expression.subquery {
        return None;
    }
    let subject = subject(rule);
    let query = |query: String| vec![("type", Yaml::text("sql")), ("query", Yaml::text(query))];
    let mut entries = match (&rule.predicate, rule.level) {
        (Predicate::True, Level::Row) => {
            let mut entries = query(format!("SELECT COUNT(*) FROM {{object}} WHERE NOT ({subject})"));
            match rule.tolerate {
                Tolerance::None => entries.push(("mustBe", Yaml::number(0))),
                Tolerance::Rows(rows) => entries.push(("mustBeLessOrEqualTo", Yaml::number(rows))),
                Tolerance::Share(_) => return None,
            }
            return Some((None, entries));
        }
        (holds, Level::Table) if expression.aggregate => {
            let filter = rule.filter.as_ref().map(|f| format!(" WHERE {}", f.ast)).unwrap_or_default();
            let mut entries = query(format!("SELECT {subject} FROM {{object}}{filter}"));
            entries.extend(operator(holds)?);
            entries
        }
        _ => return None,
    };
    entries.retain(|(_, v)| *v != Yaml::List(Vec::new()));
    Some((None, entries))
}

fn quality(rule: &Rule, column: Option<String>, metric: Entries) -> Form {
    let derived = column.as_ref().map(|c| format!("{c}.{}", rule.check));
    let own_name = derived.as_ref() != Some(&rule.name) && rule.name != rule.check && !rule.name.contains('.');
    let mut entries = Vec::new();
    if own_name {
        entries.push(("name", Yaml::text(&rule.name)));
    }
    entries.extend(metric);
    let dimension = pipe_schema::predicate(rule.check).map_or("validity", |p| p.dimension);
    if rule.dimension != dimension {
        let theirs = if rule.dimension == "validity" { "conformity" } else { &rule.dimension };
        entries.push(("dimension", Yaml::text(theirs)));
    }
    if rule.severity != Severity::Error {
        entries.push(("severity", Yaml::text(rule.severity.word())));
    }
    entries.extend(rule.because.as_ref().map(|b| ("description", Yaml::text(b))));
    Form { place: Place::Quality(column), entries }
}

/// Freshness, retention and frequency, of a column of the table.
fn service_level(rule: &Rule, table: &str) -> Option<Form> {
    let level = |property: &str, column: &str, (value, unit): (String, &str)| {
        let entries = vec![
            ("property", Yaml::text(property)),
            ("value", Yaml::Plain(value)),
            ("unit", Yaml::text(unit)),
            ("element", Yaml::text(format!("{table}.{column}"))),
        ];
        Some(Form { place: Place::ServiceLevel, entries })
    };
    let of = |function: &str| {
        let [expression] = rule.subject.as_slice() else { return None };
        let [column] = expression.columns.as_slice() else { return None };
        let column = column.parts.last()?;
        let text = subject(rule).to_lowercase();
        (text == format!("{function}({})", pipe_sql::quote(column))).then(|| column.clone())
    };
    match &rule.predicate {
        Predicate::WithinAge(age) if rule.name == "freshness" => level("latency", &of("max")?, measured(*age)?),
        Predicate::WithinAge(age) if rule.name == "retention" => level("retention", &of("min")?, measured(*age)?),
        Predicate::WithoutGaps(_) => {
            let text = predicate_text(&rule.predicate);
            let millis = text.split('\'').nth(1)?.strip_suffix(" milliseconds")?.parse().ok()?;
            level("frequency", rule.column.as_deref()?, measured(millis)?)
        }
        Predicate::True if rule.name == "retention" => {
            let [expression] = rule.subject.as_slice() else { return None };
            let [column] = expression.columns.as_slice() else { return None };
            let text = subject(rule);
            let mut span = text.split('\'').nth(1)?.split(' ');
            let (value, unit) = (span.next()?.to_owned(), span.next()?);
            let unit = if unit.starts_with("mo") { "mo" } else { "y" };
            level("retention", column.parts.last()?, (value, unit))
        }
        _ => None,
    }
}

/// A duration in days, hours or minutes, as far as it is a whole number of them.
fn measured(millis: u64) -> Option<(String, &'static str)> {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min")];
    let (size, unit) = units.into_iter().find(|(size, _)| millis.is_multiple_of(*size) && millis > 0)?;
    Some(((millis / size).to_string(), unit))
}
