//! What text and page say alike: numbers, shares, findings.

use pipe_profile::{ColumnProfile, Count, Dependency, FormatGuess, Key, Profile, Reference};

use crate::report::count;

/// A share as a percentage: `0.3%`, `<0.1%`; a little less than all is never `100%`.
pub fn share(part: f64) -> String {
    let percent = part * 100.0;
    match percent {
        p if p == 0.0 || p >= 100.0 => format!("{p:.0}%"),
        p if p < 0.1 => "<0.1%".to_owned(),
        p if p > 99.9 => ">99.9%".to_owned(),
        p if !(10.0..=99.0).contains(&p) => format!("{p:.1}%"),
        p => format!("{p:.0}%"),
    }
}

/// A count of rows as a share of them.
pub fn part(of: u64, all: u64) -> String {
    share(if all == 0 { 0.0 } else { of as f64 / all as f64 })
}

/// A number with at most six digits that say something.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if !(1e-4..1e15).contains(&size) {
        format!("{value:.3e}")
    } else {
        let before = size.log10().floor() as i32 + 1;
        let digits = usize::try_from((6 - before.max(0)).clamp(0, 8)).unwrap_or_default();
        let text = format!("{value:.digits$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    }
}

/// `1,234`, or `about 1,234`.
pub fn about(number: Count) -> String {
    format!("{}{}", if number.exact { "" } else { "about " }, count(number.value))
}

/// How many distinct values there are, and what that means.
pub fn distinct(column: &ColumnProfile, rows: u64) -> String {
    let values = rows - column.nulls;
    let told = about(column.distinct);
    match column.distinct_error {
        Some(error) => format!("{told} (±{})", share(error)),
        None if column.distinct.value == values && values > 1 => format!("{told}, all different"),
        None if column.distinct.value == 1 => format!("{told}, always the same"),
        None => told,
    }
}

/// What is missing in a column.
pub fn missing(column: &ColumnProfile, rows: u64) -> Vec<String> {
    let kinds = [(column.nulls, "NULL"), (column.blanks, "blank"), (column.not_finite, "NaN or infinite")];
    let told = kinds.into_iter().filter(|(n, _)| *n > 0);
    told.map(|(n, what)| format!("{} {what} ({})", count(n), part(n, rows))).collect()
}

/// What the texts of a column are.
pub fn format(guess: &FormatGuess) -> String {
    let written = match guess.written.as_slice() {
        [] => String::new(),
        ["%+"] => " as RFC 3339 writes them".to_owned(),
        ways => format!(" written `{}`", ways.join("` or `")),
    };
    let others: String =
        guess.others.iter().map(|other| format!(", {} `{}`", part(other.texts, guess.sampled), other.form)).collect();
    format!("{}{written}{others}: {} of {}", guess.format.words(), share(guess.share), count(guess.sampled))
}

/// What was found of a key.
pub fn key(key: &Key) -> (String, String) {
    let name = key.columns.join(", ");
    let duplicates =
        key.duplicates.filter(|n| *n > 0).map(|n| format!("nearly: {} rows share their value with another", count(n)));
    let nulls = key.nulls.filter(|n| *n > 0).map(|n| format!("{} rows have a NULL there", count(n)));
    let found: Vec<String> = duplicates.into_iter().chain(nulls).collect();
    (name, if found.is_empty() { "every row has its own value".to_owned() } else { found.join("; ") })
}

/// What was found of a dependency.
pub fn dependency(found: &Dependency) -> (String, String) {
    let name = format!("{} → {}", found.columns.join(", "), found.determines);
    let told = match (found.violations, found.compared) {
        (Some(0), Some(_)) => "holds everywhere".to_owned(),
        (Some(n), Some(of)) => format!("{} of {} rows differ ({})", count(n), count(of), part(n, of)),
        _ => format!("{} of the sample differ; not verified", share(found.sample_violations)),
    };
    (name, format!("{told}; by chance {} would", share(found.chance)))
}

/// What was found of a reference.
pub fn reference(found: &Reference) -> (String, String) {
    let name = format!("{} → {}.{}", found.column, found.table, found.key);
    let told = match (found.orphans, found.compared) {
        (Some(0), Some(of)) => format!("all {} values are there", count(of)),
        (Some(n), Some(of)) => format!("{} of {} values are not there ({})", count(n), count(of), part(n, of)),
        _ => "not verified".to_owned(),
    };
    (name, format!("{told}; {} of the keys are referred to", share(found.coverage)))
}

/// What the numbers are made of.
pub fn basis(profile: &Profile) -> String {
    let sample = if profile.sample_is_whole {
        "all rows".to_owned()
    } else {
        format!("a sample of {} distinct rows", count(profile.sampled_rows))
    };
    format!(
        "formats and personal data are found on {sample}; keys, dependencies and references are found there and counted on all rows"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_never_round_to_nothing_or_all() {
        let told: Vec<String> = [0.0, 0.0001, 0.003, 0.256, 0.9951, 0.99999, 1.0].into_iter().map(share).collect();
        assert_eq!(told, ["0%", "<0.1%", "0.3%", "26%", "99.5%", ">99.9%", "100%"]);
    }

    #[test]
    fn numbers_keep_six_digits() {
        let told: Vec<String> = [0.0, 49.5, 1234567.0, 0.001234567, -12.5, 3.0e20].into_iter().map(number).collect();
        assert_eq!(told, ["0", "49.5", "1234567", "0.001235", "-12.5", "3.000e20"]);
    }
}
