//! How texts are written: case and blanks, what stands for a missing value, shapes, lengths.

use std::collections::BTreeMap;

use pipe_profile::ColumnProfile;

use crate::candidate::{Candidate, Facts, Rank, Repair};
use crate::columns::rule;
use crate::words;

/// Of the texts, so many have one shape.
const ONE_SHAPE: f64 = 0.9;
/// Shapes at most, and how many of the texts they have together.
const SHAPES: (usize, f64) = (3, 0.97);
/// Of the texts, so many may be written in another way.
const OTHERS: f64 = 0.1;
/// Of the rows, so many may say in words that there is no value.
const MISSING: f64 = 0.5;

/// A way to write texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// No blanks around.
    Trimmed,
    /// No blanks around, all lower case.
    Lower,
    /// No blanks around, all upper case.
    Upper,
}

impl Form {
    /// A text in this form.
    pub fn apply(self, text: &str) -> String {
        match self {
            Form::Trimmed => text.trim_matches(' ').to_owned(),
            Form::Lower => text.trim_matches(' ').to_lowercase(),
            Form::Upper => text.trim_matches(' ').to_uppercase(),
        }
    }

    fn sql(self, column: &str) -> String {
        match self {
            Form::Trimmed => format!("trim({column})"),
            Form::Lower => format!("lower(trim({column}))"),
            Form::Upper => format!("upper(trim({column}))"),
        }
    }
}

/// The form that frequent values have of which others differ in case and blanks alone.
pub fn form(column: &ColumnProfile) -> Option<Form> {
    if column.ty != "text" {
        return None;
    }
    let mut alike: BTreeMap<String, Vec<(&str, u64)>> = BTreeMap::new();
    for value in &column.top {
        alike.entry(value.value.trim().to_lowercase()).or_default().push((&value.value, value.count));
    }
    let several: Vec<&Vec<(&str, u64)>> = alike.values().filter(|v| v.len() > 1).collect();
    // Of each the most frequent is right, and must be by far.
    let mut right = Vec::new();
    for variants in &several {
        let all: u64 = variants.iter().map(|(_, n)| n).sum();
        let (value, most) = variants.iter().max_by_key(|(_, n)| *n)?;
        if *most * 5 < all * 4 {
            return None;
        }
        right.push(*value);
    }
    let others: Vec<&str> =
        several.iter().flat_map(|v| v.iter()).map(|(v, _)| *v).filter(|v| !right.contains(v)).collect();
    if right.is_empty() {
        return None;
    }
    let fits = |form: &Form| {
        right.iter().all(|v| form.apply(v) == **v)
            && others.iter().all(|v| right.contains(&form.apply(v).as_str()))
            && column.top.iter().all(|v| others.contains(&v.value.as_str()) || form.apply(&v.value) == v.value)
    };
    [Form::Trimmed, Form::Lower, Form::Upper].into_iter().find(fits)
}

/// Whether a text says that there is no value.
pub fn stands_for_missing(text: &str) -> bool {
    let plain = text.trim().to_lowercase();
    ["n/a", "#n/a", "nan", "nil", "null", "undefined", "-", "--", ".", "?"].contains(&plain.as_str())
}

/// Texts that stand for a missing value, to be made NULL.
pub fn sentinels(facts: &Facts<'_>, column: &ColumnProfile) -> Option<Candidate> {
    if column.ty != "text" {
        return None;
    }
    let found: Vec<_> = column.top.iter().filter(|v| stands_for_missing(&v.value)).collect();
    let rows: u64 = found.iter().map(|v| v.count).sum();
    if found.is_empty() || rows as f64 > MISSING * facts.profile.rows as f64 {
        return None;
    }
    let values: Vec<String> = found.iter().map(|v| words::text(&v.value)).collect();
    let mut rule = rule(column, format!("not in ({})", values.join(", ")), "not_in", Rank::Completeness);
    rule.most = MISSING;
    rule.evidence = "these say that there is no value".to_owned();
    rule.repair = Some(Repair::Set { column: column.name.clone(), expression: "null".to_owned() });
    Some(rule)
}

/// Shapes, lengths.
pub fn of(facts: &Facts<'_>, column: &ColumnProfile) -> Option<Candidate> {
    if column.ty != "text" {
        return None;
    }
    marks(column).or_else(|| shapes(column)).or_else(|| length(facts, column))
}

