//! Between what bounds numbers and times lie.

use pipe_profile::ColumnProfile;

use crate::candidate::{Candidate, Facts, Rank};
use crate::columns::rule;

/// Of the values, so many may be out of bounds.
const OUT: f64 = 0.01;

/// Bounds that tomorrow's values pass, too.
pub fn of(facts: &Facts<'_>, column: &ColumnProfile) -> Vec<Candidate> {
    let mut found = Vec::new();
    if matches!(column.ty.as_str(), "date" | "timestamp" | "timestamptz") {
        // What lies ahead is planned: that is no mistake.
        if facts.ages.iter().any(|(name, age)| *name == column.name && *age >= 0) {
            let mut rule = rule(column, "not in future", "not_in_future", Rank::Range);
            rule.most = OUT;
            rule.evidence = format!("the latest is {}", column.max.clone().unwrap_or_default());
            found.push(rule);
        }
        return found;
    }
    let numeric = column.ty.starts_with("decimal")
        || matches!(column.ty.as_str(), "tinyint" | "smallint" | "int" | "bigint" | "float" | "double");
    let number = |text: &Option<String>| text.as_ref().and_then(|t| t.parse::<f64>().ok()).filter(|n| n.is_finite());
    let (true, Some(min), Some(max), Some(numbers)) =
        (numeric, number(&column.min), number(&column.max), &column.numbers)
    else {
        return found;
    };
    let values = facts.profile.rows - column.nulls.min(facts.profile.rows);
    if values < 20 || column.distinct.value < 3 {
        return found;
    }
    let at = |share: f64| numbers.quantiles.iter().find(|q| (q.share - share).abs() < 1e-9).map(|q| q.number);
    let (Some(low), Some(middle), Some(high)) = (at(0.01), at(0.5), at(0.99)) else { return found };
    // What names something has no range.
    if is_integer(column) && is_name(facts, &column.name) {
        return found;
    }
    let spread = (high - low).max(f64::EPSILON);
    let far = max > high + 2.0 * spread || min < low - 2.0 * spread;
    let (predicate, check, why) = if min >= 0.0 && max <= 1.0 && !is_integer(column) {
        ("between 0 and 1".to_owned(), "between", "shares")
    } else if low >= 0.0 && (min < 0.0 || far) && low <= spread / 2.0 {
        // Values come near 0 and do not cross it, but for a few; how large they may be is open.
        (sign(low), sign_check(low), "the upper end is open")
    } else if far && few_apart(column, low - 2.0 * spread, high + 2.0 * spread) {
        // A few lie far away from all others.
        let (low, high) = (lower(low - spread), outward(high + spread));
        (
            format!("between {} and {}", plain(low), plain(high)),
            "between",
            "where 98% are, as far again on both sides, rounded outward",
        )
    } else if far {
        return found;
    } else {
        let (low, high) = (lower(min - (middle - min) * 0.5), outward(max + (max - middle) * 0.5));
        // What is never below 0 is not because there was no room.
        let low = if min >= 0.0 { 0.0 } else { low };
        (
            format!("between {} and {}", plain(low), plain(high)),
            "between",
            "half as far again from the middle, rounded outward",
        )
    };
    let mut rule = rule(column, predicate, check, Rank::Range);
    rule.most = OUT;
    let seen = |text: &Option<String>| text.clone().unwrap_or_default();
    rule.evidence = format!("{} to {} seen; {why}", seen(&column.min), seen(&column.max));
    found.push(rule);
    found
}

/// Whether at most three different values lie outside.
fn few_apart(column: &ColumnProfile, low: f64, high: f64) -> bool {
    let known = column.distinct.exact && column.distinct.value == column.top.len() as u64;
    let outside = column.top.iter().filter_map(|v| v.value.parse::<f64>().ok()).filter(|n| *n < low || *n > high);
    known && outside.count() <= 3
}

/// Whether a column names rows or things: a key, what refers to one, what decides others, or what is called so.
fn is_name(facts: &Facts<'_>, column: &str) -> bool {
    let profile = facts.profile;
    let lower = column.to_lowercase();
    facts.has(&[column.to_owned()], "unique")
        || profile.keys.iter().any(|k| k.columns == [column])
        || profile.references.iter().any(|r| r.column == column)
        || profile.dependencies.iter().any(|d| d.columns == [column])
        || ["id", "key", "number", "no", "nr", "code"].iter().any(|word| lower.split('_').next_back() == Some(word))
}

fn is_integer(column: &ColumnProfile) -> bool {
    matches!(column.ty.as_str(), "tinyint" | "smallint" | "int" | "bigint")
}

fn sign(low: f64) -> String {
    if low > 0.0 { "> 0".to_owned() } else { ">= 0".to_owned() }
}

fn sign_check(low: f64) -> &'static str {
    if low > 0.0 { "gt" } else { "ge" }
}

/// The next number of one or two digits that is not smaller: 1, 1.5, 2, 3, … 10, 15, 20; of a number below 0 not closer to 0.
fn outward(number: f64) -> f64 {
    if number == 0.0 || !number.is_finite() {
        return number;
    }
    let unit = 10_f64.powf(number.abs().log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0];
    let size = steps.into_iter().map(|s| s * unit).find(|s| *s >= number.abs() * (1.0 - 1e-12)).unwrap_or(number.abs());
    size.copysign(number)
}

/// A lower bound: outward below 0, above it the next number of one digit that is not larger.
fn lower(number: f64) -> f64 {
    if number <= 0.0 || !number.is_finite() {
        return outward(number);
    }
    let unit = 10_f64.powf(number.log10().floor());
    (number / unit).floor() * unit
}

/// Without digits that say nothing.
fn plain(number: f64) -> String {
    let text = format!("{number:.12}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_rounded_outward() {
        let told: Vec<String> =
            [99.0, 101.0, 0.013, 7.0, 1.0, 950.0, -12.3].into_iter().map(|n| plain(outward(n))).collect();
        assert_eq!(told, ["100", "150", "0.015", "7", "1", "1000", "-15"]);
        let told: Vec<String> = [17.2, -3.0, 0.0, 0.042].into_iter().map(|n| plain(lower(n))).collect();
        assert_eq!(told, ["10", "-3", "0", "0.04"]);
    }
}