/// One way to write, when others occur.
pub fn written(column: &ColumnProfile) -> Option<Candidate> {
    let form = form(column)?;
    let name = words::name(&column.name);
    let expression = form.sql(&name);
    let mut found = rule(column, "", "boolean", Rank::Pattern);
    found.subject = format!("({name} = {expression})");
    found.name = Some(format!("{}_written", plain_name(&column.name)));
    found.most = OTHERS;
    found.evidence = "values that differ in case or blanks alone are the same".to_owned();
    found.repair = Some(Repair::Set { column: column.name.clone(), expression });
    Some(found)
}

/// Letters, digits and `_` of a name.
fn plain_name(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    if plain.starts_with(|c: char| c.is_ascii_digit()) { format!("c_{plain}") } else { plain }
}

/// The regular expression of the few shapes that nearly all texts have.
fn shapes(column: &ColumnProfile) -> Option<Candidate> {
    let (most, together) = SHAPES;
    let first = column.patterns.first()?;
    let mut chosen = Vec::new();
    let mut share = 0.0;
    for pattern in column.patterns.iter().take(most) {
        if share >= together || share >= ONE_SHAPE && pattern.share < 0.02 {
            break;
        }
        chosen.push(pattern.pattern.as_str());
        share += pattern.share;
    }
    if first.share < ONE_SHAPE {
        if share < together {
            return None;
        }
    } else if first.share >= together || chosen.len() > 1 && share < together {
        chosen.truncate(1);
        share = first.share;
    }
    // A word says nothing, and what nobody would write as a shape is none.
    let telling = |p: &&str| p.chars().any(|c| !matches!(c, 'a' | 'A' | '+' | ' ')) && p.chars().count() <= 40;
    if !chosen.iter().all(telling) {
        return None;
    }
    let expression = match merged(&chosen) {
        Some(one) => format!("^{one}$"),
        None => format!("^({})$", chosen.iter().map(|p| regex(p)).collect::<Vec<_>>().join("|")),
    };
    let mut found = rule(column, format!("matches {}", words::text(&expression)), "matches", Rank::Pattern);
    found.most = OTHERS;
    found.evidence = format!("{} have this shape", words::share(share));
    Some(found)
}

/// Of the texts, so many have the shape that others are brought into.
const USUAL: f64 = 0.5;

/// One shape of letters and digits with the marks between them, when the same letters and digits also come with other marks: `030/1234567`
/// and `030-1234567`.
fn marks(column: &ColumnProfile) -> Option<Candidate> {
    let usual = column.patterns.first().filter(|p| p.share >= USUAL)?;
    let runs = |shape: &str| -> Option<Vec<Part>> {
        let runs: Vec<Part> = parts(shape).into_iter().filter(|p| is_class(p.is)).collect();
        // A run of any length could be cut in another place.
        runs.iter().all(|p| p.most.is_some()).then_some(runs)
    };
    let of = runs(&usual.pattern).filter(|of| of.len() >= 2 && parts(&usual.pattern).len() > of.len())?;
    let others: Vec<_> = column.patterns.iter().skip(1).filter(|p| runs(&p.pattern).as_ref() == Some(&of)).collect();
    let together = usual.share + others.iter().map(|p| p.share).sum::<f64>();
    if others.is_empty() || together < ONE_SHAPE {
        return None;
    }
    let name = words::name(&column.name);
    let mut written = String::new();
    let mut run = 0;
    for part in parts(&usual.pattern) {
        if is_class(part.is) {
            run += 1;
            written += &format!("\\{run}");
        } else {
            written.push(part.is);
        }
    }
    let expression = others.iter().fold(name, |inner, other| {
        let grouped: String =
            parts(&other.pattern)
                .into_iter()
                .map(|part| {
                    if is_class(part.is) {
                        format!("({})", self::expression(&[part]))
                    } else {
                        self::expression(&[part])
                    }
                })
                .collect();
        format!("regexp_replace({inner}, {}, {})", words::text(&format!("^{grouped}$")), words::text(&written))
    });
    let predicate = format!("matches {}", words::text(&format!("^{}$", regex(&usual.pattern))));
    let mut found = rule(column, predicate, "matches", Rank::Pattern);
    found.most = 1.0 - USUAL;
    found.evidence = format!(
        "{} have this shape, {} the same letters and digits with other marks",
        words::share(usual.share),
        words::share(together - usual.share)
    );
    found.after = Some(format!("({expression}) {}", found.predicate));
    found.repair = Some(Repair::Set { column: column.name.clone(), expression });
    Some(found)
}

/// Whether a part of a shape stands for letters or digits.
fn is_class(is: char) -> bool {
    matches!(is, 'A' | 'a' | '9')
}

/// A part of a shape: a class or a character, and how often it stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    is: char,
    least: usize,
    /// `None`: any number.
    most: Option<usize>,
}

/// The parts of a shape: `A` an upper-case letter, `a` another, `9` a digit, a plus behind them: one or more.
fn parts(shape: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut chars = shape.chars().peekable();
    while let Some(is) = chars.next() {
        if !matches!(is, 'A' | 'a' | '9') {
            parts.push(Part { is, least: 1, most: Some(1) });
            continue;
        }
        let mut least = 1;
        while chars.next_if_eq(&is).is_some() {
            least += 1;
        }
        let most = if chars.next_if_eq(&'+').is_some() { None } else { Some(least) };
        parts.push(Part { is, least, most });
    }
    parts
}

fn expression(parts: &[Part]) -> String {
    let mut out = String::new();
    for part in parts {
        match part.is {
            'A' => out += "[A-Z]",
            'a' => out += "[a-z]",
            '9' => out += "[0-9]",
            other => {
                if !other.is_alphanumeric() && !matches!(other, ' ' | '_' | '-' | ',' | ':' | '/' | '@' | '%' | '#') {
                    out.push('\\');
                }
                out.push(other);
                continue;
            }
        }
        match (part.least, part.most) {
            (1, Some(1)) => {}
            (1, None) => out.push('+'),
            (least, None) => out += &format!("{{{least},}}"),
            (least, Some(most)) if least == most => out += &format!("{{{least}}}"),
            (least, Some(most)) => out += &format!("{{{least},{most}}}"),
        }
    }
    out
}

/// A shape as a regular expression.
fn regex(shape: &str) -> String {
    expression(&parts(shape))
}

/// One expression for shapes that differ in the lengths of their parts alone.
fn merged(shapes: &[&str]) -> Option<String> {
    let mut all = shapes.iter().map(|shape| parts(shape));
    let mut one = all.next()?;
    for other in all {
        if other.len() != one.len() || one.iter().zip(&other).any(|(a, b)| a.is != b.is) {
            return None;
        }
        for (a, b) in one.iter_mut().zip(other) {
            a.least = a.least.min(b.least);
            a.most = a.most.zip(b.most).map(|(a, b)| a.max(b));
        }
    }
    Some(expression(&one))
}

/// The number of characters, when it is always the same.
fn length(facts: &Facts<'_>, column: &ColumnProfile) -> Option<Candidate> {
    let lengths = column.lengths.as_ref()?;
    let at = |share: f64| lengths.quantiles.iter().find(|q| (q.share - share).abs() < 1e-9).map(|q| q.number);
    let (low, high) = (at(0.05)?, at(0.95)?);
    let same = low == high && low >= 2.0;
    let enough = facts.profile.rows >= 20 && column.distinct.value >= 10 && crate::sets::constant(column).is_none();
    (same && enough).then(|| {
        let mut found = rule(column, format!("length = {low}"), "length", Rank::Pattern);
        found.most = OTHERS;
        found
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_regular_expressions() {
        let told: Vec<String> = ["99999", "AA-9+", "a+@a+.a+", "(999) 9", "9.9"].into_iter().map(regex).collect();
        assert_eq!(
            told,
            ["[0-9]{5}", "[A-Z]{2}-[0-9]+", r"[a-z]+@[a-z]+\.[a-z]+", r"\([0-9]{3}\) [0-9]", r"[0-9]\.[0-9]"]
        );
    }

    #[test]
    fn shapes_of_other_lengths_are_one_expression() {
        assert_eq!(merged(&["AA-999", "AA-99", "AA-9+"]).as_deref(), Some("[A-Z]{2}-[0-9]+"));
        assert_eq!(merged(&["AA-999", "AA-99"]).as_deref(), Some("[A-Z]{2}-[0-9]{2,3}"));
        assert_eq!(merged(&["AA-999", "9"]), None);
    }

    #[test]
    fn what_stands_for_a_missing_value() {
        assert!(["N/A", " null ", "-", "?"].iter().all(|t| stands_for_missing(t)));
        assert!(!["none", "unknown", "0", "empty", "na"].iter().any(|t| stands_for_missing(t)), "these may be values");
    }
}
